"""Loads a closed percorso from a file of ``dati/``: facts, each with its sources.

Two kinds of rows come out of it, and they are treated differently when it is loaded again:

* **history** (the percorso, its stages, acts, meetings and their reports) is restored exactly as
  the file tells it: whoever wants to correct it corrects the file;
* **what lives on** (the labs, their quartieri, the venues, the themes) is the office's from then
  on: missing rows are made and empty fields filled in, nothing else is touched.

Nothing is ever deleted, and rows that are already right are not even written.
"""

import json
from collections import Counter
from datetime import date, datetime, time
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.text import slugify

from eventi.models import Incontro, Resoconto, Sede
from laboratori.models import Laboratorio, Quartiere
from percorso.models import Atto, Fase, Percorso
from portale.lib.dates import ora_di_muro
from portale.lib.ricerca import indice
from proposte.models import Bisogno, Canale, Tema
from tavolo.models import ImpostazioniTavolo

# A meeting of which only the day is known is stored at noon (``ora_nota`` is False): whoever
# reads it in another time zone still reads the right day.
ORA_IGNOTA = time(12)

# For each kind of entry: the keys that it must have, and those that it may have.
CHIAVI = {
    "file": ("percorso fasi atti laboratori sedi incontri fonti", "nota temi tavolo"),
    "tavolo": ("presentazione fonti", ""),
    "tema": ("nome slug", ""),
    "percorso": (
        "slug titolo sintesi stato inizio fonti",
        "descrizione fine ente_decisore finanziamento contributo_euro costo_euro facilitatore "
        "partecipanti esito pagina_url",
    ),
    "fase": ("ordine titolo inizio", "fine periodo obiettivo risultato_atteso livello"),
    "atto": ("genere titolo fonti", "giorno testo url"),
    "laboratorio": ("numero quartieri fonti", "nome slug descrizione punto centrale"),
    "punto": ("luogo latitudine longitudine fonte", ""),
    "quartiere": ("nome", "aggiunto_nel"),
    "sede": ("chiave nome fonti", "indirizzo"),
    "incontro": (
        "slug genere titolo zona giorno sede fonti",
        "descrizione dalle alle data_a_parole resoconto",
    ),
    "resoconto": ("testo pubblicato fonti", "metodo partecipanti bisogni idee"),
}


class DatiNonValidi(Exception):
    """The file cannot be loaded; ``errori`` says everything that is wrong with it, and where."""

    def __init__(self, errori: list[str]):
        super().__init__("\n".join(errori))
        self.errori = errori


def leggi(path: Path) -> dict:
    """The content of the file, its shape checked. Raises DatiNonValidi."""
    try:
        dati = json.loads(path.read_text(encoding="utf-8"))
    except OSError as errore:
        raise DatiNonValidi([f"{path}: {errore.strerror}"]) from errore
    except ValueError as errore:
        raise DatiNonValidi([f"{path}: not JSON ({errore})"]) from errore
    if errori := _errori_di_forma(dati):
        raise DatiNonValidi(errori)
    return dati


@transaction.atomic
def carica(dati: dict) -> Counter:
    """Bring the database to what ``dati`` (see :func:`leggi`) tells, all of it or nothing.

    Answers with how many rows were "created", "updated" and "unchanged". Raises DatiNonValidi.
    """
    return _Caricamento(dati).esegui()


# --- Shape ----------------------------------------------------------------------------------


ELENCHI = {
    "fasi": "fase",
    "atti": "atto",
    "laboratori": "laboratorio",
    "sedi": "sede",
    "incontri": "incontro",
    "temi": "tema",
}
# Lists that a file may leave out.
FACOLTATIVI = {"temi"}


def _errori_di_forma(dati) -> list[str]:
    """What is wrong with the shape; what the entries name is looked at only in a good one."""
    if errori := list(_errori_di_chiavi("file", dati, "file")):
        return errori
    errori += _errori_di_chiavi("percorso", dati["percorso"], "percorso")
    if "tavolo" in dati:
        errori += _errori_di_chiavi("tavolo", dati["tavolo"], "tavolo")
    for nome, genere in ELENCHI.items():
        if nome in FACOLTATIVI and nome not in dati:
            continue
        if not isinstance(dati[nome], list):
            errori.append(f"{nome}: a list is expected")
            continue
        for i, voce in enumerate(dati[nome], 1):
            errori += _errori_di_chiavi(genere, voce, f"{nome}[{i}]")
    return errori or [*_errori_nelle_parti(dati)] or [*_errori_di_rimando(dati)]


def _errori_nelle_parti(dati):
    for i, voce in enumerate(dati["laboratori"], 1):
        for j, quartiere in enumerate(voce["quartieri"], 1):
            if not isinstance(quartiere, str):
                dove = f"laboratori[{i}].quartieri[{j}]"
                yield from _errori_di_chiavi("quartiere", quartiere, dove)
        if voce.get("punto") is not None:
            yield from _errori_di_chiavi("punto", voce["punto"], f"laboratori[{i}].punto")
    for i, voce in enumerate(dati["incontri"], 1):
        if voce.get("resoconto") is not None:
            dove = f"incontri[{i}].resoconto"
            yield from _errori_di_chiavi("resoconto", voce["resoconto"], dove)


def _errori_di_chiavi(genere, voce, dove):
    if not isinstance(voce, dict):
        yield f"{dove}: an object is expected"
        return
    obbligatorie, facoltative = (set(chiavi.split()) for chiavi in CHIAVI[genere])
    for chiave in sorted(obbligatorie - voce.keys()):
        yield f"{dove}: «{chiave}» is missing"
    for chiave in sorted(voce.keys() - obbligatorie - facoltative):
        yield f"{dove}: «{chiave}» is not a known key"


def _errori_di_rimando(dati):
    """Names that stand for something else in the file: sources, venues, zones."""
    for nome, indirizzo in dati["fonti"].items():
        if not str(indirizzo).startswith("https://"):
            yield f"fonti: «{nome}» is not an https address"
    sedi = {voce.get("chiave") for voce in dati["sedi"]}
    zone = {voce.get("numero") for voce in dati["laboratori"]}
    for dove, voce in _voci(dati):
        for fonte in _fonti_citate(voce):
            if fonte not in dati["fonti"]:
                yield f"{dove}: the source «{fonte}» is not in «fonti»"
        if "fonti" in voce and not voce["fonti"]:
            yield f"{dove}: a fact without a source"
        if voce.get("sede") is not None and voce["sede"] not in sedi:
            yield f"{dove}: the venue «{voce['sede']}» is not in «sedi»"
        if voce.get("zona") is not None and voce["zona"] not in zone:
            yield f"{dove}: zone {voce['zona']} is not in «laboratori»"
        if voce.get("alle") and not voce.get("dalle"):
            yield f"{dove}: «alle» without «dalle»"


def _voci(dati):
    yield "percorso", dati["percorso"]
    if "tavolo" in dati:
        yield "tavolo", dati["tavolo"]
    for nome in ELENCHI:
        for i, voce in enumerate(dati.get(nome, ()), 1):
            yield f"{nome}[{i}]", voce
            if voce.get("resoconto"):
                yield f"{nome}[{i}].resoconto", voce["resoconto"]


def _fonti_citate(voce):
    yield from voce.get("fonti", ())
    if voce.get("punto"):
        yield voce["punto"]["fonte"]
    if voce.get("url"):
        yield voce["url"]


# --- Rows -----------------------------------------------------------------------------------


class _Caricamento:
    def __init__(self, dati):
        self.dati = dati
        self.errori: list[str] = []
        self.conteggi: Counter = Counter(created=0, updated=0, unchanged=0)

    def esegui(self):
        percorso = self._storia(
            Percorso, {"slug": self.dati["percorso"]["slug"]}, self.dati["percorso"], "percorso"
        )
        self._fermati_se_errori()
        if "tavolo" in self.dati:
            # A process that is over takes no new organisations.
            valori = {**self.dati["tavolo"], "porta_aperta": percorso.attivo}
            self._storia(ImpostazioniTavolo, {"percorso": percorso}, valori, "tavolo")
        for i, voce in enumerate(self.dati["fasi"], 1):
            chiave = {"percorso": percorso, "ordine": voce["ordine"]}
            self._storia(Fase, chiave, voce, f"fasi[{i}]")
        for i, voce in enumerate(self.dati["atti"], 1):
            chiave = {"percorso": percorso, "genere": voce["genere"], "titolo": voce["titolo"]}
            valori = {**voce, "url": self.dati["fonti"].get(voce.get("url"))}
            self._storia(Atto, chiave, valori, f"atti[{i}]")
        laboratori = {
            voce["numero"]: self._laboratorio(voce, f"laboratori[{i}]")
            for i, voce in enumerate(self.dati["laboratori"], 1)
        }
        sedi = {
            voce["chiave"]: self._sede(voce, f"sedi[{i}]")
            for i, voce in enumerate(self.dati["sedi"], 1)
        }
        for i, voce in enumerate(self.dati.get("temi", ()), 1):
            # In the order of the file; the office moves them afterwards.
            self._vivo(Tema, {"slug": voce["slug"]}, {**voce, "ordine": i}, f"temi[{i}]")
        self._fermati_se_errori()
        for i, voce in enumerate(self.dati["incontri"], 1):
            self._incontro(
                voce,
                f"incontri[{i}]",
                percorso=percorso,
                laboratorio=laboratori.get(voce["zona"]),
                sede=sedi.get(voce["sede"]),
            )
        self._fermati_se_errori()
        return self.conteggi

    def _fermati_se_errori(self):
        """Before rows that point to those just written."""
        if self.errori:
            raise DatiNonValidi(self.errori)

    def _laboratorio(self, voce, dove):
        numero, punto = voce["numero"], voce.get("punto")
        descrizione, fonti = voce.get("descrizione") or "", list(voce["fonti"])
        valori = {
            "nome": voce.get("nome") or f"Laboratorio della zona {numero}",
            "slug": voce.get("slug") or f"zona-{numero}",
            "centrale": voce.get("centrale", False),
        }
        if punto:
            segno = f"Il segno sulla mappa è {punto['luogo']}."
            descrizione = f"{descrizione} {segno}".strip()
            valori |= {"latitudine": punto["latitudine"], "longitudine": punto["longitudine"]}
            fonti.append(punto["fonte"])
        valori |= {"descrizione": descrizione, "fonti": fonti}
        laboratorio = self._vivo(Laboratorio, {"numero": numero}, valori, dove)
        # The office may have regrouped them since: they are written only to an empty lab.
        if laboratorio.pk and not laboratorio.quartieri.exists():
            for ordine, quartiere in enumerate(voce["quartieri"], 1):
                valori = {"nome": quartiere} if isinstance(quartiere, str) else quartiere
                chiave = {"laboratorio": laboratorio, "nome": valori["nome"]}
                self._vivo(Quartiere, chiave, {**valori, "ordine": ordine}, dove)
        return laboratorio

    def _sede(self, voce, dove):
        valori = {chiave: valore for chiave, valore in voce.items() if chiave != "chiave"}
        return self._vivo(Sede, {"nome": voce["nome"], "esempio": False}, valori, dove)

    def _incontro(self, voce, dove, **legami):
        valori = {
            **legami,
            **{
                chiave: voce.get(chiave)
                for chiave in ("titolo", "genere", "descrizione", "data_a_parole", "fonti")
            },
            "ora_nota": bool(voce.get("dalle")) or voce["giorno"] is None,
            "con_iscrizione": False,
            # These meetings were over before the portal knew them: there is no step to go
            # through, and nobody to tell.
            "stato": Incontro.Stato.SVOLTO,
        }
        try:
            valori |= {"inizio": _istante(voce, "dalle"), "fine": _istante(voce, "alle")}
        except ValueError as errore:
            self.errori.append(f"{dove}: {errore}")
            return
        incontro = self._storia(Incontro, {"slug": voce["slug"]}, valori, dove)
        if (resoconto := voce.get("resoconto")) and incontro.pk:
            pubblicato_at = ora_di_muro(date.fromisoformat(resoconto["pubblicato"]), ORA_IGNOTA)
            self._storia(
                Resoconto,
                {"incontro": incontro},
                {
                    **resoconto,
                    "bisogni": "\n".join(resoconto.get("bisogni") or ()),
                    "idee": "\n".join(resoconto.get("idee") or ()),
                    "pubblicato_at": pubblicato_at,
                },
                f"{dove}.resoconto",
            )
            for titolo in resoconto.get("bisogni") or ():
                self._bisogno(incontro, titolo, pubblicato_at, f"{dove}.resoconto.bisogni")

    def _bisogno(self, incontro, titolo, pubblicato_at, dove):
        """A need that a report tells of, as a page of its own."""
        testo = f"Emerso nell'incontro «{incontro.titolo}»."
        valori = {
            "percorso": incontro.percorso,
            "laboratorio": incontro.laboratorio,
            "slug": f"{slugify(titolo)[:80]}-{incontro.percorso.inizio:%Y}",
            "testo": testo,
            "canale": Canale.INCONTRO,
            "stato": Bisogno.Stato.PUBBLICATO,
            "pubblicato_at": pubblicato_at,
            "indice": indice(titolo, testo),
        }
        self._storia(Bisogno, {"incontro": incontro, "titolo": titolo}, valori, dove)

    def _storia(self, model, chiave, valori, dove):
        """The row named by ``chiave``, made to say exactly ``valori``."""
        return self._scrivi(model, chiave, self._campi(model, valori), dove)

    def _vivo(self, model, chiave, valori, dove):
        """The row named by ``chiave``, made if missing; only its empty fields are filled in."""
        presente = model.objects.filter(**chiave).order_by("pk").first()
        campi = self._campi(model, valori)
        if presente is not None:
            vuoti = (None, "", [])
            campi = {nome: v for nome, v in campi.items() if getattr(presente, nome) in vuoti}
        return self._scrivi(model, chiave, campi, dove)

    def _campi(self, model, valori):
        """``valori`` as the model stores them: sources as addresses, unknown texts empty."""
        campi = {}
        for campo in model._meta.concrete_fields:
            if campo.name not in valori:
                continue
            valore = valori[campo.name]
            if campo.name == "fonti":
                valore = [self.dati["fonti"][fonte] for fonte in valore]
            elif valore is None and isinstance(campo, models.CharField | models.TextField):
                valore = ""
            campi[campo.name] = valore
        return campi

    def _scrivi(self, model, chiave, campi, dove):
        riga = model.objects.filter(**chiave).order_by("pk").first() or model(**chiave)
        colonne = [model._meta.get_field(nome).attname for nome in campi]
        prima = {colonna: getattr(riga, colonna) for colonna in colonne}
        for nome, valore in campi.items():
            setattr(riga, nome, valore)
        try:
            # Also turns the file's words into dates and numbers.
            riga.full_clean()
        except ValidationError as errore:
            for campo, messaggi in errore.message_dict.items():
                self.errori.append(f"{dove}: {campo}: {' '.join(messaggi)}")
            return riga
        if riga.pk is None:
            esito = "created"
        elif any(getattr(riga, colonna) != prima[colonna] for colonna in colonne):
            esito = "updated"
        else:
            esito = "unchanged"
        if esito != "unchanged":
            riga.save()
        self.conteggi[esito] += 1
        return riga


def _istante(voce, quale) -> datetime | None:
    """When the meeting began ("dalle") or ended ("alle"), as far as it is known."""
    if voce["giorno"] is None:
        return None
    giorno = date.fromisoformat(voce["giorno"])
    if voce.get(quale):
        return ora_di_muro(giorno, time.fromisoformat(voce[quale]))
    return ora_di_muro(giorno, ORA_IGNOTA) if quale == "dalle" else None
