"""The office's doors to a proposal: pages of the admin that call the services.

Each view takes the ``ModelAdmin`` that mounts it (see ``PropostaAdmin.get_urls``), fetches the
proposal and asks for the permission in one step: without it the page does not exist.
"""

from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from eventi.admin_views import Porta
from percorso.models import Percorso
from portale.lib import dates, storia
from portale.lib.admin import Cambiato, inviati
from portale.lib.testo import euro

from . import allegati, avanzamenti, registrazione, ricerca, services, verifiche
from .admin_forms import (
    PARTI_MASSIME,
    AvanzamentoForm,
    BisogniForm,
    DividiForm,
    EsitoForm,
    ModificaForm,
    NascondiForm,
    NotaForm,
    PercheForm,
    PreparaEsitoForm,
    RegistraForm,
    RispostaForm,
    VerificaForm,
)
from .models import (
    Bisogno,
    Canale,
    EsitoPreparato,
    Passaggio,
    Proposta,
    Seguito,
    Sostegno,
    VerificaTecnica,
)
from .permissions import (
    can_gestire,
    can_leggere_verifica,
    can_moderare,
    can_registrare,
    can_scrivere_verifica,
    proposte_visibili,
)
from .simili import simili

Stato = Proposta.Stato

STATI_SPIEGATI = {
    Stato.BOZZA: _(
        "Bozza dell'ufficio: non l'ha ancora vista nessun altro. Completala e inviala."
    ),
    Stato.INVIATA: _("Inviata: la legge chi modera, poi si pubblica o si nasconde."),
    Stato.PUBBLICATA: _("Pubblicata: tutti la leggono. Il passo dopo è la valutazione."),
    Stato.IN_VALUTAZIONE: _(
        "In valutazione: la esaminano gli uffici e il Tavolo. Il passo dopo è l'esito."
    ),
    Stato.ACCOLTA: _("Accolta: dopo la risposta del Comune si raccontano gli avanzamenti."),
    Stato.ACCOLTA_CON_MODIFICHE: _(
        "Accolta con modifiche: dopo la risposta del Comune si raccontano gli avanzamenti."
    ),
    Stato.NON_ACCOLTA: _(
        "Non accolta: serve la risposta del Comune. La decisione si può riaprire."
    ),
    Stato.INTEGRATA: _("Integrata in un'altra: resta leggibile, e si può separare di nuovo."),
    Stato.RITIRATA: _("Ritirata da chi l'ha proposta: non si può più cambiare."),
    Stato.NASCOSTA: _("Nascosta: la legge solo chi l'ha scritta, che può chiedere un riesame."),
}
MODIFICABILI = (
    Stato.INVIATA,
    *Proposta.IN_ELENCO,
    Stato.NASCOSTA,
)
RITIRABILI = (Stato.INVIATA, *Proposta.SOSTENIBILI)
NASCONDIBILI = (Stato.INVIATA, *Proposta.IN_ELENCO)
RISPONDIBILI = (*Proposta.SOSTENIBILI, *Proposta.ESITI)


# --- What may be done with a proposal -------------------------------------------------------


def porte_proposta(user, proposta):
    """The buttons of a proposal's page: what may be done with it now, by this person."""
    stato = proposta.stato
    porte = []

    def porta(nome, etichetta, aspetto="", *, se):
        if se:
            url = reverse(f"admin:proposte_proposta_{nome}", args=[proposta.pk])
            porte.append(Porta(url, etichetta, aspetto))

    modera, gestisce = can_moderare(user), can_gestire(user)
    porta("pubblica", _("Pubblica"), "principale", se=modera and stato == Stato.INVIATA)
    porta("pubblica", _("Riammetti"), "principale", se=modera and stato == Stato.NASCOSTA)
    if gestisce:
        accolta = stato in avanzamenti.ACCOLTE
        ha_risposta = stato in RISPONDIBILI and proposta.risposte.exists()
        porta("completa", _("Completa e invia"), "principale", se=stato == Stato.BOZZA)
        porta(
            "valutazione",
            _("Metti in valutazione"),
            "principale",
            se=stato == Stato.PUBBLICATA,
        )
        in_valutazione = stato == Stato.IN_VALUTAZIONE
        porta("prepara_esito", _("Prepara l'esito"), "principale", se=in_valutazione)
        porta("decidi", _("Decidi"), se=in_valutazione)
        decisa = stato in Proposta.ESITI
        porta(
            "rispondi",
            _("Correggi la risposta") if ha_risposta else _("Rispondi"),
            "principale" if decisa and not ha_risposta else "",
            se=stato in RISPONDIBILI,
        )
        porta("avanzamento", _("Aggiungi un avanzamento"), "principale", se=accolta)
        porta("modifica", _("Modifica il testo"), se=stato in MODIFICABILI)
        porta("bisogni", _("Collega i bisogni"), se=stato in MODIFICABILI)
    porta("verifica", _("Verifica tecnica"), se=can_leggere_verifica(user))
    if gestisce:
        sostenibile = stato in Proposta.SOSTENIBILI
        porta("integra", _("Integra in un'altra"), se=sostenibile)
        porta("dividi", _("Dividi"), se=sostenibile)
        porta("separa", _("Separa"), se=stato == Stato.INTEGRATA)
        porta("rimanda", _("Rimanda indietro"), se=stato == Stato.IN_VALUTAZIONE)
        porta("riapri", _("Riapri la decisione"), se=stato in Proposta.ESITI)
        porta("ritira", _("Ritira per conto di chi propone"), "grave", se=stato in RITIRABILI)
    porta("nascondi", _("Nascondi"), "grave", se=modera and stato in NASCONDIBILI)
    return porte


def _proposta(request, pk, puo):
    """The proposal, for who may; 404 for everybody else."""
    if not puo(request.user):
        raise Http404
    visibili = proposte_visibili(request.user).select_related(
        "percorso", "laboratorio", "incontro", "integrata_in", "verifica", "esito_preparato"
    )
    return get_object_or_404(visibili, pk=pk)


def _pagina(proposta):
    return reverse("admin:proposte_proposta_change", args=[proposta.pk])


# The same thing asked again by the same hand within this time is the second half of a double
# click: it is done, and nobody is told that it cannot be.
DOPPIO_CLIC = timedelta(seconds=10)


def _porta(
    model_admin,
    request,
    proposta,
    *,
    stati,
    form,
    esegui,
    dopo=None,
    doppio=None,
    contesto=None,
    **kwargs,
):
    """The door of a proposal in one of ``stati``. ``dopo`` are the states that it leads to, or
    ``doppio(dati)`` tells whether what is asked was just done by this officer."""
    if dopo is not None:
        doppio = partial(_appena_passata, request, proposta, dopo)
    if doppio and request.method == "POST" and form.is_valid() and doppio(form.cleaned_data):
        return redirect(_pagina(proposta))

    def una_volta(dati):
        try:
            esegui(dati)
        except services.Rifiuto:
            # The first click was finished while this one waited for its turn.
            if not doppio or not doppio(dati):
                raise

    chiusa = ""
    # What was being typed when a colleague was quicker is shown again with the refusal, not
    # replaced by it.
    if request.method != "POST" and proposta.stato not in stati:
        chiusa = STATI_SPIEGATI[proposta.stato]
    return model_admin.porta(
        request,
        proposta,
        form=form,
        esegui=una_volta,
        rifiuto=services.Rifiuto,
        ritorno=_pagina(proposta),
        contesto={"chiusa": chiusa, **(contesto or {})},
        **kwargs,
    )


def _appena_passata(request, proposta, dopo, dati):
    testo = dati.get("testo", dati.get("motivazione", "")).strip()
    ultimo = proposta.passaggi.filter(evento=Passaggio.Evento.STATO).order_by("-pk").first()
    return (
        ultimo is not None
        and ultimo.autore_id == request.user.pk
        and ultimo.a in dopo
        and ultimo.testo in (testo, testo or ultimo.testo)
        and timezone.now() - ultimo.created_at < DOPPIO_CLIC
    )


@contextmanager
def solo_da(oggetto, *stati):
    """Hold a proposal or a need while something is done to it that was decided on seeing it in
    one of these states. Raises Rifiuto when a colleague has moved it since."""
    with transaction.atomic():
        ora = (
            type(oggetto)
            .objects.select_for_update(of=["self"], no_key=True)
            .filter(pk=oggetto.pk)
            .first()
        )
        if ora is None or ora.stato not in stati:
            raise services.Rifiuto(
                gettext("Nel frattempo qualcuno ha cambiato lo stato: ora è «%(stato)s».")
                % {"stato": ora.get_stato_display() if ora else gettext("eliminato")}
            )
        yield


def _chi_lo_sapra(proposta):
    """Who is told by mail of what this door does."""
    seguaci = proposta.seguaci.exclude(partecipante=proposta.proponente_id).count()
    righe = []
    if proposta.proponente_id:
        righe.append(gettext("Chi l'ha proposta riceve una e-mail."))
    elif proposta.genere_proponente == Proposta.Proponente.INCONTRO:
        righe.append(gettext("È nata in un incontro: non c'è una persona da avvisare."))
    else:
        righe.append(gettext("Chi l'ha proposta non ha lasciato una e-mail: avvisala tu."))
    if seguaci:
        righe.append(
            ngettext(
                "La riceve anche %(n)d persona che la segue.",
                "La ricevono anche %(n)d persone che la seguono.",
                seguaci,
            )
            % {"n": seguaci}
        )
    return {"conseguenze": righe}


# --- Moderation -----------------------------------------------------------------------------


def pubblica(model_admin, request, pk):
    """To be published, or shown again: the page says which, and does that alone."""
    proposta = _proposta(request, pk, can_moderare)
    adesso = timezone.now()
    vista = request.POST.get("vista", proposta.stato)
    riammette = vista == Stato.NASCOSTA

    def esegui(dati):
        with solo_da(proposta, Stato.NASCOSTA if riammette else Stato.INVIATA):
            services.pubblica(proposta, request.user, **dati, adesso=adesso)

    return _porta(
        model_admin,
        request,
        proposta,
        stati=[Stato.INVIATA, Stato.NASCOSTA],
        dopo=Stato.values if riammette else [Stato.PUBBLICATA],
        form=NotaForm(inviati(request)),
        titolo=gettext("Riammetti la proposta") if riammette else gettext("Pubblica la proposta"),
        spiegazione=gettext("Torna dov'era prima di essere nascosta: tutti la leggono di nuovo.")
        if riammette
        else gettext("Da adesso tutti la leggono e, se la fase lo prevede, la sostengono."),
        contesto={"elenco": _come_si_leggera(proposta), "nascosti": [("vista", vista)]},
        bottone=gettext("Riammetti") if riammette else gettext("Pubblica"),
        esegui=esegui,
        fatto=gettext("Riammessa.") if riammette else gettext("Pubblicata: si vede sul sito."),
    )


def _come_si_leggera(proposta):
    """Label, value, and whether it deserves a second look before everybody reads it."""
    temi = ", ".join(str(tema) for tema in proposta.temi.all())
    return [
        (gettext("Titolo"), proposta.titolo, False),
        (gettext("Firma"), proposta.firma, False),
        (gettext("Dove"), dove(proposta), dove(proposta) == "–"),
        (gettext("Temi"), temi or "–", not temi),
        (gettext("Che cosa propone"), proposta.che_cosa, False),
        (gettext("Perché"), proposta.perche or "–", False),
    ]


def dove(proposta):
    if proposta.laboratorio:
        return str(proposta.laboratorio)
    return gettext("Tutta la città") if proposta.per_la_citta else "–"


def nascondi(model_admin, request, pk):
    proposta = _proposta(request, pk, can_moderare)
    adesso = timezone.now()
    return _porta(
        model_admin,
        request,
        proposta,
        stati=NASCONDIBILI,
        dopo=[Stato.NASCOSTA],
        form=NascondiForm(inviati(request)),
        titolo=gettext("Nascondi la proposta"),
        spiegazione=gettext(
            "Nessuno la vede più, tranne chi l'ha scritta, che riceve motivo e spiegazione e può "
            "chiedere un riesame. Si può sempre riammettere."
        ),
        bottone=gettext("Nascondi"),
        esegui=lambda dati: services.nascondi(proposta, request.user, **dati, adesso=adesso),
        fatto=gettext("Nascosta."),
        grave=True,
    )


# --- Texts ----------------------------------------------------------------------------------


def modifica(model_admin, request, pk):
    proposta = _proposta(request, pk, can_gestire)
    adesso = timezone.now()
    form = ModificaForm(
        inviati(request),
        # Its own copy: validation writes into it.
        instance=Proposta.objects.get(pk=proposta.pk),
        initial={"versione": proposta.versione},
    )

    def doppio(dati):
        ora = Proposta.objects.get(pk=proposta.pk)
        return (
            ora.versione == dati["versione"] + 1
            and all(getattr(ora, nome) == valore for nome, valore in form.valori.items())
            and set(ora.temi.all()) == set(dati["temi"])
        )

    return _porta(
        model_admin,
        request,
        proposta,
        stati=MODIFICABILI,
        doppio=doppio,
        form=form,
        titolo=gettext("Modifica il testo"),
        spiegazione=gettext(
            "Se la proposta è pubblicata, i testi di prima restano come versione, con le "
            "differenze: chiunque le può leggere."
        ),
        bottone=gettext("Salva il testo"),
        esegui=lambda dati: services.modifica(
            proposta,
            form.valori,
            versione=dati["versione"],
            nota=dati["nota"],
            temi=list(dati["temi"]),
            autore=request.user,
            adesso=adesso,
        ),
        fatto=gettext("Testo salvato."),
    )


def completa(model_admin, request, pk):
    proposta = _proposta(request, pk, can_gestire)
    adesso = timezone.now()
    form = ModificaForm(
        inviati(request),
        instance=Proposta.objects.get(pk=proposta.pk),
        initial={"versione": proposta.versione},
    )
    del form.fields["nota"]

    def esegui(dati):
        with transaction.atomic():
            services.salva_bozza(
                proposta, form.valori, versione=dati["versione"], temi=list(dati["temi"])
            )
            services.invia(proposta, autore=request.user, adesso=adesso)

    return _porta(
        model_admin,
        request,
        proposta,
        stati=[Stato.BOZZA],
        dopo=[Stato.INVIATA, Stato.PUBBLICATA],
        form=form,
        titolo=gettext("Completa e invia"),
        spiegazione=gettext("Una volta inviata, la legge chi modera e si pubblica."),
        bottone=gettext("Invia"),
        esegui=esegui,
        fatto=gettext("Inviata."),
    )


def bisogni(model_admin, request, pk):
    """Which needs it answers: those of its lab and of the city first, others by searching."""
    proposta = _proposta(request, pk, can_gestire)
    adesso = timezone.now()
    cerca = request.GET.get("q", "")[:200]
    suoi = list(proposta.bisogni.values_list("pk", flat=True))
    scelte = Bisogno.objects.pubblici().filter(percorso=proposta.percorso)
    if parole := ricerca.cercate(cerca):
        scelte = ricerca.con_parole(scelte, parole)
    elif proposta.laboratorio_id:
        scelte = scelte.filter(Q(laboratorio=proposta.laboratorio_id) | Q(laboratorio=None))
    trovati = list(scelte.order_by("-pubblicato_at", "-pk").values_list("pk", flat=True)[:60])
    # What is ticked when the form comes back is offered again, wherever it was found.
    mandati = [int(pk) for pk in request.POST.getlist("bisogni") if pk.isdecimal()][:200]
    offerti = (
        Bisogno.objects.filter(pk__in={*suoi, *trovati})
        | Bisogno.objects.pubblici().filter(pk__in=mandati, percorso=proposta.percorso)
    ).select_related("laboratorio")
    form = BisogniForm(
        inviati(request),
        scelte=offerti.order_by("laboratorio__numero", "titolo", "pk"),
        initial={"versione": proposta.versione, "bisogni": suoi},
    )

    def doppio(dati):
        ora = Proposta.objects.get(pk=proposta.pk)
        return ora.versione == dati["versione"] + 1 and set(ora.bisogni.all()) == set(
            dati["bisogni"]
        )

    return _porta(
        model_admin,
        request,
        proposta,
        stati=MODIFICABILI,
        doppio=doppio,
        form=form,
        titolo=gettext("Collega i bisogni"),
        spiegazione=gettext(
            "I bisogni segnati si leggono nella pagina della proposta, e la proposta nella loro."
        ),
        contesto={"ricerca": {"q": cerca, "etichetta": gettext("Cerca tra tutti i bisogni")}},
        bottone=gettext("Salva i bisogni"),
        esegui=lambda dati: services.modifica(
            proposta,
            {},
            versione=dati["versione"],
            bisogni=list(dati["bisogni"]),
            nota=gettext("Bisogni collegati"),
            autore=request.user,
            adesso=adesso,
        ),
        fatto=gettext("Bisogni collegati."),
    )


# --- Outcomes -------------------------------------------------------------------------------


def valutazione(model_admin, request, pk):
    proposta = _proposta(request, pk, can_gestire)
    adesso = timezone.now()
    return _porta(
        model_admin,
        request,
        proposta,
        stati=[Stato.PUBBLICATA],
        dopo=[Stato.IN_VALUTAZIONE],
        form=NotaForm(inviati(request)),
        titolo=gettext("Metti in valutazione"),
        spiegazione=gettext(
            "La esaminano gli uffici e il Tavolo. Da adesso chi l'ha scritta non la modifica più."
        ),
        contesto=_chi_lo_sapra(proposta),
        bottone=gettext("Metti in valutazione"),
        esegui=lambda dati: _valuta(
            proposta, request.user, [Stato.PUBBLICATA], **dati, adesso=adesso
        ),
        fatto=gettext("Ora è in valutazione."),
    )


def _valuta(proposta, autore, stati, *, testo, adesso):
    """One verb sends a published one on and reopens a decided one: each door does its own."""
    with solo_da(proposta, *stati):
        services.metti_in_valutazione(proposta, autore, testo=testo, adesso=adesso)


def riapri(model_admin, request, pk):
    proposta = _proposta(request, pk, can_gestire)
    adesso = timezone.now()
    return _porta(
        model_admin,
        request,
        proposta,
        stati=Proposta.ESITI,
        dopo=[Stato.IN_VALUTAZIONE],
        form=PercheForm(inviati(request)),
        titolo=gettext("Riapri la decisione"),
        spiegazione=gettext("La proposta torna in valutazione; la decisione di prima si legge."),
        contesto=_chi_lo_sapra(proposta),
        bottone=gettext("Riapri la decisione"),
        esegui=lambda dati: _valuta(proposta, request.user, Proposta.ESITI, **dati, adesso=adesso),
        fatto=gettext("Riaperta: è di nuovo in valutazione."),
        grave=True,
    )


def rimanda(model_admin, request, pk):
    proposta = _proposta(request, pk, can_gestire)
    adesso = timezone.now()
    return _porta(
        model_admin,
        request,
        proposta,
        stati=[Stato.IN_VALUTAZIONE],
        dopo=[Stato.PUBBLICATA],
        form=PercheForm(inviati(request)),
        titolo=gettext("Rimanda indietro"),
        spiegazione=gettext(
            "Torna tra le pubblicate: è rinviata, o prima va completata. Chi l'ha scritta la può "
            "di nuovo modificare."
        ),
        contesto=_chi_lo_sapra(proposta),
        bottone=gettext("Rimanda indietro"),
        esegui=lambda dati: services.rimanda(proposta, request.user, **dati, adesso=adesso),
        fatto=gettext("Rimandata tra le pubblicate."),
    )


def _letto(preparato):
    """Tells one saving of a prepared outcome from the next."""
    return preparato.updated_at.isoformat() if preparato else ""


def prepara_esito(model_admin, request, pk):
    proposta = _proposta(request, pk, can_gestire)
    adesso = timezone.now()
    preparato = getattr(proposta, "esito_preparato", None)
    attuali = {"letto": _letto(preparato)}
    if preparato:
        attuali |= {"esito": preparato.esito, "motivazione": preparato.motivazione}

    def esegui(dati):
        with transaction.atomic():
            Proposta.objects.select_for_update(of=["self"], no_key=True).get(pk=proposta.pk)
            ora = EsitoPreparato.objects.filter(proposta=proposta).first()
            if _letto(ora) != dati["letto"]:
                raise services.Superata(
                    gettext(
                        "Nel frattempo l'esito è stato preparato da %(chi)s: «%(esito)s». "
                        "Rileggilo prima di cambiarlo."
                    )
                    % {
                        "chi": (ora and ora.autore) or gettext("qualcun altro"),
                        "esito": ora.get_esito_display() if ora else gettext("tolto"),
                    }
                )
            services.prepara_esito(
                proposta, dati["esito"], dati["motivazione"], request.user, adesso=adesso
            )

    def doppio(dati):
        return EsitoPreparato.objects.filter(
            proposta=proposta,
            esito=dati["esito"],
            motivazione=dati["motivazione"].strip(),
            autore=request.user,
        ).exists()

    return _porta(
        model_admin,
        request,
        proposta,
        stati=[Stato.IN_VALUTAZIONE],
        doppio=doppio,
        form=PreparaEsitoForm(inviati(request), initial=attuali),
        titolo=gettext("Prepara l'esito"),
        spiegazione=gettext(
            "Non lo legge ancora nessuno: gli esiti preparati si pubblicano poi tutti insieme."
        ),
        bottone=gettext("Salva l'esito preparato"),
        esegui=esegui,
        fatto=gettext("Esito preparato: si pubblica dalla pagina «Esiti preparati»."),
    )


def decidi(model_admin, request, pk):
    proposta = _proposta(request, pk, can_gestire)
    adesso = timezone.now()
    preparato = getattr(proposta, "esito_preparato", None)
    attuali = (
        {"esito": preparato.esito, "motivazione": preparato.motivazione} if preparato else None
    )
    return _porta(
        model_admin,
        request,
        proposta,
        stati=[Stato.IN_VALUTAZIONE],
        dopo=[request.POST.get("esito", "")],
        form=EsitoForm(inviati(request), initial=attuali),
        titolo=gettext("Decidi"),
        spiegazione=gettext("L'esito si pubblica subito, con la sua motivazione."),
        contesto=_chi_lo_sapra(proposta),
        bottone=gettext("Pubblica l'esito"),
        esegui=lambda dati: services.decidi(
            proposta, dati["esito"], dati["motivazione"], request.user, adesso=adesso
        ),
        fatto=gettext("Esito pubblicato."),
        grave=True,
    )


def rispondi(model_admin, request, pk):
    proposta = _proposta(request, pk, can_gestire)
    adesso = timezone.now()
    ultima = proposta.risposte.order_by("-numero").first()
    attuali = {"versione": ultima.numero if ultima else 0}
    if ultima:
        attuali |= {
            nome: getattr(ultima, nome)
            for nome in ("esito", "testo", "ufficio", "costo_euro", "tempi")
        }
    elif proposta.stato in Proposta.ESITI:
        attuali["esito"] = proposta.stato
    # What the form asks for is what its writer saw, not what a colleague published meanwhile.
    letta = request.POST.get("versione", "")
    prima = letta == "0" if request.method == "POST" else ultima is None

    def doppio(dati):
        return proposta.risposte.filter(
            numero=dati["versione"] + 1,
            autore=request.user,
            esito=dati["esito"],
            testo=dati["testo"].strip(),
        ).exists()

    return _porta(
        model_admin,
        request,
        proposta,
        stati=RISPONDIBILI,
        doppio=doppio,
        form=RispostaForm(inviati(request), prima=prima, initial=attuali),
        titolo=gettext("Rispondi") if prima else gettext("Correggi la risposta"),
        spiegazione=gettext(
            "È la risposta ufficiale del Comune: tutti la leggono. Lo stato della proposta non "
            "cambia."
        )
        if prima
        else gettext("La risposta di prima resta leggibile tra le versioni."),
        contesto=_chi_lo_sapra(proposta),
        bottone=gettext("Pubblica la risposta") if prima else gettext("Pubblica la correzione"),
        esegui=lambda dati: services.rispondi(
            proposta, **dati, autore=request.user, adesso=adesso
        ),
        fatto=gettext("Risposta pubblicata: gli avvisi stanno partendo."),
    )


def ritira(model_admin, request, pk):
    proposta = _proposta(request, pk, can_gestire)
    adesso = timezone.now()
    return _porta(
        model_admin,
        request,
        proposta,
        stati=RITIRABILI,
        form=PercheForm(inviati(request)),
        titolo=gettext("Ritira per conto di chi propone"),
        spiegazione=gettext(
            "Solo se te lo ha chiesto chi l'ha proposta: scrivi come e quando. Non si può tornare "
            "indietro."
        ),
        contesto=_chi_lo_sapra(proposta),
        bottone=gettext("Ritira la proposta"),
        esegui=lambda dati: services.ritira(
            proposta, motivo=dati["testo"], autore=request.user, adesso=adesso
        ),
        fatto=gettext("Ritirata."),
        grave=True,
    )


# --- Merging and splitting ------------------------------------------------------------------

CANDIDATE = 20


def integra(model_admin, request, pk):
    """First the other proposal, found among the similar ones or by searching; then what will
    happen, and the reason."""
    proposta = _proposta(request, pk, can_gestire)
    adesso = timezone.now()
    scelta = request.POST.get("in") or request.GET.get("in", "")
    candidate = _candidate(proposta)
    altra = candidate.filter(pk=int(scelta)).first() if scelta.isdecimal() else None
    if altra is None and request.method == "POST":
        # It was there when the page was made: it cannot take others in any more.
        altra = Proposta.objects.filter(pk=scelta if scelta.isdecimal() else None).first()
        if altra is None:
            raise Http404
    if altra is not None:
        return _porta(
            model_admin,
            request,
            proposta,
            stati=Proposta.SOSTENIBILI,
            dopo=[Stato.INTEGRATA],
            form=PercheForm(inviati(request)),
            titolo=gettext("Integra in un'altra"),
            spiegazione=gettext(
                "«%(questa)s» resta leggibile e dice di essere entrata in «%(altra)s». Si può "
                "separare di nuovo."
            )
            % {"questa": proposta, "altra": altra},
            contesto={
                "elenco": _che_cosa_si_sposta(proposta, altra),
                "nascosti": [("in", altra.pk)],
                **_chi_lo_sapra(proposta),
            },
            bottone=gettext("Integra"),
            esegui=lambda dati: services.integra(
                proposta, altra, request.user, **dati, adesso=adesso
            ),
            fatto=gettext("Integrata in «%(altra)s».") % {"altra": altra},
        )
    cerca = request.GET.get("q", "")[:200]
    if parole := ricerca.cercate(cerca):
        candidate = ricerca.con_parole(candidate, parole).order_by("-pubblicata_at", "-pk")
    else:
        vicine = simili(proposta.titolo, tranne=proposta.pk, quante=CANDIDATE)
        candidate = candidate.filter(pk__in=[simile.proposta.pk for simile in vicine])
    return TemplateResponse(
        request,
        "admin/proposte/proposta/integra.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": gettext("Integra in un'altra"),
            "subtitle": str(proposta),
            "oggetto": proposta,
            "ritorno": _pagina(proposta),
            "chiusa": ""
            if proposta.stato in Proposta.SOSTENIBILI
            else STATI_SPIEGATI[proposta.stato],
            "q": cerca,
            "candidate": candidate[:CANDIDATE],
        },
    )


def _candidate(proposta):
    """What it may be merged into."""
    return (
        Proposta.objects.sostenibili()
        .filter(percorso=proposta.percorso)
        .exclude(pk=proposta.pk)
        .select_related("laboratorio", "incontro")
    )


def somiglianti(proposta, quante=5):
    """Others that say nearly the same: those that everybody reads, and those that still wait."""
    vicine = [simile.proposta for simile in simili(proposta.titolo, tranne=proposta.pk)]
    if proposta.indice_titolo:
        vicine += (
            Proposta.objects.da_moderare()
            .filter(indice_titolo=proposta.indice_titolo)
            .exclude(pk=proposta.pk)
            .select_related("laboratorio")
            .order_by("inviata_at", "pk")[:quante]
        )
    return vicine[:quante]


def _che_cosa_si_sposta(proposta, altra):
    famiglia = [proposta.pk, *proposta.integrate.values_list("pk", flat=True)]
    righe = []
    for modello, etichetta in ((Sostegno, gettext("Sostegni")), (Seguito, gettext("Chi segue"))):
        sue = modello.objects.filter(proposta__in=famiglia, portato_da=None)
        la = modello.objects.filter(proposta=altra)
        quante = sue.values("partecipante").distinct().count()
        nuove = (
            sue.exclude(partecipante__in=la.values("partecipante"))
            .values("partecipante")
            .distinct()
            .count()
        )
        ora = la.count()
        righe.append(
            (
                etichetta,
                gettext(
                    "%(nuove)d passano all'altra, %(gia)d ci sono già: da %(ora)d diventano "
                    "%(dopo)d"
                )
                % {"nuove": nuove, "gia": quante - nuove, "ora": ora, "dopo": ora + nuove},
                False,
            )
        )
    bisogni_suoi = proposta.bisogni.exclude(pk__in=altra.bisogni.values("pk")).count()
    righe.append((gettext("Bisogni che l'altra acquista"), str(bisogni_suoi), False))
    if len(famiglia) > 1:
        righe.append(
            (
                gettext("Proposte già integrate in questa, che la seguono"),
                str(len(famiglia) - 1),
                True,
            )
        )
    return righe


def separa(model_admin, request, pk):
    proposta = _proposta(request, pk, can_gestire)
    adesso = timezone.now()
    altra = proposta.integrata_in
    elenco = []
    if altra:
        portati = Sostegno.objects.filter(proposta=altra, portato_da=proposta).count()
        elenco = [
            (gettext("Integrata in"), str(altra), False),
            (gettext("Sostegni che tornano solo a questa"), str(portati), False),
        ]
    return _porta(
        model_admin,
        request,
        proposta,
        stati=[Stato.INTEGRATA],
        dopo=Proposta.SOSTENIBILI,
        form=PercheForm(inviati(request)),
        titolo=gettext("Separa"),
        spiegazione=gettext("Torna com'era prima di entrare nell'altra, con i suoi sostegni."),
        contesto={"elenco": elenco, **_chi_lo_sapra(proposta)},
        bottone=gettext("Separa"),
        esegui=lambda dati: services.separa(proposta, request.user, **dati, adesso=adesso),
        fatto=gettext("Separata: è di nuovo una proposta a sé."),
    )


def dividi(model_admin, request, pk):
    proposta = _proposta(request, pk, can_gestire)
    adesso = timezone.now()
    chieste = request.GET.get("parti", "")
    quante = min(max(int(chieste), 1), PARTI_MASSIME) if chieste.isdecimal() else 2
    form = DividiForm(inviati(request), quante=quante)

    def doppio(dati):
        titoli = [titolo for titolo, _che_cosa, _perche in form.parti]
        return proposta.parti.filter(
            titolo__in=titoli,
            registrato_da=request.user,
            created_at__gt=adesso - DOPPIO_CLIC,
        ).count() == len(titoli)

    def dividi_qui(dati):
        parti = [services.Parte(*parte) for parte in form.parti]
        with transaction.atomic():
            nuove = services.dividi(proposta, parti, request.user, dati["testo"], adesso=adesso)
            for nuova in nuove:
                model_admin.log_addition(request, nuova, gettext("Nata da una divisione."))

    return _porta(
        model_admin,
        request,
        proposta,
        stati=Proposta.SOSTENIBILI,
        doppio=doppio,
        form=form,
        titolo=gettext("Dividi"),
        spiegazione=gettext(
            "Ogni parte diventa subito una proposta pubblicata, con la stessa firma; questa resta "
            "com'è, con i suoi sostegni: se serve, poi modifica il testo. Chi la segue segue "
            "anche le parti."
        ),
        contesto={
            "altro": [
                (
                    gettext("Servono più parti? Prima di scrivere, aprine %(n)d")
                    % {"n": quante + 1},
                    f"{request.path}?parti={quante + 1}",
                )
            ]
            if quante < PARTI_MASSIME
            else [],
            "elenco": [(gettext("La proposta"), proposta.che_cosa, False)],
        },
        bottone=gettext("Dividi"),
        esegui=dividi_qui,
        fatto=gettext("Divisa: le parti sono pubblicate."),
    )


# --- Technical check, milestones ------------------------------------------------------------


def verifica(model_admin, request, pk):
    """The offices' check: who evaluates reads it, the office writes it. Each saving stays in the
    history, with what changed."""
    proposta = _proposta(request, pk, can_leggere_verifica)
    scrive = can_scrivere_verifica(request.user)
    if request.method == "POST" and not scrive:
        raise Http404
    adesso = timezone.now()
    attuale = VerificaTecnica.objects.filter(proposta=proposta).first()
    titolo = gettext("Verifica tecnica")
    form = None
    if scrive:
        form = VerificaForm(
            inviati(request),
            instance=VerificaTecnica.objects.filter(proposta=proposta).first()
            or VerificaTecnica(proposta=proposta),
            initial={
                "letta": verifiche.impronta(attuale),
                "conclusa": bool(attuale and attuale.conclusa_at),
            },
        )
        if request.method == "POST" and form.is_valid():
            prima = storia.fotografa(attuale or VerificaTecnica())
            try:
                with transaction.atomic():
                    model_admin.pretendi_le_stesse(request, proposta)
                    salvata, cambiati = verifiche.salva(
                        proposta,
                        form.valori,
                        conclusa=form.cleaned_data["conclusa"],
                        letta=form.cleaned_data["letta"],
                        adesso=adesso,
                    )
                    if cambiati:
                        _annota_verifica(model_admin, request, salvata, cambiati, prima)
            except (services.Rifiuto, Cambiato) as no:
                if _gia_scritta(proposta, form):
                    return redirect(_pagina(proposta))
                form.add_error(None, str(no))
            else:
                messages.success(request, gettext("Verifica salvata."))
                return redirect(_pagina(proposta))
    chiusa = ""
    if request.method != "POST" and proposta.stato not in verifiche.VERIFICABILI:
        chiusa = STATI_SPIEGATI[proposta.stato]
    return TemplateResponse(
        request,
        "admin/proposte/proposta/verifica.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": titolo,
            "subtitle": str(proposta),
            "oggetto": proposta,
            "ritorno": _pagina(proposta),
            "form": form if not chiusa else None,
            "versione": model_admin.versione_di(proposta),
            "chiusa": chiusa,
            "elenco": verifica_a_parole(attuale, adesso),
            "storia": _storia(attuale),
        },
    )


def _gia_scritta(proposta, form):
    """Whether the check says already all that is asked: the second half of a double click."""
    attuale = VerificaTecnica.objects.filter(proposta=proposta).first()
    return (
        attuale is not None
        and all(getattr(attuale, nome) == valore for nome, valore in form.valori.items())
        and (attuale.conclusa_at is not None) == form.cleaned_data["conclusa"]
    )


def verifica_a_parole(verifica, adesso):
    """Label, value, and whether it deserves attention."""
    if verifica is None:
        return []
    scaduta = bool(
        verifica.scadenza
        and not verifica.conclusa_at
        and verifica.scadenza < dates.a_roma(adesso).date()
    )
    return [
        (gettext("Di chi è la competenza"), verifica.competenza or "–", False),
        (gettext("Ammissibile"), verifica.get_ammissibile_display() or "–", False),
        (gettext("Fattibile"), verifica.get_fattibile_display() or "–", False),
        (gettext("Costo stimato"), euro(verifica.costo_euro) or "–", False),
        (gettext("Note"), verifica.note or "–", False),
        (gettext("Assegnata a"), str(verifica.assegnata_a or "–"), False),
        (
            gettext("Entro il"),
            dates.giorno_mese_anno(verifica.scadenza) if verifica.scadenza else "–",
            scaduta,
        ),
        (
            gettext("Conclusa"),
            dates.giorno_e_ora(verifica.conclusa_at) if verifica.conclusa_at else gettext("no"),
            False,
        ),
    ]


def _annota_verifica(model_admin, request, verifica, cambiati, prima):
    """ "Ammissibile: – → sì": what the history of a check keeps. Of the notes, and of who has it
    in hand, that they changed."""
    righe = storia.di_riga(VerificaTecnica, prima, storia.fotografa(verifica))
    righe += [
        storia.modificato(VerificaTecnica._meta.get_field(nome).verbose_name)
        for nome in cambiati
        if nome not in storia.scritti(VerificaTecnica)
    ]
    model_admin.annota(request, verifica, gettext("Verifica salvata."), righe)


def _storia(verifica):
    if verifica is None:
        return []
    righe = (
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(VerificaTecnica),
            object_id=str(verifica.pk),
        )
        .select_related("user")
        .order_by("-action_time", "-pk")[:50]
    )
    return [
        (dates.giorno_e_ora(riga.action_time), riga.user, "; ".join(storia.log_a_parole(riga)))
        for riga in righe
    ]


def avanzamento(model_admin, request, pk):
    """A milestone, with its files. Each file is examined after the milestone is written: one
    that is refused is told, and may be added again from the milestone's own page."""
    proposta = _proposta(request, pk, can_gestire)
    adesso = timezone.now()
    form = AvanzamentoForm(
        inviati(request),
        request.FILES or None,
        initial={"giorno": dates.a_roma(adesso).date()},
    )

    def esegui(dati):
        nuovo = avanzamenti.aggiungi(proposta, **dati, autore=request.user, adesso=adesso)
        for file, titolo in form.file:
            try:
                allegati.aggiungi(proposta, file, titolo, avanzamento=nuovo)
            except services.Rifiuto as no:
                messages.warning(
                    request,
                    gettext("Il file «%(nome)s» non è stato aggiunto. %(perche)s")
                    % {"nome": file.name, "perche": no},
                )

    return _porta(
        model_admin,
        request,
        proposta,
        stati=avanzamenti.ACCOLTE,
        form=form,
        titolo=gettext("Aggiungi un avanzamento"),
        spiegazione=gettext("Tutti leggono che cosa si è fatto della proposta, e quanto manca."),
        contesto=_chi_lo_sapra(proposta),
        bottone=gettext("Pubblica l'avanzamento"),
        esegui=esegui,
        fatto=gettext("Avanzamento pubblicato: gli avvisi stanno partendo."),
    )


# --- Paper and desk -------------------------------------------------------------------------


def registra(model_admin, request):
    """A proposal written on paper or said at a meeting; once saved, it is ready for the next."""
    if not can_registrare(request.user):
        raise Http404
    adesso = timezone.now()
    form = RegistraForm(
        inviati(request),
        modera=can_moderare(request.user),
        oggi=dates.a_roma(adesso).date(),
        initial={
            "percorso": Percorso.objects.attivi().in_evidenza().first(),
            "canale": request.GET.get("canale") or Canale.CARTACEO,
            "incontro": request.GET.get("incontro", ""),
        },
    )
    if request.method == "POST" and form.is_valid():
        dati = form.cleaned_data
        try:
            proposta, nuova = registrazione.registra(
                form.valori,
                temi=dati["temi"],
                bisogni=dati["bisogni"],
                email=dati["email"],
                pubblica=dati.get("pubblica", False),
                autore=request.user,
                adesso=adesso,
            )
        except services.Rifiuto as no:
            form.add_error(None, str(no))
        else:
            if nuova:
                model_admin.log_addition(request, proposta, gettext("Registrata dall'ufficio."))
                messages.success(
                    request,
                    gettext("Registrata: «%(titolo)s» è %(stato)s.")
                    % {"titolo": proposta, "stato": proposta.get_stato_display()},
                )
            else:
                messages.info(request, gettext("Era già registrata: non l'ho ripetuta."))
            if "_altra" in request.POST:
                return redirect(f"{request.path}?canale={dati['canale']}")
            return redirect(_pagina(proposta))
    return TemplateResponse(
        request,
        "admin/proposte/proposta/registra.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": gettext("Registra una proposta"),
            "oggetto": None,
            "form": form,
            "ritorno": reverse("admin:proposte_proposta_changelist"),
            "ultime": Proposta.objects.filter(registrato_da=request.user)
            .exclude(stato=Stato.BOZZA)
            .order_by("-pk")[:5],
        },
    )


# --- Prepared outcomes, published together --------------------------------------------------


def esiti(model_admin, request):
    """All that is ready, as everybody will read it: ticked ones are published together."""
    if not can_gestire(request.user):
        raise Http404
    adesso = timezone.now()
    preparati = list(
        EsitoPreparato.objects.select_related("proposta__laboratorio", "autore").order_by("pk")
    )
    errori = []
    scelti = request.POST.getlist("scelti") if request.method == "POST" else None
    if scelti is not None:
        errori = _esegui_esiti(model_admin, request, preparati, set(scelti), adesso)
        if not errori:
            return redirect(request.path)
    for preparato in preparati:
        preparato.chiave = _chiave_esito(preparato)
        preparato.pronto = preparato.proposta.stato == Stato.IN_VALUTAZIONE
        preparato.scelto = preparato.pronto if scelti is None else preparato.chiave in scelti
    return TemplateResponse(
        request,
        "admin/proposte/proposta/esiti.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": gettext("Esiti preparati"),
            "oggetto": None,
            "ritorno": reverse("admin:proposte_proposta_changelist"),
            "preparati": preparati,
            "pronti": sum(preparato.pronto for preparato in preparati),
            "errori": errori,
        },
    )


def _chiave_esito(preparato):
    """Names the outcome as it is read: changed meanwhile, it is another."""
    return f"{preparato.pk}@{_letto(preparato)}"


def _esegui_esiti(model_admin, request, preparati, scelti, adesso):
    """Publish or throw away what is ticked; returns what stops it, in words."""
    per_chiave = {_chiave_esito(preparato): preparato for preparato in preparati}
    if not scelti:
        return [gettext("Segna almeno un esito.")]
    if scelti - per_chiave.keys():
        return [
            gettext(
                "Nel frattempo qualcuno ha cambiato, pubblicato o tolto un esito che avevi "
                "segnato. Non è stato pubblicato niente: rileggi l'elenco."
            )
        ]
    righe = [per_chiave[chiave] for chiave in scelti]
    if "togli" in request.POST:
        with transaction.atomic():
            pks = [riga.pk for riga in righe]
            quanti, _tipi = EsitoPreparato.objects.filter(pk__in=pks).delete()
            for riga in righe:
                model_admin.annota(request, riga.proposta, gettext("Tolto l'esito preparato"))
        messages.success(
            request,
            ngettext("%(n)d esito preparato tolto.", "%(n)d esiti preparati tolti.", quanti)
            % {"n": quanti},
        )
        return []
    fermi = [riga.proposta for riga in righe if riga.proposta.stato != Stato.IN_VALUTAZIONE]
    if fermi:
        return [
            gettext("«%(titolo)s» è «%(stato)s»: il suo esito non si può pubblicare.")
            % {"titolo": proposta, "stato": proposta.get_stato_display()}
            for proposta in fermi
        ]
    try:
        with transaction.atomic():
            quanti = services.pubblica_esiti(righe, request.user, adesso=adesso)
            for riga in righe:
                model_admin.annota(request, riga.proposta, gettext("Pubblica l'esito preparato"))
    except services.Rifiuto as no:
        return [gettext("Non è stato pubblicato niente. %(perche)s") % {"perche": no}]
    messages.success(
        request,
        ngettext("%(n)d esito pubblicato.", "%(n)d esiti pubblicati.", quanti) % {"n": quanti},
    )
    return []


# --- Several at once ------------------------------------------------------------------------

MOLTE = 200


def pubblica_molte(model_admin, request, queryset):
    return _molte(
        model_admin,
        request,
        queryset,
        azione="pubblica_molte",
        titolo=gettext("Pubblica le proposte scelte"),
        spiegazione=gettext(
            "Da adesso tutti le leggono. Le nascoste, da qui, non si riammettono."
        ),
        bottone=gettext("Pubblica"),
        esegui=partial(_pubblica_una, request),
    )


def _pubblica_una(request, proposta, testo, adesso):
    # A hidden one deserves a look of its own.
    with solo_da(proposta, Stato.INVIATA):
        services.pubblica(proposta, request.user, testo=testo, adesso=adesso)


def valuta_molte(model_admin, request, queryset):
    return _molte(
        model_admin,
        request,
        queryset,
        azione="valuta_molte",
        titolo=gettext("Metti in valutazione le proposte scelte"),
        spiegazione=gettext(
            "Le esaminano gli uffici e il Tavolo. Chi le ha proposte e chi le segue riceve una "
            "e-mail per ciascuna."
        ),
        bottone=gettext("Metti in valutazione"),
        esegui=partial(_valuta_una, request),
    )


def _valuta_una(request, proposta, testo, adesso):
    _valuta(proposta, request.user, [Stato.PUBBLICATA], testo=testo, adesso=adesso)


def _molte(model_admin, request, queryset, *, azione, titolo, spiegazione, bottone, esegui):
    """A door for several: first which ones, then each through its own door. What was refused is
    told one by one; the others are done."""
    pks = list(queryset.order_by("pk").values_list("pk", flat=True)[: MOLTE + 1])
    if len(pks) > MOLTE:
        messages.error(request, gettext("Sono troppe: scegline al massimo %(n)d.") % {"n": MOLTE})
        return None
    proposte = list(
        proposte_visibili(request.user)
        .filter(pk__in=pks)
        .select_related("laboratorio", "percorso", "incontro")
        .order_by("pk")
    )
    form = NotaForm(request.POST if "conferma" in request.POST else None)
    if "conferma" in request.POST and form.is_valid():
        adesso = timezone.now()
        fatte, rifiutate = 0, []
        for proposta in proposte:
            try:
                with transaction.atomic():
                    model_admin.pretendi_le_stesse(request, proposta)
                    esegui(proposta, form.cleaned_data["testo"], adesso)
                    model_admin.annota(request, proposta, titolo)
            except (services.Rifiuto, Cambiato) as no:
                rifiutate.append(f"«{proposta}»: {no}")
            else:
                fatte += 1
        if fatte:
            messages.success(
                request,
                ngettext("%(n)d proposta fatta.", "%(n)d proposte fatte.", fatte) % {"n": fatte},
            )
        for riga in rifiutate:
            messages.warning(request, riga)
        return redirect(request.get_full_path())
    return TemplateResponse(
        request,
        "admin/proposte/proposta/molte.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": titolo,
            "oggetto": None,
            "spiegazione": spiegazione,
            "bottone": bottone,
            "form": form,
            "azione": azione,
            "proposte": proposte,
            "versione": model_admin.versione_di(*proposte),
            "ritorno": request.get_full_path(),
        },
    )


PORTE_PROPOSTA = (
    pubblica,
    nascondi,
    modifica,
    completa,
    bisogni,
    valutazione,
    riapri,
    rimanda,
    prepara_esito,
    decidi,
    rispondi,
    ritira,
    integra,
    separa,
    dividi,
    verifica,
    avanzamento,
)
