from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import (
    PassiInline,
    PrimaFilter,
    UfficioModelAdmin,
    inviati,
)

from .. import services
from ..cerca import DISPONIBILITA
from ..models import Disponibilita, PassaggioDisponibilita

Stato = Disponibilita.Stato


class GestioneFilter(PrimaFilter):
    """What waits for an answer comes first; unconfirmed addresses show only when asked for."""

    title = _("a che punto è")
    parameter_name = "gestione"

    def lookups(self, request, model_admin):
        return [
            (None, _("da gestire")),
            ("nuove", _("nuove")),
            ("mie", _("assegnate a me")),
            ("chiuse", _("chiuse")),
            ("da_verificare", _("con l'indirizzo da confermare")),
            ("tutte", _("tutte")),
        ]

    def queryset(self, request, queryset):
        scelte = {
            "nuove": lambda: queryset.filter(stato=Stato.NUOVA),
            "mie": lambda: queryset.filter(stato=Stato.ASSEGNATA, assegnata_a=request.user),
            "chiuse": lambda: queryset.filter(stato=Stato.CHIUSA),
            "da_verificare": lambda: queryset.filter(stato=Stato.DA_VERIFICARE),
            "tutte": lambda: queryset,
        }
        return scelte.get(self.value(), queryset.da_gestire)()


class AssegnaForm(forms.Form):
    a = forms.ModelChoiceField(
        None, label=_("A chi"), help_text=_("Chi fa parte dell'ufficio e risponderà.")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["a"].queryset = get_user_model().objects.filter(is_staff=True, is_active=True)


class ChiudiForm(forms.Form):
    risposta = forms.CharField(
        label=_("Risposta alla persona"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField"}),
        help_text=_(
            "Le arriva per e-mail così come la scrivi: ringraziala e dille che cosa segue."
        ),
        error_messages={
            "required": _("Scrivi la risposta: la riceve la persona che si è offerta.")
        },
    )


class PassaggioDisponibilitaInline(PassiInline):
    model = PassaggioDisponibilita
    fields = readonly_fields = ["quando", "passaggio", "autore", "assegnata_a"]
    legati = ("assegnata_a",)


@admin.register(Disponibilita)
class DisponibilitaAdmin(UfficioModelAdmin):
    """Offers are read here, and answered through ``laboratori.services``."""

    dati_personali = True
    change_form_template = "admin/laboratori/disponibilita/change_form.html"
    list_display = ["nome", "laboratorio", "che_cosa_offre", "stato", "assegnata_a", "ricevuta"]
    list_filter = [GestioneFilter, "laboratorio"]
    list_select_related = ["laboratorio", "assegnata_a"]
    cercato = DISPONIBILITA
    inlines = [PassaggioDisponibilitaInline]
    fields = [
        "nome",
        "email",
        "telefono",
        "laboratorio",
        "che_cosa_offre",
        "messaggio",
        "stato",
        "assegnata_a",
        "risposta",
        "ricevuta",
        "chiusa_at",
    ]

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description=_("che cosa offre"))
    def che_cosa_offre(self, disponibilita):
        return disponibilita.aiuti_a_parole

    @admin.display(description=_("ricevuta"), ordering="created_at")
    def ricevuta(self, disponibilita):
        return dates.giorno_e_ora(disponibilita.created_at)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        # Nothing is saved here: the buttons above do.
        context.update(show_save=False, show_save_and_continue=False)
        if obj and obj.stato in (Stato.NUOVA, Stato.ASSEGNATA) and self._puo(request):
            context["porte"] = [
                {
                    "url": reverse(f"admin:laboratori_disponibilita_{nome}", args=[obj.pk]),
                    "etichetta": etichetta,
                    "aspetto": aspetto,
                }
                for nome, etichetta, aspetto in (
                    ("assegna", _("Assegna"), ""),
                    ("chiudi", _("Rispondi e chiudi"), "principale"),
                )
            ]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _puo(self, request):
        return request.user.has_perm("laboratori.change_disponibilita")

    def _disponibilita(self, request, pk):
        if not self._puo(request):
            raise Http404
        return get_object_or_404(Disponibilita, pk=pk)

    def assegna(self, request, pk):
        disponibilita = self._disponibilita(request, pk)
        return self.porta(
            request,
            disponibilita,
            form=AssegnaForm(
                inviati(request),
                initial={"a": disponibilita.assegnata_a_id or request.user.pk},
            ),
            titolo=gettext("Assegna la disponibilità"),
            spiegazione=gettext("%(nome)s offre: %(aiuti)s.")
            % {"nome": disponibilita.nome, "aiuti": disponibilita.aiuti_a_parole},
            bottone=gettext("Assegna"),
            esegui=lambda dati: services.assegna(
                disponibilita, dati["a"], request.user, timezone.now()
            ),
            fatto=gettext("Assegnata."),
            ritorno=reverse("admin:laboratori_disponibilita_change", args=[pk]),
            rifiuto=services.Rifiuto,
        )

    def chiudi(self, request, pk):
        disponibilita = self._disponibilita(request, pk)
        return self.porta(
            request,
            disponibilita,
            form=ChiudiForm(inviati(request)),
            titolo=gettext("Rispondi e chiudi"),
            spiegazione=gettext("%(nome)s offre: %(aiuti)s.")
            % {"nome": disponibilita.nome, "aiuti": disponibilita.aiuti_a_parole},
            bottone=gettext("Invia la risposta e chiudi"),
            esegui=lambda dati: services.chiudi(
                disponibilita, dati["risposta"], request.user, timezone.now()
            ),
            fatto=gettext("Chiusa: la risposta sta partendo."),
            ritorno=reverse("admin:laboratori_disponibilita_change", args=[pk]),
            rifiuto=services.Rifiuto,
        )

    def get_urls(self):
        return [
            path(
                f"<int:pk>/{nome}/",
                self.admin_site.admin_view(getattr(self, nome)),
                name=f"laboratori_disponibilita_{nome}",
            )
            for nome in ("assegna", "chiudi")
        ] + super().get_urls()
