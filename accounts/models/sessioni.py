from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class Sessione(AbstractBaseSession):
    """A visit that is open. What it says is written as the framework does; beside it stands of
    whom it says it (:class:`RiferimentoSessione`), so that she can be forgotten without opening
    everybody's."""

    # Of whom its data speak, where that is to be written with it; None where it has not changed.
    # Set by the store.
    da_riferire: set[str] | None = None

    class Meta:
        verbose_name = "sessione"
        verbose_name_plural = "sessioni"

    @classmethod
    def get_session_store_class(cls):
        from accounts.deposito_sessioni import SessionStore

        return SessionStore

    def save(self, *args, **kwargs):
        # In the transaction of the store.
        super().save(*args, **kwargs)
        if self.da_riferire is None:
            return
        if not kwargs.get("force_insert"):
            self.riferimenti.exclude(a_chi__in=self.da_riferire).delete()
        RiferimentoSessione.objects.bulk_create(
            (RiferimentoSessione(sessione=self, a_chi=chi) for chi in sorted(self.da_riferire)),
            ignore_conflicts=True,
        )


class RiferimentoSessione(models.Model):
    """Somebody of whom a session speaks: a person, who takes part without an account, or the
    fingerprint of an address that is not anybody's yet."""

    sessione = models.ForeignKey(Sessione, models.CASCADE, related_name="riferimenti")
    a_chi = models.CharField(max_length=64)

    class Meta:
        verbose_name = "riferimento di una sessione"
        verbose_name_plural = "riferimenti delle sessioni"
        constraints = [
            models.UniqueConstraint(fields=["a_chi", "sessione"], name="riferimento_sessione_uno")
        ]

    def __str__(self):
        return self.a_chi
