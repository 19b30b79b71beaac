"""Where gateways send people back: one address each, whatever the language."""

from django.urls import path

from . import views

# /spid/
urlpatterns = [
    path("oidc/ritorno/", views.oidc_ritorno, name="spid_oidc_ritorno"),
    path("saml/acs/", views.saml_acs, name="spid_saml_acs"),
    path("saml/ritorno/", views.saml_ritorno, name="spid_saml_ritorno"),
    path("saml/metadata/", views.saml_metadata, name="spid_saml_metadata"),
]
