import copy
import json
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from eventi.models import Incontro, Iscrizione, PassaggioIncontro, Resoconto, Sede
from laboratori.models import Laboratorio, Quartiere
from percorso.models import Atto, Fase, Percorso
from portale.caricamento import DatiNonValidi, carica, leggi
from posta.models import Messaggio
from proposte.models import Bisogno, Tema

pytestmark = pytest.mark.django_db

FILE = settings.BASE_DIR / "dati" / "percorso_2023.json"
TABELLE = (Percorso, Fase, Atto, Laboratorio, Quartiere, Sede, Incontro, Resoconto)


@pytest.fixture
def dati():
    return leggi(FILE)


def righe():
    return {model: list(model.objects.order_by("pk").values()) for model in TABELLE}


def guasta(tmp_path, dati, cambia):
    guasti = copy.deepcopy(dati)
    cambia(guasti)
    path = tmp_path / "percorso.json"
    path.write_text(json.dumps(guasti))
    return path


# --- What is known --------------------------------------------------------------------------


def test_the_percorso_is_closed_and_tells_its_money_dates_and_sources(dati):
    carica(dati)

    percorso = Percorso.objects.get()
    assert (percorso.stato, percorso.esempio) == ("concluso", False)
    assert (percorso.inizio, percorso.fine) == (date(2023, 1, 31), date(2023, 9, 27))
    assert (percorso.contributo_euro, percorso.costo_euro) == (Decimal(15000), Decimal(31232))
    assert percorso.facilitatore == "Pares (cooperativa)"
    assert percorso.fonti[0] == "https://www.osservatoriopartecipazione.it/scheda-processo/2548"
    assert [fase.periodo for fase in percorso.fasi.all()] == [
        "tra marzo e aprile 2023",
        "da aprile a giugno 2023",
        "da luglio a ottobre 2023",
    ]
    assert {fase.livello for fase in percorso.fasi.all()} == {""}


def test_seven_zones_with_their_quartieri_each_with_a_point_and_its_source(dati):
    carica(dati)

    assert {
        lab.numero: [quartiere.nome for quartiere in lab.quartieri.all()]
        for lab in Laboratorio.objects.all()
    } == {
        1: ["Sant'Antonio", "Borgotrebbia", "Veggioletta", "Infrangibile"],
        2: ["Quarto", "Vallera", "Pittolo", "La Verza", "San Bonico", "Besurica"],
        3: ["viale Dante", "via Veneto", "Piacenza Sud", "Galleana", "Stadio"],
        4: ["Farnesiana", "Baia del Re", "San Lazzaro"],
        5: ["I Vaccari", "Mucinasso", "Montale"],
        6: ["Roncaglia", "Gerbido", "Mortizza", "Bosco dei Santi", "Capitolo", "Borghetto"],
        7: ["via Taverna", "via Roma", "piazza Cittadella", "Cheope"],
    }
    assert set(
        Quartiere.objects.exclude(aggiunto_nel=None).values_list("nome", "aggiunto_nel")
    ) == {("Capitolo", 2024), ("Borghetto", 2024)}
    for lab in Laboratorio.objects.all():
        assert 44.9 < lab.latitudine < 45.1
        assert 9.6 < lab.longitudine < 9.8
        assert lab.fonti[-1].startswith("https://it.wikipedia.org/wiki/")


def test_what_is_not_known_of_a_meeting_stays_empty_and_is_said_so(dati):
    carica(dati)

    assert {
        incontro.slug: (incontro.quando, incontro.dove) for incontro in Incontro.objects.all()
    } == {
        "assemblea-plenaria-15-aprile-2023": (
            "sabato 15 aprile 2023, ora da comunicare",
            "Biblioteca Passerini Landi",
        ),
        "zona-1-3-maggio-2023": (
            "mercoledì 3 maggio 2023, 18:30–21:30",
            "Spazio 2, via XXIV Maggio 51",
        ),
        "zona-2-12-maggio-2023": (
            "venerdì 12 maggio 2023, ora da comunicare",
            "sede da comunicare",
        ),
        "zona-3-19-maggio-2023": (
            "venerdì 19 maggio 2023, ora da comunicare",
            "sede da comunicare",
        ),
        "zona-4-22-maggio-2023": (
            "lunedì 22 maggio 2023, ora da comunicare",
            "sede da comunicare",
        ),
        "zona-5-23-maggio-2023": (
            "martedì 23 maggio 2023, ora da comunicare",
            "sede da comunicare",
        ),
        "zona-6-30-maggio-2023": (
            "martedì 30 maggio 2023, ora da comunicare",
            "sede da comunicare",
        ),
        "zona-7-31-maggio-2023": (
            "mercoledì 31 maggio 2023, ora da comunicare",
            "sede da comunicare",
        ),
        "restituzione-alla-citta-2023": (
            "entro il 17 giugno 2023 (giorno da comunicare)",
            "Giardini Margherita",
        ),
        "assemblea-conclusiva-16-settembre-2023": (
            "sabato 16 settembre 2023, 10:00–12:00",
            "Biblioteca Passerini Landi, Salone monumentale",
        ),
    }
    for sede in Sede.objects.all():
        assert (sede.senza_gradini, sede.bagno_accessibile, sede.anello_induzione) == (None,) * 3


def test_it_is_history_nobody_registers_and_nobody_is_told(dati):
    carica(dati)

    assert {
        (incontro.stato, incontro.con_iscrizione, incontro.iscrizioni_aperte(timezone.now()))
        for incontro in Incontro.objects.all()
    } == {("svolto", False, False)}
    assert Incontro.objects.futuri(timezone.now()).count() == 0
    for model in (Iscrizione, PassaggioIncontro, Messaggio):
        assert model.objects.count() == 0


def test_every_fact_has_a_source(dati):
    carica(dati)

    for model in (Percorso, Atto, Laboratorio, Sede, Incontro, Resoconto):
        for riga in model.objects.all():
            assert riga.fonti, riga
            assert all(fonte.startswith("https://") for fonte in riga.fonti)


def test_the_report_of_june_lists_needs_and_ideas(dati):
    carica(dati)

    resoconto = Resoconto.objects.pubblicati().get()
    assert resoconto.incontro.slug == "restituzione-alla-citta-2023"
    assert (len(resoconto.bisogni.splitlines()), len(resoconto.idee.splitlines())) == (5, 3)
    assert resoconto.partecipanti is None


# --- Loading again --------------------------------------------------------------------------


def test_loading_twice_writes_nothing_the_second_time(dati):
    prima = carica(dati)
    com_era = righe()

    dopo = carica(dati)

    assert (prima["updated"], prima["unchanged"]) == (0, 0)
    assert (dopo["created"], dopo["updated"]) == (0, 0)
    assert righe() == com_era


def test_history_is_restored_exactly(dati):
    carica(dati)
    com_era = righe()
    Percorso.objects.update(sintesi="Cambiata", stato="attivo")
    Fase.objects.filter(ordine=2).update(titolo="Altro")
    Incontro.objects.filter(slug="zona-1-3-maggio-2023").update(sede=None, stato="annullato")
    Resoconto.objects.update(idee="")

    esito = carica(dati)

    assert (esito["created"], esito["updated"]) == (0, 4)
    for model in (Percorso, Incontro, Resoconto):
        for ora, prima in zip(model.objects.order_by("pk").values(), com_era[model], strict=True):
            assert ora | {"updated_at": 0} == prima | {"updated_at": 0}


def test_labs_and_venues_belong_to_the_office_only_empty_fields_are_filled_in(dati):
    carica(dati)
    Laboratorio.objects.filter(numero=1).update(nome="Laboratorio Ovest", latitudine=None)
    Quartiere.objects.filter(nome="Infrangibile").delete()
    Sede.objects.filter(nome="Spazio 2").update(indirizzo="via Nuova 3", senza_gradini=True)

    carica(dati)

    lab = Laboratorio.objects.get(numero=1)
    assert (lab.nome, lab.latitudine) == ("Laboratorio Ovest", 45.054182)
    assert lab.quartieri.filter(nome="Infrangibile").count() == 0
    sede = Sede.objects.get(nome="Spazio 2")
    assert (sede.indirizzo, sede.senza_gradini) == ("via Nuova 3", True)


def test_what_the_office_added_stays(dati):
    carica(dati)
    percorso = Percorso.objects.get()
    Atto.objects.create(percorso=percorso, genere="docpp", titolo="Il DocPP ritrovato")

    carica(dati)

    assert percorso.atti.filter(titolo="Il DocPP ritrovato").exists()


# --- A file that is wrong -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cambia", "errore"),
    [
        (lambda d: d.pop("fasi"), "file: «fasi» is missing"),
        (lambda d: d["percorso"].pop("titolo"), "percorso: «titolo» is missing"),
        (lambda d: d["fasi"][0].update(titlo="x"), "fasi[1]: «titlo» is not a known key"),
        (lambda d: d.update(incontri={}), "incontri: a list is expected"),
        (lambda d: d["incontri"].append("x"), "incontri[11]: an object is expected"),
        (lambda d: d["incontri"][0].update(zona=9), "incontri[1]: zone 9 is not in «laboratori»"),
        (
            lambda d: d["incontri"][0].update(sede="x"),
            "incontri[1]: the venue «x» is not in «sedi»",
        ),
        (
            lambda d: d["incontri"][0].update(fonti=["x"]),
            "incontri[1]: the source «x» is not in «fonti»",
        ),
        (lambda d: d["incontri"][0].update(fonti=[]), "incontri[1]: a fact without a source"),
        (
            lambda d: d["laboratori"][0]["punto"].pop("fonte"),
            "laboratori[1].punto: «fonte» is missing",
        ),
        (
            lambda d: d["fonti"].update(scheda="ftp://x"),
            "fonti: «scheda» is not an https address",
        ),
        (
            lambda d: d["incontri"][1].update(dalle=None),
            "incontri[2]: «alle» without «dalle»",
        ),
    ],
)
def test_a_misshapen_file_is_refused_with_its_place(tmp_path, dati, cambia, errore):
    with pytest.raises(DatiNonValidi) as rifiuto:
        leggi(guasta(tmp_path, dati, cambia))

    assert rifiuto.value.errori == [errore]


@pytest.mark.parametrize(
    ("cambia", "inizio_errore"),
    [
        (lambda d: d["percorso"].update(inizio="31/01/2023"), "percorso: inizio: "),
        (lambda d: d["percorso"].update(stato="finito"), "percorso: stato: "),
        (lambda d: d["fasi"][0].update(fine="2022-01-01"), "fasi[1]: __all__: "),
        (lambda d: d["incontri"][0].update(giorno="2023-02-30"), "incontri[1]: "),
        (lambda d: d["incontri"][0].update(genere="festa"), "incontri[1]: genere: "),
    ],
)
def test_a_wrong_value_undoes_everything_and_is_named(tmp_path, dati, cambia, inizio_errore):
    with pytest.raises(DatiNonValidi) as rifiuto:
        carica(leggi(guasta(tmp_path, dati, cambia)))

    assert [errore[: len(inizio_errore)] for errore in rifiuto.value.errori] == [inizio_errore]
    assert {model: model.objects.count() for model in TABELLE} == dict.fromkeys(TABELLE, 0)


# --- The command ----------------------------------------------------------------------------


def test_the_command_says_what_it_did():
    uscita = StringIO()

    call_command("carica_percorso", stdout=uscita)
    call_command("carica_percorso", stdout=uscita)
    call_command("carica_percorso", stdout=uscita, verbosity=0)

    assert uscita.getvalue().splitlines() == [
        "Laboratori di quartiere a Piacenza: 74 created, 0 updated, 0 unchanged.",
        "Laboratori di quartiere a Piacenza: 0 created, 0 updated, 43 unchanged.",
    ]


def test_the_command_lists_all_the_mistakes_of_a_file(tmp_path, dati):
    def cambia(guasti):
        guasti["percorso"].pop("titolo")
        guasti["fasi"][0]["titlo"] = "x"

    path = guasta(tmp_path, dati, cambia)

    with pytest.raises(CommandError) as errore:
        call_command("carica_percorso", file=path)

    assert str(errore.value) == (
        "percorso.json was not loaded:\n"
        "  percorso: «titolo» is missing\n"
        "  fasi[1]: «titlo» is not a known key"
    )


@pytest.mark.parametrize("contenuto", [None, "{", "[]"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path, contenuto):
    path = tmp_path / "percorso.json"
    if contenuto is not None:
        path.write_text(contenuto)

    with pytest.raises(CommandError, match=r"percorso\.json was not loaded"):
        call_command("carica_percorso", file=path)


def test_the_needs_that_a_report_tells_of_have_a_page_of_their_own():
    call_command("carica_percorso", verbosity=0)

    incontro = Incontro.objects.get(slug="restituzione-alla-citta-2023")
    bisogni = Bisogno.objects.order_by("pk")
    assert [bisogno.titolo for bisogno in bisogni] == incontro.resoconto.bisogni.splitlines()
    primo = bisogni[0]
    assert (primo.stato, primo.incontro, primo.laboratorio, primo.canale) == (
        Bisogno.Stato.PUBBLICATO,
        incontro,
        None,
        "incontro",
    )
    assert (primo.slug, primo.pubblicato_at) == (
        "piu-aree-verdi-2023",
        incontro.resoconto.pubblicato_at,
    )


def test_a_theme_that_the_office_renamed_or_put_away_stays_so():
    call_command("carica_percorso", verbosity=0)
    Tema.objects.filter(slug="verde").update(nome="Verde", attivo=False, ordine=9)

    call_command("carica_percorso", verbosity=0)

    assert list(Tema.objects.filter(slug="verde").values_list("nome", "attivo", "ordine")) == [
        ("Verde", False, 9)
    ]
