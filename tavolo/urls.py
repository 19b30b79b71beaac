from django.urls import path

from .views import adesione, decisioni, documenti, domande, inviti, pareri, sedute, tavolo, verbali

app_name = "tavolo"

# /tavolo/: what everybody reads of the Tavolo, and how one gets in.
urlpatterns = [
    path("", tavolo.tavolo, name="tavolo"),
    path("organizzazioni.csv", tavolo.organizzazione_csv, name="organizzazione_csv"),
    path("adesione/", adesione.adesione_crea, name="adesione_crea"),
    path("adesione/inviata/", adesione.adesione_inviata, name="adesione_inviata"),
    path("invito/<str:token>/", inviti.invito, name="invito"),
    path("decisioni/", decisioni.decisione_list, name="decisione_list"),
    path("decisioni/dati/", decisioni.decisione_colonne, name="decisione_colonne"),
    path(
        "decisioni/decisioni.csv",
        decisioni.decisione_file,
        {"tavola": "decisioni", "formato": "csv"},
        name="decisione_csv",
    ),
    path(
        "decisioni/decisioni.json",
        decisioni.decisione_file,
        {"tavola": "decisioni", "formato": "json"},
        name="decisione_json",
    ),
    path(
        "decisioni/decisioni-seggi.csv",
        decisioni.decisione_file,
        {"tavola": "seggi", "formato": "csv"},
        name="decisione_seggi_csv",
    ),
    path(
        "decisioni/decisioni-seggi.json",
        decisioni.decisione_file,
        {"tavola": "seggi", "formato": "json"},
        name="decisione_seggi_json",
    ),
    path("decisioni/<int:pk>/", decisioni.decisione_detail, name="decisione_detail"),
    path("pareri/", pareri.parere_list, name="parere_list"),
    path("pareri/<int:pk>/", pareri.parere_detail, name="parere_detail"),
    path("sedute/", sedute.seduta_list, name="seduta_list"),
    path("sedute/<slug:slug>/", sedute.seduta_detail, name="seduta_detail"),
    path("sedute/<slug:slug>/seduta.ics", sedute.seduta_ics, name="seduta_ics"),
    path("sedute/<slug:slug>/verbale/", verbali.verbale_detail, name="verbale_detail"),
    path("sedute/<slug:slug>/verbale.pdf", verbali.verbale_pdf, name="verbale_pdf"),
    path("verifica/", verbali.verbale_verifica, name="verbale_verifica"),
    path("documenti/<int:pk>/", documenti.documento_scarica, name="documento_scarica"),
    path("domande/<int:pk>/", domande.domanda_rispondi, name="domanda_rispondi"),
]
