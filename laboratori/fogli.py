"""The map of actors as a sheet that goes out and comes back."""

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from importazioni.generi import Genere, registra
from importazioni.risorse import (
    Colonna,
    Intero,
    Numero,
    Riferimento,
    Risorsa,
    Scelta,
    Scelte,
    Superate,
    tabella_di_nomi,
)

from . import attori
from .models import Attore, Laboratorio
from .models.attori import nome_normale
from .services import Rifiuto


def nomi_dei_laboratori() -> dict:
    """Whatever people call a lab by: its number, its name, one of its neighbourhoods."""

    def nomi(laboratorio):
        numero, nome = laboratorio.numero, laboratorio.nome
        yield from (str(numero), f"zona {numero}", f"z{numero}", f"laboratorio {numero}")
        yield from (f"lab {numero}", f"zona {numero} {nome}", nome, laboratorio.slug)
        yield from (quartiere.nome for quartiere in laboratorio.quartieri.all())

    laboratori = Laboratorio.objects.pubblici().with_quartieri()
    return tabella_di_nomi((laboratorio, list(nomi(laboratorio))) for laboratorio in laboratori)


class AttoreRisorsa(Risorsa):
    """An actor. Each change goes through ``laboratori.attori`` and is kept in its history."""

    codice = Colonna(
        "codice",
        gettext_lazy("il numero che gli dà il portale; vuoto per aggiungerne uno nuovo"),
        attributo="pk",
        widget=Intero(),
        sinonimi=("numero", "id"),
        sola_lettura=True,
        larghezza=9,
    )
    zona = Colonna(
        "zona",
        gettext_lazy("il numero della zona, il nome del laboratorio o di un suo quartiere"),
        attributo="laboratorio",
        widget=Riferimento(
            "laboratori",
            gettext_lazy("«%(scritto)s» non è una zona: scrivi il suo numero."),
            lambda laboratorio: laboratorio.numero,
        ),
        esempio="3",
        sinonimi=("laboratorio", "quartiere", "frazione", "lab", "numero zona", "n zona"),
        obbligatoria=True,
        larghezza=8,
    )
    nome = Colonna(
        "nome",
        gettext_lazy("il nome dell'associazione, del gruppo, della scuola"),
        attributo="nome",
        esempio="Circolo Esempio",
        sinonimi=("attore", "denominazione", "ragione sociale", "associazione", "soggetto"),
        obbligatoria=True,
        larghezza=36,
    )
    genere = Colonna(
        "genere",
        gettext_lazy("associazione, gruppo, parrocchia, scuola, sport, servizio, cooperativa…"),
        attributo="genere",
        widget=Scelta(
            Attore.Genere,
            altri={
                Attore.Genere.GRUPPO: ("gruppo informale", "comitato"),
                Attore.Genere.RELIGIOSO: ("parrocchia", "comunità religiosa"),
                Attore.Genere.SCUOLA: ("servizio educativo",),
                Attore.Genere.SPORT: ("società sportiva",),
                Attore.Genere.COOPERATIVA: ("impresa sociale",),
                Attore.Genere.IMPRESA: ("negozio",),
            },
        ),
        esempio="associazione",
        sinonimi=("tipo", "tipologia", "categoria"),
        obbligatoria=True,
        larghezza=22,
    )
    attivita = Colonna(
        "che cosa fa",
        gettext_lazy("che cosa fa, quando, con chi; senza nomi di persone"),
        attributo="attivita",
        sinonimi=("attività", "descrizione", "di che cosa si occupa"),
        larghezza=50,
    )
    pubblici = Colonna(
        "per chi",
        gettext_lazy("a chi si rivolge, separati da virgole: giovani, donne, persone anziane…"),
        attributo="pubblici",
        widget=Scelte(
            Attore.Pubblico,
            altri={
                Attore.Pubblico.ANZIANI: ("anziani",),
                Attore.Pubblico.FAMIGLIE: ("famiglie", "bambini"),
                Attore.Pubblico.STRANIERI: ("stranieri",),
                Attore.Pubblico.DISABILITA: ("disabili", "disabilità"),
                Attore.Pubblico.IMPRESE: ("commercio", "imprese"),
                Attore.Pubblico.TUTTI: ("chiunque",),
            },
        ),
        esempio="giovani, donne",
        sinonimi=("pubblico", "destinatari", "a chi si rivolge"),
        larghezza=30,
    )
    luogo = Colonna(
        "luogo",
        gettext_lazy("una via, una piazza, un luogo che si riconosce"),
        attributo="luogo",
        sinonimi=("indirizzo", "dove", "sede"),
        larghezza=30,
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
    sito = Colonna(
        "sito",
        gettext_lazy("l'indirizzo completo, con https://"),
        attributo="sito",
        esempio="https://www.example.org/",
        sinonimi=("sito web", "pagina", "web"),
        larghezza=30,
    )
    stato = Colonna(
        "a che punto",
        gettext_lazy("da raggiungere, contattato o raggiunto; vuoto: da raggiungere"),
        attributo="stato",
        widget=Scelta(Attore.Stato, vuoto=Attore.Stato.DA_RAGGIUNGERE.value),
        sinonimi=("stato", "a che punto siamo"),
        larghezza=16,
    )
    contatto = Colonna(
        "contatto",
        gettext_lazy("la persona da chiamare; lo vede solo l'ufficio"),
        attributo="contatto",
        sinonimi=("persona di contatto", "referente"),
        larghezza=24,
    )
    email = Colonna(
        "e-mail",
        gettext_lazy("l'indirizzo della persona di contatto; lo vede solo l'ufficio"),
        attributo="email",
        sinonimi=("email", "mail", "posta elettronica"),
        larghezza=28,
    )
    telefono = Colonna(
        "telefono",
        gettext_lazy("il numero della persona di contatto; lo vede solo l'ufficio"),
        attributo="telefono",
        esempio="0523 000000",
        sinonimi=("tel", "cellulare", "recapito"),
        larghezza=18,
    )
    note = Colonna(
        "note dell'ufficio",
        gettext_lazy("le legge solo l'ufficio"),
        attributo="note",
        sinonimi=("note", "annotazioni"),
        larghezza=30,
    )

    class Meta:
        model = Attore

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # (zone, name) → number of what is there, and what the sheet adds.
        self._doppi = None
        self._nuovi = set()

    def get_queryset(self):
        return super().get_queryset().select_related("laboratorio")

    def nomi_laboratori(self):
        return nomi_dei_laboratori()

    def controlla(self, instance, nuova):
        instance.nome = " ".join(instance.nome.split())
        chiave = nome_normale(instance.nome)
        if not chiave:
            return {"nome": _("Scrivi un nome, con delle lettere.")}
        if (instance.latitudine is None) != (instance.longitudine is None):
            return {"latitudine": _("Servono tutte e due le coordinate, o nessuna.")}
        if not nuova and instance.archiviato_at:
            return {"nome": _("È stato tolto dalla mappa: prima rimettilo, dalla sua scheda.")}
        if self._doppi is None:
            righe = Attore.objects.values_list("laboratorio_id", "chiave", "pk")
            self._doppi = {(zona, nome): pk for zona, nome, pk in righe.iterator()}
        doppio = (instance.laboratorio_id, chiave)
        if self._doppi.get(doppio, instance.pk) == instance.pk and doppio not in self._nuovi:
            if nuova:
                self._nuovi.add(doppio)
            return {}
        if doppio in self._nuovi:
            return {"nome": _("In questa zona c'è già in un'altra riga: lasciane una sola.")}
        return {
            "nome": _(
                "In questa zona c'è già: per aggiornarlo scrivi %(n)d nella colonna «codice»."
            )
            % {"n": self._doppi[doppio]}
        }

    def scrivi(self):
        chi = attori.Chi(self.autore, settings.ENTE["ufficio"])
        letti = [colonna.attribute for colonna in self._letti]
        corrette = [
            (pronta.oggetto, {nome: getattr(pronta.oggetto, nome) for nome in letti})
            for pronta in self.pronte
            if not pronta.nuova
        ]
        try:
            attori.aggiungi_molti([p.oggetto for p in self.nuove()], chi, self.adesso)
            attori.correggi_molti(corrette, chi, self.adesso)
        except Rifiuto:
            # Somebody got in between: looked at again, the row says what is wrong.
            raise Superate from None


registra(
    Genere(
        "attori",
        titolo=gettext_lazy("attori"),
        risorsa=AttoreRisorsa,
        permessi=("laboratori.add_attore", "laboratori.change_attore"),
        permesso_elenco="laboratori.view_attore",
        elenco="admin:laboratori_attore_changelist",
        spiegazione=gettext_lazy(
            "La mappa degli attori delle zone, con chi chiamare. Ogni cambiamento resta nella "
            "loro storia."
        ),
        dati_personali=True,
    )
)
