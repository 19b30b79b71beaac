"""Loading sheets: the file, what is wrong in it row by row, and then the writing.

Each sheet is a row of Importazione, so its pages are those of a model of the admin: "add" takes
the file, "change" shows how far the portal is, what was read, and has it written.
"""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION
from django.core.paginator import Paginator
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import UfficioModelAdmin, inviati
from portale.lib.caricamenti import caricamento_troppo_grande

from . import services
from .cerca import IMPORTAZIONE
from .esportazione import XLSX, modello, risposta
from .generi import permessi_a, registro
from .models import Importazione
from .risorse import Esito, Rifiuto

PER_PAGINA = 100
# Of the rows that may be looked at, what is shown also when there is none.
SEMPRE = {Esito.ERRATA, Esito.NUOVA}
DA_GUARDARE = "da-guardare"
Stato = Importazione.Stato


class CaricaForm(forms.Form):
    file = forms.FileField(
        label=_("File CSV o XLSX"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": f".csv,.txt,.xlsx,text/csv,{XLSX}"}),
        help_text=_("Fino a 16 MB e 10.000 righe."),
        error_messages={"required": _("Scegli il file.")},
    )

    def __init__(self, *args, troppo=False, **kwargs):
        super().__init__(*args, **kwargs)
        if troppo:
            self.fields["file"].error_messages["required"] = _(
                "Il file pesa più di 16 MB: dividilo in più parti."
            )


class ConfermaForm(forms.Form):
    """Whether the wrong rows stay out is what the button says."""

    solo_buone = forms.BooleanField(required=False, widget=forms.HiddenInput)
    con_doppie = forms.BooleanField(required=False, label=_("Importa anche i possibili doppioni"))


class GenereFilter(admin.SimpleListFilter):
    title = _("che cosa")
    parameter_name = "genere"

    def lookups(self, request, model_admin):
        return [(genere.nome, genere.titolo) for genere in permessi_a(request.user)]

    def queryset(self, request, queryset):
        return queryset.filter(genere=self.value()) if self.value() else queryset


@admin.register(Importazione)
class ImportazioneAdmin(UfficioModelAdmin):
    """What was loaded, by whom, and what came of it. Who may import a kind sees all the sheets
    of that kind; a sheet of another is not there."""

    list_display = ["nome_file", "che_cosa", "caricata", "stato", "totale", "autore"]
    list_filter = [GenereFilter, "stato"]
    list_select_related = ["autore"]
    cercato = IMPORTAZIONE
    ordering = ["-created_at", "-pk"]

    def has_module_permission(self, request):
        return bool(permessi_a(request.user))

    def has_view_permission(self, request, obj=None):
        generi = {genere.nome for genere in permessi_a(request.user)}
        return bool(generi) if obj is None else obj.genere in generi

    def has_add_permission(self, request):
        return bool(permessi_a(request.user))

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        # What was written stays in the history; a sheet that was only looked at may go.
        return (
            obj is not None
            and obj.stato in (Stato.PRONTA, Stato.ILLEGGIBILE)
            and self.has_view_permission(request, obj)
        )

    def get_queryset(self, request):
        generi = [genere.nome for genere in permessi_a(request.user)]
        return super().get_queryset(request).filter(genere__in=generi).defer("contenuto")

    def get_actions(self, request):
        return {}

    def response_delete(self, request, obj_display, obj_id):
        messages.success(request, gettext("Buttata via: «%(nome)s».") % {"nome": obj_display})
        return redirect("admin:importazioni_importazione_changelist")

    def get_deleted_objects(self, objs, request):
        # Its rows are its own, thousands of them: nobody reads them one by one.
        return [str(obj) for obj in objs], {}, set(), []

    @admin.display(description=_("che cosa"), ordering="genere")
    def che_cosa(self, importazione):
        return registro[importazione.genere].titolo

    @admin.display(description=_("caricata il"), ordering="created_at")
    def caricata(self, importazione):
        return dates.giorno_e_ora(importazione.created_at)

    # --- The file ---

    def add_view(self, request, form_url="", extra_context=None):
        generi = permessi_a(request.user)
        if not generi:
            raise Http404
        scelto = request.GET.get("genere", "")
        if not scelto:
            return self._scegli(request, generi)
        genere = self._genere(request, scelto)
        dati = inviati(request)
        form = CaricaForm(
            dati,
            request.FILES if request.method == "POST" else None,
            troppo=caricamento_troppo_grande(request),
        )
        opzioni = genere.opzioni(dati, user=request.user)
        if request.method == "POST" and form.is_valid() & opzioni.is_valid():
            try:
                nuova = services.carica(
                    form.cleaned_data["file"],
                    genere=genere,
                    opzioni=opzioni.cleaned_data,
                    autore=request.user,
                    adesso=timezone.now(),
                )
            except Rifiuto as no:
                form.add_error("file", str(no))
            else:
                self.annota(request, nuova, gettext("Caricato il file"), atto=ADDITION)
                return redirect(nuova)
        return TemplateResponse(
            request,
            "admin/importazioni/importazione/importa.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": gettext("Importa da un file: %(che_cosa)s") % {"che_cosa": genere.titolo},
                "genere": genere,
                "form": form,
                "opzioni": opzioni,
                "colonne": genere.risorsa.da_leggere(request.user),
                "ritorno": reverse(genere.elenco),
            },
        )

    def _scegli(self, request, generi):
        return TemplateResponse(
            request,
            "admin/importazioni/importazione/scegli.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": gettext("Che cosa vuoi importare?"),
                "generi": generi,
            },
        )

    def _genere(self, request, nome):
        genere = registro.get(nome)
        if genere is None or not genere.puo_importare(request.user):
            raise Http404
        return genere

    def modello(self, request, genere, formato):
        genere = self._genere(request, genere)
        if formato not in ("csv", "xlsx"):
            raise Http404
        return modello(genere, formato, request.user)

    # --- What is in it ---

    def change_view(self, request, object_id, form_url="", extra_context=None):
        importazione = self._importazione(request, object_id)
        form = ConfermaForm(inviati(request), initial={"solo_buone": importazione.errate > 0})
        if request.method == "POST" and form.is_valid():
            try:
                services.chiedi(
                    importazione,
                    **form.cleaned_data,
                    autore=request.user,
                    adesso=timezone.now(),
                )
            except Rifiuto as no:
                messages.error(request, str(no))
            else:
                self.annota(request, importazione, gettext("Chiesta l'importazione"))
            return redirect(importazione)
        genere = registro[importazione.genere]
        return TemplateResponse(
            request,
            "admin/importazioni/importazione/importazione.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": gettext("Che cosa c'è nel file: %(che_cosa)s")
                % {"che_cosa": genere.titolo},
                "importazione": importazione,
                "oggetto": importazione,
                "genere": genere,
                "form": form,
                "scelte": genere.riassunto(importazione.opzioni, request.user),
                "avanzamento": services.avanzamento(importazione),
                "quando": dates.giorno_e_ora(importazione.scritta_at or importazione.created_at),
                "elenco": reverse(genere.elenco),
                "gia": services.gia_importata(importazione)
                if importazione.stato == Stato.PRONTA
                else None,
                "puo_buttare": self.has_delete_permission(request, importazione),
                **self._righe(request, importazione, genere),
            },
        )

    def _righe(self, request, importazione, genere):
        """The rows that are shown: those that need a look come first."""
        if importazione.in_lavoro or importazione.stato == Stato.ILLEGGIBILE:
            return {}
        quante = {
            Esito.ERRATA: importazione.errate,
            Esito.DOPPIA: importazione.doppie,
            Esito.CAMBIATA: importazione.cambiate,
            Esito.NUOVA: importazione.nuove,
            Esito.INVARIATA: importazione.invariate,
        }
        if importazione.stato == Stato.SCRITTA:
            # Of what was written nothing is left here.
            quante = {Esito.ERRATA: importazione.errate if importazione.solo_buone else 0}
        mostra = request.GET.get("mostra", "")
        viste = [(e.value, e.label, n) for e, n in quante.items() if n or e in SEMPRE]
        if importazione.stato == Stato.PRONTA and importazione.avvertite:
            viste.append((DA_GUARDARE, gettext("da guardare"), importazione.avvertite))
        if mostra not in {nome for nome, _testo, _n in viste}:
            mostra = next((esito for esito, n in quante.items() if n), Esito.ERRATA)
        if mostra == DA_GUARDARE:
            righe = importazione.righe.exclude(esito=Esito.ERRATA).exclude(avvisi=[])
        else:
            righe = importazione.righe.filter(esito=mostra)
        righe = righe.order_by("numero")
        pagina = Paginator(righe, PER_PAGINA).get_page(request.GET.get("pagina"))
        colonne = [c for c in genere.risorsa.colonne() if c.campo in importazione.colonne]
        return {
            "mostra": mostra,
            "viste": viste,
            "page_obj": pagina,
            "colonne": colonne,
            "righe": [(riga, [riga.celle.get(c.campo, "") for c in colonne]) for riga in pagina],
        }

    def stato(self, request, pk):
        """How far the portal is, for the page that waits."""
        importazione = self._importazione(request, pk)
        fatte, totale, frase = services.avanzamento(importazione)
        return JsonResponse(
            {
                "in_lavoro": importazione.in_lavoro,
                "fatte": fatte,
                "totale": totale,
                "frase": frase,
            },
            headers={"Cache-Control": "no-store"},
        )

    def da_correggere(self, request, pk, formato):
        importazione = self._importazione(request, pk)
        if formato not in ("csv", "xlsx"):
            raise Http404
        righe = services.da_correggere(importazione)
        colonne = [(nome, 60 if nome == "errore" else 20) for nome in next(righe)]
        return risposta(f"{importazione.genere}-da-correggere", formato, colonne, righe)

    def _importazione(self, request, pk):
        if not str(pk).isdecimal() or len(str(pk)) > 18:
            raise Http404
        return get_object_or_404(self.get_queryset(request), pk=int(pk))

    def get_urls(self):
        def porta(vista):
            return self.admin_site.admin_view(vista)

        return [
            path(
                "modello/<str:genere>.<str:formato>",
                porta(self.modello),
                name="importazioni_importazione_modello",
            ),
            path(
                "<int:pk>/stato.json",
                porta(self.stato),
                name="importazioni_importazione_stato",
            ),
            path(
                "<int:pk>/da-correggere.<str:formato>",
                porta(self.da_correggere),
                name="importazioni_importazione_da_correggere",
            ),
            *super().get_urls(),
        ]
