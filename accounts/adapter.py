import secrets
from datetime import timedelta
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language

from portale.lib.dates import giorno_e_ora
from portale.lib.emails import assoluto, rendi
from portale.lib.limiti import indirizzo_cliente
from posta.services import accoda

from .emails import ACCOUNT

# After this the code or link in a mail opens nothing: better no mail than that one.
_VALIDITA = {
    "login_code": timedelta(seconds=app_settings.LOGIN_BY_CODE_TIMEOUT),
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

    def get_client_ip(self, request):
        return indirizzo_cliente(request)


def _del_portale(url: str) -> str:
    parti = urlsplit(url)
    return assoluto(parti.path + (f"?{parti.query}" if parti.query else ""))
