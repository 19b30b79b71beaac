import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from eventi import services
from eventi.models import Incontro, Iscrizione
from percorso.models import Percorso
from tests.factories import FaseFactory, IncontroFactory, IscrizioneFactory, PercorsoFactory

pytestmark = pytest.mark.django_db


def chiama(comando, *args, **options):
    uscita = StringIO()
    call_command(comando, *args, stdout=uscita, **options)
    return uscita.getvalue()


# --- prova_incontro -------------------------------------------------------------------------


def test_prova_incontro_makes_a_published_meeting_open_to_anyone_and_prints_its_slug_alone():
    FaseFactory()
    adesso = timezone.now()

    slug = chiama("prova_incontro", posti=30)

    incontro = Incontro.objects.get(slug=slug.removesuffix("\n"))
    assert (incontro.stato, incontro.posti) == ("pubblicato", 30)
    assert timedelta(hours=47, minutes=59) <= incontro.inizio - adesso <= timedelta(hours=48)
    assert (incontro.inizio.second, incontro.inizio.microsecond) == (0, 0)
    iscrizione = services.richiedi_iscrizione(
        incontro, nome="Anna", email="anna@example.org", adesso=timezone.now()
    )
    assert iscrizione.stato == "da_verificare"
    regole = incontro.promemoria.values_list("giorni", "ore")
    assert sorted(regole) == [(1, 0), (7, 0)]


def test_prova_incontro_starts_when_asked_and_makes_another_each_time():
    FaseFactory()

    slugs = {chiama("prova_incontro", "--tra-ore", "3", "--posti", "5") for _ in range(2)}

    assert len(slugs) == 2
    assert Incontro.objects.filter(inizio__lte=timezone.now() + timedelta(hours=3)).count() == 2


def test_prova_incontro_prefers_an_example_to_a_real_percorso():
    FaseFactory(percorso=PercorsoFactory())
    esempio = FaseFactory(percorso=PercorsoFactory(esempio=True)).percorso

    chiama("prova_incontro")

    assert Incontro.objects.get().percorso == esempio


def test_prova_incontro_makes_an_example_where_nothing_is_open():
    ieri = timezone.localdate() - timedelta(days=1)
    FaseFactory(fine=ieri)
    PercorsoFactory(stato="concluso")

    chiama("prova_incontro")
    chiama("prova_incontro")

    [percorso] = Percorso.objects.filter(esempio=True)
    assert percorso.incontri.count() == 2


def test_prova_incontro_makes_no_example_in_production(settings):
    settings.PRODUZIONE = True

    with pytest.raises(CommandError, match="No percorso is open"):
        chiama("prova_incontro")

    assert Percorso.objects.count() == 0


@pytest.mark.parametrize("args", [("--posti", "0"), ("--tra-ore", "0")])
def test_prova_incontro_refuses_what_makes_no_meeting(args):
    FaseFactory()

    with pytest.raises(CommandError, match="at least 1"):
        chiama("prova_incontro", *args)


# --- stato_iscrizioni -----------------------------------------------------------------------


def test_stato_iscrizioni_counts_every_state_and_lists_the_queue_in_order():
    adesso = timezone.now()
    incontro = IncontroFactory(posti=4, posti_riservati=1)
    IscrizioneFactory(incontro=incontro, posti_richiesti=2)
    IscrizioneFactory(incontro=incontro, stato="da_verificare", posti_richiesti=1)
    seconda = IscrizioneFactory(incontro=incontro, in_attesa=True, in_lista_dal=adesso)
    prima = IscrizioneFactory(
        incontro=incontro, in_attesa=True, in_lista_dal=adesso - timedelta(hours=1)
    )
    IscrizioneFactory(incontro=incontro, in_attesa=True, verificata_at=None)
    IscrizioneFactory(incontro=incontro, stato="rinunciata", posti=0)
    IscrizioneFactory()

    assert json.loads(chiama("stato_iscrizioni", incontro.slug)) == {
        "slug": incontro.slug,
        "stato": "pubblicato",
        "posti": 4,
        "posti_riservati": 1,
        "posti_oltre": 0,
        "posti_occupati": 3,
        "posti_tenuti": 3,
        "da_verificare": 1,
        "confermata": 1,
        "lista_attesa": 3,
        "posto_offerto": 0,
        "scaduta": 0,
        "rinunciata": 1,
        "annullata": 0,
        "doppie": 0,
        "coda": [prima.pk, seconda.pk],
    }


def test_stato_iscrizioni_sees_an_address_that_is_twice_alive():
    incontro = IncontroFactory()
    for email in ("anna@example.org", "Anna@Example.org ", "ANNA@example.org"):
        IscrizioneFactory(incontro=incontro, email=email)
    for email in ("bea@example.org", "BEA@example.org"):
        IscrizioneFactory(incontro=incontro, email=email, stato="scaduta", posti=0)
    IscrizioneFactory(incontro=incontro, email=None)
    IscrizioneFactory(incontro=incontro, email=None)

    assert json.loads(chiama("stato_iscrizioni", incontro.slug))["doppie"] == 1


def test_stato_iscrizioni_shows_a_count_that_has_drifted():
    incontro = IscrizioneFactory().incontro
    Iscrizione.objects.update(posti_richiesti=3, posti=3)

    situazione = json.loads(chiama("stato_iscrizioni", incontro.slug))

    assert (situazione["posti_occupati"], situazione["posti_tenuti"]) == (1, 3)


def test_stato_iscrizioni_refuses_an_unknown_meeting():
    with pytest.raises(CommandError, match="There is no meeting «nessuno»"):
        chiama("stato_iscrizioni", "nessuno")
