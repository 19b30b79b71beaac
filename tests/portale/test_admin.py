from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from eventi.models import Incontro, Iscrizione, Necessita
from laboratori.models import Disponibilita
from portale import cruscotto
from posta.models import Messaggio
from posta.services import SILENZIO, batti
from proposte import commenti, services
from proposte.models import Bisogno, EsitoPreparato, Nota, Proposta
from tests.factories import (
    BisognoFactory,
    ComponenteFactory,
    DecisioneFactory,
    DisponibilitaFactory,
    IncontroFactory,
    IscrizioneFactory,
    MessaggioFactory,
    NotaFactory,
    PercorsoFactory,
    ProceduraScrittaFactory,
    PropostaFactory,
    ResocontoFactory,
    RichiestaAdesioneFactory,
    RispostaFactory,
    SedutaFactory,
    SeggioFactory,
    TemaFactory,
    UserFactory,
    VerbaleFactory,
    VerificaTecnicaFactory,
)
from tests.ruoli import entra

pytestmark = pytest.mark.django_db

INDICE = "/admin/"


@pytest.fixture
def ufficio(client):
    return entra(client, "ufficio")


@pytest.fixture
def macchine_vive():
    for nome in SILENZIO:
        batti(nome, timezone.now())


# --- Who enters -----------------------------------------------------------------------------


def test_the_login_is_the_portals_own_and_brings_back_to_the_page(client):
    response = client.get("/admin/login/?next=/admin/eventi/incontro/")

    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=%2Fadmin%2Feventi%2Fincontro%2F"


def test_who_logs_in_on_the_way_to_a_page_arrives_there(client):
    UserFactory(email="capo@example.org", ufficio=True)
    pagina = client.get("/admin/eventi/sede/", follow=True)
    modulo, _stato = pagina.redirect_chain[-1]

    response = client.post(
        modulo,
        {
            "login": "capo@example.org",
            "password": "una-password-lunga",
            "next": "/admin/eventi/sede/",
        },
        follow=True,
    )

    assert response.redirect_chain == [("/admin/eventi/sede/", 302)]
    assert response.status_code == 200


def test_a_password_sent_to_the_admin_is_not_looked_at(client):
    UserFactory(email="capo@example.org", ufficio=True)

    response = client.post(
        "/admin/login/", {"username": "capo@example.org", "password": "una-password-lunga"}
    )

    assert (response.status_code, response["Location"]) == (
        302,
        "/accounts/login/?next=%2Fadmin%2F",
    )
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    ("ruolo", "atteso"),
    [
        ("anonima", 302),
        ("cittadina", 404),
        ("facilitatore", 200),
        ("moderatore", 200),
        ("ufficio", 200),
        ("amministratrice", 200),
    ],
)
def test_only_the_office_enters(client, ruolo, atteso):
    entra(client, ruolo)

    assert client.get(INDICE).status_code == atteso


@pytest.mark.parametrize("indirizzo", ["/admin/login/", "/admin/eventi/incontro/", "/admin/xyz/"])
def test_a_citizen_who_is_logged_in_finds_nothing_at_any_address(client, indirizzo):
    entra(client, "cittadina")

    assert client.get(indirizzo).status_code == 404


def test_the_office_that_is_in_already_goes_to_its_first_page(client, ufficio):
    response = client.get("/admin/login/")

    assert (response.status_code, response["Location"]) == (302, INDICE)


def test_the_password_is_changed_where_tries_are_limited(client, ufficio):
    response = client.get("/admin/password_change/")

    assert (response.status_code, response["Location"]) == (302, "/accounts/password/change/")


def test_who_leaves_goes_to_the_home_page(client, ufficio):
    response = client.post("/admin/logout/")

    assert (response.status_code, response["Location"]) == (302, "/")


def test_the_office_speaks_italian_whatever_the_browser_prefers(client, ufficio):
    response = client.get(INDICE, headers={"accept-language": "en"})

    html = response.content.decode()
    assert '<html lang="it"' in html
    assert "Che cosa c&#x27;è da fare" in html
    assert "Vedi il sito" in html
    assert "Laboratori di quartiere · Ufficio Partecipazione" in html


def test_the_pages_of_the_admin_have_no_inline_script_or_style(client, ufficio):
    incontro = IncontroFactory()
    for indirizzo in (
        INDICE,
        "/admin/eventi/incontro/",
        f"/admin/eventi/incontro/{incontro.pk}/change/",
        f"/admin/eventi/incontro/{incontro.pk}/iscrivi/",
        f"/admin/eventi/incontro/{incontro.pk}/sposta/",
        "/admin/eventi/iscrizione/",
    ):
        html = client.get(indirizzo).content.decode()
        assert "<style" not in html
        assert ' style="' not in html
        assert " onclick=" not in html
        assert "<script>" not in html


# --- What there is to do --------------------------------------------------------------------


def _voci(persona, adesso=None):
    return [
        (voce.quanti, voce.url) for voce in cruscotto.da_fare(persona, adesso or timezone.now())
    ]


def test_all_is_well_when_nothing_waits(client, ufficio, macchine_vive):
    IncontroFactory()

    response = client.get(INDICE)

    assert response.context["da_fare"] == []
    assert "Niente in sospeso" in response.content.decode()


def test_a_stopped_machine_comes_first_and_says_what_does_not_leave(client, ufficio):
    IncontroFactory(passato=True, stato=Incontro.Stato.PUBBLICATO)

    voci = client.get(INDICE).context["da_fare"]

    assert [(voce.quanti, voce.grave) for voce in voci] == [
        (None, True),
        (None, True),
        (1, False),
    ]
    assert "non partono. Non si è mai visto. Avvisa chi gestisce il server." in voci[0].testo


def test_each_line_counts_the_rows_of_the_list_that_it_opens(client, ufficio, macchine_vive):
    """One thing to do of each kind, beside others that are in order."""
    adesso = timezone.now()
    percorso = PercorsoFactory()
    comuni = {"percorso": percorso, "laboratorio": None}
    # Late: over for more than 15 days; the second is still "pubblicato" as well.
    IncontroFactory(**comuni, inizio=adesso - timedelta(days=20), stato=Incontro.Stato.SVOLTO)
    IncontroFactory(**comuni, inizio=adesso - timedelta(days=21), stato=Incontro.Stato.PUBBLICATO)
    # In order: within the days, told already, cancelled, of a process that is closed.
    IncontroFactory(**comuni, inizio=adesso - timedelta(days=10), stato=Incontro.Stato.SVOLTO)
    ResocontoFactory(
        incontro=IncontroFactory(
            **comuni, inizio=adesso - timedelta(days=30), stato=Incontro.Stato.SVOLTO
        )
    )
    IncontroFactory(**comuni, inizio=adesso - timedelta(days=30), stato=Incontro.Stato.ANNULLATO)
    IncontroFactory(
        percorso__stato="concluso",
        laboratorio=None,
        inizio=adesso - timedelta(days=900),
        stato=Incontro.Stato.SVOLTO,
    )
    # Drafts: one near, one far.
    IncontroFactory(**comuni, inizio=adesso + timedelta(days=29), stato=Incontro.Stato.BOZZA)
    IncontroFactory(**comuni, inizio=adesso + timedelta(days=40), stato=Incontro.Stato.BOZZA)
    futuro = IncontroFactory(**comuni)
    IscrizioneFactory(
        incontro=futuro,
        stato=Iscrizione.Stato.POSTO_OFFERTO,
        scade_at=adesso + timedelta(hours=3),
    )
    IscrizioneFactory(incontro=futuro)
    DisponibilitaFactory(stato=Disponibilita.Stato.NUOVA)
    DisponibilitaFactory(stato=Disponibilita.Stato.DA_VERIFICARE)
    MessaggioFactory(stato=Messaggio.Stato.FALLITO)

    voci = client.get(INDICE).context["da_fare"]

    assert [(voce.quanti, voce.url) for voce in voci] == [
        (1, "/admin/posta/messaggio/?serve=falliti"),
        (2, "/admin/eventi/incontro/?quando=in_ritardo"),
        (1, "/admin/eventi/incontro/?quando=da_chiudere"),
        (1, "/admin/eventi/incontro/?quando=bozze"),
        (1, "/admin/eventi/iscrizione/?serve=offerte"),
        (1, "/admin/laboratori/disponibilita/?gestione=nuove"),
    ]
    for voce in voci:
        assert client.get(voce.url).context["cl"].result_count == voce.quanti


def test_the_days_for_a_report_are_the_offices_own(settings, ufficio, macchine_vive):
    IncontroFactory(passato=True, stato=Incontro.Stato.SVOLTO)
    assert _voci(ufficio) == []

    settings.RESOCONTO_GIORNI = 5

    assert _voci(ufficio) == [(1, "/admin/eventi/incontro/?quando=in_ritardo")]


def _decisa(giorni_fa, **campi):
    """An accepted proposal whose outcome was published so many days ago."""
    proposta = PropostaFactory(stato=Proposta.Stato.IN_VALUTAZIONE, **campi)
    services.decidi(
        proposta,
        Proposta.Stato.ACCOLTA,
        "Sì.",
        None,
        adesso=timezone.now() - timedelta(days=giorni_fa),
    )
    return proposta


def test_each_line_of_proposals_counts_the_rows_of_the_list_that_it_opens(
    client, ufficio, macchine_vive, settings
):
    """One thing to do of each kind, beside others that are in order."""
    adesso = timezone.now()
    percorso = PercorsoFactory()
    tema = TemaFactory()
    comuni = {"percorso": percorso, "laboratorio": None, "per_la_citta": True}

    def a_posto(**campi):
        proposta = PropostaFactory(**{**comuni, **campi})
        proposta.temi.add(tema)
        return proposta

    # Two wait, one for too long.
    a_posto(inviata=True, titolo="Alberi", inviata_at=adesso - timedelta(hours=49))
    a_posto(inviata=True, titolo="Fontane", inviata_at=adesso - timedelta(hours=3))
    BisognoFactory(percorso=percorso, laboratorio=None, stato=Bisogno.Stato.INVIATO)
    segnalata = a_posto(titolo="Sale")
    commenti.segnala(proposta=segnalata, motivo="offensivo", modulo="1", adesso=adesso)
    services.nascondi(
        nascosta := a_posto(titolo="Negozio"), ufficio, "pubblicita", "No.", adesso=adesso
    )
    services.chiedi_riesame(nascosta, "Perché?", adesso=adesso)
    # Decided: two without an answer, one of them late; one with its answer.
    _decisa(31, **comuni, titolo="Pedibus").temi.add(tema)
    _decisa(2, **comuni, titolo="Palestra").temi.add(tema)
    RispostaFactory(proposta=(risposta := _decisa(40, **comuni, titolo="Alveo")))
    risposta.temi.add(tema)
    EsitoPreparato.objects.create(
        proposta=a_posto(titolo="Cortili", stato=Proposta.Stato.IN_VALUTAZIONE), esito="accolta"
    )
    PropostaFactory(**{**comuni, "per_la_citta": False}, titolo="Mercato").temi.add(tema)
    PropostaFactory(**comuni, titolo="Lampioni")
    a_posto(titolo="Le panchine nei giardini")
    a_posto(titolo="Una panchina nel giardino")
    VerificaTecnicaFactory(
        proposta=a_posto(titolo="Ponti"), scadenza=timezone.localdate() - timedelta(days=1)
    )
    VerificaTecnicaFactory(proposta=a_posto(titolo="Viali"), scadenza=timezone.localdate())
    incontro = IncontroFactory(
        percorso=percorso, laboratorio=None, passato=True, titolo="Che cosa serve", slug="serve"
    )
    ResocontoFactory(incontro=incontro)
    Incontro.objects.filter(pk=incontro.pk).update(stato=Incontro.Stato.SVOLTO)
    NotaFactory(incontro=incontro)
    NotaFactory(incontro=incontro)
    NotaFactory(incontro=incontro, scartata=True)
    # The mails of what was decided long ago.
    Messaggio.objects.all().delete()

    voci = client.get(INDICE).context["da_fare"]

    proposte = "/admin/proposte/proposta/"
    assert [(voce.quanti, voce.grave, voce.url) for voce in voci] == [
        (2, True, f"{proposte}coda/?genere=proposta"),
        (2, True, f"{proposte}?serve=risposta"),
        (1, True, "/admin/proposte/verificatecnica/?punto=in_ritardo"),
        (1, False, f"{proposte}coda/?genere=bisogno"),
        (1, False, f"{proposte}coda/?genere=segnalazione"),
        (1, False, f"{proposte}coda/?genere=riesame"),
        (1, False, f"{proposte}esiti-preparati/"),
        (1, False, f"{proposte}?serve=laboratorio"),
        (1, False, f"{proposte}?serve=tema"),
        (2, False, f"{proposte}?serve=doppioni"),
        (2, False, "/raccolta/ordina/serve/"),
    ]
    assert [voce.testo for voce in voci[:4]] == [
        "proposte aspettano la moderazione, la più vecchia da 2 giorni",
        "proposte decise sono senza risposta del Comune, la più vecchia da 31 giorni",
        "verifica tecnica è in ritardo",
        "bisogno aspetta la moderazione, da meno di un'ora",
    ]
    assert voci[-1].testo == "note da ordinare di «Che cosa serve»"
    for voce in voci:
        contesto = client.get(voce.url).context
        if "cl" in contesto:
            assert contesto["cl"].result_count == voce.quanti
        elif "foglio" in contesto:
            assert contesto["foglio"].paginator.count == voce.quanti
        elif "preparati" in contesto:
            assert len(contesto["preparati"]) == voce.quanti
    assert Nota.objects.count() == 3


def test_each_line_of_the_tavolo_counts_the_rows_of_the_list_that_it_opens(
    client, ufficio, macchine_vive
):
    """One thing to do of each kind, beside others that are in order."""
    adesso = timezone.now()
    percorso = PercorsoFactory()
    RichiestaAdesioneFactory(percorso=percorso, created_at=adesso - timedelta(days=16))
    RichiestaAdesioneFactory(percorso=percorso, stato="accolta")
    seggio = SeggioFactory(percorso=percorso)
    ComponenteFactory(seggio=seggio, invitato=True, invitato_at=None)
    ComponenteFactory(seggio=seggio, supplente=True)
    for stato in ("fermata", "senza_numero", "aperta"):
        ProceduraScrittaFactory(percorso=percorso, stato=stato, chiusa_at=adesso)
    SedutaFactory(chiusa=True, incontro__percorso=percorso)
    vecchia = SedutaFactory(chiusa=True, incontro__percorso=percorso)
    verbale = VerbaleFactory(
        seduta=vecchia,
        stato="in_correzione",
        correzioni_fino_a=adesso - timedelta(days=1),
    )
    pronto = VerbaleFactory(
        seduta__incontro__percorso=percorso,
        stato="in_correzione",
        correzioni_fino_a=adesso - timedelta(days=1),
    )
    for n in range(2):
        verbale.correzioni.create(
            seggio=seggio,
            componente=seggio.componenti.first(),
            testo="No.",
            chiave=f"{n}",
            created_at=adesso,
        )
    tempo_fa = adesso - timedelta(days=31)
    DecisioneFactory(seduta=pronto.seduta, pubblicata_at=None, presa_at=tempo_fa)
    DecisioneFactory(seduta=vecchia, pubblicata_at=None, presa_at=adesso)

    tutte = client.get(INDICE).context["da_fare"]
    voci = [voce for voce in tutte if voce.url.startswith("/admin/tavolo/")]

    assert [(voce.quanti, voce.grave, voce.url) for voce in voci] == [
        (1, True, "/admin/tavolo/richiestaadesione/"),
        (1, True, "/admin/tavolo/verbale/?punto=rispondere"),
        (1, True, "/admin/tavolo/decisione/?pubblicata=tardi"),
        (1, False, "/admin/tavolo/componente/?punto=da_invitare"),
        (1, False, "/admin/tavolo/procedurascritta/?riprendere=fermata"),
        (1, False, "/admin/tavolo/procedurascritta/?riprendere=senza_numero"),
        (1, False, "/admin/tavolo/seduta/?quando=senza_verbale"),
        (1, False, "/admin/tavolo/verbale/?punto=approvare"),
    ]
    for voce in voci:
        assert client.get(voce.url).context["cl"].result_count == voce.quanti


def test_a_moderator_is_told_of_what_people_wrote_and_a_facilitator_of_her_notes(client):
    PropostaFactory(inviata=True)
    PropostaFactory(stato=Proposta.Stato.ACCOLTA)
    incontro = IncontroFactory(passato=True, stato=Incontro.Stato.SVOLTO)
    NotaFactory(incontro=incontro)
    adesso = timezone.now()

    moderatore = cruscotto.da_fare(entra(client, "moderatore"), adesso)
    facilitatore = cruscotto.da_fare(entra(client, "facilitatore"), adesso)

    assert [voce.url for voce in moderatore] == ["/admin/proposte/proposta/coda/?genere=proposta"]
    assert [voce.url for voce in facilitatore] == [f"/raccolta/ordina/{incontro.slug}/"]


def test_a_moderator_sees_nothing_of_registrations_mails_or_offers(client):
    moderatore = entra(client, "moderatore")
    DisponibilitaFactory(stato=Disponibilita.Stato.NUOVA)
    MessaggioFactory(stato=Messaggio.Stato.FALLITO)
    IscrizioneFactory(
        stato=Iscrizione.Stato.POSTO_OFFERTO, scade_at=timezone.now() + timedelta(hours=1)
    )

    assert cruscotto.da_fare(moderatore, timezone.now()) == []


# --- The week -------------------------------------------------------------------------------


def test_the_week_shows_published_meetings_with_their_seats_and_needs(client, ufficio):
    adesso = timezone.now()
    presto = IncontroFactory(inizio=adesso + timedelta(days=2), posti=3)
    IncontroFactory(inizio=adesso + timedelta(days=8))
    IncontroFactory(inizio=adesso + timedelta(days=2), stato=Incontro.Stato.BOZZA)
    iscritta = IscrizioneFactory(incontro=presto, posti_richiesti=2)
    Necessita.objects.create(iscrizione=iscritta, testo="uno spazio per la carrozzina")
    IscrizioneFactory(incontro=presto, in_attesa=True, posti_richiesti=3)

    response = client.get(INDICE)

    (unico,) = response.context["prossimi"]
    assert (unico.pk, unico.posti_occupati, unico.posti_liberi) == (presto.pk, 2, 1)
    assert (unico.posti_in_attesa, unico.n_necessita, unico.n_servizi) == (3, 1, 0)
    assert "carrozzina" not in response.content.decode()


def test_of_a_week_with_many_meetings_the_first_page_shows_the_first(client, ufficio, monkeypatch):
    monkeypatch.setattr(cruscotto, "PROSSIMI", 2)
    adesso = timezone.now()
    giorni = {n: IncontroFactory(inizio=adesso + timedelta(days=n)).pk for n in (3, 1, 2)}

    response = client.get(INDICE)

    assert [incontro.pk for incontro in response.context["prossimi"]] == [giorni[1], giorni[2]]
    tutti = reverse("admin:eventi_incontro_changelist") + "?quando=settimana"
    assert f'href="{tutti}"' in response.content.decode()
    assert client.get(tutti).context["cl"].result_count == 3


def test_needs_are_not_even_counted_for_who_may_not_read_them(client):
    entra(client, "moderatore")
    IncontroFactory(inizio=timezone.now() + timedelta(days=2))

    response = client.get(INDICE)

    assert not hasattr(response.context["prossimi"][0], "n_necessita")
    assert "Necessità di accesso" not in response.content.decode()


@pytest.mark.parametrize("righe", [1, 3])
def test_the_first_page_asks_the_database_as_often_for_one_row_as_for_three(
    client, ufficio, righe, django_assert_num_queries
):
    adesso = timezone.now()
    for _n in range(righe):
        IscrizioneFactory(incontro=IncontroFactory(inizio=adesso + timedelta(days=2), posti=9))
        IncontroFactory(inizio=adesso - timedelta(days=20))
        MessaggioFactory(stato=Messaggio.Stato.FALLITO)
        DisponibilitaFactory(stato=Disponibilita.Stato.NUOVA)
        proposta = PropostaFactory(inviata=True)
        VerificaTecnicaFactory(proposta=proposta, scadenza=adesso.date() - timedelta(days=3))
        BisognoFactory(stato=Bisogno.Stato.INVIATO)
        PropostaFactory(stato=Proposta.Stato.ACCOLTA)
        NotaFactory(incontro__passato=True)
        RichiestaAdesioneFactory()
        ComponenteFactory(invitato=True, invitato_at=None)
        ProceduraScrittaFactory(stato="fermata", chiusa_at=adesso)
        DecisioneFactory(pubblicata_at=None, presa_at=adesso - timedelta(days=40))
    client.get(INDICE)

    with django_assert_num_queries(41):
        client.get(INDICE)


def test_an_example_is_called_an_example(client, ufficio):
    IncontroFactory(inizio=timezone.now() + timedelta(days=1), percorso__esempio=True)

    assert '<span class="esempio">esempio</span>' in client.get(INDICE).content.decode()


# --- Native fields --------------------------------------------------------------------------


def test_times_are_written_and_read_on_romes_clock(client, ufficio):
    roma = ZoneInfo("Europe/Rome")
    incontro = IncontroFactory(
        stato=Incontro.Stato.BOZZA, inizio=datetime(2030, 7, 1, 18, 30, tzinfo=roma)
    )

    html = client.get(reverse("admin:eventi_incontro_change", args=[incontro.pk])).content.decode()

    assert 'type="datetime-local" name="inizio" value="2030-07-01T18:30"' in html
