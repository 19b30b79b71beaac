"""Reading about meetings: nothing here changes anything, and everybody sees the same."""

from calendar import Calendar
from datetime import date, timedelta
from functools import lru_cache
from mimetypes import guess_type
from pathlib import PurePath
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Max, Min
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from eventi import chiusura, dati_strutturati
from eventi.filtri import CITTA, FiltroIncontri, ultimo_del_mese
from eventi.filtri import zone as zone_da_scegliere
from eventi.models import AllegatoResoconto, Incontro, Iscrizione, Resoconto
from eventi.schede import avviso, distintivi, in_lista_d_attesa, posti_a_parole, schede_note
from eventi.services import perche_chiuse
from portale.lib import dates

PER_PAGINA = 20
# A calendar has no end, but nobody looks for meetings out of these years.
ANNI = range(2000, 2101)
# What a browser may open by itself; the rest is saved.
APRIBILI = {".pdf": "application/pdf", ".png": "image/png", ".jpg": "image/jpeg"}
APRIBILI[".jpeg"] = APRIBILI[".jpg"]


# --- Lists ----------------------------------------------------------------------------------


@require_safe
def incontro_list(request):
    """The meetings to come, soonest first, with the filters and how much each would give."""
    adesso = timezone.now()
    zone = zone_da_scegliere()
    filtro = FiltroIncontri(request.GET, zone=zone, oggi=dates.a_roma(adesso).date())
    futuri = Incontro.objects.pubblici().futuri(adesso)
    totale, conteggi = filtro.conta(futuri)
    pagina = _Paginatore(filtro.filtra(futuri), PER_PAGINA, totale).get_page(
        request.GET.get("page")
    )
    return render(
        request,
        "eventi/incontro_list.html",
        {
            **_viste("elenco", adesso),
            "filtro": filtro,
            "scelte": filtro.data,
            "opzioni": _opzioni(filtro, zone, conteggi),
            "attivi": [(testo, _senza(request, campi)) for campi, testo in filtro.attivi()],
            "totale": totale,
            "page_obj": pagina,
            "schede": schede_note(pagina.object_list, adesso),
        },
    )


@require_safe
def incontro_archivio(request):
    """The meetings that are over, latest first, with their reports."""
    adesso = timezone.now()
    passati = Incontro.objects.pubblici().passati(adesso)
    pagina = Paginator(passati, PER_PAGINA).get_page(request.GET.get("page"))
    return render(
        request,
        "eventi/incontro_archivio.html",
        {
            **_viste("archivio", adesso),
            "page_obj": pagina,
            "schede": schede_note(pagina.object_list, adesso),
        },
    )


@require_safe
def incontro_mese(request, anno, mese):
    """One month of Rome's calendar, past meetings included."""
    if anno not in ANNI or not 1 <= mese <= 12:
        raise Http404
    adesso = timezone.now()
    oggi = dates.a_roma(adesso).date()
    primo = date(anno, mese, 1)
    ultimo = ultimo_del_mese(primo)
    in_calendario = Incontro.objects.in_calendario()
    limiti = in_calendario.aggregate(primo=Min("inizio"), ultimo=Max("inizio"))
    da, a = (
        min(oggi, dates.a_roma(limiti["primo"]).date()) if limiti["primo"] else oggi,
        max(oggi, dates.a_roma(limiti["ultimo"]).date()) if limiti["ultimo"] else oggi,
    )
    incontri = in_calendario.nel_periodo(primo, ultimo).order_by("inizio", "pk")
    giorni = {}
    for scheda in schede_note(incontri, adesso):
        giorni.setdefault(date.fromisoformat(scheda.iso[:10]), []).append(scheda)
    precedente, prossimo = primo - timedelta(days=1), ultimo + timedelta(days=1)
    return render(
        request,
        "eventi/incontro_mese.html",
        {
            **_viste("mese", adesso),
            "titolo": dates.mese_anno(primo),
            "nomi_dei_giorni": dates.giorni_della_settimana(),
            "settimane": [
                [
                    {
                        "numero": giorno.day,
                        "nel_mese": giorno.month == mese,
                        "oggi": giorno == oggi,
                        "schede": giorni.get(giorno, ()) if giorno.month == mese else (),
                    }
                    for giorno in settimana
                ]
                for settimana in Calendar().monthdatescalendar(anno, mese)
            ],
            "giorni": [(dates.giorno_esteso(giorno), voci) for giorno, voci in giorni.items()],
            # Links to months without end would be followed by programs without end.
            "precedente": _mese(precedente) if precedente >= da.replace(day=1) else None,
            "prossimo": _mese(prossimo) if prossimo <= a else None,
        },
    )


# --- One meeting ----------------------------------------------------------------------------


@require_safe
def incontro_detail(request, slug):
    """Everything a person needs in order to come, or to know what came of it."""
    adesso = timezone.now()
    incontro = get_object_or_404(Incontro.objects.pubblici().for_dettaglio(), slug=slug)
    perche = perche_chiuse(incontro, adesso)
    return render(
        request,
        "eventi/incontro_detail.html",
        {
            "incontro": incontro,
            "sede": incontro.sede,
            "url": incontro.get_absolute_url(),
            "briciole": _briciole(incontro, adesso),
            "titolo": dati_strutturati.titolo(incontro),
            "genere": capfirst(incontro.get_genere_display()),
            "distintivi": distintivi(incontro, adesso),
            "avviso": avviso(incontro),
            "riassunto": _riassunto(incontro),
            "descrizione": _paragrafi(incontro.descrizione),
            "finito": incontro.finito(adesso),
            "da_fare": incontro.stato == Incontro.Stato.PUBBLICATO and not incontro.finito(adesso),
            "perche_chiuse": perche,
            "mia": _iscrizione_mia(request, incontro),
            "in_lista": in_lista_d_attesa(incontro),
            "posti_a_parole": posti_a_parole(incontro, perche),
            "chiusura": _chiusura(incontro),
            "barra": _barra(incontro),
            "accesso": accesso_alla_sede(incontro.sede),
            "mappa": mappa(incontro.sede),
            "servizi": _servizi(incontro, adesso),
            "resoconto": _resoconto(incontro),
            "resoconto_entro": _resoconto_entro(incontro, adesso),
            "fasi": _fasi(incontro),
            "fonti": _fonti(incontro.fonti),
            "url_atom": reverse("eventi:incontro_atom"),
            "json_ld": dati_strutturati.come_json(dati_strutturati.evento(incontro)),
        },
    )


def _iscrizione_mia(request, incontro):
    """The registration that she who has signed in has for this meeting; None without one."""
    persona = request.user
    if not persona.is_authenticated:
        return None
    sue = Iscrizione.objects.for_persona(persona, persona.indirizzi_verificati())
    return sue.filter(incontro=incontro, stato__in=Iscrizione.VIVE).order_by("pk").first()


@require_safe
def resoconto_detail(request, slug):
    """What happened at a meeting."""
    resoconto = get_object_or_404(
        Resoconto.objects.pubblicati()
        .filter(incontro__in=Incontro.objects.pubblici())
        .select_related("incontro__percorso", "incontro__laboratorio", "incontro__sede")
        .prefetch_related("allegati"),
        incontro__slug=slug,
    )
    incontro = resoconto.incontro
    url = incontro.get_absolute_url()
    return render(
        request,
        "eventi/resoconto_detail.html",
        {
            "resoconto": resoconto,
            "incontro": incontro,
            "url": url,
            "briciole": [
                (gettext("Incontri passati"), reverse("eventi:incontro_archivio")),
                (incontro.titolo, url),
                (gettext("Resoconto"), ""),
            ],
            "titolo": dati_strutturati.titolo(incontro),
            "pubblicato": dates.giorno_mese_anno(dates.a_roma(resoconto.pubblicato_at).date()),
            "testo": _paragrafi(resoconto.testo),
            "metodo": _paragrafi(resoconto.metodo),
            "organizzazioni": _righe(resoconto.organizzazioni),
            "bisogni": _righe(resoconto.bisogni),
            "idee": _righe(resoconto.idee),
            "categorie": chiusura.per_categoria(resoconto),
            "foto": [
                (f"{url}resoconto/{allegato.pk}/", allegato.titolo)
                for allegato in resoconto.allegati.all()
                if allegato.genere == AllegatoResoconto.Genere.IMMAGINE
            ],
            "allegati": [
                (f"{url}resoconto/{allegato.pk}/", allegato.titolo, _estensione(allegato))
                for allegato in resoconto.allegati.all()
                if allegato.genere != AllegatoResoconto.Genere.IMMAGINE
            ],
            "fonti": _fonti(resoconto.fonti),
        },
    )


@require_safe
def allegato_scarica(request, slug, pk):
    """A file of a published report. 404 for any other, and for one that is not there."""
    allegato = get_object_or_404(
        AllegatoResoconto.objects.filter(
            resoconto__in=Resoconto.objects.pubblicati(),
            resoconto__incontro__in=Incontro.objects.pubblici(),
            resoconto__incontro__slug=slug,
        ),
        pk=pk,
    )
    estensione = PurePath(allegato.file.name).suffix.lower()
    try:
        file = allegato.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(
        file,
        as_attachment=estensione not in APRIBILI,
        filename=f"{slug}-{pk}{estensione}",
        # Never what the browser would guess from the content.
        content_type=APRIBILI.get(estensione)
        or guess_type(f"file{estensione}")[0]
        or "application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "public, max-age=3600"
    return response


# --- Pieces ---------------------------------------------------------------------------------


class _Paginatore(Paginator):
    """A paginator that knows already how many there are."""

    def __init__(self, incontri, per_pagina, totale):
        super().__init__(incontri, per_pagina)
        self.count = totale


def _viste(attiva, adesso):
    """The three ways to look at meetings, ``attiva`` being this one, and how to follow them."""
    oggi = dates.a_roma(adesso)
    return _contorno(get_language(), attiva, oggi.year, oggi.month)


def _contorno(lingua, attiva, anno, mese):
    indirizzi = {
        "url_elenco": reverse("eventi:incontro_list"),
        "url_mese": reverse("eventi:incontro_mese", args=[anno, mese]),
        "url_archivio": reverse("eventi:incontro_archivio"),
        "url_ics": reverse("eventi:calendario_ics"),
        "url_atom": reverse("eventi:incontro_atom"),
    }
    contesto = {"attiva": attiva, **indirizzi}
    return {
        **indirizzi,
        "viste": render_to_string("eventi/_incontro_viste.html", contesto),
        "abbonati": render_to_string("eventi/_incontro_abbonati.html", contesto),
    }


if not settings.DEBUG:
    # A function of its arguments alone: a page need not write again what never changes.
    _contorno = lru_cache(maxsize=128)(_contorno)


def _mese(giorno):
    """Words and address of a month."""
    url = reverse("eventi:incontro_mese", args=[giorno.year, giorno.month])
    return dates.mese_anno(giorno), url


def _opzioni(filtro, zone, conteggi):
    """For each select: (value, words, how many, chosen)."""
    scelte_zona = [(str(zona.numero), zona.etichetta) for zona in zone]
    scelte_zona.append((CITTA, gettext("Tutta la città")))
    generi = [(valore, capfirst(testo)) for valore, testo in Incontro.Genere.choices]

    def voci(campo, scelte):
        cercato = filtro.data.get(campo, "")
        return [
            (valore, testo, conteggi[campo][valore], valore == cercato) for valore, testo in scelte
        ]

    return {
        "zona": voci("zona", scelte_zona),
        "genere": voci("genere", generi),
        "quando": [
            (valore, testo, valore == filtro.data.get("quando")) for valore, testo in filtro.QUANDO
        ],
        "accessibile": conteggi["accessibile"][True],
        "servizi": conteggi["servizi"][True],
    }


def _senza(request, campi):
    """The same page without some filters, from its first page."""
    resto = request.GET.copy()
    for campo in (*campi, "page"):
        resto.pop(campo, None)
    return f"{request.path}?{resto.urlencode()}" if resto else request.path


def _briciole(incontro, adesso):
    if incontro.finito(adesso):
        lista = (gettext("Incontri passati"), reverse("eventi:incontro_archivio"))
    else:
        lista = (gettext("Incontri"), reverse("eventi:incontro_list"))
    return [lista, (incontro.titolo, "")]


def _paragrafi(testo):
    return [parte.strip() for parte in testo.replace("\r", "").split("\n\n") if parte.strip()]


def _righe(testo):
    return [riga.strip() for riga in testo.splitlines() if riga.strip()]


def _riassunto(incontro):
    """One line for search engines and for who shares the page."""
    parti = [incontro.quando, incontro.dove]
    if incontro.laboratorio:
        parti.append(incontro.laboratorio.nome)
    return " · ".join(parti)


def _chiusura(incontro):
    """Until when one registers, where that is before the start."""
    fino = incontro.chiusura_iscrizioni()
    return dates.giorno_e_ora(fino) if fino and fino != incontro.inizio else ""


def _barra(incontro):
    """The seats as parts of a hundred, for the drawing beside the words."""
    if not incontro.posti:
        return None
    occupati = min(incontro.posti_occupati, incontro.posti)
    riservati = min(incontro.posti_riservati, incontro.posti - occupati)
    return {
        "occupati": _centesimi(occupati, incontro.posti),
        "riservati": _centesimi(riservati, incontro.posti),
        "inizio_riservati": _centesimi(incontro.posti - riservati, incontro.posti),
    }


def _centesimi(parte, tutto):
    # A string: a template would write the decimals with a comma.
    return f"{100 * parte / tutto:.1f}"


def _si_no(valore):
    if valore is None:
        return gettext("da comunicare")
    return gettext("sì") if valore else gettext("no")


def accesso_alla_sede(sede):
    """The venue's access facts: (question, answer)."""
    if sede is None:
        return []
    return [
        (gettext("Ingresso senza gradini"), _si_no(sede.senza_gradini)),
        (gettext("Bagno accessibile"), _si_no(sede.bagno_accessibile)),
        (gettext("Anello a induzione per apparecchi acustici"), _si_no(sede.anello_induzione)),
        (gettext("Mezzi pubblici"), sede.mezzi_pubblici or gettext("da comunicare")),
        (gettext("Parcheggio"), sede.parcheggio or gettext("da comunicare")),
    ]


def mappa(sede):
    """A map to open, on a site that asks for no account. Nothing of it is loaded by the page."""
    if sede is None:
        return ""
    if sede.latitudine is not None and sede.longitudine is not None:
        punto = f"{sede.latitudine:.5f}", f"{sede.longitudine:.5f}"
        return "https://www.openstreetmap.org/?mlat={0}&mlon={1}#map=18/{0}/{1}".format(*punto)
    if not sede.indirizzo:
        return ""
    return f"https://www.openstreetmap.org/search?query={quote(sede.indirizzo_completo)}"


def _servizi(incontro, adesso):
    """What can be asked for: (service, description, until when, still possible)."""
    voci = []
    for servizio in incontro.servizi_offerti:
        fino = servizio.richiedibile_fino
        voci.append(
            (
                capfirst(str(servizio)),
                servizio.descrizione,
                dates.giorno_e_ora(fino) if fino else "",
                servizio.richiedibile(adesso),
            )
        )
    return voci


def _resoconto(incontro):
    """Its published report, None without one."""
    resoconto = getattr(incontro, "resoconto", None)
    return resoconto if resoconto and resoconto.pubblicato_at else None


def _resoconto_entro(incontro, adesso):
    """The day promised for the report, empty once it has passed."""
    entro = incontro.resoconto_entro
    if entro is None or entro < dates.a_roma(adesso).date():
        return ""
    return dates.giorno_mese_anno(entro)


def _fasi(incontro):
    """The stages of the process in which the meeting falls."""
    if incontro.inizio is None:
        return []
    giorno = dates.a_roma(incontro.inizio).date()
    return [fase for fase in incontro.percorso.fasi.all() if fase.in_corso(giorno)]


def _fonti(indirizzi):
    """(address, the site it is on)."""
    return [(url, urlsplit(url).hostname or url) for url in indirizzi]


def _estensione(allegato):
    return PurePath(allegato.file.name).suffix.lstrip(".").upper()
