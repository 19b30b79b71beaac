"""Who may do what: every route of the site × every role × every method, as a table.

Each line of ``permessi.txt`` is a route, a method and the answer to each role: a status, with
where it leads for a redirect ("…" is the page itself). One answer alone holds for everybody. An
empty form is posted, so 200 means that it came back with its errors.
"""

import re
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse

from tests.e2e.pagine import nomi_delle_rotte
from tests.factories import (
    DisponibilitaFactory,
    FaseFactory,
    IncontroFactory,
    IscrizioneFactory,
    ResocontoFactory,
)
from tests.ruoli import RUOLI, entra

TABELLA = Path(__file__).with_name("permessi.txt")


@pytest.fixture
def indirizzo(db):
    """``indirizzo(rotta)``: where the route is, for things that exist."""
    incontro = IncontroFactory(posti=30)
    FaseFactory(percorso=incontro.percorso)
    resoconto = ResocontoFactory(
        incontro__percorso=incontro.percorso, incontro__laboratorio=incontro.laboratorio
    )
    allegato = resoconto.allegati.create(titolo="Foto", file=ContentFile(b"x", name="foto.txt"))
    iscrizione = IscrizioneFactory(incontro=incontro)
    argomenti = {
        "percorso_detail": [incontro.percorso.slug],
        "percorso_esiti": [incontro.percorso.slug],
        "laboratorio_detail": [incontro.laboratorio.slug],
        "laboratori:disponibilita_conferma": [DisponibilitaFactory().token],
        "eventi:incontro_mese": [2026, 11],
        "eventi:laboratorio_ics": [incontro.laboratorio.slug],
        "eventi:resoconto_detail": [resoconto.incontro.slug],
        "eventi:allegato_scarica": [resoconto.incontro.slug, allegato.pk],
        "posta:posta_demo_messaggio": ["non-esiste"],
        "posta:posta_demo_html": ["non-esiste"],
        "posta:posta_demo_originale": ["non-esiste"],
        "posta:posta_demo_allegato": ["non-esiste", 1],
        "account_confirm_email": ["sbagliata"],
        "account_reset_password_from_key": ["1", "set-password-sbagliata"],
    }

    def trova(rotta):
        di_norma = []
        if rotta.startswith("iscrizioni:"):
            di_norma = [iscrizione.token]
        elif rotta.startswith("eventi:i") and rotta not in SENZA_INCONTRO:
            di_norma = [incontro.slug]
        return reverse(rotta, args=argomenti.get(rotta, di_norma))

    return trova


SENZA_INCONTRO = {"eventi:incontro_list", "eventi:incontro_archivio", "eventi:incontro_atom"}


def righe():
    for riga in TABELLA.read_text().splitlines():
        rotta, metodo, *esiti = riga.split()
        yield rotta, metodo, esiti * len(RUOLI) if len(esiti) == 1 else esiti


def risposta(client, metodo, url):
    """The status, and where it leads; what the request changed is undone."""
    with transaction.atomic():
        fatta = client.generic(metodo, url, content_type="application/x-www-form-urlencoded")
        transaction.set_rollback(True)
    dove = fatta.headers.get("Location", "").split("?")[0]
    dove = re.sub(r"^/iscrizioni/[^/]+/$", "/iscrizioni/TOKEN/", dove.replace(url, "…"))
    return f"{fatta.status_code}{dove}"


ROTTE = sorted(set(nomi_delle_rotte()))


@pytest.mark.parametrize("ruolo", RUOLI)
def test_each_role_gets_the_answers_of_the_table(client, indirizzo, ruolo):
    entra(client, ruolo)
    sessione = dict(client.cookies)

    avute = {}
    for rotta in ROTTE:
        for metodo in ("GET", "POST"):
            client.cookies = SimpleCookie(sessione)
            avute[rotta, metodo] = risposta(client, metodo, indirizzo(rotta))

    colonna = RUOLI.index(ruolo)
    assert avute == {(rotta, metodo): esiti[colonna] for rotta, metodo, esiti in righe()}


def test_no_route_of_ours_takes_other_methods(client, indirizzo):
    entra(client, "amministratrice")

    avute = {
        (rotta, metodo): risposta(client, metodo, indirizzo(rotta))
        for rotta in ROTTE
        for metodo in ("PUT", "PATCH", "DELETE")
        # allauth's answer before they look at the method.
        if not rotta.startswith("account_")
    }

    assert avute == dict.fromkeys(avute, "405")
