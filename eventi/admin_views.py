"""The office's doors to a meeting: pages of the admin that call ``eventi.services``.

Each view takes the ``ModelAdmin`` that mounts it (see ``IncontroAdmin.get_urls``), fetches the
meeting and asks for the permission in one step: without it the page does not exist.
"""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.admin import inviati

from . import services
from .admin_forms import (
    CollegamentoForm,
    ConfermaForm,
    IscrizioneUfficioForm,
    MotivoForm,
    PostiForm,
    SpostaForm,
)
from .esportazione import COLONNE, COLONNE_RISERVATE, csv_iscrizioni
from .models import Incontro, Iscrizione

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
            porte.append(porta("svolto", _("Segna come svolto"), "principale"))
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
        porte.append(porta("presenze", _("Stampa elenco presenze")))
        porte.append(porta("esporta", _("Esporta iscritti CSV")))
    vivo = in_programma or incontro.stato == Stato.RINVIATO
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
        return [Porta(url, _("Scrivi il resoconto"), "principale")]
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


def iscrivi(model_admin, request, pk):
    """One screen for who calls or comes to the desk; once saved, it is ready for the next."""
    incontro = _incontro(request, pk, "eventi.add_iscrizione")
    adesso = timezone.now()
    form_kwargs = {
        "vede_necessita": _puo_scrivere_necessita(request.user),
        "adesso": adesso,
        "initial": {"canale": request.GET.get("canale") or Iscrizione.Canale.TELEFONO},
    }
    if request.method == "POST":
        # Under the lock, so that of two Enters the second meets the first one's registration.
        with transaction.atomic():
            incontro = Incontro.objects.select_for_update(no_key=True).get(pk=incontro.pk)
            form = IscrizioneUfficioForm(request.POST, incontro=incontro, **form_kwargs)
            iscrizione = _registra(request, incontro, form, adesso) if form.is_valid() else None
        if iscrizione is not None:
            messages.success(request, _esito(iscrizione))
            canale = form.cleaned_data["canale"]
            return redirect(f"{request.path}?canale={canale}")
    else:
        form = IscrizioneUfficioForm(incontro=incontro, **form_kwargs)
    if form.avvisi:
        # The warning has just been read: its answer comes first.
        form.order_fields(["comunque"])
        primo = "comunque"
    else:
        del form.fields["comunque"]
        primo = next((nome for nome in form.fields if nome in form.errors), "nome")
    form.fields[primo].widget.attrs["autofocus"] = True
    chiusa = "" if incontro.stato == Stato.PUBBLICATO else STATI_SPIEGATI[incontro.stato]
    if incontro.finito(adesso):
        chiusa = gettext("L'incontro è finito: non ci si può più iscrivere.")
    return TemplateResponse(
        request,
        "admin/eventi/incontro/iscrivi.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": gettext("Iscrivi una persona"),
            "oggetto": incontro,
            "incontro": incontro,
            "form": form,
            "posti": quadro_posti(incontro),
            "chiusa": chiusa,
            "ritorno": reverse("admin:eventi_incontro_change", args=[incontro.pk]),
            "ultime": incontro.iscrizioni.filter(registrata_da=request.user).order_by("-pk")[:5],
            "posti_url": reverse("admin:eventi_incontro_iscrivi_posti", args=[incontro.pk]),
        },
    )


def _puo_scrivere_necessita(user):
    return user.has_perm("eventi.view_necessita") or user.has_perm("eventi.add_necessita")


def _registra(request, incontro, form, adesso):
    """The registration, or None with the refusal shown in the form."""
    dati = dict(form.cleaned_data)
    dati.pop("comunque", None)
    try:
        # A refusal undoes what the service had begun, not the lock.
        with transaction.atomic():
            return services.iscrivi_dall_ufficio(
                incontro, **dati, autore=request.user, adesso=adesso
            )
    except services.Rifiuto as rifiuto:
        form.add_error(None, str(rifiuto))
        return None


def _esito(iscrizione):
    chi = {"nome": iscrizione.nome, "posti": iscrizione.posti_richiesti}
    if iscrizione.stato == Iscrizione.Stato.CONFERMATA:
        fatto = ngettext(
            "%(nome)s è iscritta: %(posti)d posto.",
            "%(nome)s è iscritta: %(posti)d posti.",
            iscrizione.posti_richiesti,
        )
    else:
        chi["posizione"] = iscrizione.posizione_in_lista() or "–"
        fatto = gettext("%(nome)s è in lista d'attesa, al posto %(posizione)s.")
    if iscrizione.email:
        dopo = gettext("Le stiamo scrivendo la conferma.")
    else:
        dopo = gettext("Non ha una e-mail: dille tu quando, dove e come disdire.")
    return f"{fatto % chi} {dopo}"


def iscrivi_posti(model_admin, request, pk):
    """The seats alone, for the screen above to keep itself fresh."""
    incontro = _incontro(request, pk, "eventi.add_iscrizione")
    return render(request, "admin/eventi/incontro/_posti.html", {"posti": quadro_posti(incontro)})


# --- Lists of people ------------------------------------------------------------------------


def presenze(model_admin, request, pk):
    """A sheet to print: large rows, and empty ones for who comes without having registered."""
    incontro = _incontro(request, pk, "eventi.view_iscrizione")
    confermate = incontro.iscrizioni.confermate().order_by("nome", "pk")
    return TemplateResponse(
        request,
        "admin/eventi/incontro/presenze.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": gettext("Elenco presenze"),
            "oggetto": incontro,
            "incontro": incontro,
            "iscrizioni": confermate,
            "posti": sum(iscrizione.posti for iscrizione in confermate),
            "righe_vuote": range(10),
            "stampato": dates.giorno_e_ora(timezone.now()),
            "ritorno": reverse("admin:eventi_incontro_change", args=[incontro.pk]),
        },
    )


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
    posti,
    iscrivi,
    iscrivi_posti,
    presenze,
    esporta,
)
