"""The published decisions as open data: one row each, and beside them a table of which
organisations were there, who proposed the text, who dissented. No person's name, and no title of
a proposal that was taken back.

Codes and column names do not change with the language.
"""

from collections.abc import Iterator

from django.db.models import QuerySet, Value
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from portale.lib import dates
from portale.lib.conteggi import quanti
from portale.lib.emails import assoluto
from proposte.esportazione import BLOCCO, Colonna, Tavola

from .models import Decisione, Dissenso

DECISIONI = (
    Colonna("id", _("numero della decisione, che non cambia mai")),
    Colonna("indirizzo", _("pagina della decisione")),
    Colonna("percorso", _("percorso partecipativo, come nell'indirizzo della sua pagina")),
    Colonna("proposta", _("numero della proposta (la colonna id del file delle proposte)")),
    Colonna("titolo", _("titolo della proposta; vuoto se non si legge più")),
    Colonna("zona", _("numero della zona del laboratorio; vuoto per tutta la città")),
    Colonna(
        "esito",
        _("accolta, accolta_con_modifiche, non_accolta, rinviata o da_integrare"),
    ),
    Colonna("motivazione", _("perché")),
    Colonna("testo_concordato", _("il testo della proposta dopo le modifiche concordate")),
    Colonna("modo", _("seduta oppure procedura_scritta")),
    Colonna("seduta", _("la seduta, come nell'indirizzo della sua pagina")),
    Colonna("presa_il", _("data e ora della decisione, ISO 8601")),
    Colonna("pubblicata_il", _("data e ora della pubblicazione, ISO 8601")),
    Colonna("seggi_con_voce", _("quanti seggi avevano voce")),
    Colonna("numero_legale", _("quanti seggi servivano")),
    Colonna("presenti", _("quanti seggi erano presenti, o hanno risposto per iscritto")),
    Colonna("dissensi", _("quanti seggi hanno scritto un dissenso")),
    Colonna("sostituisce", _("numero della decisione di cui questa prende il posto")),
    Colonna("perche_sostituisce", _("perché si è tornati a decidere")),
    Colonna("non_applicata", _("perché la proposta non ha seguito la decisione")),
    Colonna("esempio", _("vero se è una decisione dimostrativa, che non esiste")),
)
SEGGI = (
    Colonna("decisione", _("numero della decisione (la sua colonna id)")),
    Colonna("genere", _("presente, proponente del testo, oppure dissenso")),
    Colonna("organizzazione", _("nome dell'organizzazione")),
    Colonna("testo", _("il dissenso, come è stato scritto")),
)


def _righe_decisioni(decisioni: QuerySet, oggi) -> Iterator[tuple]:
    with translation.override("it"):
        radice = assoluto(reverse("tavolo:decisione_list"))
    decisioni = decisioni.for_elenco().annotate(n_dissensi=quanti(Dissenso, "decisione"))
    for blocco in _blocchi(decisioni.select_related("annulla")):
        for d in blocco:
            leggibile = d.proposta.pubblica
            yield (
                d.pk,
                f"{radice}{d.pk}/",
                d.percorso.slug,
                d.proposta_id,
                d.proposta.titolo if leggibile else None,
                d.proposta.laboratorio and d.proposta.laboratorio.numero,
                d.esito,
                d.motivazione,
                d.testo_concordato if leggibile else "",
                "seduta" if d.seduta_id else "procedura_scritta",
                d.seduta and d.seduta.incontro.slug,
                _momento(d.presa_at),
                _momento(d.pubblicata_at),
                d.seggi_con_voce,
                d.numero_legale,
                d.n_presenti,
                d.n_dissensi,
                d.annulla_id if d.annulla and d.annulla.pubblicata_at else None,
                d.perche_annulla,
                d.non_applicata,
                d.esempio,
            )


def _righe_seggi(decisioni: QuerySet, oggi) -> Iterator[tuple]:
    nome = "organizzazione__nome"
    for blocco in _blocchi(decisioni.only("pk")):
        chiavi = [decisione.pk for decisione in blocco]
        presenti = (
            Decisione.presenti.through.objects.filter(decisione__in=chiavi)
            .annotate(genere=Value("presente"), testo=Value(""))
            .values_list("decisione", "genere", f"seggio__{nome}", "testo")
        )
        proponenti = (
            Decisione.objects.filter(pk__in=chiavi, proposta_da__isnull=False)
            .annotate(genere=Value("proponente"), testo=Value(""))
            .order_by()
            .values_list("pk", "genere", f"proposta_da__{nome}", "testo")
        )
        dissensi = (
            Dissenso.objects.filter(decisione__in=chiavi)
            .annotate(genere=Value("dissenso"))
            .order_by()
            .values_list("decisione", "genere", f"seggio__{nome}", "testo")
        )
        yield from sorted([*presenti, *proponenti, *dissensi])


TAVOLE = {
    "decisioni": Tavola("decisioni", DECISIONI, _righe_decisioni),
    "seggi": Tavola("decisioni-seggi", SEGGI, _righe_seggi),
}


def _blocchi(righe: QuerySet) -> Iterator[list]:
    ultimo = 0
    while blocco := list(righe.filter(pk__gt=ultimo).order_by("pk")[:BLOCCO]):
        yield blocco
        ultimo = blocco[-1].pk


def _momento(momento):
    return dates.a_roma(momento).isoformat("T", "seconds")
