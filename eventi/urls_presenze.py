from django.urls import path

from .views import presenze

app_name = "presenze"

# /presenze/: who comes to a meeting, tapped at its door
urlpatterns = [
    path("servizio.js", presenze.servizio, name="servizio"),
    path("<str:token>/", presenze.presenze, name="presenze"),
    path("<str:token>/tocchi/", presenze.tocchi, name="tocchi"),
]
