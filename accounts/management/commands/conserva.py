from datetime import time

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from accounts import conservazione
from portale.lib.dates import a_roma, ora_di_muro

LARGHEZZE = (16, 58, 12)


class Command(BaseCommand):
    help = (
        "Takes away the personal data that have been kept long enough, as the scheduler does "
        "every night. With --prova it only says how many they are, and changes nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument("--prova", action="store_true", help="count only, change nothing")
        parser.add_argument("--finalita", help="one purpose alone, such as iscrizioni")
        parser.add_argument(
            "--adesso", help="as if it were this day or moment (2027-01-31, with --prova only)"
        )

    def handle(self, *, prova, finalita, adesso, **options):
        momento = self._momento(adesso, prova)
        fai = conservazione.prova if prova else conservazione.pulisci
        try:
            esiti = fai(momento, finalita=finalita)
        except KeyError as errore:
            conosciute = ", ".join(sorted({una.finalita for una in conservazione.regole()}))
            raise CommandError(
                f"Nothing is purged for «{finalita}». Known: {conosciute}."
            ) from errore
        self._tabella(esiti, prova)
        if not all(esito.finita for esito in esiti):
            raise CommandError("Not all was done: the log says why.")

    def _momento(self, adesso, prova):
        if not adesso:
            return timezone.now()
        if not prova:
            # Nothing goes before its time because of a mistyped year.
            raise CommandError("--adesso is for a trial: use it with --prova.")
        try:
            giorno = parse_date(adesso)
            momento = ora_di_muro(giorno, time.min) if giorno else parse_datetime(adesso)
        except ValueError:
            momento = None
        if momento is None:
            raise CommandError(f"«{adesso}» is no day or moment: write it like 2027-01-31.")
        return momento if timezone.is_aware(momento) else timezone.make_aware(momento)

    def _tabella(self, esiti, prova):
        self._riga("finalità", "che cosa", "fino al", "da togliere" if prova else "tolti")
        for esito in esiti:
            regola = esito.regola
            quanti = esito.conteggi[regola.codice]
            parti = ", ".join(
                f"{nome.replace('_', ' ')} {esito.conteggi[nome]}"
                for nome in regola.parti
                if esito.conteggi[nome]
            )
            self._riga(
                regola.finalita,
                str(regola.che_cosa),
                f"{a_roma(esito.limite):%d/%m/%Y}",
                f"{quanti}{f' ({parti})' if parti else ''}{'' if esito.finita else ' …'}",
            )
        totale = sum(esito.conteggi[esito.regola.codice] for esito in esiti)
        self.stdout.write(
            f"Prova: {totale} righe da togliere, nessuna tolta." if prova else f"Tolte: {totale}."
        )

    def _riga(self, *celle):
        prime = "".join(f"{c:<{n}}" for c, n in zip(celle, LARGHEZZE, strict=False))
        self.stdout.write(f"{prime}{celle[-1]}")
