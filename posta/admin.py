from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import DomandeFilter, UfficioModelAdmin

from . import services
from .generi import registro
from .models import Messaggio


def _breve(momento):
    return f"{dates.a_roma(momento):%d/%m/%Y, %H:%M}"


class RispedisciForm(forms.Form):
    email = forms.EmailField(
        label=_("Indirizzo giusto"),
        required=False,
        widget=forms.EmailInput(attrs={"class": "vTextField"}),
        help_text=_("Vuoto: si riprova allo stesso. Vale per questa e-mail sola."),
    )


class GenereFilter(admin.SimpleListFilter):
    title = _("genere")
    parameter_name = "genere"

    def lookups(self, request, model_admin):
        return sorted(((g.nome, g.etichetta) for g in registro.values()), key=lambda g: g[1])

    def queryset(self, request, queryset):
        return queryset.filter(genere=self.value()) if self.value() else queryset


class ServeFilter(DomandeFilter):
    """The lists that the first page counts, by the same read rules."""

    title = _("che cosa guardare")
    parameter_name = "serve"

    def domande(self, request):
        adesso = timezone.now()
        return {
            "falliti": (_("non partiti"), lambda righe: righe.falliti()),
            "tornati": (
                _("tornati indietro nell'ultimo mese"),
                lambda righe: services.tornati(righe, adesso),
            ),
            "in_ritardo": (_("in ritardo"), lambda righe: services.in_ritardo(righe, adesso)),
            "avvisi_fermi": (
                _("avvisi di incontri cambiati non ancora partiti"),
                lambda righe: services.avvisi_in_ritardo(righe, adesso),
            ),
            "avvisi_persi": (
                _("avvisi di incontri cambiati non arrivati"),
                lambda righe: services.avvisi_persi(righe, adesso),
            ),
        }


@admin.register(Messaggio)
class MessaggioAdmin(UfficioModelAdmin):
    """The outbox, to be read: what the mails say is not here, and one that did not arrive can be
    tried again through ``posta.services.rispedisci``."""

    dati_personali = True
    change_form_template = "admin/posta/messaggio/change_form.html"
    list_display = ["che_cosa", "destinatario", "stato", "dovuto", "tentativi", "inviato"]
    list_filter = [ServeFilter, "stato", GenereFilter]
    search_fields = ["destinatario"]
    # The day on which it was owed.
    date_hierarchy = "dovuto_at"
    ordering = ["-pk"]
    actions = ["rispedisci"]
    fields = [
        "che_cosa",
        "destinatario",
        "lingua",
        "stato",
        "dovuto",
        "tentativi",
        "ultimo_errore",
        "inviato",
        "creato",
    ]

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description=_("che cosa"), ordering="genere")
    def che_cosa(self, messaggio):
        genere = registro.get(messaggio.genere)
        return genere.etichetta if genere else messaggio.genere

    @admin.display(description=_("da spedire dal"), ordering="dovuto_at")
    def dovuto(self, messaggio):
        return _breve(messaggio.dovuto_at)

    @admin.display(description=_("inviato il"), ordering="inviato_at", empty_value="–")
    def inviato(self, messaggio):
        return messaggio.inviato_at and _breve(messaggio.inviato_at)

    @admin.display(description=_("messo in coda il"), ordering="created_at")
    def creato(self, messaggio):
        return _breve(messaggio.created_at)

    @admin.action(permissions=["view"], description=_("Rispedisci i messaggi non arrivati"))
    def rispedisci(self, request, queryset):
        adesso = timezone.now()
        riusciti, rifiuti = 0, set()
        for messaggio in queryset:
            try:
                with transaction.atomic():
                    services.rispedisci(messaggio, adesso=adesso)
                    self.annota(request, messaggio, gettext("Rispedisci"))
            except services.NonRispedibile as no:
                rifiuti.add((self.che_cosa(messaggio), str(no)))
            else:
                riusciti += 1
        if riusciti:
            testo = ngettext(
                "%(n)d messaggio torna in coda e parte a momenti.",
                "%(n)d messaggi tornano in coda e partono a momenti.",
                riusciti,
            )
            self.message_user(request, testo % {"n": riusciti}, messages.SUCCESS)
        for che_cosa, motivo in sorted(rifiuti):
            testo = gettext("«%(che_cosa)s» non si può rispedire: %(motivo)s.")
            self.message_user(
                request, testo % {"che_cosa": che_cosa, "motivo": motivo}, messages.WARNING
            )

    def get_urls(self):
        return [
            path(
                "<int:pk>/rispedisci/",
                self.admin_site.admin_view(self.rispedisci_view),
                name="posta_messaggio_rispedisci",
            ),
            *super().get_urls(),
        ]

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context["subtitle"] = obj and self.che_cosa(obj)
        if obj is not None and obj.stato in Messaggio.NON_ARRIVATI:
            context["porte"] = [
                {
                    "url": reverse("admin:posta_messaggio_rispedisci", args=[obj.pk]),
                    "etichetta": _("Rispedisci"),
                    "aspetto": "principale",
                }
            ]
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def rispedisci_view(self, request, pk):
        if not self.has_view_permission(request):
            raise Http404
        messaggio = get_object_or_404(Messaggio.objects.non_arrivati(), pk=pk)
        adesso = timezone.now()
        genere = registro.get(messaggio.genere)
        form = RispedisciForm if genere and genere.correggibile else forms.Form
        return self.porta(
            request,
            messaggio,
            form=form(request.POST if request.method == "POST" else None),
            titolo=gettext("Rispedisci"),
            bottone=gettext("Rispedisci"),
            spiegazione=gettext(
                "Prima di rispedire guarda l'indirizzo e l'errore: se è sbagliato, allo stesso "
                "indirizzo non arriva neanche questa volta."
            ),
            contesto={
                "elenco": [
                    (gettext("Che cosa"), self.che_cosa(messaggio), False),
                    (gettext("A"), messaggio.destinatario, False),
                    (gettext("Errore"), messaggio.ultimo_errore or "–", True),
                ]
            },
            esegui=lambda dati: services.rispedisci(
                messaggio, email=dati.get("email", ""), adesso=adesso
            ),
            rifiuto=services.NonRispedibile,
            fatto=gettext("Il messaggio torna in coda e parte a momenti."),
            ritorno=reverse("admin:posta_messaggio_change", args=[messaggio.pk]),
        )
