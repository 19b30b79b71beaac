"""Who is told what: each person once for each thing that happens."""

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import Partecipante
from posta.generi import NonDovuto, registro
from posta.models import Messaggio
from proposte import avanzamenti, avvisi, commenti, services
from proposte.models import Proposta
from tests.factories import (
    CommentoFactory,
    FaseFactory,
    PartecipanteFactory,
    PropostaFactory,
    SeguitoFactory,
    SostegnoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

Stato = Proposta.Stato
CHI_PROPONE, CHI_SEGUE = "propone@example.org", "segue@example.org"
UFFICIO = settings.ENTE["email"]


@pytest.fixture
def adesso():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def ufficio():
    return UserFactory()


@pytest.fixture
def proposta():
    """A published one; its proponent follows it too, and one who only supports it does not."""
    FaseFactory(apre_proposte=True)
    proposta = PropostaFactory(proponente__email=CHI_PROPONE, titolo="Una panchina")
    SeguitoFactory(proposta=proposta, partecipante=proposta.proponente)
    SeguitoFactory(proposta=proposta, partecipante__email=CHI_SEGUE)
    SostegnoFactory(proposta=proposta, partecipante__email="sostiene@example.org")
    SeguitoFactory(partecipante__email="segue.altro@example.org")
    return proposta


def in_valutazione(proposta):
    Proposta.objects.filter(pk=proposta.pk).update(stato=Stato.IN_VALUTAZIONE)
    proposta.refresh_from_db()
    return proposta


def accodati():
    """What is owed to whom."""
    return sorted(Messaggio.objects.values_list("genere", "destinatario"))


def tutti(genere):
    return [(genere, CHI_PROPONE), (genere, CHI_SEGUE)]


def test_sending_tells_the_proponent_that_it_arrived(adesso):
    bozza = PropostaFactory(bozza=True, proponente__email=CHI_PROPONE)
    FaseFactory(percorso=bozza.percorso, apre_proposte=True)

    services.invia(bozza, adesso=adesso)
    services.invia(bozza, adesso=adesso)

    assert accodati() == [("proposta_ricevuta", CHI_PROPONE)]


def test_publishing_hiding_and_looking_again_tell_the_proponent(adesso, ufficio):
    proposta = PropostaFactory(inviata=True, proponente__email=CHI_PROPONE)
    SeguitoFactory(proposta=proposta, partecipante__email=CHI_SEGUE)

    services.pubblica(proposta, ufficio, adesso=adesso)
    assert accodati() == [("proposta_pubblicata", CHI_PROPONE)]
    services.nascondi(proposta, ufficio, "offensivo", "Offende.", adesso=adesso)
    services.chiedi_riesame(proposta, "Non offende.", adesso=adesso)
    services.chiedi_riesame(proposta, "Non offende.", adesso=adesso)
    services.pubblica(proposta, ufficio, adesso=adesso)

    assert accodati() == [
        ("proposta_nascosta", CHI_PROPONE),
        ("proposta_pubblicata", CHI_PROPONE),
        ("proposta_pubblicata", CHI_PROPONE),
        ("proposta_riesame", UFFICIO),
    ]


def test_a_withdrawal_tells_proponent_and_followers(proposta, adesso):
    services.ritira(proposta, adesso=adesso)
    services.ritira(proposta, adesso=adesso)

    assert accodati() == tutti("proposta_ritirata")


def test_each_change_of_state_is_one_mail_each(proposta, adesso, ufficio):
    services.metti_in_valutazione(proposta, ufficio, adesso=adesso)
    assert accodati() == tutti("proposta_cambiata")

    services.rimanda(proposta, ufficio, "Manca il costo.", adesso=adesso)
    services.metti_in_valutazione(proposta, ufficio, adesso=adesso)
    services.decidi(proposta, Stato.NON_ACCOLTA, "Costa troppo.", ufficio, adesso=adesso)

    assert accodati() == sorted(tutti("proposta_cambiata") * 4)
    assert Messaggio.objects.values("chiave").distinct().count() == 8


def test_an_answer_and_its_correction_are_told_to_all(proposta, adesso, ufficio):
    risposta = services.rispondi(
        proposta, esito=Stato.ACCOLTA, testo="Si fa.", autore=ufficio, adesso=adesso
    )
    avvisi.risposta(proposta, risposta, adesso)
    assert accodati() == tutti("proposta_risposta")

    services.rispondi(
        proposta,
        esito=Stato.ACCOLTA,
        testo="Si fa nel 2028.",
        correzione="L'anno.",
        versione=1,
        autore=ufficio,
        adesso=adesso,
    )
    assert accodati() == sorted(tutti("proposta_risposta") * 2)


def test_a_milestone_is_told_to_all(proposta, adesso, ufficio):
    Proposta.objects.filter(pk=proposta.pk).update(stato=Stato.ACCOLTA)
    proposta.refresh_from_db()

    avanzamenti.aggiungi(
        proposta,
        giorno=timezone.localdate(),
        titolo="Affidati i lavori",
        testo="",
        percentuale=30,
        autore=ufficio,
        adesso=adesso,
    )

    assert accodati() == tutti("proposta_avanzamento")


def test_a_merge_tells_those_of_the_one_that_goes_and_the_proponent_of_the_other(
    proposta, adesso, ufficio
):
    altra = PropostaFactory(proponente__email="altra@example.org")
    SeguitoFactory(proposta=altra, partecipante__email="segue.quella@example.org")

    services.integra(proposta, altra, ufficio, "Sono la stessa.", adesso=adesso)

    assert accodati() == [
        *tutti("proposta_integrata"),
        ("proposta_integrazione", "altra@example.org"),
    ]


def test_who_made_both_proposals_is_told_of_their_merge_once(proposta, adesso, ufficio):
    altra = PropostaFactory(proponente=proposta.proponente)

    services.integra(proposta, altra, ufficio, "Sono la stessa.", adesso=adesso)

    assert accodati() == tutti("proposta_integrata")


def test_what_a_workshop_proposed_has_no_proponent_to_tell(adesso, ufficio):
    proposta = PropostaFactory(proponente=None, nome_mostrato="")
    SeguitoFactory(proposta=proposta, partecipante__email=CHI_SEGUE)

    services.nascondi(proposta, ufficio, "offensivo", "Offende.", adesso=adesso)
    assert accodati() == []
    services.pubblica(proposta, ufficio, adesso=adesso)
    services.metti_in_valutazione(proposta, ufficio, adesso=adesso)

    assert accodati() == [("proposta_cambiata", CHI_SEGUE)]


def test_a_refused_step_tells_nobody(proposta, adesso, ufficio):
    with pytest.raises(services.Rifiuto):
        services.decidi(proposta, Stato.ACCOLTA, "", ufficio, adesso=adesso)

    assert accodati() == []


def test_writers_and_reporters_who_are_gone_are_not_told(adesso, ufficio):
    commento = CommentoFactory()
    commento.autore.delete()
    commento.refresh_from_db()
    commenti.segnala(commento=commento, motivo="offensivo", modulo="uno", adesso=adesso)

    commenti.nascondi(commento, ufficio, "offensivo", "Offende.", adesso=adesso)
    commenti.riammetti(commento, ufficio, adesso=adesso)

    assert accodati() == []


def test_each_is_written_to_in_her_language(proposta, adesso, ufficio):
    SeguitoFactory(proposta=proposta, partecipante__lingua="en")

    services.metti_in_valutazione(proposta, ufficio, adesso=adesso)

    assert sorted(Messaggio.objects.values_list("lingua", flat=True)) == ["en", "it", "it"]


@pytest.mark.parametrize("parti", [1, 3])
def test_many_followers_are_told_in_parts_all_of_them(
    proposta, adesso, monkeypatch, parti, django_assert_num_queries
):
    monkeypatch.setattr(avvisi, "PARTE", 4)
    seguaci = PartecipanteFactory.create_batch(parti * 4 - 2)
    for chi in seguaci:
        SeguitoFactory(proposta=proposta, partecipante=chi)
    in_valutazione(proposta)
    passo = proposta.passaggi.create(
        da=Stato.PUBBLICATA, a=Stato.IN_VALUTAZIONE, created_at=adesso
    )

    # The step; then people, keys and rows for each part, and people once more.
    with django_assert_num_queries(1 + parti * 3 + 1):
        avvisi.cambiata(proposta, adesso)

    chiavi = set(Messaggio.objects.values_list("chiave", flat=True))
    assert chiavi == {
        f"proposta_cambiata:{passo.pk}:{pk}"
        for pk in [
            proposta.proponente_id,
            *proposta.seguaci.values_list("partecipante", flat=True),
        ]
    }


def _spegni(email, **interruttori):
    persona = UserFactory(email=email, **interruttori)
    Partecipante.objects.filter(email=email).update(persona=persona)


def test_who_switched_news_of_what_she_follows_off_gets_none_and_the_others_do(
    proposta, ufficio, adesso
):
    spento = {"avvisi_seguiti": False}
    SeguitoFactory(proposta=proposta, partecipante__email="spenta@example.org")
    SeguitoFactory(proposta=proposta, partecipante__email="accesa@example.org")
    _spegni("spenta@example.org", **spento)
    _spegni("accesa@example.org", avvisi_promemoria=False, avvisi_riepilogo=False)
    # Of her own proposal one hears all the same.
    _spegni(CHI_PROPONE, **spento)

    services.metti_in_valutazione(proposta, ufficio, adesso=adesso)

    assert accodati() == [
        ("proposta_cambiata", email) for email in ("accesa@example.org", CHI_PROPONE, CHI_SEGUE)
    ]


def test_news_switched_off_after_they_were_queued_do_not_leave(proposta, ufficio, adesso):
    services.metti_in_valutazione(proposta, ufficio, adesso=adesso)
    componi = registro["proposta_cambiata"].componi
    sua, mia = (Messaggio.objects.get(destinatario=chi) for chi in (CHI_SEGUE, CHI_PROPONE))
    assert componi(sua, adesso).oggetto

    for chi in (CHI_SEGUE, CHI_PROPONE):
        _spegni(chi, avvisi_seguiti=False)

    with pytest.raises(NonDovuto):
        componi(sua, adesso)
    assert componi(mia, adesso).oggetto
