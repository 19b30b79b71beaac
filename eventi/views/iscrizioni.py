"""Registering for a meeting, and the private pages that a registration's mails open."""

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from eventi import consensi, presenze, services
from eventi.calendario import ics_incontro, invitato_da
from eventi.forms import ConsensoForm, IscrizioneForm, IscrizioneOspiteForm, ModificaForm
from eventi.models import Incontro, Iscrizione
from eventi.posti import ce_posto
from portale.lib.dates import giorno_e_ora
from portale.lib.limiti import consenti, limite_superato
from portale.lib.pagine_private import pagina_da_link

Stato = Iscrizione.Stato
# Seconds. When registering opens everybody asks for the same empty form, which takes longer to
# render than all the rest of its page.
MODULO_TENUTO = 600


def _vai(url):
    """303: what follows a POST is read with a GET, so that reloading repeats nothing."""
    return HttpResponseRedirect(url, status=303)


# --- /incontri/<slug>/iscrizione/ -----------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def iscrizione_crea(request, slug):
    """Register: a guest is sent a link, an account holder is in with one click."""
    adesso = timezone.now()
    incontro = get_object_or_404(_incontri(), slug=slug)
    indirizzi = request.user.indirizzi_verificati() if request.user.is_authenticated else []
    # Without a confirmed address of her own she is a guest, whoever she says she is.
    persona = request.user if indirizzi and request.user.email in indirizzi else None
    if indirizzi and (sua := _gia_iscritta(incontro, request.user, indirizzi)):
        if request.method == "POST":
            return _vai(sua.get_absolute_url())
        contesto = {**_cornice(incontro), "iscrizione": sua}
        return render(request, "eventi/iscrizione_gia.html", contesto)

    form = _modulo(request, incontro, persona, adesso)
    if request.method != "POST":
        return _pagina_modulo(request, incontro, persona, form, adesso)
    if request.POST.get("sito_web"):
        # A program filled the field that people do not see: it may believe that it worked.
        return _vai(reverse("eventi:iscrizione_inviata", args=[slug]))
    if not form.is_valid():
        return _pagina_modulo(request, incontro, persona, form, adesso)
    # Per client what a family or a library's desk may need in ten minutes; per meeting far more
    # than people are, so that nobody can close it to the others.
    if not (
        consenti(request, "iscrizione", limite="10/10m")
        and consenti(request, "iscrizione-incontro", chiave=str(incontro.pk), limite="300/m")
    ):
        return limite_superato(request)
    try:
        if persona:
            iscrizione = services.iscrivi_persona(
                incontro, persona, **form.cleaned_data, adesso=adesso
            )
            return _vai(iscrizione.get_absolute_url())
        _richiedi(request, incontro, form.cleaned_data, adesso)
    except services.Rifiuto as rifiuto:
        form.add_error(None, str(rifiuto))
        # Somebody may have closed or cancelled it since this request read it.
        incontro = _incontri().get(pk=incontro.pk)
        return _pagina_modulo(request, incontro, persona, form, adesso, status=409)
    return _vai(reverse("eventi:iscrizione_inviata", args=[slug]))


def _incontri():
    return Incontro.objects.pubblici().select_related("percorso", "sede")


def _cornice(incontro):
    """The meeting, and the way to this page from the home."""
    briciole = [
        (_("Incontri"), reverse("eventi:incontro_list")),
        (incontro.titolo, incontro.get_absolute_url()),
        (_("Iscrizione"), ""),
    ]
    return {"incontro": incontro, "briciole": briciole}


def _gia_iscritta(incontro, persona, indirizzi):
    """Her own live registration, by account or by any address that she has confirmed."""
    sue = incontro.iscrizioni.for_persona(persona, indirizzi)
    return sue.vive().filter(verificata_at__isnull=False).first()


def _modulo(request, incontro, persona, adesso):
    dati = request.POST if request.method == "POST" else None
    servizi = [s for s in incontro.servizi.all() if s.richiedibile(adesso)]
    if persona:
        return IscrizioneForm(dati, servizi=servizi, chiedi_nome=not persona.nome)
    return IscrizioneOspiteForm(dati, servizi=servizi, adesso=adesso)


def _pagina_modulo(request, incontro, persona, form, adesso, *, status=200):
    if perche := services.perche_chiuse(incontro, adesso):
        return _chiusa(request, incontro, perche)
    completo = not ce_posto(incontro, 1)
    if completo:
        form.per_la_lista()
    contesto = {
        **_cornice(incontro),
        "persona": persona,
        "completo": completo,
        "form": form,
        "tenuta": 0 if settings.DEBUG else MODULO_TENUTO,
    }
    return render(request, "eventi/iscrizione_form.html", contesto, status=status)


def _richiedi(request, incontro, dati, adesso):
    dati = {nome: dati[nome] for nome in dati if nome in CAMPI_OSPITE}
    # Nobody's mailbox can be flooded from here; the answer is the same, or it would tell which
    # addresses others have tried. Ten an hour: one person may well register for every lab.
    if consenti(request, "iscrizione-email", chiave=dati["email"], limite="10/h"):
        services.richiedi_iscrizione(incontro, **dati, lingua=get_language()[:2], adesso=adesso)


CAMPI_OSPITE = (
    "nome",
    "email",
    "telefono",
    "minore",
    "nome_minore",
    "posti_richiesti",
    "servizi",
    "necessita",
    "newsletter",
    "foto",
)


def _chiusa(request, incontro, perche):
    """Registering is not possible, and why. Who sent the form too late gets back what she
    wrote, so that she can tell it to the office."""
    scritto = []
    if request.method == "POST":
        form = IscrizioneOspiteForm(adesso=timezone.now())
        scritto = [
            (form.fields[nome].label, valore)
            for nome in ("nome", "email", "telefono", "posti_richiesti", "necessita")
            if (valore := request.POST.get(nome, "").strip()[:1000])
        ]
    contesto = {**_cornice(incontro), "perche": perche, "scritto": scritto}
    status = 409 if request.method == "POST" else 200
    return render(request, "eventi/iscrizione_chiusa.html", contesto, status=status)


@require_safe
def iscrizione_inviata(request, slug):
    """ "Look at your mail": the same for every address, known or not."""
    incontro = get_object_or_404(_incontri(), slug=slug)
    contesto = {
        **_cornice(incontro),
        "url_modulo": reverse("eventi:iscrizione_crea", args=[slug]),
    }
    return render(request, "eventi/iscrizione_inviata.html", contesto)


# --- /iscrizioni/<token>/ -------------------------------------------------------------------


pagina_privata = pagina_da_link(
    lambda: Iscrizione.objects.select_related(
        "necessita", "incontro__percorso", "incontro__sede", "foto"
    ),
    "iscrizioni/link_scaduto.html",
)


# What a page says after an action that its state alone would not tell.
FATTO = {
    "modifiche": _("Fatto: abbiamo salvato le tue modifiche."),
    "attesa": _("Fatto: resti in lista e ti scriviamo quando ci sono posti per tutti voi."),
}


def _pagina(request, iscrizione, *, rifiuto="", status=200):
    """The registration as it is now, in words, with what can be done next."""
    adesso = timezone.now()
    incontro = iscrizione.incontro
    in_programma = incontro.stato == Incontro.Stato.PUBBLICATO
    passata = incontro.finito(adesso) and incontro.stato != Incontro.Stato.ANNULLATO
    da_iniziare = in_programma and incontro.inizio > adesso
    verificata = iscrizione.verificata_at is not None
    # Time may have run out a moment before the scheduler releases the seat.
    scaduta = iscrizione.viva and iscrizione.scade_at is not None and iscrizione.scade_at <= adesso
    momento = Stato.SCADUTA.value if scaduta else iscrizione.stato
    puo_tornare = momento in (Stato.SCADUTA, Stato.RINUNCIATA) and not services.perche_chiuse(
        incontro, adesso
    )
    contesto = {
        "iscrizione": iscrizione,
        "incontro": incontro,
        "momento": momento,
        "titolo": _titolo(incontro, momento, verificata, passata),
        "scade": giorno_e_ora(iscrizione.scade_at) if iscrizione.scade_at else "",
        "era_previsto": giorno_e_ora(incontro.inizio_precedente) if incontro.spostato else "",
        "posizione": iscrizione.posizione_in_lista(),
        "attende_promemoria": in_programma and iscrizione.attende_promemoria(),
        "servizi": [r.servizio for r in iscrizione.richieste.select_related("servizio")],
        "necessita": iscrizione.necessita.testo if hasattr(iscrizione, "necessita") else "",
        "codice": presenze.codice_ingresso(iscrizione)
        if presenze.mostra_codice(iscrizione, adesso)
        else "",
        "link_online": incontro.link_online
        if momento == Stato.CONFERMATA and in_programma and not passata
        else "",
        "motivo": _motivo_annullamento(iscrizione),
        "passata": passata,
        "in_programma": in_programma,
        "puo_confermare": not verificata
        and (
            puo_tornare
            if momento == Stato.SCADUTA
            else da_iniziare and momento in (Stato.DA_VERIFICARE, Stato.LISTA_ATTESA)
        ),
        "puo_iscriversi": puo_tornare,
        "puo_cambiare": _puo_cambiare(iscrizione, adesso),
        "puo_rinunciare": iscrizione.viva
        and not scaduta
        and (da_iniziare or incontro.stato == Incontro.Stato.RINVIATO),
        "url_modulo": reverse("eventi:iscrizione_crea", args=[incontro.slug]),
        "consensi": consensi.stato(iscrizione) if verificata else None,
        "fatto": FATTO.get(request.GET.get("fatto", ""), ""),
        "rifiuto": rifiuto,
    }
    return render(request, "iscrizioni/iscrizione_detail.html", contesto, status=status)


def _puo_cambiare(iscrizione, adesso):
    incontro = iscrizione.incontro
    return (
        iscrizione.verificata_at is not None
        and iscrizione.stato in (Stato.CONFERMATA, Stato.LISTA_ATTESA)
        and incontro.stato == Incontro.Stato.PUBBLICATO
        and incontro.inizio > adesso
    )


def _titolo(incontro, momento, verificata, passata):
    if incontro.stato == Incontro.Stato.ANNULLATO:
        return _("L'incontro è annullato")
    if incontro.stato == Incontro.Stato.RINVIATO and momento in Iscrizione.VIVE:
        return _("L'incontro è rinviato")
    if passata:
        return _("L'incontro si è svolto")
    if momento == Stato.LISTA_ATTESA and not verificata:
        return _("Manca un passo: conferma")
    return TITOLI[momento]


TITOLI = {
    "da_verificare": _("Manca un passo: conferma"),
    "confermata": _("La tua iscrizione è confermata"),
    "lista_attesa": _("Sei in lista d'attesa"),
    "posto_offerto": _("C'è posto per te"),
    "scaduta": _("Il tempo è scaduto"),
    "rinunciata": _("Hai lasciato il posto"),
    "annullata": _("L'ufficio ha annullato la tua iscrizione"),
}


def _motivo_annullamento(iscrizione):
    if iscrizione.stato != Stato.ANNULLATA:
        return ""
    passaggio = iscrizione.passaggi.filter(a=Stato.ANNULLATA).last()
    return passaggio.motivo if passaggio else ""


def _iniziato(incontro, adesso):
    return incontro.inizio is not None and incontro.inizio <= adesso


def _agisci(request, iscrizione, verbo, *, fatto="", **argomenti):
    """Do it and show the registration as it has become; a refusal shows it as it is, and why."""
    try:
        verbo(iscrizione, **argomenti, adesso=timezone.now())
    except services.Rifiuto as rifiuto:
        iscrizione.refresh_from_db()
        return _pagina(request, iscrizione, rifiuto=str(rifiuto), status=409)
    url = iscrizione.get_absolute_url()
    return _vai(f"{url}?fatto={fatto}" if fatto else url)


@pagina_privata("GET", "HEAD")
def iscrizione_detail(request, iscrizione):
    return _pagina(request, iscrizione)


@pagina_privata("GET", "HEAD", "POST")
def iscrizione_conferma(request, iscrizione):
    """The mail's link: opening it confirms the address (docs/adr/0007). Opening it again, or
    only looking at its headers, does nothing."""
    if request.method == "HEAD":
        return HttpResponse()
    try:
        confermata = services.conferma_indirizzo(iscrizione, adesso=timezone.now())
    except services.Rifiuto as rifiuto:
        iscrizione.refresh_from_db()
        return _pagina(request, iscrizione, rifiuto=str(rifiuto), status=409)
    for campo in CAMBIA:
        setattr(iscrizione, campo, getattr(confermata, campo))
    return _pagina(request, iscrizione)


# What confirming may change: the rest of what the page shows was read with the link.
CAMBIA = (
    "stato",
    "posti",
    "scade_at",
    "in_lista_dal",
    "verificata_at",
    "confermata_at",
    "solo_al_completo",
)


@pagina_privata("GET", "HEAD", "POST")
def iscrizione_accetta(request, iscrizione):
    if request.method == "POST":
        return _agisci(request, iscrizione, services.accetta_posto)
    # The page of a registration with an offer is the one with its buttons.
    return _pagina(request, iscrizione)


@pagina_privata("POST")
def iscrizione_aspetta(request, iscrizione):
    return _agisci(request, iscrizione, services.aspetta_tutti, fatto="attesa")


@pagina_privata("GET", "HEAD", "POST")
def iscrizione_rinuncia(request, iscrizione):
    """Ask once, with one button: a mail scanner that opens every link must cancel nothing."""
    if request.method == "POST":
        return _agisci(request, iscrizione, services.rinuncia)
    incontro, adesso = iscrizione.incontro, timezone.now()
    if not iscrizione.viva or incontro.finito(adesso) or _iniziato(incontro, adesso):
        return _pagina(request, iscrizione)
    contesto = {
        "iscrizione": iscrizione,
        "incontro": incontro,
        "in_lista": iscrizione.stato == Stato.LISTA_ATTESA,
    }
    return render(request, "iscrizioni/iscrizione_rinuncia.html", contesto)


@pagina_privata("GET", "HEAD", "POST")
def iscrizione_modifica(request, iscrizione):
    adesso = timezone.now()
    possibile = _puo_cambiare(iscrizione, adesso)
    chiesti = {richiesta.servizio_id for richiesta in iscrizione.richieste.all()}
    form = ModificaForm(
        request.POST if request.method == "POST" else None,
        servizi=[
            servizio
            for servizio in iscrizione.incontro.servizi.all()
            if servizio.pk in chiesti or servizio.richiedibile(adesso)
        ],
        initial={
            "posti_richiesti": iscrizione.posti_richiesti,
            "servizi": [str(pk) for pk in chiesti],
            "necessita": iscrizione.necessita.testo if hasattr(iscrizione, "necessita") else "",
        },
    )
    status = 200
    if form.is_valid():
        try:
            with transaction.atomic():
                _cambia(iscrizione, form.cleaned_data, adesso)
        except services.Rifiuto as rifiuto:
            if not possibile:
                return _pagina(request, iscrizione, rifiuto=str(rifiuto), status=409)
            form.add_error(None, str(rifiuto))
            status = 409
        else:
            return _vai(f"{iscrizione.get_absolute_url()}?fatto=modifiche")
    if not possibile:
        return _pagina(request, iscrizione)
    contesto = {"iscrizione": iscrizione, "incontro": iscrizione.incontro, "form": form}
    return render(request, "iscrizioni/iscrizione_modifica.html", contesto, status=status)


def _cambia(iscrizione, dati, adesso):
    """All of it or nothing: with no seat for one more, her needs stay as they were too."""
    services.cambia_posti(iscrizione, dati["posti_richiesti"], adesso=adesso)
    services.cambia_richieste(
        iscrizione,
        necessita=dati["necessita"],
        servizi=dati.get("servizi", ()),
        adesso=adesso,
    )


@pagina_privata("POST")
def iscrizione_consenso(request, iscrizione):
    """Yes or no to photos or to our news, with one click."""
    form = ConsensoForm(request.POST)
    if iscrizione.verificata_at is None or not form.is_valid():
        return _pagina(request, iscrizione, status=409)
    scelta = form.cleaned_data
    consensi.cambia(iscrizione, scelta["scopo"], si=scelta["si"], adesso=timezone.now())
    return _vai(f"{iscrizione.get_absolute_url()}?fatto=modifiche")


@pagina_privata("GET", "HEAD", "POST")
def iscrizione_promemoria(request, iscrizione):
    """No more reminders of this meeting. A mail program posts here by itself
    (List-Unsubscribe-Post, RFC 8058), so the answer is no redirect."""
    if request.method == "POST":
        services.ferma_promemoria(iscrizione)
        iscrizione.promemoria_graditi = False
    contesto = {"iscrizione": iscrizione, "incontro": iscrizione.incontro}
    return render(request, "iscrizioni/iscrizione_promemoria.html", contesto)


@pagina_privata("GET", "HEAD")
def iscrizione_qr(request, iscrizione):
    """Her code as a picture. Only of a registration that is confirmed: there is no other door."""
    if not presenze.mostra_codice(iscrizione, timezone.now()):
        raise Http404
    return HttpResponse(presenze.qr(iscrizione), content_type="image/png")


@pagina_privata("GET", "HEAD")
def iscrizione_ics(request, iscrizione):
    """Her meeting for her calendar, under the UID that its later changes will carry."""
    invitato = invitato_da(iscrizione)
    contenuto = ics_incontro(iscrizione.incontro, invitato=invitato, adesso=timezone.now())
    response = HttpResponse(contenuto, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{iscrizione.incontro.slug}.ics"'
    return response
