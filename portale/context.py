"""What the header and footer of every page need, at almost no cost to the page."""

from functools import cached_property, lru_cache

from django.conf import settings
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

# Paths outside the language prefixes: they have no other language to switch to.
SENZA_LINGUA = ("/admin/", "/posta-demo/", "/salute/", "/spid/", "/tavolo/area-riservata/")

# First part of the path → entry of the main navigation.
SEZIONI = frozenset(
    {
        "percorso",
        "laboratori",
        "incontri",
        "proposte",
        "tavolo",
        "dai-una-mano",
        "domande-frequenti",
        "contatti",
    }
)


class Pagina:
    """The page that is being shown, as its frame sees it: its addresses, and who looks at it."""

    def __init__(self, request, chi=None):
        """``chi`` says who looks ("anonimo", "persona", "ufficio") where asking the session and
        the database is out of the question."""
        self.request = request
        self.percorso = request.path
        self._chi = chi

    @property
    def chi(self):
        if self._chi is None:
            # A request that a middleware refused early has no user yet.
            user = getattr(self.request, "user", None)
            if user is None or not user.is_authenticated:
                self._chi = "anonimo"
            else:
                self._chi = "ufficio" if user.is_staff else "persona"
        return self._chi

    @property
    def vista(self):
        """How the office looks at it as a citizen; None for everybody else (portale.cittadino)."""
        return getattr(self.request, "come_cittadino", None)

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

    @cached_property
    def sezione(self):
        """The entry of the main navigation under which this page lies, or an empty string."""
        if self.percorso_it.startswith("/laboratori/disponibilita/"):
            return "dai-una-mano"
        prima = self.percorso_it.split("/", 2)[1]
        if prima == "bisogni":
            return "proposte"
        return prima if prima in SEZIONI else ""

    @property
    def altra_lingua(self):
        """Path of this very page in the other language, filters and page number included; empty
        where there is none."""
        if not self.tradotta:
            return ""
        percorso = self.percorso_it if self.lingua == "en" else f"/en{self.percorso_it}"
        query = self.request.META.get("QUERY_STRING", "")
        # No link of ours is longer; what is said here is remembered with the header.
        return f"{percorso}?{query}" if query and len(query) <= 1000 else percorso

    @property
    def url(self):
        return settings.BASE_URL + self.percorso

    @property
    def immagine(self):
        """What stands for the portal where an address is shared."""
        return settings.BASE_URL + _statico("img/condivisione.png")

    @property
    def indirizzi(self):
        """Which address is this page's own, and where it is in each language."""
        base, percorso = settings.BASE_URL, escape(self.percorso_it)
        if not self.tradotta:
            return mark_safe(f'<link rel="canonical" href="{base}{percorso}">')  # noqa: S308
        lingua = "/en" if self.lingua == "en" else ""
        return mark_safe(  # noqa: S308 (the path is escaped, the rest is ours)
            f'<link rel="canonical" href="{base}{lingua}{percorso}">\n'
            f'<link rel="alternate" hreflang="it" href="{base}{percorso}">\n'
            f'<link rel="alternate" hreflang="en" href="{base}/en{percorso}">\n'
            f'<link rel="alternate" hreflang="x-default" href="{base}{percorso}">'
        )

    @property
    def capo(self):
        """What every ``<head>`` has."""
        return _pezzo("capo")

    @property
    def salti(self):
        """Where the keyboard may jump to, before anything else."""
        return self._pezzo("salti")

    @property
    def testata(self):
        """The header. Only the link to the other language differs from page to page."""
        altra = self.altra_lingua
        testo = self._pezzo("testata", self.sezione, self.chi, _ALTROVE if altra else "")
        return mark_safe(testo.replace(_ALTROVE, escape(altra)))  # noqa: S308

    @property
    def piede(self):
        """The footer, equal for everybody."""
        return self._pezzo("piede")

    def _pezzo(self, nome, sezione="", chi="", altra_lingua=""):
        ente = tuple(settings.ENTE.items())
        return _pezzo(nome, self.lingua, sezione, chi, altra_lingua, settings.DEMO, ente)


# Stands for the address of the other language in the header that is kept.
_ALTROVE = "#altra-lingua#"


def _pezzo(nome, lingua="", sezione="", chi="", altra_lingua="", demo=False, ente=()):
    contesto = {
        "ente": dict(ente),
        "demo": demo,
        "lingua": lingua,
        "sezione": sezione,
        "chi": chi,
        "altra_lingua": altra_lingua,
    }
    return render_to_string(f"componenti/{nome}.html", contesto)


_statico = static
if not settings.DEBUG:
    # Functions of their arguments alone: what they gave once holds until the process ends.
    # While developing, templates change under it.
    _pezzo = lru_cache(maxsize=256)(_pezzo)
    _statico = lru_cache(static)


def portale(request):
    """``ente`` (the municipality), ``demo``, and ``pagina`` for the base template."""
    return {"ente": settings.ENTE, "demo": settings.DEMO, "pagina": Pagina(request)}
