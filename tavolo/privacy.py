"""What is held about who sits at the Tavolo, in the Comitato, or asks to join."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.finalita import Finalita, registra
from accounts.interessato import (
    ANONIMA,
    cancella,
    cerca,
    conosce,
    elenco,
    impara,
    impedisce,
    oscura_righe,
    persona_cancellata,
    raccoglie,
    recapiti,
)
from portale.lib.codici import nuovo_codice
from portale.lib.dates import a_roma
from portale.lib.storia import NOME, si_scrive

from .models import (
    AccessoDocumento,
    CommentoEsame,
    Componente,
    Correzione,
    Decisione,
    Dissenso,
    DocumentoTavolo,
    DomandaProponente,
    Esame,
    Garante,
    Giustificazione,
    Impegno,
    ImpostazioniTavolo,
    Organizzazione,
    ParereComitato,
    PassaggioEsame,
    PassaggioSeduta,
    PassaggioSeggio,
    PassaggioVerbale,
    Posizione,
    Presenza,
    ProceduraScritta,
    PuntoOrdineDelGiorno,
    Rettifica,
    RichiestaAdesione,
    RispostaScritta,
    Seduta,
    Seggio,
    Verbale,
    VersionePosizione,
    VersioneRisposta,
    VoceVerbale,
)
from .services import verbali

registra(
    Finalita(
        codice="adesioni",
        ordine=40,
        nome=_("Chiedi che la tua organizzazione entri nel Tavolo"),
        dati=_("I dati dell’organizzazione; nome, e-mail e, se vuoi, telefono di chi scrive."),
        perche=_(
            "Risponderti e, se entrate, invitare chi vi rappresenta. Si pubblica "
            "l’organizzazione, mai le persone."
        ),
        frase=_(
            "Useremo i tuoi dati solo per rispondere alla richiesta e tenere i contatti con la "
            "tua organizzazione. Il nome e i recapiti della persona di contatto li vede solo "
            "l’ufficio."
        ),
        parole=_("%(tempo)s dopo la risposta; se entrate, per la durata del percorso."),
        dove=("tavolo:adesione_crea",),
    )
)
registra(
    Finalita(
        codice="tavolo",
        ordine=41,
        nome=_("Rappresenti un’organizzazione al Tavolo"),
        dati=_(
            "Nome, e-mail, le tue presenze e assenze, ciò che scrivi per il tuo seggio "
            "(posizioni, risposte, domande, correzioni), i documenti riservati che apri."
        ),
        perche=_(
            "Convocarti, tenere i verbali, sapere chi ha letto i documenti riservati. Tutti "
            "leggono il nome dell’organizzazione, mai il tuo."
        ),
        frase=_(
            "Useremo i tuoi dati solo per convocarti, tenere i verbali e sapere chi ha letto i "
            "documenti riservati."
        ),
        parole=_(
            "Per la durata del percorso e i controlli che ne seguono; gli atti restano, con il "
            "nome dell’organizzazione."
        ),
    )
)
registra(
    Finalita(
        codice="comitato",
        ordine=42,
        nome=_("Fai parte del Comitato di garanzia locale"),
        dati=_("Nome, e-mail, i documenti riservati che apri, i pareri che scrivi."),
        perche=_("Farti leggere ciò su cui il Comitato vigila e pubblicarne i pareri."),
        frase=_("Useremo i tuoi dati solo per il lavoro del Comitato."),
        parole=_(
            "Per la durata del percorso e i controlli che ne seguono; i pareri restano, firmati "
            "dal Comitato."
        ),
    )
)


def _mandati(interessato):
    return Componente.objects.filter(interessato.con_indirizzo(persona="persona"))


def _garanzie(interessato):
    if interessato.persona is None:
        return Garante.objects.none()
    return Garante.objects.filter(persona=interessato.persona)


def _adesioni(interessato):
    return RichiestaAdesione.objects.filter(interessato.con_indirizzo())


@impedisce("tavolo")
def finche_siede(interessato, adesso):
    """A mandate ends first, at the office or at her organisation's word: the seat must not stay
    with nobody in it without anybody knowing."""
    oggi = a_roma(adesso).date()
    if _vivi(interessato, oggi).exists():
        return _(
            "Rappresenti un’organizzazione al Tavolo: prima l’ufficio deve chiudere il tuo "
            "mandato. Scrivigli, poi torna qui."
        )
    if _garanzie(interessato).filter(Q(al=None) | Q(al__gte=oggi)).exists():
        return _(
            "Fai parte del Comitato di garanzia: prima l’ufficio deve chiudere il tuo incarico. "
            "Scrivigli, poi torna qui."
        )
    return ""


def _vivi(interessato, oggi):
    non_finito = Q(al=None) | Q(al__gte=oggi)
    return _mandati(interessato).filter(non_finito, Q(seggio__al=None) | Q(seggio__al__gte=oggi))


# --- What is held ---------------------------------------------------------------------------


@raccoglie("adesioni")
def adesioni(interessato):
    organizzazioni = Organizzazione.objects.filter(interessato.con_indirizzo()).order_by("pk")
    return [
        elenco(
            "adesioni", _("Le richieste di entrare nel Tavolo"),
            _adesioni(interessato).order_by("pk"), "nome", "genere", "attivita", "sito",
            "motivo", "contatto", "email", "telefono", "stato", "risposta", "created_at",
        ),
        elenco(
            "organizzazioni", _("Le organizzazioni di cui sei la persona di contatto"),
            organizzazioni, "nome", "contatto", "email", "telefono",
        ),
    ]  # fmt: skip


@raccoglie("tavolo")
def tavolo(interessato):
    mandati = _mandati(interessato).order_by("pk")
    di_lei = {"componente__in": mandati}
    sezioni = [
        elenco(
            "mandati", _("I tuoi mandati"), mandati, "seggio__organizzazione", "ruolo", "nome",
            "email", "dal", "al", "invitato_at", "entrato_at",
        ),
        elenco(
            "presenze", _("Le sedute a cui c’eri"), Presenza.objects.filter(**di_lei),
            "seduta__incontro",
            "modo",
        ),
        elenco(
            "assenze", _("Le tue assenze"), Giustificazione.objects.filter(**di_lei),
            "seduta__incontro",
        ),
        elenco(
            "posizioni", _("Le posizioni che hai scritto"),
            VersionePosizione.objects.filter(**di_lei).order_by("pk"),
            "posizione__esame__proposta", "grado", "motivazione", "created_at",
        ),
        elenco(
            "risposte", _("Le risposte che hai dato per iscritto"),
            VersioneRisposta.objects.filter(**di_lei).order_by("pk"),
            "risposta__procedura__proposta", "scelta", "motivo", "created_at",
        ),
        elenco(
            "commenti", _("I tuoi commenti alle proposte in esame"),
            CommentoEsame.objects.filter(**di_lei).order_by("pk"), "esame__proposta", "testo",
            "created_at",
        ),
        elenco(
            "domande", _("Le domande che hai fatto a chi propone"),
            DomandaProponente.objects.filter(**di_lei).order_by("pk"), "esame__proposta", "testo",
            "risposta", "created_at",
        ),
        elenco(
            "correzioni", _("Le correzioni che hai chiesto"),
            Correzione.objects.filter(**di_lei).order_by("pk"), "verbale__seduta__incontro",
            "testo", "esito", "risposta", "created_at",
        ),
    ]  # fmt: skip
    if interessato.persona is not None:
        letti = AccessoDocumento.objects.filter(persona=interessato.persona).order_by("pk")
        sezioni.append(
            elenco(
                "accessi", _("I documenti riservati che hai aperto"), letti, "oggetto",
                "titolo_accesso", "created_at",
            )
        )  # fmt: skip
    return sezioni


@raccoglie("comitato")
def comitato(interessato):
    pareri = ParereComitato.objects.none()
    if interessato.persona is not None:
        pareri = ParereComitato.objects.filter(autore=interessato.persona).order_by("pk")
    return [
        elenco(
            "incarichi", _("I tuoi incarichi"), _garanzie(interessato).order_by("pk"), "percorso",
            "dal", "al",
        ),
        elenco(
            "pareri", _("I pareri che hai scritto"), pareri, "percorso", "titolo", "testo",
            "created_at", "pubblicato_at",
        ),
    ]  # fmt: skip


# --- Letting go -----------------------------------------------------------------------------


@conosce("tavolo")
def nomi(interessato):
    organizzazioni = Organizzazione.objects.filter(interessato.con_indirizzo())
    impara(interessato, _mandati(interessato))
    impara(interessato, _adesioni(interessato), "contatto", "telefono")
    impara(interessato, organizzazioni, "contatto", "telefono")


@cerca("tavolo")
def cerca_nomi(testo):
    return [
        *recapiti(Componente.objects.exclude(email=""), "nome", testo),
        *recapiti(Organizzazione.objects.exclude(email=""), "contatto", testo),
        *recapiti(RichiestaAdesione.objects.exclude(email=""), "contatto", testo),
    ]


@cancella("tavolo")
def dimentica_tavolo(interessato, adesso):
    """What she wrote is her organisation's and stays; her mandates stay too, without her. She is
    taken out of every text of the Tavolo where she sat, and out of the members' copy of its
    minutes; the one for everybody never named her."""
    mandati = _mandati(interessato)
    pks = list(mandati.values_list("pk", flat=True))
    percorsi = set(mandati.values_list("seggio__percorso", flat=True))
    percorsi.update(_garanzie(interessato).values_list("percorso", flat=True))
    for pk in pks:
        Componente.objects.filter(pk=pk).update(
            nome=ANONIMA, email="", persona=None, codice=nuovo_codice()
        )
    conteggi = {"mandati_senza_nome": len(pks)}
    if percorsi:
        # Before the members' copies are made again from what the rows say.
        conteggi["testi"] = sum(
            oscura_righe(modello.objects.filter(**{f"{strada}__in": percorsi}), campi, interessato)
            for modello, strada, campi in TESTI
        )
        conteggi["verbali"] = verbali.riedita_senza(percorsi, interessato.cercata(), adesso)
    return conteggi


# Whatever is written at a Tavolo, and how each row is of its percorso.
TESTI = (
    (PassaggioSeggio, "seggio__percorso", ("testo",)),
    (Organizzazione, "seggi__percorso", ("note",)),
    (PassaggioSeduta, "seduta__incontro__percorso", ("testo",)),
    (PuntoOrdineDelGiorno, "seduta__incontro__percorso", ("titolo", "testo")),
    (Verbale, "seduta__incontro__percorso", ("premessa", "chiusura")),
    (PassaggioVerbale, "verbale__seduta__incontro__percorso", ("testo",)),
    (VoceVerbale, "verbale__seduta__incontro__percorso", ("testo",)),
    (Impegno, "verbale__seduta__incontro__percorso", ("testo",)),
    (Correzione, "verbale__seduta__incontro__percorso", ("testo", "risposta")),
    (Rettifica, "verbale__seduta__incontro__percorso", ("testo",)),
    (Esame, "percorso", ("nota",)),
    (PassaggioEsame, "esame__percorso", ("testo",)),
    (Posizione, "esame__percorso", ("motivazione", "bozza_motivazione")),
    (VersionePosizione, "posizione__esame__percorso", ("motivazione",)),
    (CommentoEsame, "esame__percorso", ("testo",)),
    (DomandaProponente, "esame__percorso", ("testo", "risposta")),
    (ProceduraScritta, "percorso", ("testo", "testo_concordato", "perche_annullata")),
    (RispostaScritta, "procedura__percorso", ("motivo",)),
    (VersioneRisposta, "risposta__procedura__percorso", ("motivo",)),
    (
        Decisione,
        "percorso",
        ("motivazione", "testo_originale", "testo_concordato", "perche_annulla"),
    ),
    (Dissenso, "decisione__percorso", ("testo",)),
    (ParereComitato, "percorso", ("titolo", "testo")),
    (DocumentoTavolo, "percorso", ("titolo",)),
    (AccessoDocumento, "percorso", ("oggetto",)),
)


@cancella("comitato")
def dimentica_comitato(interessato, adesso):
    mie = _garanzie(interessato)
    if not mie.exists():
        return {}
    return {"incarichi_senza_nome": mie.update(persona=persona_cancellata())}


@cancella("adesioni")
def dimentica_adesioni(interessato, adesso):
    """One that waits for an answer is withdrawn; an answered one is an act, and stays without
    her. The answers that a proponent gave to the Tavolo are hers too."""
    mie = _adesioni(interessato)
    ritirate = mie.filter(stato=RichiestaAdesione.Stato.NUOVA)
    ritirate = ritirate.delete()[1].get("tavolo.RichiestaAdesione", 0)
    pks = list(mie.values_list("pk", flat=True))
    mie.update(contatto=ANONIMA, email="", telefono="")
    risposte = RichiestaAdesione.objects.filter(pk__in=pks)
    oscura_righe(risposte, ["motivo", "attivita", "risposta"], interessato)
    organizzazioni = Organizzazione.objects.filter(interessato.con_indirizzo())
    domande = DomandaProponente.objects.filter(
        interessato.come_partecipante("esame__proposta__proponente")
    )
    return {
        "richieste_ritirate": ritirate,
        "richieste_senza_nome": len(pks),
        "contatti_di_organizzazioni": organizzazioni.update(contatto="", email="", telefono=""),
        "risposte_al_tavolo": oscura_righe(domande, ["testo", "risposta"], interessato),
    }


# --- What the history may keep -------------------------------------------------------------
# The fields that say nothing of anybody: of the others it says that they changed.


# Of an organisation what is public and short; whom to call there is not.
si_scrive(Organizzazione, NOME, "genere", "costituzione", "temi", "laboratori")
si_scrive(
    ImpostazioniTavolo, NOME, "percorso", "presentazione", "porta_aperta",
    "numero_legale_percento", "preavviso_giorni", "correzioni_giorni", "approvazione", "criteri",
    "promemoria_giorni", "fonti",
)  # fmt: skip
si_scrive(Seggio, NOME, "ruolo", "dal", "al")
si_scrive(Seduta, NOME)
si_scrive(PuntoOrdineDelGiorno, "ordine", "genere", "minuti")
si_scrive(DocumentoTavolo, NOME, "pubblico_dal")
si_scrive(Verbale, NOME)
si_scrive(Esame, "scade_at")
si_scrive(Componente, "dal", "al")
si_scrive(Garante, "dal", "al")
