"""A facilitator finds in the office's pages the meetings that she leads, and no others."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from eventi.models import Incontro
from portale import cruscotto
from proposte.models import Bisogno
from proposte.permissions import bisogni_visibili, proposte_visibili
from tests.factories import (
    BisognoFactory,
    IncontroFactory,
    NotaFactory,
    PropostaFactory,
    ResocontoFactory,
    UserFactory,
    VerbalizzanteFactory,
)
from tests.ruoli import entra


def admin(nome, *args):
    return reverse(f"admin:{nome}", args=args)


@pytest.fixture
def suo(db):
    return IncontroFactory(passato=True, titolo="Il verde")


@pytest.fixture
def facilitatore(client, suo):
    """Somebody who leads that meeting alone."""
    return entra(client, "facilitatore")


@pytest.fixture
def altrui(facilitatore):
    return IncontroFactory(passato=True, titolo="La scuola")


def elenco(client, nome):
    return list(client.get(admin(f"{nome}_changelist")).context["cl"].queryset)


def scelte(client, nome):
    """The meetings that the form for a new one offers."""
    modulo = client.get(admin(nome)).context["adminform"].form
    return list(modulo.fields["incontro"].queryset)


def test_of_meetings_and_of_what_hangs_on_them_she_finds_her_own(client, suo, altrui):
    righe = {
        "eventi_incontro": lambda incontro: incontro,
        "eventi_resoconto": lambda incontro: ResocontoFactory(incontro=incontro),
        "proposte_nota": lambda incontro: NotaFactory(incontro=incontro, verbalizzante=None),
        "proposte_verbalizzante": lambda incontro: VerbalizzanteFactory(incontro=incontro),
        "proposte_bisogno": lambda incontro: BisognoFactory(
            incontro=incontro, percorso=incontro.percorso, stato=Bisogno.Stato.BOZZA
        ),
        "proposte_proposta": lambda incontro: PropostaFactory(
            bozza=True, incontro=incontro, percorso=incontro.percorso, registrato_da=UserFactory()
        ),
    }
    for nome, crea in righe.items():
        mia, altra = crea(suo), crea(altrui)

        assert elenco(client, nome) == [mia], nome
        for pagina in ("change", "history"):
            assert client.get(admin(f"{nome}_{pagina}", mia.pk)).status_code == 200, nome
            # Django leads away from what is not there.
            risposta = client.get(admin(f"{nome}_{pagina}", altra.pk))
            assert (risposta.status_code, risposta["Location"]) == (302, "/admin/"), nome


def test_she_does_not_order_the_notes_of_another_s_meeting(client, suo, altrui):
    indirizzi = [reverse("raccolta:ordina", args=[i.slug]) for i in (suo, altrui)]
    assert [client.get(url).status_code for url in indirizzi] == [200, 404]
    nota = NotaFactory(incontro=altrui)
    client.post(indirizzi[1], {"nota": f"{nota.pk}:{nota.versione}", "dove": "scartata"})
    nota.refresh_from_db()
    assert not nota.scartata


@pytest.mark.parametrize("porta", ["foglio", "qr", "invia", "ritira", "ridai"])
def test_the_doors_of_another_s_note_taker_are_not_there(client, suo, altrui, porta):
    mio, altro = (VerbalizzanteFactory(incontro=i) for i in (suo, altrui))
    for verbalizzante, atteso in ((mio, 200), (altro, 404)):
        url = admin(f"proposte_verbalizzante_{porta}", verbalizzante.pk)
        assert client.get(url).status_code == atteso


def test_where_a_meeting_is_chosen_she_is_offered_her_own(client, suo, altrui):
    for nome in ("eventi_resoconto_add", "proposte_nota_add", "proposte_bisogno_add"):
        assert scelte(client, nome) == [suo], nome


def test_note_takers_are_named_for_her_own_meetings_to_come(client, facilitatore):
    domani = timezone.now() + timedelta(days=1)
    mio, _altro = (IncontroFactory(inizio=domani, fine=None) for _n in range(2))
    mio.facilitatori.add(facilitatore)

    assert scelte(client, "proposte_verbalizzante_add") == [mio]
    tavoli = client.get(admin("proposte_verbalizzante_tavoli")).context["form"]
    assert list(tavoli.fields["incontro"].queryset) == [mio]


def test_a_report_that_she_sends_for_another_s_meeting_is_refused(client, suo, altrui):
    dati = {
        "incontro": altrui.pk,
        "testo": "Com'è andata.",
        "allegati-TOTAL_FORMS": 0,
        "allegati-INITIAL_FORMS": 0,
    }
    risposta = client.post(admin("eventi_resoconto_add"), dati)
    assert "incontro" in risposta.context["adminform"].form.errors
    assert not hasattr(Incontro.objects.get(pk=altrui.pk), "resoconto")


def test_her_first_page_speaks_of_her_meetings(client, facilitatore, suo, altrui):
    adesso = timezone.now()
    for incontro in (suo, altrui):
        NotaFactory(incontro=incontro)
    domani = adesso + timedelta(days=1)
    mio, _altro = (IncontroFactory(inizio=domani) for _n in range(2))
    mio.facilitatori.add(facilitatore)

    assert [voce.url for voce in cruscotto.da_fare(facilitatore, adesso)] == [
        reverse("raccolta:ordina", args=[suo.slug])
    ]
    assert cruscotto.prossimi(facilitatore, adesso) == [mio]


@pytest.mark.parametrize("ruolo", ["moderatore", "ufficio", "amministratrice"])
def test_who_runs_or_watches_the_process_finds_every_meeting(client, db, ruolo):
    entra(client, ruolo)
    incontri = [IncontroFactory(), IncontroFactory()]
    assert set(elenco(client, "eventi_incontro")) == set(incontri)


def test_who_is_not_of_the_office_finds_none_whoever_wrote_her_down(suo):
    cittadina = UserFactory()
    suo.facilitatori.add(cittadina)
    assert not Incontro.objects.visibili_a(cittadina).exists()
    assert not bisogni_visibili(cittadina).exists()
    assert not proposte_visibili(cittadina).exists()


def test_the_office_says_who_leads_a_meeting(client, suo):
    entra(client, "ufficio")
    collega, cittadina = UserFactory(is_staff=True), UserFactory()
    campo = (
        client.get(admin("eventi_incontro_change", suo.pk))
        .context["adminform"]
        .form.fields["facilitatori"]
    )
    assert collega in campo.queryset
    assert cittadina not in campo.queryset
