from django.urls import path

from .views import bisogni, elenco, scheda

app_name = "bisogni"

# /bisogni/
urlpatterns = [
    path("", elenco.bisogno_list, name="bisogno_list"),
    path("bisogni.csv", elenco.bisogno_csv, name="bisogno_csv"),
    path("bisogni.json", elenco.bisogno_json, name="bisogno_json"),
    path("nuovo/", bisogni.bisogno_nuovo, name="bisogno_nuovo"),
    path("inviato/", bisogni.bisogno_inviato, name="bisogno_inviato"),
    path("<slug:slug>/", scheda.bisogno_detail, name="bisogno_detail"),
    path("<slug:slug>/percorso/", scheda.bisogno_percorso, name="bisogno_percorso"),
]
