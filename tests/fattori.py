"""Second factors, for tests: an app whose codes one can say, and recovery codes."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)


def codice(segreto, tra=0):
    """What the app with this secret shows now, or some seconds from now."""
    return format_hotp_value(hotp_value(segreto, int(time.time() + tra) // 30))


def con_app(persona):
    """Give her an app; its secret."""
    segreto = generate_totp_secret()
    TOTP.activate(persona, segreto)
    return segreto


def con_codici(persona):
    """Give her recovery codes; those that she has not used."""
    return RecoveryCodes.activate(persona).get_unused_codes()


def con_chiave(persona, nome="Chiave 1"):
    """Give her a key in name only: nobody holds it."""
    return Authenticator.objects.create(
        user=persona, type=Authenticator.Type.WEBAUTHN, data={"name": nome, "credential": {}}
    )


def entra_con_password(client, persona, password="una-password-lunga", **extra):
    """Post the login form; the answer."""
    return client.post("/accounts/login/", {"login": persona.email, "password": password}, **extra)
