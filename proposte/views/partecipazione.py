"""Supporting and following: one click for those whom the portal knows, one mail for the others."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import partecipanti
from accounts.models import Partecipante
from laboratori.models import Laboratorio
from portale.lib.limiti import consenti, limite_superato
from proposte import partecipazione
from proposte.forms_partecipazione import OspiteForm, SostegnoOspiteForm
from proposte.models import Proposta, Seguito, Tema
from proposte.services import Rifiuto

# How many proposals a page of what one follows shows.
PER_PAGINA = 30


def vai(url):
    """303: what follows a POST is read with a GET, so that reloading repeats nothing."""
    return HttpResponseRedirect(url, status=303)


def proposta_pubblica(slug):
    """The proposal of the address, if everybody may read it; 404 otherwise."""
    proposte = Proposta.objects.pubbliche().select_related(
        "percorso", "laboratorio", "integrata_in"
    )
    return get_object_or_404(proposte.prefetch_related("percorso__fasi"), slug=slug)


@dataclass(frozen=True)
class Gesto:
    """One of the things that are done with one click.

    ``fai(partecipante, dati)`` does it and gives what she is told and the page where that is
    seen; ``azione`` and ``parametri`` are the same for a stranger, once she has confirmed her
    address.
    """

    azione: str
    parametri: dict
    fai: Callable[[Partecipante, dict], tuple[str, str]]
    titolo: str
    spiegazione: str
    verbo: str
    # What it is about, and where it is read.
    oggetto: str
    url: str
    briciole: list
    # Of which purpose the privacy notice speaks.
    cosa: str
    form: type[OspiteForm] = OspiteForm
    # Why it cannot be done now; empty when it can.
    perche: str = ""


def _compi(request, gesto: Gesto, adesso: datetime):
    """GET asks, POST does: at once for somebody known, by a mail's link for a stranger."""
    io = partecipanti.attuale(request)
    inviato = request.method == "POST"
    form = None
    if gesto.perche:
        return _chiedi(request, gesto, io, form, status=409 if inviato else 200)
    if io is None:
        dati = request.POST if inviato else None
        form = gesto.form(dati, submit=gesto.verbo, cosa=gesto.cosa, adesso=adesso)
    if not inviato or (form is not None and not form.is_valid()):
        return _chiedi(request, gesto, io, form)
    if io is None:
        return chiedi_per_mail(
            request, gesto.azione, form.cleaned_data, parametri=gesto.parametri, adesso=adesso
        )
    if not consenti(request, "partecipazione", chiave=str(io.pk), limite="60/m"):
        return limite_superato(request)
    try:
        testo, url = gesto.fai(io, request.POST)
    except Rifiuto as rifiuto:
        messages.warning(request, str(rifiuto))
        return vai(gesto.url)
    messages.success(request, testo)
    # Back to where she was, unless it was done to something else.
    torna = partecipanti.destinazione(request.POST.get("next", ""), url)
    return vai(torna if url == gesto.url else url)


def chiedi_per_mail(request, azione, scritto, *, parametri, adesso, nome=""):
    """Keep what a stranger asks for until she opens the link of her mail."""
    # Per client what a room full of people behind one network may need; nobody's mailbox can be
    # flooded, and the answer is the same, or it would tell which addresses others have tried.
    if not consenti(request, "partecipa", limite="60/10m"):
        return limite_superato(request)
    if consenti(request, "partecipa-email", chiave=scritto["email"], limite="10/h"):
        if scritto.get("segui"):
            parametri = {**parametri, "segui": True}
        partecipanti.chiedi_conferma(
            azione,
            email=scritto["email"],
            parametri=parametri,
            nome=nome,
            lingua=(get_language() or "it")[:2],
            modulo=scritto["ricevuto"],
            adesso=adesso,
        )
    return vai(reverse("partecipo:conferma_inviata"))


def _chiedi(request, gesto, io, form, *, status=200):
    contesto = {
        "gesto": gesto,
        "io": io,
        "ospite": io is not None and not request.user.is_authenticated,
        "form": form,
        "next": partecipanti.destinazione(request.GET.get("next", ""), gesto.url),
    }
    return render(request, "proposte/sostegno_form.html", contesto, status=status)


def _briciole(proposta, qui):
    return [
        (_("Proposte"), reverse("proposte:proposta_list")),
        (proposta.titolo, proposta.get_absolute_url()),
        (qui, ""),
    ]


# --- /proposte/<slug>/sostieni/ … -----------------------------------------------------------


def _di_una_proposta(request, slug, costruisci):
    """The same four lines of the four gestures about a proposal. Of one that went into another
    the other one is asked about."""
    adesso = timezone.now()
    proposta = proposta_pubblica(slug)
    altra = proposta.integrata_in
    if altra and altra.pubblica and request.method != "POST":
        nome = request.resolver_match.view_name
        return redirect(nome, altra.slug)
    return _compi(request, costruisci(proposta, adesso), adesso)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sostegno_crea(request, slug):
    return _di_una_proposta(request, slug, _sostieni)


def _sostieni(proposta, adesso):
    def fai(io, dati):
        quale = partecipazione.sostieni(proposta, io, anche_seguire="segui" in dati, adesso=adesso)
        return partecipazione.detto_sostieni(proposta, quale), quale.get_absolute_url()

    return Gesto(
        azione="sostegno",
        parametri={"proposta": proposta.pk},
        fai=fai,
        titolo=_("Sostieni la proposta"),
        spiegazione=_(
            "Il numero dei sostegni aiuta l’ufficio e il Tavolo di Negoziazione a capire che "
            "cosa sta a cuore a chi vive in città. Non è un voto. Si conta una volta per "
            "persona, e chi sostiene che cosa non si pubblica."
        ),
        verbo=_("Sostieni"),
        oggetto=proposta.titolo,
        url=proposta.get_absolute_url(),
        briciole=_briciole(proposta, _("Sostieni")),
        cosa="sostegno",
        form=SostegnoOspiteForm,
        perche=_perche_no(proposta, adesso),
    )


def _perche_no(proposta, adesso):
    altra = proposta.integrata_in
    # Of one that went into another, the other one's own rule answers when it is done.
    if altra and altra.pubblica:
        return ""
    return partecipazione.perche_non_sostieni(altra or proposta, adesso)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sostegno_togli(request, slug):
    return _di_una_proposta(request, slug, _togli)


def _togli(proposta, adesso):
    def fai(io, dati):
        quale = partecipazione.lascia(proposta, io, adesso=adesso)
        return partecipazione.detto_lascia(), quale.get_absolute_url()

    return Gesto(
        azione="sostegno_togli",
        parametri={"proposta": proposta.pk},
        fai=fai,
        titolo=_("Togli il sostegno"),
        spiegazione=_("Il tuo sostegno non si conta più. Puoi ridarlo finché sono aperti."),
        verbo=_("Togli il sostegno"),
        oggetto=proposta.titolo,
        url=proposta.get_absolute_url(),
        briciole=_briciole(proposta, _("Togli il sostegno")),
        cosa="sostegno",
        perche=_perche_no(proposta, adesso),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def seguito_crea(request, slug):
    return _di_una_proposta(request, slug, _segui)


def _segui(proposta, adesso):
    def fai(io, dati):
        quale = partecipazione.segui(io, proposta=proposta, adesso=adesso)
        return partecipazione.detto_segui("proposta"), quale.get_absolute_url()

    return Gesto(
        azione="seguito",
        parametri={"proposta": proposta.pk},
        fai=fai,
        titolo=_("Segui la proposta"),
        spiegazione=_(
            "Ti scriviamo appena c’è una risposta, una decisione o una novità. Smetti quando "
            "vuoi, con un clic in ogni e-mail."
        ),
        verbo=_("Segui"),
        oggetto=proposta.titolo,
        url=proposta.get_absolute_url(),
        briciole=_briciole(proposta, _("Segui")),
        cosa="seguito",
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def seguito_togli(request, slug):
    return _di_una_proposta(request, slug, _smetti)


def _smetti(proposta, adesso):
    def fai(io, dati):
        partecipazione.smetti(io, proposta=proposta)
        return partecipazione.detto_smetti(), proposta.get_absolute_url()

    return Gesto(
        azione="seguito_togli",
        parametri={"proposta": proposta.pk},
        fai=fai,
        titolo=_("Smetti di seguire la proposta"),
        spiegazione=_("Non ti scriviamo più delle sue novità. Un sostegno che hai dato resta."),
        verbo=_("Smetti di seguire"),
        oggetto=proposta.titolo,
        url=proposta.get_absolute_url(),
        briciole=_briciole(proposta, _("Smetti di seguire")),
        cosa="seguito",
    )


# --- /seguiti/ ------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def seguito_list(request):
    """What she follows, with a button to stop beside each; a stranger asks for a link."""
    io = partecipanti.attuale(request)
    if io is None:
        return _elenco_per_mail(request)
    miei = Seguito.objects.filter(partecipante=io)
    proposte = miei.filter(proposta__stato__in=Proposta.PUBBLICI)
    pagina = Paginator(
        proposte.select_related("proposta__laboratorio").order_by("-created_at", "-pk"), PER_PAGINA
    ).get_page(request.GET.get("page"))
    contesto = {
        "io": io,
        "ospite": not request.user.is_authenticated,
        "laboratori": miei.exclude(laboratorio=None)
        .select_related("laboratorio")
        .order_by("laboratorio__numero"),
        "temi": miei.exclude(tema=None).select_related("tema").order_by("tema__ordine", "pk"),
        "altri_laboratori": Laboratorio.objects.pubblici().exclude(
            pk__in=miei.filter(laboratorio__isnull=False).values("laboratorio")
        ),
        "altri_temi": Tema.objects.attivi().exclude(
            pk__in=miei.filter(tema__isnull=False).values("tema")
        ),
        "page_obj": pagina,
        "qui": request.get_full_path(),
    }
    return render(request, "seguiti/seguito_list.html", contesto)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sostegno_list(request):
    """What she supports, for her alone."""
    io = partecipanti.attuale(request)
    if io is None:
        return _elenco_per_mail(request)
    pagina = Paginator(partecipazione.sostenute_da(io), PER_PAGINA).get_page(
        request.GET.get("page")
    )
    contesto = {
        "io": io,
        "ospite": not request.user.is_authenticated,
        "page_obj": pagina,
        "qui": request.get_full_path(),
    }
    return render(request, "seguiti/sostegno_list.html", contesto)


def _elenco_per_mail(request):
    adesso = timezone.now()
    form = OspiteForm(
        request.POST if request.method == "POST" else None,
        submit=_("Mandami il link"),
        cosa="elenco",
        adesso=adesso,
    )
    if request.method == "POST" and form.is_valid():
        return chiedi_per_mail(
            request, "seguiti_elenco", form.cleaned_data, parametri={}, adesso=adesso
        )
    return render(request, "seguiti/seguito_entra.html", {"form": form})


def _laboratorio(slug):
    return get_object_or_404(Laboratorio.objects.pubblici(), slug=slug)


def _tema(slug):
    return get_object_or_404(Tema.objects.attivi(), slug=slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def segui_laboratorio(request, slug):
    laboratorio = _laboratorio(slug)
    return _compi_seguito(request, laboratorio, "laboratorio", laboratorio.get_absolute_url())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def segui_tema(request, slug):
    tema = _tema(slug)
    return _compi_seguito(request, tema, "tema", f"{_url_tema(tema)}")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def smetti_laboratorio(request, slug):
    laboratorio = _laboratorio(slug)
    url = laboratorio.get_absolute_url()
    return _compi_seguito(request, laboratorio, "laboratorio", url, smetti=True)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def smetti_tema(request, slug):
    # One that the office has put away can still be left.
    tema = get_object_or_404(Tema, slug=slug)
    return _compi_seguito(request, tema, "tema", _url_tema(tema), smetti=True)


def _url_tema(tema):
    return f"{reverse('proposte:proposta_list')}?tema={tema.slug}"


def _compi_seguito(request, cosa, genere, url, *, smetti=False):
    adesso = timezone.now()

    def fai(io, dati):
        if smetti:
            partecipazione.smetti(io, **{genere: cosa})
            return partecipazione.detto_smetti(), url
        partecipazione.segui(io, **{genere: cosa}, adesso=adesso)
        return partecipazione.detto_segui(genere), url

    nome = cosa.nome
    if smetti:
        titolo, verbo = _("Smetti di seguire «%(nome)s»"), _("Smetti di seguire")
        spiegazione = _("Le sue novità non entrano più nel tuo riepilogo del lunedì.")
    else:
        titolo, verbo = _("Segui «%(nome)s»"), _("Segui")
        spiegazione = _(
            "Il lunedì mattina, se c’è qualcosa di nuovo, ricevi un riepilogo: proposte, bisogni, "
            "risposte e incontri. Smetti quando vuoi, con un clic in ogni e-mail."
        )
    gesto = Gesto(
        azione="seguito_togli" if smetti else "seguito",
        parametri={genere: cosa.pk},
        fai=fai,
        titolo=titolo % {"nome": nome},
        spiegazione=spiegazione,
        verbo=verbo,
        oggetto="",
        url=url,
        briciole=[(nome, url), (verbo, "")],
        cosa="seguito",
    )
    return _compi(request, gesto, adesso)


# --- /seguiti/<token>/lascia/ ---------------------------------------------------------------


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def seguito_lascia(request, token):
    """The link at the foot of every mail, and what mail programs do by themselves (RFC 8058).

    The signed link is the permission: no login, and no CSRF token, which a mail program does not
    have. GET only asks, since programs open links to look at them.
    """
    partecipante = get_object_or_404(Partecipante.objects.from_token(token))
    lasciato = _che_cosa(request.GET, partecipante)
    fatto = request.method == "POST"
    if fatto:
        lasciato.smetti()
    contesto = {
        "fatto": fatto,
        "cosa": lasciato.cosa,
        "proposta": lasciato.proposta,
        "elenco": [] if fatto else lasciato.elenco(),
        "url_seguiti": reverse("seguiti:seguito_list"),
    }
    response = render(request, "seguiti/seguito_lascia.html", contesto)
    # The address is a key: no other site learns it, no search engine keeps it.
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@dataclass(frozen=True)
class _Lasciato:
    """What a mail's link leaves: one proposal, one lab, or the whole digest."""

    partecipante: Partecipante
    proposta: Proposta | None
    laboratorio: Laboratorio | None = None

    @property
    def cosa(self):
        if self.laboratorio:
            return "laboratorio"
        return "proposta" if self.proposta else "riepilogo"

    def smetti(self):
        if self.proposta:
            partecipazione.smetti(self.partecipante, proposta=self.proposta)
        elif self.laboratorio:
            partecipazione.smetti(self.partecipante, laboratorio=self.laboratorio)
        else:
            partecipazione.smetti_il_riepilogo(self.partecipante)

    def elenco(self):
        """The names of what she would leave; none when there is nothing left to leave."""
        miei = Seguito.objects.filter(partecipante=self.partecipante)
        if self.proposta:
            sua = miei.filter(proposta=self.proposta).exists()
            return [self.proposta.titolo] if sua else []
        if self.laboratorio:
            suo = miei.filter(laboratorio=self.laboratorio).exists()
            return [self.laboratorio.nome] if suo else []
        laboratori = miei.exclude(laboratorio=None).order_by("laboratorio__numero")
        temi = miei.exclude(tema=None).order_by("tema__ordine", "pk")
        return [
            *laboratori.values_list("laboratorio__nome", flat=True),
            *temi.values_list("tema__nome", flat=True),
        ]


def _che_cosa(dati, partecipante):
    proposta = laboratorio = None
    if numero := dati.get("proposta", ""):
        proposta = get_object_or_404(Proposta.objects.pubbliche(), pk=_numero(numero))
    elif numero := dati.get("laboratorio", ""):
        # One that is no longer active can still be left.
        laboratorio = get_object_or_404(Laboratorio, pk=_numero(numero))
    return _Lasciato(partecipante, proposta, laboratorio)


def _numero(scritto):
    return int(scritto) if scritto.isascii() and scritto.isdigit() and len(scritto) < 10 else 0
