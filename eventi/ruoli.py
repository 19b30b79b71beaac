"""Roles that the office gives for one meeting, by a link that needs no account: who takes
attendance at the door, who takes notes at a table. When such a link opens something, and how it
is sent, taken back and given again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Model
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from portale.lib.dates import giorno_e_ora
from portale.lib.rifiuti import Rifiuto
from posta.services import accoda

from .models import Incontro


class Chiusa(Rifiuto):
    """The role does not hold now; the message says why and, where it can, until when."""


@dataclass(frozen=True)
class Ruolo:
    """A kind of role. Its rows have ``incontro``, ``email`` and the flag that ``acceso`` names.

    ``prima`` and ``dopo``: how long around the meeting it holds. ``stati``: of which meetings, or
    of all that are not cancelled. The words are what is said of a meeting that is not to come
    (``non_in_programma``), of one whose time is over (``finito``, with %(quando)s), and of one
    over to who would send the link (``non_si_manda``).
    """

    # The mail that carries the link, and its parameter.
    genere: str
    acceso: str
    sale: str
    prima: timedelta
    dopo: timedelta
    non_in_programma: Promise
    finito: Promise
    non_si_manda: Promise
    stati: tuple[str, ...] = ()

    def finestra(self, incontro: Incontro) -> tuple[datetime, datetime] | None:
        """From when until when the role holds; None while the date is unknown."""
        if incontro.inizio is None:
            return None
        return incontro.inizio - self.prima, (incontro.fine or incontro.inizio) + self.dopo

    def e_acceso(self, ruolo: Model) -> bool:
        return getattr(ruolo, self.acceso)

    def perche_chiuso(self, ruolo: Model, adesso: datetime) -> str:
        """Why its link opens nothing now, in words; empty when it does. Reads ``incontro``."""
        incontro = ruolo.incontro
        if not self.e_acceso(ruolo):
            return _("L'ufficio ha ritirato questo link.")
        if incontro.stato == Incontro.Stato.ANNULLATO:
            return _("L'incontro è annullato.")
        periodo = self.finestra(incontro)
        if periodo is None or (self.stati and incontro.stato not in self.stati):
            return str(self.non_in_programma)
        apre, chiude = periodo
        if adesso < apre:
            return _("È presto: il link si apre %(quando)s.") % {"quando": giorno_e_ora(apre)}
        if adesso >= chiude:
            return self.finito % {"quando": giorno_e_ora(chiude)}
        return ""

    def invia_link(self, ruolo: Model, adesso: datetime) -> None:
        """Mail the link. Twice in a minute is once (a double click). Raises Rifiuto when there is
        no address, or nothing that the link would open."""
        if not ruolo.email:
            raise Rifiuto(_("Manca l'indirizzo e-mail."))
        if not self.e_acceso(ruolo):
            raise Rifiuto(_("Il link è ritirato: prima ridallo."))
        periodo = self.finestra(ruolo.incontro)
        if periodo is None:
            raise Rifiuto(_("L'incontro non ha ancora una data: manda il link quando c'è."))
        if periodo[1] <= adesso:
            raise Rifiuto(str(self.non_si_manda))
        # A mistyped address that is put right at once gets its own.
        indirizzo = salted_hmac(self.sale, ruolo.email).hexdigest()[:12]
        accoda(
            self.genere,
            ruolo.email,
            chiave=f"{self.genere}:{ruolo.pk}:{adesso:%Y%m%d%H%M}:{indirizzo}",
            lingua="it",
            parametri={self.genere: ruolo.pk},
            adesso=adesso,
        )

    def ritira(self, ruolo: Model) -> None:
        """Take it back: the link opens nothing any more. What came by it stays."""
        self._cambia(ruolo, acceso=False)

    def ridai(self, ruolo: Model) -> None:
        """Give it again: the same link works as before."""
        self._cambia(ruolo, acceso=True)

    def _cambia(self, ruolo, *, acceso):
        type(ruolo)._default_manager.filter(pk=ruolo.pk).update(**{self.acceso: acceso})
        ruolo.refresh_from_db()
