"""What a mail of the office to many costs for each person, among few and among many.

    .venv/bin/python benchmarks/comunicazioni.py [--persone 10000]

On a database of its own (SQLite in a temporary folder, or the empty PostgreSQL database that
DATABASE_URL names) it writes to the registered people of two meetings, one with a tenth of the
people of the other, and measures in one run, for each: writing the recipients down with their
mails, the page that shows how far it is, the list of those that were refused, and composing and
handing over the mails to a mail server in this process.

Prints what each costs, for a person or for a page, and the ratio of the larger to the smaller: it
fails when a person, or a page, costs more than twice as much, or when a mail is lost or repeated.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import ufficio

proposte = ufficio.proposte

RAPPORTO_MASSIMO = 2
PAGINE = 9  # how often a page is asked for; the first quartile counts
# One mail in so many was refused.
RIFIUTATE = 20


def scritta(persone, dove):
    """A mail of the office that is about to leave, to so many registered people."""
    from datetime import timedelta

    from django.utils import timezone

    from comunicazioni import services
    from comunicazioni.models import Comunicazione
    from eventi.models import Incontro, Iscrizione
    from percorso.models import Percorso

    adesso = timezone.now()
    percorso, _nuovo = Percorso.objects.get_or_create(
        slug="percorso",
        defaults={"titolo": "Percorso", "stato": "attivo", "inizio": adesso.date()},
    )
    incontro = Incontro.objects.create(
        percorso=percorso,
        titolo=f"Incontro {dove}",
        slug=f"incontro-{dove}",
        stato="pubblicato",
        inizio=adesso + timedelta(days=9),
    )
    Iscrizione.objects.bulk_create(
        (
            Iscrizione(
                incontro=incontro,
                nome=f"Persona {n}",
                email=f"persona{n}@{dove}.example.org",
                stato="confermata",
                posti=1,
                verificata_at=adesso,
                confermata_at=adesso,
            )
            for n in range(persone)
        ),
        batch_size=2000,
    )
    comunicazione = Comunicazione.objects.create(
        pubblico="iscritti",
        incontro=incontro,
        oggetto="Cambia l'ingresso",
        testo="Si entra da via Esempio.",
        urgente=True,
        motivo_urgenza="È domani",
    )
    impronta = services.impronta(comunicazione)
    services.avvia(comunicazione, confermata=impronta, autore=None, adesso=adesso)
    comunicazione.refresh_from_db()
    return comunicazione


def cronometra(fai):
    inizio = time.perf_counter()
    fai()
    return time.perf_counter() - inizio


def prepara(comunicazione):
    from comunicazioni import services

    while comunicazione.stato == "in_preparazione":
        services.prepara()
        comunicazione.refresh_from_db()


def spedisci():
    from posta import consegna
    from posta.models import Messaggio

    while Messaggio.objects.in_coda().exists():
        consegna.spedisci_dovuti()


def pagina(portale, cookie, indirizzo):
    # It looks for the portal's own routes, which are not there at once.
    from pagine import ask

    def chiedi():
        stato, _testate, _corpo = ask(portale, indirizzo, HTTP_COOKIE=cookie)
        assert stato == "200 OK", (indirizzo, stato)

    return proposte.quartile([cronometra(chiedi) for _ in range(PAGINE)])


def misura(persone, smtp):
    """Seconds for each thing, by the number of people."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.db.models import F
    from django.db.models.functions import Mod
    from django.urls import reverse

    from posta.models import Messaggio

    _chi, cookie = ufficio.entra()
    portale = WSGIHandler()
    tempi = {}
    for quante in (persone // 10, persone):
        comunicazione = scritta(quante, f"da-{quante}")
        suoi = tempi[quante] = {}
        suoi["writing down, a person"] = cronometra(lambda c=comunicazione: prepara(c)) / quante

        def di(nome, pk=comunicazione.pk):
            return reverse(f"admin:comunicazioni_comunicazione_{nome}", args=[pk])

        suoi["how far it is, the page"] = pagina(portale, cookie, di("avanzamento"))
        smtp.arrivati.clear()
        suoi["sending, a person"] = cronometra(spedisci) / quante
        arrivati = Counter(smtp.arrivati)
        ripetute = arrivati.total() - len(arrivati)
        if len(arrivati) != quante or ripetute:
            sys.exit(
                f"{len(arrivati)} mails of {quante} arrived, {ripetute} of them twice or more"
            )
        destinatari = comunicazione.destinatari.annotate(resto=Mod(F("pk"), RIFIUTATE))
        rifiutati = destinatari.filter(resto=0).values("messaggio")
        Messaggio.objects.filter(pk__in=rifiutati).update(stato="fallito")
        suoi["those refused, the page"] = pagina(portale, cookie, di("problemi"))
    return tempi


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--persone", type=int, default=10_000)
    persone = parser.parse_args().persone
    with tempfile.TemporaryDirectory() as cartella, ufficio.vicino("posta").Ricevente() as smtp:
        os.environ["VAR_DIR"] = cartella
        url = os.environ.get("DATABASE_URL") or f"sqlite:///{Path(cartella) / 'b.sqlite3'}"
        proposte.prepara(url)
        # The demo would keep the mails for itself.
        from django.conf import settings

        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = smtp.indirizzo
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        tempi = misura(persone, smtp)
    prima, dopo = tempi.values()
    print(f"\n{connection.vendor}: {persone // 10} people, and {persone}")
    print(f"{'milliseconds':28}{'few':>10}{'many':>10}{'ratio':>8}")
    for nome, pochi in prima.items():
        rapporto = dopo[nome] / pochi
        print(f"{nome:28}{pochi * 1000:10.2f}{dopo[nome] * 1000:10.2f}{rapporto:8.2f}")
    return int(any(dopo[nome] / prima[nome] > RAPPORTO_MASSIMO for nome in prima))


if __name__ == "__main__":
    sys.exit(main())
