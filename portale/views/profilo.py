"""What the portal knows of a person, for her."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.accesso import ha_un_fattore
from accounts.forms import AvvisiForm, ProfiloForm
from accounts.partecipanti import della_persona
from eventi.models import Incontro, Iscrizione
from laboratori.models import Disponibilita
from proposte.partecipazione import seguite_da, sostenute_da
from tavolo.permissions import accessi

Stato = Iscrizione.Stato
# How many of the proposals that she supports the page names; the others are on a page of theirs.
ULTIME = 5


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profilo(request):
    """Her registrations and offers of help, those made as a guest included, her part in the
    proposals, how she enters, which mails she wants, and her own data."""
    persona, adesso = request.user, timezone.now()
    form = ProfiloForm(request.POST or None, instance=persona)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Fatto: abbiamo salvato le tue modifiche."))
        return HttpResponseRedirect(reverse("profilo"), status=303)
    if form.errors:
        # The page greets her by the name that is stored, not by one that was refused.
        persona.refresh_from_db()
    indirizzi = persona.indirizzi_verificati()
    iscrizioni = (
        Iscrizione.objects.for_persona(persona, indirizzi)
        .select_related("incontro__percorso", "incontro__sede")
        .with_posizione()
        .order_by("incontro__inizio", "pk")
    )
    contesto = {
        "form": form,
        "avvisi": AvvisiForm(instance=persona),
        "aiuti": Disponibilita.objects.for_indirizzi(indirizzi).select_related("laboratorio"),
        "ha_un_fattore": ha_un_fattore(persona),
        "persona": persona,
        "siede_al_tavolo": bool(accessi(persona, adesso)),
        **_gruppi(iscrizioni, adesso),
        **_proposte(della_persona(persona)),
    }
    return render(request, "portale/profilo.html", contesto)


@login_required
@require_POST
def avvisi(request):
    """Which of the mails that she may do without she wants."""
    form = AvvisiForm(request.POST, instance=request.user)
    # Switches alone: nothing that is sent can be wrong.
    form.save()
    messages.success(request, _("Fatto: abbiamo salvato quali avvisi vuoi."))
    return HttpResponseRedirect(f"{reverse('profilo')}#avvisi", status=303)


def _proposte(partecipante):
    """What she proposes, supports and follows. Without a confirmed address she is nobody yet."""
    if partecipante is None:
        return {"sostenute": [], "n_proposte": 0, "n_sostenute": 0, "n_seguiti": 0}
    sostenute = sostenute_da(partecipante)
    return {
        "sostenute": sostenute[:ULTIME],
        "n_proposte": partecipante.proposte.count(),
        "n_sostenute": sostenute.count(),
        "n_seguiti": seguite_da(partecipante).count(),
    }


def _gruppi(iscrizioni, adesso):
    """Her registrations by what they ask of her: those to come, those that wait for something,
    and what is over, latest first."""
    prossime, in_attesa, passate = [], [], []
    for iscrizione in iscrizioni:
        incontro = iscrizione.incontro
        finita = incontro.finito(adesso) or incontro.stato == Incontro.Stato.ANNULLATO
        if finita or not iscrizione.viva:
            passate.append(iscrizione)
        elif iscrizione.stato == Stato.CONFERMATA:
            prossime.append(iscrizione)
        else:
            in_attesa.append(iscrizione)
    return {"prossime": prossime, "in_attesa": in_attesa, "passate": passate[::-1]}
