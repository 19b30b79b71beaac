"""No page, feed, calendar or file for everybody names a person of the Tavolo."""

import json
import re

import pytest
from django.core.management import call_command
from django.urls import reverse

from eventi.models import Incontro
from percorso.models import Percorso
from portale.pagine import PUBBLICHE
from proposte.models import Proposta
from tavolo.models import (
    Componente,
    Decisione,
    Garante,
    ParereComitato,
    RichiestaAdesione,
    Verbale,
)
from tests.e2e.pagine import PAGINE


@pytest.fixture
def demo(db):
    """The whole example cycle, and who sits at its Tavolo: names, addresses, whom to call."""
    call_command("carica_percorso", verbosity=0)
    call_command("carica_demo", verbosity=0)
    persone = [(c.nome, c.email) for c in Componente.objects.all()]
    persone += [(g.persona.nome, g.persona.email) for g in Garante.objects.all()]
    persone += [(r.contatto, r.email) for r in RichiestaAdesione.objects.all()]
    return {dato for persona in persone for dato in persona}


def del_tavolo():
    """The addresses of the Tavolo for everybody that no list of pages has."""
    for incontro in Incontro.objects.filter(seduta__isnull=False):
        yield from (
            incontro.get_absolute_url(),
            reverse("eventi:incontro_ics", args=[incontro.slug]),
            reverse("tavolo:seduta_detail", args=[incontro.slug]),
            reverse("tavolo:seduta_ics", args=[incontro.slug]),
            reverse("tavolo:verbale_detail", args=[incontro.slug]),
        )
    for decisione in Decisione.objects.all():
        yield reverse("tavolo:decisione_detail", args=[decisione.pk])
    for parere in ParereComitato.objects.all():
        yield reverse("tavolo:parere_detail", args=[parere.pk])
    for proposta in Proposta.objects.filter(esami__isnull=False).distinct():
        yield proposta.get_absolute_url()
        yield reverse("proposte:proposta_percorso", args=[proposta.slug])
    for percorso in Percorso.objects.all():
        yield f"{reverse('tavolo:tavolo')}?percorso={percorso.slug}"
    for nome in (
        "tavolo:organizzazione_csv",
        "tavolo:decisione_csv",
        "tavolo:decisione_json",
        "tavolo:decisione_seggi_csv",
        "tavolo:decisione_seggi_json",
        "proposte:proposta_csv",
        "proposte:proposta_json",
        "proposte:proposta_atom",
        "eventi:incontro_atom",
        "eventi:calendario_ics",
        "sitemap",
    ):
        yield reverse(nome)


def test_nothing_for_everybody_names_who_sits_at_the_tavolo(client, demo):
    nomi = re.compile("|".join(map(re.escape, sorted(demo))))
    # Links of one person, and the demo's own list of accounts, are not for everybody.
    dei_cittadini = {
        pagina.url()
        for pagina in PAGINE
        if not pagina.conto and (pagina.rotta in PUBBLICHE or pagina.rotta.startswith("tavolo:"))
    }
    trovati, viste = {}, 0
    for url in sorted({*dei_cittadini, *del_tavolo()}):
        risposta = client.get(url, follow=True)
        testo = b"".join(risposta).decode()
        viste += risposta.status_code == 200
        # Lines of a calendar are folded.
        if detti := set(nomi.findall(testo.replace("\r\n ", ""))):
            trovati[url] = detti
        client.cookies.clear()

    approvati = list(Verbale.objects.approvati().values_list("contenuto", flat=True))
    assert trovati == {}
    assert viste > 90
    # What the public PDF is set from; the members' copy says who represented whom.
    assert nomi.findall(json.dumps(approvati, ensure_ascii=False)) == []
    assert len(approvati) == 1
    interno = Verbale.objects.approvati().get().contenuto_interno
    assert nomi.search(json.dumps(interno, ensure_ascii=False)) is not None
