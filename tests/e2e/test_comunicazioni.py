"""The office writes to the people of a meeting, in a real browser: read, tried, sent, followed."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from comunicazioni import services
from comunicazioni.models import Comunicazione
from eventi.models import Incontro, Iscrizione
from posta.consegna import spedisci_dovuti

from .conftest import LARGHEZZE

UFFICIO = "ufficio@example.org"


def _incontro():
    """One of the demo that many are registered to."""
    iscrizioni = Iscrizione.objects.confermate().filter(
        incontro__stato="pubblicato", incontro__inizio__gt=timezone.now(), email__isnull=False
    )
    return iscrizioni.order_by("incontro__inizio").first().incontro_id


@pytest.mark.aspetto
def test_axe_finds_nothing_where_one_writes_at_any_width(ufficio, sito, larghezze):
    nuova = reverse("admin:comunicazioni_comunicazione_add")
    ufficio.set_viewport_size({"width": LARGHEZZE[0], "height": 900})

    ufficio.goto(f"{sito.url}{nuova}?pubblico=iscritti&incontro={_incontro()}")
    lamentele = list(ufficio.visto.lamentele)

    assert larghezze(ufficio, legge=True) == {}
    assert (ufficio.visto.estranee, lamentele) == ([], [])


@pytest.mark.aspetto
@pytest.mark.parametrize("larghezza", [320, 390, 1280])
def test_the_frame_of_the_preview_is_as_wide_as_its_page_and_a_long_mail_is_read_whole(
    ufficio, sito, larghezza
):
    scritta = Comunicazione.objects.create(
        pubblico="notizie",
        oggetto="Notizie dei laboratori",
        testo="https://example.org/" + "lungo" * 20 + "\n\n" + "Una frase. " * 300 + "La fine.",
    )
    try:
        ufficio.set_viewport_size({"width": larghezza, "height": 900})
        url = reverse("admin:comunicazioni_comunicazione_anteprima", args=[scritta.pk])
        ufficio.goto(sito.url + url)
        cornice = ufficio.locator("iframe.cornice-mail")
        riquadro, pagina = cornice.bounding_box(), ufficio.locator("section.mail").bounding_box()
        mail = ufficio.frame_locator("iframe.cornice-mail")
        mail.get_by_text("Ritira il consenso").scroll_into_view_if_needed()
        larga = mail.locator("html").evaluate("h => h.scrollWidth - h.clientWidth")
        with ufficio.expect_popup() as nuova:
            ufficio.get_by_role("link", name="Aprila da sola").click()
        da_sola = nuova.value
        da_sola.wait_for_load_state()

        assert riquadro["x"] + riquadro["width"] <= pagina["x"] + pagina["width"]
        assert riquadro["width"] >= min(pagina["width"], 700) - 1
        assert larga == 0
        assert da_sola.get_by_text("La fine.").count() == 1
        da_sola.close()
    finally:
        scritta.delete()


def test_an_officer_writes_to_who_is_registered_and_sees_it_leave(
    browser,
    browser_context_args,
    demo,
    live_server,
    entra,
    sorveglia,
    larghezze,
    settings,
    tmp_path,
):
    settings.EMAIL_BACKEND = "posta.backends.EmailBackend"
    settings.EMAIL_FILE_PATH = settings.POSTA_DEMO_DIR = tmp_path
    contesto = browser.new_context(**browser_context_args)
    entra(contesto, live_server.url, UFFICIO)
    visto = sorveglia(contesto, live_server.url)
    page = contesto.new_page()
    incontro = Incontro.objects.get(pk=_incontro())
    trovato = {}

    def guarda(nome):
        # Before axe looks: its own reading of Django's style sheets meets the policy too.
        trovato[nome] = [*visto.lamentele, *larghezze(page).items()]
        visto.dimentica()
        page.set_viewport_size({"width": 1280, "height": 900})

    page.goto(live_server.url + reverse("admin:eventi_incontro_change", args=[incontro.pk]))
    page.get_by_role("link", name="Scrivi a chi è iscritto").click()
    page.fill("#id_oggetto", "Portate un cuscino")
    page.fill(
        "#id_testo", "Le sedie sono di legno.\n\nTutto è scritto su https://example.org/sedie"
    )
    page.check("#id_urgente")
    page.fill("#id_motivo_urgenza", "I test girano anche di notte")
    page.click("input[name=_save]")

    # Read as it arrives
    page.wait_for_url("**/anteprima/")
    mail = page.frame_locator("iframe.cornice-mail")
    assert mail.locator("h1").inner_text() == "Portate un cuscino"
    assert mail.get_by_role("link", name="https://example.org/sedie").count() == 1
    guarda("anteprima")

    # Tried
    page.get_by_role("link", name="Mandami una prova").click()
    page.get_by_role("button", name="Mandami la prova").click()
    page.wait_for_url("**/anteprima/")

    # Sent
    page.get_by_role("link", name="Invia", exact=True).click()
    page.wait_for_url("**/invia/")
    guarda("invia")
    page.get_by_role("button", name="Invia a tutti").click()
    # Refused: she has not said that she read it
    expect(page.locator(".riassunto li")).to_have_count(1)
    page.check("#id_letta")
    page.get_by_role("button", name="Invia a tutti").click()
    page.wait_for_url("**/avanzamento/")
    guarda("avanzamento")

    # Followed without touching the page
    services.prepara()
    expect(page.locator("[data-numero=in_coda]")).not_to_have_text("0")
    spedisci_dovuti()
    services.concludi(timezone.now())
    page.get_by_text("Inviata: non c'è più niente in coda.").wait_for()

    attesi = sorted(
        incontro.iscrizioni.vive()
        .filter(email__isnull=False, verificata_at__isnull=False)
        .values_list("email", flat=True)
    )
    assert page.locator("[data-numero=inviati]").inner_text() == str(len(attesi))
    assert Comunicazione.objects.get().stato == "inviata"
    assert trovato == {"anteprima": [], "invia": [], "avanzamento": []}

    # Each in the demo's mailbox, and the try among them
    page.goto(live_server.url + reverse("posta:posta_demo"))
    righe = page.locator("main tbody tr")
    oggetti = righe.locator("a").all_inner_texts()
    assert oggetti.count("[PROVA] Portate un cuscino") == 1
    assert oggetti.count("Portate un cuscino") == len(attesi)
    contesto.close()
