"""What a visitor may ask for before her address is known (``accounts.partecipanti.azione``).

Importing this package registers them all.
"""

from . import bisogni, partecipazione, scrittura

__all__ = ["bisogni", "partecipazione", "scrittura"]
