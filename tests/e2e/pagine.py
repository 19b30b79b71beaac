"""Every page that a person can open, by what it shows, with an address in the demo.

Some routes appear several times, once for each face that their page has.
"""

from datetime import timedelta

from django.db.models import F
from django.urls import get_resolver
from django.utils import timezone

from accounts.consensi import dai
from accounts.diritti import token_dati
from accounts.models import Partecipante
from accounts.partecipanti import chiedi_conferma
from eventi.models import Accoglienza, Incontro, Iscrizione, Resoconto
from laboratori.models import Disponibilita, Laboratorio
from percorso.models import Percorso
from proposte.models import Bisogno, Commento, Nota, Proposta, Tema, Verbalizzante

from .pagina import Pagina
from .pagine_tavolo import ALTROVE_DEL_TAVOLO, DEL_TAVOLO

Stato = Iscrizione.Stato
CITTADINA = "cittadina@example.org"
FACILITATORE = "facilitatore@example.org"
MODERATRICE = "moderatrice@example.org"


def incontro(**filtri):
    """The slug of the first example meeting that has these features."""

    def trova():
        incontri = Incontro.objects.filter(percorso__esempio=True).order_by("inizio", "pk")
        return [incontri.filter(**filtri).values_list("slug", flat=True)[0]]

    return trova


def futuro(**filtri):
    return lambda: incontro(inizio__gt=timezone.now(), **filtri)()


def aperto(**filtri):
    """A coming meeting that takes registrations."""
    return futuro(stato="pubblicato", con_iscrizione=True, **filtri)


def iscrizione(**filtri):
    """The token of an example registration in this state."""

    def trova():
        iscrizioni = Iscrizione.objects.filter(incontro__percorso__esempio=True, **filtri)
        return [iscrizioni.order_by("pk")[0].token]

    return trova


def percorso(**filtri):
    return lambda: [Percorso.objects.filter(**filtri)[0].slug]


def laboratorio():
    return [Laboratorio.objects.order_by("numero")[0].slug]


def mese():
    oggi = timezone.localdate()
    return [oggi.year, oggi.month]


def disponibilita():
    return [Disponibilita.objects.filter(esempio=True).order_by("pk")[0].token]


def resoconto(**filtri):
    return lambda: [
        Resoconto.objects.filter(pubblicato_at__isnull=False, **filtri)[0].incontro.slug
    ]


def proposta(**filtri):
    """The slug of the first example proposal that has these features."""
    trovate = Proposta.objects.order_by("pk")
    return lambda: [trovate.filter(**filtri).values_list("slug", flat=True)[0]]


def sua(**filtri):
    return proposta(proponente__persona__email=CITTADINA, **filtri)


def bisogno(**filtri):
    return lambda: [Bisogno.objects.filter(**filtri).order_by("pk")[0].slug]


def commento():
    visto = Commento.objects.visibili().select_related("proposta").order_by("pk")[0]
    return [visto.proposta.slug, visto.pk]


def tema():
    return [Tema.objects.attivi()[0].slug]


def verbalizzante(**filtri):
    """The link of a note-taker, with a name made for this if the demo has none such."""

    def trova():
        incontro = Incontro.objects.filter(percorso__esempio=True, **filtri).order_by("inizio")[0]
        return [Verbalizzante.objects.get_or_create(incontro=incontro, nome="Prova")[0].token]

    return trova


def adesso(**filtri):
    """A note-taker whose meeting is about now."""
    fra_poco = timezone.now() + timedelta(days=6)
    return lambda: verbalizzante(
        stato="pubblicato", inizio__gt=timezone.now() - timedelta(days=2), inizio__lt=fra_poco
    )()


def alla_porta(*, presto=False):
    """Who stands at the door of a meeting with people; or would, days before it."""

    def trova():
        da = timezone.now() + timedelta(days=2 if presto else -3)
        incontro = Incontro.objects.filter(
            iscrizioni__stato=Stato.CONFERMATA, stato="pubblicato", inizio__gt=da
        ).order_by("inizio")[0]
        return [Accoglienza.objects.get_or_create(incontro=incontro, nome="Prova")[0].token]

    return trova


def con_note():
    nota = Nota.objects.da_ordinare().select_related("incontro").order_by("pk")[0]
    return [nota.incontro.slug]


def gruppo(modello):
    """A draft need, or idea, of a meeting whose notes are being put in order."""

    def trova():
        incontro = Nota.objects.da_ordinare().order_by("pk")[0].incontro
        quale = {"incontro": incontro, "titolo": "Prova", "stato": modello.Stato.BOZZA}
        if modello is Proposta:
            quale["genere_proponente"] = Proposta.Proponente.INCONTRO
        altro = {"percorso": incontro.percorso, "laboratorio": incontro.laboratorio}
        return [incontro.slug, modello.objects.get_or_create(**quale, defaults=altro)[0].pk]

    return trova


def consenso():
    return [dai("newsletter", "notizie@example.org", confermato=True, adesso=timezone.now()).token]


def lasciare():
    return [Partecipante.objects.filter(esempio=True, seguiti__isnull=False)[0].token]


def suoi_dati():
    suoi = Partecipante.objects.filter(esempio=True, seguiti__isnull=False, persona=None)
    return [token_dati(suoi[0])]


def scaduta():
    """A request whose link is opened too late."""
    parametri = {"proposta": Proposta.objects.pubbliche()[0].pk}
    tempo_fa = timezone.now() - timedelta(days=30)
    chi = {"email": "tardi@example.org", "parametri": parametri, "modulo": "prova"}
    return [chiedi_conferma("sostegno", **chi, adesso=tempo_fa).token]


PIENO = {"posti__isnull": False, "posti_occupati__gte": F("posti") - F("posti_riservati")}

PAGINE = [
    Pagina("home", "home"),
    Pagina("elenco dei percorsi", "percorso_list"),
    Pagina("percorso in corso", "percorso_detail", percorso(esempio=True)),
    Pagina("percorso del 2023", "percorso_detail", percorso(esempio=False)),
    Pagina("esiti del percorso in corso", "percorso_esiti", percorso(esempio=True)),
    Pagina("esiti del percorso del 2023", "percorso_esiti", percorso(esempio=False)),
    Pagina("elenco dei laboratori", "laboratorio_list"),
    Pagina("laboratorio", "laboratorio_detail", laboratorio),
    Pagina("offrire aiuto", "laboratori:disponibilita_crea"),
    Pagina("aiuto offerto", "laboratori:disponibilita_inviata"),
    Pagina("conferma dell'aiuto", "laboratori:disponibilita_conferma", disponibilita),
    Pagina("elenco degli incontri", "eventi:incontro_list"),
    Pagina("elenco filtrato e vuoto", "eventi:incontro_list", query="?q=parola-che-non-esiste"),
    Pagina("incontri passati", "eventi:incontro_archivio"),
    Pagina("mese", "eventi:incontro_mese", mese),
    Pagina("mese senza incontri", "eventi:incontro_mese", lambda: [2022, 1]),
    Pagina("incontro con posti", "eventi:incontro_detail", aperto()),
    Pagina("incontro pieno", "eventi:incontro_detail", aperto(**PIENO)),
    Pagina("incontro online", "eventi:incontro_detail", aperto(modalita="online")),
    Pagina("incontro con servizi", "eventi:incontro_detail", aperto(servizi__isnull=False)),
    Pagina("incontro spostato", "eventi:incontro_detail", futuro(inizio_precedente__isnull=False)),
    Pagina("incontro annullato", "eventi:incontro_detail", futuro(stato="annullato")),
    Pagina("incontro svolto", "eventi:incontro_detail", incontro(stato="svolto")),
    Pagina(
        "incontro del 2023",
        "eventi:incontro_detail",
        lambda: [Incontro.objects.filter(percorso__esempio=False)[0].slug],
    ),
    Pagina("resoconto", "eventi:resoconto_detail", resoconto()),
    Pagina("iscriversi", "eventi:iscrizione_crea", aperto()),
    Pagina("iscriversi con servizi", "eventi:iscrizione_crea", aperto(servizi__isnull=False)),
    Pagina("mettersi in lista", "eventi:iscrizione_crea", aperto(**PIENO)),
    Pagina("iscriversi dal profilo", "eventi:iscrizione_crea", aperto(), "cittadina@example.org"),
    Pagina("iscrizioni chiuse", "eventi:iscrizione_crea", futuro(stato="annullato")),
    Pagina("iscrizione inviata", "eventi:iscrizione_inviata", aperto()),
    Pagina(
        "iscrizione confermata", "iscrizioni:iscrizione_detail", iscrizione(stato=Stato.CONFERMATA)
    ),
    Pagina(
        "iscrizione in lista", "iscrizioni:iscrizione_detail", iscrizione(stato=Stato.LISTA_ATTESA)
    ),
    Pagina("rinuncia", "iscrizioni:iscrizione_rinuncia", iscrizione(stato=Stato.CONFERMATA)),
    Pagina(
        "modifica dei posti", "iscrizioni:iscrizione_modifica", iscrizione(stato=Stato.CONFERMATA)
    ),
    Pagina(
        "fermare i promemoria",
        "iscrizioni:iscrizione_promemoria",
        iscrizione(stato=Stato.CONFERMATA),
    ),
    Pagina("link scaduto", "iscrizioni:iscrizione_detail", lambda: ["non-esiste"], stato=404),
    Pagina("profilo", "profilo", conto="cittadina@example.org"),
    Pagina("contatti", "contatti"),
    Pagina("messaggio inviato", "contatti_inviato"),
    Pagina("privacy", "privacy"),
    Pagina("chiedere i propri dati", "dati_chiedi"),
    Pagina("dati cancellati", "dati_cancellati"),
    Pagina("i propri dati", "profilo_dati", conto="cittadina@example.org"),
    Pagina("i propri dati da un link", "dati_ospite", suoi_dati),
    Pagina("cancellare i propri dati", "dati_ospite_cancella", suoi_dati),
    Pagina("link ai dati scaduto", "dati_ospite", lambda: ["scaduto"], stato=410),
    Pagina("accessibilità", "accessibilita"),
    Pagina("note legali", "note_legali"),
    Pagina("domande frequenti", "domande_frequenti"),
    Pagina("posta della demo", "posta:posta_demo"),
    Pagina("accesso", "account_login"),
    Pagina("accesso con un codice", "account_request_login_code"),
    Pagina("nuovo conto", "account_signup"),
    Pagina("password dimenticata", "account_reset_password"),
    Pagina("password dimenticata, messaggio inviato", "account_reset_password_done"),
    Pagina("indirizzo da confermare", "account_email_verification_sent"),
    Pagina("link di conferma sbagliato", "account_confirm_email", lambda: ["sbagliata"]),
    Pagina(
        "link della password sbagliato",
        "account_reset_password_from_key",
        lambda: ["1", "set-password-sbagliata"],
    ),
    Pagina("password cambiata", "account_reset_password_from_key_done"),
    Pagina("conto sospeso", "account_inactive"),
    Pagina("uscita", "account_logout", conto="cittadina@example.org"),
    Pagina("indirizzi del conto", "account_email", conto="cittadina@example.org"),
    Pagina("cambio della password", "account_change_password", conto="cittadina@example.org"),
    Pagina("conferma della password", "account_reauthenticate", conto="cittadina@example.org"),
    Pagina("secondo passaggio", "mfa_index", conto=CITTADINA),
    Pagina("chiavi", "mfa_list_webauthn", conto=CITTADINA),
    Pagina("dove si è dentro", "usersessions_list", conto=CITTADINA),
    # --- Proposals ---
    Pagina("elenco delle proposte", "proposte:proposta_list"),
    Pagina("proposte filtrate", "proposte:proposta_list", query="?stato=accolta&ordine=sostegni"),
    Pagina("proposte cercate", "proposte:proposta_list", query="?q=panchine"),
    Pagina("nessuna proposta", "proposte:proposta_list", query="?q=xyzxyz"),
    Pagina("mappa delle proposte", "proposte:proposta_mappa"),
    Pagina("mappa di nessuna proposta", "proposte:proposta_mappa", query="?q=xyzxyz"),
    Pagina("colonne dei file", "proposte:proposta_colonne"),
    Pagina("proporre", "proposte:proposta_nuova"),
    Pagina("proporre dal profilo", "proposte:proposta_nuova", conto=CITTADINA),
    Pagina("bozza", "proposte:bozza_modifica", sua(stato="bozza"), CITTADINA),
    Pagina("bozza da rileggere", "proposte:bozza_invia", sua(stato="bozza"), CITTADINA),
    Pagina("bozza altrove", "proposte:bozza_riprendi", sua(stato="bozza"), CITTADINA),
    Pagina("eliminare la bozza", "proposte:bozza_elimina", sua(stato="bozza"), CITTADINA),
    Pagina("allegati della bozza", "proposte:allegato_carica", sua(stato="bozza"), CITTADINA),
    Pagina("bozza di altri", "proposte:bozza_modifica", sua(stato="bozza"), stato=404),
    Pagina("proposta inviata", "proposte:proposta_inviata"),
    Pagina("le proprie proposte", "proposte:proposta_mie", conto=CITTADINA),
    Pagina("le proprie proposte, chi sei", "proposte:proposta_mie"),
    Pagina(
        "modificare la proposta", "proposte:proposta_modifica", sua(stato="pubblicata"), CITTADINA
    ),
    Pagina("ritirare la proposta", "proposte:proposta_ritira", sua(stato="pubblicata"), CITTADINA),
    Pagina(
        "proposta",
        "proposte:proposta_detail",
        proposta(stato="pubblicata", latitudine__isnull=False),
    ),
    Pagina("proposta propria", "proposte:proposta_detail", sua(stato="pubblicata"), CITTADINA),
    Pagina("proposta accolta", "proposte:proposta_detail", proposta(avanzamenti__isnull=False)),
    Pagina("proposta non accolta", "proposte:proposta_detail", proposta(stato="non_accolta")),
    Pagina(
        "proposta in valutazione", "proposte:proposta_detail", proposta(stato="in_valutazione")
    ),
    Pagina("proposta integrata", "proposte:proposta_detail", proposta(stato="integrata")),
    Pagina("proposta divisa", "proposte:proposta_detail", proposta(parti__isnull=False)),
    Pagina(
        "proposta conosciuta",
        "proposte:proposta_detail",
        proposta(commenti__isnull=False),
        CITTADINA,
    ),
    Pagina("proposta ritirata", "proposte:proposta_detail", proposta(stato="ritirata"), stato=410),
    Pagina(
        "proposta nascosta", "proposte:proposta_detail", proposta(stato="nascosta"), MODERATRICE
    ),
    Pagina(
        "proposta da moderare", "proposte:proposta_detail", proposta(stato="inviata"), MODERATRICE
    ),
    Pagina("che fine ha fatto", "proposte:proposta_percorso", proposta(avanzamenti__isnull=False)),
    Pagina(
        "che fine ha fatto l'integrata", "proposte:proposta_percorso", proposta(stato="integrata")
    ),
    Pagina("versioni", "proposte:proposta_versioni", proposta(versioni__numero=2)),
    Pagina("scheda da stampare", "proposte:proposta_scheda", proposta(stato="pubblicata")),
    Pagina("sostenere", "proposte:sostegno_crea", proposta(stato="pubblicata")),
    Pagina(
        "sostenere da chi è conosciuta",
        "proposte:sostegno_crea",
        proposta(stato="pubblicata"),
        CITTADINA,
    ),
    Pagina("sostegni chiusi", "proposte:sostegno_crea", proposta(stato="non_accolta")),
    Pagina("togliere il sostegno", "proposte:sostegno_togli", proposta(stato="pubblicata")),
    Pagina("seguire", "proposte:seguito_crea", proposta(stato="pubblicata")),
    Pagina("smettere di seguire", "proposte:seguito_togli", proposta(stato="pubblicata")),
    Pagina("commentare", "proposte:commento_crea", proposta(stato="pubblicata")),
    Pagina("segnalare una proposta", "proposte:proposta_segnala", proposta(stato="pubblicata")),
    Pagina("segnalare un commento", "proposte:commento_segnala", commento),
    # --- Needs ---
    Pagina("elenco dei bisogni", "bisogni:bisogno_list"),
    Pagina("nessun bisogno", "bisogni:bisogno_list", query="?q=xyzxyz"),
    Pagina(
        "bisogno", "bisogni:bisogno_detail", bisogno(stato="pubblicato", proposte__isnull=False)
    ),
    Pagina(
        "che fine ha fatto il bisogno",
        "bisogni:bisogno_percorso",
        bisogno(stato="pubblicato", proposte__isnull=False),
    ),
    Pagina("bisogno da moderare", "bisogni:bisogno_detail", bisogno(stato="inviato"), MODERATRICE),
    Pagina("segnalare un bisogno", "bisogni:bisogno_nuovo"),
    Pagina("bisogno inviato", "bisogni:bisogno_inviato"),
    # --- What one follows ---
    Pagina("seguiti", "seguiti:seguito_list", conto=CITTADINA),
    Pagina("seguiti, chi sei", "seguiti:seguito_list"),
    Pagina("sostegni dati", "seguiti:sostegno_list", conto=CITTADINA),
    Pagina("seguire un laboratorio", "seguiti:segui_laboratorio", laboratorio),
    Pagina("seguire un tema", "seguiti:segui_tema", tema),
    Pagina("smettere con un laboratorio", "seguiti:smetti_laboratorio", laboratorio),
    Pagina("smettere con un tema", "seguiti:smetti_tema", tema),
    Pagina("lasciare il riepilogo", "seguiti:seguito_lascia", lasciare),
    Pagina("ritirare un consenso", "partecipo:consenso_lascia", consenso),
    Pagina("conferma chiesta", "partecipo:conferma_inviata"),
    Pagina("conferma scaduta", "partecipo:conferma", scaduta, stato=410),
    Pagina("link di ritorno sbagliato", "partecipo:entra", lambda: ["sbagliato"], stato=410),
    # --- At the door ---
    Pagina("segnare le presenze", "presenze:presenze", alla_porta()),
    Pagina("presenze, un nome", "presenze:presenze", alla_porta(), query="?q=a"),
    Pagina("presenze chiuse", "presenze:presenze", alla_porta(presto=True), stato=403),
    Pagina("link delle presenze sbagliato", "presenze:presenze", lambda: ["no"], stato=404),
    # --- Notes ---
    Pagina("prendere appunti", "raccolta:raccolta", adesso()),
    Pagina("appunti chiusi", "raccolta:raccolta", verbalizzante(stato="svolto"), stato=403),
    Pagina("link degli appunti sbagliato", "raccolta:raccolta", lambda: ["no"], stato=404),
    Pagina("ordinare le note", "raccolta:ordina", con_note, FACILITATORE),
    Pagina("pubblicare le note", "raccolta:pubblica", con_note, FACILITATORE),
    Pagina("bisogno dalle note", "raccolta:ordina_bisogno", gruppo(Bisogno), FACILITATORE),
    Pagina("idea dalle note", "raccolta:ordina_idea", gruppo(Proposta), FACILITATORE),
    *DEL_TAVOLO,
]

# Routes that are not a page, or whose page shows only inside a journey: each with its reason.
ALTROVE = {
    "salute": "JSON for machines",
    "salute_viva": "text for machines",
    "favicon": "leads to a static file",
    "robots": "text for machines",
    "sitemap": "XML for machines",
    "eventi:calendario_ics": "a calendar",
    "eventi:laboratorio_ics": "a calendar",
    "eventi:incontro_ics": "a calendar",
    "iscrizioni:iscrizione_ics": "a calendar",
    "eventi:incontro_atom": "a feed",
    "eventi:allegato_scarica": "a file",
    "posta:posta_demo_messaggio": "a mail that only a journey makes: tests/e2e/test_conti.py",
    "posta:posta_demo_html": "the mail's own HTML, without the site's frame",
    "posta:posta_demo_originale": "a file",
    "posta:posta_demo_allegato": "a file",
    "iscrizioni:iscrizione_conferma": "acts and goes on to the registration's page",
    "iscrizioni:iscrizione_accetta": "acts and goes on to the registration's page",
    "iscrizioni:iscrizione_aspetta": "acts and goes on to the registration's page",
    "account_confirm_login_code": "only after asking for a code: tests/e2e/test_conti.py",
    **dict.fromkeys(
        (
            "spid:entra",
            "spid:collega",
            "spid:completa",
            "spid:codice",
            "spid:scollega",
            "spid_oidc_ritorno",
            "spid_saml_acs",
            "spid_saml_ritorno",
            "spid_saml_metadata",
        ),
        "only where a gateway is open: tests/accounts/test_spid_*.py, tests/e2e/test_spid.py",
    ),
    "iscrizioni:iscrizione_consenso": "acts and goes on to the registration",
    "partecipo:dimentica": "acts and goes on to the home page",
    "proposte:bisogni_trova": "a piece of the draft's page, for its script",
    "proposte:proposta_simili": "a piece of the draft's page, for its script",
    "proposte:bozza_salva": "JSON for the page's script",
    "proposte:allegato_togli": "acts and goes on to the page of the files",
    "proposte:allegato_scarica": "a file",
    "proposte:allegato_anteprima": "a file",
    "proposte:proposta_qr": "a drawing",
    "proposte:proposta_atom": "a feed",
    "proposte:proposta_csv": "data",
    "proposte:proposta_json": "data",
    "proposte:legami_csv": "data",
    "proposte:legami_json": "data",
    "bisogni:bisogno_csv": "data",
    "bisogni:bisogno_json": "data",
    "proposte:proposta_riesame": "only of a hidden one of hers: tests/proposte/test_scrittura.py",
    "proposte:commento_modifica": "only for ten minutes: tests/proposte/test_commenti.py",
    "proposte:commento_elimina": "only for ten minutes: tests/proposte/test_commenti.py",
    "iscrizioni:iscrizione_qr": "a drawing",
    "presenze:tocchi": "JSON for the page's script",
    "presenze:servizio": "a script",
    "raccolta:note": "JSON for the page's script",
    "raccolta:servizio": "a script",
    "account_set_password": "only for accounts without a password: there are none",
    **dict.fromkeys(
        (
            "mfa_activate_totp",
            "mfa_add_webauthn",
            "mfa_authenticate",
            "mfa_deactivate_totp",
            "mfa_edit_webauthn",
            "mfa_generate_recovery_codes",
            "mfa_reauthenticate",
            "mfa_reauthenticate_webauthn",
            "mfa_remove_webauthn",
            "mfa_view_recovery_codes",
        ),
        "only who has just shown who she is, or has a second factor: tests/e2e/test_accesso.py",
    ),
    "mfa_download_recovery_codes": "a file",
    "profilo_avvisi": "acts and goes back to the profile",
    "mfa_login_webauthn": "JSON for the page's script; acts and goes on to where she was going",
    **dict.fromkeys(("profilo_dati_scarica", "dati_ospite_scarica"), "a file"),
    "profilo_dati_cancella": "only who has just shown who she is; as dati_ospite_cancella",
    **ALTROVE_DEL_TAVOLO,
}


def nomi_delle_rotte(resolver=None, spazio=""):
    """The names of all routes but the admin's."""
    for modello in (resolver or get_resolver()).url_patterns:
        if hasattr(modello, "url_patterns"):
            if modello.namespace != "admin":
                dentro = f"{spazio}{modello.namespace}:" if modello.namespace else spazio
                yield from nomi_delle_rotte(modello, dentro)
        else:
            yield f"{spazio}{modello.name}"
