"""The documents of the Tavolo, for who sits there."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from portale.lib.admin import GiornoInput
from portale.lib.caricamenti import caricamento_troppo_grande
from portale.lib.dates import a_roma
from portale.lib.forms import PortaleFormHelper
from portale.lib.rifiuti import Rifiuto
from tavolo.formati import ACCETTATI
from tavolo.models import DocumentoTavolo, PuntoOrdineDelGiorno
from tavolo.services import documenti as servizio
from tavolo.views.documenti import risposta_file

from .accesso import area, percorsi_da_scegliere, scegli_percorso
from .sedute import leggibili, una_seduta

PER_PAGINA = 30


def documenti_leggibili(accessi):
    """The documents of her percorsi: those of a sitting that is being prepared only for who leads
    it."""
    return DocumentoTavolo.objects.filter(percorso__in=accessi).filter(
        Q(seduta=None) | Q(seduta__in=leggibili(accessi))
    )


@area
@require_safe
def documento_list(request, adesso):
    """All of them, latest first, by sitting."""
    percorso, accesso = scegli_percorso(request)
    righe = (
        documenti_leggibili({percorso.pk: accesso})
        .select_related("seduta__incontro")
        .order_by("-created_at", "-pk")
    )
    return render(
        request,
        "tavolo/area/documento_list.html",
        {
            "percorso": percorso,
            "accesso": accesso,
            "altri_percorsi": percorsi_da_scegliere(request, percorso),
            "sezione": "documenti",
            "oggi": a_roma(adesso).date(),
            "page_obj": Paginator(righe, PER_PAGINA).get_page(request.GET.get("page")),
        },
    )


@area
@require_safe
def documento_scarica(request, adesso, pk):
    """The file, with a line in the register of accesses while it is not everybody's."""
    documento = get_object_or_404(documenti_leggibili(request.accessi), pk=pk)
    risposta = risposta_file(documento, cache="private, no-store")
    if request.method == "GET" and not documento.pubblico(a_roma(adesso).date()):
        servizio.annota_accesso(
            documento, request.accessi[documento.percorso_id], request.user, adesso=adesso
        )
    return risposta


class DocumentoForm(forms.Form):
    """One file and its title. What the file really is, the service finds out."""

    titolo = forms.CharField(label=gettext_lazy("Titolo"), max_length=200)
    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ACCETTATI}),
        help_text=gettext_lazy(
            "Un PDF, un'immagine o un documento di Word, Excel, PowerPoint o LibreOffice, fino a "
            "20 MB. Se puoi, un PDF: lo aprono tutti."
        ),
    )
    punto = forms.ModelChoiceField(
        PuntoOrdineDelGiorno.objects.none(),
        label=gettext_lazy("Punto all'ordine del giorno"),
        required=False,
        empty_label=gettext_lazy("tutta la seduta"),
    )
    pubblico_dal = forms.DateField(
        label=gettext_lazy("Pubblico dal"),
        required=False,
        widget=GiornoInput,
        help_text=gettext_lazy("Vuoto: lo leggono solo i componenti del Tavolo e il Comitato."),
    )

    def __init__(self, *args, seduta, troppo=False, **kwargs):
        super().__init__(*args, **kwargs)
        if seduta is None:
            del self.fields["punto"]
        else:
            self.fields["punto"].queryset = seduta.punti.all()
        if troppo:
            self.fields["file"].error_messages["required"] = _("Il file è troppo grande.")
        self.helper = PortaleFormHelper(self, submit=_("Carica"))


@area
@require_http_methods(["GET", "HEAD", "POST"])
def documento_carica(request, adesso, slug=None):
    """Who leads adds a file, to one sitting or to the Tavolo as a whole."""
    if slug is None:
        percorso, accesso = scegli_percorso(request)
        seduta = None
    else:
        seduta, accesso = una_seduta(request, slug)
        percorso = seduta.incontro.percorso
    if not accesso.can_condurre:
        raise Http404
    if request.method == "POST":
        troppo = caricamento_troppo_grande(request)
        form = DocumentoForm(request.POST, request.FILES, seduta=seduta, troppo=troppo)
        if form.is_valid():
            dati = form.cleaned_data
            try:
                documento = servizio.carica(
                    percorso,
                    dati["file"],
                    dati["titolo"],
                    seduta=seduta,
                    punto=dati.get("punto"),
                    pubblico_dal=dati["pubblico_dal"],
                    autore=request.user,
                )
            except Rifiuto as rifiuto:
                form.add_error("file", str(rifiuto))
            else:
                messages.success(request, _("Caricato: «%(titolo)s».") % {"titolo": documento})
                return HttpResponseRedirect(_ritorno(percorso, seduta), status=303)
    else:
        form = DocumentoForm(seduta=seduta)
    return render(
        request,
        "tavolo/area/documento_carica.html",
        {
            "percorso": percorso,
            "accesso": accesso,
            "sezione": "sedute" if seduta else "documenti",
            "seduta": seduta,
            "form": form,
            "ritorno": _ritorno(percorso, seduta),
        },
    )


def _ritorno(percorso, seduta):
    if seduta is None:
        return f"{reverse('area:documento_list')}?percorso={percorso.slug}"
    return reverse("area:seduta_detail", args=[seduta.incontro.slug])
