"""The office's doors to a meeting: pages of the admin that call ``eventi.services``.

Each view takes the ``ModelAdmin`` that mounts it (see ``IncontroAdmin.get_urls``), fetches the
meeting and asks for the permission in one step: without it the page does not exist.
"""

from dataclasses import dataclass
from io import BytesIO

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import ADDITION
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import Cambiato, inviati
from portale.lib.caricamenti import caricamento_troppo_grande
from portale.lib.pdf import ImpaginazioneFallita

from . import chiusura, fogli_incontro, services
from . import presenze as servizio_presenze
from .admin_forms import (
    ChiudiForm,
    CollegamentoForm,
    ConfermaForm,
    FoglioForm,
    MotivoForm,
    PostiForm,
    SpostaForm,
)
from .esportazione import COLONNE, COLONNE_RISERVATE, csv_iscrizioni
from .models import Incontro, Iscrizione, Resoconto

Stato = Incontro.Stato

STATI_SPIEGATI = {
    Stato.BOZZA: _("Bozza: la vede solo l'ufficio. Quando è completa, pubblicala."),
    Stato.PUBBLICATO: _(
        "Pubblicato: data, sede e posti si cambiano con i pulsanti, che avvisano chi è iscritto."
    ),
    Stato.RINVIATO: _(
        "Rinviato: chi è iscritto lo sa e conserva il posto. Quando c'è la nuova data, spostalo."
    ),
    Stato.ANNULLATO: _("Annullato: chi era iscritto è stato avvisato."),
    Stato.SVOLTO: _("Svolto: resta leggibile per sempre, con il suo resoconto."),
}


def giorni_per_il_resoconto():
    return settings.RESOCONTO_GIORNI


# --- What may be done with a meeting --------------------------------------------------------


@dataclass(frozen=True)
class Porta:
    url: str
    etichetta: str
    aspetto: str = ""


def porte_incontro(user, incontro, adesso):
    """The buttons of a meeting's page: what may be done with it now, by this person."""

    def porta(nome, etichetta, aspetto=""):
        return Porta(
            reverse(f"admin:eventi_incontro_{nome}", args=[incontro.pk]), etichetta, aspetto
        )

    finito = incontro.finito(adesso)
    in_programma = incontro.stato == Stato.PUBBLICATO and not finito
    porte = []
    if user.has_perm("eventi.change_incontro"):
        if incontro.stato == Stato.BOZZA:
            porte.append(porta("pubblica", _("Pubblica"), "principale"))
        if incontro.stato == Stato.PUBBLICATO and finito:
            porte.append(porta("svolto", _("Segna come svolto")))
        da_chiudere = finito and incontro.stato in (Stato.PUBBLICATO, Stato.SVOLTO)
        if da_chiudere and user.has_perm("eventi.change_resoconto") and not _pubblicato(incontro):
            porte.append(porta("chiudi", _("Chiudi l'incontro"), "principale"))
    if in_programma and incontro.con_iscrizione and user.has_perm("eventi.add_iscrizione"):
        porte.append(porta("iscrivi", _("Iscrivi una persona"), "principale"))
    con_persone = incontro.con_iscrizione and incontro.stato != Stato.BOZZA
    if con_persone and user.has_perm("eventi.view_iscrizione"):
        porte.append(
            Porta(
                reverse("admin:eventi_iscrizione_changelist") + f"?incontro={incontro.pk}",
                _("Vedi le iscrizioni"),
            )
        )
        porte.append(porta("esporta", _("Esporta iscritti CSV")))
    if user.has_perm("eventi.change_iscrizione") and servizio_presenze.aperte(incontro, adesso):
        porte.append(porta("accogli", _("Segna le presenze"), "principale"))
    if incontro.stato != Stato.BOZZA and user.has_perm("eventi.view_iscrizione"):
        porte.append(porta("presenze", _("Stampa fogli e locandina")))
    vivo = in_programma or incontro.stato == Stato.RINVIATO
    da_fare = vivo or incontro.stato == Stato.BOZZA
    if incontro.serie_id and da_fare and user.has_perm("eventi.change_incontro"):
        porte.append(porta("modifica_serie", _("Modifica questo e i successivi")))
    if vivo and user.has_perm("eventi.change_incontro"):
        if incontro.con_iscrizione:
            porte.append(porta("posti", _("Cambia i posti")))
        porte.append(porta("sposta", _("Sposta")))
        if in_programma:
            porte.append(porta("collegamento", _("Cambia il collegamento")))
            porte.append(porta("rinvia", _("Rinvia")))
        porte.append(porta("annulla", _("Annulla l'incontro"), "grave"))
    if (finito or incontro.stato == Stato.SVOLTO) and incontro.stato != Stato.ANNULLATO:
        porte.extend(_porta_resoconto(user, incontro))
    return porte


def _pubblicato(incontro):
    resoconto = getattr(incontro, "resoconto", None)
    return resoconto is not None and resoconto.pubblicato_at is not None


def _porta_resoconto(user, incontro):
    resoconto = getattr(incontro, "resoconto", None)
    if resoconto and user.has_perm("eventi.change_resoconto"):
        url = reverse("admin:eventi_resoconto_change", args=[resoconto.pk])
        return [Porta(url, _("Resoconto"))]
    if (
        resoconto is None
        and incontro.stato != Stato.BOZZA
        and user.has_perm("eventi.add_resoconto")
    ):
        url = reverse("admin:eventi_resoconto_add") + f"?incontro={incontro.pk}"
        return [Porta(url, _("Scrivi il resoconto"))]
    return []


def _incontro(request, pk, permesso):
    """The meeting, for who may; 404 for everybody else, drafts or not."""
    if not request.user.has_perm(permesso):
        raise Http404
    return get_object_or_404(Incontro.objects.for_elenco(), pk=pk)


def _porta(model_admin, request, incontro, *, stati, contesto=None, **kwargs):
    chiusa = "" if incontro.stato in stati else STATI_SPIEGATI[incontro.stato]
    return model_admin.porta(
        request,
        incontro,
        rifiuto=services.Rifiuto,
        ritorno=reverse("admin:eventi_incontro_change", args=[incontro.pk]),
        contesto={"chiusa": chiusa, **(contesto or {})},
        sotto_chiave=True,
        **kwargs,
    )


def _avvisati(incontro):
    """How many people the portal will write to, and how many the office must call."""
    return incontro.iscrizioni.vive().aggregate(
        per_email=Count("pk", filter=Q(email__isnull=False, verificata_at__isnull=False)),
        da_chiamare=Count("pk", filter=Q(email=None)),
    )


def _conseguenze(incontro):
    quanti = _avvisati(incontro)
    righe = [
        ngettext(
            "Riceverà subito una e-mail %(n)d persona iscritta.",
            "Riceveranno subito una e-mail %(n)d persone iscritte.",
            quanti["per_email"],
        )
        % {"n": quanti["per_email"]}
    ]
    if quanti["da_chiamare"]:
        righe.append(
            ngettext(
                "%(n)d persona non ha una e-mail: chiamala tu.",
                "%(n)d persone non hanno una e-mail: chiamale tu.",
                quanti["da_chiamare"],
            )
            % {"n": quanti["da_chiamare"]}
        )
    return {
        "conseguenze": righe,
        "da_chiamare_url": (
            reverse("admin:eventi_iscrizione_changelist")
            + f"?incontro={incontro.pk}&recapito=da_chiamare"
            if quanti["da_chiamare"]
            else ""
        ),
    }


# --- Its life -------------------------------------------------------------------------------


def pubblica(model_admin, request, pk):
    incontro = _incontro(request, pk, "eventi.change_incontro")
    adesso = timezone.now()
    return _porta(
        model_admin,
        request,
        incontro,
        stati=[Stato.BOZZA],
        form=ConfermaForm(inviati(request)),
        titolo=gettext("Pubblica l'incontro"),
        spiegazione=gettext(
            "Da adesso tutti lo vedono e, se è prevista, ci si può iscrivere. Poi data, sede e "
            "posti si cambiano solo avvisando chi è iscritto."
        ),
        contesto={"elenco": _come_si_leggera(incontro, adesso)},
        bottone=gettext("Pubblica"),
        esegui=lambda dati: services.pubblica(incontro, autore=request.user, adesso=adesso),
        fatto=gettext("Pubblicato: ora si vede sul sito."),
    )


def _come_si_leggera(incontro, adesso):
    """Label, value, and whether it deserves a second look before everybody reads it."""
    sede = incontro.sede
    senza_sede = sede is None and incontro.modalita != Incontro.Modalita.ONLINE
    senza_accesso = sede is not None and sede.senza_gradini is None
    posti = gettext("senza limite") if incontro.posti is None else str(incontro.capienza)
    return [
        (gettext("Titolo"), incontro.titolo, False),
        (gettext("Quando"), incontro.quando, incontro.inizio is None or incontro.inizio <= adesso),
        (gettext("Dove"), incontro.dove, senza_sede),
        (
            gettext("Accesso senza gradini"),
            gettext("da comunicare")
            if sede is None or sede.senza_gradini is None
            else gettext("sì")
            if sede.senza_gradini
            else gettext("no"),
            senza_accesso,
        ),
        (gettext("Di che cosa si parla"), incontro.descrizione or "–", not incontro.descrizione),
        (gettext("Percorso"), str(incontro.percorso), incontro.percorso.stato == "bozza"),
        (
            gettext("Posti per i cittadini"),
            posti if incontro.con_iscrizione else gettext("non serve iscriversi"),
            False,
        ),
    ]


def sposta(model_admin, request, pk):
    incontro = _incontro(request, pk, "eventi.change_incontro")
    adesso = timezone.now()
    attuali = {"inizio": incontro.inizio, "fine": incontro.fine, "sede": incontro.sede_id}
    return _porta(
        model_admin,
        request,
        incontro,
        stati=[Stato.PUBBLICATO, Stato.RINVIATO],
        form=SpostaForm(inviati(request), initial=attuali),
        titolo=gettext("Sposta l'incontro"),
        spiegazione=gettext(
            "Adesso è: %(quando)s, %(dove)s. Chi è iscritto conserva il posto, riceve la nuova "
            "data e il suo calendario si aggiorna; promemoria e scadenze seguono la nuova data."
        )
        % {"quando": incontro.quando, "dove": incontro.dove},
        contesto=_conseguenze(incontro),
        bottone=gettext("Sposta e avvisa"),
        esegui=lambda dati: services.sposta(incontro, **dati, autore=request.user, adesso=adesso),
        fatto=gettext("Spostato: gli avvisi stanno partendo."),
    )


def collegamento(model_admin, request, pk):
    incontro = _incontro(request, pk, "eventi.change_incontro")
    adesso = timezone.now()
    attuali = {"modalita": incontro.modalita, "link_online": incontro.link_online}
    return _porta(
        model_admin,
        request,
        incontro,
        stati=[Stato.PUBBLICATO],
        form=CollegamentoForm(inviati(request), initial=attuali),
        titolo=gettext("Cambia il collegamento"),
        spiegazione=gettext(
            "Se ci si vede in presenza, online o in tutti e due i modi, e l'indirizzo per seguire "
            "da casa. Chi è iscritto lo legge in una e-mail e il suo calendario si aggiorna."
        ),
        contesto=_conseguenze(incontro),
        bottone=gettext("Cambia e avvisa"),
        esegui=lambda dati: services.cambia_collegamento(
            incontro, **dati, autore=request.user, adesso=adesso
        ),
        fatto=gettext("Collegamento cambiato: gli avvisi stanno partendo."),
    )


def rinvia(model_admin, request, pk):
    incontro = _incontro(request, pk, "eventi.change_incontro")
    adesso = timezone.now()
    return _porta(
        model_admin,
        request,
        incontro,
        stati=[Stato.PUBBLICATO],
        form=MotivoForm(inviati(request)),
        titolo=gettext("Rinvia l'incontro a data da comunicare"),
        spiegazione=gettext(
            "Se conosci già la nuova data, usa «Sposta». Chi è iscritto conserva il posto; le "
            "iscrizioni restano chiuse finché non c'è la nuova data."
        ),
        contesto=_conseguenze(incontro),
        bottone=gettext("Rinvia e avvisa"),
        esegui=lambda dati: services.rinvia(incontro, **dati, autore=request.user, adesso=adesso),
        fatto=gettext("Rinviato: gli avvisi stanno partendo."),
        grave=True,
    )


def annulla(model_admin, request, pk):
    incontro = _incontro(request, pk, "eventi.change_incontro")
    adesso = timezone.now()
    return _porta(
        model_admin,
        request,
        incontro,
        stati=[Stato.PUBBLICATO, Stato.RINVIATO],
        form=MotivoForm(inviati(request)),
        titolo=gettext("Annulla l'incontro"),
        spiegazione=gettext(
            "Non si può tornare indietro. La pagina resta sul sito con la scritta «annullato» e "
            "il motivo, e l'incontro si toglie dai calendari di chi lo aveva aggiunto."
        ),
        contesto=_conseguenze(incontro),
        bottone=gettext("Annulla l'incontro e avvisa"),
        esegui=lambda dati: services.annulla(incontro, **dati, autore=request.user, adesso=adesso),
        fatto=gettext("Annullato: gli avvisi stanno partendo."),
        grave=True,
    )


def svolto(model_admin, request, pk):
    incontro = _incontro(request, pk, "eventi.change_incontro")
    adesso = timezone.now()
    return _porta(
        model_admin,
        request,
        incontro,
        stati=[Stato.PUBBLICATO],
        form=ConfermaForm(inviati(request)),
        titolo=gettext("Segna l'incontro come svolto"),
        spiegazione=gettext(
            "Il passo dopo è il resoconto: va pubblicato entro %(giorni)d giorni dall'incontro."
        )
        % {"giorni": giorni_per_il_resoconto()},
        bottone=gettext("Segna come svolto"),
        esegui=lambda dati: services.segna_svolto(incontro, autore=request.user, adesso=adesso),
        fatto=gettext("Segnato come svolto. Ora scrivi il resoconto."),
    )


def chiudi(model_admin, request, pk):
    """The evening after: numbers from the door, what happened, photographs; kept as a draft,
    looked at, published, all from here."""
    incontro = _incontro(request, pk, "eventi.change_resoconto")
    if not request.user.has_perm("eventi.change_incontro"):
        raise Http404
    adesso = timezone.now()
    resoconto = Resoconto.objects.filter(incontro=incontro).first()
    inizio = chiusura.contate(incontro)
    iniziali = {} if resoconto else {"partecipanti": inizio["partecipanti"]}
    form = ChiudiForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        instance=resoconto or Resoconto(incontro=incontro),
        initial=iniziali,
    )
    aperta = incontro.stato in (Stato.PUBBLICATO, Stato.SVOLTO) and incontro.finito(adesso)
    if request.method == "POST" and caricamento_troppo_grande(request):
        form.add_error("file", gettext("I file insieme pesano troppo: mandane meno alla volta."))
    elif request.method == "POST" and aperta and form.is_valid():
        try:
            model_admin.pretendi_le_stesse(
                request, incontro, Resoconto.objects.filter(incontro=incontro).first()
            )
            return _chiudi(model_admin, request, incontro, form.cleaned_data, adesso)
        except (services.Rifiuto, Cambiato) as rifiuto:
            form.add_error(None, str(rifiuto))
    resoconto = Resoconto.objects.filter(incontro=incontro).prefetch_related("allegati").first()
    return TemplateResponse(
        request,
        "admin/eventi/incontro/chiudi.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": gettext("Chiudi l'incontro"),
            "oggetto": incontro,
            "incontro": incontro,
            "form": form,
            "resoconto": resoconto,
            "versione": model_admin.versione_di(incontro, resoconto),
            "conti": servizio_presenze.conta(incontro),
            "aperta": aperta,
            "entro": dates.giorno_mese_anno(incontro.resoconto_entro)
            if aperta and incontro.resoconto_entro
            else "",
            "ritorno": reverse("admin:eventi_incontro_change", args=[incontro.pk]),
        },
    )


def _chiudi(model_admin, request, incontro, dati, adesso):
    """Keep it, then its files one by one, then publish: what a refusal stops later is kept."""
    resoconto = chiusura.salva(incontro, dati, autore=request.user, adesso=adesso)
    for file, titolo in zip(dati["file"], dati["titoli"], strict=True):
        chiusura.allega(resoconto, file, titolo)
    if "_pubblica" not in request.POST:
        for oggetto in (incontro, resoconto):
            model_admin.annota(request, oggetto, gettext("Salvato il resoconto."))
        messages.success(request, gettext("Salvato: rileggilo qui sotto, poi pubblicalo."))
        return redirect(f"{request.path}#anteprima")
    with transaction.atomic():
        services.pubblica_resoconto(resoconto, autore=request.user, adesso=adesso)
        for oggetto in (incontro, resoconto):
            model_admin.annota(request, oggetto, gettext("Pubblicato il resoconto."))
    messages.success(request, gettext("Pubblicato: ora si legge sul sito."))
    return redirect("admin:eventi_incontro_change", incontro.pk)


def posti(model_admin, request, pk):
    incontro = _incontro(request, pk, "eventi.change_incontro")
    adesso = timezone.now()
    attuali = {"posti": incontro.posti, "posti_riservati": incontro.posti_riservati}
    return _porta(
        model_admin,
        request,
        incontro,
        stati=[Stato.PUBBLICATO, Stato.RINVIATO],
        form=PostiForm(inviati(request), initial=attuali),
        titolo=gettext("Cambia i posti"),
        contesto={"posti": quadro_posti(incontro)},
        bottone=gettext("Cambia i posti"),
        esegui=lambda dati: services.cambia_posti_incontro(
            incontro, **dati, autore=request.user, adesso=adesso
        ),
        fatto=gettext("Posti cambiati."),
    )


# --- Registering by phone or at the desk ----------------------------------------------------


def quadro_posti(incontro):
    """The seats of a meeting as they are at this instant."""
    attesa = incontro.iscrizioni.in_attesa().aggregate(n=Count("pk"), posti=Sum("posti_richiesti"))
    offerti = incontro.iscrizioni.filter(stato=Iscrizione.Stato.POSTO_OFFERTO)
    return {
        "incontro": incontro,
        "occupati": incontro.posti_occupati,
        "capienza": incontro.capienza,
        "liberi": incontro.posti_liberi,
        "riservati": incontro.posti_riservati,
        "in_attesa": attesa["n"],
        "posti_in_attesa": attesa["posti"] or 0,
        "offerti": offerti.count(),
    }


# --- Lists of people ------------------------------------------------------------------------


def presenze(model_admin, request, pk):
    """What there is to print for the evening; each sheet with names leaves a trace of who made
    it."""
    incontro = _incontro(request, pk, "eventi.view_iscrizione")
    if request.method == "POST":
        form = FoglioForm(request.POST)
        if form.is_valid():
            return _foglio(model_admin, request, incontro, form.cleaned_data["foglio"])
    confermate = incontro.iscrizioni.confermate().aggregate(n=Count("pk"), posti=Sum("posti"))
    return TemplateResponse(
        request,
        "admin/eventi/incontro/presenze.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": gettext("Fogli per l'incontro"),
            "oggetto": incontro,
            "incontro": incontro,
            "quante": confermate["n"],
            "posti": confermate["posti"] or 0,
            "n_foto": len(fogli_incontro.con_foto(incontro)),
            "fogli": FoglioForm.Foglio.choices,
            "ritorno": reverse("admin:eventi_incontro_change", args=[incontro.pk]),
        },
    )


def _foglio(model_admin, request, incontro, quale):
    adesso, Foglio = timezone.now(), FoglioForm.Foglio  # noqa: N806
    try:
        contenuto = {
            Foglio.PRESENZE: lambda: fogli_incontro.foglio_presenze(
                incontro, foto=fogli_incontro.con_foto(incontro), adesso=adesso
            ),
            Foglio.ETICHETTE: lambda: fogli_incontro.etichette(
                incontro, nome_intero=False, adesso=adesso
            ),
            Foglio.ETICHETTE_INTERE: lambda: fogli_incontro.etichette(
                incontro, nome_intero=True, adesso=adesso
            ),
            Foglio.LOCANDINA_A4: lambda: fogli_incontro.locandina(
                incontro, formato="a4", adesso=adesso
            ),
            Foglio.LOCANDINA_A3: lambda: fogli_incontro.locandina(
                incontro, formato="a3", adesso=adesso
            ),
        }[quale]()
    except ImpaginazioneFallita as fallita:
        messages.error(request, str(fallita))
        return redirect(request.path)
    testo = gettext("Preparato il foglio: %(foglio)s.") % {"foglio": Foglio(quale).label}
    model_admin.annota(request, incontro, testo)
    return FileResponse(
        BytesIO(contenuto),
        content_type="application/pdf",
        as_attachment=True,
        filename=f"{quale}-{incontro.slug}.pdf",
        headers={"Cache-Control": "no-store"},
    )


def accogli(model_admin, request, pk):
    """To the list for telephones, with a link of the officer's own: who tapped stays written."""
    incontro = _incontro(request, pk, "eventi.change_iscrizione")
    if not servizio_presenze.aperte(incontro, timezone.now()):
        raise Http404
    mia, nuova = servizio_presenze.di_ufficio(incontro, request.user)
    if nuova:
        model_admin.annota(request, mia, gettext("Aperta la lista delle presenze"), atto=ADDITION)
    return redirect("presenze:presenze", mia.token)


def esporta(model_admin, request, pk):
    """What the file holds, on GET; the file, on POST, with a trace of who took it."""
    incontro = _incontro(request, pk, "eventi.view_iscrizione")
    riservate = request.user.has_perm("eventi.view_necessita")
    if request.method == "POST":
        model_admin.annota(request, incontro, gettext("Esportati gli iscritti in CSV."))
        risposta = StreamingHttpResponse(
            csv_iscrizioni(incontro, riservate=riservate), content_type="text/csv; charset=utf-8"
        )
        risposta["Content-Disposition"] = f'attachment; filename="iscritti-{incontro.slug}.csv"'
        return risposta
    return TemplateResponse(
        request,
        "admin/eventi/incontro/esporta.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": gettext("Esporta gli iscritti"),
            "oggetto": incontro,
            "incontro": incontro,
            "colonne": COLONNE + (COLONNE_RISERVATE if riservate else ()),
            "quante": incontro.iscrizioni.count(),
            "ritorno": reverse("admin:eventi_incontro_change", args=[incontro.pk]),
        },
    )


PORTE_INCONTRO = (
    pubblica,
    sposta,
    collegamento,
    rinvia,
    annulla,
    svolto,
    chiudi,
    posti,
    presenze,
    accogli,
    esporta,
)
