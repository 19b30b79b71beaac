"""The moderation queue: what waits, oldest first, and one thing at a time with its decision.

The names of those who write are the ones that they show; no address is ever on these pages.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import Cambiato

from . import bisogni, coda, commenti, services
from .admin_forms import AccogliSegnalazioneForm, ConfermaForm, NascondiForm
from .admin_views import DOPPIO_CLIC, dove, solo_da, somiglianti
from .coda import Attesa, Genere
from .models import Bisogno, Proposta, Segnalazione
from .permissions import can_moderare

PER_PAGINA = 50


@dataclass(frozen=True)
class Decisione:
    """What a moderator may decide of a kind of thing."""

    nome: str
    etichetta: str
    bottone: str
    form: type
    esegui: Callable
    fatto: str
    grave: bool = False


def _sposta(verbo, da):
    """A verb that is only for what is still as the moderator read it."""

    def esegui(attesa, dati, autore, adesso):
        with solo_da(attesa.oggetto, da):
            verbo(attesa.oggetto, autore, **dati, adesso=adesso)

    return esegui


def _chiudi(esito):
    def esegui(attesa, dati, autore, adesso):
        commenti.chiudi_segnalazione(
            attesa.oggetto, esito, autore, testo=dati.get("testo", ""), adesso=adesso
        )

    return esegui


DECISIONI = {
    Genere.PROPOSTA: (
        Decisione(
            "pubblica",
            _("Va bene"),
            _("Pubblica"),
            ConfermaForm,
            _sposta(services.pubblica, Proposta.Stato.INVIATA),
            _("Pubblicata."),
        ),
        Decisione(
            "nascondi",
            _("Non si può pubblicare"),
            _("Nascondi"),
            NascondiForm,
            _sposta(services.nascondi, Proposta.Stato.INVIATA),
            _("Nascosta: chi l'ha scritta riceve il motivo."),
            grave=True,
        ),
    ),
    Genere.BISOGNO: (
        Decisione(
            "pubblica",
            _("Va bene"),
            _("Pubblica"),
            ConfermaForm,
            _sposta(bisogni.pubblica, Bisogno.Stato.INVIATO),
            _("Pubblicato."),
        ),
        Decisione(
            "nascondi",
            _("Non si può pubblicare"),
            _("Nascondi"),
            NascondiForm,
            _sposta(bisogni.nascondi, Bisogno.Stato.INVIATO),
            _("Nascosto: chi l'ha scritto riceve il motivo."),
            grave=True,
        ),
    ),
    Genere.SEGNALAZIONE: (
        Decisione(
            "respingi",
            _("Può restare"),
            _("Lascia com'è e chiudi la segnalazione"),
            ConfermaForm,
            _chiudi(Segnalazione.Esito.RESPINTA),
            _("Segnalazione chiusa: il contenuto resta."),
        ),
        Decisione(
            "accogli",
            _("Ha ragione chi segnala"),
            _("Nascondi e chiudi la segnalazione"),
            AccogliSegnalazioneForm,
            _chiudi(Segnalazione.Esito.ACCOLTA),
            _("Segnalazione accolta: il contenuto è nascosto."),
            grave=True,
        ),
    ),
    Genere.RIESAME: (
        Decisione(
            "riammetti",
            _("Si può mostrare"),
            _("Riammetti"),
            ConfermaForm,
            _sposta(services.pubblica, Proposta.Stato.NASCOSTA),
            _("Riammessa: chi l'ha scritta riceve un avviso."),
        ),
        Decisione(
            "conferma",
            _("Resta nascosta"),
            _("Lasciala nascosta"),
            NascondiForm,
            _sposta(services.conferma_nascosta, Proposta.Stato.NASCOSTA),
            _("Resta nascosta: chi l'ha scritta riceve il motivo."),
            grave=True,
        ),
    ),
}


# --- The list -------------------------------------------------------------------------------


def coda_elenco(model_admin, request):
    """All that waits, oldest first, whatever it is."""
    if not can_moderare(request.user):
        raise Http404
    adesso = timezone.now()
    genere = request.GET.get("genere", "")
    if genere not in Genere.values:
        genere = ""
    foglio = Paginator(coda.in_attesa(genere), PER_PAGINA).get_page(request.GET.get("p"))
    attese = coda.apri(foglio.object_list)
    conti = coda.situazione()
    return TemplateResponse(
        request,
        "admin/proposte/proposta/coda.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": gettext("Coda di moderazione"),
            "oggetto": None,
            "ritorno": reverse("admin:proposte_proposta_changelist"),
            "ore": int(coda.limite().total_seconds() // 3600),
            "genere": genere,
            "filtri": _filtri(conti, genere, adesso),
            "foglio": foglio,
            "righe": [
                (
                    attesa,
                    _url(attesa.genere, attesa.pk),
                    attesa.eta(adesso),
                    attesa.in_ritardo(adesso),
                )
                for attesa in attese
            ],
        },
    )


def _filtri(conti, genere, adesso):
    """(words, address, chosen, age of the oldest) of each list."""
    tutte = sum(conto.quante for conto in conti)
    voci = [(f"{gettext('tutto')} ({tutte})", "?", genere == "", "")]
    voci += [
        (
            f"{conto.genere.label} ({conto.quante})",
            f"?genere={conto.genere.value}",
            genere == conto.genere.value,
            conto.eta(adesso),
        )
        for conto in conti
    ]
    return voci


def _url(genere, pk):
    return reverse("admin:proposte_proposta_coda_voce", args=[genere, pk])


# --- One thing ------------------------------------------------------------------------------


def coda_voce(model_admin, request, genere, pk):
    """One thing that waits, as people wrote it, and what may be decided; then the next one."""
    if not can_moderare(request.user) or genere not in Genere.values:
        raise Http404
    adesso = timezone.now()
    attesa = coda.una(genere, pk)
    if attesa is None:
        return _non_aspetta_piu(model_admin, request, genere, pk, adesso)
    scelta = request.POST.get("decisione", "") if request.method == "POST" else ""
    moduli = []
    for decisione in DECISIONI[attesa.genere]:
        sua = decisione.nome == scelta
        form = decisione.form(request.POST if sua else None)
        if isinstance(form, AccogliSegnalazioneForm) and _gia_nascosto(attesa):
            del form.fields["testo"]
        if (
            sua
            and form.is_valid()
            and _esegui(model_admin, request, decisione, attesa, form, adesso)
        ):
            return redirect(_dopo(attesa))
        moduli.append((decisione, form))
    return TemplateResponse(
        request,
        "admin/proposte/proposta/coda_voce.html",
        {
            **_contesto(model_admin, request, attesa, adesso),
            "moduli": moduli,
            "versione": model_admin.versione_di(*_lette(attesa)),
            "sbagliato": next((form for _decisione, form in moduli if form.errors), None),
        },
    )


def _esegui(model_admin, request, decisione, attesa, form, adesso):
    """True when it is done; else the form says why not."""
    try:
        with transaction.atomic():
            model_admin.pretendi_le_stesse(request, *_lette(attesa))
            decisione.esegui(attesa, form.cleaned_data, request.user, adesso)
            model_admin.annota(request, attesa.oggetto, str(decisione.bottone))
    except (services.Rifiuto, Cambiato) as no:
        form.add_error(None, str(no))
        return False
    messages.success(request, f"«{attesa.titolo}»: {decisione.fatto}")
    return True


def _lette(attesa):
    """The rows that a moderator reads before she decides: of a report also what it is of."""
    if attesa.genere != Genere.SEGNALAZIONE:
        return [attesa.oggetto]
    return [attesa.oggetto, attesa.oggetto.commento or attesa.oggetto.proposta]


def _dopo(attesa):
    """Where a moderator goes from here: the next thing, or the list that says that all is done."""
    prossima = coda.prossima(attesa)
    return _url(*prossima) if prossima else reverse("admin:proposte_proposta_coda")


def _non_aspetta_piu(model_admin, request, genere, pk, adesso):
    """Somebody was quicker: who, if it is known, and what was being written is not lost."""
    oggetto = coda.leggibile(genere, pk)
    if oggetto is None:
        raise Http404
    prossima = coda.prossima()
    if request.method == "POST" and _appena_deciso(oggetto, request.user, adesso):
        return redirect(_url(*prossima) if prossima else reverse("admin:proposte_proposta_coda"))
    return TemplateResponse(
        request,
        "admin/proposte/proposta/coda_voce.html",
        {
            **_contesto(model_admin, request, Attesa(Genere(genere), pk, adesso, oggetto), adesso),
            "chiusa": _che_cosa_ne_e_stato(oggetto),
            "scritto": request.POST.get("testo", "").strip(),
            "prossima": _url(*prossima) if prossima else "",
        },
        status=200 if request.method != "POST" else 409,
    )


def _appena_deciso(oggetto, persona, adesso):
    """Whether she has just decided on it herself: the second half of a double click."""
    if isinstance(oggetto, Segnalazione):
        chi, quando = oggetto.chiusa_da_id, oggetto.chiusa_at
    else:
        ultimo = oggetto.passaggi.order_by("-pk").first()
        chi, quando = (ultimo.autore_id, ultimo.created_at) if ultimo else (None, None)
    return chi == persona.pk and quando is not None and adesso - quando < DOPPIO_CLIC


def _che_cosa_ne_e_stato(oggetto):
    if isinstance(oggetto, Segnalazione):
        return gettext("Questa segnalazione è già stata chiusa: %(esito)s.") % {
            "esito": oggetto.get_esito_display()
        }
    ultimo = oggetto.passaggi.select_related("autore").order_by("-pk").first()
    if ultimo is None:
        return gettext("Non aspetta più: è «%(stato)s».") % {"stato": oggetto.get_stato_display()}
    return gettext("Non aspetta più: è «%(stato)s» dal %(quando)s, per mano di %(chi)s.") % {
        "stato": oggetto.get_stato_display(),
        "quando": dates.giorno_e_ora(ultimo.created_at),
        "chi": ultimo.autore or gettext("chi l'ha scritta"),
    }


def _gia_nascosto(attesa):
    commento, proposta = attesa.oggetto.commento, attesa.oggetto.proposta
    return bool(commento and commento.nascosto_at) or bool(
        proposta and proposta.stato == proposta.Stato.NASCOSTA
    )


def _contesto(model_admin, request, attesa, adesso):
    proposta = attesa.proposta
    return {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": attesa.titolo,
        "oggetto": None,
        "ritorno": reverse("admin:proposte_proposta_coda"),
        "attesa": attesa,
        "eta": attesa.eta(adesso),
        "in_ritardo": attesa.in_ritardo(adesso),
        "fatti": _fatti(attesa),
        "testi": _testi(attesa),
        "allegati": proposta.allegati.select_related("proposta") if proposta else [],
        "passaggi": _storia(attesa),
        "simili": somiglianti(proposta) if attesa.genere == Genere.PROPOSTA else [],
        "scheda_url": _scheda(attesa),
        "salta_url": _salta(attesa),
    }


def _salta(attesa):
    prossima = coda.prossima(attesa)
    return _url(*prossima) if prossima and prossima != (attesa.genere.value, attesa.pk) else ""


def _scheda(attesa):
    """The object's own page in the admin, for who wants to know more."""
    if attesa.proposta is not None:
        return reverse("admin:proposte_proposta_change", args=[attesa.proposta.pk])
    try:
        return reverse("admin:proposte_bisogno_change", args=[attesa.pk])
    except NoReverseMatch:
        return ""


def _fatti(attesa):
    """Label and value of what is beside the words."""
    oggetto = attesa.oggetto
    if attesa.genere == Genere.SEGNALAZIONE:
        righe = [
            (gettext("Motivo della segnalazione"), oggetto.get_motivo_display()),
            (gettext("Che cosa dice chi segnala"), oggetto.testo or "–"),
        ]
        if oggetto.commento:
            righe.append((gettext("Autore del commento"), oggetto.commento.nome_mostrato or "–"))
        return [*righe, (gettext("Proposta"), attesa.proposta.titolo)]
    if attesa.genere == Genere.BISOGNO:
        return [
            (gettext("Firma"), oggetto.nome_mostrato or gettext("una persona")),
            (gettext("Dove"), str(oggetto.laboratorio or gettext("Tutta la città"))),
            (gettext("Temi"), ", ".join(map(str, oggetto.temi.all())) or "–"),
            (gettext("Come è arrivato"), oggetto.get_canale_display()),
        ]
    return [
        (gettext("Firma"), oggetto.firma),
        (gettext("Dove"), dove(oggetto)),
        (gettext("Temi"), ", ".join(map(str, oggetto.temi.all())) or "–"),
        (gettext("Come è arrivata"), oggetto.get_canale_display()),
    ]


def _testi(attesa):
    """Label and words, as they were written."""
    oggetto = attesa.oggetto
    if attesa.genere == Genere.SEGNALAZIONE and oggetto.commento:
        testi = [(gettext("Il commento"), oggetto.commento.testo)]
        if oggetto.commento.risponde_a:
            testi.append((gettext("Risponde a"), oggetto.commento.risponde_a.testo))
        return testi
    if attesa.genere == Genere.BISOGNO:
        return [(gettext("Che cosa serve"), oggetto.testo)]
    proposta = attesa.proposta
    return [
        (etichetta, testo)
        for etichetta, testo in (
            (gettext("Che cosa propone"), proposta.che_cosa),
            (gettext("Perché"), proposta.perche),
            (gettext("Per chi"), proposta.per_chi),
            (gettext("Luogo"), proposta.luogo),
        )
        if testo
    ]


def _storia(attesa):
    """What was decided and asked before, with its words: above all, of a second look."""
    if attesa.genere not in (Genere.PROPOSTA, Genere.RIESAME):
        return []
    return [
        (
            dates.giorno_e_ora(passo.created_at),
            f"{passo.get_da_display() or '–'} → {passo.get_a_display()}"
            if passo.evento == passo.Evento.STATO
            else passo.get_evento_display(),
            ": ".join(filter(None, [passo.get_motivo_display(), passo.testo])),
        )
        for passo in attesa.oggetto.passaggi.order_by("-pk")[:10]
    ]
