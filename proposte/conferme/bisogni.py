"""A need written by somebody whose address is not known yet."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.partecipanti import Esito, azione
from laboratori.models import Laboratorio
from percorso.models import Percorso
from proposte import bisogni
from proposte.models import Bisogno, Tema


@azione("bisogno", descrivi=lambda parametri: _("segnalare un bisogno"))
def segnala(partecipante, parametri, adesso):
    """``parametri`` are what ``proposte.views.bisogni`` kept of the form, by field. What went
    away since (a theme, a lab that closed) leaves the rest."""
    percorso = Percorso.objects.with_fasi().filter(pk=parametri["percorso"]).first()
    laboratorio = None
    if parametri["laboratorio"]:
        laboratorio = Laboratorio.objects.filter(pk=parametri["laboratorio"]).first()
    if percorso is None or (parametri["laboratorio"] and laboratorio is None):
        testo = _("Nel frattempo qualcosa è cambiato: scrivi di nuovo il bisogno.")
        return Esito(reverse("bisogni:bisogno_nuovo"), testo, riuscito=False)
    try:
        bisogno = bisogni.proponi(
            partecipante,
            {
                "percorso": percorso,
                "laboratorio": laboratorio,
                "titolo": parametri["titolo"],
                "testo": parametri["testo"],
                "nome_mostrato": parametri["nome_mostrato"],
            },
            temi=Tema.objects.filter(pk__in=parametri["temi"]),
            adesso=adesso,
        )
    except bisogni.Rifiuto as no:
        return Esito(reverse("bisogni:bisogno_nuovo"), str(no), riuscito=False)
    return esito(bisogno)


def esito(bisogno: Bisogno) -> Esito:
    """Where who wrote it is led, and what she reads there."""
    if bisogno.stato == Bisogno.Stato.PUBBLICATO:
        return Esito(bisogno.get_absolute_url(), _("Fatto: il bisogno è pubblicato."))
    return Esito(reverse("bisogni:bisogno_inviato"), _("Fatto: abbiamo ricevuto il bisogno."))
