from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import PrimaFilter, UfficioModelAdmin, inviati
from proposte import coda, commenti, services
from proposte.admin.proposte import link_proposta
from proposte.admin_forms import ConfermaForm, NascondiForm
from proposte.admin_views import Porta
from proposte.cerca import COMMENTO
from proposte.models import Commento, Segnalazione
from proposte.permissions import can_moderare


class SolaLetturaAdmin(UfficioModelAdmin):
    """Rows that are read here, and change only through the doors. ``fields`` are all shown."""

    change_form_template = "admin/proposte/change_form.html"
    # Nobody deletes several at once what is not deleted one by one.
    actions_on_top = True

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_modera_permission(self, request):
        return can_moderare(request.user)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        context.update(show_save=False, show_save_and_continue=False)
        if obj is not None:
            context["porte"] = self.porte(request.user, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def porte(self, user, obj):
        return []


def con_eta(momento):
    """ "lunedì 3 maggio 2027, 18:30 (da 3 giorni)"."""
    return f"{dates.giorno_e_ora(momento)} ({coda.eta(momento, timezone.now())})"


class VisibileFilter(admin.SimpleListFilter):
    title = _("si vede")
    parameter_name = "visibile"

    def lookups(self, request, model_admin):
        return [("si", _("visibili")), ("no", _("nascosti")), ("segnalati", _("segnalati"))]

    def queryset(self, request, queryset):
        if self.value() == "si":
            return queryset.visibili()
        if self.value() == "no":
            return queryset.filter(nascosto_at__isnull=False)
        if self.value() == "segnalati":
            aperte = Segnalazione.objects.aperte().filter(commento__isnull=False)
            return queryset.filter(pk__in=aperte.values("commento"))
        return queryset


@admin.register(Commento)
class CommentoAdmin(SolaLetturaAdmin):
    """What people write under the proposals, newest first."""

    list_display = ["inizio", "di_proposta", "nome", "scopo", "scritto", "si_vede"]
    list_filter = [VisibileFilter, "scopo", "motivo", "esempio"]
    list_select_related = ["proposta"]
    cercato = COMMENTO
    search_help_text = _("Cerca nel testo o nel nome mostrato.")
    ordering = ["-pk"]
    fields = [
        "di_proposta",
        "scopo",
        "testo",
        "risposta_a",
        "nome",
        "scritto",
        "modificato_at",
        "nascosto_at",
        "nascosto_da",
        "motivo",
        "motivazione",
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("proposta", "risponde_a")

    @admin.display(description=_("commento"))
    def inizio(self, commento):
        return Truncator(commento.testo).chars(80)

    @admin.display(description=_("proposta"))
    def di_proposta(self, commento):
        return link_proposta(commento.proposta)

    @admin.display(description=_("nome mostrato"))
    def nome(self, commento):
        return commento.nome_mostrato or "–"

    @admin.display(description=_("risponde a"))
    def risposta_a(self, commento):
        return commento.risponde_a.testo if commento.risponde_a else "–"

    @admin.display(description=_("scritto"), ordering="pk")
    def scritto(self, commento):
        return con_eta(commento.created_at)

    @admin.display(description=_("si vede"), boolean=True)
    def si_vede(self, commento):
        return commento.nascosto_at is None

    def porte(self, user, commento):
        if not can_moderare(user):
            return []

        def porta(nome, etichetta, aspetto):
            url = reverse(f"admin:proposte_commento_{nome}", args=[commento.pk])
            return Porta(url, etichetta, aspetto)

        if commento.nascosto_at is None:
            return [porta("nascondi", _("Nascondi"), "grave")]
        return [porta("riammetti", _("Riammetti"), "principale")]

    def _commento(self, request, pk):
        if not can_moderare(request.user):
            raise Http404
        return get_object_or_404(Commento.objects.select_related("proposta"), pk=pk)

    def nascondi(self, request, pk):
        commento = self._commento(request, pk)
        adesso = timezone.now()

        def esegui(dati):
            # Hiding it again would change nothing: the second moderator is told so.
            if Commento.objects.filter(pk=pk, nascosto_at__isnull=False).exists():
                raise services.Rifiuto(gettext("Un collega lo ha già nascosto."))
            commenti.nascondi(commento, request.user, **dati, adesso=adesso)

        return self.porta(
            request,
            commento,
            form=NascondiForm(inviati(request)),
            titolo=gettext("Nascondi il commento"),
            spiegazione=gettext(
                "Tutti leggono il motivo al posto del commento; chi l'ha scritto riceve anche la "
                "spiegazione. Le segnalazioni aperte si chiudono."
            ),
            bottone=gettext("Nascondi"),
            esegui=esegui,
            fatto=gettext("Commento nascosto."),
            ritorno=reverse("admin:proposte_commento_change", args=[pk]),
            rifiuto=services.Rifiuto,
            grave=True,
            contesto={
                "elenco": [(gettext("Il commento"), commento.testo, False)],
                "chiusa": gettext("È già nascosto.")
                if commento.nascosto_at and request.method != "POST"
                else "",
            },
        )

    def riammetti(self, request, pk):
        commento = self._commento(request, pk)
        adesso = timezone.now()
        return self.porta(
            request,
            commento,
            form=ConfermaForm(inviati(request)),
            titolo=gettext("Riammetti il commento"),
            spiegazione=gettext("Tutti lo leggono di nuovo; chi l'ha scritto riceve un avviso."),
            bottone=gettext("Riammetti"),
            esegui=lambda dati: commenti.riammetti(commento, request.user, adesso=adesso),
            fatto=gettext("Commento riammesso."),
            ritorno=reverse("admin:proposte_commento_change", args=[pk]),
            rifiuto=services.Rifiuto,
            contesto={
                "elenco": [
                    (gettext("Il commento"), commento.testo, False),
                    (gettext("Perché era nascosto"), commento.motivazione or "–", False),
                ],
                "chiusa": ""
                if commento.nascosto_at or request.method == "POST"
                else gettext("Si vede già."),
            },
        )

    def get_urls(self):
        return [
            path(
                f"<int:pk>/{nome}/",
                self.admin_site.admin_view(getattr(self, nome)),
                name=f"proposte_commento_{nome}",
            )
            for nome in ("nascondi", "riammetti")
        ] + super().get_urls()


# --- Reports --------------------------------------------------------------------------------


class ApertaFilter(PrimaFilter):
    """What is open comes first, and alone unless asked for."""

    title = _("a che punto è")
    parameter_name = "stato"

    def lookups(self, request, model_admin):
        return [(None, _("aperte")), ("chiuse", _("chiuse")), ("tutte", _("tutte"))]

    def queryset(self, request, queryset):
        if self.value() == "tutte":
            return queryset
        if self.value() == "chiuse":
            return queryset.filter(chiusa_at__isnull=False)
        return queryset.aperte()


class CosaFilter(admin.SimpleListFilter):
    title = _("che cosa")
    parameter_name = "cosa"

    def lookups(self, request, model_admin):
        return [("proposta", _("una proposta")), ("commento", _("un commento"))]

    def queryset(self, request, queryset):
        if self.value() in ("proposta", "commento"):
            return queryset.filter(**{f"{self.value()}__isnull": False})
        return queryset


@admin.register(Segnalazione)
class SegnalazioneAdmin(SolaLetturaAdmin):
    """Reports, oldest first. Who reported is not shown: what counts is what was reported."""

    list_display = ["motivo", "di_che_cosa", "ricevuta", "esito", "chiusa_da"]
    list_filter = [ApertaFilter, CosaFilter, "motivo"]
    list_select_related = ["proposta", "commento__proposta", "chiusa_da"]
    ordering = ["created_at", "pk"]
    actions = ["respingi"]
    fields = [
        "motivo",
        "testo",
        "di_che_cosa",
        "contenuto",
        "ricevuta",
        "esito",
        "chiusa_da",
        "chiusa_at",
    ]

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .select_related("proposta", "commento__proposta", "chiusa_da")
        )

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.display(description=_("di che cosa"))
    def di_che_cosa(self, segnalazione):
        if segnalazione.commento is None:
            return link_proposta(segnalazione.proposta)
        url = reverse("admin:proposte_commento_change", args=[segnalazione.commento_id])
        testo = gettext("un commento a «%(titolo)s»") % {"titolo": segnalazione.commento.proposta}
        return format_html('<a href="{}">{}</a>', url, testo)

    @admin.display(description=_("che cosa dice"))
    def contenuto(self, segnalazione):
        if segnalazione.commento:
            return segnalazione.commento.testo
        return segnalazione.proposta.che_cosa

    @admin.display(description=_("ricevuta"), ordering="created_at")
    def ricevuta(self, segnalazione):
        quando = con_eta(segnalazione.created_at)
        tardi = timezone.now() - segnalazione.created_at > coda.limite()
        if segnalazione.chiusa_at is None and tardi:
            return format_html(
                '<span class="in-ritardo">{}: {}</span>', gettext("in ritardo"), quando
            )
        return quando

    def porte(self, user, segnalazione):
        if segnalazione.chiusa_at is not None or not can_moderare(user):
            return []
        url = reverse(
            "admin:proposte_proposta_coda_voce",
            args=[coda.Genere.SEGNALAZIONE.value, segnalazione.pk],
        )
        return [Porta(url, _("Decidi"), "principale")]

    @admin.action(description=_("Lascia com'è e chiudi"), permissions=["modera"])
    def respingi(self, request, queryset):
        """Each by its own verb; those that a colleague closed meanwhile are told."""
        adesso = timezone.now()
        chiuse, rifiutate = 0, []
        for segnalazione in queryset.order_by("pk")[:200]:
            try:
                with transaction.atomic():
                    commenti.chiudi_segnalazione(
                        segnalazione, Segnalazione.Esito.RESPINTA, request.user, adesso=adesso
                    )
                    self.annota(request, segnalazione, gettext("Respinta"))
            except services.Rifiuto as no:
                rifiutate.append(f"{segnalazione}: {no}")
            else:
                chiuse += 1
        if chiuse:
            self.message_user(
                request,
                ngettext("%(n)d segnalazione chiusa.", "%(n)d segnalazioni chiuse.", chiuse)
                % {"n": chiuse},
                messages.SUCCESS,
            )
        for riga in rifiutate:
            self.message_user(request, riga, messages.WARNING)
