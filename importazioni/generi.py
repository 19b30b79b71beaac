"""The kinds of sheet: what each lists, how its rows are read and written, and who may.

An app registers its own in its ``fogli.py``::

    registra(Genere("sedi", titolo=_("sedi"), risorsa=SedeRisorsa, permessi=("eventi.add_sede",)))
"""

from dataclasses import dataclass

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from .risorse import Risorsa


class Opzioni(forms.Form):
    """What is asked for beside the file, of the person who loads it."""

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)


@dataclass(frozen=True)
class Genere:
    nome: str
    # "sedi", in the middle of a sentence.
    titolo: Promise
    risorsa: type[Risorsa]
    # Who has all of them may import; ``permesso_elenco`` is enough to export.
    permessi: tuple[str, ...]
    permesso_elenco: str
    # The name of the admin's list where what was imported shows.
    elenco: str
    spiegazione: Promise
    # What is asked for beside the file; its cleaned data are stored as JSON.
    opzioni: type[Opzioni] = Opzioni
    # Each file that leaves is written down.
    dati_personali: bool = False

    def puo_importare(self, user) -> bool:
        return user.is_active and user.is_staff and user.has_perms(self.permessi)

    def riassunto(self, scelte: dict, user) -> list[tuple[str, str]]:
        """What was chosen when a sheet was loaded, in words: the name of each choice, and it."""
        return [
            (campo.label, _in_parole(campo, scelte[nome]))
            for nome, campo in self.opzioni(user=user).fields.items()
            if nome in scelte
        ]

    def puo_esportare(self, user) -> bool:
        return user.is_active and user.is_staff and user.has_perm(self.permesso_elenco)


def _in_parole(campo, scelto):
    if isinstance(scelto, bool):
        return _("sì") if scelto else _("no")
    return dict(campo.choices).get(scelto, scelto)


registro: dict[str, Genere] = {}


def registra(genere: Genere) -> Genere:
    """Make a kind known; two of one name are a mistake."""
    if genere.nome in registro and registro[genere.nome].risorsa != genere.risorsa:
        raise ValueError(f"Two kinds of sheet of the name {genere.nome!r}")
    registro[genere.nome] = genere
    return genere


def permessi_a(user) -> list[Genere]:
    """The kinds that this person may import."""
    return [genere for genere in registro.values() if genere.puo_importare(user)]
