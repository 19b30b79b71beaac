from datetime import date, timedelta

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.http import QueryDict
from django.utils import timezone

from proposte import filtri
from proposte.filtri import (
    FiltroBisogni,
    FiltroProposte,
    bisogni_da_scegliere,
    elenca,
    elenca_bisogni,
    nascosti,
    prossimo_seme,
)
from proposte.models import Bisogno, Proposta
from tests.factories import FaseFactory, LaboratorioFactory, PercorsoFactory
from tests.factories.proposte import BisognoFactory, PropostaFactory, TemaFactory

pytestmark = pytest.mark.django_db

OGGI = date(2026, 3, 10)


def filtro(argomenti="", oggi=OGGI):
    return FiltroProposte(QueryDict(argomenti), oggi=oggi)


def titoli(elenco):
    per_pk = dict(Proposta.objects.values_list("pk", "titolo"))
    return [per_pk[pk] for pk in elenco.pagina.chiavi]


@pytest.fixture
def citta():
    """Six published proposals of different kinds, the newest first."""
    uno = LaboratorioFactory(numero=1, nome="Lab uno")
    due = LaboratorioFactory(numero=2, nome="Lab due")
    verde, scuola = TemaFactory(nome="Verde", slug="verde"), TemaFactory(slug="scuola")
    TemaFactory(slug="vecchio", attivo=False)
    bisogno = BisognoFactory(slug="ombra", titolo="Più ombra", laboratorio=uno)
    percorso, adesso = PercorsoFactory(), timezone.now()
    voci = [
        ("A", uno, "pubblicata", "online", [verde], 5, 0),
        ("B", uno, "pubblicata", "incontro", [verde, scuola], 1, 9),
        ("C", due, "in_valutazione", "online", [scuola], 7, 2),
        ("D", due, "accolta", "cartaceo", [], 7, 1),
        ("E", None, "non_accolta", "online", [verde], 0, 0),
        ("F", uno, "accolta", "online", [], 2, 3),
    ]
    for n, (titolo, laboratorio, stato, canale, temi, sostegni, commenti) in enumerate(voci):
        proposta = PropostaFactory(
            titolo=titolo,
            che_cosa="Parco" if titolo in "ABCE" else "Altro",
            percorso=percorso,
            laboratorio=laboratorio,
            per_la_citta=laboratorio is None,
            stato=stato,
            canale=canale,
            pubblicata_at=adesso - timedelta(days=n),
            n_sostegni=sostegni,
            n_commenti=commenti,
            sorte=n * 300_000_000,
        )
        proposta.temi.set(temi)
        if titolo in "AC":
            proposta.bisogni.add(bisogno)
    PropostaFactory(titolo="Parco bozza", bozza=True, laboratorio=uno, percorso=percorso)
    PropostaFactory(titolo="Parco nascosto", stato="nascosta", laboratorio=uno, percorso=percorso)


@pytest.mark.parametrize(
    ("argomenti", "attesi"),
    [
        ("", "ABCDEF"),
        ("zona=1", "ABF"),
        ("zona=citta", "E"),
        ("tema=verde", "ABE"),
        ("stato=accolta", "DF"),
        ("canale=online", "ACEF"),
        ("bisogno=ombra", "AC"),
        ("zona=1&tema=verde&canale=online", "A"),
        ("zona=2&tema=verde", ""),
        ("bisogno=ombra&zona=2", "C"),
        ("bisogno=ombra&tema=scuola&stato=in_valutazione", "C"),
        ("q=parchi", "ABCE"),
        ("q=parco&zona=1", "AB"),
        ("q=parco&tema=scuola", "BC"),
        ("q=parco&bisogno=ombra", "AC"),
        ("q=parco&stato=non_accolta&canale=online&tema=verde", "E"),
        ("q=parco&tema=vecchio", ""),
        ("ordine=recenti", "ABCDEF"),
        ("ordine=sostenute", "DCAFBE"),
        ("ordine=commentate", "BFCDEA"),
        ("ordine=sostenute&zona=1", "AFB"),
        ("q=parco&ordine=sostenute", "CABE"),
        ("q=parco&ordine=recenti", "ABCE"),
    ],
)
@pytest.mark.usefixtures("citta")
def test_filters_and_orders_give_exactly_what_is_asked_for(argomenti, attesi):
    elenco = elenca(filtro(argomenti), QueryDict(argomenti))

    assert "".join(titoli(elenco)) == attesi
    assert (elenco.totale, elenco.troppe) == (len(attesi), False)


@pytest.mark.usefixtures("citta")
def test_an_order_by_chance_begins_where_its_seed_says_and_goes_round():
    visti = set()
    for seme in range(0, 1000, 50):
        argomenti = f"ordine=casuale&seme={seme}"
        ordinati = "".join(titoli(elenca(filtro(argomenti), QueryDict(argomenti))))
        assert ordinati in "ABCDEFABCDEF"
        # Among what was found the same order holds.
        trovati = "".join(titoli(elenca(filtro(f"{argomenti}&q=parco"), QueryDict(argomenti))))
        assert trovati == "".join(lettera for lettera in ordinati if lettera in "ABCE")
        visti.add(ordinati)

    assert len(visti) > 1


@pytest.mark.parametrize(
    "argomenti", ["", "zona=1", "tema=verde", "zona=1&stato=accolta", "tema=scuola&canale=online"]
)
@pytest.mark.parametrize("comune", ["", "q=parco", "bisogno=ombra"])
@pytest.mark.usefixtures("citta")
def test_each_choice_says_how_many_it_would_give_beside_the_others(argomenti, comune):
    """Whatever it is counted from: asking with that choice gives as many."""
    argomenti = QueryDict("&".join(filter(None, [argomenti, comune])))
    conteggi = elenca(FiltroProposte(argomenti, oggi=OGGI), argomenti).conteggi

    scelte = {
        "zona": ["1", "2", "citta"],
        "stato": [str(stato) for stato in Proposta.IN_ELENCO],
        "canale": ["online", "incontro", "cartaceo"],
        "tema": ["verde", "scuola", "vecchio"],
    }
    for campo, valori in scelte.items():
        for valore in valori:
            altri = argomenti.copy()
            altri[campo] = valore
            attese = elenca(FiltroProposte(altri, oggi=OGGI), altri).totale
            assert conteggi[campo][valore] == attese, (campo, valore)


@pytest.mark.usefixtures("citta")
def test_of_too_many_nobody_knows_the_counts_and_filters_still_look_among_all(monkeypatch):
    monkeypatch.setitem(filtri.ricerca.cerca.__kwdefaults__, "limite", 3)

    elenco = elenca(filtro("q=parco"), QueryDict())
    assert (titoli(elenco), elenco.totale) == (["B", "C", "E"], 3)
    assert (elenco.troppe, elenco.conteggi) == (True, None)

    # A was the fourth.
    elenco = elenca(filtro("q=parco&zona=1"), QueryDict())
    assert (titoli(elenco), elenco.troppe) == (["A", "B"], False)
    elenco = elenca(filtro("q=parco&tema=verde&canale=online"), QueryDict())
    assert (titoli(elenco), elenco.troppe) == (["A", "E"], False)


@pytest.mark.parametrize(
    ("argomenti", "errori", "attesi"),
    [
        ("zona=99&stato=accolta", {"zona"}, "DF"),
        ("tema=boh&zona=1", {"tema"}, "ABF"),
        ("stato=bozza&zona=1", {"stato"}, "ABF"),
        ("stato=nascosta", {"stato"}, "ABCDEF"),
        ("canale=%27--&zona=1", {"canale"}, "ABF"),
        ("bisogno=boh&zona=1", {"bisogno"}, "ABF"),
        ("ordine=prezzo&zona=1", {"ordine"}, "ABF"),
        ("q=il+la&zona=1", {"q"}, "ABF"),
        ("q=%00parco&zona=1", {"q"}, "ABF"),
        (f"q={'x' * 101}&zona=1", {"q"}, "ABF"),
        ("ordine=casuale&seme=1000&zona=1", {"seme"}, "ABF"),
        ("ordine=casuale&seme=-1&zona=1", {"seme"}, "ABF"),
    ],
)
@pytest.mark.usefixtures("citta")
def test_a_wrong_value_is_told_and_the_others_apply(argomenti, errori, attesi):
    suo = filtro(argomenti)
    elenco = elenca(suo, QueryDict(argomenti))

    assert set(suo.errors) == errori
    assert sorted(titoli(elenco)) == list(attesi)


@pytest.mark.usefixtures("citta")
def test_a_hidden_need_is_no_filter():
    Bisogno.objects.update(stato="nascosto")

    assert set(filtro("bisogno=ombra").errors) == {"bisogno"}


@pytest.mark.usefixtures("citta")
def test_a_million_letters_are_refused_and_not_said_again():
    suo = filtro(f"q={'a' * 1_000_000}")

    assert suo.errors == {"q": ["Scrivi al massimo 100 caratteri."]}
    assert suo.radici == ()
    assert len(suo.scritto) == 100


@pytest.mark.usefixtures("citta")
def test_links_keep_what_was_understood():
    suo = filtro("zona=1&tema=boh&q=Parco+%26+caff%C3%A8&bisogno=ombra&page=3&seme=4&x=y")

    tutti = {"q": "Parco & caffè", "zona": "1", "bisogno": "ombra"}
    assert suo.indirizzo() == tutti
    assert suo.indirizzo(zona=None, page=2) == {
        "q": "Parco & caffè",
        "bisogno": "ombra",
        "page": 2,
    }
    assert filtro("ordine=casuale&seme=0").indirizzo() == {"ordine": "casuale", "seme": "0"}
    assert suo.attivi() == [
        ("q", "«Parco & caffè»"),
        ("zona", "Zona 1: Lab uno"),
        ("bisogno", "Più ombra"),
    ]


def test_supports_that_a_stage_hides_are_no_order_either():
    """The order itself would tell them."""
    fase = FaseFactory(inizio=OGGI, fine=OGGI, nasconde_sostegni=True)
    PropostaFactory(titolo="A", percorso=fase.percorso, n_sostegni=9)
    PropostaFactory(titolo="B", percorso=fase.percorso)

    oggi, domani = filtro("ordine=sostenute"), filtro("ordine=sostenute", OGGI + timedelta(1))

    assert nascosti(OGGI) == {fase.percorso_id}
    assert set(oggi.errors) == {"ordine"}
    assert titoli(elenca(oggi, QueryDict())) == ["B", "A"]
    assert [valore for valore, _testo in oggi.ordini()] == ["recenti", "commentate", "casuale"]
    assert nascosti(OGGI + timedelta(1)) == frozenset()
    assert titoli(elenca(domani, QueryDict())) == ["A", "B"]


def test_mixing_again_leads_through_every_order_by_chance():
    semi, seme = set(), 7
    for _volta in range(filtri.SEMI):
        semi.add(seme)
        seme = prossimo_seme(seme)

    assert semi == set(range(filtri.SEMI))


@pytest.mark.usefixtures("citta")
def test_few_are_always_counted_anew_and_many_are_remembered_by_all(monkeypatch):
    def totale():
        return elenca(filtro(), QueryDict()).totale

    assert totale() == 6
    PropostaFactory()
    assert totale() == 7

    monkeypatch.setattr(filtri, "MOLTE", 3)
    assert totale() == 7
    PropostaFactory()
    assert totale() == 7
    assert len(elenca(filtro(), QueryDict()).pagina.chiavi) == 8


@pytest.mark.usefixtures("citta")
def test_what_is_counted_is_remembered_under_the_version_of_the_contents(
    monkeypatch, django_assert_num_queries
):
    memoria = LocMemCache("filtri", {})
    memoria.clear()
    monkeypatch.setattr("portale.lib.memoria.caches", {"pagine": memoria})
    memoria.set("versione", 1)
    elenca(filtro(), QueryDict())

    with django_assert_num_queries(1):
        elenca(filtro("zona=1&stato=accolta"), QueryDict())

    PropostaFactory(laboratorio=LaboratorioFactory(numero=9))
    memoria.set("versione", 2)
    assert elenca(filtro("zona=9"), QueryDict()).totale == 1


# --- Needs ----------------------------------------------------------------------------------


@pytest.fixture
def bisogni():
    uno, due = LaboratorioFactory(numero=1), LaboratorioFactory(numero=2)
    verde = TemaFactory(slug="verde")
    adesso = timezone.now()
    voci = [
        ("Parco", uno, 3, None, True),
        ("Strade", uno, 1, 4, False),
        ("Un altro parco", due, 1, 9, True),
        ("Case", None, None, None, False),
    ]
    for n, (titolo, laboratorio, priorita, punti, tema) in enumerate(voci):
        bisogno = BisognoFactory(
            titolo=titolo,
            testo="",
            laboratorio=laboratorio,
            priorita=priorita,
            punti=punti,
            pubblicato_at=adesso - timedelta(days=n),
        )
        bisogno.temi.set([verde] if tema else [])
    BisognoFactory(titolo="Parco nascosto", stato="nascosto", laboratorio=uno, priorita=1)


@pytest.mark.parametrize(
    ("argomenti", "attesi"),
    [
        ("", ["Un altro parco", "Strade", "Parco", "Case"]),
        ("ordine=recenti", ["Parco", "Strade", "Un altro parco", "Case"]),
        ("zona=1", ["Strade", "Parco"]),
        ("zona=citta", ["Case"]),
        ("tema=verde", ["Un altro parco", "Parco"]),
        ("priorita=1", ["Un altro parco", "Strade"]),
        ("priorita=1&zona=1&tema=verde", []),
        ("q=parchi", ["Parco", "Un altro parco"]),
        ("q=parco&priorita=1", ["Un altro parco"]),
        ("priorita=7&zona=1", ["Strade", "Parco"]),
    ],
)
@pytest.mark.usefixtures("bisogni")
def test_needs_are_filtered_and_ordered(argomenti, attesi):
    suo = FiltroBisogni(QueryDict(argomenti))
    elenco = elenca_bisogni(suo, QueryDict(argomenti))

    per_pk = dict(Bisogno.objects.values_list("pk", "titolo"))
    assert [per_pk[pk] for pk in elenco.pagina.chiavi] == attesi
    assert elenco.totale == len(attesi)
    assert bool(suo.errors) is ("priorita=7" in argomenti)


@pytest.mark.usefixtures("bisogni")
def test_choices_of_needs_are_counted():
    conteggi = elenca_bisogni(FiltroBisogni(QueryDict("tema=verde")), QueryDict()).conteggi

    assert conteggi["zona"] == {"1": 1, "2": 1}
    assert conteggi["priorita"] == {"3": 1, "1": 1}
    assert conteggi["tema"]["verde"] == 2


@pytest.mark.usefixtures("bisogni")
def test_the_needs_to_choose_from_are_those_of_the_lab():
    strade = Bisogno.objects.get(titolo="Strade")
    parco = Bisogno.objects.get(titolo="Parco")
    case = Bisogno.objects.get(titolo="Case")

    assert bisogni_da_scegliere(filtro("zona=1")) == [
        (strade.slug, "Strade"),
        (parco.slug, "Parco"),
    ]
    assert bisogni_da_scegliere(filtro(f"zona=1&bisogno={case.slug}"))[0] == (case.slug, "Case")
    assert len(bisogni_da_scegliere(filtro())) == 4
