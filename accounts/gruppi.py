"""The groups of those who work with the portal, and what each may do.

This table is the truth: after every ``migrate`` the three groups hold exactly these permissions
of the models that it names (what an administrator gives them of others stays). Somebody who
needs more gets it as a person, or in a group of another name.

Apps are named by label only: this one knows none of those that come after it.
"""

from django.apps import apps as global_apps
from django.contrib.auth.management import create_permissions

TUTTO = ("add", "change", "delete", "view")

# Label of the app → models and verbs; "*" stands for every model of the app.
GRUPPI = {
    # Runs everything from the admin, and alone reads what people need in order to take part.
    "ufficio": {
        "percorso": {"*": TUTTO},
        # What was done is never changed: the rows that record it can only be read.
        "laboratori": {
            "*": TUTTO,
            "passaggiodisponibilita": ("view",),
            "modificaattore": ("view",),
        },
        "eventi": {
            "*": TUTTO,
            "passaggioincontro": ("view",),
            "passaggioiscrizione": ("view",),
            "numeriincontro": ("view",),
            "segnopresenza": ("view",),
            "ingresso": ("view",),
        },
        "proposte": {
            "*": TUTTO,
            "proposta": (*TUTTO, "modera", "valuta"),
            "nota": (*TUTTO, "ordina"),
            "passaggio": ("view",),
            "passaggiobisogno": ("view",),
            "versioneproposta": ("view",),
            "risposta": ("view",),
            # Who supports and follows what is nobody's business; the numbers are public.
            "sostegno": (),
            "seguito": (),
            "riconteggio": (),
        },
        # What members state, answer and sign is theirs: the office reads it. The rest goes through
        # its doors.
        "tavolo": {
            "*": TUTTO,
            "passaggioseggio": ("view",),
            "passaggioseduta": ("view",),
            "passaggioesame": ("view",),
            "passaggioverbale": ("view",),
            "accessodocumento": ("view",),
            "posizione": ("view",),
            "versioneposizione": ("view",),
            "commentoesame": ("view",),
            "domandaproponente": ("view",),
            "rispostascritta": ("view",),
            "versionerisposta": ("view",),
            "presenza": ("view",),
            "giustificazione": ("view",),
            # Which reminders were queued: the machinery's own.
            "promemoriaesame": (),
            "promemoriaseduta": (),
            "decisione": ("add", "view"),
            "dissenso": ("view",),
            "correzione": ("view",),
            "rettifica": ("add", "view"),
            "parerecomitato": ("view",),
        },
        # To whom it wrote and what was done are only read.
        "comunicazioni": {
            "*": TUTTO,
            "destinatario": ("view",),
            "passaggiocomunicazione": ("view",),
        },
        "posta": {"*": ("view",)},
        # Who takes part without an account; the accounts themselves are the administrators'.
        "accounts": {
            # For who asks by phone or at the desk, and can not do it herself.
            "scarico": ("add", "view"),
            "cancellazione": ("add", "view"),
            "partecipante": ("view",),
            "conferma": ("view",),
            "consenso": ("view",),
            "pulizia": ("view",),
        },
    },
    # Looks after what people write: nothing personal of registrations and offers of help.
    "moderatori": {
        "percorso": {"*": ("view",)},
        "laboratori": {"laboratorio": ("view",), "quartiere": ("view",)},
        "eventi": {
            "incontro": ("view", "coordina"),
            "sede": ("view",),
            "servizio": ("view",),
            "resoconto": ("view",),
            "allegatoresoconto": ("view",),
        },
        "proposte": {
            "proposta": ("view", "modera"),
            "bisogno": ("view",),
            "commento": ("view",),
            "segnalazione": ("view",),
            "passaggio": ("view",),
            "passaggiobisogno": ("view",),
            "versioneproposta": ("view",),
            "allegato": ("view",),
            "tema": ("view",),
        },
    },
    # Leads the tables of the meetings that the office gave her, and writes their reports.
    "facilitatori": {
        "percorso": {"*": ("view",)},
        "laboratori": {"laboratorio": ("view",), "quartiere": ("view",)},
        "eventi": {
            "incontro": ("view",),
            "sede": ("view",),
            "servizio": ("view",),
            "resoconto": ("add", "change", "view"),
            "allegatoresoconto": TUTTO,
        },
        "proposte": {
            "nota": ("add", "change", "view", "ordina"),
            "verbalizzante": TUTTO,
            "bisogno": ("add", "change", "view"),
            "proposta": ("view",),
            "tema": ("view",),
        },
    },
}
APP = sorted({app for permessi in GRUPPI.values() for app in permessi})


def aggiorna_gruppi(app_config, using, apps=global_apps, **kwargs):
    """Receiver of ``post_migrate``: the groups' permissions of the app just migrated.

    It may run before Django has made that app's permissions, or when only a part of the portal
    is migrated: then it makes them itself, or waits for its turn.
    """
    if app_config.label not in APP:
        return
    try:
        gruppi = apps.get_model("auth", "Group").objects.using(using)
        permessi = apps.get_model("auth", "Permission").objects.using(using)
    except LookupError:
        return
    create_permissions(app_config, verbosity=0, using=using, apps=apps)
    dell_app = permessi.filter(content_type__app_label=app_config.label)
    nominati = {nome for di in GRUPPI.values() for nome in di.get(app_config.label, {})}
    if "*" not in nominati:
        dell_app = dell_app.filter(content_type__model__in=nominati)
    for nome, previsti in GRUPPI.items():
        gruppo, _creato = gruppi.get_or_create(name=nome)
        giusti = {
            permesso.pk
            for permesso in dell_app.select_related("content_type")
            if _spetta(permesso, previsti.get(app_config.label, {}))
        }
        presenti = set(dell_app.filter(group=gruppo).values_list("pk", flat=True))
        gruppo.permissions.add(*giusti - presenti)
        gruppo.permissions.remove(*presenti - giusti)


def _spetta(permesso, previsti):
    model = permesso.content_type.model
    verbi = previsti.get(model, previsti.get("*", ()))
    # A permission of the model's own (not one of the four) belongs to who may do everything.
    verbo = permesso.codename.removesuffix(f"_{model}")
    return verbo in verbi or (verbi == TUTTO and verbo not in TUTTO)
