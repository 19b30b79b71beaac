from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _

from eventi.models import Incontro
from portale.lib.admin import DomandeFilter, PassiInline, UfficioModelAdmin

from . import admin_views
from .admin_forms import ComunicazioneForm
from .cerca import COMUNICAZIONE
from .models import Comunicazione, Destinatario, PassaggioComunicazione

Stato = Comunicazione.Stato


class PassaggioInline(PassiInline):
    model = PassaggioComunicazione
    fields = readonly_fields = ["quando", "passaggio", "autore", "motivo"]


class ConsegneFilter(DomandeFilter):
    title = _("consegne")
    parameter_name = "consegne"

    def domande(self, request):
        loro = Destinatario.objects.filter(comunicazione=OuterRef("pk"))
        return {
            "non_arrivate": (
                _("con qualcuno a cui non è arrivata"),
                lambda righe: righe.filter(Exists(loro.non_arrivati())),
            ),
            "in_coda": (
                _("con e-mail ancora da spedire"),
                lambda righe: righe.filter(Exists(loro.in_coda())),
            ),
        }


@admin.register(Comunicazione)
class ComunicazioneAdmin(UfficioModelAdmin):
    """A draft is edited freely; once confirmed, only the doors touch it."""

    form = ComunicazioneForm
    change_form_template = "admin/comunicazioni/comunicazione/change_form.html"
    list_display = ["oggetto", "a_chi", "stato", "preparati", "autore", "created_at"]
    list_filter = ["stato", ConsegneFilter, "pubblico"]
    list_select_related = ["incontro", "laboratorio", "percorso", "autore"]
    cercato = COMUNICAZIONE
    ordering = ["-pk"]
    fieldsets = [
        (
            _("A chi"),
            {"fields": ["pubblico", "incontro", "iscritti", "laboratorio", "percorso"]},
        ),
        (_("Che cosa"), {"fields": ["oggetto", "testo"]}),
        (_("In inglese, se vuoi"), {"fields": ["oggetto_en", "testo_en"]}),
        (_("Quando"), {"fields": ["non_prima_di", "urgente", "motivo_urgenza"]}),
    ]

    @admin.display(description=_("a chi"))
    def a_chi(self, comunicazione):
        return comunicazione.a_chi

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "incontro":
            # Nobody is registered to a draft.
            kwargs["queryset"] = Incontro.objects.exclude(stato=Incontro.Stato.BOZZA).order_by(
                "-inizio", "-pk"
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_actions(self, request):
        # Deleting several at once would pass by the rule on drafts.
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_object(self, request, object_id, from_field=None):
        """On POST hold the row until the answer: nobody sends it between the look at its state
        and the save."""
        comunicazione = super().get_object(request, object_id, from_field)
        salva = request.method == "POST" and transaction.get_connection().in_atomic_block
        if comunicazione is None or not salva:
            return comunicazione
        return get_object_or_404(
            Comunicazione.objects.select_for_update(of=("self",), no_key=True),
            pk=comunicazione.pk,
        )

    def has_change_permission(self, request, obj=None):
        permesso = super().has_change_permission(request, obj)
        return permesso and (obj is None or obj.stato == Stato.BOZZA)

    def has_delete_permission(self, request, obj=None):
        permesso = super().has_delete_permission(request, obj)
        return permesso and obj is not None and obj.stato == Stato.BOZZA

    def get_inlines(self, request, obj):
        return [] if obj is None else [PassaggioInline]

    def save_model(self, request, obj, form, change):
        if not change:
            obj.autore = request.user
        super().save_model(request, obj, form, change)

    def response_add(self, request, obj, post_url_continue=None):
        return self._rileggi(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request, obj):
        return self._rileggi(request, obj) or super().response_change(request, obj)

    def _rileggi(self, request, obj):
        """After writing one reads it as it will arrive."""
        if {"_continue", "_addanother", "_popup"} & {*request.POST}:
            return None
        self.message_user(request, _("Salvata: rileggila come la riceveranno."), messages.SUCCESS)
        return redirect(admin_views.url("anteprima", obj))

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            context["porte"] = admin_views.porte(request.user, obj)
            context["stato_spiegato"] = admin_views.STATI_SPIEGATI[obj.stato]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_urls(self):
        def porta(vista, davanti):
            def della_pagina(request, *args, **kwargs):
                return vista(self, request, *args, **kwargs)

            for decoratore in reversed(davanti):
                della_pagina = decoratore(della_pagina)
            return self.admin_site.admin_view(della_pagina)

        doors = [
            path(
                f"<int:pk>/{nome.replace('_', '-')}/{resto}",
                porta(vista, davanti),
                name=f"comunicazioni_comunicazione_{nome}",
            )
            for nome, (vista, resto, davanti) in admin_views.PORTE.items()
        ]
        return doors + super().get_urls()
