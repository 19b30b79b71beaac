"""Who has no e-mail is called: once for each thing that the others read in a mail."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from eventi import services, telefonate
from eventi.models import Incontro, Iscrizione, Telefonata
from eventi.promemoria import accoda_promemoria, programma_promemoria
from portale import cruscotto
from posta.models import Messaggio
from tests.factories import (
    IncontroFactory,
    IscrizioneFactory,
    PromemoriaFactory,
    SedeFactory,
    UserFactory,
)
from tests.moduli import modulo
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

ELENCO = "/admin/eventi/telefonata/"


def senza_email(incontro, **campi):
    return IscrizioneFactory(incontro=incontro, email=None, **{"telefono": "0523 111111", **campi})


def annulla(incontro):
    return services.annulla(incontro, motivo="Neve.", autore=None, adesso=timezone.now())


def sposta(incontro, giorni):
    inizio = incontro.inizio + timedelta(days=giorni)
    return services.sposta(
        incontro,
        inizio=inizio,
        fine=inizio + timedelta(hours=2),
        sede=incontro.sede,
        motivo="Sala occupata.",
        autore=None,
        adesso=timezone.now(),
    )


def da_fare():
    return [(t.iscrizione.nome, t.genere) for t in Telefonata.objects.da_fare(timezone.now())]


def test_a_meeting_that_changes_has_a_mail_for_some_and_a_call_for_the_others():
    incontro = IncontroFactory()
    IscrizioneFactory(incontro=incontro)
    senza_email(incontro, nome="Zaira")
    senza_email(incontro, nome="Rinuncia", stato=Iscrizione.Stato.RINUNCIATA, posti=0)

    sposta(incontro, 2)

    assert Messaggio.objects.get().genere == "spostato"
    assert da_fare() == [("Zaira", "spostato")]


def test_what_is_newer_takes_the_place_of_what_was_to_be_said():
    incontro = IncontroFactory()
    senza_email(incontro, nome="Zaira")

    sposta(incontro, 2)
    incontro.refresh_from_db()
    sposta(incontro, 3)
    incontro.refresh_from_db()
    annulla(incontro)

    assert da_fare() == [("Zaira", "annullato")]
    assert sorted(Telefonata.objects.values_list("genere", "esito")) == [
        ("annullato", ""),
        ("spostato", "superata"),
        ("spostato", "superata"),
    ]


def test_the_same_event_twice_is_one_call():
    incontro = IncontroFactory()
    zaira = senza_email(incontro)
    adesso = timezone.now()

    for _volta in range(2):
        telefonate.accoda("iscrizione_annullata", zaira, "una", adesso)

    assert Telefonata.objects.count() == 1


def test_an_offered_seat_is_called_by_its_deadline_and_only_while_it_is_offered():
    incontro = IncontroFactory(posti=1)
    prima = IscrizioneFactory(incontro=incontro)
    zaira = senza_email(incontro, nome="Zaira", in_attesa=True)

    services.rinuncia(prima, adesso=timezone.now())

    zaira.refresh_from_db()
    telefonata = Telefonata.objects.get()
    assert (telefonata.genere, telefonata.entro_at) == ("posto_offerto", zaira.scade_at)
    services.libera_scaduti(zaira.scade_at)
    assert da_fare() == [("Zaira", "posto_scaduto")]


def test_a_reminder_is_a_call_for_who_has_no_address_and_a_mail_for_who_has():
    incontro = IncontroFactory()
    PromemoriaFactory(incontro=incontro, giorni=1)
    programma_promemoria(incontro)
    prima = timezone.now() - timedelta(days=3)
    con, senza = IscrizioneFactory(incontro=incontro), senza_email(incontro, nome="Zaira")
    senza_email(incontro, nome="Non vuole", promemoria_graditi=False)
    Iscrizione.objects.filter(pk__in=[con.pk, senza.pk]).update(confermata_at=prima)

    for ore in (2, 1):
        accoda_promemoria(incontro.inizio - timedelta(hours=ore))

    assert Messaggio.objects.filter(genere="promemoria").count() == 1
    assert list(Telefonata.objects.values_list("iscrizione__nome", "genere", "entro_at")) == [
        ("Zaira", "promemoria", incontro.inizio)
    ]


def test_who_waited_and_is_confirmed_by_the_office_is_called():
    incontro = IncontroFactory(posti=1)
    IscrizioneFactory(incontro=incontro)
    zaira = senza_email(incontro, nome="Zaira", in_attesa=True)

    for _volta in range(2):
        services.conferma_dall_ufficio(
            zaira, autore=UserFactory(), motivo="Interprete", adesso=timezone.now()
        )

    assert da_fare() == [("Zaira", "confermata")]


def test_only_reached_closes_a_call_and_who_comes_second_is_told():
    incontro = IncontroFactory()
    senza_email(incontro)
    annulla(incontro)
    telefonata, adesso = Telefonata.objects.get(), timezone.now()
    anna = UserFactory()

    esiti = [
        telefonate.segna(telefonata, esito, autore=anna, adesso=adesso)
        for esito in ("non_risponde", "raggiunta", "da_richiamare")
    ]

    telefonata.refresh_from_db()
    assert esiti == [True, True, False]
    assert (telefonata.esito, telefonata.tentativi, telefonata.chiusa_at) == (
        "raggiunta",
        2,
        adesso,
    )


# --- The list -------------------------------------------------------------------------------


@pytest.mark.parametrize("ruolo", RUOLI)
def test_only_the_office_reads_whom_to_call(client, ruolo):
    incontro = IncontroFactory()
    senza_email(incontro, nome="Segreta Persona")
    annulla(incontro)
    pk = Telefonata.objects.get().pk
    entra(client, ruolo)
    puo = ruolo in ("ufficio", "amministratrice")
    atteso = 302 if ruolo == "anonima" else 200 if puo else 404
    porte = [
        reverse(f"admin:eventi_telefonata_{nome}", args=[pk])
        for nome in ("change", "history", "accetta", "rinuncia")
    ]

    risposte = [client.get(url) for url in (ELENCO, f"{ELENCO}?fatte", *porte)]

    assert [r.status_code for r in risposte] == [atteso] * 6
    assert any("Segreta" in r.content.decode() for r in risposte) is puo
    segna = reverse("admin:eventi_telefonata_segna", args=[pk])
    assert client.get(segna).status_code == (302 if ruolo == "anonima" else 404)
    client.post(segna, {"esito": "raggiunta"})
    assert Telefonata.objects.get().esito == ("raggiunta" if puo else "")


def test_the_list_says_what_to_say_and_a_tick_takes_a_line_away(client):
    anna = entra(client, "ufficio")
    incontro = IncontroFactory(titolo="Verde", sede=SedeFactory(nome="Sala"))
    senza_email(incontro, nome="Zaira Verdi", telefono="+39 0523 11-11")
    annulla(incontro)
    telefonata = Telefonata.objects.get()

    pagina = client.get(ELENCO)
    segna = reverse("admin:eventi_telefonata_segna", args=[telefonata.pk])
    dopo = client.post(segna, {"esito": "raggiunta"}, follow=True)

    html = pagina.content.decode()
    assert 'href="tel:+3905231111"' in html
    assert [riga["che_cosa"] for riga in pagina.context["righe"]] == [
        "L'incontro è annullato. Neve."
    ]
    assert dopo.context["righe"] == []
    telefonata.refresh_from_db()
    assert telefonata.segnata_da == anna
    assert LogEntry.objects.get().object_repr == f"telefonata {telefonata.pk}"
    client.post(segna, {"esito": ""})
    assert len(client.get(ELENCO).context["righe"]) == 1


def test_an_offered_seat_is_taken_on_the_telephone_with_a_trace(client):
    anna = entra(client, "ufficio")
    incontro = IncontroFactory(posti=1)
    prima = IscrizioneFactory(incontro=incontro)
    zaira = senza_email(incontro, in_attesa=True)
    services.rinuncia(prima, adesso=timezone.now())
    telefonata = Telefonata.objects.get()
    url = reverse("admin:eventi_telefonata_accetta", args=[telefonata.pk])

    response = client.post(url, modulo(client.get(url)))

    assert response["Location"] == f"{ELENCO}?incontro={incontro.pk}"
    zaira.refresh_from_db()
    telefonata.refresh_from_db()
    passaggio = zaira.passaggi.last()
    assert (zaira.stato, passaggio.attore, passaggio.autore) == ("confermata", "ufficio", anna)
    assert telefonata.esito == "raggiunta"


def test_an_offered_seat_is_given_back_on_the_telephone(client):
    entra(client, "ufficio")
    incontro = IncontroFactory(posti=1)
    prima = IscrizioneFactory(incontro=incontro)
    zaira = senza_email(incontro, in_attesa=True)
    services.rinuncia(prima, adesso=timezone.now())
    telefonata = Telefonata.objects.get()

    client.post(reverse("admin:eventi_telefonata_rinuncia", args=[telefonata.pk]))

    zaira.refresh_from_db()
    assert zaira.stato == "rinunciata"
    assert da_fare() == []


@pytest.mark.parametrize("righe", [1, 3])
def test_the_list_asks_as_often_for_one_row_as_for_three(client, righe, django_assert_num_queries):
    entra(client, "ufficio")
    incontro = IncontroFactory()
    for _n in range(righe):
        senza_email(incontro)
    annulla(incontro)

    with django_assert_num_queries(6):
        client.get(ELENCO)


def test_the_first_page_counts_the_calls_and_tells_the_most_urgent(client):
    anna = entra(client, "ufficio")
    incontro = IncontroFactory(inizio=timezone.now() + timedelta(hours=5))
    senza_email(incontro)
    annulla(incontro)
    assert incontro.stato == Incontro.Stato.PUBBLICATO

    voci = [v for v in cruscotto.da_fare(anna, timezone.now()) if v.url == ELENCO]

    assert [(voce.quanti, voce.grave) for voce in voci] == [(1, True)]
    assert voci[0].testo.startswith("persona senza e-mail è da chiamare: la prima entro ")
