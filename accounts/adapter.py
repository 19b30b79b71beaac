import base64
import hashlib
import secrets
import time
from datetime import timedelta
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext, override
from django.utils.translation import gettext_lazy as _

from portale.lib.dates import giorno_e_ora
from portale.lib.emails import assoluto, rendi
from portale.lib.limiti import indirizzo_cliente
from posta.services import accoda

from .accesso import FATTORI
from .emails import ACCOUNT

_POI = "dopo_la_conferma"
# After this the code or link in a mail opens nothing: better no mail than that one.
_VALIDITA = {
    "login_code": timedelta(seconds=app_settings.LOGIN_BY_CODE_TIMEOUT),
    "spid_code": timedelta(seconds=app_settings.LOGIN_BY_CODE_TIMEOUT),
    "password_reset_code": timedelta(seconds=app_settings.PASSWORD_RESET_BY_CODE_TIMEOUT),
    "password_reset_key": timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT),
    "email_confirmation": timedelta(days=app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS),
    "email_confirmation_signup": timedelta(days=app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS),
}


class AccountAdapter(DefaultAccountAdapter):
    """allauth as this portal wants it: no request waits for the mail server."""

    def send_mail(self, template_prefix, email, context):
        """Queue the mail. It is written now, in the language of the page, because it carries a
        code or a link that only this request knows; the row forgets it when it has left."""
        adesso = timezone.now()
        nome = template_prefix.rpartition("/")[2]
        # Links are of the portal's one address, whatever Host the request claimed.
        indirizzi = {
            chiave: _del_portale(valore)
            for chiave, valore in context.items()
            if chiave.endswith("_url")
        }
        oggetto, testo, html = rendi(
            f"{template_prefix}_subject.txt",
            f"{template_prefix}_message.txt",
            f"{template_prefix}_message.html",
            {**context, **indirizzi, "email": email, "quando": giorno_e_ora(adesso)},
        )
        parametri = {"oggetto": oggetto, "testo": testo, "html": html}
        if nome in _VALIDITA:
            parametri["scade_at"] = (adesso + _VALIDITA[nome]).isoformat()
        accoda(
            ACCOUNT,
            email,
            chiave=f"{ACCOUNT}:{nome}:{secrets.token_hex(16)}",
            lingua=get_language() or settings.LANGUAGE_CODE,
            parametri=parametri,
            adesso=adesso,
        )

    def send_notification_mail(self, template_prefix, user, context=None, email=None):
        """That something about her profile changed: in her language, whatever page it was done
        on, by whomever."""
        with override(user.lingua):
            super().send_notification_mail(template_prefix, user, context, email)

    def get_login_stages(self):
        """allauth's, with the second factor asked for only where the first proof was not two."""
        return [_FASI.get(fase, fase) for fase in super().get_login_stages()]

    def send_account_already_exists_mail(self, email):
        """To whoever signs up again. It takes as long as making an account, or the time would tell
        what the page does not: hashing a password is most of it."""
        make_password(secrets.token_urlsafe(16))
        super().send_account_already_exists_mail(email)

    def save_user(self, request, user, form, commit=True):
        """Remember where she was going when she made her account: the confirmation of her address
        comes back to this browser by a mail, which does not know."""
        if vai := get_next_redirect_url(request):
            request.session[_POI] = vai
        return super().save_user(request, user, form, commit)

    def get_email_verification_redirect_url(self, email_address):
        url = super().get_email_verification_redirect_url(email_address)
        poi = self.request.session.pop(_POI, None)
        if poi is None:
            return url
        if self.request.user.is_authenticated:
            return poi
        return f"{reverse('account_login')}?{urlencode({'next': poi})}"

    def get_client_ip(self, request):
        return indirizzo_cliente(request)

    def is_reauthentication_required(self, *, app, **kwargs):
        """Who has shown in the last minutes who she is, by logging in or since, is not asked
        again on the way through the pages of the second factor."""
        if app == "allauth.mfa" and appena_mostrata(self.request):
            return False
        return super().is_reauthentication_required(app=app, **kwargs)

    def get_reauthentication_methods(self, user):
        """A password does not stand for a second factor: who has one is asked for that. An app
        comes before a key, which is not at hand on every device; a key before recovery codes."""
        metodi = super().get_reauthentication_methods(user)
        if not user.is_authenticated:
            return metodi
        tipi = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
        if not tipi & set(FATTORI):
            return metodi
        metodi = [metodo for metodo in metodi if metodo["id"] != "reauthenticate"]
        if Authenticator.Type.TOTP not in tipi:
            metodi.reverse()
        return [{**metodo, "description": _METODI[metodo["id"]]} for metodo in metodi]


_FASI = {"allauth.mfa.stages.AuthenticateStage": "accounts.fasi.SecondoPassaggio"}
_METODI = {
    "mfa_reauthenticate": _("Usa un codice"),
    "mfa_reauthenticate:webauthn": _("Usa una chiave"),
}


def appena_mostrata(request) -> bool:
    prove = get_authentication_records(request, request.user)
    return bool(prove) and time.time() - prove[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT


class MFAAdapter(DefaultMFAAdapter):
    """The second factors as this portal keeps and names them."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "add_email_blocked": _(
            "Il tuo accesso è protetto da un secondo passaggio: per aggiungere un indirizzo, "
            "prima toglilo; poi rimettilo."
        ),
        "incorrect_code": _("Il codice non è giusto o non vale più: scrivi quello che vedi ora."),
        "unverified_email": _("Prima conferma tutti i tuoi indirizzi e-mail, o togli gli altri."),
    }

    def encrypt(self, text):
        """A copy of the database gives nobody a second factor: that takes the key too."""
        return _cifra().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text):
        try:
            return _cifra().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            # Kept under a key of the portal that is gone: nobody's code is right.
            return base64.b32encode(secrets.token_bytes(20)).decode()

    def generate_authenticator_name(self, user, type):  # noqa: A002 (allauth's name)
        n = Authenticator.objects.filter(user=user, type=type).count()
        return gettext("Chiave %(numero)d") % {"numero": n + 1}

    def _get_site_name(self):
        return settings.ENTE["portale"]


def _cifra() -> MultiFernet:
    """With the present key, and reading what was kept under the earlier ones."""
    chiavi = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"accounts.mfa{k}".encode()).digest()))
        for k in chiavi
    )


def _del_portale(url: str) -> str:
    parti = urlsplit(url)
    return assoluto(parti.path + (f"?{parti.query}" if parti.query else ""))
