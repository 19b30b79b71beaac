import segno
from django import forms
from django.contrib import admin, messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from eventi.admin.filtri import SuoIncontroFilter
from eventi.models import Incontro
from portale.lib import dates
from portale.lib.admin import UfficioModelAdmin, inviati
from portale.lib.elenchi import quanti
from portale.lib.emails import assoluto
from proposte import raccolta
from proposte.cerca import VERBALIZZANTE
from proposte.models import Nota, Verbalizzante
from proposte.services import Rifiuto


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


class IncontroField(forms.ModelChoiceField):
    def __init__(self, **kwargs):
        super().__init__(**kwargs, label=_("Incontro"))

    def label_from_instance(self, incontro):
        return f"{incontro.titolo} – {incontro.quando}"


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
            "incontro": IncontroField(queryset=incontri),
            **self.fields,
        }


@admin.register(Verbalizzante)
class VerbalizzanteAdmin(UfficioModelAdmin):
    """The role is given for one meeting, by a link; it is taken back, not deleted, because the
    notes that came by it remember it."""

    dati_personali = True
    form = VerbalizzanteForm
    change_form_template = "admin/proposte/verbalizzante/change_form.html"
    change_list_template = "admin/proposte/verbalizzante/change_list.html"
    list_display = ["nome", "incontro", "tavolo", "come_sta", "quante_note"]
    list_filter = ["attivo", SuoIncontroFilter]
    list_select_related = ["incontro"]
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
        if not raccolta.perche_chiusa(verbalizzante, adesso):
            return gettext("aperto")
        periodo = raccolta.finestra(incontro)
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

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.action(description=_("Stampa i fogli con il codice QR"), permissions=["change"])
    def stampa_fogli(self, request, queryset):
        return self._fogli(request, queryset, reverse("admin:proposte_verbalizzante_changelist"))

    # --- One note-taker ---

    def get_readonly_fields(self, request, obj=None):
        return ["incontro"] if obj else []

    def has_delete_permission(self, request, obj=None):
        permesso = super().has_delete_permission(request, obj)
        return permesso and (obj is None or not obj.note.exists())

    def get_changeform_initial_data(self, request):
        incontri = incontri_da_verbalizzare(request.user, timezone.now())
        prossimo = incontri.exclude(inizio=None).first()
        return {"incontro": prossimo, **super().get_changeform_initial_data(request)}

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        nuovo_indirizzo = not change or "email" in form.changed_data
        if obj.email and nuovo_indirizzo and obj.attivo:
            try:
                raccolta.invia_link(obj, timezone.now())
            except Rifiuto as no:
                self.message_user(request, str(no), messages.WARNING)
            else:
                testo = gettext("Il link parte adesso per %(email)s.") % {"email": obj.email}
                self.message_user(request, testo, messages.SUCCESS)

    def response_add(self, request, obj, post_url_continue=None):
        """To the page with the link and its QR code: that is what she came for."""
        if "_addanother" in request.POST or "_popup" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        return redirect("admin:proposte_verbalizzante_change", obj.pk)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None and self._puo(request):
            context["porte"] = self._porte(obj)
            context["link"] = link(obj)
            context["perche_chiusa"] = raccolta.perche_chiusa(obj, timezone.now())
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _porte(self, obj):
        voci = [("foglio", _("Stampa il foglio"), "")]
        if obj.attivo and obj.email:
            voci.insert(0, ("invia", _("Manda il link per e-mail"), "principale"))
        if obj.attivo:
            voci.append(("ritira", _("Ritira il link"), "grave"))
        else:
            voci.append(("ridai", _("Ridai il link"), "principale"))
        return [
            {
                "url": reverse(f"admin:proposte_verbalizzante_{nome}", args=[obj.pk]),
                "etichetta": etichetta,
                "aspetto": aspetto,
            }
            for nome, etichetta, aspetto in voci
        ]

    # --- Doors ---

    def _puo(self, request):
        return request.user.has_perm("proposte.change_verbalizzante")

    def _verbalizzante(self, request, pk):
        if not self._puo(request):
            raise Http404
        return get_object_or_404(
            self.get_queryset(request).select_related("incontro__sede"), pk=pk
        )

    def _porta(self, request, obj, **kwargs):
        return self.porta(
            request,
            obj,
            form=forms.Form(inviati(request)),
            ritorno=reverse("admin:proposte_verbalizzante_change", args=[obj.pk]),
            rifiuto=Rifiuto,
            **kwargs,
        )

    def invia(self, request, pk):
        obj = self._verbalizzante(request, pk)
        return self._porta(
            request,
            obj,
            titolo=gettext("Manda il link per e-mail"),
            spiegazione=gettext("Il link per gli appunti di «%(incontro)s» va a %(email)s.")
            % {"incontro": obj.incontro.titolo, "email": obj.email or "–"},
            bottone=gettext("Manda il link"),
            esegui=lambda dati: raccolta.invia_link(obj, timezone.now()),
            fatto=gettext("Il link parte adesso."),
        )

    def ritira(self, request, pk):
        obj = self._verbalizzante(request, pk)
        quante = obj.note.presenti().count()
        return self._porta(
            request,
            obj,
            titolo=gettext("Ritira il link"),
            spiegazione=ngettext(
                "Il link non aprirà più niente. La nota che ha scritto resta (%(n)d).",
                "Il link non aprirà più niente. Le note che ha scritto restano (%(n)d).",
                quante,
            )
            % {"n": quante},
            bottone=gettext("Ritira il link"),
            grave=True,
            esegui=lambda dati: raccolta.ritira(obj),
            fatto=gettext("Ritirato."),
        )

    def ridai(self, request, pk):
        obj = self._verbalizzante(request, pk)
        return self._porta(
            request,
            obj,
            titolo=gettext("Ridai il link"),
            spiegazione=gettext("Torna a funzionare lo stesso link di prima."),
            bottone=gettext("Ridai il link"),
            esegui=lambda dati: raccolta.ridai(obj),
            fatto=gettext("Il link funziona di nuovo."),
        )

    def foglio(self, request, pk):
        obj = self._verbalizzante(request, pk)
        ritorno = reverse("admin:proposte_verbalizzante_change", args=[pk])
        return self._fogli(request, Verbalizzante.objects.filter(pk=obj.pk), ritorno)

    def qr(self, request, pk):
        """The link as a QR code, black on white whatever the office's screen looks like."""
        obj = self._verbalizzante(request, pk)
        response = HttpResponse(content_type="image/svg+xml")
        disegno = segno.make_qr(link(obj), error="m")
        disegno.save(response, kind="svg", scale=8, border=4, dark="#000", light="#fff")
        return response

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
                {"verbalizzante": v, "link": link(v), "finestra": raccolta.finestra(v.incontro)}
                for v in verbalizzanti.select_related("incontro__sede").order_by(
                    "incontro_id", "tavolo", "nome"
                )
            ],
            "ritorno": ritorno,
        }
        return TemplateResponse(request, "admin/proposte/verbalizzante/fogli.html", contesto)

    def get_urls(self):
        def rotta(indirizzo, vista):
            nome = f"proposte_verbalizzante_{vista.__name__}"
            return path(indirizzo, self.admin_site.admin_view(vista), name=nome)

        sue = [
            rotta(f"<int:pk>/{vista.__name__}/", vista)
            for vista in (self.invia, self.ritira, self.ridai, self.foglio)
        ]
        altre = [rotta("<int:pk>/qr.svg", self.qr), rotta("tavoli/", self.tavoli)]
        return [*sue, *altre, *super().get_urls()]


def link(verbalizzante):
    """The full address that she opens."""
    return assoluto(reverse("raccolta:raccolta", args=[verbalizzante.token]))
