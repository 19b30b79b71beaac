"""Venues, meetings and registrations that come from a sheet."""

from datetime import datetime, timedelta

import pytest
from django.db.models import Sum

from eventi.models import Incontro, Iscrizione, PassaggioIscrizione, Sede
from eventi.services import richiedi_iscrizione
from importazioni.models import Importazione
from portale.lib.dates import ROMA
from posta.models import Messaggio
from tests.factories import (
    FaseFactory,
    IncontroFactory,
    IscrizioneFactory,
    LaboratorioFactory,
    PercorsoFactory,
    SedeFactory,
)
from tests.importazioni.conftest import ADESSO, _orologio, carica, officer, righe, scrivi

__all__ = ["_orologio", "carica", "officer", "scrivi"]
pytestmark = pytest.mark.django_db

PUBBLICATO = (
    "L'incontro è già stato pubblicato: {} si cambia con «{}», nella sua pagina, che avvisa chi "
    "è iscritto."
)


def a_roma(*parti):
    return datetime(*parti, tzinfo=ROMA)


# --- Venues ---------------------------------------------------------------------------------


def test_a_venue_is_known_again_by_its_number_and_only_what_differs_is_written(carica, scrivi):
    una, due = SedeFactory(nome="Uno", senza_gradini=True), SedeFactory(nome="Due")
    importazione = carica(
        "sedi",
        f"codice;nome;indirizzo;senza gradini\n{una.pk};Uno;via delle Prove 1;no\n"
        f"{due.pk};Due;via delle Prove 1;\n",
    )
    assert (importazione.cambiate, importazione.invariate) == (1, 1)
    assert importazione.righe.get(numero=2).cambi == [["senza gradini", "sì", "no"]]
    scrivi(importazione)
    una.refresh_from_db()
    assert una.senza_gradini is False


def test_a_venue_that_is_there_already_is_not_added_again(carica):
    sede = SedeFactory(nome="Sala civica", indirizzo="via Roma, 1")
    importazione = carica(
        "sedi", "nome;indirizzo\nSALA CIVICA;Via Roma 1\nNuova;via B\nnuova;Via B\n"
    )
    assert righe(importazione) == {
        2: (
            "errata",
            [
                [
                    "nome",
                    "C'è già una sede con questo nome e questo indirizzo: per aggiornarla scrivi "
                    f"{sede.pk} nella colonna «codice».",
                ]
            ],
            [],
        ),
        3: ("nuova", [], []),
        4: ("errata", [["nome", "C'è già in un'altra riga: lasciane una sola."]], []),
    }


def test_a_number_that_no_venue_has_or_that_comes_twice_is_told(carica):
    sede = SedeFactory()
    importazione = carica(
        "sedi", f"codice;nome\n{sede.pk};Uno\n{sede.pk};Due\n999999;Tre\nboh;Quattro\n"
    )
    assert [errori for _esito, errori, _a in righe(importazione).values()] == [
        [],
        [["codice", "È lo stesso della riga 2: lasciane una sola."]],
        [
            [
                "codice",
                "Nel portale non c'è «999999»: copialo da un file esportato, o lascia vuoto per "
                "aggiungere una riga nuova.",
            ]
        ],
        [
            [
                "codice",
                "Nel portale non c'è «boh»: copialo da un file esportato, o lascia vuoto per "
                "aggiungere una riga nuova.",
            ]
        ],
    ]


# --- Meetings -------------------------------------------------------------------------------


@pytest.fixture
def percorso():
    return PercorsoFactory(slug="percorso", stato="attivo")


def test_new_meetings_are_drafts_with_dates_as_people_write_them(carica, scrivi, percorso):
    lab, sede = LaboratorioFactory(numero=3), SedeFactory(nome="Sala Rossa")
    scrivi(
        carica(
            "incontri",
            "titolo;zona;inizio;fine;sede;posti\n"
            "Verde;3;mercoledì 6 maggio 2026 ore 18.30;20.30;Sala Rossa;40\n"
            "Verde;;7/5/26;;;\n"
            "Rosso;zona 3;08.05.2026 18:00;9/5/2026 1:00;;\n",
            percorso="percorso",
        )
    )
    incontri = Incontro.objects.order_by("pk")
    assert [(i.slug, i.stato, i.laboratorio, i.sede, i.posti) for i in incontri] == [
        ("verde", "bozza", lab, sede, 40),
        ("verde-07-05-2026", "bozza", None, None, None),
        ("rosso", "bozza", lab, None, None),
    ]
    assert [(i.inizio, i.fine, i.ora_nota) for i in incontri] == [
        (a_roma(2026, 5, 6, 18, 30), a_roma(2026, 5, 6, 20, 30), True),
        (a_roma(2026, 5, 7, 12, 0), None, False),
        (a_roma(2026, 5, 8, 18, 0), a_roma(2026, 5, 9, 1, 0), True),
    ]
    # With the reminders of every new meeting.
    assert sorted(incontri[0].promemoria.values_list("giorni", "ore")) == [(1, 0), (7, 0)]


def test_what_is_wrong_in_a_meeting_is_told_column_by_column(carica, percorso):
    importazione = carica(
        "incontri",
        "titolo;zona;inizio;fine;sede;genere;modalità;posti\n"
        ";9;giovedì 6 maggio 2026 18:30;17;Sala;festa;in presenza;molti\n"
        "Rovescio;;6/5/2026 18:30;17:00;;;;\n"
        "Seduta;;;;;seduta del Tavolo;;\n",
        percorso="percorso",
    )
    assert sorted(righe(importazione)[2][1]) == [
        [
            "fine",
            "Il 6/5/2026 non è il giorno della settimana che c'è scritto: controlla la data.",
        ],
        [
            "genere",
            "«festa» non va bene. Scrivi una di queste parole: assemblea pubblica, laboratorio "
            "di quartiere, workshop cittadino, seduta del Tavolo, incontro.",
        ],
        [
            "inizio",
            "Il 6/5/2026 non è il giorno della settimana che c'è scritto: controlla la data.",
        ],
        ["posti", "Scrivi un numero intero, come 30, oppure lascia vuoto."],
        [
            "sede",
            "«Sala» non è una sede del portale, o ce n'è più di una: aggiungila tra le sedi, o "
            "scrivi il suo codice.",
        ],
        ["titolo", "Manca: scrivi un titolo che si capisce da solo."],
        ["zona", "«9» non è una zona: scrivi il suo numero, o lascia vuoto."],
    ]
    assert righe(importazione)[3][1] == [["fine", "La fine viene prima dell'inizio."]]
    assert righe(importazione)[4][1] == [
        ["genere", "Le sedute del Tavolo si convocano dalla loro pagina."]
    ]


def test_of_a_published_meeting_the_doors_alone_change_date_venue_and_seats(carica, scrivi):
    incontro = IncontroFactory(
        slug="verde", titolo="Verde", posti=30, inizio=a_roma(2026, 5, 6, 18)
    )
    SedeFactory(nome="Altra")
    importazione = carica(
        "incontri",
        "codice;titolo;inizio;fine;sede;posti\nverde;Verde;7/5/2026 18:00;20:00;Altra;50\n",
    )
    assert sorted(righe(importazione)[2][1]) == [
        ["fine", PUBBLICATO.format("la fine", "Sposta")],
        ["inizio", PUBBLICATO.format("la data", "Sposta")],
        ["posti", PUBBLICATO.format("i posti", "Cambia i posti")],
        ["sede", PUBBLICATO.format("la sede", "Sposta")],
    ]
    # Its title and its text are not what people organised themselves by.
    scrivi(carica("incontri", "codice;titolo\nverde;Verde in città\n"))
    incontro.refresh_from_db()
    assert (incontro.titolo, incontro.inizio) == ("Verde in città", a_roma(2026, 5, 6, 18))
    assert Messaggio.objects.count() == 0


def test_a_draft_follows_the_sheet_and_its_reminders_follow_it(carica, scrivi):
    incontro = IncontroFactory(slug="verde", stato="bozza", inizio=a_roma(2026, 5, 6, 18))
    incontro.promemoria.create(giorni=1)
    scrivi(
        carica("incontri", f"codice;titolo;inizio;fine\nverde;{incontro.titolo};8/5/2026 18;20\n")
    )
    incontro.refresh_from_db()
    assert (incontro.inizio, incontro.stato) == (a_roma(2026, 5, 8, 18), "bozza")
    assert incontro.promemoria.get().dovuto_at == a_roma(2026, 5, 7, 18)


def test_a_draft_that_was_published_after_the_look_is_left_alone(carica, scrivi):
    incontro = IncontroFactory(slug="verde", stato="bozza", inizio=a_roma(2026, 5, 6, 18))
    importazione = carica(
        "incontri", f"codice;titolo;inizio;fine\nverde;{incontro.titolo};8/5/2026 18:00;20:00\n"
    )
    assert importazione.cambiate == 1
    Incontro.objects.update(stato="pubblicato")
    scrivi(importazione)
    incontro.refresh_from_db()
    assert (importazione.stato, incontro.inizio) == ("pronta", a_roma(2026, 5, 6, 18))
    assert PUBBLICATO.format("la data", "Sposta") in importazione.problema


# --- Registrations --------------------------------------------------------------------------


@pytest.fixture
def incontro():
    return IncontroFactory(slug="verde", titolo="Verde", posti=3)


def test_registrations_take_their_seats_from_the_one_service(carica, scrivi, incontro, officer):
    importazione = carica(
        "iscrizioni",
        "nome;e-mail;telefono;posti;canale\n"
        "Anna Rossi;Anna@Example.org;;2;\n"
        "Bruno  Neri;;0523 111;;telefono\n"
        "Carla Blu;carla@example.org;;1;\n",
        incontro="verde",
        oltre="lista",
        avvisa=False,
    )
    assert [avvisi for _e, _err, avvisi in righe(importazione).values()] == [
        [],
        [],
        [["", "I posti sono finiti: entra in lista d'attesa."]],
    ]
    assert Iscrizione.objects.count() == 0
    scrivi(importazione)
    iscritte = Iscrizione.objects.order_by("pk")
    assert [
        (i.nome, i.email, i.telefono, i.posti, i.canale, i.stato, i.registrata_da)
        for i in iscritte
    ] == [
        ("Anna Rossi", "anna@example.org", "", 2, "cartaceo", "confermata", officer),
        ("Bruno Neri", None, "0523 111", 1, "telefono", "confermata", officer),
        ("Carla Blu", "carla@example.org", "", 0, "cartaceo", "lista_attesa", officer),
    ]
    passaggi = PassaggioIscrizione.objects.values_list("attore", "autore").order_by()
    assert list(passaggi) == [("ufficio", officer.pk)] * 3
    incontro.refresh_from_db()
    assert incontro.posti_occupati == iscritte.aggregate(posti=Sum("posti"))["posti"] == 3
    assert Messaggio.objects.count() == 0


def test_who_is_to_be_told_is_told_once(carica, scrivi, incontro):
    importazione = carica(
        "iscrizioni",
        "nome;e-mail\nAnna;anna@example.org\nBruno;\n",
        incontro="verde",
        avvisa=True,
    )
    scrivi(importazione)
    scrivi(importazione)
    assert [m.destinatario for m in Messaggio.objects.all()] == ["anna@example.org"]


def test_who_is_registered_already_is_not_registered_again(carica, incontro):
    IscrizioneFactory(incontro=incontro, email="anna@example.org")
    IscrizioneFactory(incontro=incontro, email=None, nome="Bruno Neri", telefono="+39 0523 111111")
    importazione = carica(
        "iscrizioni",
        "nome;e-mail;telefono\n"
        "Anna;ANNA@example.org;\n"
        "BRUNO NERI;;0523111111\n"
        "Bruno Neri;;0523 222222\n"
        "Carla;carla@example.org;\n"
        "Carla B.;carla@example.org;\n"
        "Dina;scritta male;\n"
        "Elsa;;\n",
        incontro="verde",
        oltre="lista",
    )
    gia = [["e-mail", "Questo indirizzo è già iscritto: togli la riga."]]
    assert [(esito, errori) for esito, errori, _a in righe(importazione).values()] == [
        ("errata", gia),
        (
            "errata",
            [
                [
                    "nome",
                    "È già iscritta una persona con questo nome e questo telefono: togli la riga, "
                    "o iscrivila dalla pagina dell'incontro.",
                ]
            ],
        ),
        ("nuova", []),
        ("nuova", []),
        ("errata", gia),
        (
            "errata",
            [
                [
                    "e-mail",
                    "Controlla l'e-mail: deve essere come nome@esempio.it. Se non la conosci "
                    "lascia vuoto.",
                ]
            ],
        ),
        ("nuova", []),
    ]


def test_beyond_the_seats_the_row_is_wrong_when_the_officer_said_so(carica, scrivi, incontro):
    importazione = carica(
        "iscrizioni",
        "nome;e-mail;posti\nAnna;a@example.org;2\nBruno;b@example.org;2\n",
        incontro="verde",
        oltre="errore",
    )
    assert righe(importazione)[3][1] == [["posti", "Non ci sono più posti liberi."]]
    # Meanwhile somebody takes what was left.
    FaseFactory(percorso=incontro.percorso, apre_iscrizioni=True)
    richiedi_iscrizione(
        incontro, nome="Zoe", email="z@example.org", posti_richiesti=2, adesso=ADESSO
    )
    scrivi(importazione, solo_buone=True)
    assert importazione.stato == Importazione.Stato.PRONTA
    assert "Riga 2: Non ci sono più posti liberi." in importazione.problema
    assert [i.nome for i in Iscrizione.objects.all()] == ["Zoe"]


def test_nobody_registers_for_what_is_over_a_draft_or_not_named(carica, incontro):
    IncontroFactory(slug="passato", titolo="Passato", inizio=ADESSO - timedelta(days=3))
    IncontroFactory(slug="bozza", titolo="Bozza", stato="bozza")
    importazione = carica(
        "iscrizioni", "incontro;nome;e-mail\nPassato;A;a@example.org\nBozza;B;\n;C;\nverde;D;\n"
    )
    assert [errori for _e, errori, _a in righe(importazione).values()] == [
        [
            [
                "incontro",
                "Ci si può iscrivere solo a un incontro pubblicato e non ancora finito.",
            ]
        ],
        [
            [
                "incontro",
                "«Bozza» non è un incontro del portale, o ce n'è più di uno: copia l'indirizzo "
                "della sua pagina.",
            ]
        ],
        [["incontro", "Manca: scrivi il titolo dell'incontro."]],
        [],
    ]


def test_a_registration_of_the_portal_does_not_change_through_a_sheet(carica, incontro):
    iscrizione = IscrizioneFactory(incontro=incontro, nome="Anna")
    importazione = carica("iscrizioni", f"numero;incontro;nome\n{iscrizione.pk};verde;Anna\n")
    assert importazione.invariate == 1
    importazione = carica("iscrizioni", f"numero;incontro;nome\n{iscrizione.pk};verde;Bianca\n")
    assert righe(importazione)[2][1] == [
        ["numero", "È già iscritta: quello che è cambiato scrivilo nella sua pagina."]
    ]


def test_what_people_need_is_written_only_by_who_may_read_it(carica, scrivi, incontro, officer):
    testo = "nome;telefono;che cosa le serve\nAnna;0523 1;una rampa\n"
    scrivi(carica("iscrizioni", testo, incontro="verde"))
    assert Iscrizione.objects.get().necessita.testo == "una rampa"
    officer.groups.get().permissions.filter(codename="view_necessita").delete()
    importazione = carica("iscrizioni", testo.replace("Anna", "Bruno"), incontro="verde")
    assert importazione.ignorate == [["che cosa le serve", ""]]


def test_a_venue_is_written_with_nobody_else_in_between(carica, scrivi):
    scrivi(carica("sedi", 'nome;come arrivare\nUno;"riga uno\nriga due"\n'))
    assert Sede.objects.get().note == "riga uno\nriga due"
