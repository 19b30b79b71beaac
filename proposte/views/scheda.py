"""Reading one proposal or one need: its page, what became of it, its versions, its sheet for the
public board. Nothing here changes anything.

Strangers all see the same, so that their pages are kept (portale.pagine): for them there are
links alone. What is not public is there only for its proponent and for who moderates.
"""

from dataclasses import dataclass
from io import BytesIO

import segno
from django.conf import settings
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.partecipanti import attuale
from laboratori.mappa import mappa
from laboratori.models import Laboratorio
from portale.lib import dates
from portale.lib.testo import euro
from proposte import catena, commenti, confronto, partecipazione, permissions
from proposte.models import Bisogno, Passaggio, Proposta, VersioneProposta
from proposte.righe import TONI, righe

Stato = Proposta.Stato
# Until when her own pages let her act on what she proposed (proposte.services has the last word).
MODIFICABILI = (Stato.INVIATA, Stato.PUBBLICATA)
# Characters on the printable sheet from which they are written smaller.
FOGLIO_FITTO = 500
RITIRABILI = (Stato.INVIATA, Stato.PUBBLICATA, Stato.IN_VALUTAZIONE)


@dataclass(frozen=True)
class Chi:
    """Who reads: a participant, or nobody known; whether she moderates."""

    partecipante: object
    modera: bool

    def sua(self, riga) -> bool:
        return self.partecipante is not None and riga.proponente_id == self.partecipante.pk


def _chi(request) -> Chi:
    user = request.user
    return Chi(attuale(request), user.is_staff and permissions.can_moderare(user))


# --- One proposal ---------------------------------------------------------------------------


def _proposta(request, slug, proposte) -> tuple[Proposta, Chi]:
    """The proposal and who reads it; 404 for whoever may not."""
    chi = _chi(request)
    leggibili = proposte.leggibili(chi.partecipante, modera=chi.modera)
    return get_object_or_404(leggibili, slug=slug), chi


@require_safe
def proposta_detail(request, slug):
    """Everything about one proposal."""
    adesso = timezone.now()
    proposte = catena.proposte_per_catena(Proposta.objects).prefetch_related(
        "temi",
        "allegati",
        Prefetch("integrate", Proposta.objects.pubbliche()),
        Prefetch("parti", Proposta.objects.pubbliche()),
    )
    try:
        proposta, chi = _proposta(request, slug, proposte)
    except Http404:
        return _ritirata(request, slug)
    attesi, fine = catena.prossimi(proposta, adesso)
    contesto = {
        **_testata(proposta),
        "riassunto": Truncator(proposta.che_cosa).words(30),
        "briciole": _briciole(proposta),
        "motivazione": _motivazione(proposta),
        "prossimo": attesi[0] if attesi else None,
        "fine": fine,
        "testi": _testi(proposta),
        "bisogni": [b for b in proposta.bisogni.all() if b.stato == Bisogno.Stato.PUBBLICATO],
        "nata_in": _incontro(proposta),
        "punto": _punto(proposta),
        "allegati": [a for a in proposta.allegati.all() if a.avanzamento_id is None],
        "risposte": _risposte(proposta),
        "avanzamento": catena.percentuale(proposta),
        "tappe": _tappe(proposta),
        "integrata_in": catena.link_a(proposta.integrata_in),
        "integrate": [catena.link_a(altra)[0] for altra in proposta.integrate.all()],
        "divisa_da": catena.link_a(proposta.divisa_da),
        "parti": [catena.link_a(parte)[0] for parte in proposta.parti.all()],
        "ha_versioni": proposta.versioni.exists(),
        "avviso": _avviso(proposta, chi),
        "azioni": _azioni(request, proposta, chi),
    }
    if proposta.pubblica:
        contesto["partecipazione"] = partecipazione.contesto(request, proposta, adesso)
        contesto["commenti"] = commenti.contesto(request, proposta, adesso)
    return render(request, "proposte/proposta_detail.html", contesto)


def _ritirata(request, slug):
    """Of a proposal that was public and was taken back only this is left to strangers: whoever
    has its address from a mail or a public board learns that nothing is broken. Neither title
    nor texts: they are what its author took back. 410 tells search engines to forget it."""
    proposta = get_object_or_404(
        Proposta.objects.filter(stato=Stato.RITIRATA, pubblicata_at__isnull=False).select_related(
            "laboratorio"
        ),
        slug=slug,
    )
    ultimo = proposta.passaggi.filter(a=Stato.RITIRATA).last()
    contesto = {
        "quando": dates.giorno_mese_anno(dates.a_roma(ultimo.created_at)) if ultimo else "",
        "laboratorio": proposta.laboratorio,
        "briciole": [
            (_("Proposte"), reverse("proposte:proposta_list")),
            (_("Proposta ritirata"), ""),
        ],
    }
    return render(request, "proposte/proposta_ritirata.html", contesto, status=410)


@require_safe
def proposta_percorso(request, slug):
    """ "Che fine ha fatto?": the whole chain of a proposal."""
    adesso = timezone.now()
    try:
        proposta, chi = _proposta(request, slug, catena.proposte_per_catena(Proposta.objects))
    except Http404:
        return _ritirata(request, slug)
    tutto = chi.modera or chi.sua(proposta)
    contesto = {
        **_testata(proposta),
        "briciole": _briciole(proposta, _("Che fine ha fatto?")),
        "catena": catena.di_proposta(proposta, adesso, tutto=tutto),
        "avviso": _avviso(proposta, chi),
    }
    return render(request, "proposte/proposta_percorso.html", contesto)


@require_safe
def proposta_versioni(request, slug):
    """The texts of a proposal as they were, and what changed between any two of them:
    ``?da=1&a=3``, by default the last change."""
    proposta, chi = _proposta(
        request, slug, Proposta.objects.select_related("laboratorio", "incontro")
    )
    versioni = list(proposta.versioni.order_by("numero"))
    contesto = {
        **_testata(proposta),
        "briciole": _briciole(proposta, _("Versioni")),
        "versioni": [_versione(versione, proposta) for versione in reversed(versioni)],
        "avviso": _avviso(proposta, chi),
    }
    if len(versioni) > 1:
        per_numero = {versione.numero: versione for versione in versioni}
        a = per_numero.get(_numero(request.GET.get("a")), versioni[-1])
        prima = versioni[max(versioni.index(a) - 1, 0)]
        da = per_numero.get(_numero(request.GET.get("da")), prima)
        contesto |= {"da": da, "a": a, "differenze": _differenze(da, a)}
    return render(request, "proposte/proposta_versioni.html", contesto)


def _numero(scritto):
    return int(scritto) if scritto and scritto.isdecimal() and len(scritto) < 6 else 0


@require_safe
def proposta_scheda(request, slug):
    """One sheet of paper for the public board: title, what and why, the QR of its page."""
    proposta = get_object_or_404(
        Proposta.objects.pubbliche().select_related("percorso", "laboratorio", "incontro"),
        slug=slug,
    )
    testi = _sul_foglio(proposta)
    lungo = len(str(proposta)) + sum(len(testo) for _titolo, testo in testi)
    contesto = {
        **_testata(proposta),
        "briciole": _briciole(proposta, _("Scheda da stampare")),
        "testi": testi,
        "fitto": lungo > FOGLIO_FITTO,
        "indirizzo": settings.BASE_URL + proposta.get_absolute_url(),
    }
    return render(request, "proposte/proposta_scheda.html", contesto)


@require_safe
def proposta_qr(request, slug):
    """The absolute address of a proposal's page as a QR code, in SVG."""
    proposta = get_object_or_404(Proposta.objects.pubbliche(), slug=slug)
    codice = segno.make(settings.BASE_URL + proposta.get_absolute_url(), error="m", micro=False)
    svg = BytesIO()
    codice.save(svg, kind="svg", scale=10, border=4, title=str(proposta), svgclass=None)
    return HttpResponse(svg.getvalue(), content_type="image/svg+xml")


# --- Pieces of a proposal's pages -----------------------------------------------------------


def _testata(proposta):
    """What each page of a proposal shows at its top."""
    return {
        "proposta": proposta,
        "titolo": str(proposta),
        "url": proposta.get_absolute_url(),
        "dove": proposta.laboratorio.nome if proposta.laboratorio_id else _("Tutta la città"),
        "stato": capfirst(proposta.get_stato_display()),
        "tono": TONI.get(proposta.stato, "secondary"),
        "significato": _significato(proposta),
    }


def _significato(proposta):
    """What a state means for who reads."""
    return {
        Stato.BOZZA: _("Non è stata ancora inviata."),
        Stato.INVIATA: _("La legge chi modera; poi la vedono tutti."),
        Stato.PUBBLICATA: _("Tutti la possono leggere. Dopo la raccolta passa alla valutazione."),
        Stato.IN_VALUTAZIONE: _(
            "Gli uffici del Comune e il Tavolo di Negoziazione valutano se e come realizzarla."
        ),
        Stato.ACCOLTA: _("È stata accolta così com’è. Qui si legge che cosa succede poi."),
        Stato.ACCOLTA_CON_MODIFICHE: _(
            "È stata accolta con dei cambiamenti: la motivazione dice quali."
        ),
        Stato.NON_ACCOLTA: _("Non è stata accolta: la motivazione dice perché."),
        Stato.INTEGRATA: _("È diventata parte di un’altra proposta, e va avanti con quella."),
        Stato.RITIRATA: _("Chi l’aveva fatta l’ha ripresa."),
        Stato.NASCOSTA: _("Chi modera l’ha tolta dalla vista di tutti."),
    }[Stato(proposta.stato)]


def _briciole(proposta, qui=""):
    voci = [(_("Proposte"), reverse("proposte:proposta_list"))]
    if qui:
        return [*voci, (str(proposta), proposta.get_absolute_url()), (qui, "")]
    return [*voci, (str(proposta), "")]


def _testi(proposta):
    """(heading, text) of what its proponent wrote at length."""
    testi = [
        (_("Che cosa si propone"), proposta.che_cosa),
        (_("Perché"), proposta.perche),
        (_("Per chi"), proposta.per_chi),
    ]
    return [(titolo, testo) for titolo, testo in testi if testo.strip()]


def _sul_foglio(proposta):
    """The same, cut and in one paragraph each: what fits on a sheet of paper."""
    spazio = (600, 350, 160)
    return [
        (titolo, Truncator(" ".join(testo.split())).chars(quanto))
        for (titolo, testo), quanto in zip(_testi(proposta), spazio, strict=False)
    ]


def _passaggio(proposta, **campi):
    """Its last step with these features, among those already read; None without one."""
    trovati = [
        passaggio
        for passaggio in proposta.passaggi.all()
        if all(getattr(passaggio, campo) == valore for campo, valore in campi.items())
    ]
    return trovati[-1] if trovati else None


def _motivazione(proposta):
    """Why it was accepted or not, or became part of another one: (text, day)."""
    if proposta.stato not in (*Proposta.ESITI, Stato.INTEGRATA):
        return None
    passaggio = _passaggio(proposta, evento=Passaggio.Evento.STATO, a=proposta.stato)
    if passaggio is None:
        return None
    return passaggio.testo, _giorno(passaggio.created_at)


def _giorno(quando):
    return dates.giorno_mese_anno(dates.a_roma(quando).date()) if quando else ""


def _incontro(riga):
    """(address, title, when) of the meeting where it was born, where everybody may read it."""
    incontro = riga.incontro
    if incontro is None or not catena.visibile(incontro):
        return None
    return incontro.get_absolute_url(), incontro.titolo, incontro.quando


def _punto(proposta):
    """Its point, on the drawing of the labs where that is to scale, and on a map to open."""
    if proposta.latitudine is None:
        return None
    lat, lon = proposta.latitudine, proposta.longitudine
    disegno = mappa(Laboratorio.objects.pubblici())
    dove = disegno.dove(lat, lon)
    scritti = f"{lat:.5f}", f"{lon:.5f}"
    return {
        "mappa": disegno if dove else None,
        # Text: a template would write 12,5 in Italian, which an SVG does not understand.
        "trasla": f"translate({dove[0]:g} {dove[1]:g})" if dove else "",
        "url": "https://www.openstreetmap.org/?mlat={0}&mlon={1}#map=17/{0}/{1}".format(*scritti),
    }


def _risposte(proposta):
    """The municipality's answers, the one that counts first."""
    return [
        {
            "numero": risposta.numero,
            "esito": capfirst(risposta.get_esito_display()),
            "tono": TONI[risposta.esito],
            "testo": risposta.testo,
            "ufficio": risposta.ufficio,
            "costo": euro(risposta.costo_euro),
            "tempi": risposta.tempi,
            "correzione": risposta.correzione,
            "quando": _giorno(risposta.pubblicata_at),
        }
        for risposta in proposta.risposte.all()
    ]


def _tappe(proposta):
    """The milestones, first ones first, each with its files."""
    file = {}
    for allegato in proposta.allegati.all():
        file.setdefault(allegato.avanzamento_id, []).append(allegato)
    return [
        {
            "quando": dates.giorno_mese_anno(tappa.giorno),
            "iso": tappa.giorno.isoformat(),
            "titolo": tappa.titolo,
            "testo": tappa.testo,
            "percentuale": tappa.percentuale,
            "allegati": file.get(tappa.pk, []),
        }
        for tappa in proposta.avanzamenti.all()
    ]


def _avviso(proposta, chi):
    """What its proponent and the moderators are told of a proposal that not everybody sees."""
    if proposta.pubblica:
        return None
    sua, stato = chi.sua(proposta), proposta.stato
    avviso = {"titolo": "", "testo": "", "motivo": "", "spiegazione": "", "azione": None}
    if stato == Stato.BOZZA:
        avviso["titolo"] = _("È una bozza: la vedi solo tu.") if sua else _("È una bozza.")
        if sua:
            bozza = reverse("proposte:bozza_modifica", args=[proposta.slug])
            avviso["azione"] = (bozza, _("Continua a scriverla"))
    elif stato == Stato.INVIATA:
        avviso["titolo"] = _("Aspetta chi modera.")
        avviso["testo"] = (
            _("Per ora la vedete solo tu e chi modera. Quando sarà pubblicata ti scriviamo.")
            if sua
            else _("La vedono solo chi l’ha scritta e chi modera.")
        )
    elif stato == Stato.RITIRATA:
        avviso["titolo"] = _("È stata ritirata.")
        avviso["testo"] = _("La vedono solo chi l’ha scritta e chi modera.")
    else:
        avviso["titolo"] = _("Chi modera l’ha nascosta.")
        avviso["testo"] = _("La vedono solo chi l’ha scritta e chi modera.")
        perche = _perche_nascosta(proposta)
        if perche is not None:
            avviso["motivo"] = perche.get_motivo_display()
            avviso["spiegazione"] = perche.testo
        if sua:
            riesame = reverse("proposte:proposta_riesame", args=[proposta.slug])
            avviso["azione"] = (riesame, _("Chiedi un riesame"))
    return avviso


def _perche_nascosta(proposta):
    """The last step that says why it is hidden."""
    passaggi = [
        passaggio
        for passaggio in proposta.passaggi.all()
        if passaggio.evento == Passaggio.Evento.CONFERMA
        or (passaggio.evento == Passaggio.Evento.STATO and passaggio.a == Stato.NASCOSTA)
    ]
    return passaggi[-1] if passaggi else None


def _azioni(request, proposta, chi):
    """(address, words) of what this reader may do with it, besides taking part."""
    azioni = []
    if chi.sua(proposta):
        if proposta.stato in MODIFICABILI:
            modifica = reverse("proposte:proposta_modifica", args=[proposta.slug])
            azioni.append((modifica, _("Modifica la tua proposta")))
        if proposta.stato in RITIRABILI:
            ritira = reverse("proposte:proposta_ritira", args=[proposta.slug])
            azioni.append((ritira, _("Ritira la tua proposta")))
    if request.user.is_staff and permissions.proposte_visibili(request.user).filter(
        pk=proposta.pk
    ):
        admin = reverse("admin:proposte_proposta_change", args=[proposta.pk])
        azioni.append((admin, _("Aprila in amministrazione")))
    return azioni


def _versione(versione, proposta):
    """A version in the list."""
    return {
        "numero": versione.numero,
        "quando": _giorno(versione.created_at),
        "chi": settings.ENTE["ufficio"] if versione.autore_id else proposta.firma,
        "nota": versione.nota,
        "prima": versione.numero == 1,
    }


def _differenze(da: VersioneProposta, a: VersioneProposta):
    """Field by field: (name, whether it changed, the comparison as HTML, in brief)."""
    nomi = {
        "titolo": _("Titolo"),
        "che_cosa": _("Che cosa si propone"),
        "perche": _("Perché"),
        "per_chi": _("Per chi"),
        "luogo": _("Dove"),
    }
    voci = []
    for campo in Proposta.TESTI:
        prima, dopo = getattr(da, campo), getattr(a, campo)
        if not prima and not dopo:
            continue
        parti = confronto.pezzi(prima, dopo)
        voci.append(
            {
                "nome": nomi[campo],
                "cambiato": prima != dopo,
                "html": confronto.in_html(parti),
                "in_breve": confronto.in_breve(parti),
            }
        )
    return voci


# --- One need -------------------------------------------------------------------------------


def _bisogno(request, slug) -> tuple[Bisogno, Chi]:
    chi = _chi(request)
    righe = catena.bisogni_per_catena(Bisogno.objects).prefetch_related("temi")
    leggibili = righe.leggibili(chi.partecipante, modera=chi.modera)
    return get_object_or_404(leggibili, slug=slug), chi


@require_safe
def bisogno_detail(request, slug):
    """One need and the proposals that answer it."""
    adesso = timezone.now()
    bisogno, _chi = _bisogno(request, slug)
    proposte = catena.proposte_del_bisogno(bisogno)
    percorso = bisogno.percorso
    oggi = dates.a_roma(adesso).date()
    contesto = {
        **_testata_bisogno(bisogno),
        "briciole": _briciole_bisogno(bisogno),
        "firma": catena.firma_del_bisogno(bisogno),
        "nata_in": _incontro(bisogno),
        "proposte": righe(proposte[: catena.PROPOSTE_PER_BISOGNO]),
        "altre": len(proposte) > catena.PROPOSTE_PER_BISOGNO,
        "aperte": percorso.apre("proposte", oggi),
    }
    return render(request, "bisogni/bisogno_detail.html", contesto)


@require_safe
def bisogno_percorso(request, slug):
    """ "Che fine ha fatto?": the whole chain of a need."""
    bisogno, chi = _bisogno(request, slug)
    proposte = catena.proposte_del_bisogno(bisogno)
    tutto = chi.modera or chi.sua(bisogno)
    contesto = {
        **_testata_bisogno(bisogno),
        "briciole": _briciole_bisogno(bisogno, _("Che fine ha fatto?")),
        "catena": catena.di_bisogno(bisogno, proposte, timezone.now(), tutto=tutto),
        "altre": len(proposte) > catena.PROPOSTE_PER_BISOGNO,
    }
    return render(request, "bisogni/bisogno_percorso.html", contesto)


def _testata_bisogno(bisogno):
    return {
        "bisogno": bisogno,
        "url": bisogno.get_absolute_url(),
        "dove": bisogno.laboratorio.nome if bisogno.laboratorio_id else _("Tutta la città"),
        "pubblico": bisogno.stato == Bisogno.Stato.PUBBLICATO,
        "stato": capfirst(bisogno.get_stato_display()),
        "elenco": f"{reverse('proposte:proposta_list')}?bisogno={bisogno.slug}",
    }


def _briciole_bisogno(bisogno, qui=""):
    voci = [(_("Bisogni"), reverse("bisogni:bisogno_list"))]
    if qui:
        return [*voci, (bisogno.titolo, bisogno.get_absolute_url()), (qui, "")]
    return [*voci, (bisogno.titolo, "")]
