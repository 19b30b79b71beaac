"""A program of its own: sets a template of ours with somebody's texts, and prints the PDF.

``python -I impaginatore.py FOLDER`` reads from its input ``{"modello", "dati", "creato"}`` as
JSON and writes the PDF to its output; when it cannot, it ends with 1 and says why on its error
output. It knows neither Django nor the portal, and has little memory and few seconds: a text
that makes the typesetter run for ever ends this process and nothing else.
See docs/adr/0016-pdf.md.
"""

import json
import os
import resource
import sys
from pathlib import Path

MEGA = 1024 * 1024
# What this process may use: address space, seconds of processor, bytes of a written file (what it
# makes goes down a pipe).
MEMORIA = 1024 * MEGA
SECONDI = 20
SCRITTURA = 0
# For archives (ISO 19005-2, level A) and for everybody (ISO 14289-1) at once.
NORME = ["a-2a", "ua-1"]


def impagina(cartella: Path, modello: str, dati: dict, creato: int) -> bytes:
    """The PDF of ``cartella/modello.typ``. Texts reach it as one value, never as its source; it
    opens no file outside ``cartella``, no font of the machine, and no package."""
    import typst

    return typst.compile(
        cartella / f"{modello}.typ",
        root=cartella,
        format="pdf",
        font_paths=typst.Fonts(include_system_fonts=False),
        ignore_system_fonts=True,
        sys_inputs={"dati": json.dumps(dati)},
        pdf_standards=NORME,
        # Where packages would be: nowhere.
        package_path=cartella / "_nessuno",
        package_cache_path=cartella / "_nessuno",
        timestamp=creato,
    )


def _limita():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORIA, MEMORIA))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDI, SECONDI + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (SCRITTURA, SCRITTURA))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)


def main(cartella):
    _limita()
    richiesta = json.load(sys.stdin.buffer)
    try:
        fatto = impagina(Path(cartella), **richiesta)
    except Exception as errore:  # noqa: BLE001 - whatever the typesetter says, the parent logs
        sys.stderr.write(str(errore)[:500])
        sys.exit(1)
    sys.stdout.buffer.write(fatto)


if __name__ == "__main__":
    main(*sys.argv[1:])
