"""Where who made a proposal answers a question of the Tavolo."""

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.partecipanti import attuale
from portale.lib.rifiuti import Rifiuto

from ..forms_domande import RispostaForm
from ..models import DomandaProponente
from ..services import esami


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def domanda_rispondi(request, pk):
    """The question, with the name of the organisation alone, and the answer; only for who made
    the proposal, while it is not hidden."""
    io = attuale(request)
    if io is None:
        raise Http404
    domanda = get_object_or_404(
        DomandaProponente.objects.filter(esame__proposta__proponente=io)
        .exclude(esame__proposta__stato="nascosta")
        .select_related("esame__proposta", "seggio__organizzazione"),
        pk=pk,
    )
    form = RispostaForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            esami.rispondi(domanda, form.cleaned_data["testo"], adesso=timezone.now())
        except Rifiuto as no:
            form.add_error(None, str(no))
            status = 409
        else:
            messages.success(request, _("Grazie: il Tavolo legge la tua risposta."))
            qui = reverse("tavolo:domanda_rispondi", args=[domanda.pk])
            return HttpResponseRedirect(qui, status=303)
    proposta = domanda.esame.proposta
    return render(
        request,
        "tavolo/domanda_rispondi.html",
        {
            "domanda": domanda,
            "proposta": proposta,
            "form": form,
            "briciole": [
                (str(proposta), proposta.get_absolute_url()),
                (_("Una domanda del Tavolo"), ""),
            ],
        },
        status=status,
    )
