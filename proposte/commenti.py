"""Comments, and what people report to the moderators.

Its author corrects or deletes a comment within a few minutes; then only a moderator takes it out
of sight, with a reason that everybody reads and words that its author is mailed.
"""

from datetime import datetime, timedelta

from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.partecipanti import attuale
from portale.lib.dates import giorno_e_ora, giorno_mese_anno

from . import avvisi, services
from .conteggi import da_ricontare
from .forms_partecipazione import CommentoForm
from .models import Commento, Moderazione, Proposta, Segnalazione
from .partecipazione import si_chiude
from .segnalazioni import chiudi_aperte
from .segnali import contenuto_cambiato
from .services import Rifiuto

Stato = Proposta.Stato
# How long its author may correct a comment, or take it back.
RIPENSAMENTO = timedelta(minutes=10)


def perche_non_commenti(proposta: Proposta, adesso: datetime) -> str:
    """Why nobody can comment this proposal now; empty when they can. Reads the ``percorso`` with
    its stages without asking again."""
    if proposta.stato == Stato.INTEGRATA:
        return _("Si commenta la proposta in cui questa è entrata.")
    if proposta.stato not in Proposta.IN_ELENCO:
        return _("Questa proposta non si può commentare.")
    return services.perche_chiuso(proposta.percorso, "commenti", adesso)


def modificabile(commento: Commento, partecipante, adesso: datetime) -> bool:
    """Whether she wrote it, and just now."""
    return (
        partecipante is not None
        and commento.autore_id == partecipante.pk
        and commento.nascosto_at is None
        and adesso < commento.created_at + RIPENSAMENTO
    )


# --- Writing --------------------------------------------------------------------------------


def scrivi(
    proposta: Proposta,
    autore,
    *,
    testo: str,
    scopo: str = "",
    risponde_a: Commento | None = None,
    nome_mostrato: str = "",
    modulo: str,
    adesso: datetime,
) -> Commento:
    """A new comment, or an answer to one. ``modulo`` names the form as it was shown: the same
    words sent twice from one form are one comment. Raises Rifiuto where or when nobody can."""
    if perche := perche_non_commenti(proposta, adesso):
        raise Rifiuto(perche)
    testo = testo.strip()
    if not testo:
        raise Rifiuto(_("Scrivi il commento."))
    if risponde_a is not None:
        _pretendi_rispondibile(proposta, risponde_a)
    elif not scopo:
        raise Rifiuto(_("Scegli se è un dubbio, un'aggiunta o un'obiezione."))
    chiave = _chiave(
        "commento", modulo, autore.pk, proposta.pk, risponde_a and risponde_a.pk, testo
    )
    try:
        with transaction.atomic():
            commento, nuovo = Commento.objects.get_or_create(
                chiave=chiave,
                defaults={
                    "proposta": proposta,
                    "risponde_a": risponde_a,
                    "autore": autore,
                    "nome_mostrato": nome_mostrato,
                    "scopo": "" if risponde_a else scopo,
                    "testo": testo,
                    "esempio": autore.esempio,
                    "created_at": adesso,
                },
            )
            if nuovo:
                da_ricontare(proposta.pk)
    except IntegrityError as errore:
        # On PostgreSQL its author deletes it while somebody answers.
        raise Rifiuto(_("Il commento a cui rispondi non c'è più.")) from errore
    return commento


def _pretendi_rispondibile(proposta, commento):
    if commento.proposta_id != proposta.pk:
        raise Rifiuto(_("Il commento a cui rispondi non è di questa proposta."))
    if commento.risponde_a_id is not None:
        raise Rifiuto(_("Si risponde a un commento, non a una risposta."))
    if commento.nascosto_at is not None:
        raise Rifiuto(_("Il commento a cui rispondi non c'è più."))


def modifica(commento: Commento, autore, testo: str, *, adesso: datetime) -> Commento:
    """Its author corrects it, within 10 minutes. Raises Rifiuto afterwards."""
    testo = testo.strip()
    if not testo:
        raise Rifiuto(_("Scrivi il commento."))
    mio = Commento.objects.visibili().filter(
        pk=commento.pk, autore=autore, created_at__gt=adesso - RIPENSAMENTO
    )
    if not mio.update(testo=testo, modificato_at=adesso):
        raise Rifiuto(troppo_tardi())
    commento.refresh_from_db()
    return commento


def elimina(commento: Commento, autore, *, adesso: datetime) -> None:
    """Its author takes it back, within 10 minutes and before anybody answers. Raises Rifiuto
    otherwise; one that is gone already stays gone."""
    with transaction.atomic():
        mio = Commento.objects.select_for_update(of=["self"]).filter(pk=commento.pk).first()
        if mio is None:
            return
        if not modificabile(mio, autore, adesso):
            raise Rifiuto(troppo_tardi())
        if mio.risposte.exists():
            raise Rifiuto(_("Qualcuno ti ha già risposto: puoi correggerlo, ma non toglierlo."))
        mio.delete()
        da_ricontare(mio.proposta_id)


def troppo_tardi() -> str:
    """What she is told after the 10 minutes."""
    return _(
        "Un commento si corregge o si elimina nei primi %(minuti)d minuti. Ora non più: se "
        "contiene un errore scrivi all'ufficio."
    ) % {"minuti": RIPENSAMENTO.seconds // 60}


def detto_scrivi() -> str:
    return _("Fatto: il tuo commento è pubblicato. Per %(minuti)d minuti puoi correggerlo.") % {
        "minuti": RIPENSAMENTO.seconds // 60
    }


# --- Reporting ------------------------------------------------------------------------------


def segnala(
    *,
    proposta: Proposta | None = None,
    commento: Commento | None = None,
    motivo: str,
    testo: str = "",
    partecipante=None,
    modulo: str,
    adesso: datetime,
) -> Segnalazione:
    """Tell the moderators of a proposal or of a comment; nobody needs to say who she is.

    The same form sent twice is one report, and so is a second one of the same person while the
    first waits. Raises Rifiuto without a reason of the list.
    """
    if motivo not in Moderazione.values:
        raise Rifiuto(_("Scegli il motivo."))
    cosa = {"proposta": proposta, "commento": commento}
    if partecipante is not None:
        gia = Segnalazione.objects.aperte().filter(partecipante=partecipante, **cosa).first()
        if gia is not None:
            return gia
    chiave = _chiave(
        "segnalazione",
        modulo,
        partecipante and partecipante.pk,
        proposta and proposta.pk,
        commento and commento.pk,
    )
    segnalazione, _nuova = Segnalazione.objects.get_or_create(
        chiave=chiave,
        defaults={
            **cosa,
            "partecipante": partecipante,
            "motivo": motivo,
            "testo": testo.strip(),
            "created_at": adesso,
        },
    )
    return segnalazione


# --- Moderation -----------------------------------------------------------------------------


def nascondi(commento: Commento, autore, motivo: str, testo: str, *, adesso: datetime) -> Commento:
    """A moderator (``autore``, a User) takes it out of sight: everybody reads the reason of the
    list, its writer is mailed the words too, and its open reports are closed as right. Hiding it
    again changes nothing. Raises Rifiuto without a reason or words."""
    if motivo not in Moderazione.values or not testo.strip():
        raise Rifiuto(_("Scegli il motivo e spiegalo: lo legge chi ha scritto il commento."))
    with transaction.atomic():
        mio = Commento.objects.visibili().filter(pk=commento.pk)
        fatto = mio.update(
            nascosto_at=adesso, nascosto_da=autore, motivo=motivo, motivazione=testo.strip()
        )
        commento.refresh_from_db()
        if fatto:
            da_ricontare(commento.proposta_id)
            chiudi_aperte(Segnalazione.Esito.ACCOLTA, autore, commento=commento, adesso=adesso)
            avvisi.commento_nascosto(commento, adesso)
            contenuto_cambiato.send(Commento)
    return commento


def riammetti(commento: Commento, autore, *, adesso: datetime) -> Commento:
    """Everybody reads it again, as after an appeal; its writer is told. Doing it again changes
    nothing."""
    with transaction.atomic():
        # Which hiding is undone: its own mail is owed once.
        nascosto_at = commento.nascosto_at
        fatto = Commento.objects.filter(pk=commento.pk, nascosto_at__isnull=False).update(
            nascosto_at=None, nascosto_da=None, motivo="", motivazione=""
        )
        commento.refresh_from_db()
        if fatto:
            da_ricontare(commento.proposta_id)
            avvisi.commento_riammesso(commento, nascosto_at, adesso)
            contenuto_cambiato.send(Commento)
    return commento


def chiudi_segnalazione(
    segnalazione: Segnalazione, esito: str, autore, *, testo: str = "", adesso: datetime
) -> Segnalazione:
    """A moderator decides on a report (``Segnalazione.Esito``). ``accolta`` hides what was
    reported, with the report's reason and the moderator's words in ``testo``, unless it is
    hidden already, and closes the other reports of it too. Whoever reported it and is known is
    told. Raises Rifiuto when it is closed already, or without words where they are due."""
    if esito not in Segnalazione.Esito.values:
        raise Rifiuto(_("Scegli se la segnalazione è accolta o respinta."))
    with transaction.atomic():
        # What was reported is held before its reports, as by whoever hides it directly: two
        # moderators never wait for each other in a circle.
        mia = Segnalazione.objects.select_related("proposta", "commento").get(pk=segnalazione.pk)
        if mia.chiusa_at is not None:
            raise Rifiuto(_("Questa segnalazione è già chiusa."))
        cosa = {"pk": mia.pk}
        if esito == Segnalazione.Esito.ACCOLTA:
            if mia.commento and mia.commento.nascosto_at is None:
                nascondi(mia.commento, autore, mia.motivo, testo, adesso=adesso)
            elif mia.proposta and mia.proposta.stato != Stato.NASCOSTA:
                services.nascondi(mia.proposta, autore, mia.motivo, testo, adesso=adesso)
            cosa = {"proposta": mia.proposta, "commento": mia.commento}
        chiudi_aperte(esito, autore, **cosa, adesso=adesso)
        segnalazione.refresh_from_db()
        if (segnalazione.esito, segnalazione.chiusa_da_id) != (esito, autore.pk):
            raise Rifiuto(_("Un collega ha appena chiuso questa segnalazione."))
    return segnalazione


def _chiave(*parti) -> str:
    return salted_hmac("proposte.commenti", repr(parti), algorithm="sha256").hexdigest()


# --- What the page of a proposal shows ------------------------------------------------------

PER_PAGINA = 20


def filo(proposta: Proposta):
    """The comments of a proposal in the order in which they are read: each one followed by its
    answers."""
    return proposta.commenti.annotate(filo=Coalesce("risponde_a", "pk")).order_by("filo", "pk")


def indirizzo(commento: Commento) -> str:
    """Where a comment is read: its page of the proposal's comments, and its place there."""
    della_radice = commento.risponde_a_id or commento.pk
    prima = (
        filo(commento.proposta)
        .filter(Q(filo__lt=della_radice) | Q(filo=della_radice, pk__lt=commento.pk))
        .count()
    )
    pagina = prima // PER_PAGINA + 1
    query = f"?commenti={pagina}" if pagina > 1 else ""
    return f"{commento.proposta.get_absolute_url()}{query}#commento-{commento.pk}"


def contesto(request, proposta: Proposta, adesso: datetime) -> dict:
    """What ``proposte/_commenti.html`` takes, as ``c``; the view gives it csrf_token beside::

        {% include "proposte/_commenti.html" with c=commenti csrf_token=csrf_token only %}

    For strangers it holds nothing of anybody, so that the page can be kept. ``?commenti=`` is
    the page. Asks the database twice, whoever looks and however many comments there are."""
    io = attuale(request)
    perche = perche_non_commenti(proposta, adesso)
    conti = proposta.commenti.aggregate(
        tutti=Count("pk"), visibili=Count("pk", filter=Q(nascosto_at=None))
    )
    paginatore = Paginator(filo(proposta).select_related("risponde_a"), PER_PAGINA)
    paginatore.count = conti["tutti"]
    pagina = paginatore.get_page(request.GET.get("commenti"))
    fino = None if perche else si_chiude(proposta.percorso, "commenti", adesso)
    form = None
    if io is not None and not perche:
        form = CommentoForm(
            azione=reverse("proposte:commento_crea", args=[proposta.slug]),
            initial={"nome_mostrato": io.nome},
        )
    return {
        "proposta": proposta,
        "quanti": conti["visibili"],
        "pagina": pagina,
        "voci": [_voce(commento, io, not perche, adesso) for commento in pagina],
        "io": io,
        "form": form,
        "perche": perche,
        "fino": giorno_mese_anno(fino) if fino else "",
        "minuti": RIPENSAMENTO.seconds // 60,
    }


def _voce(commento, io, aperti, adesso):
    """One comment as the template shows it."""
    nascosto = commento.nascosto_at is not None
    a_chi = commento.risponde_a
    return {
        "pk": commento.pk,
        "firma": commento.nome_mostrato or _("una persona"),
        "quando": giorno_e_ora(commento.created_at),
        "iso": commento.created_at.isoformat(),
        "scopo": commento.scopo,
        "scopo_a_parole": commento.get_scopo_display() if commento.scopo else "",
        "nascosto": nascosto,
        "motivo": commento.get_motivo_display() if nascosto else "",
        "testo": "" if nascosto else commento.testo,
        "corretto": commento.modificato_at is not None,
        "esempio": commento.esempio,
        "a_chi": a_chi,
        "a_chi_firma": a_chi.nome_mostrato or _("una persona") if a_chi else "",
        "mio": modificabile(commento, io, adesso),
        "rispondibile": aperti and a_chi is None and not nascosto,
    }
