"""Whoever reads the portal in English reads English: the catalogue is whole, and no page or mail
says a word around it."""

import io
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from html.parser import HTMLParser

import polib
import pytest
from allauth.account.adapter import get_adapter
from allauth.core import context
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.core.management import call_command
from django.db import models
from django.template.base import Lexer, TokenType
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation.template import templatize

from accounts import accesso, identita
from accounts.diritti import cancella_tutto
from accounts.interessato import dell_indirizzo
from accounts.partecipanti import chiedi_conferma
from accounts.partecipanti import registro as azioni
from comunicazioni.emails import chi_di_prova, componi_per
from eventi import presenze
from eventi.models import Incontro, Iscrizione
from laboratori.models import Disponibilita
from posta.consegna import spedisci_dovuti
from posta.generi import registro
from posta.models import Messaggio
from proposte import avvisi, bisogni, commenti, raccolta, riepiloghi, services
from proposte.models import Seguito
from tavolo.services import adesioni, decisioni, esami
from tests.e2e.pagine import PAGINE
from tests.factories import (
    AccoglienzaFactory,
    AvanzamentoFactory,
    BisognoFactory,
    CommentoFactory,
    ComponenteFactory,
    ComunicazioneFactory,
    DisponibilitaFactory,
    EsameFactory,
    IncontroFactory,
    IscrizioneFactory,
    LaboratorioFactory,
    PartecipanteFactory,
    PresenzaFactory,
    PropostaFactory,
    PuntoFactory,
    RispostaFactory,
    SedutaFactory,
    SeggioFactory,
    SeguitoFactory,
    UserFactory,
    VerbalizzanteFactory,
)
from tests.fattori import con_app

pytestmark = pytest.mark.aspetto

RADICE = settings.BASE_DIR
CATALOGO = RADICE / "locale" / "en" / "LC_MESSAGES" / "django.po"
APP = (
    "accounts",
    "comunicazioni",
    "eventi",
    "importazioni",
    "laboratori",
    "percorso",
    "portale",
    "posta",
    "proposte",
    "tavolo",
)
FUNZIONI = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# {n} is filled in by a script.
SEGNAPOSTO = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{\w+\}")
MARCATURA = re.compile(r"<[^>]*>|https?://\S+|\b[\w.]+@example\.(?:org|com)\b")
S = Iscrizione.Stato


# Read by who works with the portal alone, though their names do not say so.
SOLO_UFFICIO = {
    "comunicazioni/models.py",
    "comunicazioni/motivi.py",
    "comunicazioni/esportazione.py",
    "comunicazioni/services.py",
    "accounts/models/conservazione.py",
    "accounts/cerca.py",
    "accounts/scadenze.py",
    "eventi/esportazione.py",
    "eventi/fogli.py",
    "eventi/fogli_incontro.py",
    "eventi/models/numeri.py",
    "eventi/models/serie.py",
    "eventi/models/telefonate.py",
    "importazioni/elenchi.py",
    "importazioni/models.py",
    "importazioni/risorse.py",
    "importazioni/services.py",
    "laboratori/fogli.py",
    "portale/cittadino.py",
    "portale/cruscotto.py",
    "portale/lib/celle.py",
    "portale/lib/contesa.py",
    "portale/lib/elenchi.py",
    "portale/lib/storia.py",
    "portale/lib/tabelle.py",
    "posta/models.py",
    "proposte/fogli.py",
    "proposte/coda.py",
    "proposte/verifiche.py",
    "proposte/avanzamenti.py",
    "proposte/emails_ufficio.py",
    "tavolo/da_fare.py",
    "tavolo/pronti.py",
    "tavolo/registro_presenze.py",
    "comunicazioni/cerca.py",
    "eventi/cerca.py",
    "importazioni/cerca.py",
    "laboratori/cerca.py",
    "percorso/cerca.py",
    "portale/cerca.py",
    "posta/cerca.py",
    "proposte/cerca.py",
    "tavolo/cerca.py",
}
# Read by the members of the Tavolo, whose area and mails are in Italian (docs/adr/0014): what a
# citizen reads of it is elsewhere.
SOLO_COMPONENTI = {
    "laboratori/attori.py",
    "laboratori/bilancio.py",
    "laboratori/esportazione.py",
    "laboratori/forms_attori.py",
    "laboratori/models/attori.py",
    "tavolo/dossier.py",
    "tavolo/emails/sedute.py",
    "tavolo/emails/verbali.py",
    "tavolo/formati.py",
    "tavolo/forms_attori.py",
    "tavolo/registro.py",
    "tavolo/tabella_posizioni.py",
}
# Their mails, and the pieces that only these are made of.
PEZZI_DEI_COMPONENTI = {"_esami", "_procedura", "_seduta"}
MAIL_DEI_COMPONENTI = {
    "correzione_risposta",
    "domanda_risposta",
    "esame_prorogato",
    "esami_aperti",
    "esami_promemoria",
    "impegno_promemoria",
    "impegno_tardi",
    "invito_tavolo",
    "procedura_aperta",
    "procedura_chiusa",
    "procedura_promemoria",
    "seduta_annullata",
    "seduta_collegamento",
    "seduta_convocata",
    "seduta_promemoria",
    "seduta_riconvocata",
    "seduta_rinviata",
    "seduta_sostituzione",
    "seduta_spostata",
    "verbale_approvato",
    "verbale_correzioni",
}

_MAIL = MAIL_DEI_COMPONENTI | PEZZI_DEI_COMPONENTI


def dell_ufficio(percorso: str) -> bool:
    """Whether only the office, or the members of the Tavolo, read what this file says: they work
    in Italian."""
    return bool(
        re.search(r"^templates/admin/|/admin(_\w+)?(/|\.py$)|/management/", percorso)
        or re.search(r"^templates/tavolo/area/|^tavolo/area/", percorso)
        # What these refuse may be told to who is not a member.
        or re.search(r"^tavolo/services/(?!soggetti|adesioni|esami\.)", percorso)
        or re.search(rf"^templates/emails/({'|'.join(_MAIL)})[./]", percorso)
        or percorso in SOLO_UFFICIO | SOLO_COMPONENTI
    )


def sorgenti():
    for app in APP:
        yield from sorted((RADICE / app).rglob("*.py"))
    for suffisso in ("*.html", "*.txt"):
        yield from sorted((RADICE / "templates").rglob(suffisso))


@cache
def citati() -> dict[tuple[str | None, str], dict[str, set]]:
    """Every (context, text) that code and templates hand to gettext: where, and the plurals.

    Read with Babel, so that it works where the gettext programs are missing. A template first
    becomes Python of the same words, as in makemessages; its indentation would be read as
    Python's, and goes.
    """
    trovati = {}
    for percorso in sorgenti():
        nome = percorso.relative_to(RADICE).as_posix()
        testo = percorso.read_text()
        if percorso.suffix != ".py":
            testo = "\n".join(riga.strip() for riga in templatize(testo, nome).splitlines())
        for _riga, parole, _note, contesto in extract(
            "python", io.BytesIO(testo.encode()), keywords=FUNZIONI
        ):
            singolare, plurale = (parole, None) if isinstance(parole, str) else parole
            voce = trovati.setdefault((contesto, singolare), {"dove": set(), "plurali": set()})
            voce["dove"].add(nome)
            voce["plurali"].add(plurale)
    return trovati


def catalogo():
    return polib.pofile(str(CATALOGO))


def dei_cittadini():
    """The entries that a citizen may read."""
    return [
        voce
        for voce in catalogo()
        if not all(map(dell_ufficio, citati()[voce.msgctxt, voce.msgid]["dove"]))
    ]


def traduzioni(voce):
    """Its English, one or two forms, each with the Italian that it stands for."""
    if not voce.msgid_plural:
        return [(voce.msgid, voce.msgstr)]
    return [(voce.msgid, voce.msgstr_plural[0]), (voce.msgid_plural, voce.msgstr_plural[1])]


# --- The catalogue --------------------------------------------------------------------------


def test_the_catalogue_holds_the_texts_of_the_sources_and_no_others():
    nel_catalogo = {(voce.msgctxt, voce.msgid): voce.msgid_plural or None for voce in catalogo()}
    nei_sorgenti = {chiave: max(v["plurali"], key=bool) for chiave, v in citati().items()}
    mancano = sorted(testo for contesto, testo in nei_sorgenti.keys() - nel_catalogo.keys())
    avanzano = sorted(testo for contesto, testo in nel_catalogo.keys() - nei_sorgenti.keys())
    assert (mancano, avanzano) == ([], []), "run `make messages`, then translate what is new"
    assert nel_catalogo == nei_sorgenti


def test_no_text_is_used_both_alone_and_with_a_plural():
    # gettext files the two apart and would find only one of them: the other stays Italian.
    doppi = [testo for (_contesto, testo), v in citati().items() if len(v["plurali"]) > 1]
    assert doppi == []


def test_the_catalogue_has_no_guess_and_nothing_retired():
    assert [voce.msgid for voce in catalogo().fuzzy_entries()] == []
    assert [voce.msgid for voce in catalogo().obsolete_entries()] == []


def test_the_compiled_catalogue_is_made_of_this_one():
    compilato = {
        (voce.msgctxt, voce.msgid): voce.msgstr_plural or voce.msgstr
        for voce in polib.mofile(str(CATALOGO.with_suffix(".mo")))
    }
    voluto = {
        (voce.msgctxt, voce.msgid): voce.msgstr_plural or voce.msgstr
        for voce in catalogo().translated_entries()
    }
    trovato = {chiave: compilato.get(chiave) for chiave in voluto}
    assert trovato == voluto, "run `make catalogues`"


def test_everything_a_citizen_reads_is_translated():
    vuote = [v.msgid for v in dei_cittadini() for _it, en in traduzioni(v) if not en.strip()]
    assert vuote == []


def test_a_translation_has_the_placeholders_links_and_marks_of_its_source():
    diversi = []
    for voce in catalogo():
        for italiano, inglese in traduzioni(voce):
            if not inglese:
                continue
            attesi, trovati = (Counter(SEGNAPOSTO.findall(t)) for t in (italiano, inglese))
            # "1 person" may say its number or not.
            uguali = attesi == trovati or (voce.msgid_plural and attesi < trovati)
            marcature = [Counter(MARCATURA.findall(t)) for t in (italiano, inglese)]
            if "esempio.it" in italiano:
                marcature = [Counter()]
            if not uguali or any(m != marcature[0] for m in marcature):
                diversi.append((italiano, inglese))
    assert diversi == []


def test_a_translation_begins_and_ends_like_its_source():
    """A colon lost at the end of a label joins two words on the page."""
    segni = re.compile(r"^[\s:,.]*|[\s:,.?!…]*$")
    diversi = [
        (italiano, inglese)
        for voce in dei_cittadini()
        for italiano, inglese in traduzioni(voce)
        if inglese
        and [s.strip("!") for s in segni.findall(italiano)]
        != [s.strip("!") for s in segni.findall(inglese)]
    ]
    assert diversi == []


@pytest.mark.parametrize(
    ("italiano", "inglese"),
    [
        (r"lista d['’]attesa", r"waiting list"),
        (r"laborator[io] di quartiere", r"neighbourhood labs?"),
        (r"\bresocont[oi]\b", r"reports?"),
        (r"\bsed[ei]\b", r"venues?"),
        (r"\bpromemoria\b", r"remind"),
        (r"\bpost[oi] (liber|offert|riservat)[oi]\b", r"places?"),
        (r"\bsenza gradini\b", r"step-free"),
        (r"da comunicare", r"to be announced"),
        (r"Ufficio Partecipazione", r"Ufficio Partecipazione"),
    ],
)
def test_one_italian_word_has_one_english_word(italiano, inglese):
    altrimenti = [
        (testo, tradotto)
        for voce in dei_cittadini()
        for testo, tradotto in traduzioni(voce)
        if re.search(italiano, testo, re.IGNORECASE)
        and not re.search(inglese, tradotto, re.IGNORECASE)
    ]
    assert altrimenti == []


# --- The templates --------------------------------------------------------------------------


class Lettore(HTMLParser):
    """What a page says: its text and the attributes that are read aloud or shown.

    What is marked as Italian is left out: it says so itself.
    """

    VUOTI = frozenset({"br", "hr", "img", "input", "link", "meta", "source", "wbr"})

    def __init__(self):
        super().__init__()
        self.testi = []
        self.lingua = None
        self.aperti = []

    def handle_starttag(self, tag, attrs):
        attributi = dict(attrs)
        muto = tag in {"script", "style"} or (attributi.get("lang") == "it" and tag != "html")
        muto = muto or any(chiuso for _tag, chiuso in self.aperti)
        if tag == "html":
            self.lingua = attributi.get("lang")
        if tag not in self.VUOTI:
            self.aperti.append((tag, muto))
        if muto:
            return
        for nome in ("aria-label", "alt", "title", "placeholder"):
            self.testi.append(attributi.get(nome) or "")
        if tag == "meta" and attributi.get("name") == "description":
            self.testi.append(attributi["content"])

    def handle_endtag(self, tag):
        while self.aperti and any(aperto == tag for aperto, _muto in self.aperti):
            if self.aperti.pop()[0] == tag:
                break

    def handle_data(self, data):
        if not any(muto for _tag, muto in self.aperti):
            self.testi.append(data)


def leggi(html: str) -> Lettore:
    lettore = Lettore()
    lettore.feed(html)
    lettore.close()
    return lettore


def fuori_da_gettext(percorso) -> list[str]:
    """The words that a template writes by itself, in no language's keeping."""
    tenuti, fino_a = [], None
    for pezzo in Lexer(percorso.read_text()).tokenize():
        if pezzo.token_type == TokenType.BLOCK:
            parola = pezzo.contents.split()[0]
            if fino_a is None and parola in {"comment", "blocktranslate"}:
                fino_a = f"end{parola}"
            elif parola == fino_a:
                fino_a = None
        elif pezzo.token_type == TokenType.VAR and fino_a is None:
            # A variable may be the name of an element.
            tenuti.append("h1")
        elif pezzo.token_type == TokenType.TEXT and fino_a is None:
            tenuti.append(pezzo.contents)
    testo = "".join(tenuti)
    pezzi = leggi(testo).testi if percorso.suffix == ".html" else [testo]
    return [pezzo.strip() for pezzo in pezzi if re.search(r"[^\W\d_]{2}", pezzo)]


def test_no_template_for_citizens_writes_words_outside_gettext():
    trovati = {}
    for percorso in sorgenti():
        nome = percorso.relative_to(RADICE).as_posix()
        if percorso.suffix == ".py" or dell_ufficio(nome):
            continue
        if parole := fuori_da_gettext(percorso):
            trovati[nome] = parole
    assert trovati == {
        # Each speaks to those who do not read the language of the page.
        "templates/componenti/testata.html": ["ENG: go to the English version", "ENG"],
        # Names of formats and of files.
        "templates/proposte/_allegati_elenco.html": ["(PDF, h1)"],
        "templates/proposte/proposta_colonne.html": ["h1.csv", "h1.json"],
        "templates/tavolo/decisione_colonne.html": ["h1.csv", "h1.json"],
    }


# --- The pages and the mails ----------------------------------------------------------------

# Frequent words of Italian that are no English words.
ITALIANO = re.compile(
    r"\b(il|lo|gli|un|una|del|dell|dello|della|dei|degli|delle|di|al|alla|alle|dal|dalla|nel|nella|"
    r"che|con|per(?! cent)|non|è|sono|sei|hai|puoi|vuoi|si|ci|ti|tuo|tua|tuoi|questo|questa|se|ma|"
    r"anche|quando|dove|quanti|incontro|incontri|iscrizione|iscrizioni|iscriviti|posto|posti|persona|"
    r"persone|laboratorio|laboratori|zona|ufficio|pagina|scrivi|vedi|leggi|guarda|campo|"
    r"facoltativo|obbligatorio|esempio|annullato|rinviato|confermata|indirizzo|telefono)\b",
    re.IGNORECASE,
)
# Offices and authorities keep their Italian names.
NOMI = (
    "Tecnico di garanzia",
    "Difensore civico per il digitale",
    "Agenzia per l’Italia Digitale",
    "Garante per la protezione dei dati personali",
    # What the files of open data hold.
    "online, incontro or cartaceo",
    "persona, organizzazione or incontro",
)


def stringhe(valore):
    if isinstance(valore, str):
        yield valore
        yield from valore.splitlines()
    elif isinstance(valore, dict):
        yield from stringhe(list(valore.values()))
    elif isinstance(valore, list | tuple):
        for parte in valore:
            yield from stringhe(parte)


def dati():
    """What is written by people or about the municipality: it stays in its own language."""
    trovati = {*NOMI, *stringhe(settings.ENTE), "laboratori-demo"}
    for modello in apps.get_models():
        if modello._meta.app_label not in APP:
            continue
        campi = [
            campo.name
            for campo in modello._meta.get_fields()
            if isinstance(campo, models.CharField | models.TextField | models.JSONField)
            and not campo.choices
        ]
        for riga in modello.objects.values_list(*campi) if campi else ():
            trovati.update(stringhe(riga))
    return sorted((t.strip() for t in trovati if len(t.strip()) > 3), key=len, reverse=True)


def rimaste_in_italiano(pezzi, dati):
    """The sentences among ``pezzi`` with Italian words, once the data are taken out."""
    trovate = []
    for pezzo in pezzi:
        resto = re.sub(r"https?://\S+|\S+@\S+", "", " ".join(pezzo.split()))
        # Most have none; and a summary of data may be cut.
        if not ITALIANO.search(resto) or resto.endswith("…"):
            continue
        for dato in dati:
            resto = resto.replace(" ".join(dato.split()), "")
        if ITALIANO.search(resto):
            trovate.append(resto)
    return trovate


@pytest.fixture
def demo(db):
    call_command("carica_percorso", verbosity=0)
    call_command("carica_demo", verbosity=0)


def test_no_page_in_english_says_anything_in_italian(client, demo):
    presenti = dati()
    trovate, lingue = {}, set()
    for pagina in PAGINE:
        url = pagina.url("en")
        if not url.startswith("/en/"):
            continue
        client.logout()
        if pagina.conto:
            client.force_login(
                apps.get_model(settings.AUTH_USER_MODEL).objects.get(email=pagina.conto),
                backend=settings.AUTHENTICATION_BACKENDS[0],
            )
        risposta = client.get(url, follow=True)
        assert risposta.status_code == pagina.stato, pagina
        letti = leggi(risposta.content.decode())
        lingue.add(letti.lingua)
        if rimaste := rimaste_in_italiano(letti.testi, presenti):
            trovate[pagina.nome] = rimaste
    assert trovate == {}
    assert lingue == {"en"}


@pytest.mark.parametrize(
    "rotta",
    [
        "contatti",
        "laboratori:disponibilita_crea",
        "eventi:iscrizione_crea",
        "account_login",
        "account_signup",
        "account_reset_password",
        "account_request_login_code",
    ],
)
@pytest.mark.parametrize(
    "inviati",
    [
        {},
        {
            "email": "x@y",
            "login": "x@y",
            "servizi": "9",
            "posti_richiesti": "99",
            "aiuti": "9",
            "laboratorio": "9",
        },
    ],
)
def test_a_form_sent_wrong_explains_itself_in_english(client, db, rotta, inviati):
    incontro = IncontroFactory(posti=5)
    with translation.override("en"):
        url = reverse(rotta, args=[incontro.slug] if rotta.startswith("eventi") else [])
    risposta = client.post(url, inviati)
    assert risposta.status_code in {200, 422}
    html = risposta.content.decode()
    assert "Check these points, then send again" in html
    assert rimaste_in_italiano(leggi(html).testi, dati()) == []


@pytest.mark.parametrize("stato", S.values)
def test_a_registration_tells_its_state_in_english(client, db, stato):
    adesso = timezone.now()
    iscrizione = IscrizioneFactory(
        stato=stato,
        posti_richiesti=2,
        posti=2 if stato in Iscrizione.TENGONO_POSTI else 0,
        in_lista_dal=adesso,
        scade_at=adesso + timedelta(hours=3),
    )
    with translation.override("en"):
        url = iscrizione.get_absolute_url()
    html = client.get(url).content.decode()
    assert rimaste_in_italiano(leggi(html).testi, dati()) == []


@pytest.mark.parametrize("stato", Incontro.Stato.values)
def test_a_meeting_tells_its_state_in_english(client, db, stato):
    incontro = IncontroFactory(stato=stato, posti=5, motivo="Motivo")
    iscrizione = IscrizioneFactory(incontro=incontro)
    with translation.override("en"):
        indirizzi = [incontro.get_absolute_url(), iscrizione.get_absolute_url()]
    for url in indirizzi:
        html = client.get(url).content.decode()
        assert rimaste_in_italiano(leggi(html).testi, dati()) == []


# Each with the state of its registration and what else it goes by.
MAIL_INCONTRI = {
    "verifica": (S.DA_VERIFICARE, {}),
    "gia_iscritta": (S.CONFERMATA, {}),
    "confermata": (S.CONFERMATA, {}),
    "lista_attesa": (S.LISTA_ATTESA, {}),
    "posto_offerto": (S.POSTO_OFFERTO, {}),
    "posto_scaduto": (S.SCADUTA, {}),
    "rinuncia": (S.RINUNCIATA, {}),
    "iscrizione_annullata": (S.ANNULLATA, {}),
    "promemoria": (S.CONFERMATA, {}),
    "spostato": (S.CONFERMATA, {}),
    "collegamento": (S.CONFERMATA, {"modalita": "online", "sede": None}),
    "rinviato": (S.CONFERMATA, {"stato": "rinviato", "inizio": None, "fine": None}),
    "annullato": (S.CONFERMATA, {"stato": "annullato"}),
}
MAIL_AIUTO = {
    "disponibilita_conferma": Disponibilita.Stato.DA_VERIFICARE,
    "disponibilita_ricevuta": Disponibilita.Stato.NUOVA,
    "disponibilita_risposta": Disponibilita.Stato.CHIUSA,
}
MAIL_CONTATTI = {"contatto_ricevuto"}
# To the office, which reads Italian; and those of accounts, below.
ALTRE_MAIL = {
    "contatto",
    "disponibilita_ufficio",
    "resoconto_tardi",
    "account",
    "moderazione_riepilogo",
    "proposta_riesame",
    "adesione_ufficio",
    "domanda_ufficio",
    "comunicazione_prova",
}


def _proposta(stato, **campi):
    """Somebody's proposal in this state, which somebody else follows."""
    proposta = PropostaFactory(stato=stato, **campi)
    SeguitoFactory(proposta=proposta)
    return proposta


def _bisogno(stato):
    return BisognoFactory(stato=stato, proponente=PartecipanteFactory(), nome_mostrato="Anna")


def _nascondi(proposta, adesso):
    chi = UserFactory()
    services.nascondi(proposta, chi, "fuori_tema", "Spiegazione", adesso=adesso)
    return chi


def _riesame(adesso):
    proposta = _proposta("pubblicata")
    chi = _nascondi(proposta, adesso)
    services.chiedi_riesame(proposta, "Motivo", adesso=adesso)
    services.conferma_nascosta(proposta, chi, "offensivo", "Spiegazione", adesso=adesso)


def _integra(adesso):
    services.integra(
        _proposta("pubblicata"), _proposta("pubblicata"), UserFactory(), "Motivo", adesso=adesso
    )


def _rispondi(adesso):
    services.rispondi(
        _proposta("accolta"),
        esito="accolta",
        testo="Risposta",
        ufficio="Verde pubblico",
        costo_euro=1200,
        tempi="Estate",
        autore=UserFactory(),
        adesso=adesso,
    )


def _avanza(adesso):
    avanzamento = AvanzamentoFactory(proposta=_proposta("accolta"))
    avvisi.avanzamento(avanzamento.proposta, avanzamento, adesso)


def _commento(adesso, *, riammesso=False):
    commento = CommentoFactory()
    commenti.nascondi(commento, UserFactory(), "fuori_tema", "Spiegazione", adesso=adesso)
    if riammesso:
        commenti.riammetti(commento, UserFactory(), adesso=adesso)


def _segnala(adesso):
    for esito in ("accolta", "respinta"):
        segnalazione = commenti.segnala(
            proposta=PropostaFactory(),
            motivo="fuori_tema",
            testo="Testo",
            partecipante=PartecipanteFactory(),
            modulo=esito,
            adesso=adesso,
        )
        commenti.chiudi_segnalazione(
            segnalazione, esito, UserFactory(), testo="Spiegazione", adesso=adesso
        )


def _riepilogo(adesso):
    settimana = riepiloghi.Settimana.di(adesso)
    quando = settimana.fine - timedelta(days=2)
    laboratorio = LaboratorioFactory()
    SeguitoFactory(proposta=None, laboratorio=laboratorio)
    Seguito.objects.update(created_at=quando - timedelta(days=30))
    PropostaFactory(laboratorio=laboratorio, pubblicata_at=quando)
    BisognoFactory(laboratorio=laboratorio, pubblicato_at=quando)
    RispostaFactory(proposta__laboratorio=laboratorio, pubblicata_at=quando)
    riepiloghi.accoda_riepiloghi(adesso)


# How each comes to be owed.
MAIL_PROPOSTE = {
    "proposta_ricevuta": lambda adesso: services.invia(
        PropostaFactory(bozza=True), autore=UserFactory(), adesso=adesso
    ),
    "proposta_pubblicata": lambda adesso: services.pubblica(
        _proposta("inviata"), UserFactory(), adesso=adesso
    ),
    "proposta_nascosta": lambda adesso: _nascondi(_proposta("pubblicata"), adesso),
    "proposta_confermata_nascosta": _riesame,
    "proposta_ritirata": lambda adesso: services.ritira(
        _proposta("pubblicata"), motivo="Motivo", adesso=adesso
    ),
    "proposta_cambiata": lambda adesso: services.decidi(
        _proposta("in_valutazione"), "non_accolta", "Motivo", UserFactory(), adesso=adesso
    ),
    "proposta_integrata": _integra,
    "proposta_integrazione": _integra,
    "proposta_risposta": _rispondi,
    "proposta_avanzamento": _avanza,
    "commento_nascosto": _commento,
    "commento_riammesso": lambda adesso: _commento(adesso, riammesso=True),
    "segnalazione_chiusa": _segnala,
    "riepilogo": _riepilogo,
    "bisogno_ricevuto": lambda adesso: bisogni.invia(
        _bisogno("bozza"), autore=UserFactory(), adesso=adesso
    ),
    "bisogno_pubblicato": lambda adesso: bisogni.pubblica(
        _bisogno("inviato"), UserFactory(), adesso=adesso
    ),
    "bisogno_nascosto": lambda adesso: bisogni.nascondi(
        _bisogno("pubblicato"), UserFactory(), "fuori_tema", "Spiegazione", adesso=adesso
    ),
    "verbalizzante": lambda adesso: raccolta.RUOLO.invia_link(
        VerbalizzanteFactory(email="note@example.org"), adesso
    ),
    "fattori_tolti": lambda adesso: _senza_fattori(adesso),
    "identita_collegata": lambda adesso: _con_identita(adesso),
    "identita_scollegata": lambda adesso: identita.scollega(_con_identita(adesso), adesso),
    "accoglienza": lambda adesso: presenze.RUOLO.invia_link(
        AccoglienzaFactory(email="porta@example.org"), adesso
    ),
    "dati_cancellati": lambda adesso: cancella_tutto(
        dell_indirizzo(PartecipanteFactory(lingua="en").email), canale="ospite", adesso=adesso
    ),
    "conferma_azione": lambda adesso: [
        chiedi_conferma(
            azione,
            email=f"{azione}@example.org",
            nome="Anna",
            parametri={**PARAMETRI.get(azione, {}), "proposta": PropostaFactory().pk},
            adesso=adesso,
        )
        for azione in azioni
    ],
}


def _con_identita(adesso):
    persona = UserFactory(lingua="en")
    identita.collega(persona, identita.Ritorno("0" * 64, "spid_oidc", "", "", ""), adesso)
    return persona


def _senza_fattori(adesso):
    persona = UserFactory(lingua="en")
    con_app(persona)
    accesso.togli_fattori(persona, adesso=adesso)


PARAMETRI = {
    "bisogno": {"titolo": "Titolo"},
    "adesione": {"dati": {"nome": "Gruppo"}},
}


def _adesione(adesso, esito=""):
    percorso = SeggioFactory(percorso__stato="attivo").percorso
    richiesta = adesioni.chiedi_adesione(
        percorso,
        {
            "nome": "Gruppo",
            "genere": "altro",
            "attivita": "Testo",
            "contatto": "Anna",
            "email": "gruppo@example.org",
        },
        lingua="en",
        adesso=adesso,
    )
    if esito == "accolta":
        oggi = adesso.date()
        adesioni.accogli_adesione(
            richiesta, dal=oggi, risposta="Motivo", autore=UserFactory(), adesso=adesso
        )
    elif esito == "respinta":
        adesioni.respingi_adesione(richiesta, "Motivo", autore=UserFactory(), adesso=adesso)


def _domanda(adesso):
    esame = EsameFactory(
        proposta__proponente=PartecipanteFactory(), scade_at=adesso + timedelta(days=3)
    )
    chi = ComponenteFactory(seggio__percorso=esame.percorso)
    esami.chiedi(esame, chi.seggio, chi, testo="Testo", chiave="1", adesso=adesso)


def _decisione(adesso, esito):
    proposta = PropostaFactory(stato="in_valutazione", proponente=PartecipanteFactory())
    seduta = SedutaFactory(
        incontro__percorso=proposta.percorso, stato="aperta", seggi_con_voce=1, numero_legale=1
    )
    punto = PuntoFactory(seduta=seduta)
    punto.proposte.add(proposta)
    PresenzaFactory(seduta=seduta)
    decisioni.decidi_in_seduta(
        seduta,
        punto,
        proposta,
        esito=esito,
        motivazione="Motivo",
        autore=UserFactory(),
        adesso=adesso,
    )


# To whom the office writes, in English too.
MAIL_COMUNICAZIONI = {"comunicazione"}
# How each of those that a citizen receives comes to be owed.
MAIL_TAVOLO = {
    "adesione_ricevuta": _adesione,
    "adesione_accolta": lambda adesso: _adesione(adesso, "accolta"),
    "adesione_respinta": lambda adesso: _adesione(adesso, "respinta"),
    "domanda_proponente": _domanda,
    "decisione_rinviata": lambda adesso: [
        _decisione(adesso, esito) for esito in ("rinviata", "da_integrare")
    ],
}


def test_every_kind_of_mail_is_tried():
    provate = {
        *MAIL_INCONTRI,
        *MAIL_AIUTO,
        *MAIL_CONTATTI,
        *MAIL_PROPOSTE,
        *MAIL_TAVOLO,
        *MAIL_COMUNICAZIONI,
        *MAIL_DEI_COMPONENTI,
        *ALTRE_MAIL,
    }
    assert provate == {g for g in registro if registro[g].componi.__module__.split(".")[0] in APP}


def e_in_inglese(composto):
    pezzi = [composto.oggetto, *composto.testo.splitlines(), *leggi(composto.html).testi]
    assert rimaste_in_italiano(pezzi, dati()) == []
    assert leggi(composto.html).lingua == "en"
    indirizzi = re.findall(
        rf"{re.escape(settings.BASE_URL)}[^\s\"<>]*", composto.testo + composto.html
    )
    inglesi = f"{settings.BASE_URL}/en/"
    assert [indirizzo for indirizzo in indirizzi if not indirizzo.startswith(inglesi)] == []


@pytest.mark.parametrize("pubblico", ["iscritti", "laboratorio_seguito", "notizie"])
def test_what_the_office_writes_in_english_is_framed_in_english(db, pubblico):
    scritta = ComunicazioneFactory(
        **({} if pubblico == "iscritti" else {pubblico: True}),
        oggetto_en="News",
        testo_en="Bring a pillow.",
    )
    with translation.override("en"):
        e_in_inglese(componi_per(scritta, chi_di_prova(scritta, UserFactory()), timezone.now()))


@pytest.mark.parametrize("genere", MAIL_INCONTRI)
@pytest.mark.parametrize("posti", [1, 3])
def test_a_mail_about_a_meeting_is_in_english(db, genere, posti):
    adesso = timezone.now().replace(hour=12)
    stato, campi = MAIL_INCONTRI[genere]
    prima = adesso + timedelta(days=3)
    incontro = IncontroFactory(inizio_precedente=prima, motivo="Motivo", sequenza=1)
    Incontro.objects.filter(pk=incontro.pk).update(**campi)
    iscrizione = IscrizioneFactory(
        incontro=incontro,
        stato=stato,
        posti_richiesti=posti,
        posti=posti if stato in Iscrizione.TENGONO_POSTI else 0,
        verificata_at=None if stato == S.DA_VERIFICARE else adesso,
        in_lista_dal=adesso,
        scade_at=adesso + timedelta(hours=3),
    )
    Incontro.objects.filter(pk=incontro.pk).update(**campi)
    parametri = {
        "iscrizione": iscrizione.pk,
        "sequenza": 1,
        "motivo": "Motivo",
        "inizio": incontro.inizio.isoformat(),
        "scade_at": iscrizione.scade_at.isoformat(),
    }
    messaggio = Messaggio(genere=genere, destinatario=iscrizione.email, parametri=parametri)
    with translation.override("en"):
        e_in_inglese(registro[genere].componi(messaggio, adesso))


@pytest.mark.parametrize("genere", MAIL_AIUTO)
def test_a_mail_about_an_offer_of_help_is_in_english(db, genere):
    disponibilita = DisponibilitaFactory(
        stato=MAIL_AIUTO[genere], laboratorio=None, aiuti=["tempo", "spazio"], risposta="Risposta"
    )
    messaggio = Messaggio(
        genere=genere,
        destinatario=disponibilita.email,
        parametri={"disponibilita": disponibilita.pk},
    )
    with translation.override("en"):
        e_in_inglese(registro[genere].componi(messaggio, timezone.now()))


@pytest.mark.parametrize("genere", [*MAIL_PROPOSTE, *MAIL_TAVOLO])
def test_a_mail_about_a_proposal_or_from_the_tavolo_is_in_english(db, genere):
    # A Monday, at an hour at which digests leave.
    adesso = datetime(2026, 11, 23, 10, tzinfo=UTC)
    {**MAIL_PROPOSTE, **MAIL_TAVOLO}[genere](adesso)
    messaggi = Messaggio.objects.filter(genere=genere)
    assert messaggi.count() > 0
    for messaggio in messaggi:
        with translation.override("en"):
            e_in_inglese(registro[genere].componi(messaggio, adesso))


def test_the_copy_of_a_message_to_the_office_is_in_english(db):
    parametri = {
        "nome": "Anna",
        "email": "anna@example.org",
        "oggetto": "Hello",
        "messaggio": "How are you?",
        "laboratorio": "",
    }
    messaggio = Messaggio(
        genere="contatto_ricevuto", destinatario="anna@example.org", parametri=parametri
    )
    with translation.override("en"):
        e_in_inglese(registro["contatto_ricevuto"].componi(messaggio, timezone.now()))


DELL_ACCOUNT = sorted(
    str(path.relative_to(RADICE / "templates")).removesuffix("_subject.txt")
    for cartella in ("account", "mfa")
    for path in (RADICE / "templates" / cartella / "email").glob("*_subject.txt")
)


@pytest.mark.parametrize("nome", DELL_ACCOUNT)
def test_every_mail_of_allauth_is_in_english(rf, db, nome):
    with translation.override("en"), context.request_context(rf.get("/en/")):
        get_adapter().send_mail(
            nome,
            "anna@example.org",
            {
                "ip": "192.0.2.1",
                "user_agent": "Firefox",
                "from_email": "a@example.org",
                "to_email": "b@example.org",
                "deleted_email": "a@example.org",
                "code": "ABC-123",
            },
        )
    parametri = Messaggio.objects.get().parametri
    letto = leggi(parametri["html"])
    pezzi = [parametri["oggetto"], *parametri["testo"].splitlines(), *letto.testi]
    assert rimaste_in_italiano(pezzi, dati()) == []
    assert letto.lingua == "en"


@pytest.mark.parametrize("chi", ["anna@example.org", "nessuno@example.org"])
@pytest.mark.parametrize(
    ("rotta", "campi"),
    [
        ("account_request_login_code", {}),
        ("account_reset_password", {}),
        (
            "account_signup",
            {
                "nome": "Anna",
                "password1": "una-password-lunga",
                "da_14": "on",
                "informativa": "on",
            },
        ),
    ],
)
def test_a_mail_about_an_account_is_in_english(client, db, rotta, campi, chi):
    UserFactory(email="anna@example.org")
    with translation.override("en"):
        url = reverse(rotta)
    client.post(url, {"email": chi, **campi})
    messaggio = Messaggio.objects.get()
    assert messaggio.lingua == "en"
    spedisci_dovuti()
    [posta] = mail.outbox
    [(html, _tipo)] = posta.alternatives
    pezzi = [posta.subject, *posta.body.splitlines(), *leggi(html).testi]
    assert rimaste_in_italiano(pezzi, dati()) == []
    assert leggi(html).lingua == "en"
