from django.urls import path

from .views import ordina, raccolta

app_name = "raccolta"

# /raccolta/: the notes of a meeting, typed by its note-takers and put in order afterwards
urlpatterns = [
    path("servizio.js", raccolta.servizio, name="servizio"),
    path("ordina/<slug:slug>/", ordina.ordina, name="ordina"),
    path("ordina/<slug:slug>/pubblica/", ordina.pubblica, name="pubblica"),
    path("ordina/<slug:slug>/bisogni/<int:pk>/", ordina.ordina_bisogno, name="ordina_bisogno"),
    path("ordina/<slug:slug>/idee/<int:pk>/", ordina.ordina_idea, name="ordina_idea"),
    path("<str:token>/", raccolta.raccolta, name="raccolta"),
    path("<str:token>/note/", raccolta.note, name="note"),
]
