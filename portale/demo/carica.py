from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import F

from accounts.models import User
from eventi import presenze, services
from eventi.models import Accoglienza, Incontro, Iscrizione, Promemoria, Resoconto, Sede, Servizio
from eventi.promemoria import REGOLE_PREDEFINITE, imposta_promemoria
from laboratori import services as aiuti
from laboratori.models import Disponibilita, Laboratorio, Referente
from percorso.models import Fase, Percorso

from .messaggi import messaggi_della_demo
from .proposte import PROPOSTE, carica_proposte
from .scenario import PASSWORD, Calendario, leggi_scenario, persone
from .tavolo import TAVOLO, carica_tavolo


class DemoRifiutata(Exception):
    """The demo cannot be loaded here; the message says why, and what to do."""


@dataclass(frozen=True)
class EsitoDemo:
    percorso: Percorso
    caricata: bool
    # No meeting of it is to come: the demo has grown old.
    finita: bool


def carica_demo(*, adesso: datetime) -> EsitoDemo:
    """Load the example cycle with its dates around ``adesso``; where it is loaded already,
    change nothing (what people did in it stays) and say whether it has grown old.

    All of it or nothing, and the same for the same ``adesso``. Raises DemoRifiutata.
    """
    scenario = leggi_scenario()
    with transaction.atomic():
        presente = Percorso.objects.filter(slug=scenario["percorso"]["slug"]).first()
        if presente is None:
            percorso = _Carico(scenario, adesso).esegui()
            return EsitoDemo(percorso, caricata=True, finita=False)
    if not presente.esempio:
        raise DemoRifiutata(
            f"The address «{presente.slug}» already belongs to a percorso that is no example."
        )
    futuri = presente.incontri.filter(inizio__gt=adesso).exclude(stato=Incontro.Stato.BOZZA)
    return EsitoDemo(presente, caricata=False, finita=not futuri.exists())


class _Carico:
    """One loading of the scenario. The meetings' lives and the registrations go through the
    same doors as everybody's, each at its own moment of the recent past."""

    def __init__(self, scenario: dict, adesso: datetime):
        self.scenario = scenario
        self.adesso = adesso
        self.calendario = Calendario(adesso)
        self.persone = persone(scenario)
        self.laboratori = {lab.numero: lab for lab in Laboratorio.objects.all()}

    def esegui(self) -> Percorso:
        self._pretendi_laboratori()
        self.conti = self._conti()
        self.ufficio = self.conti["ufficio"]
        self.percorso = self._percorso()
        self.sedi = {
            chiave: Sede.objects.create(citta="", esempio=True, **valori)
            for chiave, valori in self.scenario["sedi"].items()
        }
        for i, voce in enumerate(self.scenario["incontri"]):
            # Each meeting takes its people from another point of the list.
            self._incontro(voce, primo=i * 7)
        for voce in self.scenario["referenti"]:
            valori = {chiave: valore for chiave, valore in voce.items() if chiave != "zona"}
            laboratorio = self.laboratori[voce["zona"]]
            Referente.objects.create(laboratorio=laboratorio, esempio=True, **valori)
        for voce in self.scenario["disponibilita"]:
            self._disponibilita(voce)
        self.conti["facilitatore"].incontri_facilitati.set(self.percorso.incontri.all())
        carica_proposte(self, carica_tavolo)
        self._fai_silenzio()
        return self.percorso

    def _pretendi_laboratori(self):
        zone = {voce["zona"] for voce in self.scenario["incontri"]} - {None}
        if mancano := sorted(zone - self.laboratori.keys()):
            elenco = ", ".join(map(str, mancano))
            raise DemoRifiutata(
                f"The labs of these zones are missing: {elenco}. Run `manage.py carica_percorso` "
                "first."
            )

    # --- People ---

    def _conti(self):
        conti = {}
        # Made once: it is slow on purpose, and the same public word for all.
        password = make_password(PASSWORD)
        altri = [voce for path in (PROPOSTE, TAVOLO) for voce in leggi_scenario(path)["conti"]]
        for voce in [*self.scenario["conti"], *altri]:
            valori = dict(voce)
            email, gruppo = valori.pop("email"), valori.pop("gruppo", None)
            if User.objects.filter(email=email).exists():
                raise DemoRifiutata(f"There is already an account of {email}: it is no example.")
            persona = User.objects.create(email=email, password=password, esempio=True, **valori)
            EmailAddress.objects.create(user=persona, email=email, primary=True, verified=True)
            if gruppo:
                persona.groups.add(Group.objects.get(name=gruppo))
            conti[email.split("@")[0]] = persona
        return conti

    def _disponibilita(self, voce):
        persona = self.persone[voce["persona"]]
        quando = self.calendario.prima(giorni=voce["giorni_fa"], ore=3)
        disponibilita = aiuti.offri(
            nome=persona.nome,
            email=persona.email,
            aiuti=voce["aiuti"],
            laboratorio=self.laboratori.get(voce["zona"]),
            messaggio=voce["messaggio"],
            adesso=quando,
        )
        Disponibilita.objects.filter(pk=disponibilita.pk).update(esempio=True, created_at=quando)
        passi = ("da_verificare", "nuova", "assegnata", "chiusa").index(voce["stato"])
        if passi >= 1:
            aiuti.conferma(disponibilita, quando + timedelta(minutes=10))
        if passi >= 2:
            aiuti.assegna(disponibilita, self.ufficio, self.ufficio, quando + timedelta(hours=1))
        if passi >= 3:
            risposta, quando = voce["risposta"], quando + timedelta(hours=2)
            aiuti.chiudi(disponibilita, risposta, self.ufficio, quando)

    # --- The cycle ---

    def _percorso(self):
        valori = dict(self.scenario["percorso"])
        percorso = Percorso.objects.create(
            **valori
            | {
                "inizio": self.calendario.giorno(valori["inizio"]),
                "fine": self.calendario.giorno(valori["fine"]),
                "stato": Percorso.Stato.ATTIVO,
                "esempio": True,
            }
        )
        for voce in self.scenario["fasi"]:
            estremi = {
                chiave: self.calendario.giorno(voce[chiave]) for chiave in ("inizio", "fine")
            }
            Fase.objects.create(percorso=percorso, **voce | estremi)
        return percorso

    def _incontro(self, voce, primo):
        incontro = self._bozza(voce)
        if voce.get("bozza"):
            return
        if incontro.con_iscrizione:
            imposta_promemoria(incontro, REGOLE_PREDEFINITE)
        # Registering has been open for ten days, or since ten days before it took place.
        aperte = min(self.adesso, incontro.inizio) - timedelta(days=10)
        incontro = services.pubblica(
            incontro, autore=self.ufficio, adesso=aperte - timedelta(hours=2)
        )
        if incontro.con_iscrizione:
            self._iscrizioni(incontro, voce, primo, aperte)
        self._seguito(incontro, voce)

    def _bozza(self, voce):
        calendario = self.calendario
        if voce.get("entro_24_ore"):
            inizio = calendario.entro_24_ore()
            fine = inizio + timedelta(minutes=voce["durata_minuti"])
        else:
            inizio = calendario.alle(voce["giorno"], voce["dalle"])
            fine = calendario.alle(voce["giorno"], voce["alle"])
        apertura = voce.get("iscrizioni_dal_giorno")
        presi = ("slug", "titolo", "descrizione", "modalita", "link_online", "con_iscrizione")
        incontro = Incontro.objects.create(
            percorso=self.percorso,
            laboratorio=self.laboratori.get(voce["zona"]),
            genere=voce.get("genere", Incontro.Genere.WORKSHOP),
            inizio=inizio,
            fine=fine,
            sede=self.sedi.get(voce["sede"]),
            posti=voce.get("posti"),
            posti_riservati=voce.get("posti_riservati", 0),
            iscrizioni_dal=None if apertura is None else calendario.alle(apertura, "09:00"),
            **{chiave: voce[chiave] for chiave in presi if chiave in voce},
        )
        for servizio in voce.get("servizi", ()):
            Servizio.objects.create(
                incontro=incontro,
                genere=servizio["genere"],
                descrizione=servizio.get("descrizione", ""),
                richiedibile_fino=inizio - timedelta(days=servizio["fino_a_giorni_prima"]),
            )
        return incontro

    def _seguito(self, incontro, voce):
        """What the office did of the meeting after people had registered."""
        calendario, autore = self.calendario, self.ufficio
        if passo := voce.get("sposta"):
            services.sposta(
                incontro,
                inizio=calendario.alle(passo["giorno"], passo["dalle"]),
                fine=calendario.alle(passo["giorno"], passo["alle"]),
                sede=self.sedi[passo["sede"]],
                motivo=passo["motivo"],
                autore=autore,
                adesso=calendario.prima(giorni=passo["giorni_fa"]),
            )
        for nome, verbo in (("rinvia", services.rinvia), ("annulla", services.annulla)):
            if passo := voce.get(nome):
                quando = calendario.prima(giorni=passo["giorni_fa"])
                verbo(incontro, motivo=passo["motivo"], autore=autore, adesso=quando)
        if voce.get("svolto"):
            services.segna_svolto(
                incontro, autore=autore, adesso=incontro.fine + timedelta(hours=1)
            )
        if resoconto := voce.get("resoconto"):
            valori = {chiave: v for chiave, v in resoconto.items() if chiave != "dopo_giorni"}
            services.pubblica_resoconto(
                Resoconto.objects.create(incontro=incontro, **valori),
                autore=autore,
                adesso=incontro.fine + timedelta(days=resoconto["dopo_giorni"]),
            )

    # --- Registrations ---

    def _iscrizioni(self, incontro, voce, primo, aperte):
        """The people of the scenario register one after the other, three hours apart."""
        particolari = voce.get("particolari", {})
        quando, confermate = aperte, []
        for conto in ("cittadina", "tavolo"):
            if conto in voce:
                self._con_conto(incontro, conto, quando, **voce[conto])
        for i in range(voce.get("iscritti", 0)):
            quando += timedelta(hours=3)
            persona = self.persone[(primo + i) % len(self.persone)]
            dettagli = particolari.get(str(i), {})
            confermate.append(self._iscrivi(incontro, persona, quando, dettagli))
        self._assenze(confermate, voce)
        if "porta" in voce:
            self._porta(incontro, confermate, voce["porta"])
        for i in range(1, voce.get("in_attesa", 0) + 1):
            quando += timedelta(hours=3)
            if voce.get("cittadina_in_lista") == i:
                self._con_conto(incontro, "cittadina", quando)
            else:
                persona = self.persone[(primo + len(confermate) + i) % len(self.persone)]
                self._iscrivi(incontro, persona, quando, {})
        for iscrizione in confermate[: voce.get("rinunce_recenti", 0)]:
            services.rinuncia(iscrizione, adesso=self.calendario.prima(ore=1))
        for i in range(voce.get("da_verificare", 0)):
            persona = self.persone[(primo - 1 - i) % len(self.persone)]
            quando = self.calendario.prima(ore=0.1)
            services.richiedi_iscrizione(
                incontro, nome=persona.nome, email=persona.email, adesso=quando
            )

    def _iscrivi(self, incontro, persona, quando, dettagli):
        dati = {
            "nome": persona.nome,
            "email": persona.email,
            "posti_richiesti": dettagli.get("posti", 1),
            "necessita": dettagli.get("necessita", ""),
            "servizi": self._servizi(incontro, dettagli),
            "lingua": dettagli.get("lingua", "it"),
        }
        dopo = quando + timedelta(minutes=10)
        if canale := dettagli.get("canale"):
            if dettagli.get("senza_email"):
                dati["email"] = None
            iscrizione = services.iscrivi_dall_ufficio(
                incontro, **dati, canale=canale, autore=self.ufficio, adesso=quando
            )
        else:
            iscrizione = services.richiedi_iscrizione(incontro, **dati, adesso=quando)
            iscrizione = services.conferma_indirizzo(iscrizione, adesso=dopo)
        self._data(iscrizione, quando)
        if dettagli.get("rinuncia"):
            services.rinuncia(iscrizione, adesso=dopo + timedelta(minutes=10))
        if motivo := dettagli.get("annullata"):
            services.annulla_iscrizione(
                iscrizione,
                autore=self.ufficio,
                motivo=motivo,
                adesso=dopo + timedelta(minutes=10),
            )
        return iscrizione

    def _con_conto(self, incontro, conto, quando, *, posti=1, servizi=()):
        iscrizione = services.iscrivi_persona(
            incontro,
            self.conti[conto],
            posti_richiesti=posti,
            servizi=self._servizi(incontro, {"servizi": servizi}),
            adesso=quando,
        )
        self._data(iscrizione, quando)

    def _servizi(self, incontro, dettagli):
        if not (generi := dettagli.get("servizi")):
            return []
        return list(incontro.servizi.filter(genere__in=generi))

    def _data(self, iscrizione, quando):
        Iscrizione.objects.filter(pk=iscrizione.pk).update(created_at=quando)

    def _assenze(self, iscrizioni, voce):
        """Who came to a meeting that is over, where somebody took attendance."""
        if "assenti" in voce:
            assenti = {iscrizioni[i].pk for i in voce["assenti"]}
            tutte = Iscrizione.objects.filter(pk__in=[riga.pk for riga in iscrizioni])
            tutte.update(presente=True)
            tutte.filter(pk__in=assenti).update(presente=False)

    def _porta(self, incontro, iscrizioni, voce):
        """What was tapped at the door on the evening itself."""
        chi = Accoglienza.objects.create(incontro=incontro, nome=voce["accoglienza"])
        quanti = {int(i): n for i, n in voce["presenti"].items()} | dict.fromkeys(
            voce["assenti"], 0
        )
        segni = [presenze.Segno(uuid4(), iscrizioni[i].pk, n) for i, n in quanti.items()]
        entrate = [presenze.Entrata(uuid4(), 1, *chi_era) for chi_era in voce["ingressi"]]
        presenze.registra(chi, [*segni, *entrate], adesso=incontro.inizio)

    # --- Mail ---

    def _fai_silenzio(self):
        """The mails of this past were never owed to anybody: their rows, written by the doors a
        moment ago in this same transaction, go; so do the reminders already due by now. Whatever
        happens from here on is mailed as usual."""
        messaggi_della_demo().delete()
        Promemoria.objects.filter(
            incontro__percorso=self.percorso, accodato_at=None, dovuto_at__lte=self.adesso
        ).update(accodato_at=F("dovuto_at"))
