"""How long sheets take to be looked at and written, and how long others wait meanwhile.

    python benchmarks/fogli.py [--righe 10000] [--generi sedi,attori] [--esporta 100000]
                               [--server postgres://…]

On a database of its own: SQLite in a temporary folder, or one made on the server and dropped (the
one of DATABASE_URL, where that is PostgreSQL). One row in ten is wrong.

Prints, for each kind of sheet, the seconds of looking and of writing and their sum; what a row
costs in a sheet of all the rows beside one of a tenth of them (about 1 when nothing grows faster
than the rows); and the longest that another process, which writes something every 50 ms, had to
wait. Then, with --esporta, what an export of many venues takes, and the memory that it grows by.

It fails when looking and writing together take a minute or more, when a row costs twice as much in
the longer sheet, when the other process waits for half of the time after which SQLite gives up, or
when an export's memory grows with it.
"""

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

RADICE = Path(__file__).resolve().parent.parent
MINUTO = 60
ATTESA_MASSIMA = 10  # of the 20 seconds that a writer waits on SQLite
RAPPORTO_MASSIMO = 2  # what a row costs in ten times the rows
MEMORIA_MASSIMA = 5  # MB more for ten times the rows
SBAGLIATE = 10  # one row in so many
GENERI = ("sedi", "attori", "incontri", "iscrizioni", "proposte")


def foglio(genere, righe, da=0):
    """An XLSX of this kind, as bytes: rows that are not those before ``da``."""
    import openpyxl

    def valori(n):
        storta = n % SBAGLIATE == 0
        return {
            "sedi": [f"Sala {n}", f"via {n}", 45.05, 9.69, "forse" if storta else "sì", "Bus 2"],
            "attori": [
                9 if storta else n % 7 + 1,
                f"Circolo {n}",
                "associazione",
                "donne, giovani",
            ],
            "incontri": [
                f"Incontro {n}",
                "mercoledì 32 maggio" if storta else "6/5/2030 18:30",
                "20",
            ],
            "proposte": [
                "9" if storta else n % 7 + 1,
                f"Proposta {n}",
                "Dieci tigli, per l'ombra.",
            ],
            "iscrizioni": [f"Anna {n}", "male" if storta else f"a{n}@example.org", f"0523 {n}", 1],
        }[genere]

    nomi = {
        "sedi": ["nome", "indirizzo", "latitudine", "longitudine", "bagno", "mezzi pubblici"],
        "attori": ["zona", "nome", "genere", "per chi"],
        "incontri": ["titolo", "inizio", "fine"],
        "iscrizioni": ["nome", "e-mail", "telefono", "posti"],
        "proposte": ["zona", "titolo", "che cosa"],
    }[genere]
    libro = openpyxl.Workbook(write_only=True)
    pagina = libro.create_sheet()
    pagina.append(nomi)
    for n in range(da + 1, da + righe + 1):
        pagina.append(valori(n))
    file = io.BytesIO()
    libro.save(file)
    return file.getvalue()


def cronometra(fai, *argomenti, **opzioni):
    inizio = time.monotonic()
    esito = fai(*argomenti, **opzioni)
    return time.monotonic() - inizio, esito


# Another process that writes: it says how long it had to wait at most.
DISTURBO = """
import json, select, sys, time
import django
django.setup()
from posta.models import Battito
from django.utils import timezone
Battito.objects.get_or_create(nome="misura", defaults={"visto_at": timezone.now()})
print("pronto", flush=True)
peggiore = 0
while True:
    inizio = time.monotonic()
    Battito.objects.filter(nome="misura").update(visto_at=timezone.now())
    peggiore = max(peggiore, time.monotonic() - inizio)
    if select.select([sys.stdin], [], [], 0.05)[0]:
        break
print(json.dumps(peggiore))
"""


@contextlib.contextmanager
def disturbo():
    """Somebody else who writes meanwhile; ``attesa`` is how long she waited at most."""
    processo = subprocess.Popen(
        [sys.executable, "-c", DISTURBO],
        cwd=RADICE,
        env={**os.environ, "PYTHONPATH": str(RADICE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    processo.stdout.readline()
    attesa = {}
    yield attesa
    attesa["attesa"] = json.loads(processo.communicate("basta\n")[0])


def misura(righe, generi, esporta):
    import django

    sys.path.insert(0, str(RADICE))
    django.setup()
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from accounts.models import User
    from eventi.models import Incontro, Sede
    from importazioni import services
    from importazioni.generi import registro
    from laboratori.models import Laboratorio
    from percorso.models import Percorso

    call_command("migrate", verbosity=0)
    adesso = timezone.now()
    officer = User.objects.create_superuser(email="ufficio@example.org", password=uuid.uuid4().hex)
    oggi = adesso.date()
    percorso = Percorso.objects.create(titolo="P", slug="p", stato="attivo", inizio=oggi)
    for numero in range(1, 8):
        Laboratorio.objects.create(numero=numero, nome=f"Lab {numero}", slug=f"lab-{numero}")
    fra_un_mese = adesso + timezone.timedelta(days=30)
    Incontro.objects.create(
        percorso=percorso,
        titolo="Grande",
        slug="grande",
        stato="pubblicato",
        inizio=fra_un_mese,
        fine=fra_un_mese + timezone.timedelta(hours=2),
    )
    opzioni = {
        "incontri": {"percorso": "p"},
        "iscrizioni": {"incontro": "grande", "oltre": "lista"},
        "proposte": {"percorso": "p", "canale": "cartaceo"},
    }
    print(f"\n{righe} rows, one in {SBAGLIATE} wrong, {connection.vendor}; seconds")
    print(
        f"{'':14}{'looked at':>10}{'written':>9}{'together':>10}"
        f"{'a row, beside a tenth':>23}{'others waited':>15}"
    )
    male = False
    for genere in generi:
        volte, aspettato = {}, 0
        for quante in (righe // 10, righe):
            importazione = services.carica(
                SimpleUploadedFile(f"{genere}.xlsx", foglio(genere, quante, da=sum(volte))),
                genere=registro[genere],
                opzioni=opzioni.get(genere, {}),
                autore=officer,
                adesso=adesso,
            )
            guardato, _uno = cronometra(services.lavora, adesso)
            services.chiedi(importazione, solo_buone=True, autore=officer, adesso=adesso)
            with disturbo() as attesa:
                scritto, _uno = cronometra(services.lavora, adesso)
            aspettato = max(aspettato, attesa["attesa"])
            importazione.refresh_from_db()
            if importazione.stato != "scritta" or importazione.errate != quante // SBAGLIATE:
                sys.exit(f"{genere}: {importazione.stato}, {importazione.problema}")
            volte[quante] = guardato + scritto
        rapporto = volte[righe] / righe / (volte[righe // 10] / (righe // 10))
        male = (
            male
            or volte[righe] >= MINUTO
            or rapporto >= RAPPORTO_MASSIMO
            or aspettato >= ATTESA_MASSIMA
        )
        print(
            f"{genere:14}{guardato:10.1f}{scritto:9.1f}{volte[righe]:10.1f}"
            f"{rapporto:23.2f}{aspettato:15.2f}"
        )
    if not esporta:
        return int(male)
    Sede.objects.bulk_create(
        (Sede(nome=f"Sala {n}", indirizzo=f"via {n}") for n in range(esporta)), batch_size=2000
    )
    return int(esportazione(esporta, officer) or male)


def esportazione(quante, officer):
    """Whether the memory of an export grows with its rows."""
    import tracemalloc

    from eventi.models import Sede
    from importazioni.esportazione import righe, risposta
    from importazioni.generi import registro

    risorsa = registro["sedi"].risorsa
    colonne = [(c.nome, c.larghezza) for c in risorsa.colonne(officer)]
    ultima = Sede.objects.order_by("-pk").values_list("pk", flat=True)[0]
    cresce = False
    print(f"\nexport of venues{'':8}seconds   MB written   MB of memory at most")
    for formato in ("csv", "xlsx"):
        picchi = []
        for n in (quante // 10, quante):
            sedi = Sede.objects.filter(pk__gt=ultima - n)
            tracemalloc.start()
            inizio = time.monotonic()
            fatta = risposta("sedi", formato, colonne, righe(risorsa, sedi, officer))
            peso = sum(len(pezzo) for pezzo in fatta.streaming_content)
            durata = time.monotonic() - inizio
            picchi.append(tracemalloc.get_traced_memory()[1] / 1e6)
            tracemalloc.stop()
            fatta.close()
            print(f"{formato:8}{n:>14}{durata:10.1f}{peso / 1e6:13.1f}{picchi[-1]:14.1f}")
        cresce = cresce or picchi[1] - picchi[0] > MEMORIA_MASSIMA
    return cresce


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--righe", type=int, default=10_000)
    parser.add_argument("--generi", default=",".join(GENERI))
    parser.add_argument("--esporta", type=int, default=0)
    parser.add_argument("--server", default="", help="a PostgreSQL server (postgres://…/postgres)")
    scelte = parser.parse_args()
    if not scelte.server and os.environ.get("DATABASE_URL", "").startswith("postgres"):
        scelte.server = os.environ["DATABASE_URL"]
    os.environ.pop("DATABASE_URL", None)
    with tempfile.TemporaryDirectory() as cartella:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "portale.settings",
            "DEMO": "on",
            "DEBUG": "off",
            "LOG_LEVEL": "ERROR",
            "REDIS_URL": "",
            "VAR_DIR": cartella,
        }
        if not scelte.server:
            return misura(scelte.righe, scelte.generi.split(","), scelte.esporta)
        return su_postgresql(scelte)


def su_postgresql(scelte):
    import psycopg
    from psycopg import sql

    nome = sql.Identifier(f"fogli_{uuid.uuid4().hex[:8]}")
    with psycopg.connect(scelte.server, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(nome))
        try:
            base = scelte.server.rpartition("/")[0]
            os.environ["DATABASE_URL"] = f"{base}/{nome.as_string(server)[1:-1]}"
            return misura(scelte.righe, scelte.generi.split(","), scelte.esporta)
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(nome))


if __name__ == "__main__":
    sys.exit(main())
