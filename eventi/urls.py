from django.urls import include, path

from .views import calendari, incontri, iscrizioni

app_name = "eventi"

# /incontri/<slug>/
incontro_urls = [
    path("", incontri.incontro_detail, name="incontro_detail"),
    path("incontro.ics", calendari.incontro_ics, name="incontro_ics"),
    path("resoconto/", incontri.resoconto_detail, name="resoconto_detail"),
    path("resoconto/<int:pk>/", incontri.allegato_scarica, name="allegato_scarica"),
    path("iscrizione/", iscrizioni.iscrizione_crea, name="iscrizione_crea"),
    path("iscrizione/inviata/", iscrizioni.iscrizione_inviata, name="iscrizione_inviata"),
]

# /incontri/
urlpatterns = [
    path("", incontri.incontro_list, name="incontro_list"),
    path("passati/", incontri.incontro_archivio, name="incontro_archivio"),
    path("mese/<int:anno>/<int:mese>/", incontri.incontro_mese, name="incontro_mese"),
    path("calendario.ics", calendari.calendario_ics, name="calendario_ics"),
    path("atom.xml", calendari.incontro_atom, name="incontro_atom"),
    path(
        "laboratorio/<slug:slug>/calendario.ics", calendari.laboratorio_ics, name="laboratorio_ics"
    ),
    path("<slug:slug>/", include(incontro_urls)),
]
