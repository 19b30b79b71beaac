import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from laboratori.models import Disponibilita, Laboratorio
from posta.models import Messaggio
from tests.factories import DisponibilitaFactory, LaboratorioFactory, UserFactory
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

ELENCO = "/admin/laboratori/disponibilita/"
Stato = Disponibilita.Stato


@pytest.fixture
def ufficio(client):
    return entra(client, "ufficio")


def porta(disponibilita, nome):
    return reverse(f"admin:laboratori_disponibilita_{nome}", args=[disponibilita.pk])


@pytest.mark.parametrize("ruolo", RUOLI)
def test_permission_matrix_of_offers_of_help(client, ruolo):
    disponibilita = DisponibilitaFactory(nome="Segreta Persona", stato=Stato.NUOVA)
    entra(client, ruolo)
    atteso = {"anonima": 302, "ufficio": 200, "amministratrice": 200}.get(ruolo, 404)
    pagine = [ELENCO, *(porta(disponibilita, nome) for nome in ("change", "assegna", "chiudi"))]

    responses = [client.get(pagina) for pagina in pagine]
    client.post(porta(disponibilita, "chiudi"), {"risposta": "Grazie."})

    assert [response.status_code for response in responses] == [atteso] * len(pagine)
    if atteso != 200:
        for response in responses:
            assert "Segreta" not in response.content.decode()
    disponibilita.refresh_from_db()
    assert disponibilita.stato == (Stato.CHIUSA if atteso == 200 else Stato.NUOVA)


def test_what_waits_for_an_answer_comes_first_and_the_rest_on_request(client, ufficio):
    for stato in Stato.values:
        DisponibilitaFactory(stato=stato, nome=stato)
    DisponibilitaFactory(stato=Stato.ASSEGNATA, nome="mia", assegnata_a=ufficio)

    def nomi(filtro=""):
        elenco = client.get(f"{ELENCO}{filtro}").context["cl"].result_list
        return sorted(disponibilita.nome for disponibilita in elenco)

    assert nomi() == ["assegnata", "mia", "nuova"]
    assert nomi("?gestione=nuove") == ["nuova"]
    assert nomi("?gestione=mie") == ["mia"]
    assert nomi("?gestione=chiuse") == ["chiusa"]
    assert nomi("?gestione=da_verificare") == ["da_verificare"]
    assert len(nomi("?gestione=tutte")) == 5
    assert nomi("?gestione=altro") == nomi()


@pytest.mark.parametrize("righe", [1, 3])
def test_the_list_of_offers_asks_as_often_for_one_row_as_for_three(
    client, ufficio, righe, django_assert_num_queries
):
    for _n in range(righe):
        DisponibilitaFactory(stato=Stato.ASSEGNATA, assegnata_a=UserFactory(is_staff=True))

    with django_assert_num_queries(7):
        client.get(ELENCO)


def test_an_offer_is_given_to_a_colleague(client, ufficio):
    disponibilita = DisponibilitaFactory(stato=Stato.NUOVA)
    collega = UserFactory(is_staff=True)

    client.post(porta(disponibilita, "assegna"), {"a": collega.pk})

    disponibilita.refresh_from_db()
    assert (disponibilita.stato, disponibilita.assegnata_a) == (Stato.ASSEGNATA, collega)
    assert disponibilita.passaggi.get().autore == ufficio


def test_an_offer_is_not_given_to_somebody_outside_the_office(client, ufficio):
    disponibilita = DisponibilitaFactory(stato=Stato.NUOVA)

    response = client.post(porta(disponibilita, "assegna"), {"a": UserFactory().pk})

    assert list(response.context["form"].errors) == ["a"]
    disponibilita.refresh_from_db()
    assert disponibilita.stato == Stato.NUOVA


def test_closing_an_offer_sends_the_answer_and_names_nobody_in_the_log(client, ufficio):
    disponibilita = DisponibilitaFactory(stato=Stato.NUOVA)

    assert list(client.post(porta(disponibilita, "chiudi")).context["form"].errors) == ["risposta"]
    client.post(porta(disponibilita, "chiudi"), {"risposta": "Grazie, ti chiamiamo."})

    disponibilita.refresh_from_db()
    assert (disponibilita.stato, disponibilita.risposta) == (
        Stato.CHIUSA,
        "Grazie, ti chiamiamo.",
    )
    assert Messaggio.objects.get().genere == "disponibilita_risposta"
    assert LogEntry.objects.get().object_repr == f"disponibilità {disponibilita.pk}"


def test_an_offer_that_is_not_confirmed_is_not_answered(client, ufficio):
    disponibilita = DisponibilitaFactory()

    response = client.post(porta(disponibilita, "chiudi"), {"risposta": "Grazie."})

    assert response.context["form"].non_field_errors() == [
        "La persona non ha ancora confermato il suo indirizzo."
    ]


def test_an_offer_is_not_rewritten_by_the_office(client, ufficio):
    disponibilita = DisponibilitaFactory(stato=Stato.NUOVA, messaggio="Ho un furgone.")
    prima = Disponibilita.objects.values().get(pk=disponibilita.pk)

    client.post(
        porta(disponibilita, "change"),
        {
            "messaggio": "Altro.",
            "stato": "chiusa",
            "passaggi-TOTAL_FORMS": 0,
            "passaggi-INITIAL_FORMS": 0,
        },
    )

    assert Disponibilita.objects.values().get(pk=disponibilita.pk) == prima


# --- Labs -----------------------------------------------------------------------------------


def _laboratorio(**campi):
    righe = {
        f"{prefisso}-{nome}": 0
        for prefisso in ("quartieri", "referenti")
        for nome in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    return {
        "numero": 8,
        "nome": "Zona otto",
        "slug": "zona-otto",
        "attivo": "on",
        "area": "",
        "fonti": "",
        **righe,
        **campi,
    }


def test_a_lab_is_made_with_its_quartieri_and_referents(client, ufficio):
    response = client.post(
        "/admin/laboratori/laboratorio/add/",
        _laboratorio(
            **{
                "quartieri-TOTAL_FORMS": 1,
                "quartieri-0-nome": "Besurica",
                "quartieri-0-ordine": 1,
                "referenti-TOTAL_FORMS": 1,
                "referenti-0-nome": "Anna Bianchi",
            }
        ),
    )

    assert response.status_code == 302
    laboratorio = Laboratorio.objects.get()
    assert [quartiere.nome for quartiere in laboratorio.quartieri.all()] == ["Besurica"]
    assert [(r.nome, r.pubblico) for r in laboratorio.referenti.all()] == [("Anna Bianchi", False)]
    assert (laboratorio.area, laboratorio.fonti) == (None, [])


@pytest.mark.parametrize(
    ("area", "accettata"),
    [
        ('{"type": "Polygon", "coordinates": [[[9.6, 45.0], [9.7, 45.0], [9.7, 45.1]]]}', True),
        ('{"type": "Point", "coordinates": [9.6, 45.0]}', False),
        ('{"type": "Polygon"}', False),
        ('["Polygon"]', False),
        ("un quadrato", False),
    ],
)
def test_an_area_is_an_outline_or_is_refused(client, ufficio, area, accettata):
    response = client.post("/admin/laboratori/laboratorio/add/", _laboratorio(area=area))

    assert Laboratorio.objects.count() == accettata
    if not accettata:
        assert list(response.context["adminform"].form.errors) == ["area"]


def test_an_unknown_area_is_an_empty_box(client, ufficio):
    laboratorio = LaboratorioFactory()

    pagina = client.get(reverse("admin:laboratori_laboratorio_change", args=[laboratorio.pk]))

    assert pagina.context["adminform"].form["area"].value() == ""


@pytest.mark.parametrize("righe", [1, 3])
def test_the_list_of_labs_asks_as_often_for_one_row_as_for_three(
    client, ufficio, righe, django_assert_num_queries
):
    for _n in range(righe):
        LaboratorioFactory()

    with django_assert_num_queries(7):
        client.get("/admin/laboratori/laboratorio/")
