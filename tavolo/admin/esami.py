"""The reviews, as the office runs them. What the seats say is read here, and never written."""

from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from percorso.models import Percorso
from portale.lib import dates
from portale.lib.admin import Cambiato, inviati
from portale.lib.pdf import ImpaginazioneFallita
from portale.lib.rifiuti import Rifiuto
from proposte.admin_views import Porta, dove
from proposte.models import Proposta

from .. import dossier, risultati, tabella_posizioni
from ..models import (
    Esame,
    Seggio,
)
from ..permissions import Accesso, can_gestire
from ..services import esami
from ..services.documenti import annota_accesso
from . import esami_forms as moduli
from .esami_righe import (
    CommentoInline,
    DomandaInline,
    PassaggioInline,
    PosizioneInline,
    SenzaRispostaFilter,
    SituazioneFilter,
)
from .porte import SoloPorte

# Proposals on the screen that opens reviews: past these one filters by lab.
PRONTE = 200
NEL_DOSSIER = 60


# --- A review -------------------------------------------------------------------------------


@admin.register(Esame)
class EsameAdmin(SoloPorte):
    """Opened on one or many proposals, put off, closed, and read."""

    change_list_template = "admin/tavolo/esame/change_list.html"
    list_display = ["titolo", "dove", "fino_al", "a_che_punto", "risposte"]
    list_filter = [
        SituazioneFilter,
        SenzaRispostaFilter,
        "percorso",
        "proposta__laboratorio",
        "esempio",
    ]
    list_select_related = ["proposta__laboratorio", "percorso"]
    search_fields = ["proposta__titolo"]
    ordering = ["-scade_at", "-pk"]
    sortable_by = ["fino_al"]
    fields = [
        "di_proposta",
        "percorso",
        "fino_al",
        "a_che_punto",
        "risposte",
        "chi_manca",
        "domande_guida",
        "nota",
        "aperto_da",
    ]
    inlines = [PosizioneInline, DomandaInline, CommentoInline, PassaggioInline]
    nomi_porte = ("proroga", "sollecita", "chiudi")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        # Nothing is saved by the page itself: the doors do.
        return False

    def puo(self, request):
        return can_gestire(request.user)

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .select_related("proposta__laboratorio", "percorso", "aperto_da")
        )

    def get_changelist_instance(self, request):
        """With what the rows of this page count, in two queries for all."""
        elenco = super().get_changelist_instance(request)
        tutti = risultati.di_esami(elenco.result_list, timezone.now())
        for esame in elenco.result_list:
            esame.risultati = tutti[esame.pk]
        return elenco

    def get_actions(self, request):
        return {}

    @admin.display(description=_("proposta"))
    def titolo(self, esame):
        if esame.esempio:
            esempio = gettext("esempio")
            return format_html('{} <span class="esempio">{}</span>', esame.proposta, esempio)
        return str(esame.proposta)

    @admin.display(description=_("proposta"))
    def di_proposta(self, esame):
        url = reverse("admin:proposte_proposta_change", args=[esame.proposta_id])
        return format_html('<a href="{}">{}</a>', url, esame.proposta)

    @admin.display(description=_("dove"))
    def dove(self, esame):
        return dove(esame.proposta)

    @admin.display(description=_("si risponde fino al"), ordering="scade_at")
    def fino_al(self, esame):
        return dates.giorno_esteso(esame.ultimo_giorno)

    @admin.display(description=_("a che punto è"))
    def a_che_punto(self, esame):
        if esame.aperto(timezone.now()):
            return gettext("si risponde ancora")
        if esame.proposta.stato == Proposta.Stato.IN_VALUTAZIONE:
            return gettext("finito, da decidere")
        return gettext("concluso: la proposta è «%(stato)s»") % {
            "stato": esame.proposta.get_stato_display()
        }

    def _di(self, esame):
        if not hasattr(esame, "risultati"):
            esame.risultati = risultati.di_esame(esame, timezone.now())
        return esame.risultati

    @admin.display(description=_("seggi che hanno risposto"))
    def risposte(self, esame):
        r = self._di(esame)
        testo = gettext("%(rese)d su %(seggi)d") % {"rese": r.rese, "seggi": r.seggi}
        if r.obiezioni:
            quante = len(r.obiezioni)
            testo += ", " + ngettext("%(n)d obiezione", "%(n)d obiezioni", quante) % {"n": quante}
        return testo

    @admin.display(description=_("seggi che non hanno risposto"))
    def chi_manca(self, esame):
        return ", ".join(str(seggio) for seggio in self._di(esame).silenti) or "–"

    @admin.display(description=_("domande guida"))
    def domande_guida(self, esame):
        return format_html_join("", "<p>{}</p>", ((str(d),) for d in esame.criteri or ()))

    # --- Doors ---

    def porte(self, request, esame):
        adesso = timezone.now()
        porte = []
        aperto = esame.aperto(adesso)
        if esame.chiuso_at is None and esame.proposta.stato == Proposta.Stato.IN_VALUTAZIONE:
            porte.append(("proroga", _("Cambia la scadenza"), ""))
        if aperto and self._di(esame).silenti:
            porte.append(("sollecita", _("Scrivi a chi manca"), "principale"))
        if aperto:
            porte.append(("chiudi", _("Chiudi adesso"), "grave"))
        return porte

    def proroga(self, request, pk):
        esame = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            esame,
            form=moduli.ProrogaForm(inviati(request), initial={"giorno": esame.ultimo_giorno}),
            titolo=gettext("Cambia la scadenza"),
            spiegazione=gettext(
                "Chi non ha ancora risposto riceve una mail. I promemoria seguono il giorno nuovo."
            ),
            bottone=gettext("Cambia la scadenza"),
            esegui=lambda dati: esami.proroga(
                esame, dati["giorno"], request.user, testo=dati["testo"], adesso=timezone.now()
            ),
            fatto=gettext("Scadenza cambiata."),
        )

    def chiudi(self, request, pk):
        esame = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            esame,
            form=moduli.ChiudiForm(inviati(request)),
            titolo=gettext("Chiudi l'esame"),
            spiegazione=gettext(
                "Da adesso i seggi non rispondono più, e tutti leggono che cosa è stato detto. "
                "Alla scadenza succede da sé."
            ),
            bottone=gettext("Chiudi l'esame"),
            esegui=lambda dati: esami.chiudi(
                esame, request.user, testo=dati["testo"], adesso=timezone.now()
            ),
            fatto=gettext("Esame chiuso."),
            grave=True,
        )

    def sollecita(self, request, pk):
        esame = self.oggetto_or_404(request, pk)
        muti = [str(seggio) for seggio in risultati.di_esame(esame, timezone.now()).silenti]
        return self.apri_porta(
            request,
            esame,
            form=moduli.VuotoForm(inviati(request)),
            titolo=gettext("Scrivi a chi manca"),
            spiegazione=gettext(
                "Una mail a titolari e supplenti, con tutte le proposte che il loro seggio deve "
                "ancora leggere. Al massimo una al giorno per persona."
            ),
            bottone=gettext("Scrivi adesso"),
            esegui=lambda dati: self._sollecita(request, esame),
            fatto=gettext("Fatto."),
            contesto={"conseguenze": muti},
        )

    def _sollecita(self, request, esame):
        quanti = esami.sollecita(esame, request.user, adesso=timezone.now())
        testo = ngettext("%(n)d mail da spedire.", "%(n)d mail da spedire.", quanti)
        if not quanti:
            testo = gettext("Nessuna mail nuova: a chi manca si è già scritto oggi.")
        messages.info(request, testo % {"n": quanti} if quanti else testo)

    # --- Screens of many ---

    def changelist_view(self, request, extra_context=None):
        porte = []
        if self.puo(request):
            porte = [
                Porta(reverse("admin:tavolo_esame_apri"), _("Apri un esame"), "principale"),
                Porta(reverse("admin:tavolo_esame_dossier"), _("Dossier in PDF")),
                Porta(reverse("admin:tavolo_esame_posizioni", args=["csv"]), _("Posizioni, CSV")),
                Porta(
                    reverse("admin:tavolo_esame_posizioni", args=["xlsx"]), _("Posizioni, XLSX")
                ),
            ]
        contesto = {"title": gettext("Esami delle proposte"), "porte": porte}
        return super().changelist_view(request, contesto | (extra_context or {}))

    def apri(self, request):
        """The proposals that are ready, ticked and sent to the seats together."""
        self._pretendi(request)
        adesso = timezone.now()
        filtri = moduli.ProntiForm(request.GET)
        filtri.is_valid()
        percorso = (
            filtri.cleaned_data.get("percorso") or Percorso.objects.dal_piu_attuale().first()
        )
        pronte = _pronte(percorso, filtri.cleaned_data.get("laboratorio"), adesso)
        form = moduli.ApriForm(inviati(request), pronte=pronte)
        if request.method == "POST" and form.is_valid():
            dati = form.cleaned_data
            try:
                with transaction.atomic():
                    self.pretendi_le_stesse(request, *dati["proposte"])
                    nuovi = esami.apri(
                        dati["proposte"],
                        percorso=percorso,
                        giorno=dati["giorno"],
                        nota=dati["nota"],
                        autore=request.user,
                        adesso=adesso,
                    )
                    for esame in nuovi:
                        self.annota(request, esame, gettext("Apri un esame"), atto=ADDITION)
            except (Rifiuto, Cambiato) as no:
                form.add_error(None, str(no))
            else:
                testo = ngettext("%(n)d esame aperto.", "%(n)d esami aperti.", len(nuovi))
                messages.success(request, testo % {"n": len(nuovi)})
                return redirect("admin:tavolo_esame_changelist")
        mostrate = list(pronte.select_related("laboratorio", "verifica")[:PRONTE])
        return TemplateResponse(
            request,
            "admin/tavolo/esame/apri.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": gettext("Apri un esame"),
                "oggetto": None,
                "ritorno": reverse("admin:tavolo_esame_changelist"),
                "filtri": filtri,
                "percorso": percorso,
                "form": form,
                "pronte": mostrate,
                "versione": self.versione_di(*mostrate),
                "scelte": set(request.POST.getlist("proposte")),
                "seggi": _seggi_con_voce(percorso, adesso),
            },
        )

    def dossier(self, request):
        """Of the reviews whose proposals are not decided, of the most present percorso or of
        ``?percorso``. With a line in the register of accesses."""
        self._pretendi(request)
        adesso = timezone.now()
        _moduli, percorso = _filtri(request)
        scelti = list(_da_decidere(percorso)[:NEL_DOSSIER]) if percorso else []
        if not scelti:
            messages.info(request, gettext("Non c'è nessuna proposta in esame."))
            return redirect("admin:tavolo_esame_changelist")
        try:
            vede = {esame.pk for esame in scelti}
            risposta = dossier.risposta(percorso, scelti, adesso, vede=vede)
        except ImpaginazioneFallita as no:
            messages.error(request, str(no))
            return redirect("admin:tavolo_esame_changelist")
        self._annota_accesso(request, dossier.NOME, percorso, adesso)
        return risposta

    def posizioni(self, request, formato):
        self._pretendi(request)
        _moduli, percorso = _filtri(request)
        tutti = _in_ordine(Esame.objects.filter(percorso=percorso))
        adesso = timezone.now()
        risposta = tabella_posizioni.risposta(tabella_posizioni.righe(tutti, adesso), formato)
        self._annota_accesso(request, tabella_posizioni.nome(formato), percorso, adesso)
        return risposta

    def _annota_accesso(self, request, aperto, percorso, adesso):
        """From here everybody reads as the office. Where there is no percorso there is nothing to
        read, and who asks for the headers alone gets no file."""
        if percorso is not None and request.method != "HEAD":
            accesso = Accesso(percorso.pk, ufficio=True)
            annota_accesso(aperto, accesso, request.user, adesso=adesso)

    def _pretendi(self, request):
        if not self.puo(request):
            raise Http404

    def get_urls(self):
        vista = self.admin_site.admin_view
        return [
            path("apri/", vista(self.apri), name="tavolo_esame_apri"),
            path("dossier.pdf", vista(self.dossier), name="tavolo_esame_dossier"),
            path("posizioni.<str:formato>", vista(self.posizioni), name="tavolo_esame_posizioni"),
            *super().get_urls(),
        ]


def _pronte(percorso, laboratorio, adesso):
    """The proposals of which a review may be opened now, those under evaluation first."""
    aperti = Esame.objects.aperti(adesso).filter(proposta=OuterRef("pk"))
    pronte = Proposta.objects.filter(percorso=percorso, stato__in=esami.ESAMINABILI)
    if laboratorio is not None:
        pronte = pronte.filter(laboratorio=laboratorio)
    return pronte.filter(~Exists(aperti)).order_by("stato", "laboratorio__numero", "titolo", "pk")


def _seggi_con_voce(percorso, adesso) -> int:
    oggi = dates.a_roma(adesso).date()
    return Seggio.objects.filter(percorso=percorso).con_voce().in_carica(oggi).count()


def _filtri(request):
    """The form of the filters, and the percorso that it chooses: else the most present one."""
    filtri = moduli.ProntiForm(request.GET)
    filtri.is_valid()
    scelto = filtri.cleaned_data.get("percorso")
    return filtri, scelto or Percorso.objects.dal_piu_attuale().first()


def _da_decidere(percorso):
    return _in_ordine(
        Esame.objects.filter(percorso=percorso, proposta__stato=Proposta.Stato.IN_VALUTAZIONE)
    )


def _in_ordine(righe):
    return (
        righe.for_elenco()
        .select_related("proposta__verifica", "proposta__incontro")
        .order_by("proposta__laboratorio__numero", "proposta__titolo", "aperto_at", "pk")
    )
