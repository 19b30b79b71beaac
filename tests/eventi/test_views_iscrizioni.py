import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eventi import services
from eventi.models import Incontro, Iscrizione, Necessita
from portale.lib.antispam import timbro
from posta.models import Messaggio
from posta.services import spedisci_dovuti
from tests.factories import (
    FaseFactory,
    IncontroFactory,
    IscrizioneFactory,
    ServizioFactory,
    UserFactory,
)
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

Stato = Iscrizione.Stato
INDIRIZZO = "anna@example.org"


@pytest.fixture(autouse=True)
def no_limits_left_over():
    cache.clear()


def modulo(**campi):
    """What a browser sends when a person has taken half a minute to fill the form."""
    dati = {
        "nome": "Anna Bianchi",
        "email": INDIRIZZO,
        "telefono": "",
        "posti_richiesti": "1",
        "necessita": "",
        "informativa": "on",
        "sito_web": "",
        "ricevuto": timbro(timezone.now() - timedelta(seconds=30)),
    }
    return {nome: valore for nome, valore in {**dati, **campi}.items() if valore is not None}


def pagina_modulo(incontro):
    return reverse("eventi:iscrizione_crea", args=[incontro.slug])


def pagina(iscrizione, nome="iscrizione_detail"):
    return reverse(f"iscrizioni:{nome}", args=[iscrizione.token])


def parole(response):
    """The words of a page, as a person reads them."""
    html = re.sub(r"<(head|script|style|footer|header)\b.*?</\1>", " ", response.content.decode())
    main = re.search(r"<main.*?</main>", html, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main[0] if main else html)).split())


@pytest.fixture
def link(mailoutbox):
    """The address in the last mail to somebody that ends with a word; its host left out."""

    def link(parola, email=INDIRIZZO):
        spedisci_dovuti()
        ultima = [mail for mail in mailoutbox if mail.to == [email]][-1]
        [indirizzo] = set(re.findall(rf"https?://[^/\s]+(/\S*/{parola}/)", ultima.body))
        return indirizzo

    return link


# --- Registering as a guest -----------------------------------------------------------------


def test_a_guest_registers_with_four_requests_and_one_link(client, link):
    incontro = IncontroFactory(posti=10)

    assert client.get(pagina_modulo(incontro)).status_code == 200
    inviata = client.post(pagina_modulo(incontro), modulo(posti_richiesti="2"))
    assert (inviata.status_code, inviata.url) == (
        303,
        reverse("eventi:iscrizione_inviata", args=[incontro.slug]),
    )
    assert "Controlla la posta" in parole(client.get(inviata.url))
    confermata = client.get(link("conferma"))

    assert confermata.status_code == 200
    assert "La tua iscrizione è confermata" in parole(confermata)
    [iscrizione] = incontro.iscrizioni.all()
    assert (iscrizione.stato, iscrizione.posti) == (Stato.CONFERMATA, 2)


def test_the_form_keeps_everything_that_was_asked(client):
    incontro = IncontroFactory(posti=10)
    bambini = ServizioFactory(incontro=incontro)

    client.post(
        pagina_modulo(incontro),
        modulo(
            nome="  Anna   Bianchi ",
            email=" Anna@Example.ORG ",
            telefono="0523 123456",
            posti_richiesti="3",
            necessita="Uso la sedia a rotelle",
            servizi=[bambini.pk],
        ),
    )

    [iscrizione] = incontro.iscrizioni.all()
    assert (
        iscrizione.nome,
        iscrizione.email,
        iscrizione.telefono,
        iscrizione.posti_richiesti,
        iscrizione.necessita.testo,
        [richiesta.servizio for richiesta in iscrizione.richieste.all()],
        iscrizione.lingua,
    ) == (
        "Anna Bianchi",
        "anna@example.org",
        "0523 123456",
        3,
        "Uso la sedia a rotelle",
        [bambini],
        "it",
    )


def test_mails_are_written_in_the_language_of_the_page(client):
    incontro = IncontroFactory()

    client.post("/en" + pagina_modulo(incontro), modulo())

    assert incontro.iscrizioni.get().lingua == "en"
    assert Messaggio.objects.get().lingua == "en"


def test_known_and_new_addresses_get_the_same_answer(client):
    incontro = IncontroFactory(posti=10)
    IscrizioneFactory(incontro=incontro, email=INDIRIZZO)
    risposte = []

    for email in (INDIRIZZO, "nuova@example.org"):
        risposta = client.post(pagina_modulo(incontro), modulo(email=email))
        seguito = Client().get(risposta.url)
        risposte.append(
            (risposta.status_code, risposta.headers, risposta.content, seguito.content)
        )

    assert risposte[0] == risposte[1]
    assert list(Messaggio.objects.order_by("pk").values_list("genere", "destinatario")) == [
        ("gia_iscritta", INDIRIZZO),
        ("verifica", "nuova@example.org"),
    ]


def test_somebody_else_cannot_change_a_registration_by_its_address(client):
    sua = IscrizioneFactory(incontro=IncontroFactory(posti=10), email=INDIRIZZO, nome="Anna")

    client.post(
        pagina_modulo(sua.incontro),
        modulo(nome="Un altro", posti_richiesti="5", necessita="niente"),
    )

    sua.refresh_from_db()
    assert (sua.nome, sua.posti, sua.stato, hasattr(sua, "necessita")) == (
        "Anna",
        1,
        Stato.CONFERMATA,
        False,
    )


def test_sending_the_form_twice_registers_once(client):
    incontro = IncontroFactory(posti=10)
    dati = modulo()

    risposte = [client.post(pagina_modulo(incontro), dati) for _ in range(2)]

    assert [risposta.status_code for risposta in risposte] == [303, 303]
    assert [i.posti for i in incontro.iscrizioni.all()] == [1]
    incontro.refresh_from_db()
    assert incontro.posti_occupati == 1


def test_a_full_meeting_says_that_she_will_wait_and_puts_her_in_line(client, link):
    incontro = IncontroFactory(posti=1)
    IscrizioneFactory(incontro=incontro)

    modulo_vuoto = parole(client.get(pagina_modulo(incontro)))
    client.post(pagina_modulo(incontro), modulo())
    confermata = client.get(link("conferma"))

    assert "Puoi metterti in lista d'attesa" in modulo_vuoto
    assert "Mettiti in lista d'attesa" in modulo_vuoto
    assert "Sei in lista d'attesa" in parole(confermata)
    assert "il prossimo posto che si libera è tuo" in parole(confermata)


@pytest.mark.parametrize(
    ("campi", "messaggio"),
    [
        ({"nome": ""}, "Scrivi il tuo nome e cognome."),
        ({"nome": "Vinci su www.esempio.it"}, "Scrivi solo il nome e il cognome"),
        ({"email": ""}, "Scrivi la tua e-mail"),
        ({"email": "anna@"}, "Controlla l'e-mail"),
        ({"posti_richiesti": "6"}, "si viene in 5 al massimo"),
        ({"posti_richiesti": None}, "Scegli quante persone siete."),
        ({"informativa": None}, "conferma di avere letto l'informativa"),
        ({"servizi": ["999"]}, "non si può più chiedere"),
        ({"ricevuto": None}, "premi di nuovo il pulsante"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(client, campi, messaggio):
    incontro = IncontroFactory()
    ServizioFactory(incontro=incontro)

    risposta = client.post(
        pagina_modulo(incontro), modulo(**{"necessita": "Vengo con il cane guida", **campi})
    )

    assert risposta.status_code == 200
    assert messaggio in parole(risposta)
    assert "Vengo con il cane guida" in parole(risposta)
    assert not incontro.iscrizioni.exists()


def test_a_form_sent_in_no_time_passes_when_sent_again(client):
    incontro = IncontroFactory()
    with time_machine.travel(timezone.now(), tick=False) as tempo:
        html = client.get(pagina_modulo(incontro)).content.decode()
        ricevuto = re.search(r'name="ricevuto" value="([^"]+)"', html)[1]
        subito = client.post(pagina_modulo(incontro), modulo(ricevuto=ricevuto))
        tempo.shift(5)
        poi = client.post(pagina_modulo(incontro), modulo(ricevuto=ricevuto))

    assert (subito.status_code, poi.status_code) == (200, 303)
    assert 'value="Anna Bianchi"' in subito.content.decode()
    assert incontro.iscrizioni.count() == 1


def test_a_program_that_fills_everything_is_thanked_and_nothing_is_written(client):
    incontro = IncontroFactory()

    risposta = client.post(pagina_modulo(incontro), modulo(sito_web="https://spam.example"))

    assert (risposta.status_code, risposta.url) == (
        303,
        reverse("eventi:iscrizione_inviata", args=[incontro.slug]),
    )
    assert not Iscrizione.objects.exists()
    assert not Messaggio.objects.exists()


def test_a_service_that_can_no_longer_be_asked_for_is_not_offered(client):
    incontro = IncontroFactory()
    ServizioFactory(incontro=incontro, descrizione="dai 3 anni")
    ServizioFactory(
        incontro=incontro,
        genere="lis",
        descrizione="da chiedere prima",
        richiedibile_fino=timezone.now() - timedelta(hours=1),
    )

    letto = parole(client.get(pagina_modulo(incontro)))

    assert "Cura dei bambini: dai 3 anni" in letto
    assert "da chiedere prima" not in letto


def test_the_kept_form_is_each_visits_own(client, settings):
    """What is kept of the empty form holds nobody's token, language, meeting or services."""
    settings.CACHES = {
        **settings.CACHES,
        "pagine": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    }
    con, senza, pieno = IncontroFactory(), IncontroFactory(), IncontroFactory(posti=0)
    ServizioFactory(incontro=con)

    def letto(incontro, lingua=""):
        html = Client().get(lingua + pagina_modulo(incontro)).content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', html)[1]
        bottone = re.search(r"<button[^>]*name=\"invia\"[^>]*>([^<]+)", html)[1]
        return token, 'name="servizi"' in html, bottone, html.count("<form")

    lette = [letto(con), letto(con), letto(senza), letto(pieno), letto(senza)]

    assert len({token for token, *_ in lette}) == 5
    assert [resto for _, *resto in lette] == [
        [True, "Iscriviti", 1],
        [True, "Iscriviti", 1],
        [False, "Iscriviti", 1],
        [False, "Mettiti in lista d&#x27;attesa", 1],
        [False, "Iscriviti", 1],
    ]


# --- Limits ---------------------------------------------------------------------------------


def test_one_client_that_registers_too_often_is_told_to_wait(client):
    incontro = IncontroFactory()

    stati = [
        client.post(pagina_modulo(incontro), modulo(email=f"p{n}@example.org")).status_code
        for n in range(11)
    ]

    assert stati == [303] * 10 + [429]
    assert incontro.iscrizioni.count() == 10


def test_mistakes_in_the_form_do_not_count_as_registering(client):
    incontro = IncontroFactory()

    stati = [client.post(pagina_modulo(incontro), modulo(nome="")).status_code for _ in range(12)]
    stati.append(client.post(pagina_modulo(incontro), modulo()).status_code)

    assert stati == [200] * 12 + [303]


def test_a_mailbox_is_not_flooded_and_the_answer_stays_the_same():
    risposte, email = [], INDIRIZZO
    for n in range(12):
        client = Client(REMOTE_ADDR=f"192.0.2.{n + 1}")
        risposta = client.post(pagina_modulo(IncontroFactory()), modulo(email=email))
        risposte.append(risposta.status_code)

    assert risposte == [303] * 12
    assert Messaggio.objects.filter(destinatario=email).count() == 10


def test_load_tests_turn_limits_off(client, settings):
    settings.RATE_LIMITS = False
    incontro = IncontroFactory()

    stati = {
        client.post(
            pagina_modulo(incontro), modulo(email=f"p{n}@example.org", ricevuto="")
        ).status_code
        for n in range(12)
    }

    assert stati == {303}
    assert incontro.iscrizioni.count() == 12


# --- Closed ---------------------------------------------------------------------------------


def tra(**quanto):
    return timezone.now() + timedelta(**quanto)


CHIUSI = {
    "cancelled": ({"stato": "annullato", "motivo": "Allerta meteo."}, "Allerta meteo."),
    "put off": ({"stato": "rinviato", "inizio": None}, "rinviato"),
    "begun": ({"inizio": tra(minutes=-5)}, "L'incontro è già iniziato."),
    "over": ({"inizio": tra(days=-3)}, "si è già svolto"),
    "closed": ({"iscrizioni_fino": tra(hours=-1)}, "Le iscrizioni sono chiuse."),
    "not open yet": ({"iscrizioni_dal": tra(days=1)}, "Le iscrizioni aprono"),
    "free to enter": ({"con_iscrizione": False}, "non serve iscriversi"),
}


@pytest.mark.parametrize("caso", CHIUSI)
def test_a_closed_meeting_says_why_and_where_to_go(client, caso):
    campi, perche = CHIUSI[caso]
    incontro = IncontroFactory(**campi)

    letta = client.get(pagina_modulo(incontro))
    inviata = client.post(
        pagina_modulo(incontro), modulo(necessita="Vengo con il cane guida", posti_richiesti="2")
    )

    assert (letta.status_code, inviata.status_code) == (200, 409)
    for risposta in (letta, inviata):
        assert perche in parole(risposta)
        assert reverse("eventi:incontro_list") in risposta.content.decode()
    assert "Quello che avevi scritto" not in parole(letta)
    assert "Vengo con il cane guida" in parole(inviata)
    assert not Iscrizione.objects.exists()


def test_a_stage_that_does_not_open_registering_closes_it(client):
    incontro = IncontroFactory()
    FaseFactory(percorso=incontro.percorso, inizio=tra(days=2).date(), fine=tra(days=30).date())

    risposta = client.get(pagina_modulo(incontro))

    assert "In questa fase del percorso le iscrizioni non sono aperte." in parole(risposta)


@pytest.mark.parametrize("nome", ["iscrizione_crea", "iscrizione_inviata"])
@pytest.mark.parametrize("campi", [{"stato": "bozza"}, {"percorso__stato": "bozza"}])
def test_a_draft_is_nowhere(client, nome, campi):
    incontro = IncontroFactory(**campi)

    assert client.get(reverse(f"eventi:{nome}", args=[incontro.slug])).status_code == 404


# --- Account holders ------------------------------------------------------------------------


@pytest.fixture
def persona(client):
    persona = UserFactory(email=INDIRIZZO, nome="Anna Bianchi")
    client.force_login(persona)
    return persona


def test_an_account_holder_is_in_with_one_click(client, persona):
    incontro = IncontroFactory(posti=10)

    letto = client.get(pagina_modulo(incontro)).content.decode()
    risposta = client.post(pagina_modulo(incontro), {"posti_richiesti": "1"})

    assert 'name="nome"' not in letto
    assert 'name="email"' not in letto
    assert 'name="informativa"' not in letto
    [iscrizione] = incontro.iscrizioni.all()
    assert (iscrizione.stato, iscrizione.persona) == (Stato.CONFERMATA, persona)
    assert (risposta.status_code, risposta.url) == (303, iscrizione.get_absolute_url())
    assert "La tua iscrizione è confermata" in parole(client.get(risposta.url))


def test_an_account_without_a_name_is_asked_for_one(client, persona):
    persona.nome = ""
    persona.save()
    incontro = IncontroFactory()

    senza = client.post(pagina_modulo(incontro), {"posti_richiesti": "1"})
    client.post(pagina_modulo(incontro), {"posti_richiesti": "1", "nome": "Anna B."})

    assert "Scrivi il tuo nome e cognome." in parole(senza)
    assert incontro.iscrizioni.get().nome == "Anna B."


def test_an_account_holder_who_is_registered_is_shown_her_registration(client, persona):
    ospite = IscrizioneFactory(email=INDIRIZZO)

    letta = client.get(pagina_modulo(ospite.incontro))
    inviata = client.post(pagina_modulo(ospite.incontro), {"posti_richiesti": "4"})

    assert "La tua iscrizione c'è già" in parole(letta)
    assert ospite.get_absolute_url() in letta.content.decode()
    assert (inviata.status_code, inviata.url) == (303, ospite.get_absolute_url())
    ospite.refresh_from_db()
    assert ospite.posti == 1


def test_an_account_whose_address_is_not_verified_is_treated_as_a_guest(client):
    client.force_login(UserFactory(email=INDIRIZZO, verificata=False))
    sua = IscrizioneFactory(email=INDIRIZZO)

    letto = client.get(pagina_modulo(sua.incontro))

    assert 'name="email"' in letto.content.decode()
    assert sua.codice not in letto.content.decode()


def test_a_guest_registration_that_waits_for_its_link_is_confirmed_by_the_account(client, persona):
    incontro = IncontroFactory(posti=10)
    services.richiedi_iscrizione(incontro, nome="Anna", email=INDIRIZZO, adesso=timezone.now())

    client.post(pagina_modulo(incontro), {"posti_richiesti": "1"})

    assert [i.stato for i in incontro.iscrizioni.all()] == [Stato.CONFERMATA]


# --- Private pages --------------------------------------------------------------------------

PRIVATE = (
    "iscrizione_detail",
    "iscrizione_conferma",
    "iscrizione_accetta",
    "iscrizione_aspetta",
    "iscrizione_rinuncia",
    "iscrizione_modifica",
    "iscrizione_promemoria",
    "iscrizione_ics",
)


@pytest.mark.parametrize("nome", PRIVATE)
@pytest.mark.parametrize("gesto", ["altered", "unknown"])
def test_a_wrong_link_says_so_and_where_to_go(client, nome, gesto):
    sua, altra = IscrizioneFactory(), IscrizioneFactory()
    token = sua.token.replace(sua.codice, altra.codice) if gesto == "altered" else "abc.def"
    url = reverse(f"iscrizioni:{nome}", args=[token])

    risposta = client.post(url) if nome == "iscrizione_aspetta" else client.get(url)

    assert risposta.status_code == 404
    assert "Questo link non funziona" in parole(risposta)
    assert altra.nome not in risposta.content.decode()
    assert reverse("eventi:incontro_list") in risposta.content.decode()


def test_a_link_stops_working_once_the_registration_is_erased(client):
    iscrizione = IscrizioneFactory()
    url = pagina(iscrizione)
    iscrizione.delete()

    assert client.get(url).status_code == 404


@pytest.mark.parametrize("nome", PRIVATE)
def test_nothing_keeps_a_private_page_nor_its_address(client, nome):
    url = pagina(IscrizioneFactory(), nome)

    risposta = client.post(url) if nome == "iscrizione_aspetta" else client.get(url)

    assert (
        risposta["Cache-Control"],
        risposta["Referrer-Policy"],
        risposta["X-Robots-Tag"],
    ) == ("no-store", "no-referrer", "noindex, nofollow")


LETTURA = {"get": 200, "head": 200, "put": 405, "delete": 405}
# What each page answers on an open meeting, or on a confirmed registration.
RISPOSTE = {
    "iscrizione_crea": {**LETTURA, "post": 303},
    "iscrizione_inviata": {**LETTURA, "post": 405},
    "iscrizione_detail": {**LETTURA, "post": 405},
    "iscrizione_conferma": {**LETTURA, "post": 200},
    "iscrizione_accetta": {**LETTURA, "post": 303},
    "iscrizione_aspetta": {"get": 405, "head": 405, "put": 405, "delete": 405, "post": 409},
    "iscrizione_rinuncia": {**LETTURA, "post": 303},
    "iscrizione_modifica": {**LETTURA, "post": 200},
    "iscrizione_promemoria": {**LETTURA, "post": 200},
    "iscrizione_ics": {**LETTURA, "post": 405},
}


@pytest.mark.parametrize("ruolo", RUOLI)
@pytest.mark.parametrize("nome", RISPOSTE)
def test_who_may_do_what(client, ruolo, nome):
    """Registering is for everybody, and the link is the only permission of a private page: a
    role adds nothing, and being the office opens none without it (the office has the admin)."""
    entra(client, ruolo)
    iscrizione = IscrizioneFactory()

    if nome in PRIVATE:
        url = pagina(iscrizione, nome)
        senza_firma = reverse(f"iscrizioni:{nome}", args=[iscrizione.codice])
        metodo = "post" if nome == "iscrizione_aspetta" else "get"
        assert getattr(client, metodo)(senza_firma).status_code == 404
    else:
        url = reverse(f"eventi:{nome}", args=[iscrizione.incontro.slug])
    risposte = {
        metodo: client.generic(metodo.upper(), url).status_code
        for metodo in ("get", "head", "put", "delete")
    }
    risposte["post"] = client.post(url, modulo() if nome == "iscrizione_crea" else {}).status_code

    assert risposte == RISPOSTE[nome]


def test_forms_of_private_pages_work_without_cookies_and_the_public_one_asks_for_its_token():
    rigido = Client(enforce_csrf_checks=True)
    iscrizione = IscrizioneFactory()

    assert rigido.post(pagina(iscrizione, "iscrizione_rinuncia")).status_code == 303
    assert rigido.post(pagina_modulo(iscrizione.incontro), modulo()).status_code == 403


@pytest.mark.parametrize("nome", ["iscrizione_detail", "iscrizione_rinuncia"])
def test_private_pages_touch_no_session(client, nome):
    risposta = client.get(pagina(IscrizioneFactory(), nome))

    assert not risposta.cookies


def test_the_thank_you_page_is_the_same_for_everybody(client):
    risposta = client.get(reverse("eventi:iscrizione_inviata", args=[IncontroFactory().slug]))

    assert not risposta.cookies
    assert "csrfmiddlewaretoken" not in risposta.content.decode()


# --- Confirming the address -----------------------------------------------------------------


@pytest.fixture
def richiesta():
    """A guest who has not opened her link yet."""

    def richiesta(incontro=None, adesso=None, **campi):
        return services.richiedi_iscrizione(
            incontro or IncontroFactory(posti=10),
            nome="Anna Bianchi",
            email=INDIRIZZO,
            adesso=adesso or timezone.now(),
            **campi,
        )

    return richiesta


def test_looking_at_the_headers_of_the_link_confirms_nothing(client, richiesta):
    iscrizione = richiesta()

    risposta = client.head(pagina(iscrizione, "iscrizione_conferma"))

    assert (risposta.status_code, risposta.content) == (200, b"")
    iscrizione.refresh_from_db()
    assert iscrizione.stato == Stato.DA_VERIFICARE


def test_opening_the_link_again_changes_nothing(client, richiesta):
    url = pagina(richiesta(), "iscrizione_conferma")
    client.get(url)
    mail, passaggi = Messaggio.objects.count(), Iscrizione.objects.get().passaggi.count()

    di_nuovo = client.get(url)

    assert "La tua iscrizione è confermata" in parole(di_nuovo)
    assert (Messaggio.objects.count(), Iscrizione.objects.get().passaggi.count()) == (
        mail,
        passaggi,
    )


def test_a_late_link_takes_a_seat_again_if_there_is_one(client, richiesta):
    iscrizione = richiesta(adesso=timezone.now() - timedelta(hours=2))

    risposta = client.get(pagina(iscrizione, "iscrizione_conferma"))

    assert "La tua iscrizione è confermata" in parole(risposta)


def test_a_late_link_leads_to_the_waiting_list_when_the_seats_are_gone(client, richiesta):
    incontro = IncontroFactory(posti=1)
    iscrizione = richiesta(incontro, adesso=timezone.now() - timedelta(hours=2))
    services.libera_scaduti(timezone.now())
    services.iscrivi_persona(incontro, UserFactory(), adesso=timezone.now())

    risposta = client.get(pagina(iscrizione, "iscrizione_conferma"))

    assert "Sei in lista d'attesa" in parole(risposta)


def test_a_link_opened_after_the_meeting_says_why_it_is_too_late(client, richiesta):
    iscrizione = richiesta(adesso=timezone.now() - timedelta(hours=2))
    Incontro.objects.update(inizio=tra(minutes=-10), fine=tra(hours=1))

    risposta = client.get(pagina(iscrizione, "iscrizione_conferma"))

    assert risposta.status_code == 409
    assert "L'incontro è già iniziato." in parole(risposta)


def test_the_link_does_not_bring_back_a_seat_given_up(client, richiesta):
    iscrizione = richiesta()
    client.get(pagina(iscrizione, "iscrizione_conferma"))
    client.post(pagina(iscrizione, "iscrizione_rinuncia"))

    risposta = client.get(pagina(iscrizione, "iscrizione_conferma"))

    assert "Hai lasciato il posto" in parole(risposta)


def test_before_the_link_is_opened_the_page_says_until_when_the_seat_is_held(client, richiesta):
    letta = parole(client.get(pagina(richiesta())))

    assert "Manca un passo" in letta
    assert "Teniamo il posto per te fino a" in letta
    assert "Conferma adesso" in letta


def test_a_hold_that_has_just_ended_is_not_shown_as_held(client, richiesta):
    letta = parole(client.get(pagina(richiesta(adesso=timezone.now() - timedelta(hours=1)))))

    assert "Il tempo è scaduto" in letta
    assert "Conferma adesso" in letta


# --- Her registration -----------------------------------------------------------------------


def test_only_who_is_confirmed_reads_the_online_link(client):
    incontro = IncontroFactory(posti=1, modalita="online", link_online="https://video.example/1")
    dentro, fuori = (
        IscrizioneFactory(incontro=incontro),
        IscrizioneFactory(incontro=incontro, in_attesa=True),
    )

    lette = [client.get(pagina(i)).content.decode() for i in (dentro, fuori)]

    assert ["https://video.example/1" in letta for letta in lette] == [True, False]


def test_the_page_tells_what_she_asked_for(client, richiesta):
    incontro = IncontroFactory(posti=10)
    servizio = ServizioFactory(incontro=incontro, genere="lis")
    iscrizione = richiesta(incontro, posti_richiesti=2, necessita="Sento poco", servizi=[servizio])

    letta = parole(client.get(pagina(iscrizione)))

    for parte in ("Anna Bianchi", "Persone 2", "interprete LIS", "Sento poco"):
        assert parte in letta


@pytest.mark.parametrize(
    ("campi", "detto"),
    [
        ({"stato": "annullato", "motivo": "Allerta meteo."}, "Allerta meteo."),
        ({"stato": "rinviato", "inizio": None, "motivo": "Sala occupata."}, "Teniamo la tua"),
        ({"inizio_precedente": tra(days=1)}, "L'incontro è stato spostato"),
        ({"passato": True}, "L'incontro si è svolto"),
    ],
)
def test_the_page_tells_what_became_of_the_meeting(client, campi, detto):
    iscrizione = IscrizioneFactory(incontro=IncontroFactory(**campi))

    assert detto in parole(client.get(pagina(iscrizione)))


def test_who_gave_up_her_seat_is_not_told_that_it_is_kept(client):
    rinviato = IncontroFactory(stato="rinviato", inizio=None, motivo="Sala occupata.")
    letta = parole(
        client.get(pagina(IscrizioneFactory(incontro=rinviato, stato=Stato.RINUNCIATA, posti=0)))
    )

    assert "Hai lasciato il posto" in letta
    assert "Teniamo la tua iscrizione" not in letta


def test_the_page_tells_why_the_office_cancelled_it(client):
    iscrizione = IscrizioneFactory()
    services.annulla_iscrizione(
        iscrizione, autore=UserFactory(ufficio=True), motivo="Doppione.", adesso=timezone.now()
    )

    letta = parole(client.get(pagina(iscrizione)))

    assert "L'ufficio ha annullato la tua iscrizione" in letta
    assert "Il motivo: Doppione." in letta


def test_her_calendar_file_is_a_calendar(client):
    iscrizione = IscrizioneFactory()

    risposta = client.get(pagina(iscrizione, "iscrizione_ics"))

    assert risposta["Content-Type"] == "text/calendar; charset=utf-8"
    assert risposta["Content-Disposition"] == (
        f'attachment; filename="{iscrizione.incontro.slug}.ics"'
    )
    assert risposta.content.startswith(b"BEGIN:VCALENDAR")


# --- Giving up, accepting, changing ---------------------------------------------------------


def test_cancelling_asks_once_and_the_seat_goes_to_the_next(client, link):
    incontro = IncontroFactory(posti=1)
    sua = IscrizioneFactory(incontro=incontro, email=INDIRIZZO)
    prossima = IscrizioneFactory(incontro=incontro, in_attesa=True)
    url = pagina(sua, "iscrizione_rinuncia")

    domanda = client.get(url)
    sua.refresh_from_db()
    ancora = sua.stato
    risposta = client.post(url, follow=True)

    assert "Lasci il posto?" in parole(domanda)
    assert ancora == Stato.CONFERMATA
    assert "Hai lasciato il posto" in parole(risposta)
    prossima.refresh_from_db()
    assert prossima.stato == Stato.POSTO_OFFERTO


def test_cancelling_twice_tells_how_things_stand(client):
    iscrizione = IscrizioneFactory()
    url = pagina(iscrizione, "iscrizione_rinuncia")

    risposte = [client.post(url, follow=True), client.post(url, follow=True), client.get(url)]

    assert [r.status_code for r in risposte] == [200, 200, 200]
    assert all("Hai lasciato il posto" in parole(r) for r in risposte)
    assert iscrizione.passaggi.count() == 1


def test_who_waits_leaves_the_line_with_one_button(client):
    iscrizione = IscrizioneFactory(in_attesa=True)

    domanda = parole(client.get(pagina(iscrizione, "iscrizione_rinuncia")))
    client.post(pagina(iscrizione, "iscrizione_rinuncia"))

    assert "Esci dalla lista d'attesa?" in domanda
    iscrizione.refresh_from_db()
    assert iscrizione.stato == Stato.RINUNCIATA


def test_once_the_meeting_has_begun_there_is_nothing_to_cancel(client):
    iscrizione = IscrizioneFactory(
        incontro=IncontroFactory(inizio=tra(minutes=-5), fine=tra(hours=1))
    )
    url = pagina(iscrizione, "iscrizione_rinuncia")

    letta, inviata = client.get(url), client.post(url)

    assert (letta.status_code, inviata.status_code) == (200, 409)
    assert "L'incontro è già iniziato" in parole(inviata)
    iscrizione.refresh_from_db()
    assert iscrizione.stato == Stato.CONFERMATA


@pytest.fixture
def offerta():
    """A seat offered to the head of the line, who asked for ``richiesti``."""

    def offerta(richiesti=1):
        incontro = IncontroFactory(posti=1)
        chi_lascia = IscrizioneFactory(incontro=incontro)
        iscrizione = IscrizioneFactory(
            incontro=incontro, in_attesa=True, email=INDIRIZZO, posti_richiesti=richiesti
        )
        services.rinuncia(chi_lascia, adesso=timezone.now())
        iscrizione.refresh_from_db()
        return iscrizione

    return offerta


def test_an_offered_seat_is_accepted_from_the_mail(client, offerta, link):
    iscrizione = offerta()

    pagina_offerta = client.get(link("accetta"))
    risposta = client.post(pagina(iscrizione, "iscrizione_accetta"), follow=True)

    assert "Accetta il posto" in parole(pagina_offerta)
    assert "Rispondi entro" in parole(pagina_offerta)
    assert "La tua iscrizione è confermata" in parole(risposta)


def test_reading_the_offer_accepts_nothing(client, offerta):
    iscrizione = offerta()

    client.get(pagina(iscrizione, "iscrizione_accetta"))
    client.head(pagina(iscrizione, "iscrizione_accetta"))

    iscrizione.refresh_from_db()
    assert iscrizione.stato == Stato.POSTO_OFFERTO


def test_an_offer_taken_too_late_says_where_it_went(client, offerta):
    iscrizione = offerta()
    Iscrizione.objects.filter(pk=iscrizione.pk).update(scade_at=tra(minutes=-1))

    risposta = client.post(pagina(iscrizione, "iscrizione_accetta"))

    assert risposta.status_code == 409
    assert "L'offerta non è più valida: il posto è passato a chi segue." in parole(risposta)
    assert "Iscriviti di nuovo" in parole(risposta)


def test_who_was_offered_less_than_asked_may_wait_for_all(client, offerta):
    iscrizione = offerta(richiesti=3)

    letta = parole(client.get(pagina(iscrizione)))
    risposta = client.post(pagina(iscrizione, "iscrizione_aspetta"), follow=True)

    assert "Si è liberato un posto; ne avevi chiesti 3." in letta
    assert "Aspetta di averne 3" in letta
    assert "resti in lista" in parole(risposta)
    iscrizione.refresh_from_db()
    assert (iscrizione.stato, iscrizione.solo_al_completo) == (Stato.LISTA_ATTESA, True)


def test_seats_can_be_changed_while_there_are_some(client):
    iscrizione = IscrizioneFactory(incontro=IncontroFactory(posti=4))
    url = pagina(iscrizione, "iscrizione_modifica")

    cambiata = client.post(url, {"posti_richiesti": "3"}, follow=True)
    rifiutata = client.post(url, {"posti_richiesti": "5"})

    assert "abbiamo salvato le tue modifiche" in parole(cambiata)
    assert rifiutata.status_code == 409
    assert "Non ci sono abbastanza posti liberi" in parole(rifiutata)
    iscrizione.refresh_from_db()
    assert iscrizione.posti == 3


@pytest.mark.parametrize("valore", ["0", "6", "", "molti"])
def test_an_impossible_number_of_seats_changes_nothing(client, valore):
    iscrizione = IscrizioneFactory()

    risposta = client.post(pagina(iscrizione, "iscrizione_modifica"), {"posti_richiesti": valore})

    assert risposta.status_code == 200
    iscrizione.refresh_from_db()
    assert iscrizione.posti == 1


def test_what_is_over_cannot_be_changed_and_the_page_says_how_things_stand(client):
    lasciata = IscrizioneFactory(stato=Stato.RINUNCIATA, posti=0)
    url = pagina(lasciata, "iscrizione_modifica")

    letta, inviata = client.get(url), client.post(url, {"posti_richiesti": "2"})

    assert (letta.status_code, inviata.status_code) == (200, 409)
    assert "Hai lasciato il posto" in parole(letta)
    assert "i posti non si possono cambiare" in parole(inviata)


def test_needs_and_services_can_be_changed_and_a_late_one_only_kept_or_dropped(client):
    incontro = IncontroFactory()
    ieri = timezone.now() - timedelta(days=1)
    tardi, nuovo, chiuso = (
        ServizioFactory(incontro=incontro, genere=genere, richiedibile_fino=fino)
        for genere, fino in (("bambini", ieri), ("lis", None), ("trasporto", ieri))
    )
    sua = IscrizioneFactory(incontro=incontro)
    sua.richieste.create(servizio=tardi)
    url = pagina(sua, "iscrizione_modifica")

    letta = client.get(url)
    client.post(
        url,
        {
            "posti_richiesti": "1",
            "necessita": "Uso la sedia a rotelle",
            "servizi": [str(tardi.pk), str(nuovo.pk)],
        },
    )

    assert [str(pk) for pk in (tardi.pk, nuovo.pk)] == list(
        letta.context["form"].fields["servizi"].servizi
    )
    assert set(sua.richieste.values_list("servizio", flat=True)) == {tardi.pk, nuovo.pk}
    assert Necessita.objects.get(iscrizione=sua).testo == "Uso la sedia a rotelle"
    rifiutata = client.post(url, {"posti_richiesti": "1", "servizi": [str(chiuso.pk)]})
    assert "non si può più chiedere" in parole(rifiutata)

    client.post(url, {"posti_richiesti": "1", "necessita": "", "servizi": []})
    assert (sua.richieste.count(), Necessita.objects.count()) == (0, 0)


def test_without_a_seat_for_one_more_her_needs_stay_as_they_were_too(client):
    sua = IscrizioneFactory(incontro=IncontroFactory(posti=1))

    risposta = client.post(
        pagina(sua, "iscrizione_modifica"), {"posti_richiesti": "2", "necessita": "Altro"}
    )

    assert risposta.status_code == 409
    assert Necessita.objects.count() == 0
    # What she typed is still there.
    assert risposta.context["form"]["necessita"].value() == "Altro"


def test_who_waits_changes_how_many_without_losing_her_place(client):
    incontro = IncontroFactory(posti=1)
    IscrizioneFactory(incontro=incontro)
    sua = IscrizioneFactory(incontro=incontro, in_attesa=True)
    IscrizioneFactory(incontro=incontro, in_attesa=True)

    client.post(pagina(sua, "iscrizione_modifica"), {"posti_richiesti": "2"})

    sua.refresh_from_db()
    assert (sua.posti_richiesti, sua.posizione_in_lista()) == (2, 1)


# --- Reminders ------------------------------------------------------------------------------


def test_a_mail_program_stops_reminders_by_itself():
    altra = IscrizioneFactory(email=INDIRIZZO)
    iscrizione = IscrizioneFactory(email=INDIRIZZO)
    programma = Client(enforce_csrf_checks=True)

    risposta = programma.post(
        pagina(iscrizione, "iscrizione_promemoria"), {"List-Unsubscribe": "One-Click"}
    )

    assert risposta.status_code == 200
    for una in (iscrizione, altra):
        una.refresh_from_db()
    assert (iscrizione.promemoria_graditi, iscrizione.stato) == (False, Stato.CONFERMATA)
    assert altra.promemoria_graditi


def test_reading_the_reminders_page_stops_nothing(client):
    iscrizione = IscrizioneFactory()

    letta = parole(client.get(pagina(iscrizione, "iscrizione_promemoria")))

    assert "Ferma i promemoria" in letta
    iscrizione.refresh_from_db()
    assert iscrizione.promemoria_graditi


# --- Queries --------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 3])
def test_the_form_asks_the_same_queries_for_one_or_three_services(
    n, client, django_assert_num_queries
):
    incontro = IncontroFactory(posti=10)
    ServizioFactory.create_batch(n, incontro=incontro)

    with django_assert_num_queries(5):
        client.get(pagina_modulo(incontro))


@pytest.mark.parametrize("n", [1, 3])
def test_a_private_page_asks_the_same_queries_for_one_or_three_services(
    n, client, django_assert_num_queries, richiesta
):
    incontro = IncontroFactory(posti=10)
    servizi = ServizioFactory.create_batch(n, incontro=incontro)
    url = pagina(richiesta(incontro, servizi=servizi))

    with django_assert_num_queries(3):
        client.get(url)
