"""Sittings: prepared in one screen, called with the mail in sight, held from the register."""

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from eventi.admin_forms import ConfermaForm
from eventi.models import Incontro
from percorso.models import Percorso
from portale.lib import dates
from portale.lib.admin import PassiInline, SolaLetturaInline, UfficioInline, inviati
from portale.lib.conteggi import quanti
from portale.lib.fogli import righe_csv, xlsx
from proposte.admin_views import Porta
from proposte.models import Proposta

from .. import pronti
from ..cerca import SEDUTA
from ..da_fare import sedute_senza_verbale
from ..emails.sedute import componi_convocazione, componi_riconvocazione
from ..models import (
    DocumentoTavolo,
    PassaggioSeduta,
    PuntoOrdineDelGiorno,
    Seduta,
    Seggio,
)
from ..registro_presenze import tavola
from ..services import presenze, sedute, sedute_avvisi, sedute_programma
from . import sedute_forms as moduli
from .porte import ConPorte

Stato = Seduta.Stato

STATI_SPIEGATI = {
    Stato.BOZZA: _("In preparazione: la vedono l'ufficio e chi conduce. Poi convocala."),
    Stato.CONVOCATA: _("Convocata: chi siede al Tavolo ha ricevuto l'ordine del giorno."),
    Stato.APERTA: _("In corso: le presenze si segnano dal registro."),
    Stato.CHIUSA: _("Chiusa: il passo dopo è il verbale."),
}


class PuntoInline(UfficioInline):
    """An item has too many fields for one line of a table."""

    model = PuntoOrdineDelGiorno
    template = "admin/edit_inline/stacked.html"
    fields = [
        ("ordine", "genere", "minuti"),
        "titolo",
        "testo",
        "relatore",
        "proposte",
        "sezioni",
    ]

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and _si_cambia(obj)

    def has_add_permission(self, request, obj=None):
        return super().has_add_permission(request, obj) and _si_cambia(obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and _si_cambia(obj)

    def get_formset(self, request, obj=None, **kwargs):
        self.seduta = obj
        return super().get_formset(request, obj, **kwargs)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        percorso = self.seduta.incontro.percorso_id if self.seduta else None
        if db_field.name == "relatore":
            kwargs["queryset"] = Seggio.objects.filter(percorso=percorso).for_elenco()
            # All of them: the rows share the list, which knows nothing of what each has chosen.
            kwargs["form_class"] = forms.ModelChoiceField
        elif db_field.name == "proposte":
            # Those to be decided, and what is on the agenda already whatever became of it.
            kwargs["queryset"] = Proposta.objects.filter(
                Q(percorso=percorso, stato=Proposta.Stato.IN_VALUTAZIONE)
                | Q(punti_tavolo__seduta=self.seduta)
            ).distinct()
            kwargs["widget"] = forms.SelectMultiple({"size": 4})
        elif db_field.name == "testo":
            kwargs["widget"] = forms.Textarea({"rows": 3, "cols": 30})
        campo = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in ("relatore", "proposte") and campo is not None:
            # One query for all the rows.
            campo.choices = list(campo.choices)
            # Neither is made from here.
            campo.widget.can_add_related = campo.widget.can_change_related = False
            campo.widget.can_delete_related = campo.widget.can_view_related = False
        return campo


def _si_cambia(seduta):
    return seduta is not None and seduta.stato != Stato.CHIUSA


class DocumentoInline(SolaLetturaInline):
    model = DocumentoTavolo
    fields = readonly_fields = ["apri", "pubblico_dal"]
    verbose_name_plural = _("documenti")

    @admin.display(description=_("titolo"))
    def apri(self, documento):
        url = reverse("admin:tavolo_documentotavolo_change", args=[documento.pk])
        return format_html('<a href="{}">{}</a>', url, documento)


class PassaggioInline(PassiInline):
    model = PassaggioSeduta
    fields = readonly_fields = ["quando", "passaggio", "autore", "testo"]


class QuandoFilter(admin.SimpleListFilter):
    title = _("quando")
    parameter_name = "quando"

    def lookups(self, request, model_admin):
        return [
            ("prossime", _("prossime")),
            ("da_convocare", _("da convocare")),
            ("da_chiudere", _("passate, da chiudere")),
            ("senza_verbale", _("chiuse, senza verbale")),
            ("passate", _("passate")),
        ]

    def queryset(self, request, queryset):
        adesso = timezone.now()
        passata = Q(incontro__inizio__lte=adesso)
        scelte = {
            "prossime": lambda: queryset.future(adesso),
            "da_convocare": lambda: queryset.filter(stato=Stato.BOZZA),
            "da_chiudere": lambda: queryset.filter(
                passata, stato__in=[Stato.CONVOCATA, Stato.APERTA]
            ).exclude(incontro__stato=Incontro.Stato.ANNULLATO),
            "senza_verbale": lambda: queryset.filter(pk__in=sedute_senza_verbale()),
            "passate": lambda: queryset.filter(passata),
        }
        return scelte.get(self.value(), lambda: queryset)()


@admin.register(Seduta)
class SedutaAdmin(ConPorte):
    """The agenda is edited here; the rest goes through the doors, which tell whoever was called.
    Date, place and link are those of its meeting."""

    change_form_template = "admin/tavolo/seduta/change_form.html"
    change_list_template = "admin/tavolo/seduta/change_list.html"
    list_display = ["__str__", "quando", "stato", "dell_incontro", "punti_in_agenda"]
    list_filter = [QuandoFilter, "stato", "incontro__percorso", "esempio"]
    cercato = SEDUTA
    ordering = ["-incontro__inizio", "-pk"]
    inlines = [PuntoInline, DocumentoInline, PassaggioInline]
    fields = ["numero", "quando", "dove", "incontro_suo"]
    readonly_fields = ["quando", "dove", "incontro_suo"]
    nomi_porte = (
        "pronti",
        "convoca",
        "programma",
        "non_programmare",
        "riconvoca",
        "apri",
        "chiudi",
        "correggi",
        "elimina",
    )

    def get_queryset(self, request):
        righe = (
            super().get_queryset(request).select_related("incontro__sede", "incontro__percorso")
        )
        return righe.annotate(n_punti=quanti(PuntoOrdineDelGiorno, "seduta"))

    @admin.display(description=_("quando"), ordering="incontro__inizio")
    def quando(self, seduta):
        return seduta.incontro.quando

    @admin.display(description=_("dove"))
    def dove(self, seduta):
        return seduta.incontro.dove

    @admin.display(description=_("incontro"))
    def dell_incontro(self, seduta):
        return seduta.incontro.get_stato_display()

    @admin.display(description=_("punti"))
    def punti_in_agenda(self, seduta):
        return seduta.n_punti

    @admin.display(description=_("data, luogo, collegamento"))
    def incontro_suo(self, seduta):
        url = reverse("admin:eventi_incontro_change", args=[seduta.incontro_id])
        testo = gettext("Si cambiano dalla pagina dell'incontro")
        return format_html('<a href="{}">{}</a>', url, testo)

    def get_object(self, request, object_id, from_field=None):
        """On POST hold the sitting's lock until the answer: nobody closes it meanwhile."""
        seduta = super().get_object(request, object_id, from_field)
        if seduta is None or request.method != "POST":
            return seduta
        if transaction.get_connection().in_atomic_block:
            Seduta.objects.select_for_update(of=("self",), no_key=True).get(pk=seduta.pk)
            seduta.refresh_from_db(fields=["stato", "convocazione"])
        return seduta

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        sedute.agenda_cambiata(form.instance)

    def view_on_site(self, seduta):
        return None if seduta.stato == Stato.BOZZA else seduta.get_absolute_url()

    def add_view(self, request, form_url="", extra_context=None):
        iniziali = {"percorso": Percorso.objects.attivi().dal_piu_attuale().first()}
        return self.nuovo(
            request,
            form=moduli.NuovaSedutaForm(inviati(request), initial=iniziali),
            titolo=gettext("Prepara una seduta"),
            spiegazione=gettext(
                "Nascono insieme la seduta e il suo incontro, che sul sito si legge da quando la "
                "convochi. Poi componi l'ordine del giorno."
            ),
            bottone=gettext("Crea la bozza"),
            esegui=lambda dati: sedute.prepara(
                dati.pop("percorso"), **dati, autore=request.user, adesso=timezone.now()
            ),
            fatto=gettext("Bozza creata: ora l'ordine del giorno."),
        )

    # --- Doors ---

    def porte(self, request, seduta):
        """What may be done with it now: (name, label, look)."""
        porte = []
        if seduta.stato != Stato.CHIUSA:
            porte.append(("pronti", _("Componi da ciò che è pronto"), ""))
        if seduta.stato == Stato.BOZZA:
            porte.append(("convoca", _("Convoca"), "principale"))
            if seduta.programmata_at is not None:
                porte.append(("non_programmare", _("Non farla partire da sola"), ""))
            elif (quando := sedute_programma.termine(seduta)) and quando > timezone.now():
                porte.append(("programma", _("Falla partire da sola"), ""))
            if seduta.incontro.stato == Incontro.Stato.BOZZA:
                porte.append(("elimina", _("Elimina la bozza"), "grave"))
        if seduta.stato == Stato.CONVOCATA:
            porte.append(("riconvoca", _("Convoca di nuovo"), ""))
            if not sedute.perche_non_si_apre(seduta, timezone.now()):
                porte.append(("apri", _("Apri la seduta"), "principale"))
        if seduta.stato == Stato.APERTA:
            porte.append(("chiudi", _("Chiudi la seduta"), "principale"))
        if seduta.stato == Stato.CHIUSA:
            porte.append(("correggi", _("Correggi una presenza"), ""))
        return porte

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        risposta = super().render_change_form(request, context, add, change, form_url, obj)
        if obj is None:
            return risposta
        contesto = risposta.context_data
        contesto["stato_spiegato"] = self._spiega(obj)
        contesto["differenze"] = sedute.differenze(obj) if obj.stato == Stato.CONVOCATA else []
        if self.puo(request):
            contesto["porte"] = [*contesto["porte"], *self._altrove(obj)]
        return risposta

    def _spiega(self, seduta):
        """What its state means, and until when it can be called."""
        spiegato = str(STATI_SPIEGATI[seduta.stato])
        if seduta.stato != Stato.BOZZA or (termine := sedute_programma.termine(seduta)) is None:
            return spiegato
        if termine <= timezone.now():
            altro = gettext("Il preavviso stabilito scadeva %(quando)s.")
        elif seduta.programmata_at is not None:
            altro = gettext("La convocazione parte da sola %(quando)s.")
        else:
            altro = gettext("Per rispettare il preavviso convocala entro %(quando)s.")
        return f"{spiegato} {altro % {'quando': dates.giorno_e_ora(termine)}}"

    def _altrove(self, seduta):
        """Doors that are elsewhere: the register, its documents, moving or cancelling."""
        altrove = []
        if seduta.stato != Stato.BOZZA:
            url = reverse("area:presenze", args=[seduta.incontro.slug])
            altrove.append(Porta(url, _("Registro delle presenze")))
        url = reverse("admin:tavolo_documentotavolo_add")
        altrove.append(
            Porta(
                f"{url}?seduta={seduta.pk}&percorso={seduta.incontro.percorso_id}",
                _("Aggiungi un documento"),
            )
        )
        if seduta.stato in (Stato.BOZZA, Stato.CONVOCATA):
            url = reverse("admin:eventi_incontro_change", args=[seduta.incontro_id])
            altrove.append(Porta(url, _("Sposta, rinvia o annulla l'incontro")))
        return altrove

    def pronti(self, request, pk):
        seduta = self.oggetto_or_404(request, pk)
        percorso, adesso = seduta.incontro.percorso, timezone.now()
        form = moduli.SceltePronteForm(
            inviati(request),
            verbali=pronti.verbali_da_approvare(percorso),
            proposte=pronti.proposte_pronte(percorso, adesso),
        )
        chiusa = ""
        if seduta.stato == Stato.CHIUSA:
            chiusa = STATI_SPIEGATI[Stato.CHIUSA]
        elif not form.fields:
            chiusa = gettext("Niente di pronto: nessun esame finito, nessun verbale da approvare.")
        return self.apri_porta(
            request,
            seduta,
            form=form,
            titolo=gettext("Componi l'ordine del giorno"),
            spiegazione=gettext(
                "Quello che segni diventa un punto in fondo all'ordine del giorno. Poi puoi "
                "cambiare ordine, minuti e relatore."
            ),
            contesto={"chiusa": chiusa},
            bottone=gettext("Aggiungi i punti segnati"),
            esegui=lambda dati: sedute.aggiungi_punti(
                seduta, pronti.voci(dati.get("verbali", ()), dati.get("proposte", ()))
            ),
            fatto=gettext("Punti aggiunti."),
        )

    def convoca(self, request, pk):
        seduta = self.oggetto_or_404(request, pk)
        adesso = timezone.now()
        mancano = sedute.preavviso_mancante(seduta, adesso)
        return self.apri_porta(
            request,
            seduta,
            form=moduli.TestoForm(
                inviati(request),
                etichetta=_("Perché con meno preavviso"),
                aiuto=_("Serve solo se il preavviso è più breve del solito. Lo leggono tutti."),
            ),
            titolo=gettext("Convoca la seduta"),
            spiegazione=(
                ngettext(
                    "Manca %(n)d giorno al preavviso stabilito: scrivi il motivo.",
                    "Mancano %(n)d giorni al preavviso stabilito: scrivi il motivo.",
                    mancano,
                )
                % {"n": mancano}
                if mancano
                else gettext("L'incontro si pubblica e la mail parte subito.")
            ),
            contesto=self._chi_e_che_cosa(seduta, adesso, stati=[Stato.BOZZA]),
            bottone=gettext("Convoca"),
            esegui=lambda dati: sedute.convoca(seduta, **dati, autore=request.user, adesso=adesso),
            fatto=gettext("Convocata: le mail stanno partendo."),
        )

    def programma(self, request, pk):
        seduta = self.oggetto_or_404(request, pk)
        adesso = timezone.now()
        quando = sedute_programma.termine(seduta)
        contesto = self._chi_e_che_cosa(seduta, adesso, stati=[Stato.BOZZA])
        if quando:
            contesto["conseguenze"] = [
                gettext("La convocazione parte da sola %(quando)s, con l'agenda di allora.")
                % {"quando": dates.giorno_e_ora(quando)},
                gettext("Se sposti la seduta si sposta anche la convocazione."),
                gettext("Se quel giorno l'agenda è vuota non parte, e lo leggi in prima pagina."),
            ]
        return self.apri_porta(
            request,
            seduta,
            form=ConfermaForm(inviati(request)),
            titolo=gettext("Fai partire la convocazione da sola"),
            spiegazione=gettext("Questa è la mail come sarebbe adesso."),
            contesto=contesto,
            bottone=gettext("Falla partire da sola"),
            esegui=lambda dati: sedute_programma.programma(
                seduta, autore=request.user, adesso=adesso
            ),
            fatto=gettext("Fatto: la convocazione partirà da sola."),
        )

    def non_programmare(self, request, pk):
        seduta = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            seduta,
            form=ConfermaForm(inviati(request)),
            titolo=gettext("Non farla partire da sola"),
            spiegazione=gettext("La convocazione aspetterà te."),
            contesto={
                "chiusa": "" if seduta.stato == Stato.BOZZA else STATI_SPIEGATI[seduta.stato]
            },
            bottone=gettext("Non farla partire da sola"),
            esegui=lambda dati: sedute_programma.non_programmare(seduta),
            fatto=gettext("Fatto: la convocazione aspetta te."),
        )

    def riconvoca(self, request, pk):
        seduta = self.oggetto_or_404(request, pk)
        adesso = timezone.now()
        cambiato = sedute.differenze(seduta)
        contesto = self._chi_e_che_cosa(
            seduta,
            adesso,
            stati=[Stato.CONVOCATA],
            componi=componi_riconvocazione,
            cambiato=cambiato,
        )
        contesto["conseguenze"] = cambiato + contesto["conseguenze"]
        return self.apri_porta(
            request,
            seduta,
            form=moduli.TestoForm(
                inviati(request),
                etichetta=_("Che cosa aggiungere"),
                aiuto=_("Ciò che è cambiato nell'ordine del giorno la mail lo dice da sola."),
            ),
            titolo=gettext("Convoca di nuovo"),
            spiegazione=gettext("Chi era già convocato riceve l'ordine del giorno com'è adesso."),
            contesto=contesto,
            bottone=gettext("Convoca di nuovo"),
            esegui=lambda dati: sedute.riconvoca(
                seduta, **dati, autore=request.user, adesso=adesso
            ),
            fatto=gettext("Fatto: le mail stanno partendo."),
        )

    def _chi_e_che_cosa(
        self, seduta, adesso, *, stati, componi=componi_convocazione, **contesto_mail
    ):
        """Who will get the mail, which seats nobody is written to for, and the mail itself."""
        chiamati = list(sedute_avvisi.chiamati(seduta, adesso))
        per_seggio = {}
        for componente in chiamati:
            per_seggio.setdefault(componente.seggio_id, []).append(componente)
        giorno = seduta.giorno or dates.a_roma(adesso).date()
        seggi = Seggio.objects.filter(percorso=seduta.incontro.percorso).in_carica(giorno)
        elenco = [
            (
                str(seggio),
                ", ".join(f"{chi.nome} <{chi.email}>" for chi in per_seggio.get(seggio.pk, []))
                or gettext("nessuno da avvisare: scrivi tu all'organizzazione"),
                seggio.pk not in per_seggio,
            )
            for seggio in seggi.for_elenco()
        ]
        n = len(chiamati)
        anteprima = None
        if chiamati and seduta.incontro.inizio:
            anteprima = componi(seduta, chiamati[0], adesso=adesso, **contesto_mail)
        return {
            "chiusa": "" if seduta.stato in stati else STATI_SPIEGATI[seduta.stato],
            "elenco": elenco,
            "conseguenze": [ngettext("Parte %(n)d mail.", "Partono %(n)d mail.", n) % {"n": n}],
            "anteprima": anteprima,
        }

    def apri(self, request, pk):
        seduta = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            seduta,
            form=ConfermaForm(inviati(request)),
            titolo=gettext("Apri la seduta"),
            spiegazione=gettext("Il numero legale resta quello di oggi."),
            contesto={"chiusa": sedute.perche_non_si_apre(seduta, timezone.now())},
            bottone=gettext("Apri la seduta"),
            esegui=lambda dati: sedute.apri(seduta, autore=request.user, adesso=timezone.now()),
            fatto=gettext("Seduta aperta."),
        )

    def chiudi(self, request, pk):
        seduta = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            seduta,
            form=ConfermaForm(inviati(request)),
            titolo=gettext("Chiudi la seduta"),
            spiegazione=gettext("I seggi che nessuno ha segnato risultano assenti."),
            contesto={
                "chiusa": "" if seduta.stato == Stato.APERTA else STATI_SPIEGATI[seduta.stato]
            },
            bottone=gettext("Chiudi la seduta"),
            esegui=lambda dati: sedute.chiudi(seduta, autore=request.user, adesso=timezone.now()),
            fatto=gettext("Seduta chiusa."),
            grave=True,
        )

    def correggi(self, request, pk):
        seduta = self.oggetto_or_404(request, pk)
        if seduta.giorno is None:
            raise Http404
        return self.apri_porta(
            request,
            seduta,
            form=moduli.CorreggiForm(inviati(request), seduta=seduta),
            titolo=gettext("Correggi una presenza"),
            spiegazione=gettext(
                "Finché il verbale non è approvato. Il numero legale e le decisioni restano "
                "quelli di allora; il motivo resta nella storia della seduta."
            ),
            contesto={
                "chiusa": "" if seduta.stato == Stato.CHIUSA else STATI_SPIEGATI[seduta.stato],
                "elenco": [
                    (str(r.seggio), r.stato or "–", False) for r in presenze.registro(seduta)
                ],
            },
            bottone=gettext("Correggi"),
            esegui=lambda dati: presenze.correggi_presenza(
                seduta, **dati, autore=request.user, adesso=timezone.now()
            ),
            fatto=gettext("Corretta."),
        )

    def elimina(self, request, pk):
        seduta = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            seduta,
            form=ConfermaForm(inviati(request)),
            titolo=gettext("Elimina la bozza"),
            spiegazione=gettext("Se ne vanno la seduta e il suo incontro, che nessuno conosce."),
            contesto={
                "chiusa": "" if seduta.stato == Stato.BOZZA else STATI_SPIEGATI[seduta.stato]
            },
            bottone=gettext("Elimina"),
            esegui=lambda dati: sedute.elimina_bozza(seduta),
            fatto=gettext("Eliminata."),
            ritorno=reverse("admin:tavolo_seduta_changelist"),
            grave=True,
        )

    # --- The register across sittings ---

    def registro(self, request):
        """Seats by sittings of one percorso, on screen or as a sheet."""
        if not request.user.has_perm("tavolo.view_seduta"):
            raise Http404
        percorsi = Percorso.objects.filter(seggi__isnull=False).distinct().dal_piu_attuale()
        if slug := request.GET.get("percorso"):
            percorso = get_object_or_404(percorsi, slug=slug)
        elif (percorso := percorsi.first()) is None:
            raise Http404
        presenze_tavola = tavola(percorso)
        nome = f"presenze-{percorso.slug}"
        formato = request.GET.get("formato")
        if formato == "csv":
            risposta = StreamingHttpResponse(
                righe_csv(presenze_tavola.celle()), content_type="text/csv; charset=utf-8"
            )
        elif formato == "xlsx":
            risposta = HttpResponse(
                xlsx({gettext("Presenze"): presenze_tavola.celle()}),
                content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            )
        else:
            return TemplateResponse(
                request,
                "admin/tavolo/seduta/registro.html",
                {
                    **self.admin_site.each_context(request),
                    "opts": self.opts,
                    "title": gettext("Registro delle presenze"),
                    "oggetto": None,
                    "percorso": percorso,
                    "percorsi": percorsi,
                    "tavola": presenze_tavola,
                    "ritorno": reverse("admin:tavolo_seduta_changelist"),
                },
            )
        risposta["Content-Disposition"] = f'attachment; filename="{nome}.{formato}"'
        return risposta

    def get_urls(self):
        registro = path(
            "presenze/",
            self.admin_site.admin_view(self.registro),
            name="tavolo_seduta_registro",
        )
        return [registro, *super().get_urls()]
