from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import UfficioModelAdmin
from portale.lib.testo import normalizza_email

from .models import Conferma, Partecipante, User


class PersonaForm(forms.ModelForm):
    """A new person has no password: the first time she enters with a code sent to her address,
    which proves that it is hers."""

    def clean_email(self):
        email = normalizza_email(self.cleaned_data["email"])
        if User.objects.filter(email=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("C'è già un account con questo indirizzo."))
        return email


@admin.register(User)
class UserAdmin(UfficioModelAdmin):
    """People with an account, known by their address.

    Who may change people but is not an administrator can not give powers, nor touch those who
    have more than hers.
    """

    dati_personali = True
    form = PersonaForm
    list_display = ["email", "nome", "is_staff", "gruppi", "is_active", "last_login"]
    list_filter = ["is_staff", "groups", "is_active"]
    search_fields = ["email", "nome"]
    ordering = ["email"]
    filter_horizontal = ["groups", "user_permissions"]
    readonly_fields = ["last_login", "date_joined"]

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
    DATE = (_("Date"), {"fields": ["last_login", "date_joined"]})

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            return [*self.NUOVA, *([self.POTERI] if request.user.is_superuser else [])]
        return [self.PERSONA, self.POTERI, self.DATE]

    def get_readonly_fields(self, request, obj=None):
        if obj is None:
            return []
        # The address is changed by the person, who proves that the new one is hers.
        fissi = [*self.readonly_fields, "email"]
        if request.user.is_superuser:
            return fissi
        return [*fissi, "is_staff", "groups", "is_superuser", "user_permissions"]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

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


@admin.register(Partecipante)
class PartecipanteAdmin(SoloDaLeggere):
    list_display = ["email", "nome", "con_account", "dal"]
    list_filter = ["lingua", "esempio"]
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


@admin.register(Conferma)
class ConfermaAdmin(SoloDaLeggere):
    """What was asked and waits for its link to be opened: to tell who calls where it is."""

    list_display = ["email", "azione", "chiesta", "scade", "fatta"]
    list_filter = ["azione"]
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
