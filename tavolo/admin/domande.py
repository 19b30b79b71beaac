"""The questions of the seats to who made a proposal."""

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib.admin import inviati

from ..models import DomandaProponente
from ..permissions import can_gestire
from ..services import esami
from . import esami_forms as moduli
from .esami_righe import quando_a_parole
from .porte import SoloPorte


class SenzaRispostaDomandeFilter(admin.SimpleListFilter):
    title = _("risposta")
    parameter_name = "risposta"

    def lookups(self, request, model_admin):
        return [("no", _("da avere")), ("ufficio", _("da dare noi")), ("si", _("avuta"))]

    def queryset(self, request, queryset):
        senza = queryset.filter(risposta="")
        scelte = {
            "no": lambda: senza,
            "ufficio": lambda: senza.filter(esame__proposta__proponente=None),
            "si": lambda: queryset.exclude(risposta=""),
        }
        return scelte.get(self.value(), lambda: queryset)()


@admin.register(DomandaProponente)
class DomandaProponenteAdmin(SoloPorte):
    """The questions of the seats. Who made the proposal answers; the office where she cannot be
    written to, or does not answer and told it what."""

    list_display = ["testo_breve", "seggio", "proposta", "quando", "ha_risposta"]
    list_filter = [SenzaRispostaDomandeFilter, "esame__percorso"]
    list_select_related = ["seggio__organizzazione", "esame__proposta"]
    search_fields = ["testo", "esame__proposta__titolo"]
    ordering = ["-created_at", "-pk"]
    fields = [
        "proposta",
        "seggio",
        "testo",
        "quando",
        "risposta",
        "risposta_quando",
        "risposto_da",
    ]
    nomi_porte = ("rispondi",)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        # Nothing is saved by the page itself: the doors do.
        return False

    def puo(self, request):
        return can_gestire(request.user)

    def get_actions(self, request):
        return {}

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .select_related("seggio__organizzazione", "esame__proposta", "risposto_da")
        )

    @admin.display(description=_("domanda"))
    def testo_breve(self, domanda):
        return str(domanda)

    @admin.display(description=_("proposta"))
    def proposta(self, domanda):
        return str(domanda.esame.proposta)

    @admin.display(description=_("quando"))
    def quando(self, domanda):
        return quando_a_parole(domanda.created_at)

    @admin.display(description=_("risposto il"))
    def risposta_quando(self, domanda):
        return quando_a_parole(domanda.risposta_at)

    @admin.display(description=_("risposta"), boolean=True)
    def ha_risposta(self, domanda):
        return bool(domanda.risposta)

    def porte(self, request, domanda):
        return [] if domanda.risposta else [("rispondi", _("Rispondi"), "principale")]

    def rispondi(self, request, pk):
        domanda = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            domanda,
            form=moduli.RispostaUfficioForm(inviati(request)),
            titolo=gettext("Rispondi alla domanda"),
            spiegazione=gettext(
                "La risposta si legge come dell'ufficio. Chi siede per l'organizzazione che ha "
                "chiesto riceve una mail."
            ),
            bottone=gettext("Rispondi"),
            esegui=lambda dati: esami.rispondi(
                domanda, dati["testo"], autore=request.user, adesso=timezone.now()
            ),
            fatto=gettext("Risposta scritta."),
            contesto={
                "elenco": [
                    (gettext("Proposta"), domanda.esame.proposta, False),
                    (gettext("Chi chiede"), domanda.seggio, False),
                    (gettext("Domanda"), domanda.testo, False),
                ]
            },
        )
