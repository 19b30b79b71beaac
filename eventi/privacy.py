"""What is held about who comes to meetings."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.finalita import COMPITO, SALUTE, Finalita, registra
from accounts.interessato import (
    ANONIMA,
    cancella,
    cerca,
    conosce,
    elenco,
    impara,
    oscura_righe,
    raccoglie,
    recapiti,
)
from portale.lib.codici import nuovo_codice
from portale.lib.storia import NOME, si_copre, si_scrive

from . import services
from .models import (
    Accoglienza,
    AllegatoResoconto,
    Incontro,
    Iscrizione,
    Necessita,
    PassaggioIscrizione,
    Promemoria,
    Resoconto,
    RichiestaServizio,
    Sede,
    SegnoPresenza,
    Servizio,
)

registra(
    Finalita(
        codice="iscrizioni",
        ordine=10,
        nome=_("Ti iscrivi a un incontro"),
        dati=_("Nome, e-mail, numero di posti; se vuoi, telefono e servizi richiesti."),
        perche=_(
            "Tenerti il posto, avvisarti se qualcosa cambia, mandarti il promemoria, accoglierti."
        ),
        frase=_(
            "Useremo i tuoi dati solo per organizzare questo incontro e avvisarti se qualcosa "
            "cambia."
        ),
        parole=_("%(tempo)s dopo l’incontro, poi li cancelliamo."),
        base=COMPITO,
        dove=("eventi:iscrizione_crea",),
    )
)
registra(
    Finalita(
        codice="necessita",
        ordine=11,
        nome=_("Ci dici che cosa ti serve per partecipare a un incontro"),
        dati=_("Le necessità di accesso che scrivi tu."),
        perche=_("Preparare l’incontro. Le vede solo chi lo prepara."),
        frase=_("Useremo le tue necessità di accesso solo per preparare questo incontro."),
        parole=_("%(tempo)s dopo l’incontro, poi le cancelliamo."),
        base=SALUTE,
        dove=("eventi:iscrizione_crea",),
    )
)
registra(
    Finalita(
        codice="presenze",
        ordine=12,
        nome=_("Vieni a un incontro"),
        dati=_("Se eri presente, quando sei iscritto."),
        perche=_("Sapere quante persone partecipano. Si pubblicano solo i numeri, mai chi c’era."),
        frase=_("Useremo la tua presenza solo per contare chi partecipa."),
        parole=_("%(tempo)s dopo l’incontro: poi restano solo i numeri."),
    )
)
registra(
    Finalita(
        codice="accoglienza",
        ordine=13,
        nome=_("Accogli chi arriva a un incontro"),
        dati=_("Il nome e, se vuoi ricevere il link per posta, l’e-mail."),
        perche=_("Darti la pagina con cui segnare chi arriva."),
        frase=_("Useremo i tuoi dati solo per darti la pagina con cui segnare chi arriva."),
        parole=_("%(tempo)s dopo l’incontro."),
    )
)


# --- What is held ---------------------------------------------------------------------------


def _iscrizioni(interessato):
    regola = interessato.con_indirizzo(persona="persona")
    if interessato.senza_indirizzo:
        nome, telefono = interessato.senza_indirizzo
        regola |= Q(email=None, persona=None, nome=nome, telefono=telefono)
    return Iscrizione.objects.filter(regola).order_by("incontro_id", "pk")


def _accoglienze(interessato):
    return Accoglienza.objects.filter(interessato.con_indirizzo(persona="persona"))


@raccoglie("iscrizioni")
def iscrizioni(interessato):
    mie = _iscrizioni(interessato)
    servizi = RichiestaServizio.objects.filter(iscrizione__in=mie).order_by("pk")
    passaggi = PassaggioIscrizione.objects.filter(iscrizione__in=mie).order_by("pk")
    return [
        elenco(
            "iscrizioni", _("Le tue iscrizioni"), mie, "incontro", "nome", "email", "telefono",
            "lingua", "posti_richiesti", "posti", "stato", "canale", "eta", "nome_minore",
            "promemoria_graditi", "created_at", "verificata_at", "confermata_at",
        ),
        elenco(
            "servizi", _("I servizi che hai chiesto"), servizi, "iscrizione__incontro", "servizio"
        ),
        elenco(
            "passaggi", _("Che cosa è successo alle tue iscrizioni"), passaggi,
            "iscrizione__incontro", "da", "a", "posti", "attore", "motivo", "created_at",
        ),
    ]  # fmt: skip


@raccoglie("necessita")
def necessita(interessato):
    mie = Necessita.objects.filter(iscrizione__in=_iscrizioni(interessato)).order_by("pk")
    return [
        elenco(
            "necessita", _("Che cosa ti serve per partecipare"), mie, "iscrizione__incontro",
            "testo",
        )
    ]  # fmt: skip


@raccoglie("presenze")
def presenze(interessato):
    mie = _iscrizioni(interessato).exclude(presente=None)
    segni = SegnoPresenza.objects.filter(iscrizione__in=_iscrizioni(interessato)).order_by("pk")
    return [
        elenco("presenze", _("Gli incontri a cui eri"), mie, "incontro", "presente", "presenti"),
        elenco(
            "segni", _("Quando è stata segnata la tua presenza"), segni, "iscrizione__incontro",
            "da", "a", "toccato_at",
        ),
    ]  # fmt: skip


@raccoglie("accoglienza")
def accoglienza(interessato):
    mie = _accoglienze(interessato).order_by("pk")
    return [
        elenco(
            "accoglienze", _("Gli incontri in cui accogli chi arriva"), mie, "incontro", "nome",
            "email", "attiva", "created_at",
        )
    ]  # fmt: skip


# --- Letting go -----------------------------------------------------------------------------
# What hangs on a registration goes before it: afterwards nobody knows whose it was.


@conosce("iscrizioni")
def nomi(interessato):
    impara(interessato, _iscrizioni(interessato), "nome", "telefono")
    impara(interessato, _iscrizioni(interessato), "nome_minore")
    impara(interessato, _accoglienze(interessato))


@cerca("iscrizioni")
def cerca_nomi(testo):
    return [
        *recapiti(Iscrizione.objects.all(), "nome", testo, "telefono"),
        *recapiti(Accoglienza.objects.exclude(email=""), "nome", testo),
    ]


@cancella("necessita")
def dimentica_necessita(interessato, adesso):
    mie = Necessita.objects.filter(iscrizione__in=_iscrizioni(interessato))
    return {"necessita": mie.delete()[0]}


@cancella("presenze")
def dimentica_presenze(interessato, adesso):
    """They stay with the registration, which no longer says whose it is: the numbers of the
    meeting remain right until the purge takes them."""
    return {"presenze_senza_nome": _iscrizioni(interessato).filter(presente=True).count()}


@cancella("iscrizioni")
def dimentica_iscrizioni(interessato, adesso):
    """Live ones to meetings to come are given up through their door, so that the seats go to
    whoever waits; the rows stay without her, for the numbers, until the purge."""
    mie = list(_iscrizioni(interessato).select_related("incontro"))
    lasciate = 0
    for iscrizione in mie:
        inizio = iscrizione.incontro.inizio
        if iscrizione.viva and (inizio is None or inizio > adesso):
            services.rinuncia(iscrizione, adesso=adesso)
            lasciate += 1
    for iscrizione in mie:
        Iscrizione.objects.filter(pk=iscrizione.pk).update(
            nome=ANONIMA,
            email=None,
            telefono="",
            persona=None,
            nome_minore="",
            eta="",
            newsletter=None,
            foto=None,
            promemoria_graditi=False,
            # The links of the mails open nothing any more.
            codice=nuovo_codice(),
        )
    passaggi = PassaggioIscrizione.objects.filter(iscrizione__in=[riga.pk for riga in mie])
    oscura_righe(passaggi, ["motivo"], interessato)
    return {"posti_lasciati": lasciate, "iscrizioni_senza_nome": len(mie)}


@cancella("accoglienza")
def dimentica_accoglienze(interessato, adesso):
    mie = _accoglienze(interessato)
    # What she marked stays, and no longer says who marked it.
    return {"accoglienze": mie.delete()[1].get("eventi.Accoglienza", 0)}


# --- What the history may keep -------------------------------------------------------------
# The fields that say nothing of anybody: of the others it says that they changed.


si_scrive(
    Sede, NOME, "nome", "indirizzo", "citta", "senza_gradini", "bagno_accessibile",
    "anello_induzione", "parcheggio", "mezzi_pubblici", "latitudine", "longitudine", "fonti",
)  # fmt: skip
# Not "link_online": the address of a call may let in whoever reads it.
si_scrive(
    Incontro, NOME, "percorso", "laboratorio", "genere", "titolo", "slug", "descrizione", "inizio",
    "fine", "ora_nota", "data_a_parole", "modalita", "sede", "con_iscrizione", "posti",
    "posti_riservati", "iscrizioni_dal", "iscrizioni_fino", "fonti",
)  # fmt: skip
si_scrive(Servizio, NOME, "genere", "descrizione", "richiedibile_fino")
si_scrive(Promemoria, NOME, "giorni", "ore")
si_scrive(Resoconto, NOME, "incontro", "partecipanti", "fonti")
si_scrive(AllegatoResoconto, NOME, "titolo")
si_copre(Necessita)
si_copre(RichiestaServizio)
