from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from eventi import presenze
from eventi.admin_forms import incontro_a_parole
from eventi.cerca import ACCOGLIENZA
from eventi.models import Accoglienza, Incontro, Ingresso, SegnoPresenza
from portale.lib.conteggi import quanti

from .filtri import SuoIncontroFilter
from .ruoli import RuoloModelAdmin


class AccoglienzaForm(forms.ModelForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "incontro" in self.fields:
            campo = self.fields["incontro"]
            adesso = timezone.now()
            campo.queryset = (
                Incontro.objects.filter(stato=Incontro.Stato.PUBBLICATO)
                .filter(inizio__gt=adesso - presenze.DOPO)
                .order_by("inizio", "pk")
            )
            campo.label_from_instance = incontro_a_parole
            campo.help_text = gettext("Il ruolo vale solo per questo incontro.")


@admin.register(Accoglienza)
class AccoglienzaAdmin(RuoloModelAdmin):
    """Who takes attendance at the door; an officer's own link is nobody else's to see."""

    ruolo = presenze.RUOLO
    rotta_pubblica = "presenze:presenze"
    a_che_serve = _("Il link per le presenze di «%(incontro)s» va a %(email)s.")
    chi_lo_apre = _(
        "Chi inquadra il codice, o apre questo link, vede i nomi degli iscritti e segna chi "
        "viene. Non serve un account."
    )

    form = AccoglienzaForm
    list_display = ["nome", "incontro", "come_sta", "quanti_tocchi"]
    list_filter = ["attiva", SuoIncontroFilter]
    cercato = ACCOGLIENZA
    ordering = ["-incontro__inizio", "incontro_id", "nome"]
    fields = ["incontro", "nome", "email"]

    def get_queryset(self, request):
        # Each counted by itself, for the rows of the page alone.
        tocchi = quanti(SegnoPresenza, "accoglienza") + quanti(Ingresso, "accoglienza")
        return super().get_queryset(request).annotate(tocchi=tocchi)

    @admin.display(description=_("link"))
    def come_sta(self, accoglienza):
        return self.ruolo.perche_chiuso(accoglienza, timezone.now()) or gettext("aperto")

    @admin.display(description=_("tocchi"), ordering="tocchi")
    def quanti_tocchi(self, accoglienza):
        return accoglienza.tocchi

    def ha_lasciato_qualcosa(self, obj):
        return obj.segni.exists() or obj.ingressi.exists()

    def che_cosa_resta(self, obj):
        return gettext(
            "Il link non aprirà più niente, e i nomi si cancellano dal telefono appena si "
            "ricollega. Quello che ha segnato resta."
        )

    def e_suo(self, request, obj):
        return obj.persona_id in (None, request.user.pk)
