"""Decisions, written procedures and opinions, as the office reads them. A decision is written in
its sitting, from the members' area; a procedure is opened and called off here."""

from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import SolaLetturaInline, inviati
from portale.lib.conteggi import quanti

from ..cerca import DECISIONE, PARERE
from ..da_fare import decisioni_in_ritardo, procedure_in_sospeso
from ..models import Decisione, Dissenso, ParereComitato, ProceduraScritta, RispostaScritta
from ..permissions import can_gestire
from ..services import procedure
from . import decisioni_forms as moduli
from .porte import SoloPorte


def _quando(momento):
    return dates.giorno_e_ora(momento) if momento else "–"


def _link(url, testo):
    return format_html('<a href="{}">{}</a>', url, testo)


def _con_esempio(riga, testo):
    if riga.esempio:
        return format_html('{} <span class="esempio">{}</span>', testo, gettext("esempio"))
    return str(testo)


class ConPropostaMixin:
    """Screens of what is about one proposal."""

    @admin.display(description=_("proposta"))
    def titolo(self, riga):
        return _con_esempio(riga, riga.proposta)

    @admin.display(description=_("proposta"))
    def di_proposta(self, riga):
        url = reverse("admin:proposte_proposta_change", args=[riga.proposta_id])
        return _link(url, riga.proposta)


# --- Decisions ------------------------------------------------------------------------------


class DissensoInline(SolaLetturaInline):
    model = Dissenso
    fields = readonly_fields = ["seggio", "testo"]
    verbose_name_plural = _("chi non era d'accordo")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("seggio__organizzazione")


class PubblicataFilter(admin.SimpleListFilter):
    title = _("pubblicata")
    parameter_name = "pubblicata"

    def lookups(self, request, model_admin):
        return [
            ("si", _("pubblicate")),
            ("no", _("aspettano il verbale")),
            ("tardi", _("lo aspettano da più di un mese")),
            ("non_applicate", _("la proposta non le ha seguite")),
            ("sostituite", _("sostituite da un'altra")),
        ]

    def queryset(self, request, queryset):
        scelte = {
            "si": queryset.pubblicate,
            "no": queryset.in_attesa,
            "tardi": lambda: queryset.filter(pk__in=decisioni_in_ritardo(timezone.now())),
            "non_applicate": lambda: queryset.exclude(non_applicata=""),
            "sostituite": lambda: queryset.filter(annullata_da__isnull=False),
        }
        return scelte.get(self.value(), lambda: queryset)()


@admin.register(Decisione)
class DecisioneAdmin(ConPropostaMixin, SoloPorte):
    """Read here; written once, by whoever leads the sitting, and never changed."""

    list_display = ["titolo", "esito", "presa", "come", "n_dissensi", "pubblicata"]
    list_filter = [PubblicataFilter, "esito", "percorso", "proposta__laboratorio", "esempio"]
    cercato = DECISIONE
    search_help_text = _("Cerca nella proposta, nella motivazione e nella seduta.")
    ordering = ["-presa_at", "-pk"]
    fields = [
        "di_proposta",
        "esito",
        "motivazione",
        "testo_originale",
        "testo_concordato",
        "proposta_da",
        "presa",
        "come",
        "quorum",
        "chi_era_presente",
        "sostituisce",
        "perche_annulla",
        "pubblicata",
        "non_applicata",
        "registrata_da",
        "pagina",
    ]
    inlines = [DissensoInline]

    def has_add_permission(self, request):
        # At the sitting, from the members' area: there is the quorum.
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .for_elenco()
            .select_related("proposta_da__organizzazione", "annulla", "registrata_da")
            .annotate(dissenzienti=quanti(Dissenso, "decisione"))
        )

    @admin.display(description=_("presa"), ordering="presa_at")
    def presa(self, decisione):
        return _quando(decisione.presa_at)

    @admin.display(description=_("come"))
    def come(self, decisione):
        if decisione.seduta_id:
            return str(decisione.seduta)
        return gettext("per iscritto")

    @admin.display(description=_("dissensi"), ordering="dissenzienti")
    def n_dissensi(self, decisione):
        return decisione.dissenzienti

    @admin.display(description=_("pubblicata"), ordering="pubblicata_at")
    def pubblicata(self, decisione):
        if decisione.pubblicata_at is None:
            return gettext("aspetta il verbale")
        return _quando(decisione.pubblicata_at)

    @admin.display(description=_("numero legale"))
    def quorum(self, decisione):
        return gettext("%(n)d presenti su %(tutti)d, ne servivano %(servono)d") % {
            "n": decisione.n_presenti,
            "tutti": decisione.seggi_con_voce,
            "servono": decisione.numero_legale,
        }

    @admin.display(description=_("seggi presenti"))
    def chi_era_presente(self, decisione):
        presenti = decisione.presenti.select_related("organizzazione")
        return ", ".join(str(seggio) for seggio in presenti) or "–"

    @admin.display(description=_("sostituisce"))
    def sostituisce(self, decisione):
        if not decisione.annulla_id:
            return "–"
        url = reverse("admin:tavolo_decisione_change", args=[decisione.annulla_id])
        return _link(url, decisione.annulla.get_esito_display())

    @admin.display(description=_("pagina"))
    def pagina(self, decisione):
        if decisione.pubblicata_at:
            return _link(decisione.get_absolute_url(), gettext("come la leggono tutti"))
        url = reverse("area:decisione_detail", args=[decisione.pk])
        return _link(url, gettext("come la leggono i componenti"))


# --- Written procedures ---------------------------------------------------------------------


class RispostaInline(SolaLetturaInline):
    model = RispostaScritta
    fields = readonly_fields = ["seggio", "scelta", "motivo", "componente", "quando"]
    verbose_name_plural = _("risposte")

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .select_related("seggio__organizzazione", "componente")
            .order_by("created_at", "pk")
        )

    @admin.display(description=_("quando"))
    def quando(self, risposta):
        return _quando(risposta.created_at)


class SospesaFilter(admin.SimpleListFilter):
    """What ended without a decision, and still asks for one."""

    title = _("da riprendere")
    parameter_name = "riprendere"

    def lookups(self, request, model_admin):
        stati = (ProceduraScritta.Stato.FERMATA, ProceduraScritta.Stato.SENZA_NUMERO)
        return [(stato.value, stato.label) for stato in stati]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        return queryset.filter(pk__in=procedure_in_sospeso(), stato=self.value())


@admin.register(ProceduraScritta)
class ProceduraScrittaAdmin(ConPropostaMixin, SoloPorte):
    """Opened on a proposal under evaluation; its text never changes, one may only call it off."""

    list_display = ["titolo", "esito", "stato", "si_chiude", "hanno_risposto"]
    list_filter = [SospesaFilter, "stato", "percorso", "proposta__laboratorio", "esempio"]
    search_fields = ["proposta__titolo", "testo"]
    search_help_text = _("Cerca nella proposta e nel testo da decidere.")
    ordering = ["-apre_at", "-pk"]
    fields = [
        "di_proposta",
        "esito",
        "testo",
        "testo_concordato",
        "stato",
        "si_apre",
        "si_chiude",
        "hanno_risposto",
        "perche_annullata",
        "aperta_da",
    ]
    inlines = [RispostaInline]
    nomi_porte = ("annulla",)

    def puo(self, request):
        return can_gestire(request.user)

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .select_related("proposta", "percorso", "aperta_da")
            .annotate(n_risposte=quanti(RispostaScritta, "procedura"))
        )

    @admin.display(description=_("si apre"))
    def si_apre(self, procedura):
        return _quando(procedura.apre_at)

    @admin.display(description=_("si chiude"), ordering="chiude_at")
    def si_chiude(self, procedura):
        return _quando(procedura.chiude_at)

    @admin.display(description=_("hanno risposto"))
    def hanno_risposto(self, procedura):
        return gettext("%(n)d seggi su %(tutti)d, ne servono %(servono)d") % {
            "n": procedura.n_risposte,
            "tutti": procedura.seggi_con_voce,
            "servono": procedura.quorum,
        }

    # --- Doors ---

    def porte(self, request, procedura):
        if procedura.stato == ProceduraScritta.Stato.APERTA:
            return [("annulla", _("Annulla la procedura"), "grave")]
        return []

    def add_view(self, request, form_url="", extra_context=None):
        """Ask the seats. ``?proposta=`` chooses one beforehand."""
        adesso = timezone.now()
        iniziale = {"proposta": request.GET.get("proposta", "")}
        return self.nuovo(
            request,
            form=moduli.ApriProceduraForm(inviati(request), initial=iniziale),
            titolo=gettext("Apri una procedura scritta"),
            spiegazione=gettext(
                "I componenti dei seggi con voce ricevono una mail. La decisione è presa alla "
                "chiusura, se rispondono abbastanza seggi, almeno uno è d'accordo e nessuno si "
                "oppone; un'obiezione la ferma e la proposta va in seduta."
            ),
            bottone=gettext("Apri la procedura"),
            esegui=lambda dati: procedure.apri(
                dati["proposta"],
                esito=dati["esito"],
                testo=dati["testo"],
                testo_concordato=dati["testo_concordato"],
                apre_at=dati["apre_at"] or adesso,
                chiude_at=dati["chiude_at"],
                autore=request.user,
                adesso=adesso,
            ),
            fatto=gettext("Procedura aperta: i componenti sono avvisati."),
        )

    def annulla(self, request, pk):
        procedura = self.oggetto_or_404(request, pk)
        aperta = procedura.stato == ProceduraScritta.Stato.APERTA
        return self.apri_porta(
            request,
            procedura,
            form=moduli.AnnullaProceduraForm(inviati(request)),
            titolo=gettext("Annulla la procedura scritta"),
            spiegazione=gettext("Nessuno risponde più; i componenti leggono perché."),
            bottone=gettext("Annulla la procedura"),
            grave=True,
            esegui=lambda dati: procedure.annulla(
                procedura, dati["motivo"], autore=request.user, adesso=timezone.now()
            ),
            fatto=gettext("Procedura annullata: i componenti sono avvisati."),
            contesto={"chiusa": "" if aperta else gettext("La procedura è già chiusa.")},
        )


# --- Opinions -------------------------------------------------------------------------------


@admin.register(ParereComitato)
class ParereComitatoAdmin(SoloPorte):
    """The published ones: a draft is the Comitato's alone, and nobody in it signs."""

    list_display = ["titolo", "percorso", "proposta", "pubblicato"]
    list_filter = ["percorso"]
    list_select_related = ["percorso", "proposta"]
    cercato = PARERE
    ordering = ["-pubblicato_at", "-pk"]
    fields = ["titolo", "percorso", "proposta", "testo", "pubblicato", "pagina"]

    def get_queryset(self, request):
        return super().get_queryset(request).filter(pubblicato_at__isnull=False)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    @admin.display(description=_("pubblicato il"), ordering="pubblicato_at")
    def pubblicato(self, parere):
        return _quando(parere.pubblicato_at)

    @admin.display(description=_("pagina"))
    def pagina(self, parere):
        return _link(parere.get_absolute_url(), gettext("come lo leggono tutti"))
