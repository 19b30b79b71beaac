from dataclasses import asdict

from django.core.management.base import BaseCommand

from posta.services import spedisci_dovuti


class Command(BaseCommand):
    help = "Deliver the mails that are due now. Safe to run beside the worker and the scheduler."

    def add_arguments(self, parser):
        parser.add_argument("--limite", type=int, help="look at no more than this many mails")
        parser.add_argument(
            "--secondi", type=float, default=3600, help="stop after this many seconds"
        )

    def handle(self, *args, **options):
        resoconto = spedisci_dovuti(
            limite=options["limite"], secondi=options["secondi"], ignora_pausa=True
        )
        conti = asdict(resoconto)
        irraggiungibile = conti.pop("server_irraggiungibile")
        conti.pop("visti")
        self.stdout.write(" ".join(f"{nome}={quanti}" for nome, quanti in conti.items()))
        if irraggiungibile:
            self.stderr.write("The mail server does not take mail now: the rest stays queued.")
