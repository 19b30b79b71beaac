"""Many people whom the office registers at once: what each of them, one by one, would have."""

import contextlib
import random
import re
from datetime import timedelta

import pytest
from django.db import transaction

from eventi import services
from eventi.models import Incontro, Iscrizione
from posta.models import Messaggio
from tests.factories import FaseFactory, IncontroFactory, UserFactory

pytestmark = pytest.mark.django_db


def _situazione(incontro):
    """All that a meeting's registrations leave, without the numbers of the rows."""
    incontro.refresh_from_db()
    iscrizioni = {
        (i.nome, i.email): (
            i.stato,
            i.posti,
            i.posti_richiesti,
            i.canale,
            i.telefono,
            i.lingua,
            i.eta,
            i.scade_at and i.scade_at.replace(microsecond=0),
            i.verificata_at is not None,
            i.registrata_da,
            getattr(i, "necessita", None) and i.necessita.testo,
            [(p.da, p.a, p.posti, p.attore, p.autore) for p in i.passaggi.order_by("pk")],
        )
        for i in incontro.iscrizioni.select_related("necessita", "registrata_da")
    }
    return (
        iscrizioni,
        [(i.nome, i.email) for i in incontro.iscrizioni.in_attesa()],
        sorted(Messaggio.objects.values_list("genere", "destinatario")),
        (incontro.posti_occupati, incontro.posti_oltre),
    )


@pytest.mark.parametrize("seme", range(30))
def test_many_registered_together_are_where_one_by_one_they_would_be(seme, adesso):
    """The bulk door and the single one are one door: seats, line, offers, traces and mails."""
    caso = random.Random(seme)
    incontro = IncontroFactory(posti=caso.choice([None, 3, 6, 12]))
    FaseFactory(percorso=incontro.percorso, apre_iscrizioni=True)
    officer = UserFactory()
    prima = adesso - timedelta(hours=2)
    for n in range(caso.randint(0, 5)):
        # Some wait for their address to be confirmed, in time or no longer.
        services.richiedi_iscrizione(
            incontro,
            nome=f"Prima {n}",
            email=f"p{n}@example.org",
            posti_richiesti=caso.randint(1, 4),
            adesso=caso.choice([prima, adesso - timedelta(minutes=1)]),
        )
        if caso.random() < 0.6:
            iscrizione = incontro.iscrizioni.get(email=f"p{n}@example.org")
            services.conferma_indirizzo(iscrizione, adesso=prima + timedelta(minutes=1))
            if caso.random() < 0.3:
                iscrizione.refresh_from_db()
                services.rinuncia(iscrizione, adesso=prima + timedelta(minutes=2))
    moduli = [
        services.Modulo(
            nome=f"Carta {n}",
            email=caso.choice([None, f"c{n}@example.org", f"p{caso.randint(0, 5)}@example.org"]),
            telefono="0523 1",
            canale=caso.choice(["cartaceo", "telefono"]),
            posti_richiesti=caso.randint(1, 3),
            necessita=caso.choice(["", "una rampa"]),
        )
        for n in range(caso.randint(1, 9))
    ]

    class Indietro(Exception):
        pass

    trovate = []

    def uno_per_uno():
        for n, modulo in enumerate(moduli):
            services.iscrivi_dall_ufficio(
                incontro,
                **vars(modulo),
                autore=officer,
                adesso=adesso + timedelta(microseconds=n),
            )

    def insieme():
        services.iscrivi_molte_dall_ufficio(incontro, moduli, autore=officer, adesso=adesso)

    for fai in (uno_per_uno, insieme):
        with contextlib.suppress(Indietro), transaction.atomic():
            try:
                with transaction.atomic():
                    fai()
            except services.ModuloRifiutato as no:
                trovate.append(str(no))
            except services.Rifiuto as no:
                trovate.append(str(no))
            else:
                trovate.append(_situazione(incontro))
            raise Indietro
    assert trovate[0] == trovate[1]


def test_of_many_the_first_that_cannot_be_registered_is_said_and_nobody_is(adesso):
    incontro = IncontroFactory(posti=2)
    moduli = [
        services.Modulo(nome=nome, email=f"{nome}@example.org", canale="cartaceo")
        for nome in ("anna", "bruno", "carla")
    ]
    for gia, in_lista, chi, detto in (
        ("bruno", True, 1, "Questo indirizzo è già iscritto (confermata)."),
        (None, False, 2, "Non ci sono più posti liberi."),
    ):
        Iscrizione.objects.all().delete()
        Incontro.objects.update(posti_occupati=0)
        if gia:
            services.iscrivi_dall_ufficio(
                incontro,
                nome="Bruno",
                email=f"{gia}@example.org",
                canale="telefono",
                autore=None,
                adesso=adesso,
            )
        quante = Iscrizione.objects.count()
        with pytest.raises(services.ModuloRifiutato, match=re.escape(detto)) as no:
            services.iscrivi_molte_dall_ufficio(
                incontro, moduli, autore=None, in_lista=in_lista, adesso=adesso
            )
        assert no.value.posizione == chi
        assert Iscrizione.objects.count() == quante
