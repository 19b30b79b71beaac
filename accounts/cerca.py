"""What the office finds of people: accounts by any part of a name or address, who takes part by
the whole address alone (``accounts.admin.SoloDaLeggere``)."""

from django.utils.translation import gettext_lazy as _

from portale.lib.cercato import Cercato, Sezione, dettagli

from .models import Partecipante, User

USER = Cercato(User, "email", "nome")

SEZIONI = [
    Sezione(
        Partecipante,
        _("Partecipanti"),
        lambda p: (str(p), dettagli(p.email, _("ha un account") if p.persona_id else "")),
    ),
    Sezione(
        User,
        _("Account"),
        lambda u: (str(u), dettagli(u.email, _("fa parte dell'ufficio") if u.is_staff else "")),
    ),
]
