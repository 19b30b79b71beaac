"""The desk: people who call or come are registered in one screen, by keyboard alone."""

from django.contrib import messages
from django.contrib.admin.models import ADDITION
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext

from portale.lib.ricerca import contiene, radici
from portale.lib.testo import normalizza_email

from . import services
from .admin_forms import IscrizioneUfficioForm
from .admin_views import STATI_SPIEGATI, quadro_posti
from .doppioni import forse_gia_iscritte
from .models import Incontro, Iscrizione

Stato = Incontro.Stato
# What may be chosen by typing, and how many of the matches are shown.
SCEGLIBILI = 200
MOSTRATI = 20


def _incontro(request, pk):
    if not request.user.has_perm("eventi.add_iscrizione"):
        raise Http404
    return get_object_or_404(Incontro.objects.for_elenco(), pk=pk)


def sportello(model_admin, request):
    """The meeting is chosen by typing a few letters of it, its lab, venue or day; then the same
    page registers one person after the other."""
    if not request.user.has_perm("eventi.add_iscrizione"):
        raise Http404
    scelto = request.GET.get("incontro", "")
    if scelto.isdecimal():
        return _registra_qui(model_admin, request, _incontro(request, int(scelto)), banco=True)
    cercato = request.GET.get("cerca", "").strip()[:200]
    sceglibili = _sceglibili(timezone.now())
    trovati = [i for i in sceglibili if contiene(_descritto(i), radici(cercato))]
    if cercato and len(trovati) == 1:
        return redirect(f"{request.path}?incontro={trovati[0].pk}")
    return TemplateResponse(
        request,
        "admin/eventi/incontro/iscrivi.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": gettext("Sportello"),
            "banco": {
                "cercato": cercato,
                "sceglibili": [(i.pk, _etichetta(i)) for i in sceglibili],
                "trovati": [(i.pk, _etichetta(i)) for i in trovati[:MOSTRATI]],
                "altri": max(len(trovati) - MOSTRATI, 0),
            },
        },
    )


def _sceglibili(adesso):
    return list(
        Incontro.objects.futuri(adesso)
        .filter(stato=Stato.PUBBLICATO, con_iscrizione=True)
        .for_elenco()[:SCEGLIBILI]
    )


def _etichetta(incontro):
    return f"{incontro.titolo}, {incontro.quando}"


def _descritto(incontro):
    """All the words by which an officer may look for a meeting."""
    return " ".join(map(str, (_etichetta(incontro), incontro.dove, incontro.laboratorio or "")))


def iscrivi(model_admin, request, pk):
    """The same screen, from the page of its meeting."""
    return _registra_qui(model_admin, request, _incontro(request, pk))


def _registra_qui(model_admin, request, incontro, banco=False):
    """Once saved it is ready for the next, and tells what became of the last."""
    adesso = timezone.now()
    form_kwargs = {
        "vede_necessita": _puo_scrivere_necessita(request.user),
        "adesso": adesso,
        "initial": {"canale": request.GET.get("canale") or Iscrizione.Canale.TELEFONO},
    }
    if request.method == "POST":
        # Under the lock, so that of two Enters the second meets the first one's registration.
        with transaction.atomic():
            incontro = Incontro.objects.select_for_update(no_key=True).get(pk=incontro.pk)
            form = IscrizioneUfficioForm(request.POST, incontro=incontro, **form_kwargs)
            iscrizione = _registra(request, incontro, form, adesso) if form.is_valid() else None
            if iscrizione is not None:
                model_admin.annota(
                    request, iscrizione, gettext("Iscritta dall'ufficio"), atto=ADDITION
                )
        if iscrizione is not None:
            messages.success(request, _esito(iscrizione))
            dopo = {"canale": form.cleaned_data["canale"], "ultima": iscrizione.pk}
            return redirect(_qui(request, incontro, banco, **dopo))
    else:
        form = IscrizioneUfficioForm(incontro=incontro, **form_kwargs)
    if form.avvisi:
        # The warning has just been read: its answer comes first.
        form.order_fields(["comunque"])
        primo = "comunque"
    else:
        del form.fields["comunque"]
        primo = next((nome for nome in form.fields if nome in form.errors), "nome")
    form.fields[primo].widget.attrs["autofocus"] = True
    chiusa = "" if incontro.stato == Stato.PUBBLICATO else STATI_SPIEGATI[incontro.stato]
    if incontro.finito(adesso):
        chiusa = gettext("L'incontro è finito: non ci si può più iscrivere.")
    posti = quadro_posti(incontro)
    sue = incontro.iscrizioni.filter(registrata_da=request.user)
    numero = request.GET.get("ultima", "")
    ultima = sue.filter(pk=int(numero)).first() if numero.isdecimal() else None
    return TemplateResponse(
        request,
        "admin/eventi/incontro/iscrivi.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": gettext("Iscrivi una persona"),
            "oggetto": incontro,
            "incontro": incontro,
            "form": form,
            "posti": posti,
            "in_lista": posti["liberi"] == 0 or posti["in_attesa"],
            "chiusa": chiusa,
            "ritorno": reverse("admin:eventi_incontro_change", args=[incontro.pk]),
            "banco": {"sceglibili": [(i.pk, _etichetta(i)) for i in _sceglibili(adesso)]}
            if banco
            else None,
            "ultima": ultima,
            "si_disfa": ultima is not None and services.si_disfa(ultima, request.user, adesso),
            "ultime": sue.order_by("-pk")[:5],
            "posti_url": reverse("admin:eventi_incontro_iscrivi_posti", args=[incontro.pk]),
            "doppioni_url": reverse("admin:eventi_incontro_iscrivi_doppioni", args=[incontro.pk]),
            "disfa_url": reverse("admin:eventi_incontro_iscrivi_disfa", args=[incontro.pk]),
        },
    )


def _qui(request, incontro, banco, **dati):
    """This screen again: of the desk, or of the meeting."""
    if banco:
        dati = {"incontro": incontro.pk, **dati}
        return f"{reverse('admin:eventi_incontro_sportello')}?{urlencode(dati)}"
    url = reverse("admin:eventi_incontro_iscrivi", args=[incontro.pk])
    return f"{url}?{urlencode(dati)}"


def _puo_scrivere_necessita(user):
    return user.has_perm("eventi.view_necessita") or user.has_perm("eventi.add_necessita")


def _registra(request, incontro, form, adesso):
    """The registration, or None with the refusal shown in the form."""
    dati = dict(form.cleaned_data)
    dati.pop("comunque", None)
    try:
        # A refusal undoes what the service had begun, not the lock.
        with transaction.atomic():
            return services.iscrivi_dall_ufficio(
                incontro, **dati, autore=request.user, adesso=adesso
            )
    except services.Rifiuto as rifiuto:
        form.add_error(None, str(rifiuto))
        return None


def _esito(iscrizione):
    chi = {"nome": iscrizione.nome, "posti": iscrizione.posti_richiesti}
    if iscrizione.stato == Iscrizione.Stato.CONFERMATA:
        fatto = ngettext(
            "%(nome)s è iscritta: %(posti)d posto.",
            "%(nome)s è iscritta: %(posti)d posti.",
            iscrizione.posti_richiesti,
        )
    else:
        chi["posizione"] = iscrizione.posizione_in_lista() or "–"
        fatto = gettext("%(nome)s è in lista d'attesa, al posto %(posizione)s.")
    if iscrizione.email:
        dopo = gettext("Le stiamo scrivendo la conferma.")
    else:
        dopo = gettext("Non ha una e-mail: dille tu quando, dove e come disdire.")
    return f"{fatto % chi} {dopo}"


def iscrivi_posti(model_admin, request, pk):
    """The seats alone, for the screen above to keep itself fresh."""
    incontro = _incontro(request, pk)
    return render(request, "admin/eventi/incontro/_posti.html", {"posti": quadro_posti(incontro)})


def iscrivi_doppioni(model_admin, request, pk):
    """Who may be the same person, while the officer types; by POST, for names and telephones do
    not belong in the log of addresses."""
    incontro = _incontro(request, pk)
    if request.method != "POST":
        raise Http404
    trovate = forse_gia_iscritte(
        incontro,
        nome=request.POST.get("nome", "")[:120],
        telefono=request.POST.get("telefono", "")[:30],
        email=normalizza_email(request.POST.get("email", "")[:254]) or None,
    )
    return render(request, "admin/eventi/incontro/_doppioni.html", {"trovate": trovate[:5]})


def iscrivi_disfa(model_admin, request, pk):
    """The registration that she has just made was a mistake: take it back."""
    incontro = _incontro(request, pk)
    numero = request.POST.get("iscrizione", "")
    if request.method != "POST" or not numero.isdecimal():
        raise Http404
    iscrizione = get_object_or_404(
        incontro.iscrizioni.filter(registrata_da=request.user), pk=int(numero)
    )
    try:
        with transaction.atomic():
            services.disfa_dall_ufficio(iscrizione, autore=request.user, adesso=timezone.now())
            model_admin.annota(request, iscrizione, gettext("Annullata la registrazione"))
    except services.Rifiuto as no:
        messages.warning(request, str(no))
    else:
        testo = gettext("La registrazione di %(nome)s è annullata.")
        messages.success(request, testo % {"nome": iscrizione.nome})
    return redirect(_qui(request, incontro, "banco" in request.POST, canale=iscrizione.canale))


PORTE = (iscrivi, iscrivi_posti, iscrivi_doppioni, iscrivi_disfa)
