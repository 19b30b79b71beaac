"""What the screens of the roles given by a link share (``eventi.ruoli``)."""

import segno
from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib.admin import UfficioModelAdmin, inviati
from portale.lib.emails import assoluto
from portale.lib.rifiuti import Rifiuto


class RuoloModelAdmin(UfficioModelAdmin):
    """A role is given for one meeting, by a link; it is taken back, not deleted, because what came
    by it remembers it. ``ruolo`` is its kind, ``rotta_pubblica`` the page that its link opens."""

    ruolo = None
    rotta_pubblica = ""
    # What the link is for, to who is about to send it: %(incontro)s, %(email)s.
    a_che_serve = ""
    # Beside the link: who opens it, and what then.
    chi_lo_apre = ""

    dati_personali = True
    change_form_template = "admin/eventi/ruolo/change_form.html"
    list_select_related = ["incontro"]

    def ha_lasciato_qualcosa(self, obj):
        """Whether something came by it: then it is not deleted."""
        raise NotImplementedError

    def che_cosa_resta(self, obj):
        """What taking it back does and leaves, in words."""
        raise NotImplementedError

    def e_suo(self, request, obj):
        """Whether this officer may see its link."""
        return True

    def altre_porte(self):
        """Names, labels and looks of doors of its own."""
        return []

    def link(self, obj):
        """The full address that she opens."""
        return assoluto(reverse(self.rotta_pubblica, args=[obj.token]))

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_readonly_fields(self, request, obj=None):
        return ["incontro"] if obj else []

    def has_delete_permission(self, request, obj=None):
        permesso = super().has_delete_permission(request, obj)
        return permesso and (obj is None or not self.ha_lasciato_qualcosa(obj))

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        nuovo_indirizzo = not change or "email" in form.changed_data
        if obj.email and nuovo_indirizzo and self.ruolo.e_acceso(obj):
            try:
                self.ruolo.invia_link(obj, timezone.now())
            except Rifiuto as no:
                self.message_user(request, str(no), messages.WARNING)
            else:
                testo = gettext("Il link parte adesso per %(email)s.") % {"email": obj.email}
                self.message_user(request, testo, messages.SUCCESS)

    def response_add(self, request, obj, post_url_continue=None):
        """To the page with the link and its QR code: that is what she came for."""
        if "_addanother" in request.POST or "_popup" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        return redirect(self._pagina(obj))

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None and self._puo(request) and self.e_suo(request, obj):
            context["porte"] = self._porte(obj)
            context["link"] = self.link(obj)
            context["link_acceso"] = self.ruolo.e_acceso(obj)
            context["link_qr"] = reverse(f"admin:{self._rotta('qr')}", args=[obj.pk])
            context["chi_lo_apre"] = self.chi_lo_apre
            context["perche_chiuso"] = self.ruolo.perche_chiuso(obj, timezone.now())
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _porte(self, obj):
        acceso = self.ruolo.e_acceso(obj)
        voci = [
            *(
                [("invia", _("Manda il link per e-mail"), "principale")]
                * bool(acceso and obj.email)
            ),
            *self.altre_porte(),
            ("ritira", _("Ritira il link"), "grave")
            if acceso
            else ("ridai", _("Ridai il link"), "principale"),
        ]
        return [
            {
                "url": reverse(f"admin:{self._rotta(nome)}", args=[obj.pk]),
                "etichetta": etichetta,
                "aspetto": aspetto,
            }
            for nome, etichetta, aspetto in voci
        ]

    def _rotta(self, nome):
        return f"{self.opts.app_label}_{self.opts.model_name}_{nome}"

    def _pagina(self, obj):
        return reverse(f"admin:{self._rotta('change')}", args=[obj.pk])

    # --- Doors ---

    def _puo(self, request):
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def ruolo_or_404(self, request, pk):
        if not self._puo(request):
            raise Http404
        suoi = self.get_queryset(request).select_related("incontro__sede")
        return get_object_or_404(suoi, pk=pk)

    def _porta(self, request, obj, **kwargs):
        return self.porta(
            request,
            obj,
            form=forms.Form(inviati(request)),
            ritorno=self._pagina(obj),
            rifiuto=Rifiuto,
            **kwargs,
        )

    def invia(self, request, pk):
        obj = self.ruolo_or_404(request, pk)
        return self._porta(
            request,
            obj,
            titolo=gettext("Manda il link per e-mail"),
            spiegazione=self.a_che_serve
            % {"incontro": obj.incontro.titolo, "email": obj.email or "–"},
            bottone=gettext("Manda il link"),
            esegui=lambda dati: self.ruolo.invia_link(obj, timezone.now()),
            fatto=gettext("Il link parte adesso."),
        )

    def ritira(self, request, pk):
        obj = self.ruolo_or_404(request, pk)
        return self._porta(
            request,
            obj,
            titolo=gettext("Ritira il link"),
            spiegazione=self.che_cosa_resta(obj),
            bottone=gettext("Ritira il link"),
            grave=True,
            esegui=lambda dati: self.ruolo.ritira(obj),
            fatto=gettext("Ritirato."),
        )

    def ridai(self, request, pk):
        obj = self.ruolo_or_404(request, pk)
        return self._porta(
            request,
            obj,
            titolo=gettext("Ridai il link"),
            spiegazione=gettext("Torna a funzionare lo stesso link di prima."),
            bottone=gettext("Ridai il link"),
            esegui=lambda dati: self.ruolo.ridai(obj),
            fatto=gettext("Il link funziona di nuovo."),
        )

    def qr(self, request, pk):
        """The link as a QR code, black on white whatever the office's screen looks like."""
        obj = self.ruolo_or_404(request, pk)
        if not self.e_suo(request, obj):
            raise Http404
        response = HttpResponse(content_type="image/svg+xml")
        disegno = segno.make_qr(self.link(obj), error="m")
        disegno.save(response, kind="svg", scale=8, border=4, dark="#000", light="#fff")
        return response

    def rotta(self, indirizzo, vista):
        """A page of its own, named after the method that shows it."""
        nome = self._rotta(vista.__name__)
        return path(indirizzo, self.admin_site.admin_view(vista), name=nome)

    def get_urls(self):
        porte = [
            self.rotta(f"<int:pk>/{vista.__name__}/", vista)
            for vista in (self.invia, self.ritira, self.ridai)
        ]
        return [*porte, self.rotta("<int:pk>/qr.svg", self.qr), *super().get_urls()]
