"""What the office finds of needs, proposals and of what people write about them."""

from django.utils.translation import gettext_lazy as _

from eventi.cerca import TITOLO
from portale.lib.cercato import Attraverso, Cercato, Sezione, dettagli, numero
from portale.lib.testo import normalizza_email

from . import ricerca
from .models import Bisogno, Commento, Nota, Proposta, Tema, Verbalizzante
from .permissions import can_vedere_persone


class ConParole:
    """Proposals by the stems that are kept beside them: they have an index of their own."""

    modello = Proposta

    def trovate(self, queryset, testo):
        return ricerca.con_parole(queryset, ricerca.cercate(testo))


PROPOSTA = ConParole()
COMMENTO = Cercato(Commento, "testo", "nome_mostrato", radici=True)
NOTA = Cercato(Nota, "testo", radici=True)
VERBALIZZANTE = Cercato(
    Verbalizzante, "nome", "email", attraverso=[Attraverso("incontro", TITOLO)]
)
# A handful of rows: each is looked at.
TEMA = Cercato(Tema, "nome", radici=True)


def _ultime(queryset, testo, user, limite):
    """By words, by number, by the proponent's whole address, as in the lists: but of a word that
    half the texts have only the last ones are looked up."""
    if "@" in testo and can_vedere_persone(user):
        trovate = queryset.filter(proponente__email=normalizza_email(testo))
        return trovate.order_by("-pk")[:limite]
    pk = ricerca.ultime(queryset, ricerca.cercate(testo), limite)
    if (solo := numero(testo)) is not None:
        pk.append(solo)
    return queryset.filter(pk__in=pk).order_by("-pk")[:limite]


def _numero(riga):
    return _("n. %(n)d") % {"n": riga.pk}


SEZIONI = [
    Sezione(
        Proposta,
        _("Proposte"),
        lambda p: (
            str(p),
            dettagli(_numero(p), p.get_stato_display(), p.laboratorio, p.nome_mostrato),
        ),
        con=["laboratorio"],
        trova=_ultime,
    ),
    Sezione(
        Bisogno,
        _("Bisogni"),
        lambda b: (
            b.titolo,
            dettagli(_numero(b), b.get_stato_display(), b.laboratorio, b.nome_mostrato),
        ),
        con=["laboratorio"],
        trova=_ultime,
    ),
    Sezione(
        Commento,
        _("Commenti"),
        lambda c: (str(c), dettagli(c.nome_mostrato, c.proposta)),
        con=["proposta"],
    ),
    Sezione(
        Nota, _("Note dei tavoli"), lambda n: (str(n), dettagli(n.incontro)), con=["incontro"]
    ),
    Sezione(
        Verbalizzante,
        _("Verbalizzanti"),
        lambda v: (v.nome, dettagli(v.incontro, v.incontro.quando, v.email)),
        con=["incontro"],
        indirizzi=lambda v: v.email,
    ),
    Sezione(Tema, _("Temi"), lambda t: (t.nome, "")),
]
