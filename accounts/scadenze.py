"""What is taken away of who has an account, confirms an address or is written to: the rules of
this app, and of ``posta``, which knows none. The machinery is ``accounts.conservazione``; sessions
end by themselves (``accounts.sessioni``)."""

from django.contrib.admin.models import LogEntry
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from posta import services as posta
from posta.models import Messaggio

from .conservazione import conserva
from .models import Conferma, Consenso, Partecipante, User


@conserva(
    "partecipanti",
    finalita="partecipanti",
    che_cosa=_("indirizzi confermati a cui non è legato più niente"),
    per_prima=True,
)
def partecipanti(limite, adesso):
    """Nothing that she did is here, and she has no account: her address serves nothing."""
    legami = [
        ~Exists(legame.related_model._base_manager.filter(**{legame.field.name: OuterRef("pk")}))
        for legame in Partecipante._meta.related_objects
    ]
    return Partecipante.objects.filter(*legami, persona=None, created_at__lt=limite)


@conserva(
    "conferme",
    finalita="partecipanti",
    che_cosa=_("richieste confermate con il link della e-mail"),
    periodo="partecipanti",
)
def conferme(limite, adesso):
    """Until then the link of the mail still leads back to what was done."""
    return Conferma.objects.filter(fatta_at__lt=limite, scade_at__lt=adesso)


@conserva("conferme_scadute", finalita="partecipanti", che_cosa=_("richieste mai confermate"))
def conferme_scadute(limite, adesso):
    return Conferma.objects.filter(fatta_at=None, scade_at__lt=limite)


@conserva(
    "account_mai_confermati",
    finalita="account",
    che_cosa=_("account mai confermati con il link della e-mail"),
)
def account_mai_confermati(limite, adesso):
    """Not those that the office made for somebody who is to work here."""
    return User.objects.filter(
        ~Exists(
            User.emailaddress_set.rel.related_model.objects.filter(
                user=OuterRef("pk"), verified=True
            )
        ),
        ~Exists(User.groups.through.objects.filter(user=OuterRef("pk"))),
        last_login=None,
        is_staff=False,
        is_superuser=False,
        esempio=False,
        date_joined__lt=limite,
    )


@conserva(
    "registro_ufficio",
    finalita="ufficio",
    che_cosa=_("chi ha fatto che cosa nell'amministrazione"),
)
def registro_ufficio(limite, adesso):
    return LogEntry.objects.filter(action_time__lt=limite)


# --- Consents -------------------------------------------------------------------------------


@conserva("newsletter", finalita="newsletter", che_cosa=_("consensi ritirati alle notizie"))
def newsletter_ritirate(limite, adesso):
    """Kept that long to show that there was a yes, and when it ended."""
    return Consenso.objects.filter(scopo=Consenso.Scopo.NEWSLETTER, ritirato_at__lt=limite)


@conserva("foto", finalita="foto", che_cosa=_("consensi ritirati a foto e riprese"))
def foto_ritirate(limite, adesso):
    return Consenso.objects.filter(scopo=Consenso.Scopo.FOTO, ritirato_at__lt=limite)


@conserva(
    "consensi_mai_confermati",
    finalita="newsletter",
    che_cosa=_("consensi di indirizzi mai confermati"),
)
def consensi_mai_confermati(limite, adesso):
    return Consenso.objects.filter(valido_at=None, ritirato_at=None, dato_at__lt=limite)


# --- Mails ----------------------------------------------------------------------------------

CONTATTI = ("contatto", "contatto_ricevuto")


def _dimentica(righe: QuerySet, adesso) -> None:
    posta.dimentica_conclusi(righe)


def _conclusi(limite) -> QuerySet:
    return Messaggio.objects.conclusi().filter(~Q(destinatario=""), dovuto_at__lt=limite)


@conserva(
    "posta", finalita="posta", che_cosa=_("destinatari delle e-mail partite"), togli=_dimentica
)
def destinatari(limite, adesso):
    """The row stays, of nobody: its key is what keeps a mail from leaving twice."""
    return _conclusi(limite).exclude(genere__in=CONTATTI)


@conserva(
    "contatti", finalita="contatti", che_cosa=_("messaggi scritti all'ufficio"), togli=_dimentica
)
def contatti(limite, adesso):
    return _conclusi(limite).filter(genere__in=CONTATTI)
