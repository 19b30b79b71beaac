"""What is held about whoever has an account, confirms an address or is written to."""

from dataclasses import replace

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portale.lib.storia import NOME, si_scrive
from portale.lib.testo import normalizza_email
from posta import services as servizi_posta
from posta.models import Messaggio

from .deposito_sessioni import di_indirizzo, di_partecipante, di_persona
from .finalita import COMPITO, CONSENSO, OBBLIGO, Finalita, registra
from .interessato import (
    cancella,
    cerca,
    conosce,
    elenco,
    impara,
    impedisce,
    oscura_registro,
    persona_cancellata,
    raccoglie,
    recapiti,
)
from .models import (
    Conferma,
    Consenso,
    IdentitaVerificata,
    Partecipante,
    RiferimentoSessione,
    Scarico,
    Sessione,
    User,
)
from .spid.porte import aperte

registra(
    Finalita(
        codice="account",
        ordine=50,
        nome=_("Crei un account"),
        dati=_(
            "Nome, e-mail, lingua, quali avvisi vuoi, password (conservata in forma illeggibile); "
            "se lo scegli, un secondo passaggio."
        ),
        perche=_("Farti entrare nella tua area e mostrarti le tue iscrizioni."),
        frase=_("Useremo i tuoi dati solo per riconoscerti e mostrarti le tue iscrizioni."),
        parole=_("Finché non cancelli l’account."),
        dove=("account_signup",),
    )
)
registra(
    Finalita(
        codice="identita",
        ordine=50,
        nome=_("Entri con SPID o CIE"),
        dati=_(
            "Nome ed e-mail che ci dice la tua identità digitale; del codice fiscale solo "
            "un’impronta illeggibile, calcolata con una chiave segreta."
        ),
        perche=_("Riconoscerti quando torni e non darti due account."),
        frase=_("Useremo la tua identità digitale solo per riconoscerti."),
        parole=_("Finché non scolleghi l’identità o non cancelli l’account."),
        dove=("spid:completa",),
        accesa=lambda: bool(aperte()),
    )
)
registra(
    Finalita(
        codice="sessioni",
        ordine=51,
        nome=_("Entri nella tua area"),
        dati=_(
            "Il codice che tiene aperta la tua visita; quando, con quale browser e da quale "
            "indirizzo di rete sei entrato."
        ),
        perche=_(
            "Riconoscerti di pagina in pagina, finché non esci, e mostrarti dove hai fatto "
            "l’accesso."
        ),
        frase=_("Useremo i tuoi dati solo per riconoscerti di pagina in pagina."),
        parole=_("Due settimane dall’ultimo accesso, o finché non esci."),
    )
)
registra(
    Finalita(
        codice="partecipanti",
        ordine=55,
        nome=_("Partecipi senza account"),
        dati=_(
            "L’e-mail, il nome e la lingua che ci hai dato; finché non apri il link della nostra "
            "e-mail, ciò che hai chiesto."
        ),
        perche=_("Riconoscerti quando torni, senza chiederti di nuovo di confermare l’indirizzo."),
        frase=_("Useremo i tuoi dati solo per mandarti il link che hai chiesto."),
        parole=_(
            "Finché non ne chiedi la cancellazione; ciò che non confermi, %(tempo)s al massimo."
        ),
    )
)
registra(
    Finalita(
        codice="posta",
        ordine=60,
        nome=_("Ti scriviamo"),
        dati=_("Il tuo indirizzo, che tipo di e-mail era e quando è partita, non il suo testo."),
        perche=_("Consegnarti le e-mail una volta sola e poter dire all’ufficio se sono partite."),
        frase=_("Useremo il tuo indirizzo solo per scriverti."),
        parole=_("%(tempo)s dopo l’invio."),
        base=COMPITO,
    )
)
registra(
    Finalita(
        codice="contatti",
        ordine=61,
        nome=_("Ci scrivi"),
        dati=_("Nome, e-mail e il tuo messaggio."),
        perche=_("Risponderti."),
        frase=_("Useremo i tuoi dati solo per leggere il tuo messaggio e risponderti."),
        parole=_("%(tempo)s dopo che ci hai scritto."),
        dove=("contatti",),
    )
)
registra(
    Finalita(
        codice="newsletter",
        ordine=65,
        nome=_("Chiedi di ricevere le notizie per e-mail"),
        dati=_("L’e-mail, quando hai detto di sì e a quali parole."),
        perche=_("Mandarti le notizie che hai chiesto e poter mostrare che le hai chieste."),
        frase=_("Useremo la tua e-mail solo per mandarti le notizie che chiedi."),
        parole=_("Finché non smetti: c’è un link in ogni e-mail; il sì ritirato, %(tempo)s."),
        base=CONSENSO,
    )
)
registra(
    Finalita(
        codice="foto",
        ordine=66,
        nome=_("Accetti di comparire in foto e riprese"),
        dati=_("Il tuo sì, quando lo hai dato, a quali parole e per quale incontro."),
        perche=_("Sapere chi possiamo mostrare nelle foto e nelle riprese dell’incontro."),
        frase=_("Useremo il tuo sì solo per sapere se puoi comparire nelle foto dell’incontro."),
        parole=_("Finché non lo ritiri; il sì ritirato, %(tempo)s."),
        base=CONSENSO,
    )
)
registra(
    Finalita(
        codice="ufficio",
        ordine=70,
        nome=_("Lavori nell’ufficio, moderi o conduci gli incontri"),
        dati=_("Nome, e-mail e ciò che fai nell’amministrazione: quando, su che cosa."),
        perche=_("Sapere chi ha fatto che cosa, a garanzia di chi partecipa e di chi lavora."),
        frase=_("Useremo i tuoi dati solo per sapere chi ha fatto che cosa."),
        parole=_("Finché fai parte dell’ufficio; gli atti restano, senza il tuo nome."),
    )
)
registra(
    Finalita(
        codice="diritti",
        ordine=80,
        nome=_("Scarichi o cancelli i tuoi dati"),
        dati=_("Chi ha scaricato che cosa e quando; di una cancellazione, solo i numeri."),
        perche=_("Poter mostrare di avere risposto, senza tenere di nuovo i tuoi dati."),
        frase=_("Useremo il tuo indirizzo solo per mandarti il link ai tuoi dati."),
        parole=_("%(tempo)s; una cancellazione resta, senza dire di chi era."),
        base=OBBLIGO,
        dove=(),
    )
)
registra(
    Finalita(
        codice="visite",
        ordine=90,
        nome=_("Visiti il portale"),
        dati=_("L’indirizzo di rete del tuo dispositivo, nei registri tecnici."),
        perche=_("Far funzionare il servizio e difenderlo dagli abusi."),
        frase=_("Useremo i dati tecnici solo per far funzionare il servizio e difenderlo."),
        parole=_("Il tempo necessario alla sicurezza del servizio."),
    )
)

# --- What is held ---------------------------------------------------------------------------


@raccoglie("account")
def account(interessato):
    mio = User.objects.filter(pk=interessato.persona.pk if interessato.persona else None)
    indirizzi = EmailAddress.objects.filter(user__in=mio).order_by("pk")
    return [
        elenco("account", _("Il tuo account"), mio, "email", "nome", "lingua", "date_joined"),
        elenco("indirizzi", _("I tuoi indirizzi"), indirizzi, "email", "verified", "primary"),
        _con_nomi(
            elenco(
                "fattori", _("Il tuo secondo passaggio"),
                Authenticator.objects.filter(user__in=mio).order_by("pk"),
                "type", "created_at", "last_used_at",
            ),
            type=_("Quale"), created_at=_("Dal"), last_used_at=_("Usato l’ultima volta"),
        ),
    ]  # fmt: skip


def _con_nomi(sezione, **nomi):
    """The models of others name their fields in English."""
    return replace(sezione, campi={campo: str(nome) for campo, nome in nomi.items()})


def _identita(interessato):
    return IdentitaVerificata.objects.filter(
        persona_id=interessato.persona.pk if interessato.persona else None
    )


@raccoglie("identita")
def identita(interessato):
    return [
        elenco(
            "identita", _("La tua identità digitale"), _identita(interessato), "fonte",
            "verificata_at",
        )
    ]  # fmt: skip


@raccoglie("sessioni")
def sessioni(interessato):
    mio = User.objects.filter(pk=interessato.persona.pk if interessato.persona else None)
    return [
        elenco("accessi", _("Il tuo ultimo accesso"), mio.exclude(last_login=None), "last_login"),
        _con_nomi(
            elenco(
                "sessioni", _("Dove hai fatto l’accesso"),
                UserSession.objects.filter(user__in=mio).order_by("pk"),
                "created_at", "last_seen_at", "user_agent", "ip",
            ),
            created_at=_("Dal"), last_seen_at=_("Visto l’ultima volta"),
            user_agent=_("Browser"), ip=_("Indirizzo di rete"),
        ),
    ]  # fmt: skip


@raccoglie("partecipanti")
def partecipa(interessato):
    conferme = Conferma.objects.filter(interessato.con_indirizzo()).order_by("pk")
    io = Partecipante.objects.filter(interessato.come_partecipante("pk")).order_by("pk")
    return [
        elenco(
            "partecipante", _("Come ti conosciamo"), io, "email", "nome", "lingua", "created_at"
        ),
        elenco(
            "conferme", _("Che cosa hai chiesto con un link"), conferme, "azione", "email",
            "nome", "lingua", "parametri", "created_at", "scade_at", "fatta_at",
        ),
    ]  # fmt: skip


def _messaggi(interessato):
    """But for the one that says that it is done, which forgets her by itself when it has left."""
    suoi = Messaggio.objects.filter(destinatario__in=_di_posta(interessato))
    return suoi.exclude(genere="dati_cancellati")


def _di_posta(interessato):
    """Her addresses, and those of her account that she never confirmed: only we wrote there."""
    indirizzi = set(interessato.indirizzi)
    if interessato.persona is not None:
        indirizzi.update(
            normalizza_email(indirizzo)
            for indirizzo in interessato.persona.emailaddress_set.values_list("email", flat=True)
        )
        indirizzi.add(interessato.persona.email)
    return indirizzi


def _scritti(interessato):
    """What she wrote to the office and has not left yet, or could not."""
    scritti = Messaggio.objects.filter(genere__in=("contatto", "contatto_ricevuto"))
    return scritti.filter(parametri__email__in=list(interessato.indirizzi))


@raccoglie("posta")
def posta(interessato):
    mie = Messaggio.objects.filter(destinatario__in=interessato.indirizzi).order_by("pk")
    return [
        elenco(
            "email", _("Le e-mail che ti abbiamo mandato"), mie, "genere", "destinatario",
            "lingua", "stato", "dovuto_at", "inviato_at",
        )
    ]  # fmt: skip


@raccoglie("contatti")
def contatti(interessato):
    return [
        elenco(
            "messaggi", _("I messaggi che ci hai scritto e non sono ancora partiti"),
            _scritti(interessato).order_by("pk"), "parametri", "stato", "created_at",
        )
    ]  # fmt: skip


def _consensi(interessato, scopo):
    return Consenso.objects.filter(interessato.con_indirizzo(), scopo=scopo).order_by("pk")


def _elenco_consensi(interessato, scopo, titolo):
    return [
        elenco(
            "consensi", titolo, _consensi(interessato, scopo), "email", "ambito", "testo",
            "canale", "dove", "dato_at", "valido_at", "ritirato_at",
        )
    ]  # fmt: skip


@raccoglie("newsletter")
def newsletter(interessato):
    return _elenco_consensi(interessato, Consenso.Scopo.NEWSLETTER, _("Le notizie per e-mail"))


@raccoglie("foto")
def foto(interessato):
    return _elenco_consensi(interessato, Consenso.Scopo.FOTO, _("Foto e riprese"))


@raccoglie("ufficio")
def ufficio(interessato):
    if interessato.persona is None:
        return []
    fatti = LogEntry.objects.filter(user=interessato.persona).order_by("pk")
    return [
        elenco(
            "registro", _("Che cosa hai fatto nell’amministrazione"), fatti, "action_time",
            "content_type", "object_id", "action_flag",
        )
    ]  # fmt: skip


@raccoglie("diritti")
def diritti(interessato):
    regola = interessato.come_partecipante()
    if interessato.persona is not None:
        regola |= Q(persona=interessato.persona)
    miei = Scarico.objects.filter(regola).order_by("pk")
    return [elenco("scarichi", _("Quando sono stati scaricati"), miei, "canale", "created_at")]


@raccoglie("visite")
def visite(interessato):
    """In the technical logs nobody is known by name."""
    return []


# --- Letting go -----------------------------------------------------------------------------
# These are the last, in this order: the rows by which she is known go at the end.


@conosce("partecipanti")
def nomi(interessato):
    impara(interessato, Conferma.objects.filter(interessato.con_indirizzo()))


@cerca("partecipanti")
def cerca_nomi(testo):
    return [
        *recapiti(Partecipante.objects.all(), "nome", testo),
        *recapiti(User.objects.filter(is_active=True), "nome", testo),
    ]


@impedisce("ufficio")
def finche_lavora(interessato, adesso):
    persona = interessato.persona
    if persona is None or not (persona.is_staff or persona.is_superuser):
        return ""
    return _(
        "Fai parte dell’ufficio: finché ci lavori non puoi cancellare i tuoi dati da qui. Chiedi "
        "a chi amministra il portale di toglierti dall’ufficio, poi torna qui."
    )


@cancella("newsletter")
def dimentica_newsletter(interessato, adesso):
    return {"consensi": _consensi(interessato, Consenso.Scopo.NEWSLETTER).delete()[0]}


@cancella("foto")
def dimentica_foto(interessato, adesso):
    return {"consensi": _consensi(interessato, Consenso.Scopo.FOTO).delete()[0]}


@cancella("contatti")
def dimentica_contatti(interessato, adesso):
    _fermati, dimenticati = servizi_posta.dimentica(_scritti(interessato))
    return {"messaggi": dimenticati}


@cancella("posta")
def dimentica_posta(interessato, adesso):
    """What is queued does not leave; of what has left stays that it did, not to whom."""
    fermate, dimenticate = servizi_posta.dimentica(_messaggi(interessato))
    return {"email_fermate": fermate, "email_senza_destinatario": dimenticate}


@cancella("visite")
def dimentica_visite(interessato, adesso):
    return {}


@cancella("diritti")
def dimentica_diritti(interessato, adesso):
    """That they were taken away stays, and not by whom."""
    if interessato.persona is not None:
        Scarico.objects.filter(persona=interessato.persona).update(persona=None)
    Scarico.objects.filter(interessato.come_partecipante()).update(partecipante=None)
    return {}


@cancella("ufficio")
def dimentica_ufficio(interessato, adesso):
    """What she did stays in the log, and not that it was she."""
    conteggi = {"righe_in_cui_era_nominata": oscura_registro(interessato)}
    if interessato.persona is not None:
        fatti = LogEntry.objects.filter(user=interessato.persona)
        if fatti.exists():
            conteggi["righe_senza_nome"] = fatti.update(user=persona_cancellata())
    return conteggi


@cancella("sessioni")
def dimentica_sessioni(interessato, adesso):
    """Every device forgets her, and so does a visit that only waited for her."""
    chi = {di_indirizzo(indirizzo) for indirizzo in interessato.indirizzi}
    chi |= {di_partecipante(partecipante.pk) for partecipante in interessato.partecipanti}
    if interessato.persona is not None:
        chi.add(di_persona(interessato.persona.pk))
    sue = RiferimentoSessione.objects.filter(a_chi__in=chi).values("sessione")
    return {
        "sessioni": Sessione.objects.filter(pk__in=sue).delete()[1].get("accounts.Sessione", 0)
    }


@cancella("identita")
def dimentica_identita(interessato, adesso):
    return {"identita": _identita(interessato).delete()[0]}


@cancella("partecipanti")
def dimentica_partecipanti(interessato, adesso):
    conferme = Conferma.objects.filter(interessato.con_indirizzo()).delete()[0]
    righe = Partecipante.objects.filter(interessato.come_partecipante("pk")).delete()[1]
    return {"conferme": conferme, "partecipanti": righe.get("accounts.Partecipante", 0)}


@cancella("account")
def dimentica_account(interessato, adesso):
    """Last of all. Whatever named her as its author stays, and names nobody."""
    if interessato.persona is None:
        return {}
    righe = User.objects.filter(pk=interessato.persona.pk).delete()[1]
    return {"account": righe.get("accounts.User", 0)}


# --- What the history may keep -------------------------------------------------------------
# The fields that say nothing of anybody: of the others it says that they changed.


# What an officer may do is no secret of hers: who gave it to her has to stay.
si_scrive(User, "is_active", "is_staff", "is_superuser", "groups", "user_permissions")
si_scrive(Group, NOME, "name", "permissions")
si_scrive(EmailAddress, "verified", "primary")
