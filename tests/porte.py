"""All the doors of the office: the admin's own addresses that may write, and how to go through.

A door of one row is walked by itself, on the example cycle: the first of its rows for which the
page offers a form, filled in with whatever each field accepts. ``COME`` says what a form can not
guess; ``PARTICOLARI`` are the doors that are no form of one row, walked where they are tested.
"""

import base64
import re
from contextlib import contextmanager
from datetime import timedelta

from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import URLResolver, reverse
from django.utils import timezone
from django.utils.formats import localize_input
from lxml import html

from comunicazioni.models import Comunicazione
from eventi.models import Iscrizione, Telefonata
from portale.lib import contesa
from posta.models import Messaggio
from proposte.models import Proposta, VerificaTecnica
from tavolo.models import Seduta

from .factories import (
    AccoglienzaFactory,
    CommentoFactory,
    ComponenteFactory,
    ComunicazioneFactory,
    IscrizioneFactory,
    MessaggioFactory,
    PropostaFactory,
    PuntoFactory,
    ResocontoFactory,
    SedutaFactory,
    SeggioFactory,
    UserFactory,
    VerbalizzanteFactory,
)
from .fattori import con_app

_ARGOMENTO = re.compile(r"<(?:\w+:)?(\w+)>")
DI_DJANGO = {"index", "login", "logout", "password_change", "password_change_done", "autocomplete",
             "jsi18n", "view_on_site", "app_list", None}  # fmt: skip

# The address → why nothing is written there.
SOLA_LETTURA = {
    "cerca": "looks for anything",
    "come_cittadino": "how the officer's own session looks at the site",
    "comunicazioni_comunicazione_anteprima": "shows the mail",
    "comunicazioni_comunicazione_anteprima_html": "shows the mail",
    "comunicazioni_comunicazione_avanzamento": "shows the numbers",
    "comunicazioni_comunicazione_numeri": "the same numbers",
    "comunicazioni_comunicazione_problemi": "shows what did not arrive",
    "eventi_accoglienza_qr": "a picture",
    "eventi_incontro_iscrivi_doppioni": "looks for who may be the same; by POST for its names",
    "eventi_incontro_iscrivi_posti": "shows the seats",
    "eventi_incontro_foglio": "a list without personal data",
    "eventi_resoconto_allegato": "a public file",
    "eventi_sede_foglio": "a list without personal data",
    "importazioni_importazione_da_correggere": "gives back what was in the file",
    "importazioni_importazione_modello": "an empty sheet",
    "importazioni_importazione_stato": "how far it is",
    "proposte_proposta_coda": "the list of what waits",
    "proposte_verbalizzante_foglio": "a sheet to print",
    "proposte_verbalizzante_qr": "a picture",
    "tavolo_esame_dossier": "a PDF, with its line in the register of accesses",
    "tavolo_esame_posizioni": "a sheet, with its line in the register of accesses",
    "tavolo_seduta_registro": "shows the attendances",
}
# Walked in the tests of their own screen, because they want what nothing else here has: the name →
# the test, which looks at the log too.
ALTROVE = {
    "comunicazioni_comunicazione_rispedisci": "tests/comunicazioni/test_admin.py",
    "eventi_incontro_esporta": "tests/eventi/test_admin.py",
    "eventi_incontro_modifica_serie": "tests/eventi/test_serie.py",
    "eventi_incontro_presenze": "tests/eventi/test_fogli_incontro.py",
    "eventi_incontro_serie_nuova": "tests/eventi/test_serie.py",
    "eventi_telefonata_segna": "tests/eventi/test_telefonate.py",
    "tavolo_organizzazione_esporta": "tests/tavolo/test_soggetti_admin.py",
    "tavolo_verbale_rettifica": "tests/tavolo/verbali/test_admin.py",
}
# Doors that are not a form of one row, each with a test of its own.
PARTICOLARI = {
    "accounts_cancellazione_persona",
    "accounts_cancellazione_scarica",
    "comunicazioni_comunicazione_esporta",
    "eventi_incontro_accogli",
    "eventi_incontro_iscrivi",
    "eventi_incontro_iscrivi_disfa",
    "eventi_incontro_sportello",
    "eventi_iscrizione_foglio",
    "laboratori_attore_foglio",
    "proposte_proposta_coda_voce",
    "proposte_proposta_esiti",
    "proposte_proposta_integra",
    "proposte_verbalizzante_tavoli",
    "tavolo_esame_apri",
}


def rotte(percorsi=None, prima=""):
    """(name, arguments) of each of the admin's own addresses."""
    for percorso in admin.site.urls[0] if percorsi is None else percorsi:
        if isinstance(percorso, URLResolver):
            yield from rotte(percorso.url_patterns, prima + str(percorso.pattern))
        elif percorso.name not in DI_DJANGO:
            yield percorso.name, _ARGOMENTO.findall(prima + str(percorso.pattern))


def modello_di(nome):
    """The model whose screen has this address."""
    for modello in admin.site._registry:
        if nome.startswith(f"{modello._meta.app_label}_{modello._meta.model_name}_"):
            return modello
    raise LookupError(nome)


def proprie():
    """The addresses that are not Django's five for each model."""
    di_django = {
        f"{modello._meta.app_label}_{modello._meta.model_name}_{verbo}"
        for modello in admin.site._registry
        for verbo in ("add", "change", "changelist", "delete", "history")
    }
    return [nome for nome, _argomenti in rotte() if nome not in di_django]


def da_percorrere():
    return sorted({*proprie()} - {*SOLA_LETTURA} - {*ALTROVE} - PARTICOLARI)


# --- What the example cycle has not ---------------------------------------------------------


def _con_posto_offerto():
    iscrizione = IscrizioneFactory(
        stato=Iscrizione.Stato.POSTO_OFFERTO,
        email=None,
        telefono="0523 111111",
        scade_at=timezone.now() + timedelta(days=1),
    )
    return Telefonata.objects.create(
        iscrizione=iscrizione,
        genere=Telefonata.Genere.POSTO_OFFERTO,
        entro_at=iscrizione.scade_at,
        created_at=timezone.now(),
    )


def _persona_con_app():
    persona = UserFactory()
    con_app(persona)
    return persona


def _bozza_di_seduta(**campi):
    seduta = SedutaFactory(in_preparazione=True, incontro__stato="bozza", **campi)
    PuntoFactory(seduta=seduta)
    ComponenteFactory(seggio__percorso=seduta.incontro.percorso)
    return seduta


def _seduta_che_comincia():
    seduta = SedutaFactory(incontro__inizio=timezone.now() - timedelta(minutes=5))
    PuntoFactory(seduta=seduta)
    return seduta


def _con_un_punto_in_piu():
    seduta = SedutaFactory()
    ComponenteFactory(seggio__percorso=seduta.incontro.percorso)
    PuntoFactory(seduta=seduta)
    return seduta


def _in_invio():
    comunicazione = ComunicazioneFactory(stato=Comunicazione.Stato.IN_INVIO)
    Comunicazione.objects.filter(pk=comunicazione.pk).update(preparati=1, previsti=1)
    return comunicazione


# The door → a row before which it is open.
PREPARA = {
    "accounts_user_togli_fattori": _persona_con_app,
    "comunicazioni_comunicazione_annulla": ComunicazioneFactory,
    "comunicazioni_comunicazione_ferma": _in_invio,
    "comunicazioni_comunicazione_invia": lambda: ComunicazioneFactory(
        incontro=IscrizioneFactory().incontro
    ),
    "comunicazioni_comunicazione_prova": ComunicazioneFactory,
    "eventi_accoglienza_invia": lambda: AccoglienzaFactory(nome="Ugo", email="ugo@example.org"),
    "eventi_resoconto_pubblica": lambda: ResocontoFactory(pubblicato_at=None),
    "eventi_telefonata_accetta": _con_posto_offerto,
    "eventi_telefonata_rinuncia": _con_posto_offerto,
    "posta_messaggio_rispedisci": lambda: MessaggioFactory(stato=Messaggio.Stato.FALLITO),
    "proposte_commento_riammetti": lambda: CommentoFactory(
        nascosto_at=timezone.now(), motivo="offensivo", motivazione="Insulta."
    ),
    "proposte_proposta_completa": lambda: PropostaFactory(
        stato=Proposta.Stato.BOZZA,
        proponente=None,
        nome_mostrato="Ada",
        canale="cartaceo",
        registrato_da=UserFactory(),
    ),
    "proposte_verbalizzante_invia": lambda: VerbalizzanteFactory(email="ugo@example.org"),
    "tavolo_componente_invita": lambda: ComponenteFactory(invitato=True, invitato_at=None),
    "tavolo_seduta_apri": _seduta_che_comincia,
    "tavolo_seduta_chiudi": lambda: SedutaFactory(
        stato=Seduta.Stato.APERTA, aperta_at=timezone.now(), incontro__inizio=timezone.now()
    ),
    "tavolo_seduta_convoca": _bozza_di_seduta,
    "tavolo_seduta_elimina": _bozza_di_seduta,
    "tavolo_seduta_non_programmare": lambda: _bozza_di_seduta(programmata_at=timezone.now()),
    "tavolo_seduta_programma": lambda: _bozza_di_seduta(
        incontro__inizio=timezone.now() + timedelta(days=60),
        incontro__fine=timezone.now() + timedelta(days=60, hours=2),
    ),
    "tavolo_seduta_riconvoca": _con_un_punto_in_piu,
    "tavolo_seggio_componente": SeggioFactory,
}
# The door → what its form can not guess.
COME = {
    "proposte_avanzamento_file": lambda: {
        "file": SimpleUploadedFile("foto.png", UN_PIXEL),
        "titolo_file": "La piazza",
    },
    "eventi_incontro_chiudi": lambda: {"_salva": "Salva", "titoli": ""},
    "proposte_proposta_verifica": lambda: {"competenza": "Un altro settore"},
    "comunicazioni_comunicazione_add": lambda: {"incontro": IscrizioneFactory().incontro.pk},
    "laboratori_laboratorio_add": lambda: {"numero": "900", "area": ""},
    "proposte_proposta_dividi": lambda: {"titolo_1": "La prima", "titolo_2": "La seconda"},
}
UN_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# Django's own doors that are walked in a test of their screen.
VERBI_ALTROVE = {
    ("importazioni.Importazione", "add"): "a file is read first: tests/importazioni",
    ("importazioni.Importazione", "change"): "asks for what was read: tests/importazioni",
    ("proposte.Proposta", "add"): "from paper: tests/proposte/test_admin.py",
    ("tavolo.ImpostazioniTavolo", "add"): "one for each percorso, and the example has it",
    ("tavolo.DocumentoTavolo", "add"): "by ``ConPorte.nuovo``, as the others of the Tavolo",
    ("tavolo.Garante", "add"): "by ``ConPorte.nuovo``, as the others of the Tavolo",
    ("tavolo.Seggio", "add"): "by ``ConPorte.nuovo``, as the others of the Tavolo",
}
# The door → the row of which its line is, when that is not the row of its page.
DI_CHI = {
    "proposte_proposta_verifica": lambda proposta: VerificaTecnica.objects.get(proposta=proposta)
}


# --- Going through --------------------------------------------------------------------------


def riempi(form, dati, lunghi=True):
    """Give each field that must have something and has nothing what it accepts."""
    for nome, campo in form.fields.items():
        chiave = form.add_prefix(nome)
        scritto = dati.get(chiave) or [""]
        if any(str(uno).strip() for uno in scritto) or contesa.widget(campo).is_hidden:
            continue
        # What the service asks for, the form may call optional: a reason, an explanation.
        lungo = lunghi and isinstance(contesa.widget(campo), forms.Textarea)
        if (campo.required or lungo) and (valore := _valore(campo)) is not None:
            dati[chiave] = valore
    return dati


def _valore(campo):
    scelte = [str(v) for v, _ in getattr(campo, "choices", ()) if str(v)]
    if isinstance(campo, forms.MultipleChoiceField | forms.ModelMultipleChoiceField):
        return scelte[:1]
    if hasattr(campo, "choices"):
        return scelte[0] if scelte else None
    if isinstance(campo, forms.BooleanField):
        return "on"
    if isinstance(campo, forms.FileField | forms.URLField):
        return None
    if isinstance(campo, forms.SlugField):
        return "una-prova"
    if isinstance(campo, forms.EmailField):
        return "nuova@example.org"
    if isinstance(campo, forms.DateTimeField):
        return f"{timezone.localtime() + timedelta(days=40):%Y-%m-%dT%H:%M}"
    if isinstance(campo, forms.DateField):
        return f"{timezone.localdate() + timedelta(days=1):%Y-%m-%d}"
    if isinstance(campo, forms.IntegerField):
        return str(max(campo.min_value or 0, 1))
    if isinstance(campo, forms.CharField):
        return "Una prova abbastanza lunga da valere come motivo."[: campo.max_length]
    return localize_input(1)


def modulo_di(risposta):
    """What the main form of a page sends; None when the page has none."""
    pagina = html.fromstring(risposta.content.decode())
    for form in pagina.xpath('//*[@id="content"]//form'):
        # Not the switch to the citizen's view, which every page with one of the site's has.
        if form.method == "POST" and form.action != reverse("admin:come_cittadino"):
            dati = {}
            for nome, valore in form.form_values():
                dati.setdefault(nome, []).append(valore)
            return dati
    return None


def aperte(client, nome, righe):
    """Of the rows of a door those for which its page offers a form: (row, address, data)."""
    for obj in righe:
        url = reverse(f"admin:{nome}", args=[obj.pk])
        risposta = client.get(url)
        if risposta.status_code != 200 or risposta.context is None:
            continue
        dati = modulo_di(risposta)
        if dati is not None:
            form = risposta.context.get("form")
            yield obj, url, riempi(form, dati) if form is not None else dati


def righe_di(nome):
    """The rows before which a door may be open."""
    if nome in PREPARA:
        return [PREPARA[nome]()]
    return modello_di(nome)._default_manager.order_by("pk")[:60]


def cambia(obj):
    """What a colleague changed meanwhile, whatever it is."""
    righe = type(obj)._base_manager.filter(pk=obj.pk)
    campi = {campo.name: campo for campo in obj._meta.concrete_fields}
    if "updated_at" in campi:
        righe.update(updated_at=timezone.now() + timedelta(minutes=1))
        return
    for campo in campi.values():
        valore = getattr(obj, campo.attname)
        tipo = campo.get_internal_type()
        if campo.unique or campo.choices or campo.is_relation or valore is None:
            continue
        if tipo in ("CharField", "TextField") and len(valore) < (campo.max_length or 9999):
            righe.update(**{campo.name: f"{valore}."})
            return
        if tipo.endswith("IntegerField"):
            righe.update(**{campo.name: valore + 1})
            return
        if tipo in ("DateField", "DateTimeField"):
            righe.update(**{campo.name: valore + timedelta(days=1)})
            return
    raise AssertionError(f"nothing to change in {obj!r}")


def voci(obj, persona, pk=None):
    """The lines of the log on this object, by this officer."""
    return LogEntry.objects.filter(
        user=persona,
        content_type=ContentType.objects.get_for_model(obj, for_concrete_model=False),
        object_id=str(pk or obj.pk),
    )


@contextmanager
def per_prova():
    """What happens here has not happened."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def attraversa(client, persona, nome):
    """Go through a door: (lines left on its row, what the second officer was told); None where no
    row has it open."""
    with per_prova():
        for obj, url, dati in aperte(client, nome, righe_di(nome)):
            dati = {**dati, **COME.get(nome, dict)()}
            with per_prova():
                fatto = client.post(url, dati)
                di_chi = DI_CHI.get(nome, lambda suo: suo)(obj)
                righe = voci(di_chi, persona, di_chi.pk or obj.pk).count()
            if fatto.status_code != 302:
                continue
            with per_prova():
                cambia(obj)
                secondo = client.post(url, dati)
                detto = ""
                if secondo.status_code == 200 and not voci(obj, persona).exists():
                    detto = " ".join(secondo.context["form"].non_field_errors())
            return righe, detto
    return None


def modelli():
    return sorted(admin.site._registry, key=lambda modello: modello._meta.label)


def verbo(client, persona, modello, quale):
    """Django's own three doors of a model: the lines left; None where it is not open."""
    nome = f"{modello._meta.app_label}_{modello._meta.model_name}_{quale}"
    with per_prova():
        if quale == "add":
            return _aggiungi(client, persona, modello, nome)
        for obj in modello._default_manager.order_by("-pk")[:40]:
            url, pk = reverse(f"admin:{nome}", args=[obj.pk]), obj.pk
            risposta = client.get(url)
            if risposta.status_code != 200 or (dati := modulo_di(risposta)) is None:
                continue
            with per_prova():
                if client.post(url, dati).status_code == 302:
                    return voci(obj, persona, pk).count()
    return None


def _aggiungi(client, persona, modello, nome):
    url = reverse(f"admin:{nome}")
    risposta = client.get(url)
    if risposta.status_code != 200 or (dati := modulo_di(risposta)) is None:
        return None
    vista = risposta.context.get("adminform")
    form = vista.form if vista is not None else risposta.context.get("form")
    prima = modello._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
    dati = {**riempi(form, dati, lunghi=False), **COME.get(nome, dict)()}
    fatto = client.post(url, dati)
    if fatto.status_code != 302:
        vista = fatto.context and (fatto.context.get("adminform") or fatto.context.get("form"))
        return str(dict(getattr(vista, "form", vista).errors)) if vista else fatto.status_code
    nuovo = modello._default_manager.order_by("-pk").first()
    return voci(nuovo, persona).count() if nuovo.pk != prima else "none was made"
