from django.urls import path

from .views import partecipazione

app_name = "seguiti"

# /seguiti/: what a person follows, and how she stops
urlpatterns = [
    path("", partecipazione.seguito_list, name="seguito_list"),
    path("sostegni/", partecipazione.sostegno_list, name="sostegno_list"),
    path("laboratorio/<slug:slug>/", partecipazione.segui_laboratorio, name="segui_laboratorio"),
    path("tema/<slug:slug>/", partecipazione.segui_tema, name="segui_tema"),
    path(
        "laboratorio/<slug:slug>/smetti/",
        partecipazione.smetti_laboratorio,
        name="smetti_laboratorio",
    ),
    path("tema/<slug:slug>/smetti/", partecipazione.smetti_tema, name="smetti_tema"),
    path("<str:token>/lascia/", partecipazione.seguito_lascia, name="seguito_lascia"),
]
