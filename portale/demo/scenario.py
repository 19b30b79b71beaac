"""The scenario of ``dati/demo.json``, with its days counted from a given moment."""

import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

from django.conf import settings

from portale.lib.dates import a_roma, ora_di_muro

PASSWORD = "laboratori-demo"  # noqa: S105 - public on purpose: these accounts are examples
SCENARIO = Path(settings.BASE_DIR) / "dati" / "demo.json"


def leggi_scenario(path: Path = SCENARIO) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Persona:
    nome: str
    email: str


def persone(scenario: dict) -> list[Persona]:
    """Sixty people who could not be taken for real ones, always in the same order."""
    elenco = scenario["persone"]
    return [
        Persona(f"{nome} {cognome}", f"{nome}.{cognome}@example.org".lower())
        for cognome in elenco["cognomi"]
        for nome in elenco["nomi"]
    ]


@dataclass(frozen=True)
class Calendario:
    """Turns the scenario's days ("4 days from now, at 18:30") into moments around ``adesso``."""

    adesso: datetime

    def giorno(self, giorni: int):
        return a_roma(self.adesso).date() + timedelta(days=giorni)

    def alle(self, giorni: int, orario: str) -> datetime:
        return ora_di_muro(self.giorno(giorni), time.fromisoformat(orario))

    def prima(self, *, giorni: int = 0, ore: float = 0) -> datetime:
        return self.adesso - timedelta(days=giorni, hours=ore)

    def entro_24_ore(self) -> datetime:
        """This evening while it is still early enough to tell somebody, else tomorrow morning:
        never more than a day away, and never at night."""
        if a_roma(self.adesso).time() < time(16):
            return self.alle(0, "18:30")
        return self.alle(1, "10:00")
