from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from .views import composte, contatti, informative, motori, profilo, salute

# Machines and the office: one language, no prefix.
urlpatterns = [
    path("admin/", admin.site.urls),
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
    path("bisogni/", include("proposte.urls_bisogni")),
    path("proposte/", include("proposte.urls")),
    path("raccolta/", include("proposte.urls_raccolta")),
    path("seguiti/", include("proposte.urls_seguiti")),
    path("partecipo/", include("accounts.urls")),
    path("profilo/", profilo.profilo, name="profilo"),
    path("contatti/", contatti.contatti, name="contatti"),
    path("contatti/inviato/", contatti.contatti_inviato, name="contatti_inviato"),
    path("privacy/", informative.privacy, name="privacy"),
    path("accessibilita/", informative.accessibilita, name="accessibilita"),
    path("note-legali/", informative.note_legali, name="note_legali"),
    path("domande-frequenti/", informative.domande_frequenti, name="domande_frequenti"),
    path("accounts/", include("allauth.urls")),
    prefix_default_language=False,
)

handler500 = "portale.views.errori.errore_server"
