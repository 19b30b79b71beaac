from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib.admin import UfficioFormSet, UfficioInline, UfficioModelAdmin

from .cerca import PERCORSO
from .models import Atto, Fase, Percorso


class DateForm(forms.ModelForm):
    def clean(self):
        dati = super().clean()
        inizio, fine = dati.get("inizio"), dati.get("fine")
        if inizio and fine and fine < inizio:
            self.add_error("fine", gettext("La fine viene prima dell'inizio."))
        return dati


class FaseForm(DateForm):
    def _get_validation_exclusions(self):
        """The order is checked among all the rows together, so that two may be swapped."""
        return super()._get_validation_exclusions() | {"ordine"}


class FaseFormSet(UfficioFormSet):
    def clean(self):
        super().clean()
        percorso = self.instance
        ordini = set()
        for form in self.forms:
            dati = getattr(form, "cleaned_data", None) or {}
            if not dati or dati.get("DELETE"):
                continue
            if (ordine := dati.get("ordine")) is not None:
                if ordine in ordini:
                    form.add_error("ordine", gettext("C'è già una fase con questo numero."))
                ordini.add(ordine)
            inizio, fine = dati.get("inizio"), dati.get("fine")
            if percorso.inizio and inizio and inizio < percorso.inizio:
                form.add_error("inizio", gettext("La fase comincia prima del percorso."))
            if percorso.fine and (fine or inizio) and (fine or inizio) > percorso.fine:
                form.add_error("fine", gettext("La fase finisce dopo il percorso."))
        if any(form.errors for form in self.forms):
            raise ValidationError(gettext("Controlla le fasi segnalate."))


class FaseInline(admin.StackedInline):
    model = Fase
    form = FaseForm
    formset = FaseFormSet
    extra = 0
    formfield_overrides = UfficioModelAdmin.formfield_overrides
    fields = [
        ("ordine", "titolo"),
        ("inizio", "fine"),
        "periodo",
        "obiettivo",
        "risultato_atteso",
        "livello",
        "apre_iscrizioni",
        "apre_proposte",
        "apre_sostegni",
        "apre_commenti",
        "apre_osservazioni",
        "moderazione",
        "nasconde_sostegni",
    ]
    verbose_name_plural = _("fasi: che cosa possono fare i cittadini dipende dalle loro date")


class AttoInline(UfficioInline):
    model = Atto
    template = "admin/edit_inline/stacked.html"
    fields = [("genere", "giorno"), "titolo", "testo", "url", "fonti"]
    verbose_name_plural = _("atti e documenti")


@admin.register(Percorso)
class PercorsoAdmin(UfficioModelAdmin):
    form = DateForm
    list_display = ["titolo", "stato", "inizio", "fine", "esempio"]
    list_filter = ["stato"]
    cercato = PERCORSO
    prepopulated_fields = {"slug": ["titolo"]}
    inlines = [FaseInline, AttoInline]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "titolo",
                    "slug",
                    "sintesi",
                    "descrizione",
                    "stato",
                    ("inizio", "fine"),
                ],
                "description": _(
                    "Una bozza la vede solo l'ufficio. Il percorso attivo più recente è quello "
                    "della pagina iniziale; uno concluso resta leggibile per sempre."
                ),
            },
        ),
        (
            _("Chi decide e con quali soldi"),
            {
                "fields": [
                    "ente_decisore",
                    "finanziamento",
                    ("contributo_euro", "costo_euro"),
                    "facilitatore",
                ]
            },
        ),
        (
            _("Com'è andata"),
            {
                "fields": ["partecipanti", "esito", "pagina_url"],
                "description": _("Ciò che non si sa resta vuoto: si legge «da comunicare»."),
            },
        ),
        (_("Fonti"), {"fields": ["fonti"], "classes": ["collapse"]}),
    ]

    def view_on_site(self, percorso):
        return None if percorso.stato == Percorso.Stato.BOZZA else percorso.get_absolute_url()

    def get_prepopulated_fields(self, request, obj=None):
        """The address of a public page does not change with its title."""
        return {} if obj and obj.stato != Percorso.Stato.BOZZA else self.prepopulated_fields

    def get_readonly_fields(self, request, obj=None):
        return ["slug"] if obj and obj.stato != Percorso.Stato.BOZZA else []

    def has_delete_permission(self, request, obj=None):
        permesso = super().has_delete_permission(request, obj)
        return permesso and (obj is None or obj.stato == Percorso.Stato.BOZZA)

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def save_formset(self, request, form, formset, change):
        if formset.model is Fase:
            # Out of the way first, so that numbers can be swapped under their constraint.
            mosse = [
                riga.instance.pk
                for riga in formset.initial_forms
                if "ordine" in riga.changed_data and riga not in formset.deleted_forms
            ]
            for spazio, pk in enumerate(mosse):
                Fase.objects.filter(pk=pk).update(ordine=ORDINE_PROVVISORIO + spazio)
        super().save_formset(request, form, formset, change)


# Above any number that somebody would give to a stage, and inside a small integer.
ORDINE_PROVVISORIO = 30_000
