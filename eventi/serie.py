"""The same workshop in every lab: made together, and changed together from one of them on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _

from portale.lib import dates

from . import services
from .models import Incontro, SerieIncontri, Servizio
from .promemoria import REGOLE_PREDEFINITE, imposta_promemoria, programma_promemoria

Stato = Incontro.Stato


@dataclass(frozen=True)
class Riga:
    """What is of one lab only."""

    laboratorio: object
    titolo: str
    inizio: datetime
    fine: datetime
    sede: object | None
    posti: int | None


def crea(
    *,
    chiave: str,
    titolo: str,
    righe: Iterable[Riga],
    comuni: dict,
    servizi: Iterable[str],
    pubblicali: bool,
    autore,
    adesso: datetime,
) -> tuple[SerieIncontri, bool]:
    """All the meetings or none, as drafts or published; and whether they were made now: the same
    ``chiave`` again gives the series that is there. ``comuni``: columns that all share.

    Raises Rifiuto, naming the lab, when one of them can not be published.
    """
    with transaction.atomic():
        # Of two at once the second waits here for the first to end.
        serie, nuova = SerieIncontri.objects.get_or_create(
            chiave=chiave, defaults={"titolo": titolo[:160], "creata_da": autore}
        )
        if not nuova:
            return serie, False
        for riga in righe:
            incontro = Incontro.objects.create(
                serie=serie,
                laboratorio=riga.laboratorio,
                titolo=riga.titolo,
                slug=_slug_libero(riga),
                inizio=riga.inizio,
                fine=riga.fine,
                sede=riga.sede,
                posti=riga.posti,
                **comuni,
            )
            Servizio.objects.bulk_create(
                Servizio(incontro=incontro, genere=genere) for genere in servizi
            )
            imposta_promemoria(incontro, REGOLE_PREDEFINITE)
            if pubblicali:
                try:
                    services.pubblica(incontro, autore=autore, adesso=adesso)
                except services.Rifiuto as no:
                    raise services.Rifiuto(f"{riga.laboratorio}: {no}") from no
        return serie, True


def _slug_libero(riga: Riga) -> str:
    giorno = dates.a_roma(riga.inizio).date()
    base = f"{slugify(riga.titolo)[:60] or 'incontro'}-zona-{riga.laboratorio.numero}-{giorno}"
    presi = set(Incontro.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    numero, slug = 1, base
    while slug in presi:
        numero += 1
        slug = f"{base}-{numero}"
    return slug


# --- This one and those that follow ---------------------------------------------------------


@dataclass(frozen=True)
class Modifica:
    """What to carry to each meeting; None leaves it as it is. ``orario`` and ``durata`` go to
    the day that each of them has."""

    descrizione: str | None = None
    posti: int | None = None
    orario: time | None = None
    durata: timedelta | None = None
    sede: object | None = None
    annulla: bool = False

    @property
    def sposta(self) -> bool:
        return any(valore is not None for valore in (self.orario, self.durata, self.sede))


def da_qui(incontro: Incontro, adesso: datetime) -> QuerySet:
    """This meeting and those of its series that come after it and are not over."""
    suoi = Incontro.objects.filter(serie=incontro.serie_id) if incontro.serie_id else None
    if suoi is None or incontro.inizio is None:
        return Incontro.objects.filter(pk=incontro.pk)
    return suoi.filter(inizio__gte=incontro.inizio, inizio__gt=adesso).exclude(
        stato__in=[Stato.SVOLTO, Stato.ANNULLATO]
    )


def nuovo_orario(incontro: Incontro, modifica: Modifica) -> tuple[datetime, datetime | None]:
    """When it would begin and end."""
    locale = dates.a_roma(incontro.inizio)
    inizio = incontro.inizio
    if modifica.orario is not None:
        inizio = dates.ora_di_muro(locale.date(), modifica.orario)
    durata = modifica.durata
    if durata is None and incontro.fine is not None:
        durata = incontro.fine - incontro.inizio
    return inizio, durata and inizio + durata


def che_cosa_cambia(incontro: Incontro, modifica: Modifica) -> list[str]:
    """In words, for who reads it before; empty when nothing does."""
    if modifica.annulla:
        return [_("si annulla")] if incontro.stato != Stato.BOZZA else [_("bozza: resta com'è")]
    cambi = []
    if modifica.sposta:
        inizio, fine = nuovo_orario(incontro, modifica)
        if (inizio, fine) != (incontro.inizio, incontro.fine):
            dalle = " – ".join(dates.ora(momento) for momento in (inizio, fine) if momento)
            cambi.append(_("orario: %(ora)s") % {"ora": dalle})
        if modifica.sede is not None and modifica.sede != incontro.sede:
            cambi.append(_("sede: %(sede)s") % {"sede": modifica.sede})
    if modifica.posti is not None and modifica.posti != incontro.posti:
        cambi.append(
            _("posti: %(prima)s → %(dopo)d")
            % {"prima": incontro.posti or _("senza limite"), "dopo": modifica.posti}
        )
    if modifica.descrizione is not None and modifica.descrizione != incontro.descrizione:
        cambi.append(_("descrizione nuova"))
    return cambi


def modifica_tutti(
    pks: Iterable[int], modifica: Modifica, *, motivo: str, autore, adesso: datetime
) -> list[Incontro]:
    """Carry the change to these meetings, all or none; those that changed. A published one is
    moved or cancelled through its door, so who registered is told, and once.

    Raises Rifiuto, naming the meeting.
    """
    cambiati = []
    with transaction.atomic():
        # In one order, so that two of these at once wait for each other and do not meet halfway.
        for incontro in (
            Incontro.objects.select_for_update(of=("self",), no_key=True)
            .filter(pk__in=list(pks))
            .select_related("sede")
            .order_by("pk")
        ):
            if not che_cosa_cambia(incontro, modifica):
                continue
            try:
                if _modifica_uno(incontro, modifica, motivo, autore, adesso):
                    cambiati.append(incontro)
            except services.Rifiuto as no:
                raise services.Rifiuto(f"«{incontro.titolo}»: {no}") from no
    return cambiati


def _modifica_uno(incontro, modifica, motivo, autore, adesso) -> bool:
    chi = {"autore": autore, "adesso": adesso}
    bozza = incontro.stato == Stato.BOZZA
    if modifica.annulla:
        if not bozza:
            services.annulla(incontro, motivo=motivo, **chi)
        return not bozza
    if modifica.sposta:
        inizio, fine = nuovo_orario(incontro, modifica)
        sede = modifica.sede or incontro.sede
        if bozza:
            incontro.inizio, incontro.fine, incontro.sede = inizio, fine, sede
            incontro.save(update_fields=["inizio", "fine", "sede", "updated_at"])
            programma_promemoria(incontro)
        elif (inizio, fine, sede) != (incontro.inizio, incontro.fine, incontro.sede):
            services.sposta(incontro, inizio=inizio, fine=fine, sede=sede, motivo=motivo, **chi)
    if modifica.posti is not None and modifica.posti != incontro.posti:
        services.cambia_posti_incontro(
            incontro,
            posti=modifica.posti,
            posti_riservati=incontro.posti_riservati,
            **chi,
        )
    if modifica.descrizione is not None and modifica.descrizione != incontro.descrizione:
        incontro.descrizione = modifica.descrizione
        incontro.save(update_fields=["descrizione", "updated_at"])
    return True
