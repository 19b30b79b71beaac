import io

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from openpyxl import load_workbook

from laboratori.models import Attore
from tests.factories import AttoreFactory, ComponenteFactory, LaboratorioFactory
from tests.ruoli import RUOLI as RUOLI_UFFICIO
from tests.ruoli import entra

from .conftest import RUOLI

pytestmark = pytest.mark.django_db

SEGRETI = ("Rosa Segreta", "rosa.segreta@example.org", "0523 999999", "Nota segreta")
# Who reads the map, and who draws it; the others find no page, who has not signed in is asked to.
SCRIVONO = {"altro_percorso", "supplente", "titolare", "coordinamento", "segreteria", "ufficio"}
LEGGONO = SCRIVONO | {"osservatore", "comitato"}


@pytest.fixture
def attore():
    return AttoreFactory(nome="Coro", pubblici=["donne"], latitudine=45.05, longitudine=9.7)


def url(nome, *args):
    return reverse(f"area:attori{nome}", args=args)


def valori(laboratorio, **altri):
    return {
        "laboratorio": laboratorio.pk,
        "nome": "Banda del borgo",
        "genere": "gruppo",
        "attivita": "Suona.\r\nIn piazza.",
        "pubblici": ["tutti", "giovani"],
        "luogo": "",
        "latitudine": "",
        "longitudine": "",
        "sito": "",
        "stato": "da_raggiungere",
        "vista": 0,
        **altri,
    }


@pytest.mark.parametrize("ruolo", RUOLI)
def test_who_reads_and_who_draws_the_map(client, come, attore, ruolo):
    zona = attore.laboratorio.numero
    letture = [
        url(""), url("_mancano"), url("_csv"), url("_xlsx"), url("_zona", zona),
        url("_detail", attore.pk),
    ]  # fmt: skip
    moduli = [url("_crea", zona), url("_correggi", attore.pk), url("_togli", attore.pk)]
    invii = [
        (url("_crea", zona), valori(attore.laboratorio)),
        (
            url("_correggi", attore.pk),
            valori(attore.laboratorio, nome="Coro misto", vista=1),
        ),
        (url("_segna", attore.pk), {"da": "da_raggiungere", "a": "raggiunto"}),
        (url("_togli", attore.pk), {"motivo": "Ha chiuso."}),
        (url("_rimetti", attore.pk), {}),
    ]
    come(ruolo)

    letti = {client.get(pagina).status_code for pagina in letture}
    aperti = {client.get(pagina).status_code for pagina in moduli}
    scritti = {client.post(pagina, dati).status_code for pagina, dati in invii}

    manca = 302 if ruolo == "anonima" else 404
    assert letti == {200 if ruolo in LEGGONO else manca}
    assert aperti == {200 if ruolo in SCRIVONO else manca}
    assert scritti == {303 if ruolo in SCRIVONO else manca}
    attore.refresh_from_db()
    assert (attore.nome, attore.stato, attore.modifiche.count(), Attore.objects.count()) == (
        ("Coro misto", "raggiunto", 4, 2)
        if ruolo in SCRIVONO
        else ("Coro", "da_raggiungere", 0, 1)
    )


def test_another_s_percorso_opens_nothing(client, come, attore):
    altro = ComponenteFactory().seggio.percorso
    come("titolare")
    assert client.get(f"{url('')}?percorso={altro.slug}").status_code == 404
    assert (
        client.post(f"{url('_togli', attore.pk)}?percorso={altro.slug}", {"motivo": "x"})
    ).status_code == 404


def test_what_a_member_writes_is_signed_by_her_organisation(client, come, seggio):
    laboratorio, componente = LaboratorioFactory(), come("supplente")
    with time_machine.travel("2026-03-03T18:30:00Z", tick=False):
        ComponenteFactory._meta.model.objects.update(al=None)
        client.post(url("_crea", laboratorio.numero), valori(laboratorio))
        client.post(url("_crea", laboratorio.numero), valori(laboratorio))
    attore = Attore.objects.get()
    assert (attore.attivita, attore.pubblici) == ("Suona.\nIn piazza.", ["giovani", "tutti"])
    assert (attore.origine, attore.aggiunto_da) == (str(seggio), componente.persona)
    pagina = client.get(url("_detail", attore.pk)).content.decode()
    assert "3 marzo 2026, 19:30" in pagina
    assert componente.persona.nome in pagina


def test_whom_to_call_never_reaches_members_nor_their_files(client, come, attore):
    come("coordinamento")
    # The office changes a number: members do not even see that it did.
    attore.modifiche.create(
        numero=1,
        verbo="corretto",
        cambi=[{"campo": "telefono", "da": None, "a": None}],
        origine="Ufficio Partecipazione",
        created_at=attore.created_at,
    )
    zona = attore.laboratorio.numero
    for pagina in (
        url(""), url("_mancano"), url("_zona", zona), url("_detail", attore.pk),
        url("_correggi", attore.pk), url("_togli", attore.pk), url("_csv"),
    ):  # fmt: skip
        response = client.get(pagina)
        testo = b"".join(response).decode() if response.streaming else response.content.decode()
        assert [segreto for segreto in SEGRETI if segreto in testo] == []
        assert "telefono" not in testo
    cercato = client.get(url("_zona", zona), {"q": "segreta"})
    assert cercato.context["page_obj"].paginator.count == 0
    libro = load_workbook(io.BytesIO(client.get(url("_xlsx")).content))
    righe = list(libro["Attori"].values)
    assert righe[0][:4] == ("numero", "zona", "nome", "genere")
    assert (righe[1][2], righe[1][5], len(righe[1])) == ("Coro", "donne", len(righe[0]))
    assert [s for s in SEGRETI if any(s in str(cella) for riga in righe for cella in riga)] == []


def test_the_filters_find_and_say_what_is_wrong(client, come):
    laboratorio = LaboratorioFactory()
    AttoreFactory(laboratorio=laboratorio, nome="Coro", pubblici=["donne"], stato="raggiunto")
    AttoreFactory(laboratorio=laboratorio, nome="Banda", attivita="Suona col coro.")
    AttoreFactory(laboratorio=laboratorio, nome="Chiuso", tolto=True)
    AttoreFactory(nome="Altrove")
    come("comitato")

    def nomi(**filtri):
        response = client.get(url("_zona", laboratorio.numero), filtri)
        return [attore.nome for attore in response.context["page_obj"]]

    assert nomi() == ["Banda", "Coro"]
    assert nomi(q="coro") == ["Banda", "Coro"]
    assert nomi(q="coro suona") == ["Banda"]
    assert nomi(per="donne") == ["Coro"]
    assert nomi(stato="da_raggiungere") == ["Banda"]
    assert nomi(tolti="on") == ["Chiuso"]
    assert nomi(stato="boh", per="donne") == ["Coro"]
    sbagliata = client.get(url("_zona", laboratorio.numero), {"stato": "boh", "q": "a\0"})
    assert set(sbagliata.context["filtro"].errors) == {"stato", "q"}
    assert "Non abbiamo capito" in sbagliata.content.decode()


def test_one_click_keeps_the_filters_and_offers_the_way_back(client, come, attore):
    come("titolare")
    altrove = client.post(
        url("_segna", attore.pk),
        {"da": "da_raggiungere", "a": "raggiunto", "filtri": "per=donne&next=//x&stato=boh"},
    )
    zona = url("_zona", attore.laboratorio.numero)
    assert altrove.url == f"{zona}?per=donne&segnato={attore.pk}"
    assert "Annulla: torna a «da raggiungere»" in client.get(altrove.url).content.decode()
    # Who had the page open from before is told.
    vecchia = client.post(
        url("_segna", attore.pk), {"da": "da_raggiungere", "a": "contattato"}, follow=True
    )
    assert "Intanto «Coro» è stato segnato come «raggiunto»" in vecchia.content.decode()
    client.post(url("_segna", attore.pk), {"da": "raggiunto", "a": "da_raggiungere"})
    attore.refresh_from_db()
    assert attore.stato == "da_raggiungere"
    assert client.post(url("_segna", attore.pk), {"a": "perso"}).status_code == 404


def test_who_is_overtaken_keeps_her_text_and_sees_the_other(client, come, attore):
    come("titolare")
    pagina = url("_correggi", attore.pk)
    base = valori(attore.laboratorio, nome="Coro", genere="associazione", pubblici=["donne"])
    client.post(pagina, base | {"attivita": "Scritto prima.", "vista": 1})

    dopo = client.post(pagina, base | {"attivita": "Scritto dopo.", "vista": 1})

    testo = dopo.content.decode()
    assert dopo.status_code == 200
    assert "Intanto qualcuno ha corretto questa scheda" in testo
    assert "Scritto dopo." in testo
    assert [c.da for c in dopo.context["diversi"]] == ["Scritto prima."]
    attore.refresh_from_db()
    assert attore.attivita == "Scritto prima."
    versione = dopo.context["form"]["vista"].value()
    client.post(pagina, base | {"attivita": "Scritto dopo.", "vista": versione})
    attore.refresh_from_db()
    assert (attore.attivita, attore.versione) == ("Scritto dopo.", 3)
    assert attore.email == "rosa.segreta@example.org"


def test_a_name_that_is_there_leads_to_its_page(client, come, attore):
    come("titolare")
    response = client.post(
        url("_crea", attore.laboratorio.numero), valori(attore.laboratorio, nome="CORO.")
    )
    assert response.context["presente"] == attore
    assert f'href="{url("_detail", attore.pk)}?' in response.content.decode()
    assert Attore.objects.count() == 1


@pytest.mark.parametrize(
    ("campo", "valore"),
    [
        ("nome", " … "),
        ("nome", "x" * 161),
        ("nome", "a\0b"),
        ("genere", "boh"),
        ("pubblici", ["marziani"]),
        ("sito", "javascript:alert(1)"),
        ("attivita", "x" * 1501),
        ("laboratorio", "999999"),
        ("latitudine", "91"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(client, come, campo, valore):
    laboratorio = LaboratorioFactory()
    come("titolare")
    punto = {"latitudine": "45", "longitudine": "9"}
    response = client.post(
        url("_crea", laboratorio.numero), valori(laboratorio) | punto | {campo: valore}
    )
    assert list(response.context["form"].errors) == [campo]
    assert Attore.objects.count() == 0


def test_without_a_script_the_point_can_be_taken_away(client, come, attore):
    come("titolare")
    dati = valori(attore.laboratorio, nome="Coro nuovo", latitudine="45.05", longitudine="9.7")
    response = client.post(url("_correggi", attore.pk), dati | {"togli_punto": "1"})
    assert response.status_code == 200
    assert response.context["punto_presente"] is False
    assert "Coro nuovo" in response.content.decode()
    attore.refresh_from_db()
    assert (attore.nome, attore.latitudine) == ("Coro", 45.05)


def test_what_people_write_is_shown_as_text(client, come):
    cattivo = "<script>alert(1)</script>"
    attore = AttoreFactory(
        nome=cattivo, attivita=cattivo, luogo=cattivo, origine=cattivo,
        latitudine=45.05, longitudine=9.7,
    )  # fmt: skip
    attore.modifiche.create(
        numero=1, verbo="tolto", motivo=cattivo, origine=cattivo, created_at=attore.created_at,
        cambi=[{"campo": "nome", "da": cattivo, "a": cattivo}],
    )  # fmt: skip
    come("titolare")
    for pagina in (
        url("_zona", attore.laboratorio.numero), url("_detail", attore.pk),
        url("_correggi", attore.pk), url("_togli", attore.pk),
    ):  # fmt: skip
        testo = client.get(pagina).content.decode()
        assert cattivo not in testo
        assert "&lt;script&gt;alert(1)" in testo


def test_the_pages_ask_the_same_however_many_actors_there_are(
    client, come, django_assert_num_queries
):
    laboratorio = LaboratorioFactory(latitudine=45.05, longitudine=9.7)
    come("titolare")
    pagine = {url(""): 7, url("_mancano"): 7, url("_zona", laboratorio.numero): 13}
    # One mark has a name to fetch, however many there are.
    AttoreFactory(laboratorio=laboratorio, latitudine=45.09, longitudine=9.69)
    for quanti in (1, 2):
        for _volta in range(quanti):
            attore = AttoreFactory(
                laboratorio=laboratorio, pubblici=["donne"], latitudine=45.06, longitudine=9.71
            )
            attore.modifiche.create(
                numero=1, verbo="aggiunto", origine="x", created_at=attore.created_at
            )
        for pagina, quante in pagine.items():
            client.get(pagina)
            with django_assert_num_queries(quante):
                client.get(pagina)


def test_a_mark_of_the_drawing_is_a_link_and_near_ones_are_one(client, come):
    laboratorio = LaboratorioFactory(latitudine=45.05, longitudine=9.7)
    solo = AttoreFactory(laboratorio=laboratorio, latitudine=45.08, longitudine=9.70)
    AttoreFactory.create_batch(2, laboratorio=laboratorio, latitudine=45.05, longitudine=9.71)
    AttoreFactory(laboratorio=laboratorio)
    come("titolare")
    response = client.get(url("_zona", laboratorio.numero))
    segni = {voce["segno"].quante: voce["url"] for voce in response.context["segni"]}
    assert segni[1] == url("_detail", solo.pk)
    assert segni[2].startswith("?riquadro=")
    vicina = client.get(url("_zona", laboratorio.numero) + segni[2].removesuffix("#mappa"))
    assert vicina.context["disegno"].viste == 2
    assert vicina.context["page_obj"].paginator.count == 4


# --- The office -----------------------------------------------------------------------------


ELENCO = "/admin/laboratori/attore/"


def porta(attore, nome):
    return reverse(f"admin:laboratori_attore_{nome}", args=[attore.pk])


@pytest.mark.parametrize("ruolo", RUOLI_UFFICIO)
def test_the_office_alone_reads_whom_to_call(client, attore, ruolo):
    entra(client, ruolo)
    atteso = {"anonima": 302, "ufficio": 200, "amministratrice": 200}.get(ruolo, 404)
    pagine = [
        ELENCO, porta(attore, "change"), porta(attore, "togli"), porta(attore, "rimetti"),
        f"{ELENCO}add/",
    ]  # fmt: skip
    letti = [client.get(pagina) for pagina in pagine]
    client.post(porta(attore, "togli"), {"motivo": "Ha chiuso."})
    assert [response.status_code for response in letti] == [atteso] * len(pagine)
    attore.refresh_from_db()
    assert (attore.archiviato_motivo != "") == (atteso == 200)
    if atteso == 200:
        assert "rosa.segreta@example.org" in letti[1].content.decode()
        # Off the map it is to read, and to put back.
        assert 'name="_save"' not in client.get(porta(attore, "change")).content.decode()
        client.post(porta(attore, "rimetti"))
        assert [m.verbo for m in attore.modifiche.all()] == ["tolto", "rimesso"]


def nel_modulo(attore, **altri):
    return (
        valori(attore.laboratorio, nome=attore.nome, genere=attore.genere, attivita="")
        | {campo: getattr(attore, campo) for campo in Attore.RISERVATI}
        | {"pubblici": attore.pubblici, "latitudine": "45.05", "longitudine": "9.7"}
        | {"vista": attore.versione, "modifiche-TOTAL_FORMS": 0, "modifiche-INITIAL_FORMS": 0}
        | altri
    )


def test_the_office_writes_through_the_same_door(client, attore):
    persona = entra(client, "ufficio")
    client.post(porta(attore, "change"), nel_modulo(attore, telefono="0523 111", nome="Coro A"))
    vecchia = client.post(porta(attore, "change"), nel_modulo(attore, nome="Coro B"))
    aggiunta = nel_modulo(attore, nome="Banda", vista=0)
    client.post(f"{ELENCO}add/", aggiunta)
    client.post(f"{ELENCO}add/", aggiunta)
    doppia = client.post(f"{ELENCO}add/", aggiunta | {"nome": "coro a"})

    attore.refresh_from_db()
    assert (attore.nome, attore.telefono, attore.versione) == ("Coro A", "0523 111", 2)
    (modifica,) = attore.modifiche.all()
    assert (modifica.autore, modifica.origine) == (persona, "Ufficio Partecipazione")
    assert [c["campo"] for c in modifica.cambi] == ["nome", "telefono"]
    assert "Intanto qualcuno ha corretto" in vecchia.content.decode()
    assert "In questa zona c&#x27;è già «Coro A»" in doppia.content.decode()
    banda = Attore.objects.exclude(pk=attore.pk).get()
    assert (banda.nome, banda.origine, banda.modifiche.count()) == (
        "Banda",
        "Ufficio Partecipazione",
        1,
    )


def test_the_office_finds_and_takes_its_own_file_leaving_a_trace(
    client, attore, django_assert_num_queries
):
    persona = entra(client, "ufficio")
    AttoreFactory(nome="Muto", contatto="", email="", telefono="", note="")
    AttoreFactory(nome="Chiuso", tolto=True)

    def nomi(filtro=""):
        return sorted(a.nome for a in client.get(f"{ELENCO}{filtro}").context["cl"].result_list)

    assert nomi() == ["Coro", "Muto"]
    assert nomi("?mappa=tolti") == ["Chiuso"]
    assert nomi("?recapiti=no") == ["Muto"]
    assert nomi("?per=donne") == ["Coro"]
    assert nomi("?q=segreta") == ["Coro"]
    for _volta in range(2):
        with django_assert_num_queries(7):
            client.get(ELENCO)
        AttoreFactory.create_batch(2, laboratorio=attore.laboratorio)
    scelta = {"action": "scarica_csv", "_selected_action": [attore.pk]}
    righe = b"".join(client.post(ELENCO, scelta)).decode().splitlines()
    assert righe[0].endswith("contatto;email;telefono;note")
    assert righe[1].endswith(";".join(SEGRETI))
    traccia = LogEntry.objects.latest("pk")
    assert (traccia.user, traccia.change_message) == (
        persona,
        "Esportati 1 attori con i recapiti (CSV).",
    )
