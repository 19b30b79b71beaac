"""The Tavolo in a real browser: from the mail to the position, from the agenda to the minutes."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from eventi.models import Incontro
from eventi.promemoria import fine_del_silenzio, nel_silenzio
from portale.lib.dates import a_roma
from posta.services import spedisci_dovuti
from proposte.models import Proposta
from tavolo.models import (
    Componente,
    Decisione,
    Esame,
    Giustificazione,
    Posizione,
    ProceduraScritta,
    Seduta,
    Seggio,
    Verbale,
    VoceVerbale,
)
from tavolo.services import procedure
from tests.factories import (
    ComponenteFactory,
    EsameFactory,
    FaseFactory,
    PosizioneFactory,
    PresenzaFactory,
    PropostaFactory,
    PuntoFactory,
    SedutaFactory,
    UserFactory,
)

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

TELEFONO = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
# What comes back to be corrected says so with its status, which the console repeats.
NO = re.compile("status of (400|409) ")
PICCOLO = {"viewport": {"width": 320, "height": 640}}


@pytest.fixture(autouse=True)
def patience_is_not_asked_for(settings):
    """A test types faster than people do."""
    settings.RATE_LIMITS = False


@pytest.fixture
def tavolo(transactional_db):
    """Three seats with a voice, of which two make the quorum, one of them with a supplente; the
    secretariat; an officer."""
    percorso = FaseFactory(apre_sostegni=True).percorso

    def siede(nome, organizzazione, **campi):
        email = f"{nome.lower()}@example.org"
        if "seggio" not in campi:
            campi |= {"seggio__percorso": percorso, "seggio__organizzazione__nome": organizzazione}
        persona = UserFactory(nome=nome, email=email, password=PASSWORD)
        return ComponenteFactory(persona=persona, nome=f"{nome} Riservata", **campi)

    anna = siede("Anna", "Associazione del Fiume")
    ufficio = UserFactory(nome="Olga", email="olga@example.org", is_staff=True)
    ufficio.groups.add(Group.objects.get(name="ufficio"))
    return SimpleNamespace(
        percorso=percorso,
        anna=anna,
        bruna=siede("Bruna", "", seggio=anna.seggio, supplente=True),
        carla=siede("Carla", "Comitato delle Mura"),
        delia=siede("Delia", "Polisportiva del Parco"),
        sara=siede("Sara", "Facilitazione", seggio__ruolo=Seggio.Ruolo.SEGRETERIA),
        ufficio=ufficio,
    )


@pytest.fixture
def apri(browser, browser_context_args, live_server, riconosci, sorveglia):
    """``apri(email, **device)``: a page of another browser, with her signed in there (nobody
    without). At the end none of them asked anything of others or complained."""
    aperti = []

    def apri(email="", **opzioni):
        context = browser.new_context(**{**browser_context_args, **opzioni})
        aperti.append((context, sorveglia(context, live_server.url)))
        if email:
            riconosci(context, live_server.url, email)
        return context.new_page()

    yield apri
    for context, _visto in aperti:
        context.close()
    visti = [visto for _context, visto in aperti]
    lamentele = [riga for visto in visti for riga in visto.lamentele if not NO.search(riga)]
    assert ([url for visto in visti for url in visto.estranee], lamentele) == ([], [])


@pytest.fixture
def va(live_server):
    """``va(page, rotta, *args)``: open a page of the portal by its route."""

    def va(page, rotta, *args):
        return page.goto(live_server.url + reverse(rotta, args=args))

    return va


@pytest.fixture
def posta(mailoutbox, live_server):
    """What has been sent, also where it is night and mails wait for the morning."""

    def consegna():
        adesso = timezone.now()
        mattina = fine_del_silenzio(adesso) if nel_silenzio(adesso) else adesso
        spedisci_dovuti(lambda: mattina)

    def ultima(email, oggetto):
        consegna()
        return [m for m in mailoutbox if m.to == [email] and oggetto in m.subject][-1]

    def link(email, oggetto, parte):
        """The address in that mail that has ``parte`` in its path."""
        testo = ultima(email, oggetto).body
        [percorso] = set(re.findall(rf"https?://[^/\s]+(/(?:\S*/)?{parte}\S*)", testo))
        return live_server.url + percorso

    def destinatari(oggetto):
        consegna()
        return sorted(m.to[0] for m in mailoutbox if oggetto in m.subject)

    return SimpleNamespace(ultima=ultima, link=link, destinatari=destinatari)


def titolo_e(page, testo):
    expect(page.get_by_role("heading", level=1)).to_have_text(testo)


def detto(page, parole):
    expect(page.locator(".messaggi")).to_contain_text(parole)


def scegli(page, parola):
    """Choose a radio button, or tick a box, by its words, as people do."""
    page.locator("label").filter(has_text=re.compile(rf"^\s*{parola}", re.I)).first.click()


def invia(page, bottone):
    page.get_by_role("button", name=bottone, exact=True).click()
    page.wait_for_load_state()


def segna(page, organizzazione, segno):
    """Tap beside a seat in the register; gives what the page then says of it."""
    rigo = page.locator(".presenze-seggio", has_text=organizzazione)
    rigo.get_by_role("button", name=segno).click()
    page.wait_for_load_state()
    return rigo


def motivo(page):
    return page.get_by_role("textbox", name=re.compile("^Perché"))


def riassunto(page):
    return page.locator("main [data-riassunto-errori]")


def accede(page, email):
    """The login page that stands in the way, filled in by keyboard."""
    page.locator("input[name=login]").press_sequentially(email)
    page.locator("input[name=password]").press_sequentially(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda url: "/accounts/" not in url)


def fino_a(page, locator):
    """Press Tab until this element has the focus."""
    for _n in range(120):
        page.keyboard.press("Tab")
        if locator.evaluate("e => e === document.activeElement"):
            return
    raise AssertionError(f"No key leads to {locator}")


def premi(page, locator):
    fino_a(page, locator)
    page.keyboard.press("Enter")
    page.wait_for_load_state()


# --- A review -------------------------------------------------------------------------------


def test_a_member_goes_from_the_mail_to_her_position_and_her_supplente_loses_no_word(
    tavolo, apri, va, posta
):
    PropostaFactory(percorso=tavolo.percorso, titolo="Ombra in piazza")
    fra_dieci = a_roma(timezone.now()).date() + timedelta(days=10)

    # The office opens the review.
    page = apri(tavolo.ufficio.email)
    va(page, "admin:tavolo_esame_apri")
    page.get_by_label("Ombra in piazza").check()
    page.get_by_label("Si risponde fino al").fill(fra_dieci.isoformat())
    page.get_by_label("Nota per i componenti").fill("Guardate anche la verifica.")
    page.locator("input[value='Apri gli esami']").click()
    expect(page.locator(".messagelist")).to_contain_text("1 esame aperto.")
    esame = Esame.objects.get()
    PosizioneFactory(
        esame=esame,
        seggio=tavolo.carla.seggio,
        grado="contraria",
        motivazione="Si perde il mercato.",
    )

    # Without scripts she reads, and puts a draft aside.
    page = apri(java_script_enabled=False)
    page.goto(posta.link("anna@example.org", "proposta da leggere", "esami/"))
    accede(page, "anna@example.org")
    titolo_e(page, "Ombra in piazza")
    expect(page.locator("main")).to_contain_text("Guardate anche la verifica.")
    expect(page.locator("main")).to_contain_text("Ha risposto 1 seggio su 3.")
    scegli(page, "Contraria")
    motivo(page).fill("Dipende dal mercato")
    invia(page, "Salva la bozza")
    detto(page, "Bozza salvata. La vede solo il tuo seggio.")
    expect(motivo(page)).to_have_value("Dipende dal mercato")

    # The supplente has the page open, and is thinking.
    altra = apri("bruna@example.org")
    va(altra, "area:esame_detail", esame.pk)
    expect(motivo(altra)).to_have_value("Dipende dal mercato")

    # With scripts and no mouse: the draft saves itself and survives.
    page = apri()
    page.goto(posta.link("anna@example.org", "proposta da leggere", "esami/"))
    accede(page, "anna@example.org")
    premi(page, page.get_by_role("link", name="Vai alla risposta"))
    perche = motivo(page)
    fino_a(page, perche)
    page.keyboard.press("Control+End")
    page.keyboard.type(" del sabato.")
    expect(page.locator("[data-stato]")).to_contain_text("Bozza salvata alle")
    page.reload()
    expect(perche).to_have_value("Dipende dal mercato del sabato.")
    expect(page.get_by_role("radio", name="Contraria")).to_be_checked()

    # A position without its reason comes back, and the keyboard is where the error is.
    page.evaluate("location.hash = 'posizione'")
    fino_a(page, perche)
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    premi(page, page.get_by_role("button", name="Invia la posizione"))
    expect(riassunto(page)).to_be_focused()
    expect(riassunto(page)).to_contain_text("Scrivi il motivo: per questa posizione serve.")
    expect(page).to_have_title(re.compile("^Errore: "))
    expect(page.locator("main")).not_to_contain_text("Si perde il mercato.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(perche).to_be_focused()
    page.keyboard.type("Il sabato c'è il mercato.")
    premi(page, page.get_by_role("button", name="Invia la posizione"))
    detto(page, "Fatto. Puoi cambiarla fino alla mezzanotte di")
    expect(page.locator("main")).to_contain_text("Hanno risposto 2 seggi su 3.")
    expect(page.locator("main")).to_contain_text("Si perde il mercato.")

    # The supplente started from an older one: she is told, and what she wrote is still there.
    motivo(altra).fill("Gli alberi servono.")
    expect(altra.locator("[data-stato]")).to_contain_text("Qualcuno del tuo seggio ha scritto")
    scegli(altra, "Favorevole")
    invia(altra, "Invia la posizione")
    expect(riassunto(altra)).to_be_focused()
    expect(riassunto(altra)).to_contain_text("Il tuo testo è ancora qui")
    expect(motivo(altra)).to_have_value("Gli alberi servono.")
    expect(altra.locator(".esame-posizione .riquadro")).to_contain_text(
        "Il sabato c'è il mercato."
    )
    assert Posizione.objects.get(seggio=tavolo.anna.seggio).grado == "contraria"

    # She changes it.
    page.evaluate("location.hash = 'posizione'")
    fino_a(page, page.get_by_role("radio", name="Contraria"))
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="Indifferente")).to_be_checked()
    premi(page, page.get_by_role("button", name="Invia la nuova posizione"))
    expect(page.locator(".esame-posizione .riquadro")).to_contain_text("Indifferente")

    mia = Posizione.objects.get(seggio=tavolo.anna.seggio)
    assert [v.grado for v in mia.versioni.order_by("numero")] == ["contraria", "indifferente"]


# --- A sitting ------------------------------------------------------------------------------


def _e_oggi(seduta):
    """The day has come: half an hour ago the sitting was to begin."""
    inizio = timezone.now() - timedelta(minutes=30)
    Incontro.objects.filter(pk=seduta.incontro_id).update(
        inizio=inizio, fine=inizio + timedelta(hours=2)
    )
    # What was said of the day on which it was called holds for the day that has come.
    Giustificazione.objects.filter(seduta=seduta).update(inizio=inizio)


def _seduta_dopo(tavolo):
    """A later one is going on, with its quorum."""
    seduta = SedutaFactory(
        incontro__percorso=tavolo.percorso,
        incontro__inizio=timezone.now(),
        stato=Seduta.Stato.APERTA,
        aperta_at=timezone.now(),
        seggi_con_voce=3,
        numero_legale=2,
    )
    for chi in (tavolo.anna, tavolo.carla):
        PresenzaFactory(seduta=seduta, seggio=chi.seggio)
    return seduta


def test_the_secretary_goes_from_the_agenda_to_approved_minutes_that_everybody_can_check(
    tavolo, apri, va, posta
):
    proposta = PropostaFactory(
        percorso=tavolo.percorso,
        titolo="Palestra aperta",
        stato="in_valutazione",
        che_cosa="Aprire la palestra ogni giorno.",
    )
    EsameFactory(percorso=tavolo.percorso, proposta=proposta, scaduto=True)

    # The office puts the agenda together from what is ready, and reads the call before it leaves.
    page = apri(tavolo.ufficio.email)
    va(page, "admin:tavolo_seduta_add")
    page.get_by_label("Titolo").fill("Quarta seduta del Tavolo")
    fra_dieci = a_roma(timezone.now()) + timedelta(days=10)
    page.get_by_label("Inizio").fill(f"{fra_dieci:%Y-%m-%d}T18:00")
    page.get_by_label("Fine").fill(f"{fra_dieci:%Y-%m-%d}T20:00")
    page.locator("input[value='Crea la bozza']").click()
    page.get_by_role("link", name="Componi da ciò che è pronto").click()
    page.get_by_label("Palestra aperta").check()
    page.locator("input[value='Aggiungi i punti segnati']").click()
    page.get_by_role("link", name="Convoca", exact=True).click()
    expect(page.locator("#content")).to_contain_text("Partono 5 mail.")
    page.locator("details.anteprima summary").click()
    expect(page.locator("details.anteprima")).to_contain_text("1. Palestra aperta")
    page.locator("input[value='Convoca']").click()
    expect(page.locator(".messagelist")).to_contain_text("Convocata")
    seduta = Seduta.objects.get()
    slug = seduta.incontro.slug

    componenti = [f"{n}@example.org" for n in ("anna", "bruna", "carla", "delia", "sara")]
    assert posta.destinatari("Convocazione: Quarta seduta") == componenti
    [ics] = posta.ultima("anna@example.org", "Convocazione").attachments
    assert (ics.get_content_type(), ics.get_filename()) == ("text/calendar", "seduta.ics")
    assert b"SUMMARY:Quarta seduta del Tavolo" in ics.get_payload(decode=True)

    # The titolare cannot come: one button, no login; her supplente is asked.
    page = apri(**TELEFONO)
    page.goto(posta.link("anna@example.org", "Convocazione", "assenza/"))
    titolo_e(page, "Non puoi venire?")
    invia(page, "Avvisa che non ci sarò")
    titolo_e(page, "Hai avvisato che non ci sarai")
    assert posta.destinatari("Puoi andare tu?") == ["bruna@example.org"]

    # On the day the secretary has her phone.
    _e_oggi(seduta)
    page = apri("sara@example.org", **TELEFONO)
    va(page, "area:seduta_list")
    page.locator("main").get_by_role("link", name="Quarta seduta del Tavolo").click()
    page.get_by_role("link", name="Segna le presenze").click()
    expect(page.locator(".presenze-quorum")).to_contain_text("Numero legale 2: ne mancano 2")
    invia(page, "Apri la seduta")
    detto(page, "Seduta aperta: numero legale 2 seggi su 3.")
    fiume = page.locator(".presenze-seggio", has_text="Associazione del Fiume")
    expect(fiume.get_by_label("Chi viene").locator("option:checked")).to_have_text(
        "Bruna Riservata (supplente)"
    )
    segna(page, "Associazione del Fiume", "In sala")
    expect(fiume).to_contain_text("In sala: Bruna Riservata")
    expect(page.locator(".presenze-quorum")).to_contain_text("ne manca 1")
    segna(page, "Comitato delle Mura", "A distanza")
    expect(page.locator(".presenze-quorum")).to_contain_text("Numero legale raggiunto (2)")

    # What is decided is written down, with the words of who does not agree.
    page.get_by_role("link", name="Decisioni").click()
    page.get_by_role("link", name="Scrivi la decisione").click()
    invia(page, "Registra la decisione")
    expect(riassunto(page)).to_be_focused()
    expect(riassunto(page)).to_contain_text("Scegli un esito.")
    scegli(page, "Accolta con modifiche")
    motivo(page).fill("Due giorni sono già presi.")
    concordato = "Aprire la palestra tre giorni su cinque."
    page.get_by_role("textbox", name="Testo concordato").fill(concordato)
    page.get_by_label("Chi ha proposto il testo").select_option(label="Associazione del Fiume")
    page.get_by_text("Qualcuno non è d’accordo?").click()
    page.get_by_label("Comitato delle Mura").fill("Tre giorni sono pochi.")
    scegli(page, "Con il verbale")
    invia(page, "Registra la decisione")
    detto(page, "Decisione registrata: si pubblica con il verbale.")
    decisione = Decisione.objects.get()
    assert va(apri(), "tavolo:decisione_detail", decisione.pk).status == 404

    va(page, "area:presenze", slug)
    expect(page.locator("main")).to_contain_text("2 seggi non segnati risultano assenti.")
    invia(page, "Chiudi la seduta")
    detto(page, "Seduta chiusa. Il passo dopo è il verbale.")

    # The minutes: what was said saves itself while she writes, then who was there reads it.
    page.get_by_role("link", name="Apri il verbale").click()
    invia(page, "Comincia il verbale")
    page.locator(".verbale-punto").click()
    expect(page.locator("main")).to_contain_text("Palestra aperta: accolta con modifiche")
    page.get_by_label("Che cosa si è detto").fill("Bruna Riservata porta gli orari.")
    expect(page.locator("[data-stato]").first).to_have_text("Salvato.")
    page.reload()
    expect(page.get_by_label("Che cosa si è detto")).to_have_value(
        "Bruna Riservata porta gli orari."
    )
    expect(page.locator(".alert-warning")).to_contain_text("Bruna Riservata")
    page.get_by_label("Che cosa si farà").fill("Chiedere gli orari alle società")
    chi = page.get_by_role("combobox", name=re.compile("^Chi"))
    chi.select_option(label="Comitato delle Mura")
    invia(page, "Aggiungi l’impegno")
    invia(page, "Salva e torna ai punti")
    expect(page.locator("main")).to_contain_text("Scritti 1 su 1.")
    page.get_by_label("Premessa").fill("Si comincia in orario.")
    invia(page, "Salva")
    page.get_by_role("link", name="Rileggi tutto").click()
    page.get_by_role("link", name="Fallo rileggere a chi c’era").click()
    invia(page, "Manda la mail a chi c’era")
    detto(page, "Chi era presente riceve una mail con il link.")
    assert posta.destinatari("correzioni entro") == [
        f"{nome}@example.org" for nome in ("anna", "bruna", "carla")
    ]

    # Who was there asks for a correction; it is answered, and the text changes.
    lei = apri(**TELEFONO)
    lei.goto(posta.link("carla@example.org", "correzioni entro", "verbale/"))
    accede(lei, "carla@example.org")
    lei.get_by_role("link", name="Chiedi una correzione").click()
    invia(lei, "Chiedi la correzione")
    expect(riassunto(lei)).to_be_focused()
    lei.get_by_label("Dove").select_option(label="Palestra aperta")
    lei.get_by_label("Che cosa correggere").fill("Gli orari li portiamo noi.")
    invia(lei, "Chiedi la correzione")
    detto(lei, "Correzione chiesta: riceverete una risposta.")
    page.reload()
    page.get_by_role("link", name="Rispondi a Comitato delle Mura").click()
    scegli(page, "Accolta")
    page.get_by_label("Risposta").fill("Corretto.")
    invia(page, "Rispondi")
    detto(page, "Risposta data: chi ha chiesto riceve una mail.")
    page.get_by_role("link", name="Cambia il testo").click()
    page.locator(".verbale-punto").click()
    page.get_by_label("Che cosa si è detto").fill("Bruna Riservata porta due orari.")
    invia(page, "Salva e torna ai punti")
    assert "Corretto." in posta.ultima("carla@example.org", "la correzione è accolta").body

    # The days for corrections are over, and the next sitting approves.
    va(page, "area:verbale_approva", slug)
    expect(page.locator("main")).to_contain_text("Si possono chiedere correzioni fino alla")
    Verbale.objects.update(correzioni_fino_a=timezone.now() - timedelta(minutes=1))
    _seduta_dopo(tavolo)
    va(page, "area:verbale_detail", slug)
    page.get_by_role("link", name="Approva").click()
    page.get_by_label("In quale seduta è stato approvato").select_option(index=1)
    invia(page, "Registra l'approvazione")
    detto(page, "Il verbale è approvato e pubblicato.")
    assert posta.destinatari("Approvato il verbale") == componenti

    # Everybody reads it, with no member's name, and can tell the file from one that was changed.
    chiunque = apri(**TELEFONO)
    va(chiunque, "tavolo:seduta_detail", slug)
    chiunque.locator("main").get_by_role("link", name=re.compile("verbale", re.I)).first.click()
    testo = chiunque.locator("main")
    expect(testo).to_contain_text("[omissis] porta due orari.")
    expect(testo).to_contain_text("Esito: accolta con modifiche")
    expect(testo).to_contain_text("Tre giorni sono pochi.")
    assert "Riservata" not in chiunque.content()
    scarica = chiunque.get_by_role("link", name="Verbale in PDF").get_attribute("href")
    pdf = chiunque.request.get(chiunque.url.split("/tavolo/")[0] + scarica).body()
    assert pdf.startswith(b"%PDF-")
    cambiato = pdf[:-20] + bytes([pdf[-20] ^ 1]) + pdf[-19:]
    for contenuto, esito in (
        (pdf, "Corrisponde"),
        (cambiato, "Non corrisponde a nessun verbale"),
    ):
        va(chiunque, "tavolo:verbale_verifica")
        file = {"name": "verbale.pdf", "mimeType": "application/pdf", "buffer": contenuto}
        chiunque.get_by_label("Il file PDF").set_input_files(file)
        invia(chiunque, "Controlla")
        expect(chiunque.locator("#esito h2")).to_have_text(esito)

    # What waited for the minutes is public, and the proposal says what was agreed.
    va(chiunque, "tavolo:decisione_detail", decisione.pk)
    expect(chiunque.locator("main")).to_contain_text("Tre giorni sono pochi.")
    proposta.refresh_from_db()
    assert (proposta.stato, proposta.che_cosa) == (
        Proposta.Stato.ACCOLTA_CON_MODIFICHE,
        concordato,
    )


# --- The open door --------------------------------------------------------------------------


def test_an_organisation_asks_without_an_account_is_let_in_and_leaves_with_its_mandate(
    tavolo, apri, va, posta
):
    zoe = "zoe@example.org"

    # A form that comes back, then a link by mail.
    page = apri(**TELEFONO)
    va(page, "tavolo:tavolo")
    page.get_by_role("link", name="Chiedi di entrare").click()
    page.get_by_label("Nome dell'organizzazione").fill("Ciclofficina")
    invia(page, "Chiedi di entrare")
    expect(riassunto(page)).to_be_focused()
    expect(riassunto(page)).to_contain_text("Scrivi in poche parole di che cosa si occupa.")
    expect(page.get_by_label("Nome dell'organizzazione")).to_have_value("Ciclofficina")
    page.get_by_label("Che cos'è?").select_option(label="Associazione")
    page.get_by_label("Di che cosa si occupa?").fill("Ripariamo biciclette.")
    page.get_by_label("Nome e cognome").fill("Zoe Riservata")
    page.get_by_label("E-mail").fill(zoe)
    scegli(page, "Ho letto l'informativa")
    invia(page, "Chiedi di entrare")
    titolo_e(page, "Controlla la posta")
    page.goto(posta.link(zoe, "", "partecipo/conferma/"))
    titolo_e(page, "Grazie: l’abbiamo ricevuta")

    # The office says yes, and why.
    ufficio = apri(tavolo.ufficio.email)
    va(ufficio, "admin:tavolo_richiestaadesione_changelist")
    ufficio.get_by_role("link", name="Ciclofficina").click()
    ufficio.get_by_role("link", name="Accogli", exact=True).click()
    ufficio.get_by_label("Vuoi aggiungere qualcosa?").fill("Di biciclette al Tavolo nessuno sa.")
    ufficio.locator("input[value='Accogli']").click()
    expect(ufficio.locator(".messagelist")).to_contain_text("Accolta: la risposta sta partendo.")
    assert "Di biciclette" in posta.ultima(zoe, "Ciclofficina entra nel Tavolo").body

    # Who was named makes an account on the way, and takes the seat.
    invito = posta.link(zoe, "Entra nel Tavolo", "invito/")
    page.goto(invito)
    page.get_by_role("link", name="Crea l’account").click()
    page.get_by_label("Nome e cognome").fill("Zoe Riservata")
    page.get_by_label("Email").fill(zoe)
    page.locator("input[name=password1]").fill(PASSWORD)
    scegli(page, "Ho almeno 14 anni")
    scegli(page, "Ho letto l'informativa")
    page.locator("main form [type=submit]").first.click()
    titolo_e(page, "Controlla la tua e-mail")
    page.goto(posta.link(zoe, "", "accounts/confirm-email/"))
    invia(page, "Sì, conferma")
    page.goto(invito)
    page.locator("main").get_by_role("link", name="Accedi").click()
    accede(page, zoe)
    invia(page, "Entro nel Tavolo")
    detto(page, "Fatto: sei nel Tavolo.")
    expect(page.locator(".area-chi")).to_contain_text("Ciclofficina (titolare)")

    # Her mandate ended yesterday.
    ieri = a_roma(timezone.now()).date() - timedelta(days=1)
    Componente.objects.filter(email=zoe).update(dal=ieri, al=ieri)
    assert va(page, "area:home").status == 404
    chiunque = apri()
    va(chiunque, "tavolo:tavolo")
    expect(chiunque.locator("main")).to_contain_text("Ripariamo biciclette.")
    assert "Riservata" not in chiunque.content()


# --- In writing -----------------------------------------------------------------------------


def test_members_answer_in_writing_from_a_phone_and_an_objection_stops_everything(
    tavolo, apri, va, posta
):
    procedura = procedure.apri(
        PropostaFactory(percorso=tavolo.percorso, titolo="Festa", stato="in_valutazione"),
        esito="accolta",
        testo="Si fa in giugno.",
        apre_at=timezone.now(),
        chiude_at=timezone.now() + timedelta(days=5),
        autore=tavolo.ufficio,
        adesso=timezone.now(),
    )

    anna = apri(**TELEFONO)
    anna.goto(posta.link("anna@example.org", "Il Tavolo decide per iscritto", "procedure/"))
    accede(anna, "anna@example.org")
    titolo_e(anna, "Festa")
    expect(anna.locator("main")).to_contain_text("Hanno risposto 0 seggi su 3; ne servono 2.")
    scegli(anna, "D'accordo")
    invia(anna, "Invia la risposta")
    detto(anna, "Risposta registrata: si può cambiare finché la procedura è aperta.")

    # Nobody sees what the others say; somebody has the page open.
    delia = apri("delia@example.org", **TELEFONO)
    va(delia, "area:procedura_detail", procedura.pk)
    carla = apri("carla@example.org", **TELEFONO)
    va(carla, "area:procedura_detail", procedura.pk)
    expect(carla.locator("main li", has_text="Associazione del Fiume")).to_have_text(
        "Associazione del Fiume"
    )
    scegli(carla, "Obiezione")
    invia(carla, "Invia la risposta")
    expect(riassunto(carla)).to_be_focused()
    expect(riassunto(carla)).to_contain_text("Scrivi il motivo")
    motivo(carla).fill("In giugno c'è il mercato.")
    invia(carla, "Invia la risposta")
    detto(carla, "Obiezione registrata: la procedura è ferma, se ne discute in seduta.")
    expect(carla.locator("main")).to_contain_text("Associazione del Fiume: ")

    scegli(delia, "Mi astengo")
    motivo(delia).fill("Decidano gli altri.")
    invia(delia, "Invia la risposta")
    expect(riassunto(delia)).to_contain_text("La procedura è chiusa: non si risponde più.")
    expect(motivo(delia)).to_have_value("Decidano gli altri.")
    expect(delia.locator("main")).to_contain_text("In giugno c'è il mercato.")

    procedura.refresh_from_db()
    assert procedura.stato == ProceduraScritta.Stato.FERMATA
    assert procedura.risposte.count() == 2
    assert "delia@example.org" in posta.destinatari("Procedura scritta fermata: Festa")


# --- For everyone ---------------------------------------------------------------------------


def test_the_pages_and_their_errors_are_accessible_and_fit_a_small_phone(tavolo, apri, va, axe):
    parola = "parolalunga" * 8
    proposta = PropostaFactory(
        percorso=tavolo.percorso, titolo=parola, che_cosa=parola, stato="in_valutazione"
    )
    esame = EsameFactory(
        percorso=tavolo.percorso, proposta=proposta, criteri=[parola], nota=parola
    )
    PosizioneFactory(
        esame=esame, seggio=tavolo.carla.seggio, grado="obiezione", motivazione=parola
    )
    seduta = SedutaFactory(incontro__percorso=tavolo.percorso, incontro__titolo=parola)
    punto = PuntoFactory(seduta=seduta, titolo=parola)
    punto.proposte.add(proposta)
    slug = seduta.incontro.slug

    trovati = {}

    def esamina(page, dove):
        # Whatever sticks out is named.
        fuori = page.evaluate(
            "() => document.documentElement.scrollWidth <= 320 ? [] :"
            " [...document.querySelectorAll('main *')].filter("
            "e => e.getBoundingClientRect().right > 321).map(e => e.outerHTML.slice(0, 80))"
        )
        if difetti := fuori + axe(page):
            trovati[dove] = difetti

    lei = apri("anna@example.org", **PICCOLO)
    va(lei, "area:home")
    esamina(lei, "home")
    va(lei, "area:esame_detail", esame.pk)
    scegli(lei, "Obiezione")
    invia(lei, "Invia la posizione")
    expect(riassunto(lei)).to_be_focused()
    esamina(lei, "review with errors")
    motivo(lei).fill(parola)
    invia(lei, "Invia la posizione")
    expect(lei.locator(".risultati")).to_be_visible()
    esamina(lei, "review with what all say")

    _e_oggi(seduta)
    chi_conduce = apri("sara@example.org", **PICCOLO)
    va(chi_conduce, "area:presenze", slug)
    invia(chi_conduce, "Apri la seduta")
    segna(chi_conduce, "Comitato delle Mura", "Esce")
    detto(chi_conduce, "Non risulta presente: non può uscire.")
    esamina(chi_conduce, "attendance with an error")
    for chi in (tavolo.anna, tavolo.carla):
        PresenzaFactory(seduta=seduta, seggio=chi.seggio)
    va(chi_conduce, "area:decisione_list")
    chi_conduce.get_by_role("link", name="Scrivi la decisione").click()
    scegli(chi_conduce, "Non accolta")
    invia(chi_conduce, "Registra la decisione")
    expect(riassunto(chi_conduce)).to_be_focused()
    chi_conduce.get_by_text("Qualcuno non è d’accordo?").click()
    esamina(chi_conduce, "decision with errors")
    va(chi_conduce, "area:verbale_detail", slug)
    invia(chi_conduce, "Comincia il verbale")
    # Somebody else saves meanwhile: both texts are on the page.
    Verbale.objects.update(premessa=parola, versione=7)
    chi_conduce.get_by_label("Premessa").fill("Si comincia in orario.")
    invia(chi_conduce, "Salva")
    expect(riassunto(chi_conduce)).to_be_focused()
    esamina(chi_conduce, "minutes that somebody else saved meanwhile")
    chi_conduce.locator(".verbale-punto").click()
    VoceVerbale.objects.update(testo=parola, versione=7)
    chi_conduce.get_by_label("Che cosa si è detto").fill("Se ne parla a lungo.")
    invia(chi_conduce, "Salva e torna ai punti")
    expect(riassunto(chi_conduce)).to_be_focused()
    esamina(chi_conduce, "an item that somebody else saved meanwhile")
    # Signed out elsewhere, she is told that what she writes is not kept.
    chi_conduce.context.clear_cookies()
    chi_conduce.get_by_label("Che cosa si è detto").fill("Se ne parla ancora.")
    expect(chi_conduce.locator("[data-stato]").first).to_contain_text("Non posso più salvare")

    assert trovati == {}
