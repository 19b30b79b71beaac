"""The one door to the opinions of the Comitato di garanzia locale.

A draft is the Comitato's: whoever of it may write on. Published, it is signed by the Comitato and
by nobody in it, and nothing changes it any more: a second thought is a second opinion.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from portale.lib.rifiuti import Rifiuto, Superata
from proposte.models import Proposta
from proposte.segnali import contenuto_cambiato

from ..models import ParereComitato


def scrivi(
    percorso,
    *,
    titolo: str,
    testo: str,
    proposta: Proposta | None = None,
    chiave: str,
    autore,
) -> ParereComitato:
    """Begin a draft. ``chiave`` names the form: the same sent twice gives the same draft."""
    _pretendi(titolo, testo, proposta, percorso.pk)
    parere, _nuovo = ParereComitato.objects.get_or_create(
        chiave=chiave,
        defaults={
            "percorso": percorso,
            "titolo": titolo.strip(),
            "testo": testo.strip(),
            "proposta": proposta,
            "autore": autore,
        },
    )
    return parere


def salva(
    parere: ParereComitato,
    *,
    titolo: str,
    testo: str,
    proposta: Proposta | None = None,
    versione: int,
    autore,
) -> ParereComitato:
    """Write on a draft that was read as ``versione``. Raises Superata when somebody saved another
    meanwhile, Rifiuto once it is published. The same words again change nothing."""
    _pretendi(titolo, testo, proposta, parere.percorso_id)
    with transaction.atomic():
        parere = _bloccato(parere)
        nuovi = {"titolo": titolo.strip(), "testo": testo.strip(), "proposta": proposta}
        if all(getattr(parere, campo) == valore for campo, valore in nuovi.items()):
            return parere
        if parere.pubblicato_at:
            raise Rifiuto(_("Il parere è pubblicato: non si cambia più."))
        if parere.versione != versione:
            raise Superata(_("Un'altra persona del Comitato ha salvato il parere dopo di te."))
        for campo, valore in nuovi.items():
            setattr(parere, campo, valore)
        parere.autore = autore
        parere.versione += 1
        parere.save()
    return parere


def pubblica(parere: ParereComitato, *, versione: int, autore, adesso: datetime) -> ParereComitato:
    """Everybody may read it, as it was in ``versione``. Again it changes nothing."""
    with transaction.atomic():
        parere = _bloccato(parere)
        if parere.pubblicato_at is None:
            if parere.versione != versione:
                raise Superata(_("Il parere è cambiato dopo che l'hai letto: rileggilo."))
            parere.pubblicato_at = adesso
            parere.autore = autore
            parere.save(update_fields=["pubblicato_at", "autore", "updated_at"])
            contenuto_cambiato.send(ParereComitato)
    return parere


def _bloccato(parere) -> ParereComitato:
    return ParereComitato.objects.select_for_update(of=["self"], no_key=True).get(pk=parere.pk)


def _pretendi(titolo, testo, proposta, percorso_pk):
    if not titolo.strip() or not testo.strip():
        raise Rifiuto(_("Scrivi il titolo e il testo del parere."))
    if proposta is not None and proposta.percorso_id != percorso_pk:
        raise Rifiuto(_("Questa proposta è di un altro percorso."))
