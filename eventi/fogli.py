"""Venues, meetings and registrations as sheets that go out and come back.

A sheet opens no door of its own: meetings come in as drafts, what is published moves only where
people are told, and registrations take their seats from the service that everybody asks.
"""

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
    SiNo,
    Superate,
    Testo,
    tabella_di_nomi,
)
from laboratori.fogli import nomi_dei_laboratori
from percorso.models import Percorso
from portale.lib import celle, dates
from portale.lib.scelte import UltimeField

from .models import Incontro, Iscrizione, Sede
from .models.iscrizioni import POSTI_MASSIMI
from .promemoria import (
    REGOLE_PREDEFINITE,
    imposta_promemoria_molti,
    programma_promemoria_molti,
)
from .services import Modulo, ModuloRifiutato, iscrivi_molte_dall_ufficio

# Where a meeting stands of which only the day is known.
MEZZOGIORNO = celle.orario("12:00")


# --- Venues ---------------------------------------------------------------------------------


class SedeRisorsa(Risorsa):
    codice = Colonna(
        "codice",
        gettext_lazy("il numero che le dà il portale; vuoto per aggiungerne una nuova"),
        attributo="pk",
        widget=Intero(),
        sinonimi=("numero", "id"),
        sola_lettura=True,
        larghezza=9,
    )
    nome = Colonna(
        "nome",
        gettext_lazy("il nome della sede"),
        attributo="nome",
        esempio="Centro civico Esempio",
        sinonimi=("sede", "luogo", "nome della sede", "sala"),
        obbligatoria=True,
        larghezza=36,
    )
    indirizzo = Colonna(
        "indirizzo",
        gettext_lazy("via e numero"),
        attributo="indirizzo",
        esempio="via Esempio, 1",
        sinonimi=("via", "dove"),
        larghezza=30,
    )
    citta = Colonna(
        "città",
        gettext_lazy("la città; vuoto: da comunicare"),
        attributo="citta",
        esempio="Piacenza",
        sinonimi=("comune", "località"),
        larghezza=16,
    )
    latitudine = Colonna(
        "latitudine",
        gettext_lazy("in gradi: va bene la virgola"),
        attributo="latitudine",
        widget=Numero(),
        esempio="45,0526",
        sinonimi=("lat",),
        larghezza=12,
    )
    longitudine = Colonna(
        "longitudine",
        gettext_lazy("in gradi: va bene la virgola"),
        attributo="longitudine",
        widget=Numero(),
        esempio="9,6929",
        sinonimi=("lon", "long", "lng"),
        larghezza=12,
    )
    senza_gradini = Colonna(
        "senza gradini",
        gettext_lazy("sì, no, o vuoto se nessuno ha verificato"),
        attributo="senza_gradini",
        widget=SiNo(),
        esempio="sì",
        sinonimi=("ingresso senza gradini", "accessibile", "accessibile in carrozzina"),
        larghezza=14,
    )
    bagno_accessibile = Colonna(
        "bagno accessibile",
        gettext_lazy("sì, no, o vuoto se nessuno ha verificato"),
        attributo="bagno_accessibile",
        widget=SiNo(),
        esempio="no",
        sinonimi=("bagno", "bagno disabili", "bagno per disabili"),
        larghezza=16,
    )
    anello_induzione = Colonna(
        "anello a induzione",
        gettext_lazy("sì, no, o vuoto se nessuno ha verificato"),
        attributo="anello_induzione",
        widget=SiNo(),
        sinonimi=("anello induzione", "anello a induzione per apparecchi acustici"),
        larghezza=18,
    )
    parcheggio = Colonna(
        "parcheggio",
        gettext_lazy("dove, e se ci sono posti riservati"),
        attributo="parcheggio",
        sinonimi=("parcheggi",),
        larghezza=30,
    )
    mezzi_pubblici = Colonna(
        "mezzi pubblici",
        gettext_lazy("linee e fermata"),
        attributo="mezzi_pubblici",
        sinonimi=("autobus", "bus", "linee"),
        larghezza=30,
    )
    note = Colonna(
        "come arrivare",
        gettext_lazy("altro che serve per arrivare"),
        attributo="note",
        sinonimi=("note", "indicazioni"),
        larghezza=40,
    )

    class Meta:
        model = Sede

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._note = None

    def controlla(self, instance, nuova):
        if (instance.latitudine is None) != (instance.longitudine is None):
            return {"latitudine": _("C'è solo metà del punto: completalo, o togli l'altra metà.")}
        limiti = {"latitudine": 90, "longitudine": 180}
        for nome, limite in limiti.items():
            if getattr(instance, nome) is not None and abs(getattr(instance, nome)) > limite:
                return {nome: _("Scrivi un numero di gradi, come 45,0526, oppure lascia vuoto.")}
        if self._note is None:
            righe = list(Sede.objects.order_by("-pk").values_list("pk", "nome", "indirizzo"))
            self._ultima = righe[0][0] if righe else 0
            self._note = {_di_una_sede(nome, dove): pk for pk, nome, dove in righe}
        chiave = _di_una_sede(instance.nome, instance.indirizzo)
        if not nuova or chiave not in self._note:
            self._note.setdefault(chiave, instance.pk)
            return {}
        if (altra := self._note[chiave]) is None:
            return {"nome": _("C'è già in un'altra riga: lasciane una sola.")}
        return {
            "nome": _(
                "C'è già una sede con questo nome e questo indirizzo: per aggiornarla scrivi "
                "%(n)d nella colonna «codice»."
            )
            % {"n": altra}
        }

    def scrivi(self):
        nuove = [pronta.oggetto for pronta in self.nuove()]
        arrivate = Sede.objects.filter(pk__gt=self._ultima).values_list("nome", "indirizzo")
        chiavi = {_di_una_sede(sede.nome, sede.indirizzo) for sede in nuove}
        if nuove and any(_di_una_sede(*arrivata) in chiavi for arrivata in arrivate):
            raise Superate
        self.aggiorna(self.cambiate())
        Sede.objects.bulk_create(nuove, batch_size=LOTTO)


def _di_una_sede(nome, indirizzo):
    return celle.piana(nome) or nome, celle.piana(indirizzo) or indirizzo


# --- Meetings -------------------------------------------------------------------------------


class _Istante(Testo):
    """A day and an hour of Rome's clocks; a day alone where ``solo_giorno``."""

    solo_giorno = False

    def clean(self, value, row=None, *, dal_1904=False, **kwargs):
        if not value:
            return None
        giorno, ora = self._letto(value, row, dal_1904)
        if ora is None and not self.solo_giorno:
            raise ValueError(_("Scrivi anche l'ora, per esempio 3/5/2023 18:30."))
        return dates.ora_di_muro(giorno, ora or MEZZOGIORNO)

    def _letto(self, value, row, dal_1904):
        return celle.momento(value, dal_1904=dal_1904)

    def render(self, value, obj=None, **kwargs):
        return value


class _Inizio(_Istante):
    solo_giorno = True


class _Fine(_Istante):
    """Also the hour alone, of the day on which it starts."""

    def _letto(self, value, row, dal_1904):
        try:
            ora = celle.orario(value)
        except ValueError:
            return super()._letto(value, row, dal_1904)
        giorno, _dalle = celle.momento(row.get("inizio", ""), dal_1904=dal_1904)
        return giorno, ora


class IncontriForm(Opzioni):
    percorso = forms.ModelChoiceField(
        None,
        label=gettext_lazy("Percorso"),
        empty_label=None,
        to_field_name="slug",
        help_text=gettext_lazy("Per le righe in cui la colonna «percorso» manca o è vuota."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["percorso"].queryset = Percorso.objects.in_evidenza()

    def clean_percorso(self):
        return self.cleaned_data["percorso"].slug


QUANDO_E_DOVE = {
    "inizio": gettext_lazy("la data"),
    "fine": gettext_lazy("la fine"),
    "ora_nota": gettext_lazy("l'ora"),
    "sede": gettext_lazy("la sede"),
    "modalita": gettext_lazy("la modalità"),
    "link_online": gettext_lazy("il collegamento"),
    "posti": gettext_lazy("i posti"),
    "posti_riservati": gettext_lazy("i posti riservati"),
    "percorso": gettext_lazy("il percorso"),
}
PORTE = {
    "inizio": gettext_lazy("Sposta"),
    "fine": gettext_lazy("Sposta"),
    "ora_nota": gettext_lazy("Sposta"),
    "sede": gettext_lazy("Sposta"),
    "modalita": gettext_lazy("Cambia il collegamento"),
    "link_online": gettext_lazy("Cambia il collegamento"),
    "posti": gettext_lazy("Cambia i posti"),
    "posti_riservati": gettext_lazy("Cambia i posti"),
}


class IncontroRisorsa(Risorsa):
    """A meeting. A new one is a draft; of one that was published, what people organised
    themselves by changes only through the doors of its page."""

    codice = Colonna(
        "codice",
        gettext_lazy("l'ultima parte dell'indirizzo della sua pagina; vuoto per uno nuovo"),
        attributo="slug",
        sinonimi=("indirizzo pagina", "slug", "id"),
        sola_lettura=True,
        larghezza=30,
    )
    stato = Colonna(
        "stato",
        gettext_lazy(
            "bozza, pubblicato, rinviato, annullato o svolto: si cambia dalla sua pagina"
        ),
        attributo="stato",
        widget=Scelta(Incontro.Stato),
        sola_lettura=True,
        larghezza=12,
    )
    percorso = Colonna(
        "percorso",
        gettext_lazy("il titolo del percorso, o l'ultima parte dell'indirizzo della sua pagina"),
        attributo="percorso",
        widget=Riferimento(
            "percorsi",
            gettext_lazy("«%(scritto)s» non è un percorso: copia il titolo dalla sua pagina."),
            lambda percorso: percorso.slug,
        ),
        sinonimi=("percorso partecipativo",),
        larghezza=20,
    )
    laboratorio = Colonna(
        "zona",
        gettext_lazy("il numero della zona o il nome del laboratorio; vuoto: tutta la città"),
        attributo="laboratorio",
        widget=Riferimento(
            "laboratori",
            gettext_lazy("«%(scritto)s» non è una zona: scrivi il suo numero, o lascia vuoto."),
            lambda laboratorio: laboratorio.numero,
        ),
        esempio="3",
        sinonimi=("laboratorio", "quartiere", "lab", "numero zona"),
        larghezza=8,
    )
    genere = Colonna(
        "genere",
        gettext_lazy("assemblea pubblica, laboratorio di quartiere, workshop cittadino, incontro"),
        attributo="genere",
        widget=Scelta(Incontro.Genere, vuoto=Incontro.Genere.WORKSHOP.value),
        sinonimi=("tipo", "tipologia"),
        larghezza=22,
    )
    titolo = Colonna(
        "titolo",
        gettext_lazy("un titolo che si capisce da solo"),
        attributo="titolo",
        esempio="Che verde vogliamo?",
        sinonimi=("incontro", "nome", "oggetto"),
        obbligatoria=True,
        larghezza=40,
    )
    descrizione = Colonna(
        "descrizione",
        gettext_lazy("di che cosa si parla, e che cosa ne verrà fatto"),
        attributo="descrizione",
        sinonimi=("di che cosa si parla", "testo"),
        larghezza=50,
    )
    inizio = Colonna(
        "inizio",
        gettext_lazy(
            "giorno e ora, per esempio 3/5/2023 18:30; il giorno solo se l'ora non si sa"
        ),
        attributo="inizio",
        widget=_Inizio(),
        esempio="3/5/2023 18:30",
        sinonimi=("data", "quando", "giorno", "data e ora", "data inizio"),
        larghezza=18,
    )
    fine = Colonna(
        "fine",
        gettext_lazy("l'ora in cui finisce, o giorno e ora"),
        attributo="fine",
        widget=_Fine(),
        esempio="20:30",
        sinonimi=("alle", "ora fine", "fino alle", "data fine"),
        larghezza=18,
    )
    data_a_parole = Colonna(
        "data a parole",
        gettext_lazy("quando il giorno non si conosce, quello che se ne sa"),
        attributo="data_a_parole",
        larghezza=20,
    )
    modalita = Colonna(
        "modalità",
        gettext_lazy("in presenza, online, in presenza e online; vuoto: in presenza"),
        attributo="modalita",
        widget=Scelta(
            Incontro.Modalita,
            vuoto=Incontro.Modalita.PRESENZA.value,
            altri={Incontro.Modalita.MISTA: ("mista", "ibrida")},
        ),
        larghezza=16,
    )
    sede = Colonna(
        "sede",
        gettext_lazy("il nome o il codice di una sede del portale; vuoto: da comunicare"),
        attributo="sede",
        widget=Riferimento(
            "sedi",
            gettext_lazy(
                "«%(scritto)s» non è una sede del portale, o ce n'è più di una: aggiungila tra le "
                "sedi, o scrivi il suo codice."
            ),
            lambda sede: sede.nome,
        ),
        sinonimi=("dove", "luogo", "sala"),
        larghezza=30,
    )
    link_online = Colonna(
        "collegamento",
        gettext_lazy("l'indirizzo per chi partecipa online: lo riceve solo chi è iscritto"),
        attributo="link_online",
        sinonimi=("link", "link online", "collegamento online"),
        larghezza=30,
    )
    con_iscrizione = Colonna(
        "con iscrizione",
        gettext_lazy("sì o no; vuoto: sì"),
        attributo="con_iscrizione",
        widget=SiNo(ignoto=False, vuoto=True),
        sinonimi=("iscrizione", "ci si iscrive"),
        larghezza=14,
    )
    posti = Colonna(
        "posti",
        gettext_lazy("quanti sono; vuoto: senza limite"),
        attributo="posti",
        widget=Intero(minimo=1, massimo=100_000),
        esempio="40",
        sinonimi=("capienza", "numero posti"),
        larghezza=8,
    )
    posti_riservati = Colonna(
        "posti riservati",
        gettext_lazy("tenuti da parte dall'ufficio; vuoto: nessuno"),
        attributo="posti_riservati",
        widget=Intero(massimo=100_000, vuoto=0),
        larghezza=14,
    )
    iscrizioni_dal = Colonna(
        "iscrizioni dal",
        gettext_lazy("giorno e ora; vuoto: da quando è pubblicato"),
        attributo="iscrizioni_dal",
        widget=_Istante(),
        larghezza=18,
    )
    iscrizioni_fino = Colonna(
        "iscrizioni fino a",
        gettext_lazy("giorno e ora; vuoto: fino all'inizio"),
        attributo="iscrizioni_fino",
        widget=_Istante(),
        larghezza=18,
    )

    class Meta:
        model = Incontro

    def get_queryset(self):
        return super().get_queryset().select_related("percorso", "laboratorio", "sede")

    def nomi_laboratori(self):
        return nomi_dei_laboratori()

    def nomi_percorsi(self):
        return tabella_di_nomi((p, [p.slug, p.titolo]) for p in Percorso.objects.all())

    def nomi_sedi(self):
        sedi = list(Sede.objects.all())
        # Its own number always means it, whatever others are called.
        numeri = {str(sede.pk): sede for sede in sedi}
        return tabella_di_nomi((s, [s.nome, f"{s.nome} {s.indirizzo}"]) for s in sedi) | numeri

    def before_import_row(self, row, **kwargs):
        if "percorso" in row:
            row["percorso"] = row["percorso"] or self.opzioni.get("percorso", "")

    def after_init_instance(self, instance, new, row, **kwargs):
        if new and "percorso" not in row:
            instance.percorso = self.nomi("percorsi").get(
                celle.piana(self.opzioni.get("percorso", ""))
            )
        super().after_init_instance(instance, new, row, **kwargs)

    def import_instance(self, instance, row, **kwargs):
        super().import_instance(instance, row, **kwargs)
        if "inizio" in row:
            self._ora_nota(instance, row, kwargs["dal_1904"])

    def _ora_nota(self, instance, row, dal_1904):
        if row["inizio"]:
            giorno, ora = celle.momento(row["inizio"], dal_1904=dal_1904)
            instance.ora_nota = ora is not None
            prima = self.prima["inizio"]
            if ora is None and prima and dates.a_roma(prima).date() == giorno:
                # The same day, wherever in it the meeting stands.
                instance.inizio, instance.ora_nota = prima, self.prima["ora_nota"]

    def controlla(self, instance, nuova):
        if instance.percorso_id is None:
            return {"percorso": _("Manca: scrivi il titolo del percorso.")}
        if nuova:
            if instance.genere == Incontro.Genere.SEDUTA:
                return {"genere": _("Le sedute del Tavolo si convocano dalla loro pagina.")}
            instance.slug = self._slug(instance)
            return {}
        if instance.stato == Incontro.Stato.BOZZA:
            return {}
        return {
            nome: self._porta(nome) for nome in self.cambiati(instance) if nome in QUANDO_E_DOVE
        }

    def _porta(self, nome):
        if nome not in PORTE:
            return _("L'incontro è già stato pubblicato: %(che_cosa)s non si cambia più.") % {
                "che_cosa": QUANDO_E_DOVE[nome]
            }
        return _(
            "L'incontro è già stato pubblicato: %(che_cosa)s si cambia con «%(porta)s», nella sua "
            "pagina, che avvisa chi è iscritto."
        ) % {"che_cosa": QUANDO_E_DOVE[nome], "porta": PORTE[nome]}

    def _slug(self, instance):
        """An address that no other meeting has, neither of the portal nor of the sheet."""
        if not hasattr(self, "_presi"):
            self._presi = set(Incontro.objects.values_list("slug", flat=True))
        giorno = f"{dates.a_roma(instance.inizio):%d-%m-%Y}" if instance.inizio else ""
        base = slugify(instance.titolo)[:80].strip("-") or "incontro"
        numero = 1
        prove = [base, f"{base}-{giorno}".strip("-")]
        while (slug := prove.pop(0)) in self._presi:
            numero += 1
            prove.append(f"{base}-{numero}")
        self._presi.add(slug)
        return slug

    def scrivi(self):
        # The lock: nobody publishes one between the look at its state and the writing.
        cambiate = self.cambiate()
        self.aggiorna(cambiate, "updated_at")
        programma_promemoria_molti(p.oggetto for p in cambiate if "inizio" in p.cambiati)
        nuovi = [pronta.oggetto for pronta in self.nuove()]
        Incontro.objects.bulk_create(nuovi, batch_size=LOTTO)
        imposta_promemoria_molti(nuovi, REGOLE_PREDEFINITE)


# --- Registrations --------------------------------------------------------------------------


class _Canale(Scelta):
    def clean(self, value, row=None, **kwargs):
        return super().clean(value, row, **kwargs) or kwargs["risorsa"].opzioni.get(
            "canale", Iscrizione.Canale.CARTACEO.value
        )


class _Lingua(Testo):
    def clean(self, value, row=None, **kwargs):
        letta = {
            "": "it",
            "it": "it",
            "italiano": "it",
            "en": "en",
            "inglese": "en",
            "english": "en",
        }
        try:
            return letta[celle.piana(value)]
        except KeyError:
            raise ValueError(_("Scrivi «it» oppure «en».")) from None


class IscrizioniForm(Opzioni):
    incontro = UltimeField(
        None,
        label=gettext_lazy("Incontro"),
        required=False,
        to_field_name="slug",
        empty_label=gettext_lazy("lo dice la colonna «incontro»"),
        help_text=gettext_lazy("Per le righe in cui la colonna «incontro» manca o è vuota."),
    )
    canale = forms.ChoiceField(
        label=gettext_lazy("Come sono arrivate"),
        choices=[scelta for scelta in Iscrizione.Canale.choices if scelta[0] != "online"],
        initial=Iscrizione.Canale.CARTACEO,
        help_text=gettext_lazy("Per le righe in cui la colonna «canale» manca o è vuota."),
    )
    oltre = forms.ChoiceField(
        label=gettext_lazy("Se i posti sono finiti"),
        choices=[
            ("lista", gettext_lazy("metti in lista d'attesa")),
            ("errore", gettext_lazy("la riga è da correggere")),
        ],
    )
    avvisa = forms.BooleanField(
        label=gettext_lazy("Scrivi a ognuna che è iscritta"),
        required=False,
        help_text=gettext_lazy(
            "Se no, riceveranno solo i promemoria e gli avvisi se l'incontro cambia."
        ),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        adesso = timezone.now()
        self.fields["incontro"].queryset = Incontro.objects.filter(
            Q(fine__gt=adesso) | Q(fine=None, inizio__gt=adesso),
            stato=Incontro.Stato.PUBBLICATO,
            con_iscrizione=True,
        )

    def clean_incontro(self):
        incontro = self.cleaned_data["incontro"]
        return incontro.slug if incontro else ""


class _Quadro:
    """What the rows of a sheet find in one meeting, and what those before them took."""

    def __init__(self, incontro):
        vive = incontro.iscrizioni.vive()
        self.liberi = incontro.posti_liberi
        self.coda = vive.in_attesa().exists()
        # Who never confirmed her address may be registered by the office all the same.
        note = vive.filter(email__isnull=False, verificata_at__isnull=False)
        self.indirizzi = set(note.values_list("email", flat=True))
        self.persone = {
            _persona(nome, telefono)
            for nome, telefono in vive.filter(email=None).values_list("nome", "telefono")
        }


def _persona(nome, telefono):
    return celle.piana(nome), "".join(c for c in telefono if c.isdigit())[-9:]


class IscrizioneRisorsa(Risorsa):
    """A registration on paper. One that is in the portal already changes in its own page."""

    chiave = "numero"

    numero = Colonna(
        "numero",
        gettext_lazy("il numero che le dà il portale; vuoto per una nuova"),
        attributo="pk",
        widget=Intero(),
        sinonimi=("codice", "id"),
        sola_lettura=True,
        larghezza=9,
    )
    incontro = Colonna(
        "incontro",
        gettext_lazy("il titolo dell'incontro, o l'ultima parte dell'indirizzo della sua pagina"),
        attributo="incontro",
        widget=Riferimento(
            "incontri",
            gettext_lazy(
                "«%(scritto)s» non è un incontro del portale, o ce n'è più di uno: copia "
                "l'indirizzo della sua pagina."
            ),
            lambda incontro: incontro.slug,
        ),
        sinonimi=("titolo incontro", "evento"),
        larghezza=30,
    )
    nome = Colonna(
        "nome",
        gettext_lazy("il nome e il cognome"),
        attributo="nome",
        esempio="Anna Rossi",
        sinonimi=("nome e cognome", "nominativo", "cognome e nome", "partecipante"),
        obbligatoria=True,
        larghezza=28,
    )
    email = Colonna(
        "e-mail",
        gettext_lazy("l'indirizzo; vuoto per chi non ce l'ha"),
        attributo="email",
        widget=Indirizzo(),
        esempio="anna@example.org",
        sinonimi=("email", "mail", "posta elettronica", "indirizzo email"),
        larghezza=30,
    )
    telefono = Colonna(
        "telefono",
        gettext_lazy("il numero, per richiamare chi non ha una e-mail"),
        attributo="telefono",
        esempio="0523 000000",
        sinonimi=("tel", "cellulare", "recapito"),
        larghezza=18,
    )
    posti = Colonna(
        "posti",
        gettext_lazy("quante persone, lei compresa, da 1 a 5; vuoto: 1"),
        attributo="posti_richiesti",
        widget=Intero(minimo=1, massimo=POSTI_MASSIMI, vuoto=1),
        esempio="2",
        sinonimi=("posti richiesti", "persone", "quanti", "numero posti"),
        larghezza=8,
    )
    canale = Colonna(
        "canale",
        gettext_lazy("telefono, sportello o modulo cartaceo"),
        attributo="canale",
        widget=_Canale(
            Iscrizione.Canale, altri={Iscrizione.Canale.CARTACEO: ("carta", "cartaceo", "modulo")}
        ),
        sinonimi=("come", "provenienza"),
        larghezza=16,
    )
    lingua = Colonna(
        "lingua",
        gettext_lazy("dei messaggi: it oppure en; vuoto: it"),
        attributo="lingua",
        widget=_Lingua(),
        larghezza=8,
    )
    necessita = Colonna(
        "che cosa le serve",
        gettext_lazy("per partecipare: mai il motivo"),
        attributo="testo_necessita",
        sinonimi=("necessità", "necessità di accesso"),
        permesso="eventi.view_necessita",
        larghezza=30,
        valore=lambda i: _necessita(i),
    )
    servizi = Colonna(
        "servizi",
        gettext_lazy("quelli che ha chiesto: si aggiungono dalla sua pagina"),
        attributo="servizi",
        sola_lettura=True,
        permesso="eventi.view_necessita",
        larghezza=24,
        valore=lambda iscrizione: ", ".join(str(r) for r in iscrizione.richieste.all()),
    )
    stato = Colonna(
        "stato",
        gettext_lazy("confermata, in lista d'attesa, …: si cambia dalla sua pagina"),
        attributo="stato",
        widget=Scelta(Iscrizione.Stato),
        sola_lettura=True,
        larghezza=18,
    )
    posti_tenuti = Colonna(
        "posti tenuti",
        gettext_lazy("quelli che tiene adesso"),
        attributo="posti",
        widget=Intero(),
        sola_lettura=True,
        larghezza=12,
    )
    iscritta_il = Colonna(
        "iscritta il",
        gettext_lazy("quando è stata registrata"),
        attributo="created_at",
        widget=_Istante(),
        sola_lettura=True,
        larghezza=18,
    )
    presente = Colonna(
        "presente",
        gettext_lazy("sì, no, o vuoto se non rilevato"),
        attributo="presente",
        widget=SiNo(),
        sola_lettura=True,
        larghezza=10,
    )

    class Meta:
        model = Iscrizione

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._quadri = {}

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .select_related("incontro", "necessita")
            .prefetch_related("richieste__servizio")
        )

    def nomi_incontri(self):
        incontri = Incontro.objects.exclude(stato=Incontro.Stato.BOZZA).select_related("percorso")
        titoli = tabella_di_nomi((i, [i.titolo]) for i in incontri)
        # The address of its page is one meeting's alone.
        return titoli | {celle.piana(i.slug): i for i in incontri}

    def before_import_row(self, row, **kwargs):
        if not row.get("incontro"):
            row["incontro"] = self.opzioni.get("incontro", "")

    def after_init_instance(self, instance, new, row, **kwargs):
        super().after_init_instance(instance, new, row, **kwargs)
        if new:
            # What the columns of the sheet, if it has them, say better.
            instance.canale = self.opzioni.get("canale", Iscrizione.Canale.CARTACEO.value)
            instance.incontro = self.nomi("incontri").get(celle.piana(row["incontro"]))

    def controlla(self, instance, nuova):
        instance.nome = " ".join(instance.nome.split())
        if instance.incontro_id is None:
            return {"incontro": _("Manca: scrivi il titolo dell'incontro.")}
        if not nuova:
            return {"pk": _("È già iscritta: quello che è cambiato scrivilo nella sua pagina.")}
        incontro = instance.incontro
        if incontro.stato != Incontro.Stato.PUBBLICATO or incontro.finito(self.adesso):
            return {
                "incontro": _(
                    "Ci si può iscrivere solo a un incontro pubblicato e non ancora finito."
                )
            }
        if instance.canale == Iscrizione.Canale.ONLINE:
            return {"canale": _("Scrivi telefono, sportello o modulo cartaceo.")}
        if incontro.pk not in self._quadri:
            self._quadri[incontro.pk] = _Quadro(incontro)
        quadro = self._quadri[incontro.pk]
        return self._gia_iscritta(instance, quadro) or self._senza_posto(instance, quadro)

    def _gia_iscritta(self, instance, quadro):
        if instance.email:
            if instance.email in quadro.indirizzi:
                return {"email": _("Questo indirizzo è già iscritto: togli la riga.")}
        elif _persona(instance.nome, instance.telefono) in quadro.persone:
            return {
                "nome": _(
                    "È già iscritta una persona con questo nome e questo telefono: togli la riga, "
                    "o iscrivila dalla pagina dell'incontro."
                )
            }
        if not instance.email and not instance.telefono:
            self.avvisi.append(
                ["", _("Senza telefono né e-mail non potremo avvisarla se l'incontro cambia.")]
            )
        return {}

    def _senza_posto(self, instance, quadro):
        posti = instance.posti_richiesti
        entra = quadro.liberi is None or (quadro.liberi >= posti and not quadro.coda)
        if not entra and self.opzioni.get("oltre") == "errore":
            return {"posti_richiesti": _("Non ci sono più posti liberi.")}
        if instance.email:
            quadro.indirizzi.add(instance.email)
            if self.opzioni.get("avvisa"):
                self.da_avvisare.add(instance.email)
        else:
            quadro.persone.add(_persona(instance.nome, instance.telefono))
        if not entra:
            quadro.coda = True
            self.avvisi.append(["", _("I posti sono finiti: entra in lista d'attesa.")])
        elif quadro.liberi is not None:
            quadro.liberi -= posti
        return {}

    def scrivi(self):
        per_incontro = {}
        for pronta in self.pronte:
            per_incontro.setdefault(pronta.oggetto.incontro_id, []).append(pronta)
        # In one order, so that two sheets do not wait for each other.
        for pk in sorted(per_incontro):
            pronte = per_incontro[pk]
            try:
                iscrivi_molte_dall_ufficio(
                    pronte[0].oggetto.incontro,
                    [self._modulo(pronta.oggetto) for pronta in pronte],
                    autore=self.autore,
                    avvisa=bool(self.opzioni.get("avvisa")),
                    in_lista=self.opzioni.get("oltre") != "errore",
                    adesso=self.adesso,
                )
            except ModuloRifiutato as no:
                raise RigaRifiutata(pronte[no.posizione].numero, str(no)) from None

    def _modulo(self, iscrizione):
        return Modulo(
            nome=iscrizione.nome,
            email=iscrizione.email,
            telefono=iscrizione.telefono,
            posti_richiesti=iscrizione.posti_richiesti,
            canale=iscrizione.canale,
            lingua=iscrizione.lingua,
            necessita=getattr(iscrizione, "testo_necessita", ""),
            importata=True,
        )


def _necessita(iscrizione):
    if hasattr(iscrizione, "testo_necessita"):
        return iscrizione.testo_necessita
    necessita = getattr(iscrizione, "necessita", None) if iscrizione.pk else None
    return necessita.testo if necessita else ""


registra(
    Genere(
        "sedi",
        titolo=gettext_lazy("sedi"),
        risorsa=SedeRisorsa,
        permessi=("eventi.add_sede", "eventi.change_sede"),
        permesso_elenco="eventi.view_sede",
        elenco="admin:eventi_sede_changelist",
        spiegazione=gettext_lazy(
            "Le sedi degli incontri, con ciò che si sa della loro accessibilità. Scrivi solo ciò "
            "che qualcuno ha verificato."
        ),
    )
)
registra(
    Genere(
        "incontri",
        titolo=gettext_lazy("incontri"),
        risorsa=IncontroRisorsa,
        permessi=("eventi.add_incontro", "eventi.change_incontro"),
        permesso_elenco="eventi.view_incontro",
        elenco="admin:eventi_incontro_changelist",
        spiegazione=gettext_lazy(
            "Quelli nuovi entrano come bozze: si pubblicano poi dalla loro pagina. Di quelli già "
            "pubblicati non si cambiano qui data, sede e posti."
        ),
        opzioni=IncontriForm,
    )
)
registra(
    Genere(
        "iscrizioni",
        titolo=gettext_lazy("iscrizioni"),
        risorsa=IscrizioneRisorsa,
        permessi=("eventi.add_iscrizione",),
        permesso_elenco="eventi.view_iscrizione",
        elenco="admin:eventi_iscrizione_changelist",
        spiegazione=gettext_lazy(
            "I moduli raccolti su carta, per un incontro pubblicato: ognuna prende il posto come "
            "se l'ufficio la iscrivesse a mano. Chi è già iscritto non si iscrive di nuovo."
        ),
        opzioni=IscrizioniForm,
        dati_personali=True,
    )
)
