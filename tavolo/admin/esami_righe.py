"""What the office asks of the list of reviews, and reads under one of them."""

from datetime import timedelta

from django.contrib import admin
from django.db.models import Exists, OuterRef, Prefetch
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import PassiInline, SolaLetturaInline
from proposte.models import Proposta

from ..models import (
    CommentoEsame,
    DomandaProponente,
    PassaggioEsame,
    Posizione,
    Seggio,
    VersionePosizione,
)

IN_SCADENZA = timedelta(days=3)


def quando_a_parole(momento):
    return dates.giorno_e_ora(momento) if momento else "–"


# --- The questions that the list answers ----------------------------------------------------


class SituazioneFilter(admin.SimpleListFilter):
    title = _("a che punto è")
    parameter_name = "situazione"

    def lookups(self, request, model_admin):
        return [
            ("aperti", _("si risponde ancora")),
            ("scadono", _("finiscono entro 3 giorni")),
            ("da_decidere", _("finiti, da decidere")),
            ("conclusi", _("conclusi")),
        ]

    def queryset(self, request, queryset):
        adesso = timezone.now()
        scelte = {
            "aperti": lambda: queryset.aperti(adesso),
            "scadono": lambda: queryset.aperti(adesso).filter(scade_at__lte=adesso + IN_SCADENZA),
            "da_decidere": lambda: queryset.conclusi(adesso).filter(
                proposta__stato=Proposta.Stato.IN_VALUTAZIONE
            ),
            "conclusi": lambda: queryset.conclusi(adesso),
        }
        return scelte.get(self.value(), lambda: queryset)()


class SenzaRispostaFilter(admin.SimpleListFilter):
    """The open reviews that a seat has not answered."""

    title = _("aspetta la risposta di")
    parameter_name = "senza_risposta"

    def lookups(self, request, model_admin):
        seggi = Seggio.objects.con_voce().in_carica(dates.a_roma(timezone.now()).date())
        return [(str(seggio.pk), str(seggio)) for seggio in seggi.for_elenco()]

    def queryset(self, request, queryset):
        valore = self.value() or ""
        if not valore.isdecimal():
            return queryset
        risposte = Posizione.objects.rese().filter(esame=OuterRef("pk"), seggio=int(valore))
        suoi = Seggio.objects.filter(pk=int(valore)).values("percorso")
        return queryset.aperti(timezone.now()).filter(~Exists(risposte), percorso__in=suoi)


# --- What is under a review -----------------------------------------------------------------


class PosizioneInline(SolaLetturaInline):
    model = Posizione
    fields = readonly_fields = ["seggio", "che_cosa", "motivazione", "quando", "di_chi", "storia"]
    verbose_name_plural = _("che cosa dicono i seggi")

    def get_queryset(self, request):
        versioni = VersionePosizione.objects.select_related("componente")
        return (
            super()
            .get_queryset(request)
            .rese()
            .select_related("seggio__organizzazione", "resa_da")
            .prefetch_related(Prefetch("versioni", versioni))
        )

    @admin.display(description=_("posizione"))
    def che_cosa(self, posizione):
        return capfirst(posizione.get_grado_display())

    @admin.display(description=_("espressa il"))
    def quando(self, posizione):
        return quando_a_parole(posizione.resa_at)

    @admin.display(description=_("scritta da"))
    def di_chi(self, posizione):
        return posizione.resa_da.nome if posizione.resa_da else "–"

    @admin.display(description=_("prima"))
    def storia(self, posizione):
        prima = list(posizione.versioni.all())[:-1]
        return format_html_join(
            "",
            "<p>{}: {} ({})</p>",
            (
                (quando_a_parole(v.created_at), v.get_grado_display(), v.componente.nome)
                for v in reversed(prima)
            ),
        )


class DomandaInline(SolaLetturaInline):
    model = DomandaProponente
    fields = readonly_fields = ["seggio", "apri", "risposta", "quando"]
    verbose_name_plural = _("domande a chi propone")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("seggio__organizzazione")

    @admin.display(description=_("domanda"))
    def apri(self, domanda):
        url = reverse("admin:tavolo_domandaproponente_change", args=[domanda.pk])
        return format_html('<a href="{}">{}</a>', url, domanda.testo)

    @admin.display(description=_("risposto il"))
    def quando(self, domanda):
        return quando_a_parole(domanda.risposta_at)


class CommentoInline(SolaLetturaInline):
    model = CommentoEsame
    fields = readonly_fields = ["seggio", "testo", "quando"]
    verbose_name_plural = _("commenti tra componenti")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("seggio__organizzazione")

    @admin.display(description=_("quando"))
    def quando(self, commento):
        return quando_a_parole(commento.created_at)


class PassaggioInline(PassiInline):
    model = PassaggioEsame
    fields = readonly_fields = ["quando", "evento", "fino_al", "testo", "autore"]

    @admin.display(description=_("si risponde fino a"))
    def fino_al(self, passo):
        return quando_a_parole(passo.scade_at)
