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

from accounts import conservazione
from eventi import conti
from eventi.models import Incontro, Iscrizione, Telefonata
from laboratori.models import Disponibilita
from portale import macchina
from portale.lib.dates import a_roma, giorno_e_ora
from posta.services import avvisi_fermi, situazione
from proposte import coda, verifiche
from proposte import da_fare as proposte_da_fare
from proposte.models import Nota, Proposta
from proposte.permissions import can_gestire, can_leggere_verifica, can_moderare
from tavolo import da_fare as tavolo
from tavolo.permissions import can_gestire as can_gestire_tavolo

BOZZE_GIORNI = 30
SETTIMANA_GIORNI = 7
# How many of the week's meetings the first page shows; its list has the others.
PROSSIMI = 30
INCONTRI_DA_ORDINARE = 5
# A call that is due within this time is among the urgent things.
CHIAMA_SUBITO = timedelta(hours=24)


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
        voci += _avvisi_di_spostamento(adesso)
        voci += _macchina(user, adesso)
    if user.has_perm("accounts.view_pulizia"):
        voci += _pulizie(adesso)
    if user.has_perm("eventi.change_incontro"):
        voci += _incontri(adesso)
    if user.has_perm("eventi.view_iscrizione"):
        voci += _iscrizioni(adesso)
    if user.has_perm("eventi.change_telefonata"):
        voci += _telefonate(adesso)
    if user.has_perm("laboratori.change_disponibilita"):
        voci += _disponibilita()
    if can_moderare(user):
        voci += _moderazione(adesso)
    if can_gestire(user):
        voci += _proposte(adesso)
    if can_leggere_verifica(user):
        voci += _verifiche(adesso)
    if user.has_perm("proposte.ordina_nota"):
        voci += _note(user, adesso)
    if can_gestire_tavolo(user):
        voci += _tavolo(adesso)
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
            f"{elenco}?serve=falliti",
            grave=True,
            verbo=gettext("Guarda perché e rispedisci"),
        )
    )
    voci.append(
        Voce(
            stato["rimbalzati"],
            ngettext(
                "messaggio è tornato indietro",
                "messaggi sono tornati indietro",
                stato["rimbalzati"],
            ),
            f"{elenco}?serve=tornati",
            grave=True,
            verbo=gettext("Guarda chi non li ha ricevuti"),
        )
    )
    if not stato["coda_ok"]:
        voci.append(
            Voce(
                stato["in_ritardo"],
                ngettext(
                    "messaggio è in ritardo", "messaggi sono in ritardo", stato["in_ritardo"]
                ),
                f"{elenco}?serve=in_ritardo",
                grave=True,
                verbo=gettext("Guarda la coda"),
            )
        )
    return voci


def _avvisi_di_spostamento(adesso):
    """Meetings that moved or were cancelled, of which somebody has not been told yet."""
    in_ritardo, persi = avvisi_fermi(adesso)
    elenco = reverse("admin:posta_messaggio_changelist")
    return [
        Voce(
            in_ritardo,
            ngettext(
                "avviso di incontro spostato o annullato non è ancora partito",
                "avvisi di incontri spostati o annullati non sono ancora partiti",
                in_ritardo,
            ),
            f"{elenco}?serve=avvisi_fermi",
            grave=True,
            verbo=gettext("Guarda la coda"),
        ),
        Voce(
            persi,
            ngettext(
                "avviso di incontro spostato o annullato non è arrivato",
                "avvisi di incontri spostati o annullati non sono arrivati",
                persi,
            ),
            f"{elenco}?serve=avvisi_persi",
            grave=True,
            verbo=gettext("Guarda chi avvisare in altro modo"),
        ),
    ]


def _macchina(user, adesso):
    copia = macchina.copia_in_ritardo(adesso, tecnica=user.is_superuser)
    testi = [*macchina.dischi_pieni(), *([copia] if copia else [])]
    return [
        Voce(None, f"{testo} {gettext('Avvisa chi gestisce il server.')}", grave=True)
        for testo in testi
    ]


def _pulizie(adesso):
    """The nightly purge, when it has not been done for days."""
    if not conservazione.ferma(adesso):
        return []
    quando = conservazione.ultima()
    testo = (
        gettext(
            "la pulizia dei dati scaduti non si fa da %(quando)s: i dati restano oltre i "
            "termini. Avvisa chi gestisce il server."
        )
        % {"quando": giorno_e_ora(quando)}
        if quando
        else gettext(
            "la pulizia dei dati scaduti non si è mai fatta. Avvisa chi gestisce il server."
        )
    )
    return [
        Voce(
            None,
            testo,
            reverse("admin:accounts_pulizia_changelist"),
            grave=True,
            verbo=gettext("Guarda il registro"),
        )
    ]


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
    offerte = Iscrizione.objects.offerte(adesso).count()
    return [
        Voce(
            offerte,
            ngettext(
                "posto offerto aspetta una risposta",
                "posti offerti aspettano una risposta",
                offerte,
            ),
            reverse("admin:eventi_iscrizione_changelist") + "?serve=offerte",
            verbo=gettext("Guarda chi chiamare"),
        )
    ]


def _telefonate(adesso):
    da_fare = Telefonata.objects.da_fare(adesso).order_by()
    conto = da_fare.aggregate(n=Count("pk"), entro=Min("entro_at"))
    quante, entro = conto["n"], conto["entro"]
    testo = ngettext(
        "persona senza e-mail è da chiamare", "persone senza e-mail sono da chiamare", quante
    )
    return [
        Voce(
            quante,
            gettext("%(chi)s: la prima entro %(quando)s")
            % {"chi": testo, "quando": giorno_e_ora(entro)}
            if entro
            else testo,
            reverse("admin:eventi_telefonata_changelist"),
            grave=entro is not None and entro - adesso < CHIAMA_SUBITO,
            verbo=gettext("Guarda chi chiamare"),
        )
    ]


def _prima_entro(momento):
    return gettext("la prima entro %(quando)s") % {"quando": giorno_e_ora(momento)}


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


def _note(user, adesso):
    """The notes of her past meetings that are neither a need nor an idea, one by one."""
    incontri = (
        Nota.objects.da_ordinare()
        .filter(incontro__in=Incontro.objects.visibili_a(user), incontro__inizio__lt=adesso)
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


def _tavolo(adesso):
    """What the Tavolo waits for from the office, in the order in which it happens."""
    adesioni, da_invitare = tavolo.adesioni(adesso), tavolo.da_invitare(adesso)
    fermate, senza_numero = tavolo.procedure_fermate(), tavolo.procedure_senza_numero()
    da_convocare = tavolo.sedute_da_convocare(adesso)
    da_scrivere = tavolo.verbali_da_scrivere(adesso)
    correzioni = tavolo.correzioni_senza_risposta(adesso)
    da_approvare = tavolo.verbali_da_approvare(adesso)
    in_attesa = tavolo.decisioni_in_attesa(adesso)
    elenco = "admin:tavolo_{}_changelist".format
    return [
        Voce(
            adesioni.quanti,
            ngettext(
                "organizzazione chiede di entrare nel Tavolo",
                "organizzazioni chiedono di entrare nel Tavolo",
                adesioni.quanti,
            ),
            reverse(elenco("richiestaadesione")),
            grave=adesioni.in_ritardo,
            verbo=gettext("Rispondi"),
        ),
        Voce(
            da_invitare.quanti,
            ngettext(
                "componente del Tavolo è da invitare",
                "componenti del Tavolo sono da invitare",
                da_invitare.quanti,
            ),
            reverse(elenco("componente")) + "?punto=da_invitare",
            verbo=gettext("Manda l'invito"),
        ),
        Voce(
            fermate.quanti,
            ngettext(
                "procedura scritta fermata da un'obiezione va portata in seduta",
                "procedure scritte fermate da un'obiezione vanno portate in seduta",
                fermate.quanti,
            ),
            reverse(elenco("procedurascritta")) + "?riprendere=fermata",
            verbo=gettext("Prepara la seduta"),
        ),
        Voce(
            senza_numero.quanti,
            ngettext(
                "procedura scritta si è chiusa senza abbastanza risposte",
                "procedure scritte si sono chiuse senza abbastanza risposte",
                senza_numero.quanti,
            ),
            reverse(elenco("procedurascritta")) + "?riprendere=senza_numero",
            verbo=gettext("Decidi come andare avanti"),
        ),
        Voce(
            da_convocare.quanti,
            ngettext(
                "seduta del Tavolo è da convocare",
                "sedute del Tavolo sono da convocare",
                da_convocare.quanti,
            ),
            reverse(elenco("seduta")) + "?quando=da_convocare",
            grave=da_convocare.in_ritardo,
            verbo=gettext("Manda la convocazione"),
        ),
        Voce(
            da_scrivere.quanti,
            ngettext(
                "seduta chiusa aspetta il verbale",
                "sedute chiuse aspettano il verbale",
                da_scrivere.quanti,
            ),
            reverse(elenco("seduta")) + "?quando=senza_verbale",
            grave=da_scrivere.in_ritardo,
            verbo=gettext("Scrivi il verbale"),
        ),
        Voce(
            correzioni.quanti,
            ngettext(
                "verbale ha correzioni senza risposta",
                "verbali hanno correzioni senza risposta",
                correzioni.quanti,
            ),
            reverse(elenco("verbale")) + "?punto=rispondere",
            grave=correzioni.in_ritardo,
            verbo=gettext("Rispondi"),
        ),
        Voce(
            da_approvare.quanti,
            ngettext("verbale è da approvare", "verbali sono da approvare", da_approvare.quanti),
            reverse(elenco("verbale")) + "?punto=approvare",
            verbo=gettext("Approva in seduta"),
        ),
        Voce(
            in_attesa.quanti,
            ngettext(
                "decisione aspetta da più di un mese il suo verbale",
                "decisioni aspettano da più di un mese il loro verbale",
                in_attesa.quanti,
            ),
            reverse(elenco("decisione")) + "?pubblicata=tardi",
            grave=True,
            verbo=gettext("Concludi il verbale"),
        ),
    ]


def prossimi(user, adesso: datetime) -> list:
    """The first ``PROSSIMI`` published meetings of the next seven days (a facilitator's own), with
    what the office prepares for. Access needs are counted only for who may read them."""
    if not user.has_perm("eventi.view_incontro"):
        return []
    incontri = conti.with_attesa(
        Incontro.objects.visibili_a(user)
        .entro(adesso, SETTIMANA_GIORNI)
        .filter(stato=Incontro.Stato.PUBBLICATO)
        .for_elenco()
    )
    if user.has_perm("eventi.view_necessita"):
        incontri = conti.with_bisogni_di_accesso(incontri)
    incontri = list(incontri[:PROSSIMI])
    for incontro in incontri:
        incontro.admin_url = reverse("admin:eventi_incontro_change", args=[incontro.pk])
        incontro.iscrivi_url = reverse("admin:eventi_incontro_iscrivi", args=[incontro.pk])
        incontro.presenze_url = reverse("admin:eventi_incontro_presenze", args=[incontro.pk])
    return incontri
