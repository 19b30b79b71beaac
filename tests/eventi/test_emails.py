"""Each mail says what, when, where, how to get there and how to cancel; or is not owed."""

from datetime import timedelta

import icalendar
import pytest
from django.utils import translation

from eventi import emails, presenze
from eventi.models import Incontro, Iscrizione
from portale.lib import dates
from posta.generi import NonDovuto, Scaduto
from posta.models import Messaggio
from tests.factories import IncontroFactory, IscrizioneFactory, SedeFactory

pytestmark = pytest.mark.django_db
S = Iscrizione.Stato


def messaggio(genere, iscrizione, **parametri):
    return Messaggio(
        genere=genere,
        destinatario=iscrizione.email,
        parametri={"iscrizione": iscrizione.pk, **parametri},
    )


def ics(composto):
    allegato = composto.allegati[0]
    calendario = icalendar.Calendar.from_ical(allegato.contenuto)
    [evento] = calendario.walk("VEVENT")
    return calendario, evento, allegato


@pytest.fixture
def incontro():
    sede = SedeFactory(
        nome="Spazio di prova",
        indirizzo="via delle Prove 1",
        mezzi_pubblici="autobus 3",
        parcheggio="in strada",
        senza_gradini=True,
    )
    return IncontroFactory(titolo="Che quartiere vuoi?", sede=sede, link_online="")


def test_the_confirmation_says_everything_needed_to_come(incontro, adesso):
    iscrizione = IscrizioneFactory(incontro=incontro, posti_richiesti=3)

    composto = emails.confermata(messaggio("confermata", iscrizione), adesso)

    assert composto.oggetto == "Iscrizione confermata: Che quartiere vuoi?"
    for corpo in (composto.testo, composto.html):
        assert incontro.quando in corpo
        assert "Spazio di prova, via delle Prove 1, Piacenza" in corpo
        assert "autobus 3 · in strada" in corpo
        assert f"/iscrizioni/{iscrizione.token}/rinuncia/" in corpo
        assert f"/iscrizioni/{iscrizione.token}/" in corpo
        # Readable with images off.
        assert presenze.codice_ingresso(iscrizione) in corpo
    disegno = composto.allegati[1]
    assert disegno.contenuto.startswith(b"\x89PNG")
    assert f'src="cid:{disegno.cid}"' in composto.html
    calendario, evento, allegato = ics(composto)
    assert allegato.mimetype == "text/calendar; method=REQUEST; charset=utf-8"
    assert calendario["METHOD"] == "REQUEST"
    assert calendario.walk("VTIMEZONE")[0]["TZID"] == "Europe/Rome"
    assert evento["UID"] == f"incontro-{incontro.pk}@testserver"
    assert (evento["SEQUENCE"], evento["STATUS"]) == (0, "CONFIRMED")
    assert evento.decoded("DTSTART") == incontro.inizio
    assert evento["ATTENDEE"] == f"mailto:{iscrizione.email}"


def test_a_moved_meeting_has_the_same_uid_and_the_next_sequence(incontro, adesso):
    iscrizione = IscrizioneFactory(incontro=incontro)
    incontro.inizio_precedente, incontro.sequenza = incontro.inizio, 1
    incontro.inizio += timedelta(days=1)
    incontro.fine += timedelta(days=1)
    incontro.motivo = "Sala allagata"
    incontro.save()

    composto = emails.spostato(messaggio("spostato", iscrizione, sequenza=1), adesso)

    _calendario, evento, _allegato = ics(composto)
    assert evento["UID"] == f"incontro-{incontro.pk}@testserver"
    assert evento["SEQUENCE"] == 1
    assert evento.decoded("DTSTART") == incontro.inizio
    assert "Sala allagata" in composto.testo
    with pytest.raises(NonDovuto):
        emails.spostato(messaggio("spostato", iscrizione, sequenza=0), adesso)


def test_a_new_link_is_told_with_the_reason_and_the_calendar_follows(adesso):
    incontro = IncontroFactory(
        modalita="online", sede=None, link_online="https://example.org/aula", sequenza=1
    )
    dentro = IscrizioneFactory(incontro=incontro)
    fuori = IscrizioneFactory(incontro=incontro, in_attesa=True)

    def composto(iscrizione, motivo="Stanza più grande.", sequenza=1):
        parametri = {"sequenza": sequenza, "motivo": motivo}
        return emails.collegamento(messaggio("collegamento", iscrizione, **parametri), adesso)

    si, no = composto(dentro), composto(fuori)

    calendario, evento, _allegato = ics(si)
    assert (calendario["METHOD"], evento["SEQUENCE"]) == ("REQUEST", 1)
    assert "https://example.org/aula" in evento["DESCRIPTION"]
    for corpo in (si.testo, si.html):
        assert "https://example.org/aula" in corpo
        assert "Il motivo: Stanza più grande." in corpo
    assert no.allegati == ()
    assert "https://example.org/aula" not in no.testo + no.html
    assert "Il motivo" not in composto(dentro, motivo="").testo
    with pytest.raises(NonDovuto):
        composto(dentro, sequenza=0)


def test_the_notice_of_a_link_also_says_a_move_whose_own_notice_gave_way(incontro, adesso):
    iscrizione = IscrizioneFactory(incontro=incontro)
    incontro.inizio_precedente, incontro.sequenza = incontro.inizio, 2
    incontro.inizio += timedelta(days=1)
    incontro.fine += timedelta(days=1)
    incontro.save()
    parametri = {"sequenza": 2, "motivo": ""}

    composto = emails.collegamento(messaggio("collegamento", iscrizione, **parametri), adesso)

    prima = dates.giorno_e_ora(incontro.inizio_precedente)
    for corpo in (composto.testo, composto.html):
        assert f"era previsto {prima}." in corpo
        assert incontro.quando in corpo


def test_a_link_that_is_not_known_yet_is_to_be_announced(adesso):
    iscrizione = IscrizioneFactory(incontro=IncontroFactory(modalita="mista"))

    composto = emails.confermata(messaggio("confermata", iscrizione), adesso)

    assert "Collegamento online: da comunicare" in composto.testo


@pytest.mark.parametrize(
    ("genere", "stato"),
    [("annullato", Incontro.Stato.ANNULLATO), ("rinviato", Incontro.Stato.RINVIATO)],
)
def test_a_meeting_called_off_leaves_the_calendar(genere, stato, incontro, adesso):
    iscrizione = IscrizioneFactory(incontro=incontro)
    incontro.stato, incontro.motivo, incontro.sequenza = stato, "Neve", 1
    incontro.inizio_precedente = incontro.inizio
    if stato == Incontro.Stato.RINVIATO:
        incontro.inizio = incontro.fine = None
    incontro.save()

    composto = getattr(emails, genere)(messaggio(genere, iscrizione, sequenza=1), adesso)

    calendario, evento, _ = ics(composto)
    assert (calendario["METHOD"], evento["STATUS"]) == ("CANCEL", "CANCELLED")
    assert "Neve" in composto.testo
    assert "Neve" in composto.html


def test_the_online_link_reaches_only_who_is_confirmed(adesso):
    incontro = IncontroFactory(
        modalita=Incontro.Modalita.ONLINE, sede=None, link_online="https://example.org/stanza"
    )
    dentro = IscrizioneFactory(incontro=incontro)
    fuori = IscrizioneFactory(incontro=incontro, in_attesa=True)

    si = emails.confermata(messaggio("confermata", dentro), adesso)
    no = emails.lista_attesa(messaggio("lista_attesa", fuori), adesso)

    assert "https://example.org/stanza" in si.testo
    assert "https://example.org/stanza" not in no.testo + no.html
    assert "Il tuo numero in lista è 1." in no.testo


def test_a_partial_offer_says_so(incontro, adesso):
    iscrizione = IscrizioneFactory(
        incontro=incontro,
        stato=S.POSTO_OFFERTO,
        posti_richiesti=3,
        posti=1,
        scade_at=adesso + timedelta(hours=5),
    )
    scade = iscrizione.scade_at.isoformat()

    composto = emails.posto_offerto(messaggio("posto_offerto", iscrizione, scade_at=scade), adesso)

    assert "1 su 3 richiesti" in composto.testo
    assert f"/iscrizioni/{iscrizione.token}/accetta/" in composto.testo
    with pytest.raises(NonDovuto):
        emails.posto_offerto(messaggio("posto_offerto", iscrizione, scade_at="prima"), adesso)


def test_names_are_escaped_in_html_and_plain_in_text(incontro, adesso):
    iscrizione = IscrizioneFactory(incontro=incontro, nome="<b>Anna</b> & C.")

    composto = emails.confermata(messaggio("confermata", iscrizione), adesso)

    assert "<b>Anna</b> & C." in composto.testo
    assert "&lt;b&gt;Anna&lt;/b&gt; &amp; C." in composto.html


def test_a_recipient_who_reads_english_gets_english_addresses(incontro, adesso):
    iscrizione = IscrizioneFactory(incontro=incontro)

    with translation.override("en"):
        composto = emails.confermata(messaggio("confermata", iscrizione), adesso)

    assert f"/en/iscrizioni/{iscrizione.token}/" in composto.testo


@pytest.mark.parametrize(
    ("genere", "stato"),
    [
        ("verifica", S.CONFERMATA),
        ("verifica", S.RINUNCIATA),
        ("gia_iscritta", S.RINUNCIATA),
        ("confermata", S.RINUNCIATA),
        ("lista_attesa", S.CONFERMATA),
        ("posto_scaduto", S.CONFERMATA),
        ("rinuncia", S.CONFERMATA),
        ("iscrizione_annullata", S.CONFERMATA),
    ],
)
def test_a_mail_whose_reason_is_gone_is_not_owed(genere, stato, incontro, adesso):
    posti = 1 if stato in Iscrizione.TENGONO_POSTI else 0
    iscrizione = IscrizioneFactory(incontro=incontro, stato=stato, posti=posti)

    with pytest.raises(NonDovuto):
        getattr(emails, genere)(messaggio(genere, iscrizione), adesso)


def test_a_mail_for_a_purged_registration_is_not_owed(adesso):
    iscrizione = IscrizioneFactory()
    Iscrizione.objects.filter(pk=iscrizione.pk).delete()

    with pytest.raises(NonDovuto):
        emails.confermata(messaggio("confermata", iscrizione), adesso)


def test_a_confirmation_that_comes_after_the_meeting_is_of_no_use(incontro, adesso):
    iscrizione = IscrizioneFactory(incontro=incontro)

    with pytest.raises(Scaduto):
        emails.confermata(messaggio("confermata", iscrizione), incontro.fine)


def test_every_kind_of_mail_about_meetings_renders_in_both_languages(incontro, adesso):
    stati = {
        "verifica": (S.DA_VERIFICARE, {"verificata_at": None}, {}),
        "gia_iscritta": (S.CONFERMATA, {}, {}),
        "confermata": (S.CONFERMATA, {}, {}),
        "lista_attesa": (S.LISTA_ATTESA, {"in_lista_dal": adesso}, {}),
        "posto_offerto": (
            S.POSTO_OFFERTO,
            {"scade_at": adesso + timedelta(hours=1)},
            {"scade_at": (adesso + timedelta(hours=1)).isoformat()},
        ),
        "posto_scaduto": (S.SCADUTA, {}, {}),
        "rinuncia": (S.RINUNCIATA, {}, {}),
        "iscrizione_annullata": (S.ANNULLATA, {}, {"motivo": "Doppia"}),
        "promemoria": (S.CONFERMATA, {}, {"inizio": incontro.inizio.isoformat()}),
    }
    giorno = incontro.inizio.replace(hour=12)
    for genere, (stato, campi, parametri) in stati.items():
        posti = 1 if stato in Iscrizione.TENGONO_POSTI else 0
        iscrizione = IscrizioneFactory(incontro=incontro, stato=stato, posti=posti, **campi)
        quando = adesso if genere != "promemoria" else giorno - timedelta(days=1)
        for lingua in ("it", "en"):
            with translation.override(lingua):
                composto = getattr(emails, genere)(
                    messaggio(genere, iscrizione, **parametri), quando
                )
            assert composto.oggetto
            assert iscrizione.nome in composto.testo
            assert iscrizione.nome in composto.html
            assert "{{" not in composto.testo + composto.html
