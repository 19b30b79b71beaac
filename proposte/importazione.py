"""Lists of proposals on paper, or of older years, loaded from a CSV or an XLSX.

In two steps, and nothing is written in the first: :func:`carica` reads the file and says of each
row what is wrong, in which column, and what to do; :func:`esegui` writes the good rows, all of
them or none, and once, however often it is asked for.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import sha256

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import partecipanti
from eventi.models import Incontro
from laboratori.models import Laboratorio
from portale.lib import dates, fogli
from portale.lib.antispam import CampoEmail
from portale.lib.dates import a_roma, ora_di_muro
from portale.lib.ricerca import indice

from .forms import CampoFirma, CampoTesto
from .models import Bisogno, Canale, Importazione, Proposta, Tema
from .services import Rifiuto, indicizza, invia_molte

PESO_MASSIMO = 16 * 1024 * 1024
RIGHE_MASSIME = 10_000
# How far down the names of the columns are looked for: lists often have a title above.
INTESTAZIONE_ENTRO = 20
# A list that was read and never written is thrown away, with the names in it.
CONSERVATA = timedelta(days=7)

Proponente = Proposta.Proponente


# --- The columns ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Colonna:
    """A column that a list may have: its name in our own file, what it holds, an example, and
    what else people call it."""

    campo: str
    nome: str
    spiegazione: object
    esempio: str
    sinonimi: tuple[str, ...] = ()
    obbligatoria: bool = False


COLONNE = (
    Colonna(
        "titolo",
        "titolo",
        gettext_lazy("Che cosa si propone, in una frase: al massimo 120 caratteri."),
        "Panchine all'ombra davanti alla scuola",
        ("titolo proposta", "titolo della proposta", "oggetto", "titolo idea"),
        obbligatoria=True,
    ),
    Colonna(
        "laboratorio",
        "laboratorio",
        gettext_lazy(
            "Il numero della zona, il nome del laboratorio o di un suo quartiere, oppure «tutta "
            "la città»."
        ),
        "3",
        (
            "laboratorio di quartiere", "zona", "quartiere", "frazione", "lab", "per quale zona",
            "numero zona", "n zona", "quartiere frazione",
        ),
        obbligatoria=True,
    ),
    Colonna(
        "che_cosa",
        "che cosa",
        gettext_lazy("La descrizione: al massimo 6.000 caratteri."),
        "Due panchine sotto gli alberi, con lo schienale.",
        (
            "cosa", "che cosa propone", "descrizione", "descrizione proposta",
            "descrizione della proposta", "testo", "proposta", "idea", "contenuto",
        ),
        obbligatoria=True,
    ),
    Colonna(
        "perche",
        "perché",
        gettext_lazy("Perché serve: al massimo 4.000 caratteri."),
        "Chi aspetta i bambini sta in piedi al sole.",
        ("motivazione", "motivo", "perche serve", "motivazioni", "obiettivo", "obiettivi"),
    ),
    Colonna(
        "per_chi",
        "per chi",
        gettext_lazy("Chi ne avrebbe un vantaggio."),
        "genitori e nonni",
        ("destinatari", "beneficiari", "a chi serve"),
    ),
    Colonna(
        "luogo",
        "dove",
        gettext_lazy("Una via, una piazza, un luogo."),
        "via Esempio",
        ("luogo", "indirizzo", "via", "localizzazione", "ubicazione", "posizione"),
    ),
    Colonna(
        "latitudine",
        "latitudine",
        gettext_lazy("Del punto sulla mappa, in gradi: va bene la virgola."),
        "45,0526",
        ("lat", "latitude"),
    ),
    Colonna(
        "longitudine",
        "longitudine",
        gettext_lazy("Del punto sulla mappa, in gradi: va bene la virgola."),
        "9,6929",
        ("lon", "long", "lng", "longitude"),
    ),
    Colonna(
        "temi",
        "temi",
        gettext_lazy("Uno o più temi del portale, separati da una virgola."),
        "",
        ("tema", "argomento", "argomenti", "categoria", "categorie", "ambito"),
    ),
    Colonna(
        "bisogni",
        "bisogni",
        gettext_lazy(
            "I bisogni pubblicati a cui risponde: il titolo esatto o l'ultima parte "
            "dell'indirizzo della loro pagina, separati da una barra verticale (|)."
        ),
        "",
        ("bisogno", "esigenza", "esigenze", "bisogni a cui risponde"),
    ),
    Colonna(
        "canale",
        "canale",
        gettext_lazy(
            "«carta», «incontro» o «online»; vuoto: ciò che scegli quando carichi il file."
        ),
        "carta",
        ("come e arrivata", "provenienza", "modalita", "fonte"),
    ),
    Colonna(
        "incontro",
        "incontro",
        gettext_lazy("L'incontro in cui è nata: il titolo o l'indirizzo della sua pagina."),
        "",
        ("nata nell incontro", "assemblea", "evento"),
    ),
    Colonna(
        "tavolo",
        "tavolo",
        gettext_lazy("Il numero del tavolo, se è nata in un incontro."),
        "",
        ("numero del tavolo", "n tavolo", "numero tavolo"),
    ),
    Colonna(
        "nome_mostrato",
        "nome",
        gettext_lazy("Chi propone, come lo leggeranno tutti; vuoto: «una persona»."),
        "Anna R.",
        (
            "proponente", "chi propone", "nome mostrato", "nome e cognome", "autore", "autrice",
            "cittadino", "nome proponente", "firma", "nominativo",
        ),
    ),
    Colonna(
        "organizzazione",
        "organizzazione",
        gettext_lazy("Se propone un'associazione, un ente, un gruppo: il suo nome."),
        "",
        ("associazione", "ente", "gruppo", "soggetto", "ragione sociale"),
    ),
    Colonna(
        "email",
        "e-mail",
        gettext_lazy(
            "Solo se la persona l'ha scritta sul modulo firmato: riceve la conferma e le "
            "risposte. Non si vede sul sito."
        ),
        "",
        ("email", "mail", "posta elettronica", "indirizzo email", "indirizzo mail"),
    ),
    Colonna(
        "data",
        "data",
        gettext_lazy("Il giorno in cui è arrivata, per esempio 3/5/2023; vuoto: oggi."),
        "3/5/2023",
        ("data di arrivo", "data ricezione", "ricevuta il", "giorno", "data proposta", "del"),
    ),
)  # fmt: skip
PER_CAMPO = {colonna.campo: colonna for colonna in COLONNE}


def piana(testo: str) -> str:
    """A name as people may write it: without capitals, accents, signs and needless spaces."""
    senza = unicodedata.normalize("NFKD", testo.lower()).encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[a-z0-9]+", senza))


_NOMI = {
    piana(nome): colonna.campo
    for colonna in COLONNE
    for nome in (colonna.nome, colonna.campo, *colonna.sinonimi)
}


def _campo(intestazione: str) -> str | None:
    # "Titolo (obbligatorio)", "Titolo *"
    return _NOMI.get(piana(re.sub(r"\(.*?\)", " ", intestazione)))


def quanti_nomi(celle: Sequence[str]) -> int:
    """How many different columns of ours a row names."""
    return len({_campo(cella) for cella in celle} - {None})


def modello() -> list[list[str]]:
    """An empty list: only the names of the columns. An example left there would be imported."""
    return [[colonna.nome for colonna in COLONNE]]


# --- One row --------------------------------------------------------------------------------


class _Cerca(forms.Field):
    """Something of the portal, by what people call it (see Riferimenti)."""

    def __init__(self, dove, sbagliato, **kwargs):
        super().__init__(**kwargs)
        self.dove, self.sbagliato = dove, sbagliato

    def clean(self, value):
        value = super().clean(value)
        if not value:
            return None
        trovato = self.riferimenti.trova(self.dove, value)
        if trovato is None:
            raise ValidationError(self.sbagliato, params={"scritto": value[:60]})
        return trovato


class _CercaMolti(_Cerca):
    def __init__(self, *args, separatori, **kwargs):
        super().__init__(*args, **kwargs)
        self.separatori = separatori

    def clean(self, value):
        value = forms.Field.clean(self, value) or ""
        # The whole cell first: a name may hold the separator itself.
        if (intero := self.riferimenti.trova(self.dove, value)) is not None:
            return [intero]
        trovati, mancano = [], []
        for parte in re.split(self.separatori, value):
            if parte.strip():
                trovato = self.riferimenti.trova(self.dove, parte)
                (mancano if trovato is None else trovati).append(
                    parte.strip() if trovato is None else trovato
                )
        if mancano:
            elenco = ", ".join(self.riferimenti.nomi[self.dove])
            raise ValidationError(
                self.sbagliato, params={"scritto": mancano[0][:60], "elenco": elenco}
            )
        return list(dict.fromkeys(trovati))


class _Numero(forms.Field):
    """A number with a comma or a point, between two limits."""

    def __init__(self, minimo, massimo, sbagliato, *, intero=False, **kwargs):
        super().__init__(required=False, **kwargs)
        self.minimo, self.massimo = minimo, massimo
        self.sbagliato, self.intero = sbagliato, intero

    def clean(self, value):
        testo = (value or "").strip().removesuffix("°").strip()
        if not testo:
            return None
        if not re.fullmatch(r"[+-]?\d{1,9}([.,]\d{1,20})?", testo):
            raise ValidationError(self.sbagliato)
        numero = float(testo.replace(",", "."))
        if not self.minimo <= numero <= self.massimo or (self.intero and numero % 1):
            raise ValidationError(self.sbagliato)
        return int(numero) if self.intero else numero


_MESI = {
    nome: numero
    for numero, nome in enumerate(
        (
            "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno",
            "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre",
        ),
        start=1,
    )
}  # fmt: skip


class _Giorno(forms.Field):
    """A day as Italians and spreadsheets write it."""

    def clean(self, value):
        testo = (value or "").strip().lower()
        if not testo:
            return None
        if iso := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})([t ][\d:.]+)?", testo):
            anno, mese, giorno = int(iso[1]), int(iso[2]), int(iso[3])
        elif parti := re.fullmatch(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4}|\d{2})", testo):
            giorno, mese, anno = int(parti[1]), int(parti[2]), int(parti[3])
        elif parti := re.fullmatch(r"(?:\w+ )?(\d{1,2})[º°]? ([a-z]{3,9})\.? (\d{4})", testo):
            mesi = [numero for nome, numero in _MESI.items() if nome.startswith(parti[2])]
            giorno, anno = int(parti[1]), int(parti[3])
            mese = mesi[0] if len(mesi) == 1 else 0
        else:
            raise ValidationError(_("Scrivi la data come 3/5/2023."))
        try:
            letto = date(anno + 2000 if anno < 100 else anno, mese, giorno)
        except ValueError:
            raise ValidationError(_("Questo giorno non esiste: controlla la data.")) from None
        if letto > self.riferimenti.oggi:
            raise ValidationError(_("La data è nel futuro: controlla l'anno."))
        if letto.year < 1990:
            raise ValidationError(_("La data è troppo lontana: controlla l'anno."))
        return letto


class _Email(CampoEmail):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.error_messages["invalid"] = gettext_lazy(
            "Controlla l'e-mail: deve essere come nome@esempio.it. Se non la conosci lascia vuoto."
        )


CITTA = "citta"
MEZZOGIORNO = time(12)


def _lunghezza(campo):
    return Proposta._meta.get_field(campo).max_length


class RigaForm(forms.Form):
    """One row of a list; what it cannot take, it says beside its column."""

    titolo = CampoTesto(
        required=True,
        max_length=_lunghezza("titolo"),
        error_messages={"required": gettext_lazy("Manca il titolo: scrivi che cosa si propone.")},
    )
    laboratorio = _Cerca(
        "laboratorio",
        gettext_lazy(
            "«%(scritto)s» non è un laboratorio: scrivi il numero della zona, il nome, oppure "
            "«tutta la città»."
        ),
        error_messages={
            "required": gettext_lazy(
                "Manca il laboratorio: scrivi il numero della zona, oppure «tutta la città»."
            )
        },
    )
    che_cosa = CampoTesto(
        required=True,
        righe=8,
        max_length=_lunghezza("che_cosa"),
        error_messages={"required": gettext_lazy("Manca la descrizione: scrivi in che consiste.")},
    )
    perche = CampoTesto(max_length=_lunghezza("perche"), righe=5)
    per_chi = CampoTesto(max_length=_lunghezza("per_chi"))
    luogo = CampoTesto(max_length=_lunghezza("luogo"))
    latitudine = _Numero(
        -90, 90, gettext_lazy("Scrivi un numero di gradi, come 45,0526, oppure lascia vuoto.")
    )
    longitudine = _Numero(
        -180, 180, gettext_lazy("Scrivi un numero di gradi, come 9,6929, oppure lascia vuoto.")
    )
    temi = _CercaMolti(
        "temi",
        gettext_lazy("«%(scritto)s» non è un tema del portale. I temi sono: %(elenco)s."),
        separatori=r"[,;|/\n]",
        required=False,
    )
    bisogni = _CercaMolti(
        "bisogni",
        gettext_lazy(
            "«%(scritto)s» non è un bisogno pubblicato di questo percorso: copia il titolo esatto "
            "dalla sua pagina, o lascia vuoto."
        ),
        separatori=r"[|\n]",
        required=False,
    )
    canale = _Cerca(
        "canale",
        gettext_lazy("«%(scritto)s» non è un canale: scrivi carta, incontro oppure online."),
        required=False,
    )
    incontro = _Cerca(
        "incontro",
        gettext_lazy(
            "«%(scritto)s» non è un incontro di questo percorso: copia il titolo esatto dalla sua "
            "pagina, o lascia vuoto."
        ),
        required=False,
    )
    tavolo = _Numero(1, 99, gettext_lazy("Scrivi solo il numero del tavolo."), intero=True)
    nome_mostrato = CampoFirma(max_length=_lunghezza("nome_mostrato"))
    organizzazione = CampoFirma(max_length=_lunghezza("organizzazione"))
    email = _Email(required=False)
    data = _Giorno(required=False)

    def __init__(self, *, riferimenti):
        super().__init__({})
        for campo in self.fields.values():
            campo.riferimenti = riferimenti

    def esamina(self, celle):
        """Look at another row. One form for all: to make its fields anew takes longer than to
        look at what they hold."""
        self.data = celle
        self.full_clean()
        return self

    def clean(self):
        dati = super().clean()
        uno, altro = "latitudine", "longitudine"
        if not {uno, altro} & self.errors.keys():
            for questo, quello in ((uno, altro), (altro, uno)):
                if dati.get(questo) is None and dati.get(quello) is not None:
                    self.add_error(
                        questo, _("C'è solo metà del punto: completalo, o togli l'altra metà.")
                    )
        return dati


class Riferimenti:
    """What the cells of a list may name, read once for all its rows."""

    def __init__(self, percorso, oggi: date):
        self.oggi = oggi
        self._nomi = {"laboratorio": {}, "temi": {}, "bisogni": {}, "incontro": {}, "canale": {}}
        for laboratorio in Laboratorio.objects.pubblici().with_quartieri():
            numero = laboratorio.numero
            self._chiama("laboratorio", laboratorio, str(numero), f"zona {numero}", f"z{numero}")
            self._chiama("laboratorio", laboratorio, f"laboratorio {numero}", f"lab {numero}")
            self._chiama("laboratorio", laboratorio, f"zona {numero} {laboratorio.nome}")
            self._chiama("laboratorio", laboratorio, laboratorio.nome, laboratorio.slug)
            for quartiere in laboratorio.quartieri.all():
                self._chiama("laboratorio", laboratorio, quartiere.nome)
        tutta = ("tutta la città", "città", "intera città", "comune", "tutto il comune")
        self._chiama("laboratorio", CITTA, *tutta)
        for tema in Tema.objects.attivi():
            self._chiama("temi", tema, tema.nome, tema.slug)
        for bisogno in Bisogno.objects.pubblici().filter(percorso=percorso):
            self._chiama("bisogni", bisogno, bisogno.titolo, bisogno.slug)
        for incontro in Incontro.objects.filter(percorso=percorso).exclude(stato="bozza"):
            self._chiama("incontro", incontro, incontro.titolo, incontro.slug)
        for canale, nomi in {
            Canale.CARTACEO: "carta|cartaceo|su carta|modulo|modulo cartaceo|scheda|sportello",
            Canale.INCONTRO: "incontro|in un incontro|assemblea|workshop|in presenza",
            Canale.ONLINE: "online|on line|web|sito|internet|e-mail|email|mail|modulo online",
        }.items():
            self._chiama("canale", canale, *nomi.split("|"))
        self.nomi = {
            "temi": [tema.nome for tema in Tema.objects.attivi()],
            "bisogni": [],
        }

    def _chiama(self, che_cosa, oggetto, *nomi):
        """What two things are called is the name of neither."""
        tabella = self._nomi[che_cosa]
        for nome in map(piana, nomi):
            if tabella.setdefault(nome, oggetto) != oggetto:
                tabella[nome] = None

    def trova(self, che_cosa, scritto):
        if "://" in scritto:
            # The address of its page.
            scritto = scritto.strip().rstrip("/").rpartition("/")[2]
        return self._nomi[che_cosa].get(piana(scritto))


# --- Looking at a list ----------------------------------------------------------------------


@dataclass
class Esame:
    """What one row is: what it would write, what is wrong in it, what to look at again."""

    numero: int
    celle: dict[str, str]
    valori: dict = field(default_factory=dict)
    errori: list[tuple[str, str]] = field(default_factory=list)
    avvisi: list[tuple[str, str]] = field(default_factory=list)
    doppione: bool = False

    @property
    def buona(self):
        return not self.errori


def leggi(contenuto: bytes) -> tuple[list[str], list[str], list[dict]]:
    """The columns of a file that are ours (by field), the names of those that are not, and its
    rows ({"n": …, "celle": {field: text}, "formule": […]}). Raises Rifiuto with what to do."""
    try:
        for _nome, righe in fogli.leggi(contenuto, riconosce=quanti_nomi):
            if (letto := _leggi_foglio(righe)) is not None:
                return letto
    except fogli.Illeggibile as no:
        raise Rifiuto(str(no)) from no
    raise Rifiuto(
        _(
            "Non trovo i nomi delle colonne. Nella prima riga devono esserci almeno «titolo», "
            "«laboratorio» e «che cosa»: parti dal file modello."
        )
    )


def _leggi_foglio(righe):
    intestazione, lette = None, []
    for vista, riga in enumerate(righe):
        if intestazione is None:
            if vista >= INTESTAZIONE_ENTRO:
                return None
            if quanti_nomi(riga.celle) >= 2:
                intestazione = [_campo(cella) for cella in riga.celle]
                nomi = riga.celle
            continue
        if len(lette) == RIGHE_MASSIME:
            raise Rifiuto(
                _("Le righe sono più di %(n)s: dividi il file in più parti.")
                % {"n": f"{RIGHE_MASSIME:,}".replace(",", ".")}
            )
        celle = {
            campo: cella
            for campo, cella in zip(intestazione, riga.celle, strict=False)
            if campo and cella
        }
        if celle:
            formule = [
                campo
                for colonna, campo in enumerate(intestazione)
                if campo and colonna in riga.formule
            ]
            lette.append({"n": riga.numero, "celle": celle, "formule": formule})
    if intestazione is None:
        return None
    campi = [campo for campo in intestazione if campo]
    if doppie := [campo for campo, quante in Counter(campi).items() if quante > 1]:
        raise Rifiuto(
            _("Due colonne si chiamano «%(nome)s» o in modo simile: lasciane una.")
            % {"nome": PER_CAMPO[doppie[0]].nome}
        )
    mancano = [c.nome for c in COLONNE if c.obbligatoria and c.campo not in campi]
    if mancano:
        raise Rifiuto(
            _("Manca la colonna «%(nomi)s»: aggiungila, o chiamala così.")
            % {"nomi": "», «".join(mancano)}
        )
    if not lette:
        raise Rifiuto(_("Sotto i nomi delle colonne non c'è nessuna riga."))
    ignorate = [
        nome for nome, campo in zip(nomi, intestazione, strict=True) if campo is None and nome
    ]
    return campi, ignorate, lette


def esamina(righe: Sequence[dict], percorso, *, adesso: datetime) -> list[Esame]:
    """Look at each row, as the portal is now. Writes nothing."""
    riferimenti = Riferimenti(percorso, a_roma(adesso).date())
    gia = _gia_presenti(percorso)
    riga_form = RigaForm(riferimenti=riferimenti)
    viste, esami = {}, []
    for riga in righe:
        form = riga_form.esamina(riga["celle"])
        esame = Esame(riga["n"], riga["celle"])
        for campo, errori in form.errors.as_data().items():
            for errore in errori:
                esame.errori += [(PER_CAMPO[campo].nome, testo) for testo in errore.messages]
        for campo in riga["formule"]:
            esame.avvisi.append(
                (
                    PER_CAMPO[campo].nome,
                    _("È una formula, e la leggo come testo: se vuoi il risultato, incollalo."),
                )
            )
        if esame.buona:
            esame.valori = form.cleaned_data
            chiave = _chiave(form.cleaned_data["titolo"], form.cleaned_data["laboratorio"])
            if chiave in viste:
                esame.doppione = True
                testo = _("Stesso titolo e stesso laboratorio della riga %(n)d: è un doppione?")
                esame.avvisi.append((PER_CAMPO["titolo"].nome, testo % {"n": viste[chiave]}))
            elif chiave in gia:
                esame.doppione = True
                testo = _("Nel portale c'è già: proposta numero %(n)d. È un doppione?")
                esame.avvisi.append((PER_CAMPO["titolo"].nome, testo % {"n": gia[chiave]}))
            viste.setdefault(chiave, riga["n"])
        esami.append(esame)
    return esami


def _chiave(titolo, laboratorio):
    """Two rows with one key say the same thing of one place, whatever signs and capitals."""
    return indice(titolo) or piana(titolo) or titolo, getattr(laboratorio, "pk", laboratorio)


def _gia_presenti(percorso):
    """Key → number of the proposals that somebody has sent, the oldest of two alike."""
    righe = (
        Proposta.objects.filter(percorso=percorso)
        .exclude(stato__in=[Proposta.Stato.BOZZA, Proposta.Stato.RITIRATA])
        .order_by("-pk")
        .values_list("pk", "titolo", "laboratorio")
    )
    return {
        _chiave(titolo, laboratorio or CITTA): pk
        for pk, titolo, laboratorio in righe.iterator(chunk_size=5000)
    }


# --- The two steps --------------------------------------------------------------------------


def carica(
    file, *, percorso, canale: str = Canale.CARTACEO, pubblica: bool = False, autore, adesso
) -> Importazione:
    """Read a list and keep what is in it, to be looked at. Not one proposal is written. Raises
    Rifiuto when it is no list, and says what to do."""
    if file.size > PESO_MASSIMO:
        raise Rifiuto(_("Il file pesa più di 16 MB: dividilo in più parti."))
    contenuto = file.read()
    campi, ignorate, lette = leggi(contenuto)
    esami = esamina(lette, percorso, adesso=adesso)
    for riga, esame in zip(lette, esami, strict=True):
        riga |= {"errori": esame.errori, "avvisi": esame.avvisi, "doppione": esame.doppione}
    return Importazione.objects.create(
        percorso=percorso,
        canale=canale,
        pubblica=pubblica,
        nome_file=_nome(file.name),
        impronta=sha256(contenuto).hexdigest(),
        colonne=campi,
        ignorate=[nome[:80] for nome in ignorate],
        righe=lette,
        lette=len(lette),
        autore=autore,
        created_at=adesso,
    )


def _nome(nome):
    """A name that can be shown: its last part, without signs that are not seen."""
    ultimo = (nome or "").replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in ultimo if c.isprintable())[-200:] or "?"


def esegui(
    importazione: Importazione, *, doppioni: bool = False, autore, adesso: datetime
) -> Importazione:
    """Write the good rows of a list; with ``doppioni`` also those that seem to be there already.

    All of them or none, and once: asked for again, it gives back what was done. They are looked
    at again first, for the portal may have changed since. Raises Rifiuto when none is good.
    """
    importazione.refresh_from_db()
    if importazione.eseguita_at is not None:
        return importazione
    esami = [
        esame
        for esame in esamina(importazione.righe, importazione.percorso, adesso=adesso)
        if esame.buona and (doppioni or not esame.doppione)
    ]
    # All that takes its time, before anything is locked.
    proposte = [_proposta(importazione, esame.valori, autore, adesso) for esame in esami]
    with transaction.atomic():
        # Of two clicks the second waits here, and then finds it done.
        mia = Importazione.objects.filter(pk=importazione.pk, eseguita_at=None).update(
            eseguita_at=adesso, importate=len(esami), righe=[]
        )
        if mia and not esami:
            raise Rifiuto(_("Nessuna riga da importare: correggi il file e caricalo di nuovo."))
        if mia:
            _scrivi(importazione, esami, proposte, autore, adesso)
    importazione.refresh_from_db()
    return importazione


def _scrivi(importazione, esami, proposte, autore, adesso):
    persone = {}
    for proposta, esame in zip(proposte, esami, strict=True):
        if email := esame.valori["email"]:
            if email not in persone:
                nome = esame.valori["nome_mostrato"]
                persone[email] = partecipanti.per_indirizzo(email, nome=nome)
            proposta.proponente = persone[email]
    invia_molte(proposte, autore=autore, pubblica=importazione.pubblica, adesso=adesso)
    for molti, nome in ((Proposta.temi, "temi"), (Proposta.bisogni, "bisogni")):
        legame = molti.through
        chi, che_cosa = molti.field.m2m_field_name(), molti.field.m2m_reverse_field_name()
        legame.objects.bulk_create(
            [
                legame(**{chi: proposta, che_cosa: altro})
                for proposta, esame in zip(proposte, esami, strict=True)
                for altro in esame.valori[nome]
            ],
            batch_size=500,
        )


def _proposta(importazione, valori, autore, adesso):
    laboratorio, incontro = valori["laboratorio"], valori["incontro"]
    genere = Proponente.PERSONA
    if valori["organizzazione"]:
        genere = Proponente.ORGANIZZAZIONE
    elif incontro and not valori["nome_mostrato"]:
        genere = Proponente.INCONTRO
    arrivata = None
    if valori["data"] and valori["data"] < a_roma(adesso).date():
        arrivata = ora_di_muro(valori["data"], MEZZOGIORNO)
    proposta = Proposta(
        percorso=importazione.percorso,
        laboratorio=None if laboratorio == CITTA else laboratorio,
        per_la_citta=laboratorio == CITTA,
        genere_proponente=genere,
        canale=valori["canale"] or (Canale.INCONTRO if incontro else importazione.canale),
        incontro=incontro,
        registrato_da=autore,
        inviata_at=arrivata,
        esempio=importazione.percorso.esempio,
        **{
            nome: valori[nome]
            for nome in (
                *Proposta.TESTI,
                "latitudine",
                "longitudine",
                "tavolo",
                "nome_mostrato",
                "organizzazione",
            )
        },
    )
    indicizza(proposta)
    return proposta


def pulisci(adesso: datetime) -> int:
    """Throw away the lists that were looked at and never written, with the names in them."""
    vecchie = Importazione.objects.filter(eseguita_at=None, created_at__lt=adesso - CONSERVATA)
    quante, _per_modello = vecchie.delete()
    return quante


# --- What the office is shown ---------------------------------------------------------------


def conta(importazione: Importazione) -> dict[str, int]:
    """How many rows are good, wrong or perhaps there already, and how many people would be
    written to."""
    righe = importazione.righe
    buone = [riga for riga in righe if not riga["errori"]]
    return {
        "lette": len(righe),
        "buone": len(buone),
        "errate": len(righe) - len(buone),
        "doppie": sum(riga["doppione"] for riga in buone),
        "nuove": sum(not riga["doppione"] for riga in buone),
        "persone": len({riga["celle"].get("email", "").lower() for riga in buone} - {""}),
    }


def da_correggere(importazione: Importazione) -> list[list[str]]:
    """The rows that cannot be imported, with what to do in a column of its own: corrected there,
    the same file can be loaded."""
    colonne = [colonna for colonna in COLONNE if colonna.campo in importazione.colonne]
    righe = [[_("riga"), _("da correggere"), *(colonna.nome for colonna in colonne)]]
    for riga in importazione.righe:
        if riga["errori"]:
            detto = " · ".join(f"{nome}: {testo}" for nome, testo in riga["errori"])
            celle = [riga["celle"].get(colonna.campo, "") for colonna in colonne]
            righe.append([riga["n"], detto, *celle])
    return righe


def gia_importata(importazione: Importazione) -> Importazione | None:
    """The same file, byte for byte, that was written before; None if there is none."""
    return (
        Importazione.objects.filter(impronta=importazione.impronta, eseguita_at__isnull=False)
        .exclude(pk=importazione.pk)
        .defer("righe")
        .first()
    )


def quando(importazione: Importazione) -> str:
    return dates.giorno_e_ora(importazione.eseguita_at or importazione.created_at)
