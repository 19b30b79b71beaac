from django import forms
from django.contrib import admin, messages
from django.db.models import Q
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from eventi.admin.filtri import SuoIncontroFilter
from eventi.admin.ruoli import RuoloModelAdmin
from eventi.admin_forms import IncontroField
from eventi.models import Incontro
from portale.lib import dates
from portale.lib.admin import inviati
from portale.lib.conteggi import quanti
from proposte import raccolta
from proposte.cerca import VERBALIZZANTE
from proposte.models import Nota, Verbalizzante


def incontri_da_verbalizzare(user, adesso):
    """Those of hers whose notes can still be taken, soonest first."""
    da = adesso - raccolta.DOPO
    aperti = Q(fine__gt=da) | Q(fine=None, inizio__gt=da)
    return (
        Incontro.objects.visibili_a(user)
        .filter(aperti)
        .exclude(stato=Incontro.Stato.ANNULLATO)
        .order_by("inizio", "pk")
    )


class VerbalizzanteForm(forms.ModelForm):
    class Meta:
        help_texts = {
            "nome": _("Chi scrive i foglietti del tavolo. Nelle pagine pubbliche non compare."),
        }

    # Who gives the role.
    utente = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "incontro" in self.fields:
            self.fields["incontro"] = IncontroField(
                queryset=incontri_da_verbalizzare(self.utente, timezone.now()),
                label=_("Incontro"),
                help_text=_("Il ruolo vale solo per questo incontro."),
            )
        if "tavolo" in self.fields:
            self.fields["tavolo"].max_value = raccolta.TAVOLO_MASSIMO

    def clean_tavolo(self):
        tavolo = self.cleaned_data["tavolo"]
        if tavolo is not None and not 1 <= tavolo <= raccolta.TAVOLO_MASSIMO:
            raise forms.ValidationError(
                gettext("Il numero del tavolo va da 1 a %(massimo)d.")
                % {"massimo": raccolta.TAVOLO_MASSIMO}
            )
        return tavolo


class TavoliForm(forms.Form):
    quanti = forms.IntegerField(
        label=_("Quanti tavoli"),
        min_value=1,
        max_value=30,
        initial=6,
        help_text=_("Chi è già verbalizzante di un tavolo resta."),
    )

    def __init__(self, *args, utente, **kwargs):
        super().__init__(*args, **kwargs)
        incontri = incontri_da_verbalizzare(utente, timezone.now())
        self.fields = {
            "incontro": IncontroField(queryset=incontri, label=_("Incontro")),
            **self.fields,
        }


@admin.register(Verbalizzante)
class VerbalizzanteAdmin(RuoloModelAdmin):
    """Who takes notes at a table."""

    ruolo = raccolta.RUOLO
    rotta_pubblica = "raccolta:raccolta"
    a_che_serve = _("Il link per gli appunti di «%(incontro)s» va a %(email)s.")
    chi_lo_apre = _(
        "Chi inquadra il codice, o apre questo link, prende appunti per l'incontro. Non serve un "
        "account."
    )

    form = VerbalizzanteForm
    change_list_template = "admin/proposte/verbalizzante/change_list.html"
    list_display = ["nome", "incontro", "tavolo", "come_sta", "quante_note"]
    list_filter = ["attivo", SuoIncontroFilter]
    cercato = VERBALIZZANTE
    ordering = ["-incontro__inizio", "incontro_id", "tavolo", "nome"]
    fields = ["incontro", "nome", "email", "tavolo"]
    actions = ["stampa_fogli"]

    # --- List ---

    def get_queryset(self, request):
        presenti = quanti(Nota, "verbalizzante", eliminata_at=None)
        suoi = Incontro.objects.visibili_a(request.user)
        righe = super().get_queryset(request).filter(incontro__in=suoi)
        return righe.annotate(note_presenti=presenti)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        form.utente = request.user
        return form

    @admin.display(description=_("link"))
    def come_sta(self, verbalizzante):
        if not verbalizzante.attivo:
            return gettext("ritirato")
        adesso, incontro = timezone.now(), verbalizzante.incontro
        if not self.ruolo.perche_chiuso(verbalizzante, adesso):
            return gettext("aperto")
        periodo = self.ruolo.finestra(incontro)
        if incontro.stato == Incontro.Stato.ANNULLATO:
            return gettext("incontro annullato")
        if periodo is None:
            return gettext("incontro senza data")
        if adesso < periodo[0]:
            giorno = dates.giorno_mese_anno(dates.a_roma(periodo[0]).date())
            return gettext("si apre il %(giorno)s") % {"giorno": giorno}
        return gettext("chiuso")

    @admin.display(description=_("note scritte"), ordering="note_presenti")
    def quante_note(self, verbalizzante):
        return verbalizzante.note_presenti

    @admin.action(description=_("Stampa i fogli con il codice QR"), permissions=["change"])
    def stampa_fogli(self, request, queryset):
        return self._fogli(request, queryset, reverse("admin:proposte_verbalizzante_changelist"))

    # --- One note-taker ---

    def ha_lasciato_qualcosa(self, obj):
        return obj.note.exists()

    def che_cosa_resta(self, obj):
        quante = obj.note.presenti().count()
        return ngettext(
            "Il link non aprirà più niente. La nota che ha scritto resta (%(n)d).",
            "Il link non aprirà più niente. Le note che ha scritto restano (%(n)d).",
            quante,
        ) % {"n": quante}

    def altre_porte(self):
        return [("foglio", _("Stampa il foglio"), "")]

    def get_changeform_initial_data(self, request):
        incontri = incontri_da_verbalizzare(request.user, timezone.now())
        prossimo = incontri.exclude(inizio=None).first()
        return {"incontro": prossimo, **super().get_changeform_initial_data(request)}

    def foglio(self, request, pk):
        obj = self.ruolo_or_404(request, pk)
        ritorno = reverse("admin:proposte_verbalizzante_change", args=[pk])
        return self._fogli(request, Verbalizzante.objects.filter(pk=obj.pk), ritorno)

    def tavoli(self, request):
        """One link for each table, in one go."""
        if not request.user.has_perm("proposte.add_verbalizzante"):
            raise Http404
        form = TavoliForm(inviati(request), utente=request.user)
        elenco = reverse("admin:proposte_verbalizzante_changelist")
        if request.method == "POST" and form.is_valid():
            incontro = form.cleaned_data["incontro"]
            fatti = raccolta.prepara_tavoli(incontro, form.cleaned_data["quanti"])
            for nuovo in fatti:
                self.log_addition(request, nuovo, [{"added": {}}])
            self.message_user(
                request,
                ngettext(
                    "Preparato %(n)d link: selezionalo e stampa il foglio con il codice QR.",
                    "Preparati %(n)d link: selezionali e stampa i fogli con il codice QR.",
                    len(fatti),
                )
                % {"n": len(fatti)}
                if fatti
                else gettext("Ogni tavolo ha già chi scrive."),
                messages.SUCCESS,
            )
            return redirect(f"{elenco}?incontro__id__exact={incontro.pk}")
        contesto = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Un link per ogni tavolo"),
            "oggetto": gettext("tutti"),
            "form": form,
            "spiegazione": gettext(
                "Prepara un link per ogni tavolo dell'incontro: si stampa con il suo codice QR e "
                "si mette sul tavolo. Per darlo a una persona, aggiungila invece con il suo nome."
            ),
            "bottone": gettext("Prepara i link"),
            "ritorno": elenco,
        }
        return TemplateResponse(request, "admin/porta.html", contesto)

    def _fogli(self, request, verbalizzanti, ritorno):
        contesto = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Fogli con il codice QR"),
            "oggetto": gettext("stampa"),
            "fogli": [
                {
                    "verbalizzante": v,
                    "link": self.link(v),
                    "finestra": self.ruolo.finestra(v.incontro),
                }
                for v in verbalizzanti.select_related("incontro__sede").order_by(
                    "incontro_id", "tavolo", "nome"
                )
            ],
            "ritorno": ritorno,
        }
        return TemplateResponse(request, "admin/proposte/verbalizzante/fogli.html", contesto)

    def get_urls(self):
        altre = [
            self.rotta("<int:pk>/foglio/", self.foglio),
            self.rotta("tavoli/", self.tavoli),
        ]
        return [*altre, *super().get_urls()]
