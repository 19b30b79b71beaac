"""The pages that say how the portal works: no data of theirs, the same for everybody."""

from django.shortcuts import render
from django.utils.translation import gettext as _


def _pagina(request, nome, qui):
    return render(request, f"portale/informative/{nome}.html", {"qui": qui})


def privacy(request):
    return _pagina(request, "privacy", _("Informativa privacy"))


def accessibilita(request):
    return _pagina(request, "accessibilita", _("Accessibilità"))


def note_legali(request):
    return _pagina(request, "note_legali", _("Note legali"))


def domande_frequenti(request):
    return _pagina(request, "domande_frequenti", _("Domande frequenti"))
