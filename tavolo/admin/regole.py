"""The rules of a Tavolo, and who watches over it."""

from django.contrib import admin
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib.admin import UfficioModelAdmin, inviati
from proposte.segnali import contenuto_cambiato

from ..models import Criterio, Garante, ImpostazioniTavolo
from ..services import soggetti
from . import soggetti_forms as moduli
from .porte import SoloPorte
from .soggetti import InCaricaFilter, _giorno, oggi


@admin.register(ImpostazioniTavolo)
class ImpostazioniTavoloAdmin(UfficioModelAdmin):
    form = moduli.ImpostazioniForm
    list_display = ["percorso", "porta_aperta", "quorum", "preavviso_giorni", "approvazione"]
    list_select_related = ["percorso"]
    fieldsets = [
        (None, {"fields": ["percorso", "presentazione", "porta_aperta"]}),
        (
            _("Sedute e verbali"),
            {
                "fields": [
                    "numero_legale_percento",
                    "preavviso_giorni",
                    "correzioni_giorni",
                    "approvazione",
                ]
            },
        ),
        (_("Esami delle proposte"), {"fields": ["criteri", "promemoria_giorni"]}),
        (_("Fonti"), {"fields": ["fonti"], "classes": ["collapse"]}),
    ]

    def has_delete_permission(self, request, obj=None):
        return False

    def get_readonly_fields(self, request, obj=None):
        return ["percorso"] if obj else []

    @admin.display(description=_("numero legale"))
    def quorum(self, impostazioni):
        return gettext("più del %(percento)d%% dei seggi") % {
            "percento": impostazioni.numero_legale_percento
        }

    def save_model(self, request, obj, form, change):
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if "criteri" in form.changed_data:
                _riscrivi_criteri(obj.percorso, form.cleaned_data["criteri"])
            contenuto_cambiato.send(ImpostazioniTavolo)


def _riscrivi_criteri(percorso, domande):
    """The questions in their new order. No review points to their rows: each keeps its words."""
    percorso.criteri_tavolo.all().delete()
    Criterio.objects.bulk_create(
        Criterio(percorso=percorso, ordine=ordine, domanda=domanda)
        for ordine, domanda in enumerate(domande, start=1)
    )


@admin.register(Garante)
class GaranteAdmin(SoloPorte):
    """The Comitato di garanzia locale."""

    dati_personali = True
    list_display = ["persona", "percorso", "inizio", "fine"]
    list_filter = [InCaricaFilter, "percorso"]
    list_select_related = ["persona", "percorso"]
    search_fields = ["persona__email", "persona__nome"]
    search_help_text = _("Cerca nel nome o nell'e-mail.")
    ordering = ["percorso", "dal", "pk"]
    fields = ["persona", "percorso", "inizio", "fine"]
    nomi_porte = ("termina",)

    @admin.display(description=_("dal"), ordering="dal")
    def inizio(self, garante):
        return _giorno(garante.dal)

    @admin.display(description=_("al"), ordering="al")
    def fine(self, garante):
        return _giorno(garante.al)

    def porte(self, request, garante):
        if garante.al and garante.al < oggi():
            return []
        return [("termina", _("Concludi"), "grave")]

    def add_view(self, request, form_url="", extra_context=None):
        form = moduli.GaranteForm(inviati(request), initial={"dal": oggi()})
        return self.nuovo(
            request,
            form=form,
            titolo=gettext("Indica chi fa parte del Comitato"),
            spiegazione=gettext(
                "Legge tutto, anche i documenti riservati e il registro degli atti; non decide e "
                "non siede al Tavolo. Chi lavora per l'ufficio non può farne parte, perché vigila "
                "sull'ufficio."
            ),
            bottone=gettext("Salva"),
            esegui=lambda dati: soggetti.nomina_garante(
                dati["percorso"], form.persona, dal=dati["dal"]
            ),
            fatto=gettext("Fa parte del Comitato di garanzia."),
        )

    def termina(self, request, pk):
        garante = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            garante,
            form=moduli.UltimoGiornoForm(inviati(request), initial={"al": garante.al or oggi()}),
            titolo=gettext("Concludi l'incarico"),
            bottone=gettext("Concludi"),
            esegui=lambda dati: soggetti.termina_garante(garante, dati["al"]),
            fatto=gettext("L'incarico ha il suo ultimo giorno."),
            grave=True,
        )
