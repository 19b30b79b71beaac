"""The doors of a need's life."""

from datetime import timedelta

import pytest
from django.utils import timezone

from posta.models import Messaggio
from posta.services import spedisci_dovuti
from proposte import bisogni
from proposte.bisogni import Rifiuto, Superata
from proposte.models import Bisogno, PassaggioBisogno
from proposte.segnali import contenuto_cambiato
from tests.factories import (
    BisognoFactory,
    FaseFactory,
    IncontroFactory,
    LaboratorioFactory,
    PartecipanteFactory,
    PercorsoFactory,
    TemaFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

Stato = Bisogno.Stato


def ora():
    return timezone.now()


@pytest.fixture
def percorso():
    """A process whose stage of today takes needs, and has them read first."""
    percorso = PercorsoFactory()
    FaseFactory(percorso=percorso, apre_proposte=True)
    return percorso


@pytest.fixture
def annunci():
    """What was announced to the pages that are kept."""
    ricevuti = []

    def ricevi(sender, **kwargs):
        ricevuti.append(sender)

    contenuto_cambiato.connect(ricevi)
    yield ricevuti
    contenuto_cambiato.disconnect(ricevi)


def valori(percorso, **altri):
    return {
        "percorso": percorso,
        "laboratorio": LaboratorioFactory(),
        "titolo": "Un attraversamento sicuro",
        "testo": "Davanti alla scuola le auto corrono.",
        "nome_mostrato": "Anna",
        **altri,
    }


def bisogno_in(stato, **campi):
    pubblicato = stato in (Stato.PUBBLICATO, Stato.NASCOSTO)
    return BisognoFactory(
        stato=stato,
        pubblicato_at=ora() - timedelta(days=3) if pubblicato else None,
        proponente=PartecipanteFactory(),
        **campi,
    )


def posta():
    """The kinds of mail that are owed, in order."""
    return list(Messaggio.objects.order_by("pk").values_list("genere", flat=True))


# --- States × verbs -------------------------------------------------------------------------

VERBI = {
    "invia": lambda bisogno, chi: bisogni.invia(bisogno, adesso=ora()),
    "pubblica": lambda bisogno, chi: bisogni.pubblica(bisogno, chi, adesso=ora()),
    "nascondi": lambda bisogno, chi: bisogni.nascondi(
        bisogno, chi, "fuori_tema", "Riguarda un'altra città.", adesso=ora()
    ),
}
# What each verb makes of each state; None: refused.
MATRICE = {
    ("bozza", "invia"): "inviato",
    ("bozza", "pubblica"): "pubblicato",
    ("bozza", "nascondi"): None,
    ("inviato", "invia"): "inviato",
    ("inviato", "pubblica"): "pubblicato",
    ("inviato", "nascondi"): "nascosto",
    ("pubblicato", "invia"): "pubblicato",
    ("pubblicato", "pubblica"): None,
    ("pubblicato", "nascondi"): "nascosto",
    ("nascosto", "invia"): "nascosto",
    ("nascosto", "pubblica"): "pubblicato",
    ("nascosto", "nascondi"): None,
}


@pytest.mark.parametrize("verbo", VERBI)
@pytest.mark.parametrize("stato", Stato.values)
def test_matrix_of_states_and_verbs(percorso, stato, verbo):
    bisogno = bisogno_in(stato, percorso=percorso)
    atteso = MATRICE[stato, verbo]

    if atteso is None:
        with pytest.raises(Rifiuto):
            VERBI[verbo](bisogno, UserFactory())
    else:
        VERBI[verbo](bisogno, UserFactory())

    bisogno.refresh_from_db()
    assert bisogno.stato == (atteso or stato)
    passi = list(bisogno.passaggi.values_list("da", "a"))
    assert passi == ([] if bisogno.stato == stato else [(stato, atteso)])
    assert len(posta()) == len(passi)


def test_a_stale_object_of_two_officers_makes_one_step(percorso):
    bisogno = bisogno_in(Stato.INVIATO, percorso=percorso)
    di_prima, di_dopo = (Bisogno.objects.get(pk=bisogno.pk) for _chi in range(2))
    una, altra = UserFactory(), UserFactory()

    bisogni.pubblica(di_prima, una, adesso=ora())
    with pytest.raises(Rifiuto, match="«pubblicato»: non può diventare «pubblicato»"):
        bisogni.pubblica(di_dopo, altra, adesso=ora())

    assert [passo.autore for passo in bisogno.passaggi.all()] == [una]
    assert posta() == ["bisogno_pubblicato"]


def test_publishing_gives_an_address_that_a_new_title_does_not_change(percorso, annunci):
    bisogno = bisogno_in(Stato.INVIATO, percorso=percorso, titolo="Più luce in via Roma")
    adesso = ora()

    bisogni.pubblica(bisogno, UserFactory(), adesso=adesso)

    bisogno.refresh_from_db()
    assert bisogno.slug == f"piu-luce-in-via-roma-{bisogno.pk}"
    assert bisogno.pubblicato_at == adesso
    assert annunci == [Bisogno]

    bisogni.modifica(bisogno, {"titolo": "Lampioni"}, autore=UserFactory(), adesso=ora())
    bisogni.nascondi(bisogno, UserFactory(), "altro", "Da rivedere.", adesso=ora())
    bisogni.pubblica(bisogno, UserFactory(), adesso=ora())
    bisogno.refresh_from_db()
    assert (bisogno.slug, bisogno.titolo) == (f"piu-luce-in-via-roma-{bisogno.pk}", "Lampioni")
    assert bisogno.pubblicato_at == adesso
    assert bisogno.indice.startswith("lampion")


def test_a_title_of_signs_alone_still_has_an_address(percorso):
    bisogno = bisogno_in(Stato.INVIATO, percorso=percorso, titolo="💡💡")
    bisogni.pubblica(bisogno, UserFactory(), adesso=ora())
    bisogno.refresh_from_db()
    assert bisogno.slug == f"bisogno-{bisogno.pk}"


@pytest.mark.parametrize(("motivo", "testo"), [("", "Perché sì."), ("offensivo", " \n ")])
def test_nothing_is_hidden_without_a_reason_and_its_words(percorso, motivo, testo):
    bisogno = bisogno_in(Stato.PUBBLICATO, percorso=percorso)
    with pytest.raises(Rifiuto):
        bisogni.nascondi(bisogno, UserFactory(), motivo, testo, adesso=ora())
    bisogno.refresh_from_db()
    assert bisogno.stato == Stato.PUBBLICATO


# --- Citizens -------------------------------------------------------------------------------


def test_what_a_citizen_sends_waits_for_the_moderators_and_she_is_told(percorso):
    chi, temi = PartecipanteFactory(), [TemaFactory(), TemaFactory()]

    bisogno = bisogni.proponi(chi, valori(percorso), temi=temi, adesso=ora())

    bisogno.refresh_from_db()
    assert (bisogno.stato, bisogno.canale, bisogno.proponente) == (Stato.INVIATO, "online", chi)
    assert (bisogno.pubblicato_at, bisogno.registrato_da) == (None, None)
    assert set(bisogno.temi.all()) == set(temi)
    # Nobody guesses the address of what nobody has read.
    assert bisogno.slug.isalnum()
    assert "attraversamento" not in bisogno.slug
    assert posta() == ["bisogno_ricevuto"]


def test_where_the_stage_moderates_afterwards_everybody_reads_it_at_once():
    percorso = PercorsoFactory()
    FaseFactory(percorso=percorso, apre_proposte=True, moderazione="dopo")

    bisogno = bisogni.proponi(PartecipanteFactory(), valori(percorso), adesso=ora())

    assert bisogno.stato == Stato.PUBBLICATO
    assert [passo.a for passo in bisogno.passaggi.all()] == ["inviato", "pubblicato"]
    assert posta() == ["bisogno_pubblicato"]


def test_the_same_words_of_the_same_person_are_one_need(percorso):
    chi, scritto = PartecipanteFactory(), valori(percorso)

    primo = bisogni.proponi(chi, scritto, adesso=ora())
    secondo = bisogni.proponi(chi, scritto, adesso=ora())
    di_altra = bisogni.proponi(PartecipanteFactory(), scritto, adesso=ora())
    altrove = bisogni.proponi(chi, {**scritto, "laboratorio": None}, adesso=ora())

    assert primo == secondo
    assert len({primo.pk, di_altra.pk, altrove.pk}) == 3
    assert Bisogno.objects.count() == 3


def test_a_closed_stage_keeps_nothing_of_it(percorso):
    percorso.fasi.update(apre_proposte=False)
    with pytest.raises(Rifiuto, match="non si raccolgono proposte"):
        bisogni.proponi(PartecipanteFactory(), valori(percorso), adesso=ora())
    assert Bisogno.objects.count() == 0


def test_what_belongs_to_an_example_process_is_an_example(percorso):
    percorso.esempio = True
    percorso.save()
    assert bisogni.proponi(PartecipanteFactory(), valori(percorso), adesso=ora()).esempio is True


def test_the_process_that_collects_today_comes_before_a_newer_one_that_does_not(percorso):
    piu_nuovo = PercorsoFactory(inizio=percorso.inizio + timedelta(days=1))
    FaseFactory(percorso=piu_nuovo)
    assert bisogni.percorso_aperto(ora()) == percorso
    percorso.fasi.update(apre_proposte=False)
    assert bisogni.percorso_aperto(ora()) == piu_nuovo


# --- The office -----------------------------------------------------------------------------


def test_paper_goes_to_the_moderators_with_who_typed_it_in(percorso):
    chi = UserFactory()

    bisogno, nuovo = bisogni.registra(valori(percorso), autore=chi, adesso=ora())

    assert nuovo is True
    assert (bisogno.stato, bisogno.canale) == (Stato.INVIATO, "cartaceo")
    assert (bisogno.registrato_da, bisogno.proponente) == (chi, None)
    assert posta() == []


def test_paper_with_an_address_belongs_to_that_person(percorso):
    bisogno, _nuovo = bisogni.registra(
        valori(percorso),
        email=" Anna@Example.ORG",
        pubblica=True,
        autore=UserFactory(),
        adesso=ora(),
    )

    assert (bisogno.stato, bisogno.proponente.email) == (Stato.PUBBLICATO, "anna@example.org")
    assert bisogno.proponente.nome == "Anna"


def test_typing_paper_in_is_possible_while_the_stage_is_closed(percorso):
    percorso.fasi.update(apre_proposte=False)
    bisogno, _nuovo = bisogni.registra(valori(percorso), autore=UserFactory(), adesso=ora())
    assert bisogno.stato == Stato.INVIATO


def test_what_a_workshop_said_stays_a_draft(percorso):
    incontro = IncontroFactory(percorso=percorso, passato=True)

    bisogno, _nuovo = bisogni.registra(
        valori(percorso, canale="incontro", incontro=incontro, tavolo=2),
        autore=UserFactory(),
        adesso=ora(),
    )

    bisogno.refresh_from_db()
    assert bisogno.stato == Stato.BOZZA
    assert [(passo.da, passo.a) for passo in bisogno.passaggi.all()] == [("", "bozza")]
    assert bisogno.indice.split()[:2] == ["attraversament", "sicur"]


def test_a_workshop_is_named(percorso):
    with pytest.raises(Rifiuto, match="Scegli l'incontro"):
        bisogni.registra(valori(percorso, canale="incontro"), autore=UserFactory(), adesso=ora())


def test_a_double_click_types_it_in_once(percorso):
    chi, scritto, adesso = UserFactory(), valori(percorso), ora()

    primo, _ = bisogni.registra(scritto, autore=chi, adesso=adesso)
    secondo, nuovo = bisogni.registra(scritto, autore=chi, adesso=adesso)
    tardi = adesso + bisogni.DOPPIO + timedelta(minutes=1)
    terzo, nuovo_terzo = bisogni.registra(scritto, autore=chi, adesso=tardi)

    assert (secondo, nuovo) == (primo, False)
    assert nuovo_terzo is True
    assert terzo != primo


# --- Correcting -----------------------------------------------------------------------------


def test_correcting_what_is_public_says_who_changed_what(percorso, annunci):
    bisogno, tema, chi = (
        bisogno_in(Stato.PUBBLICATO, percorso=percorso),
        TemaFactory(),
        UserFactory(),
    )

    bisogni.modifica(
        bisogno,
        {"titolo": "Panchine", "testo": bisogno.testo},
        visto=bisogno.updated_at,
        temi=[tema],
        autore=chi,
        adesso=ora(),
    )

    bisogno.refresh_from_db()
    assert (bisogno.titolo, list(bisogno.temi.all())) == ("Panchine", [tema])
    passo = bisogno.passaggi.get()
    assert (passo.da, passo.a, passo.autore) == ("pubblicato", "pubblicato", chi)
    assert passo.testo == "Cambiati: bisogno, temi."
    assert annunci == [Bisogno]


def test_two_officers_rewriting_the_same_need_do_not_overwrite_each_other(percorso):
    bisogno = bisogno_in(Stato.PUBBLICATO, percorso=percorso)
    visto = bisogno.updated_at
    bisogni.modifica(bisogno, {"titolo": "Di una"}, visto=visto, autore=None, adesso=ora())

    with pytest.raises(Superata):
        bisogni.modifica(bisogno, {"titolo": "Dell'altra"}, visto=visto, autore=None, adesso=ora())
    # The second half of her own double click asks for what is so already.
    bisogni.modifica(bisogno, {"titolo": "Di una"}, visto=visto, autore=None, adesso=ora())

    bisogno.refresh_from_db()
    assert bisogno.titolo == "Di una"
    assert bisogno.passaggi.count() == 1


def test_a_draft_is_rewritten_without_a_trace_of_each_word(percorso):
    bisogno = bisogno_in(Stato.BOZZA, percorso=percorso)
    bisogni.modifica(bisogno, {"titolo": "Panchine"}, autore=UserFactory(), adesso=ora())
    assert PassaggioBisogno.objects.count() == 0


def test_a_need_without_words_is_refused(percorso):
    bisogno = bisogno_in(Stato.PUBBLICATO, percorso=percorso, titolo="Panchine")
    with pytest.raises(Rifiuto):
        bisogni.modifica(bisogno, {"titolo": "  "}, autore=None, adesso=ora())
    bisogno.refresh_from_db()
    assert bisogno.titolo == "Panchine"


def test_what_was_deleted_meanwhile_is_told(percorso):
    bisogno = bisogno_in(Stato.BOZZA, percorso=percorso)
    Bisogno.objects.filter(pk=bisogno.pk).delete()
    with pytest.raises(Rifiuto, match="eliminato"):
        bisogni.pubblica(bisogno, UserFactory(), adesso=ora())


# --- Mails ----------------------------------------------------------------------------------


def test_the_mail_of_a_hidden_need_says_why_and_can_be_answered(percorso, mailoutbox, settings):
    bisogno = bisogno_in(Stato.PUBBLICATO, percorso=percorso, titolo="L'ombra <b>")

    bisogni.nascondi(
        bisogno, UserFactory(), "dati_personali", "C'è il nome di un vicino.", adesso=ora()
    )
    spedisci_dovuti()

    [mail] = mailoutbox
    assert mail.to == [bisogno.proponente.email]
    assert mail.subject == "Non mostriamo il bisogno che hai segnalato: ecco perché"
    assert mail.reply_to == [settings.ENTE["email"]]
    assert "Bisogno: L'ombra <b>" in mail.body
    assert "Motivo: contiene dati personali di qualcuno" in mail.body
    assert "Spiegazione: C'è il nome di un vicino." in mail.body
    html = mail.alternatives[0].content
    assert "L&#x27;ombra &lt;b&gt;" in html
    assert "L'ombra <b>" not in html


def test_the_mails_lead_back_to_her_and_say_when(percorso, mailoutbox, settings):
    settings.MODERAZIONE_ORE = 48
    chi = PartecipanteFactory(nome="Bruna")
    bisogno = bisogni.proponi(chi, valori(percorso), adesso=ora())
    spedisci_dovuti()
    bisogni.pubblica(bisogno, UserFactory(), adesso=ora())
    spedisci_dovuti()

    ricevuto, pubblicato = mailoutbox
    assert "Ciao Bruna," in ricevuto.body
    assert "entro 2 giorni" in ricevuto.body
    bisogno.refresh_from_db()
    assert "/partecipo/" in pubblicato.body
    assert f"vai=%2Fbisogni%2F{bisogno.slug}%2F" in pubblicato.body


def test_a_mail_that_is_not_true_any_more_does_not_leave(percorso, mailoutbox):
    bisogno = bisogni.proponi(PartecipanteFactory(), valori(percorso), adesso=ora())
    bisogni.nascondi(bisogno, UserFactory(), "altro", "Da rivedere.", adesso=ora())
    spedisci_dovuti()
    assert [mail.subject for mail in mailoutbox] == [
        "Non mostriamo il bisogno che hai segnalato: ecco perché"
    ]


def test_a_workshop_has_nobody_to_write_to(percorso):
    bisogno = BisognoFactory(percorso=percorso, stato=Stato.BOZZA, pubblicato_at=None)
    bisogni.pubblica(bisogno, UserFactory(), adesso=ora())
    assert posta() == []
