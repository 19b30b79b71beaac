"""The links of mails: each names its row by a code that nobody guesses, signed.

A model that has them holds the code in ``codice`` and names its kind of link in ``SALE``, so that
the link of one kind opens no other. Links already sent hold as long as ``SALE`` stays as it is.
"""

import secrets

from django.core.signing import BadSignature, Signer
from django.db import models


def nuovo_codice() -> str:
    """16 characters that may stand in an address."""
    return secrets.token_urlsafe(12)


def firma(sale: str) -> Signer:
    """What signs the codes of one kind of link."""
    return Signer(salt=sale, sep=".")


class ConCodice(models.QuerySet):
    """Rows that links name by their signed code."""

    def from_token(self, token):
        """The row (one or none) that a link names; none if it was altered."""
        try:
            codice = firma(self.model.SALE).unsign(token)
        except BadSignature:
            return self.none()
        return self.filter(codice=codice)
