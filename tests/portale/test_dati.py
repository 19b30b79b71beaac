import io
import json
import re
import time
import zipfile
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import diritti
from accounts.finalita import finalita, mostrate
from accounts.models import Cancellazione, Conferma, Partecipante, Scarico, User
from accounts.partecipanti import conferma
from eventi.models import Iscrizione
from portale.lib.antispam import timbro
from posta.models import Messaggio
from proposte.models import Allegato
from tests.factories import (
    CommentoFactory,
    IscrizioneFactory,
    PartecipanteFactory,
    PropostaFactory,
    SeguitoFactory,
    SostegnoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def dopo_il_timbro():
    """What an honest browser sends along: the form was shown some seconds ago."""
    return timbro(timezone.now() - timedelta(seconds=10))


@pytest.fixture
def lei(client):
    """An account holder who has just signed in with her password."""
    persona = UserFactory(email="lei@prova.example", nome="Lei Davvero")
    client.force_login(persona)
    _di_recente(client)
    return PartecipanteFactory(email=persona.email, nome=persona.nome, persona=persona)


def _di_recente(client, fa=0):
    sessione = client.session
    sessione["account_authentication_methods"] = [
        {"method": "password", "at": time.time() - fa, "reauthenticated": True}
    ]
    sessione["account_authentication_methods_user"] = sessione["_auth_user_id"]
    sessione.save()


def chiave(partecipante):
    return diritti.token_dati(partecipante)


def dentro(risposta):
    return zipfile.ZipFile(io.BytesIO(b"".join(risposta.streaming_content)))


# --- With an account ------------------------------------------------------------------------


def test_her_page_says_in_words_what_is_held_and_nothing_of_others(client, lei):
    IscrizioneFactory(email=lei.email, nome=lei.nome)
    IscrizioneFactory(email="altra@prova.example", nome="Altra Riservata")
    pagina = client.get(reverse("profilo_dati")).content.decode()

    assert "Le tue iscrizioni: <strong>1</strong>" in pagina
    assert "12 mesi dopo l’incontro, poi li cancelliamo." in pagina
    assert "Altra Riservata" not in pagina


def test_her_page_asks_as_often_for_one_row_as_for_three(client, lei):
    """How often is not said here: it grows with each purpose that an app adds."""
    domande = []
    for quante in (1, 2):
        for _una in range(quante):
            IscrizioneFactory(email=lei.email, nome=lei.nome)
            proposta = PropostaFactory(proponente=lei)
            SostegnoFactory(partecipante=lei, proposta=proposta)
            SeguitoFactory(partecipante=lei)
            CommentoFactory(autore=lei)
        client.get(reverse("profilo_dati"))
        with CaptureQueriesContext(connection) as fatte:
            client.get(reverse("profilo_dati"))
        domande.append(len(fatte))

    assert domande[0] == domande[1]


def test_the_file_has_her_data_for_programs_for_people_and_her_attachments(client, lei):
    proposta = PropostaFactory(proponente=lei, titolo="Una panchina", che_cosa="<b>Legno</b>")
    Allegato.objects.create(
        proposta=proposta,
        genere="immagine",
        titolo="La piazza",
        file=ContentFile(b"una foto", name="x.jpg"),
        impronta="1",
    )
    PropostaFactory(titolo="Di un'altra persona")

    file = dentro(client.post(reverse("profilo_dati_scarica")))
    dati = json.loads(file.read("dati.json"))
    pagina = file.read("dati.html").decode()

    assert file.namelist() == ["allegati/1-La_piazza.jpg", "dati.json", "dati.html"]
    assert file.read("allegati/1-La_piazza.jpg") == b"una foto"
    [proposte] = [una for una in dati["finalita"] if una["codice"] == "proposte"]
    assert {chiave: proposte[chiave] for chiave in ("quando", "per_quanto_tempo")} == {
        "quando": "Fai una proposta",
        "per_quanto_tempo": finalita("proposte").durata,
    }
    assert [riga["titolo"] for riga in proposte["sezioni"][0]["righe"]] == ["Una panchina"]
    assert proposte["sezioni"][0]["campi"]["che_cosa"] == "Che cosa propone"
    assert proposte["sezioni"][1]["allegati"] == ["allegati/1-La_piazza.jpg"]
    assert "&lt;b&gt;Legno&lt;/b&gt;" in pagina
    assert '<a href="allegati/1-La_piazza.jpg">' in pagina
    assert "Di un'altra persona" not in pagina
    # Nothing is loaded from anywhere.
    assert re.findall(r"(?:src|href)=\"([^\"]*)\"", pagina) == ["allegati/1-La_piazza.jpg"]


def test_every_download_leaves_a_row_that_says_who_and_when(client, lei):
    dentro(client.post(reverse("profilo_dati_scarica")))

    [scarico] = Scarico.objects.all()
    assert (scarico.canale, scarico.persona, scarico.autore) == ("persona", lei.persona, None)


def test_who_signed_in_long_ago_says_again_who_she_is(client, lei):
    _di_recente(client, fa=3600)

    for rotta in ("profilo_dati_scarica", "profilo_dati_cancella"):
        risposta = client.post(reverse(rotta), {"capito": "on"})
        assert risposta["Location"] == (
            f"/accounts/reauthenticate/?next={quote(reverse(rotta), safe='')}"
        )
    assert (Scarico.objects.count(), Cancellazione.objects.count()) == (0, 0)

    risposta = client.post(
        f"/accounts/reauthenticate/?next={reverse('profilo_dati_cancella')}",
        {"password": "una-password-lunga"},
        follow=True,
    )
    assert risposta.request["PATH_INFO"] == reverse("dati_cancellati")


def test_taking_away_has_a_limit(client, lei):
    risposte = []
    for _volta in range(6):
        risposta = client.post(reverse("profilo_dati_scarica"))
        risposte.append(risposta.status_code)
        if risposta.streaming:
            dentro(risposta)

    assert risposte == [200] * 5 + [429]


def test_erasing_takes_two_steps_and_ends_signed_out(client, lei):
    pagina = client.get(reverse("profilo_dati_cancella")).content.decode()
    assert "Che cosa resta, senza il tuo nome" in pagina

    senza = client.post(reverse("profilo_dati_cancella"))
    assert "Per cancellare conferma di avere capito." in senza.content.decode()
    assert User.objects.filter(pk=lei.persona.pk).exists() is True

    risposta = client.post(reverse("profilo_dati_cancella"), {"capito": "on"})
    assert (risposta.status_code, risposta["Location"]) == (303, reverse("dati_cancellati"))
    assert client.get(reverse("profilo_dati")).status_code == 302
    assert User.objects.filter(pk=lei.persona.pk).exists() is False
    assert Cancellazione.objects.get().canale == "persona"


def test_who_works_in_the_office_reads_why_she_can_not(client):
    client.force_login(UserFactory(is_staff=True))
    _di_recente(client)

    risposta = client.post(reverse("profilo_dati_cancella"), {"capito": "on"})
    assert "Fai parte dell’ufficio" in risposta.content.decode()
    assert Cancellazione.objects.count() == 0


# --- By a mail's link -----------------------------------------------------------------------


def test_known_and_unknown_addresses_get_the_same_answer_and_the_same_mail(client):
    PartecipanteFactory(email="nota@prova.example")
    risposte = []
    for email in ("nota@prova.example", "mai-vista@prova.example"):
        risposta = client.post(
            reverse("dati_chiedi"), {"email": email, "ricevuto": dopo_il_timbro()}
        )
        risposte.append((risposta.status_code, risposta["Location"]))

    assert risposte == [(303, "/partecipo/controlla-la-posta/")] * 2
    assert list(Messaggio.objects.order_by("pk").values_list("genere", "destinatario")) == [
        ("conferma_azione", "nota@prova.example"),
        ("conferma_azione", "mai-vista@prova.example"),
    ]


def test_the_mails_link_leads_to_her_page(client):
    lei = PartecipanteFactory(email="lei@prova.example")
    SostegnoFactory(partecipante=lei, proposta__titolo="La sua preferita")
    client.post(reverse("dati_chiedi"), {"email": lei.email, "ricevuto": dopo_il_timbro()})

    risposta = client.get(
        reverse("partecipo:conferma", args=[Conferma.objects.get().token]), follow=True
    )

    assert risposta.request["PATH_INFO"].startswith("/privacy/i-tuoi-dati/")
    assert "Le proposte che sostieni: <strong>1</strong>" in risposta.content.decode()


def test_the_page_closes_after_an_hour_also_for_who_opens_the_mail_again(client, monkeypatch):
    lei = PartecipanteFactory()
    token = chiave(lei)
    assert client.get(reverse("dati_ospite", args=[token])).status_code == 200

    adesso = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: adesso + 3601)

    for rotta, metodo in (
        ("dati_ospite", client.get),
        ("dati_ospite_scarica", client.post),
        ("dati_ospite_cancella", client.post),
    ):
        risposta = metodo(reverse(rotta, args=[token]), {"capito": "on"})
        assert (risposta.status_code, "Chiedi un altro link" in risposta.content.decode()) == (
            410,
            True,
        )
    assert Partecipante.objects.filter(pk=lei.pk).exists() is True


@pytest.mark.parametrize("storpia", [lambda t: t[:-1] + "x", lambda t: f"x{t}", lambda t: "x"])
def test_an_altered_key_opens_nothing(client, storpia):
    token = storpia(chiave(PartecipanteFactory()))

    assert client.get(reverse("dati_ospite", args=[token])).status_code == 410


def test_a_guest_takes_her_data_away_and_erases_them(client):
    lei = PartecipanteFactory(email="lei@prova.example", nome="Lei Davvero")
    iscrizione = IscrizioneFactory(email=lei.email, nome=lei.nome)
    token = chiave(lei)

    dati = json.loads(
        dentro(client.post(reverse("dati_ospite_scarica", args=[token]))).read("dati.json")
    )
    assert "Lei Davvero" in json.dumps(dati)
    assert Scarico.objects.get().partecipante == lei

    risposta = client.post(reverse("dati_ospite_cancella", args=[token]), {"capito": "on"})
    assert risposta["Location"] == reverse("dati_cancellati")
    iscrizione.refresh_from_db()
    assert (iscrizione.email, iscrizione.stato) == (None, Iscrizione.Stato.RINUNCIATA)
    # The second click of the two finds the key dead, and says nothing of anybody.
    assert (
        client.post(reverse("dati_ospite_cancella", args=[token]), {"capito": "on"}).status_code
        == 410
    )


def test_who_has_an_account_is_sent_to_sign_in(client, lei):
    """Whoever reads her mail must not do without her password what she does with it."""
    client.logout()
    token = chiave(lei)

    assert "Hai un account" in client.get(reverse("dati_ospite", args=[token])).content.decode()
    for rotta in ("dati_ospite_scarica", "dati_ospite_cancella"):
        risposta = client.post(reverse(rotta, args=[token]), {"capito": "on"})
        assert risposta["Location"] == reverse("dati_ospite", args=[token])
    assert User.objects.filter(pk=lei.persona.pk).exists() is True
    assert Scarico.objects.count() == 0


def test_an_account_that_was_never_confirmed_goes_with_its_address(client):
    UserFactory(email="lei@prova.example", verificata=False)
    lei = PartecipanteFactory(email="lei@prova.example")

    client.post(reverse("dati_ospite_cancella", args=[chiave(lei)]), {"capito": "on"})

    assert User.objects.filter(email="lei@prova.example").exists() is False


def test_pages_with_a_key_in_their_address_tell_it_to_nobody(client):
    risposta = client.get(reverse("dati_ospite", args=[chiave(PartecipanteFactory())]))

    assert (risposta["Referrer-Policy"], risposta["X-Robots-Tag"]) == ("no-referrer", "noindex")
    assert "no-store" in risposta["Cache-Control"]


# --- The register, where it is read ---------------------------------------------------------


def test_the_privacy_page_shows_every_purpose_with_its_duration(client):
    pagina = client.get(reverse("privacy")).content.decode()

    righe = dict(re.findall(r'<tr id="(\w+)">(.*?)</tr>', pagina, re.DOTALL))
    assert list(righe) == [una.codice for una in mostrate()]
    for una in mostrate():
        assert all(
            str(testo).replace("'", "&#x27;") in righe[una.codice]
            for testo in (una.nome, una.dati, una.perche, una.durata)
        ), una.codice
        assert str(una.base) in pagina


def test_the_page_and_the_notice_beside_a_form_follow_the_setting(client, settings):
    settings.CONSERVAZIONE = {**settings.CONSERVAZIONE, "contatti": 730}

    assert "2 anni dopo che ci hai scritto." in client.get(reverse("privacy")).content.decode()
    modulo = client.get(reverse("contatti")).content.decode()
    assert (
        "Useremo i tuoi dati solo per leggere il tuo messaggio e risponderti. Per quanto tempo: "
        "2 anni dopo che ci hai scritto." in modulo
    )


def test_nobody_is_asked_twice_by_a_double_click(client):
    modulo = {"email": "lei@prova.example", "ricevuto": dopo_il_timbro()}
    client.post(reverse("dati_chiedi"), modulo)
    client.post(reverse("dati_chiedi"), modulo)

    assert Messaggio.objects.count() == 1
    assert conferma(Conferma.objects.get(), timezone.now())[0].email == "lei@prova.example"
