"""Organisations that ask to join, and the office's answers."""

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import inviati
from proposte import coda

from ..cerca import ADESIONE
from ..da_fare import adesione_in_ritardo
from ..models import RichiestaAdesione
from ..services import adesioni
from . import soggetti_forms as moduli
from .porte import SoloPorte
from .soggetti import InCaricaFilter, _link, oggi

Stato = RichiestaAdesione.Stato


class StatoFilter(InCaricaFilter):
    """What waits for an answer first."""

    title = _("a che punto è")
    parameter_name = "punto"

    def lookups(self, request, model_admin):
        return [
            (None, _("da rispondere")),
            (Stato.ACCOLTA.value, _("accolte")),
            (Stato.RESPINTA.value, _("respinte")),
            ("tutte", _("tutte")),
        ]

    def queryset(self, request, queryset):
        if self.value() == "tutte":
            return queryset
        return queryset.filter(stato=self.value() or Stato.NUOVA)


@admin.register(RichiestaAdesione)
class RichiestaAdesioneAdmin(SoloPorte):
    """Read here, oldest first, and answered at the doors."""

    dati_personali = True
    list_display = ["nome", "genere", "percorso", "stato", "ricevuta"]
    list_filter = [StatoFilter, "genere", "percorso"]
    list_select_related = ["percorso"]
    cercato = ADESIONE
    search_help_text = _("Cerca nel nome, in che cosa fa e nei contatti.")
    ordering = ["created_at", "pk"]
    fields = [
        "nome",
        "genere",
        "costituzione",
        "attivita",
        "zone",
        "sito",
        "motivo",
        "percorso",
        "contatto",
        "email",
        "telefono",
        "ricevuta",
        "stato",
        "risposta",
        "risposto_da",
        "apri_seggio",
    ]
    nomi_porte = ("accogli", "respingi")

    def has_add_permission(self, request):
        return False

    def get_queryset(self, request):
        collegati = ("percorso", "risposto_da", "seggio__organizzazione")
        return super().get_queryset(request).select_related(*collegati)

    @admin.display(description=_("zone"))
    def zone(self, richiesta):
        nomi = ", ".join(lab.nome for lab in richiesta.laboratori.all())
        return nomi or gettext("tutta la città")

    @admin.display(description=_("ricevuta"), ordering="created_at")
    def ricevuta(self, richiesta):
        adesso = timezone.now()
        quando = dates.giorno_e_ora(richiesta.created_at)
        if richiesta.stato != Stato.NUOVA:
            return quando
        quando = f"{quando} ({coda.eta(richiesta.created_at, adesso)})"
        if not adesione_in_ritardo(richiesta, adesso):
            return quando
        return format_html('<span class="in-ritardo">{}: {}</span>', gettext("in ritardo"), quando)

    @admin.display(description=_("seggio"))
    def apri_seggio(self, richiesta):
        seggio = richiesta.seggio
        return _link("tavolo_seggio", seggio, seggio) if seggio else "–"

    def porte(self, request, richiesta):
        if richiesta.stato != Stato.NUOVA:
            return []
        return [("accogli", _("Accogli"), "principale"), ("respingi", _("Respingi"), "grave")]

    def accogli(self, request, pk):
        richiesta = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            richiesta,
            form=moduli.AccogliForm(
                inviati(request),
                initial={
                    "organizzazione": adesioni.omonima(richiesta.nome),
                    "dal": oggi(),
                    "invita_contatto": True,
                },
            ),
            titolo=gettext("Accogli la richiesta"),
            spiegazione=gettext(
                "L'organizzazione ha un seggio da quel giorno, si legge sulla pagina del Tavolo, "
                "e chi ha chiesto riceve una e-mail."
            ),
            contesto=_riepilogo(richiesta),
            bottone=gettext("Accogli"),
            esegui=lambda dati: adesioni.accogli_adesione(
                richiesta, autore=request.user, adesso=timezone.now(), **dati
            ),
            fatto=gettext("Accolta: la risposta sta partendo."),
        )

    def respingi(self, request, pk):
        richiesta = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            richiesta,
            form=moduli.RespingiForm(inviati(request)),
            titolo=gettext("Respingi la richiesta"),
            spiegazione=gettext("Chi ha chiesto riceve una e-mail con il motivo."),
            contesto=_riepilogo(richiesta),
            bottone=gettext("Respingi"),
            esegui=lambda dati: adesioni.respingi_adesione(
                richiesta, dati["risposta"], autore=request.user, adesso=timezone.now()
            ),
            fatto=gettext("Respinta: la risposta sta partendo."),
            grave=True,
        )


def _riepilogo(richiesta):
    """What the officer decides on, and why the door is closed if it is."""
    chiusa = ""
    if richiesta.stato != Stato.NUOVA:
        chiusa = gettext("A questa richiesta è già stata data una risposta.")
    return {
        "chiusa": chiusa,
        "elenco": [
            (gettext("Organizzazione"), richiesta.nome, False),
            (gettext("Di che cosa si occupa"), richiesta.attivita, False),
            (gettext("Perché vuole partecipare"), richiesta.motivo or "–", False),
            (gettext("Persona di contatto"), f"{richiesta.contatto}, {richiesta.email}", False),
        ],
    }
