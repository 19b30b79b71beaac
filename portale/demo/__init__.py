"""The example cycle of the demo: loaded, recognised and taken away as a whole.

Everything that it makes hangs from a row with ``esempio`` set: the percorso (with its stages,
meetings and registrations), the people with an account, the venues, the referents and the offers
of help. Nothing of it is ever loaded in production.
"""

from .carica import DemoRifiutata, EsitoDemo, carica_demo
from .rimuovi import rimuovi_demo
from .scenario import PASSWORD, leggi_scenario

__all__ = [
    "PASSWORD",
    "DemoRifiutata",
    "EsitoDemo",
    "carica_demo",
    "leggi_scenario",
    "rimuovi_demo",
]
