"""The Tavolo's pages, as ``pagine`` lists those of everybody. The members' area is in Italian."""

from laboratori.models import Attore, Laboratorio
from tavolo.models import (
    Componente,
    Correzione,
    Decisione,
    DomandaProponente,
    Esame,
    ParereComitato,
    ProceduraScritta,
    Seduta,
    VoceVerbale,
)
from tavolo.services import assenze

from .pagina import Pagina

TITOLARE = "tavolo@example.org"
SEGRETERIA = "segreteria@example.org"
GARANTE = "garante@example.org"
UFFICIO = "ufficio@example.org"
PRIMA, SECONDA, TERZA = (f"esempio-tavolo-{n}" for n in (1, 2, 3))


def esame(titolo):
    return lambda: [Esame.objects.get(proposta__titolo__startswith=titolo).pk]


def di(modello, **filtri):
    """The number of the first row that has these features."""
    return lambda: [modello.objects.filter(**filtri).order_by("pk")[0].pk]


def zona():
    return [Laboratorio.objects.order_by("numero")[0].numero]


def del_verbale(modello, slug):
    """The address of minutes and the number of a row of theirs."""
    return lambda: [slug, modello.objects.filter(verbale__seduta__incontro__slug=slug)[0].pk]


def invito():
    return [Componente.objects.filter(persona=None).order_by("pk")[0].token]


def assenza():
    seduta = Seduta.objects.get(incontro__slug=TERZA)
    return [assenze.link(seduta, Componente.objects.get(email=TITOLARE))]


def sedute(slug):
    return lambda: [slug]


DEL_TAVOLO = [
    # --- For everybody ---
    Pagina("tavolo", "tavolo:tavolo"),
    Pagina("tavolo del 2023", "tavolo:tavolo", query="?percorso=piacenza-2023"),
    Pagina("chiedere di entrare", "tavolo:adesione_crea"),
    Pagina("adesione inviata", "tavolo:adesione_inviata"),
    Pagina("invito scaduto", "tavolo:invito", invito, stato=410),
    Pagina("elenco delle sedute", "tavolo:seduta_list"),
    Pagina("seduta convocata", "tavolo:seduta_detail", sedute(TERZA)),
    Pagina("seduta chiusa", "tavolo:seduta_detail", sedute(SECONDA)),
    Pagina("incontro di una seduta", "eventi:incontro_detail", sedute(TERZA)),
    Pagina("verbale approvato", "tavolo:verbale_detail", sedute(PRIMA)),
    Pagina("controllare un verbale", "tavolo:verbale_verifica"),
    Pagina("elenco delle decisioni", "tavolo:decisione_list"),
    Pagina(
        "decisione con modifiche",
        "tavolo:decisione_detail",
        di(Decisione, esito="accolta_con_modifiche"),
    ),
    Pagina("colonne delle decisioni", "tavolo:decisione_colonne"),
    Pagina("elenco dei pareri", "tavolo:parere_list"),
    Pagina("parere", "tavolo:parere_detail", di(ParereComitato)),
    Pagina("domanda di altri", "tavolo:domanda_rispondi", di(DomandaProponente), stato=404),
    # --- For members ---
    Pagina("area del Tavolo", "area:home", conto=TITOLARE),
    Pagina("area del Comitato", "area:home", conto=GARANTE),
    Pagina("area di chi non siede", "area:home", conto="cittadina@example.org", stato=404),
    Pagina(
        "esame con bozza",
        "area:esame_detail",
        esame("Un patto sugli orari fra residenti e locali"),
        TITOLARE,
    ),
    Pagina(
        "esame concluso", "area:esame_detail", esame("Sedie in prestito per i cortili"), TITOLARE
    ),
    Pagina("esame per il Comitato", "area:esame_detail", esame("Un'ora di vicinato"), GARANTE),
    Pagina("confronto", "area:confronto", conto=TITOLARE),
    Pagina("attori", "area:attori", conto=TITOLARE),
    Pagina("chi manca", "area:attori_mancano", conto=TITOLARE),
    Pagina("attori di una zona", "area:attori_zona", zona, TITOLARE),
    Pagina("nuovo attore", "area:attori_crea", zona, TITOLARE),
    Pagina("attore", "area:attori_detail", di(Attore), TITOLARE),
    Pagina("correggere un attore", "area:attori_correggi", di(Attore), TITOLARE),
    Pagina("togliere un attore", "area:attori_togli", di(Attore), TITOLARE),
    Pagina("decisioni, per i componenti", "area:decisione_list", conto=TITOLARE),
    Pagina("decisione, per i componenti", "area:decisione_detail", di(Decisione), TITOLARE),
    Pagina("procedura scritta", "area:procedura_detail", di(ProceduraScritta), TITOLARE),
    Pagina("pareri, per il Comitato", "area:parere_list", conto=GARANTE),
    Pagina("nuovo parere", "area:parere_crea", conto=GARANTE),
    Pagina("registro degli atti", "area:registro", conto=GARANTE),
    Pagina("sedute, per i componenti", "area:seduta_list", conto=TITOLARE),
    Pagina("seduta, per i componenti", "area:seduta_detail", sedute(TERZA), TITOLARE),
    Pagina("seduta, per la segreteria", "area:seduta_detail", sedute(SECONDA), SEGRETERIA),
    Pagina("presenze", "area:presenze", sedute(SECONDA), SEGRETERIA),
    Pagina("foglio delle presenze", "area:presenze_foglio", sedute(TERZA), SEGRETERIA),
    Pagina("non posso venire", "area:assenza", assenza),
    Pagina("documenti del Tavolo", "area:documento_list", conto=TITOLARE),
    Pagina("caricare un documento", "area:documento_carica", conto=SEGRETERIA),
    Pagina("documento di una seduta", "area:seduta_documento_carica", sedute(TERZA), SEGRETERIA),
    Pagina("verbale in correzione", "area:verbale_detail", sedute(SECONDA), TITOLARE),
    Pagina("verbale, per i componenti", "area:verbale_detail", sedute(PRIMA), TITOLARE),
    Pagina("scrivere il verbale", "area:verbale_scrivi", sedute(SECONDA), SEGRETERIA),
    Pagina("voce del verbale", "area:verbale_voce", del_verbale(VoceVerbale, SECONDA), SEGRETERIA),
    Pagina("chiedere una correzione", "area:verbale_correggi", sedute(SECONDA), TITOLARE),
    Pagina(
        "rispondere a una correzione",
        "area:verbale_rispondi",
        del_verbale(Correzione, SECONDA),
        SEGRETERIA,
    ),
    Pagina("approvare il verbale", "area:verbale_approva", sedute(SECONDA), SEGRETERIA),
    Pagina("rettificare il verbale", "area:verbale_rettifica", sedute(PRIMA), SEGRETERIA),
]

ALTROVE_DEL_TAVOLO = {
    "tavolo:organizzazione_csv": "data",
    "tavolo:decisione_csv": "data",
    "tavolo:decisione_json": "data",
    "tavolo:decisione_seggi_csv": "data",
    "tavolo:decisione_seggi_json": "data",
    "tavolo:seduta_ics": "a calendar",
    "tavolo:verbale_pdf": "a file",
    "tavolo:documento_scarica": "a file",
    "area:posizioni": "data",
    "area:dossier": "a file",
    "area:attori_csv": "data",
    "area:attori_xlsx": "a file",
    "area:registro_csv": "data",
    "area:seduta_ics": "a calendar",
    "area:documento_scarica": "a file",
    "area:verbale_pdf": "a file",
    "area:esame_posizione": "takes a form, and shows it again with its errors: tests/tavolo",
    "area:esame_bozza": "saves the draft of the page's form",
    "area:esame_commenta": "acts and goes back to the review's page",
    "area:esame_chiedi": "acts and goes back to the review's page",
    "area:attori_segna": "acts and goes back to the list",
    "area:attori_rimetti": "acts and goes back to the actor's page",
    "area:decisione_crea": "only while a sitting is open: tests/e2e/test_tavolo.py",
    "area:procedura_rispondi": "takes a form, and shows it again with its errors: tests/tavolo",
    "area:parere_modifica": "only of a draft: tests/tavolo",
    "area:parere_pubblica": "acts and goes on to the opinion's page",
    "area:giustifica": "acts and goes back to the sitting's page",
    "area:seduta_apri": "acts and goes on to the attendance",
    "area:seduta_chiudi": "acts and goes back to the attendance",
    "area:verbale_inizia": "acts and goes on to the minutes",
    "area:verbale_impegno": "acts and goes back to the item",
    "area:verbale_impegno_togli": "acts and goes back to the minutes",
    "area:verbale_impegno_fatto": "acts and goes back to the minutes",
    "area:verbale_correzioni": "only of a draft: tests/e2e/test_tavolo.py",
}
