"""What is held about who proposes, supports, follows, comments and takes notes."""

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.finalita import Finalita, registra
from accounts.interessato import (
    ANONIMA,
    File,
    cancella,
    cerca,
    conosce,
    elenco,
    impara,
    oscura_righe,
    raccoglie,
    recapiti,
)
from portale.lib.storia import NOME, si_scrive
from portale.lib.testo import OMISSIS, oscura

from .conteggi import da_ricontare
from .models import (
    Allegato,
    Avanzamento,
    Bisogno,
    Commento,
    EsitoPreparato,
    Nota,
    Passaggio,
    PassaggioBisogno,
    Proposta,
    Risposta,
    Segnalazione,
    Seguito,
    Sostegno,
    Tema,
    Verbalizzante,
    VerificaTecnica,
    VersioneProposta,
)
from .models.bisogni import slug_provvisorio
from .ricerca import indici
from .segnali import contenuto_cambiato

registra(
    Finalita(
        codice="proposte",
        ordine=20,
        nome=_("Fai una proposta"),
        dati=_(
            "Il testo, il nome con cui vuoi comparire, l’e-mail; se vuoi, un punto sulla mappa e "
            "degli allegati."
        ),
        perche=_(
            "Pubblicare la tua idea con il nome che hai scelto, valutarla, scriverti che cosa ne "
            "è stato. L’e-mail non si pubblica mai."
        ),
        frase=_(
            "Useremo i tuoi dati solo per pubblicare la tua proposta con il nome che hai scelto "
            "e scriverti che fine fa."
        ),
        parole=_(
            "Il testo pubblicato resta negli atti del percorso. L’e-mail, finché non ne chiedi "
            "la cancellazione. Una bozza che non tocchi più, %(tempo)s."
        ),
        dove=("proposte:bozza_invia",),
    )
)
registra(
    Finalita(
        codice="bisogni",
        ordine=21,
        nome=_("Racconti un bisogno"),
        dati=_("Il testo, il nome con cui vuoi comparire, l’e-mail."),
        perche=_(
            "Pubblicare il bisogno con il nome che hai scelto e scriverti che cosa ne è stato. "
            "L’e-mail non si pubblica mai."
        ),
        frase=_(
            "Useremo i tuoi dati solo per pubblicare il bisogno con la firma che scegli e "
            "scriverti che cosa ne è stato."
        ),
        parole=_(
            "Il testo pubblicato resta negli atti del percorso. L’e-mail, finché non ne chiedi "
            "la cancellazione."
        ),
        dove=("bisogni:bisogno_nuovo",),
    )
)
registra(
    Finalita(
        codice="sostegni",
        ordine=22,
        nome=_("Sostieni una proposta"),
        dati=_("L’e-mail."),
        perche=_(
            "Contare ogni persona una volta sola. Si pubblica il numero dei sostegni, mai chi li "
            "ha dati."
        ),
        frase=_(
            "Useremo i tuoi dati solo per contare il tuo sostegno una volta sola: chi sostiene "
            "che cosa non si pubblica."
        ),
        parole=_("Finché non togli il sostegno o non ne chiedi la cancellazione."),
        dove=("proposte:proposta_detail",),
    )
)
registra(
    Finalita(
        codice="seguiti",
        ordine=23,
        nome=_("Segui una proposta, un laboratorio o un tema"),
        dati=_("L’e-mail."),
        perche=_("Scriverti le novità che hai chiesto."),
        frase=_("Useremo i tuoi dati solo per scriverti le novità che chiedi, finché non smetti."),
        parole=_("Finché non smetti di seguire: c’è un link in ogni e-mail."),
        dove=("proposte:proposta_detail",),
    )
)
registra(
    Finalita(
        codice="commenti",
        ordine=24,
        nome=_("Scrivi un commento"),
        dati=_("Il testo, il nome con cui vuoi comparire, l’e-mail."),
        perche=_(
            "Pubblicare il commento con il nome che hai scelto, tenere civile la discussione."
        ),
        frase=_(
            "Useremo i tuoi dati solo per pubblicare il tuo commento con la firma che scegli e "
            "avvisarti se chi modera lo nasconde."
        ),
        parole=_(
            "Il commento pubblicato resta con la proposta; lo puoi eliminare nei primi dieci "
            "minuti, poi chiedendolo all’ufficio."
        ),
        dove=("proposte:proposta_detail",),
    )
)
registra(
    Finalita(
        codice="segnalazioni",
        ordine=25,
        nome=_("Segnali un contenuto"),
        dati=_("Il motivo e quello che scrivi; il tuo indirizzo solo se ti conosciamo già."),
        perche=_(
            "Farlo leggere a chi modera e dirti che cosa ha deciso. L’autore del contenuto non sa "
            "chi ha segnalato."
        ),
        frase=_(
            "Useremo i tuoi dati solo per leggere la tua segnalazione e dirti che cosa abbiamo "
            "deciso."
        ),
        parole=_(
            "%(tempo)s dopo la decisione; poi restano il motivo e l’esito, senza dire di chi."
        ),
    )
)
registra(
    Finalita(
        codice="verbalizzanti",
        ordine=26,
        nome=_("Prendi appunti a un incontro"),
        dati=_("Il nome e, se vuoi ricevere il link per posta, l’e-mail."),
        perche=_("Darti la pagina con cui scrivere le note del tuo tavolo."),
        frase=_("Useremo i tuoi dati solo per darti la pagina con cui prendere appunti."),
        parole=_("%(tempo)s dopo l’incontro."),
    )
)


# --- What is held ---------------------------------------------------------------------------


@raccoglie("proposte")
def proposte(interessato):
    mie = _proposte(interessato).order_by("pk")
    versioni = VersioneProposta.objects.filter(proposta__in=mie).order_by("proposta_id", "numero")
    allegati = Allegato.objects.filter(proposta__in=mie, avanzamento=None).order_by("pk")
    passaggi = Passaggio.objects.filter(proposta__in=mie).order_by("pk")
    return [
        elenco(
            "proposte", _("Le tue proposte"), mie, "titolo", "che_cosa", "perche", "per_chi",
            "luogo", "latitudine", "longitudine", "laboratorio", "genere_proponente",
            "nome_mostrato", "organizzazione", "canale", "stato", "created_at", "inviata_at",
            "pubblicata_at", "updated_at",
        ),
        elenco(
            "versioni", _("Che cosa dicevano prima"), versioni, "proposta__titolo", "numero",
            "titolo", "che_cosa", "perche", "per_chi", "luogo", "nota", "created_at",
        ),
        elenco(
            "allegati", _("Gli allegati"), allegati, "proposta__titolo", "titolo", "genere",
            allegati=[File(allegato.titolo, allegato.file) for allegato in allegati],
        ),
        elenco(
            "passaggi", _("Che cosa è successo alle tue proposte"), passaggi, "proposta__titolo",
            "evento", "da", "a", "motivo", "testo", "created_at",
        ),
    ]  # fmt: skip


@raccoglie("bisogni")
def bisogni(interessato):
    miei = _bisogni(interessato).order_by("pk")
    return [
        elenco(
            "bisogni", _("I bisogni che hai raccontato"), miei, "titolo", "testo", "laboratorio",
            "nome_mostrato", "canale", "stato", "created_at", "pubblicato_at",
        )
    ]  # fmt: skip


@raccoglie("sostegni")
def sostegni(interessato):
    miei = Sostegno.objects.filter(interessato.come_partecipante()).order_by("pk")
    return [elenco("sostegni", _("Le proposte che sostieni"), miei, "proposta", "created_at")]


@raccoglie("seguiti")
def seguiti(interessato):
    miei = Seguito.objects.filter(interessato.come_partecipante()).order_by("pk")
    return [
        elenco(
            "seguiti", _("Che cosa segui"), miei, "proposta", "laboratorio", "tema", "created_at"
        )
    ]


@raccoglie("commenti")
def commenti(interessato):
    miei = Commento.objects.filter(interessato.come_partecipante("autore")).order_by("pk")
    return [
        elenco(
            "commenti", _("I tuoi commenti"), miei, "proposta", "nome_mostrato", "scopo", "testo",
            "created_at", "modificato_at", "nascosto_at", "motivo", "motivazione",
        )
    ]  # fmt: skip


@raccoglie("segnalazioni")
def segnalazioni(interessato):
    mie = Segnalazione.objects.filter(interessato.come_partecipante()).order_by("pk")
    return [
        elenco(
            "segnalazioni", _("Le tue segnalazioni"), mie, "proposta", "commento", "motivo",
            "testo", "esito", "created_at", "chiusa_at",
        )
    ]  # fmt: skip


@raccoglie("verbalizzanti")
def verbalizzanti(interessato):
    miei = _verbalizzanti(interessato).order_by("pk")
    note = Nota.objects.filter(verbalizzante__in=miei).order_by("pk")
    return [
        elenco(
            "verbalizzanti", _("Gli incontri in cui prendi appunti"), miei, "incontro", "nome",
            "email", "tavolo", "attivo", "created_at",
        ),
        elenco(
            "note", _("Gli appunti che hai scritto"), note, "incontro", "tavolo", "genere",
            "testo", "created_at",
        ),
    ]  # fmt: skip


def _proposte(interessato):
    return Proposta.objects.filter(interessato.come_partecipante("proponente"))


def _bisogni(interessato):
    return Bisogno.objects.filter(interessato.come_partecipante("proponente"))


def _verbalizzanti(interessato):
    return Verbalizzante.objects.filter(interessato.con_indirizzo())


# --- Letting go -----------------------------------------------------------------------------


@conosce("proposte")
def nomi(interessato):
    commenti = Commento.objects.filter(interessato.come_partecipante("autore"))
    for firmati in (_proposte(interessato), _bisogni(interessato), commenti):
        impara(interessato, firmati, "nome_mostrato")
    impara(interessato, _verbalizzanti(interessato))


@cerca("verbalizzanti")
def cerca_nomi(testo):
    return recapiti(Verbalizzante.objects.exclude(email=""), "nome", testo)


@cancella("verbalizzanti")
def dimentica_verbalizzanti(interessato, adesso):
    """The notes stay: they are what a table said."""
    miei = _verbalizzanti(interessato)
    pks = list(miei.values_list("pk", flat=True))
    for pk in pks:
        Verbalizzante.objects.filter(pk=pk).update(
            nome=ANONIMA, email="", attivo=False, codice=slug_provvisorio()
        )
    return {"verbalizzanti": len(pks)}


@cancella("segnalazioni")
def dimentica_segnalazioni(interessato, adesso):
    mie = Segnalazione.objects.filter(interessato.come_partecipante())
    pks = list(mie.values_list("pk", flat=True))
    mie.update(partecipante=None)
    oscura_righe(Segnalazione.objects.filter(pk__in=pks), ["testo"], interessato)
    return {"segnalazioni_senza_nome": len(pks)}


@cancella("commenti")
def dimentica_commenti(interessato, adesso):
    """What everybody reads stays, unsigned; of what was hidden not even the text."""
    miei = Commento.objects.filter(interessato.come_partecipante("autore"))
    pks = list(miei.values_list("pk", flat=True))
    miei.exclude(nascosto_at=None).update(testo=OMISSIS)
    miei.update(autore=None, nome_mostrato="")
    suoi = Commento.objects.filter(pk__in=pks)
    oscura_righe(suoi, ["testo", "motivazione"], interessato)
    if pks:
        contenuto_cambiato.send(Commento)
    return {"commenti_senza_firma": len(pks)}


@cancella("seguiti")
def dimentica_seguiti(interessato, adesso):
    miei = Seguito.objects.filter(interessato.come_partecipante())
    return {"seguiti": miei.delete()[0]}


@cancella("sostegni")
def dimentica_sostegni(interessato, adesso):
    """The number goes down: a support that nobody gives is none (docs/adr/0021)."""
    miei = Sostegno.objects.filter(interessato.come_partecipante())
    proposte = sorted(set(miei.values_list("proposta", flat=True)))
    quanti = miei.delete()[0]
    da_ricontare(*proposte)
    return {"sostegni": quanti}


@cancella("bisogni")
def dimentica_bisogni(interessato, adesso):
    """Those that were never published go; the others stay, unsigned."""
    mai = _bisogni(interessato).filter(pubblicato_at=None)
    eliminati = _elimina(mai)
    rimasti = list(_bisogni(interessato).order_by("pk"))
    for bisogno in rimasti:
        _senza_di_lei(bisogno, ("titolo", "testo"), interessato)
    passaggi = PassaggioBisogno.objects.filter(bisogno__in=rimasti)
    oscura_righe(passaggi, ["testo"], interessato)
    if rimasti:
        contenuto_cambiato.send(Bisogno)
    return {"bisogni_eliminati": eliminati, "bisogni_senza_firma": len(rimasti)}


@cancella("proposte")
def dimentica_proposte(interessato, adesso):
    """Drafts, and what was never published, go with their files; the others stay, unsigned, and
    with them what they said before."""
    eliminate = _elimina(_proposte(interessato).filter(pubblicata_at=None))
    rimaste = list(_proposte(interessato).order_by("pk"))
    for proposta in rimaste:
        _senza_di_lei(proposta, (*Proposta.TESTI, "organizzazione"), interessato)
    for righe, campi in (
        (VersioneProposta.objects.filter(proposta__in=rimaste), (*Proposta.TESTI, "nota")),
        (Passaggio.objects.filter(proposta__in=rimaste), ("testo",)),
        (Allegato.objects.filter(proposta__in=rimaste), ("titolo",)),
        (Risposta.objects.filter(proposta__in=rimaste), ("testo",)),
        (Avanzamento.objects.filter(proposta__in=rimaste), ("titolo", "testo")),
        (EsitoPreparato.objects.filter(proposta__in=rimaste), ("motivazione",)),
        (VerificaTecnica.objects.filter(proposta__in=rimaste), ("note",)),
    ):
        oscura_righe(righe, campi, interessato)
    if rimaste:
        contenuto_cambiato.send(Proposta)
    return {"proposte_eliminate": eliminate, "proposte_senza_firma": len(rimaste)}


def _elimina(righe):
    """One by one: what something else is made of stays (and loses its signature)."""
    quante = 0
    for riga in righe.order_by("pk"):
        try:
            with transaction.atomic():
                riga.delete()
        except ProtectedError:
            continue
        quante += 1
    return quante


def _senza_di_lei(riga, testi, interessato):
    """Her need or proposal, unsigned: not in its texts, nor in what searches look into."""
    cercata = interessato.cercata()
    riga.proponente, riga.nome_mostrato = None, ""
    for campo in testi:
        setattr(riga, campo, oscura(getattr(riga, campo), cercata))
    campi = {campo: getattr(riga, campo) for campo in testi}
    for nome in interessato.nomi:
        if len(nome.split()) > 1 and (parte := slugify(nome)) in riga.slug:
            riga.slug = riga.slug.replace(parte, "omissis")
            campi["slug"] = riga.slug
    type(riga).objects.filter(pk=riga.pk).update(
        proponente=None, nome_mostrato="", **campi, **indici(riga)
    )


# --- What the history may keep -------------------------------------------------------------
# The fields that say nothing of anybody: of the others it says that they changed.


si_scrive(Tema, NOME, "nome", "slug", "ordine", "attivo")
si_scrive(Avanzamento, "giorno", "percentuale")
si_scrive(Verbalizzante, "incontro", "tavolo")
si_scrive(VerificaTecnica, "ammissibile", "fattibile", "costo_euro", "scadenza", "conclusa_at")
