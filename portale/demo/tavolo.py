"""The Tavolo of the example cycle (``dati/demo_tavolo.json``): who sits, sittings, reviews,
decisions, minutes.

Everything goes through the same doors as everybody's, each at its own moment of the recent past.
"""

import uuid
from datetime import timedelta

from django.core.files.base import ContentFile

from eventi.models import Incontro
from laboratori import attori
from portale.lib.pdf import impagina
from proposte import services as proposte
from proposte.models import Proposta, Tema
from tavolo.models import (
    Componente,
    Criterio,
    Decisione,
    Esame,
    ImpostazioniTavolo,
    Organizzazione,
    ProceduraScritta,
    RichiestaAdesione,
    Seduta,
    Seggio,
)
from tavolo.services import (
    adesioni,
    assenze,
    comitato,
    decisioni,
    documenti,
    esami,
    impegni,
    presenze,
    procedure,
    sedute,
    soggetti,
    verbali,
)

from .scenario import SCENARIO, leggi_scenario

TAVOLO = SCENARIO.with_name("demo_tavolo.json")


def carica_tavolo(carico, per_chiave: dict[str, Proposta]) -> None:
    """Everything of the file, into the cycle and its proposals (by their key in the scenario)."""
    _Tavolo(carico, per_chiave).esegui()


def _chiave(*parti) -> str:
    """The same form has the same key each time: loading is repeatable."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(map(str, parti))))


class _Tavolo:
    def __init__(self, carico, per_chiave):
        self.scenario = leggi_scenario(TAVOLO)
        self.carico = carico
        self.calendario = carico.calendario
        self.percorso = carico.percorso
        self.ufficio = carico.ufficio
        self.proposte = per_chiave
        self.seggi: dict[str, Seggio] = {}
        self.titolari: dict[str, Componente] = {}
        self.sedute: dict[str, Seduta] = {}
        self.da_approvare: dict[str, list] = {}

    def esegui(self):
        scenario = self.scenario
        ImpostazioniTavolo.objects.create(percorso=self.percorso, **scenario["impostazioni"])
        for ordine, domanda in enumerate(scenario["criteri"], 1):
            Criterio.objects.create(percorso=self.percorso, ordine=ordine, domanda=domanda)
        for voce in scenario["organizzazioni"]:
            self._organizzazione(voce)
        self._garante(scenario["garante"])
        for voce in scenario["adesioni"]:
            self._adesione(voce)
        for voce in scenario["attori"]:
            self._attore(voce)
        # A review comes before the sitting that decides on it.
        for voce in scenario["esami"]:
            self._esame(voce)
        for voce in scenario["sedute"]:
            self._seduta(voce)
        self._procedura(scenario["procedura"])
        self._parere(scenario["parere"])
        for voce in scenario["documenti"]:
            self._documento(voce)
        self._segna_esempio()

    def _segna_esempio(self):
        """What the doors wrote is an example too, and says so."""
        for modello in (Decisione, Esame, ProceduraScritta):
            modello.objects.filter(percorso=self.percorso).update(esempio=True)
        RichiestaAdesione.objects.filter(percorso=self.percorso).update(esempio=True)
        Componente.objects.filter(seggio__percorso=self.percorso).update(esempio=True)

    # --- Who sits ---

    def _organizzazione(self, voce):
        organizzazione = Organizzazione.objects.create(
            esempio=True,
            **{
                campo: voce[campo]
                for campo in ("slug", "nome", "genere", "costituzione", "attivita")
            },
        )
        organizzazione.temi.set(Tema.objects.filter(slug__in=voce["temi"]))
        organizzazione.laboratori.set(self.carico.laboratori[zona] for zona in voce["zone"])
        dal = self.calendario.giorno(voce["dal"])
        quando = self.calendario.alle(voce["dal"], "10:00")
        seggio = soggetti.apri_seggio(
            percorso=self.percorso,
            organizzazione=organizzazione,
            ruolo=voce.get("ruolo", Seggio.Ruolo.COMPONENTE),
            dal=dal,
            autore=self.ufficio,
            adesso=quando,
        )
        for ruolo in Componente.Ruolo.values:
            if ruolo in voce:
                self._componente(seggio, ruolo, voce[ruolo], dal, quando)
        if "al" in voce:
            soggetti.concludi_seggio(
                seggio,
                self.calendario.giorno(voce["al"]),
                motivo="L'associazione di esempio si è sciolta.",
                autore=self.ufficio,
                adesso=self.calendario.alle(voce["al"], "10:00"),
            )
        seggio.refresh_from_db()
        self.seggi[voce["slug"]] = seggio
        self.titolari[voce["slug"]] = seggio.componenti.get(ruolo=Componente.Ruolo.TITOLARE)

    def _componente(self, seggio, ruolo, voce, dal, quando):
        conto = self.carico.conti.get(voce.get("conto"))
        persona = conto or self.carico.persone[voce["persona"]]
        componente = soggetti.nomina(
            seggio,
            ruolo=ruolo,
            nome=persona.nome,
            email=persona.email,
            dal=dal,
            autore=self.ufficio,
            adesso=quando,
        )
        componente = soggetti.invita(componente, autore=self.ufficio, adesso=quando)
        if conto:
            soggetti.entra(componente, conto, adesso=quando + timedelta(hours=3))

    def _garante(self, voce):
        garante = soggetti.nomina_garante(
            self.percorso,
            self.carico.conti[voce["conto"]],
            dal=self.calendario.giorno(voce["dal"]),
        )
        type(garante).objects.filter(pk=garante.pk).update(esempio=True)

    def _adesione(self, voce):
        quando = self.calendario.prima(giorni=voce["giorni_fa"])
        campi = ("nome", "genere", "costituzione", "attivita", "motivo", "contatto", "email")
        richiesta = adesioni.chiedi_adesione(
            self.percorso,
            {campo: voce[campo] for campo in campi},
            laboratori=[self.carico.laboratori[zona] for zona in voce["zone"]],
            adesso=quando,
        )
        if risposta := voce.get("respinta"):
            adesioni.respingi_adesione(
                richiesta, risposta, autore=self.ufficio, adesso=quando + timedelta(days=1)
            )

    def _attore(self, voce):
        campi = ("nome", "genere", "attivita", "pubblici", "stato")
        attore = attori.aggiungi(
            {
                "laboratorio": self.carico.laboratori[voce["zona"]],
                **{campo: voce[campo] for campo in campi},
            },
            attori.Chi(self.carico.conti["tavolo"], str(self.seggi["associazione-esempio"])),
            self.calendario.prima(giorni=30),
        )
        type(attore).objects.filter(pk=attore.pk).update(esempio=True)

    # --- Reviews ---

    def _esame(self, voce):
        proposta = self.proposte[voce["proposta"]]
        quando = self.calendario.prima(giorni=-voce["dal"])
        [esame] = esami.apri(
            [proposta],
            percorso=self.percorso,
            giorno=self.calendario.giorno(voce["al"]),
            autore=self.ufficio,
            adesso=quando,
        )
        for i, (slug, (grado, motivazione)) in enumerate(voce["posizioni"].items()):
            esami.esprimi(
                esame,
                self.seggi[slug],
                self.titolari[slug],
                grado=grado,
                motivazione=motivazione,
                versione=0,
                adesso=quando + timedelta(hours=1 + 2 * i),
            )
        poi = quando + timedelta(hours=2)
        if bozza := voce.get("bozza"):
            slug = "associazione-esempio"
            esami.salva_bozza(
                esame,
                self.seggi[slug],
                self.titolari[slug],
                grado=bozza[0],
                motivazione=bozza[1],
                versione=0,
                adesso=poi,
            )
        for nome, verbo in (("commenti", esami.commenta), ("domande", esami.chiedi)):
            for i, riga in enumerate(voce.get(nome, ())):
                verbo(
                    esame,
                    self.seggi[riga["seggio"]],
                    self.titolari[riga["seggio"]],
                    testo=riga["testo"],
                    chiave=_chiave("esame", esame.pk, nome, i),
                    adesso=poi,
                )

    # --- Sittings ---

    def _seduta(self, voce):
        alle = self.calendario.alle
        inizio = alle(voce["giorno"], voce["dalle"])
        convocata = min(alle(voce["convocata"], "09:00"), self.carico.adesso)
        seduta = sedute.prepara(
            self.percorso,
            titolo=voce["titolo"],
            inizio=inizio,
            fine=alle(voce["giorno"], voce["alle"]),
            modalita=voce.get("modalita", Incontro.Modalita.PRESENZA),
            sede=self.carico.sedi[voce["sede"]],
            link_online=voce.get("link_online", ""),
            descrizione=voce["descrizione"],
            numero=voce["numero"],
            esempio=True,
            autore=self.ufficio,
            adesso=convocata - timedelta(days=1),
        )
        # An address that stays the same whatever the day of loading.
        seduta.incontro.slug = voce["slug"]
        seduta.incontro.save(update_fields=["slug"])
        sedute.aggiungi_punti(seduta, [self._punto(punto) for punto in voce["punti"]])
        seduta = sedute.convoca(seduta, autore=self.ufficio, adesso=convocata)
        self.sedute[voce["chiave"]] = seduta
        for slug in voce.get("giustificati", ()):
            assenze.giustifica(
                seduta, self.titolari[slug], adesso=convocata + timedelta(minutes=1)
            )
        if inizio < self.carico.adesso:
            self._si_tiene(seduta, voce)

    def _punto(self, voce) -> sedute.Voce:
        return sedute.Voce(
            titolo=voce["titolo"],
            genere=voce["genere"],
            minuti=voce["minuti"],
            relatore=self.seggi.get(voce.get("relatore")),
            proposte=tuple(self.proposte[chiave] for chiave in voce.get("proposte", ())),
        )

    def _si_tiene(self, seduta, voce):
        segretaria = self.carico.conti["segreteria"]
        inizio, fine = seduta.incontro.inizio, seduta.incontro.fine
        seduta = sedute.apri(seduta, autore=segretaria, adesso=inizio)
        giorno = self.calendario.giorno(voce["giorno"])
        via = {*voce["assenti"], *voce["giustificati"]}
        for slug, seggio in self.seggi.items():
            if slug not in via and seggio.in_carica(giorno):
                lontano = slug in voce["a_distanza"]
                presenze.segna_presenza(
                    seduta,
                    seggio,
                    presenze.Segno.DISTANZA if lontano else presenze.Segno.SALA,
                    componente=self.titolari[slug],
                    autore=segretaria,
                    adesso=inizio,
                )
        for verbale in self.da_approvare.pop(voce["chiave"], ()):
            verbali.approva_in_seduta(
                verbale, seduta, self.ufficio, adesso=inizio + timedelta(minutes=10)
            )
        punti = list(seduta.punti.order_by("ordine"))
        for decisione in voce.get("decisioni", ()):
            self._decisione(seduta, punti, decisione, inizio + timedelta(hours=1))
        seduta = sedute.chiudi(seduta, autore=segretaria, adesso=fine)
        self._verbale(seduta, punti, voce["verbale"], fine, segretaria)

    def _decisione(self, seduta, punti, voce, quando):
        decisioni.decidi_in_seduta(
            seduta,
            punti[voce["punto"] - 1],
            self.proposte[voce["proposta"]],
            esito=voce["esito"],
            motivazione=voce["motivazione"],
            testo_concordato=voce.get("testo_concordato", ""),
            proposta_da=self.seggi.get(voce["proposta_da"]),
            dissensi={self.seggi[slug]: testo for slug, testo in voce["dissensi"].items()},
            autore=self.carico.conti["segreteria"],
            adesso=quando,
        )

    def _verbale(self, seduta, punti, voce, fine, segretaria):
        verbale = verbali.inizia(seduta, segretaria, adesso=fine)
        quando = fine + timedelta(hours=14)
        for riga, testo in zip(verbale.voci.order_by("punto__ordine"), voce["voci"], strict=True):
            verbali.salva_voce(
                riga, testo, versione=riga.versione, autore=segretaria, adesso=quando
            )
        verbale.refresh_from_db()
        verbali.salva_cornice(
            verbale,
            premessa=voce["premessa"],
            chiusura=voce["chiusura"],
            versione=verbale.versione,
            autore=segretaria,
            adesso=quando,
        )
        for impegno in voce["impegni"]:
            nuovo = impegni.aggiungi_impegno(
                verbale,
                testo=impegno["testo"],
                seggio=self.seggi.get(impegno["seggio"]),
                entro=self.calendario.giorno(impegno["entro"]),
                punto=punti[impegno["punto"] - 1],
            )
            if "fatto" in impegno:
                fatto = self.calendario.alle(impegno["fatto"], "11:00")
                impegni.segna_fatto(nuovo, True, autore=segretaria, adesso=fatto)
        aperte = self.calendario.prima(giorni=-voce["correzioni_dal"])
        verbale = verbali.apri_correzioni(verbale, segretaria, adesso=aperte)
        for i, correzione in enumerate(voce["correzioni"]):
            self._correzione(verbale, punti, correzione, i, aperte + timedelta(hours=5))
        if dove := voce.get("approvato_in"):
            self.da_approvare.setdefault(dove, []).append(verbale)

    def _correzione(self, verbale, punti, voce, i, quando):
        correzione = verbali.chiedi_correzione(
            verbale,
            self.seggi[voce["seggio"]],
            self.titolari[voce["seggio"]],
            punto=punti[voce["punto"] - 1],
            testo=voce["testo"],
            chiave=_chiave("correzione", verbale.pk, i),
            adesso=quando,
        )
        if esito := voce.get("esito"):
            verbali.rispondi_correzione(
                correzione,
                esito=esito,
                risposta=voce["risposta"],
                autore=self.carico.conti["segreteria"],
                adesso=quando + timedelta(hours=20),
            )

    # --- In writing, and from outside ---

    def _procedura(self, voce):
        proposta = self.proposte[voce["proposta"]]
        quando = self.calendario.prima(giorni=-voce["dal"])
        proposte.metti_in_valutazione(proposta, self.ufficio, adesso=quando - timedelta(hours=1))
        procedura = procedure.apri(
            proposta,
            esito=voce["esito"],
            testo=voce["testo"],
            apre_at=quando,
            chiude_at=self.calendario.alle(voce["al"], "18:00"),
            autore=self.ufficio,
            adesso=quando,
        )
        for i, (slug, scelta) in enumerate(voce["risposte"].items(), 1):
            procedure.rispondi(
                procedura, self.titolari[slug], scelta, adesso=quando + timedelta(hours=i)
            )

    def _parere(self, voce):
        autore = self.carico.conti["garante"]
        parere = comitato.scrivi(
            self.percorso,
            titolo=voce["titolo"],
            testo=voce["testo"],
            chiave=_chiave("parere", self.percorso.pk),
            autore=autore,
        )
        comitato.pubblica(
            parere,
            versione=parere.versione,
            autore=autore,
            adesso=self.calendario.prima(giorni=voce["giorni_fa"]),
        )

    def _documento(self, voce):
        seduta = self.sedute[voce["seduta"]]
        pubblico = voce["pubblico"]
        pdf = impagina(
            "documento",
            {"pezzi": [{"testo": voce["testo"]}]},
            titolo=voce["titolo"],
            creato=seduta.incontro.inizio,
        )
        documenti.carica(
            self.percorso,
            ContentFile(pdf, name="esempio.pdf"),
            voce["titolo"],
            seduta=seduta,
            pubblico_dal=None if pubblico is None else self.calendario.giorno(pubblico),
            esempio=True,
            autore=self.ufficio,
        )
