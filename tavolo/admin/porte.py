"""The manner of the screens of who sits: read here, changed through doors."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from portale.lib.admin import UfficioModelAdmin
from portale.lib.rifiuti import Rifiuto
from proposte.admin_views import Porta


class ConPorte(UfficioModelAdmin):
    """``nomi_porte`` are its methods ``(request, pk)`` that are doors; ``porte`` says which of
    them are open now, as (name, label, look)."""

    change_form_template = "admin/proposte/change_form.html"
    nomi_porte: tuple[str, ...] = ()

    def porte(self, request, obj):
        return []

    def has_delete_permission(self, request, obj=None):
        return False

    def puo(self, request):
        """Whether this person may open the doors."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def oggetto_or_404(self, request, pk):
        if not self.puo(request):
            raise Http404
        return get_object_or_404(self.get_queryset(request), pk=pk)

    def apri_porta(self, request, obj, **kwargs):
        """``porta``, with what is the same for all of ours."""
        ritorno = reverse(f"admin:tavolo_{self.opts.model_name}_change", args=[obj.pk])
        return self.porta(request, obj, rifiuto=Rifiuto, **{"ritorno": ritorno, **kwargs})

    def nuovo(self, request, *, form, titolo, bottone, esegui, fatto, spiegazione=""):
        """The page that makes a row by its service: ``esegui(cleaned_data)`` gives the row."""
        elenco = reverse(f"admin:tavolo_{self.opts.model_name}_changelist")
        if not self.has_add_permission(request):
            raise Http404
        if request.method == "POST" and form.is_valid():
            try:
                with transaction.atomic():
                    obj = esegui(form.cleaned_data)
                    self.annota(request, obj, titolo)
            except Rifiuto as no:
                form.add_error(None, str(no))
            else:
                self.message_user(request, fatto, messages.SUCCESS)
                return redirect(f"admin:tavolo_{self.opts.model_name}_change", obj.pk)
        contesto = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": titolo,
            "form": form,
            "spiegazione": spiegazione,
            "bottone": bottone,
            "ritorno": elenco,
        }
        return TemplateResponse(request, "admin/porta.html", contesto)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None and self.puo(request):
            context["porte"] = [
                Porta(
                    reverse(f"admin:tavolo_{self.opts.model_name}_{nome}", args=[obj.pk]),
                    etichetta,
                    aspetto,
                )
                for nome, etichetta, aspetto in self.porte(request, obj)
            ]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_urls(self):
        return [
            path(
                f"<int:pk>/{nome.replace('_', '-')}/",
                self.admin_site.admin_view(getattr(self, nome)),
                name=f"tavolo_{self.opts.model_name}_{nome}",
            )
            for nome in self.nomi_porte
        ] + super().get_urls()


class SoloPorte(ConPorte):
    """Nothing of it is written by hand; ``fields`` are all shown."""

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        context.update(
            show_save=False, show_save_and_continue=False, show_save_and_add_another=False
        )
        return super().render_change_form(request, context, add, change, form_url, obj)
