"""Writing a proposal: drafts, sending, and what its author may do later."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Conferma
from accounts.partecipanti import della_persona
from portale.lib.antispam import timbro
from posta.models import Messaggio
from proposte import services
from proposte.models import Passaggio, Proposta
from tests.factories import (
    BisognoFactory,
    FaseFactory,
    LaboratorioFactory,
    PartecipanteFactory,
    PercorsoFactory,
    PropostaFactory,
    SeguitoFactory,
    TemaFactory,
    UserFactory,
)
from tests.ruoli import entra

pytestmark = pytest.mark.django_db

Stato = Proposta.Stato
NUOVA, MIE, INVIATA = "/proposte/nuova/", "/proposte/mie/", "/proposte/inviata/"
POSTA = "/partecipo/controlla-la-posta/"


@pytest.fixture
def fase():
    """The stage of today takes proposals."""
    return FaseFactory(
        apre_proposte=True, apre_sostegni=True, apre_commenti=True, fine=timezone.localdate()
    )


@pytest.fixture
def laboratorio():
    return LaboratorioFactory()


def riconosciuta(client, partecipante):
    """This browser has confirmed her address before."""
    sessione = client.session
    sessione["partecipante"] = partecipante.pk
    sessione.save()
    return partecipante


def comincia(client, **campi):
    """A new draft of this visit, begun on its page."""
    risposta = client.post(NUOVA, {"chiave": "una-chiave", **campi})
    assert risposta.status_code == 303, risposta.content.decode()
    return Proposta.objects.get(slug=risposta["Location"].split("/")[-2])


def pagina(nome, proposta):
    return reverse(f"proposte:{nome}", args=[proposta.slug])


def scritto(proposta, **campi):
    return {
        "versione": proposta.versione,
        "titolo": "Più alberi in via Roma",
        "che_cosa": "Dieci alberi.",
        "laboratorio": "citta",
        "genere_proponente": "persona",
        **campi,
    }


def modulo(**campi):
    return {
        "email": "anna@example.org",
        "informativa": "on",
        "ricevuto": timbro(timezone.now() - timedelta(seconds=20)),
        **campi,
    }


def apri_il_link(client, conferma=None):
    conferma = conferma or Conferma.objects.latest("pk")
    return client.get(reverse("partecipo:conferma", args=[conferma.token]))


def pagina_di(risposta):
    return risposta.content.decode()


# --- Beginning ------------------------------------------------------------------------------


def test_before_writing_one_reads_who_reads_it_when_and_what_comes_of_it(client, fase):
    FaseFactory(
        percorso=fase.percorso, titolo="Si valuta", inizio=fase.fine + timedelta(days=1), fine=None
    )

    letto = pagina_di(client.get(NUOVA))

    for fatto in (
        "entro 2 giorni, prima che tutti la vedano",
        "leggerla, sostenerla e commentarla",
        "Le proposte si raccolgono fino al",
        "La prossima fase è «Si valuta»",
        "accolta, accolta con modifiche o non accolta",
        "A ogni passo ti scriviamo",
    ):
        assert fatto in letto


def test_where_moderators_read_afterwards_the_page_says_so(client, fase):
    fase.moderazione = "dopo"
    fase.save()

    letto = pagina_di(client.get(NUOVA))

    assert "È pubblica subito." in letto
    assert "prima che tutti la vedano" not in letto


@pytest.mark.parametrize("apre_dopo", [True, False])
def test_a_closed_stage_says_why_and_from_when_and_begins_nothing(client, apre_dopo):
    domani = timezone.localdate() + timedelta(days=1)
    fase = FaseFactory(apre_proposte=False)
    if apre_dopo:
        FaseFactory(percorso=fase.percorso, apre_proposte=True, inizio=domani, fine=None)

    pagine = [client.get(NUOVA), client.post(NUOVA, {"chiave": "x"})]

    assert [risposta.status_code for risposta in pagine] == [200, 409]
    for risposta in pagine:
        assert "In questa fase del percorso non si raccolgono proposte." in pagina_di(risposta)
        assert ("Si riapre il" in pagina_di(risposta)) is apre_dopo
        assert "Comincia a scrivere" not in pagina_di(risposta)
    assert Proposta.objects.count() == 0


def test_without_any_process_nothing_can_be_proposed(client):
    assert "Nessun percorso" in pagina_di(client.get(NUOVA))
    assert client.post(NUOVA).status_code == 409


def test_of_two_processes_the_one_that_takes_proposals_is_meant(client, fase):
    PercorsoFactory(inizio=timezone.localdate())

    assert comincia(client).percorso == fase.percorso


def test_the_button_pressed_twice_begins_one_draft(client, fase):
    assert comincia(client) == comincia(client)
    assert Proposta.objects.count() == 1


def test_somebody_elses_key_opens_nothing(client, fase):
    comincia(riconosciuta_client := Client())
    sua = Proposta.objects.get()
    services.affida(sua, PartecipanteFactory())
    assert riconosciuta_client.get(pagina("bozza_modifica", sua)).status_code == 404
    assert client.post(NUOVA, {"chiave": "una-chiave"}).status_code == 404


def test_a_draft_begins_with_the_lab_and_the_need_of_the_link(client, fase):
    bisogno, altro = BisognoFactory(), LaboratorioFactory()

    letto = pagina_di(client.get(f"{NUOVA}?bisogno={bisogno.slug}"))
    bozza = comincia(client, bisogno=bisogno.slug)
    seconda = comincia(client, chiave="b", laboratorio=altro.slug)

    assert bisogno.titolo in letto
    assert f'name="laboratorio" value="{bisogno.laboratorio.slug}"' in letto
    assert (list(bozza.bisogni.all()), bozza.laboratorio) == ([bisogno], bisogno.laboratorio)
    assert (list(seconda.bisogni.all()), seconda.laboratorio) == ([], altro)


@pytest.mark.parametrize("slug", ["nessuno", "a b", "\x00", "x" * 200, "<b>"])
def test_a_link_that_names_nothing_of_ours_begins_an_empty_draft(client, fase, slug):
    segreto = BisognoFactory(stato="inviato")
    bozza = comincia(client, bisogno=slug, laboratorio=slug)
    assert (list(bozza.bisogni.all()), bozza.laboratorio) == ([], None)
    assert list(comincia(client, chiave="b", bisogno=segreto.slug).bisogni.all()) == []
    assert segreto.titolo not in pagina_di(client.get(f"{NUOVA}?bisogno={segreto.slug}"))


def test_a_strangers_draft_is_nobodys_and_a_known_persons_is_hers_at_once(client, fase):
    anna = PartecipanteFactory(nome="Anna")
    assert comincia(client).proponente is None

    client = Client()
    riconosciuta(client, anna)
    sua = comincia(client, chiave="b")
    assert (sua.proponente, sua.nome_mostrato) == (anna, "Anna")


def test_who_signs_in_after_beginning_keeps_her_draft(client, fase):
    bozza = comincia(client)
    persona = UserFactory()
    client.force_login(persona)

    assert client.get(pagina("bozza_modifica", bozza)).status_code == 200
    client.post(pagina("bozza_salva", bozza), scritto(bozza))

    bozza.refresh_from_db()
    assert bozza.proponente == della_persona(persona)


# --- Saving ---------------------------------------------------------------------------------


def test_a_draft_saves_itself_and_says_when(client, fase):
    bozza, tema, bisogno = comincia(client), TemaFactory(), BisognoFactory()

    risposta = client.post(
        pagina("bozza_salva", bozza),
        scritto(
            bozza, temi=[tema.pk], bisogni=[bisogno.pk], latitudine="45.05", longitudine="9.7"
        ),
    )

    bozza.refresh_from_db()
    assert risposta.json() == {
        "versione": 2,
        "testo": f"Salvato alle {timezone.localtime():%H:%M}",
        "errori": {},
    }
    assert (bozza.versione, bozza.titolo, bozza.per_la_citta, bozza.latitudine) == (
        2,
        "Più alberi in via Roma",
        True,
        45.05,
    )
    assert (list(bozza.temi.all()), list(bozza.bisogni.all())) == ([tema], [bisogno])
    # The page, opened again, shows all of it.
    form = client.get(pagina("bozza_modifica", bozza)).context["form"]
    assert (form["titolo"].value(), form["laboratorio"].value(), form["temi"].value()) == (
        "Più alberi in via Roma",
        "citta",
        [tema.pk],
    )


def test_what_is_wrong_in_one_field_keeps_no_other_from_being_saved(client, fase):
    bozza = comincia(client)

    risposta = client.post(pagina("bozza_salva", bozza), scritto(bozza, titolo="x" * 121))

    assert risposta.json()["errori"] == {
        "titolo": ["È troppo lungo: al massimo 120 caratteri, ne hai scritti 121."]
    }
    bozza.refresh_from_db()
    assert (bozza.titolo, bozza.che_cosa) == ("", "Dieci alberi.")


def test_another_devices_newer_text_is_not_overwritten(client, fase):
    bozza = comincia(client)
    client.post(pagina("bozza_salva", bozza), scritto(bozza, titolo="Dal telefono"))

    tardi = client.post(pagina("bozza_salva", bozza), scritto(bozza, titolo="Dal computer"))

    assert tardi.status_code == 409
    assert "anche altrove" in tardi.json()["superata"]
    bozza.refresh_from_db()
    assert (bozza.titolo, bozza.versione) == ("Dal telefono", 2)


def test_the_same_saving_sent_again_is_no_conflict(client, fase):
    bozza = comincia(client)
    esiti = [client.post(pagina("bozza_salva", bozza), scritto(bozza)) for _volta in range(2)]
    assert [esito.json()["versione"] for esito in esiti] == [2, 2]


def test_without_javascript_the_button_saves_and_shows_the_page_again(client, fase):
    bozza = comincia(client)

    risposta = client.post(pagina("bozza_modifica", bozza), scritto(bozza, salva="1"), follow=True)

    assert risposta.redirect_chain == [(pagina("bozza_modifica", bozza), 303)]
    assert "Salvata alle" in pagina_di(risposta)
    assert "Più alberi in via Roma" in pagina_di(risposta)


def test_without_javascript_a_wrong_field_is_shown_and_nothing_is_lost(client, fase):
    bozza = comincia(client)

    risposta = client.post(
        pagina("bozza_modifica", bozza), scritto(bozza, titolo="x" * 121, rileggi="1")
    )

    assert risposta.status_code == 200
    assert "Il resto è salvato" in pagina_di(risposta)
    assert pagina_di(risposta).count("data-riassunto-errori") == 1
    form = risposta.context["form"]
    assert (form["titolo"].value(), form["versione"].value()) == ("x" * 121, "2")
    # Mended, it goes on from there.
    assert (
        client.post(
            pagina("bozza_modifica", bozza), scritto(bozza, versione=2, rileggi="1")
        ).status_code
        == 303
    )


def test_without_javascript_two_texts_are_shown_side_by_side(client, fase):
    bozza = comincia(client)
    client.post(pagina("bozza_salva", bozza), scritto(bozza, perche="Fa caldo, dal telefono."))

    risposta = client.post(
        pagina("bozza_modifica", bozza), scritto(bozza, perche="C'è il sole, dal computer.")
    )

    assert risposta.status_code == 409
    assert risposta.context["altrove"] == [("Perché serve?", "Fa caldo, dal telefono.")]
    form = risposta.context["form"]
    assert form["perche"].value() == "C'è il sole, dal computer."
    # Pressed again, what she sees in the fields is what counts.
    assert form["versione"].value() == "2"
    client.post(
        pagina("bozza_modifica", bozza),
        scritto(bozza, versione=2, perche="C'è il sole, dal computer."),
    )
    bozza.refresh_from_db()
    assert bozza.perche == "C'è il sole, dal computer."


@pytest.mark.parametrize(
    ("pulsante", "dove"),
    [
        ("rileggi", "/proposte/bozza/{slug}/rileggi/"),
        ("allegati", "/proposte/bozza/{slug}/allegati/"),
        ("cerca", "/proposte/bozza/{slug}/?q=luce#bisogni"),
        ("invio", "/proposte/bozza/{slug}/?q=luce#bisogni"),
        ("salva", "/proposte/bozza/{slug}/"),
    ],
)
def test_each_button_saves_first(client, fase, pulsante, dove):
    bozza = comincia(client)

    risposta = client.post(
        pagina("bozza_modifica", bozza), scritto(bozza, q="luce", **{pulsante: "1"})
    )

    assert (risposta.status_code, risposta["Location"]) == (303, dove.format(slug=bozza.slug))
    bozza.refresh_from_db()
    assert bozza.che_cosa == "Dieci alberi."


def test_a_point_is_taken_away_without_a_script(client, fase):
    LaboratorioFactory(latitudine=45.05, longitudine=9.64)
    LaboratorioFactory(latitudine=45.01, longitudine=9.70)
    bozza = comincia(client)
    punto = {"latitudine": "45.03", "longitudine": "9.67"}
    client.post(pagina("bozza_salva", bozza), scritto(bozza, **punto))

    letto = pagina_di(client.get(pagina("bozza_modifica", bozza)))
    assert re.search(r'data-punto transform="translate\(160 \d', letto)
    assert "C’è un punto sulla mappa." in letto
    client.post(
        pagina("bozza_modifica", bozza), scritto(bozza, versione=2, togli_punto="1", **punto)
    )

    bozza.refresh_from_db()
    assert (bozza.latitudine, bozza.longitudine) == (None, None)


def test_a_map_that_is_a_scheme_takes_no_points(client, fase, laboratorio):
    bozza = comincia(client)
    assert "data-mappa" not in pagina_di(client.get(pagina("bozza_modifica", bozza)))


def test_published_needs_are_found_by_their_words_and_stay_chosen(client, fase):
    lampioni = BisognoFactory(titolo="Più lampioni nei giardini")
    alberi = BisognoFactory(titolo="Alberi nel cortile")
    segreto = BisognoFactory(titolo="Lampioni segreti", stato="inviato")
    bozza = comincia(client, bisogno=alberi.slug)

    contesto = client.get(f"{pagina('bozza_modifica', bozza)}?q=lampione").context
    assert (contesto["bisogni_scelti"], contesto["bisogni_trovati"]) == ([alberi], [lampioni])

    pezzo = pagina_di(client.get("/proposte/bisogni/?q=lampioni"))
    assert lampioni.titolo in pezzo
    assert segreto.titolo not in pezzo
    assert "Nessun altro bisogno" in pagina_di(client.get("/proposte/bisogni/?q=niente"))


@pytest.mark.parametrize(
    "query", ["", "q=%00", "q=%ff%fe", "percorso=x", "percorso=٣", "laboratorio=" + "9" * 30]
)
def test_the_pieces_of_the_page_answer_whatever_is_asked(client, query):
    assert client.get(f"/proposte/bisogni/?{query}").status_code == 200
    assert client.get(f"/proposte/simili/?{query}&titolo=%00&tranne=x").status_code == 200


def test_similar_proposals_offer_to_be_supported_instead(client, fase):
    simile = PropostaFactory(titolo="Alberi in via Roma")
    chiusa = PropostaFactory(titolo="Alberi in via Milano", stato=Stato.NON_ACCOLTA)
    segreta = PropostaFactory(titolo="Alberi in via Roma segreti", inviata=True)

    pezzo = pagina_di(client.get("/proposte/simili/", {"titolo": "Più alberi in via Roma"}))

    assert simile.get_absolute_url() in pezzo
    assert reverse("proposte:sostegno_crea", args=[simile.slug]) in pezzo
    assert chiusa.titolo in pezzo
    assert reverse("proposte:sostegno_crea", args=[chiusa.slug]) not in pezzo
    assert segreta.titolo not in pezzo
    assert client.get("/proposte/simili/", {"titolo": "xyz"}).content.strip() == b""


@pytest.mark.parametrize("campo", Proposta.TESTI)
@pytest.mark.parametrize(
    "guasto",
    [b"uno%00due", b"%ff%fe%fa", b"%ed%a0%80", b"x" * 1_000_000],
    ids=["NUL", "no text", "half a character", "a megabyte"],
)
def test_bytes_that_are_no_text_are_refused_where_they_are_and_nothing_else_is_lost(
    client, fase, campo, guasto
):
    bozza = comincia(client)
    altri = "&".join(f"{nome}=buono" for nome in Proposta.TESTI if nome != campo)
    corpo = f"versione=1&laboratorio=citta&{altri}&{campo}=".encode() + guasto
    tipo = "application/x-www-form-urlencoded"

    salva = client.post(pagina("bozza_salva", bozza), corpo, content_type=tipo)
    mostra = client.post(pagina("bozza_modifica", bozza), corpo, content_type=tipo)

    assert list(salva.json()["errori"]) == [campo]
    assert (mostra.status_code, list(mostra.context["form"].errors)) == (200, [campo])
    bozza.refresh_from_db()
    assert {nome: getattr(bozza, nome) for nome in Proposta.TESTI} == {
        nome: "" if nome == campo else "buono" for nome in Proposta.TESTI
    }


def test_more_than_a_form_can_carry_is_refused_whole(client, fase):
    bozza = comincia(client)
    assert (
        client.post(pagina("bozza_salva", bozza), {"titolo": "x" * 3_000_000}).status_code == 400
    )


CATTIVO = "<script>alert('x')</script>{{ 7|add:7 }}"


def test_what_people_write_is_shown_as_text_on_every_page(client, fase):
    anna = riconosciuta(client, PartecipanteFactory(nome=CATTIVO))
    bisogno = BisognoFactory(titolo=CATTIVO)
    testi = dict.fromkeys(Proposta.TESTI, CATTIVO) | {"nome_mostrato": CATTIVO}
    bozza = comincia(client)
    client.post(pagina("bozza_salva", bozza), scritto(bozza, bisogni=[bisogno.pk], **testi))
    PropostaFactory(titolo=CATTIVO)
    mia = PropostaFactory(proponente=anna, **testi)
    nascosta = PropostaFactory(proponente=anna, **testi)
    services.nascondi(nascosta, UserFactory(), "altro", CATTIVO, adesso=timezone.now())

    for url in (
        pagina("bozza_modifica", bozza),
        pagina("bozza_invia", bozza),
        pagina("bozza_riprendi", bozza),
        pagina("bozza_elimina", bozza),
        f"{NUOVA}?bisogno={bisogno.slug}",
        MIE,
        f"{INVIATA}?p={mia.pk}",
        pagina("proposta_modifica", mia),
        pagina("proposta_ritira", mia),
        pagina("proposta_riesame", nascosta),
        "/proposte/bisogni/?q=script",
        f"/proposte/simili/?titolo={CATTIVO}",
    ):
        letto = pagina_di(client.get(url))
        assert "<script>alert" not in letto, url
        assert "&lt;script&gt;alert" in letto, url
        assert "{{ 7|add:7 }}" in letto, url


# --- Another device -------------------------------------------------------------------------


def test_the_link_of_the_mail_opens_the_draft_elsewhere_and_makes_it_hers(client, fase):
    bozza = comincia(client)
    client.post(pagina("bozza_salva", bozza), scritto(bozza))
    risposta = client.post(pagina("bozza_riprendi", bozza), modulo())
    assert (risposta.status_code, risposta["Location"]) == (303, POSTA)

    telefono = Client()
    aperta = apri_il_link(telefono)

    assert (aperta.status_code, aperta["Location"]) == (303, pagina("bozza_modifica", bozza))
    assert "Più alberi in via Roma" in pagina_di(telefono.get(aperta["Location"]))
    bozza.refresh_from_db()
    assert bozza.proponente.email == "anna@example.org"
    # The first browser has not shown yet that the address is hers: there it is no longer open,
    # and what was being typed is shown to be copied.
    qui = client.post(pagina("bozza_modifica", bozza), scritto(bozza, che_cosa="Ultime parole"))
    assert qui.status_code == 404
    assert "Questa bozza ora si apre dal link" in pagina_di(qui)
    assert "Ultime parole" in pagina_di(qui)
    assert "Dieci alberi." not in pagina_di(client.get(pagina("bozza_modifica", bozza)))
    apri_il_link(client)
    assert client.get(pagina("bozza_modifica", bozza)).status_code == 200


def test_the_link_opened_by_somebody_else_afterwards_gives_nothing_away(client, fase):
    bozza = comincia(client)
    client.post(pagina("bozza_riprendi", bozza), modulo())
    client.post(pagina("bozza_riprendi", bozza), modulo(email="zoe@example.org"))
    anna, zoe = Conferma.objects.order_by("pk")
    apri_il_link(Client(), anna)

    altra = Client()
    assert apri_il_link(altra, zoe)["Location"] == MIE
    assert altra.get(pagina("bozza_modifica", bozza)).status_code == 404
    bozza.refresh_from_db()
    assert bozza.proponente.email == "anna@example.org"


def test_a_known_person_is_mailed_at_her_own_address_whatever_the_form_says(client, fase):
    anna = riconosciuta(client, PartecipanteFactory())
    bozza = comincia(client)

    client.post(pagina("bozza_riprendi", bozza), modulo(email="altra@example.org"))

    assert list(Conferma.objects.values_list("email", "azione")) == [(anna.email, "bozza")]


def test_links_are_asked_for_within_limits(client, fase):
    bozza = comincia(client)
    esiti = [
        client.post(
            pagina("bozza_riprendi", bozza),
            modulo(ricevuto=timbro(timezone.now() - timedelta(seconds=n))),
        ).status_code
        for n in range(10, 16)
    ]
    assert esiti == [303] * 5 + [429]


# --- Sending --------------------------------------------------------------------------------


def pronta(client, **campi):
    bozza = comincia(client)
    client.post(pagina("bozza_salva", bozza), scritto(bozza, **campi))
    bozza.refresh_from_db()
    return bozza


def test_before_sending_one_reads_it_as_everybody_will(client, fase):
    tema, bisogno = TemaFactory(), BisognoFactory()
    simile = PropostaFactory(titolo="Alberi in via Roma")
    bozza = pronta(
        client, temi=[tema.pk], bisogni=[bisogno.pk], perche="Fa caldo", nome_mostrato="Anna B."
    )

    letto = pagina_di(client.get(pagina("bozza_invia", bozza)))

    for parte in (bozza.titolo, "Dieci alberi.", "Fa caldo", tema.nome, bisogno.titolo, "Anna B."):
        assert parte in letto
    assert reverse("proposte:sostegno_crea", args=[simile.slug]) in letto
    assert "Useremo i tuoi dati solo per pubblicare la tua proposta" in letto
    assert 'name="email"' in letto


def test_what_is_missing_is_named_with_a_link_to_its_field(client, fase):
    bozza = comincia(client)
    client.post(
        pagina("bozza_salva", bozza),
        {"versione": 1, "genere_proponente": "organizzazione", "titolo": "Alberi"},
    )

    risposta = client.get(pagina("bozza_invia", bozza))

    qui = pagina("bozza_modifica", bozza)
    assert risposta.context["mancanze"] == [
        (f"{qui}#id_che_cosa", "Scrivi che cosa proponi."),
        (f"{qui}#id_laboratorio", "Scegli un laboratorio, oppure tutta la città."),
        (f"{qui}#id_organizzazione", "Scrivi il nome dell'organizzazione."),
    ]
    assert "Invia la proposta" not in pagina_di(risposta)
    bozza.refresh_from_db()
    assert (
        client.post(pagina("bozza_invia", bozza), modulo(versione=bozza.versione)).status_code
        == 409
    )
    assert Conferma.objects.count() == 0


def test_a_known_person_sends_with_one_click_and_two_are_one(client, fase):
    anna = riconosciuta(client, PartecipanteFactory())
    bozza = pronta(client)
    url = pagina("bozza_invia", bozza)
    client.get(url)

    risposte = [client.post(url, {"versione": bozza.versione}) for _volta in range(2)]

    assert [risposta["Location"] for risposta in risposte] == [f"{INVIATA}?p={bozza.pk}"] * 2
    bozza.refresh_from_db()
    assert (bozza.stato, bozza.proponente) == (Stato.INVIATA, anna)
    assert [(p.da, p.a) for p in bozza.passaggi.all()] == [(Stato.BOZZA, Stato.INVIATA)]
    assert bozza.titolo in pagina_di(client.get(risposte[0]["Location"]))
    # The way back leads somewhere.
    assert (
        client.get(pagina("bozza_modifica", bozza).replace(bozza.slug, url.split("/")[3]))[
            "Location"
        ]
        == f"{INVIATA}?p={bozza.pk}"
    )


def test_where_moderators_read_afterwards_it_is_public_at_once(client, fase):
    fase.moderazione = "dopo"
    fase.save()
    riconosciuta(client, PartecipanteFactory())
    bozza = pronta(client)

    risposta = client.post(pagina("bozza_invia", bozza), {"versione": bozza.versione}, follow=True)

    bozza.refresh_from_db()
    assert bozza.stato == Stato.PUBBLICATA
    assert "la tua proposta è pubblica" in pagina_di(risposta)
    assert bozza.get_absolute_url() in pagina_di(risposta)


def test_a_strangers_proposal_goes_when_she_opens_the_mails_link(client, fase):
    bozza = pronta(client)
    dati = modulo(versione=bozza.versione)

    risposte = [client.post(pagina("bozza_invia", bozza), dati) for _volta in range(2)]

    assert [(r.status_code, r["Location"]) for r in risposte] == [(303, POSTA)] * 2
    assert Messaggio.objects.filter(genere="conferma_azione").count() == 1
    bozza.refresh_from_db()
    assert (bozza.stato, bozza.proponente) == (Stato.BOZZA, None)

    aperte = [apri_il_link(client) for _volta in range(2)]
    assert [risposta["Location"] for risposta in aperte] == [f"{INVIATA}?p={bozza.pk}"] * 2
    bozza.refresh_from_db()
    assert (bozza.stato, bozza.proponente.email) == (Stato.INVIATA, "anna@example.org")
    assert bozza.passaggi.count() == 1


def test_a_link_opened_when_the_stage_has_closed_keeps_the_draft_hers(client, fase):
    bozza = pronta(client)
    client.post(pagina("bozza_invia", bozza), modulo(versione=bozza.versione))
    fase.apre_proposte = False
    fase.save()

    altrove = Client()
    aperta = apri_il_link(altrove)

    assert aperta["Location"] == pagina("bozza_modifica", bozza)
    letto = pagina_di(altrove.get(aperta["Location"]))
    assert "La proposta non è ancora inviata." in letto
    bozza.refresh_from_db()
    assert (bozza.stato, bozza.proponente.email) == (Stato.BOZZA, "anna@example.org")


def test_a_link_to_a_draft_that_was_thrown_away_says_so(client, fase):
    bozza = pronta(client)
    client.post(pagina("bozza_invia", bozza), modulo(versione=bozza.versione))
    client.post(pagina("bozza_elimina", bozza))

    aperta = apri_il_link(client)
    assert aperta["Location"] == MIE
    assert "è stata eliminata" in pagina_di(client.get(MIE))


def test_a_text_that_changed_since_is_read_again_before_it_goes(client, fase):
    riconosciuta(client, PartecipanteFactory())
    bozza = pronta(client)
    client.post(
        pagina("bozza_salva", bozza),
        scritto(bozza, versione=bozza.versione, perche="Dal telefono"),
    )

    risposta = client.post(pagina("bozza_invia", bozza), {"versione": bozza.versione})

    assert risposta.status_code == 409
    assert "rileggila, poi invia" in pagina_di(risposta)
    assert "Dal telefono" in pagina_di(risposta)
    bozza.refresh_from_db()
    assert bozza.stato == Stato.BOZZA


def test_a_closed_stage_takes_no_proposal_and_keeps_the_draft(client, fase):
    riconosciuta(client, PartecipanteFactory())
    bozza = pronta(client)
    fase.apre_proposte = False
    fase.save()

    risposta = client.post(pagina("bozza_invia", bozza), {"versione": bozza.versione})

    assert risposta.status_code == 409
    assert "non si raccolgono proposte" in pagina_di(risposta)
    bozza.refresh_from_db()
    assert bozza.stato == Stato.BOZZA
    salvata = client.post(pagina("bozza_salva", bozza), scritto(bozza, perche="Ancora"))
    assert salvata.status_code == 200


def test_the_page_of_what_was_sent_shows_only_hers(client, fase):
    altrui = PropostaFactory(titolo="Titolo di un'altra", inviata=True)
    anonima = pagina_di(client.get(f"{INVIATA}?p={altrui.pk}"))
    riconosciuta(client, PartecipanteFactory())
    for query in (altrui.pk, "x", "9" * 40):
        assert "Titolo di un" not in pagina_di(client.get(f"{INVIATA}?p={query}"))
    assert "Grazie, la tua proposta è arrivata" in anonima
    assert "Titolo di un" not in anonima


# --- Throwing away --------------------------------------------------------------------------


def test_a_draft_is_thrown_away_only_after_asking(client, fase):
    bozza = comincia(client)
    assert client.get(pagina("bozza_elimina", bozza)).status_code == 200
    assert Proposta.objects.count() == 1

    risposta = client.post(pagina("bozza_elimina", bozza), follow=True)

    assert risposta.redirect_chain == [(MIE, 303)]
    assert "La bozza è eliminata." in pagina_di(risposta)
    assert Proposta.objects.count() == 0
    assert client.post(pagina("bozza_elimina", bozza)).status_code == 404


# --- Hers -----------------------------------------------------------------------------------


def test_her_list_shows_each_state_with_what_comes_next(client):
    anna = riconosciuta(client, PartecipanteFactory())
    altrui = PropostaFactory(titolo="Di un'altra")
    in_ = PropostaFactory(titolo="Quella grande")
    for stato in Stato:
        altro = {"integrata_in": in_} if stato == Stato.INTEGRATA else {}
        PropostaFactory(titolo=f"Mia {stato}", stato=stato, proponente=anna, **altro)
    nascosta = PropostaFactory(titolo="Mia offesa", proponente=anna)
    services.nascondi(
        nascosta, UserFactory(), "offensivo", "Offende i vicini.", adesso=timezone.now()
    )

    risposta = client.get(MIE)
    letto = pagina_di(risposta)

    mie = risposta.context["mie"]
    assert mie[0].proposta.titolo == "Mia bozza"
    assert {mia.proposta.titolo for mia in mie} == {f"Mia {s}" for s in Stato} | {"Mia offesa"}
    assert altrui.titolo not in letto
    assert "Offende i vicini." in letto
    assert "offende o discrimina qualcuno" in letto
    assert in_.get_absolute_url() in letto
    assert {
        mia.proposta.stato: (mia.modificabile, mia.ritirabile, mia.nascosta) for mia in mie
    } == {
        stato: (
            stato in ("inviata", "pubblicata"),
            stato in ("inviata", "pubblicata", "in_valutazione"),
            stato == "nascosta",
        )
        for stato in Stato
    }


@pytest.mark.parametrize("quante", [1, 3])
def test_her_list_costs_the_same_whatever_it_holds(client, quante, django_assert_num_queries):
    anna = riconosciuta(client, PartecipanteFactory())
    for _n in range(quante):
        PropostaFactory(proponente=anna, bozza=True)
        PropostaFactory(proponente=anna, stato=Stato.NASCOSTA)
        PropostaFactory(proponente=anna, stato=Stato.INTEGRATA, integrata_in=PropostaFactory())
    with django_assert_num_queries(5):
        client.get(MIE)


def test_her_list_has_pages(client):
    anna = riconosciuta(client, PartecipanteFactory())
    PropostaFactory.create_batch(21, proponente=anna)
    assert len(client.get(MIE).context["mie"]) == 20
    assert len(client.get(f"{MIE}?page=2").context["mie"]) == 1


def test_who_is_not_known_gets_a_link_to_her_list_by_mail(client):
    anna = PartecipanteFactory(email="anna@example.org")
    sua = PropostaFactory(proponente=anna, titolo="La mia idea")
    assert sua.titolo not in pagina_di(client.get(MIE))

    # The same answer for an address that nobody knows.
    risposte = [client.post(MIE, modulo(email=e)) for e in (anna.email, "mai@example.org")]

    assert [r["Location"] for r in risposte] == [POSTA] * 2
    aperta = apri_il_link(client, Conferma.objects.get(email=anna.email))
    assert aperta["Location"] == MIE
    assert sua.titolo in pagina_di(client.get(MIE))


def test_a_stranger_finds_the_drafts_of_this_device(client, fase):
    bozza = pronta(client)
    assert "Bozze su questo dispositivo" in pagina_di(client.get(MIE))
    assert pagina("bozza_modifica", bozza) in pagina_di(client.get(MIE))
    assert bozza.titolo not in pagina_di(Client().get(MIE))


# --- After sending --------------------------------------------------------------------------


def test_an_edit_of_what_is_public_keeps_a_version(client):
    anna = riconosciuta(client, PartecipanteFactory())
    mia = PropostaFactory(proponente=anna, citta=True, titolo="Prima")
    dati = scritto(mia, titolo="Dopo", nota="Titolo più chiaro")

    risposte = [client.post(pagina("proposta_modifica", mia), dati) for _volta in range(2)]

    assert [r["Location"] for r in risposte] == [mia.get_absolute_url()] * 2
    mia.refresh_from_db()
    assert (mia.titolo, mia.versione) == ("Dopo", 2)
    assert list(mia.versioni.values_list("titolo", "nota")) == [
        ("Prima", ""),
        ("Dopo", "Titolo più chiaro"),
    ]
    assert [p.evento for p in mia.passaggi.all()] == [Passaggio.Evento.MODIFICA]


def test_an_edit_before_publication_leaves_no_version(client):
    anna = riconosciuta(client, PartecipanteFactory())
    mia = PropostaFactory(proponente=anna, citta=True, inviata=True)

    risposta = client.post(pagina("proposta_modifica", mia), scritto(mia, titolo="Dopo"))

    assert risposta["Location"] == MIE
    mia.refresh_from_db()
    assert (mia.titolo, mia.versioni.count()) == ("Dopo", 0)


def test_an_edit_that_comes_late_shows_both_texts_and_loses_none(client):
    anna = riconosciuta(client, PartecipanteFactory())
    mia = PropostaFactory(proponente=anna, citta=True, titolo="Prima")
    services.modifica(
        mia, {"titolo": "Dell'ufficio"}, versione=1, autore=UserFactory(), adesso=timezone.now()
    )

    tardi = client.post(
        pagina("proposta_modifica", mia),
        scritto(mia, titolo="Mio", che_cosa=mia.che_cosa, perche=mia.perche),
    )

    assert tardi.status_code == 409
    assert tardi.context["altrove"] == [("Titolo", "Dell'ufficio")]
    form = tardi.context["form"]
    assert (form["titolo"].value(), form["versione"].value()) == ("Mio", "2")
    mia.refresh_from_db()
    assert mia.titolo == "Dell'ufficio"
    client.post(pagina("proposta_modifica", mia), scritto(mia, titolo="Mio", versione=2))
    mia.refresh_from_db()
    assert mia.titolo == "Mio"


def test_an_edit_with_something_missing_keeps_what_was_written(client):
    anna = riconosciuta(client, PartecipanteFactory())
    mia = PropostaFactory(proponente=anna, citta=True, titolo="Prima")

    risposta = client.post(
        pagina("proposta_modifica", mia), scritto(mia, titolo="", perche="Nuovo perché")
    )

    assert (risposta.status_code, list(risposta.context["form"].errors)) == (200, ["titolo"])
    assert risposta.context["form"]["perche"].value() == "Nuovo perché"
    mia.refresh_from_db()
    assert mia.titolo == "Prima"


def test_searching_a_need_while_editing_saves_nothing_public(client):
    anna = riconosciuta(client, PartecipanteFactory())
    bisogno = BisognoFactory(titolo="Più lampioni")
    mia = PropostaFactory(proponente=anna, citta=True, titolo="Prima")

    risposta = client.post(
        pagina("proposta_modifica", mia), scritto(mia, titolo="A metà", q="lampioni", cerca="1")
    )

    assert risposta.context["bisogni_trovati"] == [bisogno]
    assert risposta.context["form"]["titolo"].value() == "A metà"
    mia.refresh_from_db()
    assert mia.titolo == "Prima"


def test_a_proposal_is_withdrawn_after_asking_and_once(client):
    anna = riconosciuta(client, PartecipanteFactory())
    mia = PropostaFactory(proponente=anna)
    SeguitoFactory(proposta=mia)
    assert "Non si può tornare indietro" in pagina_di(client.get(pagina("proposta_ritira", mia)))

    risposte = [
        client.post(pagina("proposta_ritira", mia), {"motivo": "L'hanno già fatto"})
        for _volta in range(2)
    ]

    assert [r["Location"] for r in risposte] == [MIE] * 2
    mia.refresh_from_db()
    assert mia.stato == Stato.RITIRATA
    assert [(p.a, p.testo) for p in mia.passaggi.all()] == [(Stato.RITIRATA, "L'hanno già fatto")]


def test_another_look_is_asked_for_with_reasons_and_once(client):
    anna = riconosciuta(client, PartecipanteFactory())
    mia = PropostaFactory(proponente=anna)
    services.nascondi(mia, UserFactory(), "fuori_tema", "Parla d'altro.", adesso=timezone.now())
    letto = pagina_di(client.get(pagina("proposta_riesame", mia)))
    assert "Parla d&#x27;altro." in letto

    vuota = client.post(pagina("proposta_riesame", mia), {"testo": "  "})
    assert (vuota.status_code, list(vuota.context["form"].errors)) == (200, ["testo"])
    risposte = [
        client.post(pagina("proposta_riesame", mia), {"testo": "Parla del quartiere."})
        for _volta in range(2)
    ]

    assert [r["Location"] for r in risposte] == [MIE] * 2
    riesami = mia.passaggi.filter(evento=Passaggio.Evento.RIESAME)
    assert [p.testo for p in riesami] == ["Parla del quartiere."]
    assert "Hai chiesto un riesame il" in pagina_di(client.get(MIE))


# --- Who may what ---------------------------------------------------------------------------

RUOLI = ("anonima", "visita", "proponente", "altra", "moderatore", "ufficio", "amministratrice")
BOZZA = [
    ("bozza_modifica", "get"), ("bozza_modifica", "post"), ("bozza_salva", "post"),
    ("bozza_invia", "get"), ("bozza_invia", "post"), ("bozza_riprendi", "get"),
    ("bozza_riprendi", "post"), ("bozza_elimina", "get"), ("bozza_elimina", "post"),
]  # fmt: skip
MIA = [
    (nome, metodo)
    for nome in ("proposta_modifica", "proposta_ritira", "proposta_riesame")
    for metodo in ("get", "post")
]
RIGA = ("stato", "versione", "titolo", "che_cosa", "proponente_id")


def come(ruolo, proposta):
    """A browser of somebody with this role; ``visita`` is the one in which the draft was begun."""
    client = Client()
    if ruolo == "visita":
        sessione = client.session
        sessione["bozze"] = [proposta.pk]
        sessione["bozze_indirizzi"] = {proposta.slug: proposta.pk}
        sessione.save()
    elif ruolo == "proponente":
        riconosciuta(client, proposta.proponente)
    elif ruolo == "altra":
        riconosciuta(client, PartecipanteFactory())
    else:
        entra(client, ruolo)
    return client


def riga(proposta):
    return Proposta.objects.filter(pk=proposta.pk).values(*RIGA).first()


@pytest.mark.parametrize(("nome", "metodo"), BOZZA)
@pytest.mark.parametrize("ruolo", [ruolo for ruolo in RUOLI if ruolo != "proponente"])
def test_a_draft_of_nobody_yet_is_open_to_the_visit_that_began_it_alone(fase, ruolo, nome, metodo):
    bozza = PropostaFactory(
        bozza=True, percorso=fase.percorso, proponente=None, nome_mostrato="", titolo="Segreta"
    )
    prima = riga(bozza)

    risposta = getattr(come(ruolo, bozza), metodo)(pagina(nome, bozza), scritto(bozza) | modulo())

    if ruolo == "visita":
        assert risposta.status_code in (200, 303), nome
    else:
        assert risposta.status_code == 404
        assert "Segreta" not in pagina_di(risposta)
        assert riga(bozza) == prima
        assert Conferma.objects.count() == 0


@pytest.mark.parametrize(("nome", "metodo"), BOZZA)
@pytest.mark.parametrize("ruolo", RUOLI)
def test_a_draft_of_somebody_is_open_to_her_alone(fase, ruolo, nome, metodo):
    bozza = PropostaFactory(bozza=True, percorso=fase.percorso, titolo="Segreta")
    prima = riga(bozza)

    risposta = getattr(come(ruolo, bozza), metodo)(pagina(nome, bozza), scritto(bozza) | modulo())

    if ruolo == "proponente":
        assert risposta.status_code in (200, 303), nome
        assert (riga(bozza) != prima) is (metodo == "post" and nome != "bozza_riprendi")
    else:
        assert risposta.status_code == 404
        assert "Segreta" not in pagina_di(risposta)
        assert riga(bozza) == prima
        assert Conferma.objects.count() == 0


def test_a_draft_that_the_office_typed_is_no_visitors():
    bozza = PropostaFactory(
        bozza=True, proponente=None, nome_mostrato="", registrato_da=UserFactory()
    )
    assert (
        come("visita", bozza).post(pagina("bozza_modifica", bozza), scritto(bozza)).status_code
        == 404
    )


@pytest.mark.parametrize(("nome", "metodo"), BOZZA)
@pytest.mark.parametrize("stato", [stato for stato in Stato if stato != Stato.BOZZA])
def test_the_pages_of_a_draft_do_not_open_what_was_sent(stato, nome, metodo):
    altro = {"integrata_in": PropostaFactory()} if stato == Stato.INTEGRATA else {}
    mia = PropostaFactory(stato=stato, **altro)
    prima = riga(mia)

    for ruolo in ("proponente", "visita", "altra"):
        client = come(ruolo, mia)
        assert getattr(client, metodo)(pagina(nome, mia), scritto(mia)).status_code == 404
    assert riga(mia) == prima


# What the proponent is answered: the page (200), or the way back to her list (303).
SUE = {
    Stato.BOZZA: {"proposta_modifica": 404, "proposta_ritira": 404, "proposta_riesame": 404},
    Stato.INVIATA: {"proposta_modifica": 200, "proposta_ritira": 200, "proposta_riesame": 303},
    Stato.PUBBLICATA: {"proposta_modifica": 200, "proposta_ritira": 200, "proposta_riesame": 303},
    Stato.IN_VALUTAZIONE: {
        "proposta_modifica": 303, "proposta_ritira": 200, "proposta_riesame": 303,
    },
    Stato.NASCOSTA: {"proposta_modifica": 303, "proposta_ritira": 303, "proposta_riesame": 200},
    **{
        stato: {"proposta_modifica": 303, "proposta_ritira": 303, "proposta_riesame": 303}
        for stato in (*Proposta.ESITI, Stato.INTEGRATA, Stato.RITIRATA)
    },
}  # fmt: skip


@pytest.mark.parametrize("stato", Stato)
@pytest.mark.parametrize("ruolo", RUOLI)
def test_only_her_own_proposal_and_only_in_time(ruolo, stato):
    altro = {"integrata_in": PropostaFactory()} if stato == Stato.INTEGRATA else {}
    for nome, metodo in MIA:
        mia = PropostaFactory(stato=stato, citta=True, titolo="Segreta", **altro)
        prima, passi = riga(mia), mia.passaggi.count()
        dati = scritto(mia) | {"motivo": "Basta", "testo": "Perché sì"}

        risposta = getattr(come(ruolo, mia), metodo)(pagina(nome, mia), dati)

        atteso = SUE[stato][nome] if ruolo == "proponente" else 404
        fa = atteso == 200 and metodo == "post"
        assert risposta.status_code == (303 if fa else atteso), (nome, metodo)
        cambiata = riga(mia) != prima or mia.passaggi.count() != passi
        assert cambiata is fa, (nome, metodo)
        if atteso == 404:
            assert "Segreta" not in pagina_di(risposta)


@pytest.mark.parametrize(
    ("url", "metodi"),
    [
        (NUOVA, "get head post"),
        (MIE, "get head post"),
        (INVIATA, "get head"),
        ("/proposte/simili/", "get head"),
        ("/proposte/bisogni/", "get head"),
        ("/proposte/bozza/x/salva/", "post"),
        ("/proposte/x-1/ritira/", "get head post"),
    ],
)
def test_other_methods_are_refused(client, url, metodi):
    for metodo in ("get", "head", "post", "put", "delete"):
        rifiutato = getattr(client, metodo)(url).status_code == 405
        assert rifiutato is (metodo not in metodi.split()), metodo


def test_private_pages_are_kept_by_nobody_and_listed_nowhere(client, fase):
    riconosciuta(client, PartecipanteFactory())
    bozza = comincia(client)
    for url in (
        NUOVA,
        MIE,
        INVIATA,
        pagina("bozza_modifica", bozza),
        pagina("bozza_invia", bozza),
    ):
        risposta = client.get(url)
        assert "no-store" in risposta["Cache-Control"]
        assert risposta["X-Robots-Tag"] == "noindex"


def test_every_page_that_changes_something_asks_for_the_forms_token(fase):
    client = Client(enforce_csrf_checks=True)
    bozza = PropostaFactory(bozza=True, percorso=fase.percorso)
    riconosciuta(client, bozza.proponente)
    mia = PropostaFactory(proponente=bozza.proponente)
    prima = riga(bozza), riga(mia)
    for url in (
        NUOVA,
        MIE,
        *(pagina(nome, bozza) for nome, metodo in BOZZA if metodo == "post"),
        *(pagina(nome, mia) for nome, metodo in MIA if metodo == "post"),
    ):
        assert client.post(url, scritto(bozza) | modulo()).status_code == 403
    assert (riga(bozza), riga(mia)) == prima


def test_too_many_drafts_from_one_place_are_asked_to_wait(client, fase):
    esiti = [client.post(NUOVA, {"chiave": str(n)}).status_code for n in range(61)]
    assert esiti == [303] * 60 + [429]


def test_in_english_the_pages_stay_in_english(client, fase):
    risposta = client.post(f"/en{NUOVA}", {"chiave": "x"})
    assert risposta["Location"].startswith("/en/proposte/bozza/")
