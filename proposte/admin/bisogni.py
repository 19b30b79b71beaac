from functools import partial

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from eventi.admin_forms import IncontroField
from eventi.models import Incontro
from percorso.models import Percorso
from portale.lib import dates
from portale.lib.admin import Cambiato, PassiInline, UfficioModelAdmin, inviati
from portale.lib.testo import normalizza_email
from proposte import bisogni, coda, ricerca
from proposte.admin.filtri import DoveFilter, TemaFilter
from proposte.admin_forms import ConfermaForm, NascondiForm
from proposte.admin_views import Porta
from proposte.forms import CampoFirma, CampoTesto
from proposte.models import Bisogno, Canale, PassaggioBisogno, Proposta, Tema
from proposte.permissions import (
    bisogni_visibili,
    can_moderare,
    can_ordinare,
    can_vedere_persone,
)

Stato = Bisogno.Stato
RIGA = {"class": "vTextField"}
# As many as one reads before saying yes to all of them.
MOLTI = 200
STATI_SPIEGATI = {
    Stato.BOZZA: _("Bozza: si pubblica con il resoconto dell'incontro."),
    Stato.INVIATO: _("Aspetta chi modera: lo vede solo chi l'ha scritto."),
    Stato.PUBBLICATO: _("Pubblicato: le correzioni che salvi si leggono subito."),
    Stato.NASCOSTO: _("Nascosto: lo vede solo chi l'ha scritto."),
}


def _lunghezza(modello, campo):
    return modello._meta.get_field(campo).max_length


def _area(righe):
    return forms.Textarea({"rows": righe, "class": "vLargeTextField"})


def link_ordina(incontro):
    return reverse("raccolta:ordina", args=[incontro.slug])


class ServeFilter(admin.SimpleListFilter):
    """What the office asks for most: by the same rules as the moderators' queue."""

    title = _("che cosa serve")
    parameter_name = "serve"

    def lookups(self, request, model_admin):
        return [
            ("moderazione", _("da moderare")),
            ("ordinare", _("bozze degli incontri")),
            ("tema", _("senza tema")),
            ("priorita", _("degli incontri, senza priorità")),
            ("proposte", _("pubblicati, senza proposte")),
        ]

    def queryset(self, request, queryset):
        temi = Bisogno.temi.through.objects.filter(bisogno=OuterRef("pk"))
        risposte = Proposta.bisogni.through.objects.filter(
            bisogno=OuterRef("pk"), proposta__stato__in=Proposta.PUBBLICI
        )
        scelte = {
            "moderazione": lambda: queryset.da_moderare(),
            "ordinare": lambda: queryset.filter(stato=Stato.BOZZA, incontro__isnull=False),
            "tema": lambda: queryset.filter(~Exists(temi)).exclude(stato=Stato.NASCOSTO),
            "priorita": lambda: queryset.filter(canale=Canale.INCONTRO, priorita=None).exclude(
                stato=Stato.NASCOSTO
            ),
            "proposte": lambda: queryset.pubblici().filter(~Exists(risposte)),
        }
        return scelte[self.value()]() if self.value() in scelte else queryset


class PassaggioBisognoInline(PassiInline):
    model = PassaggioBisogno
    fields = readonly_fields = ["quando", "passaggio", "autore", "perche"]

    @admin.display(description=_("passaggio"))
    def passaggio(self, passo):
        if passo.da == passo.a:
            return gettext("modifica")
        return super().passaggio(passo)

    @admin.display(description=_("perché"))
    def perche(self, passo):
        return ": ".join(filter(None, [passo.get_motivo_display(), passo.testo]))


class BisognoForm(forms.ModelForm):
    titolo = CampoTesto(
        label=_("Il bisogno in una frase"),
        required=True,
        max_length=_lunghezza(Bisogno, "titolo"),
        widget=forms.TextInput(RIGA),
    )
    testo = CampoTesto(
        label=_("Che cosa serve e perché"),
        max_length=_lunghezza(Bisogno, "testo"),
        righe=6,
        widget=_area(6),
        help_text=_("Con le parole di chi lo ha detto, senza nomi di altre persone."),
    )
    nome_mostrato = CampoFirma(
        label=_("Nome mostrato"),
        max_length=_lunghezza(Bisogno, "nome_mostrato"),
        widget=forms.TextInput(RIGA),
        help_text=_("Come la persona vuole firmare. Vuoto: «una persona»."),
    )

    def clean(self):
        dati = super().clean()
        incontro, percorso = dati.get("incontro"), dati.get("percorso")
        if incontro and percorso and incontro.percorso_id != percorso.pk:
            self.add_error("incontro", gettext("Questo incontro è di un altro percorso."))
        return dati


class NuovoBisognoForm(BisognoForm):
    """What arrived on paper, or was said at a meeting where nobody typed."""

    canale = forms.ChoiceField(
        label=_("Come è arrivato"),
        choices=[
            (Canale.CARTACEO, _("su carta, da una persona")),
            (Canale.INCONTRO, _("in un incontro")),
        ],
        help_text=_("Quelli di un incontro si pubblicano insieme, con il suo resoconto."),
    )
    incontro = IncontroField(
        Incontro.objects.none(), label=_("Incontro"), required=False, help_text=_("Se lo si sa.")
    )
    email = forms.EmailField(
        label=_("E-mail di chi lo ha scritto"),
        required=False,
        widget=forms.EmailInput(RIGA),
        help_text=_(
            "Solo se l'ha scritta sul foglio firmato: riceve una conferma e sa che fine fa."
        ),
    )
    pubblica = forms.BooleanField(
        label=_("L'ho letto: pubblicalo subito"),
        required=False,
    )

    # Who types it in: she chooses among the meetings that exist for her.
    utente = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        suoi = Incontro.objects.visibili_a(self.utente)
        finiti = suoi.passati(timezone.now()).exclude(stato=Incontro.Stato.ANNULLATO)
        self.fields["incontro"].queryset = finiti.exclude(stato=Incontro.Stato.BOZZA)

    def clean_email(self):
        return normalizza_email(self.cleaned_data["email"])

    def clean(self):
        dati = super().clean()
        incontro = dati.get("incontro")
        if dati.get("canale") == Canale.INCONTRO:
            if incontro is None and "incontro" not in self.errors:
                self.add_error("incontro", gettext("Scegli l'incontro in cui è emerso."))
            if dati.get("email"):
                self.add_error("email", gettext("Ciò che emerge in un incontro non ha firma."))
        # A workshop speaks of its own neighbourhood.
        if incontro and dati.get("laboratorio") is None:
            dati["laboratorio"] = incontro.laboratorio
        return dati

    def _post_clean(self):
        super()._post_clean()
        if "laboratorio" in self.cleaned_data:
            self.instance.laboratorio = self.cleaned_data["laboratorio"]


class CambiaBisognoForm(BisognoForm):
    # What the officer saw: a colleague, or who facilitates, may be rewriting it too.
    visto = forms.CharField(required=False, widget=forms.HiddenInput({"autocomplete": "off"}))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["visto"].initial = self.instance.updated_at.isoformat()

    def clean(self):
        dati = super().clean()
        try:
            visto = parse_datetime(dati.get("visto") or "")
        except ValueError:
            visto = None
        if visto != self.instance.updated_at:
            raise forms.ValidationError(
                _(
                    "Qualcun altro ha modificato questo bisogno dopo di te: riapri la pagina e "
                    "ripeti la modifica."
                )
            )
        return dati


@admin.register(Bisogno)
class BisognoAdmin(UfficioModelAdmin):
    """States change through the doors, texts through ``proposte.bisogni`` too."""

    change_form_template = "admin/proposte/bisogno/change_form.html"
    list_display = ["titolo_", "stato", "dove", "da_dove", "quanto_conta", "aspetta"]
    list_filter = [
        ServeFilter,
        "stato",
        DoveFilter,
        "priorita",
        "canale",
        TemaFilter,
        "percorso",
        "esempio",
    ]
    list_select_related = ["laboratorio", "incontro"]
    search_fields = ["indice"]
    ordering = ["-pk"]
    sortable_by = ["quanto_conta"]
    actions = ["pubblica_molti", "nascondi_molti"]
    inlines = [PassaggioBisognoInline]

    # --- Who ---

    def get_queryset(self, request):
        return bisogni_visibili(request.user).order_by(*self.ordering)

    def has_change_permission(self, request, obj=None):
        """Who leads the tables rewrites the drafts of the meetings; what was sent or published
        only who moderates."""
        permesso = super().has_change_permission(request, obj)
        if obj is None or can_moderare(request.user):
            return permesso
        return permesso and obj.stato == Stato.BOZZA and obj.incontro_id is not None

    def has_delete_permission(self, request, obj=None):
        permesso = super().has_delete_permission(request, obj)
        return permesso and obj is not None and obj.stato == Stato.BOZZA

    def has_modera_permission(self, request):
        return can_moderare(request.user)

    def view_on_site(self, bisogno):
        return bisogno.get_absolute_url() if bisogno.stato == Stato.PUBBLICATO else None

    # --- List ---

    @admin.display(description=_("bisogno"), ordering="pk")
    def titolo_(self, bisogno):
        if bisogno.esempio:
            return format_html(
                '{} <span class="esempio">{}</span>', str(bisogno), gettext("esempio")
            )
        return str(bisogno)

    @admin.display(description=_("dove"))
    def dove(self, bisogno):
        return str(bisogno.laboratorio or gettext("Tutta la città"))

    @admin.display(description=_("da dove viene"))
    def da_dove(self, bisogno):
        if bisogno.incontro_id:
            return bisogno.incontro.titolo
        return f"{bisogno.nome_mostrato or gettext('una persona')}, {bisogno.get_canale_display()}"

    @admin.display(description=_("priorità"), ordering="priorita")
    def quanto_conta(self, bisogno):
        parti = [bisogno.get_priorita_display() or ""]
        if bisogno.punti is not None:
            bollini = ngettext("%(n)d bollino", "%(n)d bollini", bisogno.punti)
            parti.append(bollini % {"n": bisogno.punti})
        return ", ".join(filter(None, parti))

    @admin.display(description=_("aspetta chi modera"))
    def aspetta(self, bisogno):
        if bisogno.stato != Stato.INVIATO:
            return ""
        adesso = timezone.now()
        eta = coda.eta(bisogno.created_at, adesso)
        if adesso - bisogno.created_at <= coda.limite():
            return eta
        return format_html('<span class="in-ritardo">{}: {}</span>', gettext("in ritardo"), eta)

    def get_search_results(self, request, queryset, search_term):
        """By words as citizens find them; by number; by the whole address of who wrote, for who
        may read it."""
        cerca = search_term.strip()
        if not cerca:
            return queryset, False
        if "@" in cerca and can_vedere_persone(request.user):
            return queryset.filter(proponente__email=normalizza_email(cerca)), False
        parole = ricerca.cercate(cerca)
        per_numero = Q(pk=int(cerca)) if cerca.isdecimal() and len(cerca) < 10 else Q(pk__in=[])
        if not parole:
            return queryset.filter(per_numero), False
        trovati = ricerca.con_parole(queryset, parole).values("pk")
        return queryset.filter(per_numero | Q(pk__in=trovati)), False

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.action(description=_("Pubblica"), permissions=["modera"])
    def pubblica_molti(self, request, queryset):
        return self._molti(
            request,
            queryset,
            azione="pubblica_molti",
            form=ConfermaForm(request.POST if "conferma" in request.POST else None),
            titolo=gettext("Pubblica i bisogni scelti"),
            spiegazione=gettext(
                "Da adesso tutti li leggono, e chi li ha scritti riceve una e-mail. I nascosti, "
                "da qui, non si riammettono."
            ),
            bottone=gettext("Pubblica"),
            esegui=partial(_pubblica_uno, request.user),
        )

    @admin.action(description=_("Nascondi"), permissions=["modera"])
    def nascondi_molti(self, request, queryset):
        return self._molti(
            request,
            queryset,
            azione="nascondi_molti",
            form=NascondiForm(request.POST if "conferma" in request.POST else None),
            titolo=gettext("Nascondi i bisogni scelti"),
            spiegazione=gettext(
                "Nessuno li vede più, tranne chi li ha scritti, che riceve motivo e spiegazione."
            ),
            bottone=gettext("Nascondi"),
            esegui=partial(_nascondi_uno, request.user),
            grave=True,
        )

    def _molti(
        self, request, queryset, *, azione, form, titolo, spiegazione, bottone, esegui, grave=False
    ):
        """A door for several: first which ones, then each through its own. What was refused is
        told one by one; the others are done."""
        pks = list(queryset.order_by("pk").values_list("pk", flat=True)[: MOLTI + 1])
        if len(pks) > MOLTI:
            testo = gettext("Sono troppi: scegline al massimo %(n)d.") % {"n": MOLTI}
            messages.error(request, testo)
            return None
        scelti = list(bisogni_visibili(request.user).filter(pk__in=pks).order_by("pk"))
        if "conferma" not in request.POST or not form.is_valid():
            return TemplateResponse(
                request,
                "admin/proposte/bisogno/molti.html",
                {
                    **self.admin_site.each_context(request),
                    "opts": self.opts,
                    "title": titolo,
                    "oggetto": None,
                    "spiegazione": spiegazione,
                    "bottone": bottone,
                    "grave": grave,
                    "form": form,
                    "azione": azione,
                    "bisogni": scelti,
                    "versione": self.versione_di(*scelti),
                    "ritorno": request.get_full_path(),
                },
            )
        adesso, fatti = timezone.now(), 0
        for bisogno in scelti:
            try:
                with transaction.atomic():
                    self.pretendi_le_stesse(request, bisogno)
                    esegui(bisogno, form.cleaned_data, adesso)
                    self.annota(request, bisogno, titolo)
            except (bisogni.Rifiuto, Cambiato) as no:
                messages.warning(request, f"«{bisogno}»: {no}")
            else:
                fatti += 1
        if fatti:
            testo = ngettext("%(n)d bisogno fatto.", "%(n)d bisogni fatti.", fatti)
            messages.success(request, testo % {"n": fatti})
        return redirect(request.get_full_path())

    # --- One need ---

    def get_form(self, request, obj=None, change=False, **kwargs):
        kwargs["form"] = NuovoBisognoForm if obj is None else CambiaBisognoForm
        if obj is not None and not self.has_change_permission(request, obj):
            # Nothing to write: the model's own fields, shown.
            kwargs["form"] = forms.ModelForm
        form = super().get_form(request, obj, change=change, **kwargs)
        form.utente = request.user
        return form

    def get_inlines(self, request, obj):
        return self.inlines if obj else []

    def get_fieldsets(self, request, obj=None):
        emerso = (
            _("Nell'incontro"),
            {
                "fields": ["tavolo", "punti", "priorita"],
                "description": _(
                    "Quello che il gruppo ha deciso: i bollini contati, la priorità."
                ),
            },
        )
        if obj is None:
            come = ["percorso", "canale", "incontro"]
            chi = ["nome_mostrato", "email"]
            if can_moderare(request.user):
                chi.append("pubblica")
            return [
                (None, {"fields": come}),
                (_("Il bisogno"), {"fields": ["titolo", "testo", "laboratorio", "temi"]}),
                emerso,
                (_("Chi lo ha scritto"), {"fields": chi}),
            ]
        chi = ["da_dove", "canale", "nome_mostrato", "registrato_da", "ricevuto"]
        if can_vedere_persone(request.user):
            chi.insert(1, "chi_scrive")
        visto = ["visto"] if self.has_change_permission(request, obj) else []
        return [
            (
                _("Il bisogno"),
                {"fields": ["titolo", "testo", "laboratorio", "temi", *visto]},
            ),
            emerso,
            (_("Da dove viene"), {"fields": ["percorso", "incontro", *chi]}),
            (_("Chi risponde"), {"fields": ["le_note", "le_proposte"]}),
        ]

    def get_readonly_fields(self, request, obj=None):
        if obj is None:
            return []
        return [
            "percorso", "incontro", "canale", "registrato_da", "da_dove", "chi_scrive",
            "ricevuto", "le_note", "le_proposte",
        ]  # fmt: skip

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "temi" and formfield is not None:
            formfield.widget = forms.CheckboxSelectMultiple()
            formfield.queryset = Tema.objects.all()
            formfield.help_text = ""
        return formfield

    def get_changeform_initial_data(self, request):
        attivo = Percorso.objects.attivi().in_evidenza().first()
        return {"percorso": attivo, **super().get_changeform_initial_data(request)}

    @admin.display(description=_("chi lo ha scritto"))
    def chi_scrive(self, bisogno):
        return bisogno.proponente.email if bisogno.proponente else "–"

    @admin.display(description=_("ricevuto"))
    def ricevuto(self, bisogno):
        return dates.giorno_e_ora(bisogno.created_at)

    @admin.display(description=_("note dei tavoli"))
    def le_note(self, bisogno):
        if bisogno.incontro is None:
            return "–"
        quante = bisogno.note.presenti().count()
        return ngettext("%(n)d nota", "%(n)d note", quante) % {"n": quante}

    @admin.display(description=_("proposte che rispondono"))
    def le_proposte(self, bisogno):
        return ", ".join(str(proposta) for proposta in bisogno.proposte.pubbliche()[:20]) or "–"

    def save_model(self, request, obj, form, change):
        adesso, scritto = timezone.now(), form.cleaned_data
        if change:
            colonne = {campo.name for campo in obj._meta.concrete_fields}
            valori = {nome: scritto[nome] for nome in form.changed_data if nome in colonne}
            # The instance already says what the form says: the row does not yet.
            bisogni.modifica(
                Bisogno(pk=obj.pk),
                valori,
                temi=scritto.get("temi"),
                autore=request.user,
                adesso=adesso,
            )
            return
        campi = (
            "percorso", "laboratorio", "canale", "incontro", "tavolo", "titolo", "testo",
            "punti", "priorita", "nome_mostrato",
        )  # fmt: skip
        nuovo, _creato = bisogni.registra(
            {nome: scritto[nome] for nome in campi},
            temi=scritto["temi"],
            email=scritto["email"],
            # The page does not offer it to her, but she could send it.
            pubblica=can_moderare(request.user) and scritto["pubblica"],
            autore=request.user,
            adesso=adesso,
        )
        obj.pk = nuovo.pk
        obj.refresh_from_db()

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            context["porte"] = self._porte(request.user, obj)
            context["stato_spiegato"] = STATI_SPIEGATI[obj.stato]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _porte(self, user, bisogno):
        porte = []
        if can_moderare(user):
            pubblica = reverse("admin:proposte_bisogno_pubblica", args=[bisogno.pk])
            nascondi = reverse("admin:proposte_bisogno_nascondi", args=[bisogno.pk])
            if bisogno.stato == Stato.NASCOSTO:
                porte.append(Porta(pubblica, _("Riammetti"), "principale"))
            elif bisogno.stato != Stato.PUBBLICATO:
                porte.append(Porta(pubblica, _("Pubblica"), "principale"))
            if bisogno.stato in (Stato.INVIATO, Stato.PUBBLICATO):
                porte.append(Porta(nascondi, _("Nascondi"), "grave"))
        if bisogno.incontro and can_ordinare(user):
            porte.append(Porta(link_ordina(bisogno.incontro), _("Ordina le note dell'incontro")))
        return porte

    # --- Doors ---

    def _bisogno(self, request, pk):
        if not can_moderare(request.user):
            raise Http404
        righe = bisogni_visibili(request.user)
        return get_object_or_404(righe.select_related("laboratorio", "incontro"), pk=pk)

    def pubblica(self, request, pk):
        bisogno = self._bisogno(request, pk)
        riammette = bisogno.stato == Stato.NASCOSTO
        return self.porta(
            request,
            bisogno,
            form=ConfermaForm(inviati(request)),
            titolo=gettext("Riammetti il bisogno")
            if riammette
            else gettext("Pubblica il bisogno"),
            spiegazione=gettext("Da adesso tutti lo leggono e possono rispondere con proposte."),
            bottone=gettext("Riammetti") if riammette else gettext("Pubblica"),
            esegui=lambda _dati: bisogni.pubblica(bisogno, request.user, adesso=timezone.now()),
            fatto=gettext("Pubblicato: si vede sul sito."),
            ritorno=reverse("admin:proposte_bisogno_change", args=[pk]),
            rifiuto=bisogni.Rifiuto,
            contesto={"elenco": self._come_si_leggera(bisogno), **_chiusa(bisogno, "pubblica")},
        )

    def nascondi(self, request, pk):
        bisogno = self._bisogno(request, pk)
        return self.porta(
            request,
            bisogno,
            form=NascondiForm(inviati(request)),
            titolo=gettext("Nascondi il bisogno"),
            spiegazione=gettext(
                "Nessuno lo vede più, tranne chi l'ha scritto, che riceve motivo e spiegazione. "
                "Si può sempre riammettere."
            ),
            bottone=gettext("Nascondi"),
            esegui=lambda dati: bisogni.nascondi(
                bisogno, request.user, dati["motivo"], dati["testo"], adesso=timezone.now()
            ),
            fatto=gettext("Nascosto."),
            ritorno=reverse("admin:proposte_bisogno_change", args=[pk]),
            rifiuto=bisogni.Rifiuto,
            grave=True,
            contesto=_chiusa(bisogno, "nascondi"),
        )

    def _come_si_leggera(self, bisogno):
        """Label, value, and whether it deserves a second look before everybody reads it."""
        temi = ", ".join(str(tema) for tema in bisogno.temi.all())
        return [
            (gettext("Bisogno"), bisogno.titolo, False),
            (gettext("Che cosa serve e perché"), bisogno.testo or "–", False),
            (gettext("Dove"), self.dove(bisogno), False),
            (gettext("Da dove viene"), self.da_dove(bisogno), False),
            (gettext("Temi"), temi or "–", not temi),
        ]

    def get_urls(self):
        return [
            path(
                f"<int:pk>/{nome}/",
                self.admin_site.admin_view(getattr(self, nome)),
                name=f"proposte_bisogno_{nome}",
            )
            for nome in ("pubblica", "nascondi")
        ] + super().get_urls()


def _chiusa(bisogno, verbo):
    """Why a door is shut, for who opens its address all the same."""
    a = Stato.PUBBLICATO if verbo == "pubblica" else Stato.NASCOSTO
    if a in bisogni.TRANSIZIONI[bisogno.stato]:
        return {}
    testo = gettext("Il bisogno è «%(stato)s»: non c'è niente da fare qui.")
    return {"chiusa": testo % {"stato": bisogno.get_stato_display()}}


def _pubblica_uno(autore, bisogno, _dati, adesso):
    # A hidden one deserves a look of its own.
    if bisogno.stato == Stato.NASCOSTO:
        raise bisogni.Rifiuto(gettext("è nascosto: aprilo per riammetterlo."))
    bisogni.pubblica(bisogno, autore, adesso=adesso)


def _nascondi_uno(autore, bisogno, dati, adesso):
    bisogni.nascondi(bisogno, autore, dati["motivo"], dati["testo"], adesso=adesso)
