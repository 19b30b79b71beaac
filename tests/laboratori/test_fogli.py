"""The map of actors that comes from a sheet."""

import pytest

from laboratori.models import Attore
from tests.factories import AttoreFactory, LaboratorioFactory, QuartiereFactory
from tests.importazioni.conftest import _orologio, carica, officer, righe, scrivi

__all__ = ["_orologio", "carica", "officer", "scrivi"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    return LaboratorioFactory(numero=3, nome="Laboratorio Ovest", slug="ovest")


def test_actors_are_added_through_their_door_with_their_history(carica, scrivi, lab, officer):
    QuartiereFactory(laboratorio=lab, nome="Besurica")
    scrivi(
        carica(
            "attori",
            "zona;nome;genere;per chi;e-mail;telefono;a che punto\n"
            "Besurica;Circolo  Uno;associazione;donne, giovani;uno@example.org;0523 1;\n"
            "zona 3;Scuola Due;Scuola;;;+39 0523 2;raggiunto\n",
        )
    )
    uno, due = Attore.objects.order_by("pk")
    assert (uno.laboratorio, uno.nome, uno.pubblici, uno.email, uno.stato) == (
        lab,
        "Circolo Uno",
        ["giovani", "donne"],
        "uno@example.org",
        "da_raggiungere",
    )
    assert (due.genere, due.telefono, due.stato) == ("scuola", "+39 0523 2", "raggiunto")
    assert [(m.verbo, m.autore) for m in uno.modifiche.all()] == [("aggiunto", officer)]


def test_an_actor_is_corrected_by_its_number_and_the_change_is_kept(carica, scrivi, lab):
    attore = AttoreFactory(laboratorio=lab, nome="Circolo", luogo="via A")
    testo = f"codice;zona;nome;genere;luogo\n{attore.pk};3;Circolo;associazione;via B\n"
    importazione = carica("attori", testo)
    assert importazione.righe.get().cambi == [["luogo", "via A", "via B"]]
    scrivi(importazione)
    attore.refresh_from_db()
    assert (attore.luogo, attore.versione, attore.contatto) == ("via B", 2, "Rosa Segreta")
    assert attore.modifiche.get().cambi == [{"campo": "luogo", "da": "via A", "a": "via B"}]
    assert carica("attori", testo).invariate == 1


def test_one_name_in_a_zone_is_one_actor(carica, lab):
    attore = AttoreFactory(laboratorio=lab, nome="Circolo Àncora")
    tolto = AttoreFactory(laboratorio=lab, nome="Chiuso", tolto=True)
    importazione = carica(
        "attori",
        "codice;zona;nome;genere\n"
        ";3;circolo ancora;associazione\n"
        ";3;Nuovo;altro\n"
        ";3;NUOVO;altro\n"
        f"{tolto.pk};3;Chiuso davvero;associazione\n"
        ";3;...;altro\n"
        ";8;Otto;marziano\n",
    )
    assert [errori for _e, errori, _a in righe(importazione).values()] == [
        [
            [
                "nome",
                f"In questa zona c'è già: per aggiornarlo scrivi {attore.pk} nella colonna "
                "«codice».",
            ]
        ],
        [],
        [["nome", "In questa zona c'è già in un'altra riga: lasciane una sola."]],
        [["nome", "È stato tolto dalla mappa: prima rimettilo, dalla sua scheda."]],
        [["nome", "Scrivi un nome, con delle lettere."]],
        [
            ["zona", "«8» non è una zona: scrivi il suo numero."],
            [
                "genere",
                "«marziano» non va bene. Scrivi una di queste parole: associazione, gruppo "
                "informale o comitato, parrocchia o comunità religiosa, scuola o servizio "
                "educativo, società sportiva, servizio pubblico, cooperativa o impresa sociale, "
                "negozio o impresa, altro.",
            ],
        ],
    ]


def test_a_sheet_that_was_read_before_a_correction_overwrites_nothing(carica, scrivi, lab):
    attore = AttoreFactory(laboratorio=lab, nome="Circolo", luogo="via A")
    testo = f"codice;zona;nome;genere;luogo\n{attore.pk};3;Circolo;associazione;via B\n"
    importazione = carica("attori", testo)
    # Read anew when it is written: the sheet then says what was seen, and the rest stays.
    Attore.objects.filter(pk=attore.pk).update(attivita="Corsi", versione=5)
    scrivi(importazione)
    attore.refresh_from_db()
    assert (attore.luogo, attore.attivita, attore.versione) == ("via B", "Corsi", 6)
