"""What the office's log may keep of the participation paths: nothing here says anything of
anybody but the facilitator, who is a company and may be a person."""

from portale.lib.storia import NOME, si_scrive

from .models import Atto, Fase, Percorso

si_scrive(
    Percorso, NOME, "titolo", "slug", "sintesi", "descrizione", "stato", "inizio", "fine",
    "ente_decisore", "finanziamento", "contributo_euro", "costo_euro", "partecipanti", "esito",
    "pagina_url", "fonti",
)  # fmt: skip
si_scrive(
    Fase, NOME, "ordine", "titolo", "inizio", "fine", "periodo", "obiettivo", "risultato_atteso",
    "livello", "apre_iscrizioni", "apre_proposte", "apre_sostegni", "apre_commenti",
    "apre_osservazioni", "moderazione", "nasconde_sostegni",
)  # fmt: skip
si_scrive(Atto, NOME, "genere", "giorno", "titolo", "testo", "url", "fonti")
