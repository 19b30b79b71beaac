"""The minutes, as the office sees them through: what is late, what waits for whom. They are
written in the members' area, where who leads writes them too."""

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import PassiInline, SolaLetturaInline, inviati
from portale.lib.conteggi import quanti

from ..area.forms_verbali import ApprovaForm, RettificaForm
from ..cerca import VERBALE
from ..models import Correzione, Impegno, PassaggioVerbale, Rettifica, Verbale
from ..permissions import can_gestire
from ..services import verbali
from . import soggetti_forms as moduli
from .porte import SoloPorte

Stato = Verbale.Stato


def _nell_area(nome, verbale, testo, *args):
    url = reverse(f"area:{nome}", args=[verbale.seduta.incontro.slug, *args])
    return format_html('<a href="{}">{}</a>', url, testo)


def _giorno(momento):
    return dates.giorno_mese_anno(dates.a_roma(momento).date()) if momento else "–"


# --- Lists ----------------------------------------------------------------------------------


class APuntoFilter(admin.SimpleListFilter):
    """What is to be done, in the words of who does it."""

    title = _("a che punto è")
    parameter_name = "punto"

    def lookups(self, request, model_admin):
        return [
            ("scrivere", _("da scrivere")),
            ("rispondere", _("con correzioni senza risposta")),
            ("aperti", _("aperti alle correzioni")),
            ("approvare", _("da approvare")),
            ("approvati", _("approvati")),
        ]

    def queryset(self, request, queryset):
        adesso = timezone.now()
        sospese = Exists(Correzione.objects.senza_risposta().filter(verbale=OuterRef("pk")))
        in_correzione = queryset.filter(stato=Stato.IN_CORREZIONE)
        scelte = {
            "scrivere": lambda: queryset.filter(stato=Stato.BOZZA),
            "rispondere": lambda: in_correzione.filter(sospese),
            "aperti": lambda: in_correzione.filter(correzioni_fino_a__gt=adesso),
            "approvare": lambda: queryset.da_chiudere(adesso).filter(~sospese),
            "approvati": lambda: queryset.approvati(),
        }
        return scelte.get(self.value(), lambda: queryset)()


class CorrezioneInline(SolaLetturaInline):
    model = Correzione
    fields = readonly_fields = ["quando", "seggio", "punto", "testo", "esito", "risposta", "porta"]

    def get_queryset(self, request):
        return (
            super().get_queryset(request).for_elenco().select_related("verbale__seduta__incontro")
        )

    @admin.display(description=_("quando"))
    def quando(self, correzione):
        return dates.giorno_e_ora(correzione.created_at)

    @admin.display(description=_("che cosa fare"))
    def porta(self, correzione):
        if correzione.esito or correzione.verbale.approvato:
            return ""
        return _nell_area(
            "verbale_rispondi", correzione.verbale, gettext("Rispondi"), correzione.pk
        )


class ImpegnoInline(SolaLetturaInline):
    model = Impegno
    fields = readonly_fields = ["testo", "chi", "giorno", "fatto"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("seggio__organizzazione")

    @admin.display(description=_("chi"))
    def chi(self, impegno):
        return impegno.seggio or gettext("l'ufficio")

    @admin.display(description=_("entro il"))
    def giorno(self, impegno):
        return dates.giorno_mese_anno(impegno.entro) if impegno.entro else "–"

    @admin.display(description=_("fatto il"))
    def fatto(self, impegno):
        return _giorno(impegno.fatto_at)


class RettificaInline(SolaLetturaInline):
    model = Rettifica
    fields = readonly_fields = ["numero", "testo", "seduta", "autore", "pubblicata_at"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("seduta__incontro", "autore")


class PassaggioVerbaleInline(PassiInline):
    model = PassaggioVerbale
    fields = readonly_fields = ["quando", "passaggio", "testo", "autore"]


# --- The minutes ----------------------------------------------------------------------------


@admin.register(Verbale)
class VerbaleAdmin(SoloPorte):
    list_display = ["titolo", "della_seduta", "a_che_punto", "sospese", "fino_al", "approvato_il"]
    list_filter = [APuntoFilter, "seduta__incontro__percorso", "esempio"]
    list_select_related = ["seduta__incontro__percorso"]
    cercato = VERBALE
    search_help_text = _("Cerca nel titolo della seduta, nel testo e nell'impronta.")
    fields = [
        "della_seduta",
        "a_che_punto",
        "scrivi",
        "fino_al",
        "sospese",
        "approvato_il",
        "come",
        "pdf_per_tutti",
        "sha256",
        "pdf_per_i_componenti",
        "sha256_interno",
    ]
    inlines = [CorrezioneInline, ImpegnoInline, RettificaInline, PassaggioVerbaleInline]
    nomi_porte = ("correzioni", "approva", "rettifica")

    def has_add_permission(self, request):
        # Begun from its sitting.
        return False

    def puo(self, request):
        return can_gestire(request.user)

    def get_queryset(self, request):
        righe = super().get_queryset(request).for_elenco().select_related("approvato_in__incontro")
        return righe.annotate(n_sospese=quanti(Correzione, "verbale", esito=""))

    def get_actions(self, request):
        return {}

    def view_on_site(self, verbale):
        """A draft has no page for everybody."""
        return None if verbale.stato == Stato.BOZZA else verbale.get_absolute_url()

    @admin.display(description=_("verbale"), ordering="seduta__incontro__inizio")
    def titolo(self, verbale):
        return gettext("Seduta n. %(n)d: %(titolo)s") % {
            "n": verbale.seduta.numero,
            "titolo": verbale.seduta,
        }

    @admin.display(description=_("seduta"))
    def della_seduta(self, verbale):
        return verbale.seduta.incontro.quando

    @admin.display(description=_("a che punto è"), ordering="stato")
    def a_che_punto(self, verbale):
        if verbale.stato == Stato.IN_CORREZIONE and verbale.correzioni_fino_a <= timezone.now():
            return gettext("correzioni finite")
        return verbale.get_stato_display()

    @admin.display(description=_("correzioni senza risposta"))
    def sospese(self, verbale):
        return verbale.n_sospese or "–"

    @admin.display(description=_("correzioni fino al"), ordering="correzioni_fino_a")
    def fino_al(self, verbale):
        return dates.giorno_mese_anno(verbale.ultimo_giorno) if verbale.ultimo_giorno else "–"

    @admin.display(description=_("approvato il"), ordering="approvato_at")
    def approvato_il(self, verbale):
        return _giorno(verbale.approvato_at)

    @admin.display(description=_("testo"))
    def scrivi(self, verbale):
        if verbale.approvato:
            return _nell_area("verbale_detail", verbale, gettext("Leggi il verbale"))
        return _nell_area("verbale_scrivi", verbale, gettext("Scrivi il verbale"))

    @admin.display(description=_("come è stato approvato"))
    def come(self, verbale):
        return verbale.contenuto["approvazione"]["frase"] if verbale.approvato else "–"

    @admin.display(description=_("PDF per tutti"))
    def pdf_per_tutti(self, verbale):
        if not verbale.approvato:
            return "–"
        url = reverse("tavolo:verbale_pdf", args=[verbale.seduta.incontro.slug])
        return format_html('<a href="{}">{}</a>', url, gettext("Apri il PDF"))

    @admin.display(description=_("PDF per i componenti"))
    def pdf_per_i_componenti(self, verbale):
        if not verbale.approvato:
            return "–"
        return _nell_area("verbale_pdf", verbale, gettext("Apri il PDF"))

    # --- Doors ---

    def porte(self, request, verbale):
        if verbale.stato == Stato.BOZZA:
            return [("correzioni", _("Fallo rileggere a chi c'era"), "principale")]
        if verbale.stato == Stato.IN_CORREZIONE:
            if verbali.perche_non_si_approva(verbale, timezone.now()):
                return []
            return [("approva", _("Registra l'approvazione"), "principale")]
        return [("rettifica", _("Aggiungi una rettifica"), "")]

    def correzioni(self, request, pk):
        verbale = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            verbale,
            form=moduli.ConfermaForm(inviati(request)),
            titolo=gettext("Fallo rileggere a chi c'era"),
            spiegazione=gettext(
                "Chi era presente riceve una mail con il link e il giorno entro cui chiedere "
                "correzioni. A ognuna va data una risposta; poi il verbale si approva."
            ),
            bottone=gettext("Manda la mail"),
            esegui=lambda dati: verbali.apri_correzioni(
                verbale, request.user, adesso=timezone.now()
            ),
            fatto=gettext("Chi era presente riceve una mail con il link."),
        )

    def approva(self, request, pk):
        verbale = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            verbale,
            form=ApprovaForm(inviati(request), sedute=verbali.sedute_che_approvano(verbale)),
            titolo=gettext("Registra l'approvazione"),
            spiegazione=gettext(
                "Il verbale diventa un PDF che non cambia più, e si pubblica con le decisioni che "
                "lo aspettano. I componenti del Tavolo ricevono una mail."
            ),
            bottone=gettext("Registra l'approvazione"),
            esegui=lambda dati: verbali.approva_in_seduta(
                verbale, dati["seduta"], request.user, adesso=timezone.now()
            ),
            fatto=gettext("Il verbale è approvato e pubblicato."),
            grave=True,
        )

    def rettifica(self, request, pk):
        verbale = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            verbale,
            form=RettificaForm(inviati(request), sedute=verbali.sedute_che_approvano(verbale)),
            titolo=gettext("Aggiungi una rettifica"),
            spiegazione=gettext(
                "Il verbale approvato non cambia. La rettifica è un atto nuovo, deciso in una "
                "seduta, che si legge accanto."
            ),
            bottone=gettext("Pubblica la rettifica"),
            esegui=lambda dati: verbali.rettifica(
                verbale, dati["testo"], dati["seduta"], request.user, adesso=timezone.now()
            ),
            fatto=gettext("Rettifica pubblicata accanto al verbale."),
            grave=True,
        )
