"""Meetings for people's own calendars and feed readers."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import linebreaks
from django.utils.translation import gettext
from django.views.decorators.http import conditional_page, require_safe

from eventi import dati_strutturati
from eventi.calendario import ics_elenco, ics_incontro
from eventi.models import Incontro
from eventi.schede import avviso
from laboratori.models import Laboratorio
from portale.lib.emails import assoluto

# The clock of a calendar without meetings.
MAI = datetime(2023, 1, 1, tzinfo=UTC)
VOCI_ATOM = 40
# XML has no way to write these; a text pasted from a word processor may hold some.
CONTROLLI = dict.fromkeys(set(range(32)) - {9, 10, 13})


@require_safe
@conditional_page
def calendario_ics(request):
    """Every meeting of the city: all to come and the last three months."""
    nome = gettext("Incontri – %(portale)s") % {"portale": settings.ENTE["portale"]}
    return _elenco(Incontro.objects.all(), nome, "incontri")


@require_safe
@conditional_page
def laboratorio_ics(request, slug):
    """The meetings of one lab."""
    laboratorio = get_object_or_404(Laboratorio.objects.pubblici(), slug=slug)
    return _elenco(laboratorio.incontri.all(), laboratorio.nome, slug)


@require_safe
@conditional_page
def incontro_ics(request, slug):
    """One meeting. 404 while its day is not known: a calendar has no place for it."""
    incontro = get_object_or_404(Incontro.objects.in_calendario().for_elenco(), slug=slug)
    return _file(ics_incontro(incontro, adesso=incontro.updated_at), slug)


def _elenco(incontri, nome, file):
    incontri = list(incontri.da_sottoscrivere(timezone.now()).for_elenco())
    # The clock of the file is the last change, so that the same meetings give the same bytes
    # and the ETag answers 304. There is no Last-Modified: a venue's new address or a meeting
    # that drops out would not move it.
    modificato = max((incontro.updated_at for incontro in incontri), default=MAI)
    return _file(ics_elenco(incontri, nome=nome, adesso=modificato), file)


def _file(contenuto, nome):
    response = HttpResponse(contenuto, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="{nome}.ics"'
    response["Cache-Control"] = "max-age=0, must-revalidate"
    return response


class NovitaIncontri(Feed):
    """Meetings by their last change, each under one id for ever."""

    feed_type = Atom1Feed

    def title(self):
        return gettext("Incontri – %(portale)s") % {"portale": settings.ENTE["portale"]}

    def subtitle(self):
        return gettext("Gli incontri pubblici: nuovi, spostati, annullati e con il resoconto.")

    def link(self):
        return assoluto(reverse("eventi:incontro_list"))

    def feed_url(self):
        return assoluto(reverse("eventi:incontro_atom"))

    def feed_guid(self):
        return _id("incontri")

    def author_name(self):
        return settings.ENTE["nome"]

    def items(self):
        incontri = Incontro.objects.da_sottoscrivere(timezone.now()).for_elenco()
        return incontri.order_by("-updated_at", "-pk")[:VOCI_ATOM]

    def item_title(self, incontro):
        return dati_strutturati.titolo(incontro).translate(CONTROLLI)

    def item_description(self, incontro):
        righe = [incontro.quando, incontro.dove, avviso(incontro), incontro.motivo]
        testo = "\n".join(riga for riga in (*righe, incontro.descrizione) if riga)
        return linebreaks(testo.translate(CONTROLLI), autoescape=True)

    def item_link(self, incontro):
        return assoluto(incontro.get_absolute_url())

    def item_guid(self, incontro):
        return _id(f"incontro-{incontro.pk}")

    def item_pubdate(self, incontro):
        return incontro.created_at

    def item_updateddate(self, incontro):
        return incontro.updated_at

    def item_categories(self, incontro):
        categorie = [str(incontro.get_genere_display())]
        if incontro.laboratorio:
            categorie.append(incontro.laboratorio.nome)
        return categorie


incontro_atom = require_safe(conditional_page(NovitaIncontri()))


def _id(nome):
    """A tag URI (RFC 4151): the same in every language, whatever becomes of the addresses."""
    return f"tag:{urlsplit(settings.BASE_URL).hostname},2023:{nome}"
