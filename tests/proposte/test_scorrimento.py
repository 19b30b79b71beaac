from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.http import QueryDict

from proposte.models import Proposta
from proposte.scorrimento import PER_PAGINA, Ordine, a_caso, scorri, sfoglia
from tests.factories import LaboratorioFactory, PercorsoFactory
from tests.factories.proposte import PropostaFactory

pytestmark = pytest.mark.django_db

ADESSO = datetime(2026, 3, 10, 12, tzinfo=UTC)
RECENTI = Ordine("pubblicata_at")
SOSTENUTE = Ordine("n_sostegni")


@pytest.fixture
def cinquanta():
    """Fifty proposals, many of them with the same time and the same number of supports."""
    percorso, laboratorio = PercorsoFactory(), LaboratorioFactory()
    for n in range(50):
        PropostaFactory(
            percorso=percorso,
            laboratorio=laboratorio,
            pubblicata_at=ADESSO + timedelta(microseconds=n // 7),
            n_sostegni=n // 30,
            sorte=n // 2 * 80_000_000,
        )
    PropostaFactory(bozza=True, percorso=percorso, laboratorio=laboratorio)


def pagina(ordine, argomenti="", totale=50):
    if isinstance(argomenti, dict):
        argomenti = "&".join(f"{nome}={valore}" for nome, valore in argomenti.items())
    return scorri(Proposta.objects.in_elenco(), ordine, QueryDict(argomenti), totale)


def tutte(ordine):
    """The numbers as the database itself would order them."""
    righe = list(Proposta.objects.in_elenco().values_list(ordine.campo, "pk"))
    if ordine.da is not None:
        return [pk for _v, pk in sorted(righe, key=lambda r: (r[0] < ordine.da, *r))]
    return [pk for _v, pk in sorted(righe, reverse=True)]


ORDINI = [RECENTI, SOSTENUTE, Ordine("n_commenti"), *map(a_caso, (0, 1, 500, 999))]


@pytest.mark.parametrize("ordine", ORDINI, ids=str)
@pytest.mark.usefixtures("cinquanta")
def test_going_on_and_back_shows_each_once_in_order(ordine):
    attese = tutte(ordine)

    prima = pagina(ordine)
    seconda = pagina(ordine, prima.successiva)
    terza = pagina(ordine, seconda.successiva)

    assert [*prima.chiavi, *seconda.chiavi, *terza.chiavi] == attese
    assert (prima.numero, seconda.numero, terza.numero) == (1, 2, 3)
    assert prima.precedente is prima.prima is None
    assert terza.successiva is terza.ultima is None
    assert seconda.precedente == {}
    assert pagina(ordine, terza.precedente).chiavi == seconda.chiavi
    assert pagina(ordine, terza.precedente).numero == 2
    assert pagina(ordine, terza.precedente).successiva == seconda.successiva
    assert prima.pagine == seconda.pagine == terza.pagine == 3


@pytest.mark.parametrize("ordine", ORDINI, ids=str)
@pytest.mark.usefixtures("cinquanta")
def test_the_last_page_is_found_from_the_end(ordine):
    ultima = pagina(ordine, pagina(ordine).ultima)

    assert ultima.chiavi == tutte(ordine)[40:]
    assert (ultima.numero, ultima.successiva) == (3, None)
    assert pagina(ordine, ultima.precedente).chiavi == tutte(ordine)[20:40]


@pytest.mark.usefixtures("cinquanta")
def test_the_only_page_has_no_others():
    Proposta.objects.filter(pk__in=tutte(RECENTI)[PER_PAGINA:]).delete()

    sola = pagina(RECENTI, totale=20)

    assert (len(sola.chiavi), sola.sola, sola.pagine) == (20, True, 1)
    assert pagina(RECENTI, {"prima": "fine"}, totale=20).chiavi == sola.chiavi


def test_a_page_of_nothing():
    assert pagina(RECENTI, totale=0).chiavi == []
    assert pagina(RECENTI, {"prima": "fine"}, totale=0).sola
    assert pagina(a_caso(3), totale=0).chiavi == []


@pytest.mark.usefixtures("cinquanta")
def test_what_is_published_meanwhile_moves_nothing_that_comes_after():
    prima = pagina(RECENTI)
    nuova = PropostaFactory(pubblicata_at=ADESSO + timedelta(days=1))

    assert pagina(RECENTI, prima.successiva).chiavi == tutte(RECENTI)[21:41]
    # Going back to the beginning shows it.
    assert pagina(RECENTI).chiavi[0] == nuova.pk


@pytest.mark.usefixtures("cinquanta")
def test_a_page_before_which_too_little_is_left_is_the_first():
    seconda = pagina(RECENTI, pagina(RECENTI).successiva)
    terza = pagina(RECENTI, seconda.successiva)
    Proposta.objects.filter(pk__in=tutte(RECENTI)[:25]).delete()

    tornata = pagina(RECENTI, terza.precedente, totale=25)

    assert tornata.chiavi == tutte(RECENTI)[:20]
    assert (tornata.numero, tornata.precedente) == (1, None)


@pytest.mark.parametrize(
    "argomenti",
    [
        "dopo=",
        "dopo=x.y",
        "dopo=1",
        "dopo=-1.2",
        "dopo=99999999999999999999.1",
        "dopo=1.99999999999999999999",
        "prima=%F0%9D%9F%99.1",
        "prima=boh",
        "page=0",
        "page=-3",
        "page=boh",
        "page=99999999999999999999",
        "dopo=0.0",
    ],
)
@pytest.mark.usefixtures("cinquanta")
def test_a_link_that_makes_no_sense_leads_to_the_first_page(argomenti):
    for ordine in (RECENTI, SOSTENUTE, a_caso(4)):
        trovata = pagina(ordine, argomenti)
        if argomenti != "dopo=0.0":
            assert trovata.chiavi == tutte(ordine)[:20]
        assert trovata.chiavi


@pytest.mark.usefixtures("cinquanta")
def test_a_link_without_a_number_says_no_number():
    dopo = {"dopo": pagina(RECENTI).successiva["dopo"]}

    assert pagina(RECENTI, dopo).numero is None
    assert pagina(RECENTI, dopo).successiva.keys() == {"dopo"}


@pytest.mark.usefixtures("cinquanta")
def test_a_page_asks_once_wherever_it_is(django_assert_num_queries):
    seconda = pagina(SOSTENUTE).successiva
    for argomenti in ("", seconda, {"prima": "fine"}):
        with django_assert_num_queries(1):
            pagina(SOSTENUTE, argomenti)


def test_seeds_begin_far_from_each_other():
    inizi = sorted(a_caso(seme).da for seme in range(1000))

    assert len(set(inizi)) == 1000
    assert max(b - a for a, b in pairwise(inizi)) < 2**31 / 300


@pytest.mark.parametrize(
    ("argomenti", "attese", "numero"),
    [
        ("", [0, 19], 1),
        ("page=2", [20, 39], 2),
        ("page=3", [40, 44], 3),
        ("page=4", [40, 44], 3),
        ("page=x", [0, 19], 1),
    ],
)
def test_what_is_at_hand_is_paged_by_number(argomenti, attese, numero):
    trovata = sfoglia(list(range(45)), QueryDict(argomenti), 45)

    assert [trovata.chiavi[0], trovata.chiavi[-1]] == attese
    assert (trovata.numero, trovata.pagine) == (numero, 3)
    assert (trovata.precedente is None, trovata.successiva is None) == (numero == 1, numero == 3)
