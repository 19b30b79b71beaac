import segno
from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from eventi import presenze
from eventi.cerca import ACCOGLIENZA
from eventi.models import Accoglienza, Incontro, Ingresso, SegnoPresenza
from eventi.services import Rifiuto
from portale.lib.admin import UfficioModelAdmin, inviati
from portale.lib.elenchi import quanti
from portale.lib.emails import assoluto

from .filtri import SuoIncontroFilter


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
            campo.label_from_instance = lambda incontro: f"{incontro.titolo} – {incontro.quando}"
            campo.help_text = gettext("Il ruolo vale solo per questo incontro.")


@admin.register(Accoglienza)
class AccoglienzaAdmin(UfficioModelAdmin):
    """The role is given for one meeting, by a link; it is taken back, not deleted, because the
    taps that came by it remember it."""

    dati_personali = True
    form = AccoglienzaForm
    change_form_template = "admin/eventi/accoglienza/change_form.html"
    list_display = ["nome", "incontro", "come_sta", "quanti_tocchi"]
    list_filter = ["attiva", SuoIncontroFilter]
    list_select_related = ["incontro"]
    cercato = ACCOGLIENZA
    ordering = ["-incontro__inizio", "incontro_id", "nome"]
    fields = ["incontro", "nome", "email"]

    def get_queryset(self, request):
        # Each counted by itself, for the rows of the page alone.
        tocchi = quanti(SegnoPresenza, "accoglienza") + quanti(Ingresso, "accoglienza")
        return super().get_queryset(request).annotate(tocchi=tocchi)

    @admin.display(description=_("link"))
    def come_sta(self, accoglienza):
        return presenze.perche_chiusa(accoglienza, timezone.now()) or gettext("aperto")

    @admin.display(description=_("tocchi"), ordering="tocchi")
    def quanti_tocchi(self, accoglienza):
        return accoglienza.tocchi

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_readonly_fields(self, request, obj=None):
        return ["incontro"] if obj else []

    def has_delete_permission(self, request, obj=None):
        permesso = super().has_delete_permission(request, obj)
        return permesso and (obj is None or not (obj.segni.exists() or obj.ingressi.exists()))

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if obj.email and (not change or "email" in form.changed_data) and obj.attiva:
            try:
                presenze.invia_link(obj, timezone.now())
            except Rifiuto as no:
                self.message_user(request, str(no), messages.WARNING)
            else:
                testo = gettext("Il link parte adesso per %(email)s.") % {"email": obj.email}
                self.message_user(request, testo, messages.SUCCESS)

    def response_add(self, request, obj, post_url_continue=None):
        """To the page with the link and its QR code: that is what she came for."""
        if "_addanother" in request.POST or "_popup" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        return redirect("admin:eventi_accoglienza_change", obj.pk)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        # An officer's own link is nobody else's to see.
        if obj is not None and self._puo(request) and obj.persona_id in (None, request.user.pk):
            context["porte"] = self._porte(obj)
            context["link"] = link(obj)
            context["perche_chiusa"] = presenze.perche_chiusa(obj, timezone.now())
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _porte(self, obj):
        voci = []
        if obj.attiva and obj.email:
            voci.append(("invia", _("Manda il link per e-mail"), "principale"))
        if obj.attiva:
            voci.append(("ritira", _("Ritira il link"), "grave"))
        else:
            voci.append(("ridai", _("Ridai il link"), "principale"))
        return [
            {
                "url": reverse(f"admin:eventi_accoglienza_{nome}", args=[obj.pk]),
                "etichetta": etichetta,
                "aspetto": aspetto,
            }
            for nome, etichetta, aspetto in voci
        ]

    # --- Doors ---

    def _puo(self, request):
        return request.user.has_perm("eventi.change_accoglienza")

    def _accoglienza(self, request, pk):
        if not self._puo(request):
            raise Http404
        return get_object_or_404(Accoglienza.objects.select_related("incontro__sede"), pk=pk)

    def _porta(self, request, obj, **kwargs):
        return self.porta(
            request,
            obj,
            form=forms.Form(inviati(request)),
            ritorno=reverse("admin:eventi_accoglienza_change", args=[obj.pk]),
            rifiuto=Rifiuto,
            **kwargs,
        )

    def invia(self, request, pk):
        obj = self._accoglienza(request, pk)
        return self._porta(
            request,
            obj,
            titolo=gettext("Manda il link per e-mail"),
            spiegazione=gettext("Il link per le presenze di «%(incontro)s» va a %(email)s.")
            % {"incontro": obj.incontro.titolo, "email": obj.email or "–"},
            bottone=gettext("Manda il link"),
            esegui=lambda dati: presenze.invia_link(obj, timezone.now()),
            fatto=gettext("Il link parte adesso."),
        )

    def ritira(self, request, pk):
        obj = self._accoglienza(request, pk)
        return self._porta(
            request,
            obj,
            titolo=gettext("Ritira il link"),
            spiegazione=gettext(
                "Il link non aprirà più niente, e i nomi si cancellano dal telefono appena si "
                "ricollega. Quello che ha segnato resta."
            ),
            bottone=gettext("Ritira il link"),
            grave=True,
            esegui=lambda dati: presenze.ritira(obj),
            fatto=gettext("Ritirato."),
        )

    def ridai(self, request, pk):
        obj = self._accoglienza(request, pk)
        return self._porta(
            request,
            obj,
            titolo=gettext("Ridai il link"),
            spiegazione=gettext("Torna a funzionare lo stesso link di prima."),
            bottone=gettext("Ridai il link"),
            esegui=lambda dati: presenze.ridai(obj),
            fatto=gettext("Il link funziona di nuovo."),
        )

    def qr(self, request, pk):
        """The link as a QR code, black on white whatever the office's screen looks like."""
        obj = self._accoglienza(request, pk)
        if obj.persona_id not in (None, request.user.pk):
            raise Http404
        response = HttpResponse(content_type="image/svg+xml")
        disegno = segno.make_qr(link(obj), error="m")
        disegno.save(response, kind="svg", scale=8, border=4, dark="#000", light="#fff")
        return response

    def get_urls(self):
        def rotta(indirizzo, vista):
            nome = f"eventi_accoglienza_{vista.__name__}"
            return path(indirizzo, self.admin_site.admin_view(vista), name=nome)

        sue = [
            rotta(f"<int:pk>/{vista.__name__}/", vista)
            for vista in (self.invia, self.ritira, self.ridai)
        ]
        return [*sue, rotta("<int:pk>/qr.svg", self.qr), *super().get_urls()]


def link(accoglienza):
    """The full address that she opens."""
    return assoluto(reverse("presenze:presenze", args=[accoglienza.token]))
