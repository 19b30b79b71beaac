"""Putting the notes of a meeting in order: into needs and ideas, with the dots of the posters,
up to the day when all is published together.

Every verb holds the meeting's lock, so that two facilitators take turns, and says of each note
where its writer saw it (:class:`Vista`): a note that somebody else has put elsewhere meanwhile
stays there, and she is told (:class:`Superata`). Asking twice for the same thing does it once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from eventi import services as incontri
from eventi.models import Incontro, Resoconto
from eventi.posti import incontro_bloccato
from portale.lib.testo import righe

from . import bisogni, services
from .models import Bisogno, Canale, Nota, Proposta
from .segnali import contenuto_cambiato
from .services import Rifiuto, Superata

__all__ = [
    "LIBERA",
    "SCARTATA",
    "DaPubblicare",
    "Vista",
    "conta_punti",
    "da_pubblicare",
    "diventa_idea",
    "dove",
    "elimina_bisogno",
    "elimina_idea",
    "modifica_idea",
    "priorita_dai_punti",
    "pubblica_tutto",
    "raggruppa",
    "scarta",
    "sgancia",
]

Priorita = Bisogno.Priorita
# Where a note is: with no group yet, put aside, or in the need or idea of that number.
LIBERA, SCARTATA = "-", "x"


def dove(nota: Nota) -> str:
    """The place of a note: "-", "x", "b12" (a need) or "i7" (an idea)."""
    if nota.bisogno_id:
        return f"b{nota.bisogno_id}"
    if nota.proposta_id:
        return f"i{nota.proposta_id}"
    return SCARTATA if nota.scartata else LIBERA


@dataclass(frozen=True)
class Vista:
    """A note, and the place where who moves it saw it."""

    nota: int
    dove: str


# --- Notes ----------------------------------------------------------------------------------


def raggruppa(
    incontro: Incontro,
    viste: Iterable[Vista],
    *,
    bisogno: Bisogno | None = None,
    titolo: str = "",
    autore,
    adesso: datetime,
) -> Bisogno:
    """Put notes into a need of this meeting, or into a new one: ``titolo``, or the words of the
    first note."""
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        note = _note(incontro, viste)
        if bisogno is not None:
            bisogno = _del_posto(incontro, bisogno)
        elif (bisogno := _gia_insieme(note, "bisogno", titolo)) is None:
            bisogno = Bisogno.objects.create(
                percorso=incontro.percorso,
                laboratorio=incontro.laboratorio,
                incontro=incontro,
                tavolo=_un_solo_tavolo(note),
                titolo=_titolo(titolo or note[0][1].testo, Bisogno),
                canale=Canale.INCONTRO,
                registrato_da=autore,
                esempio=incontro.percorso.esempio,
            )
            bisogni.nasce(bisogno, autore, adesso)
        _sposta(note, f"b{bisogno.pk}", adesso, bisogno=bisogno)
        if bisogno.stato == Bisogno.Stato.PUBBLICATO:
            contenuto_cambiato.send(Bisogno)
    return bisogno


def diventa_idea(
    incontro: Incontro,
    viste: Iterable[Vista],
    *,
    idea: Proposta | None = None,
    titolo: str = "",
    autore,
    adesso: datetime,
) -> Proposta:
    """Put notes into a draft idea of this meeting, or make one of them: its proponent is the
    workshop, and it answers the needs that the notes were in."""
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        note = _note(incontro, viste)
        if idea is not None:
            idea = _idea_del_posto(incontro, idea)
        elif (idea := _gia_insieme(note, "proposta", titolo)) is None:
            testi = [nota.testo for _vista, nota in note]
            idea = Proposta.objects.create(
                percorso=incontro.percorso,
                laboratorio=incontro.laboratorio,
                per_la_citta=incontro.laboratorio_id is None,
                titolo=_titolo(titolo or testi[0], Proposta),
                che_cosa="\n\n".join(testi)[: Proposta._meta.get_field("che_cosa").max_length],
                genere_proponente=Proposta.Proponente.INCONTRO,
                incontro=incontro,
                tavolo=_un_solo_tavolo(note),
                canale=Canale.INCONTRO,
                registrato_da=autore,
                esempio=incontro.percorso.esempio,
            )
            idea.bisogni.set({nota.bisogno_id for _vista, nota in note if nota.bisogno_id})
        _sposta(note, f"i{idea.pk}", adesso, proposta=idea)
    return idea


def sgancia(incontro: Incontro, viste: Iterable[Vista], *, adesso: datetime) -> int:
    """Notes are to be put in order again, also those that had been put aside; returns how many
    moved."""
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        return _sposta(_note(incontro, viste), LIBERA, adesso)


def scarta(incontro: Incontro, viste: Iterable[Vista], *, adesso: datetime) -> int:
    """Put notes aside: they become neither a need nor an idea. They are kept."""
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        return _sposta(_note(incontro, viste), SCARTATA, adesso, scartata=True)


def _note(incontro, viste) -> list[tuple[Vista, Nota]]:
    """The notes that are meant, in the order in which they were chosen, as they are now."""
    viste = list({vista.nota: vista for vista in viste}.values())
    if not viste:
        raise Rifiuto(_("Scegli almeno una nota."))
    trovate = incontro.note.presenti().in_bulk([vista.nota for vista in viste])
    if len(trovate) < len(viste):
        raise Superata(
            _("Chi verbalizza ha cancellato una di queste note: rileggi la pagina e riprova.")
        )
    return [(vista, trovate[vista.nota]) for vista in viste]


def _sposta(note, qui, adesso, *, bisogno=None, proposta=None, scartata=False) -> int:
    altrove = [nota for vista, nota in note if dove(nota) not in (qui, vista.dove)]
    if altrove:
        raise Superata(
            ngettext(
                "Qualcun altro ha già messo altrove una di queste note: guarda dove, e riprova.",
                "Qualcun altro ha già messo altrove %(n)d di queste note: guarda dove, e riprova.",
                len(altrove),
            )
            % {"n": len(altrove)}
        )
    da_spostare = [nota.pk for _vista, nota in note if dove(nota) != qui]
    Nota.objects.filter(pk__in=da_spostare).update(
        bisogno=bisogno, proposta=proposta, scartata=scartata, updated_at=adesso
    )
    return len(da_spostare)


def _gia_insieme(note, campo, titolo):
    """The need or idea that all these notes are in already, if it was not there when their
    writer looked: the second half of a double click."""
    numeri = {getattr(nota, f"{campo}_id") for _vista, nota in note}
    if len(numeri) != 1 or None in numeri:
        return None
    if any(dove(nota) == vista.dove for vista, nota in note):
        return None
    prima = note[0][1]
    trovato = getattr(prima, campo)
    atteso = _titolo(titolo or prima.testo, type(trovato))
    return trovato if trovato.titolo == atteso else None


def _un_solo_tavolo(note) -> int | None:
    tavoli = {nota.tavolo for _vista, nota in note}
    return tavoli.pop() if len(tavoli) == 1 else None


def _titolo(testo, modello) -> str:
    """Words for a title: on one line, as many as fit."""
    testo = " ".join(testo.split())
    massimo = modello._meta.get_field("titolo").max_length
    return testo if len(testo) <= massimo else f"{testo[: massimo - 1].rstrip()}…"


def _del_posto(incontro, bisogno) -> Bisogno:
    trovato = incontro.bisogni_emersi.select_for_update(no_key=True).filter(pk=bisogno.pk).first()
    if trovato is None:
        raise Superata(_("Qualcun altro ha appena eliminato questo bisogno."))
    if trovato.stato == Bisogno.Stato.NASCOSTO:
        raise Rifiuto(_("Questo bisogno è nascosto: scegline un altro."))
    return trovato


def _idea_del_posto(incontro, idea) -> Proposta:
    trovata = incontro.proposte_emerse.select_for_update(no_key=True).filter(pk=idea.pk).first()
    if trovata is None:
        raise Superata(_("Qualcun altro ha appena eliminato questa idea."))
    if trovata.stato != Proposta.Stato.BOZZA:
        raise Rifiuto(_("Questa idea è già pubblicata."))
    return trovata


# --- Dots and priority ----------------------------------------------------------------------


def priorita_dai_punti(punti: int | None, massimo: int) -> int | None:
    """High from two thirds of the dots of the need that got most, middle from one third; None
    where nobody counted. ``massimo`` are the most dots that a need of the meeting got."""
    if punti is None or not massimo:
        return None
    if 3 * punti >= 2 * massimo:
        return Priorita.ALTA
    return Priorita.MEDIA if 3 * punti >= massimo else Priorita.BASSA


def conta_punti(
    incontro: Incontro,
    punti: Mapping[int, tuple[int | None, int | None]],
    *,
    anche_pubblicati: bool = False,
    adesso: datetime,
) -> int:
    """Write how many dots each need got: for each number, what the writer saw and what she
    counted. Priorities follow the dots, all of them again, except where somebody gave another
    one by hand, or everybody has read it. Returns how many dots changed.

    Raises Superata, and writes nothing, when somebody else counted one of these needs
    differently; the dots that everybody reads change only with ``anche_pubblicati``.
    """
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        righe_ = list(
            incontro.bisogni_emersi.select_for_update(no_key=True)
            .exclude(stato=Bisogno.Stato.NASCOSTO)
            .order_by("pk")
        )
        cambiano = {}
        for bisogno in righe_:
            visto, nuovo = punti.get(bisogno.pk, (None, None))
            if bisogno.pk not in punti or nuovo in (visto, bisogno.punti):
                continue
            if bisogno.punti != visto:
                raise Superata(
                    _("Qualcun altro ha contato %(punti)s bollini per «%(titolo)s»: ricontrolla.")
                    % {
                        "punti": "–" if bisogno.punti is None else bisogno.punti,
                        "titolo": bisogno.titolo,
                    }
                )
            if bisogno.stato == Bisogno.Stato.PUBBLICATO and not anche_pubblicati:
                raise Rifiuto(_("«%(titolo)s» è già pubblicato.") % {"titolo": bisogno.titolo})
            cambiano[bisogno.pk] = nuovo
        _scrivi_punti(righe_, cambiano)
    return len(cambiano)


def massimo_dei_punti(bisogni_: Iterable[Bisogno]) -> int:
    return max((bisogno.punti or 0 for bisogno in bisogni_), default=0)


def _scrivi_punti(righe_, cambiano):
    prima = massimo_dei_punti(righe_)
    seguono = {
        bisogno.pk
        for bisogno in righe_
        if bisogno.stato != Bisogno.Stato.PUBBLICATO
        and bisogno.priorita in (None, priorita_dai_punti(bisogno.punti, prima))
    }
    for bisogno in righe_:
        bisogno.punti = cambiano.get(bisogno.pk, bisogno.punti)
    dopo = massimo_dei_punti(righe_)
    for bisogno in righe_:
        priorita = bisogno.priorita
        if bisogno.pk in seguono:
            priorita = priorita_dai_punti(bisogno.punti, dopo)
        if priorita == bisogno.priorita and bisogno.pk not in cambiano:
            continue
        # Not updated_at: who is rewriting the words of a need need not start again.
        Bisogno.objects.filter(pk=bisogno.pk).update(punti=bisogno.punti, priorita=priorita)
        if bisogno.stato == Bisogno.Stato.PUBBLICATO:
            contenuto_cambiato.send(Bisogno)


# --- Ideas and drafts -----------------------------------------------------------------------


def modifica_idea(
    idea: Proposta, valori: Mapping, *, versione: int, temi=None, bisogni=None, adesso: datetime
) -> int:
    """Rewrite a draft idea, its themes and the needs that it answers; returns its new version.
    Raises Superata when somebody rewrote it since ``versione``, unless it says the same."""
    with incontro_bloccato(idea.incontro_id, adesso) as incontro:
        idea = _idea_del_posto(incontro, idea)
        uguale = all(getattr(idea, campo) == valore for campo, valore in valori.items())
        for nome, scelti in (("temi", temi), ("bisogni", bisogni)):
            if scelti is not None:
                presenti = set(getattr(idea, nome).values_list("pk", flat=True))
                uguale = uguale and presenti == {riga.pk for riga in scelti}
        if uguale:
            return idea.versione
        if idea.versione != versione:
            raise Superata(
                _("Qualcun altro ha modificato questa idea dopo di te: rileggila e riprova.")
            )
        return services.salva_bozza(
            idea, dict(valori), versione=versione, temi=temi, bisogni=bisogni
        )


def elimina_bisogno(bisogno: Bisogno, *, adesso: datetime) -> None:
    """Take a draft away; its notes are to be put in order again. Doing it again changes nothing.
    Raises Rifiuto for what has been sent or published."""
    with incontro_bloccato(bisogno.incontro_id, adesso):
        bozza = Bisogno.objects.select_for_update(no_key=True).filter(pk=bisogno.pk).first()
        if bozza is None:
            return
        if bozza.stato != Bisogno.Stato.BOZZA:
            raise Rifiuto(_("Si elimina solo un bisogno che nessuno ha ancora letto."))
        bozza.delete()


def elimina_idea(idea: Proposta, *, adesso: datetime) -> None:
    """The same for a draft idea."""
    with incontro_bloccato(idea.incontro_id, adesso):
        bozza = Proposta.objects.select_for_update(no_key=True).filter(pk=idea.pk).first()
        if bozza is None:
            return
        if bozza.stato != Proposta.Stato.BOZZA:
            raise Rifiuto(_("Questa idea è già pubblicata."))
        bozza.delete()


# --- Publishing -----------------------------------------------------------------------------


@dataclass(frozen=True)
class DaPubblicare:
    """What becomes public when everything is published, and what stands in the way."""

    bisogni: list[Bisogno]
    idee: list[Proposta]
    resoconto: Resoconto | None
    restano: int
    impedimenti: list[str]
    # Changes whenever what is to be read changes.
    impronta: str

    @property
    def niente(self) -> bool:
        """All of it is public already."""
        pubblicato = self.resoconto is not None and self.resoconto.pubblicato_at is not None
        return pubblicato and not self.bisogni and not self.idee


def da_pubblicare(incontro: Incontro, adesso: datetime) -> DaPubblicare:
    bozze = list(per_priorita(incontro.bisogni_emersi.filter(stato=Bisogno.Stato.BOZZA)))
    idee = list(
        incontro.proposte_emerse.filter(
            stato=Proposta.Stato.BOZZA, genere_proponente=Proposta.Proponente.INCONTRO
        )
        .prefetch_related("temi", "bisogni")
        .order_by("pk")
    )
    resoconto = Resoconto.objects.filter(incontro=incontro).first()
    return DaPubblicare(
        bisogni=bozze,
        idee=idee,
        resoconto=resoconto,
        restano=incontro.note.da_ordinare().count(),
        impedimenti=_impedimenti(incontro, bozze, idee, resoconto, adesso),
        impronta=_impronta(bozze, idee, resoconto),
    )


def per_priorita(bisogni_):
    """As a workshop would read them: the most urgent first."""
    return bisogni_.prefetch_related("temi").order_by(
        F("priorita").asc(nulls_last=True), F("punti").desc(nulls_last=True), "pk"
    )


def pubblica_tutto(
    incontro: Incontro, *, impronta: str = "", autore, adesso: datetime
) -> DaPubblicare:
    """Publish the draft needs and ideas of a meeting together with its report: all of it or
    nothing. Lists of the report that nobody wrote by hand are filled in. Returns what was
    published; nothing, the second time.

    ``impronta`` is that of the page that was confirmed: raises Superata when something has
    changed since. Raises Rifiuto when something stands in the way.
    """
    with incontro_bloccato(incontro.pk, adesso) as incontro:
        tutto = da_pubblicare(incontro, adesso)
        if tutto.niente:
            return tutto
        if impronta and impronta != tutto.impronta:
            raise Superata(
                _("Nel frattempo qualcuno ha cambiato qualcosa: rileggi che cosa si pubblica.")
            )
        if tutto.impedimenti:
            raise Rifiuto(" ".join(tutto.impedimenti))
        for bisogno in tutto.bisogni:
            bisogni.pubblica(bisogno, autore, adesso=adesso)
        for idea in tutto.idee:
            idea = services.invia(idea, autore=autore, adesso=adesso)
            if idea.stato == Proposta.Stato.INVIATA:
                services.pubblica(idea, autore, adesso=adesso)
        _scrivi_resoconto(incontro, tutto.resoconto)
        try:
            incontri.pubblica_resoconto(tutto.resoconto, autore=autore, adesso=adesso)
        except incontri.Rifiuto as no:
            raise Rifiuto(str(no)) from no
    return tutto


def _impedimenti(incontro, bozze, idee, resoconto, adesso) -> list[str]:
    perche = []
    if resoconto is None:
        perche.append(_("Manca il resoconto dell'incontro: i bisogni si pubblicano con quello."))
    elif not resoconto.testo.strip():
        perche.append(_("Il resoconto è vuoto: scrivi che cosa è successo."))
    if not incontro.finito(adesso):
        perche.append(_("L'incontro non è ancora finito."))
    elif incontro.stato not in (Incontro.Stato.PUBBLICATO, Incontro.Stato.SVOLTO):
        perche.append(
            _("L'incontro è «%(stato)s»: non se ne pubblica il resoconto.")
            % {"stato": incontro.get_stato_display()}
        )
    for idea in idee:
        if manca := services.manca_per_inviare(idea):
            perche.append(f"«{idea}»: {manca}")
    return perche


def _impronta(bozze, idee, resoconto) -> str:
    contenuto = (
        [
            (
                bisogno.pk,
                bisogno.updated_at,
                bisogno.punti,
                bisogno.priorita,
                sorted(tema.pk for tema in bisogno.temi.all()),
            )
            for bisogno in bozze
        ],
        [(idea.pk, idea.versione) for idea in idee],
        resoconto and (resoconto.pk, resoconto.updated_at),
    )
    return salted_hmac("proposte.ordinamento", repr(contenuto)).hexdigest()[:24]


def _scrivi_resoconto(incontro, resoconto):
    """The needs and ideas of the meeting as lines of its report, unless somebody wrote lines of
    her own there."""
    elenchi = {
        "bisogni": per_priorita(incontro.bisogni_emersi.pubblici()),
        "idee": incontro.proposte_emerse.pubbliche().order_by("pk"),
    }
    cambiati = []
    for campo, voci in elenchi.items():
        titoli = [voce.titolo for voce in voci]
        if set(righe(getattr(resoconto, campo))) <= set(titoli):
            setattr(resoconto, campo, "\n".join(titoli))
            cambiati.append(campo)
    resoconto.save(update_fields=[*cambiati, "updated_at"])
