"""The mails about who sits: the invitation to a seat, and the answers of the open door."""

from django.conf import settings
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from portale.lib import dates
from portale.lib.emails import assoluto, componi
from posta.generi import Composto, NonDovuto, genere

from ..models import Componente, RichiestaAdesione
from ..services.soggetti import INVITO_VALIDO, perche_chiuso

Stato = RichiestaAdesione.Stato


@genere("invito_tavolo", etichetta="Tavolo: invito a un seggio")
def invito_tavolo(messaggio, adesso):
    componente = (
        Componente.objects.for_seggio()
        .filter(pk=messaggio.parametri["componente"], codice=messaggio.parametri["codice"])
        .first()
    )
    # She has joined, another invitation followed, her mandate ended, her address was corrected.
    if componente is None or perche_chiuso(componente, adesso):
        raise NonDovuto
    seggio = componente.seggio
    fatti = [
        (_("Percorso"), str(seggio.percorso)),
        (_("Organizzazione"), str(seggio.organizzazione)),
        (_("In quanto"), componente.get_ruolo_display()),
        (_("Dal"), dates.giorno_esteso(componente.dal)),
    ]
    scade = dates.a_roma(componente.invitato_at + INVITO_VALIDO).date()
    contesto = {
        "componente": componente,
        "fatti": fatti,
        "url": assoluto(reverse("tavolo:invito", args=[componente.token])),
        "scade": dates.giorno_esteso(scade),
    }
    return Composto(*componi("invito_tavolo", contesto), rispondi_a=settings.ENTE["email"])


@genere("adesione_ricevuta", etichetta="Tavolo: richiesta di adesione ricevuta", correggibile=True)
def adesione_ricevuta(messaggio, adesso):
    # The answer says more than the receipt: whoever has it needs no receipt any more.
    return _composto("adesione_ricevuta", _riletta(messaggio, Stato.NUOVA))


@genere("adesione_ufficio", etichetta="Tavolo: avviso all'ufficio di una richiesta di adesione")
def adesione_ufficio(messaggio, adesso):
    richiesta = _riletta(messaggio, Stato.NUOVA)
    url = reverse("admin:tavolo_richiestaadesione_change", args=[richiesta.pk])
    return _composto("adesione_ufficio", richiesta, url=url, rispondi_a=richiesta.email)


@genere("adesione_accolta", etichetta="Tavolo: richiesta di adesione accolta", correggibile=True)
def adesione_accolta(messaggio, adesso):
    richiesta = _riletta(messaggio, Stato.ACCOLTA)
    seggio = richiesta.seggio
    return _composto(
        "adesione_accolta",
        richiesta,
        fatti=[(_("Dal"), dates.giorno_esteso(seggio.dal))],
        invitato=seggio.componenti.filter(email=richiesta.email).exists(),
    )


@genere("adesione_respinta", etichetta="Tavolo: richiesta di adesione respinta", correggibile=True)
def adesione_respinta(messaggio, adesso):
    return _composto("adesione_respinta", _riletta(messaggio, Stato.RESPINTA))


def _riletta(messaggio, stato):
    """The request as it is now; NonDovuto when it is gone or past the step this mail tells of."""
    richiesta = (
        RichiestaAdesione.objects.select_related("percorso", "seggio")
        .filter(pk=messaggio.parametri["richiesta"], stato=stato)
        .first()
    )
    if richiesta is None:
        raise NonDovuto
    return richiesta


def _composto(nome, richiesta, *, url="", fatti=(), rispondi_a="", **contesto):
    tutti = [
        (_("Organizzazione"), richiesta.nome),
        (capfirst(_("genere")), capfirst(richiesta.get_genere_display())),
        (_("Percorso"), str(richiesta.percorso)),
        *fatti,
    ]
    contesto = {
        "richiesta": richiesta,
        "fatti": tutti,
        "url": assoluto(url or reverse("tavolo:tavolo")),
        **contesto,
    }
    return Composto(*componi(nome, contesto), rispondi_a=rispondi_a or settings.ENTE["email"])
