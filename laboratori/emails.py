"""The mails about offers of help, one function each."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from portale.lib.emails import assoluto, componi
from posta.generi import Composto, NonDovuto, genere

from .models import Disponibilita

Stato = Disponibilita.Stato


@genere("disponibilita_conferma", etichetta="Disponibilità: conferma l'indirizzo")
def disponibilita_conferma(messaggio, adesso):
    disponibilita = _riletta(messaggio, Stato.DA_VERIFICARE)
    link = reverse("laboratori:disponibilita_conferma", args=[disponibilita.token])
    return _composto("disponibilita_conferma", disponibilita, url=assoluto(link))


@genere("disponibilita_ricevuta", etichetta="Disponibilità: l'abbiamo ricevuta", correggibile=True)
def disponibilita_ricevuta(messaggio, adesso):
    # The answer says more than the receipt: whoever has it needs no receipt any more.
    disponibilita = _riletta(messaggio, Stato.NUOVA, Stato.ASSEGNATA)
    return _composto(
        "disponibilita_ricevuta", disponibilita, url=assoluto(reverse("eventi:incontro_list"))
    )


@genere("disponibilita_ufficio", etichetta="Disponibilità: avviso all'ufficio")
def disponibilita_ufficio(messaggio, adesso):
    disponibilita = _riletta(messaggio, Stato.NUOVA, Stato.ASSEGNATA)
    link = reverse("admin:laboratori_disponibilita_change", args=[disponibilita.pk])
    return _composto(
        "disponibilita_ufficio",
        disponibilita,
        rispondi_a=disponibilita.email,
        url=assoluto(link),
    )


@genere(
    "disponibilita_risposta",
    etichetta="Disponibilità: la risposta dell'ufficio",
    correggibile=True,
)
def disponibilita_risposta(messaggio, adesso):
    disponibilita = _riletta(messaggio, Stato.CHIUSA)
    return _composto(
        "disponibilita_risposta",
        disponibilita,
        rispondi_a=settings.ENTE["email"],
        url=assoluto(reverse("laboratorio_list")),
    )


def _riletta(messaggio, *stati):
    """The offer as it is now; NonDovuto when it is gone or past the step this mail tells of."""
    disponibilita = (
        Disponibilita.objects.select_related("laboratorio")
        .filter(pk=messaggio.parametri["disponibilita"], stato__in=stati)
        .first()
    )
    if disponibilita is None:
        raise NonDovuto
    return disponibilita


def _composto(nome, disponibilita, *, rispondi_a="", **contesto):
    laboratorio = disponibilita.laboratorio
    fatti = [
        (_("Laboratorio"), laboratorio.nome if laboratorio else _("uno qualsiasi")),
        (_("Che cosa offri"), disponibilita.aiuti_a_parole),
    ]
    # Until the address is confirmed the recipient may be a stranger to what was written.
    if disponibilita.messaggio and disponibilita.verificata_at:
        fatti.append((_("Messaggio"), disponibilita.messaggio))
    contesto = {"disponibilita": disponibilita, "fatti": fatti, **contesto}
    return Composto(*componi(nome, contesto), rispondi_a=rispondi_a)
