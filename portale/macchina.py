"""What only the machine knows and the office must hear of: room on the disk, age of the copies."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext

COPIA_VECCHIA = timedelta(hours=36)


def dischi_pieni() -> Iterator[str]:
    """A sentence for each disk of ours with less room than DISCO_LIBERO_PERCENTO."""
    visti = set()
    for cartella in (Path(settings.VAR_DIR), Path(settings.MEDIA_ROOT)):
        if not cartella.exists():
            continue
        disco = cartella.stat().st_dev
        uso = shutil.disk_usage(cartella)
        libero = 100 * uso.free // uso.total
        if disco not in visti and libero < settings.DISCO_LIBERO_PERCENTO:
            visti.add(disco)
            yield gettext("sul disco resta libero solo il %(quanto)d%%.") % {"quanto": libero}


def copia_in_ritardo(adesso: datetime, *, tecnica: bool) -> str:
    """What is wrong with the backup, by the file that it touches when it ends (BACKUP_STAMP);
    empty when nothing is. That it was never set up is said only to who could (``tecnica``)."""
    if not settings.BACKUP_STAMP:
        return gettext("l'età della copia di sicurezza non è configurata.") if tecnica else ""
    try:
        fatta = datetime.fromtimestamp(Path(settings.BACKUP_STAMP).stat().st_mtime, tz=UTC)
    except OSError:
        return gettext("la copia di sicurezza non è mai stata fatta.")
    if adesso - fatta <= COPIA_VECCHIA:
        return ""
    ore = int((adesso - fatta).total_seconds() // 3600)
    return gettext("l'ultima copia di sicurezza è di %(ore)d ore fa.") % {"ore": ore}
