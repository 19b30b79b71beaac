import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from accounts.gruppi import GRUPPI
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

LETTURE = {
    "percorso.view_percorso",
    "percorso.view_fase",
    "percorso.view_atto",
    "laboratori.view_laboratorio",
    "laboratori.view_quartiere",
    "eventi.view_incontro",
    "eventi.view_sede",
    "eventi.view_servizio",
    "eventi.view_resoconto",
    "eventi.view_allegatoresoconto",
    "proposte.view_bisogno",
    "proposte.view_proposta",
    "proposte.view_tema",
}
MODERAZIONE = {
    "eventi.coordina_incontro",
    "proposte.modera_proposta",
    "proposte.view_allegato",
    "proposte.view_commento",
    "proposte.view_passaggio",
    "proposte.view_passaggiobisogno",
    "proposte.view_segnalazione",
    "proposte.view_versioneproposta",
}
TAVOLI = {
    "eventi.add_resoconto",
    "eventi.change_resoconto",
    "eventi.add_allegatoresoconto",
    "eventi.change_allegatoresoconto",
    "eventi.delete_allegatoresoconto",
    "proposte.add_nota",
    "proposte.change_nota",
    "proposte.view_nota",
    "proposte.ordina_nota",
    "proposte.add_verbalizzante",
    "proposte.change_verbalizzante",
    "proposte.delete_verbalizzante",
    "proposte.view_verbalizzante",
    "proposte.add_bisogno",
    "proposte.change_bisogno",
}
# Of what happened there is only reading, and of who supports or follows not even that.
SOLO_LETTI = {
    "passaggiodisponibilita",
    "modificaattore",
    "passaggioincontro",
    "passaggioiscrizione",
    "numeriincontro",
    "segnopresenza",
    "ingresso",
    "passaggio",
    "passaggiobisogno",
    "versioneproposta",
    "risposta",
    "passaggioseggio",
    "passaggioseduta",
    "passaggioesame",
    "versionerisposta",
    "presenza",
    "giustificazione",
    "passaggioverbale",
    "accessodocumento",
    "posizione",
    "versioneposizione",
    "commentoesame",
    "domandaproponente",
    "rispostascritta",
    "dissenso",
    "correzione",
    "parerecomitato",
    "destinatario",
    "passaggiocomunicazione",
}
# Acts: written once.
SOLO_AGGIUNTI = {"decisione", "rettifica"}
DI_NESSUNO = {"sostegno", "seguito", "riconteggio", "promemoriaesame", "promemoriaseduta"}


def permessi(nome):
    return {
        f"{app}.{codename}"
        for app, codename in Group.objects.get(name=nome).permissions.values_list(
            "content_type__app_label", "codename"
        )
    }


def everything_of_the_office():
    attesi = {
        "accounts.view_partecipante",
        "accounts.view_conferma",
        "accounts.view_consenso",
        "accounts.add_scarico",
        "accounts.view_scarico",
        "accounts.add_cancellazione",
        "accounts.view_cancellazione",
        "accounts.view_pulizia",
    }
    for app in (
        "percorso",
        "laboratori",
        "eventi",
        "proposte",
        "tavolo",
        "comunicazioni",
        "posta",
    ):
        for model in apps.get_app_config(app).get_models():
            nome = model._meta.model_name
            if nome in DI_NESSUNO:
                continue
            if app == "posta" or nome in SOLO_LETTI:
                attesi.add(f"{app}.view_{nome}")
            elif nome in SOLO_AGGIUNTI:
                attesi |= {f"{app}.{v}_{nome}" for v in ("add", "view")}
            else:
                attesi |= {f"{app}.{v}_{nome}" for v in ("add", "change", "delete", "view")}
                attesi |= {f"{app}.{codename}" for codename, _ in model._meta.permissions}
    return attesi


def test_each_group_may_do_exactly_what_its_work_needs():
    assert {nome: permessi(nome) for nome in GRUPPI} == {
        "ufficio": everything_of_the_office(),
        "moderatori": LETTURE | MODERAZIONE,
        "facilitatori": LETTURE | TAVOLI,
    }


@pytest.mark.parametrize(
    ("gruppo", "puo"), [("ufficio", True), ("moderatori", False), ("facilitatori", False)]
)
@pytest.mark.parametrize(
    "permesso",
    [
        "eventi.view_necessita",
        "eventi.view_iscrizione",
        "laboratori.view_disponibilita",
        "accounts.view_partecipante",
        "accounts.view_conferma",
    ],
)
def test_what_is_personal_is_read_by_the_office_alone(gruppo, puo, permesso):
    persona = UserFactory(is_staff=True)
    persona.groups.add(Group.objects.get(name=gruppo))

    assert persona.has_perm(permesso) is puo


def test_migrating_again_puts_back_what_was_changed_by_hand_and_leaves_other_models_alone():
    gruppo = Group.objects.get(name="moderatori")
    gruppo.permissions.remove(Permission.objects.get(codename="view_incontro"))
    gruppo.permissions.add(
        Permission.objects.get(codename="view_necessita"),
        Permission.objects.get(codename="view_partecipante"),
        # The table says nothing of accounts.
        Permission.objects.get(codename="view_user"),
    )

    call_command("migrate", verbosity=0)

    assert permessi("moderatori") == LETTURE | MODERAZIONE | {"accounts.view_user"}


def test_a_group_that_was_deleted_comes_back():
    Group.objects.all().delete()

    call_command("migrate", verbosity=0)

    assert permessi("facilitatori") == LETTURE | TAVOLI


def test_an_admin_s_own_groups_are_not_touched():
    altro = Group.objects.create(name="stampa")
    altro.permissions.add(Permission.objects.get(codename="view_iscrizione"))

    call_command("migrate", verbosity=0)

    assert permessi("stampa") == {"eventi.view_iscrizione"}
