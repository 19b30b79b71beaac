import io
from datetime import timedelta

import pytest
import segno
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from posta.models import Messaggio
from proposte.admin.verbalizzanti import incontri_da_verbalizzare
from proposte.models import Verbalizzante
from tests.factories import IncontroFactory, NotaFactory, UserFactory, VerbalizzanteFactory
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

ELENCO = "/admin/proposte/verbalizzante/"
AGGIUNGI = f"{ELENCO}add/"


def link(verbalizzante):
    return admin.site.get_model_admin(Verbalizzante).link(verbalizzante)


@pytest.fixture
def ufficio(client):
    return entra(client, "ufficio")


@pytest.fixture
def incontro():
    return IncontroFactory(inizio=timezone.now() + timedelta(days=2), titolo="Il verde")


def porta(verbalizzante, nome):
    return reverse(f"admin:proposte_verbalizzante_{nome}", args=[verbalizzante.pk])


@pytest.mark.parametrize("ruolo", RUOLI)
def test_permission_matrix_of_note_takers(client, incontro, ruolo):
    mia = VerbalizzanteFactory(incontro=incontro, nome="Segreta Persona", email="s@example.org")
    entra(client, ruolo)
    puo = ruolo in ("facilitatore", "ufficio", "amministratrice")
    atteso = 200 if puo else 302 if ruolo == "anonima" else 404
    pagine = [
        ELENCO,
        AGGIUNGI,
        f"{ELENCO}tavoli/",
        *(porta(mia, nome) for nome in ("change", "invia", "ritira", "ridai", "foglio", "qr")),
    ]

    responses = [client.get(pagina) for pagina in pagine]
    client.post(porta(mia, "ritira"))
    client.post(porta(mia, "invia"))
    client.post(f"{ELENCO}tavoli/", {"incontro": incontro.pk, "quanti": "2"})

    assert [response.status_code for response in responses] == [atteso] * len(pagine)
    if not puo:
        for response in responses:
            assert "Segreta" not in response.content.decode()
            assert mia.token not in response.content.decode()
    mia.refresh_from_db()
    assert mia.attivo is not puo
    assert Verbalizzante.objects.count() == (2 if puo else 1)
    assert Messaggio.objects.count() == 0


def test_a_new_note_taker_gets_her_link_by_mail_and_the_office_sees_it(client, ufficio, incontro):
    response = client.post(
        AGGIUNGI,
        {"incontro": incontro.pk, "nome": "Anna", "email": "anna@example.org", "tavolo": "3"},
        follow=True,
    )
    mia = Verbalizzante.objects.get()
    assert response.redirect_chain == [(porta(mia, "change"), 302)]
    html = response.content.decode()
    assert f'href="{link(mia)}"' in html
    assert porta(mia, "qr") in html
    assert "Il link parte adesso per anna@example.org." in html
    [messaggio] = Messaggio.objects.all()
    assert (messaggio.genere, messaggio.destinatario) == ("verbalizzante", "anna@example.org")
    # The log, which nothing purges, does not name her.
    assert LogEntry.objects.get().object_repr == f"verbalizzante {mia.pk}"


def test_without_an_address_no_mail_leaves_and_with_a_new_one_one_does(client, ufficio, incontro):
    client.post(AGGIUNGI, {"incontro": incontro.pk, "nome": "Anna", "email": "", "tavolo": ""})
    mia = Verbalizzante.objects.get()
    assert Messaggio.objects.count() == 0
    dati = {"nome": "Anna", "email": "anna@example.org", "tavolo": ""}
    for _ in range(2):
        client.post(porta(mia, "change"), dati)
    assert Messaggio.objects.count() == 1


@pytest.mark.parametrize(
    ("tavolo", "buono"), [("1", True), ("99", True), ("0", False), ("100", False)]
)
def test_a_table_has_a_number_that_its_page_takes(client, ufficio, incontro, tavolo, buono):
    client.post(AGGIUNGI, {"incontro": incontro.pk, "nome": "Anna", "email": "", "tavolo": tavolo})
    assert Verbalizzante.objects.exists() is buono


def test_the_role_is_given_for_meetings_whose_notes_can_still_be_taken():
    adesso = timezone.now()
    IncontroFactory(inizio=adesso - timedelta(days=8), fine=None)
    IncontroFactory(inizio=adesso + timedelta(days=1), stato="annullato")
    IncontroFactory(inizio=None, stato="rinviato")
    attesi = [
        IncontroFactory(inizio=adesso - timedelta(days=6)),
        IncontroFactory(inizio=adesso + timedelta(days=60), stato="bozza"),
    ]
    ufficio = UserFactory(is_superuser=True)
    assert list(incontri_da_verbalizzare(ufficio, adesso)) == attesi


def test_the_meeting_of_a_role_does_not_change(client, ufficio, incontro):
    mia = VerbalizzanteFactory(incontro=incontro)
    altro = IncontroFactory(inizio=incontro.inizio)
    client.post(
        porta(mia, "change"), {"incontro": altro.pk, "nome": "Altra", "email": "", "tavolo": "1"}
    )
    mia.refresh_from_db()
    assert (mia.nome, mia.incontro) == ("Altra", incontro)


def test_the_link_is_taken_back_given_again_and_sent_again(client, ufficio, incontro):
    mia = VerbalizzanteFactory(incontro=incontro, email="anna@example.org")
    NotaFactory(incontro=incontro, verbalizzante=mia)
    pagina = f"/raccolta/{mia.token}/"
    assert client.get(pagina).status_code == 200

    client.post(porta(mia, "ritira"))
    assert client.get(pagina).status_code == 403
    aperta = client.get(porta(mia, "change"))
    assert [voce["etichetta"] for voce in aperta.context["porte"]] == [
        "Stampa il foglio",
        "Ridai il link",
    ]
    assert porta(mia, "qr") not in aperta.content.decode()
    rifiutata = client.post(porta(mia, "invia"))
    assert "Il link è ritirato" in rifiutata.content.decode()

    client.post(porta(mia, "ridai"))
    assert client.get(pagina).status_code == 200
    client.post(porta(mia, "invia"))
    assert Messaggio.objects.count() == 1
    assert mia.note.count() == 1


def test_who_has_written_notes_is_not_deleted(client, ufficio, incontro):
    con, senza = VerbalizzanteFactory.create_batch(2, incontro=incontro)
    NotaFactory(incontro=incontro, verbalizzante=con)
    for mia in (con, senza):
        client.post(porta(mia, "delete"), {"post": "yes"})
    assert list(Verbalizzante.objects.all()) == [con]
    client.post(ELENCO, {"action": "delete_selected", "_selected_action": [con.pk], "post": "yes"})
    assert Verbalizzante.objects.exists()


def test_the_qr_code_is_a_picture_of_the_link(client, ufficio, incontro, settings):
    mia = VerbalizzanteFactory(incontro=incontro)
    response = client.get(porta(mia, "qr"))
    assert response["Content-Type"] == "image/svg+xml"
    assert "no-store" in response["Cache-Control"]
    disegno = io.BytesIO()
    segno.make_qr(f"{settings.BASE_URL}/raccolta/{mia.token}/", error="m").save(
        disegno, kind="svg", scale=8, border=4, dark="#000", light="#fff"
    )
    assert response.content == disegno.getvalue()


def test_a_link_for_each_table_then_a_sheet_for_each(client, ufficio, incontro):
    for _ in range(2):
        response = client.post(f"{ELENCO}tavoli/", {"incontro": incontro.pk, "quanti": "3"})
        assert response["Location"] == f"{ELENCO}?incontro__id__exact={incontro.pk}"
    tutti = list(Verbalizzante.objects.order_by("tavolo"))
    assert [v.tavolo for v in tutti] == [1, 2, 3]
    assert client.post(f"{ELENCO}tavoli/", {"quanti": "3"}).status_code == 200

    fogli = client.post(
        ELENCO, {"action": "stampa_fogli", "_selected_action": [v.pk for v in tutti]}
    )
    html = fogli.content.decode()
    assert [html.count(link(v)) for v in tutti] == [1, 1, 1]
    assert [html.count(porta(v, "qr")) for v in tutti] == [1, 1, 1]


@pytest.mark.parametrize(
    ("campi", "come"),
    [
        ({}, "aperto"),
        ({"attivo": False}, "ritirato"),
        ({"incontro__stato": "annullato"}, "incontro annullato"),
        ({"incontro__inizio": None, "incontro__stato": "rinviato"}, "incontro senza data"),
        ({"incontro__inizio": timezone.now() - timedelta(days=30)}, "chiuso"),
    ],
)
def test_the_list_says_how_each_link_stands_and_how_much_came_by_it(client, ufficio, campi, come):
    mia = VerbalizzanteFactory(**({"incontro__inizio": timezone.now()} | campi))
    NotaFactory.create_batch(2, incontro=mia.incontro, verbalizzante=mia)
    NotaFactory(incontro=mia.incontro, verbalizzante=mia, eliminata_at=timezone.now())
    html = client.get(ELENCO).content.decode()
    assert f'<td class="field-come_sta">{come}</td>' in html
    assert '<td class="field-quante_note">2</td>' in html


@pytest.mark.parametrize("quante", [1, 3])
def test_the_list_costs_the_same_whatever_its_length(
    client, ufficio, quante, django_assert_num_queries
):
    for _ in range(quante):
        NotaFactory(
            verbalizzante=VerbalizzanteFactory(), incontro=IncontroFactory(inizio=timezone.now())
        )
    client.get(ELENCO)
    with django_assert_num_queries(8):
        client.get(ELENCO)
