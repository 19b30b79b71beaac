"""The Tavolo's public page, its open door, and the page of an invitation."""

import csv
import io
import re
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from percorso.models import Percorso
from posta.services import spedisci_dovuti
from proposte.models import Tema
from tavolo.models import Componente, ImpostazioniTavolo, RichiestaAdesione, Seggio
from tavolo.services import soggetti
from tests.factories import (
    ComponenteFactory,
    DecisioneFactory,
    LaboratorioFactory,
    OrganizzazioneFactory,
    PercorsoFactory,
    SedutaFactory,
    SeggioFactory,
    UserFactory,
    VerbaleFactory,
)

pytestmark = pytest.mark.django_db

TAVOLO = "/tavolo/"
MODULO = {
    "nome": "Gruppo Orti",
    "genere": "altro",
    "attivita": "Coltiviamo l'orto del quartiere.",
    "contatto": "Carla Riservata",
    "email": "orti@example.org",
    "informativa": "on",
}


@pytest.fixture(autouse=True)
def senza_fretta(settings):
    settings.RATE_LIMITS = False


def ieri():
    return timezone.localdate() - timedelta(days=1)


# --- The page -------------------------------------------------------------------------------


def test_the_page_names_organisations_and_never_a_person(client, percorso):
    seggio = SeggioFactory(
        percorso=percorso,
        organizzazione=OrganizzazioneFactory(
            nome="Amici degli orti",
            attivita="Coltiviamo.",
            contatto="Carla Riservata",
            email="riservata@example.org",
            telefono="0523 111222",
            note="Nota riservata",
        ),
        dal=date(2024, 5, 3),
        ruolo=Seggio.Ruolo.COORDINAMENTO,
    )
    seggio.organizzazione.laboratori.set([LaboratorioFactory(nome="Zona nord")])
    seggio.organizzazione.temi.set([Tema.objects.create(nome="Verde in città", slug="verde-x")])
    ComponenteFactory(seggio=seggio)
    uscita = SeggioFactory(percorso=percorso, organizzazione__nome="Vecchio coro", al=ieri())
    SeggioFactory(percorso=percorso, organizzazione__nome="Domani", dal=date(2090, 1, 1))
    SeggioFactory(organizzazione__nome="Altrove", percorso__stato=Percorso.Stato.CONCLUSO)
    tornata = OrganizzazioneFactory(nome="Tornata")
    SeggioFactory(percorso=percorso, organizzazione=tornata, al=ieri())
    SeggioFactory(percorso=percorso, organizzazione=tornata, dal=timezone.localdate())

    for indirizzo in (TAVOLO, "/en/tavolo/", "/tavolo/organizzazioni.csv"):
        response = client.get(indirizzo)
        testo = b"".join(response).decode()
        assert response.status_code == 200
        assert "Amici degli orti" in testo
        for segreto in ("Riservata", "riservata@", "Nota ris", "0523 111222", "Altrove"):
            assert segreto not in testo, indirizzo
    contesto = client.get(TAVOLO).context
    assert [s.nome for s in contesto["seduti"]] == ["Amici degli orti", "Tornata"]
    assert [s.nome for s in contesto["passati"]] == [str(uscita)]
    s = contesto["seduti"][0]
    assert (s.genere, s.ruolo, s.periodo, s.zone, s.temi) == (
        "Associazione",
        "coordinamento",
        "dal 3 maggio 2024",
        "Zona nord",
        "Verde in città",
    )


@pytest.mark.parametrize("righe", [1, 3])
def test_the_page_asks_as_often_for_one_row_as_for_three(
    client, percorso, righe, django_assert_num_queries
):
    ImpostazioniTavolo.objects.create(percorso=percorso)
    for _n in range(righe):
        seggio = SeggioFactory(percorso=percorso)
        seggio.organizzazione.laboratori.set([LaboratorioFactory()])
        SeggioFactory(percorso=percorso, al=ieri())
        SedutaFactory(incontro__percorso=percorso)
        passata = SedutaFactory(incontro__percorso=percorso, chiusa=True)
        VerbaleFactory(seduta=passata)
        DecisioneFactory(seduta=passata)
        SeggioFactory(percorso__stato=Percorso.Stato.CONCLUSO)

    with django_assert_num_queries(10):
        contesto = client.get(TAVOLO).context
    quanti = [
        len(contesto[nome]) for nome in ("seduti", "passati", "prossime", "passate", "decisioni")
    ]
    assert quanti == [righe] * 5
    assert len(contesto["altri"]) == righe


def test_an_older_tavolo_has_its_page_and_invents_no_rules(client, percorso):
    vecchio = PercorsoFactory(stato=Percorso.Stato.CONCLUSO, titolo="Percorso di prima")
    bozza = PercorsoFactory(stato=Percorso.Stato.BOZZA)
    ImpostazioniTavolo.objects.create(
        percorso=vecchio,
        presentazione="Era aperto a tutti.",
        fonti=["https://www.example.org/scheda"],
    )
    SeggioFactory(percorso=percorso)
    SeggioFactory(percorso=bozza)

    pagina = client.get(TAVOLO)
    assert pagina.context["percorso"] == percorso
    assert pagina.context["altri"] == [vecchio]
    assert "più della metà dei seggi" in pagina.content.decode()

    pagina = client.get(TAVOLO, {"percorso": vecchio.slug})
    testo = pagina.content.decode()
    assert pagina.context["altri"] == [percorso]
    assert "Era aperto a tutti." in testo
    assert "https://www.example.org/scheda" in testo
    assert "Le regole di questo Tavolo sono da comunicare." in testo
    assert "più della metà" not in testo
    for ignoto in (bozza.slug, "non-c-e", "\0"):
        assert client.get(TAVOLO, {"percorso": ignoto}).status_code == (
            200 if ignoto == "\0" else 404
        )


def test_a_called_off_sitting_says_so_and_a_draft_does_not_show(client, percorso):
    SeggioFactory(percorso=percorso)
    SedutaFactory(incontro__percorso=percorso, incontro__stato="annullato")
    SedutaFactory(incontro__percorso=percorso, in_preparazione=True)
    prossime = client.get(TAVOLO).context["prossime"]
    assert [seduta.stato for seduta in prossime] == ["annullato"]


def test_with_no_tavolo_at_all_the_page_says_what_it_is(client):
    response = client.get(TAVOLO)
    assert response.status_code == 200
    assert response.context["percorso"] is None
    assert "Le organizzazioni sono da comunicare." in response.content.decode()


def test_the_sheet_has_a_row_for_each_seat_and_no_formulas(client, percorso):
    SeggioFactory(percorso=percorso, organizzazione__nome="=1+1", al=date(2026, 1, 1))
    response = client.get("/tavolo/organizzazioni.csv", {"percorso": percorso.slug})
    righe = list(
        csv.DictReader(io.StringIO(b"".join(response).decode("utf-8-sig")), delimiter=";")
    )
    assert [(r["organizzazione"], r["dal"], r["al"]) for r in righe] == [
        ("'=1+1", "2020-01-01", "2026-01-01")
    ]


# --- Open door ------------------------------------------------------------------------------


def link(mailoutbox, prima="/partecipo/conferma/"):
    spedisci_dovuti()
    return re.search(rf"https?://[^/\s]+((?:/en)?{prima}\S+)", mailoutbox[-1].body)[1]


def test_an_organisation_asks_by_form_and_by_the_link_of_its_mail(client, percorso, mailoutbox):
    SeggioFactory(percorso=percorso)
    zona = LaboratorioFactory()
    dati = {**MODULO, "laboratori": [zona.pk]}
    assert client.get(reverse("tavolo:adesione_crea")).status_code == 200
    response = client.post("/en/tavolo/adesione/", dati)
    assert (response.status_code, response.url) == (303, "/en/partecipo/controlla-la-posta/")
    assert RichiestaAdesione.objects.count() == 0

    conferma = link(mailoutbox)
    response = client.get(conferma)
    assert response.url == "/en/tavolo/adesione/inviata/"
    assert client.get(response.url).status_code == 200
    client.get(conferma)
    richiesta = RichiestaAdesione.objects.get()
    assert (richiesta.nome, richiesta.percorso, richiesta.lingua) == (
        "Gruppo Orti",
        percorso,
        "en",
    )
    assert list(richiesta.laboratori.all()) == [zona]

    # This browser is known now: the next request under the same address needs no mail.
    response = client.post("/tavolo/adesione/", {**MODULO, "nome": "Coro"})
    assert response.url == "/tavolo/adesione/inviata/"
    assert RichiestaAdesione.objects.count() == 2
    # Another address is another person's until she confirms it.
    client.post("/tavolo/adesione/", {**MODULO, "email": "altra@example.org"})
    assert RichiestaAdesione.objects.count() == 2


def test_what_is_missing_is_said_beside_its_field_and_nothing_is_asked(client, percorso):
    SeggioFactory(percorso=percorso)
    response = client.post("/tavolo/adesione/", {"nome": "a\0b", "laboratori": ["x"]})
    assert sorted(response.context["form"].errors) == [
        "attivita",
        "contatto",
        "email",
        "genere",
        "informativa",
        "laboratori",
        "nome",
    ]


def test_a_closed_door_shows_no_form_and_a_late_link_is_told(client, percorso, mailoutbox):
    SeggioFactory(percorso=percorso)
    client.post("/tavolo/adesione/", MODULO)
    conferma = link(mailoutbox)
    ImpostazioniTavolo.objects.create(percorso=percorso, porta_aperta=False)

    pagina = client.get("/tavolo/adesione/")
    assert "form" not in pagina.context
    assert client.post("/tavolo/adesione/", MODULO).status_code == 200
    assert reverse("tavolo:adesione_crea") not in client.get(TAVOLO).content.decode()
    assert client.get(conferma).url == "/tavolo/adesione/"
    assert RichiestaAdesione.objects.count() == 0


# --- Invitations ----------------------------------------------------------------------------


@pytest.fixture
def invitata(percorso):
    componente = ComponenteFactory(
        seggio=SeggioFactory(percorso=percorso), invitato=True, invitato_at=None
    )
    return soggetti.invita(componente, autore=None, adesso=timezone.now())


def test_from_the_mail_to_the_seat(client, invitata, mailoutbox):
    pagina = link(mailoutbox, "/tavolo/invito/")
    response = client.get(pagina)
    testo = response.content.decode()
    assert response.status_code == 200
    assert str(invitata.seggio.organizzazione) in testo
    # Whoever found the link does not learn whose it is.
    assert invitata.nome not in testo
    assert invitata.email not in testo
    accedi = client.post(pagina).url
    assert accedi == f"/accounts/login/?next={pagina}"
    assert f'href="/accounts/login/?{urlencode({"next": pagina})}"' in testo
    assert "noindex" in response["X-Robots-Tag"]

    persona = UserFactory(email="altro-indirizzo@example.org")
    response = client.post(
        accedi, {"login": persona.email, "password": "una-password-lunga"}, follow=True
    )
    assert response.redirect_chain[-1][0] == pagina
    assert Componente.objects.get().persona is None
    response = client.post(pagina)
    assert (response.status_code, response.url) == (303, "/tavolo/area-riservata/")
    assert Componente.objects.get().persona == persona
    assert client.get(response.url).status_code == 200
    # A double click, and the mail opened again, lead to the same place.
    assert client.post(pagina).url == response.url
    assert client.get(pagina).url == response.url

    client.force_login(UserFactory())
    for altro in (client.get(pagina), client.post(pagina)):
        assert altro.status_code == 410
        assert "già stato usato" in altro.content.decode()
    client.logout()
    assert client.get(pagina).status_code == 410


def test_a_link_that_opens_nothing_says_so_and_names_nothing(client, invitata):
    pagina = reverse("tavolo:invito", args=[invitata.token])
    rotto = reverse("tavolo:invito", args=[f"{invitata.token[:-1]}!"])
    client.force_login(UserFactory())
    oggi = timezone.localdate()
    Componente.objects.update(al=oggi - timedelta(days=1), dal=oggi - timedelta(days=9))
    for indirizzo in (pagina, rotto):
        for response in (client.get(indirizzo), client.post(indirizzo)):
            assert response.status_code == 410
            assert str(invitata.seggio.organizzazione) not in response.content.decode()
    assert Componente.objects.get().persona is None


def test_who_has_a_seat_already_is_told_why_the_button_did_nothing(client, percorso, invitata):
    gia = ComponenteFactory(seggio__percorso=percorso)
    client.force_login(gia.persona)
    response = client.post(reverse("tavolo:invito", args=[invitata.token]))
    assert response.status_code == 409
    assert str(gia.seggio.organizzazione) in response.content.decode()
    invitata.refresh_from_db()
    assert invitata.persona is None


def test_a_mandate_that_begins_later_is_accepted_now_and_opens_nothing_yet(client, invitata):
    domani = timezone.localdate() + timedelta(days=1)
    Componente.objects.update(dal=domani)
    client.force_login(UserFactory())
    pagina = reverse("tavolo:invito", args=[invitata.token])
    assert client.get(pagina).context["comincia"] is True
    assert client.post(pagina).url == "/tavolo/"
    assert client.get("/tavolo/area-riservata/").status_code == 404
