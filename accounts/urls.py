from django.urls import path

from . import views

app_name = "partecipo"

# /partecipo/
urlpatterns = [
    path("controlla-la-posta/", views.conferma_inviata, name="conferma_inviata"),
    path("esci/", views.dimentica, name="dimentica"),
    path("conferma/<str:token>/", views.conferma, name="conferma"),
    path("consensi/<str:token>/lascia/", views.consenso_lascia, name="consenso_lascia"),
    path("<str:token>/", views.entra, name="entra"),
]
