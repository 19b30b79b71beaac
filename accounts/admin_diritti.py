"""The rights of who asks the office, by phone or at the desk, and their register."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION
from django.core import signing
from django.http import FileResponse, Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from portale.lib import dates
from portale.lib.admin import UfficioModelAdmin, inviati

from . import diritti
from .interessato import Recapito
from .models import Canale, Cancellazione, Scarico

_SALE = "accounts.diritti.ufficio"


class CancellaPerLeiForm(forms.Form):
    motivo = forms.ChoiceField(label=_("Perché"), choices=Cancellazione.Motivo)
    identificata = forms.BooleanField(
        label=_("Mi sono assicurata o assicurato che è lei a chiederlo"),
        error_messages={"required": _("Prima controlla chi è: un documento, o l’indirizzo.")},
    )


class _Registro(UfficioModelAdmin):
    dati_personali = True

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description=_("quando"), ordering="created_at")
    def quando(self, riga):
        return dates.giorno_e_ora(riga.created_at)


@admin.register(Scarico)
class ScaricoAdmin(_Registro):
    list_display = ["quando", "canale", "autore"]
    list_filter = ["canale"]
    list_select_related = ["autore"]
    fields = ["quando", "canale", "persona", "partecipante", "autore"]
    readonly_fields = ["quando"]
    ordering = ["-created_at", "-pk"]

    def has_add_permission(self, request):
        return False


@admin.register(Cancellazione)
class CancellazioneAdmin(_Registro):
    """Adding one is a search, then a page that says what is held about the person found."""

    list_display = ["quando", "canale", "motivo", "quante", "autore"]
    list_filter = ["canale", "motivo"]
    list_select_related = ["autore"]
    fields = ["quando", "canale", "motivo", "autore", "per_finalita"]
    readonly_fields = ["quando", "per_finalita"]
    ordering = ["-created_at", "-pk"]

    @admin.display(description=_("righe"))
    def quante(self, riga):
        return sum(n for cose in riga.conteggi.values() for n in cose.values())

    @admin.display(description=_("quante righe, per finalità"))
    def per_finalita(self, riga):
        return "; ".join(
            f"{codice}: " + ", ".join(f"{cosa.replace('_', ' ')} {n}" for cosa, n in cose.items())
            for codice, cose in riga.conteggi.items()
        )

    def get_urls(self):
        vista = self.admin_site.admin_view
        nome = "accounts_cancellazione_{}".format
        return [
            path("persona/<str:chiave>/", vista(self.persona), name=nome("persona")),
            path(
                "persona/<str:chiave>/scarica/",
                vista(require_POST(self.scarica)),
                name=nome("scarica"),
            ),
            *super().get_urls(),
        ]

    def add_view(self, request, form_url="", extra_context=None):
        """Who is it? By her whole address, or by a part of her name."""
        if not self.has_add_permission(request):
            raise Http404
        cercato = request.GET.get("q", "").replace("\0", "")[:200]
        trovate = [
            (recapito, reverse("admin:accounts_cancellazione_persona", args=[_chiave(recapito)]))
            for recapito in diritti.cerca_persone(cercato)
        ]
        return self._pagina(
            request,
            "cerca",
            gettext("I dati di chi lo chiede all’ufficio"),
            ricerca={"q": cercato, "etichetta": gettext("E-mail intera, o parte del nome")},
            trovate=trovate,
        )

    def persona(self, request, chiave):
        if not self.has_add_permission(request):
            raise Http404
        interessato = self._interessato(request, chiave)
        adesso = timezone.now()
        form = CancellaPerLeiForm(inviati(request))
        impedita = diritti.perche_no(interessato, adesso)
        if request.method == "POST" and form.is_valid() and not impedita:
            try:
                fatta = diritti.cancella_tutto(
                    interessato,
                    canale=Canale.UFFICIO,
                    autore=request.user,
                    motivo=form.cleaned_data["motivo"],
                    adesso=adesso,
                )
                if fatta:
                    self.annota(
                        request, fatta, gettext("Cancellati i dati di una persona"), atto=ADDITION
                    )
            except diritti.Impedita as no:
                impedita = str(no)
            else:
                testo = (
                    gettext("Fatto: i dati sono cancellati.")
                    if fatta
                    else gettext("Non c’era più niente da cancellare.")
                )
                self.message_user(request, testo, messages.SUCCESS)
                return redirect("admin:accounts_cancellazione_changelist")
        raccolte = [una for una in diritti.raccogli(interessato) if una.quante]
        return self._pagina(
            request,
            "persona",
            gettext("Che cosa conserviamo di questa persona"),
            form=form,
            impedita=impedita,
            raccolte=raccolte,
            chi=_chi(chiave),
            scarica_url=reverse("admin:accounts_cancellazione_scarica", args=[chiave]),
            puo_scaricare=request.user.has_perm("accounts.add_scarico"),
        )

    def scarica(self, request, chiave):
        if not request.user.has_perm("accounts.add_scarico"):
            raise Http404
        adesso = timezone.now()
        file = diritti.scarica(
            self._interessato(request, chiave),
            canale=Canale.UFFICIO,
            autore=request.user,
            adesso=adesso,
        )
        scarico = Scarico.objects.filter(autore=request.user, created_at=adesso).latest("pk")
        self.annota(request, scarico, gettext("Scaricati i dati di una persona"), atto=ADDITION)
        risposta = FileResponse(
            file, as_attachment=True, filename="dati.zip", content_type="application/zip"
        )
        risposta["Cache-Control"] = "no-store"
        return risposta

    def _interessato(self, request, chiave):
        """Colleagues' data are an administrator's business."""
        interessato = diritti.del_recapito(_chi(chiave))
        persona = interessato.persona
        if persona is not None and persona.is_staff and not request.user.is_superuser:
            raise Http404
        return interessato

    def _pagina(self, request, nome, titolo, **contesto):
        return TemplateResponse(
            request,
            f"admin/accounts/diritti_{nome}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "oggetto": None,
                "title": titolo,
                "ritorno": reverse("admin:accounts_cancellazione_add"),
                **contesto,
            },
        )


def _chiave(recapito: Recapito) -> str:
    """Whom a page is about, without her name in its address (and in the logs of the server)."""
    letto = [recapito.nome, recapito.email, recapito.telefono]
    return signing.dumps(letto, salt=_SALE, compress=True)


def _chi(chiave: str) -> Recapito:
    try:
        return Recapito(*signing.loads(chiave, salt=_SALE))
    except signing.BadSignature as no:
        raise Http404 from no
