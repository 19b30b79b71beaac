"""Comments of a proposal, and telling the moderators of what should not be there."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import partecipanti
from portale.lib.dates import giorno_mese_anno
from portale.lib.limiti import consenti, limite_superato
from proposte import commenti
from proposte.forms_partecipazione import (
    CommentoForm,
    CommentoModificaForm,
    CommentoOspiteForm,
    SegnalazioneForm,
)
from proposte.models import Commento
from proposte.partecipazione import si_chiude
from proposte.services import Rifiuto

from .partecipazione import chiedi_per_mail, proposta_pubblica, vai


def _briciole(proposta, qui):
    return [
        (_("Proposte"), reverse("proposte:proposta_list")),
        (proposta.titolo, proposta.get_absolute_url()),
        (qui, ""),
    ]


# --- Writing --------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def commento_crea(request, slug):
    """A comment, or with ``?risponde=`` an answer to one: at once for somebody known, when she
    opens her mail's link for a stranger."""
    adesso = timezone.now()
    proposta = proposta_pubblica(slug)
    a_chi = _a_chi(request, proposta)
    if perche := commenti.perche_non_commenti(proposta, adesso):
        return _pagina_commento(request, proposta, a_chi, None, adesso, perche=perche)
    io = partecipanti.attuale(request)
    form = _modulo(request, io, a_chi, adesso)
    if request.method != "POST" or not form.is_valid():
        return _pagina_commento(request, proposta, a_chi, form, adesso)
    scritto = form.cleaned_data
    parole = {
        "testo": scritto["testo"],
        "scopo": scritto.get("scopo", ""),
        "nome_mostrato": scritto["nome_mostrato"],
        "modulo": scritto["modulo"],
    }
    if io is None:
        parametri = {"proposta": proposta.pk, **parole}
        if a_chi:
            parametri["risponde_a"] = a_chi.pk
        return chiedi_per_mail(
            request,
            "commento",
            scritto,
            parametri=parametri,
            nome=scritto["nome_mostrato"],
            adesso=adesso,
        )
    if not consenti(request, "commento", chiave=str(io.pk), limite="20/10m"):
        return limite_superato(request)
    try:
        commento = commenti.scrivi(proposta, io, **parole, risponde_a=a_chi, adesso=adesso)
    except Rifiuto as rifiuto:
        form.add_error(None, str(rifiuto))
        return _pagina_commento(request, proposta, a_chi, form, adesso, status=409)
    messages.success(request, commenti.detto_scrivi())
    return vai(commenti.indirizzo(commento))


def _a_chi(request, proposta):
    """The comment that is answered; None for a comment of its own."""
    numero = request.GET.get("risponde", "")
    if not numero:
        return None
    if not (numero.isascii() and numero.isdigit() and len(numero) < 10):
        raise Http404
    rispondibili = proposta.commenti.visibili().filter(risponde_a=None)
    return get_object_or_404(rispondibili, pk=numero)


def _modulo(request, io, a_chi, adesso):
    dati = request.POST if request.method == "POST" else None
    if io is None:
        return CommentoOspiteForm(dati, risposta=a_chi is not None, adesso=adesso)
    return CommentoForm(dati, risposta=a_chi is not None, initial={"nome_mostrato": io.nome})


def _pagina_commento(request, proposta, a_chi, form, adesso, *, perche="", status=200):
    titolo = _("Rispondi a un commento") if a_chi else _("Scrivi un commento")
    fino = si_chiude(proposta.percorso, "commenti", adesso)
    # Who sent the form too late gets back what she wrote.
    scritto = request.POST.get("testo", "")[:2000] if perche else ""
    contesto = {
        "proposta": proposta,
        "a_chi": a_chi,
        "form": form,
        "titolo": titolo,
        "briciole": _briciole(proposta, titolo),
        "perche": perche,
        "scritto": scritto,
        "fino": giorno_mese_anno(fino) if fino else "",
        "minuti": commenti.RIPENSAMENTO.seconds // 60,
    }
    if perche and request.method == "POST":
        status = 409
    return render(request, "proposte/commento_form.html", contesto, status=status)


# --- Second thoughts ------------------------------------------------------------------------


def _mio(request, proposta, pk):
    """Her own comment; 404 for everybody else's."""
    io = partecipanti.attuale(request)
    if io is None:
        raise Http404
    return get_object_or_404(
        Commento.objects.visibili().select_related("proposta"),
        pk=pk,
        proposta=proposta,
        autore=io,
    ), io


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def commento_modifica(request, slug, pk):
    adesso = timezone.now()
    proposta = proposta_pubblica(slug)
    commento, io = _mio(request, proposta, pk)
    if not commenti.modificabile(commento, io, adesso):
        return _troppo_tardi(request, commento)
    form = CommentoModificaForm(request.POST or None, initial={"testo": commento.testo})
    if request.method != "POST" or not form.is_valid():
        contesto = {
            "commento": commento,
            "form": form,
            "briciole": _briciole(proposta, _("Correggi il commento")),
        }
        return render(request, "proposte/commento_modifica.html", contesto)
    try:
        commenti.modifica(commento, io, form.cleaned_data["testo"], adesso=adesso)
    except Rifiuto:
        # The last of the ten minutes, or a moderator, was faster.
        return _troppo_tardi(request, commento)
    messages.success(request, _("Fatto: il commento è corretto."))
    return vai(commenti.indirizzo(commento))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def commento_elimina(request, slug, pk):
    """One question first: what is deleted is gone."""
    adesso = timezone.now()
    proposta = proposta_pubblica(slug)
    commento, io = _mio(request, proposta, pk)
    if request.method == "POST":
        try:
            commenti.elimina(commento, io, adesso=adesso)
        except Rifiuto as rifiuto:
            messages.warning(request, str(rifiuto))
        else:
            messages.success(request, _("Fatto: il commento non c'è più."))
        return vai(f"{proposta.get_absolute_url()}#commenti")
    if not commenti.modificabile(commento, io, adesso):
        return _troppo_tardi(request, commento)
    contesto = {
        "commento": commento,
        "briciole": _briciole(proposta, _("Elimina il commento")),
    }
    return render(request, "proposte/commento_elimina.html", contesto)


def _troppo_tardi(request, commento):
    contesto = {
        "commento": commento,
        "url": commenti.indirizzo(commento),
        "testo": commenti.troppo_tardi(),
        "briciole": _briciole(commento.proposta, _("Il tuo commento")),
    }
    status = 409 if request.method == "POST" else 200
    return render(request, "proposte/commento_tardi.html", contesto, status=status)


# --- Reporting ------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def proposta_segnala(request, slug):
    proposta = proposta_pubblica(slug)
    return _segnala(request, proposta, {"proposta": proposta}, proposta.get_absolute_url())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def commento_segnala(request, slug, pk):
    proposta = proposta_pubblica(slug)
    visibili = proposta.commenti.visibili().select_related("proposta")
    commento = get_object_or_404(visibili, pk=pk)
    return _segnala(request, proposta, {"commento": commento}, commenti.indirizzo(commento))


def _segnala(request, proposta, cosa, url):
    """A report needs no name: whoever wants an answer is known, or asks the office."""
    adesso = timezone.now()
    io = partecipanti.attuale(request)
    form = SegnalazioneForm(request.POST if request.method == "POST" else None, adesso=adesso)
    if request.method != "POST" or not form.is_valid():
        contesto = {
            "proposta": proposta,
            "commento": cosa.get("commento"),
            "io": io,
            "form": form,
            "url": url,
            "briciole": _briciole(proposta, _("Segnala")),
        }
        return render(request, "proposte/segnala_form.html", contesto)
    if not (
        consenti(request, "segnala", limite="10/h")
        # However many write from however many places, the queue of the moderators stays readable.
        and consenti(request, "segnala-cosa", chiave=f"{proposta.pk}", limite="30/h")
    ):
        return limite_superato(request)
    scritto = form.cleaned_data
    commenti.segnala(
        **cosa,
        motivo=scritto["motivo"],
        testo=scritto["testo"],
        partecipante=io,
        modulo=scritto["modulo"],
        adesso=adesso,
    )
    messages.success(
        request,
        _("Grazie: la segnalazione è arrivata a chi modera.")
        + (f" {_('Ti scriviamo che cosa ha deciso.')}" if io else ""),
    )
    return vai(url)
