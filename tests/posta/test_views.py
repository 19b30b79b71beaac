import re
from datetime import UTC, datetime

import pytest
from django.core.mail import get_connection

from posta.consegna import spedisci_dovuti
from posta.generi import Allegato, Composto
from posta.views import PER_PAGINA
from tests.factories import MessaggioFactory

ADESSO = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db
HTML = (
    '<!doctype html><html><head></head><body style="color: red">'
    '<script>alert(1)</script><a href="http://testserver/incontri/">Vai</a></body></html>'
)


@pytest.fixture
def folder(settings, tmp_path):
    settings.EMAIL_BACKEND = "posta.backends.EmailBackend"
    settings.EMAIL_FILE_PATH = settings.POSTA_DEMO_DIR = tmp_path / "posta-demo"
    return settings.POSTA_DEMO_DIR


@pytest.fixture
def kept(folder, genere):
    """A mail that the demo has kept; gives the address of its page."""
    genere(
        "prova",
        lambda m, adesso: Composto(
            "Ti aspettiamo <domani>",
            "Apri http://testserver/iscrizioni/abc/ & vieni",
            HTML,
            allegati=(Allegato("incontro.ics", b"BEGIN:VCALENDAR\r\n", "text/calendar"),),
        ),
    )
    MessaggioFactory(genere="prova", destinatario="anna@example.org", dovuto_at=ADESSO)
    assert spedisci_dovuti(lambda: ADESSO).inviati == 1
    (file,) = folder.glob("*.eml")
    return f"/posta-demo/{file.name}/"


def test_the_list_says_what_to_do_when_there_is_nothing(client, folder):
    response = client.get("/posta-demo/")
    assert "Non c’è ancora nessuna mail" in response.content.decode()
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in response["Cache-Control"]


def test_the_list_says_when_mails_really_leave(client, folder, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert "le mail partono da lì" in client.get("/posta-demo/").content.decode()


def test_the_list_leads_to_every_mail(client, kept):
    testo = client.get("/posta-demo/").content.decode()
    assert f'href="{kept}"' in testo
    assert "Ti aspettiamo &lt;domani&gt;" in testo
    assert "anna@example.org" in testo
    assert "martedì 10 marzo 2026, 10:00" in testo


def test_the_newest_come_first_in_pages(client, folder, genere):
    for n in range(PER_PAGINA + 1):
        MessaggioFactory(genere="prova", destinatario=f"persona{n}@example.org", dovuto_at=ADESSO)
    spedisci_dovuti(lambda: ADESSO)
    prima = client.get("/posta-demo/").content.decode()
    assert f"persona{PER_PAGINA}@example.org" in prima
    assert "persona0@example.org" not in prima
    assert "persona0@example.org" in client.get("/posta-demo/?page=2").content.decode()


def test_a_mail_is_read_with_links_attachments_and_headers(client, kept):
    testo = client.get(kept).content.decode()
    assert '<a href="http://testserver/iscrizioni/abc/"' in testo
    assert "http://testserver/iscrizioni/abc/</a> &amp; vieni" in testo
    assert "incontro.ics" in testo
    assert "auto-generated" in testo
    # Its own HTML is not on this page, only in the frame.
    assert "alert(1)" not in testo
    assert re.search(r'<iframe[^>]+sandbox="allow-popups[^"]*"', testo)
    assert "allow-scripts" not in testo


def test_the_html_is_shown_alone_and_can_run_nothing(client, kept):
    response = client.get(f"{kept}html/")
    regole = dict(
        regola.split(" ", 1) for regola in response["Content-Security-Policy"].split("; ")
    )
    assert regole["default-src"] == "'none'"
    assert regole["style-src"] == "'unsafe-inline'"
    assert "script-src" not in regole
    assert "allow-scripts" not in regole["sandbox"]
    assert regole["frame-ancestors"] == "'self'"
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert '<base target="_top">' in response.content.decode()


def test_the_page_of_a_mail_allows_its_frame_and_nothing_more(client, kept):
    regole = client.get(kept)["Content-Security-Policy"]
    assert "frame-src 'self'" in regole
    assert "unsafe-inline" not in regole


def test_attachments_and_the_whole_mail_can_be_downloaded(client, kept):
    allegato = client.get(f"{kept}allegati/0/")
    assert allegato.content == b"BEGIN:VCALENDAR\r\n"
    assert allegato["Content-Disposition"] == 'attachment; filename="incontro.ics"'
    assert client.get(f"{kept}originale/").content.startswith(b"Content-Type: multipart/mixed")
    assert client.get(f"{kept}allegati/1/").status_code == 404


@pytest.mark.parametrize(
    "nome", ["20260310T090000000000-00000000.eml", "..%2Fsecret_key", "secret_key", "x.eml"]
)
def test_no_other_file_can_be_read(client, folder, nome):
    folder.mkdir()
    (folder.parent / "secret_key").write_text("SEGRETO")
    (folder / "x.eml").write_text("Subject: x\n\n")
    for parte in ("", "html/", "originale/", "allegati/0/"):
        assert client.get(f"/posta-demo/{nome}/{parte}").status_code == 404


def test_a_kept_mail_is_never_seen_half_written(folder, monkeypatch):
    from django.core.mail import EmailMessage

    visti = []
    from posta import backends

    originale = backends.os.replace

    def look(da, a):
        visti.append([f.name for f in folder.glob("[0-9]*.eml")])
        originale(da, a)

    monkeypatch.setattr(backends.os, "replace", look)
    EmailMessage(
        "Ciao",
        "Testo",
        to=["a@example.org"],
        connection=get_connection("posta.backends.EmailBackend"),
    ).send()
    assert visti == [[]]
    assert len(list(folder.glob("*.eml"))) == 1
