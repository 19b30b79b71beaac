"""What lists, filters and searches cost among many proposals, beside what they cost among few.

    .venv/bin/python benchmarks/proposte.py --server postgres://…
    .venv/bin/python benchmarks/proposte.py --grande 20000          (SQLite, in a temporary folder)
    .venv/bin/python benchmarks/proposte.py --carica postgres://…/nome --grande 100000

Two databases are made: one with 1,000 proposals, one with 100,000 and ten supports each. A process
for each answers GETs through Django's WSGI handler, and the two are asked in turn, so that a
machine that slows down slows both. What counts are the ratios of the first quartiles.

"made" is a page that nobody has asked for (each request has an argument of its own), on a portal
that others are reading; "first" is the same with nothing remembered, as after a publication.

``--carica`` only fills a migrated database, to try other things on.
"""

import argparse
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICCOLA = 1_000
SOSTEGNI = 10  # for each proposal
GIRI = 25
OGGI = date(2026, 1, 1)  # of the files: a day without a stage

# --- Words ----------------------------------------------------------------------------------

# About as often as people of a city write them: the first ones in one text of four.
_PAROLE = """
quartiere piste ciclabili anziani scuola parco strada piazza bambini giovani verde alberi
panchine illuminazione marciapiedi attraversamento autobus fermata biblioteca mercato negozi
parcheggio traffico velocità sicurezza pulizia rifiuti cestini fontanella giochi campo sport
palestra piscina teatro musica festa incontri laboratorio corso lingua italiana stranieri
famiglie genitori asilo nido doposcuola compiti volontari associazione circolo oratorio
parrocchia comune ufficio sportello medico ambulatorio farmacia ospedale assistenza disabili
carrozzina gradini rampa ascensore casa affitto condominio cortile orto orti condivisi
compost energia pannelli tetto acqua fiume argine canale ponte sottopasso stazione treno
bicicletta monopattino pedoni zona residenziale rotonda semaforo dosso telecamera vigili
vandalismo rumore notte locali tavolini centro storico mura chiesa museo mostra cinema arena
estate inverno neve pioggia caldo ombra siepe aiuola fiori cani area recinto gatti api prato
bosco sentiero passeggiata cammino salute prevenzione incontro assemblea vicinato portierato
custode sociale mediazione ascolto solitudine pranzo mensa spesa consegna gruppo acquisto
baratto riuso riparazione officina attrezzi prestito libri lettura computer internet rete
corso digitale identità pratica modulo telefono notizie bacheca giornale radio
"""
PAROLE = _PAROLE.split()
_SILLABE = """
ba be bi bo ca ce ci co da de di fa fe fi ga ge la le li lo ma me mi mo na ne ni
"""
SILLABE = _SILLABE.split()
_LEGANTI = """
per con nel della dei di una il la le gli dove quando perché anche senza tra sotto e
"""
LEGANTI = _LEGANTI.split()
TEMI = [
    "Verde e ambiente",
    "Muoversi",
    "Scuola e giovani",
    "Anziani e cura",
    "Cultura",
    "Sport",
    "Sicurezza",
    "Lavoro e commercio",
    "Casa",
    "Digitale",
]


class Penna:
    """Writes texts of sentences that it has ready, each with its stems: to take every word of
    a hundred thousand texts to pieces would take longer than to store them."""

    def __init__(self, caso, quante=20_000):
        from portale.lib.ricerca import radici

        self.caso = caso
        # The civic words, and a long tail of words that hardly anybody writes.
        code = {"".join(caso.choices(SILLABE, k=4)) for _ in range(6_000)}
        parole = [*PAROLE, *sorted(code)]
        pesi = list(itertools.accumulate(1 / (n + 12) for n in range(len(parole))))
        self.frasi = []
        for _ in range(quante):
            scelte = caso.choices(parole, cum_weights=pesi, k=5)
            frase = " ".join(f"{caso.choice(LEGANTI)} {parola}" for parola in scelte)
            self.frasi.append((f"{frase.capitalize()}.", radici(frase)))

    def scrivi(self, quante):
        """A text of so many sentences of ten words, and its stems."""
        scelte = self.caso.choices(self.frasi, k=quante)
        return " ".join(testo for testo, _radici in scelte), [
            radice for _testo, radici in scelte for radice in radici
        ]


def unisci(*radici):
    """As ``portale.lib.ricerca.indice`` does."""
    return " ".join(dict.fromkeys(itertools.chain(*radici)))


# --- Filling --------------------------------------------------------------------------------

STATI = {
    "pubblicata": 70,
    "in_valutazione": 12,
    "accolta": 5,
    "accolta_con_modifiche": 2,
    "non_accolta": 5,
    "bozza": 3,
    "inviata": 1,
    "ritirata": 1,
    "nascosta": 1,
}
CANALI = {"online": 75, "incontro": 18, "cartaceo": 7}


def carica(quante, sostegni=SOSTEGNI):
    """Fill an empty, migrated database: proposals, needs, supports. Minutes for 100,000."""
    from django.db import connection, transaction
    from django.utils import timezone

    from laboratori.models import Laboratorio, Quartiere
    from percorso.models import Fase, Percorso
    from proposte.models import Bisogno, Proposta, Tema
    from proposte.temi import indice_temi

    caso, sorte = random.Random(2023), random.Random(11)
    penna = Penna(caso)
    adesso, oggi = timezone.now(), timezone.localdate()
    with transaction.atomic():
        percorso = Percorso.objects.create(
            titolo="I laboratori nei quartieri",
            slug="laboratori",
            sintesi="Sette laboratori per ascoltare i quartieri.",
            stato=Percorso.Stato.ATTIVO,
            inizio=oggi - timedelta(days=90),
            esempio=True,
        )
        Fase.objects.create(
            percorso=percorso,
            ordine=1,
            titolo="Le proposte",
            inizio=oggi - timedelta(days=30),
            fine=oggi + timedelta(days=30),
            apre_proposte=True,
            apre_sostegni=True,
            apre_commenti=True,
        )
        laboratori = [
            Laboratorio.objects.create(
                numero=n, nome=f"Laboratorio della zona {n}", slug=f"zona-{n}"
            )
            for n in range(1, 8)
        ]
        for laboratorio in laboratori:
            for n in range(4):
                Quartiere.objects.create(laboratorio=laboratorio, nome=f"Quartiere {n}", ordine=n)
        temi = [
            Tema.objects.create(nome=nome, slug=f"tema-{n}", ordine=n)
            for n, nome in enumerate(TEMI)
        ]
        zone = [laboratorio.pk for laboratorio in laboratori]
        bisogni = []
        for n in range(max(20, quante // 50)):
            (titolo, sue), (testo, altre) = penna.scrivi(1), penna.scrivi(4)
            bisogni.append(
                Bisogno(
                    percorso=percorso,
                    laboratorio_id=caso.choice([*zone, None]),
                    titolo=titolo,
                    slug=f"bisogno-{n}",
                    testo=testo,
                    indice=unisci(sue, altre),
                    priorita=caso.choice([1, 2, 3, None]),
                    stato=Bisogno.Stato.PUBBLICATO,
                    pubblicato_at=adesso - timedelta(minutes=n),
                )
            )
        Bisogno.objects.bulk_create(bisogni, batch_size=500)
        bisogni = list(Bisogno.objects.order_by("pk").values_list("pk", flat=True))
        Bisogno.temi.through.objects.bulk_create(
            [Bisogno.temi.through(bisogno_id=pk, tema_id=caso.choice(temi).pk) for pk in bisogni],
            batch_size=1000,
        )
        _persone(connection, min(quante * 2, 200_000), adesso)

    # Those of each proposal, by its place.
    suoi_temi = [
        sorted({tema.pk for tema in sorte.choices(temi, [9, 8, 7, 6, 5, 4, 3, 2, 2, 1], k=2)})
        for _n in range(quante)
    ]

    def righe():
        for n in range(1, quante + 1):
            titolo, sue = penna.scrivi(1)
            che_cosa, altre = penna.scrivi(caso.randint(3, 12))
            perche, ancora = penna.scrivi(caso.randint(1, 5))
            stato = caso.choices([*STATI], STATI.values())[0]
            quando = adesso - timedelta(minutes=3 * (quante - n)) - timedelta(hours=1)
            luogo = caso.random() < 0.6
            zona = caso.choices([*zone, None], [1] * 7 + [1.3])[0]
            yield Proposta(
                percorso_id=percorso.pk,
                laboratorio_id=zona,
                per_la_citta=zona is None,
                titolo=titolo,
                slug=f"proposta-{n}",
                che_cosa=che_cosa,
                perche=perche,
                nome_mostrato=caso.choice(["Anna", "Luca", "Fatima", "Gino", "Marta"]),
                canale=caso.choices([*CANALI], CANALI.values())[0],
                stato=stato,
                inviata_at=None if stato == "bozza" else quando,
                pubblicata_at=None if stato in ("bozza", "inviata") else quando,
                latitudine=round(45.05 + caso.gauss(0, 0.012), 5) if luogo else None,
                longitudine=round(9.69 + caso.gauss(0, 0.02), 5) if luogo else None,
                luogo=f"via del Rio {n}",
                indice=unisci(sue, altre, ancora, ("via", "rio", str(n))),
                indice_titolo=unisci(sue),
                indice_temi=indice_temi(suoi_temi[n - 1]),
                sorte=caso.randrange(2**31),
                created_at=quando,
                updated_at=quando,
            )

    with senza_indici(connection, "proposte_proposta"):
        versa(connection, Proposta, righe())
    chiavi = list(Proposta.objects.order_by("pk").values_list("pk", flat=True))
    legami = Proposta.temi.through
    versa(
        connection,
        legami,
        (
            legami(proposta_id=pk, tema_id=tema)
            for pk, suoi in zip(chiavi, suoi_temi, strict=True)
            for tema in suoi
        ),
    )
    legami = Proposta.bisogni.through
    versa(
        connection,
        legami,
        (
            legami(proposta_id=pk, bisogno_id=bisogno)
            for pk in chiavi
            for bisogno in set(caso.choices(bisogni, k=caso.randint(0, 2)))
        ),
    )
    _sostieni(connection, quante * sostegni, adesso)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


@contextmanager
def senza_indici(connection, tabella):
    """On PostgreSQL an index of words is made ten times faster at once than row by row."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s"
            " AND indexdef LIKE '%%USING gin%%'",
            [tabella],
        )
        indici = cursor.fetchall()
        for nome, _definizione in indici:
            cursor.execute(f"DROP INDEX {nome}")
        yield
        for _nome, definizione in indici:
            cursor.execute(definizione)


def versa(connection, modello, righe):
    """Unsaved objects straight into their table: COPY where there is one."""
    from django.db import transaction

    campi = [campo for campo in modello._meta.local_concrete_fields if not campo.primary_key]
    nomi = ", ".join(f'"{campo.column}"' for campo in campi)
    tabella = modello._meta.db_table

    def valori(riga):
        return [
            campo.get_db_prep_save(getattr(riga, campo.attname), connection) for campo in campi
        ]

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.cursor.copy(f"COPY {tabella} ({nomi}) FROM STDIN") as copia:
                for riga in righe:
                    copia.write_row([getattr(riga, campo.attname) for campo in campi])
            return
        segni = ", ".join("%s" for _campo in campi)
        with transaction.atomic():
            cursor.executemany(
                f"INSERT INTO {tabella} ({nomi}) VALUES ({segni})",
                (valori(riga) for riga in righe),
            )


def _persone(connection, quante, adesso):
    from accounts.models import Partecipante

    persone = (
        Partecipante(
            email=f"persona{n}@example.org",
            nome=f"Persona {n}",
            lingua="it",
            codice=f"{n:016x}",
            created_at=adesso,
        )
        for n in range(quante)
    )
    Partecipante.objects.bulk_create(persone, batch_size=5_000)


def _sostieni(connection, quanti, adesso):
    """About so many supports, most of them of few proposals; then counted."""
    from accounts.models import Partecipante
    from proposte.models import Proposta, Sostegno

    caso = random.Random(7)
    proposte = list(Proposta.objects.in_elenco().order_by("pk").values_list("pk", flat=True))
    primo = Partecipante.objects.order_by("pk").values_list("pk", flat=True)[0]
    persone = Partecipante.objects.count()
    pesi = [min(caso.paretovariate(1.1), 500) - 1 for _proposta in proposte]
    scala = quanti / sum(pesi)
    versa(
        connection,
        Sostegno,
        (
            Sostegno(
                proposta_id=pk,
                partecipante_id=primo + (posto * 7919 + i) % persone,
                created_at=adesso,
            )
            for posto, (pk, peso) in enumerate(zip(proposte, pesi, strict=True))
            for i in range(min(round(peso * scala), persone))
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE proposte_proposta SET n_sostegni = (SELECT count(*) FROM proposte_sostegno s"
            " WHERE s.proposta_id = proposte_proposta.id), n_commenti = id % 17 % 9"
        )


# --- Running --------------------------------------------------------------------------------


def prepara(url):
    """Django on this database, as in use."""
    os.environ.update(
        DEMO="on",
        DEBUG="off",
        DATABASE_URL=url,
        REDIS_URL="",
        BASE_URL="http://localhost",
        LOG_LEVEL="ERROR",
        DJANGO_SETTINGS_MODULE="portale.settings",
    )
    (Path(os.environ["VAR_DIR"]) / "static").mkdir(exist_ok=True)
    sys.path.insert(0, str(ROOT))
    import django
    from django.conf import settings

    # The names of static files do not depend on whether the front end has been built.
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    django.setup()


def indirizzi():
    """What is asked for, by name. The same in both databases, but for the cursors."""
    from portale.lib.ricerca import radici
    from proposte.models import Bisogno, Proposta
    from proposte.scorrimento import _scrivi

    elenco = Proposta.objects.in_elenco()

    def in_mezzo(campo):
        meta = elenco.count() // 2
        riga = elenco.order_by(f"-{campo}", "-pk").values_list(campo, "pk")[meta]
        return f"dopo={_scrivi(*riga)}&page={meta // 20}"

    bisogno = Bisogno.objects.order_by("pk")[7].slug
    # Of the words that hardly anybody writes, one that somebody has: one text in some hundred.
    raro = next(
        parola
        for parola in elenco.order_by("pk").values_list("titolo", flat=True)[11].split()[::-1]
        if radici(parola)
    ).strip(".")
    return {
        "list": "/proposte/?",
        "list, middle": f"/proposte/?{in_mezzo('pubblicata_at')}",
        "list, last page": "/proposte/?prima=fine",
        "supported": "/proposte/?ordine=sostenute",
        "supported, middle": f"/proposte/?ordine=sostenute&{in_mezzo('n_sostegni')}",
        "commented": "/proposte/?ordine=commentate",
        "commented, middle": f"/proposte/?ordine=commentate&{in_mezzo('n_commenti')}",
        "by chance": "/proposte/?ordine=casuale&seme=7",
        "lab": "/proposte/?zona=3",
        "whole city": "/proposte/?zona=citta",
        "theme": "/proposte/?tema=tema-2",
        "rare theme": "/proposte/?tema=tema-9",
        "state": "/proposte/?stato=in_valutazione",
        "rare state": "/proposte/?stato=accolta_con_modifiche",
        "channel": "/proposte/?canale=cartaceo",
        "need": f"/proposte/?bisogno={bisogno}",
        "lab, theme, state": "/proposte/?zona=3&tema=tema-2&stato=in_valutazione",
        "lab, theme, supported": "/proposte/?zona=3&tema=tema-2&ordine=sostenute",
        "search, every second text": "/proposte/?q=quartieri",
        "the same, page 10": "/proposte/?q=quartieri&page=10",
        "search, one text in 20": "/proposte/?q=radio",
        "search, three words": "/proposte/?q=mercato+biblioteca+asilo",
        "search, one text in 200": f"/proposte/?q={raro}",
        "search, 60 texts": f"/proposte/?q={parole_di(60, elenco)}",
        "search, three words, 60 texts": f"/proposte/?q={parole_di(60, elenco, 3)}",
        "search, one text": "/proposte/?q=rio+777",
        "search in a lab": "/proposte/?q=quartieri&zona=3",
        "search in a theme": "/proposte/?q=radio&tema=tema-2",
        "search in a rare theme": "/proposte/?q=quartieri&tema=tema-9",
        "search in a need": f"/proposte/?q=quartieri&bisogno={bisogno}",
        "search, supported": "/proposte/?q=radio&ordine=sostenute",
        "needs": "/bisogni/?",
        "needs, search": "/bisogni/?q=quartieri",
        "needs, search, 10 needs": f"/bisogni/?q={parole_di(10, Bisogno.objects.pubblici())}",
        "map": "/proposte/mappa/?",
        "map of a lab": "/proposte/mappa/?zona=3",
        "map of a search": "/proposte/mappa/?q=quartieri",
        "feed": "/proposte/atom.xml?",
        "feed of a search": "/proposte/atom.xml?q=quartieri",
        "CSV, 1,000 rows": "/proposte/proposte.csv?",
    }


def parole_di(quanti, righe, quante=1):
    """So many words, of those as common as each other, that about ``quanti`` of these texts have
    all together: an answer of the same length among few and among many."""
    from portale.lib.ricerca import radici

    testi = [
        set(map(sys.intern, indice.split()))
        for (indice,) in righe.order_by("pk").values_list("indice").iterator()
    ]
    volte = Counter(itertools.chain.from_iterable(testi))
    # Where words are of one another independent.
    ciascuna = (quanti * len(testi) ** (quante - 1)) ** (1 / quante)
    vicine = sorted(
        (radice for radice in volte if radice.isalpha() and radici(radice) == [radice]),
        key=lambda radice: (abs(volte[radice] - ciascuna), radice),
    )[: 2 * quante]

    def lontano(parole):
        return abs(sum(testo.issuperset(parole) for testo in testi) - quanti), parole

    return "+".join(min(itertools.combinations(vicine, quante), key=lontano))


def operaio(url):
    """Answer, one line each, how many seconds a page took: {"path", "first"} comes in."""
    prepara(url)
    from django.core.cache import cache, caches
    from django.core.cache.backends.dummy import DummyCache
    from django.core.handlers.wsgi import WSGIHandler
    from pagine import ask

    ricordate, niente = caches["pagine"], DummyCache("niente", {})
    portale, turno = WSGIHandler(), itertools.count()
    print(json.dumps(indirizzi()), flush=True)

    def chiedi(path):
        path, _, argomenti = path.partition("?")
        return ask(portale, path, QUERY_STRING=f"{argomenti}&n={next(turno)}")

    def righe(path):
        from proposte.esportazione import TAVOLE, come_csv
        from proposte.models import Proposta

        tavola = come_csv(TAVOLE["proposte"], Proposta.objects.in_elenco(), OGGI)
        return list(itertools.islice(tavola, 1001))

    for riga in sys.stdin:
        ordine = json.loads(riga)
        caches["pagine"] = niente if ordine["come"] == "first" else ricordate
        if ordine["come"] == "counted":
            ricordate.clear()
            cache.delete("gruppi-di-proposte")
        fai = righe if ordine["path"].endswith(".csv?") else chiedi
        inizio = time.perf_counter()
        esito = fai(ordine["path"])
        durata = time.perf_counter() - inizio
        if fai is chiedi and not esito[0].startswith("200"):
            sys.exit(f"{ordine['path']} answered {esito[0]}")
        print(json.dumps(durata), flush=True)


class Portale:
    """A process that answers on one database."""

    def __init__(self, url):
        self.processo = subprocess.Popen(
            [sys.executable, __file__, "--operaio", url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.indirizzi = json.loads(self.processo.stdout.readline())

    def chiedi(self, nome, come):
        print(
            json.dumps({"path": self.indirizzi[nome], "come": come}),
            file=self.processo.stdin,
            flush=True,
        )
        return json.loads(self.processo.stdout.readline())

    def chiudi(self):
        self.processo.stdin.close()
        self.processo.wait()


def misura(urls, giri):
    """Both asked in turn, each page so many times; how they compare."""
    piccola, grande = (Portale(url) for url in urls)
    try:
        print(f"{'':28}{'ms at 1,000':>12}{'ms':>9}{'made':>8}{'first':>8}")
        for nome in piccola.indirizzi:
            tempi = {}
            for come in ("made", "first"):
                for portale in (piccola, grande):
                    portale.chiedi(nome, come)
                coppie = [
                    (piccola.chiedi(nome, come), grande.chiedi(nome, come)) for _ in range(giri)
                ]
                tempi[come] = [quartile(parte) * 1000 for parte in zip(*coppie, strict=True)]
            (a, b), (c, d) = tempi["made"], tempi["first"]
            print(f"{nome:28}{a:12.1f}{b:9.1f}{b / a:8.2f}{d / c:8.2f}", flush=True)
        a, b = (
            quartile([portale.chiedi("list", "counted") for _ in range(9)]) * 1000
            for portale in (piccola, grande)
        )
        print(f"{'list, counted anew':28}{a:12.1f}{b:9.1f}{b / a:8.2f}")
    finally:
        piccola.chiudi()
        grande.chiudi()


def quartile(tempi):
    """A time that a quarter of them is below: what else the machine does only makes longer."""
    return statistics.quantiles(tempi, n=4)[0]


def crea(url, quante):
    """Migrate and fill an empty database, in a process of its own."""
    ambiente = {**os.environ, "DATABASE_URL": url, "DEMO": "on", "LOG_LEVEL": "ERROR"}
    for comando in ("migrate", "createcachetable"):
        subprocess.run(
            [sys.executable, ROOT / "manage.py", comando, "-v0"], env=ambiente, check=True
        )
    subprocess.run(
        [sys.executable, __file__, "--carica", url, "--grande", str(quante)], check=True
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", default="", help="PostgreSQL; SQLite when there is none")
    parser.add_argument("--grande", type=int, default=100_000)
    parser.add_argument("--giri", type=int, default=GIRI)
    parser.add_argument("--carica", metavar="URL", help="only fill this migrated database")
    parser.add_argument("--su", nargs=2, metavar="URL", help="two databases that are filled")
    parser.add_argument("--operaio", metavar="URL", help=argparse.SUPPRESS)
    opzioni = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="proposte-") as cartella:
        # Its own, also where the environment names one: no file of anybody's is touched.
        if not opzioni.operaio:
            os.environ["VAR_DIR"] = cartella
        esegui(opzioni, cartella)


def esegui(opzioni, cartella):
    if opzioni.operaio:
        operaio(opzioni.operaio)
    elif opzioni.carica:
        prepara(opzioni.carica)
        inizio = time.perf_counter()
        carica(opzioni.grande)
        print(f"{opzioni.grande} proposals in {time.perf_counter() - inizio:.0f} s", flush=True)
    elif opzioni.su:
        misura(opzioni.su, opzioni.giri)
    elif opzioni.server:
        su_postgresql(opzioni)
    else:
        urls = [f"sqlite:///{cartella}/{n}.sqlite3" for n in ("piccola", "grande")]
        for url, quante in zip(urls, (PICCOLA, opzioni.grande), strict=True):
            crea(url, quante)
        misura(urls, opzioni.giri)


def su_postgresql(opzioni):
    import psycopg

    with psycopg.connect(f"{opzioni.server}/postgres", autocommit=True) as server:
        nomi = [f"prova_proposte_{n}_{os.getpid()}" for n in ("piccola", "grande")]
        try:
            urls = []
            for nome, quante in zip(nomi, (PICCOLA, opzioni.grande), strict=True):
                server.execute(f"CREATE DATABASE {nome}")
                urls.append(f"{opzioni.server}/{nome}")
                crea(urls[-1], quante)
            misura(urls, opzioni.giri)
        finally:
            for nome in nomi:
                server.execute(f"DROP DATABASE IF EXISTS {nome}")


if __name__ == "__main__":
    main()
