from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from eventi import services, telefonate
from eventi.admin_forms import ConfermaForm
from eventi.models import Incontro, Telefonata
from portale.lib import dates
from portale.lib.admin import UfficioModelAdmin, inviati

Genere, Esito = Telefonata.Genere, Telefonata.Esito
IN_PAGINA = 100


class SegnaForm(forms.Form):
    """How one call went; empty puts back in the list one that was ticked by mistake."""

    esito = forms.ChoiceField(
        choices=[
            ("", ""),
            (Esito.RAGGIUNTA, Esito.RAGGIUNTA.label),
            (Esito.NON_RISPONDE, Esito.NON_RISPONDE.label),
            (Esito.DA_RICHIAMARE, Esito.DA_RICHIAMARE.label),
        ],
        required=False,
    )


@admin.register(Telefonata)
class TelefonataAdmin(UfficioModelAdmin):
    """Who has no e-mail and must be told something: a list to work through, on the screen or on
    paper. Nobody writes rows by hand; an offered seat is taken or given back by its door."""

    dati_personali = True
    change_form_template = "admin/proposte/change_form.html"
    fields = [
        "iscrizione", "genere", "entro_at", "esito", "tentativi", "segnata_da", "segnata_at",
        "created_at",
    ]  # fmt: skip

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .select_related("iscrizione__incontro__sede", "segnata_da")
        )

    def get_urls(self):
        return [
            path(
                f"<int:pk>/{nome}/",
                self.admin_site.admin_view(getattr(self, nome)),
                name=f"eventi_telefonata_{nome}",
            )
            for nome in ("segna", "accetta", "rinuncia")
        ] + super().get_urls()

    # --- The list ---

    def changelist_view(self, request, extra_context=None):
        if not self.has_view_permission(request):
            raise Http404
        adesso = timezone.now()
        fatte = "fatte" in request.GET
        righe = self.get_queryset(request)
        if fatte:
            righe = righe.filter(segnata_at__isnull=False).order_by("-segnata_at", "-pk")
        else:
            righe = righe.da_fare(adesso)
        scelto = request.GET.get("incontro", "")
        incontro = None
        if scelto.isdecimal():
            incontro = get_object_or_404(Incontro, pk=int(scelto))
            righe = righe.filter(iscrizione__incontro=incontro)
        pagina = Paginator(righe, IN_PAGINA).get_page(request.GET.get("p"))
        return TemplateResponse(
            request,
            "admin/eventi/telefonata/da_chiamare.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": gettext("Telefonate fatte") if fatte else gettext("Da chiamare"),
                "incontro": incontro,
                "fatte": fatte,
                "pagina": pagina,
                "righe": [_riga(telefonata, adesso) for telefonata in pagina],
                "puo": self.has_change_permission(request),
                "stampato": dates.giorno_e_ora(adesso),
                **(extra_context or {}),
            },
        )

    # --- One call ---

    def _telefonata(self, request, pk):
        if not self.has_change_permission(request):
            raise Http404
        return get_object_or_404(self.get_queryset(request), pk=pk)

    def _ritorno(self, telefonata):
        incontro = telefonata.iscrizione.incontro_id
        return f"{reverse('admin:eventi_telefonata_changelist')}?incontro={incontro}"

    def segna(self, request, pk):
        """A tick mark. Whoever comes second is told that it has been done."""
        telefonata = self._telefonata(request, pk)
        form = SegnaForm(request.POST)
        if request.method != "POST" or not form.is_valid():
            raise Http404
        esito, adesso = form.cleaned_data["esito"], timezone.now()
        nome = telefonata.iscrizione.nome
        if esito:
            segno = Esito(esito).label
            detto = gettext("%(nome)s: %(esito)s.") % {"nome": nome, "esito": segno}
        else:
            segno = _("riaperta")
            detto = gettext("%(nome)s torna nell'elenco.") % {"nome": nome}
        with transaction.atomic():
            if esito:
                fatto = telefonate.segna(telefonata, esito, autore=request.user, adesso=adesso)
            else:
                fatto = telefonate.riapri(telefonata, autore=request.user, adesso=adesso)
            if fatto:
                self.annota(request, telefonata, str(segno))
        if fatto:
            self.message_user(request, detto, messages.SUCCESS)
        else:
            self.message_user(
                request,
                gettext("%(nome)s: ci ha già pensato qualcun altro.") % {"nome": nome},
                messages.WARNING,
            )
        url = reverse("admin:eventi_telefonata_changelist")
        scelto = request.GET.get("incontro", "")
        return redirect(f"{url}?incontro={int(scelto)}" if scelto.isdecimal() else url)

    def _offerta(self, telefonata):
        """Why there is no offer to answer; empty while there is."""
        iscrizione = telefonata.iscrizione
        viva = iscrizione.stato == iscrizione.Stato.POSTO_OFFERTO
        if telefonata.genere == Genere.POSTO_OFFERTO and viva:
            return ""
        return gettext("Non c'è un posto offerto che aspetta una risposta.")

    def _risponde(self, request, pk, *, verbo, titolo, spiegazione, fatto, grave=False):
        telefonata = self._telefonata(request, pk)
        iscrizione = telefonata.iscrizione

        def esegui(dati):
            adesso = timezone.now()
            verbo(iscrizione, autore=request.user, adesso=adesso)
            telefonate.segna(telefonata, Esito.RAGGIUNTA, autore=request.user, adesso=adesso)

        return self.porta(
            request,
            telefonata,
            form=ConfermaForm(inviati(request)),
            titolo=titolo,
            bottone=titolo,
            spiegazione=spiegazione
            % {
                "nome": iscrizione.nome,
                "posti": iscrizione.posti,
                "incontro": iscrizione.incontro.titolo,
            },
            esegui=esegui,
            rifiuto=services.Rifiuto,
            fatto=fatto,
            ritorno=self._ritorno(telefonata),
            grave=grave,
            contesto={"chiusa": self._offerta(telefonata)},
        )

    def accetta(self, request, pk):
        return self._risponde(
            request,
            pk,
            verbo=services.accetta_posto,
            titolo=gettext("La persona accetta il posto"),
            spiegazione=gettext(
                "%(nome)s ti ha detto che viene a «%(incontro)s»: prende i posti offerti "
                "(%(posti)d)."
            ),
            fatto=gettext("Confermata: non serve altro."),
        )

    def rinuncia(self, request, pk):
        return self._risponde(
            request,
            pk,
            verbo=services.rinuncia,
            titolo=gettext("Lascia il posto"),
            spiegazione=gettext(
                "%(nome)s ti ha detto che non viene a «%(incontro)s». I posti (%(posti)d) vanno "
                "subito a chi segue nella lista."
            ),
            fatto=gettext("Il posto è passato a chi segue."),
            grave=True,
        )


def _riga(telefonata, adesso):
    """One line of the list: whom, at which number, what to say, by when."""
    iscrizione = telefonata.iscrizione
    aperta = telefonata.chiusa_at is None
    return {
        "telefonata": telefonata,
        "iscrizione": iscrizione,
        "incontro": iscrizione.incontro,
        "numero": iscrizione.telefono,
        "filo": "".join(c for c in iscrizione.telefono if c.isdigit() or c == "+"),
        "che_cosa": _che_cosa_dire(telefonata),
        "entro": dates.giorno_e_ora(telefonata.entro_at),
        "in_ritardo": aperta and telefonata.entro_at <= adesso,
        "offerta": (
            aperta
            and telefonata.genere == Genere.POSTO_OFFERTO
            and iscrizione.stato == iscrizione.Stato.POSTO_OFFERTO
        ),
    }


def _che_cosa_dire(telefonata):
    """The sentence to say, with what is true now."""
    iscrizione = telefonata.iscrizione
    incontro = iscrizione.incontro
    frasi = {
        Genere.SPOSTATO: gettext("L'incontro è spostato: ora è %(quando)s, %(dove)s."),
        Genere.RINVIATO: gettext("L'incontro è rinviato: la nuova data non si sa ancora."),
        Genere.ANNULLATO: gettext("L'incontro è annullato."),
        Genere.COLLEGAMENTO: gettext("Si partecipa in un altro modo: %(modalita)s."),
        Genere.POSTO_OFFERTO: gettext(
            "C'è posto (%(posti)d): lo vuole? Deve rispondere entro %(entro)s."
        ),
        Genere.POSTO_SCADUTO: gettext("Il posto offerto è passato ad altri."),
        Genere.CONFERMATA: gettext("È confermata: %(quando)s, %(dove)s."),
        Genere.ISCRIZIONE_ANNULLATA: gettext("La sua iscrizione è annullata."),
        Genere.PROMEMORIA: gettext("Le ricordiamo: %(quando)s, %(dove)s."),
    }
    detto = frasi[telefonata.genere] % {
        "quando": incontro.quando,
        "dove": incontro.dove,
        "modalita": incontro.get_modalita_display(),
        "posti": iscrizione.posti,
        "entro": dates.giorno_e_ora(telefonata.entro_at),
    }
    con_motivo = telefonata.genere in (Genere.SPOSTATO, Genere.RINVIATO, Genere.ANNULLATO)
    return f"{detto} {incontro.motivo}".strip() if con_motivo else detto
