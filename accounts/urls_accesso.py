"""allauth's pages without those of its gateways: ours are in accounts.spid."""

from allauth.urls import urlpatterns as di_allauth
from django.urls import include, path

# /accounts/
urlpatterns = [
    path("spid/", include("accounts.spid.urls")),
    *(u for u in di_allauth if not str(u.pattern).startswith(("3rdparty/", "social/"))),
]
