"""What search engines read: where they may go, and every public page in both languages."""

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import sitemap as django_sitemap
from django.http import HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from eventi.models import Incontro, Resoconto
from laboratori.models import Laboratorio
from percorso.models import Percorso
from proposte.models import Bisogno, Proposta
from tavolo.models import Decisione, Seduta, Verbale

# Private pages, and those that lead nowhere without a person. /en/ repeats the citizens' ones.
RISERVATE = (
    "/admin/",
    "/accounts/",
    "/iscrizioni/",
    "/profilo/",
    "/laboratori/disponibilita/*/",
    "/partecipo/",
    "/presenze/",
    "/proposte/bozza/",
    "/proposte/mie/",
    "/raccolta/",
    "/seguiti/",
    "/tavolo/invito/",
    "/tavolo/domande/",
)
CON_LINGUA = RISERVATE[1:]
# The newest of each: the map stays small, and the lists lead to the others.
PROPOSTE_IN_MAPPA = 1000


@require_safe
def robots(request):
    righe = ["User-agent: *"]
    righe += [f"Disallow: {percorso}" for percorso in RISERVATE]
    righe += [f"Disallow: /en{percorso}" for percorso in CON_LINGUA]
    righe += ["Disallow: /tavolo/area-riservata/"]
    righe += ["", f"Sitemap: {settings.BASE_URL}{reverse('sitemap')}", ""]
    return HttpResponse("\n".join(righe), content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request):
    """The address that browsers ask by themselves where a page names no icon (the admin's)."""
    return HttpResponseRedirect(static("img/favicon.ico"))


class _Bilingue(Sitemap):
    """Each address in Italian and English, each naming the other."""

    i18n = True
    alternates = True
    x_default = True
    protocol = settings.BASE_URL.split("://")[0]

    def get_domain(self, site=None):
        # The portal's own address, whatever name the request came by.
        return settings.BASE_URL.split("://")[1]


class PagineSitemap(_Bilingue):
    def items(self):
        return [
            "home",
            "percorso_list",
            "laboratorio_list",
            "eventi:incontro_list",
            "eventi:incontro_archivio",
            "tavolo:tavolo",
            "tavolo:seduta_list",
            "tavolo:decisione_list",
            "tavolo:parere_list",
            "tavolo:adesione_crea",
            "tavolo:verbale_verifica",
            "laboratori:disponibilita_crea",
            "contatti",
            "domande_frequenti",
            "privacy",
            "accessibilita",
            "note_legali",
        ]

    def location(self, item):
        return reverse(item)


class PercorsiSitemap(_Bilingue):
    def items(self):
        return Percorso.objects.pubblici()

    def lastmod(self, item):
        return item.updated_at


class EsitiSitemap(PercorsiSitemap):
    def location(self, item):
        return reverse("percorso_esiti", args=[item.slug])


class LaboratoriSitemap(_Bilingue):
    def items(self):
        return Laboratorio.objects.pubblici()


class IncontriSitemap(_Bilingue):
    def items(self):
        return Incontro.objects.pubblici().order_by("pk")

    def lastmod(self, item):
        return item.updated_at


class ResocontiSitemap(_Bilingue):
    def items(self):
        pubblici = Incontro.objects.pubblici()
        return (
            Resoconto.objects.pubblicati()
            .filter(incontro__in=pubblici)
            .select_related("incontro")
            .order_by("pk")
        )

    def location(self, item):
        return reverse("eventi:resoconto_detail", args=[item.incontro.slug])

    def lastmod(self, item):
        return item.updated_at


class BisogniSitemap(_Bilingue):
    def items(self):
        pubblici = Bisogno.objects.pubblici().only("slug", "updated_at")
        return pubblici.order_by("-pubblicato_at", "-pk")[:PROPOSTE_IN_MAPPA]

    def lastmod(self, item):
        return item.updated_at


class ProposteSitemap(_Bilingue):
    def items(self):
        in_elenco = Proposta.objects.in_elenco().filter(pubblicata_at__isnull=False)
        in_elenco = in_elenco.only("slug", "updated_at")
        return in_elenco.order_by("-pubblicata_at", "-pk")[:PROPOSTE_IN_MAPPA]

    def lastmod(self, item):
        return item.updated_at


class SeduteSitemap(_Bilingue):
    def items(self):
        return Seduta.objects.pubbliche().select_related("incontro").order_by("pk")

    def lastmod(self, item):
        return item.incontro.updated_at


class VerbaliSitemap(_Bilingue):
    def items(self):
        pubbliche = Seduta.objects.pubbliche()
        approvati = Verbale.objects.approvati().filter(seduta__in=pubbliche)
        return approvati.select_related("seduta__incontro").order_by("pk")

    def lastmod(self, item):
        return item.approvato_at


class DecisioniSitemap(_Bilingue):
    def items(self):
        pubblicate = Decisione.objects.pubblicate().only("pk", "pubblicata_at")
        return pubblicate.order_by("-pubblicata_at", "-pk")[:PROPOSTE_IN_MAPPA]

    def location(self, item):
        return reverse("tavolo:decisione_detail", args=[item.pk])

    def lastmod(self, item):
        return item.pubblicata_at


SEZIONI = {
    "pagine": PagineSitemap,
    "percorsi": PercorsiSitemap,
    "esiti": EsitiSitemap,
    "laboratori": LaboratoriSitemap,
    "incontri": IncontriSitemap,
    "resoconti": ResocontiSitemap,
    "bisogni": BisogniSitemap,
    "proposte": ProposteSitemap,
    "sedute": SeduteSitemap,
    "verbali": VerbaliSitemap,
    "decisioni": DecisioniSitemap,
}


@require_safe
def sitemap(request):
    return django_sitemap(request, sitemaps=SEZIONI)
