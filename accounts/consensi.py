"""The yes of a person: to our news by mail, to appear in the photos of a meeting.

Each is asked apart, with a box that nobody ticks for her, and can be taken back with one click.
What she said yes to is kept word by word (:class:`accounts.models.Consenso`).
"""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from portale.lib.emails import assoluto
from portale.lib.testo import normalizza_email

from .models import Consenso

Scopo = Consenso.Scopo

# What stands beside each box, and is kept with the yes.
TESTI = {
    Scopo.NEWSLETTER: _(
        "Voglio ricevere per e-mail le notizie dei laboratori. Posso smettere quando voglio."
    ),
    Scopo.FOTO: _(
        "All'incontro posso comparire in foto e riprese che l'ente pubblica per raccontarlo. "
        "Posso cambiare idea quando voglio."
    ),
}


def dai(
    scopo: str,
    email: str,
    *,
    ambito: str = "",
    lingua: str = "it",
    canale: str = Consenso.Canale.ONLINE,
    dove: str = "",
    confermato: bool,
    adesso: datetime,
) -> Consenso:
    """She says yes. With ``confermato`` the address is known to be hers and it holds at once; else
    from :func:`conferma`. Who has said yes already gets the row that holds."""
    email = normalizza_email(email) if email else ""
    if confermato and email and (vivo := _vivi(scopo, email, ambito).first()):
        return vivo
    with override(lingua):
        testo = str(TESTI[Scopo(scopo)])
    consenso = Consenso.objects.create(
        scopo=scopo,
        email=email,
        ambito=ambito,
        testo=testo,
        lingua=lingua,
        canale=canale,
        dove=dove[:200],
        dato_at=adesso,
    )
    return conferma(consenso, adesso) if confermato else consenso


def conferma(consenso: Consenso, adesso: datetime) -> Consenso:
    """The address is hers: from now on it holds. Where another one holds already, that one."""
    try:
        with transaction.atomic():
            Consenso.objects.filter(pk=consenso.pk, valido_at=None, ritirato_at=None).update(
                valido_at=adesso
            )
    except IntegrityError:
        return _vivi(consenso.scopo, consenso.email, consenso.ambito).get()
    consenso.refresh_from_db()
    return consenso


def ritira(consensi: QuerySet[Consenso], adesso: datetime) -> int:
    """She takes them back, those that wait for her confirmation too; says how many."""
    return consensi.filter(ritirato_at=None).update(ritirato_at=adesso)


def newsletter_di(email: str) -> QuerySet[Consenso]:
    """The yes to the news that holds for an address: one row or none."""
    return _vivi(Scopo.NEWSLETTER, normalizza_email(email), "")


def iscritti_newsletter() -> QuerySet[Consenso]:
    """Who wants the news: confirmed addresses (``email``, ``lingua``), each once. Of an account
    that said yes with more than one address, the first stands."""
    # From her addresses to their consents: the other way round reads all of them for each.
    prima = _newsletter_vive().filter(email=OuterRef("email"), pk__lt=OuterRef(OuterRef("pk")))
    suoi = EmailAddress.objects.filter(
        Exists(prima),
        verified=True,
        user__emailaddress__verified=True,
        user__emailaddress__email=OuterRef("email"),
    )
    return _newsletter_vive().exclude(Exists(suoi)).order_by("pk")


def newsletter_da_confermare() -> QuerySet[Consenso]:
    """Who asked for the news and did not confirm her address: nobody writes to her."""
    confermata = _newsletter_vive().filter(email=OuterRef("email"))
    return Consenso.objects.filter(
        ~Exists(confermata), scopo=Scopo.NEWSLETTER, valido_at=None, ritirato_at=None
    ).order_by("pk")


def url_lascia(consenso: Consenso) -> str:
    """Where one click takes it back, with no login."""
    return assoluto(reverse("partecipo:consenso_lascia", args=[consenso.token]))


def intestazioni_lascia(consenso: Consenso) -> dict[str, str]:
    """For the mails that go out because of this yes: mail programs show a button (RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{url_lascia(consenso)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _newsletter_vive():
    return Consenso.objects.vivi().filter(scopo=Scopo.NEWSLETTER)


def _vivi(scopo, email, ambito):
    return Consenso.objects.vivi().filter(scopo=scopo, email=email, ambito=ambito)
