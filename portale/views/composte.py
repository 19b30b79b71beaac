"""Pages that put several apps together: the home page, the percorsi, the laboratori."""

from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import F, prefetch_related_objects
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from eventi.dati_strutturati import come_json
from eventi.models import Incontro, Resoconto
from eventi.schede import Scheda, schede
from laboratori.mappa import mappa
from laboratori.models import Laboratorio
from percorso.models import Atto, Percorso
from portale.lib import dates
from portale.lib.testo import euro, fonti, righe
from proposte.models import Bisogno, Proposta
from proposte.righe import Riga, per_righe, righe_bisogni
from proposte.righe import righe as righe_proposte

PROSSIMI_IN_HOME = 4
PROPOSTE_IN_HOME = 4
# How many needs and how many proposals a lab's page names; the lists have them all.
PER_LABORATORIO = 6


# --- What templates read --------------------------------------------------------------------
# Words and addresses are prepared here once: inside a template's loop each `url`, `date` or
# `include` costs more than the query that found the row.


@dataclass(frozen=True)
class Tappa:
    """A stage on the timeline: its place in time in words, so that looks are not all."""

    titolo: str
    quando: str
    momento: str
    classe: str
    in_corso: bool
    obiettivo: str
    risultato: str
    livello: str
    apre: list[str]


def _tappe(percorso, oggi) -> list[Tappa]:
    in_corso = {fase.pk for fase in percorso.fasi_in_corso(oggi)}
    tappe = []
    for fase in percorso.fasi.all():
        if fase.pk in in_corso:
            momento, classe = _("In corso: siamo qui"), "in-corso"
        elif percorso.concluso or fase.passata(oggi):
            momento, classe = _("Conclusa"), "passata"
        else:
            momento, classe = _("Da iniziare"), "futura"
        tappe.append(
            Tappa(
                titolo=fase.titolo,
                quando=fase.quando,
                momento=momento,
                classe=classe,
                in_corso=fase.pk in in_corso,
                obiettivo=fase.obiettivo,
                risultato=fase.risultato_atteso,
                livello=fase.get_livello_display() if fase.livello else "",
                apre=fase.apre,
            )
        )
    return tappe


@dataclass
class Zona:
    """A lab in a list, with its neighbourhoods and its next meeting."""

    nome: str
    numero: int
    url: str
    quartieri: str
    prossimo: Scheda | None = None


def _quartieri(laboratorio) -> list[str]:
    """Its neighbourhoods, with the year of those that came in later; needs with_quartieri."""
    return [
        _("%(nome)s (dal %(anno)d)") % {"nome": quartiere.nome, "anno": quartiere.aggiunto_nel}
        if quartiere.aggiunto_nel
        else quartiere.nome
        for quartiere in laboratorio.quartieri.all()
    ]


def _zone(laboratori) -> list[Zona]:
    return [
        Zona(
            nome=laboratorio.nome,
            numero=laboratorio.numero,
            url=laboratorio.get_absolute_url(),
            quartieri=", ".join(_quartieri(laboratorio)),
        )
        for laboratorio in laboratori
    ]


# --- Home -----------------------------------------------------------------------------------


@require_safe
def home(request):
    adesso = timezone.now()
    oggi = dates.a_roma(adesso).date()
    percorso = Percorso.objects.in_evidenza().first()
    prossimi = list(
        Incontro.objects.pubblici()
        .futuri(adesso)
        .filter(stato=Incontro.Stato.PUBBLICATO)
        .for_schede()[:PROSSIMI_IN_HOME]
    )
    # One query for the stages of them all: the page's own process and those of its meetings.
    percorsi = [incontro.percorso for incontro in prossimi]
    prefetch_related_objects([*percorsi, percorso] if percorso else percorsi, "fasi")
    laboratori = list(Laboratorio.objects.pubblici().with_quartieri())
    incontri = schede(prossimi, adesso)
    contesto = {
        "percorso": percorso,
        "incontri": incontri,
        "aperti": any(scheda.iscriviti_url for scheda in incontri),
        "zone": _zone(laboratori),
        "mappa": mappa(laboratori),
        "proposte": _ultime(Proposta.objects.all(), PROPOSTE_IN_HOME),
        "json_ld": come_json(_organizzazione()),
    }
    if percorso:
        contesto["si_propone"] = percorso.apre("proposte", oggi)
        contesto["tappe"] = tappe = _tappe(percorso, oggi)
        contesto["in_corso"] = [tappa for tappa in tappe if tappa.in_corso]
        contesto["prossima"] = percorso.prossima_fase(oggi)
    return render(request, "portale/home.html", contesto)


def _ultime(proposte, quante) -> list[Riga]:
    """The newest of these proposals that stand on their own feet."""
    # Newest first, PostgreSQL would begin by walking over all that have no date.
    con_data = proposte.in_elenco().filter(pubblicata_at__isnull=False)
    ultime = per_righe(con_data).order_by("-pubblicata_at", "-pk")
    return righe_proposte(ultime[:quante])


def _organizzazione():
    """Who answers for the portal, as schema.org says it."""
    ente = settings.ENTE
    contatto = {"@type": "ContactPoint", "contactType": "customer service"}
    contatto |= {"email": ente["email"]} if ente["email"] else {}
    contatto |= {"telephone": f"+39 {ente['telefono']}"} if ente["telefono"] else {}
    return {
        "@context": "https://schema.org",
        "@type": "GovernmentOrganization",
        "name": ente["nome"],
        "url": ente["sito"],
        "department": {
            "@type": "GovernmentOffice",
            "name": ente["ufficio"],
            "url": f"{settings.BASE_URL}/",
            "contactPoint": contatto,
        },
    }


# --- Percorso -------------------------------------------------------------------------------


@dataclass(frozen=True)
class PercorsoInElenco:
    titolo: str
    url: str
    sintesi: str
    periodo: str
    esempio: bool
    fasi: list[str] = field(default_factory=list)


@require_safe
def percorso_list(request):
    oggi = dates.a_roma(timezone.now()).date()
    attivi, conclusi = [], []
    for percorso in Percorso.objects.in_evidenza().with_fasi():
        voce = PercorsoInElenco(
            titolo=percorso.titolo,
            url=percorso.get_absolute_url(),
            sintesi=percorso.sintesi,
            periodo=percorso.periodo,
            esempio=percorso.esempio,
            fasi=[fase.titolo for fase in percorso.fasi_in_corso(oggi)],
        )
        (attivi if percorso.attivo else conclusi).append(voce)
    contesto = {"attivi": attivi, "conclusi": conclusi, "briciole": [(_("Il percorso"), "")]}
    return render(request, "portale/percorso_list.html", contesto)


@require_safe
def percorso_detail(request, slug):
    adesso = timezone.now()
    oggi = dates.a_roma(adesso).date()
    percorso = get_object_or_404(Percorso.objects.pubblici().with_fasi(), slug=slug)
    incontri = Incontro.objects.pubblici().filter(percorso=percorso)
    futuri = list(incontri.futuri(adesso).for_schede())
    passati = list(incontri.passati(adesso).for_schede_passate())
    tutti = futuri + passati
    for incontro in tutti:
        # The same process, with its stages already read.
        incontro.percorso = percorso
    contesto = {
        "percorso": percorso,
        "tappe": _tappe(percorso, oggi),
        "futuri": schede(futuri, adesso),
        "passati": schede(passati, adesso),
        "atti": [_atto(atto) for atto in percorso.atti.all()],
        "contributo": euro(percorso.contributo_euro),
        "costo": euro(percorso.costo_euro),
        "n_incontri": sum(1 for i in tutti if i.stato != Incontro.Stato.ANNULLATO),
        "n_laboratori": len({i.laboratorio_id for i in tutti if i.laboratorio_id}),
        "url_esiti": reverse("percorso_esiti", args=[slug]),
        "fonti": fonti(percorso.fonti),
        "briciole": [(_("Il percorso"), reverse("percorso_list")), (percorso.titolo, "")],
    }
    return render(request, "portale/percorso_detail.html", contesto)


@dataclass(frozen=True)
class AttoInElenco:
    titolo: str
    genere: str
    quando: str
    testo: str
    url: str
    fonti: list[tuple[str, str]]


def _atto(atto) -> AttoInElenco:
    return AttoInElenco(
        titolo=atto.titolo,
        genere=atto.get_genere_display(),
        quando=atto.quando,
        testo=atto.testo,
        url=atto.url,
        fonti=fonti(atto.fonti),
    )


@dataclass(frozen=True)
class Passo:
    """A step of the outcome chain with its documents; what is missing says so."""

    nome: str
    spiegazione: str
    atti: list[AttoInElenco]
    manca: str


@require_safe
def percorso_esiti(request, slug):
    percorso = get_object_or_404(Percorso.objects.pubblici().prefetch_related("atti"), slug=slug)
    spiegazioni = {
        Atto.Genere.DOCPP: _("Raccoglie le proposte nate dal percorso: è il suo risultato."),
        Atto.Genere.VALIDAZIONE: _(
            "Il Tecnico di garanzia della Regione controlla che il percorso sia stato corretto."
        ),
        Atto.Genere.PROVVEDIMENTO: _(
            "L'ente che decide dice che cosa accoglie e che cosa no, e perché."
        ),
        Atto.Genere.RELAZIONE: _(
            "Racconta com'è andato il percorso e come sono stati spesi i fondi."
        ),
        Atto.Genere.MONITORAGGIO: _("Dice nel tempo che cosa è stato fatto davvero."),
    }
    manca = _("da comunicare") if percorso.concluso else _("non ancora: il percorso è in corso")
    atti = percorso.atti.all()
    catena = [
        Passo(
            nome=genere.label,
            spiegazione=spiegazioni[genere],
            atti=[_atto(atto) for atto in atti if atto.genere == genere],
            manca=manca,
        )
        for genere in Atto.CATENA
    ]
    contesto = {
        "percorso": percorso,
        "catena": catena,
        "altri": [_atto(atto) for atto in atti if atto.genere not in Atto.CATENA],
        "manca": manca,
        "fonti": fonti(percorso.fonti),
        "briciole": [
            (_("Il percorso"), reverse("percorso_list")),
            (percorso.titolo, percorso.get_absolute_url()),
            (_("Esiti"), ""),
        ],
    }
    return render(request, "portale/percorso_esiti.html", contesto)


# --- Laboratori -----------------------------------------------------------------------------


@require_safe
def laboratorio_list(request):
    adesso = timezone.now()
    laboratori = list(Laboratorio.objects.pubblici().with_quartieri())
    prossimi = {}
    incontri = (
        Incontro.objects.pubblici()
        .futuri(adesso)
        .filter(stato=Incontro.Stato.PUBBLICATO, laboratorio__in=laboratori)
        .for_schede()
    )
    for incontro, scheda in zip(incontri, schede(incontri, adesso), strict=True):
        prossimi.setdefault(incontro.laboratorio_id, scheda)
    zone = _zone(laboratori)
    for zona, laboratorio in zip(zone, laboratori, strict=True):
        zona.prossimo = prossimi.get(laboratorio.pk)
    contesto = {
        "zone": zone,
        "mappa": mappa(laboratori),
        "briciole": [(_("Laboratori"), "")],
    }
    return render(request, "portale/laboratorio_list.html", contesto)


@dataclass(frozen=True)
class Emerso:
    """What came out of one meeting."""

    incontro: str
    quando: str
    url: str
    esempio: bool
    bisogni: list[str]
    idee: list[str]


@require_safe
def laboratorio_detail(request, slug):
    adesso = timezone.now()
    laboratorio = get_object_or_404(
        Laboratorio.objects.pubblici().with_quartieri().with_referenti_pubblici(), slug=slug
    )
    suoi = Incontro.objects.pubblici().filter(laboratorio=laboratorio)
    futuri = suoi.futuri(adesso).for_schede()
    passati = suoi.passati(adesso).for_schede_passate()
    resoconti = list(
        Resoconto.objects.pubblicati()
        .filter(incontro__in=suoi)
        .select_related("incontro__percorso")
        .order_by("-incontro__inizio", "-pk")
    )
    con_pagina = _con_pagina(resoconti)
    emersi = [
        Emerso(
            incontro=resoconto.incontro.titolo,
            quando=resoconto.incontro.quando,
            url=f"{resoconto.incontro.get_absolute_url()}resoconto/",
            esempio=resoconto.incontro.percorso.esempio,
            bisogni=[voce for voce in righe(resoconto.bisogni) if voce not in con_pagina],
            idee=[voce for voce in righe(resoconto.idee) if voce not in con_pagina],
        )
        for resoconto in resoconti
    ]
    bisogni = (
        Bisogno.objects.pubblici()
        .filter(laboratorio=laboratorio)
        .order_by(F("priorita").asc(nulls_last=True), "-pubblicato_at", "-pk")
    )
    calendario = reverse("eventi:laboratorio_ics", args=[slug])
    contesto = {
        "laboratorio": laboratorio,
        "quartieri": ", ".join(_quartieri(laboratorio)),
        "referenti": laboratorio.referenti_pubblici,
        "futuri": schede(futuri, adesso),
        "passati": schede(passati, adesso),
        "bisogni": righe_bisogni(bisogni[:PER_LABORATORIO]),
        "proposte": _ultime(Proposta.objects.filter(laboratorio=laboratorio), PER_LABORATORIO),
        "emersi": [emerso for emerso in emersi if emerso.bisogni or emerso.idee],
        "url_calendario": calendario,
        "url_sottoscrizione": f"webcal://{settings.BASE_URL.split('://')[1]}{calendario}",
        "url_segui": reverse("seguiti:segui_laboratorio", args=[slug]),
        "url_proponi": f"{reverse('proposte:proposta_nuova')}?laboratorio={slug}",
        "url_aiuto": f"{reverse('laboratori:disponibilita_crea')}?laboratorio={slug}",
        "url_contatti": f"{reverse('contatti')}?laboratorio={slug}",
        "fonti": fonti(laboratorio.fonti),
        "briciole": [(_("Laboratori"), reverse("laboratorio_list")), (laboratorio.nome, "")],
    }
    return render(request, "portale/laboratorio_detail.html", contesto)


def _con_pagina(resoconti) -> set[str]:
    """Which of the needs and ideas that these reports tell of have a page of their own: a lab's
    page names them once."""
    suoi = {
        "incontro__in": [resoconto.incontro_id for resoconto in resoconti],
        "titolo__in": {
            voce
            for resoconto in resoconti
            for voce in [*righe(resoconto.bisogni), *righe(resoconto.idee)]
        },
    }
    bisogni = Bisogno.objects.pubblici().filter(**suoi).values_list("titolo", flat=True)
    idee = Proposta.objects.pubbliche().filter(**suoi).values_list("titolo", flat=True)
    return set(bisogni.order_by().union(idee.order_by()))
