"""Taps at the door: each once, in the order they were made, whatever the network does."""

import uuid
from datetime import timedelta

import pytest

from eventi import presenze
from eventi.models import Incontro, Ingresso, Iscrizione, SegnoPresenza
from eventi.presenze import Chiusa, Entrata, Segno
from tests.factories import AccoglienzaFactory, IncontroFactory, IscrizioneFactory, UserFactory

pytestmark = pytest.mark.django_db

UNO, DUE = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture
def incontro(adesso):
    return IncontroFactory(inizio=adesso)


@pytest.fixture
def porta(incontro):
    return AccoglienzaFactory(incontro=incontro, nome="Anna")


def tocca(iscrizione, presenti, *, da=0, chiave=None):
    """A tap made ``da`` seconds ago."""
    return Segno(chiave or uuid.uuid4(), iscrizione.pk, presenti, timedelta(seconds=da))


def vale(iscrizione):
    riga = Iscrizione.objects.get(pk=iscrizione.pk)
    return riga.presente, riga.presenti


def righe(iscrizione):
    return list(iscrizione.segni.values_list("da", "a"))


# --- Taps on names --------------------------------------------------------------------------


def test_a_tap_says_who_came_and_leaves_a_row_of_who_tapped(incontro, porta, adesso):
    iscrizione = IscrizioneFactory(incontro=incontro, posti_richiesti=3)

    assert presenze.registra(porta, [tocca(iscrizione, 2)], adesso=adesso) == [""]

    assert vale(iscrizione) == (True, 2)
    segno = iscrizione.segni.get()
    assert (segno.da, segno.a, segno.accoglienza, segno.toccato_at) == (None, 2, porta, adesso)


def test_the_same_key_is_one_tap_however_often_it_arrives(incontro, porta, adesso):
    iscrizione = IscrizioneFactory(incontro=incontro)
    tocco = tocca(iscrizione, 1, chiave=uuid.UUID(int=9))
    altro = tocca(iscrizione, 0)

    presenze.registra(porta, [tocco, tocco], adesso=adesso)
    presenze.registra(porta, [altro], adesso=adesso + timedelta(seconds=5))
    presenze.registra(porta, [tocco], adesso=adesso + timedelta(seconds=60))

    assert vale(iscrizione) == (False, None)
    assert righe(iscrizione) == [(None, 1), (1, 0)]


def test_absent_and_taken_back_are_states_like_the_others(incontro, porta, adesso):
    iscrizione = IscrizioneFactory(incontro=incontro, posti_richiesti=2)
    visti = []
    for n, presenti in enumerate((2, 0, None)):
        quando = adesso + timedelta(seconds=n)
        presenze.registra(porta, [tocca(iscrizione, presenti)], adesso=quando)
        visti.append(vale(iscrizione))

    assert visti == [(True, 2), (False, None), (None, None)]
    assert righe(iscrizione) == [(None, 2), (2, 0), (0, None)]


def test_of_two_phones_the_last_to_tap_stands_not_the_last_to_arrive(incontro, porta, adesso):
    iscrizione = IscrizioneFactory(incontro=incontro)
    altra = AccoglienzaFactory(incontro=incontro)

    presenze.registra(porta, [tocca(iscrizione, 1, da=10)], telefono=UNO, adesso=adesso)
    # Tapped before that, on a phone that had no network until now.
    presenze.registra(
        altra,
        [tocca(iscrizione, 0, da=600)],
        telefono=DUE,
        adesso=adesso + timedelta(seconds=30),
    )

    assert vale(iscrizione) == (True, 1)
    assert iscrizione.segni.count() == 2


def test_a_phone_keeps_the_order_of_its_own_taps_on_a_slow_network(incontro, porta, adesso):
    iscrizione = IscrizioneFactory(incontro=incontro)

    # The first was on its way for long, and looks younger than it is.
    presenze.registra(porta, [tocca(iscrizione, 1, da=0)], telefono=UNO, adesso=adesso)
    presenze.registra(porta, [tocca(iscrizione, None, da=15)], telefono=UNO, adesso=adesso)

    assert vale(iscrizione) == (None, None)


def test_only_confirmed_people_of_that_meeting_are_marked(incontro, porta, adesso):
    in_lista = IscrizioneFactory(incontro=incontro, in_attesa=True)
    altrove = IscrizioneFactory(incontro__inizio=adesso)
    sua = IscrizioneFactory(incontro=incontro)

    esiti = presenze.registra(
        porta, [tocca(in_lista, 1), tocca(altrove, 1), tocca(sua, 1)], adesso=adesso
    )

    no = "Non è fra le iscrizioni confermate di questo incontro."
    assert esiti == [no, no, ""]
    assert [vale(i)[0] for i in (in_lista, altrove, sua)] == [None, None, True]


def test_a_key_of_another_meeting_is_refused_and_its_tap_stays(incontro, porta, adesso):
    altra_porta = AccoglienzaFactory(incontro__inizio=adesso)
    altrove = IscrizioneFactory(incontro=altra_porta.incontro)
    presenze.registra(altra_porta, [tocca(altrove, 1, chiave=UNO)], adesso=adesso)
    qui = IscrizioneFactory(incontro=incontro)

    esiti = presenze.registra(porta, [tocca(qui, 1, chiave=UNO)], adesso=adesso)

    assert esiti == ["Questo tocco è di un altro incontro."]
    assert (vale(altrove), vale(qui)) == ((True, 1), (None, None))


# --- When the role holds --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cambi", "tra", "perche"),
    [
        ({}, timedelta(0), ""),
        ({}, timedelta(hours=-11), ""),
        ({}, timedelta(hours=-13), "È presto: il link si apre"),
        ({}, timedelta(days=3), ""),
        ({}, timedelta(days=3, hours=3), "Le presenze di questo incontro si sono chiuse"),
        ({"stato": Incontro.Stato.ANNULLATO}, timedelta(0), "L'incontro è annullato."),
        ({"stato": Incontro.Stato.BOZZA}, timedelta(0), "L'incontro non è in programma."),
    ],
)
def test_the_link_holds_on_the_evening_and_three_days_after(
    incontro, porta, adesso, cambi, tra, perche
):
    Incontro.objects.filter(pk=incontro.pk).update(**cambi)
    porta.incontro.refresh_from_db()
    assert presenze.RUOLO.perche_chiuso(porta, adesso + tra)[: len(perche) or None] == perche


def test_a_link_taken_back_a_moment_ago_writes_nothing(incontro, porta, adesso):
    iscrizione = IscrizioneFactory(incontro=incontro)
    presenze.RUOLO.ritira(type(porta).objects.get(pk=porta.pk))

    with pytest.raises(Chiusa, match="ritirato"):
        presenze.registra(porta, [tocca(iscrizione, 1)], adesso=adesso)

    assert (SegnoPresenza.objects.count(), vale(iscrizione)) == (0, (None, None))


# --- The office -----------------------------------------------------------------------------


def test_attendance_is_of_confirmed_people_of_meetings_that_have_begun(adesso):
    officer = UserFactory(ufficio=True)
    venuta = IscrizioneFactory(incontro=IncontroFactory(passato=True), posti_richiesti=2)
    di_prima = IscrizioneFactory(
        incontro=IncontroFactory(passato=True, stato=Incontro.Stato.SVOLTO)
    )
    in_lista = IscrizioneFactory(incontro=venuta.incontro, in_attesa=True)
    domani = IscrizioneFactory()
    annullata = IscrizioneFactory(
        incontro=IncontroFactory(passato=True, stato=Incontro.Stato.ANNULLATO)
    )
    non_scelta = IscrizioneFactory(incontro=venuta.incontro)
    scelte = [venuta, di_prima, in_lista, domani, annullata]

    def presenti():
        return [vale(i) for i in (*scelte, non_scelta)]

    niente = (None, None)
    pks = [iscrizione.pk for iscrizione in scelte]
    assert presenze.segna_presenza(pks, True, autore=officer, adesso=adesso) == 2
    assert presenti() == [(True, 2), (True, 1), niente, niente, niente, niente]
    dopo = adesso + timedelta(minutes=1)
    assert presenze.segna_presenza([venuta.pk], False, autore=officer, adesso=dopo) == 1
    assert presenti() == [(False, None), (True, 1), niente, niente, niente, niente]
    assert presenze.segna_presenza([], True, adesso=adesso) == 0
    assert list(venuta.segni.values_list("da", "a", "autore")) == [
        (None, 2, officer.pk),
        (2, 0, officer.pk),
    ]


# --- The counter ----------------------------------------------------------------------------


def test_the_counter_adds_up_taps_by_category_and_each_once(incontro, porta, adesso):
    donna = Entrata(uuid.uuid4(), 1, genere="donna", eta="65+", volta="prima")
    tocchi = [donna, donna, Entrata(uuid.uuid4(), 3), Entrata(uuid.uuid4(), 1, genere="uomo")]

    assert presenze.registra(porta, tocchi, adesso=adesso) == [""] * 4
    presenze.registra(porta, tocchi, adesso=adesso)

    conti = presenze.conta(incontro)
    assert (conti.senza_iscrizione, conti.totale, conti.rilevato) == (5, 5, True)
    assert conti.categorie == {
        "genere": {"donna": 1, "uomo": 1, "altro": 0, "": 3},
        "eta": {"0-17": 0, "18-34": 0, "35-64": 0, "65+": 1, "": 4},
        "volta": {"prima": 1, "gia": 0, "": 4},
    }


def test_nobody_is_taken_away_who_did_not_come_in(incontro, porta, adesso):
    via = Entrata(uuid.uuid4(), -1, genere="donna")
    esiti = presenze.registra(
        porta,
        [via, Entrata(uuid.uuid4(), 1, genere="donna"), Entrata(uuid.uuid4(), -1, genere="donna")],
        adesso=adesso,
    )

    assert esiti == ["Non c'è nessuno da togliere con queste caratteristiche.", "", ""]
    assert presenze.conta(incontro).senza_iscrizione == 0
    assert Ingresso.objects.count() == 2


def test_the_numbers_are_of_people_and_leave_out_who_only_waits(incontro, adesso):
    IscrizioneFactory(incontro=incontro, posti_richiesti=4, presente=True, presenti=3)
    # Marked before people were counted one by one.
    IscrizioneFactory(incontro=incontro, posti_richiesti=2, presente=True)
    IscrizioneFactory(incontro=incontro, posti_richiesti=2, presente=False)
    IscrizioneFactory(incontro=incontro)
    IscrizioneFactory(incontro=incontro, in_attesa=True)
    IscrizioneFactory(incontro__inizio=adesso, presente=True)

    conti = presenze.conta(incontro)

    assert (conti.iscritti, conti.assenti, conti.da_segnare) == (5, 2, 1)
    assert presenze.conta(IncontroFactory()).rilevato is False


# --- Codes ----------------------------------------------------------------------------------


def test_a_code_read_or_typed_names_its_registration_and_no_other(incontro, adesso):
    anna = IscrizioneFactory(incontro=incontro)
    in_lista = IscrizioneFactory(incontro=incontro, in_attesa=True)
    altrove = IscrizioneFactory(incontro__inizio=adesso)
    rinunciata = IscrizioneFactory(incontro=incontro, stato=Iscrizione.Stato.RINUNCIATA, posti=0)
    codice = presenze.codice_ingresso

    letti = [
        presenze.contenuto_qr(anna),
        codice(anna),
        f"  {codice(anna).replace('-', ' ').lower()} ",
        codice(in_lista),
        codice(altrove),
        presenze.contenuto_qr(rinunciata),
        "",
        "https://example.org/",
    ]

    assert [presenze.cerca_codice(incontro, letto) for letto in letti] == [
        anna,
        anna,
        anna,
        in_lista,
        None,
        None,
        None,
        None,
    ]
    assert anna.codice not in codice(anna)
