"""A written procedure as the members read it and answer it.

While it is open everybody sees which seats have answered, and only the office and the Comitato
what: nobody is swayed. Afterwards all the answers are read.
"""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portale.lib.dates import giorno_e_ora
from portale.lib.rifiuti import Rifiuto, Superata

from ..models import ProceduraScritta
from ..schede_decisioni import differenze
from ..services import procedure as services
from .accesso import area
from .decisioni import vai
from .forms_decisioni import RispostaForm


def _procedura(request, pk):
    """One of a percorso of hers, and what she is there; 404 for whoever is nothing there."""
    procedura = get_object_or_404(
        ProceduraScritta.objects.filter(percorso__in=request.accessi).select_related(
            "percorso", "proposta", "decisione"
        ),
        pk=pk,
    )
    return procedura, request.accessi[procedura.percorso_id]


@area
@require_safe
def procedura_detail(request, adesso, pk):
    procedura, accesso = _procedura(request, pk)
    return _pagina(request, procedura, accesso, adesso)


@area
@require_POST
def procedura_rispondi(request, adesso, pk):
    """Her seat answers, or changes its answer."""
    procedura, accesso = _procedura(request, pk)
    if not accesso.can_esprimersi:
        raise Http404
    form = RispostaForm(request.POST)
    if form.is_valid():
        dati = form.cleaned_data
        try:
            risposta = services.rispondi(
                procedura,
                accesso.componente,
                dati["scelta"],
                dati["motivo"],
                versione=dati["versione"],
                adesso=adesso,
            )
        except Superata as no:
            form.riparti_da(procedura.risposte.get(seggio=accesso.seggio).versione)
            form.add_error(None, str(no))
        except Rifiuto as no:
            form.add_error(None, str(no))
        else:
            messages.success(request, _fatto(risposta))
            return vai(reverse("area:procedura_detail", args=[procedura.pk]))
    procedura, accesso = _procedura(request, pk)
    return _pagina(request, procedura, accesso, adesso, form=form, status=400)


def _fatto(risposta):
    if risposta.scelta == risposta.Scelta.OBIEZIONE:
        return _("Obiezione registrata: la procedura è ferma, se ne discute in seduta.")
    return _("Risposta registrata: si può cambiare finché la procedura è aperta.")


def _pagina(request, procedura, accesso, adesso, *, form=None, status=200):
    risposte = list(
        procedura.risposte.select_related("seggio__organizzazione", "componente").order_by(
            "seggio__organizzazione__nome"
        )
    )
    aperta = procedura.stato == ProceduraScritta.Stato.APERTA
    mia = next((r for r in risposte if accesso.seggio and r.seggio_id == accesso.seggio.pk), None)
    perche_no = ""
    if accesso.can_esprimersi:
        perche_no = services.perche_non_si_risponde(procedura, accesso.componente, adesso)
        if not perche_no and form is None:
            form = RispostaForm(risposta=mia)
    decisione = getattr(procedura, "decisione", None)
    proposta = procedura.proposta
    return render(
        request,
        "tavolo/area/procedura_detail.html",
        {
            "percorso": procedura.percorso,
            "accesso": accesso,
            "sezione": "decisioni",
            "procedura": procedura,
            "proposta": proposta,
            "leggibile": proposta.pubblica,
            "aperta": aperta,
            "esito": capfirst(procedura.get_esito_display()),
            "stato": capfirst(procedura.get_stato_display()),
            "apre": giorno_e_ora(procedura.apre_at),
            "chiude": giorno_e_ora(procedura.chiude_at),
            "chiusa": procedura.chiusa_at and giorno_e_ora(procedura.chiusa_at),
            "differenze": differenze(proposta.che_cosa, procedura.testo_concordato)
            if aperta and procedura.testo_concordato and proposta.pubblica
            else None,
            "risposte": risposte,
            "vede": not aperta or accesso.can_leggere_posizioni,
            "mia": mia,
            "mia_quando": mia and giorno_e_ora(mia.created_at),
            "form": form,
            "perche_no": perche_no,
            "decisione_url": decisione and reverse("area:decisione_detail", args=[decisione.pk]),
        },
        status=status,
    )
