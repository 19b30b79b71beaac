"""The office's screens for proposals: who may do what, and what each door does."""

from datetime import timedelta
from decimal import Decimal
from html import unescape
from io import BytesIO

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from PIL import Image

from portale.lib import dates
from posta.models import Messaggio
from proposte import commenti, services
from proposte.conteggi import riconta
from proposte.models import (
    Avanzamento,
    Bisogno,
    EsitoPreparato,
    Proposta,
    Risposta,
    VerificaTecnica,
)
from tests.factories import (
    AvanzamentoFactory,
    BisognoFactory,
    CommentoFactory,
    FaseFactory,
    IncontroFactory,
    LaboratorioFactory,
    PartecipanteFactory,
    PercorsoFactory,
    PropostaFactory,
    RispostaFactory,
    SeguitoFactory,
    SostegnoFactory,
    TemaFactory,
    UserFactory,
    VerificaTecnicaFactory,
)
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

Stato = Proposta.Stato
ELENCO = "/admin/proposte/proposta/"
EMAIL = "segreta.persona@example.org"
NEL_FRATTEMPO = "Nel frattempo qualcuno ha cambiato lo stato: ora è"


@pytest.fixture
def ufficio(client):
    return entra(client, "ufficio")


def porta(proposta, nome):
    return reverse(f"admin:proposte_proposta_{nome}", args=[proposta.pk])


def pagina(proposta):
    return porta(proposta, "change")


def voce(genere, oggetto):
    return reverse("admin:proposte_proposta_coda_voce", args=[genere, oggetto.pk])


def messaggi(response):
    return [str(messaggio) for messaggio in response.context["messages"]]


def errori(response):
    return unescape(response.context["form"].errors.as_text())


def html(response):
    return response.content.decode()


def porte(response):
    return [porta.url.rstrip("/").rsplit("/", 1)[1] for porta in response.context["porte"]]


def segnala(**cosa):
    return commenti.segnala(**cosa, motivo="offensivo", modulo="1", adesso=timezone.now())


def nascosta(**campi):
    proposta = PropostaFactory(**campi)
    services.nascondi(proposta, None, "offensivo", "Offende.", adesso=timezone.now())
    proposta.refresh_from_db()
    return proposta


# --- Who may do what ------------------------------------------------------------------------

LETTURE = ("change", "history")
MODERA = ("pubblica", "nascondi")
GESTISCE = (
    "modifica",
    "completa",
    "bisogni",
    "valutazione",
    "riapri",
    "rimanda",
    "prepara_esito",
    "decidi",
    "rispondi",
    "ritira",
    "integra",
    "separa",
    "dividi",
    "avanzamento",
)
FUORI = {"anonima": 302, "cittadina": 404}


def _risposta(ruolo, *chi):
    return FUORI.get(ruolo, 200 if ruolo in (*chi, "amministratrice") else 404)


@pytest.mark.parametrize("ruolo", RUOLI)
def test_permission_matrix_of_a_published_proposals_pages(client, ruolo):
    proposta = PropostaFactory(proponente__email=EMAIL, nome_mostrato="Anna")
    VerificaTecnicaFactory(proposta=proposta, note="Serve un parere.")
    entra(client, ruolo)
    attesi = {
        **dict.fromkeys(LETTURE, FUORI.get(ruolo, 200)),
        **dict.fromkeys(MODERA, _risposta(ruolo, "moderatore", "ufficio")),
        **dict.fromkeys((*GESTISCE, "verifica"), _risposta(ruolo, "ufficio")),
        "delete": 302 if ruolo == "anonima" else 404,
    }

    trovati = {nome: client.get(porta(proposta, nome)).status_code for nome in attesi}

    assert trovati == attesi


@pytest.mark.parametrize("ruolo", RUOLI)
def test_permission_matrix_of_the_pages_of_many(client, ruolo):
    proposta = PropostaFactory(inviata=True)
    bisogno = BisognoFactory(stato=Bisogno.Stato.INVIATO)
    segnalazione = segnala(proposta=PropostaFactory())
    riesame = nascosta()
    services.chiedi_riesame(riesame, "Perché?", adesso=timezone.now())
    commento = CommentoFactory()
    avanzamento = AvanzamentoFactory()
    risposta = RispostaFactory()
    verifica = VerificaTecnicaFactory()
    entra(client, ruolo)
    tutti = FUORI.get(ruolo, 200)
    modera = _risposta(ruolo, "moderatore", "ufficio")
    gestisce = _risposta(ruolo, "ufficio")
    attesi = {
        ELENCO: tutti,
        reverse("admin:proposte_proposta_coda"): modera,
        voce("proposta", proposta): modera,
        voce("bisogno", bisogno): modera,
        voce("segnalazione", segnalazione): modera,
        voce("riesame", riesame): modera,
        reverse("admin:proposte_proposta_esiti"): gestisce,
        reverse("admin:proposte_proposta_add"): gestisce,
        "/admin/proposte/commento/": modera,
        f"/admin/proposte/commento/{commento.pk}/change/": modera,
        f"/admin/proposte/commento/{commento.pk}/nascondi/": modera,
        f"/admin/proposte/commento/{commento.pk}/riammetti/": modera,
        "/admin/proposte/segnalazione/": modera,
        f"/admin/proposte/segnalazione/{segnalazione.pk}/change/": modera,
        "/admin/proposte/risposta/": gestisce,
        f"/admin/proposte/risposta/{risposta.pk}/change/": gestisce,
        "/admin/proposte/avanzamento/": gestisce,
        f"/admin/proposte/avanzamento/{avanzamento.pk}/change/": gestisce,
        f"/admin/proposte/avanzamento/{avanzamento.pk}/file/": gestisce,
        "/admin/proposte/verificatecnica/": gestisce,
        f"/admin/proposte/verificatecnica/{verifica.pk}/change/": 302
        if gestisce == 200
        else gestisce,
        "/admin/accounts/partecipante/": gestisce,
        f"/admin/accounts/partecipante/{commento.autore.pk}/change/": gestisce,
        "/admin/accounts/conferma/": gestisce,
    }

    assert {url: client.get(url).status_code for url in attesi} == attesi


@pytest.mark.parametrize("ruolo", RUOLI)
def test_nothing_is_added_changed_or_deleted_beside_the_doors(client, ruolo):
    proposta = PropostaFactory(titolo="Com'era")
    righe = {
        "proposta": proposta,
        "commento": CommentoFactory(),
        "segnalazione": segnala(proposta=proposta),
        "risposta": RispostaFactory(),
        "verificatecnica": VerificaTecnicaFactory(),
    }
    entra(client, ruolo)
    atteso = 302 if ruolo == "anonima" else 404
    legge = {"verificatecnica": 302} if ruolo in ("ufficio", "amministratrice") else {}

    for nome, riga in righe.items():
        cambia = client.post(
            reverse(f"admin:proposte_{nome}_change", args=[riga.pk]),
            {"titolo": "Cambiata", "testo": "Cambiato", "stato": "accolta"},
        )
        elimina = client.post(
            reverse(f"admin:proposte_{nome}_delete", args=[riga.pk]), {"post": "yes"}
        )
        assert (cambia.status_code, elimina.status_code) == (legge.get(nome, atteso), atteso), nome
        if nome != "proposta":
            aggiungi = client.get(reverse(f"admin:proposte_{nome}_add"))
            assert aggiungi.status_code == atteso

    for riga in righe.values():
        prima = {campo.attname: getattr(riga, campo.attname) for campo in riga._meta.fields}
        riga.refresh_from_db()
        assert {campo.attname: getattr(riga, campo.attname) for campo in riga._meta.fields} == {
            **prima,
            **({"updated_at": riga.updated_at} if "updated_at" in prima else {}),
        }


PASSI = {
    # door: (state before, what is sent, state after, who may besides the office)
    "pubblica": (Stato.INVIATA, {}, Stato.PUBBLICATA, ["moderatore"]),
    "nascondi": (
        Stato.PUBBLICATA,
        {"motivo": "offensivo", "testo": "Offende."},
        Stato.NASCOSTA,
        ["moderatore"],
    ),
    "valutazione": (Stato.PUBBLICATA, {}, Stato.IN_VALUTAZIONE, []),
    "rimanda": (Stato.IN_VALUTAZIONE, {"testo": "Manca la mappa."}, Stato.PUBBLICATA, []),
    "decidi": (
        Stato.IN_VALUTAZIONE,
        {"esito": "non_accolta", "motivazione": "Costa troppo."},
        Stato.NON_ACCOLTA,
        [],
    ),
    "riapri": (Stato.NON_ACCOLTA, {"testo": "Ci sono i fondi."}, Stato.IN_VALUTAZIONE, []),
    "ritira": (Stato.PUBBLICATA, {"testo": "Lo ha chiesto per telefono."}, Stato.RITIRATA, []),
}


@pytest.mark.parametrize("ruolo", RUOLI)
@pytest.mark.parametrize("nome", PASSI)
def test_permission_matrix_of_what_changes_a_state(client, ruolo, nome):
    prima, dati, dopo, altri = PASSI[nome]
    proposta = PropostaFactory(stato=prima)
    persona = entra(client, ruolo)
    puo = ruolo in ("ufficio", "amministratrice", *altri)

    response = client.post(porta(proposta, nome), dati)

    proposta.refresh_from_db()
    assert proposta.stato == (dopo if puo else prima)
    assert response.status_code == (302 if puo or ruolo == "anonima" else 404)
    passi = [(p.da, p.a, p.autore, p.testo) for p in proposta.passaggi.all()]
    testo = dati.get("testo", dati.get("motivazione", ""))
    assert passi == ([(prima, dopo, persona, testo)] if puo else [])


_DECISE = ["accolta", "accolta_con_modifiche", "non_accolta"]
APERTE = {
    "pubblica": ["inviata", "nascosta"],
    "nascondi": ["inviata", "pubblicata", "in_valutazione", *_DECISE],
    "valutazione": ["pubblicata"],
    "rimanda": ["in_valutazione"],
    "decidi": ["in_valutazione"],
    "riapri": _DECISE,
    # Taking it back twice changes nothing.
    "ritira": ["inviata", "pubblicata", "in_valutazione", "ritirata"],
}
CHIUSE = [
    (nome, stato)
    for nome, aperte in APERTE.items()
    for stato in Stato.values
    if stato not in aperte
]


@pytest.mark.parametrize(("nome", "stato"), CHIUSE)
def test_a_door_that_is_closed_now_says_so_and_changes_nothing(client, ufficio, nome, stato):
    # A note makes no difference to a door, although the service would take it as a reason.
    dati = {"testo": "Una nota.", **PASSI[nome][1]}
    campi = {"integrata_in": PropostaFactory()} if stato == "integrata" else {}
    proposta = PropostaFactory(stato=stato, registrato_da=ufficio, **campi)

    mostra = client.get(porta(proposta, nome))
    manda = client.post(porta(proposta, nome), dati)

    assert mostra.context["chiusa"] != ""
    assert manda.status_code == 200
    assert len(manda.context["form"].non_field_errors()) == 1
    proposta.refresh_from_db()
    assert proposta.stato == stato


# --- What nobody but the office knows -------------------------------------------------------


def test_a_moderator_reads_no_address_and_no_name_that_was_not_shown(client):
    """Grep all that she may open for the address and the name of who proposes and reports."""
    persona = PartecipanteFactory(email=EMAIL, nome="Nome Vero")
    adesso = timezone.now()
    inviata = PropostaFactory(inviata=True, proponente=persona, nome_mostrato="Anna")
    pubblicata = PropostaFactory(proponente=persona, nome_mostrato="Anna", titolo="Una")
    coperta = nascosta(proponente=persona, nome_mostrato="Anna")
    services.chiedi_riesame(coperta, "Perché?", adesso=adesso)
    bisogno = BisognoFactory(stato=Bisogno.Stato.INVIATO, proponente=persona, nome_mostrato="Anna")
    commento = CommentoFactory(autore=persona, nome_mostrato="Anna", proposta=pubblicata)
    di_commento = segnala(commento=commento, partecipante=persona)
    di_proposta = segnala(proposta=pubblicata, partecipante=persona)
    SostegnoFactory(proposta=pubblicata, partecipante=persona)
    SeguitoFactory(proposta=pubblicata, partecipante=persona)
    moderatore = entra(client, "moderatore")
    services.pubblica(inviata, moderatore, adesso=adesso)
    in_coda = PropostaFactory(inviata=True, proponente=persona, nome_mostrato="Anna")
    pagine = [
        "/admin/",
        ELENCO,
        f"{ELENCO}?q=una",
        *(porta(proposta, nome) for proposta in (inviata, pubblicata) for nome in LETTURE),
        pagina(coperta),
        porta(pubblicata, "nascondi"),
        "/admin/proposte/bisogno/",
        reverse("admin:proposte_bisogno_change", args=[bisogno.pk]),
        porta(coperta, "pubblica"),
        reverse("admin:proposte_proposta_coda"),
        voce("proposta", in_coda),
        voce("proposta", inviata),
        voce("bisogno", bisogno),
        voce("segnalazione", di_commento),
        voce("segnalazione", di_proposta),
        voce("riesame", coperta),
        "/admin/proposte/commento/",
        f"/admin/proposte/commento/{commento.pk}/change/",
        f"/admin/proposte/commento/{commento.pk}/history/",
        f"/admin/proposte/commento/{commento.pk}/nascondi/",
        "/admin/proposte/segnalazione/?stato=tutte",
        f"/admin/proposte/segnalazione/{di_commento.pk}/change/",
        f"/admin/proposte/segnalazione/{di_proposta.pk}/change/",
    ]

    for url in pagine:
        response = client.get(url)
        assert response.status_code == 200, url
        testo = html(response)
        assert EMAIL not in testo, url
        assert "Nome Vero" not in testo, url
    assert "Anna" in html(client.get(voce("proposta", in_coda)))

    entra(client, "ufficio")
    assert EMAIL in html(client.get(pagina(pubblicata)))


def test_a_moderator_cannot_find_out_whose_a_proposal_is_by_searching(client):
    entra(client, "moderatore")
    PropostaFactory(proponente__email=EMAIL)

    assert client.get(ELENCO, {"q": EMAIL}).context["cl"].result_count == 0
    for nome in ("proponente__email", "proponente__email__startswith", "proponente__nome"):
        assert client.get(ELENCO, {nome: "segreta"}).status_code == 400


def test_the_office_finds_a_persons_proposals_by_her_whole_address(client, ufficio):
    sua = PropostaFactory(proponente__email=EMAIL)
    PropostaFactory()

    assert list(client.get(ELENCO, {"q": f" {EMAIL.upper()} "}).context["cl"].queryset) == [sua]
    assert list(client.get(ELENCO, {"q": "segreta@"}).context["cl"].queryset) == []


@pytest.mark.parametrize("ruolo", ["facilitatore", "moderatore", "ufficio", "amministratrice"])
def test_what_a_citizen_has_not_sent_is_hers_alone(client, ruolo):
    """Drafts are nobody's; a facilitator finds what everybody reads and what her meetings
    brought."""
    persona = entra(client, ruolo)
    bozza = PropostaFactory(bozza=True, titolo="Bozza di una persona")
    dell_ufficio = PropostaFactory(bozza=True, titolo="Bozza dell'ufficio", registrato_da=persona)
    incontro = IncontroFactory()
    incontro.facilitatori.add(persona)
    di_un_incontro = PropostaFactory(
        bozza=True, registrato_da=persona, incontro=incontro, titolo="Nata lì"
    )
    di_altri = PropostaFactory(bozza=True, registrato_da=persona, incontro=IncontroFactory())
    inviata = PropostaFactory(inviata=True, titolo="Inviata")
    coperta = nascosta(titolo="Coperta")
    pubblicata = PropostaFactory(titolo="Pubblica")
    attese = {di_un_incontro, pubblicata}
    if ruolo != "facilitatore":
        attese |= {dell_ufficio, inviata, coperta, di_altri}

    assert set(client.get(ELENCO).context["cl"].queryset) == attese
    for proposta in (
        bozza, dell_ufficio, di_un_incontro, di_altri, inviata, coperta, pubblicata,
    ):  # fmt: skip
        for nome in LETTURE:
            # Django leads away from what is not there.
            response = client.get(porta(proposta, nome))
            assert response.status_code == (200 if proposta in attese else 302), proposta
            assert (escape(str(proposta)) in html(response)) == (proposta in attese)


def test_who_reads_technical_checks_writes_none(client):
    """As somebody of the Tavolo who also is of the office will."""
    persona = UserFactory(is_staff=True)
    persona.user_permissions.add(
        *Permission.objects.filter(
            codename__in=["valuta_proposta", "view_proposta"],
            content_type__app_label="proposte",
        )
    )
    client.force_login(persona)
    verifica = VerificaTecnicaFactory(competenza="Settore Verde", note="Radici.")
    url = porta(verifica.proposta, "verifica")

    response = client.get(url)

    assert "Settore Verde" in html(response)
    assert response.context["form"] is None
    assert "<textarea" not in html(response)
    assert client.post(url, {"competenza": "Altro"}).status_code == 404
    assert client.get("/admin/proposte/verificatecnica/").status_code == 200
    verifica.refresh_from_db()
    assert verifica.competenza == "Settore Verde"


# --- The list -------------------------------------------------------------------------------


@pytest.mark.parametrize("righe", [1, 3])
@pytest.mark.parametrize(
    ("url", "quante"),
    [
        (ELENCO, 9),
        ("/admin/proposte/commento/", 6),
        ("/admin/proposte/segnalazione/", 6),
        ("/admin/proposte/risposta/", 7),
        ("/admin/proposte/avanzamento/", 7),
        ("/admin/proposte/verificatecnica/", 6),
        ("/admin/proposte/proposta/coda/", 13),
        ("/admin/proposte/proposta/esiti-preparati/", 5),
        ("/admin/accounts/partecipante/", 6),
    ],
)
def test_each_list_asks_the_database_as_often_for_one_row_as_for_three(
    client, ufficio, django_assert_num_queries, righe, url, quante
):
    percorso, tema = PercorsoFactory(), TemaFactory()
    comuni = {"percorso": percorso, "laboratorio": LaboratorioFactory()}
    for _n in range(righe):
        incontro = IncontroFactory(**comuni)
        proposta = PropostaFactory(
            **comuni, inviata=True, incontro=incontro, genere_proponente="incontro"
        )
        proposta.temi.add(tema)
        commento = CommentoFactory(proposta=PropostaFactory(**comuni))
        segnala(commento=commento)
        segnala(proposta=commento.proposta)
        decisa = PropostaFactory(**comuni, stato=Stato.ACCOLTA)
        RispostaFactory(proposta=decisa)
        AvanzamentoFactory(proposta=decisa)
        VerificaTecnicaFactory(proposta=decisa, assegnata_a=UserFactory())
        EsitoPreparato.objects.create(
            proposta=PropostaFactory(**comuni, stato=Stato.IN_VALUTAZIONE),
            esito="accolta",
            autore=ufficio,
        )
        BisognoFactory(**comuni, stato=Bisogno.Stato.INVIATO)
    client.get(url)

    with django_assert_num_queries(quante):
        assert client.get(url).status_code == 200


@pytest.mark.parametrize("righe", [1, 3])
def test_a_proposals_page_asks_as_often_whatever_happened_to_it(
    client, ufficio, django_assert_num_queries, righe
):
    proposta = PropostaFactory(stato=Stato.ACCOLTA)
    for n in range(righe):
        RispostaFactory(proposta=proposta, numero=n + 1, autore=ufficio)
        AvanzamentoFactory(proposta=proposta, titolo=f"Passo {n}", autore=ufficio)
        PropostaFactory(divisa_da=proposta)
        services.metti_in_valutazione(proposta, ufficio, testo=f"{n}", adesso=timezone.now())
        proposta.refresh_from_db()
        services.accogli(proposta, ufficio, adesso=timezone.now())
        proposta.bisogni.add(BisognoFactory())
        proposta.temi.add(TemaFactory())
    client.get(pagina(proposta))

    with django_assert_num_queries(19):
        client.get(pagina(proposta))


def test_the_list_is_searched_by_words_as_citizens_do_and_by_number(client, ufficio):
    piste = PropostaFactory(titolo="Piste ciclabili", che_cosa="Lungo il fiume.")
    PropostaFactory(titolo="Alberi")

    def trovate(q):
        return list(client.get(ELENCO, {"q": q}).context["cl"].queryset)

    assert trovate("pista ciclabile fiumi") == [piste]
    assert trovate("pista alberi") == []
    assert trovate(str(piste.pk)) == [piste]
    assert trovate("di") == []


def test_the_filters_answer_the_offices_questions(client, ufficio):
    adesso = timezone.now()
    percorso, tema = PercorsoFactory(), TemaFactory()
    lab = LaboratorioFactory()

    def nuova(titolo, **campi):
        proposta = PropostaFactory(
            **{"percorso": percorso, "laboratorio": lab, "titolo": titolo, **campi}
        )
        proposta.temi.add(tema)
        return proposta

    inviata = nuova("Inviata", inviata=True)
    chiesta = nuova("Chiesta")
    services.nascondi(chiesta, None, "altro", "No.", adesso=adesso)
    services.chiedi_riesame(chiesta, "Perché?", adesso=adesso)
    coperta = nuova("Coperta")
    services.nascondi(coperta, None, "altro", "No.", adesso=adesso)
    segnalata, commentata = nuova("Segnalata"), nuova("Commentata")
    segnala(proposta=segnalata)
    segnala(commento=CommentoFactory(proposta=commentata))
    senza_tema = nuova("Senza tema")
    senza_tema.temi.clear()
    ovunque = nuova("Ovunque", laboratorio=None, per_la_citta=True)
    da_nessuna = nuova("Da nessuna parte", laboratorio=None)
    uguali = [nuova("Le panchine nei giardini"), nuova("Una panchina nel giardino")]
    decisa = nuova("Decisa", stato=Stato.IN_VALUTAZIONE)
    services.accogli(decisa, ufficio, adesso=adesso - timedelta(days=31))
    recente = nuova("Recente", stato=Stato.IN_VALUTAZIONE)
    services.accogli(recente, ufficio, adesso=adesso - timedelta(days=29))
    risposta = nuova("Risposta", stato=Stato.IN_VALUTAZIONE)
    services.accogli(risposta, ufficio, adesso=adesso - timedelta(days=31))
    RispostaFactory(proposta=risposta)
    pronta = nuova("Pronta", stato=Stato.IN_VALUTAZIONE)
    EsitoPreparato.objects.create(proposta=pronta, esito="accolta")
    tardi, puntuale, finita = nuova("Tardi"), nuova("Puntuale"), nuova("Finita")
    ieri = timezone.localdate() - timedelta(days=1)
    VerificaTecnicaFactory(proposta=tardi, scadenza=ieri)
    VerificaTecnicaFactory(proposta=puntuale, scadenza=timezone.localdate())
    VerificaTecnicaFactory(proposta=finita, scadenza=ieri, conclusa_at=adesso)
    su_carta = nuova("Su carta", canale="cartaceo")
    altrove = nuova("Altrove", percorso=PercorsoFactory())
    esempio = nuova("Esempio", esempio=True)

    def trovate(**filtri):
        return set(client.get(ELENCO, filtri).context["cl"].queryset)

    assert trovate(serve="moderazione") == {inviata}
    assert trovate(serve="riesame") == {chiesta}
    assert trovate(serve="segnalate") == {segnalata, commentata}
    assert trovate(serve="laboratorio") == {da_nessuna}
    assert trovate(serve="tema") == {senza_tema}
    assert trovate(serve="doppioni") == set(uguali)
    assert trovate(serve="esito") == {pronta}
    assert trovate(serve="risposta") == {decisa, recente}
    assert trovate(serve="risposta_in_ritardo") == {decisa}
    assert trovate(serve="verifica") == {tardi}
    assert trovate(stato__exact="nascosta") == {chiesta, coperta}
    assert trovate(dove="citta") == {ovunque}
    assert trovate(dove=lab.pk) == set(Proposta.objects.filter(laboratorio=lab))
    assert trovate(tema=tema.pk) == set(Proposta.objects.exclude(pk=senza_tema.pk))
    assert trovate(canale__exact="cartaceo") == {su_carta}
    assert trovate(percorso=altrove.percorso_id) == {altrove}
    assert trovate(esempio__exact=1) == {esempio}


def test_what_waits_longest_comes_first_and_twins_are_side_by_side(client, ufficio):
    adesso = timezone.now()
    una, due, tre, quattro = (
        PropostaFactory(inviata=True, titolo=titolo, inviata_at=adesso - timedelta(hours=ore))
        for titolo, ore in (("Orti", 1), ("Alberi", 3), ("Gli orti", 2), ("Un albero", 4))
    )

    def trovate(**filtri):
        return list(client.get(ELENCO, filtri).context["cl"].result_list)

    assert trovate() == [quattro, tre, due, una]
    assert trovate(serve="moderazione") == [quattro, due, tre, una]
    assert trovate(serve="doppioni") == [due, quattro, una, tre]


def test_a_filter_that_is_not_hers_selects_nothing_for_a_moderator(client):
    entra(client, "moderatore")
    PropostaFactory()
    VerificaTecnicaFactory(
        proposta=PropostaFactory(), scadenza=timezone.localdate() - timedelta(days=1)
    )

    response = client.get(ELENCO, {"serve": "verifica"})

    assert response.context["cl"].result_count == 2
    assert "con la verifica in ritardo" not in html(response)


# --- Texts and needs ------------------------------------------------------------------------


def campi_di(proposta, **altri):
    return {
        "titolo": proposta.titolo,
        "che_cosa": proposta.che_cosa,
        "perche": proposta.perche,
        "per_chi": proposta.per_chi,
        "luogo": proposta.luogo,
        "laboratorio": proposta.laboratorio_id or "",
        "genere_proponente": proposta.genere_proponente,
        "nome_mostrato": proposta.nome_mostrato,
        "organizzazione": proposta.organizzazione,
        "versione": proposta.versione,
        "nota": "",
        **altri,
    }


def test_an_edit_keeps_what_was_read_before(client, ufficio):
    proposta = PropostaFactory(titolo="Panchine", che_cosa="Una.\nDue.")
    tema = TemaFactory()

    response = client.post(
        porta(proposta, "modifica"),
        campi_di(proposta, titolo="Panchine all'ombra", nota="Detto dove", temi=[tema.pk]),
        follow=True,
    )

    assert messaggi(response) == ["Testo salvato."]
    proposta.refresh_from_db()
    assert (proposta.titolo, list(proposta.temi.all())) == ("Panchine all'ombra", [tema])
    assert [(v.numero, v.titolo, v.nota, v.autore) for v in proposta.versioni.all()] == [
        (1, "Panchine", "", None),
        (2, "Panchine all'ombra", "Detto dove", ufficio),
    ]
    assert proposta.indice_titolo == "panchin ombr"


def test_line_ends_of_a_browser_are_no_edit(client, ufficio):
    proposta = PropostaFactory(che_cosa="Una.\nDue.")

    client.post(porta(proposta, "modifica"), campi_di(proposta, che_cosa="Una.\r\nDue."))

    proposta.refresh_from_db()
    assert proposta.che_cosa == "Una.\nDue."
    assert proposta.versioni.count() == 0
    assert proposta.passaggi.count() == 0


def test_of_two_officers_who_edit_the_second_is_told_and_loses_nothing(client, ufficio):
    proposta = PropostaFactory(titolo="Panchine")
    scritto = campi_di(proposta, titolo="Il mio titolo", che_cosa="Tutto quello che ho scritto.")
    services.modifica(
        proposta, {"titolo": "Il suo"}, versione=1, autore=ufficio, adesso=timezone.now()
    )

    response = client.post(porta(proposta, "modifica"), scritto)

    assert "Qualcuno ha modificato la proposta dopo di te" in errori(response)
    assert 'value="Il mio titolo"' in html(response)
    assert "Tutto quello che ho scritto." in html(response)
    proposta.refresh_from_db()
    assert proposta.titolo == "Il suo"


@pytest.mark.parametrize(
    ("altri", "campo"),
    [
        ({"titolo": " "}, "titolo"),
        ({"che_cosa": ""}, "che_cosa"),
        ({"laboratorio": ""}, "laboratorio"),
        ({"per_la_citta": "on"}, "per_la_citta"),
        ({"latitudine": "45.05"}, "longitudine"),
        ({"titolo": "x" * 121}, "titolo"),
        ({"che_cosa": "x" * 6001}, "che_cosa"),
        ({"titolo": "nul\0"}, "titolo"),
    ],
)
def test_a_text_that_cannot_be_is_refused_with_its_reason(client, ufficio, altri, campo):
    proposta = PropostaFactory()

    response = client.post(porta(proposta, "modifica"), campi_di(proposta, **altri))

    assert list(response.context["form"].errors) == [campo]
    prima = proposta.titolo
    proposta.refresh_from_db()
    assert proposta.titolo == prima


def test_a_proposal_moves_from_a_lab_to_the_whole_city(client, ufficio):
    proposta = PropostaFactory()

    client.post(porta(proposta, "modifica"), campi_di(proposta, laboratorio="", per_la_citta="on"))

    proposta.refresh_from_db()
    assert (proposta.laboratorio, proposta.per_la_citta) == (None, True)


def test_needs_are_attached_and_the_step_is_recorded(client, ufficio):
    proposta = PropostaFactory()
    comuni = {"percorso": proposta.percorso}
    suo = BisognoFactory(**comuni, laboratorio=proposta.laboratorio)
    lontano = BisognoFactory(**comuni, titolo="Più luce nel sottopasso")
    bozza = BisognoFactory(**comuni, laboratorio=proposta.laboratorio, stato=Bisogno.Stato.INVIATO)
    di_altri = BisognoFactory()
    url = porta(proposta, "bisogni")

    def offerti(**cerca):
        campo = client.get(url, cerca).context["form"].fields["bisogni"]
        return set(campo.queryset)

    assert offerti() == {suo}
    assert offerti(q="sottopassi") == {lontano}

    response = client.post(url, {"versione": 1, "bisogni": [suo.pk, lontano.pk]}, follow=True)

    assert messaggi(response) == ["Bisogni collegati."]
    assert set(proposta.bisogni.all()) == {suo, lontano}
    assert [(p.evento, p.autore) for p in proposta.passaggi.all()] == [("modifica", ufficio)]
    proposta.refresh_from_db()
    assert proposta.versione == 2
    # Of another process, or not public: not a choice.
    for estraneo in (bozza, di_altri):
        response = client.post(url, {"versione": 2, "bisogni": [estraneo.pk]})
        assert list(response.context["form"].errors) == ["bisogni"]
    # Two officers at once: what the second ticked is still ticked.
    response = client.post(url, {"versione": 1, "bisogni": [suo.pk]})
    assert "Qualcuno ha modificato la proposta dopo di te" in errori(response)
    assert set(proposta.bisogni.all()) == {suo, lontano}


def test_a_draft_of_the_office_is_completed_and_sent(client, ufficio):
    bozza = PropostaFactory(
        bozza=True, registrato_da=ufficio, proponente=None, nome_mostrato="", laboratorio=None
    )
    assert porte(client.get(pagina(bozza))) == ["completa", "verifica"]

    manca = client.post(porta(bozza, "completa"), campi_di(bozza))
    assert list(manca.context["form"].errors) == ["laboratorio"]
    client.post(porta(bozza, "completa"), campi_di(bozza, per_la_citta="on"))

    bozza.refresh_from_db()
    assert (bozza.stato, bozza.per_la_citta) == (Stato.INVIATA, True)


def test_a_draft_of_the_office_may_be_deleted_and_nothing_else(client, ufficio):
    bozza = PropostaFactory(bozza=True, registrato_da=ufficio)

    response = client.post(porta(bozza, "delete"), {"post": "yes"})

    assert response.status_code == 302
    assert not Proposta.objects.filter(pk=bozza.pk).exists()


# --- Outcomes -------------------------------------------------------------------------------


def in_valutazione(**campi):
    return PropostaFactory(stato=Stato.IN_VALUTAZIONE, **campi)


def chiave(preparato):
    preparato.refresh_from_db()
    return f"{preparato.pk}@{preparato.updated_at.isoformat()}"


def prepara(proposta, autore, esito="accolta", motivazione="Si fa."):
    return services.prepara_esito(proposta, esito, motivazione, autore, adesso=timezone.now())


def test_outcomes_are_prepared_one_by_one_and_nobody_is_told(client, ufficio):
    proposta = in_valutazione()

    senza = client.post(
        porta(proposta, "prepara_esito"), {"esito": "non_accolta", "motivazione": " "}
    )
    assert list(senza.context["form"].errors) == ["motivazione"]
    client.post(
        porta(proposta, "prepara_esito"), {"esito": "non_accolta", "motivazione": "Non è nostra."}
    )

    preparato = EsitoPreparato.objects.get()
    assert (preparato.esito, preparato.motivazione, preparato.autore) == (
        "non_accolta",
        "Non è nostra.",
        ufficio,
    )
    proposta.refresh_from_db()
    assert proposta.stato == Stato.IN_VALUTAZIONE
    assert Messaggio.objects.count() == 0


def test_of_two_who_prepare_an_outcome_the_second_is_told(client, ufficio):
    proposta = in_valutazione()
    letto = client.get(porta(proposta, "prepara_esito")).context["form"].initial["letto"]
    collega = UserFactory(nome="Carla")
    prepara(proposta, collega)

    response = client.post(
        porta(proposta, "prepara_esito"),
        {"esito": "non_accolta", "motivazione": "La mia ragione.", "letto": letto},
    )

    assert "preparato da Carla: «accolta»" in errori(response)
    assert "La mia ragione." in html(response)
    assert EsitoPreparato.objects.get().esito == "accolta"


def test_prepared_outcomes_are_published_together(client, ufficio):
    prime = [in_valutazione() for _n in range(2)]
    resta = in_valutazione()
    righe = [prepara(proposta, ufficio) for proposta in prime]
    altra = prepara(resta, ufficio)
    url = f"{ELENCO}esiti-preparati/"
    assert html(client.get(url)).count("checked") == 3

    response = client.post(
        url, {"pubblica": "", "scelti": [chiave(riga) for riga in righe]}, follow=True
    )

    assert messaggi(response) == ["2 esiti pubblicati."]
    assert [Proposta.objects.get(pk=p.pk).stato for p in (*prime, resta)] == [
        "accolta",
        "accolta",
        "in_valutazione",
    ]
    assert list(EsitoPreparato.objects.all()) == [altra]


def test_an_outcome_that_changed_while_it_was_read_stops_them_all(client, ufficio):
    una, due = in_valutazione(), in_valutazione()
    righe = [prepara(una, ufficio), prepara(due, ufficio)]
    lette = [chiave(riga) for riga in righe]
    prepara(due, ufficio, "non_accolta", "Non più.")

    response = client.post(f"{ELENCO}esiti-preparati/", {"pubblica": "", "scelti": lette})

    assert "Non è stato pubblicato niente" in response.context["errori"][0]
    assert {p.stato for p in Proposta.objects.all()} == {"in_valutazione"}
    # What is still as she read it stays ticked; what changed does not.
    assert [riga.scelto for riga in response.context["preparati"]] == [True, False]


def test_an_outcome_of_a_proposal_that_left_says_why_it_cannot_be_published(client, ufficio):
    proposta = in_valutazione(titolo="Fontana")
    riga = prepara(proposta, ufficio)
    services.ritira(proposta, adesso=timezone.now())
    url = f"{ELENCO}esiti-preparati/"

    assert "non si può pubblicare: la proposta è «ritirata»" in html(client.get(url))
    response = client.post(url, {"pubblica": "", "scelti": [chiave(riga)]})
    assert response.context["errori"] == [
        "«Fontana» è «ritirata»: il suo esito non si può pubblicare."
    ]
    client.post(url, {"togli": "", "scelti": [chiave(riga)]})
    assert EsitoPreparato.objects.count() == 0


def test_publishing_none_says_to_tick_one(client, ufficio):
    prepara(in_valutazione(), ufficio)

    response = client.post(f"{ELENCO}esiti-preparati/", {"pubblica": ""})

    assert response.context["errori"] == ["Segna almeno un esito."]


def test_of_two_officers_who_decide_the_second_is_told_and_keeps_her_words(client, ufficio):
    proposta = in_valutazione()
    services.accogli(proposta, ufficio, adesso=timezone.now())

    response = client.post(
        porta(proposta, "decidi"),
        {"esito": "non_accolta", "motivazione": "Una lunga motivazione."},
    )

    assert "La proposta è «accolta»: non può diventare «non accolta»." in errori(response)
    assert "Una lunga motivazione." in html(response)
    proposta.refresh_from_db()
    assert proposta.stato == Stato.ACCOLTA


def risposta(**altri):
    return {"versione": 0, "esito": "accolta", "testo": "Si fa in primavera.", **altri}


def test_the_municipality_answers_and_corrects_its_answer(client, ufficio):
    proposta = PropostaFactory(stato=Stato.ACCOLTA)
    url = porta(proposta, "rispondi")
    assert client.get(url).context["form"].initial == {"versione": 0, "esito": "accolta"}

    client.post(url, risposta(ufficio="Verde", costo_euro="12.500,50", tempi="entro marzo"))
    prima = Risposta.objects.get()
    assert (prima.numero, prima.ufficio, str(prima.costo_euro), prima.autore) == (
        1,
        "Verde",
        "12500.50",
        ufficio,
    )

    form = client.get(url).context["form"]
    assert (form.initial["versione"], form.initial["testo"]) == (1, "Si fa in primavera.")
    senza = client.post(url, risposta(versione=1))
    assert list(senza.context["form"].errors) == ["correzione"]
    client.post(url, risposta(versione=1, testo="Si fa in autunno.", correzione="La stagione."))

    assert [(r.numero, r.testo, r.correzione) for r in proposta.risposte.order_by("numero")] == [
        (1, "Si fa in primavera.", ""),
        (2, "Si fa in autunno.", "La stagione."),
    ]


def test_of_two_who_answer_at_once_the_second_is_told_and_keeps_her_words(client, ufficio):
    proposta = PropostaFactory(stato=Stato.ACCOLTA)
    RispostaFactory(proposta=proposta, testo="La sua.")

    response = client.post(porta(proposta, "rispondi"), risposta(testo="La mia, lunga."))

    assert "Un'altra risposta è stata pubblicata nel frattempo" in errori(response)
    assert "La mia, lunga." in html(response)
    assert Risposta.objects.count() == 1


# --- Merging and splitting ------------------------------------------------------------------


def coppia():
    una = PropostaFactory(titolo="Panchine in via Roma")
    altra = PropostaFactory(titolo="Panchine e alberi in via Roma", percorso=una.percorso)
    comune = PartecipanteFactory()
    for _n in range(2):
        SostegnoFactory(proposta=una)
    SostegnoFactory(proposta=una, partecipante=comune)
    SostegnoFactory(proposta=altra, partecipante=comune)
    riconta(timezone.now())
    return una, altra


def test_the_other_proposal_is_found_among_the_similar_ones_or_by_searching(client, ufficio):
    una, altra = coppia()
    lontana = PropostaFactory(titolo="Un orto", percorso=una.percorso)
    # Nowhere to go: not public, decided, of another process.
    PropostaFactory(inviata=True, titolo=una.titolo, percorso=una.percorso)
    PropostaFactory(stato=Stato.ACCOLTA, titolo=una.titolo, percorso=una.percorso)
    PropostaFactory(titolo=una.titolo)
    url = porta(una, "integra")

    assert list(client.get(url).context["candidate"]) == [altra]
    assert list(client.get(url, {"q": "orti"}).context["candidate"]) == [lontana]
    assert list(client.get(url, {"q": "niente di simile"}).context["candidate"]) == []


def test_before_merging_one_reads_how_many_supports_move(client, ufficio):
    una, altra = coppia()
    url = porta(una, "integra")

    anteprima = client.get(url, {"in": altra.pk})
    assert anteprima.context["elenco"][0][1] == (
        "2 passano all'altra, 1 ci sono già: da 1 diventano 3"
    )

    client.post(url, {"in": altra.pk, "testo": "Chiedono la stessa cosa."})
    riconta(timezone.now())
    una.refresh_from_db()
    altra.refresh_from_db()
    assert (una.stato, una.integrata_in, altra.n_sostegni) == (Stato.INTEGRATA, altra, 3)
    assert porte(client.get(pagina(una))) == ["verifica", "separa"]

    separa = client.get(porta(una, "separa"))
    assert separa.context["elenco"][1][1] == "2"
    client.post(porta(una, "separa"), {"testo": "Erano due cose."})
    riconta(timezone.now())
    una.refresh_from_db()
    altra.refresh_from_db()
    assert (una.stato, una.integrata_in, altra.n_sostegni) == (Stato.PUBBLICATA, None, 1)


def test_merging_into_what_has_left_meanwhile_is_refused_and_keeps_the_reason(client, ufficio):
    una, altra = coppia()
    services.ritira(altra, adesso=timezone.now())

    response = client.post(porta(una, "integra"), {"in": altra.pk, "testo": "La stessa cosa."})

    assert "Si integra solo in una proposta pubblicata o in valutazione." in errori(response)
    assert "La stessa cosa." in html(response)
    una.refresh_from_db()
    assert una.stato == Stato.PUBBLICATA


@pytest.mark.parametrize("scelta", ["", "x", "999999"])
def test_merging_into_nothing_finds_nothing(client, ufficio, scelta):
    una = PropostaFactory()

    response = client.post(porta(una, "integra"), {"in": scelta, "testo": "Perché sì."})

    assert response.status_code == 404


def test_a_proposal_is_split_into_several(client, ufficio):
    proposta = PropostaFactory()
    seguace = SeguitoFactory(proposta=proposta).partecipante
    url = porta(proposta, "dividi")
    assert "titolo_4" in client.get(url, {"parti": 4}).context["form"].fields
    assert "titolo_11" not in client.get(url, {"parti": 99}).context["form"].fields
    dati = {
        "testo": "Sono due cose.",
        "titolo_1": "Panchine",
        "che_cosa_1": "Dieci panchine.",
        "titolo_3": "Alberi",
        "che_cosa_3": "Dieci alberi.",
        "perche_3": "Fa caldo.",
    }

    manca = client.post(f"{url}?parti=3", {**dati, "che_cosa_3": "", "titolo_3": "Panchine"})
    assert list(manca.context["form"].errors) == ["che_cosa_3", "titolo_3"]
    nessuna = client.post(url, {"testo": "Sono due cose."})
    assert list(nessuna.context["form"].errors) == ["titolo_1"]
    response = client.post(f"{url}?parti=3", dati, follow=True)

    assert messaggi(response) == ["Divisa: le parti sono pubblicate."]
    parti = proposta.parti.order_by("pk")
    assert [(p.titolo, p.che_cosa, p.perche, p.stato) for p in parti] == [
        ("Panchine", "Dieci panchine.", "", "pubblicata"),
        ("Alberi", "Dieci alberi.", "Fa caldo.", "pubblicata"),
    ]
    assert [p.seguaci.get().partecipante for p in parti] == [seguace, seguace]
    # The second half of a double click does nothing more; later, the same is refused.
    doppio = client.post(f"{url}?parti=3", dati)
    assert (doppio.status_code, proposta.parti.count()) == (302, 2)
    proposta.parti.update(created_at=timezone.now() - timedelta(minutes=1))
    ancora = client.post(f"{url}?parti=3", dati)
    assert "C'è già una parte con il titolo «Panchine»." in errori(ancora)


# --- Technical check and milestones ---------------------------------------------------------


def verifica(**altri):
    return {
        "competenza": "Settore Verde",
        "ammissibile": "si",
        "fattibile": "in_parte",
        "costo_euro": "12.000",
        "note": "Serve spostare un palo.",
        "assegnata_a": "",
        "scadenza": "",
        "letta": "",
        **altri,
    }


def test_a_technical_check_is_written_and_its_history_is_kept(client, ufficio):
    proposta = PropostaFactory()
    url = porta(proposta, "verifica")
    collega = UserFactory(nome="Carla", is_staff=True)

    client.post(url, verifica())
    prima = VerificaTecnica.objects.get()
    assert (prima.competenza, prima.fattibile, int(prima.costo_euro), prima.conclusa_at) == (
        "Settore Verde",
        "in_parte",
        12000,
        None,
    )
    letta = client.get(url).context["form"].initial["letta"]
    client.post(
        url,
        verifica(letta=letta, assegnata_a=collega.pk, scadenza="2030-05-03", conclusa="on"),
    )

    prima.refresh_from_db()
    assert prima.conclusa_at is not None
    assert [riga[2] for riga in client.get(url).context["storia"]] == [
        "Verifica salvata.; Entro il: – → 3 maggio 2030; Conclusa il: – → "
        f"{dates.giorno_e_ora(prima.conclusa_at)}; Assegnata a: modificato",
        "Verifica salvata.; Ammissibile: – → sì; Fattibile: – → in parte; "
        "Costo stimato (euro): – → 12000; Di chi è la competenza: modificato; Note: modificato",
    ]
    assert {riga[1] for riga in client.get(url).context["storia"]} == {ufficio}
    assert LogEntry.objects.filter(object_id=str(prima.pk)).count() == 2
    # Saving it as it is leaves no trace.
    letta = client.get(url).context["form"].initial["letta"]
    client.post(
        url,
        verifica(letta=letta, assegnata_a=collega.pk, scadenza="2030-05-03", conclusa="on"),
    )
    assert len(client.get(url).context["storia"]) == 2
    assert "Settore Verde" in html(client.get(pagina(proposta)))


@pytest.mark.parametrize(
    ("scritto", "vale", "riletto"),
    [
        ("12.000", "12000", "12.000"),
        ("1.250,50", "1250.50", "1.250,50"),
        ("1250.5", "1250.5", "1.250,50"),
        ("€ 1.000.000", "1000000", "1.000.000"),
        ("0", "0", "0"),
        ("12,345", None, "12,345"),
        ("-1", None, "-1"),
        ("molto", None, "molto"),
    ],
)
def test_money_is_written_as_people_write_it(client, ufficio, scritto, vale, riletto):
    proposta = PropostaFactory()
    url = porta(proposta, "verifica")

    response = client.post(url, verifica(costo_euro=scritto))

    if vale is None:
        assert list(response.context["form"].errors) == ["costo_euro"]
    else:
        assert VerificaTecnica.objects.get().costo_euro == Decimal(vale)
        response = client.get(url)
    assert f'value="{riletto}"' in html(response)


def test_of_two_who_write_a_check_the_second_is_told_and_keeps_her_words(client, ufficio):
    proposta = PropostaFactory()
    VerificaTecnicaFactory(proposta=proposta, competenza="Strade")

    response = client.post(porta(proposta, "verifica"), verifica(note="Tutto ciò che so."))

    assert "ha salvato questa verifica dopo di te" in errori(response)
    assert "Tutto ciò che so." in html(response)
    assert VerificaTecnica.objects.get().competenza == "Strade"


def test_what_is_over_is_not_checked_any_more(client, ufficio):
    proposta = PropostaFactory(stato=Stato.RITIRATA)

    assert client.get(porta(proposta, "verifica")).context["form"] is None
    response = client.post(porta(proposta, "verifica"), verifica())
    assert "Questa proposta non si verifica: è «ritirata»." in errori(response)
    assert VerificaTecnica.objects.count() == 0


def test_checks_are_listed_by_what_is_to_be_done(client, ufficio):
    oggi, adesso = timezone.localdate(), timezone.now()
    mia = VerificaTecnicaFactory(assegnata_a=ufficio, scadenza=oggi)
    tardi = VerificaTecnicaFactory(scadenza=oggi - timedelta(days=1))
    fatta = VerificaTecnicaFactory(scadenza=oggi - timedelta(days=1), conclusa_at=adesso)

    def trovate(**filtri):
        url = "/admin/proposte/verificatecnica/"
        return set(client.get(url, filtri).context["cl"].queryset)

    assert trovate() == {mia, tardi}
    assert trovate(punto="mie") == {mia}
    assert trovate(punto="in_ritardo") == {tardi}
    assert trovate(punto="senza_persona") == {tardi}
    assert trovate(punto="concluse") == {fatta}
    assert trovate(punto="tutte") == {mia, tardi, fatta}
    response = client.get(f"/admin/proposte/verificatecnica/{mia.pk}/change/")
    assert response["Location"] == porta(mia.proposta, "verifica")


def avanzamento(**altri):
    return {
        "giorno": timezone.localdate().isoformat(),
        "titolo": "Affidati i lavori",
        "percentuale": 40,
        **altri,
    }


def test_a_milestone_is_added_to_what_was_accepted(client, ufficio):
    proposta = PropostaFactory(stato=Stato.ACCOLTA_CON_MODIFICHE)
    url = porta(proposta, "avanzamento")

    for sbagliato, parole in (
        (avanzamento(percentuale=101), "percentuale"),
        (avanzamento(giorno="2999-01-01"), "__all__"),
        (avanzamento(titolo_file_1="Cantiere"), "file_1"),
    ):
        assert list(client.post(url, sbagliato).context["form"].errors) == [parole]
    client.post(url, avanzamento())
    doppio = client.post(url, avanzamento())
    altro = client.post(url, avanzamento(percentuale=50))

    assert doppio.status_code == 302
    assert "C'è già un avanzamento con questa data e questo titolo." in errori(altro)
    assert [(a.titolo, a.percentuale, a.autore) for a in Avanzamento.objects.all()] == [
        ("Affidati i lavori", 40, ufficio)
    ]


@pytest.fixture
def foto(tmp_path, settings):
    """A small photograph; what is uploaded is kept in a folder of this test."""
    settings.MEDIA_ROOT = tmp_path
    contenuto = BytesIO()
    Image.new("RGB", (40, 30), "green").save(contenuto, "JPEG")
    return SimpleUploadedFile("cantiere.jpg", contenuto.getvalue(), "image/jpeg")


def test_a_milestone_brings_its_files_and_a_refused_one_is_told(client, ufficio, foto):
    proposta = PropostaFactory(stato=Stato.ACCOLTA)
    finta = SimpleUploadedFile("finta.jpg", b"<svg onload=alert(1)>", "image/jpeg")

    response = client.post(
        porta(proposta, "avanzamento"),
        avanzamento(
            file_1=foto, titolo_file_1="Il cantiere", file_2=finta, titolo_file_2="Un disegno"
        ),
        follow=True,
    )

    riga = Avanzamento.objects.get()
    assert [(a.titolo, a.genere) for a in riga.allegati.all()] == [("Il cantiere", "immagine")]
    avvertimento, fatto = messaggi(response)
    assert avvertimento.startswith("Il file «finta.jpg» non è stato aggiunto. I disegni SVG")
    assert fatto == "Avanzamento pubblicato: gli avvisi stanno partendo."
    # Once it is mended it is added at the milestone's own door.
    url = f"/admin/proposte/avanzamento/{riga.pk}/file/"
    manca = client.post(url, {"titolo_file": "Un disegno"})
    assert list(manca.context["form"].errors) == ["file"]
    foto.seek(0)
    client.post(url, {"titolo_file": "Lo stesso cantiere", "file": foto})
    assert riga.allegati.count() == 1
    assert proposta.get_absolute_url() in html(client.get(pagina(proposta)))


def test_there_are_no_milestones_of_what_was_not_accepted(client, ufficio):
    proposta = PropostaFactory(stato=Stato.NON_ACCOLTA)

    response = client.post(porta(proposta, "avanzamento"), avanzamento())

    assert "Gli avanzamenti si scrivono per le proposte accolte." in errori(response)
    assert Avanzamento.objects.count() == 0


def test_a_slip_of_the_pen_in_a_milestone_is_mended(client, ufficio):
    riga = AvanzamentoFactory(titolo="Afidati")

    client.post(
        f"/admin/proposte/avanzamento/{riga.pk}/change/",
        {
            **avanzamento(),
            "testo": "",
            "allegati-TOTAL_FORMS": 0,
            "allegati-INITIAL_FORMS": 0,
        },
    )

    riga.refresh_from_db()
    assert (riga.titolo, riga.percentuale) == ("Affidati i lavori", 40)


# --- Paper and desk -------------------------------------------------------------------------


def foglio(percorso, /, **altri):
    return {
        "percorso": percorso.pk,
        "canale": "cartaceo",
        "titolo": "Una panchina",
        "che_cosa": "All'ombra.",
        "per_la_citta": "on",
        "genere_proponente": "persona",
        "nome_mostrato": "Anna",
        **altri,
    }


def test_a_form_on_paper_is_typed_in_and_waits_for_a_moderator(client, ufficio):
    percorso = PercorsoFactory()
    bisogno = BisognoFactory(percorso=percorso)
    tema = TemaFactory()
    url = reverse("admin:proposte_proposta_add")
    assert client.get(url).context["form"].initial["percorso"] == percorso

    response = client.post(
        url,
        foglio(percorso, email=" Anna@Example.org ", temi=[tema.pk], bisogni=[bisogno.pk]),
        follow=True,
    )

    proposta = Proposta.objects.get()
    assert messaggi(response) == ["Registrata: «Una panchina» è inviata, da moderare."]
    assert response.redirect_chain == [(pagina(proposta), 302)]
    assert (proposta.stato, proposta.canale, proposta.registrato_da) == (
        Stato.INVIATA,
        "cartaceo",
        ufficio,
    )
    assert (proposta.proponente.email, proposta.proponente.nome) == ("anna@example.org", "Anna")
    assert (list(proposta.temi.all()), list(proposta.bisogni.all())) == ([tema], [bisogno])
    assert proposta.firma == "Anna"
    assert [(p.da, p.a, p.autore) for p in proposta.passaggi.all()] == [
        ("bozza", "inviata", ufficio)
    ]
    assert LogEntry.objects.get().change_message == "Registrata dall'ufficio."


def test_without_an_address_only_the_offices_hand_is_recorded(client, ufficio):
    client.post(reverse("admin:proposte_proposta_add"), foglio(PercorsoFactory()))

    proposta = Proposta.objects.get()
    assert (proposta.proponente, proposta.registrato_da) == (None, ufficio)


def test_paper_is_typed_in_also_when_the_stage_is_closed_and_published_if_read(client, ufficio):
    fase = FaseFactory(apre_proposte=False)

    client.post(reverse("admin:proposte_proposta_add"), foglio(fase.percorso, pubblica="on"))

    assert Proposta.objects.get().stato == Stato.PUBBLICATA


def test_who_does_not_moderate_cannot_publish_what_she_types_in(client):
    persona = UserFactory(is_staff=True)
    persona.user_permissions.add(
        *Permission.objects.filter(
            codename__in=["add_proposta", "view_proposta"], content_type__app_label="proposte"
        )
    )
    client.force_login(persona)

    client.post(reverse("admin:proposte_proposta_add"), foglio(PercorsoFactory(), pubblica="on"))

    assert Proposta.objects.get().stato == Stato.INVIATA


def test_what_a_meeting_said_carries_the_meetings_name(client, ufficio):
    incontro = IncontroFactory(passato=True, titolo="Che quartiere vuoi?")
    url = reverse("admin:proposte_proposta_add")
    dati = foglio(incontro.percorso, canale="incontro", genere_proponente="incontro")

    manca = client.post(url, dati)
    assert list(manca.context["form"].errors) == ["incontro"]
    client.post(url, {**dati, "incontro": incontro.pk, "tavolo": 3})

    proposta = Proposta.objects.get()
    assert (proposta.canale, proposta.incontro, proposta.tavolo) == ("incontro", incontro, 3)
    assert proposta.firma == "chi ha partecipato a «Che quartiere vuoi?»"


def test_two_clicks_register_one_proposal_and_the_next_sheet_is_ready(client, ufficio):
    percorso = PercorsoFactory()
    url = reverse("admin:proposte_proposta_add")

    prima = client.post(url, {**foglio(percorso), "_altra": ""})
    seconda = client.post(url, {**foglio(percorso), "_altra": ""}, follow=True)
    client.post(url, foglio(percorso, nome_mostrato="Bruno"))

    assert prima["Location"] == f"{url}?canale=cartaceo"
    assert messaggi(seconda) == [
        "Registrata: «Una panchina» è inviata, da moderare.",
        "Era già registrata: non l'ho ripetuta.",
    ]
    assert sorted(Proposta.objects.values_list("nome_mostrato", flat=True)) == ["Anna", "Bruno"]


@pytest.mark.parametrize(
    ("altri", "campo"),
    [
        ({"titolo": ""}, "titolo"),
        ({"per_la_citta": ""}, "laboratorio"),
        ({"genere_proponente": "organizzazione"}, "organizzazione"),
        ({"email": "anna"}, "email"),
        ({"canale": "online"}, "canale"),
        ({"percorso": "0"}, "percorso"),
    ],
)
def test_a_sheet_that_is_not_complete_is_refused_with_its_reason(client, ufficio, altri, campo):
    response = client.post(
        reverse("admin:proposte_proposta_add"), foglio(PercorsoFactory(), **altri)
    )

    assert list(response.context["form"].errors) == [campo]
    assert Proposta.objects.count() == 0


# --- Twice ----------------------------------------------------------------------------------


@pytest.mark.parametrize("nome", PASSI)
def test_a_double_click_makes_one_step_and_is_no_refusal(client, ufficio, nome):
    prima, dati, dopo, _altri = PASSI[nome]
    proposta = PropostaFactory(stato=prima)
    SeguitoFactory(proposta=proposta)
    dati = {"vista": prima, **dati}

    client.post(porta(proposta, nome), dati)
    mail = Messaggio.objects.count()
    response = client.post(porta(proposta, nome), dati)

    assert (response.status_code, response["Location"]) == (302, pagina(proposta))
    assert [(p.da, p.a) for p in proposta.passaggi.all()] == [(prima, dopo)]
    assert Messaggio.objects.count() == mail


def test_what_another_did_or_was_done_before_is_no_double_click(client, ufficio):
    """The same door with the same words is closed, unless it is the same hand and just now."""
    adesso = timezone.now()
    una, due = PropostaFactory(), PropostaFactory()
    services.metti_in_valutazione(una, UserFactory(), adesso=adesso)
    services.metti_in_valutazione(due, ufficio, adesso=adesso - timedelta(minutes=1))

    for proposta in (una, due):
        response = client.post(porta(proposta, "valutazione"))
        assert errori(response) == f"* __all__\n  * {NEL_FRATTEMPO} «in valutazione»."


def test_texts_answers_outcomes_and_checks_are_written_once_by_a_double_click(client, ufficio):
    proposta = in_valutazione()
    tema, bisogno = TemaFactory(), BisognoFactory(percorso=proposta.percorso)
    for nome, dati in {
        "modifica": campi_di(proposta, titolo="Altro titolo", temi=[tema.pk]),
        "bisogni": {"versione": 2, "bisogni": [bisogno.pk]},
        "rispondi": risposta(testo="Si fa. "),
        "prepara_esito": {"esito": "accolta", "motivazione": "Sì.", "letto": ""},
        "verifica": verifica(),
    }.items():
        for _n in range(2):
            response = client.post(porta(proposta, nome), dati)
            assert (response.status_code, response["Location"]) == (302, pagina(proposta)), nome

    proposta.refresh_from_db()
    assert (proposta.titolo, proposta.versione) == ("Altro titolo", 3)
    assert [v.numero for v in proposta.versioni.all()] == [1, 2]
    assert proposta.risposte.count() == 1
    assert LogEntry.objects.filter(content_type__model="verificatecnica").count() == 1


# --- Several at once ------------------------------------------------------------------------


def test_several_are_put_under_evaluation_and_what_is_refused_is_told_one_by_one(client, ufficio):
    buone = [PropostaFactory() for _n in range(2)]
    inviata = PropostaFactory(inviata=True, titolo="Ancora da leggere")
    decisa = PropostaFactory(stato=Stato.NON_ACCOLTA, titolo="Già decisa")
    scelte = [p.pk for p in (*buone, inviata, decisa)]
    dati = {"action": "valuta_molte", "_selected_action": scelte}

    conferma = client.post(ELENCO, dati)
    assert [p.pk for p in conferma.context["proposte"]] == scelte
    assert {p.stato for p in Proposta.objects.all()} == {"pubblicata", "inviata", "non_accolta"}
    response = client.post(
        ELENCO, {**dati, "conferma": "", "testo": "Seduta di maggio."}, follow=True
    )

    assert messaggi(response) == [
        "2 proposte fatte.",
        f"«Ancora da leggere»: {NEL_FRATTEMPO} «inviata, da moderare».",
        f"«Già decisa»: {NEL_FRATTEMPO} «non accolta».",
    ]
    assert [Proposta.objects.get(pk=pk).stato for pk in scelte] == [
        "in_valutazione",
        "in_valutazione",
        "inviata",
        "non_accolta",
    ]
    assert {p.passaggi.get().testo for p in buone} == {"Seduta di maggio."}


def test_several_are_published_but_not_those_that_were_hidden(client):
    entra(client, "moderatore")
    inviata, coperta = PropostaFactory(inviata=True), nascosta(titolo="Coperta")

    response = client.post(
        ELENCO,
        {
            "action": "pubblica_molte",
            "_selected_action": [inviata.pk, coperta.pk],
            "conferma": "",
        },
        follow=True,
    )

    assert messaggi(response) == [
        "1 proposta fatta.",
        f"«Coperta»: {NEL_FRATTEMPO} «nascosta».",
    ]
    inviata.refresh_from_db()
    coperta.refresh_from_db()
    assert (inviata.stato, coperta.stato) == ("pubblicata", "nascosta")


@pytest.mark.parametrize(
    ("ruolo", "azioni"),
    [
        ("facilitatore", []),
        ("moderatore", ["pubblica_molte"]),
        ("ufficio", ["pubblica_molte", "valuta_molte"]),
    ],
)
def test_each_is_offered_the_actions_that_are_hers_and_no_other_works(client, ruolo, azioni):
    entra(client, ruolo)
    proposta = PropostaFactory()
    form = client.get(ELENCO).context["action_form"]
    offerte = [nome for nome, _parole in form.fields["action"].choices if nome] if form else []
    assert offerte == azioni

    if "valuta_molte" not in azioni:
        client.post(
            ELENCO,
            {"action": "valuta_molte", "_selected_action": [proposta.pk], "conferma": ""},
        )
        proposta.refresh_from_db()
        assert proposta.stato == Stato.PUBBLICATA


def test_too_many_at_once_are_refused(client, ufficio, monkeypatch):
    monkeypatch.setattr("proposte.admin_views.MOLTE", 1)
    proposte = [PropostaFactory() for _n in range(2)]

    response = client.post(
        ELENCO,
        {"action": "valuta_molte", "_selected_action": [p.pk for p in proposte], "conferma": ""},
        follow=True,
    )

    assert messaggi(response) == ["Sono troppe: scegline al massimo 1."]
    assert {p.stato for p in Proposta.objects.all()} == {"pubblicata"}


# --- The pages themselves -------------------------------------------------------------------


def test_a_proposals_page_offers_what_may_be_done_now(client, ufficio):
    attese = {
        Stato.INVIATA: ["pubblica", "modifica", "bisogni", "verifica", "ritira", "nascondi"],
        Stato.PUBBLICATA: [
            "valutazione",
            "rispondi",
            "modifica",
            "bisogni",
            "verifica",
            "integra",
            "dividi",
            "ritira",
            "nascondi",
        ],
        Stato.IN_VALUTAZIONE: [
            "prepara-esito",
            "decidi",
            "rispondi",
            "modifica",
            "bisogni",
            "verifica",
            "integra",
            "dividi",
            "rimanda",
            "ritira",
            "nascondi",
        ],
        Stato.ACCOLTA: [
            "rispondi",
            "avanzamento",
            "modifica",
            "bisogni",
            "verifica",
            "riapri",
            "nascondi",
        ],
        Stato.NON_ACCOLTA: ["rispondi", "modifica", "bisogni", "verifica", "riapri", "nascondi"],
        Stato.NASCOSTA: ["pubblica", "modifica", "bisogni", "verifica"],
        Stato.RITIRATA: ["verifica"],
    }

    trovate = {}
    for stato in attese:
        response = client.get(pagina(PropostaFactory(stato=stato)))
        trovate[stato] = porte(response)
        for nome in trovate[stato]:
            url = f"{ELENCO}{response.context['original'].pk}/{nome}/"
            assert client.get(url).context.get("chiusa", "") == "" or nome == "verifica", url

    assert trovate == attese


def test_the_pages_have_no_inline_script_or_style(client, ufficio):
    una, altra = coppia()
    prepara(in_valutazione(), ufficio)
    in_coda = PropostaFactory(inviata=True)
    accolta = PropostaFactory(stato=Stato.ACCOLTA)
    for url in (
        ELENCO,
        pagina(una),
        f"{ELENCO}coda/",
        voce("proposta", in_coda),
        f"{ELENCO}esiti-preparati/",
        reverse("admin:proposte_proposta_add"),
        porta(una, "integra"),
        f"{porta(una, 'integra')}?in={altra.pk}",
        porta(una, "dividi"),
        porta(una, "verifica"),
        porta(accolta, "avanzamento"),
    ):
        testo = html(client.get(url))
        assert "<style" not in testo
        assert ' style="' not in testo
        assert " onclick=" not in testo
        assert "<script>" not in testo


def test_each_door_leaves_a_line_in_the_proposals_history(client, ufficio):
    proposta = PropostaFactory()

    client.post(porta(proposta, "valutazione"), {})

    storia = html(client.get(porta(proposta, "history")))
    assert "Metti in valutazione" in storia
