"""Writing to the office."""

from django.conf import settings
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from laboratori.models import Laboratorio
from portale.forms import ContattoForm
from portale.lib.limiti import consenti, limite_superato
from posta.models import Messaggio
from posta.services import accoda_molti


@require_http_methods(["GET", "HEAD", "POST"])
def contatti(request):
    adesso = timezone.now()
    if request.method != "POST":
        form = ContattoForm(initial=_iniziali(request), adesso=adesso)
        return render(request, "portale/contatti.html", {"form": form})
    form = ContattoForm(request.POST, adesso=adesso)
    if not form.is_valid():
        return render(request, "portale/contatti.html", {"form": form})
    scritto = form.cleaned_data
    if not (
        consenti(request, "contatto", limite="10/h")
        and consenti(request, "contatto_indirizzo", chiave=scritto["email"], limite="5/h")
    ):
        return limite_superato(request)
    _spedisci(scritto, get_language(), adesso)
    return redirect("contatti_inviato")


def _iniziali(request):
    # A NUL, which PostgreSQL does not take, is in no address of ours.
    slug = request.GET.get("laboratorio", "").replace("\0", "")
    iniziali = {"laboratorio": Laboratorio.objects.pubblici().filter(slug=slug).first()}
    if request.user.is_authenticated:
        iniziali |= {"nome": request.user.nome, "email": request.user.email}
    return iniziali


def _spedisci(scritto, lingua, adesso):
    """One mail to the office and one copy to the person. The same words sent twice from one
    form (a double click, a reload) leave once."""
    laboratorio = scritto["laboratorio"]
    parametri = {
        "nome": scritto["nome"],
        "email": scritto["email"],
        "oggetto": scritto["oggetto"],
        "laboratorio": laboratorio.nome if laboratorio else "",
        "messaggio": scritto["messaggio"],
    }
    contenuto = repr((scritto["ricevuto"], sorted(parametri.items())))
    impronta = salted_hmac("portale.contatto", contenuto, algorithm="sha256").hexdigest()[:32]
    accoda_molti(
        [
            Messaggio(
                genere="contatto",
                destinatario=settings.ENTE["email"],
                lingua=settings.LANGUAGE_CODE,
                chiave=f"contatto:{impronta}",
                parametri=parametri,
                dovuto_at=adesso,
            ),
            Messaggio(
                genere="contatto_ricevuto",
                destinatario=scritto["email"],
                lingua=lingua,
                chiave=f"contatto_ricevuto:{impronta}",
                parametri=parametri,
                dovuto_at=adesso,
            ),
        ],
        adesso=adesso,
    )


@require_safe
def contatti_inviato(request):
    return render(request, "portale/contatti_inviato.html")
