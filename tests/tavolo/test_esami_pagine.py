"""The members' home, a review's page and the comparison: who may open what, and what it shows."""

import csv
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from eventi.models import Incontro
from portale.lib.dates import a_roma
from portale.lib.pdf import ImpaginazioneFallita
from proposte.models import VerificaTecnica
from tavolo.models import (
    AccessoDocumento,
    CommentoEsame,
    DomandaProponente,
    Esame,
    Giustificazione,
    Impegno,
    Posizione,
    RispostaScritta,
    Verbale,
)
from tests.factories import (
    BisognoFactory,
    ComponenteFactory,
    EsameFactory,
    IncontroFactory,
    LaboratorioFactory,
    PosizioneFactory,
    PresenzaFactory,
    ProceduraScrittaFactory,
    PropostaFactory,
    PuntoFactory,
    SedutaFactory,
    SeggioFactory,
    VerbaleFactory,
)
from tests.ruoli import entra

from .conftest import RUOLI

LEGGONO = {
    "supplente",
    "titolare",
    "coordinamento",
    "segreteria",
    "osservatore",
    "comitato",
    "ufficio",
}
CON_VOCE = {"supplente", "titolare", "coordinamento"}
COMMENTANO = CON_VOCE | {"segreteria"}


def url(nome, *args):
    return reverse(f"area:{nome}", args=args)


@pytest.fixture
def esame(percorso):
    """Open, and another seat has objected."""
    esame = EsameFactory(percorso=percorso, criteri=["È fattibile?"])
    PosizioneFactory(
        esame=esame,
        seggio__organizzazione__nome="Circolo delle Rose",
        grado="obiezione",
        motivazione="Manca il passaggio pedonale.",
    )
    return esame


# --- Who ------------------------------------------------------------------------------------

AZIONI = {
    "home": (LEGGONO, lambda c, e: c.get(url("home"), {"percorso": e.percorso.slug})),
    "leggi": (LEGGONO, lambda c, e: c.get(url("esame_detail", e.pk))),
    "confronto": (LEGGONO, lambda c, e: c.get(url("confronto"), {"percorso": e.percorso.slug})),
    "posizioni": (
        LEGGONO,
        lambda c, e: c.get(url("posizioni", "csv"), {"percorso": e.percorso.slug}),
    ),
    "bozza": (
        CON_VOCE,
        lambda c, e: c.post(url("esame_bozza", e.pk), {"grado": "contraria", "versione": 0}),
    ),
    "esprimi": (
        CON_VOCE,
        lambda c, e: c.post(
            url("esame_posizione", e.pk), {"grado": "favorevole", "versione": 1, "esprimi": 1}
        ),
    ),
    "chiedi": (
        COMMENTANO,
        lambda c, e: c.post(
            url("esame_chiedi", e.pk),
            {
                "domanda-testo": "Dove?",
                "domanda-chiave": "11111111-1111-4111-8111-111111111111",
            },
        ),
    ),
    # After the end, when everybody may read what the others said.
    "commenta": (
        COMMENTANO,
        lambda c, e: (
            Esame.objects.update(scade_at=timezone.now()),
            c.post(
                url("esame_commenta", e.pk),
                {"testo": "Ciao.", "chiave": "22222222-2222-4222-8222-222222222222"},
            ),
        )[1],
    ),
}


@pytest.mark.parametrize("ruolo", RUOLI)
def test_who_may_open_and_do_what(come, client, esame, ruolo):
    come(ruolo)

    esiti = {nome: fa(client, esame).status_code for nome, (_chi, fa) in AZIONI.items()}

    def atteso(nome, chi):
        if ruolo == "anonima":
            return 302
        if ruolo not in chi:
            return 404
        return 200 if nome == "bozza" or chi is LEGGONO else 303

    assert esiti == {nome: atteso(nome, chi) for nome, (chi, _fa) in AZIONI.items()}
    assert DomandaProponente.objects.count() == (ruolo in COMMENTANO)
    assert CommentoEsame.objects.count() == (ruolo in COMMENTANO)
    assert Posizione.objects.count() == 1 + (ruolo in CON_VOCE)


@pytest.mark.parametrize("ruolo", sorted(LEGGONO))
def test_what_the_others_say_is_read_when_it_may_be(come, client, percorso, esame, ruolo):
    come(ruolo)
    EsameFactory(percorso=percorso)

    def legge():
        pagine = [
            client.get(url("esame_detail", esame.pk)).text,
            b"".join(client.get(url("posizioni", "csv"))).decode(),
        ]
        # The comparison shows how many, never the words.
        assert "passaggio pedonale" not in client.get(url("confronto")).text
        return ["passaggio pedonale" in pagina for pagina in pagine]

    subito = ruolo in {"comitato", "ufficio"}
    assert legge() == [subito] * 2
    if ruolo in CON_VOCE:
        client.post(
            url("esame_posizione", esame.pk),
            {"grado": "conflitto", "motivazione": "Ci lavoriamo.", "versione": 0},
        )
        assert legge() == [True] * 2
    Posizione.objects.filter(grado="conflitto").delete()
    Esame.objects.update(scade_at=timezone.now())
    assert legge() == [True] * 2


def test_drafts_are_of_the_seat_alone(come, client, esame, seggio):
    PosizioneFactory(
        esame=esame, seggio=seggio, resa_at=None, grado="", bozza_motivazione="Ancora da limare"
    )
    Esame.objects.update(scade_at=timezone.now() + timedelta(days=1))
    for ruolo, vede in (("supplente", True), ("coordinamento", False), ("ufficio", False)):
        come(ruolo)
        assert ("da limare" in client.get(url("esame_detail", esame.pk)).text) is vede
    pagina = client.get(reverse("admin:tavolo_esame_change", args=[esame.pk])).text
    assert ("passaggio pedonale" in pagina, "da limare" in pagina) == (True, False)


# --- A review's page ------------------------------------------------------------------------


def test_the_page_has_all_that_one_needs_to_answer(come, client, percorso, esame):
    come("titolare")
    proposta = esame.proposta
    VerificaTecnica.objects.create(
        proposta=proposta, competenza="Mobilità", fattibile="si", costo_euro=15000
    )
    bisogno = BisognoFactory(titolo="Panchine all'ombra")
    proposta.bisogni.add(bisogno)
    dopo = EsameFactory(percorso=percorso)

    pagina = client.get(url("esame_detail", esame.pk)).text

    for testo in (
        proposta.che_cosa.replace("'", "&#x27;"),
        "Mobilità",
        "15.000 euro",
        "Panchine all&#x27;ombra",
        "È fattibile?",
        "Ha risposto 1 seggio su 2.",
        str(dopo.proposta),
        "Meglio di no, e scrivete perché",
    ):
        assert testo in pagina


def test_a_position_without_its_reason_comes_back_with_what_was_written(come, client, esame):
    come("titolare")

    risposta = client.post(url("esame_posizione", esame.pk), {"grado": "obiezione", "versione": 0})

    assert risposta.status_code == 200
    assert "per questa posizione serve" in risposta.text
    assert risposta.context["form"]["grado"].value() == "obiezione"
    vuota = client.post(url("esame_posizione", esame.pk), {"motivazione": "Boh", "versione": 0})
    assert "Scegli una posizione." in vuota.text
    assert Posizione.objects.count() == 1


def test_who_writes_second_for_a_seat_reads_the_first_and_keeps_her_text(
    come, client, esame, seggio
):
    come("supplente")
    prima = PosizioneFactory(
        esame=esame,
        seggio=seggio,
        grado="contraria",
        motivazione="Scritto dal titolare",
        versione=1,
        resa_da=ComponenteFactory(seggio=seggio),
    )
    dati = {"grado": "obiezione", "motivazione": "Scritto dalla supplente", "versione": 0}

    risposta = client.post(url("esame_posizione", esame.pk), dati)

    assert risposta.status_code == 409
    assert "ha scritto dopo di te" in risposta.text
    assert "Scritto dal titolare" in risposta.text
    assert "Scritto dalla supplente" in risposta.text
    assert 'name="versione" value="1"' in risposta.text
    prima.refresh_from_db()
    assert prima.motivazione == "Scritto dal titolare"
    # Having read, she sends it again.
    assert client.post(url("esame_posizione", esame.pk), dati | {"versione": 1}).status_code == 303
    prima.refresh_from_db()
    assert prima.motivazione == "Scritto dalla supplente"


def test_the_script_saves_the_draft_and_is_told_when_it_cannot(come, client, esame):
    come("titolare")

    def salva(**dati):
        risposta = client.post(url("esame_bozza", esame.pk), {"versione": 0} | dati)
        return risposta.status_code, risposta.json().get("versione")

    assert salva(motivazione="Pens") == (200, 1)
    assert salva(motivazione="Penso", versione=1) == (200, 2)
    assert salva(motivazione="Da un'altra finestra", versione=1) == (409, None)
    assert salva(motivazione="x" * 5001, versione=2) == (422, None)
    Esame.objects.update(scade_at=timezone.now())
    assert salva(motivazione="Tardi", versione=2) == (409, None)
    assert Posizione.objects.get(grado="").bozza_motivazione == "Penso"


def test_what_was_written_too_late_is_still_on_the_page(come, client, esame):
    come("titolare")
    Esame.objects.update(scade_at=timezone.now())

    risposta = client.post(
        url("esame_posizione", esame.pk),
        {"grado": "contraria", "motivazione": "Due pagine di ragioni", "versione": 0},
    )

    assert (risposta.status_code, "Due pagine di ragioni" in risposta.text) == (409, True)


def test_of_a_proposal_that_was_taken_back_nothing_is_shown(come, client, percorso):
    come("titolare")
    esame = EsameFactory(
        percorso=percorso, proposta__titolo="Il mio segreto", proposta__stato="ritirata"
    )
    pagina = client.get(url("esame_detail", esame.pk)).text
    assert "non si legge più" in pagina
    for nome in ("home", "confronto"):
        pagina += client.get(url(nome)).text
    assert "Il mio segreto" not in pagina
    assert esame.proposta.che_cosa not in pagina


# --- The home -------------------------------------------------------------------------------


def riempi(percorso, chi):
    """One of everything that may wait for a seat."""
    seggio = chi.seggio
    aperto = EsameFactory(percorso=percorso)
    PosizioneFactory(esame=EsameFactory(percorso=percorso), seggio=seggio)
    futura = SedutaFactory(incontro__percorso=percorso)
    Giustificazione.objects.create(
        seduta=futura,
        componente=chi,
        inizio=futura.incontro.inizio,
        created_at=timezone.now(),
    )
    ProceduraScrittaFactory(percorso=percorso)
    verbale = VerbaleFactory(
        seduta__incontro__percorso=percorso,
        stato=Verbale.Stato.IN_CORREZIONE,
        correzioni_fino_a=timezone.now() + timedelta(days=3),
    )
    PresenzaFactory(seduta=verbale.seduta, seggio=seggio)
    Impegno.objects.create(
        verbale=verbale,
        punto=PuntoFactory(seduta=verbale.seduta),
        seggio=seggio,
        testo="Chiedere le chiavi della sala",
        entro=a_roma(timezone.now()).date() - timedelta(days=1),
    )
    DomandaProponente.objects.create(
        esame=aperto,
        seggio=seggio,
        componente=chi,
        testo="Quante panchine?",
        chiave=str(aperto.pk),
        created_at=timezone.now(),
        risposta="Tre.",
        risposta_at=timezone.now(),
    )


@pytest.mark.parametrize(
    ("ruolo", "quante"), [("titolare", 15), ("comitato", 9), ("osservatore", 13)]
)
def test_the_home_costs_the_same_with_one_of_everything_and_with_three(
    come, client, percorso, ruolo, quante, django_assert_num_queries
):
    chi = come(ruolo)
    seggio_di = chi if ruolo != "comitato" else ComponenteFactory(seggio__percorso=percorso)
    for altri in (1, 2):
        for _ in range(altri):
            riempi(percorso, seggio_di)
        with django_assert_num_queries(quante):
            pagina = client.get(url("home")).text
    assert ("Chiedere le chiavi" in pagina) is (ruolo != "comitato")
    assert ("in ritardo" in pagina) is (ruolo != "comitato")
    assert ("Invece ci sarò" in pagina) is (ruolo != "comitato")


def test_the_home_says_what_is_left_to_do_and_no_more(come, client, percorso, seggio):
    chi = come("titolare")
    oggi = timezone.now()
    tardi = EsameFactory(percorso=percorso, scade_at=oggi + timedelta(days=9))
    presto = EsameFactory(percorso=percorso, scade_at=oggi + timedelta(days=2))
    fatta = PosizioneFactory(esame=EsameFactory(percorso=percorso), seggio=seggio).esame
    bozza = PosizioneFactory(esame=tardi, seggio=seggio, resa_at=None, grado="").esame
    Posizione.objects.filter(esame=bozza).update(bozza_motivazione="Penso che")
    # What is not hers, or over, or answered.
    EsameFactory(percorso=percorso, scaduto=True, proposta__titolo="Finita")
    EsameFactory(proposta__titolo="Di un altro percorso")
    risposta = ProceduraScrittaFactory(percorso=percorso, proposta__titolo="Già risposta")
    RispostaScritta.objects.create(
        procedura=risposta,
        seggio=seggio,
        componente=chi,
        scelta="consenso",
        created_at=oggi,
    )
    assente = VerbaleFactory(
        seduta__incontro__percorso=percorso,
        stato=Verbale.Stato.IN_CORREZIONE,
        correzioni_fino_a=oggi + timedelta(days=3),
    )
    SedutaFactory(incontro__percorso=percorso, in_preparazione=True)
    SedutaFactory(
        incontro=IncontroFactory(
            percorso=percorso, laboratorio=None, stato=Incontro.Stato.ANNULLATO
        )
    )

    pagina = client.get(url("home"))

    assert [v.esame for v in pagina.context["da_leggere"]] == [presto, tardi]
    assert [v.bozza for v in pagina.context["da_leggere"]] == [False, True]
    assert [v.esame for v in pagina.context["espresse"]] == [fatta]
    assert "Il vostro seggio ha risposto a 1 di 3." in pagina.text
    assert "bozza non inviata" in pagina.text
    assert pagina.context["seduta"] is None
    for altro in ("Finita", "Di un altro percorso", "Già risposta", str(assente.seduta)):
        assert altro not in pagina.text


@pytest.mark.parametrize("ruolo", sorted(LEGGONO))
def test_with_nothing_to_do_the_home_says_what_comes_next(come, client, percorso, ruolo):
    SeggioFactory(percorso=percorso)
    come(ruolo)
    pagina = client.get(url("home")).text
    assert "Nessuna proposta in esame" in pagina
    assert "Non è ancora convocata" in pagina


# --- Side by side ---------------------------------------------------------------------------


def test_the_comparison_is_in_order_of_lab_and_title_whatever_was_said(
    come, client, percorso, django_assert_num_queries
):
    come("comitato")
    uno, due = LaboratorioFactory(numero=91), LaboratorioFactory(numero=92)

    def aggiungi(laboratorio, titolo, grado):
        esame = EsameFactory(
            percorso=percorso, proposta__laboratorio=laboratorio, proposta__titolo=titolo
        )
        motivo = "Perché sì." if grado == "obiezione" else ""
        PosizioneFactory(esame=esame, grado=grado, motivazione=motivo)
        return esame

    aggiungi(due, "Alfa", "favorevole")
    with django_assert_num_queries(10):
        client.get(url("confronto"))
    aggiungi(uno, "Zeta", "favorevole")
    aggiungi(uno, "Beta", "obiezione")
    with django_assert_num_queries(10):
        pagina = client.get(url("confronto"))

    assert [str(riga["proposta"]) for riga in pagina.context["righe"]] == ["Beta", "Zeta", "Alfa"]
    scelte = client.get(url("confronto"), {"laboratorio": uno.pk, "stato": "aperti"})
    assert [str(r["proposta"]) for r in scelte.context["righe"]] == ["Beta", "Zeta"]
    chiusi = client.get(url("confronto"), {"stato": "conclusi", "laboratorio": "x", "page": "y"})
    assert chiusi.context["righe"] == []


def test_the_files_name_organisations_and_never_a_person(come, client, esame, seggio):
    come("ufficio")
    [posizione] = Posizione.objects.all()
    chi = ComponenteFactory(seggio=posizione.seggio)
    Posizione.objects.update(resa_da=chi, motivazione="=SOMMA(A1)")

    righe = list(
        csv.reader(
            b"".join(client.get(url("posizioni", "csv"))).decode("utf-8-sig").splitlines(),
            delimiter=";",
        )
    )

    assert [riga[4:7] for riga in righe] == [
        ["organizzazione", "posizione", "motivazione"],
        ["Circolo delle Rose", "obiezione", "'=SOMMA(A1)"],
        [str(seggio), "", ""],
    ]
    assert client.get(url("posizioni", "xlsx")).status_code == 200
    assert client.get(url("posizioni", "exe")).status_code == 404


def test_the_dossier_holds_only_what_its_reader_may_read(
    come, client, percorso, esame, monkeypatch
):
    dati = {}

    def impagina(modello, contenuto, **altro):
        dati.update(contenuto)
        return b"%PDF-"

    monkeypatch.setattr("tavolo.dossier.pdf.impagina", impagina)
    esame.proposta.nome_mostrato = "Rosa Privata"
    esame.proposta.save()
    for ruolo, vede in (("titolare", False), ("ufficio", True)):
        come(ruolo)
        assert client.get(url("dossier")).content == b"%PDF-"
        testo = repr(dati["pezzi"])
        assert ("passaggio pedonale" in testo) is vede
        assert ("1 su 2" in testo) is not vede
        assert "Rosa Privata" not in testo
    client.get(reverse("admin:tavolo_esame_dossier"))
    assert "passaggio pedonale" in repr(dati["pezzi"])


# Each file made of the reviews: where it is, and how the register of accesses calls it.
DELL_AREA = {
    ("area:dossier",): "Dossier degli esami",
    ("area:posizioni", "csv"): "Posizioni dei seggi (CSV)",
    ("area:posizioni", "xlsx"): "Posizioni dei seggi (XLSX)",
}
DELL_ADMIN = {
    ("admin:tavolo_esame_dossier",): "Dossier degli esami",
    ("admin:tavolo_esame_posizioni", "csv"): "Posizioni dei seggi (CSV)",
    ("admin:tavolo_esame_posizioni", "xlsx"): "Posizioni dei seggi (XLSX)",
}


@pytest.mark.parametrize(
    ("ruolo", "in_quanto", "file"),
    [
        ("supplente", "componente", DELL_AREA),
        ("comitato", "comitato", DELL_AREA),
        ("ufficio", "ufficio", DELL_AREA),
        ("ufficio", "ufficio", DELL_ADMIN),
    ],
)
def test_each_file_of_the_reviews_that_leaves_is_written_down_once(
    come, client, percorso, esame, seggio, monkeypatch, ruolo, in_quanto, file
):
    monkeypatch.setattr("tavolo.dossier.pdf.impagina", lambda *_a, **_k: b"%PDF-")
    # The office may ask for any percorso: the line is of the one that it read.
    EsameFactory(percorso__stato="attivo")
    chi = come(ruolo)
    dove = {"percorso": percorso.pk if file is DELL_ADMIN else percorso.slug}

    for rotta, *args in file:
        assert client.head(reverse(rotta, args=args), dove).status_code == 200
        assert client.get(reverse(rotta, args=args), dove).status_code == 200

    righe = AccessoDocumento.objects.order_by("pk")
    assert [riga.oggetto for riga in righe] == list(file.values())
    persona = getattr(chi, "persona", chi)
    suo = seggio if ruolo == "supplente" else None
    for riga in righe:
        assert (riga.percorso, riga.persona, riga.seggio) == (percorso, persona, suo)
        assert (riga.titolo_accesso, riga.documento, riga.verbale) == (in_quanto, None, None)


@pytest.mark.parametrize(
    ("ruolo", "file"),
    [
        *((ruolo, DELL_AREA | DELL_ADMIN) for ruolo in RUOLI if ruolo not in LEGGONO),
        *((ruolo, DELL_ADMIN) for ruolo in sorted(LEGGONO - {"ufficio"})),
    ],
)
def test_who_gets_no_file_leaves_no_line(come, client, esame, ruolo, file):
    come(ruolo)
    # Hers, if she has one, she may read.
    dove = {"percorso": esame.percorso.slug}

    esiti = {client.get(reverse(rotta, args=args), dove).status_code for rotta, *args in file}

    assert esiti == {302 if ruolo == "anonima" else 404}
    assert AccessoDocumento.objects.count() == 0


def test_a_file_that_could_not_be_made_leaves_no_line(come, client, esame, monkeypatch):
    def fallisce(*_argomenti, **_altri):
        raise ImpaginazioneFallita("Troppo lungo.")

    monkeypatch.setattr("tavolo.dossier.pdf.impagina", fallisce)
    come("ufficio")
    admin = reverse("admin:tavolo_esame_dossier")
    sbagliate = [reverse("admin:tavolo_esame_posizioni", args=["exe"]), url("posizioni", "exe")]

    assert [client.get(dove).status_code for dove in (admin, url("dossier"))] == [302, 302]
    assert [client.get(dove).status_code for dove in sbagliate] == [404, 404]
    assert AccessoDocumento.objects.count() == 0


# --- Who made the proposal ------------------------------------------------------------------


@pytest.fixture
def domanda(percorso, seggio):
    return DomandaProponente.objects.create(
        esame=EsameFactory(percorso=percorso),
        seggio=seggio,
        componente=ComponenteFactory(seggio=seggio, supplente=True),
        testo="Quante panchine?",
        chiave="d",
        created_at=timezone.now(),
    )


def riconosciuta(client, partecipante):
    sessione = client.session
    sessione["partecipante"] = partecipante.pk
    sessione.save()


def test_only_who_made_the_proposal_answers_and_she_reads_no_name(client, domanda):
    pagina = reverse("tavolo:domanda_rispondi", args=[domanda.pk])
    assert client.get(pagina).status_code == 404
    riconosciuta(client, PropostaFactory().proponente)
    assert (client.get(pagina).status_code, client.post(pagina).status_code) == (404, 404)

    riconosciuta(client, domanda.esame.proposta.proponente)
    testo = client.get(pagina).text
    assert (str(domanda.seggio) in testo, domanda.componente.nome in testo) == (True, False)
    assert client.post(pagina, {"testo": " "}).status_code == 200
    assert client.post(pagina, {"testo": "Tre."}).status_code == 303
    tardi = client.post(pagina, {"testo": "Anzi, quattro."})
    assert (tardi.status_code, "Anzi, quattro." in tardi.text) == (409, True)
    domanda.refresh_from_db()
    assert domanda.risposta == "Tre."


# --- The office -----------------------------------------------------------------------------


@pytest.mark.parametrize("ruolo", ["cittadina", "titolare", "comitato", "moderatore", "ufficio"])
def test_only_the_office_opens_its_doors(come, client, esame, domanda, ruolo):
    come(ruolo)
    porte = [
        reverse("admin:tavolo_esame_apri"),
        reverse("admin:tavolo_esame_dossier"),
        reverse("admin:tavolo_esame_posizioni", args=["csv"]),
        reverse("admin:tavolo_domandaproponente_rispondi", args=[domanda.pk]),
        *(
            reverse(f"admin:tavolo_esame_{nome}", args=[esame.pk])
            for nome in ("proroga", "chiudi", "sollecita")
        ),
    ]
    atteso = 200 if ruolo == "ufficio" else 404
    assert {client.get(porta).status_code for porta in porte} == {atteso}


def test_the_office_opens_many_at_once_from_those_that_are_ready(client, percorso, esame):
    entra(client, "ufficio")
    SeggioFactory(percorso=percorso)
    pronte = [PropostaFactory(percorso=percorso) for _ in range(2)]
    PropostaFactory(percorso=percorso, inviata=True)
    pagina = reverse("admin:tavolo_esame_apri")
    assert set(client.get(pagina).context["pronte"]) == set(pronte)
    giorno = (a_roma(timezone.now()).date() + timedelta(days=9)).isoformat()

    vuota = client.post(pagina, {"giorno": giorno})
    assert "Segna almeno una proposta." in vuota.text
    dati = {"proposte": [p.pk for p in pronte], "giorno": giorno, "nota": "Prima di giovedì."}
    assert client.post(pagina, dati).status_code == 302

    nuovi = Esame.objects.exclude(pk=esame.pk)
    assert {e.proposta for e in nuovi} == set(pronte)
    assert {e.nota for e in nuovi} == {"Prima di giovedì."}


def test_the_list_of_reviews_costs_the_same_with_one_and_with_three(
    client, percorso, esame, seggio, django_assert_num_queries
):
    entra(client, "ufficio")
    elenco = reverse("admin:tavolo_esame_changelist")
    client.get(elenco)
    with django_assert_num_queries(11):
        client.get(elenco)
    for _ in range(2):
        PosizioneFactory(esame=EsameFactory(percorso=percorso))
    with django_assert_num_queries(11):
        pagina = client.get(elenco)
    assert "1 su 4, 1 obiezione" in pagina.text
    senza = client.get(elenco, {"senza_risposta": seggio.pk, "situazione": "aperti"})
    assert senza.context["cl"].result_count == 3
    assert client.get(elenco, {"senza_risposta": "x"}).context["cl"].result_count == 3
