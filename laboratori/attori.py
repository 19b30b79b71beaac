"""The one door to the map of local actors: add, correct, mark as reached, take off, put back.

Each verb locks the actor's row and leaves a ``ModificaAttore``. Doing again what is done changes
nothing, so that a double click is harmless; of two people who correct one actor at once, the
second is told and nothing is overwritten.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from accounts.models import User
from portale.lib.dates import a_roma
from portale.lib.rifiuti import Rifiuto, Superata

from .models import Attore, Laboratorio, ModificaAttore
from .models.attori import nome_normale

Stato = Attore.Stato
Verbo = ModificaAttore.Verbo
# Rows that one statement reads or writes.
LOTTO = 500
# What a correction may write.
_SI_CORREGGE = (
    *Attore.CAMPI, "stato", *Attore.RISERVATI, "stato_dal", "stato_prima", "chiave",
)  # fmt: skip


class GiaPresente(Rifiuto):
    """The zone has an actor of this name: ``attore``, perhaps taken off the map."""

    def __init__(self, attore: Attore):
        self.attore = attore
        super().__init__(
            _("«%(nome)s» è già stato tolto dalla mappa di questa zona: aprilo e rimettilo.")
            % {"nome": attore.nome}
            if attore.archiviato_at
            else _("In questa zona c'è già «%(nome)s»: apri la sua scheda e correggila.")
            % {"nome": attore.nome}
        )


@dataclass(frozen=True)
class Chi:
    """Who changes the map, and on whose behalf: the organisation of her seat, or the office."""

    persona: User
    per_conto: str


def aggiungi(campi: Mapping, chi: Chi, adesso: datetime) -> Attore:
    """Put an actor on the map. ``campi`` are columns of ``Attore.CAMPI``, perhaps of
    ``Attore.RISERVATI``, and ``stato``.

    Raises GiaPresente when the zone has one of this name, unless it is this very form again.
    """
    chiave = _chiave(campi["nome"])
    try:
        with transaction.atomic():
            blocca_zona(campi["laboratorio"])
            attore = Attore.objects.create(
                **campi,
                chiave=chiave,
                stato_dal=a_roma(adesso).date(),
                origine=chi.per_conto,
                aggiunto_da=chi.persona,
                created_at=adesso,
                updated_at=adesso,
            )
            _annota(attore, Verbo.AGGIUNTO, chi, adesso)
    except IntegrityError:
        presente = _di_nome(campi["laboratorio"], chiave)
        if presente is None:
            raise
        if presente.aggiunto_da == chi.persona and not _cambi(presente, campi):
            return presente
        raise GiaPresente(presente) from None
    return attore


def aggiungi_molti(schede: Sequence[Attore], chi: Chi, adesso: datetime) -> None:
    """What :func:`aggiungi` does, for many that nobody has saved yet, in a number of queries that
    grows with their hundreds. All of them or none: raises IntegrityError when a zone has one of
    the same name."""
    with transaction.atomic():
        # In one order, so that two of us do not wait for each other.
        for zona in sorted({scheda.laboratorio for scheda in schede}, key=lambda zona: zona.pk):
            blocca_zona(zona)
        for scheda in schede:
            scheda.chiave = _chiave(scheda.nome)
            scheda.stato_dal = a_roma(adesso).date()
            scheda.origine, scheda.aggiunto_da = chi.per_conto, chi.persona
            scheda.created_at = scheda.updated_at = adesso
        Attore.objects.bulk_create(schede, batch_size=LOTTO)
        ModificaAttore.objects.bulk_create(
            (_modifica(scheda, 1, Verbo.AGGIUNTO, chi, adesso) for scheda in schede),
            batch_size=LOTTO,
        )


def correggi_molti(
    coppie: Sequence[tuple[Attore, Mapping]], chi: Chi, adesso: datetime
) -> list[Attore]:
    """What :func:`correggi` does, for many at once: each actor as it was seen, and what is to be
    written. Gives those that changed. All of them or none: raises Superata, Rifiuto, and
    IntegrityError when a name is another's."""
    visti = {attore.pk: (attore, campi) for attore, campi in coppie}
    cambiati, cambi_di = [], {}
    with transaction.atomic():
        bloccati = Attore.objects.select_for_update(of=("self",)).select_related("laboratorio")
        for parte in _a_lotti(sorted(visti)):
            attuali = bloccati.order_by("pk").in_bulk(parte)
            if len(attuali) != len(parte):
                raise Superata(_("Intanto qualche scheda è stata cancellata."))
            for attuale in attuali.values():
                visto, campi = visti[attuale.pk]
                if cambi := _cambi(attuale, campi):
                    _pretendi_correggibile(attuale, visto.versione)
                    for nome, valore in _nuovi(attuale, cambi, campi, adesso).items():
                        setattr(attuale, nome, valore)
                    attuale.versione += 1
                    attuale.updated_at = adesso
                    cambiati.append(attuale)
                    cambi_di[attuale.pk] = cambi
        if cambiati:
            # An insert that finds them all there: to update them one by one takes ten times as
            # long.
            Attore.objects.bulk_create(
                cambiati,
                batch_size=LOTTO,
                update_conflicts=True,
                unique_fields=["pk"],
                update_fields=[*_SI_CORREGGE, "versione", "updated_at"],
            )
        ultimi = {}
        for parte in _a_lotti(sorted(cambi_di)):
            numeri = ModificaAttore.objects.filter(attore__in=parte).order_by().values("attore")
            ultimi |= dict(numeri.annotate(ultimo=Max("numero")).values_list("attore", "ultimo"))
        ModificaAttore.objects.bulk_create(
            (
                _modifica(
                    attore,
                    ultimi.get(attore.pk, 0) + 1,
                    Verbo.CORRETTO,
                    chi,
                    adesso,
                    cambi=cambi_di[attore.pk],
                )
                for attore in cambiati
            ),
            batch_size=LOTTO,
        )
    return cambiati


def correggi(attore: Attore, campi: Mapping, versione: int, chi: Chi, adesso: datetime) -> Attore:
    """Write what is different in ``campi`` (as for :func:`aggiungi`), seen at ``versione``.

    Raises Superata when somebody corrected it after that, GiaPresente when the new name or zone
    is another's, Rifiuto when it was taken off the map.
    """
    with transaction.atomic():
        attuale = _bloccato(attore)
        cambi = _cambi(attuale, campi)
        if not cambi:
            return attuale
        _pretendi_correggibile(attuale, versione)
        nuovi = _nuovi(attuale, cambi, campi, adesso)
        laboratorio = nuovi.get("laboratorio", attuale.laboratorio)
        try:
            with transaction.atomic():
                _scrivi(attuale, adesso, versione=F("versione") + 1, **nuovi)
        except IntegrityError:
            presente = _di_nome(laboratorio, nuovi["chiave"])
            if presente is None or presente.pk == attuale.pk:
                raise
            raise GiaPresente(presente) from None
        _annota(attuale, Verbo.CORRETTO, chi, adesso, cambi=cambi)
    return attuale


def segna(attore: Attore, da: str, a: str, chi: Chi, adesso: datetime) -> Attore:
    """Move an actor from the state that was on the page to another. Going back on the same day
    gives it the date that it had. Raises Superata when it is in neither any more."""
    with transaction.atomic():
        attuale = _bloccato(attore)
        if attuale.archiviato_at:
            raise Rifiuto(_("Questo attore è stato tolto dalla mappa: prima rimettilo."))
        if attuale.stato == a:
            return attuale
        if attuale.stato != da:
            raise Superata(
                _("Intanto «%(nome)s» è stato segnato come «%(stato)s»: guarda com'è adesso.")
                % {"nome": attuale.nome, "stato": attuale.get_stato_display()}
            )
        dal = _dal(attuale, a, a_roma(adesso).date())
        cambi = [
            {"campo": "stato", "da": da, "a": a},
            {"campo": "stato_dal", "da": attuale.stato_dal.isoformat(), "a": dal.isoformat()},
        ]
        _scrivi(attuale, adesso, stato=a, stato_dal=dal, stato_prima=da)
        _annota(attuale, Verbo.SEGNATO, chi, adesso, cambi=cambi)
    return attuale


def archivia(attore: Attore, motivo: str, chi: Chi, adesso: datetime) -> Attore:
    """Take an actor off the map, with a reason; its row and its history stay."""
    motivo = motivo.strip()
    if not motivo:
        raise Rifiuto(_("Scrivi perché lo togli: lo leggono gli altri."))
    with transaction.atomic():
        attuale = _bloccato(attore)
        if attuale.archiviato_at is None:
            _scrivi(attuale, adesso, archiviato_at=adesso, archiviato_motivo=motivo)
            _annota(attuale, Verbo.TOLTO, chi, adesso, motivo=motivo)
    return attuale


def ripristina(attore: Attore, chi: Chi, adesso: datetime) -> Attore:
    """Put an actor back on the map as it was."""
    with transaction.atomic():
        attuale = _bloccato(attore)
        if attuale.archiviato_at is not None:
            _scrivi(attuale, adesso, archiviato_at=None, archiviato_motivo="")
            _annota(attuale, Verbo.RIMESSO, chi, adesso)
    return attuale


def blocca_zona(laboratorio: Laboratorio) -> None:
    """Nobody else adds an actor to this zone until the transaction ends."""
    Laboratorio.objects.select_for_update(no_key=True).get(pk=laboratorio.pk)


# --- Pieces ---------------------------------------------------------------------------------


def _bloccato(attore):
    return Attore.objects.select_for_update(of=("self",)).get(pk=attore.pk)


def _a_lotti(pks: Sequence) -> Iterable[Sequence]:
    return (pks[da : da + LOTTO] for da in range(0, len(pks), LOTTO))


def _pretendi_correggibile(attuale, versione):
    if attuale.archiviato_at:
        raise Rifiuto(_("Questo attore è stato tolto dalla mappa: prima rimettilo."))
    if attuale.versione != versione:
        raise Superata(
            _("Intanto qualcuno ha corretto questa scheda. Il tuo testo è ancora qui sotto.")
        )


def _nuovi(attuale, cambi, campi, adesso) -> dict:
    """What a correction writes, by field."""
    nuovi = {cambio["campo"]: campi[cambio["campo"]] for cambio in cambi}
    if "stato" in nuovi:
        nuovi |= {"stato_dal": a_roma(adesso).date(), "stato_prima": attuale.stato}
    nuovi["chiave"] = _chiave(nuovi.get("nome", attuale.nome))
    return nuovi


def _chiave(nome):
    chiave = nome_normale(nome)
    if not chiave:
        raise Rifiuto(_("Scrivi il nome dell'attore."))
    return chiave


def _di_nome(laboratorio, chiave):
    return Attore.objects.filter(laboratorio=laboratorio, chiave=chiave).first()


def _scrivi(attore, adesso, **valori):
    Attore.objects.filter(pk=attore.pk).update(**valori, updated_at=adesso)
    attore.refresh_from_db()


def _cambi(attore, campi) -> list[dict]:
    """What ``campi`` would change, in the order of the columns."""
    trovati = []
    for campo in (*Attore.CAMPI, "stato", *Attore.RISERVATI):
        if campo not in campi:
            continue
        prima, dopo = getattr(attore, campo), campi[campo]
        if prima == dopo:
            continue
        tenuti = campo not in Attore.RISERVATI
        trovati.append(
            {
                "campo": campo,
                "da": _semplice(prima) if tenuti else None,
                "a": _semplice(dopo) if tenuti else None,
            }
        )
    return trovati


def _semplice(valore):
    """A zone is kept by its number: the lab's name may change."""
    return valore.numero if isinstance(valore, Laboratorio) else valore


def _dal(attore, stato, oggi: date) -> date:
    """Since when it is in the state to which it goes."""
    ultima = attore.modifiche.filter(verbo=Verbo.SEGNATO).order_by("numero").last()
    if ultima and a_roma(ultima.created_at).date() == oggi:
        passo, dal = ultima.cambi
        if (passo["da"], passo["a"]) == (stato, attore.stato):
            return date.fromisoformat(dal["da"])
    return oggi


def _annota(attore, verbo, chi, adesso, *, cambi=(), motivo=""):
    # The actor's row is locked: nobody takes the same number.
    ultimo = attore.modifiche.aggregate(ultimo=Max("numero"))["ultimo"] or 0
    _modifica(attore, ultimo + 1, verbo, chi, adesso, cambi=cambi, motivo=motivo).save()


def _modifica(attore, numero, verbo, chi, adesso, *, cambi=(), motivo=""):
    return ModificaAttore(
        attore=attore,
        numero=numero,
        verbo=verbo,
        cambi=list(cambi),
        motivo=motivo,
        origine=chi.per_conto,
        autore=chi.persona,
        created_at=adesso,
    )
