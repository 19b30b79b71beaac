"""Who may do what: every route of the site × every role × every method, as a table.

Each line of ``permessi.txt`` is a route, a method and the answer to each role: a status, with
where it leads for a redirect ("…" is the page itself). One answer alone holds for everybody. An
empty form is posted, so 200 means that it came back with its errors. What is asked for is
published, and somebody else's; ``route@state`` asks for one in that state.
"""

import re
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.consensi import dai
from accounts.diritti import token_dati
from accounts.partecipanti import chiedi_conferma, link
from proposte import urls, urls_bisogni
from proposte.models import Allegato, Bisogno, Proposta
from tavolo import urls_area
from tavolo.models import ParereComitato
from tavolo.services import assenze
from tests.e2e.pagine import nomi_delle_rotte
from tests.factories import (
    AccoglienzaFactory,
    AttoreFactory,
    BisognoFactory,
    CommentoFactory,
    ComponenteFactory,
    DecisioneFactory,
    DisponibilitaFactory,
    DocumentoTavoloFactory,
    EsameFactory,
    FaseFactory,
    IncontroFactory,
    IscrizioneFactory,
    PartecipanteFactory,
    ProceduraScrittaFactory,
    PropostaFactory,
    PuntoFactory,
    ResocontoFactory,
    SedutaFactory,
    TemaFactory,
    VerbaleFactory,
    VerbalizzanteFactory,
)
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.aspetto

TABELLA = Path(__file__).with_name("permessi.txt")


@pytest.fixture
def indirizzo(db):
    """``indirizzo(rotta)``: where the route is, for things that exist."""
    incontro = IncontroFactory(posti=30, laboratorio__slug="zona")
    FaseFactory(
        percorso=incontro.percorso, apre_proposte=True, apre_sostegni=True, apre_commenti=True
    )
    resoconto = ResocontoFactory(
        incontro__percorso=incontro.percorso, incontro__laboratorio=incontro.laboratorio
    )
    allegato = resoconto.allegati.create(titolo="Foto", file=ContentFile(b"x", name="foto.txt"))
    iscrizione = IscrizioneFactory(incontro=incontro)
    proposte = {stato: _proposta(incontro, stato) for stato in ("pubblicata", *PRIVATI)}
    pubblica = proposte["pubblicata"]
    bisogni = {
        stato: BisognoFactory(percorso=incontro.percorso, slug=f"bisogno-{stato}", stato=stato)
        for stato in Bisogno.Stato
    }
    bisogno = bisogni[Bisogno.Stato.PUBBLICATO]
    commento = CommentoFactory(proposta=pubblica)
    tema = TemaFactory()
    raccolta = IncontroFactory(percorso=incontro.percorso, inizio=timezone.now(), fine=None)
    verbalizzante = VerbalizzanteFactory(incontro=raccolta)
    emerso = BisognoFactory(
        percorso=incontro.percorso, incontro=raccolta, stato=Bisogno.Stato.BOZZA
    )
    idea = PropostaFactory(
        percorso=incontro.percorso,
        incontro=raccolta,
        genere_proponente=Proposta.Proponente.INCONTRO,
        proponente=None,
        nome_mostrato="",
        stato=Proposta.Stato.BOZZA,
    )
    partecipante = PartecipanteFactory()
    chiesta = chiedi_conferma(
        "sostegno",
        email="ospite@example.org",
        parametri={"proposta": pubblica.pk},
        adesso=timezone.now(),
    )
    argomenti = {
        "partecipo:entra": [link(partecipante, "/").split("/")[2]],
        "partecipo:conferma": [chiesta.token],
        "partecipo:consenso_lascia": [
            dai("newsletter", "ospite@example.org", confermato=True, adesso=timezone.now()).token
        ],
        **{
            f"dati_ospite{quale}": [token_dati(partecipante)]
            for quale in ("", "_scarica", "_cancella")
        },
        "proposte:commento_modifica": [pubblica.slug, commento.pk],
        "proposte:commento_elimina": [pubblica.slug, commento.pk],
        "proposte:commento_segnala": [pubblica.slug, commento.pk],
        "proposte:allegato_togli": [pubblica.slug, pubblica.allegati.get().pk],
        "raccolta:ordina": [raccolta.slug],
        "raccolta:pubblica": [raccolta.slug],
        "raccolta:ordina_bisogno": [raccolta.slug, emerso.pk],
        "raccolta:ordina_idea": [raccolta.slug, idea.pk],
        "presenze:presenze": [AccoglienzaFactory(incontro=raccolta).token],
        "presenze:tocchi": [AccoglienzaFactory(incontro=raccolta).token],
        "raccolta:raccolta": [verbalizzante.token],
        "raccolta:note": [verbalizzante.token],
        "seguiti:segui_laboratorio": [incontro.laboratorio.slug],
        "seguiti:smetti_laboratorio": [incontro.laboratorio.slug],
        "seguiti:segui_tema": [tema.slug],
        "seguiti:smetti_tema": [tema.slug],
        "seguiti:seguito_lascia": [partecipante.token],
        "percorso_detail": [incontro.percorso.slug],
        "percorso_esiti": [incontro.percorso.slug],
        "laboratorio_detail": [incontro.laboratorio.slug],
        "laboratori:disponibilita_conferma": [DisponibilitaFactory().token],
        "eventi:incontro_mese": [2026, 11],
        "eventi:laboratorio_ics": [incontro.laboratorio.slug],
        "eventi:resoconto_detail": [resoconto.incontro.slug],
        "eventi:allegato_scarica": [resoconto.incontro.slug, allegato.pk],
        "posta:posta_demo_messaggio": ["non-esiste"],
        "posta:posta_demo_html": ["non-esiste"],
        "posta:posta_demo_originale": ["non-esiste"],
        "posta:posta_demo_allegato": ["non-esiste", 1],
        **_del_tavolo(incontro),
        "spid:entra": ["oidc"],
        "spid:collega": ["oidc"],
        "account_confirm_email": ["sbagliata"],
        "mfa_edit_webauthn": [1],
        "mfa_remove_webauthn": [1],
        "account_reset_password_from_key": ["1", "set-password-sbagliata"],
    }

    def di(rotta, stato):
        """The arguments of what is about one proposal or one need."""
        if rotta.startswith("bisogni:"):
            return [bisogni[stato].slug if stato else bisogno.slug]
        proposta = proposte[stato] if stato else pubblica
        if rotta.startswith("proposte:allegato_") and not rotta.endswith("_carica"):
            return [proposta.slug, proposta.allegati.get().pk]
        return [proposta.slug]

    def trova(riga):
        rotta, _, stato = riga.partition("@")
        di_norma = []
        if rotta in argomenti:
            pass
        elif rotta.startswith(("proposte:", "bisogni:")) and rotta not in SENZA_RIGA:
            di_norma = di(rotta, stato)
        elif rotta.startswith("iscrizioni:"):
            di_norma = [iscrizione.token]
        elif rotta.startswith("eventi:i") and rotta not in SENZA_INCONTRO:
            di_norma = [incontro.slug]
        return reverse(rotta, args=argomenti.get(rotta, di_norma))

    return trova


PRIVATI = ("bozza", "inviata", "nascosta", "ritirata")
SENZA_INCONTRO = {"eventi:incontro_list", "eventi:incontro_archivio", "eventi:incontro_atom"}
SENZA_RIGA = {
    f"{modulo.app_name}:{modello.name}"
    for modulo in (urls, urls_bisogni)
    for modello in modulo.urlpatterns
    if hasattr(modello, "name") and "<" not in str(modello.pattern)
}


def _proposta(incontro, stato):
    """Somebody's proposal in this state, with a file."""
    proposta = PropostaFactory(
        percorso=incontro.percorso,
        laboratorio=incontro.laboratorio,
        slug=f"proposta-{stato}",
        stato=stato,
        pubblicata_at=None if stato in ("bozza", "inviata") else timezone.now(),
    )
    proposta.allegati.create(
        genere=Allegato.Genere.IMMAGINE,
        titolo="Foto",
        file=ContentFile(b"x", name="foto.jpg"),
        anteprima=ContentFile(b"x", name="foto.jpg"),
        impronta="0",
    )
    return proposta


def _del_tavolo(incontro):
    """The arguments of the Tavolo's routes: a whole Tavolo, in the percorso of ``incontro``."""
    percorso = incontro.percorso
    componente = ComponenteFactory(seggio__percorso=percorso, persona=None, entrato_at=None)
    seduta = SedutaFactory(incontro__percorso=percorso, incontro__slug="seduta")
    chiusa = SedutaFactory(
        chiusa=True, incontro__percorso=percorso, incontro__slug="seduta-chiusa"
    )
    punto = PuntoFactory(seduta=chiusa)
    verbale = VerbaleFactory(seduta=chiusa)
    voce = verbale.voci.create(punto=punto)
    impegno = verbale.impegni.create(testo="Telefonare alla scuola")
    correzione = verbale.correzioni.create(
        seggio=componente.seggio,
        componente=componente,
        testo="Le sedie erano dieci.",
        chiave="prova",
        created_at=timezone.now(),
    )
    esame = EsameFactory(percorso=percorso)
    domanda = esame.domande.create(
        seggio=componente.seggio,
        componente=componente,
        testo="Chi apre?",
        chiave="prova",
        created_at=timezone.now(),
    )
    procedura = ProceduraScrittaFactory(percorso=percorso)
    decisione = DecisioneFactory(seduta=chiusa)
    parere = ParereComitato.objects.create(
        percorso=percorso,
        titolo="Parere",
        testo="Bene.",
        chiave="prova",
        pubblicato_at=timezone.now(),
    )
    documento = DocumentoTavoloFactory(percorso=percorso, seduta=seduta)
    attore = AttoreFactory(laboratorio=incontro.laboratorio)
    verbali = {
        f"area:{modello.name}": [chiusa.incontro.slug]
        for modello in urls_area.urlpatterns
        if modello.name.startswith("verbale_")
    }
    return {
        **verbali,
        "area:verbale_voce": [chiusa.incontro.slug, voce.pk],
        "area:verbale_impegno": [chiusa.incontro.slug, voce.pk],
        "area:verbale_impegno_togli": [chiusa.incontro.slug, impegno.pk],
        "area:verbale_impegno_fatto": [chiusa.incontro.slug, impegno.pk],
        "area:verbale_rispondi": [chiusa.incontro.slug, correzione.pk],
        **{
            f"area:{nome}": [seduta.incontro.slug]
            for nome in (
                "seduta_detail",
                "giustifica",
                "seduta_ics",
                "seduta_apri",
                "seduta_chiudi",
                "presenze",
                "presenze_foglio",
                "seduta_documento_carica",
            )
        },
        **{
            f"area:esame_{nome}": [esame.pk]
            for nome in ("detail", "posizione", "bozza", "commenta", "chiedi")
        },
        "area:posizioni": ["csv"],
        **{
            f"area:attori_{nome}": [attore.pk]
            for nome in ("detail", "correggi", "segna", "togli", "rimetti")
        },
        "area:attori_zona": [incontro.laboratorio.numero],
        "area:attori_crea": [incontro.laboratorio.numero],
        "area:decisione_detail": [decisione.pk],
        "area:procedura_detail": [procedura.pk],
        "area:procedura_rispondi": [procedura.pk],
        "area:parere_modifica": [parere.pk],
        "area:parere_pubblica": [parere.pk],
        "area:documento_scarica": [documento.pk],
        "area:assenza": [assenze.link(seduta, componente)],
        "tavolo:invito": [componente.token],
        "tavolo:decisione_detail": [decisione.pk],
        "tavolo:parere_detail": [parere.pk],
        "tavolo:seduta_detail": [seduta.incontro.slug],
        "tavolo:seduta_ics": [seduta.incontro.slug],
        "tavolo:verbale_detail": [chiusa.incontro.slug],
        "tavolo:verbale_pdf": [chiusa.incontro.slug],
        "tavolo:documento_scarica": [documento.pk],
        "tavolo:domanda_rispondi": [domanda.pk],
    }


def righe():
    for riga in TABELLA.read_text().splitlines():
        rotta, metodo, *esiti = riga.split()
        yield rotta, metodo, esiti * len(RUOLI) if len(esiti) == 1 else esiti


def risposta(client, metodo, url):
    """The status, and where it leads; what the request changed is undone."""
    with transaction.atomic():
        fatta = client.generic(metodo, url, content_type="application/x-www-form-urlencoded")
        if fatta.streaming:
            # A file that is read to its end is closed.
            list(fatta.streaming_content)
        transaction.set_rollback(True)
    if fatta.streaming:
        # A file stays open until the last of it is sent.
        list(fatta)
    dove = fatta.headers.get("Location", "").split("?")[0]
    dove = re.sub(r"^/iscrizioni/[^/]+/$", "/iscrizioni/TOKEN/", dove.replace(url, "…"))
    dove = re.sub(r"/i-tuoi-dati/[^/]+/$", "/i-tuoi-dati/TOKEN/", dove)
    dove = re.sub(r"/attori/\d+/$", "/attori/N/", dove)
    dove = re.sub(r"^/proposte/bozza/[^/]+/$", "/proposte/bozza/SEGRETO/", dove)
    return f"{fatta.status_code}{dove}"


# What not everybody sees, in the states in which it is not to be seen.
NASCOSTE = [
    f"proposte:{rotta}@{stato}"
    for stato in PRIVATI
    for rotta in (
        "proposta_detail",
        "proposta_percorso",
        "proposta_versioni",
        "proposta_scheda",
        "proposta_qr",
        "allegato_scarica",
        "allegato_anteprima",
        "sostegno_crea",
        "seguito_crea",
        "commento_crea",
        "proposta_segnala",
    )
] + [
    f"bisogni:{rotta}@{stato}"
    for stato in ("bozza", "inviato", "nascosto")
    for rotta in ("bisogno_detail", "bisogno_percorso")
]
# What only who wrote it may do, in the state in which she may.
SUE = [
    "proposte:bozza_modifica@bozza",
    "proposte:bozza_salva@bozza",
    "proposte:bozza_invia@bozza",
    "proposte:bozza_riprendi@bozza",
    "proposte:bozza_elimina@bozza",
    "proposte:allegato_carica@bozza",
    "proposte:allegato_togli@bozza",
    "proposte:proposta_modifica@inviata",
    "proposte:proposta_ritira@inviata",
    "proposte:proposta_riesame@nascosta",
]
ROTTE = [*sorted(set(nomi_delle_rotte())), *NASCOSTE, *SUE]


@pytest.mark.parametrize("ruolo", RUOLI)
def test_each_role_gets_the_answers_of_the_table(client, indirizzo, ruolo):
    entra(client, ruolo)
    sessione = dict(client.cookies)

    avute = {}
    for rotta in ROTTE:
        for metodo in ("GET", "POST"):
            client.cookies = SimpleCookie(sessione)
            avute[rotta, metodo] = risposta(client, metodo, indirizzo(rotta))

    colonna = RUOLI.index(ruolo)
    assert avute == {(rotta, metodo): esiti[colonna] for rotta, metodo, esiti in righe()}


def test_no_route_of_ours_takes_other_methods(client, indirizzo):
    entra(client, "amministratrice")

    avute = {
        (rotta, metodo): risposta(client, metodo, indirizzo(rotta))
        for rotta in set(nomi_delle_rotte())
        for metodo in ("PUT", "PATCH", "DELETE")
        # allauth's answer before they look at the method.
        if not rotta.startswith(("account_", "mfa_"))
    }

    assert avute == dict.fromkeys(avute, "405")
