"""What the office finds of the labs, of their actors and of who offers to help them."""

from django.utils.translation import gettext_lazy as _

from portale.lib.cercato import Attraverso, Cercato, Sezione, dettagli

from .models import Attore, Disponibilita, Laboratorio, Quartiere, Referente

QUARTIERE = Cercato(Quartiere, "nome", radici=True)
REFERENTE = Cercato(Referente, "nome", "email", numeri=["telefono"])
# A handful of rows, whatever the city.
_QUARTIERI = Attraverso("pk", QUARTIERE, "laboratorio")
LABORATORIO = Cercato(Laboratorio, "nome", radici=True, attraverso=[_QUARTIERI])
CON_REFERENTI = Cercato(
    Laboratorio,
    "nome",
    radici=True,
    attraverso=[_QUARTIERI, Attraverso("pk", REFERENTE, "laboratorio")],
)
DISPONIBILITA = Cercato(Disponibilita, "nome", "email", "messaggio", numeri=["telefono"])
ATTORE = Cercato(Attore, "nome", "attivita", "luogo", "contatto", "email", numeri=["telefono"])


def _laboratori(queryset, testo, user, limite):
    """By who answers for them too, for whoever may read that: a moderator would learn whose an
    address is."""
    vede = user.has_perm("laboratori.view_referente")
    return (CON_REFERENTI if vede else LABORATORIO).trovate(queryset, testo, limite=limite)


SEZIONI = [
    Sezione(Laboratorio, _("Laboratori"), lambda lab: (lab.nome, ""), trova=_laboratori),
    Sezione(
        Disponibilita,
        _("Offerte di aiuto"),
        lambda d: (
            d.nome,
            dettagli(d.laboratorio, d.get_stato_display(), d.email, d.telefono),
        ),
        con=["laboratorio"],
        elenco={"gestione": "tutte"},
        indirizzi=lambda d: d.email,
    ),
    Sezione(
        Attore,
        _("Attori"),
        lambda a: (a.nome, dettagli(a.laboratorio, a.contatto, a.email, a.telefono)),
        con=["laboratorio"],
        elenco={"mappa": "tutti"},
        indirizzi=lambda a: a.email,
    ),
]
