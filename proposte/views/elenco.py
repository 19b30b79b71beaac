"""Lists of proposals and needs, their map, feed and files: nothing here changes anything, and
everybody sees the same."""

from itertools import islice
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import linebreaks
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.views.decorators.http import condition, conditional_page, require_safe

from eventi.filtri import CITTA
from portale.lib import dates
from portale.lib.emails import assoluto
from portale.lib.limiti import consenti, limite_superato
from portale.lib.ricerca import estratto
from proposte import esportazione
from proposte.filtri import (
    FiltroBisogni,
    FiltroProposte,
    bisogni_da_scegliere,
    elenca,
    elenca_bisogni,
    nuovo_seme,
    prossimo_seme,
    trova,
)
from proposte.models import Bisogno, Canale, Proposta
from proposte.punti import Riquadro, disegna
from proposte.schede import evidenziate, schede, schede_bisogni

VOCI_ATOM = 40
# Proposals of a part of the map that are listed one by one.
LISTA_MASSIMA = 50
# XML has no way to write these; a text pasted from a word processor may hold some.
CONTROLLI = dict.fromkeys(set(range(32)) - {9, 10, 13})


# --- Lists ----------------------------------------------------------------------------------


@require_safe
def proposta_list(request):
    """The published proposals: filters, orders, words, and how many each choice would give."""
    oggi = dates.a_roma(timezone.now()).date()
    filtro = FiltroProposte(request.GET, oggi=oggi)
    if filtro.da_sorteggiare:
        # The address says which order by chance it is: it stays while one goes back and forth,
        # needs no cookie, and may be passed on.
        return redirect(_url("proposte:proposta_list", filtro.indirizzo(seme=nuovo_seme())))
    elenco = elenca(filtro, request.GET)
    voci = schede(elenco.pagina.chiavi, filtro.nascosti)
    if filtro.radici:
        voci = evidenziate(Proposta, voci, filtro.radici)
    return render(
        request,
        "proposte/proposta_list.html",
        {
            **_pagina("proposte:proposta_list", filtro, elenco),
            **_viste(filtro, "elenco"),
            "schede": voci,
            "opzioni": _opzioni(filtro, elenco.conteggi),
            "mescola": _mescola(filtro),
            "file": _file(filtro),
        },
    )


@require_safe
def bisogno_list(request):
    """The published needs, and how many proposals answer each."""
    filtro = FiltroBisogni(request.GET)
    elenco = elenca_bisogni(filtro, request.GET)
    voci = schede_bisogni(elenco.pagina.chiavi)
    if filtro.radici:
        voci = evidenziate(Bisogno, voci, filtro.radici)
    return render(
        request,
        "bisogni/bisogno_list.html",
        {
            **_pagina("bisogni:bisogno_list", filtro, elenco),
            "schede": voci,
            "opzioni": {
                **_opzioni_comuni(filtro, elenco.conteggi),
                "priorita": _voci(
                    filtro,
                    "priorita",
                    [(str(p), capfirst(testo)) for p, testo in Bisogno.Priorita.choices],
                    elenco.conteggi,
                ),
                "ordine": _ordini(filtro, filtro.ORDINI),
            },
        },
    )


# --- Map ------------------------------------------------------------------------------------


@require_safe
def proposta_mappa(request):
    """Where the proposals are, as a drawing and as a list of the same."""
    oggi = dates.a_roma(timezone.now()).date()
    filtro = FiltroProposte(request.GET, oggi=oggi)
    riquadro = Riquadro.da_testo(request.GET.get("riquadro", ""))
    proposte, piu_di = _da_disegnare(filtro)
    # Only what many ask for is worth remembering.
    comune = not riquadro and not filtro.radici
    nome = f"?{urlencode(filtro.indirizzo(ordine=None, seme=None))}" if comune else ""
    disegno = disegna(proposte, riquadro, nome=nome)
    una_per_una = disegno.viste <= LISTA_MASSIMA
    chiavi = (
        list(disegno.luoghi.order_by("-pubblicata_at", "-pk").values_list("pk", flat=True))
        if una_per_una
        else [segno.pk for segno in disegno.segni if segno.pk]
    )
    voci = {scheda.pk: scheda for scheda in schede(chiavi, filtro.nascosti)}
    nomi = {zona.pk: zona.nome for zona in filtro.zone.values()} | {
        None: gettext("Tutta la città")
    }
    return render(
        request,
        "proposte/proposta_mappa.html",
        {
            **_viste(filtro, "mappa"),
            "filtro": filtro,
            "attivi": _attivi("proposte:proposta_mappa", filtro),
            "url_elenco": _url("proposte:proposta_list", filtro.indirizzo()),
            "url_tutte": reverse("proposte:proposta_mappa"),
            "opzioni": _opzioni(filtro, None),
            "piu_di": piu_di,
            "disegno": disegno,
            "segni": [
                {
                    "segno": segno,
                    "scheda": voci.get(segno.pk),
                    "dove": nomi.get(segno.laboratorio, ""),
                    "url": _url(
                        "proposte:proposta_mappa", filtro.indirizzo(riquadro=segno.riquadro)
                    )
                    if segno.riquadro
                    else "#proposte",
                }
                for segno in disegno.segni
            ],
            "schede": list(voci.values()) if una_per_una else [],
            "vicino": riquadro is not None,
            "url_citta": _url("proposte:proposta_mappa", filtro.indirizzo()),
        },
    )


def _da_disegnare(filtro):
    """What is asked for; of a search what the list shows of it, the best of more than so many
    (0: all of them)."""
    proposte = Proposta.objects.in_elenco()
    if not filtro.radici:
        return filtro.filtra(proposte), 0
    trovate, tutte = trova(filtro)
    chiavi = [trovata.pk for trovata in trovate]
    return proposte.filter(pk__in=chiavi), 0 if tutte else len(chiavi)


# --- Feed -----------------------------------------------------------------------------------


class NovitaProposte(Feed):
    """The last proposals that were published, each under one id for ever. With the filters of
    the list: ``?zona=3`` is the feed of a lab."""

    feed_type = Atom1Feed

    def get_object(self, request):
        oggi = dates.a_roma(timezone.now()).date()
        return FiltroProposte(request.GET, oggi=oggi)

    def title(self, filtro):
        parti = [testo for _campo, testo in filtro.attivi()]
        nome = gettext("Proposte – %(portale)s") % {"portale": settings.ENTE["portale"]}
        return ": ".join([nome, ", ".join(parti)] if parti else [nome]).translate(CONTROLLI)

    def subtitle(self, filtro):
        return gettext("Le ultime proposte pubblicate.")

    def link(self, filtro):
        return assoluto(_url("proposte:proposta_list", filtro.indirizzo()))

    def feed_url(self, filtro):
        return assoluto(_url("proposte:proposta_atom", filtro.indirizzo()))

    def feed_guid(self, filtro):
        return _id("-".join(["proposte", *filtro.indirizzo().values()]).translate(CONTROLLI))

    def author_name(self, filtro):
        return settings.ENTE["nome"]

    def items(self, filtro):
        proposte = Proposta.objects.in_elenco()
        if filtro.radici:
            # The last among the best: a common word is not looked for in every text.
            ultime = sorted(trova(filtro)[0], key=lambda t: (t.pubblicata_at, t.pk))[-VOCI_ATOM:]
            proposte = proposte.filter(pk__in=[trovata.pk for trovata in ultime])
        else:
            proposte = filtro.filtra(proposte)
        return (
            proposte.select_related("laboratorio")
            .prefetch_related("temi")
            .defer("indice", "indice_titolo")
            # Else PostgreSQL would first pass by those that have no date.
            .filter(pubblicata_at__isnull=False)
            .order_by("-pubblicata_at", "-pk")[:VOCI_ATOM]
        )

    def item_title(self, proposta):
        titolo = proposta.titolo.translate(CONTROLLI)
        return gettext("[esempio] %(titolo)s") % {"titolo": titolo} if proposta.esempio else titolo

    def item_description(self, proposta):
        testi = (proposta.che_cosa, proposta.perche)
        testo = "\n\n".join(estratto(t, lunghezza=600) for t in testi if t)
        return linebreaks(testo.translate(CONTROLLI), autoescape=True)

    def item_link(self, proposta):
        return assoluto(proposta.get_absolute_url())

    def item_guid(self, proposta):
        return _id(f"proposta-{proposta.pk}")

    def item_pubdate(self, proposta):
        return proposta.pubblicata_at

    def item_updateddate(self, proposta):
        return proposta.updated_at

    def item_categories(self, proposta):
        categorie = [capfirst(str(proposta.get_stato_display()))]
        if proposta.laboratorio:
            categorie.append(proposta.laboratorio.nome)
        return [*categorie, *(tema.nome for tema in proposta.temi.all())]


proposta_atom = require_safe(conditional_page(NovitaProposte()))


def _id(nome):
    """A tag URI (RFC 4151): the same in every language, whatever becomes of the addresses."""
    return f"tag:{urlsplit(settings.BASE_URL).hostname},2023:{nome}"


# --- Files ----------------------------------------------------------------------------------


def _impronta(request, **_argomenti):
    oggi = dates.a_roma(timezone.now()).date()
    filtro = FiltroProposte(request.GET, oggi=oggi)
    return esportazione.impronta(filtro.filtra(Proposta.objects.in_elenco()), oggi)


@require_safe
@condition(etag_func=_impronta)
def proposta_csv(request):
    return _proposte(request, "proposte", "csv")


@require_safe
@condition(etag_func=_impronta)
def proposta_json(request):
    return _proposte(request, "proposte", "json")


@require_safe
def legami_csv(request):
    return _proposte(request, "legami", "csv")


@require_safe
def legami_json(request):
    return _proposte(request, "legami", "json")


@require_safe
def bisogno_csv(request):
    return _tavola(request, "bisogni", "csv", _bisogni(request))


@require_safe
def bisogno_json(request):
    return _tavola(request, "bisogni", "json", _bisogni(request))


@require_safe
def proposta_colonne(request):
    """What the files hold, column by column."""
    return render(
        request,
        "proposte/proposta_colonne.html",
        {
            "tavole": [
                {
                    "titolo": titolo,
                    "nome": esportazione.TAVOLE[nome].nome,
                    "colonne": esportazione.TAVOLE[nome].colonne,
                    "csv": reverse(csv),
                    "json": reverse(json),
                }
                for nome, titolo, csv, json in (
                    (
                        "proposte",
                        gettext("Le proposte"),
                        "proposte:proposta_csv",
                        "proposte:proposta_json",
                    ),
                    (
                        "legami",
                        gettext("Temi e bisogni delle proposte"),
                        "proposte:legami_csv",
                        "proposte:legami_json",
                    ),
                    (
                        "bisogni",
                        gettext("I bisogni"),
                        "bisogni:bisogno_csv",
                        "bisogni:bisogno_json",
                    ),
                )
            ],
            "url_elenco": reverse("proposte:proposta_list"),
            "url_atom": reverse("proposte:proposta_atom"),
        },
    )


def _proposte(request, tavola, formato):
    oggi = dates.a_roma(timezone.now()).date()
    filtro = FiltroProposte(request.GET, oggi=oggi)
    return _tavola(request, tavola, formato, filtro.filtra(Proposta.objects.in_elenco()))


def _bisogni(request):
    return FiltroBisogni(request.GET).filtra(Bisogno.objects.pubblici())


def _tavola(request, nome, formato, righe):
    """The file, written while it is read. No session is touched: whoever fetches is a program."""
    if not consenti(request, "esportazione", limite="120/h"):
        return limite_superato(request)
    tavola = esportazione.TAVOLE[nome]
    oggi = dates.a_roma(timezone.now()).date()
    scrivi, tipo = {
        "csv": (esportazione.come_csv, "text/csv; charset=utf-8"),
        "json": (esportazione.come_json, "application/json"),
    }[formato]
    response = StreamingHttpResponse(_a_pezzi(scrivi(tavola, righe, oggi)), content_type=tipo)
    response["Content-Disposition"] = f'attachment; filename="{tavola.nome}.{formato}"'
    response["Cache-Control"] = "max-age=0, must-revalidate"
    return response


def _a_pezzi(righe):
    """Some hundred lines at a time: a server spends more on a piece than on a line."""
    while pezzo := "".join(islice(righe, 200)):
        yield pezzo


# --- Pieces ---------------------------------------------------------------------------------


def _url(nome, argomenti):
    return f"{reverse(nome)}?{urlencode(argomenti)}" if argomenti else reverse(nome)


def _pagina(nome, filtro, elenco):
    """What every list shows of its filters and of its pages."""
    pagina = elenco.pagina

    def a_pagina(argomenti):
        return None if argomenti is None else _url(nome, filtro.indirizzo() | argomenti)

    return {
        "filtro": filtro,
        "attivi": _attivi(nome, filtro),
        "totale": elenco.totale,
        "troppe": elenco.troppe,
        "url_elenco": reverse(nome),
        "pagina_di": pagina,
        "pagine": {
            parte: a_pagina(getattr(pagina, parte))
            for parte in ("prima", "precedente", "successiva", "ultima")
        },
    }


def _attivi(nome, filtro):
    """The filters in use: (words, the same page without)."""
    return [
        (testo, _url(nome, filtro.indirizzo(**{campo: None}))) for campo, testo in filtro.attivi()
    ]


def _viste(filtro, attiva):
    """The ways to look at proposals, ``attiva`` being this one."""
    argomenti = filtro.indirizzo()
    senza_ordine = filtro.indirizzo(ordine=None, seme=None)
    return {
        "attiva": attiva,
        "url_vista_elenco": _url("proposte:proposta_list", argomenti),
        "url_vista_mappa": _url("proposte:proposta_mappa", senza_ordine),
        "url_nuova": reverse("proposte:proposta_nuova"),
    }


def _mescola(filtro):
    """Another order by chance; empty when the order is not by chance."""
    if filtro.scelte.get("ordine") != "casuale":
        return ""
    seme = prossimo_seme(filtro.scelte["seme"])
    return _url("proposte:proposta_list", filtro.indirizzo(seme=seme))


def _file(filtro):
    """Where what is listed can be fetched by a program."""
    argomenti = filtro.indirizzo(ordine=None, seme=None)
    return {
        "csv": _url("proposte:proposta_csv", argomenti),
        "json": _url("proposte:proposta_json", argomenti),
        "atom": _url("proposte:proposta_atom", argomenti),
        "colonne": reverse("proposte:proposta_colonne"),
    }


def _opzioni(filtro, conteggi):
    """For each select: (value, words, how many or None, chosen)."""
    return {
        **_opzioni_comuni(filtro, conteggi),
        "stato": _voci(
            filtro,
            "stato",
            [(str(stato), capfirst(stato.label)) for stato in Proposta.IN_ELENCO],
            conteggi,
        ),
        "canale": _voci(
            filtro,
            "canale",
            [(canale, capfirst(testo)) for canale, testo in Canale.choices],
            conteggi,
        ),
        "bisogno": _voci(filtro, "bisogno", bisogni_da_scegliere(filtro), None),
        "ordine": _ordini(filtro, filtro.ordini()),
    }


def _opzioni_comuni(filtro, conteggi):
    zone = [(numero, zona.etichetta) for numero, zona in filtro.zone.items()]
    temi = [(tema.slug, tema.nome, tema.attivo) for tema in filtro.temi.values()]
    # An old theme stays as long as something has it.
    contati = conteggi["tema"] if conteggi else {}
    return {
        "zona": _voci(filtro, "zona", [*zone, (CITTA, gettext("Tutta la città"))], conteggi),
        "tema": _voci(
            filtro,
            "tema",
            [(slug, nome) for slug, nome, attivo in temi if attivo or contati.get(slug)],
            conteggi,
        ),
    }


def _voci(filtro, campo, scelte, conteggi):
    cercato = filtro.data.get(campo, "")
    return [
        (valore, testo, conteggi[campo][valore] if conteggi else None, valore == cercato)
        for valore, testo in scelte
    ]


def _ordini(filtro, ordini):
    scelto = filtro.scelte.get("ordine", "")
    return [(valore, testo, None, valore == scelto) for valore, testo in ordini]
