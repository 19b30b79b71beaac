"""Every list of the office: the same questions to the database with one row and with three, with
each of its filters too, and never a count of the whole table."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Cancellazione, Consenso, Pulizia, Scarico
from accounts.partecipanti import chiedi_conferma
from eventi.models import Telefonata
from importazioni.models import Importazione as Foglio
from proposte.models import Segnalazione
from tavolo.models import (
    AccessoDocumento,
    DomandaProponente,
    ImpostazioniTavolo,
    ParereComitato,
)
from tests import factories as f
from tests.ruoli import entra

pytestmark = pytest.mark.django_db

# What a list asks at most, whoever and whatever is filtered: session, person, what is filtered
# by, the rows, and what stands beside them.
MASSIME = 20


def conferma(n):
    return chiedi_conferma(
        "sostegno",
        email=f"ospite{n}@example.org",
        parametri={"proposta": f.PropostaFactory().pk},
        adesso=timezone.now(),
    )


def domanda(n):
    componente = f.ComponenteFactory()
    return DomandaProponente.objects.create(
        esame=f.EsameFactory(),
        seggio=componente.seggio,
        componente=componente,
        testo=f"Quanto costa {n}?",
        chiave=f"domanda-{n}",
        created_at=timezone.now(),
    )


def accesso(n):
    documento = f.DocumentoTavoloFactory()
    return AccessoDocumento.objects.create(
        documento=documento,
        percorso=documento.percorso,
        oggetto="Bilancio",
        persona=f.UserFactory(),
        titolo_accesso="ufficio",
        created_at=timezone.now(),
    )


def segnalazione(n):
    return Segnalazione.objects.create(
        proposta=f.PropostaFactory(),
        motivo=Segnalazione._meta.get_field("motivo").choices[0][0],
        chiave=f"segnalazione-{n}",
        created_at=timezone.now(),
    )


def foglio(n):
    return Foglio.objects.create(
        genere="sedi", nome_file=f"{n}.csv", autore=f.UserFactory(), created_at=timezone.now()
    )


def pulizia(n):
    adesso = timezone.now()
    return Pulizia.objects.create(
        finalita="iscrizioni",
        regola=f"regola {n}",
        giorno=adesso.date(),
        limite=adesso,
        cominciata_at=adesso,
        aggiornata_at=adesso,
    )


def telefonata(n):
    return Telefonata.objects.create(
        iscrizione=f.IscrizioneFactory(email=None, telefono="0523 000000"),
        genere=Telefonata.Genere.SPOSTATO,
        chiave=f"telefonata-{n}",
        entro_at=timezone.now(),
        created_at=timezone.now(),
    )


# Where a row comes from that no factory of this name makes.
RIGHE = {
    # Each with her address.
    "account.EmailAddress": lambda n: f.UserFactory(),
    "accounts.Cancellazione": lambda n: Cancellazione.objects.create(
        canale="ufficio", autore=f.UserFactory(), created_at=timezone.now()
    ),
    "accounts.Conferma": conferma,
    "accounts.Consenso": lambda n: Consenso.objects.create(
        scopo="newsletter", email=f"persona{n}@example.org", testo="Sì.", dato_at=timezone.now()
    ),
    "accounts.Pulizia": pulizia,
    "accounts.Scarico": lambda n: Scarico.objects.create(
        canale="ufficio", autore=f.UserFactory(), created_at=timezone.now()
    ),
    "accounts.User": lambda n: f.UserFactory(is_staff=True),
    "auth.Group": lambda n: Group.objects.create(name=f"gruppo {n}"),
    "eventi.Telefonata": telefonata,
    "importazioni.Importazione": foglio,
    "proposte.Segnalazione": segnalazione,
    "tavolo.AccessoDocumento": accesso,
    "tavolo.DomandaProponente": domanda,
    "tavolo.ImpostazioniTavolo": lambda n: ImpostazioniTavolo.objects.create(
        percorso=f.PercorsoFactory()
    ),
    "tavolo.ParereComitato": lambda n: ParereComitato.objects.create(
        percorso=f.PercorsoFactory(), titolo=f"Parere {n}", created_at=timezone.now()
    ),
}
ELENCHI = {
    model._meta.label: model
    for model in sorted(admin.site._registry, key=lambda model: model._meta.label)
}


def aggiungi(label, da, a):
    crea = RIGHE.get(label) or (lambda n: getattr(f, f"{label.split('.')[1]}Factory")())
    for n in range(da, a):
        crea(n)


def chiedi(client, url):
    with CaptureQueriesContext(connection) as domande:
        risposta = client.get(url)
    assert risposta.status_code == 200, url
    return len(domande), risposta


def scelte(elenco):
    """One choice of each filter, beside the one that holds."""
    # The calls to make are a page of their own (eventi.admin.telefonate), with two sides.
    if elenco is None:
        return ["?fatte"]
    return [
        next((c["query_string"] for c in spec.choices(elenco) if not c["selected"]), "?")
        for spec in elenco.filter_specs
    ]


@pytest.mark.parametrize("label", ELENCHI)
def test_a_list_asks_the_same_with_one_row_and_with_three(client, label):
    entra(client, "amministratrice")
    url = reverse(f"admin:{ELENCHI[label]._meta.label_lower.replace('.', '_')}_changelist")
    aggiungi(label, 0, 1)
    chiedi(client, url)
    una, risposta = chiedi(client, url)
    filtri = scelte(risposta.context_data.get("cl"))
    prima = {filtro: chiedi(client, url + filtro)[0] for filtro in filtri}
    aggiungi(label, 1, 3)
    tre, _risposta = chiedi(client, url)
    dopo = {filtro: chiedi(client, url + filtro)[0] for filtro in filtri}
    assert (tre, dopo) == (una, prima)
    assert max(tre, *dopo.values(), 0) <= MASSIME


def test_no_list_counts_its_whole_table():
    contano = [
        model._meta.label
        for model, gestore in admin.site._registry.items()
        if gestore.show_full_result_count
    ]
    assert contano == []
