"""The office's screens for needs, themes and notes."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from posta.models import Messaggio
from proposte.models import Bisogno, Nota, Tema
from tests.factories import (
    BisognoFactory,
    FaseFactory,
    IncontroFactory,
    LaboratorioFactory,
    NotaFactory,
    PartecipanteFactory,
    PercorsoFactory,
    PropostaFactory,
    TemaFactory,
    VerbalizzanteFactory,
)
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

ELENCO = "/admin/proposte/bisogno/"
NUOVO = f"{ELENCO}add/"
Stato = Bisogno.Stato
STATI = {
    "bozza": {"pubblicato_at": None},
    "inviato": {"pubblicato_at": None},
    "pubblicato": {},
    "nascosto": {},
}


@pytest.fixture
def ufficio(client):
    return entra(client, "ufficio")


def bisogno_in(stato, **campi):
    return BisognoFactory(stato=stato, **STATI[stato], **campi)


def porta(bisogno, nome):
    return reverse(f"admin:proposte_bisogno_{nome}", args=[bisogno.pk])


def righe_vuote(**campi):
    return {"passaggi-TOTAL_FORMS": 0, "passaggi-INITIAL_FORMS": 0, **campi}


def messaggi(response):
    return [str(testo) for testo in get_messages(response.wsgi_request)]


def titoli(client, filtro=""):
    elenco = client.get(f"{ELENCO}{filtro}").context["cl"].result_list
    return sorted(bisogno.titolo for bisogno in elenco)


# --- Who ------------------------------------------------------------------------------------

# What each role may open of a citizen's need that waits, of a draft of a meeting, of a public one;
# the doors; the form for paper.
PERMESSI = {
    "anonima": (302, 302, 302, 302, 302),
    "cittadina": (404, 404, 404, 404, 404),
    "facilitatore": (302, 200, 200, 404, 200),
    "moderatore": (200, 200, 200, 200, 404),
    "ufficio": (200, 200, 200, 200, 200),
    "amministratrice": (200, 200, 200, 200, 200),
}


@pytest.mark.parametrize("ruolo", RUOLI)
def test_permission_matrix_of_needs(client, ruolo):
    inviato = bisogno_in("inviato", titolo="Segreto in attesa", proponente=PartecipanteFactory())
    emerso = bisogno_in("bozza", incontro=IncontroFactory(passato=True))
    pubblico = bisogno_in("pubblicato")
    entra(client, ruolo)

    pagine = [porta(b, "change") for b in (inviato, emerso, pubblico)]
    risposte = [client.get(url) for url in (*pagine, porta(inviato, "pubblica"), NUOVO)]
    for nome in ("pubblica", "nascondi"):
        client.post(porta(inviato, nome), {"motivo": "altro", "testo": "No."})

    assert tuple(risposta.status_code for risposta in risposte) == PERMESSI[ruolo]
    inviato.refresh_from_db()
    modera = ruolo in ("moderatore", "ufficio", "amministratrice")
    assert inviato.stato == ("nascosto" if modera else "inviato")
    if not modera:
        testi = [risposta.content.decode() for risposta in (*risposte, client.get(ELENCO))]
        assert not any("Segreto" in testo for testo in testi)


# Who may rewrite what.
RISCRIVE = {
    "facilitatore": {"emerso"},
    "moderatore": set(),
    "ufficio": {"emerso", "inviato", "pubblicato", "nascosto"},
}


@pytest.mark.parametrize("quale", ["emerso", "inviato", "pubblicato", "nascosto"])
@pytest.mark.parametrize("ruolo", RISCRIVE)
def test_matrix_of_who_rewrites_what(client, ruolo, quale):
    stato = "bozza" if quale == "emerso" else quale
    bisogno = bisogno_in(stato, titolo="Prima", incontro=IncontroFactory(passato=True))
    entra(client, ruolo)

    client.post(
        porta(bisogno, "change"),
        righe_vuote(
            titolo="Dopo", laboratorio=bisogno.laboratorio_id, visto=bisogno.updated_at.isoformat()
        ),
    )

    bisogno.refresh_from_db()
    assert (bisogno.titolo == "Dopo") is (quale in RISCRIVE[ruolo])
    assert bisogno.stato == stato


VEDE_PERSONE = {"moderatore": False, "ufficio": True, "amministratrice": True}


def test_the_address_of_who_wrote_is_not_for_moderators(client):
    bisogno = bisogno_in(
        "inviato",
        proponente=PartecipanteFactory(email="privata@example.org"),
        nome_mostrato="Anna",
    )
    for ruolo, vede in VEDE_PERSONE.items():
        entra(client, ruolo)
        testo = client.get(porta(bisogno, "change")).content.decode()
        assert ("privata@example.org" in testo) is vede
        assert (titoli(client, "?q=privata@example.org") == [bisogno.titolo]) is vede
        assert "Anna" in testo


# --- Doors ----------------------------------------------------------------------------------

PORTE = {
    "bozza": {"pubblica"},
    "inviato": {"pubblica", "nascondi"},
    "pubblicato": {"nascondi"},
    "nascosto": {"pubblica"},
}


@pytest.mark.parametrize("stato", PORTE)
def test_matrix_of_states_and_doors(client, ufficio, stato):
    for nome, arrivo in (("pubblica", "pubblicato"), ("nascondi", "nascosto")):
        bisogno = bisogno_in(stato)
        offerta = porta(bisogno, nome) in client.get(porta(bisogno, "change")).content.decode()
        assert offerta is (nome in PORTE[stato])

        response = client.post(porta(bisogno, nome), {"motivo": "altro", "testo": "Perché."})

        bisogno.refresh_from_db()
        assert bisogno.stato == (arrivo if offerta else stato)
        assert response.status_code == (302 if offerta else 200)


def test_hiding_asks_for_a_reason_and_mails_it(client, ufficio):
    bisogno = bisogno_in("pubblicato", proponente=PartecipanteFactory())

    vuota = client.post(porta(bisogno, "nascondi"))
    assert list(vuota.context["form"].errors) == ["motivo", "testo"]
    client.post(porta(bisogno, "nascondi"), {"motivo": "offensivo", "testo": "Offende."})

    passo = bisogno.passaggi.get()
    assert (passo.a, passo.motivo, passo.testo, passo.autore) == (
        "nascosto",
        "offensivo",
        "Offende.",
        ufficio,
    )
    assert Messaggio.objects.get().genere == "bisogno_nascosto"
    assert LogEntry.objects.get().change_message == "Nascondi il bisogno"


def test_several_are_published_each_through_its_own_door(client, ufficio):
    a, b = bisogno_in("inviato"), bisogno_in("bozza")
    pubblico, nascosto = (
        bisogno_in("pubblicato", titolo="Già"),
        bisogno_in("nascosto", titolo="No"),
    )
    tutti = [bisogno.pk for bisogno in (a, b, pubblico, nascosto)]
    dati = {"action": "pubblica_molti", "_selected_action": tutti}

    prima = client.post(ELENCO, dati)
    assert prima.status_code == 200
    assert Bisogno.objects.pubblici().count() == 1
    assert sorted(b.pk for b in prima.context["bisogni"]) == sorted(tutti)
    dopo = client.post(ELENCO, dati | {"conferma": "Pubblica"})

    assert set(Bisogno.objects.pubblici()) == {a, b, pubblico}
    assert messaggi(dopo) == [
        "«Già»: Il bisogno è «pubblicato»: non può diventare «pubblicato».",
        "«No»: è nascosto: aprilo per riammetterlo.",
        "2 bisogni fatti.",
    ]


def test_several_are_hidden_with_one_reason(client, ufficio):
    scelti = [bisogno_in("inviato"), bisogno_in("pubblicato")]
    dati = {"action": "nascondi_molti", "_selected_action": [b.pk for b in scelti]}

    senza = client.post(ELENCO, dati | {"conferma": "Nascondi"})
    assert list(senza.context["form"].errors) == ["motivo", "testo"]
    client.post(
        ELENCO, dati | {"conferma": "Nascondi", "motivo": "pubblicita", "testo": "È pubblicità."}
    )

    assert set(Bisogno.objects.values_list("stato", flat=True)) == {"nascosto"}


@pytest.mark.parametrize("azione", ["pubblica_molti", "nascondi_molti", "delete_selected"])
def test_the_facilitator_does_nothing_to_several(client, azione):
    entra(client, "facilitatore")
    bisogno = bisogno_in("bozza", incontro=IncontroFactory(passato=True))
    client.post(
        ELENCO,
        {
            "action": azione,
            "_selected_action": [bisogno.pk],
            "conferma": "1",
            "post": "yes",
            "motivo": "altro",
            "testo": "x",
        },
    )
    bisogno.refresh_from_db()
    assert bisogno.stato == "bozza"


# --- The list -------------------------------------------------------------------------------


@pytest.mark.parametrize("righe", [1, 3])
def test_the_list_of_needs_asks_as_often_for_one_row_as_for_three(
    client, ufficio, righe, django_assert_num_queries
):
    for _n in range(righe):
        bisogno = bisogno_in("inviato", incontro=IncontroFactory(percorso=PercorsoFactory()))
        bisogno.temi.add(TemaFactory())

    with django_assert_num_queries(9):
        client.get(ELENCO)


def test_the_filters_answer_the_offices_questions(client, ufficio):
    zona, altra = LaboratorioFactory(), LaboratorioFactory()
    tema = TemaFactory()
    incontro = IncontroFactory(passato=True)
    con_tema = bisogno_in("pubblicato", titolo="Con tema", laboratorio=zona, canale="online")
    con_tema.temi.add(tema)
    risposto = bisogno_in("pubblicato", titolo="Risposto", laboratorio=altra, canale="cartaceo")
    risposto.temi.add(tema)
    PropostaFactory().bisogni.add(risposto)
    PropostaFactory(bozza=True).bisogni.add(con_tema)
    bisogno_in("inviato", titolo="In attesa", laboratorio=None, canale="online")
    bisogno_in("bozza", titolo="Emerso", incontro=incontro, priorita=1, laboratorio=zona)
    bisogno_in("bozza", titolo="Da pesare", incontro=incontro, laboratorio=zona)
    bisogno_in("nascosto", titolo="Nascosto", canale="online", laboratorio=altra)

    assert len(titoli(client)) == 6
    assert titoli(client, "?serve=moderazione") == ["In attesa"]
    assert titoli(client, "?serve=ordinare") == ["Da pesare", "Emerso"]
    assert titoli(client, "?serve=tema") == ["Da pesare", "Emerso", "In attesa"]
    assert titoli(client, "?serve=priorita") == ["Da pesare"]
    assert titoli(client, "?serve=proposte") == ["Con tema"]
    assert titoli(client, "?dove=citta") == ["In attesa"]
    assert titoli(client, f"?dove={zona.pk}") == ["Con tema", "Da pesare", "Emerso"]
    assert titoli(client, "?priorita__exact=1") == ["Emerso"]
    assert titoli(client, "?canale__exact=cartaceo") == ["Risposto"]
    assert titoli(client, f"?tema={tema.pk}") == ["Con tema", "Risposto"]


def test_what_waits_too_long_says_so(client, ufficio, settings):
    settings.MODERAZIONE_ORE = 24
    vecchio = bisogno_in("inviato")
    Bisogno.objects.filter(pk=vecchio.pk).update(created_at=timezone.now() - timedelta(days=4))
    assert "in ritardo: da 4 giorni" in client.get(ELENCO).content.decode()


def test_needs_are_found_by_words_and_by_number(client, ufficio):
    bisogno = bisogno_in("pubblicato", titolo="Panchine all'ombra")
    bisogno_in("pubblicato", titolo="Strisce")
    assert titoli(client, "?q=panchina") == ["Panchine all'ombra"]
    assert titoli(client, f"?q={bisogno.pk}") == ["Panchine all'ombra"]
    assert titoli(client, "?q=zzz") == []


# --- Typing in ------------------------------------------------------------------------------


@pytest.fixture
def percorso():
    percorso = PercorsoFactory()
    FaseFactory(percorso=percorso, apre_proposte=True)
    return percorso


@pytest.fixture
def foglio(percorso):
    return righe_vuote(
        percorso=percorso.pk,
        canale="cartaceo",
        laboratorio=LaboratorioFactory().pk,
        titolo="Panchine",
        testo="In piazza.",
        nome_mostrato="Sig.ra Anna",
        email="",
    )


def test_paper_is_typed_in_with_who_did_it(client, ufficio, foglio):
    tema = TemaFactory()
    response = client.post(NUOVO, foglio | {"temi": [tema.pk], "email": "Anna@example.org"})

    assert response.status_code == 302, response.context["adminform"].form.errors
    bisogno = Bisogno.objects.get()
    assert (bisogno.canale, bisogno.stato, bisogno.registrato_da) == (
        "cartaceo",
        "inviato",
        ufficio,
    )
    assert (bisogno.proponente.email, list(bisogno.temi.all())) == ("anna@example.org", [tema])
    assert Messaggio.objects.get().genere == "bisogno_ricevuto"
    assert LogEntry.objects.get().object_id == str(bisogno.pk)


def test_an_officer_who_has_read_it_publishes_it_at_once(client, ufficio, foglio):
    client.post(NUOVO, foglio | {"pubblica": "on"})
    assert Bisogno.objects.get().stato == "pubblicato"


def test_a_facilitator_does_not_publish_what_she_types_in(client, foglio):
    entra(client, "facilitatore")
    client.post(NUOVO, foglio | {"pubblica": "on"})
    assert Bisogno.objects.get().stato == "inviato"


def test_what_a_meeting_said_is_a_draft_of_its_lab(client, ufficio, foglio, percorso):
    incontro = IncontroFactory(percorso=percorso, passato=True)
    emerso = {"canale": "incontro", "incontro": incontro.pk, "laboratorio": "", "tavolo": 2}
    response = client.post(NUOVO, foglio | emerso)
    assert response.status_code == 302, response.context["adminform"].form.errors
    bisogno = Bisogno.objects.get()
    assert (bisogno.stato, bisogno.incontro, bisogno.laboratorio, bisogno.tavolo) == (
        "bozza",
        incontro,
        incontro.laboratorio,
        2,
    )


@pytest.mark.parametrize(
    ("guasto", "campi"),
    [
        ({"titolo": ""}, ["titolo"]),
        ({"titolo": "x" * 161}, ["titolo"]),
        ({"canale": "online"}, ["canale"]),
        ({"canale": "incontro"}, ["incontro"]),
        ({"email": "anna"}, ["email"]),
        ({"percorso": ""}, ["percorso"]),
        ({"punti": "-1"}, ["punti"]),
        ({"nome_mostrato": "www.truffa.example"}, ["nome_mostrato"]),
    ],
)
def test_a_sheet_with_a_mistake_is_not_typed_in(client, ufficio, foglio, guasto, campi):
    response = client.post(NUOVO, foglio | guasto)
    assert list(response.context["adminform"].form.errors) == campi
    assert Bisogno.objects.count() == 0


def test_a_meeting_of_another_process_or_to_come_is_refused(client, ufficio, foglio, percorso):
    altro = IncontroFactory(passato=True)
    futuro = IncontroFactory(percorso=percorso)
    for incontro in (altro, futuro):
        dati = foglio | {"canale": "incontro", "incontro": incontro.pk}
        assert list(client.post(NUOVO, dati).context["adminform"].form.errors) == ["incontro"]


def test_a_double_click_types_it_in_once(client, ufficio, foglio):
    for _volta in range(2):
        client.post(NUOVO, foglio)
    assert Bisogno.objects.count() == 1


# --- Rewriting ------------------------------------------------------------------------------


def test_two_officers_saving_the_same_need_the_second_is_warned(client, ufficio):
    bisogno = bisogno_in("pubblicato", titolo="Prima", testo="")
    dati = righe_vuote(
        titolo="Lampioni", laboratorio=bisogno.laboratorio_id, visto=bisogno.updated_at.isoformat()
    )
    assert client.post(porta(bisogno, "change"), dati).status_code == 302

    seconda = client.post(porta(bisogno, "change"), dati | {"titolo": "Dell'altra"})

    assert "Qualcun altro ha modificato" in seconda.content.decode()
    bisogno.refresh_from_db()
    assert bisogno.titolo == "Lampioni"
    assert bisogno.indice == "lampion"
    assert [passo.testo for passo in bisogno.passaggi.all()] == ["Cambiati: bisogno."]


def test_only_a_draft_is_deleted(client, ufficio):
    for stato in STATI:
        bisogno = bisogno_in(stato)
        client.post(porta(bisogno, "delete"), {"post": "yes"})
        assert Bisogno.objects.filter(pk=bisogno.pk).exists() is (stato != "bozza")


# --- Themes ---------------------------------------------------------------------------------


def test_a_theme_in_use_is_turned_off_and_not_deleted(client, ufficio):
    usato, libero = TemaFactory(), TemaFactory()
    bisogno_in("pubblicato").temi.add(usato)
    for tema in (usato, libero):
        url = reverse("admin:proposte_tema_delete", args=[tema.pk])
        client.post(url, {"post": "yes"})
    assert list(Tema.objects.all()) == [usato]


@pytest.mark.parametrize("righe", [1, 3])
def test_the_list_of_themes_asks_as_often_for_one_row_as_for_three(
    client, ufficio, righe, django_assert_num_queries
):
    for _n in range(righe):
        TemaFactory()
    with django_assert_num_queries(6):
        client.get("/admin/proposte/tema/")


# --- Notes ----------------------------------------------------------------------------------

NOTE = "/admin/proposte/nota/"


@pytest.mark.parametrize(
    ("ruolo", "atteso"),
    [
        ("anonima", 302),
        ("cittadina", 404),
        ("moderatore", 404),
        ("facilitatore", 200),
        ("ufficio", 200),
    ],
)
def test_who_reads_the_notes(client, ruolo, atteso):
    nota = NotaFactory(testo="Nota segreta")
    entra(client, ruolo)
    for url in (NOTE, f"{NOTE}{nota.pk}/change/", f"{NOTE}add/"):
        response = client.get(url)
        assert response.status_code == atteso
        if atteso != 200:
            assert "segreta" not in response.content.decode()


@pytest.mark.parametrize("righe", [1, 3])
def test_the_list_of_notes_asks_as_often_for_one_row_as_for_three(
    client, ufficio, righe, django_assert_num_queries
):
    for _n in range(righe):
        incontro = IncontroFactory(passato=True)
        NotaFactory(incontro=incontro, bisogno=bisogno_in("bozza", incontro=incontro))
        NotaFactory(incontro=incontro, proposta=PropostaFactory(bozza=True))
    with django_assert_num_queries(9):
        client.get(NOTE)


def test_the_notes_say_where_they_ended(client, ufficio):
    incontro = IncontroFactory(passato=True)
    NotaFactory(testo="libera", incontro=incontro)
    NotaFactory(testo="bisogno", bisogno=bisogno_in("bozza"), incontro=incontro)
    NotaFactory(testo="idea", proposta=PropostaFactory(bozza=True), incontro=incontro)
    NotaFactory(testo="da parte", scartata=True, incontro=incontro)
    NotaFactory(testo="via", eliminata_at=timezone.now(), incontro=incontro)

    def testi(posto):
        return [nota.testo for nota in client.get(f"{NOTE}?posto={posto}").context["cl"].queryset]

    filtri = ("da_ordinare", "bisogno", "idea", "scartate", "eliminate")
    assert [testi(filtro) for filtro in filtri] == [
        ["libera"],
        ["bisogno"],
        ["idea"],
        ["da parte"],
        ["via"],
    ]


def test_a_word_is_put_right_one_version_on(client, ufficio):
    nota = NotaFactory(
        testo="Panchin", versione=3, verbalizzante=VerbalizzanteFactory(), genere="bisogno"
    )
    url = f"{NOTE}{nota.pk}/change/"
    dati = {"testo": "Panchine", "tavolo": 1, "genere": "bisogno", "vista": 3}

    client.post(url, dati)
    tardi = client.post(url, dati | {"testo": "Altro"})

    nota.refresh_from_db()
    assert (nota.testo, nota.versione) == ("Panchine", 4)
    assert "Chi verbalizza ha corretto questa nota" in tardi.content.decode()


def test_a_forgotten_sheet_is_typed_in(client, ufficio):
    incontro = IncontroFactory(passato=True)
    client.post(
        f"{NOTE}add/", {"incontro": incontro.pk, "tavolo": 4, "genere": "", "testo": " Ombra\0"}
    )
    assert Nota.objects.count() == 0
    client.post(
        f"{NOTE}add/", {"incontro": incontro.pk, "tavolo": 4, "genere": "", "testo": "Ombra"}
    )
    nota = Nota.objects.get()
    assert (nota.testo, nota.tavolo, nota.registrata_da, nota.verbalizzante) == (
        "Ombra",
        4,
        ufficio,
        None,
    )


def test_notes_are_not_deleted(client, ufficio):
    nota = NotaFactory()
    client.post(f"{NOTE}{nota.pk}/delete/", {"post": "yes"})
    client.post(NOTE, {"action": "delete_selected", "_selected_action": [nota.pk], "post": "yes"})
    assert Nota.objects.count() == 1
