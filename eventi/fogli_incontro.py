"""What the office prints for a meeting, as PDF: the sheet for the door, badges, the poster.

The same meeting at the same instant makes the same bytes.
"""

from collections.abc import Iterable
from datetime import datetime
from io import BytesIO

from django.conf import settings
from django.utils.translation import gettext as _
from segno import make_qr

from portale.lib import dates
from portale.lib.emails import assoluto
from portale.lib.pdf import impagina

from .models import Incontro, Iscrizione

# Rows for who comes without having registered.
RIGHE_VUOTE = 12


def foglio_presenze(incontro: Incontro, *, foto: Iterable[int] = (), adesso: datetime) -> bytes:
    """Who is confirmed, by name, to sign on large rows. ``foto``: the registrations of those who
    agreed to be photographed; with any, a column says so. Raises ImpaginazioneFallita."""
    consenzienti = set(foto)
    confermate = _confermate(incontro)
    righe = [
        {
            "nome": _nome(iscrizione),
            "posti": str(iscrizione.posti),
            "foto": _("sì") if iscrizione.pk in consenzienti else _("no"),
        }
        for iscrizione in confermate
    ]
    posti = sum(iscrizione.posti for iscrizione in confermate)
    dati = {
        "sopratitolo": _("Foglio delle presenze"),
        "sottotitolo": f"{incontro.quando}, {incontro.dove}",
        "piede": _("Stampato %(quando)s") % {"quando": dates.giorno_e_ora(adesso)},
        "istruzioni": _(
            "%(iscrizioni)d iscrizioni confermate, %(posti)d posti. Chi viene firma, e scrive in "
            "quanti sono venuti. Chi non è iscritto usa le righe vuote in fondo, se vuole: può "
            "entrare anche senza scrivere il nome."
        )
        % {"iscrizioni": len(righe), "posti": posti},
        "righe": righe,
        "vuote": RIGHE_VUOTE,
        "con_foto": bool(consenzienti),
        "informativa": _(
            "Nome e firma servono solo a sapere quante persone partecipano, e restano "
            "all'%(ufficio)s, che distrugge il foglio quando il resoconto è pubblicato. Non si "
            "pubblicano e non si danno ad altri. L'informativa completa: %(indirizzo)s"
        )
        % {"ufficio": settings.ENTE["ufficio"], "indirizzo": assoluto("/privacy/")},
    }
    return impagina("presenze", dati, titolo=incontro.titolo, creato=adesso)


def _nome(iscrizione: Iscrizione) -> str:
    """Hers; of a child under 14 the parent's, with the child's if it was written."""
    if iscrizione.eta != Iscrizione.Eta.MINORE:
        return iscrizione.nome
    chi = " ".join(filter(None, [iscrizione.nome_minore, _("meno di 14 anni")]))
    return f"{iscrizione.nome} ({chi})"


def con_foto(incontro: Incontro) -> set[int]:
    """The registrations of who agreed to be photographed at this meeting, and has not taken it
    back."""
    si = incontro.iscrizioni.confermate().filter(
        foto__valido_at__isnull=False, foto__ritirato_at=None
    )
    return set(si.values_list("pk", flat=True))


def etichette(incontro: Incontro, *, nome_intero: bool, adesso: datetime) -> bytes:
    """A badge for each confirmed person: the first name, or the whole one; empty ones for who
    comes with her and for who did not register. Raises ImpaginazioneFallita."""
    nomi = []
    for iscrizione in _confermate(incontro):
        parole = iscrizione.nome.split()
        nomi.append(iscrizione.nome if nome_intero else parole[0] if parole else "")
        nomi += [""] * (iscrizione.posti - 1)
    # To the end of the sheet, and never none.
    nomi += [""] * (10 - len(nomi) % 10)
    titolo = _("Etichette: %(incontro)s") % {"incontro": incontro.titolo}
    dati = {"nomi": nomi, "incontro": incontro.titolo[:60]}
    return impagina("etichette", dati, titolo=titolo, creato=adesso)


def locandina(incontro: Incontro, *, formato: str, adesso: datetime) -> bytes:
    """The poster in "a4" or "a3". It holds nobody's name. Raises ImpaginazioneFallita."""
    indirizzo = assoluto(incontro.get_absolute_url())
    disegno = BytesIO()
    make_qr(indirizzo, error="m").save(disegno, kind="svg", border=2, dark="#000", light="#fff")
    ente = settings.ENTE
    dati = {
        "formato": formato,
        "esempio": incontro.percorso.esempio,
        "sopratitolo": _maiuscola(incontro.get_genere_display())
        + (f" · {incontro.laboratorio.nome}" if incontro.laboratorio else ""),
        "quando": incontro.quando,
        "dove": incontro.dove,
        "accesso": _accesso(incontro),
        "servizi": [_servizio(servizio) for servizio in incontro.servizi.all()],
        "invito": _("Iscriviti, o leggi tutto, con il telefono:")
        if incontro.con_iscrizione
        else _("Non serve iscriversi. Leggi tutto con il telefono:"),
        "indirizzo": indirizzo.split("://", 1)[1],
        "indirizzo_pieno": indirizzo.encode(),
        "qr": disegno.getvalue(),
        "contatti": " · ".join(filter(None, (ente["ufficio"], ente["telefono"], ente["email"]))),
    }
    return impagina("locandina", dati, titolo=incontro.titolo, creato=adesso)


def _confermate(incontro) -> list[Iscrizione]:
    return list(incontro.iscrizioni.confermate().order_by("nome", "pk"))


def _accesso(incontro) -> list[str]:
    """What is known of how one gets in; what nobody has checked is said to be so."""
    sede = incontro.sede
    if sede is None or incontro.modalita == Incontro.Modalita.ONLINE:
        return []
    fatti = [
        {
            True: _("Ingresso senza gradini"),
            False: _("All'ingresso ci sono gradini"),
            None: _("Ingresso senza gradini: da comunicare"),
        }[sede.senza_gradini]
    ]
    if sede.bagno_accessibile:
        fatti.append(_("Bagno accessibile"))
    if sede.anello_induzione:
        fatti.append(_("Anello a induzione per apparecchi acustici"))
    for nome, testo in (
        (_("Mezzi pubblici"), sede.mezzi_pubblici),
        (_("Parcheggio"), sede.parcheggio),
    ):
        if testo:
            fatti.append(f"{nome}: {testo}")
    return fatti


def _servizio(servizio) -> str:
    nome = _maiuscola(servizio.get_genere_display())
    return f"{nome}: {servizio.descrizione}" if servizio.descrizione else nome


def _maiuscola(testo) -> str:
    """With a capital first, and "LIS" left as it is."""
    testo = str(testo)
    return testo[:1].upper() + testo[1:]
