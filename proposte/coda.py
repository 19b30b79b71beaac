"""What waits for a moderator, oldest first, whatever it is: proposals and needs that were sent,
reports, requests for another look.

Each kind is one small query; together they are one list that the database orders and cuts, so
that a page of it costs the same with ten rows and with ten thousand.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Count, Exists, F, Min, OuterRef, Q, Subquery, Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portale.lib.dates import a_roma, ora_di_muro
from posta.models import Messaggio
from posta.services import accoda_molti

from .models import Bisogno, Passaggio, Proposta, Segnalazione

# When the moderators are told what waits, on Rome's clock.
ORA_RIEPILOGO = time(8)
# After this hour nobody is written to: it waits for tomorrow's.
ORA_DI_SILENZIO = time(21)
GRUPPI = ("moderatori", "ufficio")


class Genere(models.TextChoices):
    PROPOSTA = "proposta", gettext_lazy("proposta da pubblicare")
    BISOGNO = "bisogno", gettext_lazy("bisogno da pubblicare")
    SEGNALAZIONE = "segnalazione", gettext_lazy("segnalazione")
    RIESAME = "riesame", gettext_lazy("richiesta di riesame")


def limite() -> timedelta:
    """How long a contribution may wait before it is late."""
    return timedelta(hours=settings.MODERAZIONE_ORE)


def eta(dal: datetime, adesso: datetime) -> str:
    """ "da meno di un'ora", "da 5 ore", "da 3 giorni": how long something has been waiting."""
    ore = int((adesso - dal).total_seconds() // 3600)
    if ore < 1:
        return _("da meno di un'ora")
    if ore < 48:
        return ngettext("da %(n)d ora", "da %(n)d ore", ore) % {"n": ore}
    return _("da %(n)d giorni") % {"n": ore // 24}


@dataclass(frozen=True)
class Attesa:
    """One thing that waits, since ``dal``."""

    genere: Genere
    pk: int
    dal: datetime
    oggetto: Proposta | Bisogno | Segnalazione

    @property
    def proposta(self) -> Proposta | None:
        """The proposal that it is, or is about."""
        if isinstance(self.oggetto, Proposta):
            return self.oggetto
        if isinstance(self.oggetto, Segnalazione):
            return self.oggetto.proposta or self.oggetto.commento.proposta
        return None

    @property
    def titolo(self) -> str:
        if isinstance(self.oggetto, Segnalazione) and self.oggetto.commento_id:
            return _("Un commento a «%(titolo)s»") % {"titolo": self.proposta}
        return str(self.proposta or self.oggetto)

    @property
    def laboratorio(self):
        return (self.proposta or self.oggetto).laboratorio

    @property
    def esempio(self) -> bool:
        return (self.proposta or self.oggetto).esempio

    def eta(self, adesso: datetime) -> str:
        return eta(self.dal, adesso)

    def in_ritardo(self, adesso: datetime) -> bool:
        return adesso - self.dal > limite()


# --- What waits -----------------------------------------------------------------------------


def con_riesame(proposte):
    """``riesame_dal``: since when the proponent of a hidden one has been waiting for another
    look; None when she is not."""
    risposte = Passaggio.objects.filter(
        Q(evento=Passaggio.Evento.STATO) | Q(evento=Passaggio.Evento.CONFERMA),
        proposta=OuterRef("proposta"),
        pk__gt=OuterRef("pk"),
    )
    richieste = (
        Passaggio.objects.filter(proposta=OuterRef("pk"), evento=Passaggio.Evento.RIESAME)
        .exclude(Exists(risposte))
        .order_by("pk")
    )
    return proposte.annotate(riesame_dal=Subquery(richieste.values("created_at")[:1]))


def da_riesaminare(proposte=None):
    """The hidden proposals whose proponent waits for another look."""
    if proposte is None:
        proposte = Proposta.objects.all()
    nascoste = proposte.filter(stato=Proposta.Stato.NASCOSTA)
    return con_riesame(nascoste).filter(riesame_dal__isnull=False)


def _fonti():
    """Each kind: its rows, and since when they wait."""
    return {
        Genere.PROPOSTA: Proposta.objects.da_moderare().annotate(dal=F("inviata_at")),
        Genere.BISOGNO: Bisogno.objects.da_moderare().annotate(dal=F("created_at")),
        Genere.SEGNALAZIONE: Segnalazione.objects.aperte().annotate(dal=F("created_at")),
        Genere.RIESAME: da_riesaminare().annotate(dal=F("riesame_dal")),
    }


def in_attesa(genere: str = ""):
    """(kind, key, since) of all that waits, or of one kind, oldest first: to be cut, not
    filtered."""
    righe = [
        fonte.order_by().annotate(di=Value(nome.value)).values_list("di", "pk", "dal")
        for nome, fonte in _fonti().items()
        if genere in ("", nome.value)
    ]
    prima, *altre = righe
    # ``all``: the kinds can not have a row in common, there is nothing to compare.
    insieme = prima.union(*altre, all=True) if altre else prima
    return insieme.order_by("dal", "di", "pk")


def apri(righe) -> list[Attesa]:
    """The things themselves, in the same order: one query for each kind."""
    righe = list(righe)
    chiavi = {nome: [pk for di, pk, _dal in righe if di == nome.value] for nome in Genere}
    trovati = {
        nome: {cosa.pk: cosa for cosa in _leggibili(nome).filter(pk__in=pks)} if pks else {}
        for nome, pks in chiavi.items()
    }
    return [
        Attesa(Genere(di), pk, dal, trovati[Genere(di)][pk])
        for di, pk, dal in righe
        if pk in trovati[Genere(di)]
    ]


def una(genere: str, pk: int) -> Attesa | None:
    """One thing, if it still waits."""
    if genere not in Genere.values:
        return None
    nome = Genere(genere)
    dal = _fonti()[nome].filter(pk=pk).values_list("dal", flat=True).first()
    if dal is None:
        return None
    oggetto = _leggibili(nome).filter(pk=pk).first()
    return Attesa(nome, pk, dal, oggetto) if oggetto else None


def leggibile(genere: str, pk: int):
    """The thing itself, waiting or not; None when it is gone."""
    return _leggibili(Genere(genere)).filter(pk=pk).first()


def _leggibili(genere):
    if genere == Genere.BISOGNO:
        return Bisogno.objects.select_related("laboratorio", "incontro")
    if genere == Genere.SEGNALAZIONE:
        return Segnalazione.objects.select_related(
            "proposta__laboratorio",
            "proposta__incontro",
            "commento__proposta__laboratorio",
            "commento__proposta__incontro",
            "commento__risponde_a",
        )
    return Proposta.objects.select_related("laboratorio", "incontro", "percorso")


def prossima(dopo: Attesa | None = None) -> tuple[str, int] | None:
    """(kind, key) of what comes after ``dopo`` in the queue; then the head of the queue; None
    when nothing waits any more."""
    teste = {}
    for nome, fonte in _fonti().items():
        ordinata = fonte.order_by("dal", "pk").values_list("dal", "pk")
        if dopo is not None:
            if nome == dopo.genere:
                ordinata = ordinata.exclude(pk=dopo.pk)
            seguente = (
                Q(dal__gt=dopo.dal)
                if nome.value < dopo.genere.value
                else Q(dal__gt=dopo.dal) | Q(dal=dopo.dal, pk__gt=dopo.pk)
                if nome == dopo.genere
                else Q(dal__gte=dopo.dal)
            )
            if (riga := ordinata.filter(seguente).first()) is not None:
                teste[nome] = (0, *riga)
                continue
        if (riga := ordinata.first()) is not None:
            teste[nome] = (1, *riga)
    if not teste:
        return None
    nome = min(teste, key=lambda nome: (teste[nome][0], teste[nome][1], nome.value))
    return nome.value, teste[nome][2]


@dataclass(frozen=True)
class Conto:
    """How many of one kind wait, and since when the oldest does."""

    genere: Genere
    quante: int
    dal: datetime | None

    def eta(self, adesso: datetime) -> str:
        return eta(self.dal, adesso) if self.dal else ""

    def in_ritardo(self, adesso: datetime) -> bool:
        return self.dal is not None and adesso - self.dal > limite()


def situazione(prima_di: datetime | None = None) -> list[Conto]:
    """Each kind with its number, those with none too; only what was there ``prima_di`` then."""
    conti = []
    for nome, fonte in _fonti().items():
        if prima_di is not None:
            fonte = fonte.filter(dal__lte=prima_di)
        # Counted over plain rows: an aggregate would be given the subquery twice.
        riga = fonte.order_by().aggregate(n=Count("pk"), da=Min("dal"))
        conti.append(Conto(nome, riga["n"], riga["da"]))
    return conti


# --- The mail of the morning ----------------------------------------------------------------


def moderatori():
    """Who is told: active people of the moderators' and the office's groups who may moderate."""
    gruppi = Group.objects.filter(
        name__in=GRUPPI,
        permissions__codename="modera_proposta",
        permissions__content_type__app_label="proposte",
    )
    return (
        get_user_model()
        .objects.filter(is_active=True, is_staff=True, groups__in=gruppi)
        .order_by("pk")
        .distinct()
    )


def accoda_riepilogo(adesso: datetime) -> int:
    """Tell the moderators, once a day, what has been waiting since this morning or before;
    returns how many mails are newly owed. What arrives later is of tomorrow's."""
    oggi = a_roma(adesso).date()
    mattina = ora_di_muro(oggi, ORA_RIEPILOGO)
    if not mattina <= adesso < ora_di_muro(oggi, ORA_DI_SILENZIO):
        return 0
    if not any(conto.quante for conto in situazione(mattina)):
        return 0
    return accoda_molti(
        [
            Messaggio(
                genere="moderazione_riepilogo",
                destinatario=persona.email,
                chiave=f"moderazione_riepilogo:{oggi.isoformat()}:{persona.pk}",
                lingua=persona.lingua,
                parametri={"mattina": mattina.isoformat()},
                dovuto_at=adesso,
            )
            for persona in moderatori()
        ],
        adesso=adesso,
    )
