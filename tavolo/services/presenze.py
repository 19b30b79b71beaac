"""Who is at a sitting: one row for each seat, marked by who leads, one tap at a time."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portale.lib.rifiuti import Rifiuto
from proposte.segnali import contenuto_cambiato

from ..models import Componente, PassaggioSeduta, Presenza, Seduta, Seggio
from .assenze import giustificate
from .sedute import momento_della_seduta, perche_non_si_apre, seduta_bloccata

Modo = Presenza.Modo


class Segno(models.TextChoices):
    """What one taps for a seat."""

    SALA = "sala", gettext_lazy("in sala")
    DISTANZA = "distanza", gettext_lazy("a distanza")
    USCITA = "uscita", gettext_lazy("esce")
    ASSENTE = "assente", gettext_lazy("assente")
    # Nothing was said: a slip of the finger.
    NIENTE = "niente", gettext_lazy("cancella")


def segna_presenza(
    seduta: Seduta,
    seggio: Seggio,
    segno: str,
    *,
    componente: Componente | None = None,
    autore,
    adesso: datetime,
) -> Presenza | None:
    """Mark a seat; its row as it now is, None when nothing is said of it.

    The first time that it is there is its arrival. Who left and comes back has not left. The same
    tap twice changes nothing; the last of two people who mark the same seat stands. Raises Rifiuto
    when the sitting cannot be marked now, for a seat or a person not of that day, or when who was
    never there would leave.
    """
    with seduta_bloccata(seduta.pk) as seduta:
        if perche := perche_non_si_apre(seduta, adesso):
            raise Rifiuto(perche)
        _pretendi_di_quel_giorno(seduta, seggio, componente)
        riga = Presenza.objects.filter(seduta=seduta, seggio=seggio).first()
        if segno == Segno.NIENTE:
            if riga is not None:
                riga.delete()
            return None
        if segno == Segno.USCITA:
            return _esce(riga, autore, momento_della_seduta(seduta, adesso, fine=True))
        if riga is None:
            riga = Presenza(seduta=seduta, seggio=seggio)
        if segno == Segno.ASSENTE:
            riga.modo, riga.componente = Modo.ASSENTE, None
            riga.entrata_at = riga.uscita_at = None
        else:
            riga.modo, riga.uscita_at = segno, None
            riga.componente = componente or riga.componente
            riga.entrata_at = riga.entrata_at or momento_della_seduta(seduta, adesso)
        riga.segnata_da = autore
        riga.save()
        return riga


def _esce(riga, autore, quando) -> Presenza:
    if riga is None or riga.modo not in Presenza.PRESENTI:
        raise Rifiuto(_("Non risulta presente: non può uscire."))
    if riga.uscita_at is None:
        riga.uscita_at = max(quando, riga.entrata_at) if riga.entrata_at else quando
        riga.segnata_da = autore
        riga.save()
    return riga


def _pretendi_di_quel_giorno(seduta, seggio, componente) -> None:
    percorso = seduta.incontro.percorso_id
    if seggio.percorso_id != percorso or not seggio.in_carica(seduta.giorno):
        raise Rifiuto(_("Quel giorno questa organizzazione non ha un seggio al Tavolo."))
    if componente is not None and (
        componente.seggio_id != seggio.pk or not componente.in_carica(seduta.giorno)
    ):
        raise Rifiuto(_("Quel giorno questa persona non rappresenta l'organizzazione."))


def correggi_presenza(
    seduta: Seduta, seggio: Seggio, modo: str, *, motivo: str, autore, adesso: datetime
) -> Presenza:
    """The office mends the register of a closed sitting, with a reason that stays. The quorum that
    was fixed, and what was decided by it, do not change. Raises Rifiuto without a reason, for one
    that is not closed, and once its minutes are approved."""
    if not motivo.strip():
        raise Rifiuto(_("Scrivi perché: resta nella storia della seduta."))
    with seduta_bloccata(seduta.pk) as seduta:
        if seduta.stato != Seduta.Stato.CHIUSA:
            raise Rifiuto(_("Finché la seduta non è chiusa le presenze si segnano dal registro."))
        verbale = getattr(seduta, "verbale", None)
        if verbale is not None and verbale.approvato_at is not None:
            raise Rifiuto(_("Il verbale è approvato: si corregge con una rettifica."))
        _pretendi_di_quel_giorno(seduta, seggio, None)
        riga = Presenza.objects.filter(seduta=seduta, seggio=seggio).first()
        if riga is not None and riga.modo == modo:
            return riga
        prima = riga.get_modo_display() if riga else _("non segnata")
        riga = riga or Presenza(seduta=seduta, seggio=seggio)
        riga.modo, riga.segnata_da = modo, autore
        if modo not in Presenza.PRESENTI:
            riga.componente = riga.entrata_at = riga.uscita_at = None
        riga.save()
        PassaggioSeduta.objects.create(
            seduta=seduta,
            da=seduta.stato,
            a=seduta.stato,
            autore=autore,
            testo=_("%(seggio)s: da «%(prima)s» a «%(dopo)s». %(motivo)s")
            % {
                "seggio": seggio,
                "prima": prima,
                "dopo": riga.get_modo_display(),
                "motivo": motivo.strip(),
            },
            created_at=adesso,
        )
        contenuto_cambiato.send(Seduta)
        return riga


# --- Reading --------------------------------------------------------------------------------


@dataclass
class Rigo:
    """A seat in the register: who may speak for it that day, who has said she cannot come, what
    was marked."""

    seggio: Seggio
    persone: list[Componente]
    assenti: set[int]
    presenza: Presenza | None = None

    @property
    def giustificata(self) -> bool:
        """Nothing was marked, and all its people have said that they cannot come."""
        tutti_assenti = all(chi.pk in self.assenti for chi in self.persone)
        return self.presenza is None and bool(self.persone) and tutti_assenti

    @property
    def attesa(self) -> Componente | None:
        """Who is expected for it: the titolare, or the first who has not excused herself."""
        if self.presenza is not None and self.presenza.componente_id:
            return next((c for c in self.persone if c.pk == self.presenza.componente_id), None)
        vengono = [chi for chi in self.persone if chi.pk not in self.assenti]
        return next(iter(vengono or self.persone), None)

    @property
    def stato(self) -> str:
        """In one word; empty when nothing is known."""
        if self.presenza is None:
            return _("assente giustificata") if self.giustificata else ""
        if self.presenza.modo in Presenza.PRESENTI and not self.presenza.presente:
            return _("è uscita")
        return self.presenza.get_modo_display()


def registro(seduta: Seduta) -> list[Rigo]:
    """The seats of the sitting's day by name of organisation, those with a voice first. Four
    queries, however many they are."""
    giorno = seduta.giorno
    if giorno is None:
        return []
    percorso = seduta.incontro.percorso_id
    persone: dict[int, list[Componente]] = {}
    for chi in (
        Componente.objects.filter(seggio__percorso=percorso)
        .in_carica(giorno)
        .order_by("-ruolo", "pk")
    ):
        persone.setdefault(chi.seggio_id, []).append(chi)
    assenti = giustificate(seduta)
    presenze = {riga.seggio_id: riga for riga in seduta.presenze.select_related("componente")}
    righe = [
        Rigo(seggio, persone.get(seggio.pk, []), assenti, presenze.get(seggio.pk))
        for seggio in Seggio.objects.filter(percorso=percorso).in_carica(giorno).for_elenco()
    ]
    return sorted(righe, key=lambda rigo: not rigo.seggio.ha_voce)
