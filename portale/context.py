"""What the header and footer of every page need, at almost no cost to the page."""

from functools import cached_property, lru_cache

from django.conf import settings
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.translation import get_language

# Paths outside the language prefixes: they have no other language to switch to.
SENZA_LINGUA = ("/admin/", "/posta-demo/", "/salute/")

# First part of the path → entry of the main navigation.
SEZIONI = frozenset(
    {"percorso", "laboratori", "incontri", "dai-una-mano", "domande-frequenti", "contatti"}
)


class Pagina:
    """The page that is being shown, as the header sees it: its addresses and what is active."""

    def __init__(self, request):
        self.percorso = request.path
        self.query = request.META.get("QUERY_STRING", "")

    @cached_property
    def lingua(self):
        return get_language() or settings.LANGUAGE_CODE

    @cached_property
    def percorso_it(self):
        """The path without its language: Italian is at the root, English under /en/."""
        return self.percorso[3:] if self.percorso.startswith("/en/") else self.percorso

    @cached_property
    def tradotta(self):
        """Whether the same page exists in the other language."""
        return not self.percorso.startswith(SENZA_LINGUA)

    @property
    def url_it(self):
        return settings.BASE_URL + self.percorso_it

    @property
    def url_en(self):
        return f"{settings.BASE_URL}/en{self.percorso_it}"

    @property
    def url(self):
        return settings.BASE_URL + self.percorso

    @property
    def immagine(self):
        """What stands for the portal where an address is shared."""
        return settings.BASE_URL + static("img/condivisione.png")

    @property
    def altra_lingua(self):
        """Path of this very page in the other language, filters and page number included."""
        percorso = self.percorso_it if self.lingua == "en" else f"/en{self.percorso_it}"
        return f"{percorso}?{self.query}" if self.query else percorso

    @cached_property
    def sezione(self):
        """The entry of the main navigation under which this page lies, or an empty string."""
        if self.percorso_it.startswith("/laboratori/disponibilita/"):
            return "dai-una-mano"
        prima = self.percorso_it.split("/", 2)[1]
        return prima if prima in SEZIONI else ""

    def _pezzo(self, nome, sezione=""):
        return _pezzo(nome, self.lingua, sezione, settings.DEMO, tuple(settings.ENTE.items()))

    @property
    def testata(self):
        """The header's name and navigation: the same for everybody, rendered once."""
        return self._pezzo("testata", self.sezione)

    @property
    def piede(self):
        """The footer: the same for everybody, rendered once."""
        return self._pezzo("piede")


def _pezzo(nome, lingua, sezione, demo, ente):
    contesto = {"ente": dict(ente), "demo": demo, "sezione": sezione, "lingua": lingua}
    return render_to_string(f"componenti/{nome}.html", contesto)


if not settings.DEBUG:
    # A function of its arguments alone, so what it gave once holds until the process ends;
    # while developing, templates change under it.
    _pezzo = lru_cache(maxsize=128)(_pezzo)


def portale(request):
    """``ente`` (the municipality), ``demo``, and ``pagina`` for the base template."""
    return {"ente": settings.ENTE, "demo": settings.DEMO, "pagina": Pagina(request)}
