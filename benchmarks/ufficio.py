"""What each list of the office costs among many rows, beside what it costs among few.

    .venv/bin/python benchmarks/ufficio.py --server postgres://… [--limite 1.5]
    .venv/bin/python benchmarks/ufficio.py --grande 20000         (SQLite, in a temporary folder)
    .venv/bin/python benchmarks/ufficio.py --su URL URL --solo eventi.Iscrizione
    .venv/bin/python benchmarks/ufficio.py --carica postgres://…/nome --grande 100000

Two databases are made: one with 1,000 rows in every table that the office has a list of, one with
100,000; of registrations, mails and comments ten times as many, as of the lines of the admin's own
log. A process for each answers an administrator's GETs through Django's WSGI handler, and the two
are asked in turn, so that a machine that slows down slows both: what counts is the ratio of the
first quartiles, where both pages show as many rows. Each list is asked for as it opens, with each
choice of its filters, each order of its columns, a search, a day of its dates and its last page;
and the first page of the office.

A page whose queries are not as many in both is named; with ``--limite`` these, and the ratios
above it, make the run fail. ``--su`` measures two databases that ``--carica`` filled.
"""

import argparse
import importlib.util
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import timedelta
from pathlib import Path

PICCOLA = 1_000
GIRI = 5
# Of a page that looks slow so many more, before it is called so.
RIPROVA, ANCORA = 1.25, 10
# Choices of one filter that are asked for.
SCELTE = 14
# Tables of which there are ten times as many rows.
MOLTE = 10
# Years make what is behind a hundred times as much, and not the meetings to come, the telephone
# calls to make, the mails that wait and the seats that are held.
FUTURI = 200


def vicino(nome):
    """The neighbour of a name that is also an app's."""
    spec = importlib.util.spec_from_file_location(
        f"benchmark_{nome}", Path(__file__).with_name(f"{nome}.py")
    )
    modulo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(modulo)
    return modulo


proposte = vicino("proposte")

# --- Filling --------------------------------------------------------------------------------

NOMI = ["Anna", "Luca", "Fatima", "Gino", "Marta", "Omar", "Giulia", "Paolo", "Chiara", "Ahmed"]
COGNOMI = ["Rossi", "Ferrari", "Bianchi", "Ricci", "Gallo", "Conti", "Costa", "Galli", "Serra"]


def nome(n):
    return f"{NOMI[n % len(NOMI)]} {COGNOMI[n // 7 % len(COGNOMI)]} {n:x}"


class Tempo:
    """Instants in the order of the keys: three years behind, and some months to come."""

    def __init__(self, adesso, quante):
        self.adesso, self.quante = adesso, quante

    def passato(self, n):
        return self.adesso - timedelta(days=1000) * ((self.quante - n) / self.quante)

    def attorno(self, n, futuri):
        """The last ``futuri`` are to come, two a day."""
        ancora = self.quante - futuri
        if n > ancora:
            return self.adesso + timedelta(hours=12 * (n - ancora))
        return self.adesso - timedelta(days=1000) * ((ancora - n + 1) / ancora)


def valore(campo, n, tempo):
    """Something for a column that nobody has a rule for."""
    from django.db import models

    genere = campo.get_internal_type()
    if isinstance(campo, models.EmailField):
        return f"persona{n}@example.org"
    if campo.choices and genere in ("CharField", "TextField"):
        scelte = [scelta for scelta, _etichetta in campo.flatchoices if scelta]
        return scelte[n % len(scelte)]
    if genere in ("CharField", "TextField", "SlugField", "FileField"):
        if campo.name in ("nome", "contatto"):
            return nome(n)
        if campo.unique or campo.name in ("codice", "chiave", "impronta", "slug"):
            return f"{campo.name[:4]}-{n}"
        return f"{campo.name.replace('_', ' ')} {n}"[: campo.max_length]
    if genere in ("DateTimeField", "DateField"):
        quando = tempo.passato(n)
        return quando if genere == "DateTimeField" else quando.date()
    if genere == "UUIDField":
        return uuid.UUID(int=n)
    return n % 7


def colonne(modello, tempo, casi):
    """What goes in each column, by the row's number: ``casi`` where there is a rule. Objects would
    take longer to make than rows to store."""

    def regola(campo):
        if campo.name in casi:
            return casi[campo.name]
        nullo = campo.null or (campo.has_default() and not campo.unique)
        vuoto = campo.blank and isinstance(campo, models.CharField | models.TextField)
        if not nullo and not vuoto:
            return lambda n: valore(campo, n, tempo)
        fisso = campo.get_default()
        return lambda n: fisso

    from django.db import connection, models

    def preparata(campo, quale):
        # PostgreSQL's driver knows most of our types; SQLite's does not.
        if connection.vendor == "postgresql" and campo.get_internal_type() != "JSONField":
            return quale
        return lambda n: campo.get_db_prep_save(quale(n), connection)

    return {
        campo.column: preparata(campo, regola(campo))
        for campo in modello._meta.local_concrete_fields
        if not campo.primary_key
    }


class Carico:
    """Fills one table after the other of a database."""

    def __init__(self, connection, quante, adesso):
        self.connection, self.quante, self.adesso = connection, quante, adesso
        self.chiavi = {}

    def riempi(self, modello, quante=0, **casi):
        from django.db import transaction

        quante = quante or self.quante
        regole = colonne(modello, Tempo(self.adesso, quante), casi)
        righe = ([regola(n) for regola in regole.values()] for n in range(1, quante + 1))
        tabella, nomi = modello._meta.db_table, ", ".join(f'"{nome}"' for nome in regole)
        with proposte.senza_indici(self.connection, tabella), self.connection.cursor() as cursor:
            if self.connection.vendor == "postgresql":
                with cursor.cursor.copy(f"COPY {tabella} ({nomi}) FROM STDIN") as copia:
                    for riga in righe:
                        copia.write_row(riga)
                return
            segni = ", ".join("%s" for _nome in regole)
            with transaction.atomic():
                cursor.executemany(f"INSERT INTO {tabella} ({nomi}) VALUES ({segni})", righe)

    def uno_di(self, modello, passo=1):
        """The n-th row's own among these rows; the same for ``passo`` rows at a stretch."""
        if modello not in self.chiavi:
            self.chiavi[modello] = list(
                modello.objects.order_by("pk").values_list("pk", flat=True)
            )
        chiavi = self.chiavi[modello]
        return lambda n: chiavi[(n - 1) // passo % len(chiavi)]


def carica(quante):
    """Fill an empty, migrated database. Many minutes for 100,000."""
    proposte.carica(quante)
    carica_il_resto(quante)


def carica_il_resto(quante):
    """All that ``proposte.carica`` has no need of."""
    from django.contrib.admin.models import LogEntry
    from django.contrib.contenttypes.models import ContentType
    from django.db import connection
    from django.utils import timezone

    from accounts import models as a
    from comunicazioni import models as c
    from eventi import models as e
    from importazioni import models as i
    from laboratori import models as lab
    from percorso.models import Percorso
    from posta.generi import registro
    from posta.models import Messaggio
    from proposte import models as p
    from tavolo import models as t

    adesso = timezone.now()
    tempo, oggi = Tempo(adesso, quante), timezone.localdate()
    db = Carico(connection, quante, adesso)
    uno = db.uno_di
    molte = quante * MOLTE
    spesso = Tempo(adesso, molte)
    fra_due_giorni = adesso + timedelta(days=2)

    def ogni(passo, regola, altrimenti=None):
        return lambda n: regola(n) if n % passo == 0 else altrimenti

    def scelto(*valori):
        return lambda n: valori[n % len(valori)]

    def passato(n):
        return tempo.passato(n)

    # People.
    db.riempi(
        a.User,
        password=lambda n: "!",
        email=lambda n: f"account{n}@example.org",
        nome=nome,
        is_staff=lambda n: n % 50 == 0,
        is_active=lambda n: n % 40 != 1,
        last_login=ogni(3, passato),
        date_joined=passato,
    )
    persona = uno(a.User)
    a.Partecipante.objects.filter(pk__lte=quante // 2).update(lingua="en")
    db.riempi(
        a.Consenso,
        email=lambda n: f"persona{n}@example.org",
        canale=scelto(*a.Consenso.Canale.values),
        valido_at=passato,
        ritirato_at=ogni(5, passato),
    )
    db.riempi(a.Conferma, azione=scelto("sostegno", "commento"), fatta_at=ogni(2, passato))
    db.riempi(
        a.Pulizia,
        finalita=scelto("iscrizioni", "posta", "accessi"),
        regola=lambda n: f"regola {n % 40}",
        giorno=lambda n: oggi - timedelta(days=n // 40),
    )
    db.riempi(a.Scarico, autore=persona)
    db.riempi(a.Cancellazione, autore=persona)

    # Places and meetings.
    zona, percorso = uno(lab.Laboratorio), uno(Percorso)
    proposta = uno(p.Proposta)
    db.riempi(lab.Attore, laboratorio=zona, stato=scelto(*lab.Attore.Stato.values))
    db.riempi(lab.Disponibilita, laboratorio=zona, stato=scelto(*lab.Disponibilita.Stato.values))
    db.riempi(e.Sede, senza_gradini=scelto(True, False, None))
    db.riempi(e.SerieIncontri, max(10, quante // 20))

    def inizio(n):
        return tempo.attorno(n, FUTURI)

    def stato(n):
        if n % 9 == 0:
            return "bozza"
        if n % 23 == 0:
            return "annullato"
        return "svolto" if inizio(n) < adesso - timedelta(days=20) else "pubblicato"

    db.riempi(
        e.Incontro,
        percorso=percorso,
        laboratorio=lambda n: zona(n) if n % 5 else None,
        titolo=lambda n: f"Che cosa serve al quartiere, parte {n}",
        inizio=inizio,
        fine=lambda n: inizio(n) + timedelta(hours=2),
        sede=uno(e.Sede),
        serie=ogni(4, uno(e.SerieIncontri)),
        posti=scelto(30, 40, None),
        posti_occupati=lambda n: n % 31,
        stato=stato,
        created_at=passato,
    )
    incontro = uno(e.Incontro)
    # Ten people for each meeting.
    stati = ("confermata",) * 6 + (
        "lista_attesa",
        "rinunciata",
        "da_verificare",
        "posto_offerto",
        "scaduta",
        "annullata",
    )

    def come(n):
        """Of a meeting behind nobody is still waited for."""
        quale = stati[n % 12]
        passata = n <= molte - FUTURI * MOLTE
        return "scaduta" if passata and quale in ("da_verificare", "posto_offerto") else quale

    def tiene(n):
        return come(n) in ("confermata", "da_verificare", "posto_offerto")

    db.riempi(
        e.Iscrizione,
        molte,
        incontro=uno(e.Incontro, MOLTE),
        nome=nome,
        email=lambda n: None if n % 9 == 0 else f"persona{n}@example.org",
        telefono=ogni(9, lambda n: f"0523 {n:06}", ""),
        stato=come,
        posti=lambda n: int(tiene(n)),
        posti_richiesti=scelto(1, 1, 2),
        scade_at=lambda n: fra_due_giorni if come(n) == "posto_offerto" else None,
        in_lista_dal=lambda n: spesso.passato(n) if come(n) == "lista_attesa" else None,
        verificata_at=lambda n: None if come(n) == "da_verificare" else spesso.passato(n),
        presente=scelto(True, None, False, None, True),
        canale=scelto("online", "telefono", "sportello", "online", "cartaceo"),
        created_at=spesso.passato,
    )
    iscrizione = uno(e.Iscrizione)
    db.riempi(e.Necessita, quante // 2, iscrizione=lambda n: iscrizione(n * 2 * MOLTE))
    db.riempi(
        e.Telefonata,
        iscrizione=lambda n: iscrizione(n * MOLTE),
        entro_at=inizio,
        segnata_da=persona,
        segnata_at=lambda n: None if n > quante - FUTURI else passato(n),
        chiusa_at=lambda n: None if n > quante - FUTURI else passato(n),
    )
    db.riempi(e.Accoglienza, incontro=incontro, persona=ogni(3, persona))
    db.riempi(e.Resoconto, quante // 2, incontro=incontro, pubblicato_at=ogni(2, passato))

    # Mails.
    generi = sorted(registro)

    def in_coda(n):
        return "in_coda" if n > molte - FUTURI else ""

    db.riempi(
        Messaggio,
        molte,
        genere=scelto(*generi),
        stato=lambda n: (
            "in_coda" if n > molte - FUTURI else ("fallito", *["inviato"] * 19)[n % 20]
        ),
        dovuto_at=spesso.passato,
        inviato_at=spesso.passato,
        ultimo_errore=lambda n: "",
        created_at=spesso.passato,
    )
    db.riempi(
        c.Comunicazione,
        pubblico=lambda n: "iscritti",
        incontro=incontro,
        autore=persona,
        stato=scelto("bozza", "inviata", "inviata", "annullata"),
    )
    db.riempi(
        c.Destinatario, molte, comunicazione=uno(c.Comunicazione, MOLTE), messaggio=uno(Messaggio)
    )
    db.riempi(i.Importazione, genere=scelto("sedi", "incontri", "iscrizioni"), autore=persona)

    # Needs, proposals and what people did to them.
    db.riempi(
        p.Bisogno,
        percorso=percorso,
        laboratorio=zona,
        titolo=lambda n: f"Bisogno {n}",
        stato=scelto(*p.Bisogno.Stato.values),
        pubblicato_at=passato,
        indice=lambda n: f"quartier radio{n % 20} bisogn {n}",
        created_at=passato,
    )
    ufficio = scelto("Lavori pubblici", "Verde", "Cultura", "Scuola")
    db.riempi(p.Verbalizzante, incontro=incontro)
    db.riempi(p.Nota, incontro=uno(e.Incontro, 3), testo=lambda n: f"Più alberi in via {n}")
    db.riempi(
        p.Commento,
        molte,
        proposta=uno(p.Proposta, MOLTE),
        testo=lambda n: f"Sono d'accordo con la parte {n}",
        nome_mostrato=nome,
        scopo=scelto(*p.Commento.Scopo.values),
        nascosto_at=ogni(11, spesso.passato),
        created_at=spesso.passato,
    )
    db.riempi(p.Segnalazione, proposta=proposta, chiusa_at=lambda n: passato(n) if n % 3 else None)
    db.riempi(p.Risposta, proposta=proposta, testo=lambda n: f"Risposta {n}", ufficio=ufficio)
    db.riempi(
        p.VerificaTecnica,
        quante // 2,
        proposta=proposta,
        assegnata_a=persona,
        competenza=ufficio,
        scadenza=lambda n: passato(n).date(),
        conclusa_at=lambda n: passato(n) if n % 4 else None,
    )
    db.riempi(p.Avanzamento, proposta=proposta, percentuale=lambda n: n % 101)

    # The Tavolo: round a table sit some dozens, however many sat there before them.
    def finito(n):
        return None if n > quante - FUTURI else passato(n).date() + timedelta(days=1)

    db.riempi(t.Organizzazione)
    ente = uno(t.Organizzazione)
    db.riempi(t.Seggio, percorso=percorso, organizzazione=ente, al=finito)
    seggio = uno(t.Seggio)
    db.riempi(t.Componente, seggio=seggio, ruolo=scelto("titolare", "supplente"), al=finito)
    componente = uno(t.Componente)
    db.riempi(
        t.RichiestaAdesione,
        percorso=percorso,
        stato=scelto(*t.RichiestaAdesione.Stato.values),
        risposta=lambda n: "Grazie.",
    )
    db.riempi(t.Garante, percorso=percorso, persona=persona)
    db.riempi(t.ParereComitato, percorso=percorso, proposta=proposta, pubblicato_at=passato)
    db.riempi(
        t.Seduta,
        quante // 2,
        incontro=incontro,
        numero=lambda n: n % 30_000,
        stato=scelto(*t.Seduta.Stato.values),
    )
    seduta = uno(t.Seduta)
    db.riempi(t.PuntoOrdineDelGiorno, seduta=seduta)
    db.riempi(t.DocumentoTavolo, percorso=percorso, seduta=seduta)
    db.riempi(
        t.AccessoDocumento,
        percorso=percorso,
        documento=uno(t.DocumentoTavolo),
        persona=persona,
        seggio=seggio,
        titolo_accesso=scelto("ufficio", "seggio"),
        oggetto=lambda n: f"Documento {n}",
    )
    db.riempi(
        t.ProceduraScritta,
        percorso=percorso,
        proposta=proposta,
        stato=scelto("aperta", "conclusa", "fermata", "senza_numero"),
        apre_at=passato,
        chiude_at=lambda n: passato(n) + timedelta(days=10),
    )
    db.riempi(
        t.Decisione,
        percorso=percorso,
        proposta=proposta,
        seduta=seduta,
        motivazione=lambda n: "Perché serve.",
        testo_concordato=lambda n: "Due panchine.",
        numero_legale=lambda n: 0,
        pubblicata_at=lambda n: passato(n) if n % 3 else None,
    )
    db.riempi(
        t.Esame,
        percorso=percorso,
        proposta=proposta,
        scade_at=lambda n: passato(n) + timedelta(days=30),
        aperto_at=passato,
        chiuso_at=lambda n: passato(n) if n % 3 else None,
    )
    db.riempi(t.DomandaProponente, esame=uno(t.Esame), seggio=seggio, componente=componente)
    db.riempi(t.Verbale, quante // 2, seduta=seduta, pdf=lambda n: "", pdf_interno=lambda n: "")
    # What the admin writes down by itself.
    genere = ContentType.objects.get_for_model(e.Iscrizione).pk
    db.riempi(
        LogEntry,
        molte,
        user=persona,
        content_type=lambda n: genere,
        object_id=lambda n: str(n),
        object_repr=lambda n: f"iscrizione {n}",
        action_flag=lambda n: 2,
        change_message=lambda n: "",
        action_time=spesso.passato,
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


# --- Asking ---------------------------------------------------------------------------------


def entra():
    """The cookie of an administrator's session."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from accounts.deposito_sessioni import SessionStore
    from accounts.models import User

    chi, _nuova = User.objects.get_or_create(
        email="benchmark@example.org",
        defaults={"is_staff": True, "is_superuser": True, "password": "!"},
    )
    sessione = SessionStore()
    sessione[SESSION_KEY] = str(chi.pk)
    sessione[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    sessione[HASH_SESSION_KEY] = chi.get_session_auth_hash()
    sessione.save()
    return chi, f"{settings.SESSION_COOKIE_NAME}={sessione.session_key}"


def indirizzi(chi, solo):
    """What is asked for, by name: the same in both databases."""
    from django.contrib import admin
    from django.test import RequestFactory
    from django.urls import reverse

    pagine = {"first page": "/admin/?"}
    for modello, gestore in admin.site._registry.items():
        label = modello._meta.label
        if solo and label not in solo:
            continue
        url = reverse(f"admin:{modello._meta.label_lower.replace('.', '_')}_changelist")
        pagine[label] = f"{url}?"
        richiesta = RequestFactory().get(url)
        richiesta.user, richiesta.session = chi, {}
        elenco = gestore.get_changelist_instance(richiesta)
        for spec in elenco.filter_specs:
            for n, scelta in enumerate(itertools.islice(spec.choices(elenco), SCELTE)):
                if not scelta["selected"]:
                    nome = f"{label}, {spec.title}: {scelta['display']}"
                    # Of meetings each database has its own.
                    nome = nome if len(str(scelta["display"])) < 34 else f"{nome[:60]} {n}"
                    pagine[nome] = f"{url}{scelta['query_string']}"
        for n, colonna in enumerate(elenco.list_display):
            ordinabile = gestore.get_sortable_by(richiesta)
            if colonna in ordinabile and elenco.get_ordering_field(colonna):
                pagine[f"{label}, by {colonna}"] = f"{url}?o={n}"
                pagine[f"{label}, by {colonna}, backwards"] = f"{url}?o=-{n}"
        if elenco.search_fields:
            for termine in CERCA.get(label, CERCA[""]):
                pagine[f"{label}, search «{termine}»"] = f"{url}?q={termine.replace(' ', '+')}"
        if campo := gestore.date_hierarchy:
            giorno = elenco.queryset.filter(**{f"{campo}__isnull": False}).values_list(
                campo, flat=True
            )[elenco.result_count // 3]
            anno, mese = f"{campo}__year={giorno.year}", f"{campo}__month={giorno.month}"
            pagine[f"{label}, year"] = f"{url}?{anno}"
            pagine[f"{label}, month"] = f"{url}?{anno}&{mese}"
            pagine[f"{label}, day"] = f"{url}?{anno}&{mese}&{campo}__day={giorno.day}"
        if elenco.paginator.num_pages > 1:
            pagine[f"{label}, last page"] = f"{url}?p={elenco.paginator.num_pages}"
    return pagine


# What is searched for: something that many have, and something that few have.
CERCA = {
    "": ["777", "parte 77"],
    "account.EmailAddress": ["account77"],
    "accounts.Conferma": ["persona777@example.org"],
    "accounts.Consenso": ["persona777@example.org"],
    "accounts.Partecipante": ["persona777@example.org"],
    "accounts.User": ["rossi", "account777@example.org"],
    "eventi.Iscrizione": ["rossi", "persona777@example.org"],
    "posta.Messaggio": ["persona777", "persona777@example.org"],
    "proposte.Bisogno": ["quartieri", "bisogni 777"],
    "proposte.Proposta": ["biblioteca", "rio 777"],
}


def operaio(url, solo):
    """Answer, one line each, how long a page took, how many rows and queries it had."""
    proposte.prepara(url)
    from django.core.handlers.wsgi import WSGIHandler
    from django.db import connection
    from pagine import ask

    chi, cookie = entra()
    portale = WSGIHandler()
    print(json.dumps(indirizzi(chi, solo)), flush=True)
    domande = []

    def conta(execute, sql, params, many, context):
        inizio = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            domande.append((time.perf_counter() - inizio, sql, params))

    for riga in sys.stdin:
        path, _, argomenti = json.loads(riga).partition("?")
        domande.clear()
        with connection.execute_wrapper(conta):
            inizio = time.perf_counter()
            stato, _testate, corpo = ask(
                portale,
                path,
                QUERY_STRING=argomenti,
                HTTP_COOKIE=cookie,
                HTTP_ACCEPT_ENCODING="identity",
            )
            durata = time.perf_counter() - inizio
        lenta = max(domande, default=(0, "", ()))
        risposta = {
            "stato": stato,
            "durata": durata,
            "domande": len(domande),
            "righe": corpo.count(b'class="action-select"') or corpo.count(b"<tr"),
            "lenta": [lenta[0], lenta[1], str(lenta[2])],
        }
        print(json.dumps(risposta), flush=True)


class Portale(proposte.Portale):
    """A process that answers on one database."""

    def __init__(self, url, solo):
        self.processo = subprocess.Popen(
            [sys.executable, __file__, "--operaio", url, "--solo", *solo],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.indirizzi = json.loads(self.processo.stdout.readline())

    def chiedi(self, nome):
        print(json.dumps(self.indirizzi[nome]), file=self.processo.stdin, flush=True)
        return json.loads(self.processo.stdout.readline())


def misura(urls, giri, solo, limite=0, lente=False):
    """Both asked in turn, each page so many times; the pages that are not as they should be."""
    piccola, grande = (Portale(url, solo) for url in urls)
    storte = []
    try:
        print(f"{'':64}{'ms at 1,000':>12}{'ms':>9}{'ratio':>7}{'rows':>9}{'queries':>9}")
        for nome in grande.indirizzi:
            if nome not in piccola.indirizzi:
                continue
            a, b = piccola.chiedi(nome), grande.chiedi(nome)
            coppie = []

            def rapporto(quanti, nome=nome, coppie=coppie):
                coppie += [(piccola.chiedi(nome), grande.chiedi(nome)) for _ in range(quanti)]
                tempi = ([giro["durata"] for giro in parte] for parte in zip(*coppie, strict=True))
                return [proposte.quartile(parte) * 1000 for parte in tempi]

            prima, dopo = rapporto(giri)
            if dopo / prima > RIPROVA and dopo < 1000:
                prima, dopo = rapporto(ANCORA)
            uguali = a["righe"] == b["righe"]
            guai = [
                *(["status"] if {a["stato"], b["stato"]} != {"200 OK"} else []),
                *(["QUERIES"] if a["domande"] != b["domande"] else []),
                *(["RATIO"] if limite and uguali and dopo / prima > limite else []),
            ]
            print(
                f"{nome[:63]:64}{prima:12.1f}{dopo:9.1f}{dopo / prima:7.2f}"
                f"{a['righe']:5}{'' if uguali else '/' + str(b['righe']):>4}{b['domande']:9}"
                f" {' '.join(guai)}".rstrip(),
                flush=True,
            )
            if guai:
                storte.append(nome)
                if lente:
                    print("    ", *b["lenta"], flush=True)
    finally:
        piccola.chiudi()
        grande.chiudi()
    return storte


def crea(url, quante):
    """Migrate and fill an empty database, in a process of its own."""
    ambiente = {**os.environ, "DATABASE_URL": url, "DEMO": "on", "LOG_LEVEL": "ERROR"}
    for comando in ("migrate", "createcachetable"):
        subprocess.run(
            [sys.executable, proposte.ROOT / "manage.py", comando, "-v0"], env=ambiente, check=True
        )
    subprocess.run(
        [sys.executable, __file__, "--carica", url, "--grande", str(quante)], check=True
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", default="", help="PostgreSQL; SQLite when there is none")
    parser.add_argument("--grande", type=int, default=100_000)
    parser.add_argument("--giri", type=int, default=GIRI)
    parser.add_argument("--limite", type=float, default=0, help="fail above this ratio")
    parser.add_argument("--solo", nargs="*", default=[], help="only these, as eventi.Incontro")
    parser.add_argument("--lente", action="store_true", help="show the slowest query of each")
    parser.add_argument("--carica", metavar="URL", help="only fill this migrated database")
    parser.add_argument("--su", nargs=2, metavar="URL", help="two databases that are filled")
    parser.add_argument("--operaio", metavar="URL", help=argparse.SUPPRESS)
    opzioni = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ufficio-") as cartella:
        # Its own, also where the environment names one: no file of anybody's is touched.
        os.environ["VAR_DIR"] = cartella
        storte = esegui(opzioni, cartella)
    if opzioni.limite and storte:
        sys.exit(f"{len(storte)} pages above {opzioni.limite}, or with queries of their own")


def esegui(opzioni, cartella):
    if opzioni.operaio:
        return operaio(opzioni.operaio, opzioni.solo)
    if opzioni.carica:
        proposte.prepara(opzioni.carica)
        inizio = time.perf_counter()
        carica(opzioni.grande)
        print(f"{opzioni.grande} rows each in {time.perf_counter() - inizio:.0f} s", flush=True)
        return []
    if opzioni.su:
        return _misura(opzioni, opzioni.su)
    if opzioni.server:
        return su_postgresql(opzioni)
    urls = [f"sqlite:///{cartella}/{n}.sqlite3" for n in ("piccola", "grande")]
    for url, quante in zip(urls, (PICCOLA, opzioni.grande), strict=True):
        crea(url, quante)
    return _misura(opzioni, urls)


def _misura(opzioni, urls):
    return misura(urls, opzioni.giri, opzioni.solo, opzioni.limite, opzioni.lente)


def su_postgresql(opzioni):
    import psycopg

    with psycopg.connect(f"{opzioni.server}/postgres", autocommit=True) as server:
        nomi = [f"prova_ufficio_{n}_{os.getpid()}" for n in ("piccola", "grande")]
        try:
            urls = []
            for nome, quante in zip(nomi, (PICCOLA, opzioni.grande), strict=True):
                server.execute(f"CREATE DATABASE {nome}")
                urls.append(f"{opzioni.server}/{nome}")
                crea(urls[-1], quante)
            return _misura(opzioni, urls)
        finally:
            for nome in nomi:
                server.execute(f"DROP DATABASE IF EXISTS {nome}")


if __name__ == "__main__":
    main()
