from django.urls import path

from . import views

app_name = "laboratori"

# /laboratori/
urlpatterns = [
    path("disponibilita/", views.disponibilita_crea, name="disponibilita_crea"),
    path("disponibilita/inviata/", views.disponibilita_inviata, name="disponibilita_inviata"),
    path(
        "disponibilita/<str:token>/conferma/",
        views.disponibilita_conferma,
        name="disponibilita_conferma",
    ),
]
