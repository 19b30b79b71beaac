"""Supporting and following: the doors, the pages, the journey of a stranger."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import partecipanti
from portale.lib.antispam import timbro
from posta.models import Messaggio
from posta.services import spedisci_dovuti
from proposte import partecipazione, services
from proposte.conteggi import riconta
from proposte.models import Proposta, Riconteggio, Seguito, Sostegno
from tests.factories import (
    FaseFactory,
    LaboratorioFactory,
    PartecipanteFactory,
    PercorsoFactory,
    PropostaFactory,
    SeguitoFactory,
    SostegnoFactory,
    TemaFactory,
    UserFactory,
)
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

Stato = Proposta.Stato
TUTTI = sorted(Stato.values)
INDIRIZZO = "anna@example.org"
INTEGRATA_IN = "L'altra proposta"


@pytest.fixture(autouse=True)
def no_limits_left_over():
    cache.clear()


@pytest.fixture
def adesso():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def percorso():
    """Supporting and commenting are open."""
    return FaseFactory(apre_sostegni=True, apre_commenti=True).percorso


@pytest.fixture
def proposta(percorso):
    return PropostaFactory(percorso=percorso, titolo="Una panchina all'ombra")


@pytest.fixture
def io():
    return PartecipanteFactory(email=INDIRIZZO)


def in_stato(stato, percorso, **campi):
    """A proposal that is in ``stato``, as its doors would leave it."""
    pubblica = stato in (*Proposta.PUBBLICI, Stato.NASCOSTA)
    altra = PropostaFactory(percorso=percorso, titolo=INTEGRATA_IN)
    return PropostaFactory(
        percorso=percorso,
        stato=stato,
        pubblicata_at=timezone.now() if pubblica else None,
        integrata_in=altra if stato == Stato.INTEGRATA else None,
        **campi,
    )


def riconosciuta(client, partecipante):
    """This browser is hers, as after the link of a mail."""
    response = client.get(partecipanti.link(partecipante, "/privacy/"))
    assert response.status_code == 303
    return client


def modulo(**campi):
    """What a browser sends when a person has taken half a minute to fill the form."""
    dati = {
        "email": INDIRIZZO,
        "informativa": "on",
        "sito_web": "",
        "ricevuto": timbro(timezone.now() - timedelta(seconds=30)),
    }
    return {nome: valore for nome, valore in {**dati, **campi}.items() if valore is not None}


def pagina(proposta, nome="sostegno_crea"):
    return reverse(f"proposte:{nome}", args=[proposta.slug])


def detto(response):
    """What the messages say after a redirect."""
    return [str(messaggio) for messaggio in response.context["messages"]]


def sostegni(proposta):
    return list(
        proposta.sostegni.order_by("partecipante").values_list("partecipante", "portato_da")
    )


# --- Supporting -----------------------------------------------------------------------------


def test_a_support_is_counted_once_however_often_it_is_given(proposta, io, adesso):
    for _volta in range(3):
        assert partecipazione.sostieni(proposta, io, adesso=adesso) == proposta

    assert sostegni(proposta) == [(io.pk, None)]
    # The second and third asked for no new count: nothing had changed.
    assert Riconteggio.objects.count() == 1
    riconta(adesso)
    proposta.refresh_from_db()
    assert proposta.n_sostegni == 1


def test_a_support_taken_back_is_counted_no_more(proposta, io, adesso):
    altra = SostegnoFactory(proposta=proposta)
    partecipazione.sostieni(proposta, io, adesso=adesso)

    partecipazione.lascia(proposta, io, adesso=adesso)
    partecipazione.lascia(proposta, io, adesso=adesso)

    assert sostegni(proposta) == [(altra.partecipante_id, None)]
    riconta(adesso)
    proposta.refresh_from_db()
    assert proposta.n_sostegni == 1


@pytest.mark.parametrize("stato", TUTTI)
def test_only_published_proposals_and_those_under_evaluation_are_supported(
    stato, percorso, io, adesso
):
    proposta = in_stato(stato, percorso)
    if stato in Proposta.SOSTENIBILI or stato == Stato.INTEGRATA:
        partecipazione.sostieni(proposta, io, adesso=adesso)
        [sostegno] = Sostegno.objects.all()
        assert sostegno.proposta_id == (proposta.integrata_in_id or proposta.pk)
    else:
        with pytest.raises(services.Rifiuto):
            partecipazione.sostieni(proposta, io, adesso=adesso)
        assert not Sostegno.objects.exists()
        with pytest.raises(services.Rifiuto):
            partecipazione.lascia(proposta, io, adesso=adesso)


def test_outside_its_stage_nobody_supports_and_the_refusal_says_when(io, adesso):
    percorso = PercorsoFactory()
    FaseFactory(percorso=percorso, fine=timezone.localdate() - timedelta(days=1))
    FaseFactory(
        percorso=percorso,
        apre_sostegni=True,
        inizio=timezone.localdate() + timedelta(days=3),
    )
    proposta = PropostaFactory(percorso=percorso)
    SostegnoFactory(proposta=proposta, partecipante=io)

    with pytest.raises(services.Rifiuto, match="Si riapre il "):
        partecipazione.sostieni(proposta, PartecipanteFactory(), adesso=adesso)
    with pytest.raises(services.Rifiuto, match="Si riapre il "):
        partecipazione.lascia(proposta, io, adesso=adesso)

    assert sostegni(proposta) == [(io.pk, None)]


def test_who_supports_a_merged_proposal_supports_the_one_it_went_into(proposta, io, adesso):
    nata_dopo = PropostaFactory(percorso=proposta.percorso)
    services.integra(nata_dopo, proposta, UserFactory(), "Sono la stessa.", adesso=adesso)

    quale = partecipazione.sostieni(nata_dopo, io, anche_seguire=True, adesso=adesso)

    assert quale == proposta
    assert sostegni(proposta) == [(io.pk, None)]
    assert sostegni(nata_dopo) == []
    assert [s.proposta for s in Seguito.objects.all()] == [proposta]


def test_what_a_merge_brought_stays_once_she_supports_it_herself(proposta, io, adesso):
    altra = PropostaFactory(percorso=proposta.percorso)
    indifferente = SostegnoFactory(proposta=altra).partecipante
    SostegnoFactory(proposta=altra, partecipante=io)
    services.integra(altra, proposta, UserFactory(), "Sono la stessa.", adesso=adesso)
    assert set(sostegni(proposta)) == {(indifferente.pk, altra.pk), (io.pk, altra.pk)}

    partecipazione.sostieni(proposta, io, adesso=adesso)
    services.separa(altra, UserFactory(), "Erano due.", adesso=adesso)

    assert sostegni(proposta) == [(io.pk, None)]
    assert set(sostegni(altra)) == {(indifferente.pk, None), (io.pk, None)}


def test_a_support_taken_back_after_a_merge_does_not_come_back_with_its_undoing(
    proposta, io, adesso
):
    prima, seconda = PropostaFactory.create_batch(2, percorso=proposta.percorso)
    autrice = UserFactory()
    for sua in (prima, seconda):
        SostegnoFactory(proposta=sua, partecipante=io)
        SeguitoFactory(proposta=sua, partecipante=io)
        services.integra(sua, proposta, autrice, "Sono la stessa.", adesso=adesso)

    partecipazione.lascia(prima, io, adesso=adesso)
    partecipazione.smetti(io, proposta=seconda)
    services.separa(prima, autrice, "Erano due.", adesso=adesso)

    assert list(Sostegno.objects.all()) == []
    assert list(Seguito.objects.all()) == []


# --- Following ------------------------------------------------------------------------------


def test_following_twice_is_following_once_and_stopping_touches_nothing_else(io, adesso):
    laboratorio, altro = LaboratorioFactory.create_batch(2)
    tema = TemaFactory()
    for _volta in range(2):
        partecipazione.segui(io, laboratorio=laboratorio, adesso=adesso)
        partecipazione.segui(io, laboratorio=altro, adesso=adesso)
        partecipazione.segui(io, tema=tema, adesso=adesso)
    di_un_altra = SeguitoFactory(proposta=None, laboratorio=laboratorio)
    assert Seguito.objects.filter(partecipante=io).count() == 3

    partecipazione.smetti(io, laboratorio=laboratorio)

    assert set(Seguito.objects.values_list("partecipante", "laboratorio", "tema")) == {
        (io.pk, altro.pk, None),
        (io.pk, None, tema.pk),
        (di_un_altra.partecipante_id, laboratorio.pk, None),
    }


@pytest.mark.parametrize("stato", TUTTI)
def test_what_nobody_may_read_nobody_follows(stato, percorso, io, adesso):
    proposta = in_stato(stato, percorso)
    if stato in Proposta.PUBBLICI:
        partecipazione.segui(io, proposta=proposta, adesso=adesso)
        [seguito] = Seguito.objects.all()
        assert seguito.proposta_id == (proposta.integrata_in_id or proposta.pk)
    else:
        with pytest.raises(services.Rifiuto):
            partecipazione.segui(io, proposta=proposta, adesso=adesso)
        assert not Seguito.objects.exists()


# --- The pages, for somebody known ----------------------------------------------------------


def test_one_click_supports_and_brings_her_back_to_where_she_was(client, proposta, io):
    riconosciuta(client, io)
    elenco = reverse("proposte:proposta_list") + "?tema=verde"

    response = client.post(pagina(proposta), {"next": elenco})

    assert (response.status_code, response.url) == (303, elenco)
    assert sostegni(proposta) == [(io.pk, None)]
    response = client.post(pagina(proposta, "sostegno_togli"), {"next": elenco})
    assert (response.status_code, response.url) == (303, elenco)
    assert sostegni(proposta) == []


@pytest.mark.parametrize(
    "altrove", ["https://example.com/", "//example.com/", "javascript:alert(1)", "\\\\a", ""]
)
def test_nobody_is_sent_to_another_site(client, proposta, io, altrove):
    riconosciuta(client, io)

    response = client.post(pagina(proposta), {"next": altrove})

    assert (response.status_code, response.url) == (303, proposta.get_absolute_url())


def test_the_support_of_a_merged_proposal_leads_to_the_other_one(client, proposta, io, adesso):
    altra = PropostaFactory(percorso=proposta.percorso)
    services.integra(altra, proposta, UserFactory(), "Sono la stessa.", adesso=adesso)
    riconosciuta(client, io)

    domanda = client.get(pagina(altra))
    fatto = client.post(pagina(altra), {"next": "/"})

    assert (domanda.status_code, domanda.url) == (302, pagina(proposta))
    assert (fatto.status_code, fatto.url) == (303, proposta.get_absolute_url())
    assert sostegni(proposta) == [(io.pk, None)]
    assert sostegni(altra) == []


def test_where_supports_are_closed_the_page_says_why(client, io, adesso):
    proposta = PropostaFactory(percorso=PercorsoFactory())
    FaseFactory(percorso=proposta.percorso)
    riconosciuta(client, io)

    domanda, risposta = client.get(pagina(proposta)), client.post(pagina(proposta))

    assert (domanda.status_code, risposta.status_code) == (200, 409)
    for response in (domanda, risposta):
        assert "In questa fase del percorso non si sostengono le proposte." in unescape(
            response.text
        )
        assert '<button class="btn btn-primary" type="submit"' not in response.text
    assert not Sostegno.objects.exists()


AZIONI = ("sostegno_crea", "sostegno_togli", "seguito_crea", "seguito_togli")


@pytest.mark.parametrize("ruolo", RUOLI)
@pytest.mark.parametrize("azione", AZIONI)
def test_what_is_not_public_is_not_found_whoever_asks(client, percorso, ruolo, azione):
    entra(client, ruolo)
    risposte = {}
    for stato in TUTTI:
        proposta = in_stato(stato, percorso)
        risposte[stato] = client.get(pagina(proposta, azione)).status_code

    attese = {stato: 200 if stato in Proposta.IN_ELENCO else 404 for stato in TUTTI}
    attese[Stato.INTEGRATA] = 302
    assert risposte == attese


@pytest.mark.parametrize("azione", AZIONI)
def test_a_post_to_what_is_not_public_writes_nothing(client, percorso, io, azione):
    riconosciuta(client, io)
    nascoste = [s for s in TUTTI if s not in Proposta.PUBBLICI]
    proposte = [in_stato(stato, percorso) for stato in nascoste]
    for proposta in proposte:
        SostegnoFactory(proposta=proposta, partecipante=io)
        SeguitoFactory(proposta=proposta, partecipante=io)

    risposte = {client.post(pagina(proposta, azione)).status_code for proposta in proposte}

    assert risposte == {404}
    quante = len(nascoste)
    assert (Sostegno.objects.count(), Seguito.objects.count()) == (quante, quante)


# --- The pages, for a stranger --------------------------------------------------------------


def apri_la_posta(client):
    """Deliver what is due and open the link of the last mail."""
    spedisci_dovuti()
    [messaggio] = Messaggio.objects.filter(stato="inviato", genere="conferma_azione")
    [corpo] = [email.body for email in mail.outbox if email.to == [messaggio.destinatario]]
    link = re.search(r"http://testserver(/\S*partecipo/conferma/\S+)", corpo)[1]
    return client.get(link), corpo


@pytest.fixture
def posta(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def test_a_stranger_supports_by_mail_and_the_second_time_with_one_click(
    client, posta, percorso, proposta
):
    seconda = PropostaFactory(percorso=percorso)
    assert client.get(pagina(proposta)).status_code == 200

    inviata = client.post(pagina(proposta), modulo(segui="on"))
    assert inviata.url == reverse("partecipo:conferma_inviata")
    assert not Sostegno.objects.exists()

    arrivo, corpo = apri_la_posta(client)
    assert "sostenere la proposta «Una panchina all'ombra»" in corpo
    assert (arrivo.status_code, arrivo.url) == (303, proposta.get_absolute_url())
    [sostegno] = Sostegno.objects.all()
    assert (sostegno.proposta, sostegno.partecipante.email) == (proposta, INDIRIZZO)
    assert Seguito.objects.get().proposta == proposta

    ancora = client.post(pagina(seconda), {"next": seconda.get_absolute_url()})
    assert (ancora.status_code, ancora.url) == (303, seconda.get_absolute_url())
    assert sostegni(seconda) == [(sostegno.partecipante_id, None)]
    assert Messaggio.objects.filter(genere="conferma_azione").count() == 1


def test_the_same_form_sent_twice_is_one_request_with_one_mail(client, proposta):
    dati = modulo()

    for _volta in range(2):
        response = client.post(pagina(proposta), dati)
        assert (response.status_code, response.url) == (
            303,
            reverse("partecipo:conferma_inviata"),
        )

    assert Messaggio.objects.filter(genere="conferma_azione").count() == 1


def test_opening_the_link_again_changes_nothing_also_after_a_second_thought(
    client, posta, proposta
):
    client.post(pagina(proposta), modulo())
    arrivo, corpo = apri_la_posta(client)
    link = re.search(r"http://testserver(/\S*partecipo/conferma/\S+)", corpo)[1]
    client.post(pagina(proposta, "sostegno_togli"))

    ancora = client.get(link)

    assert (ancora.status_code, ancora.url) == (303, arrivo.url)
    assert sostegni(proposta) == []


def test_a_stranger_takes_her_support_back_by_mail_too(client, posta, proposta, io):
    SostegnoFactory(proposta=proposta, partecipante=io)
    SostegnoFactory(proposta=proposta)

    client.post(pagina(proposta, "sostegno_togli"), modulo())
    assert proposta.sostegni.count() == 2
    arrivo, _corpo = apri_la_posta(client)

    assert arrivo.url == proposta.get_absolute_url()
    assert proposta.sostegni.filter(partecipante=io).count() == 0
    assert proposta.sostegni.count() == 1


def test_a_link_opened_after_the_stage_has_closed_says_why_and_does_nothing(
    client, posta, percorso, proposta
):
    client.post(pagina(proposta), modulo())
    percorso.fasi.update(fine=timezone.localdate() - timedelta(days=1))

    arrivo, _corpo = apri_la_posta(client)
    response = client.get("/privacy/")

    assert arrivo.url == proposta.get_absolute_url()
    assert detto(response) == ["In questa fase del percorso non si sostengono le proposte."]
    assert not Sostegno.objects.exists()


def test_a_link_to_a_proposal_hidden_meanwhile_leads_to_the_list(client, posta, proposta, adesso):
    client.post(pagina(proposta), modulo())
    services.nascondi(proposta, UserFactory(), "offensivo", "Offende.", adesso=adesso)

    arrivo, corpo = apri_la_posta(client)

    # Nor does the mail, which leaves after the hiding, repeat its title.
    assert "panchina" not in corpo
    assert arrivo.url == reverse("proposte:proposta_list")
    assert not Sostegno.objects.exists()


def test_the_mail_to_a_stranger_repeats_no_address_that_somebody_put_into_a_title(
    client, posta, percorso
):
    proposta = PropostaFactory(percorso=percorso, titolo="Vinci su www.example.com")

    client.post(pagina(proposta), modulo())
    _arrivo, corpo = apri_la_posta(client)

    assert "hai chiesto di sostenere una proposta." in corpo
    assert "example.com" not in corpo


@pytest.mark.parametrize(
    ("campi", "errore"),
    [
        ({"email": ""}, "Scrivi la tua e-mail"),
        ({"email": "anna"}, "Controlla l'e-mail"),
        ({"email": "an\0na@example.org"}, "caratteri"),
        ({"email": "a" * 400 + "@example.org"}, "Controlla l'e-mail"),
        ({"informativa": None}, "conferma di avere letto l'informativa"),
        ({"sito_web": "http://example.com"}, "Il modulo non è partito"),
    ],
)
def test_a_form_that_is_not_right_says_why_and_queues_nothing(client, proposta, campi, errore):
    response = client.post(pagina(proposta), modulo(**campi))

    assert response.status_code == 200
    assert errore in unescape(response.text)
    assert not Messaggio.objects.exists()


def test_nobodys_mailbox_can_be_flooded(client, percorso):
    for _volta in range(12):
        proposta = PropostaFactory(percorso=percorso)
        response = client.post(pagina(proposta), modulo())
        # The same answer: it must not tell that somebody else has tried.
        assert response.url == reverse("partecipo:conferma_inviata")

    assert Messaggio.objects.filter(destinatario=INDIRIZZO).count() == 10


# --- /seguiti/ ------------------------------------------------------------------------------


def test_a_lab_is_followed_by_mail_and_left_with_one_click(client, posta):
    laboratorio = LaboratorioFactory(nome="Laboratorio Nord")
    url = reverse("seguiti:segui_laboratorio", args=[laboratorio.slug])

    client.post(url, modulo())
    arrivo, corpo = apri_la_posta(client)
    assert "seguire «Laboratorio Nord»" in corpo
    assert arrivo.url == laboratorio.get_absolute_url()
    assert Seguito.objects.get().laboratorio == laboratorio

    response = client.post(
        reverse("seguiti:smetti_laboratorio", args=[laboratorio.slug]),
        {"next": reverse("seguiti:seguito_list")},
    )
    assert (response.status_code, response.url) == (303, reverse("seguiti:seguito_list"))
    assert not Seguito.objects.exists()


def test_a_theme_is_followed_and_one_put_away_can_still_be_left(client, io):
    tema = TemaFactory()
    riconosciuta(client, io)
    segui = reverse("seguiti:segui_tema", args=[tema.slug])
    smetti = reverse("seguiti:smetti_tema", args=[tema.slug])

    assert client.post(segui).status_code == 303
    assert Seguito.objects.get().tema == tema
    tema.attivo = False
    tema.save()

    assert client.get(segui).status_code == 404
    assert client.post(smetti).status_code == 303
    assert not Seguito.objects.exists()


def test_the_page_of_what_one_follows_shows_hers_alone(client, io):
    laboratorio = LaboratorioFactory(nome="Laboratorio Nord")
    SeguitoFactory(partecipante=io, proposta=None, laboratorio=laboratorio)
    SeguitoFactory(partecipante=io, proposta__titolo="La mia panchina")
    SeguitoFactory(
        partecipante=io, proposta__titolo="Quella nascosta", proposta__stato=Stato.NASCOSTA
    )
    SeguitoFactory(proposta__titolo="Quella di un'altra")
    riconosciuta(client, io)

    testo = unescape(client.get(reverse("seguiti:seguito_list")).text)

    assert testo.count("Laboratorio Nord") == 2  # its link, and the name of its button
    assert "La mia panchina" in testo
    assert "Quella nascosta" not in testo
    assert "Quella di un'altra" not in testo


@pytest.mark.parametrize("quante", [1, 3])
def test_the_page_of_what_one_follows_asks_the_same_number_of_queries(
    client, io, quante, django_assert_num_queries
):
    for _volta in range(quante):
        SeguitoFactory(partecipante=io)
        SeguitoFactory(partecipante=io, proposta=None, laboratorio=LaboratorioFactory())
        SeguitoFactory(partecipante=io, proposta=None, tema=TemaFactory())
    riconosciuta(client, io)
    client.get(reverse("seguiti:seguito_list"))

    with django_assert_num_queries(8):
        response = client.get(reverse("seguiti:seguito_list"))

    assert response.text.count('type="submit">Smetti<span') == 3 * quante


def test_what_one_does_not_follow_yet_is_offered_beside(client, io):
    mio, altro, spento = (LaboratorioFactory(attivo=attivo) for attivo in (True, True, False))
    SeguitoFactory(partecipante=io, proposta=None, laboratorio=mio)
    SeguitoFactory(proposta=None, laboratorio=altro)
    tema, _via = TemaFactory(), TemaFactory(attivo=False)
    riconosciuta(client, io)
    elenco = reverse("seguiti:seguito_list")

    contesto = client.get(elenco).context

    assert list(contesto["altri_laboratori"]) == [altro]
    assert list(contesto["altri_temi"]) == [tema]
    url = reverse("seguiti:segui_laboratorio", args=[altro.slug])
    assert client.post(url, {"next": elenco}).url == elenco
    assert list(client.get(elenco).context["altri_laboratori"]) == []
    assert spento.seguaci.count() == 0


def test_a_stranger_is_sent_the_link_to_what_she_follows(client, posta, io):
    SeguitoFactory(partecipante=io, proposta__titolo="La mia panchina")
    elenco = reverse("seguiti:seguito_list")
    assert "La mia panchina" not in client.get(elenco).text

    client.post(elenco, modulo())
    arrivo, corpo = apri_la_posta(client)

    assert "La mia panchina" not in corpo
    assert arrivo.url == elenco
    assert "La mia panchina" in client.get(elenco).text


# --- The link at the foot of the mails ------------------------------------------------------


def lascia(partecipante, query=""):
    return reverse("seguiti:seguito_lascia", args=[partecipante.token]) + query


def test_looking_at_the_link_shows_what_would_be_left_and_leaves_nothing(client, io):
    laboratorio = LaboratorioFactory(nome="Laboratorio Nord")
    SeguitoFactory(partecipante=io, proposta=None, laboratorio=laboratorio)
    SeguitoFactory(partecipante=io, proposta__titolo="La mia panchina")

    for metodo in (client.get, client.head):
        response = metodo(lascia(io))
        assert response.status_code == 200
        assert response["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response["X-Robots-Tag"]
        assert "no-store" in response["Cache-Control"]
    testo = client.get(lascia(io)).text
    assert "Laboratorio Nord" in testo
    assert "La mia panchina" not in testo  # it is no part of the digest
    assert "csrfmiddlewaretoken" not in testo
    assert Seguito.objects.count() == 2


def test_a_mail_program_leaves_the_digest_with_one_post_and_no_login(io):
    laboratorio, tema = LaboratorioFactory(), TemaFactory()
    SeguitoFactory(partecipante=io, proposta=None, laboratorio=laboratorio)
    SeguitoFactory(partecipante=io, proposta=None, tema=tema)
    resta = SeguitoFactory(partecipante=io)
    di_un_altra = SeguitoFactory(proposta=None, laboratorio=laboratorio)
    programma = Client(enforce_csrf_checks=True)

    response = programma.post(lascia(io), {"List-Unsubscribe": "One-Click"})

    assert response.status_code == 200
    assert "sessionid" not in response.cookies
    assert set(Seguito.objects.values_list("pk", flat=True)) == {resta.pk, di_un_altra.pk}
    # Again, as programs do.
    assert programma.post(lascia(io)).status_code == 200


def test_the_link_of_one_proposals_mail_leaves_that_one_alone(client, io):
    sua, altra = SeguitoFactory(partecipante=io), SeguitoFactory(partecipante=io)
    query = f"?proposta={sua.proposta_id}"

    testo = client.get(lascia(io, query)).text
    client.post(lascia(io, query))

    assert sua.proposta.titolo in testo
    assert altra.proposta.titolo not in testo
    assert list(Seguito.objects.all()) == [altra]


def test_an_altered_link_opens_nothing(client, io):
    seguito = SeguitoFactory(partecipante=io)
    altra = PartecipanteFactory()
    codice, _punto, firma = io.token.rpartition(".")
    nascosta = PropostaFactory(stato=Stato.NASCOSTA)
    indirizzi = [
        reverse("seguiti:seguito_lascia", args=[codice]),
        reverse("seguiti:seguito_lascia", args=[f"{altra.codice}.{firma}"]),
        lascia(io, f"?proposta={nascosta.pk}"),
        lascia(io, "?proposta=x"),
        lascia(io, "?proposta=" + "9" * 40),
    ]

    for indirizzo in indirizzi:
        assert client.get(indirizzo).status_code == 404
        assert client.post(indirizzo).status_code == 404
    assert list(Seguito.objects.all()) == [seguito]


def test_the_token_of_a_foot_link_signs_nobody_in(client, io):
    SeguitoFactory(partecipante=io, proposta__titolo="La mia panchina")

    client.get(lascia(io))

    assert "La mia panchina" not in client.get(reverse("seguiti:seguito_list")).text
    assert client.get(reverse("partecipo:entra", args=[io.token])).status_code == 410


# --- What the proposal's page shows ---------------------------------------------------------


@pytest.fixture
def richiesta(rf):
    """A request of somebody (or of a stranger) for the page of a proposal."""

    def richiesta(io=None):
        request = rf.get("/proposte/una/")
        request.user = AnonymousUser()
        request.session = {"partecipante": io.pk} if io else {}
        return request

    return richiesta


def riletta(proposta):
    return (
        Proposta.objects.select_related("percorso", "integrata_in")
        .prefetch_related("percorso__fasi")
        .get(pk=proposta.pk)
    )


def test_a_strangers_page_asks_once_and_a_known_ones_four_times(
    richiesta, proposta, io, adesso, django_assert_num_queries
):
    SostegnoFactory.create_batch(3, proposta=proposta)
    SostegnoFactory(proposta=proposta, partecipante=io)
    riga = riletta(proposta)

    with django_assert_num_queries(1):
        di_estranea = partecipazione.contesto(richiesta(), riga, adesso)
    with django_assert_num_queries(4):
        mio = partecipazione.contesto(richiesta(io), riga, adesso)

    assert (di_estranea["quanti"], di_estranea["io"], di_estranea["sostiene"]) == (4, None, False)
    assert (mio["quanti"], mio["io"], mio["sostiene"], mio["segue"]) == (4, io, True, False)


def test_a_stage_that_hides_the_supports_hides_them_from_the_page(richiesta, io, adesso):
    fase = FaseFactory(apre_sostegni=True, nasconde_sostegni=True)
    proposta = PropostaFactory(percorso=fase.percorso)
    SostegnoFactory.create_batch(7, proposta=proposta)

    conto = partecipazione.contesto(richiesta(), riletta(proposta), adesso)
    dopo = partecipazione.contesto(richiesta(), riletta(proposta), adesso + timedelta(days=200))

    assert (conto["quanti"], conto["nascosti"]) == (None, True)
    assert (dopo["quanti"], dopo["nascosti"]) == (7, False)


def test_the_page_of_a_known_person_shows_her_support_and_the_count_of_now(client, proposta, io):
    SostegnoFactory.create_batch(2, proposta=proposta)
    riconosciuta(client, io)

    prima = unescape(client.get(proposta.get_absolute_url()).text)
    client.post(pagina(proposta), {"next": proposta.get_absolute_url()})
    dopo = unescape(client.get(proposta.get_absolute_url()).text)

    assert "<strong>2</strong> persone sostengono questa proposta" in prima
    assert "Tu la sostieni." not in prima
    # Not counted again yet: the page counts by itself.
    assert Riconteggio.objects.exists()
    assert "<strong>3</strong> persone sostengono questa proposta" in dopo
    assert "Tu la sostieni." in dopo


def test_a_strangers_page_of_a_proposal_carries_no_token(client, proposta):
    testo = client.get(proposta.get_absolute_url()).text

    assert "csrfmiddlewaretoken" not in testo
    assert f'href="{pagina(proposta)}"' in testo


def test_who_supports_what_is_shown_to_nobody(client, proposta, io):
    SostegnoFactory(
        proposta=proposta, partecipante=PartecipanteFactory(nome="Zoe Segreta", email="z@e.it")
    )
    for ruolo in RUOLI:
        client.logout()
        entra(client, ruolo)
        testo = client.get(proposta.get_absolute_url()).text
        assert "Zoe Segreta" not in testo
        assert "z@e.it" not in testo


def test_the_rule_about_the_phase_reads_the_day_of_rome(proposta, io):
    percorso = proposta.percorso
    percorso.fasi.update(inizio="2026-06-01", fine="2026-06-30")
    # 30 June, 23:30 in Rome is 21:30 UTC; half an hour later the stage is over.
    for istante, aperta in (("2026-06-30T21:30:00Z", True), ("2026-06-30T22:00:00Z", False)):
        with time_machine.travel(istante, tick=False):
            perche = partecipazione.perche_non_sostieni(riletta(proposta), timezone.now())
        assert (perche == "") is aperta


@pytest.mark.parametrize("quante", [1, 3])
def test_the_page_of_what_one_supports_shows_hers_alone_at_a_constant_cost(
    client, io, quante, django_assert_num_queries
):
    for n in range(quante):
        SostegnoFactory(partecipante=io, proposta__titolo=f"La mia {n}")
    SostegnoFactory(partecipante=io, proposta__titolo="Decisa", proposta__stato=Stato.ACCOLTA)
    SostegnoFactory(partecipante=io, proposta__titolo="Sparita", proposta__stato=Stato.NASCOSTA)
    SostegnoFactory(proposta__titolo="Quella di un'altra")
    riconosciuta(client, io)
    elenco = reverse("seguiti:sostegno_list")

    with django_assert_num_queries(4):
        testo = unescape(client.get(elenco).text)

    assert [f"La mia {n}" in testo for n in range(3)] == [n < quante for n in range(3)]
    assert "Decisa" in testo
    # What is decided is not taken back.
    assert testo.count("/non-sostenere/") == quante
    assert "Sparita" not in testo
    assert "Quella di un'altra" not in testo
