"""Proposals on paper, or of older years, as a sheet of the office.

Each row is a proposal that somebody typed in: it is sent, and waits for a moderator unless the
officer has read them all. What seems to be in the portal already is said, and left out.
"""

import re
from datetime import time

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import partecipanti
from eventi.models import Incontro
from importazioni.generi import Genere, Opzioni, registra
from importazioni.risorse import (
    LOTTO,
    Colonna,
    Indirizzo,
    Intero,
    Numero,
    Riferimento,
    RigaRifiutata,
    Risorsa,
    Scelta,
    Superate,
    Testo,
    tabella_di_nomi,
)
from laboratori.fogli import nomi_dei_laboratori
from percorso.models import Percorso
from portale.lib import celle
from portale.lib.celle import piana
from portale.lib.dates import a_roma, ora_di_muro
from portale.lib.ricerca import indice

from .forms import CampoFirma, CampoTesto
from .models import Bisogno, Canale, Proposta, Tema
from .permissions import can_moderare
from .services import Rifiuto, indicizza, invia_molte
from .temi import indice_temi

CITTA = "citta"
MEZZOGIORNO = time(12)
Proponente = Proposta.Proponente


# --- Cells ----------------------------------------------------------------------------------


class _Modulo(Testo):
    """Text by the rules of our forms."""

    def __init__(self, campo: type[CampoTesto], nome: str, **kwargs):
        super().__init__()
        self.campo = campo(max_length=Proposta._meta.get_field(nome).max_length, **kwargs)

    def clean(self, value, row=None, **kwargs):
        try:
            return self.campo.clean(value)
        except forms.ValidationError as no:
            raise ValueError(" ".join(no.messages)) from None


class _Canale(Scelta):
    def clean(self, value, row=None, *, risorsa, **kwargs):
        return super().clean(value, row, **kwargs) or risorsa.canale_di(row)


class _Gradi(Numero):
    """Degrees of a map, between two limits."""

    def __init__(self, limite, esempio):
        super().__init__()
        self.limite, self.esempio = limite, esempio

    def clean(self, value, row=None, **kwargs):
        letto = super().clean(value, row, **kwargs)
        if letto is not None and abs(letto) > self.limite:
            raise ValueError(
                _("Scrivi un numero di gradi, come %(esempio)s, oppure lascia vuoto.")
                % {"esempio": self.esempio}
            )
        return letto


class _Molti(Testo):
    """Several things of the portal by what people call them, between ``separatori``."""

    def __init__(self, nomi, sbagliato, separatori):
        super().__init__()
        self.nomi, self.sbagliato, self.separatori = nomi, sbagliato, separatori

    def clean(self, value, row=None, *, risorsa, **kwargs):
        tabella = risorsa.nomi(self.nomi)
        # The whole cell first: a name may hold the separator itself.
        if (intero := tabella.get(_chiamato(value))) is not None:
            return [intero]
        trovati = {}
        for parte in filter(str.strip, re.split(self.separatori, value)):
            trovato = tabella.get(_chiamato(parte))
            if trovato is None:
                elenco = ", ".join(dict.fromkeys(str(uno) for uno in tabella.values() if uno))
                raise ValueError(
                    self.sbagliato % {"scritto": parte.strip()[:60], "elenco": elenco}
                )
            trovati[trovato.pk] = trovato
        return list(trovati.values())

    def render(self, value, obj=None, **kwargs):
        return "; ".join(str(uno) for uno in value or ())


def _chiamato(scritto):
    """What somebody is looked for by: of an address, its last part."""
    return piana(scritto.strip().rstrip("/").rpartition("/")[2] if "://" in scritto else scritto)


class _Giorno(Testo):
    """A day as Italians and spreadsheets write it, that has come."""

    def clean(self, value, row=None, *, risorsa, dal_1904=False, **kwargs):
        if not value:
            return None
        # What hour it was does not matter.
        letto, _ora = celle.momento(value, dal_1904=dal_1904)
        if letto > risorsa.oggi:
            raise ValueError(_("La data è nel futuro: controlla l'anno."))
        if letto.year < 1990:
            raise ValueError(_("La data è troppo lontana: controlla l'anno."))
        return letto


# --- Options --------------------------------------------------------------------------------


class ProposteForm(Opzioni):
    percorso = forms.ModelChoiceField(
        None, label=gettext_lazy("Percorso"), empty_label=None, to_field_name="slug"
    )
    canale = forms.ChoiceField(
        label=gettext_lazy("Come sono arrivate"),
        choices=Canale.choices,
        initial=Canale.CARTACEO,
        help_text=gettext_lazy("Per le righe in cui la colonna «canale» manca o è vuota."),
    )
    pubblica = forms.BooleanField(
        label=gettext_lazy("Le ho lette: pubblicale subito"),
        required=False,
        help_text=gettext_lazy("Altrimenti aspettano chi modera, come quelle arrivate online."),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, user=user, **kwargs)
        self.fields["percorso"].queryset = Percorso.objects.in_evidenza()
        if not can_moderare(user):
            del self.fields["pubblica"]

    def clean_percorso(self):
        return self.cleaned_data["percorso"].slug


# --- Rows -----------------------------------------------------------------------------------


class PropostaRisorsa(Risorsa):
    """A proposal that the office types in. One that is in the portal changes in its own page."""

    chiave = "numero"
    # What people propose may begin with any sign.
    formule_sono_testo = True

    numero = Colonna(
        "numero",
        gettext_lazy("il numero che le dà il portale: si lascia vuoto"),
        attributo="pk",
        widget=Intero(),
        sola_lettura=True,
    )
    titolo = Colonna(
        "titolo",
        gettext_lazy("che cosa si propone, in una frase di al massimo 120 caratteri"),
        attributo="titolo",
        widget=_Modulo(CampoTesto, "titolo"),
        esempio="Panchine all'ombra davanti alla scuola",
        sinonimi=("titolo proposta", "titolo della proposta", "oggetto", "titolo idea"),
        obbligatoria=True,
    )
    laboratorio = Colonna(
        "laboratorio",
        gettext_lazy(
            "il numero della zona, il nome del laboratorio o di un suo quartiere, oppure «tutta "
            "la città»"
        ),
        attributo="dove_vale",
        widget=Riferimento(
            "luoghi",
            gettext_lazy(
                "«%(scritto)s» non è un laboratorio: scrivi il numero della zona, il nome, oppure "
                "«tutta la città»."
            ),
            str,
        ),
        esempio="3",
        sinonimi=(
            "laboratorio di quartiere", "zona", "quartiere", "frazione", "lab", "per quale zona",
            "numero zona", "n zona", "quartiere frazione",
        ),
        obbligatoria=True,
    )  # fmt: skip
    che_cosa = Colonna(
        "che cosa",
        gettext_lazy("la descrizione: al massimo 6.000 caratteri"),
        attributo="che_cosa",
        widget=_Modulo(CampoTesto, "che_cosa", righe=8),
        esempio="Due panchine sotto gli alberi, con lo schienale.",
        sinonimi=(
            "che_cosa", "cosa", "che cosa propone", "descrizione", "descrizione proposta",
            "descrizione della proposta", "testo", "proposta", "idea", "contenuto",
        ),
        obbligatoria=True,
    )  # fmt: skip
    perche = Colonna(
        "perché",
        gettext_lazy("perché serve: al massimo 4.000 caratteri"),
        attributo="perche",
        widget=_Modulo(CampoTesto, "perche", righe=5),
        esempio="Chi aspetta i bambini sta in piedi al sole.",
        sinonimi=(
            "motivazione", "motivo", "perche serve", "motivazioni", "obiettivo", "obiettivi",
        ),
    )  # fmt: skip
    per_chi = Colonna(
        "per chi",
        gettext_lazy("chi ne avrebbe un vantaggio"),
        attributo="per_chi",
        widget=_Modulo(CampoTesto, "per_chi"),
        esempio="genitori e nonni",
        sinonimi=("destinatari", "beneficiari", "a chi serve"),
    )
    luogo = Colonna(
        "dove",
        gettext_lazy("una via, una piazza, un luogo"),
        attributo="luogo",
        widget=_Modulo(CampoTesto, "luogo"),
        esempio="via Esempio",
        sinonimi=("luogo", "indirizzo", "via", "localizzazione", "ubicazione", "posizione"),
    )
    latitudine = Colonna(
        "latitudine",
        gettext_lazy("del punto sulla mappa, in gradi: va bene la virgola"),
        attributo="latitudine",
        widget=_Gradi(90, "45,0526"),
        esempio="45,0526",
        sinonimi=("lat", "latitude"),
    )
    longitudine = Colonna(
        "longitudine",
        gettext_lazy("del punto sulla mappa, in gradi: va bene la virgola"),
        attributo="longitudine",
        widget=_Gradi(180, "9,6929"),
        esempio="9,6929",
        sinonimi=("lon", "long", "lng", "longitude"),
    )
    temi = Colonna(
        "temi",
        gettext_lazy("uno o più temi del portale, separati da una virgola"),
        attributo="temi_scelti",
        widget=_Molti(
            "temi",
            gettext_lazy("«%(scritto)s» non è un tema del portale. I temi sono: %(elenco)s."),
            r"[,;|/\n]",
        ),
        sinonimi=("tema", "argomento", "argomenti", "categoria", "categorie", "ambito"),
    )
    bisogni = Colonna(
        "bisogni",
        gettext_lazy(
            "i bisogni pubblicati a cui risponde: il titolo esatto o l'ultima parte "
            "dell'indirizzo della loro pagina, separati da una barra verticale (|)"
        ),
        attributo="bisogni_scelti",
        widget=_Molti(
            "bisogni",
            gettext_lazy(
                "«%(scritto)s» non è un bisogno pubblicato di questo percorso: copia il titolo "
                "esatto dalla sua pagina, o lascia vuoto."
            ),
            r"[|\n]",
        ),
        sinonimi=("bisogno", "esigenza", "esigenze", "bisogni a cui risponde"),
    )
    canale = Colonna(
        "canale",
        gettext_lazy(
            "carta, incontro oppure online; vuoto: ciò che scegli quando carichi il file"
        ),
        attributo="canale",
        widget=_Canale(
            Canale,
            altri={
                Canale.CARTACEO: (
                    "carta", "su carta", "modulo", "modulo cartaceo", "scheda", "sportello",
                ),
                Canale.INCONTRO: (
                    "incontro", "in un incontro", "assemblea", "workshop", "in presenza",
                ),
                Canale.ONLINE: (
                    "online", "on line", "web", "sito", "internet", "e-mail", "email", "mail",
                    "modulo online",
                ),
            },
        ),
        esempio="carta",
        sinonimi=("come e arrivata", "provenienza", "modalita", "fonte"),
    )  # fmt: skip
    incontro = Colonna(
        "incontro",
        gettext_lazy("l'incontro in cui è nata: il titolo o l'indirizzo della sua pagina"),
        attributo="incontro",
        widget=Riferimento(
            "incontri",
            gettext_lazy(
                "«%(scritto)s» non è un incontro di questo percorso: copia il titolo esatto dalla "
                "sua pagina, o lascia vuoto."
            ),
            str,
        ),
        sinonimi=("nata nell incontro", "assemblea", "evento"),
    )
    tavolo = Colonna(
        "tavolo",
        gettext_lazy("il numero del tavolo, se è nata in un incontro"),
        attributo="tavolo",
        widget=Intero(minimo=1, massimo=99),
        sinonimi=("numero del tavolo", "n tavolo", "numero tavolo"),
    )
    nome_mostrato = Colonna(
        "nome",
        gettext_lazy("chi propone, come lo leggeranno tutti; vuoto: «una persona»"),
        attributo="nome_mostrato",
        widget=_Modulo(CampoFirma, "nome_mostrato"),
        esempio="Anna R.",
        sinonimi=(
            "proponente", "chi propone", "nome mostrato", "nome e cognome", "autore", "autrice",
            "cittadino", "nome proponente", "firma", "nominativo",
        ),
    )  # fmt: skip
    organizzazione = Colonna(
        "organizzazione",
        gettext_lazy("se propone un'associazione, un ente, un gruppo: il suo nome"),
        attributo="organizzazione",
        widget=_Modulo(CampoFirma, "organizzazione"),
        sinonimi=("associazione", "ente", "gruppo", "soggetto", "ragione sociale"),
    )
    email = Colonna(
        "e-mail",
        gettext_lazy(
            "solo se la persona l'ha scritta sul modulo firmato: riceve la conferma e le "
            "risposte; non si vede sul sito"
        ),
        attributo="email_scritta",
        widget=Indirizzo(),
        sinonimi=("email", "mail", "posta elettronica", "indirizzo email", "indirizzo mail"),
    )
    data = Colonna(
        "data",
        gettext_lazy("il giorno in cui è arrivata, per esempio 3/5/2023; vuoto: oggi"),
        attributo="arrivata",
        widget=_Giorno(),
        esempio="3/5/2023",
        sinonimi=("data di arrivo", "data ricezione", "ricevuta il", "giorno", "data proposta",
                  "del"),
    )  # fmt: skip

    class Meta:
        model = Proposta

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.oggi = a_roma(self.adesso).date() if self.adesso else None
        self._gia = None
        self._viste_uguali = {}

    @classmethod
    def da_leggere(cls, user=None):
        # Its number says nothing here: what is there already does not change through a sheet.
        return [colonna for colonna in super().da_leggere(user) if colonna.campo != cls.chiave]

    def canale_di(self, row) -> str:
        """Where a row says nothing of it: of what was born at a meeting that, else the choice for
        all the sheet."""
        scelto = self.opzioni.get("canale", Canale.CARTACEO.value)
        return Canale.INCONTRO.value if row.get("incontro") else scelto

    @property
    def percorso(self):
        return self.nomi("percorso")["questo"]

    def nomi_percorso(self):
        return {"questo": Percorso.objects.get(slug=self.opzioni["percorso"])}

    def nomi_luoghi(self):
        tutta = ("tutta la città", "città", "intera città", "comune", "tutto il comune")
        return nomi_dei_laboratori() | {piana(nome): CITTA for nome in tutta}

    def nomi_temi(self):
        return tabella_di_nomi((tema, [tema.nome, tema.slug]) for tema in Tema.objects.attivi())

    def nomi_bisogni(self):
        bisogni = Bisogno.objects.pubblici().filter(percorso=self.percorso)
        return tabella_di_nomi((b, [b.titolo, b.slug]) for b in bisogni)

    def nomi_incontri(self):
        incontri = Incontro.objects.filter(percorso=self.percorso).exclude(stato="bozza")
        return tabella_di_nomi((i, [i.titolo, i.slug]) for i in incontri)

    def after_init_instance(self, instance, new, row, **kwargs):
        # What the sheet has no column for.
        instance.percorso = self.percorso
        instance.dove_vale = instance.email_scritta = instance.arrivata = None
        instance.temi_scelti, instance.bisogni_scelti = [], []
        instance.canale = self.canale_di(row)
        super().after_init_instance(instance, new, row, **kwargs)

    def controlla(self, instance, nuova):
        if (instance.latitudine is None) != (instance.longitudine is None):
            manca = "latitudine" if instance.latitudine is None else "longitudine"
            return {manca: _("C'è solo metà del punto: completalo, o togli l'altra metà.")}
        self._completa(instance)
        chiave = _chiave(instance.titolo, instance.laboratorio or CITTA)
        if self._gia is None:
            self._gia, self._ultima = _gia_presenti(self.percorso)
        numero = self._viste_uguali.setdefault(chiave, self.numero_di_riga)
        if numero != self.numero_di_riga:
            testo = _("Stesso titolo e stesso laboratorio della riga %(n)d: è un doppione?")
            self.forse_doppia(_nome("titolo"), testo % {"n": numero})
        elif chiave in self._gia:
            testo = _("Nel portale c'è già: proposta numero %(n)d. È un doppione?")
            self.forse_doppia(_nome("titolo"), testo % {"n": self._gia[chiave]})
        if instance.email_scritta:
            self.da_avvisare.add(instance.email_scritta)
        return {}

    def _completa(self, proposta):
        """What follows from what the row says."""
        citta = proposta.dove_vale == CITTA
        proposta.laboratorio, proposta.per_la_citta = None if citta else proposta.dove_vale, citta
        if proposta.organizzazione:
            proposta.genere_proponente = Proponente.ORGANIZZAZIONE
        elif proposta.incontro_id and not proposta.nome_mostrato:
            proposta.genere_proponente = Proponente.INCONTRO
        if proposta.arrivata and proposta.arrivata < self.oggi:
            proposta.inviata_at = ora_di_muro(proposta.arrivata, MEZZOGIORNO)
        proposta.registrato_da = self.autore
        proposta.esempio = self.percorso.esempio

    def save_instance(self, instance, is_create, row, **kwargs):
        super().save_instance(instance, is_create, row, **kwargs)
        if not kwargs["dry_run"]:
            # It takes as long as all the rest: now, that nobody waits for it.
            indicizza(instance)
            # The links are written all together, and tell nobody.
            instance.indice_temi = indice_temi(tema.pk for tema in instance.temi_scelti)

    def scrivi(self):
        proposte = [pronta.oggetto for pronta in self.pronte]
        self._nessuna_di_nuove(proposte)
        nomi = {p.email_scritta: p.nome_mostrato for p in reversed(proposte) if p.email_scritta}
        persone = partecipanti.per_indirizzi(nomi)
        for proposta in proposte:
            proposta.proponente = persone.get(proposta.email_scritta)
        try:
            invia_molte(
                proposte,
                autore=self.autore,
                pubblica=bool(self.opzioni.get("pubblica")),
                adesso=self.adesso,
            )
        except Rifiuto as no:
            raise RigaRifiutata(self.pronte[0].numero, str(no)) from None
        for molti, nome in ((Proposta.temi, "temi_scelti"), (Proposta.bisogni, "bisogni_scelti")):
            legame = molti.through
            chi, che_cosa = molti.field.m2m_field_name(), molti.field.m2m_reverse_field_name()
            legame.objects.bulk_create(
                [
                    legame(**{chi: proposta, che_cosa: altro})
                    for proposta in proposte
                    for altro in getattr(proposta, nome)
                ],
                batch_size=LOTTO,
            )

    def _nessuna_di_nuove(self, proposte):
        """Nobody has sent one of these since they were looked at."""
        arrivate = _righe_presenti(self.percorso).filter(pk__gt=self._ultima)
        chiavi = {_chiave(p.titolo, p.laboratorio or CITTA) for p in proposte}
        if any(_chiave(t, lab or CITTA) in chiavi for _pk, t, lab in arrivate):
            raise Superate


def _nome(campo):
    return PropostaRisorsa.fields[campo].nome


def _chiave(titolo, laboratorio):
    """Two rows with one key say the same thing of one place, whatever signs and capitals."""
    return indice(titolo) or piana(titolo) or titolo, getattr(laboratorio, "pk", laboratorio)


def _righe_presenti(percorso):
    """Those that somebody has sent, the oldest of two alike last."""
    inviate = Proposta.objects.filter(percorso=percorso).exclude(
        stato__in=[Proposta.Stato.BOZZA, Proposta.Stato.RITIRATA]
    )
    return inviate.order_by("-pk").values_list("pk", "titolo", "laboratorio")


def _gia_presenti(percorso):
    """Key → number, and the highest number."""
    gia, ultima = {}, 0
    for pk, titolo, laboratorio in _righe_presenti(percorso).iterator(chunk_size=5000):
        gia[_chiave(titolo, laboratorio or CITTA)] = pk
        ultima = max(ultima, pk)
    return gia, ultima


registra(
    Genere(
        "proposte",
        titolo=gettext_lazy("proposte"),
        risorsa=PropostaRisorsa,
        permessi=("proposte.add_proposta",),
        permesso_elenco="proposte.view_proposta",
        elenco="admin:proposte_proposta_changelist",
        spiegazione=gettext_lazy(
            "Le proposte arrivate su carta, o degli anni scorsi. Quelle che sembrano già nel "
            "portale restano fuori, se non scegli altrimenti."
        ),
        opzioni=ProposteForm,
        dati_personali=True,
    )
)
