"""The pages of minutes: who may open and do what, what they show, and to whom nothing."""

import json
import re
from datetime import timedelta
from hashlib import sha256
from html import unescape

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from posta.models import Messaggio
from tavolo.models import AccessoDocumento, Correzione, Seggio, Verbale
from tavolo.services import impegni, verbali
from tests.factories import ComponenteFactory, DecisioneFactory, PresenzaFactory, PuntoFactory

from ..conftest import RUOLI
from .conftest import ADESSO, CHIUDE, DOPO, chiedi

LEGGONO = {
    "supplente",
    "titolare",
    "coordinamento",
    "segreteria",
    "osservatore",
    "comitato",
    "ufficio",
}
CONDUCONO = {"coordinamento", "segreteria", "ufficio"}

pytestmark = pytest.mark.usefixtures("pdf_di_carta")


@pytest.fixture
def adesso():
    with time_machine.travel(ADESSO, tick=False) as viaggio:
        yield viaggio


def area(nome, verbale, *args):
    return reverse(f"area:{nome}", args=[verbale.seduta.incontro.slug, *args])


def pubblica(nome, verbale):
    return reverse(f"tavolo:{nome}", args=[verbale.seduta.incontro.slug])


def parole(response):
    """What a page says, without its markup."""
    corpo = response.content.decode()
    corpo = corpo[corpo.index("<main") : corpo.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", corpo)).split())


# --- Who ------------------------------------------------------------------------------------


def _voce(verbale):
    return verbale.voci.first()


# Who may, in which state of the minutes it is tried, and what is tried.
AZIONI = {
    "leggere": (LEGGONO, "in_correzione", lambda c, v: c.get(area("verbale_detail", v))),
    "leggere il PDF": (LEGGONO, "approvato", lambda c, v: c.get(area("verbale_pdf", v))),
    "cominciare": (CONDUCONO, "bozza", lambda c, v: c.post(area("verbale_inizia", v))),
    "aprire i punti": (CONDUCONO, "bozza", lambda c, v: c.get(area("verbale_scrivi", v))),
    "aprire un punto": (
        CONDUCONO,
        "bozza",
        lambda c, v: c.get(area("verbale_voce", v, _voce(v).pk)),
    ),
    "scrivere un punto": (
        CONDUCONO,
        "bozza",
        lambda c, v: c.post(
            area("verbale_voce", v, _voce(v).pk), {"testo": "Scritto.", "versione": 1}
        ),
    ),
    "scrivere la premessa": (
        CONDUCONO,
        "bozza",
        lambda c, v: c.post(area("verbale_scrivi", v), {"premessa": "Scritta.", "versione": 1}),
    ),
    "aggiungere un impegno": (
        CONDUCONO,
        "bozza",
        lambda c, v: c.post(
            area("verbale_impegno", v, _voce(v).pk), {"impegno-testo": "Telefonare"}
        ),
    ),
    "togliere un impegno": (
        CONDUCONO,
        "bozza",
        lambda c, v: c.post(area("verbale_impegno_togli", v, _impegno(v).pk)),
    ),
    "segnarlo fatto": (
        CONDUCONO,
        "in_correzione",
        lambda c, v: c.post(area("verbale_impegno_fatto", v, v.impegni.get().pk), {"fatto": "si"}),
    ),
    "farlo rileggere": (CONDUCONO, "bozza", lambda c, v: c.post(area("verbale_correzioni", v))),
    "aprire la domanda": (CONDUCONO, "bozza", lambda c, v: c.get(area("verbale_correzioni", v))),
    "aprire una correzione": (
        CONDUCONO,
        "in_correzione",
        lambda c, v: c.get(area("verbale_rispondi", v, v.correzioni.get().pk)),
    ),
    "rispondere": (
        CONDUCONO,
        "in_correzione",
        lambda c, v: c.post(
            area("verbale_rispondi", v, v.correzioni.get().pk), {"esito": "accolta"}
        ),
    ),
    "aprire l'approvazione": (
        CONDUCONO,
        "in_correzione",
        lambda c, v: c.get(area("verbale_approva", v)),
    ),
    "approvare": (
        CONDUCONO,
        "in_correzione",
        lambda c, v: c.post(area("verbale_approva", v), {"seduta": _successiva(v).pk}),
    ),
    "aprire la rettifica": (
        CONDUCONO,
        "approvato",
        lambda c, v: c.get(area("verbale_rettifica", v)),
    ),
    "rettificare": (
        CONDUCONO,
        "approvato",
        lambda c, v: c.post(
            area("verbale_rettifica", v), {"seduta": _successiva(v).pk, "testo": "Un refuso."}
        ),
    ),
}


def _impegno(verbale):
    """Written again where somebody has taken it away."""
    return impegni.aggiungi_impegno(verbale, testo="Scrivere", seggio=None, entro=None, punto=None)


def _successiva(verbale):
    return verbali.sedute_che_approvano(verbale).get()


@pytest.fixture
def mondo(bozza, successiva, presenti, autore):
    """``mondo(stato)``: the minutes in that state, with a promise, and a correction that waits
    while it can."""

    def porta_a(stato):
        impegni.aggiungi_impegno(bozza, testo="Scrivere", seggio=None, entro=None, punto=None)
        if stato != "bozza":
            verbali.apri_correzioni(bozza, autore, adesso=ADESSO)
        if stato == "in_correzione":
            chiedi(bozza, presenti[0])
        if stato == "approvato":
            verbali.approva_in_seduta(bozza, successiva, autore, adesso=DOPO)
        return Verbale.objects.get(pk=bozza.pk)

    return porta_a


def fotografia(verbale):
    verbale = Verbale.objects.get(pk=verbale.pk)
    righe = ("voci", "impegni", "correzioni", "passaggi", "rettifiche")
    return (
        *(verbale.stato, verbale.premessa),
        *(sorted(map(repr, getattr(verbale, nome).values_list())) for nome in righe),
    )


@pytest.mark.parametrize("azione", AZIONI)
def test_each_role_may_do_this_and_for_the_others_it_is_not_there(mondo, come, client, azione):
    possono, stato, prova = AZIONI[azione]
    verbale = mondo(stato)
    prima = fotografia(verbale)
    esiti = {}
    with time_machine.travel(DOPO, tick=False):
        for ruolo in RUOLI:
            if ruolo in possono:
                continue
            client.logout()
            come(ruolo)
            esiti[ruolo] = prova(client, verbale).status_code
            assert fotografia(verbale) == prima
        for ruolo in sorted(possono):
            client.logout()
            come(ruolo)
            esiti[ruolo] = prova(client, verbale).status_code

    attesi = {ruolo: {200, 303} for ruolo in possono}
    nessuno = {ruolo: {302 if ruolo == "anonima" else 404} for ruolo in set(RUOLI) - possono}
    sbagliati = {r: esito for r, esito in esiti.items() if esito not in (attesi | nessuno)[r]}
    assert sbagliati == {}


@pytest.mark.parametrize("ruolo", [*RUOLI, "presente"])
def test_only_a_seat_that_was_there_asks_for_a_correction(
    in_correzione, presenti, come, client, adesso, ruolo
):
    if ruolo == "presente":
        client.force_login(presenti[0].persona)
    else:
        come(ruolo)

    prima = client.get(area("verbale_correggi", in_correzione))
    client.post(
        area("verbale_correggi", in_correzione),
        {"testo": "Manca qualcosa.", "chiave": "0b0e5a52-7a38-4b8e-a7c3-6a1c0d7c6f4e"},
    )

    atteso = 200 if ruolo == "presente" else 404
    if ruolo == "anonima":
        atteso = 302
    elif ruolo in ("supplente", "titolare", "coordinamento"):
        # Sent back, with the reason: their seat was not there.
        atteso = 303
    assert prima.status_code == atteso
    assert Correzione.objects.count() == (ruolo == "presente")


@pytest.mark.parametrize("ruolo", RUOLI)
def test_a_draft_is_read_by_who_writes_it_and_by_who_watches(bozza, come, client, adesso, ruolo):
    come(ruolo)

    risposta = client.get(area("verbale_detail", bozza))

    if ruolo in LEGGONO:
        letto = "Si è discusso a lungo." in parole(risposta)
        assert letto is (ruolo in CONDUCONO | {"comitato"})
    else:
        assert risposta.status_code in (302, 404)


# --- Writing --------------------------------------------------------------------------------


def test_the_secretary_goes_from_the_agenda_to_minutes_that_are_read(
    seduta, come, client, adesso, presenti
):
    come("segreteria")
    inizio = reverse("area:verbale_inizia", args=[seduta.incontro.slug])
    client.post(inizio)
    verbale = Verbale.objects.get()
    uno, due = verbale.voci.order_by("punto__ordine")

    dopo = client.post(
        area("verbale_voce", verbale, uno.pk), {"testo": "Uno.", "versione": 1, "avanti": "si"}
    )
    assert dopo["Location"] == area("verbale_voce", verbale, due.pk)
    dopo = client.post(
        area("verbale_voce", verbale, due.pk), {"testo": "Due.", "versione": 1, "avanti": "si"}
    )
    assert dopo["Location"] == area("verbale_scrivi", verbale)
    client.post(
        area("verbale_impegno", verbale, due.pk),
        {
            "impegno-testo": "Mandare le piante",
            "impegno-seggio": presenti[0].seggio.pk,
            "impegno-entro": "2026-06-01",
        },
    )
    client.post(area("verbale_correzioni", verbale))

    verbale.refresh_from_db()
    assert [voce.testo for voce in verbale.voci.order_by("punto__ordine")] == ["Uno.", "Due."]
    assert (verbale.stato, str(verbale.impegni.get().entro)) == ("in_correzione", "2026-06-01")
    letto = parole(client.get(area("verbale_detail", verbale)))
    assert "Si chiedono correzioni fino alla mezzanotte di lunedì 18 maggio 2026" in letto
    assert f"{presenti[0].seggio} : Mandare le piante (entro il 1º giugno 2026)" in letto
    assert presenti[0].nome in letto


def test_who_saves_over_somebody_else_gets_both_texts_back(bozza, come, client, adesso, autore):
    come("segreteria")
    voce = bozza.voci.get(punto__ordine=1)
    verbali.salva_voce(voce, "Quello di Anna.", versione=1, autore=autore, adesso=ADESSO)
    indirizzo = area("verbale_voce", bozza, voce.pk)

    risposta = client.post(indirizzo, {"testo": "Quello di Bruna.", "versione": 1})

    pagina = risposta.content.decode()
    assert "Quello di Anna." in parole(risposta)
    assert ">\nQuello di Bruna.</textarea>" in pagina
    assert 'name="versione" value="2"' in pagina
    # Sent again it takes its place, knowing.
    client.post(indirizzo, {"testo": "Di tutte e due.", "versione": 2})
    voce.refresh_from_db()
    assert voce.testo == "Di tutte e due."


def test_the_frame_too_comes_back_with_both_texts(bozza, come, client, adesso, autore):
    come("segreteria")
    cornice = {"chiusura": "", "autore": autore, "adesso": ADESSO}
    verbali.salva_cornice(bozza, premessa="Apre Anna.", versione=1, **cornice)

    risposta = client.post(
        area("verbale_scrivi", bozza), {"premessa": "Apre Bruna.", "versione": 1}
    )

    assert "Apre Anna." in parole(risposta)
    assert ">\nApre Bruna.</textarea>" in risposta.content.decode()


def test_a_text_that_saves_itself_gets_a_word_for_an_answer(bozza, come, client, adesso):
    come("segreteria")
    voce = bozza.voci.get(punto__ordine=1)

    def manda(**dati):
        risposta = client.post(
            area("verbale_voce", bozza, voce.pk), dati, headers={"accept": "application/json"}
        )
        return risposta.status_code, json.loads(risposta.content)

    assert manda(testo="Mezza fra", versione=1) == (200, {"versione": 2, "testo": "Salvato."})
    assert manda(testo="Mezza frase", versione=1) == (
        409,
        {"testo": "Nel frattempo qualcun altro ha salvato questo testo."},
    )
    assert manda(testo="x" * 20_001, versione=2)[0] == 422
    voce.refresh_from_db()
    assert voce.testo == "Mezza fra"


def test_only_a_draft_saves_itself(bozza, come, client, adesso, autore):
    """While it is being read each change leaves a step: half a sentence is none."""
    come("segreteria")
    pagine = [
        area("verbale_scrivi", bozza),
        area("verbale_voce", bozza, bozza.voci.first().pk),
    ]

    def da_soli():
        return ["data-bozza" in client.get(pagina).content.decode() for pagina in pagine]

    assert da_soli() == [True, True]
    verbali.apri_correzioni(bozza, autore, adesso=ADESSO)
    assert da_soli() == [False, False]


def test_who_writes_is_told_that_a_name_will_not_be_read(
    bozza, come, client, adesso, autore, presenti
):
    come("segreteria")
    voce = bozza.voci.get(punto__ordine=1)
    scritto = f"Interviene {presenti[0].nome}."
    verbali.salva_voce(voce, scritto, versione=1, autore=autore, adesso=ADESSO)

    letto = parole(client.get(area("verbale_voce", bozza, voce.pk)))

    assert f"al posto di {presenti[0].nome}, ci sarà «[omissis]»" in letto


def test_a_promise_of_another_percorsos_seat_is_refused(bozza, come, client, adesso):
    come("segreteria")
    altrove = ComponenteFactory().seggio

    risposta = client.post(
        area("verbale_impegno", bozza, bozza.voci.first().pk),
        {"impegno-testo": "Telefonare", "impegno-seggio": altrove.pk},
    )

    assert risposta.status_code == 200
    assert bozza.impegni.count() == 0


def test_the_seat_that_promised_says_that_it_is_done_and_no_other(
    in_correzione, presenti, client, adesso
):
    mia = impegni.aggiungi_impegno(
        in_correzione, testo="Telefonare", seggio=presenti[0].seggio, entro=None, punto=None
    )
    indirizzo = area("verbale_impegno_fatto", in_correzione, mia.pk)

    client.force_login(presenti[1].persona)
    assert client.post(indirizzo, {"fatto": "si"}).status_code == 404
    client.force_login(presenti[0].persona)
    for _volta in range(2):
        assert client.post(indirizzo, {"fatto": "si"}).status_code == 303

    mia.refresh_from_db()
    assert (mia.fatto_at, mia.fatto_da) == (ADESSO, presenti[0].persona)
    client.post(indirizzo, {"fatto": "no"})
    mia.refresh_from_db()
    assert mia.fatto_at is None


def test_a_correction_without_its_reason_comes_back_with_the_answer(
    in_correzione, presenti, come, client, adesso
):
    correzione = chiedi(in_correzione, presenti[0])
    come("segreteria")
    indirizzo = area("verbale_rispondi", in_correzione, correzione.pk)

    risposta = client.post(indirizzo, {"esito": "non_accolta", "risposta": ""})
    assert "Scrivi perché la correzione non è accolta." in parole(risposta)
    client.post(indirizzo, {"esito": "non_accolta", "risposta": "Non si è detto."})

    correzione.refresh_from_db()
    assert (correzione.esito, correzione.risposta) == ("non_accolta", "Non si è detto.")
    # Answered already: there is nothing to answer.
    assert client.get(indirizzo).status_code == 303


def test_what_cannot_be_approved_yet_says_why_and_what_was_chosen_is_still_there(
    in_correzione, successiva, come, client, adesso
):
    come("segreteria")
    indirizzo = area("verbale_approva", in_correzione)

    assert "fino alla mezzanotte di lunedì 18 maggio 2026" in parole(client.get(indirizzo))
    risposta = client.post(indirizzo, {"seduta": successiva.pk})

    assert risposta.status_code == 200
    in_correzione.refresh_from_db()
    assert in_correzione.stato == "in_correzione"


def test_the_page_of_the_minutes_costs_the_same_however_much_there_is(
    in_correzione, presenti, come, client, adesso, django_assert_num_queries
):
    come("titolare")
    indirizzo = area("verbale_detail", in_correzione)

    def riempi(n):
        punto = PuntoFactory(seduta=in_correzione.seduta, ordine=10 + n)
        DecisioneFactory(seduta=in_correzione.seduta, punto=punto)
        PresenzaFactory(seduta=in_correzione.seduta)
        impegni.aggiungi_impegno(
            in_correzione, testo=f"Cosa {n}", seggio=presenti[0].seggio, entro=None, punto=punto
        )
        chiedi(in_correzione, presenti[0], chiave=str(n))
        verbali.inizia(in_correzione.seduta, None, adesso=ADESSO)

    riempi(0)
    client.get(indirizzo)
    with django_assert_num_queries(20):
        client.get(indirizzo)
    for n in (1, 2):
        riempi(n)
    with django_assert_num_queries(20):
        client.get(indirizzo)


@pytest.mark.parametrize(
    ("ruolo", "in_quanto"),
    [("supplente", "componente"), ("comitato", "comitato"), ("ufficio", "ufficio")],
)
def test_each_time_the_members_copy_is_opened_it_is_written_down(
    approvato, percorso, seggio, come, client, ruolo, in_quanto
):
    client.get(pubblica("verbale_pdf", approvato))
    assert AccessoDocumento.objects.count() == 0
    chi = come(ruolo)
    client.get(pubblica("verbale_pdf", approvato))
    client.head(area("verbale_pdf", approvato))
    assert AccessoDocumento.objects.count() == 0

    assert client.get(area("verbale_pdf", approvato)).status_code == 200

    riga = AccessoDocumento.objects.get()
    assert (riga.percorso, riga.verbale, riga.documento) == (percorso, approvato, None)
    assert riga.oggetto == "Verbale della seduta n. 4, copia per i componenti"
    assert riga.persona == getattr(chi, "persona", chi)
    suo = seggio if ruolo == "supplente" else None
    assert (riga.seggio, riga.titolo_accesso) == (suo, in_quanto)


def test_who_reads_the_minutes_on_the_screen_is_written_down_once_an_hour(
    in_correzione, seggio, come, client, adesso
):
    indirizzo = area("verbale_detail", in_correzione)
    come("cessata")
    assert client.get(indirizzo).status_code == 404
    chi = come("titolare")
    client.head(indirizzo)
    assert AccessoDocumento.objects.count() == 0

    for minuti in (0, 20, 61):
        adesso.move_to(ADESSO + timedelta(minutes=minuti))
        client.get(indirizzo)

    righe = AccessoDocumento.objects.order_by("created_at")
    assert [(r.persona, r.seggio, r.oggetto, r.created_at - ADESSO) for r in righe] == [
        (chi.persona, seggio, "Verbale della seduta n. 4, letto sullo schermo", timedelta(0)),
        (
            chi.persona,
            seggio,
            "Verbale della seduta n. 4, letto sullo schermo",
            timedelta(hours=1, minutes=1),
        ),
    ]


def test_a_draft_that_she_may_not_read_leaves_no_line(bozza, come, client):
    come("titolare")
    assert client.get(area("verbale_detail", bozza)).status_code == 200
    assert AccessoDocumento.objects.count() == 0


def test_a_members_copy_that_is_not_given_leaves_no_line(approvato, come, client):
    for ruolo in RUOLI:
        if ruolo not in LEGGONO:
            client.logout()
            come(ruolo)
            assert client.get(area("verbale_pdf", approvato)).status_code in (302, 404)
    Verbale.objects.filter(pk=approvato.pk).update(sha256_interno="0" * 64)
    come("titolare")
    assert client.get(area("verbale_pdf", approvato)).status_code == 404
    assert AccessoDocumento.objects.count() == 0


# --- For everybody --------------------------------------------------------------------------


def test_everybody_reads_approved_minutes_and_nothing_before(bozza, successiva, client, autore):
    dettaglio, pdf = pubblica("verbale_detail", bozza), pubblica("verbale_pdf", bozza)

    def stati():
        return client.get(dettaglio).status_code, client.get(pdf).status_code

    assert stati() == (404, 404)
    verbali.apri_correzioni(bozza, autore, adesso=ADESSO)
    assert stati() == (200, 404)
    atteso = parole(client.get(dettaglio))
    assert "Si pubblica qui quando è approvato" in atteso
    assert "fino alla mezzanotte di lunedì 18 maggio 2026" in atteso
    assert "Si è discusso a lungo" not in atteso
    verbale = verbali.approva_in_seduta(bozza, successiva, autore, adesso=DOPO)
    assert stati() == (200, 200)
    letto = parole(client.get(dettaglio))
    assert "Si è discusso a lungo." in letto
    assert f"Impronta (SHA-256) del PDF: {verbale.sha256}" in letto
    risposta = client.get(pdf)
    assert sha256(risposta.content).hexdigest() == verbale.sha256
    assert (risposta["Content-Type"], risposta["Content-Disposition"]) == (
        "application/pdf",
        'inline; filename="verbale-seduta-4-2026-05-06.pdf"',
    )


def test_no_public_page_names_a_member_and_each_names_the_organisations(
    in_correzione, successiva, presenti, client, autore
):
    voce = in_correzione.voci.get(punto__ordine=1)
    nomi = [componente.nome for componente in presenti]
    scritto = f"Parlano {nomi[0]} e {nomi[1]}."
    verbali.salva_voce(voce, scritto, versione=1, autore=autore, adesso=ADESSO)
    correzione = chiedi(in_correzione, presenti[0], f"Ero io, {nomi[0]}.")
    verbali.rispondi_correzione(
        correzione, esito="accolta", risposta="", autore=autore, adesso=ADESSO
    )
    verbale = verbali.approva_in_seduta(in_correzione, successiva, autore, adesso=DOPO)
    verbali.rettifica(verbale, f"Lo disse {nomi[1]}.", successiva, autore, adesso=DOPO)

    pagine = [
        client.get(pubblica("verbale_detail", verbale)).content.decode(),
        client.get(pubblica("verbale_pdf", verbale)).content.decode(),
        client.get("/en" + pubblica("verbale_detail", verbale)).content.decode(),
    ]

    assert [nome for pagina in pagine for nome in nomi if nome in pagina] == []
    assert [str(c.seggio) in pagina for pagina in pagine for c in presenti] == [True] * 6
    assert "Parlano [omissis] e [omissis]." in pagine[0]
    assert "Lo disse [omissis]." in pagine[0]
    # Members read who it was.
    client.force_login(presenti[0].persona)
    interno = client.get(area("verbale_detail", verbale)).content.decode()
    assert [nome in interno for nome in nomi] == [True, True]


def test_a_file_that_is_not_the_approved_one_is_not_given(approvato, client, caplog):
    assert client.get(pubblica("verbale_pdf", approvato)).status_code == 200
    Verbale.objects.filter(pk=approvato.pk).update(sha256="0" * 64)

    assert client.get(pubblica("verbale_pdf", approvato)).status_code == 404
    assert "is not the one that was approved" in caplog.text


def verifica(client, *, file=None, impronta=""):
    dati = {"impronta": impronta}
    if file is not None:
        dati["file"] = SimpleUploadedFile("verbale.pdf", file, "application/pdf")
    return parole(client.post(reverse("tavolo:verbale_verifica"), dati))


def test_anybody_checks_a_file_or_a_hash_and_one_byte_is_enough(approvato, client):
    buono = verbali.file_approvato(approvato)
    cambiato = bytearray(buono)
    cambiato[-10] ^= 1

    si = "Corrisponde È il verbale della seduta n. 4"
    no = "Non corrisponde a nessun verbale"
    assert si in verifica(client, file=buono)
    assert si in verifica(client, impronta=approvato.sha256)
    # As it is copied from elsewhere.
    a_pezzi = " ".join(re.findall(".{8}", approvato.sha256.upper()))
    assert si in verifica(client, impronta=a_pezzi)
    assert no in verifica(client, file=bytes(cambiato))
    assert no in verifica(client, impronta="0" * 64)
    interno = verifica(client, file=verbali.file_approvato(approvato, interno=True))
    assert si in interno
    assert "È la copia per i componenti del Tavolo" in interno


def test_minutes_that_are_not_approved_answer_to_no_hash(in_correzione, client):
    vuoto = sha256(b"").hexdigest()
    Verbale.objects.filter(pk=in_correzione.pk).update(sha256=vuoto, sha256_interno=vuoto)

    assert "Non corrisponde a nessun verbale" in verifica(client, impronta=vuoto)


@pytest.mark.parametrize(
    ("dati", "perche"),
    [
        ({}, "Scegli un file, o scrivi la sua impronta."),
        ({"impronta": "abc"}, "Un'impronta è fatta di 64 caratteri"),
        ({"impronta": "g" * 64}, "Un'impronta è fatta di 64 caratteri"),
        ({"impronta": "a" * 300}, "non contenga più di 200 caratteri"),
    ],
)
def test_what_is_no_hash_is_not_looked_for(approvato, client, dati, perche):
    assert perche in parole(client.post(reverse("tavolo:verbale_verifica"), dati))


def test_a_file_too_large_to_be_minutes_is_refused(approvato, client, monkeypatch):
    monkeypatch.setattr("tavolo.forms_verbali.PESO_MASSIMO", 10)

    assert "i verbali sono molto più piccoli" in verifica(client, file=b"x" * 11)


def test_checking_is_counted(client, db):
    stati = [
        client.post(reverse("tavolo:verbale_verifica"), {"impronta": "a" * 64}).status_code
        for _volta in range(61)
    ]

    assert (stati[:60], stati[60]) == ([200] * 60, 429)


def test_the_member_comes_from_the_mail_to_the_minutes_and_asks(
    bozza, presenti, client, autore, adesso
):
    verbali.apri_correzioni(bozza, autore, adesso=ADESSO)
    messaggio = Messaggio.objects.get(genere="verbale_correzioni", destinatario=presenti[0].email)
    assert messaggio.parametri["verbale"] == bozza.pk
    client.force_login(presenti[0].persona)

    pagina = client.get(area("verbale_detail", bozza))
    assert area("verbale_correggi", bozza) in pagina.content.decode()
    modulo = client.get(area("verbale_correggi", bozza)).context["form"]
    dati = {"testo": "Manca una cifra.", "chiave": modulo["chiave"].value()}
    for _volta in range(2):
        assert client.post(area("verbale_correggi", bozza), dati).status_code == 303

    assert list(bozza.correzioni.values_list("seggio", "componente", "testo")) == [
        (presenti[0].seggio_id, presenti[0].pk, "Manca una cifra.")
    ]
    # Past the midnight the page says no, and takes nothing.
    with time_machine.travel(CHIUDE, tick=False):
        assert (
            area("verbale_correggi", bozza)
            not in client.get(area("verbale_detail", bozza)).content.decode()
        )
        client.post(area("verbale_correggi", bozza), {"testo": "Tardi.", "chiave": "x"})
    assert bozza.correzioni.count() == 1


def test_an_observer_of_a_seat_that_was_there_has_no_voice(in_correzione, client, adesso):
    osserva = ComponenteFactory(
        seggio__percorso=in_correzione.seduta.percorso, seggio__ruolo=Seggio.Ruolo.OSSERVATORE
    )
    PresenzaFactory(seduta=in_correzione.seduta, seggio=osserva.seggio)
    client.force_login(osserva.persona)

    assert client.get(area("verbale_correggi", in_correzione)).status_code == 404
