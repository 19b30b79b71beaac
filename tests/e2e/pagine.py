"""Every page that a person can open, by what it shows, with an address in the demo.

Some routes appear several times, once for each face that their page has.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import F
from django.urls import get_resolver, reverse
from django.utils import timezone, translation

from eventi.models import Incontro, Iscrizione, Resoconto
from laboratori.models import Disponibilita, Laboratorio
from percorso.models import Percorso

Stato = Iscrizione.Stato


@dataclass(frozen=True)
class Pagina:
    nome: str
    rotta: str
    # Its arguments, asked once the demo is there.
    argomenti: Callable[[], list] = list
    conto: str = ""
    stato: int = 200
    query: str = ""

    def __str__(self):
        return self.nome

    def url(self, lingua="it") -> str:
        # A request made in this thread leaves its language behind.
        with translation.override(lingua):
            return reverse(self.rotta, args=self.argomenti()) + self.query


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
    "account_set_password": "only for accounts without a password: there are none",
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
