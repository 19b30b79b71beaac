"""The English catalogue: whole for citizens, true to its source, and in step with the code.

The office works in Italian: strings that only its pages use need no English.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
CATALOGO = ROOT / "locale/en/LC_MESSAGES/django.po"
ARGOMENTI = ("--locale", "en", "--add-location", "file", "--no-obsolete")
CARTELLE = ("accounts", "eventi", "laboratori", "percorso", "portale", "posta", "templates")
DELL_UFFICIO = {"eventi/esportazione.py", "portale/cruscotto.py", "posta/models.py"}


@pytest.fixture(scope="module")
def catalogo():
    return polib.pofile(str(CATALOGO))


def dell_ufficio(voce):
    return all("admin" in file or file in DELL_UFFICIO for file, _ in voce.occurrences)


def test_everything_that_a_citizen_reads_is_translated(catalogo):
    assert [v.msgid for v in catalogo.untranslated_entries() if not dell_ufficio(v)] == []


def test_no_translation_is_a_guess_or_a_left_over(catalogo):
    assert [v.msgid for v in catalogo.fuzzy_entries() + catalogo.obsolete_entries()] == []


def test_what_is_filled_in_is_the_same_in_both_languages():
    with CATALOGO.open("rb") as file:
        voci = read_po(file, locale="en")

    assert [
        f"{voce.id}: {errore}" for voce in voci if voce.string for errore in voce.check(voci)
    ] == []


def test_a_translation_has_the_tags_and_the_links_of_its_source(catalogo):
    def etichette(testo):
        return sorted(re.findall(r"</?[a-z]+|https?://\S+?(?=[\"'\s<])", testo))

    assert [
        voce.msgid
        for voce in catalogo.translated_entries()
        if voce.msgstr and etichette(voce.msgid) != etichette(voce.msgstr)
    ] == []


def test_the_catalogue_holds_the_strings_of_the_code(catalogo, tmp_path):
    if not shutil.which("xgettext"):
        if os.environ.get("CI") == "true":
            pytest.fail("no gettext here: apt install gettext")
        pytest.skip("no gettext here to read the strings of the code (apt install gettext)")
    for nome in CARTELLE:
        shutil.copytree(
            ROOT / nome, tmp_path / nome, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
        )
    copia = tmp_path / CATALOGO.relative_to(ROOT)
    copia.parent.mkdir(parents=True)
    shutil.copy(CATALOGO, copia)

    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", *ARGOMENTI],
        cwd=tmp_path,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "django.conf.global_settings"},
        check=True,
        capture_output=True,
    )

    def stringhe(voci):
        return {
            (voce.msgctxt, voce.msgid, voce.msgid_plural) for voce in voci if not voce.obsolete
        }

    nel_codice, nel_catalogo = stringhe(polib.pofile(str(copia))), stringhe(catalogo)
    assert {
        "missing": sorted(nel_codice - nel_catalogo, key=str),
        "left over": sorted(nel_catalogo - nel_codice, key=str),
    } == {"missing": [], "left over": []}
