"""What every screen of the office shares: native date fields, sources as lines, doors.

A *door* is the confirmation page of a verb that changes a state: it says what will happen and
to how many people, asks for what the verb needs, and lets a service do it.
"""

import copy
import secrets
from functools import partial

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.validators import URLValidator
from django.db import models, transaction
from django.forms.models import BaseInlineFormSet
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from . import contesa, dates, storia
from .elenchi import ElencoUfficio, PaginatoreCorto
from .scelte import UltimeField


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


# What a form of a new object carries, so that sent twice it makes one.
GETTONE = "_gettone"

CAMPI = {
    models.DateField: {"widget": GiornoInput},
    models.DateTimeField: {"form_class": forms.DateTimeField, "widget": GiornoOraInput},
    models.URLField: {"assume_scheme": "https"},
    models.ForeignKey: {"form_class": UltimeField},
    models.OneToOneField: {"form_class": UltimeField},
}


def campo_della_riga(formfield):
    """Name a field of an inline table for those who do not see the head of its column."""
    if formfield is not None:
        formfield.widget.attrs.setdefault("aria-label", formfield.label)
    return formfield


def inviati(request):
    """What a form was sent with, None before it is sent: an empty form is sent all the same."""
    return request.POST if request.method == "POST" else None


class PrimaFilter(admin.SimpleListFilter):
    """A filter that is on from the start: of ``lookups``, the one with the value None is what the
    list shows until something else is asked for (Django's "All" is not among them)."""

    def choices(self, changelist):
        for valore, titolo in self.lookup_choices:
            yield {
                "selected": self.value() == valore,
                "query_string": changelist.get_query_string({self.parameter_name: valore})
                if valore
                else changelist.get_query_string(remove=[self.parameter_name]),
                "display": titolo,
            }


class DomandeFilter(admin.SimpleListFilter):
    """The office's questions about a list: ``domande`` gives, for each, its words and the rows
    that answer it. What was not offered to somebody selects nothing for her."""

    def domande(self, request) -> dict:
        """Value → (words, function of the rows)."""
        raise NotImplementedError

    def lookups(self, request, model_admin):
        return [(valore, parole) for valore, (parole, _righe) in self.domande(request).items()]

    def queryset(self, request, queryset):
        domanda = self.domande(request).get(self.value())
        return domanda[1](queryset) if domanda else queryset


class UltimiFilter(admin.SimpleListFilter):
    """By a row of another model, of which there may be thousands: the first of ``righe`` are
    offered, and the one that is asked for."""

    campo = ""
    quante = 20

    def righe(self, request):
        raise NotImplementedError

    def lookups(self, request, model_admin):
        righe = self.righe(request)
        offerte = list(righe[: self.quante])
        scelta = self.value() or ""
        if scelta.isdecimal() and int(scelta) not in {riga.pk for riga in offerte}:
            offerte += righe.filter(pk=int(scelta))
        return [(str(riga.pk), str(riga)) for riga in offerte]

    def queryset(self, request, queryset):
        valore = self.value() or ""
        return queryset.filter(**{self.campo: int(valore)}) if valore.isdecimal() else queryset


class LinguaFilter(admin.SimpleListFilter):
    """By the language that somebody is written to in, without a look at every row for which."""

    title = _("lingua")
    parameter_name = "lingua"

    def lookups(self, request, model_admin):
        return settings.LANGUAGES

    def queryset(self, request, queryset):
        return queryset.filter(lingua=self.value()) if self.value() else queryset


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


class PassiInline(SolaLetturaInline):
    """The steps of an object's life (``da``, ``a``: its ``stato`` before and after), by whom and
    when. ``legati`` are the rows that a step names besides its author."""

    verbose_name_plural = _("che cosa è successo finora")
    legati = ()

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("autore", *self.legati)

    @admin.display(description=_("quando"))
    def quando(self, passo):
        return dates.giorno_e_ora(passo.created_at)

    @admin.display(description=_("passaggio"))
    def passaggio(self, passo):
        stati = dict(self.parent_model._meta.get_field("stato").flatchoices)
        return f"{stati.get(passo.da, '–')} → {stati.get(passo.a, passo.a)}"


class Cambiato(Exception):
    """The object is not any more what the officer read; the message tells her."""


class UfficioModelAdmin(admin.ModelAdmin):
    """The manner of our screens.

    * A change writes only the columns that the form changed: meanwhile a citizen may have
      taken a seat, and a whole-row save would give it back.
    * Of two officers with the same form open the second is told what the first wrote, and
      loses nothing of hers (``portale.lib.contesa``); a new object sent twice is made once.
    * ``cercato`` says what its searches look into (``portale.lib.cercato``).
    * ``dati_personali``: the heading of a door does not say the person's name.
    * Its list is one of ``portale.lib.elenchi``: it costs as much with many rows as with few.
    * The history says what each field was and became, where the log may (``portale.lib.storia``),
      and the object's own steps with it: ``passi`` are the relations that hold them.
    """

    formfield_overrides = CAMPI
    cercato = None
    dati_personali = False
    passi: tuple[str, ...] = ("passaggi",)
    object_history_template = "admin/storia.html"
    list_per_page = 50
    paginator = PaginatoreCorto
    show_full_result_count = False
    # To count what each choice of each filter would show is to read the whole table.
    show_facets = admin.ShowFacets.NEVER
    # The order of a list that is beyond what is counted, where no index gives its own.
    ordering_se_molte = None

    def get_changelist(self, request, **kwargs):
        return ElencoUfficio

    def get_search_fields(self, request):
        # Only whether there are any decides whether a list has its box.
        return super().get_search_fields(request) if self.cercato is None else ["pk"]

    def get_search_results(self, request, queryset, search_term):
        if self.cercato is None:
            return super().get_search_results(request, queryset, search_term)
        return self.cercato.trovate(queryset, search_term), False

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

    # --- Two at the same form ---

    def get_object(self, request, object_id, from_field=None):
        """On POST hold the row's lock until the answer: what a save is compared with stays so."""
        obj = super().get_object(request, object_id, from_field)
        if obj is None or request.method != "POST":
            return obj
        if transaction.get_connection().in_atomic_block:
            bloccate = self.model._default_manager.select_for_update(of=("self",), no_key=True)
            bloccate.filter(pk=obj.pk).first()
            # Who held the lock before us may have changed it.
            obj = super().get_object(request, object_id, from_field)
        return obj

    def _changeform_view(self, request, object_id, form_url, extra_context):
        if request.method == "POST" and object_id and contesa.VISTO in request.POST:
            self._confronta(request, object_id)
        elif request.method == "POST" and object_id is None and GETTONE in request.POST:
            return self._aggiungi_una_volta(request, form_url, extra_context)
        return super()._changeform_view(request, object_id, form_url, extra_context)

    def _confronta(self, request, object_id):
        """Hold what she sent against what others wrote since she opened the form: after it
        ``request.POST`` is what the form should show, and ``request.contesa`` what to say."""
        vista = contesa.leggi(request.POST[contesa.VISTO])
        obj = self.get_object(request, unquote(object_id))
        if vista is None or obj is None or not self.has_change_permission(request, obj):
            return
        prima, dal = vista
        form, formsets = self._moduli(request, obj)
        ora = contesa.fotografa(form, formsets.values())
        dati = request.POST.copy()
        if contesa.RIPRENDI in dati and prima == ora:
            contesa.riprendi_le_loro(dati, ora, formsets)
        confronto = contesa.Confronto(prima, ora, dati, form, formsets)
        if confronto.da_vedere:
            request.contesa = confronto
            request.contesa_chi = self._chi_ha_scritto(obj, dal)
            dati[contesa.VISTO] = contesa.firma(ora, timezone.now())
        request.POST = dati

    def _moduli(self, request, obj):
        """The forms as they would be shown now, and those of the rows that may be written."""
        lettura = copy.copy(request)
        lettura.method = "GET"
        campi = flatten_fieldsets(self.get_fieldsets(lettura, obj))
        form = self.get_form(lettura, obj, change=True, fields=campi)(instance=obj)
        formsets, inlines = self._create_formsets(lettura, obj, change=True)
        coppie = zip(formsets, inlines, strict=True)
        return form, {
            formset.prefix: formset
            for formset, inline in coppie
            if inline.has_change_permission(request, obj)
        }

    def _chi_ha_scritto(self, obj, dal):
        """Who of the office changed the object since ``dal``, when, and what the history says."""
        voci = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(obj, for_concrete_model=False),
            object_id=str(obj.pk),
            action_time__gte=dal,
        ).select_related("user")
        return [
            gettext("%(chi)s, alle %(ora)s: %(che_cosa)s")
            % {
                "chi": str(voce.user),
                "ora": dates.ora(voce.action_time),
                "che_cosa": "; ".join(storia.log_a_parole(voce)),
            }
            for voce in reversed(voci[:10])
        ]

    def get_form(self, request, obj=None, change=False, **kwargs):
        modulo = super().get_form(request, obj, change=change, **kwargs)
        if getattr(request, "contesa", None) is None:
            return modulo

        class InContesa(modulo):
            """Not to be saved yet: the officer has to read what changed."""

            def full_clean(self):
                super().full_clean()
                if self.is_bound:
                    self.add_error(
                        None,
                        gettext("Non ho ancora salvato: qualcuno ha cambiato queste cose."),
                    )

        return InContesa

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        self._prepara_contesa(request, context, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _prepara_contesa(self, request, context, obj):
        """What the form carries so that the next save can be compared."""
        if obj is None:
            context["gettone"] = request.POST.get(GETTONE) or secrets.token_urlsafe(12)
            return
        if not self.has_change_permission(request, obj):
            return
        if contesa.VISTO in request.POST:
            # Refused for another reason, or held up: as she first saw it, or as she reads now.
            context["visto"] = request.POST[contesa.VISTO]
        else:
            formsets = [
                riga.formset
                for riga in context["inline_admin_formsets"]
                if riga.has_change_permission
            ]
            foto = contesa.fotografa(context["adminform"].form, formsets)
            context["visto"] = contesa.firma(foto, timezone.now())
        confronto = getattr(request, "contesa", None)
        if confronto is not None:
            context["contesa"] = confronto
            context["contesa_chi"] = request.contesa_chi
            context["scontri"] = ",".join(confronto.scontri)

    def _aggiungi_una_volta(self, request, form_url, extra_context):
        """A form of a new object that comes twice (a double click, a page sent again) makes one.

        The officer's own row is the queue: of two sends at once the second waits here, and then
        finds what the first has made.
        """
        persone = get_user_model()._default_manager
        persone.select_for_update(no_key=True).filter(pk=request.user.pk).first()
        chiave = f"aggiunta:{request.user.pk}:{request.POST[GETTONE]}"[:200]
        fatto = self.model._default_manager.filter(pk=cache.get(chiave)).first()
        if fatto is not None:
            self.message_user(
                request, gettext("Era già salvato: è questo."), messages.INFO, fail_silently=True
            )
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", fatto.pk)
        request.gettone_aggiunta = chiave
        return super()._changeform_view(request, None, form_url, extra_context)

    def changelist_view(self, request, extra_context=None):
        # What the list is of; Django's own words are those of choosing one to change.
        titolo = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": titolo, **(extra_context or {})})

    def log_addition(self, request, obj, message):
        if chiave := getattr(request, "gettone_aggiunta", None):
            cache.set(chiave, obj.pk, timeout=86_400)
        return self._chiama(super().log_addition(request, obj, message), obj)

    def log_change(self, request, obj, message):
        return self._chiama(super().log_change(request, obj, message), obj)

    def log_deletions(self, request, queryset):
        oggetti = {str(obj.pk): obj for obj in queryset}
        voci = super().log_deletions(request, queryset)
        return [self._chiama(voce, oggetti[str(voce.object_id)]) for voce in voci]

    def _chiama(self, voce, obj):
        """Django's line of the log, with the name that the log may say."""
        voce.object_repr = storia.nome(obj)
        voce.save(update_fields=["object_repr"])
        return voce

    def construct_change_message(self, request, form, formsets, add=False):
        """Each field that changed: from what, to what. Of a new object that it is new."""
        if add:
            return [{"added": {}}]
        return "\n".join(storia.di_modulo(form, formsets)) or []

    def annota(self, request, obj, testo, righe=(), *, pk=None, atto=CHANGE):
        """Write in the object's history what a door did, and by whom; ``righe`` are the fields
        that it changed. ``pk``: of an object that is no more."""
        pk = pk or obj.pk
        LogEntry.objects.create(
            user_id=request.user.pk,
            content_type=ContentType.objects.get_for_model(obj, for_concrete_model=False),
            object_id=str(pk),
            object_repr=storia.nome(obj, pk),
            action_flag=atto,
            change_message="\n".join([str(testo), *righe]),
        )

    def history_view(self, request, object_id, extra_context=None):
        """Who may see the object reads all that happened to it, latest first."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        return TemplateResponse(
            request,
            self.object_history_template,
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": gettext("Storia: %(oggetto)s") % {"oggetto": obj},
                "oggetto": obj,
                "ritorno": reverse(
                    f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk]
                ),
                "pagina": storia.pagina(obj, self.passi, request.GET.get("p")),
                **(extra_context or {}),
            },
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
        sotto_chiave=False,
    ):
        """One door: its page on GET, its verb on POST.

        ``esegui(cleaned_data)`` calls the service; ``rifiuto`` is the exception whose message
        is shown to the officer, with everything she typed still there. When the object is not
        any more what the page said she is told, and reads it again. ``sotto_chiave``: the row is
        the one that the service locks first, so it is held from that look to the end.
        """
        if request.method == "POST" and form.is_valid():
            try:
                # What the service does and the line that says who had it done: both, or neither.
                with transaction.atomic():
                    if sotto_chiave:
                        righe = self.model._default_manager.select_for_update(no_key=True)
                        obj = righe.get(pk=obj.pk)
                    self.pretendi_le_stesse(request, obj)
                    self._esegui(request, obj, titolo, partial(esegui, form.cleaned_data))
            except (rifiuto, Cambiato) as no:
                form.add_error(None, str(no))
            else:
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
                "versione": self.versione_di(obj),
                **(contesto or {}),
            },
        )

    def _esegui(self, request, obj, titolo, verbo):
        """Do it, and write in the history what it did to the object."""
        pk = obj.pk
        tenuti = storia.tenuti_dai_passi(type(obj), self.passi)
        prima = storia.fotografa(obj, tenuti)
        verbo()
        dopo = self.model._base_manager.filter(pk=pk).first()
        if dopo is None:
            self.annota(request, obj, titolo, pk=pk, atto=DELETION)
            return
        righe = storia.di_riga(type(obj), prima, storia.fotografa(dopo, tenuti))
        self.annota(request, dopo, titolo, righe)

    def versione_di(self, *righe):
        """What the page of a door carries of the rows that it shows (``admin/_versione.html``);
        None stands for one that is not there yet."""
        return contesa.firma_versioni(filter(None, righe), timezone.now())

    def pretendi_le_stesse(self, request, *righe):
        """Raises Cambiato when one of these has changed, or come, since the page was shown."""
        viste = contesa.leggi_versioni(request.POST.get(contesa.VERSIONE, ""))
        if viste is None:
            return
        prima, dal = viste
        for obj in filter(None, righe):
            if prima.get(contesa.riga(obj)) == contesa.versione(obj):
                continue
            detto = [
                gettext("Mentre leggevi questa pagina è cambiato qualcosa."),
                *(f"{voce}." for voce in self._chi_ha_scritto(obj, dal)),
                gettext("Rileggi e, se va ancora bene, conferma."),
            ]
            raise Cambiato(" ".join(detto))
