"""The office's site: who enters, and its first page, "Che cosa c'è da fare"."""

from functools import update_wrapper

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from . import cerca, cittadino, cruscotto
from .lib import cercato


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

    def get_urls(self):
        return [
            path("cerca/", self.admin_view(self.cerca), name="cerca"),
            path(
                "come-cittadino/",
                self.admin_view(require_POST(self.come_cittadino)),
                name="come_cittadino",
            ),
            *super().get_urls(),
        ]

    def cerca(self, request):
        """What is found of what was typed in the box that every page has."""
        testo = cercato.pulisci(request.GET.get("q", ""))
        basta = cercato.abbastanza(testo)
        return TemplateResponse(
            request,
            "admin/cerca.html",
            {
                **self.each_context(request),
                "title": _("Cerca"),
                "q": testo,
                "basta": basta,
                "gruppi": cerca.cerca(request, testo) if basta else [],
            },
        )

    def come_cittadino(self, request):
        """Begin to look at the public pages as a citizen, with the one that was asked for."""
        return cittadino.comincia(request, timezone.now())

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
