"""The digest: on Monday morning, to who follows a lab or a theme, what came out last week there.

One mail for each person and ISO week, whatever happens to workers: its key says both, what is
new is a week that is over, and who gets it was following before that morning. Running it again,
or twice at once, queues nothing more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core.cache import cache, caches
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import Partecipante
from eventi.models import Incontro, PassaggioIncontro
from eventi.promemoria import fine_del_silenzio, nel_silenzio
from laboratori.models import Laboratorio
from portale.lib import dates
from portale.lib.emails import assoluto
from posta.models import Messaggio
from posta.services import accoda_molti

from .models import Bisogno, Passaggio, Proposta, Risposta, Seguito, Tema

# When it leaves on Monday, on Rome's clock: the end of the quiet hours.
ORA = time(8)
# People queued in one turn, each turn a transaction of its own.
PARTE = 500
# What a mail lists of each kind; the rest is a link.
VOCI = 8


@dataclass(frozen=True)
class Settimana:
    """The week before a Monday, from its own Monday to Sunday, on Rome's clock."""

    lunedi: date

    @classmethod
    def di(cls, adesso: datetime) -> "Settimana":
        """The one that the digest of these days tells of."""
        oggi = dates.a_roma(adesso).date()
        return cls(oggi - timedelta(days=oggi.weekday()))

    @classmethod
    def da_testo(cls, testo: str) -> "Settimana":
        return cls(date.fromisoformat(testo))

    @property
    def spedizione(self) -> datetime:
        return dates.ora_di_muro(self.lunedi, ORA)

    @property
    def successiva(self) -> "Settimana":
        return Settimana(self.lunedi + timedelta(days=7))

    @property
    def inizio(self) -> datetime:
        return dates.ora_di_muro(self.lunedi - timedelta(days=7), time())

    @property
    def fine(self) -> datetime:
        return dates.ora_di_muro(self.lunedi, time())

    @property
    def nome(self) -> str:
        """ "2026-48", the ISO week of the Monday on which it leaves."""
        anno, numero, _giorno = self.lunedi.isocalendar()
        return f"{anno}-{numero:02d}"

    @property
    def a_parole(self) -> str:
        """ "dal 16 novembre 2026 al 22 novembre 2026"."""
        return _("dal %(primo)s al %(ultimo)s") % {
            "primo": dates.giorno_mese_anno(self.lunedi - timedelta(days=7)),
            "ultimo": dates.giorno_mese_anno(self.lunedi - timedelta(days=1)),
        }


def fine_del_silenzio_se(adesso: datetime) -> datetime | None:
    """The end of the quiet hours, when it is them."""
    return fine_del_silenzio(adesso) if nel_silenzio(adesso) else None


# --- Queueing -------------------------------------------------------------------------------


def accoda_riepiloghi(adesso: datetime) -> int:
    """Queue the digests of the week, once it is Monday at eight; says how many. What a mail
    says is worked out when it leaves."""
    settimana = Settimana.di(adesso)
    fatto = f"proposte:riepiloghi:{settimana.nome}"
    # Only to spare the looking: what makes each mail one is its key.
    if adesso < settimana.spedizione or cache.get(fatto):
        return 0
    dove = _dove_c_e_qualcosa(settimana)
    quanti = 0
    for parte in _destinatari(settimana, dove):
        quanti += accoda_molti(
            [
                Messaggio(
                    genere="riepilogo",
                    destinatario=email,
                    lingua=lingua,
                    chiave=f"riepilogo:{pk}:{settimana.nome}",
                    parametri={"partecipante": pk, "lunedi": settimana.lunedi.isoformat()},
                    dovuto_at=adesso,
                )
                for pk, email, lingua in parte
            ],
            adesso=adesso,
        )
    cache.set(fatto, True, 8 * 24 * 3600)
    return quanti


def _destinatari(settimana, dove) -> Iterator[list[tuple[int, str, str]]]:
    """Who followed one of those labs or themes before that morning: number, address, language,
    a part at a time."""
    laboratori, temi = dove
    seguiti = Seguito.objects.filter(
        Q(laboratorio__in=laboratori) | Q(tema__in=temi), created_at__lt=settimana.spedizione
    )
    chi = Partecipante.objects.graditi("avvisi_riepilogo").filter(
        pk__in=seguiti.values("partecipante")
    )
    chi = chi.order_by("pk")
    ultimo = 0
    while parte := list(chi.filter(pk__gt=ultimo).values_list("pk", "email", "lingua")[:PARTE]):
        yield parte
        ultimo = parte[-1][0]


def _dove_c_e_qualcosa(settimana) -> tuple[set[int], set[int]]:
    """Numbers of the labs and of the themes in which something is new."""
    notizie = _notizie(settimana)
    laboratori = {notizia.laboratorio for notizia in notizie} - {None}
    return laboratori, {tema for notizia in notizie for tema in notizia.temi}


# --- What is new ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Notizia:
    """Something that came out in a week, in the language in which it is told."""

    sezione: str
    titolo: str
    nota: str
    url: str
    laboratorio: int | None
    temi: frozenset[int] = frozenset()
    esempio: bool = False


@dataclass
class Gruppo:
    """What is new in a lab or in a theme: its sections, each with its news and how many more."""

    nome: str
    url: str
    sezioni: list[tuple[str, list[Notizia], int]]


def novita(partecipante, settimana: Settimana) -> list[Gruppo]:
    """What is new for her, by lab and then by theme, each thing once; empty when nothing is."""
    miei = Seguito.objects.filter(partecipante=partecipante)
    laboratori = Laboratorio.objects.pubblici().filter(pk__in=miei.values("laboratorio"))
    temi = Tema.objects.filter(pk__in=miei.values("tema"))
    restano = _notizie(settimana)
    gruppi = []
    for laboratorio in laboratori:
        sue = [notizia for notizia in restano if notizia.laboratorio == laboratorio.pk]
        restano = [notizia for notizia in restano if notizia.laboratorio != laboratorio.pk]
        gruppi.append(_gruppo(laboratorio.nome, laboratorio.get_absolute_url(), sue))
    for tema in temi:
        sue = [notizia for notizia in restano if tema.pk in notizia.temi]
        restano = [notizia for notizia in restano if tema.pk not in notizia.temi]
        url = f"{reverse('proposte:proposta_list')}?tema={tema.slug}"
        gruppi.append(_gruppo(tema.nome, url, sue))
    return [gruppo for gruppo in gruppi if gruppo.sezioni]


def _gruppo(nome, url, notizie):
    sezioni = []
    for sezione in dict.fromkeys(notizia.sezione for notizia in notizie):
        sue = [notizia for notizia in notizie if notizia.sezione == sezione]
        sezioni.append((sezione, sue[:VOCI], len(sue[VOCI:])))
    return Gruppo(nome, assoluto(url), sezioni)


def _notizie(settimana: Settimana) -> list[Notizia]:
    """All that is new anywhere, section by section. Fifty thousand mails leave one after the
    other: what they have in common is read again once a minute, not for each."""
    nome = f"riepilogo:{settimana.nome}:{get_language()}"
    return caches["pagine"].get_or_set(nome, lambda: _leggi(settimana), 60)


def _leggi(settimana):
    return [
        *_proposte_nuove(settimana),
        *_risposte(settimana),
        *_bisogni(settimana),
        *_incontri(settimana),
        *_resoconti(settimana),
    ]


def _nella(settimana, campo) -> Q:
    return Q(**{f"{campo}__gte": settimana.inizio, f"{campo}__lt": settimana.fine})


def _di_proposte(proposte, sezione, nota):
    for proposta in proposte.prefetch_related("temi"):
        yield Notizia(
            sezione,
            proposta.titolo,
            nota(proposta),
            assoluto(proposta.get_absolute_url()),
            proposta.laboratorio_id,
            frozenset(tema.pk for tema in proposta.temi.all()),
            proposta.esempio,
        )


def _proposte_nuove(settimana):
    proposte = Proposta.objects.in_elenco().filter(_nella(settimana, "pubblicata_at"))
    return _di_proposte(
        proposte.select_related("incontro").order_by("pubblicata_at", "pk"),
        _("Proposte nuove"),
        lambda proposta: proposta.firma,
    )


def _risposte(settimana):
    """Answers of the municipality and outcomes, once for each proposal."""
    della_settimana = Risposta.objects.filter(_nella(settimana, "pubblicata_at"))
    decise = Passaggio.objects.filter(
        _nella(settimana, "created_at"), evento=Passaggio.Evento.STATO, a__in=Proposta.ESITI
    )
    proposte = Proposta.objects.in_elenco().filter(
        Q(pk__in=della_settimana.values("proposta")) | Q(pk__in=decise.values("proposta"))
    )
    return _di_proposte(
        proposte.order_by("pk"),
        _("Risposte ed esiti"),
        lambda proposta: proposta.get_stato_display(),
    )


def _bisogni(settimana):
    bisogni = Bisogno.objects.pubblici().filter(_nella(settimana, "pubblicato_at"))
    for bisogno in bisogni.prefetch_related("temi").order_by("pubblicato_at", "pk"):
        yield Notizia(
            _("Bisogni nuovi"),
            bisogno.titolo,
            "",
            assoluto(bisogno.get_absolute_url()),
            bisogno.laboratorio_id,
            frozenset(tema.pk for tema in bisogno.temi.all()),
            bisogno.esempio,
        )


def _incontri(settimana):
    """Those of the week that begins, and those to come that were announced in the one before."""
    annunciati = PassaggioIncontro.objects.filter(
        _nella(settimana, "created_at"), a=Incontro.Stato.PUBBLICATO
    )
    incontri = (
        Incontro.objects.pubblici()
        .filter(
            Q(inizio__lt=settimana.successiva.fine) | Q(pk__in=annunciati.values("incontro")),
            stato=Incontro.Stato.PUBBLICATO,
            inizio__gte=settimana.fine,
            laboratorio__isnull=False,
        )
        .select_related("percorso")
    )
    for incontro in incontri.order_by("inizio", "pk"):
        yield Notizia(
            _("Incontri"),
            incontro.titolo,
            incontro.quando,
            assoluto(incontro.get_absolute_url()),
            incontro.laboratorio_id,
            esempio=incontro.percorso.esempio,
        )


def _resoconti(settimana):
    incontri = (
        Incontro.objects.pubblici()
        .filter(_nella(settimana, "resoconto__pubblicato_at"), laboratorio__isnull=False)
        .select_related("percorso")
    )
    for incontro in incontri.order_by("inizio", "pk"):
        yield Notizia(
            _("Com’è andata: i resoconti"),
            incontro.titolo,
            "",
            assoluto(reverse("eventi:resoconto_detail", args=[incontro.slug])),
            incontro.laboratorio_id,
            esempio=incontro.percorso.esempio,
        )
