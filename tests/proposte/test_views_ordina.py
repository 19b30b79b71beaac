"""The page where facilitators put the notes of a meeting in order."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from eventi.models import Incontro
from proposte.models import Bisogno, Nota, Proposta
from tests.factories import (
    BisognoFactory,
    IncontroFactory,
    NotaFactory,
    PropostaFactory,
    ResocontoFactory,
    TemaFactory,
)
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

ENTRANO = {"facilitatore", "ufficio", "amministratrice"}
# Who may change what everybody reads.
MODERANO = {"ufficio", "amministratrice"}


@pytest.fixture
def incontro():
    return IncontroFactory(passato=True, slug="zona-1", titolo="Il verde")


@pytest.fixture
def facilitatrice(client):
    return entra(client, "facilitatore")


def ordina(incontro):
    return reverse("raccolta:ordina", args=[incontro.slug])


def pubblica(incontro):
    return reverse("raccolta:pubblica", args=[incontro.slug])


def di_bisogno(bisogno):
    return reverse("raccolta:ordina_bisogno", args=[bisogno.incontro.slug, bisogno.pk])


def di_idea(idea):
    return reverse("raccolta:ordina_idea", args=[idea.incontro.slug, idea.pk])


def bozza(incontro, **campi):
    return BisognoFactory(incontro=incontro, stato="bozza", pubblicato_at=None, **campi)


def idea_bozza(incontro, **campi):
    return PropostaFactory(
        bozza=True, incontro=incontro, genere_proponente="incontro", proponente=None,
        nome_mostrato="", registrato_da=campi.pop("registrato_da", None), **campi,
    )  # fmt: skip


def scelta(nota, dove="-"):
    return f"{nota.pk}:{dove}"


def messaggio(response):
    return [str(testo) for testo in get_messages(response.wsgi_request)]


# --- Who ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ruolo", RUOLI)
def test_permission_matrix_of_the_ordering(client, incontro, ruolo):
    nota = NotaFactory(incontro=incontro, testo="Nota segreta")
    bisogno, idea = bozza(incontro, titolo="Bisogno segreto"), idea_bozza(incontro)
    ResocontoFactory(incontro=incontro, pubblicato_at=None)
    entra(client, ruolo)
    atteso = 200 if ruolo in ENTRANO else 404

    pagine = [ordina(incontro), pubblica(incontro), di_bisogno(bisogno), di_idea(idea)]
    letture = [client.get(pagina) for pagina in pagine]
    scritture = [
        client.post(ordina(incontro), {"nota": scelta(nota), "qui": "x"}),
        client.post(ordina(incontro), {"conta": "1", f"punti-{bisogno.pk}": "3"}),
        client.post(di_bisogno(bisogno), {"elimina": "1"}),
        client.post(di_idea(idea), {"elimina": "1"}),
        client.post(pubblica(incontro), {}),
    ]

    assert [response.status_code for response in letture] == [atteso] * 4
    if atteso == 404:
        assert [response.status_code for response in scritture] == [404] * 5
        for response in letture:
            assert "segret" not in response.content.decode()
        nota.refresh_from_db()
        bisogno.refresh_from_db()
        assert (nota.scartata, bisogno.punti) == (False, None)
        assert Proposta.objects.filter(pk=idea.pk).exists()


def test_a_draft_meeting_has_no_notes_to_order(client, incontro, facilitatrice):
    incontro.stato = Incontro.Stato.BOZZA
    incontro.save()
    assert client.get(ordina(incontro)).status_code == 404
    assert client.get("/raccolta/ordina/nessuno/").status_code == 404


@pytest.mark.parametrize("ruolo", sorted(ENTRANO))
def test_what_everybody_reads_is_rewritten_only_by_who_moderates(client, incontro, ruolo):
    bisogno = BisognoFactory(incontro=incontro, titolo="Letto da tutti", punti=3)
    idea = PropostaFactory(incontro=incontro, genere_proponente="incontro", titolo="Idea letta")
    nascosto = BisognoFactory(incontro=incontro, stato="nascosto")
    entra(client, ruolo)
    puo = ruolo in MODERANO

    testo = client.get(ordina(incontro)).content.decode()
    assert (f'name="punti-{bisogno.pk}"' in testo) is puo
    assert (di_bisogno(bisogno) in testo) is puo
    assert client.get(di_bisogno(bisogno)).status_code == (200 if puo else 404)
    # A published idea has a page of its own in the admin.
    assert client.get(di_idea(idea)).status_code == 404
    assert client.get(di_bisogno(nascosto)).status_code == 404

    client.post(
        ordina(incontro),
        {"conta": "1", f"punti-{bisogno.pk}": "9", f"visti-{bisogno.pk}": "3"},
    )
    bisogno.refresh_from_db()
    assert bisogno.punti == (9 if puo else 3)


def test_what_is_of_another_meeting_is_not_here(client, incontro, facilitatrice):
    altro = IncontroFactory(passato=True)
    bisogno, idea = bozza(altro, titolo="Altrui"), idea_bozza(altro)
    NotaFactory(incontro=altro, testo="Nota altrui")
    testo = client.get(ordina(incontro)).content.decode()
    assert "ltrui" not in testo
    for nome, riga in (("ordina_bisogno", bisogno), ("ordina_idea", idea)):
        url = reverse(f"raccolta:{nome}", args=[incontro.slug, riga.pk])
        assert client.get(url).status_code == 404
        assert client.post(url, {"elimina": "1"}).status_code == 404


def test_the_citizens_own_drafts_do_not_show(client, incontro, facilitatrice):
    PropostaFactory(bozza=True, incontro=incontro, titolo="Ancora mia")
    assert "Ancora mia" not in client.get(ordina(incontro)).content.decode()


# --- The page -------------------------------------------------------------------------------


@pytest.mark.parametrize("righe", [1, 3])
def test_the_page_asks_as_often_for_one_row_as_for_three(
    client, incontro, facilitatrice, righe, django_assert_num_queries
):
    for n in range(righe):
        bisogno, idea = bozza(incontro), idea_bozza(incontro)
        bisogno.temi.add(TemaFactory())
        idea.temi.add(TemaFactory())
        idea.bisogni.add(bisogno)
        NotaFactory(incontro=incontro, tavolo=n + 1)
        NotaFactory(incontro=incontro, bisogno=bisogno)
        NotaFactory(incontro=incontro, proposta=idea)
        NotaFactory(incontro=incontro, scartata=True)
    client.get(ordina(incontro))

    with django_assert_num_queries(11):
        client.get(ordina(incontro))


def test_notes_stand_by_table_and_say_how_many_remain(client, incontro, facilitatrice):
    bisogno = bozza(incontro)
    for tavolo, testo in ((2, "Due"), (1, "Uno"), (2, "Ancora due")):
        NotaFactory(incontro=incontro, tavolo=tavolo, testo=testo)
    NotaFactory(incontro=incontro, bisogno=bisogno)
    NotaFactory(incontro=incontro, eliminata_at=timezone.now(), testo="Cancellata")

    pagina = client.get(ordina(incontro))

    assert [
        (tavolo, [nota.testo for nota in note]) for tavolo, note in pagina.context["tavoli"]
    ] == [(1, ["Uno"]), (2, ["Due", "Ancora due"])]
    testo = pagina.content.decode()
    assert "Restano 3 note da ordinare" in testo
    assert "1 di 4 a posto" in testo
    assert "Cancellata" not in testo


@pytest.mark.parametrize(
    ("query", "attese", "nascoste"),
    [
        ("", ["Alberi", "Panchine", "Più ALBERI"], 0),
        ("?tavolo=2", ["Più ALBERI"], 2),
        ("?cerca=alberi", ["Alberi", "Più ALBERI"], 1),
        ("?tavolo=1&cerca=alberi", ["Alberi"], 2),
        ("?tavolo=x&cerca=", ["Alberi", "Panchine", "Più ALBERI"], 0),
        ("?cerca=%00niente", [], 3),
    ],
)
def test_the_notes_to_order_are_narrowed(client, incontro, facilitatrice, query, attese, nascoste):
    for tavolo, testo in ((1, "Alberi"), (1, "Panchine"), (2, "Più ALBERI")):
        NotaFactory(incontro=incontro, tavolo=tavolo, testo=testo)
    contesto = client.get(f"{ordina(incontro)}{query}").context
    assert [n.testo for _t, note in contesto["tavoli"] for n in note] == attese
    assert contesto["filtrate"] == nascoste


def test_what_was_typed_at_the_tables_is_shown_as_text(client, incontro, facilitatrice):
    NotaFactory(incontro=incontro, testo="<img src=x onerror=alert(1)>")
    bozza(incontro, titolo="<b>Titolo</b>")
    testo = client.get(ordina(incontro)).content.decode()
    assert "<img src=x" not in testo
    assert "<b>Titolo" not in testo
    assert "&lt;img src=x onerror=alert(1)&gt;" in testo


# --- Moving notes ---------------------------------------------------------------------------


@pytest.mark.parametrize("campo", ["dove", "qui"])
def test_chosen_notes_become_a_need(client, incontro, facilitatrice, campo):
    a, b, c = (NotaFactory(incontro=incontro) for _n in range(3))

    response = client.post(
        f"{ordina(incontro)}?tavolo=1",
        {"nota": [scelta(a), scelta(b)], campo: "nuovo-bisogno", "titolo": "Più ombra"},
    )

    assert (response.status_code, response["Location"]) == (302, f"{ordina(incontro)}?tavolo=1")
    assert messaggio(response) == ["2 note in «Più ombra»."]
    bisogno = Bisogno.objects.get()
    assert (bisogno.titolo, bisogno.registrato_da) == ("Più ombra", facilitatrice)
    assert set(bisogno.note.all()) == {a, b}
    c.refresh_from_db()
    assert c.bisogno is None


def test_a_title_alone_means_a_new_need(client, incontro, facilitatrice):
    nota = NotaFactory(incontro=incontro)
    client.post(ordina(incontro), {"nota": scelta(nota), "dove": "", "titolo": "Più ombra"})
    assert Bisogno.objects.get().titolo == "Più ombra"


def test_the_button_of_a_group_wins_over_the_choice_of_the_bar(client, incontro, facilitatrice):
    nota, bisogno = NotaFactory(incontro=incontro), bozza(incontro)
    client.post(
        ordina(incontro),
        {"nota": scelta(nota), "qui": f"b{bisogno.pk}", "dove": "nuova-idea", "titolo": "Altro"},
    )
    nota.refresh_from_db()
    assert nota.bisogno == bisogno
    assert Proposta.objects.count() == 0


def test_notes_go_to_ideas_aside_and_back(client, incontro, facilitatrice):
    nota, idea = NotaFactory(incontro=incontro), idea_bozza(incontro)
    detti = []
    for da, a in (("-", f"i{idea.pk}"), (f"i{idea.pk}", "x"), ("x", "-"), ("-", "nuova-idea")):
        response = client.post(ordina(incontro), {"nota": scelta(nota, da), "dove": a})
        detti.append(messaggio(response)[-1])
    assert detti == [
        f"1 nota in «{idea.titolo}».",
        "1 nota messa da parte.",
        "1 nota torna da ordinare.",
        f"1 nota in «{nota.testo}».",
    ]
    nota.refresh_from_db()
    assert nota.proposta.titolo == nota.testo


def test_two_facilitators_on_one_page_and_the_second_is_told(client, incontro, facilitatrice):
    nota, primo, secondo = NotaFactory(incontro=incontro), bozza(incontro), bozza(incontro)
    client.post(ordina(incontro), {"nota": scelta(nota), "qui": f"b{primo.pk}"})

    response = client.post(
        ordina(incontro), {"nota": scelta(nota), "qui": f"b{secondo.pk}", "titolo": "Scritto"}
    )

    assert response.status_code == 200
    assert "Qualcun altro ha già messo altrove una di queste note" in response.content.decode()
    assert response.context["titolo_scritto"] == "Scritto"
    nota.refresh_from_db()
    assert nota.bisogno == primo


@pytest.mark.parametrize(
    ("dati", "errore"),
    [
        ({"dove": "nuovo-bisogno"}, "Scegli almeno una nota."),
        ({"nota": "1:-"}, "Scegli dove mettere le note."),
        ({"nota": "1:-", "dove": "b999"}, "Quel gruppo non c'è più"),
        ({"nota": "1:-", "dove": "citta"}, "Quel gruppo non c'è più"),
        ({"nota": "x", "dove": "x"}, "Ricarica la pagina"),
        ({"nota": "1:b", "dove": "x"}, "Ricarica la pagina"),
        ({"nota": f"{'9' * 30}:-", "dove": "x"}, "Ricarica la pagina"),
        ({"nota": "999999:-", "dove": "x"}, "ha cancellato una di queste note"),
        ({"nota": "1:-", "dove": "nuovo-bisogno", "titolo": "x" * 161}, "troppo lungo"),
    ],
)
def test_what_cannot_be_done_is_said_on_the_page(client, incontro, facilitatrice, dati, errore):
    NotaFactory(incontro=incontro, pk=1)
    response = client.post(ordina(incontro), dati)
    assert response.status_code == 200
    assert errore in response.context["errore"]
    assert (Bisogno.objects.count(), Proposta.objects.count()) == (0, 0)
    assert Nota.objects.da_ordinare().count() == 1


def test_a_refusal_keeps_what_was_chosen(client, incontro, facilitatrice):
    scelte, altra = (
        [NotaFactory(incontro=incontro), NotaFactory(incontro=incontro)],
        NotaFactory(incontro=incontro),
    )
    response = client.post(ordina(incontro), {"nota": [scelta(nota) for nota in scelte]})
    [(_tavolo, note)] = response.context["tavoli"]
    assert [nota.pk for nota in note if nota.spuntata] == [nota.pk for nota in scelte]
    assert altra.pk in {nota.pk for nota in note}


# --- Dots -----------------------------------------------------------------------------------


def test_dots_are_counted_for_all_at_once(client, incontro, facilitatrice):
    a, b = bozza(incontro), bozza(incontro)
    response = client.post(
        ordina(incontro),
        {
            "conta": "1",
            f"punti-{a.pk}": "12",
            f"visti-{a.pk}": "",
            f"punti-{b.pk}": "",
            f"visti-{b.pk}": "",
        },
    )
    assert messaggio(response) == ["Bollini salvati: le priorità ora li seguono."]
    a.refresh_from_db()
    b.refresh_from_db()
    assert [(a.punti, a.priorita), (b.punti, b.priorita)] == [(12, 1), (None, None)]


@pytest.mark.parametrize("punti", ["-1", "molti", "10000", "1.5"])
def test_dots_that_are_no_number_are_refused_and_stay_typed(
    client, incontro, facilitatrice, punti
):
    bisogno = bozza(incontro, titolo="Più ombra")
    response = client.post(ordina(incontro), {"conta": "1", f"punti-{bisogno.pk}": punti})
    assert response.context["errore"].startswith("«Più ombra»: ")
    [mostrato] = response.context["bisogni"]
    assert mostrato.scritti == punti
    bisogno.refresh_from_db()
    assert bisogno.punti is None


# --- One need, one idea ---------------------------------------------------------------------


def test_a_need_is_rewritten_with_themes_and_another_priority(client, incontro, facilitatrice):
    tema, bisogno = TemaFactory(), bozza(incontro, punti=9, priorita=1)
    form = client.get(di_bisogno(bisogno)).context["form"]
    assert form.initial["priorita"] == ""

    response = client.post(
        di_bisogno(bisogno),
        {
            "titolo": "Più ombra",
            "testo": "Al parco.",
            "priorita": "3",
            "temi": [tema.pk],
            "visto": form.initial["visto"],
        },
    )

    assert response["Location"] == f"{ordina(incontro)}#b{bisogno.pk}"
    bisogno.refresh_from_db()
    assert (bisogno.titolo, bisogno.testo, bisogno.priorita) == ("Più ombra", "Al parco.", 3)
    assert list(bisogno.temi.all()) == [tema]

    # Back to what the dots say.
    form = client.get(di_bisogno(bisogno)).context["form"]
    assert form.initial["priorita"] == 3
    client.post(
        di_bisogno(bisogno),
        {"titolo": "Più ombra", "priorita": "", "visto": form["visto"].value()},
    )
    bisogno.refresh_from_db()
    assert bisogno.priorita == 1


def test_who_rewrites_what_another_has_rewritten_is_told_and_may_insist(
    client, incontro, facilitatrice
):
    bisogno = bozza(incontro, titolo="Prima")
    visto = bisogno.updated_at.isoformat()
    client.post(di_bisogno(bisogno), {"titolo": "Di una", "visto": visto})

    response = client.post(di_bisogno(bisogno), {"titolo": "Dell'altra", "visto": visto})

    assert response.status_code == 200
    testo = response.content.decode()
    assert "«Di una»" in testo
    assert "Qualcun altro ha modificato questo bisogno" in testo
    form = response.context["form"]
    assert form["titolo"].value() == "Dell'altra"
    bisogno.refresh_from_db()
    assert bisogno.titolo == "Di una"

    client.post(di_bisogno(bisogno), {"titolo": "Dell'altra", "visto": form["visto"].value()})
    bisogno.refresh_from_db()
    assert bisogno.titolo == "Dell'altra"


@pytest.mark.parametrize(
    "guasto",
    [
        {"titolo": ""},
        {"titolo": "x" * 161},
        {"testo": "x" * 4001},
        {"titolo": "x\0"},
        {"priorita": "4"},
        {"temi": ["99999"]},
        {"visto": ""},
        {"visto": "ieri"},
        {"visto": "2026-13-45T99:00:00Z"},
        {"visto": "2026-01-01T10:00:00"},
    ],
)
def test_a_need_with_a_mistake_is_not_saved(client, incontro, facilitatrice, guasto):
    bisogno = bozza(incontro, titolo="Prima")
    dati = {"titolo": "Dopo", "visto": bisogno.updated_at.isoformat()} | guasto
    response = client.post(di_bisogno(bisogno), dati)
    assert list(response.context["form"].errors) == list(guasto)
    bisogno.refresh_from_db()
    assert bisogno.titolo == "Prima"


def test_an_idea_is_rewritten_and_linked_to_needs(client, incontro, facilitatrice):
    idea, bisogno = idea_bozza(incontro), bozza(incontro)
    estraneo = BisognoFactory()
    dati = {"titolo": "Orto", "che_cosa": "Dietro.", "versione": idea.versione}

    rifiutata = client.post(di_idea(idea), dati | {"bisogni": [estraneo.pk]})
    assert list(rifiutata.context["form"].errors) == ["bisogni"]
    response = client.post(di_idea(idea), dati | {"bisogni": [bisogno.pk]})
    tardi = client.post(di_idea(idea), dati | {"titolo": "Altro"})

    assert response["Location"] == f"{ordina(incontro)}#i{idea.pk}"
    assert "Qualcun altro ha modificato questa idea" in tardi.content.decode()
    assert tardi.context["form"]["versione"].value() == idea.versione + 1
    idea.refresh_from_db()
    assert (idea.titolo, list(idea.bisogni.all())) == ("Orto", [bisogno])


def test_a_draft_taken_away_gives_its_notes_back(client, incontro, facilitatrice):
    bisogno, idea = bozza(incontro), idea_bozza(incontro)
    nota = NotaFactory(incontro=incontro, bisogno=bisogno)
    for pagina in (di_bisogno(bisogno), di_idea(idea)):
        assert client.post(pagina, {"elimina": "1"})["Location"] == f"{ordina(incontro)}#note"
        assert client.post(pagina, {"elimina": "1"}).status_code == 404
    assert (Bisogno.objects.count(), Proposta.objects.count()) == (0, 0)
    assert list(Nota.objects.da_ordinare()) == [nota]


def test_a_published_need_is_not_taken_away(client, incontro):
    entra(client, "ufficio")
    bisogno = BisognoFactory(incontro=incontro)
    assert "elimina" not in client.get(di_bisogno(bisogno)).content.decode()
    response = client.post(di_bisogno(bisogno), {"elimina": "1"})
    assert messaggio(response) == ["Si elimina solo un bisogno che nessuno ha ancora letto."]
    assert Bisogno.objects.count() == 1


# --- Publishing -----------------------------------------------------------------------------


@pytest.fixture
def pronto(incontro, facilitatrice):
    bisogno = bozza(incontro, titolo="Più ombra")
    idea = idea_bozza(incontro, titolo="Orto", registrato_da=facilitatrice)
    idea.bisogni.add(bisogno)
    ResocontoFactory(incontro=incontro, pubblicato_at=None, testo="Tre tavoli al lavoro.")
    NotaFactory(incontro=incontro)
    return incontro


def test_the_page_says_what_becomes_public(client, pronto):
    pagina = client.get(pubblica(pronto))
    testo = pagina.content.decode()
    for parte in (
        "Più ombra",
        "Orto",
        "Tre tavoli al lavoro.",
        "1 nota non è ancora in ordine: non si pubblica.",
        "1 bisogno non ha una priorità.",
        "1 bisogno non ha un tema",
    ):
        assert parte in testo
    assert pagina.context["scollegate"] == []


def test_what_was_confirmed_is_published_once(client, pronto):
    impronta = client.get(pubblica(pronto)).context["tutto"].impronta

    primo = client.post(pubblica(pronto), {"impronta": impronta})
    secondo = client.post(pubblica(pronto), {"impronta": impronta})

    assert messaggio(primo) == ["Pubblicati: 1 bisogno, 1 idea e il resoconto."]
    assert messaggio(secondo)[-1] == "È già tutto pubblicato."
    assert (Bisogno.objects.get().stato, Proposta.objects.get().stato) == (
        "pubblicato",
        "pubblicata",
    )
    # Everybody reads them, and the old page of the report lists them.
    client.logout()
    resoconto = client.get(f"{pronto.get_absolute_url()}resoconto/").content.decode()
    assert "<li>Più ombra</li>" in resoconto
    assert "<li>Orto</li>" in resoconto


@pytest.mark.parametrize("impronta", ["", "vecchia"])
def test_what_was_not_read_is_not_published(client, pronto, impronta):
    response = client.post(pubblica(pronto), {"impronta": impronta})
    assert response.status_code == 200
    assert "rileggi che cosa si pubblica" in response.context["errore"]
    assert Bisogno.objects.get().stato == "bozza"


def test_without_a_report_there_is_a_link_to_write_it_and_no_button(client, pronto):
    pronto.resoconto.delete()
    pagina = client.get(pubblica(pronto))
    testo = pagina.content.decode()
    assert "Manca il resoconto" in testo
    assert f"/admin/eventi/resoconto/add/?incontro={pronto.pk}" in testo
    assert 'name="impronta"' not in testo


@pytest.mark.parametrize("metodo", ["put", "delete"])
def test_other_methods_are_refused(client, incontro, facilitatrice, metodo):
    for pagina in (ordina(incontro), pubblica(incontro), di_bisogno(bozza(incontro))):
        assert getattr(client, metodo)(pagina).status_code == 405


def test_the_meetings_page_of_the_office_leads_here(client, incontro):
    url = f"/admin/eventi/incontro/{incontro.pk}/change/"
    for ruolo, atteso in (("ufficio", True), ("moderatore", False)):
        entra(client, ruolo)
        assert (f'href="{ordina(incontro)}"' in client.get(url).content.decode()) is atteso
