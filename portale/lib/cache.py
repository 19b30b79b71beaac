"""The cache for limits and small values, where no single piece can stop the portal.

With Redis, every call that Redis does not answer at once goes to a table of the database instead.
Without, that table is the cache.
"""

import logging
import pickle
from base64 import b64decode, b64encode
from collections import defaultdict

from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.redis import RedisCache
from django.db import connections, router, transaction
from django.utils import timezone
from redis.exceptions import RedisError

from .interruttore import Interruttore

logger = logging.getLogger(__name__)


class CacheDatabase(DatabaseCache):
    """Django's table, with an ``incr`` that counts right under many processes and keeps the
    key's expiry (the inherited one does neither)."""

    def incr(self, key, delta=1, version=None):
        nome = self.make_and_validate_key(key, version=version)
        db = router.db_for_write(self.cache_model_class)
        connection = connections[db]
        tabella = connection.ops.quote_name(self._table)
        # On SQLite the transaction itself holds the only write lock.
        lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
        ora = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
        with transaction.atomic(using=db), connection.cursor() as cursor:
            cursor.execute(
                f"SELECT value FROM {tabella} WHERE cache_key = %s AND expires > %s{lock}",  # noqa: S608
                [nome, ora],
            )
            riga = cursor.fetchone()
            if riga is None:
                raise ValueError(f"Key {key!r} not found")
            valore = pickle.loads(b64decode(riga[0].encode())) + delta  # noqa: S301 (our own table)
            scritto = b64encode(pickle.dumps(valore, self.pickle_protocol)).decode("latin1")
            cursor.execute(
                f"UPDATE {tabella} SET value = %s WHERE cache_key = %s",  # noqa: S608
                [scritto, nome],
            )
        return valore


# By server, for all threads of the process: after a failure Redis is left alone for a few
# seconds, so that only one call in that time pays the wait.
_interruttori = defaultdict(lambda: Interruttore(3, massimo=15))


def _con_ripiego(nome):
    def metodo(self, *args, **kwargs):
        interruttore = _interruttori[self._servers[0]]
        if not interruttore.aperto():
            try:
                risultato = getattr(RedisCache, nome)(self, *args, **kwargs)
            except (RedisError, OSError) as errore:
                interruttore.guasto()
                logger.warning("Redis does not answer, the database does: %s", errore)
            else:
                interruttore.riuscito()
                return risultato
        return getattr(caches["ripiego"], nome)(*args, **kwargs)

    metodo.__name__ = nome
    return metodo


class RedisCacheWithFallback(RedisCache):
    """Redis, and for each call that it does not answer, the cache ``ripiego``.

    What was stored on one side is not seen from the other: fit for counters and for values that
    can be missing, not for what must be found again.
    """

    add = _con_ripiego("add")
    get = _con_ripiego("get")
    set = _con_ripiego("set")
    touch = _con_ripiego("touch")
    delete = _con_ripiego("delete")
    get_many = _con_ripiego("get_many")
    has_key = _con_ripiego("has_key")
    incr = _con_ripiego("incr")
    set_many = _con_ripiego("set_many")
    delete_many = _con_ripiego("delete_many")
    clear = _con_ripiego("clear")
