"""What is held about who helps a lab, and about the people whom its actors can be reached by."""

from django.utils.translation import gettext_lazy as _

from accounts.finalita import Finalita, registra
from accounts.interessato import (
    cancella,
    cerca,
    conosce,
    elenco,
    impara,
    oscura_righe,
    raccoglie,
    recapiti,
)
from portale.lib.storia import NOME, si_scrive

from .models import (
    Attore,
    Disponibilita,
    Laboratorio,
    ModificaAttore,
    Quartiere,
    Referente,
)

registra(
    Finalita(
        codice="disponibilita",
        ordine=30,
        nome=_("Ti offri di dare una mano"),
        dati=_("Nome, e-mail, ciò che ti piacerebbe fare; se vuoi, il telefono."),
        perche=_("Metterti in contatto con il laboratorio che hai scelto."),
        frase=_(
            "Useremo i tuoi dati solo per rispondere alla tua offerta di aiuto e metterti in "
            "contatto con il laboratorio."
        ),
        parole=_("%(tempo)s, o finché non ritiri la tua disponibilità."),
        dove=("laboratori:disponibilita_crea",),
    )
)
registra(
    Finalita(
        codice="attori",
        ordine=31,
        nome=_("Sei la persona di contatto di un gruppo o di un laboratorio"),
        dati=_("Nome, e-mail, telefono; per chi fa parte del Tavolo, le voci che hai scritto."),
        perche=_(
            "Poter parlare con il gruppo o con il laboratorio. Il nome di chi risponde di un "
            "laboratorio si pubblica solo se lo ha voluto."
        ),
        frase=_("Useremo i tuoi dati solo per tenere i contatti con il tuo gruppo."),
        parole=_("Finché sei la persona di contatto, o finché non ne chiedi la cancellazione."),
    )
)


@raccoglie("disponibilita")
def disponibilita(interessato):
    mie = Disponibilita.objects.filter(interessato.con_indirizzo()).order_by("pk")
    return [
        elenco(
            "disponibilita", _("Gli aiuti che hai offerto"), mie, "laboratorio", "nome", "email",
            "telefono", "aiuti", "messaggio", "lingua", "stato", "risposta", "created_at",
            "verificata_at", "chiusa_at",
        )
    ]  # fmt: skip


@raccoglie("attori")
def attori(interessato):
    gruppi = Attore.objects.filter(interessato.con_indirizzo()).order_by("pk")
    laboratori = Referente.objects.filter(interessato.con_indirizzo()).order_by("pk")
    sezioni = [
        elenco(
            "gruppi", _("I gruppi di cui sei la persona di contatto"), gruppi, "nome",
            "laboratorio", "contatto", "email", "telefono",
        ),
        elenco(
            "laboratori", _("I laboratori di cui rispondi"), laboratori, "laboratorio", "nome",
            "ruolo", "email", "telefono", "pubblico",
        ),
    ]  # fmt: skip
    if interessato.persona is not None:
        voci = ModificaAttore.objects.filter(autore=interessato.persona).order_by("pk")
        sezioni.append(
            elenco(
                "voci", _("Che cosa hai scritto sulla mappa degli attori"), voci, "attore",
                "verbo", "motivo", "origine", "created_at",
            )
        )  # fmt: skip
    return sezioni


@conosce("attori")
def nomi(interessato):
    suoi = interessato.con_indirizzo()
    impara(interessato, Disponibilita.objects.filter(suoi), "nome", "telefono")
    impara(interessato, Attore.objects.filter(suoi), "contatto", "telefono")
    impara(interessato, Referente.objects.filter(suoi), "nome", "telefono")


@cerca("attori")
def cerca_nomi(testo):
    return [
        *recapiti(Disponibilita.objects.all(), "nome", testo),
        *recapiti(Attore.objects.exclude(email=""), "contatto", testo),
        *recapiti(Referente.objects.exclude(email=""), "nome", testo),
    ]


@cancella("disponibilita")
def dimentica_disponibilita(interessato, adesso):
    mie = Disponibilita.objects.filter(interessato.con_indirizzo())
    return {"disponibilita": mie.delete()[1].get("laboratori.Disponibilita", 0)}


@cancella("attori")
def dimentica_attori(interessato, adesso):
    """The group stays on the map, without her."""
    gruppi = Attore.objects.filter(interessato.con_indirizzo())
    pks = list(gruppi.values_list("pk", flat=True))
    tolti = gruppi.update(contatto="", email="", telefono="")
    oscura_righe(Attore.objects.filter(pk__in=pks), ["note", "attivita"], interessato)
    storia = ModificaAttore.objects.filter(attore__in=pks)
    oscura_righe(storia, ["cambi", "motivo"], interessato)
    laboratori = Referente.objects.filter(interessato.con_indirizzo())
    return {
        "contatti_di_gruppi": tolti,
        "referenti": laboratori.delete()[0],
    }


# --- What the history may keep -------------------------------------------------------------
# The fields that say nothing of anybody: of the others it says that they changed.


si_scrive(
    Laboratorio, NOME, "numero", "nome", "slug", "descrizione", "attivo", "latitudine",
    "longitudine", "area", "centrale", "fonti",
)  # fmt: skip
si_scrive(Quartiere, NOME, "ordine", "nome", "aggiunto_nel")
si_scrive(Referente, "pubblico")
# The name on the public map; what changed on it is kept by its own steps.
si_scrive(Attore, NOME)
