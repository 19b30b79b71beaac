"""Each mail says what happened and what can be done, in text and HTML; or is not owed any more."""

from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Partecipante
from posta.generi import NonDovuto, registro
from posta.models import Messaggio
from proposte import avanzamenti, commenti, partecipazione, services
from proposte.models import Proposta, Segnalazione
from tests.factories import (
    FaseFactory,
    PartecipanteFactory,
    PropostaFactory,
    SeguitoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

Stato = Proposta.Stato
TITOLO = "Una panchina & <b>ombra</b>"
TITOLO_HTML = "Una panchina &amp; &lt;b&gt;ombra&lt;/b&gt;"


@pytest.fixture
def adesso():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def ufficio():
    return UserFactory()


@pytest.fixture
def proposta():
    return PropostaFactory(
        percorso=FaseFactory(apre_proposte=True, apre_commenti=True).percorso,
        proponente__nome="Ada",
        titolo=TITOLO,
    )


@pytest.fixture
def segue(proposta):
    return SeguitoFactory(proposta=proposta, partecipante__nome="Bea").partecipante


def il_messaggio(genere, chi):
    return Messaggio.objects.filter(genere=genere, destinatario=chi.email).latest("pk")


def componi(genere, chi, adesso, lingua="it"):
    """The mail of this kind that is owed to her, as it would leave now."""
    with translation.override(lingua):
        return registro[genere].componi(il_messaggio(genere, chi), adesso)


def non_dovuto(genere, chi, adesso):
    with pytest.raises(NonDovuto):
        componi(genere, chi, adesso)


def destinazioni(composto):
    """Where the links that recognise her lead, once for the text and once for the HTML."""
    trovate = []
    for corpo in (composto.testo, unescape(composto.html)):
        [indirizzo] = {
            parola.strip('"<>')
            for parola in corpo.replace('href="', " ").replace('"', " ").split()
            if "/partecipo/" in parola
        }
        trovate.append(parse_qs(urlsplit(indirizzo).query)["vai"][0])
    return trovate


def detto(composto, *parole):
    """These words are in the text and, escaped once, in the HTML."""
    html = unescape(composto.html)
    for parola in parole:
        assert parola in composto.testo
        assert parola in html
    assert "<b>ombra" not in composto.html


# --- To the proponent -----------------------------------------------------------------------


def test_the_receipt_says_who_reads_it_and_by_when(adesso, settings):
    settings.MODERAZIONE_ORE = 60
    bozza = PropostaFactory(bozza=True, titolo=TITOLO)
    FaseFactory(percorso=bozza.percorso, apre_proposte=True)
    services.invia(bozza, adesso=adesso)

    composto = componi("proposta_ricevuta", bozza.proponente, adesso)

    assert composto.oggetto == f"Abbiamo ricevuto la tua proposta: {TITOLO}"
    detto(composto, settings.ENTE["ufficio"], "di solito entro 3 giorni", TITOLO)
    bozza.refresh_from_db()
    assert destinazioni(composto) == [bozza.get_absolute_url()] * 2


def test_the_receipt_is_not_owed_once_the_moderator_was_faster(adesso, ufficio):
    bozza = PropostaFactory(bozza=True)
    FaseFactory(percorso=bozza.percorso, apre_proposte=True)
    services.invia(bozza, adesso=adesso)
    services.pubblica(bozza, ufficio, adesso=adesso)

    non_dovuto("proposta_ricevuta", bozza.proponente, adesso)
    composto = componi("proposta_pubblicata", bozza.proponente, adesso)
    assert composto.oggetto.startswith("La tua proposta è pubblicata: ")


def test_a_hidden_proposals_mail_says_why_in_words_and_how_to_appeal(proposta, adesso, ufficio):
    services.nascondi(proposta, ufficio, "offensivo", "Offende <i>Zoe</i>.", adesso=adesso)

    composto = componi("proposta_nascosta", proposta.proponente, adesso)

    detto(
        composto,
        "offende o discrimina qualcuno",
        "Offende <i>Zoe</i>.",
        "Chiedi un riesame",
        "rispondi a questa mail",
    )
    assert "<i>Zoe" not in composto.html
    riesame = reverse("proposte:proposta_riesame", args=[proposta.slug])
    assert destinazioni(composto) == [riesame] * 2
    assert composto.rispondi_a == settings.ENTE["email"]
    assert composto.intestazioni == {}


def test_the_office_reads_why_a_proposal_should_be_seen_again_and_replies_to_her(
    proposta, adesso, ufficio
):
    services.nascondi(proposta, ufficio, "offensivo", "Offende.", adesso=adesso)
    services.chiedi_riesame(proposta, "Non offende nessuno.", adesso=adesso)
    messaggio = Messaggio.objects.get(genere="proposta_riesame")

    composto = registro["proposta_riesame"].componi(messaggio, adesso)

    assert messaggio.destinatario == settings.ENTE["email"]
    detto(composto, TITOLO, "Non offende nessuno.", "offende o discrimina qualcuno")
    assert composto.rispondi_a == proposta.proponente.email
    assert f"/admin/proposte/proposta/{proposta.pk}/change/" in composto.testo

    services.pubblica(proposta, ufficio, adesso=adesso)
    with pytest.raises(NonDovuto):
        registro["proposta_riesame"].componi(messaggio, adesso)
    # It is shown again: who proposed it is not told any more that it is hidden.
    non_dovuto("proposta_nascosta", proposta.proponente, adesso)
    ancora = componi("proposta_pubblicata", proposta.proponente, adesso)
    assert ancora.oggetto == f"La tua proposta si legge di nuovo: {TITOLO}"


# --- To proponent and followers -------------------------------------------------------------


@pytest.mark.parametrize(
    ("esito", "oggetto"),
    [
        (Stato.ACCOLTA, "Proposta accolta"),
        (Stato.ACCOLTA_CON_MODIFICHE, "Proposta accolta con modifiche"),
        (Stato.NON_ACCOLTA, "Proposta non accolta"),
    ],
)
def test_an_outcome_is_told_with_its_reason_to_each_in_her_words(
    proposta, segue, adesso, ufficio, esito, oggetto
):
    services.metti_in_valutazione(proposta, ufficio, adesso=adesso)
    services.decidi(proposta, esito, "Perché sì\ne perché no.", ufficio, adesso=adesso)

    a_lei = componi("proposta_cambiata", proposta.proponente, adesso)
    a_chi_segue = componi("proposta_cambiata", segue, adesso)

    for composto in (a_lei, a_chi_segue):
        assert composto.oggetto == f"{oggetto}: {TITOLO}"
        detto(composto, TITOLO)
        assert "Perché sì\ne perché no." in composto.testo
        assert destinazioni(composto) == [proposta.get_absolute_url()] * 2
    assert TITOLO_HTML in a_lei.html
    detto(a_lei, "Ciao Ada,", "c’è una decisione sulla tua proposta.")
    detto(a_chi_segue, "Ciao Bea,", "c’è una decisione su una proposta che segui.")


def test_each_link_recognises_the_one_it_was_sent_to(proposta, segue, adesso, ufficio, client):
    services.metti_in_valutazione(proposta, ufficio, adesso=adesso)
    testo = componi("proposta_cambiata", segue, adesso).testo
    link = next(riga for riga in testo.split() if "/partecipo/" in riga)

    arrivo = client.get(link.removeprefix(settings.BASE_URL))

    assert arrivo.url == proposta.get_absolute_url()
    assert client.session["partecipante"] == segue.pk


def test_only_followers_are_offered_to_leave_with_one_click(
    proposta, segue, adesso, ufficio, client
):
    services.metti_in_valutazione(proposta, ufficio, adesso=adesso)

    a_lei = componi("proposta_cambiata", proposta.proponente, adesso)
    composto = componi("proposta_cambiata", segue, adesso)

    assert a_lei.intestazioni == {}
    assert "/lascia/" not in a_lei.testo + a_lei.html
    assert composto.intestazioni["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = composto.intestazioni["List-Unsubscribe"].strip("<>")
    detto(composto, url)
    assert client.post(url.removeprefix(settings.BASE_URL)).status_code == 200
    assert not proposta.seguaci.exists()
    # And what has not left yet does not leave.
    non_dovuto("proposta_cambiata", segue, adesso)


def test_a_change_is_not_told_once_a_later_one_is(proposta, segue, adesso, ufficio):
    services.metti_in_valutazione(proposta, ufficio, adesso=adesso)
    primi = list(Messaggio.objects.filter(genere="proposta_cambiata"))
    services.decidi(proposta, Stato.ACCOLTA, "", ufficio, adesso=adesso)
    services.metti_in_valutazione(proposta, ufficio, testo="Un errore.", adesso=adesso)

    for messaggio in primi:
        with pytest.raises(NonDovuto):
            registro["proposta_cambiata"].componi(messaggio, adesso)
    composto = componi("proposta_cambiata", segue, adesso)
    detto(composto, "la decisione si riapre", "Un errore.")


@pytest.mark.parametrize("cambio", ["indirizzo", "persona", "altra proponente"])
def test_nobody_is_told_of_what_is_not_hers_any_more(proposta, adesso, ufficio, cambio):
    chi = proposta.proponente
    services.nascondi(proposta, ufficio, "offensivo", "Offende.", adesso=adesso)
    messaggio = il_messaggio("proposta_nascosta", chi)
    if cambio == "indirizzo":
        Partecipante.objects.filter(pk=chi.pk).update(email="nuova@example.org")
    elif cambio == "persona":
        chi.delete()
    else:
        Proposta.objects.filter(pk=proposta.pk).update(proponente=PartecipanteFactory())

    with pytest.raises(NonDovuto):
        registro["proposta_nascosta"].componi(messaggio, adesso)


def test_what_is_hidden_is_not_told_to_its_followers(proposta, segue, adesso, ufficio):
    Proposta.objects.filter(pk=proposta.pk).update(stato=Stato.IN_VALUTAZIONE)
    services.rispondi(proposta, esito=Stato.ACCOLTA, testo="Si fa.", autore=ufficio, adesso=adesso)
    services.rimanda(proposta, ufficio, "Manca il costo.", adesso=adesso)
    services.nascondi(proposta, ufficio, "offensivo", "Offende.", adesso=adesso)

    for genere in ("proposta_risposta", "proposta_cambiata"):
        non_dovuto(genere, segue, adesso)


def test_the_answer_says_outcome_office_cost_and_times(proposta, segue, adesso, ufficio):
    services.rispondi(
        proposta,
        esito=Stato.ACCOLTA,
        testo="Si fa in <b>giugno</b>.",
        ufficio="Lavori pubblici",
        costo_euro=15000,
        tempi="entro l'estate",
        autore=ufficio,
        adesso=adesso,
    )

    composto = componi("proposta_risposta", segue, adesso)

    assert composto.oggetto == f"Il Comune risponde: {TITOLO}"
    detto(composto, "accolta", "Lavori pubblici", "15.000 euro", "entro l'estate")
    detto(composto, "Si fa in <b>giugno</b>.")
    assert "<b>giugno" not in composto.html
    assert "si corregge" not in composto.testo


def test_a_correction_says_what_it_corrects_and_the_first_answer_is_not_told_late(
    proposta, segue, adesso, ufficio
):
    services.rispondi(
        proposta, esito=Stato.ACCOLTA, testo="Nel 2027.", autore=ufficio, adesso=adesso
    )
    prima = il_messaggio("proposta_risposta", segue)
    services.rispondi(
        proposta,
        esito=Stato.ACCOLTA,
        testo="Nel 2028.",
        correzione="L'anno.",
        versione=1,
        autore=ufficio,
        adesso=adesso,
    )

    with pytest.raises(NonDovuto):
        registro["proposta_risposta"].componi(prima, adesso)
    composto = componi("proposta_risposta", segue, adesso)
    assert composto.oggetto == f"Risposta corretta: {TITOLO}"
    detto(composto, "Che cosa si corregge", "L'anno.", "Nel 2028.")
    assert "Nel 2027." not in composto.testo


@pytest.mark.parametrize(
    ("percentuale", "oggetto", "a_che_punto"),
    [(30, "A che punto è la proposta", "30 %"), (100, "Proposta realizzata", "realizzata")],
)
def test_a_milestone_says_how_far_it_is(
    proposta, segue, adesso, ufficio, percentuale, oggetto, a_che_punto
):
    Proposta.objects.filter(pk=proposta.pk).update(stato=Stato.ACCOLTA)
    proposta.refresh_from_db()
    avanzamenti.aggiungi(
        proposta,
        giorno=timezone.localdate(),
        titolo="Posate le pietre",
        testo="Sono grigie.",
        percentuale=percentuale,
        autore=ufficio,
        adesso=adesso,
    )

    composto = componi("proposta_avanzamento", segue, adesso)

    assert composto.oggetto == f"{oggetto}: {TITOLO}"
    detto(composto, "Posate le pietre", "Sono grigie.", a_che_punto)


def test_a_merge_leads_to_the_other_proposal_and_leaves_that_one(proposta, segue, adesso, ufficio):
    altra = PropostaFactory(titolo="Più ombra", percorso=proposta.percorso)
    services.integra(proposta, altra, ufficio, "Sono la stessa.", adesso=adesso)

    a_lei = componi("proposta_integrata", proposta.proponente, adesso)
    composto = componi("proposta_integrata", segue, adesso)
    all_altra = componi("proposta_integrazione", altra.proponente, adesso)

    detto(a_lei, "la tua proposta è entrata in «Più ombra»", "Sono la stessa.")
    detto(composto, "Da ora segui quella")
    for lettera in (a_lei, composto):
        assert destinazioni(lettera) == [altra.get_absolute_url()] * 2
    assert f"?proposta={altra.pk}>" in composto.intestazioni["List-Unsubscribe"]
    detto(all_altra, f"la proposta «{TITOLO}» è entrata nella tua.")

    services.separa(proposta, ufficio, "Erano due.", adesso=adesso)
    non_dovuto("proposta_integrata", segue, adesso)
    non_dovuto("proposta_integrazione", altra.proponente, adesso)
    detto(componi("proposta_cambiata", segue, adesso), "torna a essere una proposta a sé")


def test_a_withdrawal_says_who_did_it(proposta, segue, adesso, ufficio):
    services.ritira(proposta, adesso=adesso)
    detto(componi("proposta_ritirata", proposta.proponente, adesso), "hai ritirato")
    detto(componi("proposta_ritirata", segue, adesso), "chi l’aveva fatta ha ritirato")

    altra = PropostaFactory()
    services.ritira(altra, motivo="Lo ha chiesto lei.", autore=ufficio, adesso=adesso)
    composto = componi("proposta_ritirata", altra.proponente, adesso)
    detto(composto, "l’ufficio ha ritirato la tua proposta", "Lo ha chiesto lei.")


# --- To who comments and reports ------------------------------------------------------------


@pytest.fixture
def commento(proposta, adesso):
    chi = PartecipanteFactory(nome="Zoe")
    return commenti.scrivi(
        proposta, chi, testo="Che <brutta> idea", scopo="dubbio", modulo="uno", adesso=adesso
    )


def test_a_hidden_comments_mail_says_why_and_a_reply_reaches_the_office(commento, adesso, ufficio):
    commenti.nascondi(commento, ufficio, "offensivo", "Offende Ada.", adesso=adesso)

    composto = componi("commento_nascosto", commento.autore, adesso)

    detto(
        composto,
        "Che <brutta> idea",
        "offende o discrimina qualcuno",
        "Offende Ada.",
        "Rispondi a questa mail",
    )
    assert "<brutta>" not in composto.html
    # What the outbox adds where a composer names nobody.
    assert composto.rispondi_a in ("", settings.ENTE["email"])
    attesa = f"{commento.proposta.get_absolute_url()}#commento-{commento.pk}"
    assert destinazioni(composto) == [attesa] * 2

    dopo = adesso + timedelta(minutes=1)
    commenti.riammetti(commento, ufficio, adesso=dopo)
    non_dovuto("commento_nascosto", commento.autore, dopo)
    detto(componi("commento_riammesso", commento.autore, dopo), "ora tutti lo vedono")
    commenti.nascondi(commento, ufficio, "fuori_tema", "Fuori tema.", adesso=dopo)
    non_dovuto("commento_riammesso", commento.autore, dopo)


@pytest.mark.parametrize(
    ("esito", "parole"),
    [
        ("accolta", "abbiamo nascosto il commento"),
        ("respinta", "il commento rispetta le regole, e resta"),
    ],
)
def test_who_reported_is_told_what_was_decided(commento, adesso, ufficio, esito, parole):
    chi = PartecipanteFactory()
    segnalazione = commenti.segnala(
        commento=commento,
        motivo="offensivo",
        testo="Mi offende.",
        partecipante=chi,
        modulo="uno",
        adesso=adesso,
    )
    commenti.chiudi_segnalazione(
        segnalazione, Segnalazione.Esito(esito), ufficio, testo="Offende.", adesso=adesso
    )

    composto = componi("segnalazione_chiusa", chi, adesso)

    detto(composto, parole, "Mi offende.")
    assert commento.autore.email not in composto.testo + composto.html


# --- All of them ----------------------------------------------------------------------------


def tutte(proposta, segue, commento, adesso, ufficio):
    """One mail of each kind that this app owes, but for the digest."""
    services.metti_in_valutazione(proposta, ufficio, adesso=adesso)
    services.decidi(proposta, Stato.ACCOLTA, "", ufficio, adesso=adesso)
    services.rispondi(proposta, esito=Stato.ACCOLTA, testo="Sì", autore=ufficio, adesso=adesso)
    avanzamenti.aggiungi(
        proposta,
        giorno=timezone.localdate(),
        titolo="Fatto",
        testo="",
        percentuale=10,
        autore=ufficio,
        adesso=adesso,
    )
    commenti.nascondi(commento, ufficio, "offensivo", "No.", adesso=adesso)


@pytest.mark.parametrize("lingua", ["it", "en"])
@pytest.mark.parametrize("esempio", [True, False])
def test_every_mail_can_be_read_with_nothing_left_over(
    proposta, segue, commento, adesso, ufficio, lingua, esempio
):
    Proposta.objects.filter(pk=proposta.pk).update(esempio=esempio)
    proposta.refresh_from_db()
    tutte(proposta, segue, commento, adesso, ufficio)
    lette = 0

    for messaggio in Messaggio.objects.all():
        with translation.override(lingua):
            try:
                composto = registro[messaggio.genere].componi(messaggio, adesso)
            except NonDovuto:
                continue
        lette += 1
        assert composto.oggetto
        assert "\n" not in composto.oggetto
        for corpo in (composto.testo, composto.html):
            assert "{{" not in corpo
            assert "{%" not in corpo
            assert "None" not in corpo
        assert "\n\n\n" not in composto.testo
        segnata = "esempio" in composto.testo or "example" in composto.testo.replace(
            "example.org", ""
        )
        assert segnata is esempio
        if lingua == "en":
            assert "/en/" in composto.testo

    # Of the two changes of state only the second is still told, to two people.
    assert lette == 7


def test_a_follower_who_supports_too_is_told_once(proposta, adesso, ufficio):
    chi = PartecipanteFactory()
    FaseFactory(percorso=proposta.percorso, apre_sostegni=True)
    partecipazione.sostieni(proposta, chi, anche_seguire=True, adesso=adesso)

    services.metti_in_valutazione(proposta, ufficio, adesso=adesso)

    assert Messaggio.objects.filter(destinatario=chi.email).count() == 1
