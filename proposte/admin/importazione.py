"""Loading lists of proposals: the file, what is wrong in it row by row, and then the writing.

Each list is a row of Importazione, so its pages are those of a model of the admin: "add" takes
the file, "change" shows what was read and writes it.
"""

from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from percorso.models import Percorso
from portale.lib import dates, fogli
from portale.lib.admin import UfficioModelAdmin
from portale.lib.caricamenti import caricamento_troppo_grande
from proposte import importazione as importa
from proposte.models import Canale, Importazione
from proposte.permissions import can_moderare, can_registrare
from proposte.services import Rifiuto

PER_PAGINA = 100
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class CaricaForm(forms.Form):
    percorso = forms.ModelChoiceField(None, label=_("Percorso"), empty_label=None)
    file = forms.FileField(
        label=_("File CSV o XLSX"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": f".csv,.txt,.xlsx,text/csv,{XLSX}"}),
        help_text=_("Fino a 16 MB e 10.000 righe."),
        error_messages={"required": _("Scegli il file.")},
    )
    canale = forms.ChoiceField(
        label=_("Come sono arrivate"),
        choices=Canale.choices,
        initial=Canale.CARTACEO,
        help_text=_("Vale per le righe in cui la colonna «canale» manca o è vuota."),
    )
    pubblica = forms.BooleanField(
        label=_("Le ho lette: pubblicale subito"),
        required=False,
        help_text=_("Altrimenti aspettano chi modera, come quelle arrivate online."),
    )

    def __init__(self, *args, modera, troppo=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["percorso"].queryset = Percorso.objects.in_evidenza()
        if not modera:
            del self.fields["pubblica"]
        if troppo:
            self.fields["file"].error_messages["required"] = _(
                "Il file pesa più di 16 MB: dividilo in più parti."
            )


class ImportaForm(forms.Form):
    doppioni = forms.BooleanField(label=_("Importa anche i possibili doppioni"), required=False)


# What the list shows of the rows: those that need a look come first.
MOSTRA = {
    "errori": (_("da correggere"), lambda riga: bool(riga["errori"])),
    "doppioni": (_("forse doppie"), lambda riga: not riga["errori"] and riga["doppione"]),
    "avvisi": (_("da guardare"), lambda riga: not riga["errori"] and bool(riga["avvisi"])),
    "buone": (_("pronte"), lambda riga: not riga["errori"] and not riga["doppione"]),
}


@admin.register(Importazione)
class ImportazioneAdmin(UfficioModelAdmin):
    """What was loaded, by whom, and what came of it."""

    list_display = [
        "nome_file",
        "percorso",
        "caricata",
        "lette",
        "importate",
        "eseguita",
        "autore",
    ]
    list_select_related = ["percorso", "autore"]
    ordering = ["-created_at", "-pk"]
    change_list_template = "admin/proposte/importazione/change_list.html"

    # Whoever may type one proposal in may type in many.
    def has_module_permission(self, request):
        return can_registrare(request.user)

    def has_view_permission(self, request, obj=None):
        return can_registrare(request.user)

    def has_add_permission(self, request):
        return can_registrare(request.user)

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        # What was written stays in the history; a list that was only looked at may go.
        return can_registrare(request.user) and obj is not None and obj.eseguita_at is None

    def get_queryset(self, request):
        return super().get_queryset(request).defer("righe")

    def get_actions(self, request):
        return {}

    def response_delete(self, request, obj_display, obj_id):
        messages.success(request, gettext("Buttata via: «%(nome)s».") % {"nome": obj_display})
        return redirect("admin:proposte_importazione_changelist")

    @admin.display(description=_("caricata il"), ordering="created_at")
    def caricata(self, importazione):
        return dates.giorno_e_ora(importazione.created_at)

    @admin.display(description=_("importata il"), ordering="eseguita_at", empty_value=_("no"))
    def eseguita(self, importazione):
        return importazione.eseguita_at and dates.giorno_e_ora(importazione.eseguita_at)

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(
            request, {"title": gettext("Importazioni di proposte"), **(extra_context or {})}
        )

    # --- The file ---

    def add_view(self, request, form_url="", extra_context=None):
        if not can_registrare(request.user):
            raise Http404
        form = CaricaForm(
            request.POST if request.method == "POST" else None,
            request.FILES if request.method == "POST" else None,
            modera=can_moderare(request.user),
            troppo=caricamento_troppo_grande(request),
        )
        if request.method == "POST" and form.is_valid():
            try:
                nuova = importa.carica(
                    form.cleaned_data.pop("file"),
                    **form.cleaned_data,
                    autore=request.user,
                    adesso=timezone.now(),
                )
            except Rifiuto as no:
                form.add_error("file", str(no))
            else:
                return redirect("admin:proposte_importazione_change", nuova.pk)
        return TemplateResponse(
            request,
            "admin/proposte/importazione/importa.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": gettext("Importa proposte da un file"),
                "form": form,
                "colonne": importa.COLONNE,
                "ritorno": reverse("admin:proposte_proposta_changelist"),
            },
        )

    def modello_csv(self, request):
        if not can_registrare(request.user):
            raise Http404
        return HttpResponse(
            "".join(fogli.righe_csv(importa.modello())),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="proposte-modello.csv"'},
        )

    def modello_xlsx(self, request):
        if not can_registrare(request.user):
            raise Http404
        spiegazioni = [
            [
                gettext("colonna"),
                gettext("obbligatoria"),
                gettext("che cosa contiene"),
                gettext("esempio"),
            ],
            *(
                [c.nome, gettext("sì") if c.obbligatoria else "", str(c.spiegazione), c.esempio]
                for c in importa.COLONNE
            ),
        ]
        return HttpResponse(
            fogli.xlsx(
                {gettext("Proposte"): importa.modello(), gettext("Spiegazione"): spiegazioni}
            ),
            content_type=XLSX,
            headers={"Content-Disposition": 'attachment; filename="proposte-modello.xlsx"'},
        )

    # --- What is in it ---

    def change_view(self, request, object_id, form_url="", extra_context=None):
        importazione = self._importazione(request, object_id)
        form = ImportaForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            prima = importazione.eseguita_at
            try:
                importazione = importa.esegui(
                    importazione,
                    doppioni=form.cleaned_data["doppioni"],
                    autore=request.user,
                    adesso=timezone.now(),
                )
            except Rifiuto as no:
                messages.error(request, str(no))
            else:
                if prima is None:
                    self.annota(request, importazione, gettext("Importate le proposte."))
                messages.success(request, _esito(importazione))
            return redirect("admin:proposte_importazione_change", importazione.pk)
        mostra = request.GET.get("mostra", "")
        conti = importa.conta(importazione)
        if mostra not in MOSTRA:
            mostra = "errori" if conti["errate"] else "doppioni" if conti["doppie"] else "buone"
        scelte = [riga for riga in importazione.righe if MOSTRA[mostra][1](riga)]
        pagina = Paginator(scelte, PER_PAGINA).get_page(request.GET.get("pagina"))
        colonne = [c for c in importa.COLONNE if c.campo in importazione.colonne]
        return TemplateResponse(
            request,
            "admin/proposte/importazione/importazione.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": gettext("Che cosa c'è nel file"),
                "importazione": importazione,
                "oggetto": importazione,
                "fatta": importa.quando(importazione) if importazione.eseguita_at else "",
                "esito": _esito(importazione) if importazione.eseguita_at else "",
                "conti": conti,
                "form": form,
                "gia": importa.gia_importata(importazione),
                "mostra": mostra,
                "viste": [
                    (nome, testo, sum(vale(riga) for riga in importazione.righe))
                    for nome, (testo, vale) in MOSTRA.items()
                ],
                "page_obj": pagina,
                "colonne": colonne,
                "righe": [
                    (riga, [riga["celle"].get(c.campo, "") for c in colonne]) for riga in pagina
                ],
                "puo_buttare": self.has_delete_permission(request, importazione),
                "ritorno": reverse("admin:proposte_importazione_changelist"),
            },
        )

    def da_correggere(self, request, pk):
        importazione = self._importazione(request, pk)
        return StreamingHttpResponse(
            fogli.righe_csv(importa.da_correggere(importazione)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="proposte-da-correggere.csv"'},
        )

    def _importazione(self, request, pk):
        if not can_registrare(request.user) or not str(pk).isdecimal() or len(str(pk)) > 18:
            raise Http404
        return get_object_or_404(Importazione.objects.select_related("percorso"), pk=int(pk))

    def get_urls(self):
        return [
            path(
                "modello.csv",
                self.admin_site.admin_view(self.modello_csv),
                name="proposte_importazione_modello_csv",
            ),
            path(
                "modello.xlsx",
                self.admin_site.admin_view(self.modello_xlsx),
                name="proposte_importazione_modello_xlsx",
            ),
            path(
                "<int:pk>/da-correggere.csv",
                self.admin_site.admin_view(self.da_correggere),
                name="proposte_importazione_da_correggere",
            ),
            *super().get_urls(),
        ]


def _esito(importazione):
    return ngettext(
        "Importata %(n)d proposta.", "Importate %(n)d proposte.", importazione.importate
    ) % {"n": importazione.importate}
