from django.urls import path

from . import views

app_name = "posta"

# /posta-demo/ (demo only)
urlpatterns = [
    path("", views.posta_demo, name="posta_demo"),
    path("<str:nome>/", views.posta_demo_messaggio, name="posta_demo_messaggio"),
    path("<str:nome>/html/", views.posta_demo_html, name="posta_demo_html"),
    path("<str:nome>/originale/", views.posta_demo_originale, name="posta_demo_originale"),
    path(
        "<str:nome>/allegati/<int:numero>/",
        views.posta_demo_allegato,
        name="posta_demo_allegato",
    ),
]
