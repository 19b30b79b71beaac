"""Why a mail did not arrive, in words for the office: servers say it in codes (RFC 3463)."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# The first that matches what the server answered says it.
_MOTIVI = (
    (
        r"\b[45]\.1\.2\b|\b[45]\.4\.[0-9]+\b|domain not found|host not found",
        gettext_lazy("Quello che c'è dopo la @ non esiste o non riceve posta."),
    ),
    (
        r"\b[45]\.2\.2\b|^(452|552)\b|quota|mailbox full",
        gettext_lazy("La casella è piena: riprova tra qualche giorno."),
    ),
    (r"\b[45]\.2\.1\b|disabled|inactive", gettext_lazy("La casella è disattivata.")),
    (
        r"\b[45]\.7\.[0-9]+\b|spam|blocked|blacklist",
        gettext_lazy(
            "Il suo servizio di posta non accetta le nostre e-mail: avvisa chi gestisce il server."
        ),
    ),
    (
        r"\b5\.1\.[0-9]+\b|user unknown|no such user|does not exist|^55[013]\b",
        gettext_lazy("La casella non esiste: controlla l'indirizzo."),
    ),
    (r"\b5\.3\.4\b", gettext_lazy("La e-mail è troppo grande per la sua casella.")),
    (
        r"^4[0-9][0-9]\b|timeout|disconnected",
        gettext_lazy("Il suo servizio di posta non ha risposto per più di un giorno."),
    ),
)


def motivo(errore: str) -> str:
    """What to tell the office of a mail that was given up."""
    for parole, spiegazione in _MOTIVI:
        if re.search(parole, errore, re.IGNORECASE):
            return str(spiegazione)
    return _("Il suo servizio di posta l'ha rifiutata.")
