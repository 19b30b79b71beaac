""" "Porta aperta": an organisation asks to join, the office answers with a reason.

A request is answered once, under a lock on its row: of two officers the second is told.
"""

from datetime import date, datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.text import slugify
from django.utils.translation import gettext as _

from percorso.models import Percorso
from portale.lib.rifiuti import Rifiuto
from portale.lib.testo import normalizza_email
from posta.services import accoda

from ..models import Componente, ImpostazioniTavolo, Organizzazione, RichiestaAdesione, Seggio
from . import soggetti

Stato = RichiestaAdesione.Stato


def percorsi_con_tavolo():
    """The public percorsi that have a Tavolo: seats, or its settings. The most present one
    first."""
    seggi = Seggio.objects.filter(percorso=OuterRef("pk"))
    impostazioni = ImpostazioniTavolo.objects.filter(percorso=OuterRef("pk"))
    return Percorso.objects.in_evidenza().filter(Exists(seggi) | Exists(impostazioni))


def percorso_aperto() -> Percorso | None:
    """The percorso whose Tavolo an organisation may ask to join today; None when there is none."""
    chiuse = ImpostazioniTavolo.objects.filter(percorso=OuterRef("pk"), porta_aperta=False)
    return percorsi_con_tavolo().attivi().filter(~Exists(chiuse)).first()


def chiedi_adesione(
    percorso: Percorso, dati: dict, *, laboratori=(), lingua: str = "it", adesso: datetime
) -> RichiestaAdesione:
    """Take the request of an organisation whose address is confirmed; the office and who asked
    are told. The same organisation asking again from the same address, before the answer, has
    one request. Raises Rifiuto when the door is closed.

    ``dati``: the columns of RichiestaAdesione that the form asks for.
    """
    if percorso_aperto() != percorso:
        raise Rifiuto(_("Adesso non si raccolgono richieste di adesione."))
    chiave = {
        "percorso": percorso,
        "nome": dati["nome"],
        "email": normalizza_email(dati["email"]),
        "stato": Stato.NUOVA,
    }
    with transaction.atomic():
        try:
            with transaction.atomic():
                richiesta, creata = RichiestaAdesione.objects.get_or_create(
                    **chiave, defaults={**dati, **chiave, "lingua": lingua, "created_at": adesso}
                )
        except IntegrityError:
            # The other of two clicks has just made it.
            richiesta, creata = RichiestaAdesione.objects.get(**chiave), False
        if creata:
            richiesta.laboratori.set(laboratori)
            _accoda("adesione_ricevuta", richiesta, richiesta.email, lingua, adesso)
            ufficio = settings.ENTE["email"]
            _accoda("adesione_ufficio", richiesta, ufficio, settings.LANGUAGE_CODE, adesso)
    return richiesta


def accogli_adesione(
    richiesta: RichiestaAdesione,
    *,
    dal: date,
    ruolo: str = Seggio.Ruolo.COMPONENTE,
    organizzazione: Organizzazione | None = None,
    invita_contatto: bool = False,
    risposta: str = "",
    autore,
    adesso: datetime,
) -> Seggio:
    """Open the organisation's seat and tell who asked. The organisation is the given one, else
    the one of that name, else a new one; the contact may be named titolare and invited at once.
    Raises Rifiuto when it was answered already, or the organisation has a seat."""
    with transaction.atomic():
        mia = _blocca(richiesta)
        org = organizzazione or omonima(mia.nome) or _nuova_organizzazione(mia)
        seggio = soggetti.apri_seggio(
            percorso=mia.percorso,
            organizzazione=org,
            ruolo=ruolo,
            dal=dal,
            autore=autore,
            adesso=adesso,
        )
        if invita_contatto:
            titolare = soggetti.nomina(
                seggio,
                ruolo=Componente.Ruolo.TITOLARE,
                nome=mia.contatto,
                email=mia.email,
                dal=dal,
                autore=autore,
                adesso=adesso,
            )
            soggetti.invita(titolare, autore=autore, adesso=adesso)
        mia.seggio = seggio
        _rispondi(mia, Stato.ACCOLTA, risposta, autore, adesso)
    return seggio


def respingi_adesione(
    richiesta: RichiestaAdesione, risposta: str, *, autore, adesso: datetime
) -> RichiestaAdesione:
    """Say no, with the reason, which who asked receives. Raises Rifiuto without one, or when it
    was answered already."""
    if not risposta.strip():
        raise Rifiuto(_("Scrivi il motivo: lo riceve chi ha chiesto di aderire."))
    with transaction.atomic():
        mia = _blocca(richiesta)
        _rispondi(mia, Stato.RESPINTA, risposta, autore, adesso)
    return mia


def omonima(nome: str) -> Organizzazione | None:
    """The organisation that is already known by this name, capitals aside."""
    return Organizzazione.objects.filter(nome__iexact=nome).first()


def _blocca(richiesta) -> RichiestaAdesione:
    righe = RichiestaAdesione.objects.select_for_update(of=("self",), no_key=True)
    mia = righe.select_related("percorso").get(pk=richiesta.pk)
    if mia.stato != Stato.NUOVA:
        raise Rifiuto(_("A questa richiesta è già stata data una risposta."))
    return mia


def _rispondi(mia, stato, risposta, autore, adesso):
    mia.stato, mia.risposta = stato, risposta.strip()
    mia.risposto_da, mia.risposta_at = autore, adesso
    mia.save(update_fields=["stato", "risposta", "seggio", "risposto_da", "risposta_at"])
    _accoda(f"adesione_{stato}", mia, mia.email, mia.lingua, adesso)


def _nuova_organizzazione(mia) -> Organizzazione:
    try:
        with transaction.atomic():
            org = Organizzazione.objects.create(
                nome=mia.nome,
                slug=_slug_libero(mia.nome),
                genere=mia.genere,
                costituzione=mia.costituzione,
                attivita=mia.attivita,
                sito=mia.sito,
                contatto=mia.contatto,
                email=mia.email,
                telefono=mia.telefono,
                esempio=mia.esempio,
            )
    except IntegrityError:
        raise Rifiuto(
            _("Un'altra persona ha appena registrato questa organizzazione: riprova.")
        ) from None
    org.laboratori.set(mia.laboratori.all())
    return org


def _slug_libero(nome) -> str:
    base = slugify(nome)[:90] or "organizzazione"
    simili = set(
        Organizzazione.objects.filter(Q(slug=base) | Q(slug__startswith=f"{base}-")).values_list(
            "slug", flat=True
        )
    )
    slug, numero = base, 2
    while slug in simili:
        slug, numero = f"{base}-{numero}", numero + 1
    return slug


def _accoda(genere, richiesta, destinatario, lingua, adesso):
    # A request is received once and answered once: its number alone makes each mail one.
    accoda(
        genere,
        destinatario,
        chiave=f"{genere}:{richiesta.pk}",
        lingua=lingua,
        parametri={"richiesta": richiesta.pk},
        adesso=adesso,
    )
