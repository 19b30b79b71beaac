"""What the office finds of the Tavolo."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from eventi.cerca import TITOLO
from portale.lib.cercato import Attraverso, Cercato, Sezione, dettagli, numero
from proposte.cerca import PROPOSTA

from .models import (
    Componente,
    Decisione,
    DocumentoTavolo,
    Organizzazione,
    ParereComitato,
    PuntoOrdineDelGiorno,
    RichiestaAdesione,
    Seduta,
    Seggio,
    Verbale,
    VoceVerbale,
)


def _numero_di_seduta(campo):
    def regola(testo):
        n = numero(testo)
        return None if n is None or n > 32_767 else Q(**{campo: n})

    return regola


ORGANIZZAZIONE = Cercato(
    Organizzazione, "nome", "attivita", "contatto", "email", numeri=["telefono"]
)
SEGGIO = Cercato(Seggio, attraverso=[Attraverso("organizzazione", ORGANIZZAZIONE)])
COMPONENTE = Cercato(
    Componente,
    "nome",
    "email",
    attraverso=[Attraverso("seggio__organizzazione", ORGANIZZAZIONE)],
)
ADESIONE = Cercato(RichiestaAdesione, "nome", "attivita", "contatto", "email", numeri=["telefono"])
PUNTO = Cercato(PuntoOrdineDelGiorno, "titolo", radici=True)
SEDUTA = Cercato(
    Seduta,
    attraverso=[Attraverso("incontro", TITOLO), Attraverso("pk", PUNTO, "seduta")],
    esatto=_numero_di_seduta("numero"),
)
VOCE = Cercato(VoceVerbale, "testo", radici=True)


def _numero_o_impronta(testo):
    if len(testo) == 64:
        return Q(sha256=testo.lower())
    return _numero_di_seduta("seduta__numero")(testo)


VERBALE = Cercato(
    Verbale,
    "premessa",
    "chiusura",
    radici=True,
    attraverso=[Attraverso("seduta__incontro", TITOLO), Attraverso("pk", VOCE, "verbale")],
    esatto=_numero_o_impronta,
)
DECISIONE = Cercato(
    Decisione,
    "motivazione",
    radici=True,
    attraverso=[Attraverso("proposta", PROPOSTA), Attraverso("seduta__incontro", TITOLO)],
)
DOCUMENTO = Cercato(
    DocumentoTavolo, "titolo", radici=True, attraverso=[Attraverso("seduta__incontro", TITOLO)]
)
PARERE = Cercato(
    ParereComitato,
    "titolo",
    "testo",
    radici=True,
    attraverso=[Attraverso("proposta", PROPOSTA)],
)

SEZIONI = [
    Sezione(
        Seduta,
        _("Sedute"),
        lambda s: (
            str(s),
            dettagli(_("n. %(n)d") % {"n": s.numero}, s.incontro.quando, s.get_stato_display()),
        ),
        con=["incontro"],
    ),
    Sezione(
        Verbale,
        _("Verbali"),
        lambda v: (str(v), dettagli(v.seduta.incontro.quando, v.get_stato_display())),
        con=["seduta__incontro"],
    ),
    Sezione(
        Decisione,
        _("Decisioni"),
        lambda d: (str(d.proposta), dettagli(d.get_esito_display(), d.seduta)),
        con=["proposta", "seduta__incontro"],
    ),
    Sezione(
        DocumentoTavolo,
        _("Documenti del Tavolo"),
        lambda d: (d.titolo, dettagli(d.seduta)),
        con=["seduta__incontro"],
    ),
    Sezione(
        ParereComitato,
        _("Pareri del Comitato"),
        lambda p: (p.titolo, dettagli(p.proposta)),
        con=["proposta"],
    ),
    Sezione(
        Organizzazione,
        _("Organizzazioni"),
        lambda o: (
            o.nome,
            dettagli(o.get_genere_display(), o.contatto, o.email, o.telefono),
        ),
        indirizzi=lambda o: o.email,
    ),
    Sezione(
        Seggio,
        _("Seggi"),
        lambda s: (str(s), dettagli(s.get_ruolo_display(), s.percorso)),
        con=["organizzazione", "percorso"],
        elenco={"quando": "tutti"},
    ),
    Sezione(
        Componente,
        _("Componenti del Tavolo"),
        lambda c: (c.nome, dettagli(c.get_ruolo_display(), c.seggio, c.email)),
        con=["seggio__organizzazione"],
        elenco={"punto": "tutti"},
        indirizzi=lambda c: c.email,
    ),
    Sezione(
        RichiestaAdesione,
        _("Richieste di adesione al Tavolo"),
        lambda r: (r.nome, dettagli(r.get_stato_display(), r.contatto, r.email, r.telefono)),
        elenco={"punto": "tutte"},
        indirizzi=lambda r: r.email,
    ),
]
