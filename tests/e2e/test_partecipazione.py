"""Supporting, commenting, reporting and following in a real browser, with and without scripts."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from accounts import partecipanti
from posta.services import spedisci_dovuti
from proposte.models import Commento, Segnalazione, Seguito, Sostegno
from tests.factories import (
    CommentoFactory,
    FaseFactory,
    LaboratorioFactory,
    PartecipanteFactory,
    PropostaFactory,
    SeguitoFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)

INDIRIZZO = "anna@example.org"


@pytest.fixture(params=["with scripts", "without scripts"])
def telefono(request, browser):
    """A small phone, 320 px wide."""
    context = browser.new_context(
        viewport={"width": 320, "height": 640},
        java_script_enabled=request.param == "with scripts",
        locale="it-IT",
    )
    yield context.new_page()
    context.close()


@pytest.fixture(autouse=True)
def patience_is_not_asked_for(settings):
    """A test types faster than people do."""
    settings.RATE_LIMITS = False


@pytest.fixture
def percorso():
    return FaseFactory(apre_sostegni=True, apre_commenti=True).percorso


@pytest.fixture
def link(mailoutbox, live_server):
    """The address in the last mail to Anna that carries a word."""

    def link(parola):
        spedisci_dovuti()
        ultima = [mail for mail in mailoutbox if mail.to == [INDIRIZZO]][-1]
        [percorso] = set(re.findall(rf"https?://[^/\s]+(/(?:\S*/)?{parola}/\S+)", ultima.body))
        return live_server.url + percorso

    return link


def spunta(page, etichetta):
    """Tick a box as people do, by its words: the design system draws the box upon the label."""
    page.locator("label", has_text=etichetta).click()
    expect(page.get_by_label(etichetta)).to_be_checked()


def indirizzo(page):
    page.get_by_label("La tua e-mail").fill(INDIRIZZO)
    spunta(page, "Ho letto l'informativa")


def detto(page, parole):
    expect(page.locator(".messaggi")).to_contain_text(parole)


def test_a_stranger_supports_by_mail_and_the_next_one_with_one_click(
    telefono, live_server, link, percorso
):
    prima, seconda = (
        PropostaFactory(percorso=percorso, titolo=titolo) for titolo in ("Più ombra", "Più luce")
    )
    page = telefono

    page.goto(live_server.url + prima.get_absolute_url())
    page.get_by_role("link", name="Sostieni", exact=True).click()
    page.get_by_role("button", name="Sostieni").click()
    # Nothing was filled in: the page says what is missing.
    expect(page.locator("main")).to_contain_text("Scrivi la tua e-mail")
    indirizzo(page)
    page.get_by_role("button", name="Sostieni").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Controlla la posta")
    assert not Sostegno.objects.exists()

    page.goto(link("partecipo"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Più ombra")
    detto(page, "Fatto: sostieni questa proposta.")
    expect(page.locator("main")).to_contain_text("1 persona sostiene questa proposta")
    expect(page.locator("main")).to_contain_text("Tu la sostieni.")

    page.goto(live_server.url + seconda.get_absolute_url())
    page.get_by_role("button", name="Sostieni", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Più luce")
    expect(page.locator("main")).to_contain_text("Tu la sostieni.")
    page.get_by_role("button", name="Togli il sostegno").click()
    detto(page, "Fatto: il tuo sostegno non si conta più.")

    assert [sostegno.proposta for sostegno in Sostegno.objects.all()] == [prima]


def test_a_comment_is_written_answered_corrected_taken_back_and_reported(
    telefono, live_server, link, percorso
):
    proposta = PropostaFactory(percorso=percorso)
    altrui = CommentoFactory(
        proposta=proposta,
        nome_mostrato="Zoe",
        created_at=timezone.now() - timedelta(hours=1),
        testo="Costa molto?\n\n" + "lunghissimo" * 40,
    )
    page = telefono

    page.goto(live_server.url + proposta.get_absolute_url())
    page.get_by_role("link", name="Rispondi a Zoe").click()
    page.get_by_label("La tua risposta").fill("No, poco.")
    page.get_by_label("Come vuoi firmare?").fill("Anna B.")
    indirizzo(page)
    page.get_by_role("button", name="Pubblica la risposta").click()
    page.goto(link("partecipo"))
    detto(page, "Fatto: il tuo commento è pubblicato.")
    mio = page.locator(".commento", has_text="No, poco.")
    expect(mio).to_contain_text("Risponde a Zoe")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320

    mio.get_by_role("link", name="Correggi").click()
    page.get_by_label("Il tuo commento").fill("Duecento euro.")
    page.get_by_role("button", name="Salva il commento").click()
    mio = page.locator(".commento", has_text="Duecento euro.")
    expect(mio).to_contain_text("corretto")

    # She is known: the form is on the page itself.
    spunta(page, "Un dubbio")
    page.get_by_label("Il tuo commento").fill("E chi la cura?")
    page.get_by_role("button", name="Pubblica il commento").click()
    dubbio = page.locator(".commento", has_text="E chi la cura?")
    dubbio.get_by_role("link", name="Elimina").click()
    page.get_by_role("button", name="Elimina il commento").click()
    detto(page, "Fatto: il commento non c'è più.")
    expect(dubbio).to_have_count(0)

    page.get_by_role("link", name="Segnala il commento di Zoe").click()
    page.get_by_role("button", name="Invia la segnalazione").click()
    expect(page.locator("main")).to_contain_text("Scegli il motivo.")
    spunta(page, "Non riguarda i quartieri o il percorso")
    page.get_by_role("button", name="Invia la segnalazione").click()
    detto(page, "Grazie: la segnalazione è arrivata a chi modera.")

    assert Segnalazione.objects.get().commento == altrui
    assert set(Commento.objects.values_list("testo", flat=True)) == {
        altrui.testo,
        "Duecento euro.",
    }


def test_a_lab_is_followed_and_left_from_the_foot_of_a_mail(telefono, live_server, link):
    laboratorio = LaboratorioFactory(nome="Laboratorio Nord")
    page = telefono

    page.goto(live_server.url + laboratorio.get_absolute_url())
    page.get_by_role("link", name="Seguilo per e-mail").click()
    indirizzo(page)
    page.get_by_role("button", name="Segui").click()
    page.goto(link("partecipo"))
    detto(page, "Fatto: il lunedì mattina")
    page.goto(f"{live_server.url}{reverse('seguiti:seguito_list')}")
    expect(page.get_by_role("link", name="Laboratorio Nord")).to_be_visible()

    io = Seguito.objects.get().partecipante
    page.context.clear_cookies()
    page.goto(f"{live_server.url}{reverse('seguiti:seguito_lascia', args=[io.token])}")
    expect(page.locator("main")).to_contain_text("Laboratorio Nord")
    page.get_by_role("button", name="Smetti").click()
    expect(page.locator("main")).to_contain_text("Non ricevi più il riepilogo del lunedì.")

    assert not Seguito.objects.exists()


def test_a_known_person_supports_and_follows_with_the_keyboard_alone(
    browser, live_server, percorso
):
    io = PartecipanteFactory(email=INDIRIZZO)
    proposta = PropostaFactory(percorso=percorso)
    context = browser.new_context(locale="it-IT")
    page = context.new_page()
    page.goto(live_server.url + partecipanti.link(io, proposta.get_absolute_url()))

    def premi(parole):
        bottone = page.get_by_role("button", name=parole, exact=True)
        for _passo in range(80):
            page.keyboard.press("Tab")
            if bottone.evaluate("e => e === document.activeElement"):
                break
        expect(bottone).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_load_state()

    premi("Sostieni")
    expect(page.locator("main")).to_contain_text("Tu la sostieni.")
    premi("Segui")
    expect(page.locator("main")).to_contain_text("La segui:")

    assert (Sostegno.objects.get().partecipante, Seguito.objects.get().partecipante) == (io, io)
    context.close()


def test_the_pages_and_their_errors_are_accessible_and_fit_a_small_phone(
    browser, live_server, axe, percorso
):
    io = PartecipanteFactory(email=INDIRIZZO)
    proposta = PropostaFactory(percorso=percorso, titolo="parolalunga" * 10)
    mio = CommentoFactory(proposta=proposta, autore=io, testo="parolalunga" * 40)
    CommentoFactory(proposta=proposta, risponde_a=mio, scopo="", nome_mostrato="firma" * 20)
    SeguitoFactory(partecipante=io, proposta=proposta)
    SeguitoFactory(partecipante=io, proposta=None, laboratorio=LaboratorioFactory())
    chiusa = PropostaFactory()
    proposte = f"/proposte/{proposta.slug}"
    pagine = [
        proposta.get_absolute_url(),
        *(f"{proposte}/{nome}/" for nome in ("sostieni", "segui", "commenta", "segnala")),
        f"{proposte}/commenta/?risponde={mio.pk}",
        f"{proposte}/commenti/{mio.pk}/segnala/",
        f"/proposte/{chiusa.slug}/sostieni/",
        f"/proposte/{chiusa.slug}/commenta/",
        reverse("seguiti:seguito_list"),
        reverse("seguiti:seguito_lascia", args=[io.token]),
    ]
    sue = [f"{proposte}/commenti/{mio.pk}/{nome}/" for nome in ("modifica", "elimina")]
    context = browser.new_context(viewport={"width": 320, "height": 640}, locale="it-IT")
    page = context.new_page()

    def esamina(dove):
        assert (dove, axe(page)) == (dove, [])
        # Whatever sticks out is named.
        fuori = page.evaluate(
            "() => document.documentElement.scrollWidth <= 320 ? [] :"
            " [...document.querySelectorAll('main *')].filter("
            "e => e.getBoundingClientRect().right > 321).map(e => e.outerHTML.slice(0, 80))"
        )
        assert (dove, fuori) == (dove, [])

    for pagina in pagine:
        page.goto(live_server.url + pagina)
        esamina(pagina)
        inviabile = page.locator("main form[method=post] [type=submit]")
        if "lascia" not in pagina and inviabile.count() == 1:
            inviabile.click()
            expect(
                page.locator("main [data-riassunto-errori], main .alert-danger")
            ).to_be_visible()
            esamina(f"{pagina}, with errors")
    page.goto(live_server.url + partecipanti.link(io, "/privacy/"))
    for pagina in [*pagine, *sue, reverse("seguiti:sostegno_list")]:
        page.goto(live_server.url + pagina)
        esamina(f"{pagina}, known")
    context.close()
