"""Organisations, their seats, and the people who fill them."""

from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import accesso
from portale.lib import dates
from portale.lib.admin import PassiInline, PrimaFilter, SolaLetturaInline, inviati
from portale.lib.rifiuti import Rifiuto
from proposte.segnali import contenuto_cambiato

from .. import esportazione
from ..cerca import COMPONENTE, ORGANIZZAZIONE, SEGGIO
from ..models import Componente, Organizzazione, PassaggioSeggio, Seggio
from ..services import soggetti
from . import soggetti_forms as moduli
from .porte import ConPorte, SoloPorte


def oggi():
    return dates.a_roma(timezone.now()).date()


def tra_poco():
    """Until when a mandate that ends is about to end: time enough to call for another."""
    return oggi() + timedelta(days=60)


def _giorno(giorno):
    return dates.giorno_mese_anno(giorno) if giorno else "–"


def _link(nome, obj, testo):
    return format_html(
        '<a href="{}">{}</a>', reverse(f"admin:{nome}_change", args=[obj.pk]), testo
    )


# --- Organisations --------------------------------------------------------------------------


class AlTavoloFilter(admin.SimpleListFilter):
    title = _("al Tavolo")
    parameter_name = "al_tavolo"

    def lookups(self, request, model_admin):
        return [
            ("si", _("con un seggio")),
            ("prima", _("con un seggio finito")),
            ("mai", _("senza seggio")),
        ]

    def queryset(self, request, queryset):
        suoi = Seggio.objects.filter(organizzazione=OuterRef("pk"))
        adesso = Exists(suoi.in_carica(oggi()))
        scelte = {
            "si": lambda: queryset.filter(adesso),
            "prima": lambda: queryset.filter(Exists(suoi), ~adesso),
            "mai": lambda: queryset.filter(~Exists(suoi)),
        }
        return scelte.get(self.value(), lambda: queryset)()


class SeggioInline(SolaLetturaInline):
    model = Seggio
    fields = readonly_fields = ["apri", "ruolo", "inizio", "fine"]
    verbose_name_plural = _("seggi")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("percorso")

    @admin.display(description=_("percorso"))
    def apri(self, seggio):
        return _link("tavolo_seggio", seggio, seggio.percorso)

    @admin.display(description=_("dal"))
    def inizio(self, seggio):
        return _giorno(seggio.dal)

    @admin.display(description=_("al"))
    def fine(self, seggio):
        return _giorno(seggio.al)


@admin.register(Organizzazione)
class OrganizzazioneAdmin(ConPorte):
    """Who may hold a seat. What is public and what is the office's alone are apart."""

    change_list_template = "admin/tavolo/organizzazione/change_list.html"
    list_display = ["nome", "genere", "al_tavolo", "contatto", "email", "telefono"]
    list_filter = [AlTavoloFilter, "genere", "costituzione", "laboratori", "temi", "esempio"]
    cercato = ORGANIZZAZIONE
    search_help_text = _("Cerca nel nome, in che cosa fa e nei contatti.")
    prepopulated_fields = {"slug": ["nome"]}
    inlines = [SeggioInline]
    nomi_porte = ("seggio",)
    fieldsets = [
        (
            _("Si legge sul sito"),
            {
                "fields": [
                    "nome",
                    "slug",
                    "genere",
                    "costituzione",
                    "attivita",
                    "temi",
                    "laboratori",
                    "sito",
                ]
            },
        ),
        (
            _("Solo per l'ufficio"),
            {
                "fields": ["contatto", "email", "telefono", "note"],
                "description": _("Non si vede sul sito e non entra nei dati aperti."),
            },
        ),
    ]

    def get_queryset(self, request):
        seggi = Seggio.objects.select_related("percorso")
        return super().get_queryset(request).prefetch_related(Prefetch("seggi", seggi))

    def get_inlines(self, request, obj):
        return self.inlines if obj else []

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        # A short list of each: boxes need no script, and a screen reader says their names.
        kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_delete_permission(self, request, obj=None):
        """One that was written by mistake; who has, or had, a seat stays."""
        if not request.user.has_perm("tavolo.delete_organizzazione"):
            return False
        return obj is not None and not obj.seggi.all()

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        # Once its themes and zones are saved too.
        contenuto_cambiato.send(Organizzazione)

    @admin.display(description=_("al Tavolo"))
    def al_tavolo(self, organizzazione):
        suoi = [seggio for seggio in organizzazione.seggi.all() if seggio.in_carica(oggi())]
        return ", ".join(str(seggio.percorso) for seggio in suoi) or "–"

    def porte(self, request, organizzazione):
        return [("seggio", _("Apri un seggio"), "principale")]

    def seggio(self, request, pk):
        organizzazione = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            organizzazione,
            form=moduli.SeggioForm(inviati(request), initial={"dal": oggi()}),
            titolo=gettext("Apri un seggio"),
            spiegazione=gettext(
                "Da quel giorno l'organizzazione si legge sulla pagina del Tavolo. Poi indica chi "
                "occupa il seggio."
            ),
            bottone=gettext("Apri il seggio"),
            esegui=lambda dati: soggetti.apri_seggio(
                organizzazione=organizzazione,
                autore=request.user,
                adesso=timezone.now(),
                **dati,
            ),
            fatto=gettext("Seggio aperto: ora indica chi lo occupa."),
        )

    # --- Sheets ---

    def esporta(self, request):
        """What the file holds, on GET; the file, on POST, with a trace when it has contacts."""
        if not self.puo(request):
            raise Http404
        form = moduli.EsportaForm(inviati(request))
        if request.method == "POST" and form.is_valid():
            return self._file(request, **form.cleaned_data)
        contesto = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Esporta le organizzazioni"),
            "form": form,
            "colonne": esportazione.COLONNE,
            "colonne_contatti": esportazione.COLONNE_CONTATTI,
            "ritorno": reverse("admin:tavolo_organizzazione_changelist"),
        }
        return TemplateResponse(request, "admin/tavolo/organizzazione/esporta.html", contesto)

    def _file(self, request, formato, contatti):
        seggi = Seggio.objects.all()
        if contatti:
            LogEntry.objects.create(
                user_id=request.user.pk,
                content_type=ContentType.objects.get_for_model(Organizzazione),
                object_repr=gettext("organizzazioni"),
                action_flag=CHANGE,
                change_message=gettext("Esportate le organizzazioni con i contatti."),
            )
        if formato == "xlsx":
            response = HttpResponse(
                esportazione.xlsx_organizzazioni(seggi, contatti=contatti),
                content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            )
        else:
            response = StreamingHttpResponse(
                esportazione.csv_organizzazioni(seggi, contatti=contatti),
                content_type="text/csv; charset=utf-8",
            )
        nome = f"tavolo-organizzazioni{'-contatti' if contatti else ''}.{formato}"
        response["Content-Disposition"] = f'attachment; filename="{nome}"'
        return response

    def get_urls(self):
        esporta = path(
            "esporta/",
            self.admin_site.admin_view(self.esporta),
            name="tavolo_organizzazione_esporta",
        )
        return [esporta, *super().get_urls()]


# --- Seats ----------------------------------------------------------------------------------


class InCaricaFilter(PrimaFilter):
    """Those of today first; the others only when asked for."""

    title = _("quando")
    parameter_name = "quando"

    def lookups(self, request, model_admin):
        return [
            (None, _("in carica")),
            ("in_scadenza", _("finiscono entro 60 giorni")),
            ("futuri", _("devono cominciare")),
            ("finiti", _("finiti")),
            ("tutti", _("tutti")),
        ]

    def queryset(self, request, queryset):
        scelte = {
            "in_scadenza": lambda: queryset.in_carica(oggi()).filter(al__lte=tra_poco()),
            "futuri": lambda: queryset.filter(dal__gt=oggi()),
            "finiti": lambda: queryset.filter(al__lt=oggi()),
            "tutti": lambda: queryset,
        }
        return scelte.get(self.value(), lambda: queryset.in_carica(oggi()))()


class MancaFilter(admin.SimpleListFilter):
    """Seats that nobody fills, or not yet."""

    title = _("che cosa manca")
    parameter_name = "manca"

    def lookups(self, request, model_admin):
        return [
            ("titolare", _("il titolare")),
            ("entrata", _("nessuno ha ancora accettato l'invito")),
            ("supplente", _("il supplente")),
        ]

    def queryset(self, request, queryset):
        suoi = Componente.objects.filter(seggio=OuterRef("pk")).in_carica(oggi())
        scelte = {
            "titolare": suoi.filter(ruolo=Componente.Ruolo.TITOLARE),
            "supplente": suoi.filter(ruolo=Componente.Ruolo.SUPPLENTE),
            "entrata": suoi.entrati(),
        }
        if self.value() not in scelte:
            return queryset
        return queryset.filter(~Exists(scelte[self.value()]))


class ComponenteInline(SolaLetturaInline):
    model = Componente
    fields = readonly_fields = ["apri", "ruolo", "inizio", "fine", "a_che_punto"]
    verbose_name_plural = _("chi lo occupa, e chi lo ha occupato")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("seggio")

    @admin.display(description=_("nome"))
    def apri(self, componente):
        return _link("tavolo_componente", componente, componente.nome)

    @admin.display(description=_("dal"))
    def inizio(self, componente):
        return _giorno(componente.dal)

    @admin.display(description=_("al"))
    def fine(self, componente):
        return _giorno(componente.al)

    @admin.display(description=_("a che punto è"))
    def a_che_punto(self, componente):
        return punto(componente)


def punto(componente):
    """Where a mandate stands, in words."""
    if any(fine and fine < oggi() for fine in (componente.al, componente.seggio.al)):
        return gettext("mandato finito")
    if componente.entrato_at:
        return gettext("con il suo account")
    if componente.invitato_at:
        giorno = _giorno(dates.a_roma(componente.invitato_at).date())
        return gettext("invito mandato il %(giorno)s") % {"giorno": giorno}
    return gettext("da invitare")


class PassaggioInline(PassiInline):
    model = PassaggioSeggio
    fields = readonly_fields = ["quando", "evento", "di_chi", "testo", "autore"]
    legati = ("componente",)

    @admin.display(description=_("chi"))
    def di_chi(self, passaggio):
        return passaggio.componente.nome if passaggio.componente else "–"


@admin.register(Seggio)
class SeggioAdmin(SoloPorte):
    """The seats of the Tavolo; all that happens to one goes through its doors."""

    list_display = ["organizzazione", "chi_lo_occupa", "ruolo", "inizio", "fine", "percorso"]
    list_filter = [InCaricaFilter, MancaFilter, "ruolo", "percorso"]
    cercato = SEGGIO
    search_help_text = _("Cerca nel nome dell'organizzazione.")
    inlines = [ComponenteInline, PassaggioInline]
    fields = ["di_chi", "percorso", "ruolo", "inizio", "fine"]
    nomi_porte = ("componente", "ruolo", "concludi")

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .select_related("organizzazione", "percorso")
            .prefetch_related("componenti")
        )

    @admin.display(description=_("organizzazione"))
    def di_chi(self, seggio):
        return _link("tavolo_organizzazione", seggio.organizzazione, seggio.organizzazione)

    @admin.display(description=_("titolare e supplente"))
    def chi_lo_occupa(self, seggio):
        adesso = [
            c for c in seggio.componenti.all() if c.dal <= oggi() and not (c.al and c.al < oggi())
        ]
        return ", ".join(c.nome for c in adesso) or gettext("nessuno")

    @admin.display(description=_("dal"), ordering="dal")
    def inizio(self, seggio):
        return _giorno(seggio.dal)

    @admin.display(description=_("al"), ordering="al")
    def fine(self, seggio):
        return _giorno(seggio.al)

    def porte(self, request, seggio):
        if seggio.al and seggio.al < oggi():
            return []
        return [
            ("componente", _("Indica chi lo occupa"), "principale"),
            ("ruolo", _("Cambia il ruolo"), ""),
            ("concludi", _("Concludi il seggio"), "grave"),
        ]

    def add_view(self, request, form_url="", extra_context=None):
        """``?organizzazione=`` chooses whose it is beforehand."""
        iniziali = {"dal": oggi(), "organizzazione": request.GET.get("organizzazione", "")}
        form = moduli.NuovoSeggioForm(inviati(request), initial=iniziali)
        return self.nuovo(
            request,
            form=form,
            titolo=gettext("Apri un seggio"),
            spiegazione=gettext(
                "Da quel giorno l'organizzazione si legge sulla pagina del Tavolo. Poi indica chi "
                "occupa il seggio."
            ),
            bottone=gettext("Apri il seggio"),
            esegui=lambda dati: soggetti.apri_seggio(
                autore=request.user, adesso=timezone.now(), **dati
            ),
            fatto=gettext("Seggio aperto: ora indica chi lo occupa."),
        )

    def componente(self, request, pk):
        seggio = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            seggio,
            form=moduli.NominaForm(
                inviati(request), initial={"dal": max(oggi(), seggio.dal), "invita": True}
            ),
            titolo=gettext("Indica chi occupa il seggio"),
            spiegazione=gettext(
                "Una persona titolare, e una o più supplenti. Riceve un link personale, che "
                "funziona una volta: con il suo account entra nell'area riservata."
            ),
            bottone=gettext("Salva"),
            esegui=lambda dati: _nomina(request, seggio, dati),
            fatto=gettext("Fatto."),
        )

    def ruolo(self, request, pk):
        seggio = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            seggio,
            form=moduli.RuoloForm(inviati(request), initial={"ruolo": seggio.ruolo}),
            titolo=gettext("Cambia il ruolo del seggio"),
            spiegazione=gettext(
                "Vale da adesso. Le sedute già aperte conservano il loro numero legale, e ciò che "
                "il seggio ha già detto resta."
            ),
            bottone=gettext("Cambia il ruolo"),
            esegui=lambda dati: soggetti.cambia_ruolo(
                seggio, dati["ruolo"], autore=request.user, adesso=timezone.now()
            ),
            fatto=gettext("Ruolo cambiato."),
        )

    def concludi(self, request, pk):
        seggio = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            seggio,
            form=moduli.FineForm(inviati(request), initial={"al": oggi()}),
            titolo=gettext("Concludi il seggio"),
            spiegazione=gettext(
                "Finisce anche il mandato di chi lo occupa. Quello che ha detto e deciso resta, e "
                "se l'organizzazione torna avrà un altro seggio."
            ),
            bottone=gettext("Concludi il seggio"),
            esegui=lambda dati: soggetti.concludi_seggio(
                seggio,
                dati["al"],
                motivo=dati["motivo"],
                autore=request.user,
                adesso=timezone.now(),
            ),
            fatto=gettext("Il seggio ha il suo ultimo giorno."),
            grave=True,
        )


def _nomina(request, seggio, dati):
    adesso = timezone.now()
    invita = dati.pop("invita")
    nuovo = soggetti.nomina(seggio, autore=request.user, adesso=adesso, **dati)
    _forse_invita(request, nuovo, invita, adesso)


def _forse_invita(request, nuovo, invita, adesso):
    """The nomination stands also where the invitation does not leave; the officer is told."""
    if not invita:
        return
    try:
        soggetti.invita(nuovo, autore=request.user, adesso=adesso)
    except Rifiuto as no:
        messages.warning(request, str(no))


# --- People ---------------------------------------------------------------------------------


class PuntoFilter(InCaricaFilter):
    title = _("a che punto è")
    parameter_name = "punto"

    def lookups(self, request, model_admin):
        return [
            (None, _("in carica")),
            ("da_invitare", _("da invitare")),
            ("invitati", _("non hanno ancora accettato")),
            ("entrati", _("con il loro account")),
            ("secondo_passaggio", _("con il loro account, senza il secondo passaggio")),
            ("in_scadenza", _("con il mandato che finisce entro 60 giorni")),
            ("futuri", _("devono cominciare")),
            ("finiti", _("finiti")),
            ("tutti", _("tutti")),
        ]

    def queryset(self, request, queryset):
        vivi = queryset.filter(Q(al=None) | Q(al__gte=oggi())).filter(
            Q(seggio__al=None) | Q(seggio__al__gte=oggi())
        )
        scelte = {
            "da_invitare": lambda: queryset.da_invitare(oggi()),
            "invitati": lambda: vivi.filter(entrato_at=None, invitato_at__isnull=False),
            "entrati": lambda: vivi.entrati(),
            "secondo_passaggio": lambda: queryset.in_carica(oggi()).filter(
                persona__in=accesso.senza_fattore(get_user_model().objects.all())
            ),
            "in_scadenza": lambda: queryset.in_carica(oggi()).filter(
                Q(al__lte=tra_poco()) | Q(seggio__al__lte=tra_poco())
            ),
            "futuri": lambda: vivi.filter(dal__gt=oggi()),
            "finiti": lambda: queryset.filter(Q(al__lt=oggi()) | Q(seggio__al__lt=oggi())),
            "tutti": lambda: queryset,
        }
        return scelte.get(self.value(), lambda: queryset.in_carica(oggi()))()


class PassaggioComponenteInline(PassaggioInline):
    fields = readonly_fields = ["quando", "evento", "testo", "autore"]
    fk_name = "componente"


@admin.register(Componente)
class ComponenteAdmin(SoloPorte):
    """Who fills a seat, and who filled it. Named from the seat's page."""

    dati_personali = True
    list_display = ["nome", "seggio", "in_quanto", "email", "inizio", "fine", "a_che_punto"]
    list_filter = [PuntoFilter, "ruolo", "seggio__ruolo", "seggio__percorso"]
    list_select_related = ["seggio__organizzazione", "seggio__percorso"]
    cercato = COMPONENTE
    search_help_text = _("Cerca nel nome, nell'e-mail o nell'organizzazione.")
    inlines = [PassaggioComponenteInline]
    fields = [
        "nome",
        "email",
        "di_seggio",
        "in_quanto",
        "inizio",
        "fine",
        "a_che_punto",
        "account",
    ]
    nomi_porte = ("invita", "reinvita", "indirizzo", "sostituisci", "termina")

    def has_add_permission(self, request):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).for_seggio()

    @admin.display(description=_("seggio"))
    def di_seggio(self, componente):
        testo = f"{componente.seggio} – {componente.seggio.percorso}"
        return _link("tavolo_seggio", componente.seggio, testo)

    @admin.display(description=_("in quanto"), ordering="ruolo")
    def in_quanto(self, componente):
        return componente.get_ruolo_display()

    @admin.display(description=_("dal"), ordering="dal")
    def inizio(self, componente):
        return _giorno(componente.dal)

    @admin.display(description=_("al"), ordering="al")
    def fine(self, componente):
        return _giorno(componente.al)

    @admin.display(description=_("a che punto è"))
    def a_che_punto(self, componente):
        return punto(componente)

    @admin.display(description=_("account"))
    def account(self, componente):
        return componente.persona.email if componente.persona else "–"

    def porte(self, request, componente):
        seggio = componente.seggio
        if any(fine and fine < oggi() for fine in (componente.al, seggio.al)):
            return []
        porte = []
        if componente.entrato_at is None and componente.invitato_at is None:
            porte.append(("invita", _("Manda l'invito"), "principale"))
        elif componente.entrato_at is None:
            porte.append(("reinvita", _("Manda un altro invito"), "principale"))
        return [
            *porte,
            ("indirizzo", _("Correggi l'indirizzo"), ""),
            ("sostituisci", _("Sostituisci"), ""),
            ("termina", _("Concludi il mandato"), "grave"),
        ]

    def invita(self, request, pk):
        componente = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            componente,
            form=moduli.ConfermaForm(inviati(request)),
            titolo=gettext("Manda l'invito"),
            spiegazione=gettext("Parte una e-mail a %(email)s, con un link personale.")
            % {"email": componente.email},
            bottone=gettext("Manda l'invito"),
            esegui=lambda dati: soggetti.invita(
                componente, autore=request.user, adesso=timezone.now()
            ),
            fatto=gettext("L'invito sta partendo."),
        )

    def reinvita(self, request, pk):
        componente = self.oggetto_or_404(request, pk)
        visto = componente.invitato_at
        form = moduli.ReinvitaForm(
            inviati(request), initial={"visto": visto.isoformat() if visto else ""}
        )

        def esegui(dati):
            # Another invitation left since this page was opened.
            if dati["visto"] != (visto.isoformat() if visto else ""):
                raise Rifiuto(gettext("Nel frattempo è partito un altro invito."))
            soggetti.reinvita(componente, visto=visto, autore=request.user, adesso=timezone.now())

        return self.apri_porta(
            request,
            componente,
            form=form,
            titolo=gettext("Manda un altro invito"),
            spiegazione=gettext(
                "Parte una nuova e-mail a %(email)s. Il link di prima non funziona più."
            )
            % {"email": componente.email},
            bottone=gettext("Manda l'invito"),
            esegui=esegui,
            fatto=gettext("L'invito sta partendo."),
        )

    def indirizzo(self, request, pk):
        componente = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            componente,
            form=moduli.EmailForm(inviati(request), initial={"email": componente.email}),
            titolo=gettext("Correggi l'indirizzo"),
            spiegazione=gettext(
                "Qui arrivano convocazioni e promemoria. Se non ha ancora accettato l'invito, il "
                "link mandato al vecchio indirizzo non funziona più: mandane un altro."
            ),
            bottone=gettext("Correggi"),
            esegui=lambda dati: soggetti.cambia_email(
                componente, dati["email"], autore=request.user, adesso=timezone.now()
            ),
            fatto=gettext("Indirizzo corretto."),
        )

    def sostituisci(self, request, pk):
        componente = self.oggetto_or_404(request, pk)

        def esegui(dati):
            adesso = timezone.now()
            invita = dati.pop("invita")
            nuovo = soggetti.sostituisci(componente, autore=request.user, adesso=adesso, **dati)
            _forse_invita(request, nuovo, invita, adesso)

        return self.apri_porta(
            request,
            componente,
            form=moduli.SostituisciForm(inviati(request), initial={"dal": oggi(), "invita": True}),
            titolo=gettext("Sostituisci"),
            spiegazione=gettext(
                "Un'altra persona prende il suo posto da quel giorno; il giorno prima è l'ultimo "
                "di chi lascia. Ciò che il seggio ha detto resta suo."
            ),
            bottone=gettext("Sostituisci"),
            esegui=esegui,
            fatto=gettext("Sostituzione registrata."),
        )

    def termina(self, request, pk):
        componente = self.oggetto_or_404(request, pk)
        return self.apri_porta(
            request,
            componente,
            form=moduli.FineForm(inviati(request), initial={"al": componente.al or oggi()}),
            titolo=gettext("Concludi il mandato"),
            spiegazione=gettext("Il seggio resta all'organizzazione: indica poi chi lo occupa."),
            bottone=gettext("Concludi il mandato"),
            esegui=lambda dati: soggetti.termina(
                componente,
                dati["al"],
                motivo=dati["motivo"],
                autore=request.user,
                adesso=timezone.now(),
            ),
            fatto=gettext("Il mandato ha il suo ultimo giorno."),
            grave=True,
        )
