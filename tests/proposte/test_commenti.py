"""Comments and reports: the doors, the pages, what a page shows of them."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from accounts import partecipanti
from portale.lib.antispam import timbro
from posta.models import Messaggio
from posta.services import spedisci_dovuti
from proposte import commenti, services
from proposte.conteggi import riconta
from proposte.models import Commento, Proposta, Segnalazione
from tests.factories import (
    CommentoFactory,
    FaseFactory,
    PartecipanteFactory,
    PercorsoFactory,
    PropostaFactory,
    UserFactory,
)
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

Stato = Proposta.Stato
Esito = Segnalazione.Esito
TUTTI = sorted(Stato.values)
INDIRIZZO = "anna@example.org"
CATTIVO = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def no_limits_left_over():
    cache.clear()


@pytest.fixture
def adesso():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def percorso():
    return FaseFactory(apre_commenti=True).percorso


@pytest.fixture
def proposta(percorso):
    return PropostaFactory(percorso=percorso, titolo="Una panchina all'ombra")


@pytest.fixture
def io():
    return PartecipanteFactory(email=INDIRIZZO, nome="Anna")


@pytest.fixture
def moderatrice():
    return UserFactory()


def in_stato(stato, percorso):
    pubblica = stato in (*Proposta.PUBBLICI, Stato.NASCOSTA)
    altra = PropostaFactory(percorso=percorso)
    return PropostaFactory(
        percorso=percorso,
        stato=stato,
        pubblicata_at=timezone.now() if pubblica else None,
        integrata_in=altra if stato == Stato.INTEGRATA else None,
    )


def riconosciuta(client, partecipante):
    assert client.get(partecipanti.link(partecipante, "/privacy/")).status_code == 303
    return client


def modulo(**campi):
    """What a stranger's browser sends after half a minute."""
    dati = {
        "scopo": "dubbio",
        "testo": "E la sera?",
        "nome_mostrato": "Anna B.",
        "modulo": "uno",
        "email": INDIRIZZO,
        "informativa": "on",
        "sito_web": "",
        "ricevuto": timbro(timezone.now() - timedelta(seconds=30)),
    }
    return {nome: valore for nome, valore in {**dati, **campi}.items() if valore is not None}


def scrivi(proposta, autore, adesso, **campi):
    parole = {"testo": "E la sera?", "scopo": "dubbio", "modulo": "uno", **campi}
    return commenti.scrivi(proposta, autore, **parole, adesso=adesso)


def pagina(proposta, nome="commento_crea", *args):
    return reverse(f"proposte:{nome}", args=[proposta.slug, *args])


# --- Writing --------------------------------------------------------------------------------


def test_a_double_click_is_one_comment_and_other_words_are_another(proposta, io, adesso):
    primo = scrivi(proposta, io, adesso)

    assert scrivi(proposta, io, adesso) == primo
    altro = scrivi(proposta, io, adesso, testo="E d'inverno?")
    di_un_altra = scrivi(proposta, PartecipanteFactory(), adesso)

    assert Commento.objects.count() == 3
    assert len({primo.pk, altro.pk, di_un_altra.pk}) == 3
    riconta(adesso)
    proposta.refresh_from_db()
    assert proposta.n_commenti == 3


@pytest.mark.parametrize("stato", TUTTI)
def test_only_what_stands_on_its_own_feet_is_commented(stato, percorso, io, adesso):
    proposta = in_stato(stato, percorso)

    if stato in Proposta.IN_ELENCO:
        assert scrivi(proposta, io, adesso).proposta == proposta
    else:
        with pytest.raises(services.Rifiuto):
            scrivi(proposta, io, adesso)
        assert not Commento.objects.exists()


def test_outside_its_stage_nobody_comments_and_the_refusal_says_when(io, adesso):
    percorso = PercorsoFactory()
    FaseFactory(percorso=percorso, apre_sostegni=True)
    FaseFactory(
        percorso=percorso, apre_commenti=True, inizio=timezone.localdate() + timedelta(days=3)
    )

    with pytest.raises(services.Rifiuto, match="Si riapre il "):
        scrivi(PropostaFactory(percorso=percorso), io, adesso)

    assert not Commento.objects.exists()


@pytest.mark.parametrize(
    "campi", [{"testo": "  \n "}, {"scopo": ""}], ids=["without words", "without purpose"]
)
def test_a_comment_has_words_and_a_purpose(proposta, io, adesso, campi):
    with pytest.raises(services.Rifiuto):
        scrivi(proposta, io, adesso, **campi)

    assert not Commento.objects.exists()


def test_answers_have_no_answers_and_no_purpose(proposta, io, adesso, moderatrice):
    sopra = CommentoFactory(proposta=proposta)
    risposta = scrivi(proposta, io, adesso, risponde_a=sopra, scopo="dubbio")
    assert (risposta.risponde_a, risposta.scopo) == (sopra, "")
    altrove, nascosto = CommentoFactory(), CommentoFactory(proposta=proposta)
    commenti.nascondi(nascosto, moderatrice, "offensivo", "Offende.", adesso=adesso)

    for a_chi in (risposta, altrove, nascosto):
        with pytest.raises(services.Rifiuto):
            scrivi(proposta, io, adesso, risponde_a=a_chi, modulo="due")

    assert Commento.objects.count() == 4


# --- Second thoughts ------------------------------------------------------------------------


def test_its_author_corrects_a_comment_for_ten_minutes(proposta, io, adesso):
    commento = scrivi(proposta, io, adesso)
    quasi = adesso + timedelta(minutes=9, seconds=59)

    commenti.modifica(commento, io, " E d'inverno? ", adesso=quasi)

    assert (commento.testo, commento.modificato_at) == ("E d'inverno?", quasi)
    for chi, quando in ((io, adesso + timedelta(minutes=10)), (PartecipanteFactory(), adesso)):
        with pytest.raises(services.Rifiuto, match="nei primi 10 minuti"):
            commenti.modifica(commento, chi, "Altro", adesso=quando)
        with pytest.raises(services.Rifiuto, match="nei primi 10 minuti"):
            commenti.elimina(commento, chi, adesso=quando)
    commento.refresh_from_db()
    assert commento.testo == "E d'inverno?"


def test_a_deleted_comment_is_gone_and_not_counted(proposta, io, adesso):
    commento = scrivi(proposta, io, adesso)

    for _volta in range(2):
        commenti.elimina(commento, io, adesso=adesso)

    riconta(adesso)
    proposta.refresh_from_db()
    assert (Commento.objects.count(), proposta.n_commenti) == (0, 0)


def test_a_comment_that_was_answered_is_not_deleted_from_under_the_answer(proposta, io, adesso):
    commento = scrivi(proposta, io, adesso)
    risposta = scrivi(proposta, PartecipanteFactory(), adesso, risponde_a=commento)

    with pytest.raises(services.Rifiuto, match="già risposto"):
        commenti.elimina(commento, io, adesso=adesso)

    assert set(Commento.objects.all()) == {commento, risposta}


def test_what_a_moderator_hid_its_author_cannot_change(proposta, io, adesso, moderatrice):
    commento = scrivi(proposta, io, adesso)
    commenti.nascondi(commento, moderatrice, "offensivo", "Offende.", adesso=adesso)

    with pytest.raises(services.Rifiuto):
        commenti.modifica(commento, io, "Altro", adesso=adesso)
    with pytest.raises(services.Rifiuto):
        commenti.elimina(commento, io, adesso=adesso)

    commento.refresh_from_db()
    assert commento.testo == "E la sera?"


# --- Moderation -----------------------------------------------------------------------------


def test_hiding_says_why_tells_the_author_once_and_is_undone(proposta, io, adesso, moderatrice):
    commento = scrivi(proposta, io, adesso)
    for _volta in range(2):
        commenti.nascondi(commento, moderatrice, "offensivo", " Offende Zoe. ", adesso=adesso)

    assert (commento.motivo, commento.motivazione) == ("offensivo", "Offende Zoe.")
    assert (commento.nascosto_da, commento.nascosto_at) == (moderatrice, adesso)
    riconta(adesso)
    proposta.refresh_from_db()
    assert proposta.n_commenti == 0
    assert list(Messaggio.objects.values_list("genere", "destinatario")) == [
        ("commento_nascosto", INDIRIZZO)
    ]

    for _volta in range(2):
        commenti.riammetti(commento, moderatrice, adesso=adesso)
    riconta(adesso)
    proposta.refresh_from_db()
    assert (commento.nascosto_at, commento.motivo, proposta.n_commenti) == (None, "", 1)
    assert Messaggio.objects.filter(genere="commento_riammesso").count() == 1

    # Hidden once more: another fact, another mail.
    dopo = adesso + timedelta(hours=1)
    commenti.nascondi(commento, moderatrice, "fuori_tema", "Fuori tema.", adesso=dopo)
    assert Messaggio.objects.filter(genere="commento_nascosto").count() == 2


@pytest.mark.parametrize(("motivo", "testo"), [("", "x"), ("boh", "x"), ("offensivo", "  ")])
def test_nothing_is_hidden_without_a_reason_of_the_list_and_words(
    proposta, io, adesso, moderatrice, motivo, testo
):
    commento = scrivi(proposta, io, adesso)

    with pytest.raises(services.Rifiuto):
        commenti.nascondi(commento, moderatrice, motivo, testo, adesso=adesso)

    commento.refresh_from_db()
    assert commento.nascosto_at is None


# --- Reports --------------------------------------------------------------------------------


def segnala(adesso, **campi):
    return commenti.segnala(**{"motivo": "offensivo", "modulo": "uno", **campi}, adesso=adesso)


def test_a_report_is_one_for_each_form_and_one_for_each_person_while_it_waits(
    proposta, io, adesso, moderatrice
):
    anonima = segnala(adesso, proposta=proposta)
    assert segnala(adesso, proposta=proposta) == anonima
    assert segnala(adesso, proposta=proposta, modulo="due") != anonima
    mia = segnala(adesso, proposta=proposta, partecipante=io)
    assert segnala(adesso, proposta=proposta, partecipante=io, modulo="due") == mia
    assert Segnalazione.objects.count() == 3

    commenti.chiudi_segnalazione(mia, Esito.RESPINTA, moderatrice, adesso=adesso)

    assert segnala(adesso, proposta=proposta, partecipante=io, modulo="tre") != mia


def test_a_report_that_is_right_hides_the_comment_and_closes_the_others(
    proposta, io, adesso, moderatrice
):
    commento = CommentoFactory(proposta=proposta)
    prima = segnala(adesso, commento=commento, partecipante=io)
    seconda = segnala(adesso, commento=commento, modulo="due")
    di_un_altro = segnala(adesso, commento=CommentoFactory(proposta=proposta), modulo="tre")

    commenti.chiudi_segnalazione(
        prima, Esito.ACCOLTA, moderatrice, testo="Offende.", adesso=adesso
    )

    for riga in (commento, seconda, di_un_altro):
        riga.refresh_from_db()
    assert (commento.motivo, commento.motivazione) == ("offensivo", "Offende.")
    assert (prima.esito, prima.chiusa_da, prima.chiusa_at) == (Esito.ACCOLTA, moderatrice, adesso)
    assert (seconda.esito, di_un_altro.esito) == (Esito.ACCOLTA, "")
    assert set(Messaggio.objects.values_list("genere", "destinatario")) == {
        ("commento_nascosto", commento.autore.email),
        ("segnalazione_chiusa", INDIRIZZO),
    }


def test_a_report_that_is_right_hides_the_proposal(proposta, io, adesso, moderatrice):
    prima = segnala(adesso, proposta=proposta, partecipante=io)
    seconda = segnala(adesso, proposta=proposta, modulo="due")

    commenti.chiudi_segnalazione(
        prima, Esito.ACCOLTA, moderatrice, testo="Offende.", adesso=adesso
    )

    proposta.refresh_from_db()
    seconda.refresh_from_db()
    assert (proposta.stato, seconda.esito) == (Stato.NASCOSTA, Esito.ACCOLTA)
    passo = proposta.passaggi.get()
    assert (passo.motivo, passo.testo, passo.autore) == ("offensivo", "Offende.", moderatrice)


def test_hiding_a_proposal_by_its_own_door_closes_its_reports(proposta, io, adesso, moderatrice):
    sua = segnala(adesso, proposta=proposta, partecipante=io)

    services.nascondi(proposta, moderatrice, "offensivo", "Offende.", adesso=adesso)

    sua.refresh_from_db()
    assert (sua.esito, sua.chiusa_da) == (Esito.ACCOLTA, moderatrice)
    assert Messaggio.objects.filter(genere="segnalazione_chiusa").count() == 1


def test_a_report_that_is_wrong_leaves_what_was_reported(proposta, io, adesso, moderatrice):
    commento = CommentoFactory(proposta=proposta)
    sua = segnala(adesso, commento=commento, partecipante=io)
    altra = segnala(adesso, commento=commento, modulo="due")

    commenti.chiudi_segnalazione(sua, Esito.RESPINTA, moderatrice, adesso=adesso)

    commento.refresh_from_db()
    altra.refresh_from_db()
    assert commento.nascosto_at is None
    assert (sua.esito, altra.esito) == (Esito.RESPINTA, "")
    assert Messaggio.objects.get().genere == "segnalazione_chiusa"
    with pytest.raises(services.Rifiuto, match="già chiusa"):
        commenti.chiudi_segnalazione(
            sua, Esito.ACCOLTA, moderatrice, testo="Offende.", adesso=adesso
        )
    commento.refresh_from_db()
    assert commento.nascosto_at is None


def test_a_report_cannot_be_right_without_words_for_the_author(proposta, adesso, moderatrice):
    commento = CommentoFactory(proposta=proposta)
    sua = segnala(adesso, commento=commento)

    with pytest.raises(services.Rifiuto):
        commenti.chiudi_segnalazione(sua, Esito.ACCOLTA, moderatrice, adesso=adesso)

    sua.refresh_from_db()
    commento.refresh_from_db()
    assert (sua.chiusa_at, commento.nascosto_at) == (None, None)


# --- The pages ------------------------------------------------------------------------------


def test_somebody_known_comments_at_once_and_is_led_to_her_comment(client, proposta, io):
    riconosciuta(client, io)
    dati = {"scopo": "obiezione", "testo": "Costa troppo.", "nome_mostrato": "A.", "modulo": "x"}

    for _volta in range(2):
        response = client.post(pagina(proposta), dati)

    [commento] = Commento.objects.all()
    assert (response.status_code, response.url) == (
        303,
        f"{proposta.get_absolute_url()}#commento-{commento.pk}",
    )
    assert (commento.autore, commento.scopo, commento.testo, commento.nome_mostrato) == (
        io,
        "obiezione",
        "Costa troppo.",
        "A.",
    )


def test_a_strangers_comment_waits_for_her_address(client, settings, proposta):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    sopra = CommentoFactory(proposta=proposta)

    url = f"{pagina(proposta)}?risponde={sopra.pk}"
    assert "scopo" not in client.get(url).context["form"].fields
    response = client.post(url, modulo(scopo=None))
    assert response.url == reverse("partecipo:conferma_inviata")
    assert Commento.objects.count() == 1

    spedisci_dovuti()
    [email] = mail.outbox
    assert email.to == [INDIRIZZO]
    # Whoever reads this may never have heard of us: not a word of what was typed.
    assert "E la sera?" not in email.body
    link = re.search(r"http://testserver(/\S*partecipo/conferma/\S+)", email.body)[1]
    arrivo = client.get(link)
    commento = Commento.objects.get(autore__email=INDIRIZZO)
    assert arrivo.url == f"{proposta.get_absolute_url()}#commento-{commento.pk}"
    assert (commento.risponde_a, commento.testo, commento.nome_mostrato) == (
        sopra,
        "E la sera?",
        "Anna B.",
    )
    # She is known now, and has her ten minutes.
    testo = client.get(proposta.get_absolute_url()).text
    assert pagina(proposta, "commento_modifica", commento.pk) in testo


def test_a_comment_confirmed_after_the_stage_has_closed_is_not_published(
    client, settings, percorso, proposta
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    client.post(pagina(proposta), modulo())
    percorso.fasi.update(fine=timezone.localdate() - timedelta(days=1))
    spedisci_dovuti()
    link = re.search(r"http://testserver(/\S*partecipo/conferma/\S+)", mail.outbox[0].body)[1]

    client.get(link)

    assert not Commento.objects.exists()
    [messaggio] = client.get("/privacy/").context["messages"]
    assert str(messaggio).startswith("Il tuo commento non è pubblicato. In questa fase")


@pytest.mark.parametrize(
    ("campi", "errore"),
    [
        ({"testo": ""}, "Scrivi il commento."),
        ({"testo": "\u202e \x07"}, "Scrivi il commento."),
        ({"testo": "x" * 2001}, "2000 caratteri"),
        ({"testo": "x" * 1_000_000}, "2000 caratteri"),
        ({"testo": "uno\0due"}, "caratteri"),
        ({"scopo": None}, "Scegli se è un dubbio"),
        ({"scopo": "lode"}, "Scegli fra le voci"),
        ({"nome_mostrato": "www.example.com"}, "senza indirizzi"),
        ({"nome_mostrato": "x" * 121}, "120 caratteri"),
    ],
)
@pytest.mark.parametrize("nota", [True, False])
def test_a_comment_that_is_not_right_says_why_and_keeps_the_words(
    client, proposta, io, campi, errore, nota
):
    if nota:
        riconosciuta(client, io)

    response = client.post(pagina(proposta), modulo(**campi))

    assert response.status_code == 200
    assert errore in unescape(response.text)
    assert not Commento.objects.exists()
    assert not Messaggio.objects.exists()
    if "testo" not in campi:
        assert "E la sera?" in response.text


STRANI = [
    CATTIVO,
    "👩🏽‍🚒 e 🇮🇹",
    "מה שלומך <b>",
    "é\u0301́ accenti",
    "parola" * 300,
    "{{ 7|add:7 }} {% now 'Y' %} ${7*7}",
    "&lt;b&gt; ' \" \\",
    "riga\r\n\r\naltra",
]


@pytest.mark.parametrize("testo", STRANI)
def test_whatever_somebody_writes_is_shown_as_she_wrote_it_and_does_nothing(
    client, proposta, io, testo
):
    riconosciuta(client, io)
    response = client.post(pagina(proposta), modulo(testo=testo, nome_mostrato=testo[:40]))
    assert response.status_code == 303

    commento = Commento.objects.get()
    mostrato = client.get(proposta.get_absolute_url()).text

    assert commento.testo == testo
    assert CATTIVO not in mostrato
    corpo = re.search(r'<div class="commento-testo" dir="auto">(.*?)</div>', mostrato, re.S)[1]
    parole = unescape(re.sub(r"<[^>]+>", "", corpo)).split()
    assert parole == testo.split()


def test_bytes_that_are_no_text_do_no_harm(client, proposta, io):
    riconosciuta(client, io)
    corpo = b"scopo=dubbio&modulo=x&testo=%ff%fe+ok+%ed%a0%80"

    response = client.post(
        pagina(proposta), corpo, content_type="application/x-www-form-urlencoded"
    )

    assert response.status_code == 303
    assert "ok" in Commento.objects.get().testo


def test_turned_around_text_does_not_turn_the_page_around(client, proposta, io):
    riconosciuta(client, io)

    client.post(pagina(proposta), modulo(testo="\u202eal rovescio", nome_mostrato="\u2067io"))

    commento = Commento.objects.get()
    assert (commento.testo, commento.nome_mostrato) == ("al rovescio", "io")


@pytest.mark.parametrize("ruolo", RUOLI)
def test_pages_about_what_is_not_public_are_not_found(client, percorso, ruolo):
    entra(client, ruolo)
    for stato in TUTTI:
        proposta = in_stato(stato, percorso)
        commento = CommentoFactory(proposta=proposta)
        pubblica = stato in Proposta.PUBBLICI
        attese = {
            "commento_crea": 200 if pubblica else 404,
            "proposta_segnala": 200 if pubblica else 404,
            "commento_segnala": 200 if pubblica else 404,
            "commento_modifica": 404,
            "commento_elimina": 404,
        }
        argomenti = {nome: [commento.pk] if "commento_" in nome else [] for nome in attese}
        argomenti["commento_crea"] = []
        risposte = {
            nome: client.get(pagina(proposta, nome, *argomenti[nome])).status_code
            for nome in attese
        }
        assert (stato, risposte) == (stato, attese)


def test_a_comment_is_found_only_under_its_own_proposal(client, percorso, proposta, io):
    altra = PropostaFactory(percorso=percorso)
    commento = CommentoFactory(proposta=altra, autore=io)
    riconosciuta(client, io)

    for nome in ("commento_modifica", "commento_elimina", "commento_segnala"):
        assert client.get(pagina(proposta, nome, commento.pk)).status_code == 404
        assert client.get(pagina(altra, nome, commento.pk)).status_code == 200
    assert client.get(f"{pagina(proposta)}?risponde={commento.pk}").status_code == 404
    assert client.get(f"{pagina(proposta)}?risponde=x").status_code == 404


def test_her_own_comment_is_corrected_and_deleted_nobody_elses_is(client, proposta, io, adesso):
    mio = CommentoFactory(proposta=proposta, autore=io)
    altrui = CommentoFactory(proposta=proposta)
    riconosciuta(client, io)

    response = client.post(pagina(proposta, "commento_modifica", mio.pk), {"testo": "Meglio."})
    assert response.url == f"{proposta.get_absolute_url()}#commento-{mio.pk}"
    mio.refresh_from_db()
    assert mio.testo == "Meglio."
    assert "corretto" in client.get(proposta.get_absolute_url()).text
    for nome in ("commento_modifica", "commento_elimina"):
        assert client.post(pagina(proposta, nome, altrui.pk), {"testo": "x"}).status_code == 404

    assert client.get(pagina(proposta, "commento_elimina", mio.pk)).status_code == 200
    assert Commento.objects.count() == 2
    client.post(pagina(proposta, "commento_elimina", mio.pk))
    assert list(Commento.objects.all()) == [altrui]
    altrui.refresh_from_db()
    assert altrui.testo == "Servirebbe anche una fontanella."


def test_after_ten_minutes_the_page_says_so(client, proposta, io, adesso):
    vecchio = CommentoFactory(
        proposta=proposta, autore=io, created_at=adesso - timedelta(minutes=11)
    )
    riconosciuta(client, io)

    assert (
        pagina(proposta, "commento_modifica", vecchio.pk)
        not in client.get(proposta.get_absolute_url()).text
    )
    for nome in ("commento_modifica", "commento_elimina"):
        response = client.get(pagina(proposta, nome, vecchio.pk))
        assert response.status_code == 200
        assert "nei primi 10 minuti" in response.text
    response = client.post(pagina(proposta, "commento_modifica", vecchio.pk), {"testo": "x"})
    assert response.status_code == 409
    client.post(pagina(proposta, "commento_elimina", vecchio.pk))
    vecchio.refresh_from_db()
    assert vecchio.testo == "Servirebbe anche una fontanella."


def test_who_writes_too_late_gets_her_words_back(client, io):
    proposta = PropostaFactory()
    FaseFactory(percorso=proposta.percorso)
    riconosciuta(client, io)

    response = client.post(pagina(proposta), modulo(testo=f"Le mie parole {CATTIVO}"))

    assert response.status_code == 409
    assert "Le mie parole" in response.text
    assert CATTIVO not in response.text
    assert "In questa fase del percorso non si commentano le proposte." in response.text


# --- Reporting, from the pages --------------------------------------------------------------


def test_a_stranger_reports_without_saying_who_she_is(client, proposta):
    commento = CommentoFactory(proposta=proposta)
    url = pagina(proposta, "commento_segnala", commento.pk)
    form = client.get(url).context["form"]
    dati = modulo(motivo="offensivo", testo="Offende Zoe.", modulo=form.initial["modulo"])

    for _volta in range(2):
        response = client.post(url, dati)

    assert response.url == f"{proposta.get_absolute_url()}#commento-{commento.pk}"
    [segnalazione] = Segnalazione.objects.all()
    assert (segnalazione.commento, segnalazione.partecipante, segnalazione.testo) == (
        commento,
        None,
        "Offende Zoe.",
    )
    assert not Messaggio.objects.exists()


def test_somebody_known_reports_a_proposal_and_hears_what_was_decided(
    client, proposta, io, moderatrice, adesso
):
    riconosciuta(client, io)
    url = pagina(proposta, "proposta_segnala")
    assert INDIRIZZO in client.get(url).text

    client.post(url, modulo(motivo="fuori_tema", testo=""))

    [segnalazione] = Segnalazione.objects.all()
    assert (segnalazione.proposta, segnalazione.partecipante) == (proposta, io)
    commenti.chiudi_segnalazione(segnalazione, Esito.RESPINTA, moderatrice, adesso=adesso)
    assert Messaggio.objects.get().destinatario == INDIRIZZO


@pytest.mark.parametrize(
    ("campi", "errore"),
    [
        ({"motivo": ""}, "Scegli il motivo."),
        ({"motivo": "antipatia"}, "Scegli fra le voci"),
        ({"motivo": "altro", "testo": " "}, "Spiega il motivo"),
        ({"motivo": "offensivo", "testo": "x" * 1001}, "1000 caratteri"),
        ({"motivo": "offensivo", "sito_web": "x"}, "Il modulo non è partito"),
    ],
)
def test_a_report_that_is_not_right_says_why(client, proposta, campi, errore):
    response = client.post(pagina(proposta, "proposta_segnala"), modulo(**campi))

    assert response.status_code == 200
    assert errore in unescape(response.text)
    assert not Segnalazione.objects.exists()


def test_reports_of_one_place_are_limited(client, percorso):
    risposte = []
    for _volta in range(11):
        proposta = PropostaFactory(percorso=percorso)
        dati = modulo(motivo="offensivo")
        risposte.append(client.post(pagina(proposta, "proposta_segnala"), dati).status_code)

    assert risposte == [303] * 10 + [429]
    assert Segnalazione.objects.count() == 10


# --- What the proposal's page shows ---------------------------------------------------------


@pytest.fixture
def richiesta(rf):
    def richiesta(io=None, query=""):
        request = rf.get(f"/proposte/una/{query}")
        request.user = AnonymousUser()
        request.session = {"partecipante": io.pk} if io else {}
        return request

    return richiesta


def riletta(proposta):
    righe = Proposta.objects.select_related("percorso").prefetch_related("percorso__fasi")
    return righe.get(pk=proposta.pk)


@pytest.mark.parametrize("quanti", [1, 3, 70])
def test_a_page_of_comments_costs_the_same_however_many_there_are(
    richiesta, proposta, io, adesso, quanti, django_assert_num_queries
):
    for n in range(quanti):
        sopra = CommentoFactory(proposta=proposta, testo=f"Commento {n}")
        CommentoFactory(proposta=proposta, risponde_a=sopra, scopo="", testo=f"Risposta {n}")
    CommentoFactory(testo="di un'altra proposta")
    riga = riletta(proposta)

    with django_assert_num_queries(2):
        pagina = commenti.contesto(richiesta(), riga, adesso)
    with django_assert_num_queries(3):
        commenti.contesto(richiesta(io), riga, adesso)

    assert pagina["quanti"] == 2 * quanti
    letti = [voce["testo"] for voce in pagina["voci"]]
    attesi = [testo for n in range(quanti) for testo in (f"Commento {n}", f"Risposta {n}")]
    assert letti == attesi[:20]
    ultima = commenti.contesto(richiesta(query="?commenti=999"), riga, adesso)
    assert [voce["testo"] for voce in ultima["voci"]][-1] == f"Risposta {quanti - 1}"


def test_an_answer_stands_under_its_comment_however_late_it_comes(richiesta, proposta, adesso):
    primo = CommentoFactory(proposta=proposta, testo="primo")
    CommentoFactory(proposta=proposta, testo="secondo")
    CommentoFactory(proposta=proposta, testo="al primo", risponde_a=primo, scopo="")

    pagina = commenti.contesto(richiesta(), riletta(proposta), adesso)

    letti = [(voce["testo"], voce["a_chi"] and voce["a_chi"].testo) for voce in pagina["voci"]]
    assert letti == [("primo", None), ("al primo", "primo"), ("secondo", None)]


@pytest.mark.parametrize("quale", [0, 19, 20, 45])
def test_the_address_of_a_comment_is_the_page_where_it_is_read(
    richiesta, rf, proposta, adesso, quale
):
    sopra = CommentoFactory.create_batch(30, proposta=proposta)
    for commento in sopra[:20]:
        CommentoFactory(proposta=proposta, risponde_a=commento, scopo="")
    cercato = list(commenti.filo(proposta))[quale]

    indirizzo = commenti.indirizzo(cercato)

    query, _cancelletto, ancora = indirizzo.removeprefix(proposta.get_absolute_url()).partition(
        "#"
    )
    pagina = commenti.contesto(richiesta(query=query), riletta(proposta), adesso)
    assert ancora == f"commento-{cercato.pk}"
    assert cercato.pk in {voce["pk"] for voce in pagina["voci"]}


def test_a_hidden_comment_leaves_its_place_and_its_reason_and_nothing_else(
    client, proposta, adesso, moderatrice
):
    commento = CommentoFactory(
        proposta=proposta, testo="Zoe è una ladra", nome_mostrato="Nome dell'autore"
    )
    CommentoFactory(proposta=proposta, risponde_a=commento, scopo="", testo="Non è vero!")
    commenti.nascondi(commento, moderatrice, "offensivo", "Accusa Zoe.", adesso=adesso)

    testo = unescape(client.get(proposta.get_absolute_url()).text)

    assert "Commento nascosto dai moderatori: offende o discrimina qualcuno." in testo
    assert "Non è vero!" in testo
    assert "Commenti (1)" in testo
    assert "Zoe" not in testo
    assert f"?risponde={commento.pk}" not in testo
    assert pagina(proposta, "commento_segnala", commento.pk) not in testo
    assert client.get(pagina(proposta, "commento_segnala", commento.pk)).status_code == 404


def test_a_strangers_page_has_no_form_and_a_known_ones_has_it(client, proposta, io):
    CommentoFactory(proposta=proposta)
    url = pagina(proposta)

    di_estranea = client.get(proposta.get_absolute_url()).text
    riconosciuta(client, io)
    mia = client.get(proposta.get_absolute_url()).text

    assert "<textarea" not in di_estranea
    assert f'href="{url}"' in di_estranea
    assert f'action="{url}"' in mia
    assert 'value="Anna"' in mia
