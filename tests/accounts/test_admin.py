import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Conferma, User
from posta.generi import registro
from posta.models import Messaggio
from tests.factories import PartecipanteFactory, UserFactory
from tests.fattori import codice, con_app, con_chiave, con_codici, entra_con_password
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

ELENCO = "/admin/accounts/user/"


def scheda(persona):
    return reverse("admin:accounts_user_change", args=[persona.pk])


@pytest.fixture
def amministratrice(client):
    return entra(client, "amministratrice")


@pytest.fixture
def segretaria(client):
    """Of the office, may change people, is not an administrator."""
    persona = UserFactory(is_staff=True)
    persona.user_permissions.add(
        *Permission.objects.filter(codename__in=["add_user", "change_user", "view_user"])
    )
    client.force_login(persona)
    return persona


@pytest.mark.parametrize("ruolo", RUOLI)
def test_permission_matrix_of_people(client, ruolo):
    altra = UserFactory(nome="Segreta Persona")
    entra(client, ruolo)
    atteso = {"anonima": 302, "amministratrice": 200}.get(ruolo, 404)

    responses = [client.get(url) for url in (ELENCO, scheda(altra), f"{ELENCO}add/")]

    assert [response.status_code for response in responses] == [atteso] * 3
    if atteso != 200:
        assert "Segreta" not in "".join(r.content.decode() for r in responses)


def test_a_new_person_has_no_password_and_an_address_to_prove(client, amministratrice):
    gruppo = Group.objects.get(name="ufficio")

    response = client.post(
        f"{ELENCO}add/",
        {
            "email": " Nuova@Example.org ",
            "nome": "Nuova Collega",
            "lingua": "it",
            "is_staff": "on",
            "groups": [gruppo.pk],
        },
    )

    assert response.status_code == 302
    persona = User.objects.get(email="nuova@example.org")
    assert not persona.has_usable_password()
    assert (persona.is_staff, persona.is_superuser) == (True, False)
    assert list(persona.groups.all()) == [gruppo]
    indirizzo = EmailAddress.objects.get(user=persona)
    assert (indirizzo.email, indirizzo.primary, indirizzo.verified) == (
        "nuova@example.org",
        True,
        False,
    )
    assert LogEntry.objects.get().object_repr == f"persona {persona.pk}"


def test_an_address_has_one_account(client, amministratrice):
    UserFactory(email="anna@example.org")

    response = client.post(f"{ELENCO}add/", {"email": "ANNA@example.org", "lingua": "it"})

    assert response.context["adminform"].form.errors == {
        "email": ["C'è già un account con questo indirizzo."]
    }


def test_who_is_no_administrator_gives_no_powers(client, segretaria):
    altra = UserFactory()

    client.post(
        scheda(altra),
        {
            "nome": "Nome giusto",
            "lingua": "it",
            "is_active": "on",
            "is_staff": "on",
            "is_superuser": "on",
            "groups": [Group.objects.get(name="ufficio").pk],
            "user_permissions": [Permission.objects.first().pk],
            "email": "rubata@example.org",
        },
    )
    client.post(
        f"{ELENCO}add/",
        {"email": "nuova@example.org", "lingua": "it", "is_staff": "on", "is_superuser": "on"},
    )

    prima = altra.email
    altra.refresh_from_db()
    assert (altra.nome, altra.email) == ("Nome giusto", prima)
    nuova = User.objects.get(email="nuova@example.org")
    for persona in (altra, nuova):
        assert (persona.is_staff, persona.is_superuser) == (False, False)
        assert persona.groups.count() == persona.user_permissions.count() == 0


def test_who_is_no_administrator_does_not_touch_one(client, segretaria):
    capo = UserFactory(ufficio=True)

    response = client.post(scheda(capo), {"nome": "Altra", "lingua": "it"})

    assert response.status_code == 404
    capo.refresh_from_db()
    assert (capo.nome != "Altra", capo.is_active) == (True, True)


def test_the_list_of_people_finds_by_name_and_address(client, amministratrice):
    anna = UserFactory(nome="Anna Verdi", email="anna@example.org")
    UserFactory(nome="Bruna", email="bruna@example.org")

    for parole in ("verdi", "anna@"):
        assert list(client.get(f"{ELENCO}?q={parole}").context["cl"].result_list) == [anna]


@pytest.mark.parametrize("righe", [1, 3])
def test_the_list_of_people_asks_as_often_for_one_row_as_for_three(
    client, amministratrice, righe, django_assert_num_queries
):
    for _n in range(righe):
        UserFactory().groups.add(Group.objects.get(name="ufficio"))

    with django_assert_num_queries(6):
        client.get(ELENCO)


def test_the_groups_can_be_read_in_italian(client, amministratrice):
    response = client.get("/admin/auth/group/")

    assert response.status_code == 200
    assert "moderatori" in response.content.decode()


# --- Taking part without an account ---------------------------------------------------------

PARTECIPANTI, RICHIESTE = "/admin/accounts/partecipante/", "/admin/accounts/conferma/"


@pytest.mark.parametrize("ruolo", RUOLI)
def test_permission_matrix_of_who_takes_part(client, ruolo):
    """The office reads who takes part and what waits for a mail's link; nobody writes it."""
    chi = PartecipanteFactory(email="segreta@example.org", nome="Segreta")
    richiesta = Conferma.objects.create(
        azione="sostegno",
        email=chi.email,
        nome="Segreta",
        parametri={"testo": "Parole sue"},
        created_at=timezone.now(),
        scade_at=timezone.now(),
    )
    entra(client, ruolo)
    fuori = 302 if ruolo == "anonima" else 404
    legge = 200 if ruolo in ("ufficio", "amministratrice") else fuori
    schede = [f"{PARTECIPANTI}{chi.pk}/", f"{RICHIESTE}{richiesta.pk}/"]

    lette = [
        client.get(url)
        for url in (PARTECIPANTI, RICHIESTE, *(f"{scheda}change/" for scheda in schede))
    ]
    scritte = [
        *(client.get(f"{elenco}add/") for elenco in (PARTECIPANTI, RICHIESTE)),
        *(client.post(f"{scheda}change/", {"email": "altra@example.org"}) for scheda in schede),
        *(client.post(f"{scheda}delete/", {"post": "yes"}) for scheda in schede),
    ]

    assert [response.status_code for response in lette] == [legge] * 4
    assert [response.status_code for response in scritte] == [fuori] * 6
    testo = "".join(response.content.decode() for response in lette)
    assert ("segreta@example.org" in testo) == (legge == 200)
    # What she wrote is hers until she confirms it, and the link's code is nobody else's ever.
    for nascosto in ("Parole sue", chi.codice, richiesta.codice):
        assert nascosto not in testo
    chi.refresh_from_db()
    assert (chi.email, Conferma.objects.count()) == ("segreta@example.org", 1)


def test_somebody_who_takes_part_is_found_by_her_whole_address(client):
    entra(client, "ufficio")
    anna = PartecipanteFactory(email="anna@example.org")
    PartecipanteFactory(email="susanna@example.org")

    def trovate(q):
        return list(client.get(PARTECIPANTI, {"q": q}).context["cl"].queryset)

    assert trovate(" Anna@Example.org ") == [anna]
    assert trovate("anna") == []


# --- Who lost her phone ---------------------------------------------------------------------


def porta(persona):
    return reverse("admin:accounts_user_togli_fattori", args=[persona.pk])


MOTIVO = {"motivo": "Ha perso il telefono; è venuta allo sportello con un documento"}


@pytest.mark.parametrize("ruolo", RUOLI)
def test_only_an_administrator_takes_factors_away(client, ruolo):
    persona = UserFactory()
    con_app(persona)
    entra(client, ruolo)

    risposte = [client.get(porta(persona)), client.post(porta(persona), MOTIVO)]

    atteso = {"anonima": [302, 302], "amministratrice": [200, 302]}.get(ruolo, [404, 404])
    assert [risposta.status_code for risposta in risposte] == atteso
    assert Authenticator.objects.exists() is (ruolo != "amministratrice")


def test_who_may_change_people_but_is_no_administrator_does_not_either(client, segretaria):
    persona = UserFactory()
    con_app(persona)

    assert client.post(porta(persona), MOTIVO).status_code == 404
    assert Authenticator.objects.count() == 1


def test_her_factors_go_her_sessions_end_and_she_is_told(client, amministratrice):
    persona, altra = UserFactory(nome="Lea Persa"), UserFactory()
    segreto = con_app(persona)
    con_codici(persona)
    con_chiave(persona)
    con_app(altra)
    telefono = Client()
    entra_con_password(telefono, persona)
    telefono.post("/accounts/2fa/authenticate/", {"code": codice(segreto)})
    assert telefono.get("/profilo/").status_code == 200
    assert "lo ha scelto" in client.get(scheda(persona)).text

    client.post(porta(persona), MOTIVO)
    client.post(porta(persona), MOTIVO)

    assert list(Authenticator.objects.values_list("user", flat=True)) == [altra.pk]
    assert telefono.get("/profilo/").status_code == 302
    [storia] = LogEntry.objects.filter(change_message__startswith="Perché")
    assert (storia.user, storia.object_id, storia.object_repr) == (
        amministratrice,
        str(persona.pk),
        f"persona {persona.pk}",
    )
    assert storia.change_message == f"Perché: {MOTIVO['motivo']}"
    [messaggio] = Messaggio.objects.all()
    assert messaggio.destinatario == persona.email
    scritto = registro["fattori_tolti"].componi(messaggio, timezone.now())
    assert scritto.oggetto == "Il tuo secondo passaggio è stato tolto"
    # Her password alone brings her in again, to choose another.
    assert entra_con_password(Client(), persona).url == "/profilo/"


@pytest.mark.parametrize(
    ("dati", "errore"),
    [({}, "Scrivi il motivo"), (MOTIVO, "Non ha nessun secondo passaggio")],
)
def test_it_needs_a_reason_and_something_to_take_away(client, amministratrice, dati, errore):
    persona = UserFactory()
    if not dati:
        con_app(persona)

    risposta = client.post(porta(persona), dati)

    assert errore in risposta.text
    assert Messaggio.objects.count() == 0


def test_nobody_takes_her_own_away_here(client, amministratrice):
    con_app(amministratrice)

    assert client.post(porta(amministratrice), MOTIVO).status_code == 404
