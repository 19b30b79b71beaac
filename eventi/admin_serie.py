"""The screens of a series: one form for the same workshop in every lab, and "this one and those
that follow". What is about to be written is shown first, and written only if it is still that."""

import hashlib
import secrets
from datetime import timedelta

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from laboratori.models import Laboratorio
from percorso.models import Percorso
from portale.lib import contesa, dates
from portale.lib.admin import Cambiato, GiornoInput, inviati
from portale.lib.scelte import UltimeField

from . import serie, services
from .admin_forms import RIGA
from .admin_views import STATI_SPIEGATI
from .models import Incontro, Sede, Servizio

SEGNAPOSTO = "{laboratorio}"
PREFISSO = "righe"


class OraInput(forms.TimeInput):
    input_type = "time"


class SerieForm(forms.Form):
    """What all the meetings share."""

    percorso = forms.ModelChoiceField(Percorso.objects.all(), label=_("Percorso"))
    genere = forms.ChoiceField(
        label=_("Genere"), choices=Incontro.Genere.choices, initial=Incontro.Genere.WORKSHOP
    )
    titolo = forms.CharField(
        label=_("Titolo"),
        max_length=140,
        widget=forms.TextInput(RIGA),
        help_text=_("Dove scrivi {laboratorio} ogni incontro avrà il nome del suo."),
    )
    descrizione = forms.CharField(
        label=_("Di che cosa si parla"),
        required=False,
        widget=forms.Textarea({"rows": 4, "class": "vLargeTextField"}),
    )
    durata = forms.IntegerField(
        label=_("Durata in minuti"), min_value=15, max_value=720, initial=120
    )
    con_iscrizione = forms.BooleanField(
        label=_("Ci si iscrive dal portale"), required=False, initial=True
    )
    posti = forms.IntegerField(
        label=_("Posti"), required=False, min_value=1, help_text=_("Vuoto: senza limite.")
    )
    servizi = forms.MultipleChoiceField(
        label=_("Servizi che si possono chiedere"),
        choices=Servizio.Genere.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class RigaForm(forms.Form):
    """One lab: when and where, and what is different there."""

    includi = forms.BooleanField(label=_("Sì"), required=False, initial=True)
    laboratorio = forms.ModelChoiceField(Laboratorio.objects.all(), widget=forms.HiddenInput)
    giorno = forms.DateField(label=_("Giorno"), required=False, widget=GiornoInput)
    ora = forms.TimeField(label=_("Ora"), required=False, widget=OraInput(format="%H:%M"))
    sede = forms.ModelChoiceField(
        Sede.objects.all(), label=_("Sede"), required=False, empty_label=_("da comunicare")
    )
    titolo = forms.CharField(label=_("Titolo diverso"), required=False, max_length=160)
    posti = forms.IntegerField(label=_("Posti diversi"), required=False, min_value=1)

    def __init__(self, *args, nomi, sedi, **kwargs):
        super().__init__(*args, **kwargs)
        numero = self.prefix.rpartition("-")[2]
        self.nome = nomi.get(str(self["laboratorio"].value()), "")
        # Asked for once for the whole table, not for each row.
        self.fields["sede"].choices = [("", gettext("da comunicare")), *sedi]
        for campo in self.fields.values():
            campo.widget.attrs["aria-label"] = f"{campo.label}, {self.nome or numero}"

    def clean(self):
        dati = super().clean()
        if not dati.get("includi"):
            # Left out: whatever stands in the row is not looked at.
            self._errors.clear()
            return dati
        for nome, manca in (
            ("giorno", gettext("Manca il giorno.")),
            ("ora", gettext("Manca l'ora.")),
        ):
            if nome not in self.errors and not dati.get(nome):
                self.add_error(nome, manca)
        if dati.get("giorno") and dati.get("ora"):
            dati["inizio"] = dates.ora_di_muro(dati["giorno"], dati["ora"])
            if dati["inizio"] <= timezone.now():
                self.add_error("giorno", gettext("È già passato."))
        return dati


class RigheFormSet(forms.BaseFormSet):
    def clean(self):
        if any(self.errors):
            return
        visti = set()
        scelte = [riga.cleaned_data for riga in self.forms if riga.cleaned_data.get("includi")]
        if not scelte:
            raise forms.ValidationError(gettext("Scegli almeno un laboratorio."))
        for dati in scelte:
            dove = (dati["sede"], dati["inizio"])
            if dati["sede"] and dove in visti:
                raise forms.ValidationError(
                    gettext("Due incontri nello stesso posto alla stessa ora: %(sede)s.")
                    % {"sede": dati["sede"]}
                )
            visti.add(dove)


def _impronta(dati):
    """What was previewed, however browsers send the ends of its lines: anything written after it
    is previewed again."""
    bottoni = ("_crea", "_pubblica", "_anteprima", "_fallo")
    ignora = ("csrfmiddlewaretoken", contesa.VERSIONE, "_vista", *bottoni)
    tutto = sorted(
        (nome, [" ".join(valore.split()) for valore in valori if valore.strip()])
        for nome, valori in dati.lists()
        if nome not in ignora
    )
    return hashlib.sha256(repr([uno for uno in tutto if uno[1]]).encode()).hexdigest()


def serie_nuova(model_admin, request):
    if not model_admin.has_add_permission(request):
        raise Http404
    laboratori = list(Laboratorio.objects.all())
    attivo = Percorso.objects.attivi().in_evidenza().first()
    FormSet = forms.formset_factory(RigaForm, formset=RigheFormSet, extra=0)  # noqa: N806
    righe = FormSet(
        inviati(request),
        prefix=PREFISSO,
        initial=[{"laboratorio": lab.pk} for lab in laboratori],
        form_kwargs={
            "nomi": {str(lab.pk): str(lab) for lab in laboratori},
            "sedi": [(sede.pk, str(sede)) for sede in Sede.objects.all()],
        },
    )
    form = SerieForm(inviati(request), initial={"percorso": attivo})
    anteprima = vista = None
    # Both, so that what is wrong shows everywhere at once.
    if request.method == "POST" and all([form.is_valid(), righe.is_valid()]):
        scelte = _scelte(form.cleaned_data, righe)
        vista = _impronta(request.POST)
        crea = "_crea" in request.POST or "_pubblica" in request.POST
        if crea and request.POST.get("_vista") == vista:
            try:
                return _crea(model_admin, request, form.cleaned_data, scelte)
            except services.Rifiuto as no:
                form.add_error(None, str(no))
        anteprima = [_in_anteprima(riga, form.cleaned_data) for riga in scelte]
    return TemplateResponse(
        request,
        "admin/eventi/incontro/serie.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": gettext("Lo stesso incontro in più laboratori"),
            "form": form,
            "righe": righe,
            "errori_righe": righe.errors and any(righe.errors),
            "anteprima": anteprima,
            "vista": vista,
            "chiave": request.POST.get("chiave") or secrets.token_urlsafe(12),
            "ritorno": reverse("admin:eventi_incontro_changelist"),
        },
    )


def _scelte(comuni, righe):
    durata = timedelta(minutes=comuni["durata"])
    return [
        serie.Riga(
            laboratorio=dati["laboratorio"],
            titolo=dati["titolo"]
            or comuni["titolo"].replace(SEGNAPOSTO, str(dati["laboratorio"]))[:160],
            inizio=dati["inizio"],
            fine=dati["inizio"] + durata,
            sede=dati["sede"],
            posti=dati["posti"] or comuni["posti"],
        )
        for dati in (riga.cleaned_data for riga in righe.forms)
        if dati.get("includi")
    ]


def _in_anteprima(riga, comuni):
    """The meeting as it will read, and the stage of the process on that day."""
    giorno = dates.a_roma(riga.inizio).date()
    fasi = [str(fase) for fase in comuni["percorso"].fasi.all() if fase.in_corso(giorno)]
    return {
        "titolo": riga.titolo,
        "quando": f"{dates.giorno_e_ora(riga.inizio)}–{dates.ora(riga.fine)}",
        "dove": riga.sede or gettext("sede da comunicare"),
        "posti": riga.posti or gettext("senza limite"),
        "fase": ", ".join(fasi) or gettext("fuori dalle fasi"),
    }


def _crea(model_admin, request, comuni, scelte):
    pubblicali = "_pubblica" in request.POST
    fatta, nuova = serie.crea(
        chiave=request.POST.get("chiave", "")[:32] or secrets.token_urlsafe(12),
        titolo=comuni["titolo"],
        righe=scelte,
        comuni={
            nome: comuni[nome] for nome in ("percorso", "genere", "descrizione", "con_iscrizione")
        },
        servizi=comuni["servizi"],
        pubblicali=pubblicali,
        autore=request.user,
        adesso=timezone.now(),
    )
    if nuova:
        for incontro in fatta.incontri.all():
            model_admin.log_addition(request, incontro, gettext("Creato con la sua serie."))
        fatto = (
            ngettext("%(n)d incontro pubblicato.", "%(n)d incontri pubblicati.", len(scelte))
            if pubblicali
            else ngettext("%(n)d bozza creata.", "%(n)d bozze create.", len(scelte))
        )
        messages.success(request, fatto % {"n": len(scelte)})
    else:
        messages.info(request, gettext("Erano già stati creati: sono questi."))
    return redirect(f"{reverse('admin:eventi_incontro_changelist')}?serie__id__exact={fatta.pk}")


# --- This one and those that follow ---------------------------------------------------------


class ModificaSerieForm(forms.Form):
    """What to carry; only what is ticked goes."""

    quali = forms.ChoiceField(
        label=_("Quali incontri"),
        choices=[("questo", _("solo questo")), ("da_qui", _("questo e i successivi"))],
        initial="da_qui",
    )
    campi = forms.MultipleChoiceField(
        label=_("Che cosa cambia"),
        choices=[
            ("orario", _("l'ora di inizio")),
            ("durata", _("la durata")),
            ("sede", _("la sede")),
            ("posti", _("i posti")),
            ("descrizione", _("la descrizione")),
            ("annulla", _("si annullano")),
        ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Scegli che cosa cambia.")},
    )
    orario = forms.TimeField(
        label=_("Ora di inizio"), required=False, widget=OraInput(format="%H:%M")
    )
    durata = forms.IntegerField(
        label=_("Durata in minuti"), required=False, min_value=15, max_value=720
    )
    sede = UltimeField(Sede.objects.all(), label=_("Sede"), required=False)
    posti = forms.IntegerField(label=_("Posti"), required=False, min_value=1)
    descrizione = forms.CharField(
        label=_("Di che cosa si parla"),
        required=False,
        widget=forms.Textarea({"rows": 4, "class": "vLargeTextField"}),
    )
    motivo = forms.CharField(
        label=_("Motivo"),
        required=False,
        widget=forms.Textarea({"rows": 2, "class": "vLargeTextField"}),
        help_text=_(
            "Serve se un incontro pubblicato si sposta o si annulla: lo leggono gli iscritti."
        ),
    )

    def clean(self):
        dati = super().clean()
        scelti = dati.get("campi") or []
        for nome in scelti:
            vuoto = nome not in ("annulla", "descrizione") and dati.get(nome) is None
            if vuoto and nome not in self.errors:
                self.add_error(nome, gettext("Scrivi il nuovo valore."))
        if "annulla" in scelti and len(scelti) > 1:
            self.add_error("campi", gettext("Se si annullano, non cambia altro."))
        return dati

    def modifica(self):
        scelti, dati = self.cleaned_data["campi"], self.cleaned_data
        durata = timedelta(minutes=dati["durata"]) if "durata" in scelti else None
        return serie.Modifica(
            descrizione=dati["descrizione"] if "descrizione" in scelti else None,
            posti=dati["posti"] if "posti" in scelti else None,
            orario=dati["orario"] if "orario" in scelti else None,
            durata=durata,
            sede=dati["sede"] if "sede" in scelti else None,
            annulla="annulla" in scelti,
        )


def modifica_serie(model_admin, request, pk):
    """First what would change, meeting by meeting, and how many people would be told; then it is
    done, if it is still the same."""
    if not request.user.has_perm("eventi.change_incontro"):
        raise Http404
    incontro = get_object_or_404(Incontro.objects.for_elenco(), pk=pk)
    adesso = timezone.now()
    durata = incontro.fine and int((incontro.fine - incontro.inizio).total_seconds() // 60)
    form = ModificaSerieForm(
        inviati(request),
        initial={
            "orario": incontro.inizio and dates.a_roma(incontro.inizio).time(),
            "durata": durata,
            "sede": incontro.sede_id,
            "posti": incontro.posti,
            "descrizione": incontro.descrizione,
        },
    )
    anteprima = vista = None
    quali = [incontro]
    if request.method == "POST" and form.is_valid():
        modifica = form.modifica()
        quali = serie.da_qui(incontro, adesso)
        if form.cleaned_data["quali"] == "questo":
            quali = quali.filter(pk=incontro.pk)
        quali = list(quali.select_related("sede", "laboratorio").order_by("inizio", "pk"))
        vista = _impronta(request.POST)
        if "_fallo" in request.POST and request.POST.get("_vista") == vista:
            try:
                with transaction.atomic():
                    model_admin.pretendi_le_stesse(request, *quali)
                    cambiati = serie.modifica_tutti(
                        [uno.pk for uno in quali],
                        modifica,
                        motivo=form.cleaned_data["motivo"],
                        autore=request.user,
                        adesso=adesso,
                    )
                    for uno in cambiati:
                        model_admin.annota(request, uno, gettext("Modificato con la sua serie"))
            except (services.Rifiuto, Cambiato) as no:
                form.add_error(None, str(no))
            else:
                fatto = ngettext(
                    "%(n)d incontro cambiato.", "%(n)d incontri cambiati.", len(cambiati)
                )
                messages.success(request, fatto % {"n": len(cambiati)})
                return redirect("admin:eventi_incontro_change", pk)
        anteprima = [
            {
                "titolo": uno.titolo,
                "quando": uno.quando,
                "cambi": serie.che_cosa_cambia(uno, modifica),
                "avvisati": uno.iscrizioni.vive().count()
                if (modifica.annulla or modifica.sposta) and uno.stato != Incontro.Stato.BOZZA
                else 0,
            }
            for uno in quali
        ]
        if not anteprima:
            form.add_error(
                NON_FIELD_ERRORS, gettext("Nessun incontro che si possa ancora cambiare.")
            )
    fermo = incontro.stato in (Incontro.Stato.SVOLTO, Incontro.Stato.ANNULLATO)
    return TemplateResponse(
        request,
        "admin/eventi/incontro/modifica_serie.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": gettext("Modifica la serie"),
            "oggetto": incontro,
            "versione": model_admin.versione_di(*quali),
            "form": form,
            "chiusa": STATI_SPIEGATI[incontro.stato] if fermo else "",
            "anteprima": anteprima,
            "vista": vista,
            "ritorno": reverse("admin:eventi_incontro_change", args=[pk]),
        },
    )
