"""What every screen of the office shares: native date fields, sources as lines, doors.

A *door* is the confirmation page of a verb that changes a state: it says what will happen and
to how many people, asks for what the verb needs, and lets a service do it.
"""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.contenttypes.models import ContentType
from django.core.validators import URLValidator
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class GiornoInput(forms.DateInput):
    """The device's own date picker: no script, labelled, right on a phone."""

    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")


class GiornoOraInput(forms.DateTimeInput):
    """The device's own date and time picker; the value is Rome's wall clock."""

    input_type = "datetime-local"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class FontiField(forms.CharField):
    """A list of web addresses, edited one for each line."""

    widget = forms.Textarea

    def __init__(self, **kwargs):
        # The model field's own arguments that make no sense for lines of text.
        kwargs.pop("encoder", None)
        kwargs.pop("decoder", None)
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}))
        kwargs["show_hidden_initial"] = False
        kwargs["help_text"] = _("Da dove viene ciò che è scritto qui: un indirizzo per riga.")
        super().__init__(**kwargs)

    def prepare_value(self, value):
        if isinstance(value, str):
            return value
        return "\n".join(str(fonte) for fonte in value or [])

    def to_python(self, value):
        return [riga.strip() for riga in super().to_python(value).splitlines() if riga.strip()]

    def validate(self, value):
        super().validate(value)
        controlla = URLValidator(schemes=["http", "https"])
        for fonte in value:
            try:
                controlla(fonte)
            except forms.ValidationError:
                raise forms.ValidationError(
                    _("«%(fonte)s» non è un indirizzo web: scrivine uno per riga, con https://."),
                    params={"fonte": fonte[:80]},
                ) from None

    def run_validators(self, value):
        """Nothing more: the validators of CharField are about one string."""

    def has_changed(self, initial, data):
        return list(initial or []) != self.to_python(data)


CAMPI = {
    models.DateField: {"widget": GiornoInput},
    models.DateTimeField: {"form_class": forms.DateTimeField, "widget": GiornoOraInput},
    models.URLField: {"assume_scheme": "https"},
}


def campo_della_riga(formfield):
    """Name a field of an inline table for those who do not see the head of its column."""
    if formfield is not None:
        formfield.widget.attrs.setdefault("aria-label", formfield.label)
    return formfield


def inviati(request):
    """What a form was sent with, None before it is sent: an empty form is sent all the same."""
    return request.POST if request.method == "POST" else None


class UfficioFormSet(BaseInlineFormSet):
    def add_fields(self, form, index):
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].widget.attrs["aria-label"] = gettext("Elimina questa riga")


class UfficioInline(admin.TabularInline):
    """An editable table of rows that belong to the object."""

    extra = 0
    formset = UfficioFormSet
    formfield_overrides = CAMPI

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "fonti":
            kwargs["form_class"] = FontiField
            kwargs["widget"] = forms.Textarea(attrs={"rows": 2, "cols": 30})
        return campo_della_riga(super().formfield_for_dbfield(db_field, request, **kwargs))


class SolaLetturaInline(admin.TabularInline):
    """A table of what happened: nobody writes it by hand."""

    template = "admin/edit_inline/sola_lettura.html"
    extra = 0
    can_delete = False

    def has_view_permission(self, request, obj=None):
        # Who may open the page has been asked for the permission on its object.
        return True

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class UfficioModelAdmin(admin.ModelAdmin):
    """The manner of our screens.

    * A change writes only the columns that the form changed: meanwhile a citizen may have
      taken a seat, and a whole-row save would give it back.
    * ``dati_personali``: the admin's own log, which no retention purge empties, names the
      object by its number instead of by the person's name.
    """

    formfield_overrides = CAMPI
    dati_personali = False
    list_per_page = 50
    show_full_result_count = False

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "fonti":
            kwargs["form_class"] = FontiField
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if formfield and isinstance(formfield.widget, RelatedFieldWidgetWrapper):
            # Beside a choice one may add what is missing; a lab is not deleted from a meeting.
            formfield.widget.can_change_related = False
            formfield.widget.can_delete_related = False
            formfield.widget.can_view_related = False
        return formfield

    def save_model(self, request, obj, form, change):
        if not change:
            obj.save()
            return
        colonne = {field.name for field in obj._meta.concrete_fields}
        cambiate = [nome for nome in form.changed_data if nome in colonne]
        if cambiate:
            sole = [f.name for f in obj._meta.concrete_fields if getattr(f, "auto_now", False)]
            obj.save(update_fields=[*cambiate, *sole])

    def log_addition(self, request, obj, message):
        entry = super().log_addition(request, obj, message)
        return self._senza_nome(entry, obj)

    def log_change(self, request, obj, message):
        entry = super().log_change(request, obj, message)
        return self._senza_nome(entry, obj)

    def log_deletions(self, request, queryset):
        if not self.dati_personali:
            return super().log_deletions(request, queryset)
        return [
            self._senza_nome(entry, None) for entry in super().log_deletions(request, queryset)
        ]

    def _senza_nome(self, entry, obj):
        if self.dati_personali and isinstance(entry, LogEntry):
            entry.object_repr = f"{self.opts.verbose_name} {entry.object_id}"
            entry.save(update_fields=["object_repr"])
        return entry

    def annota(self, request, obj, testo):
        """Write in the object's history what a door did, and by whom."""
        LogEntry.objects.create(
            user_id=request.user.pk,
            content_type=ContentType.objects.get_for_model(obj, for_concrete_model=False),
            object_id=str(obj.pk),
            object_repr=(
                f"{self.opts.verbose_name} {obj.pk}" if self.dati_personali else str(obj)[:200]
            ),
            action_flag=CHANGE,
            change_message=testo,
        )

    def porta(
        self,
        request,
        obj,
        *,
        form,
        titolo,
        bottone,
        esegui,
        fatto,
        ritorno,
        rifiuto,
        spiegazione="",
        contesto=None,
        grave=False,
    ):
        """One door: its page on GET, its verb on POST.

        ``esegui(cleaned_data)`` calls the service; ``rifiuto`` is the exception whose message
        is shown to the officer, with everything she typed still there.
        """
        if request.method == "POST" and form.is_valid():
            try:
                esegui(form.cleaned_data)
            except rifiuto as no:
                form.add_error(None, str(no))
            else:
                self.annota(request, obj, titolo)
                self.message_user(request, fatto, messages.SUCCESS)
                return redirect(ritorno)
        return TemplateResponse(
            request,
            "admin/porta.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": titolo,
                "subtitle": None if self.dati_personali else str(obj),
                "oggetto": obj,
                "form": form,
                "spiegazione": spiegazione,
                "bottone": bottone,
                "grave": grave,
                "ritorno": ritorno,
                **(contesto or {}),
            },
        )
