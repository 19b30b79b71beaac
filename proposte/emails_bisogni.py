"""The mails to who wrote a need: it arrived, everybody reads it, it is out of sight."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import partecipanti
from portale.lib.emails import assoluto, componi
from posta.generi import Composto, NonDovuto, genere

from .models import Bisogno, PassaggioBisogno

Stato = Bisogno.Stato


@genere("bisogno_ricevuto", etichetta="Bisogno: l'abbiamo ricevuto")
def bisogno_ricevuto(messaggio, adesso):
    bisogno, _passo = _riletto(messaggio, Stato.INVIATO)
    return _composto("bisogno_ricevuto", bisogno, reverse("bisogni:bisogno_list"))


@genere("bisogno_pubblicato", etichetta="Bisogno: è pubblicato")
def bisogno_pubblicato(messaggio, adesso):
    bisogno, passo = _riletto(messaggio, Stato.PUBBLICATO)
    return _composto(
        "bisogno_pubblicato",
        bisogno,
        bisogno.get_absolute_url(),
        di_nuovo=passo.da == Stato.NASCOSTO,
    )


@genere("bisogno_nascosto", etichetta="Bisogno: non si vede più")
def bisogno_nascosto(messaggio, adesso):
    bisogno, passo = _riletto(messaggio, Stato.NASCOSTO)
    fatti = [(_("Motivo"), passo.get_motivo_display()), (_("Spiegazione"), passo.testo)]
    return _composto("bisogno_nascosto", bisogno, reverse("bisogni:bisogno_list"), fatti=fatti)


def _riletto(messaggio, stato):
    """The need and the step this mail tells of; NonDovuto when it has gone on since, or nobody
    is left to tell."""
    passo = (
        PassaggioBisogno.objects.select_related("bisogno__proponente", "bisogno__laboratorio")
        .filter(pk=messaggio.parametri["passaggio"], bisogno__stato=stato)
        .first()
    )
    if passo is None or passo.bisogno.proponente is None:
        raise NonDovuto
    return passo.bisogno, passo


def _composto(nome, bisogno, pagina, *, fatti=(), **contesto):
    laboratorio = bisogno.laboratorio
    contesto = {
        "bisogno": bisogno,
        "nome": bisogno.proponente.nome,
        "fatti": [
            (_("Bisogno"), bisogno.titolo),
            (_("Dove"), laboratorio.nome if laboratorio else _("tutta la città")),
            *fatti,
        ],
        "giorni": -(-settings.MODERAZIONE_ORE // 24),
        "url": assoluto(partecipanti.link(bisogno.proponente, pagina)),
        **contesto,
    }
    return Composto(*componi(nome, contesto), rispondi_a=settings.ENTE["email"])
