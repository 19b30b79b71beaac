"""Pages for when something went wrong, in the looks of the site."""

import logging

from django.http import HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from portale.context import Pagina, portale

logger = logging.getLogger(__name__)


def csrf_failure(request, reason=""):
    """The 403 page of a form whose protection expired: says how to go on."""
    return render(request, "403_csrf.html", status=403)


def errore_server(request):
    """The page of a failure of ours. It asks neither the database nor the session, which may be
    what failed; if even the template does, plain words are left."""
    try:
        contesto = portale(request) | {"pagina": Pagina(request, chi="anonimo")}
        corpo = render_to_string("500.html", contesto)
    except Exception:  # the last resort must answer, whatever is broken
        logger.exception("The page of error 500 failed too")
        corpo = _("Qualcosa non ha funzionato. Riprova tra qualche minuto.")
    return HttpResponseServerError(corpo)
