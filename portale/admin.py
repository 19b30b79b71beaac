"""The office's site: who enters, and its first page, "Che cosa c'è da fare"."""

from functools import update_wrapper

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from . import cruscotto


class PortaleAdminSite(admin.AdminSite):
    """Django's admin behind the portal's own login.

    Whoever is not of the office, or lacks the permission for a page, finds nothing there (404):
    the address of an object must not tell that it exists.
    """

    site_header = f"{settings.ENTE['portale']} · {settings.ENTE['ufficio']}"
    site_title = settings.ENTE["portale"]
    index_title = _("Che cosa c'è da fare")
    enable_nav_sidebar = True

    def admin_view(self, view, cacheable=False):
        inner = super().admin_view(view, cacheable)

        def guarded(request, *args, **kwargs):
            if request.user.is_authenticated and not self.has_permission(request):
                raise Http404
            try:
                return inner(request, *args, **kwargs)
            except PermissionDenied as negato:
                raise Http404 from negato

        return update_wrapper(guarded, inner)

    def login(self, request, extra_context=None):
        """Hand over to the login of the portal, the only one with rate limits."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise Http404
        destinazione = request.GET.get("next") or reverse("admin:index")
        return redirect(f"{reverse('account_login')}?{urlencode({'next': destinazione})}")

    def password_change(self, request, extra_context=None):
        return redirect("account_change_password")

    def index(self, request, extra_context=None):
        adesso = timezone.now()
        return super().index(
            request,
            {
                "title": self.index_title,
                "da_fare": cruscotto.da_fare(request.user, adesso),
                "prossimi": cruscotto.prossimi(request.user, adesso),
                "vede_necessita": request.user.has_perm("eventi.view_necessita"),
                "esempio": settings.DEMO,
                **(extra_context or {}),
            },
        )
