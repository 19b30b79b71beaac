"""The mails of moderation: the morning's list to those who moderate, the answer to who asked
for another look."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import partecipanti
from portale.lib.emails import assoluto, componi
from posta.generi import Composto, NonDovuto, genere

from . import coda
from .models import Passaggio, Proposta

# As many titles as one reads in a mail; the others are counted.
TITOLI = 10


@genere("moderazione_riepilogo", etichetta="Moderazione: che cosa aspetta")
def moderazione_riepilogo(messaggio, adesso):
    """What still waits of what was there in the morning. Nobody may be left to answer for."""
    mattina = datetime.fromisoformat(messaggio.parametri["mattina"])
    if not coda.moderatori().filter(email=messaggio.destinatario).exists():
        raise NonDovuto
    conti = [conto for conto in coda.situazione(mattina) if conto.quante]
    if not conti:
        raise NonDovuto
    quante = sum(conto.quante for conto in conti)
    righe = coda.in_attesa()[: min(quante, TITOLI)]
    prime = [attesa for attesa in coda.apri(righe) if attesa.dal <= mattina]
    contesto = {
        "oggetto": ngettext("%(n)d cosa da moderare", "%(n)d cose da moderare", quante)
        % {"n": quante},
        "conti": [
            (
                conto.genere.label,
                conto.quante,
                conto.eta(adesso),
                conto.in_ritardo(adesso),
            )
            for conto in conti
        ],
        "prime": [
            (attesa.genere.label, attesa.titolo, attesa.eta(adesso), attesa.in_ritardo(adesso))
            for attesa in prime
        ],
        "altre": quante - len(prime),
        "url": assoluto(reverse("admin:proposte_proposta_coda")),
    }
    return Composto(*componi("moderazione_riepilogo", contesto))


@genere("proposta_confermata_nascosta", etichetta="Proposta: resta nascosta dopo il riesame")
def proposta_confermata_nascosta(messaggio, adesso):
    passo = (
        Passaggio.objects.select_related("proposta__proponente")
        .filter(pk=messaggio.parametri["passaggio"], evento=Passaggio.Evento.CONFERMA)
        .first()
    )
    if passo is None or passo.proposta.proponente is None:
        raise NonDovuto
    proposta = passo.proposta
    # Somebody has shown it meanwhile: that mail says more.
    if proposta.stato != Proposta.Stato.NASCOSTA:
        raise NonDovuto
    pagina = reverse("proposte:proposta_riesame", args=[proposta.slug])
    contesto = {
        "proposta": proposta,
        "nome": proposta.proponente.nome,
        "fatti": [
            (_("Proposta"), proposta.titolo),
            (_("Motivo"), passo.get_motivo_display()),
            (_("Spiegazione"), passo.testo),
        ],
        "url": assoluto(partecipanti.link(proposta.proponente, pagina)),
    }
    return Composto(*componi("proposta_confermata_nascosta", contesto))
