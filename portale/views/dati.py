"""What a person may do with the data held about her, with an account or by a mail's link."""

from functools import wraps

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import FileResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import diritti, partecipanti
from accounts.adapter import appena_mostrata
from accounts.forms import CancellaForm, DatiForm
from accounts.interessato import dell_indirizzo, della_persona
from accounts.models import Canale
from portale.lib.limiti import consenti, limite_superato

# How often one person may take her data away: each time everything is read.
SCARICHI = "5/h"


def _di_persona(pagina):
    """She has just shown that it is she: a session left open on a shared device is not enough."""

    @wraps(pagina)
    def controllata(request):
        if get_adapter().get_reauthentication_methods(request.user):
            return reauthentication_required(pagina)(request)
        # Who enters by a code of a mail has nothing to be asked again: she enters once more.
        if appena_mostrata(request):
            return pagina(request)
        logout(request)
        messages.info(request, _("Per sicurezza entra di nuovo: poi scarichi o cancelli."))
        return redirect_to_login(reverse("profilo_dati"))

    return controllata


# --- With an account ------------------------------------------------------------------------


@never_cache
@login_required
@require_safe
def profilo_dati(request):
    interessato = della_persona(request.user)
    return _privata(
        render(
            request,
            "portale/dati.html",
            {
                **_contenuto(interessato),
                "briciole": [_area(), (_("I tuoi dati"), "")],
                "scarica_url": reverse("profilo_dati_scarica"),
                "cancella_url": reverse("profilo_dati_cancella"),
            },
        )
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@_di_persona
def profilo_dati_scarica(request):
    """GET is where she comes back to after having said again who she is."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("profilo_dati"))
    return _scarica(request, della_persona(request.user), Canale.PERSONA)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@_di_persona
def profilo_dati_cancella(request):
    return _cancella(
        request,
        della_persona(request.user),
        Canale.PERSONA,
        ritorno=reverse("profilo_dati"),
        sopra=_area(),
        esci=logout,
    )


# --- By a mail's link -----------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def dati_chiedi(request):
    """The same answer and the same mail for every address: what is held under it, and whether
    anything is, only its owner learns."""
    adesso = timezone.now()
    form = DatiForm(request.POST or None, adesso=adesso)
    if request.method != "POST" or not form.is_valid():
        contesto = {"form": form, "briciole": [_informativa(), (_("I tuoi dati"), "")]}
        return render(request, "portale/dati_chiedi.html", contesto)
    email = form.cleaned_data["email"]
    if not (
        consenti(request, "dati", limite="10/h")
        and consenti(request, "dati-indirizzo", chiave=email, limite="3/d")
    ):
        return limite_superato(request)
    partecipanti.chiedi_conferma(
        "dati",
        email=email,
        parametri={},
        lingua=get_language(),
        modulo=form.cleaned_data["ricevuto"],
        adesso=adesso,
    )
    return HttpResponseRedirect(reverse("partecipo:conferma_inviata"), status=303)


@never_cache
@require_safe
def dati_ospite(request, token):
    interessato = _ospite(token)
    if interessato is None:
        return _scaduta(request)
    return _privata(
        render(
            request,
            "portale/dati.html",
            {
                **_contenuto(interessato),
                "briciole": [_informativa(), (_("I tuoi dati"), "")],
                "ha_un_account": diritti.ha_un_account(interessato),
                "scarica_url": reverse("dati_ospite_scarica", args=[token]),
                "cancella_url": reverse("dati_ospite_cancella", args=[token]),
            },
        )
    )


@never_cache
@require_POST
def dati_ospite_scarica(request, token):
    interessato = _ospite(token)
    if interessato is None:
        return _scaduta(request)
    if diritti.ha_un_account(interessato):
        return HttpResponseRedirect(reverse("dati_ospite", args=[token]), status=303)
    return _scarica(request, interessato, Canale.OSPITE)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def dati_ospite_cancella(request, token):
    interessato = _ospite(token)
    if interessato is None:
        return _scaduta(request)
    ritorno = reverse("dati_ospite", args=[token])
    if diritti.ha_un_account(interessato):
        return HttpResponseRedirect(ritorno, status=303)
    return _cancella(
        request,
        interessato,
        Canale.OSPITE,
        ritorno=ritorno,
        sopra=_informativa(),
        esci=partecipanti.dimentica,
    )


def _ospite(token):
    partecipante = diritti.dal_token(token)
    return None if partecipante is None else dell_indirizzo(partecipante.email)


def _scaduta(request):
    return _privata(render(request, "portale/dati_scaduto.html", status=410))


def _area():
    return _("La mia area"), reverse("profilo")


def _informativa():
    return _("Informativa privacy"), reverse("privacy")


# --- Both -----------------------------------------------------------------------------------


@never_cache
@require_safe
def dati_cancellati(request):
    """Also where the second of two clicks ends: it says nothing of anybody."""
    return render(request, "portale/dati_cancellati.html")


def _contenuto(interessato):
    raccolte = diritti.raccogli(interessato)
    return {
        "indirizzo": interessato.indirizzo,
        "raccolte": [raccolta for raccolta in raccolte if raccolta.quante],
        "impedita": diritti.perche_no(interessato, timezone.now()),
    }


def _scarica(request, interessato, canale):
    chi = min(interessato.indirizzi, default="") or str(interessato.persona.pk)
    if not consenti(request, "dati-scarica", chiave=chi, limite=SCARICHI):
        return limite_superato(request)
    file = diritti.scarica(interessato, canale=canale, adesso=timezone.now())
    return _privata(
        FileResponse(
            file, as_attachment=True, filename="i-tuoi-dati.zip", content_type="application/zip"
        )
    )


def _cancella(request, interessato, canale, *, ritorno, sopra, esci):
    adesso = timezone.now()
    form = CancellaForm(request.POST if request.method == "POST" else None)
    impedita = diritti.perche_no(interessato, adesso)
    if request.method == "POST" and form.is_valid() and not impedita:
        try:
            diritti.cancella_tutto(interessato, canale=canale, adesso=adesso)
        except diritti.Impedita as no:
            impedita = str(no)
        else:
            esci(request)
            return _privata(HttpResponseRedirect(reverse("dati_cancellati"), status=303))
    contesto = {
        "form": form,
        "impedita": impedita,
        "ritorno": ritorno,
        "briciole": [sopra, (_("I tuoi dati"), ritorno), (_("Cancella i tuoi dati"), "")],
    }
    return _privata(render(request, "portale/dati_cancella.html", contesto))


def _privata(response):
    # The address may be a key: no other site learns it, no search engine keeps it.
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
