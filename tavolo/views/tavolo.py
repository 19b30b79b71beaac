"""The Tavolo as everybody reads it: organisations, never people."""

from dataclasses import dataclass
from datetime import date

from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portale.lib.dates import a_roma, giorno_mese_anno
from portale.lib.testo import fonti

from ..esportazione import csv_organizzazioni
from ..models import Decisione, ParereComitato, Seduta, Seggio, Verbale
from ..numero_legale import impostazioni
from ..services import adesioni

# How many of each the page names; their lists have them all.
SEDUTE_PROSSIME = 3
SEDUTE_PASSATE = 4
DECISIONI = 5


# Words and addresses are prepared here once: inside a template's loop each `url` or `include`
# costs more than the query that found the row.


@dataclass(frozen=True)
class Soggetto:
    """An organisation that sits, or sat, at the Tavolo."""

    nome: str
    genere: str
    ruolo: str
    periodo: str
    attivita: str
    temi: str
    zone: str
    sito: str
    esempio: bool


@dataclass(frozen=True)
class VoceSeduta:
    url: str
    titolo: str
    quando: str
    dove: str
    stato: str
    verbale_url: str
    esempio: bool


@require_safe
def tavolo(request):
    adesso = timezone.now()
    oggi = a_roma(adesso).date()
    # A NUL, which PostgreSQL does not take, is in no address of ours.
    slug = request.GET.get("percorso", "").replace("\0", "")
    percorsi = adesioni.percorsi_con_tavolo()
    tutti = list(percorsi.select_related("impostazioni_tavolo"))
    percorso = tutti[0] if tutti else None
    if slug:
        percorso = get_object_or_404(percorsi.select_related("impostazioni_tavolo"), slug=slug)
    contesto = {"percorso": percorso, "aperto": adesioni.percorso_aperto() if tutti else None}
    if percorso:
        contesto |= _del_percorso(percorso, oggi, adesso)
        contesto["altri"] = [altro for altro in tutti if altro.pk != percorso.pk]
    return render(request, "tavolo/tavolo.html", contesto)


def _del_percorso(percorso, oggi, adesso):
    seduti, passati = _soggetti(percorso, oggi)
    prossime, passate = _sedute(percorso, adesso)
    decisioni = list(
        Decisione.objects.pubblicate().filter(percorso=percorso).for_elenco()[:DECISIONI]
    )
    regole = getattr(percorso, "impostazioni_tavolo", None) or impostazioni(percorso)
    return {
        "impostazioni": regole,
        "seduti": seduti,
        "passati": passati,
        "prossime": prossime,
        "passate": passate,
        "decisioni": decisioni,
        # Of a process that was over before the portal nobody knows how its Tavolo decided.
        "come_decide": percorso.attivo or bool(passate or decisioni),
        "pareri": ParereComitato.objects.filter(
            percorso=percorso, pubblicato_at__isnull=False
        ).exists(),
        "fonti": fonti(regole.fonti),
        "csv_url": f"{reverse('tavolo:organizzazione_csv')}?percorso={percorso.slug}",
    }


def _soggetti(percorso, oggi: date) -> tuple[list[Soggetto], list[Soggetto]]:
    """Who sits today, and who sat and does not any more, each by name."""
    seggi = (
        Seggio.objects.filter(percorso=percorso, dal__lte=oggi)
        .for_elenco()
        .prefetch_related("organizzazione__temi", "organizzazione__laboratori")
        .order_by("organizzazione__nome", "-dal")
    )
    seduti, passati = [], []
    in_carica = {seggio.organizzazione_id for seggio in seggi if seggio.in_carica(oggi)}
    for seggio in seggi:
        if seggio.in_carica(oggi):
            seduti.append(_soggetto(seggio))
        elif seggio.organizzazione_id not in in_carica:
            passati.append(_soggetto(seggio))
    return seduti, passati


def _soggetto(seggio) -> Soggetto:
    organizzazione = seggio.organizzazione
    if seggio.al is None:
        periodo = _("dal %(giorno)s") % {"giorno": giorno_mese_anno(seggio.dal)}
    else:
        periodo = f"{giorno_mese_anno(seggio.dal)} – {giorno_mese_anno(seggio.al)}"
    return Soggetto(
        nome=organizzazione.nome,
        genere=capfirst(organizzazione.get_genere_display()),
        ruolo="" if seggio.ruolo == Seggio.Ruolo.COMPONENTE else seggio.get_ruolo_display(),
        periodo=periodo,
        attivita=organizzazione.attivita,
        temi=", ".join(tema.nome for tema in organizzazione.temi.all()),
        zone=", ".join(lab.nome for lab in organizzazione.laboratori.all()),
        sito=organizzazione.sito,
        esempio=organizzazione.esempio,
    )


def _sedute(percorso, adesso) -> tuple[list[VoceSeduta], list[VoceSeduta]]:
    sedute = (
        Seduta.objects.pubbliche()
        .filter(incontro__percorso=percorso)
        .for_elenco()
        .select_related("incontro__sede", "incontro__percorso", "verbale")
    )
    prossime = sedute.future(adesso)[:SEDUTE_PROSSIME]
    passate = sedute.filter(incontro__inizio__lte=adesso)[:SEDUTE_PASSATE]
    return [_voce(seduta) for seduta in prossime], [_voce(seduta) for seduta in passate]


def _voce(seduta) -> VoceSeduta:
    incontro, url = seduta.incontro, seduta.get_absolute_url()
    verbale = getattr(seduta, "verbale", None)
    approvato = verbale is not None and verbale.stato == Verbale.Stato.APPROVATO
    da_dire = incontro.stato in (incontro.Stato.ANNULLATO, incontro.Stato.RINVIATO)
    return VoceSeduta(
        url=url,
        titolo=incontro.titolo,
        quando=incontro.quando,
        dove=incontro.dove,
        stato=incontro.get_stato_display() if da_dire else "",
        verbale_url=f"{url}verbale/" if approvato else "",
        esempio=seduta.esempio,
    )


@require_safe
def organizzazione_csv(request):
    """The organisations of a percorso's Tavolo as open data."""
    slug = request.GET.get("percorso", "").replace("\0", "")
    percorsi = adesioni.percorsi_con_tavolo()
    percorso = get_object_or_404(percorsi, slug=slug) if slug else percorsi.first()
    seggi = Seggio.objects.filter(percorso=percorso)
    response = StreamingHttpResponse(
        csv_organizzazioni(seggi), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="tavolo-organizzazioni.csv"'
    return response
