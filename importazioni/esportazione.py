"""Lists as sheets that come back unchanged: what is exported and imported again changes nothing.

Rows are read a thousand at a time by their number, so that a file of a hundred thousand takes no
more memory than one of a thousand, and a CSV holds no transaction however slowly it is fetched.
"""

import tempfile
from collections.abc import Iterator

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.utils import translation

from portale.lib import fogli

BLOCCO = 1000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"


def righe(risorsa, oggetti: QuerySet, user) -> Iterator[list]:
    """The values of each row, for the columns that this person may see."""
    colonne = risorsa.colonne(user)
    vuota = risorsa()
    lette = vuota.get_queryset()
    ultimo = 0
    with translation.override("it"):
        while True:
            pks = list(
                oggetti.order_by("pk").filter(pk__gt=ultimo).values_list("pk", flat=True)[:BLOCCO]
            )
            if not pks:
                return
            ultimo = pks[-1]
            for oggetto in lette.filter(pk__in=pks).order_by("pk"):
                yield [colonna.export(oggetto) for colonna in colonne]


def risposta(nome: str, formato: str, colonne: list[tuple], valori: Iterator[list]):
    """A file to download. ``colonne`` are names and widths; ``formato`` is "csv" or "xlsx"."""
    if formato == "csv":
        testi = ([fogli.a_testo(valore) for valore in riga] for riga in valori)
        tutte = _dopo([nome for nome, _larghezza in colonne], testi)
        risposta = StreamingHttpResponse(fogli.righe_csv(tutte), content_type=CSV)
    else:
        # The response closes it, and with that it is gone.
        file = tempfile.TemporaryFile()  # noqa: SIM115
        fogli.scrivi_xlsx(file, nome[:31], colonne, valori)
        file.seek(0)
        risposta = FileResponse(file, content_type=XLSX)
    risposta["Content-Disposition"] = f'attachment; filename="{nome}.{formato}"'
    return risposta


def modello(genere, formato: str, user) -> HttpResponse:
    """An empty file of a kind: only the names of the columns (an example left there would be
    imported), and in a workbook what each holds."""
    colonne = genere.risorsa.da_leggere(user)
    if formato == "csv":
        return risposta(f"{genere.nome}-modello", "csv", [(c.nome, 0) for c in colonne], iter(()))
    spiegazioni = [
        ["colonna", "obbligatoria", "che cosa contiene", "esempio"],
        *(
            [c.nome, "sì" if c.obbligatoria else "", str(c.spiegazione), c.esempio]
            for c in colonne
        ),
    ]
    with translation.override("it"):
        contenuto = fogli.xlsx(
            {genere.nome: [[c.nome for c in colonne]], "Spiegazione": spiegazioni}
        )
    return HttpResponse(
        contenuto,
        content_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="{genere.nome}-modello.xlsx"'},
    )


def _dopo(prima, altre):
    yield prima
    yield from altre
