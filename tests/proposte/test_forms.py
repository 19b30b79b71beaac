"""What people write of a proposal."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone

from portale.lib.antispam import timbro
from proposte.forms import CITTA, BozzaForm, CampoTesto, InviaForm, ModificaForm
from proposte.models import Bisogno, Proposta
from tests.factories import BisognoFactory, LaboratorioFactory, PropostaFactory, TemaFactory

pytestmark = pytest.mark.django_db

TESTI = Proposta.TESTI


def dati(**campi):
    scritto = QueryDict(mutable=True)
    for nome, valore in {"versione": "1", "genere_proponente": "persona", **campi}.items():
        scritto.setlist(nome, valore if isinstance(valore, list) else [valore])
    return scritto


def bozza_form(proposta=None, **campi):
    form = BozzaForm(dati(**campi), proposta=proposta or PropostaFactory(bozza=True))
    form.is_valid()
    return form


# --- Text -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scritto", "tenuto"),
    [
        ("Una riga\r\ne un'altra\rancora", "Una riga\ne un'altra\nancora"),
        ("perche\u0301", "perché"),
        ("con\x0bun\x0ccontrollo\x1b[31m", "conuncontrollo[31m"),
        ("\u202egirato\u202c \u2066dentro\u2069", "girato dentro"),
        ("  ai bordi \n", "ai bordi"),
        ("👩‍👩‍👧‍👦 🏳️‍🌈 famiglie", "👩‍👩‍👧‍👦 🏳️‍🌈 famiglie"),
        ("مرحبا بالعالم", "مرحبا بالعالم"),
        ("MAIUSCOLO!!!", "MAIUSCOLO!!!"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("x" * 500, "x" * 500),
        ("colonna\tuna", "colonna\tuna"),
    ],
)
def test_text_is_kept_as_people_meant_it(scritto, tenuto):
    assert CampoTesto(righe=3, max_length=1000).clean(scritto) == tenuto


def test_a_title_is_one_line():
    assert CampoTesto(max_length=100).clean(" Più \n alberi\t qui ") == "Più alberi qui"


@pytest.mark.parametrize("campo", TESTI)
@pytest.mark.parametrize(
    ("guasto", "errore"),
    [
        ("a\x00b", "null"),
        ("a\ud800b", "illeggibile"),
        (b"a\xff\xfeb".decode(errors="replace"), "illeggibile"),
        ("x" * 1_000_000, "max_length"),
    ],
)
def test_what_cannot_be_kept_is_refused_where_it_was_written(campo, guasto, errore):
    form = bozza_form(**dict.fromkeys(TESTI, "va bene") | {campo: guasto})

    assert {nome: [e.code for e in errori.as_data()] for nome, errori in form.errors.items()} == {
        campo: [errore] if errore != "null" else ["null_characters_not_allowed"]
    }
    # The others can be saved all the same.
    assert [nome for nome in TESTI if nome in form.valori()] == [n for n in TESTI if n != campo]


def test_the_limit_counts_characters_and_a_line_end_is_one():
    campo = CampoTesto(righe=3, max_length=5)
    assert campo.clean("a\r\nb\r\nc") == "a\nb\nc"
    assert campo.clean("🌳🌳🌳🌳🌳") == "🌳🌳🌳🌳🌳"


def test_browsers_are_not_asked_to_cut_what_is_pasted():
    pagina = BozzaForm(proposta=PropostaFactory(bozza=True)).as_p()
    assert "maxlength" not in pagina
    assert 'data-massimo="6000"' in pagina


@pytest.mark.parametrize("campo", ["nome_mostrato", "organizzazione"])
@pytest.mark.parametrize("firma", ["www.esempio.it", "anna@example.org", "http://x.it"])
def test_a_signature_carries_no_address(campo, firma):
    assert list(bozza_form(**{campo: firma}).errors) == [campo]


# --- The draft ------------------------------------------------------------------------------


def test_a_draft_needs_nothing():
    form = bozza_form()

    assert form.errors == {}
    assert form.valori() == {
        "titolo": "",
        "che_cosa": "",
        "perche": "",
        "luogo": "",
        "per_chi": "",
        "nome_mostrato": "",
        "organizzazione": "",
        "genere_proponente": "persona",
        "laboratorio_id": None,
        "per_la_citta": False,
        "latitudine": None,
        "longitudine": None,
    }
    assert form.insiemi() == {"temi": [], "bisogni": []}


def test_what_is_written_becomes_columns():
    laboratorio, tema, bisogno = LaboratorioFactory(), TemaFactory(), BisognoFactory()
    form = bozza_form(
        titolo="Alberi",
        laboratorio=str(laboratorio.pk),
        temi=[str(tema.pk)],
        bisogni=[str(bisogno.pk)],
        latitudine="45.05",
        longitudine="9.69",
        genere_proponente="organizzazione",
        organizzazione="Comitato",
    )

    assert form.errors == {}
    valori = form.valori()
    assert (valori["titolo"], valori["laboratorio_id"], valori["per_la_citta"]) == (
        "Alberi",
        laboratorio.pk,
        False,
    )
    assert (valori["latitudine"], valori["longitudine"]) == (45.05, 9.69)
    assert (valori["genere_proponente"], valori["organizzazione"]) == (
        "organizzazione",
        "Comitato",
    )
    assert form.insiemi() == {"temi": [tema], "bisogni": [bisogno]}


def test_the_whole_city_is_no_lab():
    valori = bozza_form(laboratorio=CITTA).valori()
    assert (valori["laboratorio_id"], valori["per_la_citta"]) == (None, True)


@pytest.mark.parametrize(
    ("guasto", "campo"),
    [
        ({"laboratorio": "999999"}, "laboratorio"),
        ({"temi": ["999999"]}, "temi"),
        ({"temi": ["x"]}, "temi"),
        ({"latitudine": "95", "longitudine": "9"}, "latitudine"),
        ({"latitudine": "nan", "longitudine": "9"}, "latitudine"),
        ({"latitudine": "45", "longitudine": "x"}, "longitudine"),
        ({"genere_proponente": "incontro"}, "genere_proponente"),
        ({"versione": "x"}, "versione"),
    ],
)
def test_what_no_page_of_ours_offers_is_refused_alone(guasto, campo):
    form = bozza_form(titolo="Alberi", **guasto)
    assert list(form.errors) == [campo]
    assert form.valori()["titolo"] == "Alberi"


def test_half_a_point_is_no_point():
    valori = bozza_form(latitudine="45.05").valori()
    assert (valori["latitudine"], valori["longitudine"]) == (None, None)


@pytest.mark.parametrize("stato", [Bisogno.Stato.BOZZA, Bisogno.Stato.INVIATO, "nascosto"])
def test_only_published_needs_are_answered(stato):
    segreto, pubblico = BisognoFactory(stato=stato), BisognoFactory()
    form = bozza_form(bisogni=[str(segreto.pk), str(pubblico.pk), "x", "9" * 40, "-1"])
    assert form.errors == {}
    assert form.insiemi()["bisogni"] == [pubblico]


def test_a_closed_lab_and_an_old_theme_are_not_offered():
    chiuso, vecchio = LaboratorioFactory(attivo=False), TemaFactory(attivo=False)
    form = bozza_form(laboratorio=str(chiuso.pk), temi=[str(vecchio.pk)])
    assert list(form.errors) == ["laboratorio", "temi"]


def test_what_the_page_does_not_show_any_more_stays_with_the_proposal():
    chiuso = LaboratorioFactory(attivo=False)
    proposta = PropostaFactory(laboratorio=chiuso)
    nascosto, vecchio = BisognoFactory(stato="nascosto"), TemaFactory(attivo=False)
    proposta.bisogni.set([nascosto])
    proposta.temi.set([vecchio])

    form = bozza_form(proposta, titolo="Alberi", laboratorio=str(chiuso.pk))

    assert form.errors == {}
    assert form.valori()["laboratorio_id"] == chiuso.pk
    assert form.insiemi() == {"temi": [vecchio], "bisogni": [nascosto]}
    assert nascosto.titolo not in form.as_p()


def test_a_form_knows_whether_it_says_what_is_saved_already():
    proposta = PropostaFactory(
        bozza=True, titolo="Alberi", che_cosa="", perche="", laboratorio=None
    )
    proposta.nome_mostrato = ""
    assert bozza_form(proposta, titolo="Alberi").gia_salvato()
    assert not bozza_form(proposta, titolo="Alberi veri").gia_salvato()
    assert not bozza_form(proposta, titolo="Alberi", temi=[str(TemaFactory().pk)]).gia_salvato()
    # What cannot be saved makes no difference.
    assert bozza_form(proposta, titolo="x" * 200).gia_salvato()


# --- Editing and sending --------------------------------------------------------------------


def test_an_edit_cannot_take_away_what_a_proposal_needs():
    form = ModificaForm(
        dati(titolo="", che_cosa=" ", laboratorio="", genere_proponente="organizzazione"),
        proposta=PropostaFactory(),
    )
    assert list(form.errors) == ["titolo", "laboratorio", "che_cosa", "organizzazione"]


@pytest.mark.parametrize(
    ("guasto", "campi"),
    [
        ({"email": ""}, ["email"]),
        ({"email": "anna"}, ["email"]),
        ({"informativa": ""}, ["informativa"]),
        ({"sito_web": "x"}, ["__all__"]),
        ({"ricevuto": "falso"}, ["__all__"]),
    ],
)
def test_a_stranger_sends_with_an_address_and_the_notice(guasto, campi):
    adesso = timezone.now()
    scritto = {
        "email": " Anna@Example.org",
        "informativa": "on",
        "ricevuto": timbro(adesso - timedelta(minutes=1)),
    }
    buono = InviaForm(scritto, adesso=adesso)
    assert buono.is_valid()
    assert buono.cleaned_data["email"] == "anna@example.org"
    assert list(InviaForm(scritto | guasto, adesso=adesso).errors) == campi
