"""What minutes say, read from the rows of their sitting: attendance, quorum, what was said,
decided, and promised. The same reading is shown while they are written and frozen when they are
approved; in Italian, whatever the language of the page.

It is data as JSON can say them: texts, numbers, and lists and dictionaries of these. Who spoke
for which organisation is in it; :func:`per_tutti` takes that, and every member's name, out.
"""

import unicodedata
from collections import defaultdict

from django.conf import settings
from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from portale.lib import dates
from portale.lib.testo import OMISSIS, cerca_nomi

from . import numero_legale
from .models import (
    Componente,
    Correzione,
    Decisione,
    Dissenso,
    Garante,
    Organizzazione,
    Seggio,
    Verbale,
)

# Whose texts are names of organisations, and stay as they are.
_DI_ORGANIZZAZIONI = {"organizzazione", "chi", "relatore", "proposta_da", "ente", "portale"}
# Only in the members' copy.
_INTERNE = {"rappresentata_da"}


def leggi(verbale: Verbale) -> dict:
    """All of it, as the rows are now. A constant number of queries."""
    seduta = verbale.seduta
    with override("it"):
        presenze = _presenze(seduta)
        decisioni = _per_punto(_decisioni(seduta), _decisione)
        impegni = _per_punto(verbale.impegni.select_related("seggio__organizzazione"), _impegno)
        return {
            "ente": settings.ENTE["nome"],
            "portale": settings.ENTE["portale"],
            "percorso": str(seduta.incontro.percorso),
            "seduta": _seduta(seduta),
            "presenze": presenze,
            "numero_legale": _numero_legale(seduta, presenze),
            "premessa": verbale.premessa,
            "punti": [
                {
                    "numero": numero,
                    "titolo": voce.punto.titolo,
                    "relatore": str(voce.punto.relatore or ""),
                    "testo": voce.testo,
                    "decisioni": decisioni.pop(voce.punto_id, []),
                    "impegni": impegni.pop(voce.punto_id, []),
                }
                for numero, voce in enumerate(voci(verbale), start=1)
            ],
            # Of no item.
            "decisioni": [riga for righe in decisioni.values() for riga in righe],
            "impegni": [riga for righe in impegni.values() for riga in righe],
            "chiusura": verbale.chiusura,
            "esempio": verbale.esempio,
        }


def voci(verbale: Verbale) -> list:
    """Its texts in the order of the agenda."""
    righe = verbale.voci.select_related("punto__relatore__organizzazione")
    return list(righe.order_by("punto__ordine", "punto_id"))


def approvazione(verbale: Verbale, modo: str, seduta, adesso) -> dict:
    """How and when they are approved, in words; ``seduta`` is the sitting that did."""
    with override("it"):
        if modo == Verbale.Modo.SEDUTA:
            frase = _("Approvato nella seduta n. %(numero)d del %(giorno)s.") % {
                "numero": seduta.numero,
                "giorno": dates.giorno_mese_anno(seduta.giorno),
            }
        else:
            frase = _(
                "Approvato il %(giorno)s, finito il tempo per chiedere correzioni e dopo aver "
                "risposto a ciascuna."
            ) % {"giorno": dates.giorno_mese_anno(dates.a_roma(adesso).date())}
        return {"frase": frase, "correzioni": _correzioni(verbale)}


def titolo(contenuto: dict) -> str:
    """ "Verbale della seduta n. 4 del 3 maggio 2023"."""
    seduta = contenuto["seduta"]
    with override("it"):
        if not seduta["giorno"]:
            return _("Verbale della seduta n. %(numero)d") % seduta
        return _("Verbale della seduta n. %(numero)d del %(giorno)s") % seduta


# --- For everybody --------------------------------------------------------------------------


def per_tutti(contenuto: dict, nomi: list[str]) -> dict:
    """The same without who spoke for which organisation, and with an "[omissis]" where a text
    names one of ``nomi``."""
    return _oscurato(contenuto, cerca_nomi(nomi))


def nomi_riservati(percorso) -> list[str]:
    """Who is, or was, at this Tavolo or watches over it, and whom its organisations gave as a
    contact: nobody of them is named in what everybody reads."""
    nomi = set(Componente.objects.filter(seggio__percorso=percorso).values_list("nome", flat=True))
    nomi.update(
        Garante.objects.filter(percorso=percorso, persona__isnull=False).values_list(
            "persona__nome", flat=True
        )
    )
    nomi.update(
        Organizzazione.objects.filter(seggi__percorso=percorso)
        .exclude(contatto="")
        .values_list("contatto", flat=True)
    )
    return sorted(nomi)


def oscura(testo: str, nomi: list[str]) -> str:
    """The text with "[omissis]" in the place of each of ``nomi``, first name first or last."""
    return _oscurato(testo, cerca_nomi(nomi))


def nominati(testo: str, nomi: list[str]) -> list[str]:
    """Which of ``nomi`` a text holds."""
    testo = unicodedata.normalize("NFC", testo)
    return [nome for nome in nomi if (modello := cerca_nomi([nome])) and modello.search(testo)]


def _oscurato(valore, modello, chiave=""):
    if isinstance(valore, dict):
        return {
            nome: _oscurato(voce, modello, nome)
            for nome, voce in valore.items()
            if nome not in _INTERNE
        }
    if isinstance(valore, list):
        return [_oscurato(voce, modello, chiave) for voce in valore]
    if isinstance(valore, str) and modello and chiave not in _DI_ORGANIZZAZIONI:
        return modello.sub(OMISSIS, unicodedata.normalize("NFC", valore))
    return valore


# --- The rows -------------------------------------------------------------------------------


def _seduta(seduta):
    return {
        "numero": seduta.numero,
        "titolo": str(seduta),
        "giorno": dates.giorno_mese_anno(seduta.giorno) if seduta.giorno else "",
        "quando": seduta.incontro.quando,
        "dove": seduta.incontro.dove,
        "aperta": dates.ora(seduta.aperta_at) if seduta.aperta_at else "",
        "chiusa": dates.ora(seduta.chiusa_at) if seduta.chiusa_at else "",
    }


def _presenze(seduta):
    """Every seat that was held on that day, or that was marked."""
    segnate = {
        presenza.seggio_id: presenza for presenza in seduta.presenze.select_related("componente")
    }
    quali = Q(pk__in=segnate)
    if seduta.giorno:
        del_giorno = Seggio.objects.in_carica(seduta.giorno)
        quali |= Q(pk__in=del_giorno.filter(percorso=seduta.incontro.percorso).values("pk"))
    return [
        _presenza(seggio, segnate.get(seggio.pk), seduta)
        for seggio in Seggio.objects.filter(quali).for_elenco()
    ]


def _presenza(seggio, presenza, seduta):
    presente = presenza is not None and presenza.modo in presenza.PRESENTI
    riga = {
        "organizzazione": str(seggio),
        "ruolo": seggio.get_ruolo_display(),
        "con_voce": seggio.ha_voce,
        "presente": presente,
        "presenza": presenza.get_modo_display() if presenza else _("assente"),
        "rappresentata_da": "",
        "orario": "",
    }
    if presente:
        riga["rappresentata_da"] = presenza.componente.nome if presenza.componente else ""
        riga["orario"] = _orario(presenza, seduta)
    return riga


def _orario(presenza, seduta):
    """ "dalle 19:10", "fino alle 20:00", both; empty for who was there from beginning to end."""
    dopo = presenza.entrata_at and seduta.aperta_at and presenza.entrata_at > seduta.aperta_at
    prima = presenza.uscita_at and (
        seduta.chiusa_at is None or presenza.uscita_at < seduta.chiusa_at
    )
    parti = []
    if dopo:
        parti.append(_("dalle %(ora)s") % {"ora": dates.ora(presenza.entrata_at)})
    if prima:
        parti.append(_("fino alle %(ora)s") % {"ora": dates.ora(presenza.uscita_at)})
    return " ".join(parti)


def _numero_legale(seduta, presenze):
    giorno = seduta.giorno
    if seduta.numero_legale is None and giorno is None:
        return {"con_voce": 0, "necessari": 0, "presenti": 0, "raggiunto": False, "frase": ""}
    numeri = numero_legale.di_seduta(seduta, giorno)
    # Whoever came counts here, also if she left before the end.
    presenti = sum(1 for riga in presenze if riga["con_voce"] and riga["presente"])
    raggiunto = presenti >= numeri.necessari
    dati = {"presenti": presenti, "con_voce": numeri.con_voce, "necessari": numeri.necessari}
    frase = (
        ngettext(
            "Presente %(presenti)d seggio con voce su %(con_voce)d; ne servivano %(necessari)d",
            "Presenti %(presenti)d seggi con voce su %(con_voce)d; ne servivano %(necessari)d",
            presenti,
        )
        % dati
    )
    esito = _("il numero legale c'è.") if raggiunto else _("il numero legale non c'è.")
    return {**dati, "raggiunto": raggiunto, "frase": f"{frase}: {esito}"}


def _decisioni(seduta):
    return (
        Decisione.objects.filter(seduta=seduta)
        .select_related("proposta", "proposta_da__organizzazione", "annulla")
        .prefetch_related(
            Prefetch("dissensi", Dissenso.objects.select_related("seggio__organizzazione"))
        )
        .order_by("presa_at", "pk")
    )


def _decisione(decisione):
    return {
        "proposta": str(decisione.proposta),
        "esito": decisione.get_esito_display(),
        "motivazione": decisione.motivazione,
        "testo_concordato": decisione.testo_concordato,
        "proposta_da": str(decisione.proposta_da or ""),
        "presenti": _(
            "Decisa alle %(ora)s; seggi con voce presenti %(presenti)d su %(con_voce)d, "
            "necessari %(necessari)d."
        )
        % {
            "ora": dates.ora(decisione.presa_at),
            "presenti": decisione.n_presenti,
            "con_voce": decisione.seggi_con_voce,
            "necessari": decisione.numero_legale,
        },
        "sostituisce": _sostituisce(decisione),
        "dissensi": [
            {"organizzazione": str(dissenso.seggio), "testo": dissenso.testo}
            for dissenso in decisione.dissensi.all()
        ],
    }


def _sostituisce(decisione):
    if decisione.annulla is None:
        return ""
    return _("Sostituisce la decisione del %(giorno)s («%(esito)s»): %(perche)s") % {
        "giorno": dates.giorno_mese_anno(dates.a_roma(decisione.annulla.presa_at).date()),
        "esito": decisione.annulla.get_esito_display(),
        "perche": decisione.perche_annulla,
    }


def _impegno(impegno):
    return {
        "testo": impegno.testo,
        "chi": str(impegno.seggio or settings.ENTE["ufficio"]),
        "entro": dates.giorno_mese_anno(impegno.entro) if impegno.entro else "",
    }


def _per_punto(righe, leggi_riga) -> dict:
    per_punto = defaultdict(list)
    for riga in righe:
        per_punto[riga.punto_id].append(leggi_riga(riga))
    return per_punto


def _correzioni(verbale):
    esiti = list(verbale.correzioni.values_list("esito", flat=True))
    if not esiti:
        return _("Nessuna correzione è stata chiesta.")
    return _("Correzioni chieste: %(chieste)d. Accolte: %(accolte)d.") % {
        "chieste": len(esiti),
        "accolte": esiti.count(Correzione.Esito.ACCOLTA),
    }
