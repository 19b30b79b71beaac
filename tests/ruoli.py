"""People by what they may do, for the permission matrices."""

from django.contrib.auth.models import Group

from eventi.models import Incontro
from tests.factories import UserFactory

RUOLI = ("anonima", "cittadina", "facilitatore", "moderatore", "ufficio", "amministratrice")
_GRUPPI = {"facilitatore": "facilitatori", "moderatore": "moderatori", "ufficio": "ufficio"}


def entra(client, ruolo):
    """Log this client in as somebody with the role; the person, or None for ``anonima``. A
    facilitator leads every meeting that there is by then."""
    if ruolo == "anonima":
        return None
    persona = UserFactory(
        nome=ruolo.capitalize(),
        is_staff=ruolo != "cittadina",
        is_superuser=ruolo == "amministratrice",
    )
    if ruolo in _GRUPPI:
        persona.groups.add(Group.objects.get(name=_GRUPPI[ruolo]))
    if ruolo == "facilitatore":
        persona.incontri_facilitati.set(Incontro.objects.all())
    client.force_login(persona)
    return persona
