"""The pages that say how the portal works: no data of theirs, the same for everybody."""

from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.finalita import mostrate


def _pagina(request, nome, qui, **altro):
    return render(request, f"portale/informative/{nome}.html", {"qui": qui, **altro})


@require_safe
def privacy(request):
    """Written by the register of purposes: what is not there is not done."""
    finalita = mostrate()
    basi = {}
    for una in finalita:
        basi.setdefault(str(una.base), []).append(str(una.nome))
    return _pagina(
        request, "privacy", _("Informativa privacy"), finalita=finalita, basi=list(basi.items())
    )


@require_safe
def accessibilita(request):
    return _pagina(request, "accessibilita", _("Accessibilità"))


@require_safe
def note_legali(request):
    return _pagina(request, "note_legali", _("Note legali"))


@require_safe
def domande_frequenti(request):
    return _pagina(request, "domande_frequenti", _("Domande frequenti"))
