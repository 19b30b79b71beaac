import csv

from allauth.account.admin import EmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.admin import UserSession
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import DomandeFilter, LinguaFilter, UfficioModelAdmin, inviati
from portale.lib.fogli import neutra
from portale.lib.testo import normalizza_email

from . import accesso, admin_diritti  # noqa: F401 (whoever is imported here registers itself)
from .cerca import USER
from .consensi import iscritti_newsletter
from .conservazione import registro, tra_poco
from .models import Conferma, Consenso, Partecipante, Pulizia, User
from .partecipanti import registro as azioni

# Importing them registers them. Nobody gives a second factor to others, reads its secret or leafs
# through where people sign in.
admin.site.unregister([Authenticator, UserSession])
# Of allauth's tables for gateways we use none: see accounts.spid.
admin.site.unregister([SocialAccount, SocialApp, SocialToken])
# These come back below, with the history that everything else has.
admin.site.unregister([EmailAddress, Group])


class MotivoForm(forms.Form):
    motivo = forms.CharField(
        label=_("Perché, e come ti sei assicurata o assicurato che è lei"),
        max_length=300,
        widget=forms.TextInput({"class": "vTextField"}),
        error_messages={"required": _("Scrivi il motivo: resta nella storia della persona.")},
    )


class PersonaForm(forms.ModelForm):
    """A new person has no password: the first time she enters with a code sent to her address,
    which proves that it is hers."""

    def clean_email(self):
        email = normalizza_email(self.cleaned_data["email"])
        if User.objects.filter(email=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("C'è già un account con questo indirizzo."))
        return email


class ServeFilter(DomandeFilter):
    """Whom the office has to look after among those with an account."""

    title = _("che cosa guardare")
    parameter_name = "serve"

    def domande(self, request):
        adesso = timezone.now()
        return {
            "secondo_passaggio": (
                _("dell'ufficio, senza il secondo passaggio"),
                lambda righe: accesso.senza_fattore(righe.filter(is_staff=True, is_active=True)),
            ),
            "da_cancellare": (
                _("mai confermati, da cancellare entro 30 giorni"),
                lambda righe: righe.filter(
                    pk__in=tra_poco("account_mai_confermati", adesso).values("pk")
                ),
            ),
        }


@admin.register(User)
class UserAdmin(UfficioModelAdmin):
    """People with an account, known by their address.

    Who may change people but is not an administrator can not give powers, nor touch those who
    have more than hers.
    """

    dati_personali = True
    form = PersonaForm
    list_display = ["email", "nome", "is_staff", "gruppi", "is_active", "last_login"]
    list_filter = [ServeFilter, "is_staff", "groups", "is_active"]
    cercato = USER
    ordering = ["email"]
    filter_horizontal = ["groups", "user_permissions"]
    readonly_fields = ["last_login", "date_joined", "secondo_passaggio"]

    NUOVA = [
        (
            None,
            {
                "fields": ["email", "nome", "lingua"],
                "description": _(
                    "La persona entra la prima volta con un codice che le arriva per e-mail, poi "
                    "può scegliersi una password."
                ),
            },
        )
    ]
    PERSONA = (None, {"fields": ["email", "nome", "lingua", "is_active"]})
    POTERI = (
        _("Che cosa può fare"),
        {
            "fields": ["is_staff", "groups", "is_superuser", "user_permissions"],
            "description": _(
                "Di solito basta il gruppo: ufficio, moderatori o facilitatori. Chi fa parte di "
                "un gruppo deve anche far parte dell'ufficio per entrare qui."
            ),
        },
    )
    ACCESSO = (_("Come entra"), {"fields": ["secondo_passaggio"]})
    DATE = (_("Date"), {"fields": ["last_login", "date_joined"]})

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        if db_field.name == "user_permissions":
            kwargs["queryset"] = Permission.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            return [*self.NUOVA, *([self.POTERI] if request.user.is_superuser else [])]
        return [self.PERSONA, self.POTERI, self.ACCESSO, self.DATE]

    def get_readonly_fields(self, request, obj=None):
        if obj is None:
            return []
        # The address is changed by the person, who proves that the new one is hers.
        fissi = [*self.readonly_fields, "email"]
        if request.user.is_superuser:
            return fissi
        return [*fissi, "is_staff", "groups", "is_superuser", "user_permissions"]

    def get_urls(self):
        return [
            path(
                "<int:pk>/togli-secondo-passaggio/",
                self.admin_site.admin_view(self.togli_fattori_view),
                name="accounts_user_togli_fattori",
            ),
            *super().get_urls(),
        ]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("secondo passaggio"))
    def secondo_passaggio(self, persona):
        if not accesso.ha_un_fattore(persona):
            return _("non ne ha uno")
        return format_html(
            '{}<br><a href="{}">{}</a>',
            _("lo ha scelto"),
            reverse("admin:accounts_user_togli_fattori", args=[persona.pk]),
            _("Ha perso il telefono o la chiave? Un amministratore glielo toglie"),
        )

    def togli_fattori_view(self, request, pk):
        """For somebody who lost what she enters with. An administrator alone, with a reason; not
        her own, which she takes away by showing them."""
        persona = self.get_object(request, str(pk))
        if persona is None or not request.user.is_superuser or persona == request.user:
            raise Http404
        form = MotivoForm(inviati(request))

        def esegui(dati):
            accesso.togli_fattori(persona, adesso=timezone.now())
            self.annota(request, persona, _("Perché: %s") % dati["motivo"])

        return self.porta(
            request,
            persona,
            form=form,
            titolo=gettext("Togli il secondo passaggio"),
            bottone=gettext("Togli il secondo passaggio"),
            spiegazione=gettext(
                "Prima assicurati che a chiedertelo sia proprio questa persona: parla con lei, "
                "non fidarti di una e-mail. App, chiavi e codici di riserva non varranno più, lei "
                "esce da ogni dispositivo e riceve una e-mail. Quando rientra con la password "
                "sceglie un nuovo secondo passaggio."
            ),
            esegui=esegui,
            fatto=gettext("Fatto: ora può rientrare e scegliere un nuovo secondo passaggio."),
            ritorno=reverse("admin:accounts_user_change", args=[pk]),
            rifiuto=accesso.Rifiuto,
            grave=True,
        )

    def has_change_permission(self, request, obj=None):
        permesso = super().has_change_permission(request, obj)
        return permesso and (obj is None or request.user.is_superuser or not obj.is_superuser)

    def has_delete_permission(self, request, obj=None):
        # A person who leaves erases herself, or the office switches her account off.
        return False

    @admin.display(description=_("gruppi"))
    def gruppi(self, persona):
        return ", ".join(gruppo.name for gruppo in persona.groups.all())

    def save_model(self, request, obj, form, change):
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if not change:
            EmailAddress.objects.create(user=obj, email=obj.email, primary=True, verified=False)


@admin.register(Group)
class GruppoAdmin(UfficioModelAdmin, GroupAdmin):
    """Who may do what: of the permissions the history says which were given and which taken."""


@admin.register(EmailAddress)
class IndirizzoAdmin(UfficioModelAdmin, EmailAddressAdmin):
    """Addresses of accounts, to mark by hand one that a person can not confirm."""

    dati_personali = True

    @admin.action(description=_("Segna come confermati gli indirizzi scelti"))
    def make_verified(self, request, queryset):
        da_confermare = list(queryset.filter(verified=False))
        with transaction.atomic():
            super().make_verified(request, queryset)
            for indirizzo in EmailAddress.objects.filter(
                pk__in=[uno.pk for uno in da_confermare], verified=True
            ):
                self.annota(request, indirizzo, gettext("Segnato come confermato"))


# --- Taking part without an account ---------------------------------------------------------


class SoloDaLeggere(UfficioModelAdmin):
    """Rows that people make by taking part. The office reads them to answer who calls; it finds
    somebody by her whole address, and does not leaf through the others' names."""

    dati_personali = True

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_search_results(self, request, queryset, search_term):
        cerca = normalizza_email(search_term)
        return (queryset.filter(email=cerca) if cerca else queryset), False


class ChiFilter(DomandeFilter):
    title = _("chi è")
    parameter_name = "chi"

    def domande(self, request):
        notizie = Consenso.objects.vivi().filter(
            scopo=Consenso.Scopo.NEWSLETTER, email=OuterRef("email")
        )
        return {
            "ospiti": (_("senza account"), lambda righe: righe.filter(persona=None)),
            "account": (_("con un account"), lambda righe: righe.exclude(persona=None)),
            "notizie": (_("vuole le notizie"), lambda righe: righe.filter(Exists(notizie))),
        }


@admin.register(Partecipante)
class PartecipanteAdmin(SoloDaLeggere):
    list_display = ["email", "nome", "con_account", "dal"]
    list_filter = [ChiFilter, LinguaFilter, "esempio"]
    search_fields = ["email"]
    search_help_text = _("Cerca l'indirizzo e-mail completo.")
    ordering = ["-pk"]
    fields = ["email", "nome", "lingua", "persona", "dal"]
    readonly_fields = ["dal"]

    @admin.display(description=_("ha un account"), boolean=True)
    def con_account(self, partecipante):
        return partecipante.persona_id is not None

    @admin.display(description=_("dal"), ordering="pk")
    def dal(self, partecipante):
        return dates.giorno_e_ora(partecipante.created_at)


class AttesaFilter(DomandeFilter):
    title = _("a che punto è")
    parameter_name = "punto"

    def domande(self, request):
        adesso = timezone.now()
        mai = tra_poco("conferme_scadute", adesso), tra_poco("conferme", adesso)
        return {
            "attesa": (
                _("aspettano che si apra il link"),
                lambda righe: righe.filter(fatta_at=None, scade_at__gt=adesso),
            ),
            "scadute": (
                _("scadute senza conferma"),
                lambda righe: righe.filter(fatta_at=None, scade_at__lte=adesso),
            ),
            "da_cancellare": (
                _("da cancellare entro 30 giorni"),
                lambda righe: righe.filter(
                    pk__in=mai[0].values("pk").union(mai[1].values("pk")).order_by()
                ),
            ),
        }


class AzioneFilter(admin.SimpleListFilter):
    """What can be asked: known without a look at what was."""

    title = _("azione")
    parameter_name = "azione"

    def lookups(self, request, model_admin):
        return [(nome, nome.replace("_", " ")) for nome in sorted(azioni)]

    def queryset(self, request, queryset):
        return queryset.filter(azione=self.value()) if self.value() else queryset


@admin.register(Conferma)
class ConfermaAdmin(SoloDaLeggere):
    """What was asked and waits for its link to be opened: to tell who calls where it is."""

    list_display = ["email", "azione", "chiesta", "scade", "fatta"]
    list_filter = [AttesaFilter, AzioneFilter]
    search_fields = ["email"]
    search_help_text = _("Cerca l'indirizzo e-mail completo.")
    ordering = ["-created_at", "-pk"]
    # Neither the link's code nor what she wrote: it is hers until she confirms it.
    fields = ["email", "nome", "azione", "lingua", "chiesta", "scade", "fatta"]
    readonly_fields = ["chiesta", "scade", "fatta"]

    @admin.display(description=_("chiesta il"), ordering="created_at")
    def chiesta(self, conferma):
        return dates.giorno_e_ora(conferma.created_at)

    @admin.display(description=_("scade il"), ordering="scade_at")
    def scade(self, conferma):
        return dates.giorno_e_ora(conferma.scade_at)

    @admin.display(description=_("fatta il"), ordering="fatta_at")
    def fatta(self, conferma):
        return dates.giorno_e_ora(conferma.fatta_at) if conferma.fatta_at else "–"


# --- Consents and purges --------------------------------------------------------------------


class ValeFilter(DomandeFilter):
    title = _("vale")
    parameter_name = "vale"

    def domande(self, request):
        return {
            "si": (_("vale"), lambda righe: righe.vivi()),
            "attesa": (
                _("aspetta la conferma dell'indirizzo"),
                lambda righe: righe.filter(valido_at=None, ritirato_at=None),
            ),
            "ritirato": (_("ritirato"), lambda righe: righe.exclude(ritirato_at=None)),
        }


@admin.register(Consenso)
class ConsensoAdmin(SoloDaLeggere):
    """Who said yes to what: the words, when, and until when. The addresses of the news leave in a
    file, with a trace of who took them."""

    list_display = ["email", "scopo", "ambito", "dato", "vale", "ritirato"]
    list_filter = [ValeFilter, "scopo", "canale", LinguaFilter]
    search_fields = ["email"]
    search_help_text = _("Cerca l'indirizzo e-mail completo.")
    ordering = ["-pk"]
    actions = ["esporta_newsletter"]
    fields = [
        "email",
        "scopo",
        "ambito",
        "testo",
        "lingua",
        "canale",
        "dove",
        "dato",
        "vale",
        "ritirato",
    ]
    readonly_fields = ["dato", "vale", "ritirato"]

    @admin.display(description=_("dato il"), ordering="dato_at")
    def dato(self, consenso):
        return dates.giorno_e_ora(consenso.dato_at)

    @admin.display(description=_("vale"), boolean=True)
    def vale(self, consenso):
        return consenso.vivo

    @admin.display(description=_("ritirato il"), ordering="ritirato_at")
    def ritirato(self, consenso):
        return dates.giorno_e_ora(consenso.ritirato_at) if consenso.ritirato_at else "–"

    @admin.action(
        permissions=["view"], description=_("Scarica gli indirizzi di chi vuole le notizie (CSV)")
    )
    def esporta_newsletter(self, request, queryset):
        righe = iscritti_newsletter().filter(pk__in=queryset.values("pk"))
        risposta = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
        risposta["Content-Disposition"] = 'attachment; filename="notizie.csv"'
        foglio = csv.writer(risposta, delimiter=";")
        foglio.writerow(["email", "lingua", "dal"])
        for riga in righe.iterator(chunk_size=500):
            dal = f"{dates.a_roma(riga.dato_at):%d/%m/%Y}"
            foglio.writerow([neutra(riga.email), riga.lingua, dal])
        if primo := righe.first():
            self.annota(request, primo, gettext("Scaricati gli indirizzi delle notizie."))
        return risposta


@admin.register(Pulizia)
class PuliziaAdmin(SoloDaLeggere):
    """The register of purges: what went, how many, and older than when."""

    dati_personali = False
    list_display = ["giorno", "che_cosa", "finalita", "quanti", "fino_al"]
    list_filter = ["finalita"]
    date_hierarchy = "giorno"
    ordering = ["-giorno", "finalita", "regola"]
    fields = ["giorno", "finalita", "che_cosa", "fino_al", "quanti"]
    readonly_fields = ["che_cosa", "fino_al", "quanti"]

    @admin.display(description=_("che cosa"))
    def che_cosa(self, pulizia):
        regola = registro.get(pulizia.regola)
        return regola.che_cosa if regola else pulizia.regola

    @admin.display(description=_("quanti"))
    def quanti(self, pulizia):
        return ", ".join(
            f"{nome.replace('_', ' ')} {n}" for nome, n in pulizia.conteggi.items() if n
        )

    @admin.display(description=_("più vecchi di"))
    def fino_al(self, pulizia):
        return dates.giorno_e_ora(pulizia.limite)
