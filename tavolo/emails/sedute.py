"""The mails about sittings, to who sits at the Tavolo.

Each is composed when it leaves, and says what is true then: a mandate that ended is told nothing,
and a call or a change that another one has overtaken does not leave.
"""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from eventi.calendario import Invitato, ics_incontro
from eventi.models import Incontro
from eventi.promemoria import fine_del_silenzio, nel_silenzio
from portale.lib import dates
from portale.lib.emails import assoluto, componi
from posta.generi import Allegato, Composto, NonDovuto, Rinviato, Scaduto, genere

from ..models import Componente, Giustificazione, Seduta
from ..services import assenze

Stato = Incontro.Stato


@genere("seduta_convocata", etichetta="Tavolo: convocazione", correggibile=True)
def seduta_convocata(messaggio, adesso):
    seduta, componente = _chiamata(messaggio, adesso)
    return componi_convocazione(
        seduta, componente, testo=messaggio.parametri.get("testo", ""), adesso=adesso
    )


def componi_convocazione(
    seduta: Seduta, componente: Componente, *, testo: str = "", adesso: datetime
) -> Composto:
    """The call as one person gets it: also for the office to read before it leaves."""
    return _componi(
        "seduta_convocata",
        seduta,
        componente,
        invito=("REQUEST", adesso),
        testo=testo,
        **_ordine(seduta),
    )


@genere("seduta_riconvocata", etichetta="Tavolo: ordine del giorno cambiato", correggibile=True)
def seduta_riconvocata(messaggio, adesso):
    seduta, componente = _chiamata(messaggio, adesso)
    return componi_riconvocazione(
        seduta,
        componente,
        cambiato=messaggio.parametri["cambiato"],
        testo=messaggio.parametri["testo"],
        adesso=adesso,
    )


def componi_riconvocazione(
    seduta: Seduta,
    componente: Componente,
    *,
    cambiato: list[str],
    testo: str = "",
    adesso: datetime,
) -> Composto:
    """The call of an agenda that changed, as one person gets it."""
    return _componi(
        "seduta_riconvocata",
        seduta,
        componente,
        invito=("REQUEST", adesso),
        cambiato=cambiato,
        testo=testo,
        **_ordine(seduta),
    )


@genere("seduta_promemoria", etichetta="Tavolo: promemoria della seduta", correggibile=True)
def seduta_promemoria(messaggio, adesso):
    seduta, componente = _righe(messaggio, adesso)
    _pretendi_lo_stesso_inizio(seduta, messaggio, adesso)
    if seduta.giustificazioni.valide().filter(componente=componente).exists():
        raise NonDovuto
    inizio = seduta.incontro.inizio
    if nel_silenzio(adesso) and fine_del_silenzio(adesso) < inizio:
        raise Rinviato(fine_del_silenzio(adesso))
    giorni = (dates.a_roma(inizio).date() - dates.a_roma(adesso).date()).days
    return _componi(
        "seduta_promemoria",
        seduta,
        componente,
        invito=("REQUEST", adesso),
        tra_quanto={0: _("oggi"), 1: _("domani")}.get(
            giorni, _("tra %(giorni)d giorni") % {"giorni": giorni}
        ),
        **_ordine(seduta),
    )


@genere("seduta_spostata", etichetta="Tavolo: seduta spostata", correggibile=True)
def seduta_spostata(messaggio, adesso):
    seduta, componente = _cambiata(messaggio, adesso, Stato.PUBBLICATO)
    precedente = seduta.incontro.inizio_precedente
    return _componi(
        "seduta_spostata",
        seduta,
        componente,
        invito=("REQUEST", adesso),
        testo=messaggio.parametri["motivo"],
        prima=dates.giorno_e_ora(precedente) if precedente else "",
    )


@genere(
    "seduta_collegamento",
    etichetta="Tavolo: collegamento della seduta cambiato",
    correggibile=True,
)
def seduta_collegamento(messaggio, adesso):
    seduta, componente = _cambiata(messaggio, adesso, Stato.PUBBLICATO)
    return _componi(
        "seduta_collegamento",
        seduta,
        componente,
        invito=("REQUEST", adesso),
        testo=messaggio.parametri["motivo"],
    )


@genere("seduta_rinviata", etichetta="Tavolo: seduta rinviata", correggibile=True)
def seduta_rinviata(messaggio, adesso):
    seduta, componente = _cambiata(messaggio, adesso, Stato.RINVIATO)
    return _componi(
        "seduta_rinviata",
        seduta,
        componente,
        invito=("CANCEL", adesso),
        testo=messaggio.parametri["motivo"],
        prima=dates.giorno_e_ora(seduta.incontro.inizio_precedente),
    )


@genere("seduta_annullata", etichetta="Tavolo: seduta annullata", correggibile=True)
def seduta_annullata(messaggio, adesso):
    seduta, componente = _cambiata(messaggio, adesso, Stato.ANNULLATO)
    return _componi(
        "seduta_annullata",
        seduta,
        componente,
        invito=("CANCEL", adesso),
        testo=messaggio.parametri["motivo"],
    )


@genere(
    "seduta_sostituzione",
    etichetta="Tavolo: puoi andare tu alla seduta?",
    correggibile=True,
    urgente=True,
)
def seduta_sostituzione(messaggio, adesso):
    seduta, componente = _righe(messaggio, adesso)
    _pretendi_lo_stesso_inizio(seduta, messaggio, adesso)
    dette = Giustificazione.objects.filter(seduta=seduta).valide()
    assente = dette.filter(componente=messaggio.parametri["assente"]).first()
    if assente is None or dette.filter(componente=componente).exists():
        # She comes after all; or neither can, and the other knows it already.
        raise NonDovuto
    return _componi(
        "seduta_sostituzione",
        seduta,
        componente,
        invito=("REQUEST", adesso),
        assente=assente.componente.nome,
        **_ordine(seduta),
    )


# --- Whether it is still due ----------------------------------------------------------------


def _righe(messaggio, adesso) -> tuple[Seduta, Componente]:
    """The sitting and whom the mail is for; NonDovuto once her mandate is over, or she has another
    address."""
    componente = (
        Componente.objects.in_carica(dates.a_roma(adesso).date())
        .filter(pk=messaggio.parametri["componente"], email=messaggio.destinatario)
        .exclude(persona__is_active=False)
        .for_seggio()
        .first()
    )
    seduta = Seduta.objects.for_elenco().filter(pk=messaggio.parametri["seduta"]).first()
    if componente is None or seduta is None:
        raise NonDovuto
    return seduta, componente


def _pretendi_in_programma(seduta, adesso) -> None:
    if seduta.incontro.stato != Stato.PUBBLICATO:
        raise NonDovuto
    if seduta.stato != Seduta.Stato.CONVOCATA or seduta.incontro.inizio <= adesso:
        raise Scaduto


def _pretendi_lo_stesso_inizio(seduta, messaggio, adesso) -> None:
    inizio = seduta.incontro.inizio
    if inizio is None or inizio.isoformat() != messaggio.parametri["inizio"]:
        # Moved since: the new start has reminders, and apologies, of its own.
        raise NonDovuto
    _pretendi_in_programma(seduta, adesso)


def _chiamata(messaggio, adesso) -> tuple[Seduta, Componente]:
    seduta, componente = _righe(messaggio, adesso)
    if seduta.convocazione != messaggio.parametri["convocazione"]:
        raise NonDovuto
    _pretendi_in_programma(seduta, adesso)
    return seduta, componente


def _cambiata(messaggio, adesso, stato) -> tuple[Seduta, Componente]:
    """A notice of change, unless a later change has been announced."""
    seduta, componente = _righe(messaggio, adesso)
    incontro = seduta.incontro
    if incontro.sequenza != messaggio.parametri["sequenza"] or incontro.stato != stato:
        raise NonDovuto
    return seduta, componente


# --- What they say --------------------------------------------------------------------------


def _fatti(incontro: Incontro) -> list[tuple[str, str]]:
    """When and where, as (name, value); what is not known is said to be so."""
    fatti = [(_("Quando"), incontro.quando)]
    if incontro.stato in (Stato.RINVIATO, Stato.ANNULLATO):
        return fatti
    fatti.append((_("Dove"), incontro.dove))
    sede = incontro.sede
    if sede and incontro.modalita != Incontro.Modalita.ONLINE:
        arrivo = (sede.mezzi_pubblici, sede.parcheggio, sede.note)
        if come := " · ".join(voce for voce in arrivo if voce):
            fatti.append((_("Come arrivare"), come))
    if incontro.link_online or incontro.modalita != Incontro.Modalita.PRESENZA:
        fatti.append((_("Collegamento online"), incontro.link_online or _("da comunicare")))
    return fatti


def _ordine(seduta: Seduta) -> dict:
    """The agenda in its order, and the documents to be read for it."""
    documenti: dict[int | None, list[tuple[str, str]]] = {}
    for documento in seduta.documenti.order_by("created_at", "pk"):
        url = assoluto(reverse("area:documento_scarica", args=[documento.pk]))
        documenti.setdefault(documento.punto_id, []).append((documento.titolo, url))
    punti = seduta.punti.select_related("relatore__organizzazione").prefetch_related("proposte")
    return {
        "punti": [
            {
                "numero": numero,
                "titolo": punto.titolo,
                "minuti": punto.minuti,
                "relatore": str(punto.relatore) if punto.relatore else "",
                "proposte": [
                    proposta.titolo
                    for proposta in punto.proposte.all()
                    if proposta.titolo != punto.titolo
                ],
                "documenti": documenti.get(punto.pk, []),
            }
            for numero, punto in enumerate(punti, start=1)
        ],
        "documenti": documenti.get(None, []),
    }


def _componi(
    nome: str,
    seduta: Seduta,
    componente: Componente,
    *,
    invito: tuple[str, datetime],
    **contesto,
) -> Composto:
    incontro = seduta.incontro
    url = assoluto(reverse("area:seduta_detail", args=[incontro.slug]))
    url_assenza = assoluto(reverse("area:assenza", args=[assenze.link(seduta, componente)]))
    oggetto, testo, html = componi(
        nome,
        {
            "seduta": seduta,
            "incontro": incontro,
            "esempio": seduta.esempio,
            "nome": componente.nome,
            "organizzazione": str(componente.seggio),
            "entrata": componente.persona_id is not None,
            "fatti": _fatti(incontro),
            "url": url,
            "url_assenza": url_assenza,
            **contesto,
        },
    )
    metodo, adesso = invito
    righe = (_("Ordine del giorno e documenti: %(link)s") % {"link": url},)
    ics = ics_incontro(
        incontro,
        metodo=metodo,
        invitato=Invitato(componente.nome, componente.email, righe),
        adesso=adesso,
    )
    allegato = Allegato("seduta.ics", ics, f"text/calendar; method={metodo}; charset=utf-8")
    return Composto(oggetto, testo, html, allegati=(allegato,))
