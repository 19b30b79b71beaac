"""The office's doors to a Comunicazione: pages of the admin that call ``comunicazioni.services``.

Each view takes the ``ModelAdmin`` that mounts it and asks for the permission while it fetches:
without it the page does not exist.
"""

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_update
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from portale.lib import dates
from portale.lib.admin import inviati

from . import pubblico, services
from .admin_forms import FermaForm, InviaForm, RispedisciForm
from .emails import chi_di_prova, componi_per
from .esportazione import csv_destinatari
from .models import Comunicazione
from .motivi import motivo

Stato = Comunicazione.Stato
PER_PAGINA = 50

STATI_SPIEGATI = {
    Stato.BOZZA: _("Bozza: non l'ha ricevuta nessuno. Leggi l'anteprima, provala, poi inviala."),
    Stato.IN_PREPARAZIONE: _("In preparazione: il portale sta scrivendo una mail per ciascuno."),
    Stato.IN_INVIO: _("In invio: le mail stanno partendo."),
    Stato.INVIATA: _("Inviata: non c'è più niente in coda."),
    Stato.FERMATA: _("Fermata: quello che non era partito non parte più."),
    Stato.ANNULLATA: _("Annullata prima di partire: non l'ha ricevuta nessuno."),
}


def url(nome, comunicazione, *altro):
    return reverse(f"admin:comunicazioni_comunicazione_{nome}", args=[comunicazione.pk, *altro])


def porte(user, comunicazione):
    """The buttons of its page: what may be done with it now, by this person."""

    def porta(nome, etichetta, aspetto=""):
        return {"url": url(nome, comunicazione), "etichetta": etichetta, "aspetto": aspetto}

    stato = comunicazione.stato
    scrive = user.has_perm("comunicazioni.change_comunicazione")
    trovate = [porta("anteprima", _("Anteprima"))]
    if scrive and stato == Stato.BOZZA:
        trovate += [
            porta("prova", _("Mandami una prova")),
            porta("invia", _("Invia"), "principale"),
            porta("annulla", _("Annulla"), "grave"),
        ]
    if stato in (*Comunicazione.PARTITE, Stato.FERMATA):
        trovate.append(porta("avanzamento", _("A che punto è"), "principale"))
    if scrive and stato in Comunicazione.IN_CORSO:
        if stato == Stato.IN_PREPARAZIONE and not comunicazione.preparati:
            trovate.append(porta("annulla", _("Annulla"), "grave"))
        else:
            trovate.append(porta("ferma", _("Ferma"), "grave"))
    return trovate


def _comunicazione(request, pk, verbo="view"):
    if not request.user.has_perm(f"comunicazioni.{verbo}_comunicazione"):
        raise Http404
    return get_object_or_404(Comunicazione.objects.for_pagina(), pk=pk)


def _pagina(model_admin, request, comunicazione, modello, titolo, **contesto):
    return TemplateResponse(
        request,
        f"admin/comunicazioni/comunicazione/{modello}.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": titolo,
            "subtitle": str(comunicazione),
            "oggetto": comunicazione,
            "ritorno": url("change", comunicazione),
            **contesto,
        },
    )


def _porta(model_admin, request, comunicazione, *, stati, contesto=None, ritorno=None, **kwargs):
    chiusa = "" if comunicazione.stato in stati else STATI_SPIEGATI[comunicazione.stato]
    return model_admin.porta(
        request,
        comunicazione,
        rifiuto=services.Rifiuto,
        ritorno=ritorno or url("change", comunicazione),
        contesto={"chiusa": chiusa, **(contesto or {})},
        **kwargs,
    )


# --- Before it leaves -----------------------------------------------------------------------


def _lingue(comunicazione):
    return [
        (codice, nome)
        for codice, nome in settings.LANGUAGES
        if codice == "it" or comunicazione.in_inglese
    ]


def _composta(comunicazione, persona, lingua):
    with translation.override(lingua):
        chi = chi_di_prova(comunicazione, persona)
        return componi_per(comunicazione, chi, timezone.now())


def _a_quanti(comunicazione):
    """How many it would reach now, whom it would not, and where these are."""
    conto = pubblico.conta(comunicazione, timezone.now())
    righe = [
        ngettext(
            "Arriva a %(n)d indirizzo.", "Arriva a %(n)d indirizzi, una volta ciascuno.",
            conto.indirizzi,
        )
        % {"n": conto.indirizzi}
    ]  # fmt: skip
    if conto.senza_email:
        righe.append(
            ngettext(
                "%(n)d persona non ha una e-mail: chiamala tu.",
                "%(n)d persone non hanno una e-mail: chiamale tu.",
                conto.senza_email,
            )
            % {"n": conto.senza_email}
        )
    if conto.da_verificare:
        righe.append(
            ngettext(
                "%(n)d persona non ha ancora confermato il suo indirizzo: a lei non si scrive.",
                "%(n)d persone non hanno ancora confermato l'indirizzo: a loro non si scrive.",
                conto.da_verificare,
            )
            % {"n": conto.da_verificare}
        )
    if conto.contrari:
        righe.append(
            ngettext(
                "%(n)d persona ha spento queste e-mail nel suo profilo: a lei non si scrive.",
                "%(n)d persone hanno spento queste e-mail nel profilo: a loro non si scrive.",
                conto.contrari,
            )
            % {"n": conto.contrari}
        )
    da_chiamare_url = ""
    if conto.senza_email and comunicazione.incontro_id:
        elenco = reverse("admin:eventi_iscrizione_changelist")
        da_chiamare_url = f"{elenco}?incontro={comunicazione.incontro_id}&recapito=da_chiamare"
    return {"conseguenze": righe, "da_chiamare_url": da_chiamare_url}


def anteprima(model_admin, request, pk):
    """The mail as it leaves, for a person who does not exist, and how many would get it."""
    comunicazione = _comunicazione(request, pk)
    lingue = []
    for codice, nome in _lingue(comunicazione):
        composta = _composta(comunicazione, request.user, codice)
        lingue.append(
            {
                "codice": codice,
                "nome": nome,
                "oggetto": composta.oggetto,
                "testo": composta.testo,
                "url": url("anteprima_html", comunicazione, codice),
            }
        )
    bozza = comunicazione.stato == Stato.BOZZA
    return _pagina(
        model_admin,
        request,
        comunicazione,
        "anteprima",
        gettext("Anteprima"),
        lingue=lingue,
        a_chi=comunicazione.a_chi,
        # To try it and to send it; nothing for who only reads.
        porte=porte(request.user, comunicazione)[1:3] if bozza else [],
        **(_a_quanti(comunicazione) if bozza else {}),
    )


def anteprima_html(model_admin, request, pk, lingua):
    """Its HTML alone, for the frame of the preview: mails have inline styles, and nothing runs."""
    comunicazione = _comunicazione(request, pk)
    if lingua not in dict(_lingue(comunicazione)):
        raise Http404
    return HttpResponse(_composta(comunicazione, request.user, lingua).html)


def prova(model_admin, request, pk):
    comunicazione = _comunicazione(request, pk, "change")
    return _porta(
        model_admin,
        request,
        comunicazione,
        stati=[Stato.BOZZA],
        form=forms.Form(inviati(request)),
        titolo=gettext("Mandami una prova"),
        spiegazione=gettext(
            "La stessa e-mail arriva a %(email)s, con [PROVA] nell'oggetto. I link personali "
            "(l'iscrizione, «lascia il posto») nella prova non aprono niente."
        )
        % {"email": request.user.email},
        bottone=gettext("Mandami la prova"),
        esegui=lambda dati: services.prova(
            comunicazione, autore=request.user, adesso=timezone.now()
        ),
        fatto=gettext("La prova sta partendo: guarda la tua posta."),
        ritorno=url("anteprima", comunicazione),
    )


def invia(model_admin, request, pk):
    comunicazione = _comunicazione(request, pk, "change")
    if comunicazione.stato in Comunicazione.PARTITE:
        # The second half of a double click.
        return redirect(url("avanzamento", comunicazione))
    composta = _composta(comunicazione, request.user, "it")
    quando = comunicazione.non_prima_di
    elenco = [
        (gettext("A chi"), comunicazione.a_chi, False),
        (gettext("Oggetto"), comunicazione.oggetto, False),
        (
            gettext("Quando"),
            gettext("non prima di %(quando)s") % {"quando": dates.giorno_e_ora(quando)}
            if quando
            else gettext("appena confermi, anche di notte")
            if comunicazione.urgente
            else gettext("appena confermi; di notte aspetta le 8"),
            False,
        ),
    ]
    if comunicazione.pubblico == Comunicazione.Pubblico.ISCRITTI:
        quali = comunicazione.get_iscritti_display()
        elenco.insert(1, (gettext("Quali iscritti"), quali, False))
    if comunicazione.urgente:
        motivo_urgenza = comunicazione.motivo_urgenza
        elenco.append((gettext("Urgente, parte anche di notte"), motivo_urgenza, True))
    return _porta(
        model_admin,
        request,
        comunicazione,
        stati=[Stato.BOZZA],
        form=InviaForm(inviati(request), initial={"confermata": services.impronta(comunicazione)}),
        titolo=gettext("Invia"),
        spiegazione=gettext("Da qui parte davvero: quello che è partito non torna indietro."),
        contesto={
            "elenco": elenco,
            "anteprima": {"oggetto": composta.oggetto, "testo": composta.testo},
            "altro": [(gettext("Rileggi l'anteprima"), url("anteprima", comunicazione))],
            **_a_quanti(comunicazione),
        },
        bottone=gettext("Invia a tutti"),
        esegui=lambda dati: services.avvia(
            comunicazione,
            confermata=dati["confermata"],
            autore=request.user,
            adesso=timezone.now(),
        ),
        fatto=gettext("Confermata: qui vedi a che punto è."),
        ritorno=url("avanzamento", comunicazione),
    )


def annulla(model_admin, request, pk):
    comunicazione = _comunicazione(request, pk, "change")
    return _porta(
        model_admin,
        request,
        comunicazione,
        stati=[Stato.BOZZA, Stato.IN_PREPARAZIONE],
        form=forms.Form(inviati(request)),
        titolo=gettext("Annulla"),
        spiegazione=gettext("Non parte e non si può più inviare; resta nell'elenco."),
        bottone=gettext("Annulla la comunicazione"),
        esegui=lambda dati: services.annulla(
            comunicazione, autore=request.user, adesso=timezone.now()
        ),
        fatto=gettext("Annullata: non la riceve nessuno."),
        grave=True,
    )


# --- While it leaves, and after -------------------------------------------------------------


def ferma(model_admin, request, pk):
    comunicazione = _comunicazione(request, pk, "change")
    return _porta(
        model_admin,
        request,
        comunicazione,
        stati=list(Comunicazione.IN_CORSO),
        form=FermaForm(inviati(request)),
        titolo=gettext("Ferma"),
        spiegazione=gettext(
            "Ciò che non è partito non parte più, e non si può riprendere: chi l'ha già ricevuta "
            "resta nell'elenco, per scrivere di nuovo solo se serve."
        ),
        bottone=gettext("Ferma l'invio"),
        esegui=lambda dati: services.ferma(
            comunicazione, motivo=dati["motivo"], autore=request.user, adesso=timezone.now()
        ),
        fatto=gettext("Fermata."),
        ritorno=url("avanzamento", comunicazione),
        grave=True,
    )


# The order in which the page shows them.
NUMERI = {
    "preparati": _("preparati"),
    "in_coda": _("in coda"),
    "inviati": _("inviati"),
    "falliti": _("rifiutati"),
    "rimbalzati": _("tornati indietro"),
    "non_dovuti": _("non più dovuti"),
    "fermati": _("fermati"),
    "dimenticati": _("cancellati a richiesta"),
}


def _stato_di(comunicazione):
    """What the page shows and its script asks again for."""
    numeri = services.numeri(comunicazione)
    fatti = numeri["preparati"] - numeri["in_coda"]
    frase = str(STATI_SPIEGATI[comunicazione.stato])
    aspetta = comunicazione.non_prima_di
    if comunicazione.stato == Stato.IN_PREPARAZIONE and aspetta and aspetta > timezone.now():
        frase = gettext("Programmata: parte %(quando)s.") % {"quando": dates.giorno_e_ora(aspetta)}
    return {
        "in_corso": comunicazione.stato in Comunicazione.IN_CORSO,
        "frase": frase,
        "fatti": fatti,
        "previsti": numeri["previsti"],
        "numeri": {chiave: numeri[chiave] for chiave in NUMERI},
    }


def avanzamento(model_admin, request, pk):
    comunicazione = _comunicazione(request, pk)
    stato = _stato_di(comunicazione)
    return _pagina(
        model_admin,
        request,
        comunicazione,
        "avanzamento",
        gettext("A che punto è"),
        stato=stato,
        voci=[(chiave, NUMERI[chiave], quanti) for chiave, quanti in stato["numeri"].items()],
        a_chi=comunicazione.a_chi,
        url_numeri=url("numeri", comunicazione),
        url_problemi=url("problemi", comunicazione),
        url_esporta=url("esporta", comunicazione),
        porte=[
            porta
            for porta in porte(request.user, comunicazione)
            if porta["url"] != url("avanzamento", comunicazione)
        ],
    )


def numeri(model_admin, request, pk):
    """The same numbers for the page's script."""
    return JsonResponse(_stato_di(_comunicazione(request, pk)))


def problemi(model_admin, request, pk):
    """Whose mail was refused, why, and what to do about it."""
    comunicazione = _comunicazione(request, pk)
    pagina = Paginator(
        comunicazione.destinatari.non_arrivati().for_elenco().order_by("pk"), PER_PAGINA
    ).get_page(request.GET.get("page"))
    righe = [
        {
            "email": destinatario.email,
            "nome": destinatario.nome,
            "perche": motivo(destinatario.messaggio.ultimo_errore),
            "errore": destinatario.messaggio.ultimo_errore,
            "url": url("rispedisci", comunicazione, destinatario.pk),
        }
        for destinatario in pagina
    ]
    return _pagina(
        model_admin,
        request,
        comunicazione,
        "problemi",
        gettext("Non arrivate"),
        righe=righe,
        page_obj=pagina,
        puo_rispedire=request.user.has_perm("comunicazioni.change_comunicazione"),
        url_avanzamento=url("avanzamento", comunicazione),
    )


def rispedisci(model_admin, request, pk, destinatario_pk):
    comunicazione = _comunicazione(request, pk, "change")
    destinatario = get_object_or_404(
        comunicazione.destinatari.non_arrivati().for_elenco(), pk=destinatario_pk
    )
    dati = inviati(request)
    form = RispedisciForm(dati) if destinatario.correggibile else forms.Form(dati)
    errore = destinatario.messaggio.ultimo_errore
    return _porta(
        model_admin,
        request,
        comunicazione,
        stati=list(Comunicazione.PARTITE),
        form=form,
        titolo=gettext("Rispedisci"),
        spiegazione=motivo(errore),
        contesto={
            "elenco": [
                (gettext("A"), destinatario.email, False),
                (gettext("Il server ha risposto"), errore or "–", False),
            ]
        },
        bottone=gettext("Rispedisci"),
        esegui=lambda dati: services.rispedisci(
            destinatario, email=dati.get("email", ""), adesso=timezone.now()
        ),
        fatto=gettext("La e-mail torna in coda e parte a momenti."),
        ritorno=url("problemi", comunicazione),
    )


def esporta(model_admin, request, pk):
    """Who it went to, as a file, with a trace of who took it."""
    comunicazione = _comunicazione(request, pk)
    model_admin.annota(request, comunicazione, gettext("Esportati i destinatari in CSV."))
    risposta = StreamingHttpResponse(
        csv_destinatari(comunicazione), content_type="text/csv; charset=utf-8"
    )
    nome = f"comunicazione-{comunicazione.pk}.csv"
    risposta["Content-Disposition"] = f'attachment; filename="{nome}"'
    return risposta


# What a mail may do inside its frame: be looked at.
_SOLA = csp(
    {
        "default-src": [NONE],
        "style-src": [UNSAFE_INLINE],
        "img-src": ["data:"],
        "base-uri": [NONE],
        "form-action": [NONE],
        "frame-ancestors": [SELF],
        "sandbox": [],
    }
)

# Name of the door → its view, what follows the name in its address, and who stands before it.
PORTE = {
    "anteprima": (anteprima, "", [require_safe, csp_update({"frame-src": [SELF]})]),
    "anteprima_html": (
        anteprima_html,
        "<str:lingua>/",
        [require_safe, xframe_options_sameorigin, _SOLA],
    ),
    "prova": (prova, "", []),
    "invia": (invia, "", []),
    "annulla": (annulla, "", []),
    "ferma": (ferma, "", []),
    "avanzamento": (avanzamento, "", [require_safe, never_cache]),
    "numeri": (numeri, "", [require_safe, never_cache]),
    "problemi": (problemi, "", [require_safe]),
    "rispedisci": (rispedisci, "<int:destinatario_pk>/", []),
    "esporta": (esporta, "", [require_POST]),
}
