from django.urls import include, path

from .views import iscrizioni

app_name = "iscrizioni"

# /iscrizioni/<token>/: each registration's private pages, opened by the links in its mails
iscrizione_urls = [
    path("", iscrizioni.iscrizione_detail, name="iscrizione_detail"),
    path("conferma/", iscrizioni.iscrizione_conferma, name="iscrizione_conferma"),
    path("accetta/", iscrizioni.iscrizione_accetta, name="iscrizione_accetta"),
    path("aspetta/", iscrizioni.iscrizione_aspetta, name="iscrizione_aspetta"),
    path("rinuncia/", iscrizioni.iscrizione_rinuncia, name="iscrizione_rinuncia"),
    path("modifica/", iscrizioni.iscrizione_modifica, name="iscrizione_modifica"),
    path("consenso/", iscrizioni.iscrizione_consenso, name="iscrizione_consenso"),
    path("promemoria/", iscrizioni.iscrizione_promemoria, name="iscrizione_promemoria"),
    path("ingresso.png", iscrizioni.iscrizione_qr, name="iscrizione_qr"),
    path("incontro.ics", iscrizioni.iscrizione_ics, name="iscrizione_ics"),
]

# /iscrizioni/
urlpatterns = [path("<str:token>/", include(iscrizione_urls))]
