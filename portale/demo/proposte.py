"""The needs, notes and proposals of the example cycle (``dati/demo_proposte.json``).

They go through the same doors as everybody's, each at its own moment of the recent past.
"""

import uuid
from datetime import timedelta
from decimal import Decimal

from accounts import partecipanti
from accounts.models import Partecipante
from proposte import bisogni, services
from proposte.conteggi import da_ricontare, riconta
from proposte.models import (
    Avanzamento,
    Bisogno,
    Commento,
    Nota,
    Proposta,
    Segnalazione,
    Seguito,
    Sostegno,
    Tema,
    Verbalizzante,
    VerificaTecnica,
)

from .scenario import SCENARIO, leggi_scenario

PROPOSTE = SCENARIO.with_name("demo_proposte.json")
Stato = Proposta.Stato


def carica_proposte(carico, tavolo) -> None:
    """Everything of the file, into the cycle that ``carico`` has just loaded. ``tavolo`` is called
    with the proposals by their key, and decides on those that the file leaves to it."""
    _Proposte(carico).esegui(tavolo)


class _Proposte:
    def __init__(self, carico):
        self.scenario = leggi_scenario(PROPOSTE)
        self.carico = carico
        self.calendario = carico.calendario
        self.percorso = carico.percorso
        self.ufficio = carico.ufficio
        self.incontri = {incontro.slug: incontro for incontro in self.percorso.incontri.all()}
        self.temi = {tema.slug: tema for tema in Tema.objects.all()}
        self.partecipanti: dict[str, Partecipante] = {}
        self.bisogni: dict[str, Bisogno] = {}
        self.proposte: dict[str, Proposta] = {}

    def esegui(self, tavolo):
        for voce in self.scenario["bisogni"]:
            self._bisogno(voce)
        self._note_da_ordinare(**self.scenario["note_da_ordinare"])
        for voce in self.scenario["proposte"]:
            self._proposta(voce)
        for voce in self.scenario["segnalazioni"]:
            self._segnalazione(voce)
        tavolo(self.carico, self.proposte)
        for voce in self.scenario["proposte"]:
            if voce.get("decide_il_tavolo"):
                self._dopo_l_esito(self.proposte[voce["chiave"]], voce)
        riconta(self.carico.adesso)

    # --- People ---

    def _partecipante(self, voce) -> Partecipante:
        if conto := voce.get("conto"):
            mio = partecipanti.della_persona(self.carico.conti[conto])
        else:
            persona = self.carico.persone[voce["persona"]]
            mio = partecipanti.per_indirizzo(persona.email, nome=persona.nome)
        if mio.email not in self.partecipanti:
            Partecipante.objects.filter(pk=mio.pk).update(esempio=True)
            self.partecipanti[mio.email] = mio
        return mio

    def _gente(self, quanti, primo):
        """So many people, each time from another point of the list."""
        return [
            self._partecipante({"persona": (primo + i) % len(self.carico.persone)})
            for i in range(quanti)
        ]

    # --- Needs and notes ---

    def _bisogno(self, voce):
        incontro = self.incontri.get(voce.get("incontro"))
        stato = voce.get("stato", "pubblicato")
        if incontro:
            quando = incontro.fine + timedelta(days=3)
        else:
            quando = self.calendario.prima(giorni=voce["giorni_fa"])
        online = "persona" in voce
        bisogno = Bisogno.objects.create(
            percorso=self.percorso,
            laboratorio=self.carico.laboratori.get(voce["zona"]),
            incontro=incontro,
            tavolo=voce.get("tavolo"),
            titolo=voce["titolo"],
            testo=voce["testo"],
            punti=voce.get("punti"),
            priorita=voce.get("priorita"),
            canale=voce.get("canale") or ("incontro" if incontro else "online"),
            proponente=self._partecipante(voce) if online else None,
            nome_mostrato=voce.get("nome", ""),
            registrato_da=None if online else self.ufficio,
            esempio=True,
        )
        bisogno.temi.set(self._temi(voce))
        Bisogno.objects.filter(pk=bisogno.pk).update(created_at=quando)
        for i, testo in enumerate(voce.get("note", ())):
            self._nota(incontro, testo, voce["tavolo"], i, bisogno=bisogno)
        if online:
            bisogni.invia(bisogno, adesso=quando)
        if stato != "inviato":
            bisogni.pubblica(bisogno, self.ufficio, adesso=quando + timedelta(hours=4))
        if stato == "nascosto":
            bisogni.nascondi(
                bisogno,
                self.ufficio,
                voce["motivo"],
                voce["spiegazione"],
                adesso=quando + timedelta(days=1),
            )
        bisogno.refresh_from_db()
        self.bisogni[voce["chiave"]] = bisogno

    def _note_da_ordinare(self, incontro, tavoli):
        incontro = self.incontri[incontro]
        for tavolo, testi in enumerate(tavoli, 1):
            chi = Verbalizzante.objects.create(
                incontro=incontro, nome=f"Verbalizzante di esempio {tavolo}", tavolo=tavolo
            )
            for i, testo in enumerate(testi):
                self._nota(incontro, testo, tavolo, i, verbalizzante=chi)

    def _nota(self, incontro, testo, tavolo, ordine, **legami):
        idea = testo.startswith("!idea:")
        Nota.objects.create(
            incontro=incontro,
            # The same note has the same key each time: loading is repeatable.
            chiave=uuid.uuid5(uuid.NAMESPACE_URL, f"{incontro.pk}/{tavolo}/{ordine}/{testo}"),
            tavolo=tavolo,
            ordine=ordine,
            genere=Nota.Genere.IDEA if idea else Nota.Genere.BISOGNO,
            testo=testo.removeprefix("!idea:").strip(),
            digitata_at=incontro.inizio + timedelta(minutes=20 + ordine),
            **legami,
        )

    def _temi(self, voce):
        return [self.temi[slug] for slug in voce["temi"] if slug in self.temi]

    # --- Proposals ---

    def _proposta(self, voce):
        quando = self.calendario.prima(giorni=voce["giorni_fa"], ore=5)
        proposta = self._bozza(voce, quando)
        if voce.get("stato") != Stato.BOZZA:
            primo_testo = voce.get("modifica", {}).get("prima")
            che_cosa = proposta.che_cosa
            if primo_testo:
                Proposta.objects.filter(pk=proposta.pk).update(che_cosa=primo_testo)
            proposta = services.invia(proposta, autore=self.ufficio, adesso=quando)
            self._vita(proposta, voce, quando, che_cosa)
        proposta.refresh_from_db()
        self.proposte[voce["chiave"]] = proposta

    def _bozza(self, voce, quando):
        incontro = self.incontri.get(voce.get("incontro"))
        laboratorio = self.carico.laboratori.get(voce["zona"])
        genere = Proposta.Proponente.PERSONA
        if incontro:
            genere = Proposta.Proponente.INCONTRO
        elif voce.get("organizzazione"):
            genere = Proposta.Proponente.ORGANIZZAZIONE
        punto = {}
        if (scarto := voce.get("punto")) and laboratorio.latitudine is not None:
            punto = {
                "latitudine": laboratorio.latitudine + scarto[0],
                "longitudine": laboratorio.longitudine + scarto[1],
            }
        proposta = Proposta.objects.create(
            percorso=self.percorso,
            laboratorio=laboratorio,
            per_la_citta=laboratorio is None,
            **{campo: voce[campo] for campo in Proposta.TESTI},
            **punto,
            genere_proponente=genere,
            proponente=None if incontro else self._partecipante(voce),
            nome_mostrato=voce.get("nome", ""),
            organizzazione=voce.get("organizzazione", ""),
            incontro=incontro,
            canale=voce.get("canale") or ("incontro" if incontro else "online"),
            registrato_da=self.ufficio if incontro or voce.get("canale") == "cartaceo" else None,
            esempio=True,
        )
        proposta.temi.set(self._temi(voce))
        proposta.bisogni.set([self.bisogni[chiave] for chiave in voce["bisogni"]])
        Proposta.objects.filter(pk=proposta.pk).update(created_at=quando)
        return proposta

    def _vita(self, proposta, voce, quando, che_cosa):
        """What became of it, step by step."""
        stato, prima = voce["stato"], self.calendario.prima
        passo = prima(giorni=voce.get("passo_giorni_fa", 0), ore=3)
        if stato == Stato.INVIATA:
            return
        if stato == Stato.NASCOSTA:
            services.nascondi(
                proposta, self.ufficio, voce["motivo_moderazione"], voce["motivo"], adesso=passo
            )
            riesame = voce["riesame"]
            quando = prima(giorni=riesame["giorni_fa"])
            services.chiedi_riesame(proposta, riesame["testo"], adesso=quando)
            return
        services.pubblica(proposta, self.ufficio, adesso=quando + timedelta(hours=2))
        self._sostegni(proposta, voce, quando)
        for commento in voce.get("commenti", ()):
            self._commento(proposta, commento)
        if modifica := voce.get("modifica"):
            proposta.refresh_from_db()
            services.modifica(
                proposta,
                {"che_cosa": che_cosa},
                versione=proposta.versione,
                nota=modifica["nota"],
                adesso=prima(giorni=modifica["giorni_fa"]),
            )
        if stato == Stato.RITIRATA:
            services.ritira(proposta, motivo=voce["motivo"], adesso=passo)
        elif stato == Stato.INTEGRATA:
            altra = self.proposte[voce["integrata_in"]]
            services.integra(proposta, altra, self.ufficio, voce["motivo"], adesso=passo)
        elif divisione := voce.get("dividi"):
            nuove = services.dividi(
                proposta,
                [services.Parte(**parte) for parte in divisione["parti"]],
                self.ufficio,
                divisione["motivo"],
                adesso=prima(giorni=divisione["giorni_fa"]),
            )
            Proposta.objects.filter(pk__in=[nuova.pk for nuova in nuove]).update(esempio=True)
        if "valutazione" in voce:
            self._valutazione(proposta, voce)

    def _valutazione(self, proposta, voce):
        prima = self.calendario.prima
        services.metti_in_valutazione(
            proposta, self.ufficio, adesso=prima(giorni=voce["valutazione"], ore=3)
        )
        if verifica := voce.get("verifica"):
            valori = dict(verifica)
            fra = valori.pop("scadenza_tra", None)
            VerificaTecnica.objects.create(
                proposta=proposta,
                scadenza=None if fra is None else self.calendario.giorno(fra),
                conclusa_at=prima(giorni=voce["decisa"]) if "decisa" in voce else None,
                **valori | {"costo_euro": _euro(verifica)},
            )
        if preparato := voce.get("esito_preparato"):
            services.prepara_esito(proposta, **preparato, autore=self.ufficio, adesso=prima())
        if voce.get("decide_il_tavolo"):
            return
        if voce["stato"] in Proposta.ESITI:
            services.decidi(
                proposta,
                voce["stato"],
                voce["motivazione"],
                self.ufficio,
                adesso=prima(giorni=voce["decisa"], ore=3),
            )
        self._dopo_l_esito(proposta, voce)

    def _dopo_l_esito(self, proposta, voce):
        if risposta := voce.get("risposta"):
            self._risposta(proposta, voce["stato"], risposta)
        for avanzamento in voce.get("avanzamenti", ()):
            Avanzamento.objects.create(
                proposta=proposta,
                giorno=self.calendario.giorno(-avanzamento["giorni_fa"]),
                autore=self.ufficio,
                **{nome: avanzamento[nome] for nome in ("titolo", "testo", "percentuale")},
            )

    def _risposta(self, proposta, esito, risposta):
        valori = {
            "esito": esito,
            "ufficio": risposta["ufficio"],
            "costo_euro": _euro(risposta),
            "tempi": risposta["tempi"],
            "autore": self.ufficio,
        }
        services.rispondi(
            proposta,
            testo=risposta["testo"],
            adesso=self.calendario.prima(giorni=risposta["giorni_fa"]),
            **valori,
        )
        if correzione := risposta.get("correzione"):
            services.rispondi(
                proposta,
                testo=correzione["testo"],
                correzione=correzione["che_cosa"],
                versione=1,
                adesso=self.calendario.prima(giorni=correzione["giorni_fa"]),
                **valori,
            )

    # --- Who supports, comments, reports ---

    def _sostegni(self, proposta, voce, quando):
        gente = self._gente(voce.get("sostegni", 0), primo=len(self.proposte) * 11)
        Sostegno.objects.bulk_create(
            Sostegno(
                proposta=proposta,
                partecipante=chi,
                esempio=True,
                created_at=quando + timedelta(hours=3 + i),
            )
            for i, chi in enumerate(gente)
        )
        Seguito.objects.bulk_create(
            Seguito(proposta=proposta, partecipante=chi, created_at=quando) for chi in gente[:5]
        )
        da_ricontare(proposta.pk)

    def _commento(self, proposta, voce, risponde_a=None):
        commento = Commento.objects.create(
            proposta=proposta,
            risponde_a=risponde_a,
            autore=self._partecipante(voce),
            nome_mostrato=voce["nome"],
            scopo=voce.get("scopo", ""),
            testo=voce["testo"],
            chiave=f"esempio-{uuid.uuid4()}",
            esempio=True,
            created_at=self.calendario.prima(giorni=voce["giorni_fa"]),
        )
        for risposta in voce.get("risposte", ()):
            self._commento(proposta, risposta, risponde_a=commento)
        da_ricontare(proposta.pk)

    def _segnalazione(self, voce):
        Segnalazione.objects.create(
            proposta=self.proposte[voce["proposta"]],
            motivo=voce["motivo"],
            testo=voce["testo"],
            chiave=f"esempio-{uuid.uuid4()}",
            created_at=self.calendario.prima(giorni=voce["giorni_fa"]),
        )


def _euro(voce) -> Decimal | None:
    return Decimal(voce["costo_euro"]) if voce.get("costo_euro") else None
