"""The same workshop in every lab from one form; one change for those that follow."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from eventi import serie, services
from eventi.models import Incontro, SerieIncontri
from posta.models import Messaggio
from tests.factories import (
    IncontroFactory,
    IscrizioneFactory,
    LaboratorioFactory,
    PercorsoFactory,
    SedeFactory,
)
from tests.moduli import modulo
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

NUOVA = "/admin/eventi/incontro/serie/"
ROMA = ZoneInfo("Europe/Rome")
Stato = Incontro.Stato


@pytest.fixture
def io(client):
    return entra(client, "ufficio")


@pytest.fixture
def laboratori():
    PercorsoFactory()
    return [LaboratorioFactory(numero=n, nome=f"Zona {n}") for n in (1, 2, 3)]


def compilata(client, **campi):
    """The form filled in for three labs on three days."""
    dati = {
        "titolo": "Che verde vogliamo a {laboratorio}",
        "posti": "30",
        "servizi": ["bambini", "lis"],
    }
    for n in range(3):
        dati |= {f"righe-{n}-giorno": f"2031-05-0{n + 3}", f"righe-{n}-ora": "18:30"}
    return modulo(client.get(NUOVA), **{**dati, **campi})


@pytest.mark.parametrize("ruolo", RUOLI)
def test_only_the_office_makes_and_changes_a_series(client, ruolo):
    incontro = IncontroFactory(stato=Stato.BOZZA, titolo="Segreto")
    entra(client, ruolo)
    atteso = {"anonima": 302, "ufficio": 200, "amministratrice": 200}.get(ruolo, 404)
    modifica = reverse("admin:eventi_incontro_modifica_serie", args=[incontro.pk])

    assert [client.get(url).status_code for url in (NUOVA, modifica)] == [atteso] * 2


def test_nothing_is_written_before_the_preview_has_been_read(client, io, laboratori):
    sede = SedeFactory(nome="Sala")
    dati = compilata(client, **{"righe-0-sede": sede.pk, "righe-1-includi": None})

    anteprima = client.post(NUOVA, dati)

    assert Incontro.objects.count() == 0
    assert [
        (riga["titolo"], riga["quando"], str(riga["dove"]), riga["posti"])
        for riga in anteprima.context["anteprima"]
    ] == [
        ("Che verde vogliamo a Zona 1", "sabato 3 maggio 2031, 18:30–20:30", "Sala", 30),
        (
            "Che verde vogliamo a Zona 3",
            "lunedì 5 maggio 2031, 18:30–20:30",
            "sede da comunicare",
            30,
        ),
    ]


def test_what_was_previewed_is_made_as_drafts_once(client, io, laboratori):
    anteprima = client.post(NUOVA, compilata(client, **{"righe-2-titolo": "Diverso"}))
    dati = modulo(anteprima, _crea="Crea")

    risposte = [client.post(NUOVA, dati) for _volta in range(2)]

    fatta = SerieIncontri.objects.get()
    assert {r["Location"] for r in risposte} == {
        f"/admin/eventi/incontro/?serie__id__exact={fatta.pk}"
    }
    incontri = list(fatta.incontri.order_by("laboratorio"))
    assert [(i.titolo, i.slug, i.stato, i.posti) for i in incontri] == [
        (
            "Che verde vogliamo a Zona 1",
            "che-verde-vogliamo-a-zona-1-zona-1-2031-05-03",
            "bozza",
            30,
        ),
        (
            "Che verde vogliamo a Zona 2",
            "che-verde-vogliamo-a-zona-2-zona-2-2031-05-04",
            "bozza",
            30,
        ),
        ("Diverso", "diverso-zona-3-2031-05-05", "bozza", 30),
    ]
    primo = incontri[0]
    assert primo.inizio == datetime(2031, 5, 3, 18, 30, tzinfo=ROMA)
    assert [servizio.genere for servizio in primo.servizi.all()] == ["bambini", "lis"]
    assert primo.promemoria.count() == 2
    assert LogEntry.objects.filter(action_flag=1).count() == 3
    assert client.get(risposte[0]["Location"]).context["cl"].result_count == 3


def test_all_are_published_together(client, io, laboratori):
    anteprima = client.post(NUOVA, compilata(client))

    client.post(NUOVA, modulo(anteprima, _pubblica="Crea e pubblica"))

    assert list(Incontro.objects.values_list("stato", flat=True)) == ["pubblicato"] * 3


def test_what_changed_after_the_preview_is_previewed_again(client, io, laboratori):
    anteprima = client.post(NUOVA, compilata(client))

    ancora = client.post(NUOVA, modulo(anteprima, posti="12", _crea="Crea"))

    assert Incontro.objects.count() == 0
    assert [riga["posti"] for riga in ancora.context["anteprima"]] == [12, 12, 12]


def test_a_wrong_row_is_told_in_its_place_and_nothing_is_lost(client, io, laboratori):
    dati = compilata(
        client, **{"righe-0-ora": "", "righe-1-giorno": "2020-01-01", "righe-2-titolo": "Mio"}
    )

    response = client.post(NUOVA, dati)

    assert response.context["righe"].errors == [
        {"ora": ["Manca l'ora."]},
        {"giorno": ["È già passato."]},
        {},
    ]
    html = response.content.decode()
    assert 'value="Mio"' in html
    assert 'value="2020-01-01"' in html
    assert response.context["anteprima"] is None


def test_two_in_the_same_room_at_once_are_refused(client, io, laboratori):
    sede = SedeFactory(nome="Sala")
    dati = compilata(
        client,
        **{"righe-0-sede": sede.pk, "righe-1-sede": sede.pk, "righe-1-giorno": "2031-05-03"},
    )

    response = client.post(NUOVA, dati)

    assert response.context["righe"].non_form_errors() == [
        "Due incontri nello stesso posto alla stessa ora: Sala."
    ]


def test_if_one_can_not_be_published_none_is_made(laboratori, io, monkeypatch):
    def rifiuta(incontro, **_resto):
        if incontro.laboratorio == laboratori[1]:
            raise services.Rifiuto("Manca la data di inizio.")

    monkeypatch.setattr(services, "pubblica", rifiuta)
    inizio = timezone.now() + timedelta(days=9)
    righe = [
        serie.Riga(lab, "T", inizio, inizio + timedelta(hours=2), None, None) for lab in laboratori
    ]

    with pytest.raises(services.Rifiuto, match="Zona 2"):
        serie.crea(
            chiave="k",
            titolo="T",
            righe=righe,
            comuni={"percorso": PercorsoFactory()},
            servizi=[],
            pubblicali=True,
            autore=io,
            adesso=timezone.now(),
        )

    assert (SerieIncontri.objects.count(), Incontro.objects.count()) == (0, 0)


# --- Those that follow ----------------------------------------------------------------------


@pytest.fixture
def tre():
    """A series of a past, a draft and two published meetings, a week apart."""
    mia = SerieIncontri.objects.create(titolo="S", chiave="s")
    partenza = datetime(2031, 5, 3, 18, 30, tzinfo=ROMA)
    tutti = [
        IncontroFactory(
            serie=mia,
            titolo=f"N{n}",
            inizio=partenza + timedelta(days=7 * n),
            stato=stato,
            posti=9,
        )
        for n, stato in enumerate((Stato.PUBBLICATO, Stato.BOZZA, Stato.PUBBLICATO))
    ]
    IncontroFactory(serie=mia, passato=True, titolo="Passato")
    return tutti


def _modifica(client, incontro, **campi):
    url = reverse("admin:eventi_incontro_modifica_serie", args=[incontro.pk])
    anteprima = client.post(url, modulo(client.get(url), **campi))
    return anteprima, client.post(url, modulo(anteprima, _fallo="Cambia e avvisa"))


def test_an_hour_and_a_venue_go_to_this_one_and_those_that_follow(client, io, tre):
    _primo, bozza, ultimo = tre
    for incontro in tre:
        IscrizioneFactory(incontro=incontro)
    sala = SedeFactory()

    anteprima, fatto = _modifica(
        client,
        bozza,
        campi=["orario", "sede"],
        orario="17:00",
        sede=sala.pk,
        motivo="La scuola chiude prima.",
    )

    assert [(r["titolo"], r["avvisati"]) for r in anteprima.context["anteprima"]] == [
        ("N1", 0),
        ("N2", 1),
    ]
    assert fatto.status_code == 302
    for incontro in tre:
        incontro.refresh_from_db()
    assert [i.inizio.astimezone(ROMA).hour for i in tre] == [18, 17, 17]
    assert [i.fine - i.inizio for i in tre] == [timedelta(hours=2)] * 3
    assert [i.sede == sala for i in tre] == [False, True, True]
    # One notice for both changes, and only to who registered to a published one.
    assert [(m.genere, m.parametri["sequenza"]) for m in Messaggio.objects.all()] == [
        ("spostato", 1)
    ]
    voci = LogEntry.objects.filter(change_message="Modificato con la sua serie")
    assert sorted(voci.values_list("object_id", flat=True)) == sorted(
        [str(bozza.pk), str(ultimo.pk)]
    )


def test_without_a_reason_nobody_is_moved(client, io, tre):
    _anteprima, fatto = _modifica(client, tre[0], campi=["orario"], orario="17:00")

    assert fatto.context["form"].non_field_errors() == [
        "«N0»: Scrivi il motivo: chi è iscritto lo leggerà."
    ]
    tre[1].refresh_from_db()
    assert tre[1].inizio.astimezone(ROMA).hour == 18


def test_those_that_follow_are_cancelled_each_through_its_door(client, io, tre):
    IscrizioneFactory(incontro=tre[2])

    _modifica(client, tre[1], campi=["annulla"], motivo="Neve.")

    assert list(
        Incontro.objects.filter(titolo__startswith="N")
        .order_by("pk")
        .values_list("stato", flat=True)
    ) == ["pubblicato", "bozza", "annullato"]
    assert Messaggio.objects.get().genere == "annullato"


def test_only_this_one_may_be_changed_too(client, io, tre):
    _modifica(
        client, tre[0], quali="questo", campi=["posti", "descrizione"], posti="20", descrizione="X"
    )

    assert list(
        Incontro.objects.filter(titolo__startswith="N")
        .order_by("pk")
        .values_list("posti", "descrizione")
    ) == [(20, "X"), (9, ""), (9, "")]
