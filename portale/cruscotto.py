"""The office's first page: what is late or broken, what people wrote and waits for somebody, and
the meetings of the week.

Each line counts by the same read rule as the list that it links to, so that opening it shows
exactly those rows. A person sees the lines of what she may mend; the queries are a fixed number.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from eventi import conti
from eventi.models import Incontro, Iscrizione
from laboratori.models import Disponibilita
from portale.lib.dates import a_roma
from posta.services import situazione
from proposte import coda, verifiche
from proposte import da_fare as proposte_da_fare
from proposte.models import Nota, Proposta
from proposte.permissions import can_gestire, can_leggere_verifica, can_moderare

BOZZE_GIORNI = 30
SETTIMANA_GIORNI = 7
INCONTRI_DA_ORDINARE = 5


@dataclass(frozen=True)
class Voce:
    """One line: how many, what they are, where they are mended. ``grave`` comes first.

    A part of the machinery that stopped has no number and no list: ``quanti`` is None.
    """

    quanti: int | None
    testo: str
    url: str = ""
    grave: bool = False
    verbo: str = ""


def da_fare(user, adesso: datetime) -> list[Voce]:
    """What waits for this person, the broken things first; empty when all is well."""
    voci = []
    if user.has_perm("posta.view_messaggio"):
        voci += _posta(adesso)
    if user.has_perm("eventi.change_incontro"):
        voci += _incontri(adesso)
    if user.has_perm("eventi.view_iscrizione"):
        voci += _iscrizioni(adesso)
    if user.has_perm("laboratori.change_disponibilita"):
        voci += _disponibilita()
    if can_moderare(user):
        voci += _moderazione(adesso)
    if can_gestire(user):
        voci += _proposte(adesso)
    if can_leggere_verifica(user):
        voci += _verifiche(adesso)
    if user.has_perm("proposte.ordina_nota"):
        voci += _note(adesso)
    return sorted((voce for voce in voci if voce.quanti != 0), key=lambda voce: not voce.grave)


def _posta(adesso):
    stato = situazione(adesso)
    elenco = reverse("admin:posta_messaggio_changelist")
    spenti = {
        "pianificatore": gettext("il pianificatore è fermo: promemoria e offerte non partono."),
        "spedizione": gettext("la spedizione è ferma: le e-mail restano in coda."),
    }
    avvisa = gettext("Avvisa chi gestisce il server.")
    voci = [
        Voce(
            None, f"{spenti.get(nome, nome)} {_visto(stato['battiti'][nome])} {avvisa}", grave=True
        )
        for nome, vivo in stato["battiti_ok"].items()
        if not vivo
    ]
    voci.append(
        Voce(
            stato["falliti"],
            ngettext("messaggio non è partito", "messaggi non sono partiti", stato["falliti"]),
            f"{elenco}?stato__exact=fallito",
            grave=True,
            verbo=gettext("Guarda perché e rispedisci"),
        )
    )
    if not stato["coda_ok"]:
        voci.append(
            Voce(
                stato["in_ritardo"],
                ngettext(
                    "messaggio è in ritardo", "messaggi sono in ritardo", stato["in_ritardo"]
                ),
                f"{elenco}?stato__exact=in_coda",
                grave=True,
                verbo=gettext("Guarda la coda"),
            )
        )
    return voci


def _visto(eta):
    """When a part of the machinery was last seen, from its age in seconds."""
    if eta is None:
        return gettext("Non si è mai visto.")
    return gettext("Ultimo segno: %(minuti)d minuti fa.") % {"minuti": eta // 60}


def _incontri(adesso):
    elenco = reverse("admin:eventi_incontro_changelist")
    in_ritardo = Incontro.objects.resoconto_in_ritardo(adesso, settings.RESOCONTO_GIORNI).count()
    da_chiudere = Incontro.objects.da_chiudere(adesso).count()
    bozze = Incontro.objects.entro(adesso, BOZZE_GIORNI).filter(stato=Incontro.Stato.BOZZA).count()
    return [
        Voce(
            in_ritardo,
            ngettext(
                "incontro finito da più di %(giorni)d giorni è senza resoconto pubblicato",
                "incontri finiti da più di %(giorni)d giorni sono senza resoconto pubblicato",
                in_ritardo,
            )
            % {"giorni": settings.RESOCONTO_GIORNI},
            f"{elenco}?quando=in_ritardo",
            grave=True,
            verbo=gettext("Scrivi i resoconti"),
        ),
        Voce(
            da_chiudere,
            ngettext(
                "incontro passato risulta ancora in programma",
                "incontri passati risultano ancora in programma",
                da_chiudere,
            ),
            f"{elenco}?quando=da_chiudere",
            verbo=gettext("Segna come svolti"),
        ),
        Voce(
            bozze,
            ngettext(
                "bozza è di un incontro dei prossimi %(giorni)d giorni",
                "bozze sono di incontri dei prossimi %(giorni)d giorni",
                bozze,
            )
            % {"giorni": BOZZE_GIORNI},
            f"{elenco}?quando=bozze",
            verbo=gettext("Completa e pubblica"),
        ),
    ]


def _iscrizioni(adesso):
    offerte = Iscrizione.objects.filter(
        stato=Iscrizione.Stato.POSTO_OFFERTO, scade_at__gt=adesso
    ).count()
    return [
        Voce(
            offerte,
            ngettext(
                "posto offerto aspetta una risposta",
                "posti offerti aspettano una risposta",
                offerte,
            ),
            reverse("admin:eventi_iscrizione_changelist") + "?stato__exact=posto_offerto",
            verbo=gettext("Guarda chi chiamare"),
        )
    ]


def _disponibilita():
    nuove = Disponibilita.objects.filter(stato=Disponibilita.Stato.NUOVA).count()
    return [
        Voce(
            nuove,
            ngettext(
                "persona si è offerta di dare una mano",
                "persone si sono offerte di dare una mano",
                nuove,
            ),
            reverse("admin:laboratori_disponibilita_changelist") + "?gestione=nuove",
            verbo=gettext("Assegna o rispondi"),
        )
    ]


# --- Needs and proposals --------------------------------------------------------------------


def _moderazione(adesso):
    """What people wrote and nobody has read, each kind with the age of its oldest."""
    elenco = reverse("admin:proposte_proposta_coda")
    parole = {
        coda.Genere.PROPOSTA: lambda n: ngettext(
            "proposta aspetta la moderazione", "proposte aspettano la moderazione", n
        ),
        coda.Genere.BISOGNO: lambda n: ngettext(
            "bisogno aspetta la moderazione", "bisogni aspettano la moderazione", n
        ),
        coda.Genere.SEGNALAZIONE: lambda n: ngettext(
            "segnalazione è aperta", "segnalazioni sono aperte", n
        ),
        coda.Genere.RIESAME: lambda n: ngettext(
            "proposta nascosta aspetta un riesame", "proposte nascoste aspettano un riesame", n
        ),
    }
    return [
        Voce(
            conto.quante,
            _con_eta(parole[conto.genere](conto.quante), conto.quante, conto.eta(adesso)),
            f"{elenco}?genere={conto.genere.value}",
            grave=conto.in_ritardo(adesso),
            verbo=gettext("Leggi e decidi"),
        )
        for conto in coda.situazione()
    ]


def _con_eta(testo, quante, eta):
    """ "segnalazione è aperta, da 3 giorni"; of many, the oldest's."""
    if not eta:
        return testo
    return f"{testo}, {eta}" if quante == 1 else f"{testo}, {gettext('la più vecchia')} {eta}"


def _proposte(adesso):
    elenco = reverse("admin:proposte_proposta_changelist")
    tutte = Proposta.objects.all()
    da_rispondere = proposte_da_fare.with_decisa_at(
        proposte_da_fare.da_rispondere(tutte)
    ).aggregate(n=Count("pk"), dal=Min("decisa_at"))
    quante, dal = da_rispondere["n"], da_rispondere["dal"]
    tardi = dal is not None and adesso - dal > timedelta(days=settings.RISPOSTA_GIORNI)
    voci = [
        Voce(
            quante,
            _con_eta(
                ngettext(
                    "proposta decisa è senza risposta del Comune",
                    "proposte decise sono senza risposta del Comune",
                    quante,
                ),
                quante,
                coda.eta(dal, adesso) if dal else "",
            ),
            f"{elenco}?serve=risposta",
            grave=tardi,
            verbo=gettext("Rispondi"),
        )
    ]
    pronti = proposte_da_fare.con_esito_preparato(tutte).count()
    senza_laboratorio = proposte_da_fare.senza_laboratorio(tutte).count()
    senza_tema = proposte_da_fare.senza_tema(tutte).count()
    doppie = proposte_da_fare.doppioni(tutte).count()
    return [
        *voci,
        Voce(
            pronti,
            ngettext("esito è preparato", "esiti sono preparati", pronti),
            reverse("admin:proposte_proposta_esiti"),
            verbo=gettext("Rileggi e pubblica"),
        ),
        Voce(
            senza_laboratorio,
            ngettext(
                "proposta è senza laboratorio",
                "proposte sono senza laboratorio",
                senza_laboratorio,
            ),
            f"{elenco}?serve=laboratorio",
            verbo=gettext("Assegna"),
        ),
        Voce(
            senza_tema,
            ngettext("proposta è senza tema", "proposte sono senza tema", senza_tema),
            f"{elenco}?serve=tema",
            verbo=gettext("Dai un tema"),
        ),
        Voce(
            doppie,
            ngettext(
                "proposta ha il titolo di un'altra",
                "proposte hanno lo stesso titolo di un'altra",
                doppie,
            ),
            f"{elenco}?serve=doppioni",
            verbo=gettext("Confronta"),
        ),
    ]


def _verifiche(adesso):
    tardi = verifiche.in_ritardo(a_roma(adesso).date()).aggregate(
        n=Count("pk"), dal=Min("scadenza")
    )
    return [
        Voce(
            tardi["n"],
            ngettext(
                "verifica tecnica è in ritardo", "verifiche tecniche sono in ritardo", tardi["n"]
            ),
            reverse("admin:proposte_verificatecnica_changelist") + "?punto=in_ritardo",
            grave=True,
            verbo=gettext("Concludi o sollecita"),
        )
    ]


def _note(adesso):
    """The notes of past meetings that are neither a need nor an idea yet, meeting by meeting."""
    incontri = (
        Nota.objects.da_ordinare()
        .filter(incontro__inizio__lt=adesso)
        .exclude(incontro__stato=Incontro.Stato.BOZZA)
        .values_list("incontro__slug", "incontro__titolo")
        .annotate(n=Count("pk"))
        .order_by("incontro__inizio", "incontro__slug")[:INCONTRI_DA_ORDINARE]
    )
    return [
        Voce(
            quante,
            ngettext(
                "nota da ordinare di «%(incontro)s»", "note da ordinare di «%(incontro)s»", quante
            )
            % {"incontro": titolo},
            reverse("raccolta:ordina", args=[slug]),
            verbo=gettext("Ordina le note"),
        )
        for slug, titolo, quante in incontri
    ]


def prossimi(user, adesso: datetime) -> list:
    """The published meetings of the next seven days, with what the office prepares for. Access
    needs are counted only for who may read them."""
    if not user.has_perm("eventi.view_incontro"):
        return []
    incontri = conti.with_attesa(
        Incontro.objects.entro(adesso, SETTIMANA_GIORNI)
        .filter(stato=Incontro.Stato.PUBBLICATO)
        .for_elenco()
    )
    if user.has_perm("eventi.view_necessita"):
        incontri = conti.with_bisogni_di_accesso(incontri)
    incontri = list(incontri)
    for incontro in incontri:
        incontro.admin_url = reverse("admin:eventi_incontro_change", args=[incontro.pk])
        incontro.iscrivi_url = reverse("admin:eventi_incontro_iscrivi", args=[incontro.pk])
        incontro.presenze_url = reverse("admin:eventi_incontro_presenze", args=[incontro.pk])
    return incontri
