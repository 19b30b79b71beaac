from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from accounts.views import sessioni

from .views import composte, contatti, dati, informative, motori, profilo, salute

# Machines, the office and the Tavolo's members: one language, no prefix.
urlpatterns = [
    path("admin/", admin.site.urls),
    path("tavolo/area-riservata/", include("tavolo.urls_area")),
    path("spid/", include("accounts.spid.urls_porte")),
    path("salute/", salute.salute, name="salute"),
    path("salute/viva/", salute.viva, name="salute_viva"),
    path("favicon.ico", motori.favicon, name="favicon"),
    path("robots.txt", motori.robots, name="robots"),
    path("sitemap.xml", motori.sitemap, name="sitemap"),
]
if settings.DEMO:
    urlpatterns += [path("posta-demo/", include("posta.urls"))]

# Citizens: Italian at the root, English under /en/. The address alone says the language, so
# a page can be cached and linked to.
urlpatterns += i18n_patterns(
    path("", composte.home, name="home"),
    path("percorso/", composte.percorso_list, name="percorso_list"),
    path("percorso/<slug:slug>/", composte.percorso_detail, name="percorso_detail"),
    path("percorso/<slug:slug>/esiti/", composte.percorso_esiti, name="percorso_esiti"),
    path("laboratori/", composte.laboratorio_list, name="laboratorio_list"),
    path("laboratori/", include("laboratori.urls")),
    path("laboratori/<slug:slug>/", composte.laboratorio_detail, name="laboratorio_detail"),
    path("incontri/", include("eventi.urls")),
    path("iscrizioni/", include("eventi.urls_iscrizioni")),
    path("presenze/", include("eventi.urls_presenze")),
    path("bisogni/", include("proposte.urls_bisogni")),
    path("proposte/", include("proposte.urls")),
    path("raccolta/", include("proposte.urls_raccolta")),
    path("seguiti/", include("proposte.urls_seguiti")),
    path("tavolo/", include("tavolo.urls")),
    path("partecipo/", include("accounts.urls")),
    path("profilo/", profilo.profilo, name="profilo"),
    path("profilo/avvisi/", profilo.avvisi, name="profilo_avvisi"),
    path("profilo/dati/", dati.profilo_dati, name="profilo_dati"),
    path("profilo/dati/scarica/", dati.profilo_dati_scarica, name="profilo_dati_scarica"),
    path("profilo/dati/cancella/", dati.profilo_dati_cancella, name="profilo_dati_cancella"),
    path("contatti/", contatti.contatti, name="contatti"),
    path("contatti/inviato/", contatti.contatti_inviato, name="contatti_inviato"),
    path("privacy/", informative.privacy, name="privacy"),
    path("privacy/i-tuoi-dati/", dati.dati_chiedi, name="dati_chiedi"),
    path("privacy/dati-cancellati/", dati.dati_cancellati, name="dati_cancellati"),
    path("privacy/i-tuoi-dati/<str:token>/", dati.dati_ospite, name="dati_ospite"),
    path(
        "privacy/i-tuoi-dati/<str:token>/scarica/",
        dati.dati_ospite_scarica,
        name="dati_ospite_scarica",
    ),
    path(
        "privacy/i-tuoi-dati/<str:token>/cancella/",
        dati.dati_ospite_cancella,
        name="dati_ospite_cancella",
    ),
    path("accessibilita/", informative.accessibilita, name="accessibilita"),
    path("note-legali/", informative.note_legali, name="note_legali"),
    path("domande-frequenti/", informative.domande_frequenti, name="domande_frequenti"),
    path("accounts/sessions/", sessioni, name="usersessions_list"),
    path("accounts/", include("accounts.urls_accesso")),
    prefix_default_language=False,
)

handler429 = "portale.lib.limiti.limite_superato"
handler500 = "portale.views.errori.errore_server"
