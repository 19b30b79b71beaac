from django.urls import include, path

from .views import allegati, commenti, elenco, partecipazione, scheda, scrittura

app_name = "proposte"

# /proposte/bozza/<slug>/: hers alone
bozza_urls = [
    path("", scrittura.bozza_modifica, name="bozza_modifica"),
    path("salva/", scrittura.bozza_salva, name="bozza_salva"),
    path("rileggi/", scrittura.bozza_invia, name="bozza_invia"),
    path("riprendi/", scrittura.bozza_riprendi, name="bozza_riprendi"),
    path("elimina/", scrittura.bozza_elimina, name="bozza_elimina"),
    path("allegati/", allegati.allegato_carica, name="allegato_carica"),
    path("allegati/<int:pk>/togli/", allegati.allegato_togli, name="allegato_togli"),
]

# /proposte/<slug>/
proposta_urls = [
    path("", scheda.proposta_detail, name="proposta_detail"),
    path("percorso/", scheda.proposta_percorso, name="proposta_percorso"),
    path("versioni/", scheda.proposta_versioni, name="proposta_versioni"),
    path("scheda/", scheda.proposta_scheda, name="proposta_scheda"),
    path("qr.svg", scheda.proposta_qr, name="proposta_qr"),
    path("allegati/<int:pk>/", allegati.allegato_scarica, name="allegato_scarica"),
    path("allegati/<int:pk>/anteprima/", allegati.allegato_anteprima, name="allegato_anteprima"),
    path("modifica/", scrittura.proposta_modifica, name="proposta_modifica"),
    path("ritira/", scrittura.proposta_ritira, name="proposta_ritira"),
    path("riesame/", scrittura.proposta_riesame, name="proposta_riesame"),
    path("sostieni/", partecipazione.sostegno_crea, name="sostegno_crea"),
    path("non-sostenere/", partecipazione.sostegno_togli, name="sostegno_togli"),
    path("segui/", partecipazione.seguito_crea, name="seguito_crea"),
    path("non-seguire/", partecipazione.seguito_togli, name="seguito_togli"),
    path("commenta/", commenti.commento_crea, name="commento_crea"),
    path("segnala/", commenti.proposta_segnala, name="proposta_segnala"),
    path("commenti/<int:pk>/modifica/", commenti.commento_modifica, name="commento_modifica"),
    path("commenti/<int:pk>/elimina/", commenti.commento_elimina, name="commento_elimina"),
    path("commenti/<int:pk>/segnala/", commenti.commento_segnala, name="commento_segnala"),
]

# /proposte/. A published proposal's slug ends with its number: it never is one of these words.
urlpatterns = [
    path("", elenco.proposta_list, name="proposta_list"),
    path("mappa/", elenco.proposta_mappa, name="proposta_mappa"),
    path("atom.xml", elenco.proposta_atom, name="proposta_atom"),
    path("proposte.csv", elenco.proposta_csv, name="proposta_csv"),
    path("proposte.json", elenco.proposta_json, name="proposta_json"),
    path("proposte-legami.csv", elenco.legami_csv, name="legami_csv"),
    path("proposte-legami.json", elenco.legami_json, name="legami_json"),
    path("colonne/", elenco.proposta_colonne, name="proposta_colonne"),
    path("nuova/", scrittura.proposta_nuova, name="proposta_nuova"),
    path("bisogni/", scrittura.bisogni_trova, name="bisogni_trova"),
    path("simili/", scrittura.proposta_simili, name="proposta_simili"),
    path("mie/", scrittura.proposta_mie, name="proposta_mie"),
    path("inviata/", scrittura.proposta_inviata, name="proposta_inviata"),
    path("bozza/<slug:slug>/", include(bozza_urls)),
    path("<slug:slug>/", include(proposta_urls)),
]
