"""Supporting, following and commenting, once a stranger has confirmed her address."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.partecipanti import Esito, azione
from laboratori.models import Laboratorio
from portale.lib.antispam import contiene_indirizzi
from proposte import commenti, partecipazione
from proposte.models import Commento, Proposta, Tema
from proposte.services import Rifiuto


def _proposta(parametri):
    """The proposal, if everybody may still read it."""
    return (
        Proposta.objects.pubbliche()
        .select_related("percorso", "integrata_in")
        .prefetch_related("percorso__fasi")
        .filter(pk=parametri.get("proposta"))
        .first()
    )


def _non_c_e_piu():
    return Esito(
        reverse("proposte:proposta_list"), _("Questa proposta non c'è più."), riuscito=False
    )


def _con_titolo(parametri, generica, con_titolo):
    """The sentence with the proposal's title, unless the title could lead somebody away from the
    portal: whoever reads it may never have heard of us."""
    proposta = _proposta(parametri)
    if proposta is None or contiene_indirizzi(proposta.titolo):
        return generica
    return con_titolo % {"titolo": proposta.titolo}


@azione(
    "sostegno",
    descrivi=lambda parametri: _con_titolo(
        parametri, _("sostenere una proposta"), _("sostenere la proposta «%(titolo)s»")
    ),
)
def sostieni(partecipante, parametri, adesso):
    proposta = _proposta(parametri)
    if proposta is None:
        return _non_c_e_piu()
    try:
        quale = partecipazione.sostieni(
            proposta, partecipante, anche_seguire=bool(parametri.get("segui")), adesso=adesso
        )
    except Rifiuto as rifiuto:
        return Esito(proposta.get_absolute_url(), str(rifiuto), riuscito=False)
    return Esito(quale.get_absolute_url(), partecipazione.detto_sostieni(proposta, quale))


@azione(
    "sostegno_togli",
    descrivi=lambda parametri: _con_titolo(
        parametri,
        _("togliere il tuo sostegno a una proposta"),
        _("togliere il tuo sostegno alla proposta «%(titolo)s»"),
    ),
)
def togli(partecipante, parametri, adesso):
    proposta = _proposta(parametri)
    if proposta is None:
        return _non_c_e_piu()
    try:
        quale = partecipazione.lascia(proposta, partecipante, adesso=adesso)
    except Rifiuto as rifiuto:
        return Esito(proposta.get_absolute_url(), str(rifiuto), riuscito=False)
    return Esito(quale.get_absolute_url(), partecipazione.detto_lascia())


def _seguito(parametri):
    """What is followed, as (kind, thing, address); None when it is gone."""
    if "laboratorio" in parametri:
        cosa = Laboratorio.objects.pubblici().filter(pk=parametri["laboratorio"]).first()
        return cosa and ("laboratorio", cosa, cosa.get_absolute_url())
    if "tema" in parametri:
        cosa = Tema.objects.filter(pk=parametri["tema"]).first()
        url = reverse("proposte:proposta_list")
        return cosa and ("tema", cosa, f"{url}?tema={cosa.slug}")
    cosa = _proposta(parametri)
    return cosa and ("proposta", cosa, cosa.get_absolute_url())


def _descrivi_seguito(parametri):
    if "proposta" in parametri:
        return _con_titolo(
            parametri, _("seguire una proposta"), _("seguire la proposta «%(titolo)s»")
        )
    # The names of labs and themes are the office's own words.
    trovato = _seguito(parametri)
    return _("seguire «%(nome)s»") % {"nome": trovato[1]} if trovato else _("seguire le novità")


@azione("seguito", descrivi=_descrivi_seguito)
def segui(partecipante, parametri, adesso):
    trovato = _seguito(parametri)
    if not trovato:
        return _non_c_e_piu()
    genere, cosa, url = trovato
    try:
        seguito = partecipazione.segui(partecipante, **{genere: cosa}, adesso=adesso)
    except Rifiuto as rifiuto:
        return Esito(url, str(rifiuto), riuscito=False)
    if genere == "proposta":
        url = seguito.get_absolute_url()
    return Esito(url, partecipazione.detto_segui(genere))


@azione("seguito_togli", descrivi=lambda parametri: _("smettere di seguire le novità"))
def smetti(partecipante, parametri, adesso):
    trovato = _seguito(parametri)
    if not trovato:
        return _non_c_e_piu()
    genere, cosa, url = trovato
    partecipazione.smetti(partecipante, **{genere: cosa})
    return Esito(url, partecipazione.detto_smetti())


@azione("seguiti_elenco", descrivi=lambda parametri: _("vedere che cosa segui"))
def elenco(partecipante, parametri, adesso):
    return Esito(reverse("seguiti:seguito_list"), _("Ecco che cosa segui."))


@azione("commento", descrivi=lambda parametri: _("pubblicare un commento a una proposta"))
def commenta(partecipante, parametri, adesso):
    proposta = _proposta(parametri)
    if proposta is None:
        return _non_c_e_piu()
    a_chi = None
    if parametri.get("risponde_a"):
        a_chi = Commento.objects.filter(pk=parametri["risponde_a"]).first()
        if a_chi is None:
            testo = _("Il commento a cui rispondi non c'è più: la tua risposta non è pubblicata.")
            return Esito(proposta.get_absolute_url(), testo, riuscito=False)
    try:
        commento = commenti.scrivi(
            proposta,
            partecipante,
            testo=parametri["testo"],
            scopo=parametri.get("scopo", ""),
            risponde_a=a_chi,
            nome_mostrato=parametri.get("nome_mostrato", ""),
            modulo=parametri["modulo"],
            adesso=adesso,
        )
    except Rifiuto as rifiuto:
        testo = _("Il tuo commento non è pubblicato. %(perche)s") % {"perche": rifiuto}
        return Esito(proposta.get_absolute_url(), testo, riuscito=False)
    return Esito(commenti.indirizzo(commento), commenti.detto_scrivi())
