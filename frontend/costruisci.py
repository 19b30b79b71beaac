"""Builds the front-end assets into ``frontend/build/``: the one command that anybody needs.

    .venv/bin/python frontend/costruisci.py

Installs the packages of ``package-lock.json`` when they are missing or different, with the Node
that the Python environment brings, and builds when a source has changed. Where nothing changed
it ends at once. The new folder takes the place of the old one only when it is complete, so a
server that is reading it, or a second build, never sees half of it.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

FRONTEND = Path(__file__).resolve().parent
ROOT = FRONTEND.parent
BUILD = FRONTEND / "build"
# Beginning with a dot, they are left out by collectstatic.
STAMP = BUILD / ".impronta"
INSTALLED = FRONTEND / "node_modules" / ".impronta"


def fingerprint(paths) -> str:
    """One hash of the names and contents of the files."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def sources():
    """Every file that the result depends on."""
    declared = json.loads((FRONTEND / "sorgenti.json").read_text())
    skipped = set(declared["tranne"])
    for pattern in declared["contenuto"]:
        for path in ROOT.glob(pattern):
            if skipped.isdisjoint(path.relative_to(ROOT).parts):
                yield path
    yield ROOT / "static" / "css" / "portale.css"
    yield from FRONTEND.glob("css/*.css")
    yield from (
        FRONTEND / name
        for name in ("build.mjs", "costruisci.py", "sorgenti.json", "package-lock.json")
    )


def run(*command):
    # The Node of this environment comes first, whatever the machine has.
    bin_dir = Path(sys.executable).parent
    # And it believes the certificates that the machine believes: an office's network may
    # read what passes with one of its own.
    options = f"{os.environ.get('NODE_OPTIONS', '')} --use-system-ca".strip()
    environment = {
        **os.environ,
        "PATH": f"{bin_dir}{os.pathsep}{os.environ.get('PATH', '')}",
        "NODE_OPTIONS": options,
    }
    subprocess.run(  # noqa: S603  (fixed commands of this file)
        [str(bin_dir / command[0]), *command[1:]], cwd=FRONTEND, env=environment, check=True
    )


def install():
    """The packages of the lock file, none of whose install scripts is run."""
    wanted = fingerprint([FRONTEND / "package.json", FRONTEND / "package-lock.json"])
    if INSTALLED.exists() and INSTALLED.read_text() == wanted:
        return
    print("Front end: installing its packages…", flush=True)  # noqa: T201
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    INSTALLED.write_text(wanted)


def build():
    wanted = fingerprint(set(sources()))
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    install()
    print("Front end: building…", flush=True)  # noqa: T201
    fresh, old = FRONTEND / "build.nuova", FRONTEND / "build.vecchia"
    for folder in (fresh, old):
        shutil.rmtree(folder, ignore_errors=True)
    run("node", "build.mjs", str(fresh))
    (fresh / STAMP.name).write_text(wanted)
    if BUILD.exists():
        BUILD.rename(old)
    fresh.rename(BUILD)
    shutil.rmtree(old, ignore_errors=True)


def main():
    with (FRONTEND / "package.json").open() as lock:
        # One build at a time; the second one then finds nothing to do.
        fcntl.flock(lock, fcntl.LOCK_EX)
        build()


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"Front end: `{Path(error.cmd[0]).name}` failed (see above).")
