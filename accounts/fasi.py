"""The steps of a login that are not allauth's own."""

from allauth.mfa.stages import AuthenticateStage

from .accesso import appena_forte


class SecondoPassaggio(AuthenticateStage):
    """Her app or key, asked for unless she comes from a provider that has just vouched for two
    proofs (SPID and CIE from level 2 on)."""

    def _should_handle(self, request):
        return not appena_forte(request, self.login.user) and super()._should_handle(request)
