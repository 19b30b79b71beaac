"""Where facilitators put the notes of a meeting in order: into needs and ideas, and publish them.

One page shows it all and takes every move by plain forms; ``static/js/ordina.js`` sends the same
forms without leaving it. Who may not order notes finds nothing here.
"""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from eventi.models import Incontro
from proposte import bisogni, ordinamento
from proposte.forms_bisogni import (
    NUOVA_IDEA,
    NUOVO_BISOGNO,
    GruppoForm,
    IdeaForm,
    PuntiForm,
    RaggruppaForm,
)
from proposte.models import Bisogno, Proposta
from proposte.ordinamento import LIBERA, SCARTATA, dove
from proposte.permissions import can_moderare, can_ordinare
from proposte.services import Rifiuto

# What is looked for among the notes.
CERCA_MASSIMA = 60


def _incontro(request, slug):
    """The meeting, for who may order its notes."""
    if not can_ordinare(request.user):
        raise Http404
    incontri = Incontro.objects.visibili_a(request.user).exclude(stato=Incontro.Stato.BOZZA)
    return get_object_or_404(
        incontri.select_related("percorso", "laboratorio", "resoconto"), slug=slug
    )


# --- The page -------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ordina(request, slug):
    incontro = _incontro(request, slug)
    if request.method != "POST":
        return _pagina(request, incontro)
    adesso = timezone.now()
    esegui = _conta if "conta" in request.POST else _raggruppa
    try:
        fatto = esegui(request, incontro, adesso)
    except Rifiuto as no:
        # The page as it is now, with what she had chosen and typed.
        return _pagina(request, incontro, errore=str(no))
    messages.success(request, fatto)
    return redirect(request.get_full_path())


def _raggruppa(request, incontro, adesso):
    righe = {f"b{bisogno.pk}": bisogno for bisogno in _bisogni(incontro) if _aperto(bisogno)}
    righe |= {f"i{idea.pk}": idea for idea in _idee(incontro) if _bozza(idea)}
    luoghi = {NUOVO_BISOGNO, NUOVA_IDEA, LIBERA, SCARTATA, *righe}
    form = RaggruppaForm(request.POST, luoghi=luoghi)
    if not form.is_valid():
        raise Rifiuto(next(iter(form.errors.values()))[0])
    viste, a = form.cleaned_data["nota"], form.cleaned_data["dove"]
    quante = len({vista.nota for vista in viste})
    if a in (LIBERA, SCARTATA):
        verbo = ordinamento.sgancia if a == LIBERA else ordinamento.scarta
        verbo(incontro, viste, adesso=adesso)
        testo = {
            LIBERA: ngettext(
                "%(n)d nota torna da ordinare.", "%(n)d note tornano da ordinare.", quante
            ),
            SCARTATA: ngettext("%(n)d nota messa da parte.", "%(n)d note messe da parte.", quante),
        }[a]
        return testo % {"n": quante}
    chi = {"autore": request.user, "adesso": adesso}
    titolo = form.cleaned_data["titolo"]
    if a in (NUOVA_IDEA, NUOVO_BISOGNO):
        verbo = ordinamento.diventa_idea if a == NUOVA_IDEA else ordinamento.raggruppa
        gruppo = verbo(incontro, viste, titolo=titolo, **chi)
    elif a.startswith("i"):
        gruppo = ordinamento.diventa_idea(incontro, viste, idea=righe[a], **chi)
    else:
        gruppo = ordinamento.raggruppa(incontro, viste, bisogno=righe[a], **chi)
    return ngettext("%(n)d nota in «%(titolo)s».", "%(n)d note in «%(titolo)s».", quante) % {
        "n": quante,
        "titolo": gruppo.titolo,
    }


def _conta(request, incontro, adesso):
    form = PuntiForm(request.POST, bisogni=_bisogni(incontro))
    if not form.is_valid():
        raise Rifiuto(form.errore())
    ordinamento.conta_punti(
        incontro,
        form.punti(),
        anche_pubblicati=can_moderare(request.user),
        adesso=adesso,
    )
    return _("Bollini salvati: le priorità ora li seguono.")


def _bisogni(incontro):
    return list(ordinamento.per_priorita(incontro.bisogni_emersi.all()))


def _idee(incontro):
    ritirate = (Proposta.Stato.RITIRATA, Proposta.Stato.NASCOSTA)
    return list(
        incontro.proposte_emerse.exclude(stato__in=ritirate)
        .filter(genere_proponente=Proposta.Proponente.INCONTRO)
        .prefetch_related("bisogni", "temi")
        .order_by("pk")
    )


def _aperto(bisogno):
    return bisogno.stato != Bisogno.Stato.NASCOSTO


def _bozza(idea):
    return idea.stato == Proposta.Stato.BOZZA


def _pagina(request, incontro, *, errore=""):
    note = list(incontro.note.presenti().order_by("tavolo", "verbalizzante_id", "ordine", "pk"))
    chieste = set(request.POST.getlist("nota"))
    per_posto = {}
    for nota in note:
        posto = dove(nota)
        nota.scelta = f"{nota.pk}:{posto}"
        nota.spuntata = nota.scelta in chieste
        per_posto.setdefault(posto, []).append(nota)
    gruppi, idee = _bisogni(incontro), _idee(incontro)
    titoli = {bisogno.pk: bisogno.titolo for bisogno in gruppi}
    for bisogno in gruppi:
        bisogno.sue_note = per_posto.get(f"b{bisogno.pk}", [])
        bisogno.sue_idee = [idea for idea in idee if bisogno in idea.bisogni.all()]
        bisogno.aperto = _aperto(bisogno)
        bisogno.si_conta = bisogno.stato == Bisogno.Stato.BOZZA or (
            bisogno.aperto and can_moderare(request.user)
        )
        # What she had typed when the page could not take it.
        bisogno.scritti = request.POST.get(f"punti-{bisogno.pk}") if errore else None
    for idea in idee:
        idea.sue_note = per_posto.get(f"i{idea.pk}", [])
        idea.suoi_bisogni = [titoli[b.pk] for b in idea.bisogni.all() if b.pk in titoli]
        idea.bozza = _bozza(idea)
    libere = per_posto.get(LIBERA, [])
    tavolo, cerca = _filtro(request)
    mostrate = [
        nota
        for nota in libere
        if (not tavolo or nota.tavolo == tavolo) and cerca.lower() in nota.testo.lower()
    ]
    per_tavolo = {}
    for nota in mostrate:
        per_tavolo.setdefault(nota.tavolo, []).append(nota)
    return render(
        request,
        "raccolta/ordina.html",
        {
            "briciole": _briciole(incontro, _("Ordina le note")),
            "incontro": incontro,
            "errore": errore,
            "totale": len(note),
            "ordinate": len(note) - len(libere),
            "restano": len(libere),
            "tavoli": sorted(per_tavolo.items()),
            "tutti_i_tavoli": sorted({nota.tavolo for nota in libere}),
            "tavolo": tavolo,
            "cerca": cerca,
            "filtrate": len(libere) - len(mostrate),
            "bisogni": gruppi,
            "idee": idee,
            "scartate": per_posto.get(SCARTATA, []),
            "da_contare": any(bisogno.si_conta for bisogno in gruppi),
            "titolo_scritto": request.POST.get("titolo", "") if errore else "",
            "destinazioni": _destinazioni(
                gruppi, idee, request.POST.get("dove", "") if errore else ""
            ),
        },
    )


def _destinazioni(gruppi, idee, scelta):
    """The choice of the bar: (heading, [(sign, words, chosen)]), the new ones without heading."""
    voci = [
        ("", [(NUOVO_BISOGNO, _("Bisogno nuovo")), (NUOVA_IDEA, _("Idea nuova"))]),
        (_("Bisogni"), [(f"b{b.pk}", Truncator(b.titolo).chars(70)) for b in gruppi if b.aperto]),
        (_("Idee"), [(f"i{i.pk}", Truncator(i.titolo).chars(70)) for i in idee if i.bozza]),
        (
            _("Altro"),
            [(LIBERA, _("Da ordinare (togli dal gruppo)")), (SCARTATA, _("Messe da parte"))],
        ),
    ]
    return [
        (titolo, [(segno, parole, segno == scelta) for segno, parole in righe])
        for titolo, righe in voci
        if righe
    ]


def _filtro(request):
    """Which of the notes to order are shown: of one table, with some words."""
    tavolo = request.GET.get("tavolo", "")
    numero = int(tavolo) if tavolo.isascii() and tavolo.isdigit() and len(tavolo) < 4 else 0
    return numero, " ".join(request.GET.get("cerca", "")[:CERCA_MASSIMA].split())


def _briciole(incontro, qui):
    voci = [
        (_("Incontri"), reverse("eventi:incontro_list")),
        (incontro.titolo, incontro.get_absolute_url()),
    ]
    if qui != _("Ordina le note"):
        voci.append((_("Ordina le note"), reverse("raccolta:ordina", args=[incontro.slug])))
    return [*voci, (qui, "")]


# --- One need, one idea ---------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ordina_bisogno(request, slug, pk):
    """Rewrite a need of the meeting, or take a draft away."""
    incontro = _incontro(request, slug)
    bisogno = get_object_or_404(
        incontro.bisogni_emersi.exclude(stato=Bisogno.Stato.NASCOSTO), pk=pk
    )
    if bisogno.stato != Bisogno.Stato.BOZZA and not can_moderare(request.user):
        raise Http404
    adesso = timezone.now()
    massimo = ordinamento.massimo_dei_punti(_bisogni(incontro))
    dai_punti = ordinamento.priorita_dai_punti(bisogno.punti, massimo)
    if "elimina" in request.POST:
        return _elimina(request, incontro, ordinamento.elimina_bisogno, bisogno, adesso)
    iniziali = {
        "titolo": bisogno.titolo,
        "testo": bisogno.testo,
        "priorita": "" if bisogno.priorita == dai_punti else bisogno.priorita,
        "temi": bisogno.temi.all(),
        "visto": bisogno.updated_at.isoformat(),
    }
    form = GruppoForm(_inviati(request), initial=iniziali, dai_punti=dai_punti)
    if request.method == "POST" and form.is_valid():
        try:
            bisogni.modifica(
                bisogno,
                form.valori(),
                visto=form.cleaned_data["visto"],
                temi=form.cleaned_data["temi"],
                autore=request.user,
                adesso=adesso,
            )
        except Rifiuto as no:
            form = _riparti(form, no, visto=iniziali["visto"])
        else:
            return _tornato(request, incontro, f"b{pk}", _("Bisogno salvato."))
    return _modifica(
        request,
        incontro,
        form,
        oggetto=bisogno,
        titolo=_("Modifica il bisogno"),
        bozza=bisogno.stato == Bisogno.Stato.BOZZA,
        note=bisogno.note.presenti(),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ordina_idea(request, slug, pk):
    """Rewrite a draft idea of the meeting and the needs that it answers, or take it away."""
    incontro = _incontro(request, slug)
    idea = get_object_or_404(
        incontro.proposte_emerse.filter(
            stato=Proposta.Stato.BOZZA, genere_proponente=Proposta.Proponente.INCONTRO
        ),
        pk=pk,
    )
    adesso = timezone.now()
    if "elimina" in request.POST:
        return _elimina(request, incontro, ordinamento.elimina_idea, idea, adesso)
    gruppi = incontro.bisogni_emersi.exclude(stato=Bisogno.Stato.NASCOSTO).order_by("pk")
    iniziali = {
        "titolo": idea.titolo,
        "che_cosa": idea.che_cosa,
        "luogo": idea.luogo,
        "bisogni": idea.bisogni.all(),
        "temi": idea.temi.all(),
        "versione": idea.versione,
    }
    form = IdeaForm(_inviati(request), initial=iniziali, bisogni=gruppi)
    if request.method == "POST" and form.is_valid():
        try:
            ordinamento.modifica_idea(
                idea,
                form.valori(),
                versione=form.cleaned_data["versione"],
                temi=form.cleaned_data["temi"],
                bisogni=form.cleaned_data["bisogni"],
                adesso=adesso,
            )
        except Rifiuto as no:
            form = _riparti(form, no, versione=idea.versione)
        else:
            return _tornato(request, incontro, f"i{pk}", _("Idea salvata."))
    return _modifica(
        request,
        incontro,
        form,
        oggetto=idea,
        titolo=_("Modifica l'idea"),
        bozza=True,
        note=idea.note.presenti(),
    )


def _inviati(request):
    return request.POST if request.method == "POST" else None


def _riparti(form, no, **da):
    """The form with the refusal, and with what a second try would start from: then she knows
    that somebody else wrote."""
    form.data = form.data.copy()
    for campo, valore in da.items():
        form.data[campo] = valore
    form.add_error(None, str(no))
    return form


def _elimina(request, incontro, verbo, oggetto, adesso):
    try:
        verbo(oggetto, adesso=adesso)
    except Rifiuto as no:
        messages.error(request, str(no))
        return redirect("raccolta:ordina", incontro.slug)
    return _tornato(
        request,
        incontro,
        "note",
        _("«%(titolo)s» eliminato: le sue note tornano da ordinare.") % {"titolo": oggetto.titolo},
    )


def _tornato(request, incontro, ancora, testo):
    messages.success(request, testo)
    return redirect(f"{reverse('raccolta:ordina', args=[incontro.slug])}#{ancora}")


def _modifica(request, incontro, form, *, oggetto, titolo, bozza, note):
    return render(
        request,
        "raccolta/ordina_modifica.html",
        {
            "briciole": _briciole(incontro, titolo),
            "incontro": incontro,
            "form": form,
            "oggetto": oggetto,
            "titolo": titolo,
            "bozza": bozza,
            "note": list(note),
        },
    )


# --- Publishing -----------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pubblica(request, slug):
    """What becomes public, and the button that does it."""
    incontro = _incontro(request, slug)
    adesso = timezone.now()
    errore = ""
    if request.method == "POST":
        try:
            fatto = ordinamento.pubblica_tutto(
                incontro,
                impronta=request.POST.get("impronta") or "-",
                autore=request.user,
                adesso=adesso,
            )
        except Rifiuto as no:
            errore = str(no)
        else:
            messages.success(request, _pubblicati(fatto))
            return redirect("raccolta:ordina", incontro.slug)
    tutto = ordinamento.da_pubblicare(incontro, adesso)
    return render(
        request,
        "raccolta/ordina_pubblica.html",
        {
            "briciole": _briciole(incontro, _("Pubblica")),
            "incontro": incontro,
            "tutto": tutto,
            "errore": errore,
            "senza_priorita": [b for b in tutto.bisogni if b.priorita is None],
            "senza_tema": [b for b in tutto.bisogni if not b.temi.all()],
            "scollegate": [idea for idea in tutto.idee if not idea.bisogni.all()],
            "resoconto_url": _resoconto_url(request, incontro, tutto.resoconto),
        },
    )


def _pubblicati(fatto):
    if fatto.niente:
        return _("È già tutto pubblicato.")
    bisogni_ = ngettext("%(n)d bisogno", "%(n)d bisogni", len(fatto.bisogni))
    idee = ngettext("%(n)d idea", "%(n)d idee", len(fatto.idee))
    return _("Pubblicati: %(bisogni)s, %(idee)s e il resoconto.") % {
        "bisogni": bisogni_ % {"n": len(fatto.bisogni)},
        "idee": idee % {"n": len(fatto.idee)},
    }


def _resoconto_url(request, incontro, resoconto):
    """Where she writes the report; empty when it is not hers to write."""
    if not (request.user.is_staff and request.user.has_perm("eventi.change_resoconto")):
        return ""
    if resoconto is None:
        return f"{reverse('admin:eventi_resoconto_add')}?incontro={incontro.pk}"
    return reverse("admin:eventi_resoconto_change", args=[resoconto.pk])
