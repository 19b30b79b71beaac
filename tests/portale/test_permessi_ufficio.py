"""Who of the office may open what: every page of the admin × every role, as a table, on the
example cycle; and whose data show there.

Each line of ``permessi_ufficio.txt`` is a page and the answer to each role. Of a model's pages the
one of its first row is asked for; those of one row that no other argument names. A facilitator
leads one meeting, and finds nothing of the others: Django leads her away (302) from what is not
there for her.
"""

import re
from pathlib import Path

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, reverse

from eventi.models import Incontro, Iscrizione, Necessita
from tests.ruoli import RUOLI, entra

# The database is there for who asks for it.
pytestmark = [pytest.mark.django_db, pytest.mark.aspetto]

TABELLA = Path(__file__).with_name("permessi_ufficio.txt")
# Pages of something that the address names in another way than by one row's number: each is
# asked for where it is tested.
ALTROVE = {"app_list", "jsi18n", "view_on_site", None}
_ARGOMENTO = re.compile(r"<(?:\w+:)?(\w+)>")


def pagine(percorsi, prima=""):
    """(name, arguments) of each of the admin's own routes."""
    for percorso in percorsi:
        if isinstance(percorso, URLResolver):
            yield from pagine(percorso.url_patterns, prima + str(percorso.pattern))
        elif percorso.name not in ALTROVE:
            yield percorso.name, _ARGOMENTO.findall(prima + str(percorso.pattern))


def prima_riga(nome):
    """The number of the first row of the model that the route is of; None without one. Of who is
    registered, one who said what she needs."""
    for modello in admin.site._registry:
        if nome.startswith(f"{modello._meta.app_label}_{modello._meta.model_name}_"):
            righe = modello._default_manager.order_by("pk")
            if modello is Iscrizione:
                righe = righe.filter(necessita__isnull=False)
            return righe.values_list("pk", flat=True).first()
    return None


def indirizzi():
    """Each page with its address: name → address."""
    trovati = {}
    for nome, argomenti in pagine(admin.site.urls[0]):
        if argomenti == []:
            trovati[nome] = reverse(f"admin:{nome}")
        elif argomenti in (["pk"], ["object_id"]) and (pk := prima_riga(nome)) is not None:
            trovati[nome] = reverse(f"admin:{nome}", args=[pk])
    return trovati


def dati_personali():
    """What people told the office in order to take part, and what they need."""
    iscritti = Iscrizione.objects.values_list("email", "telefono")
    contatti = {dato for riga in iscritti for dato in riga if dato}
    return contatti, set(Necessita.objects.values_list("testo", flat=True))


@pytest.fixture(scope="module")
def risposte(django_db_setup, django_db_blocker):
    """(answers, contacts seen, needs seen): page → status for each role; role → pages."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("carica_percorso", verbosity=0)
        call_command("carica_demo", verbosity=0)
        contatti, necessita = dati_personali()
        assert contatti
        assert necessita
        urls = indirizzi()
        stati, con_contatti, con_necessita = {}, {}, {}
        for ruolo in RUOLI:
            client = Client()
            persona = entra(client, ruolo)
            if ruolo == "facilitatore":
                persona.incontri_facilitati.set([Incontro.objects.exclude(note=None).first()])
            con_contatti[ruolo], con_necessita[ruolo] = set(), set()
            for nome, url in urls.items():
                if nome == "logout":
                    continue
                risposta = client.get(url)
                testo = b"".join(risposta).decode(errors="replace")
                stati.setdefault(nome, []).append(risposta.status_code)
                if any(dato in testo for dato in contatti):
                    con_contatti[ruolo].add(nome)
                if any(dato in testo for dato in necessita):
                    con_necessita[ruolo].add(nome)
        transaction.set_rollback(True)
    return stati, con_contatti, con_necessita


def tabella(stati):
    righe = (" ".join([nome, *map(str, risposte)]) for nome, risposte in sorted(stati.items()))
    return "\n".join(righe) + "\n"


def test_every_page_of_the_admin_answers_each_role_as_the_table_says(risposte):
    assert tabella(risposte[0]) == TABELLA.read_text()


def test_nobody_but_the_office_enters(risposte):
    fuori = {stati[:2] for stati in map(tuple, risposte[0].values())}
    assert {stato for coppia in fuori for stato in coppia} <= {301, 302, 404}


@pytest.mark.parametrize("ruolo", ["anonima", "cittadina", "facilitatore", "moderatore"])
def test_who_is_not_of_the_office_reads_no_contact_of_who_is_registered(risposte, ruolo):
    assert risposte[1][ruolo] == set()


@pytest.mark.parametrize("ruolo", ["anonima", "cittadina", "facilitatore", "moderatore"])
def test_nobody_but_the_office_reads_what_people_need(risposte, ruolo):
    assert risposte[2][ruolo] == set()


def test_the_office_does_read_them(risposte):
    assert "eventi_iscrizione_changelist" in risposte[1]["ufficio"]
    assert risposte[2]["ufficio"]
