from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from proposte import ricerca, services
from proposte.models import Bisogno, Proposta
from proposte.ricerca import cerca, cerca_bisogni, cercate, con_parole, reindicizza
from tests.factories import LaboratorioFactory, PercorsoFactory
from tests.factories.proposte import BisognoFactory, PropostaFactory, TemaFactory

pytestmark = pytest.mark.django_db

ADESSO = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def proposta():
    """``proposta(titolo, testo, giorni=…)``: one more, each older than the one before."""
    percorso, laboratorio = PercorsoFactory(), LaboratorioFactory()
    fatte = []

    def fai(titolo, testo="", **campi):
        fatte.append(titolo)
        return PropostaFactory(
            percorso=percorso,
            titolo=titolo,
            che_cosa=testo,
            perche="",
            **{
                "laboratorio": laboratorio,
                "pubblicata_at": ADESSO - timedelta(days=len(fatte)),
                **campi,
            },
        )

    return fai


def trovate(testo, **dove):
    limite = dove.pop("limite", ricerca.LIMITE)
    elenco = Proposta.objects.in_elenco()
    righe, tutte = cerca(elenco, cercate(testo), limite=limite, **dove)
    titoli = dict(elenco.values_list("pk", "titolo"))
    return [titoli[riga.pk] for riga in righe], tutte


@pytest.mark.parametrize(
    ("testo", "attese"),
    [
        ("piste ciclabili", ["La pista ciclabile", "Biciclette"]),
        ("PISTA CICLABILE", ["La pista ciclabile", "Biciclette"]),
        ("citta", ["Alberi in città"]),
        ("quartieri anziano", ["Panchine"]),
        ("panchina", ["Panchine"]),
        ("pista piscina", []),
        ("le piste di una", ["La pista ciclabile", "Biciclette"]),
        ("школы", ["Парк у школы"]),
        ("12", ["Il bus 12"]),
        ("bus", ["Il bus 12"]),
    ],
)
def test_a_search_gives_the_same_on_every_database(proposta, testo, attese):
    """All the words, whatever their ending; those in the title first, then the newest."""
    proposta("Biciclette", "Servono piste ciclabili in ogni quartiere.")
    proposta("La pista ciclabile", "Da finire.")
    proposta("Panchine", "Per gli anziani del quartiere.")
    proposta("Alberi in città")
    proposta("Парк у школы")
    proposta("Il bus 12")

    assert trovate(testo) == (attese, True)


def test_hits_in_the_title_come_first_then_the_newest(proposta):
    proposta("Vecchio", "parco", pubblicata_at=ADESSO - timedelta(days=9))
    proposta("Parco vecchio", pubblicata_at=ADESSO - timedelta(days=8))
    proposta("Nuovo", "parchi", pubblicata_at=ADESSO - timedelta(days=1))
    proposta("Parchi nuovi", pubblicata_at=ADESSO - timedelta(days=2))

    assert trovate("parco")[0] == ["Parchi nuovi", "Parco vecchio", "Nuovo", "Vecchio"]


def test_only_what_is_in_the_list_is_found(proposta):
    for stato in Proposta.Stato:
        if stato != Proposta.Stato.INTEGRATA:
            proposta(f"Parco {stato}", stato=stato)
    prima = Proposta.objects.get(titolo="Parco pubblicata")
    proposta("Parco integrata", stato=Proposta.Stato.INTEGRATA, integrata_in=prima)

    assert sorted(trovate("parco")[0]) == sorted(f"Parco {stato}" for stato in Proposta.IN_ELENCO)


def test_filters_narrow_a_search(proposta):
    altro, tema = LaboratorioFactory(), TemaFactory()
    proposta("Parco uno").temi.add(tema)
    proposta("Parco due", laboratorio=altro)
    proposta("Parco tre", laboratorio=None, per_la_citta=True)
    proposta("Parco quattro", stato=Proposta.Stato.ACCOLTA, canale="cartaceo", laboratorio=altro)

    assert trovate("parco", laboratorio=altro.pk)[0] == ["Parco due", "Parco quattro"]
    assert trovate("parco", laboratorio=None)[0] == ["Parco tre"]
    assert trovate("parco", stato="accolta")[0] == ["Parco quattro"]
    assert trovate("parco", canale="online", laboratorio=altro.pk)[0] == ["Parco due"]
    assert trovate("parco", tema=tema.pk)[0] == ["Parco uno"]
    assert trovate("parco", tema=tema.pk, laboratorio=altro.pk)[0] == []
    # One theme's number begins with the other's.
    assert trovate("parco", tema=tema.pk * 10)[0] == []


def test_few_are_read_one_by_one(proposta):
    """With the same answer."""
    tema = TemaFactory()
    proposta("Parco uno", "Verde.").temi.add(tema)
    proposta("Altro", "Un parco, verde.")
    proposta("Parcheggio", "Verde.")
    proposta("Parco due", "Verde.", stato=Proposta.Stato.ACCOLTA)

    for come in ({"poche": True}, {}):
        assert trovate("parco", **come) == (["Parco uno", "Parco due", "Altro"], True)
        assert trovate("verde parchi", **come)[0] == ["Parco uno", "Altro", "Parco due"]
        assert trovate("parco", tema=tema.pk, **come)[0] == ["Parco uno"]
        assert trovate("parco", stato="accolta", **come)[0] == ["Parco due"]
        assert trovate("parco", limite=2, **come) == (["Parco uno", "Parco due"], False)


def test_a_filter_cannot_be_asked_for_as_a_word(proposta):
    laboratorio = proposta("Parco").laboratorio

    for testo in (f"@{laboratorio.pk}", "pubblicata/", "online/", "0:parc", "~parc", "^1"):
        assert trovate(f"parco {testo}")[0] in (["Parco"], []), testo
    assert trovate("pubblicata online")[0] == []


def test_of_too_many_the_last_ones_are_kept_and_the_titles_first(proposta):
    """Numbers far from each other are in different lots of the index."""
    numeri = [1, 4_095, 4_096, 8_191, 8_192, 65_536, 70_000, 98_304, 99_999, 100_000]
    for numero in numeri:
        proposta(
            f"Parco {numero}" if numero in (4_095, 70_000) else f"Altro {numero}",
            "Un parco.",
            pk=numero,
            pubblicata_at=ADESSO + timedelta(minutes=numero),
        )

    titoli = ["Parco 70000", "Parco 4095"]
    assert trovate("parco", limite=4) == ([*titoli, "Altro 100000", "Altro 99999"], False)
    altri = [f"Altro {numero}" for numero in reversed(numeri) if numero not in (4_095, 70_000)]
    assert trovate("parco", limite=10) == ([*titoli, *altri], True)
    assert trovate("parco", limite=9) == ([*titoli, *altri[:-1]], False)
    assert trovate("parco", limite=1) == (titoli[:1], False)


@pytest.mark.parametrize("ultimo", [1, 4_095, 4_096, 4_097, 8_191, 8_192, 65_535, 131_072])
def test_no_lot_is_left_out_or_read_twice(proposta, ultimo):
    for numero in {1, ultimo // 2 or 1, ultimo}:
        proposta(f"N{numero}", "parco", pk=numero, pubblicata_at=ADESSO + timedelta(days=numero))

    titoli, tutte = trovate("parco")

    assert (len(titoli), tutte) == (len(set(titoli)), True)
    assert set(titoli) == {"N1", f"N{ultimo // 2 or 1}", f"N{ultimo}"}


def test_no_proposals_at_all_are_found_among_none():
    assert trovate("parco") == ([], True)


@pytest.mark.parametrize(
    "testo",
    [
        '"',
        '"" OR 1=1 --',
        "') OR ('1'='1",
        "parco AND NOT (x",
        "parco*",
        "indice:parco",
        "NEAR(parco verde)",
        "{indice_titolo}: parco",
        "%s %(x)s {0} \\",
        "ARRAY['x'] @> '{}'",
        "parco\x01\x7f",
        "\u202eparco",
        "parco 👩‍👩‍👧",
        "𝓹𝓪𝓻𝓬𝓸",
    ],
)
def test_no_text_breaks_a_search(proposta, testo):
    proposta("Un parco")

    titoli, tutte = trovate(testo)

    assert tutte
    assert titoli in ([], ["Un parco"])


def test_only_the_first_words_are_looked_for():
    assert cercate("alfa " * 50 + "beta gamma") == ("alf", "bet", "gamm")
    assert len(cercate(" ".join(f"parola{n}" for n in range(100)))) == ricerca.PAROLE


def test_a_search_asks_once_or_twice_where_there_are_too_many(proposta, django_assert_num_queries):
    for n in range(3):
        proposta(f"Parco {n}")

    with django_assert_num_queries(1):
        cerca(Proposta.objects.in_elenco(), ["parc"], limite=3)
    with django_assert_num_queries(2):
        cerca(Proposta.objects.in_elenco(), ["parc"], limite=2)


def test_what_changes_is_found_by_its_new_words_alone(proposta):
    riga = proposta("Panchine", "al sole")
    services.modifica(
        riga, {"titolo": "Fontane", "che_cosa": "all'ombra"}, versione=1, adesso=ADESSO
    )

    assert trovate("fontana ombra")[0] == ["Fontane"]
    assert trovate("panchina")[0] == []
    assert trovate("sole")[0] == []

    Proposta.objects.filter(pk=riga.pk).update(n_sostegni=7)
    assert trovate("fontana")[0] == ["Fontane"]

    Proposta.objects.filter(pk=riga.pk).delete()
    PropostaFactory(pk=riga.pk, titolo="Altro", che_cosa="")
    assert trovate("fontana")[0] == []


def test_needs_are_found_too():
    vecchio = BisognoFactory(titolo="Strada buia", pubblicato_at=ADESSO)
    nuovo = BisognoFactory(
        titolo="Attraversamenti", testo="Le strade larghe.", pubblicato_at=ADESSO + timedelta(1)
    )
    BisognoFactory(titolo="Strada nascosta", stato=Bisogno.Stato.NASCOSTO)
    BisognoFactory(titolo="Un parco", testo="")
    pubblici = Bisogno.objects.pubblici()

    assert cerca_bisogni(pubblici, ["strad"]) == ([vecchio.pk, nuovo.pk], True)
    assert cerca_bisogni(pubblici, ["strad"], recenti=True) == ([nuovo.pk, vecchio.pk], True)
    assert cerca_bisogni(pubblici, ["strad"], limite=1) == ([nuovo.pk], False)
    assert list(con_parole(pubblici, ["strad", "bui"])) == [vecchio]


# --- Keeping the index right ----------------------------------------------------------------


def test_a_changed_rule_is_applied_again(capsys):
    riga, bisogno = PropostaFactory(titolo="Panchine"), BisognoFactory(titolo="Strade")
    giusti = (riga.indice, riga.indice_titolo, bisogno.indice)
    Proposta.objects.update(indice="vecc", indice_titolo="regola")
    Bisogno.objects.update(indice="vecc")
    bozza = PropostaFactory(bozza=True, titolo="Bozza", indice="", indice_titolo="")
    tema = TemaFactory()
    altra = PropostaFactory(titolo="Fontane", che_cosa="")
    altra.temi.add(tema)
    Proposta.objects.filter(pk=altra.pk).update(indice_temi="99")
    assert trovate("vecchio") == (["Panchine"], True)

    call_command("reindicizza")

    riga.refresh_from_db()
    bisogno.refresh_from_db()
    bozza.refresh_from_db()
    assert (riga.indice, riga.indice_titolo, bisogno.indice) == giusti
    assert (bozza.indice, bozza.indice_titolo) == ("", "")
    assert trovate("panchina")[0] == ["Panchine"]
    assert trovate("vecchio")[0] == []
    altra.refresh_from_db()
    assert altra.indice_temi == str(tema.pk)
    assert capsys.readouterr().out == "proposte: 2\nbisogni: 1\n"
    assert reindicizza(Proposta) == reindicizza(Bisogno) == 0


def test_many_are_done_a_block_at_a_time(django_assert_num_queries):
    PropostaFactory.create_batch(5)
    Proposta.objects.update(indice="")

    # Three blocks, each with its themes, and the empty one; and each row by itself.
    with django_assert_num_queries(3 * 3 + 1 + 5):
        assert reindicizza(Proposta, blocco=2) == 5


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own index")
def test_the_index_outlives_a_migration_that_makes_the_table_anew(proposta):
    """SQLite changes a table by copying it, which loses its triggers."""
    proposta("Panchine")

    def innesti():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
                " AND tbl_name = 'proposte_proposta' ORDER BY name"
            )
            return [nome.removeprefix("proposte_proposta_parole_") for (nome,) in cursor]

    assert innesti() == ["cambia", "metti", "togli"]
    with connection.cursor() as cursor:
        for nome in innesti():
            cursor.execute(f"DROP TRIGGER proposte_proposta_parole_{nome}")
    proposta("Fontane")
    assert trovate("fontana")[0] == []

    call_command("migrate", "proposte", verbosity=0)

    assert innesti() == ["cambia", "metti", "togli"]
    assert trovate("fontana")[0] == ["Fontane"]
    assert trovate("panchina")[0] == ["Panchine"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own index")
@pytest.mark.parametrize("modello", [Proposta, Bisogno])
def test_the_index_serves_what_searches_ask(modello):
    """The expression of the index and that of the query must stay the same, word by word."""
    domanda = con_parole(modello.objects.order_by(), ["parc", "pist"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    assert f"Bitmap Index Scan on {modello._meta.db_table}_parole" in domanda.explain()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own index")
@pytest.mark.parametrize("dove", [{}, {"laboratorio": None, "stato": "accolta", "tema": 3}])
def test_the_index_serves_the_search_for_the_best(dove):
    domande = []

    def spiega(esegui, sql, parametri, molti, contesto):
        domande.append((sql, parametri))
        return esegui(sql, parametri, molti, contesto)

    with connection.execute_wrapper(spiega):
        assert trovate("parco piste", **dove) == ([], True)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {domande[0][0]}", domande[0][1])
        piano = "\n".join(riga for (riga,) in cursor)

    assert "Bitmap Index Scan on proposte_proposta_parole" in piano
