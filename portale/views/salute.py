"""For machines: whether the process lives, and whether the portal can do its work."""

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from posta import services as posta


@never_cache
@require_safe
def viva(request):
    """The process answers. Nothing else is looked at: a restart would mend nothing else."""
    return HttpResponse("viva\n", content_type="text/plain; charset=utf-8")


@never_cache
@require_safe
def salute(request):
    """200 when every part does its work, 503 when one does not; the answer says which.

    Ages are in seconds, null where there is nothing to measure.
    """
    esito = {"database": "ok", "cache": "ok", "posta": "ok", "battiti": {}}
    try:
        posta_ora = posta.situazione(timezone.now())
    except DatabaseError:
        esito |= {"database": "non risponde", "posta": "non si sa"}
    else:
        esito["coda_eta"] = posta_ora["eta_coda"]
        esito["falliti"] = posta_ora["falliti"]
        if not posta_ora["coda_ok"]:
            esito["posta"] = "in ritardo"
        esito["battiti"] = {
            nome: {"stato": "ok" if posta_ora["battiti_ok"][nome] else "fermo", "eta": eta}
            for nome, eta in posta_ora["battiti"].items()
        }
    # Without Redis the cache is a table: no use waiting for a database that is away once more.
    if esito["database"] == "ok" or settings.REDIS_URL:
        esito["cache"] = _cache()
    stati = [esito["database"], esito["cache"], esito["posta"]]
    stati += [battito["stato"] for battito in esito["battiti"].values()]
    bene = all(stato == "ok" for stato in stati)
    return JsonResponse(
        {"stato": "ok" if bene else "guasto", **esito}, status=200 if bene else 503
    )


def _cache():
    """A value goes in and comes back; when Redis is away, the table beside it counts as well."""
    try:
        cache.set("salute", "ok", timeout=60)
        return "ok" if cache.get("salute") == "ok" else "non ricorda"
    except Exception:  # noqa: BLE001 - whatever a backend raises, the check must answer
        return "non risponde"
