"""The dossier of the proposals under review, for the sitting: texts, technical checks, what the
seats said, in one PDF. Organisations, no people."""

from collections.abc import Iterable
from datetime import datetime

from django.http import HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portale.lib import dates, pdf
from portale.lib.testo import euro

from . import risultati
from .models import Esame
from .risultati import Risultati

# What it is called in the register of accesses.
NOME = gettext_lazy("Dossier degli esami")


def pezzi(esami: Iterable[Esame], adesso: datetime, *, vede: set[int]) -> list[dict]:
    """The document's pieces (``templates/pdf/documento.typ``). What the seats said is there only
    of the reviews whose pk is in ``vede``; of the others, how many have answered."""
    esami = list(esami)
    tutti = risultati.di_esami(esami, adesso)
    scritti = []
    for esame in esami:
        scritti += _proposta(esame)
        r = tutti[esame.pk]
        scritti += _posizioni(r) if esame.pk in vede else [{"testo": _progresso(r)}]
    return scritti


def _proposta(esame) -> list[dict]:
    proposta = esame.proposta
    testi = [
        (_("Che cosa si propone"), proposta.che_cosa),
        (_("Perché"), proposta.perche),
        (_("Per chi"), proposta.per_chi),
    ]
    fatti = [
        (_("Chi propone"), _di_chi(proposta)),
        (_("Laboratorio"), str(proposta.laboratorio or _("Tutta la città"))),
        (_("Dove"), proposta.luogo),
        (_("Esame fino al"), dates.giorno_mese_anno(esame.ultimo_giorno)),
    ]
    scritti = [
        {"capo": str(proposta)},
        {"fatti": [[nome, valore] for nome, valore in fatti if valore]},
    ]
    for nome, testo in testi:
        if testo.strip():
            scritti += [{"capo": nome, "livello": 2}, {"testo": testo}]
    return [*scritti, {"capo": _("Verifica tecnica"), "livello": 2}, *_verifica(proposta)]


def _di_chi(proposta) -> str:
    """An organisation or a meeting by name; a person never: the dossier goes around."""
    if proposta.genere_proponente == proposta.Proponente.PERSONA:
        return _("una persona")
    return proposta.firma


def _verifica(proposta) -> list[dict]:
    verifica = getattr(proposta, "verifica", None)
    if verifica is None:
        return [{"testo": _("Gli uffici non l'hanno ancora scritta.")}]
    fatti = [
        (_("Di chi è la competenza"), verifica.competenza),
        (_("Ammissibile"), verifica.get_ammissibile_display()),
        (_("Fattibile"), verifica.get_fattibile_display()),
        (_("Costo stimato"), euro(verifica.costo_euro)),
        (_("Note"), verifica.note),
    ]
    scritti = [[nome, valore] for nome, valore in fatti if valore]
    return [{"fatti": scritti}] if scritti else [{"testo": _("Ancora da completare.")}]


def _progresso(r: Risultati) -> str:
    return _(
        "Seggi che hanno risposto: %(rese)d su %(seggi)d. Che cosa dicono si legge dopo avere "
        "espresso la propria posizione, o a esame concluso."
    ) % {"rese": r.rese, "seggi": r.seggi}


def _posizioni(r: Risultati) -> list[dict]:
    righe = [
        [
            capfirst(fascia.nome),
            str(fascia.quante),
            ", ".join(str(posizione.seggio) for posizione in fascia.posizioni) or "–",
        ]
        for fascia in r.fasce
    ]
    muti = ", ".join(str(seggio) for seggio in r.silenti) or "–"
    righe.append([_("Senza risposta"), str(len(r.silenti)), muti])
    scritti = [
        {"capo": _("Che cosa dicono i seggi"), "livello": 2},
        {"colonne": [_("Posizione"), _("Seggi"), _("Quali")], "righe": righe},
    ]
    for titolo, posizioni in (
        (_("Obiezioni"), r.obiezioni),
        (_("Contrarie"), r.contrarie),
        (_("Osservazioni"), r.osservazioni),
        (_("Conflitti di interessi"), r.conflitti),
        (_("Altre motivazioni"), r.altre),
    ):
        if posizioni:
            scritti.append({"capo": titolo, "livello": 2})
        for posizione in posizioni:
            scritti += [
                {"capo": str(posizione.seggio), "livello": 3},
                {"citazione": posizione.motivazione},
            ]
    return scritti


def risposta(percorso, esami: list[Esame], adesso: datetime, *, vede: set[int]) -> HttpResponse:
    """The PDF to download. Raises pdf.ImpaginazioneFallita."""
    dati = {
        "sopratitolo": str(percorso),
        "sottotitolo": _("Situazione al %(quando)s") % {"quando": dates.giorno_e_ora(adesso)},
        "piede": _("Dossier delle proposte in esame"),
        "pezzi": pezzi(esami, adesso, vede=vede),
    }
    titolo = _("Dossier delle proposte in esame")
    contenuto = pdf.impagina("documento", dati, titolo=titolo, creato=adesso)
    pagina = HttpResponse(contenuto, content_type="application/pdf")
    pagina["Content-Disposition"] = 'attachment; filename="dossier.pdf"'
    return pagina
