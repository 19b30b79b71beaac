from django.urls import path

from . import views

app_name = "spid"

# /accounts/spid/
urlpatterns = [
    path("entra/<slug:porta>/", views.entra, name="entra"),
    path("collega/<slug:porta>/", views.collega, name="collega"),
    path("completa/", views.completa, name="completa"),
    path("codice/", views.codice, name="codice"),
    path("scollega/", views.scollega, name="scollega"),
]
