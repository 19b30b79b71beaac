"""What whoever registers states of her age and says yes to, kept with the registration.

Under 14 a parent registers (D.Lgs. 196/2003, art. 2-quinquies: below that age a child's own
consent does not do): name and address are the parent's, of the child at most a first name.
"""

from datetime import datetime

from accounts import consensi
from accounts.models import Consenso

from .models import Iscrizione


def ambito(iscrizione: Iscrizione) -> str:
    """A yes to photos is for this meeting alone."""
    return f"incontro:{iscrizione.incontro.slug}"


def dichiara(iscrizione: Iscrizione, minore: bool, nome_minore: str) -> None:
    """What was stated of the age, to be saved with the rest."""
    iscrizione.eta = Iscrizione.Eta.MINORE if minore else Iscrizione.Eta.DA_14
    iscrizione.nome_minore = nome_minore if minore else ""


def scrivi(
    iscrizione: Iscrizione,
    *,
    newsletter: bool,
    foto: bool,
    canale: str = Consenso.Canale.ONLINE,
    adesso: datetime,
) -> None:
    """Keep what was ticked. Of an address that nobody has confirmed yet it holds from
    :func:`conferma`; until then a stranger may have ticked it, so no yes that holds is touched:
    only her earlier answers that wait too."""
    prima = [pk for pk in (iscrizione.newsletter_id, iscrizione.foto_id) if pk]
    if not (newsletter or foto or prima):
        return
    iscrizione.newsletter = iscrizione.foto = None
    if newsletter and iscrizione.email:
        iscrizione.newsletter = _dai(iscrizione, Consenso.Scopo.NEWSLETTER, "", canale, adesso)
    if foto:
        iscrizione.foto = _dai(iscrizione, Consenso.Scopo.FOTO, ambito(iscrizione), canale, adesso)
    iscrizione.save(update_fields=["newsletter", "foto"])
    consensi.ritira(Consenso.objects.filter(pk__in=prima, valido_at=None), adesso)


def conferma(iscrizione: Iscrizione, adesso: datetime) -> None:
    """The address is hers: what she ticked holds from now on."""
    if iscrizione.newsletter_id is None and iscrizione.foto_id is None:
        return
    for nome in ("newsletter", "foto"):
        if consenso := getattr(iscrizione, nome):
            setattr(iscrizione, nome, consensi.conferma(consenso, adesso))
    iscrizione.save(update_fields=["newsletter", "foto"])


def cambia(iscrizione: Iscrizione, scopo: str, *, si: bool, adesso: datetime) -> None:
    """On her own page she says yes, or takes it back; doing it twice does it once."""
    nome = Consenso.Scopo(scopo).value
    dove = ambito(iscrizione) if nome == Consenso.Scopo.FOTO else ""
    if si:
        consenso = _dai(iscrizione, nome, dove, Consenso.Canale.ONLINE, adesso)
        setattr(iscrizione, nome, consenso)
        iscrizione.save(update_fields=[nome])
        return
    suoi = Consenso.objects.filter(pk=getattr(iscrizione, f"{nome}_id"))
    if iscrizione.email:
        suoi |= Consenso.objects.filter(scopo=nome, email=iscrizione.email, ambito=dove)
    consensi.ritira(suoi, adesso)


def stato(iscrizione: Iscrizione) -> dict[str, bool]:
    """To what she says yes now."""
    return {
        "foto": iscrizione.foto is not None and iscrizione.foto.vivo,
        "newsletter": bool(iscrizione.email) and consensi.newsletter_di(iscrizione.email).exists(),
    }


def _dai(iscrizione, scopo, dove, canale, adesso):
    return consensi.dai(
        scopo,
        iscrizione.email or "",
        ambito=dove,
        lingua=iscrizione.lingua,
        canale=canale,
        dove=ambito(iscrizione),
        confermato=iscrizione.verificata_at is not None,
        adesso=adesso,
    )
