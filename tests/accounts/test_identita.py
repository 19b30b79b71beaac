"""The keyed hash of a fiscal code, and one person one account."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import identita
from accounts.identita import Ritorno, impronta
from accounts.models import IdentitaVerificata, RispostaUsata, User
from posta.consegna import spedisci_dovuti
from posta.models import Messaggio
from tests.factories import UserFactory

# Invented people: no such codes were issued to anybody we know.
CODICE = "RSSMRA80A01H501U"
OMOCODICE = "RSSMRA80A01H50MM"
ALTRO = "VRDLCU75T50F205F"


def ritorno(codice=CODICE, **altro):
    valori = {"fonte": "spid_oidc", "livello": "", "nome": "Maria Rossi", "email": ""}
    return Ritorno(impronta=impronta(codice), **{**valori, **altro})


def accogli(chi, email="maria@example.org"):
    return identita.accogli(chi, email, nome="Maria Rossi", lingua="it", adesso=timezone.now())


# --- The fiscal code ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scritto", [CODICE, f"TINIT-{CODICE}", CODICE.lower(), f" {CODICE} ", f"tinit-{CODICE}\n"]
)
def test_one_code_has_one_hash_however_it_is_written(scritto):
    assert impronta(scritto) == impronta(CODICE)


def test_the_hash_tells_nothing_of_the_code():
    assert len(impronta(CODICE)) == 64
    assert set(impronta(CODICE)) <= set("0123456789abcdef")


def test_who_got_letters_for_digits_is_somebody_else():
    assert impronta(OMOCODICE) != impronta(CODICE)


@pytest.mark.parametrize(
    "sbagliato",
    [
        "",
        "TINIT-",
        CODICE[:-1],
        CODICE[:-1] + "A",  # the check letter
        "RSSMRA80F01H501G",  # no such month
        "RSSMRA80A01H50AU",  # a letter that stands for no digit
        "12345678901",  # a company
        f"TINDE-{CODICE}",  # of another country
        f"{CODICE}{CODICE}",
        "ＲＳＳＭＲＡ８０Ａ０１Ｈ５０１Ｕ",
    ],
)
def test_what_is_no_fiscal_code_of_a_person_is_refused_without_repeating_it(sbagliato):
    with pytest.raises(identita.CodiceNonValido) as errore:
        impronta(sbagliato)

    assert str(errore.value) == ""


def test_the_hash_depends_on_the_secret(settings):
    prima = impronta(CODICE)
    settings.CHIAVE_IDENTITA = "k" * 40
    con_chiave = impronta(CODICE)
    settings.SECRET_KEY = "another-" * 8

    assert con_chiave != prima
    # With a key of its own, SECRET_KEY may change and people are still known.
    assert impronta(CODICE) == con_chiave


# --- One person, one account ----------------------------------------------------------------


@pytest.mark.django_db
def test_a_new_person_gets_an_account_without_password_and_with_her_address_confirmed():
    persona = accogli(ritorno(), "Maria@Example.org")

    assert (persona.email, persona.nome) == ("maria@example.org", "Maria Rossi")
    assert not persona.has_usable_password()
    indirizzo = EmailAddress.objects.get(user=persona)
    assert (indirizzo.email, indirizzo.verified, indirizzo.primary) == (
        "maria@example.org",
        True,
        True,
    )
    assert persona.identita.impronta == impronta(CODICE)


@pytest.mark.django_db
def test_twice_is_once_even_with_another_address_and_another_gateway():
    prima = accogli(ritorno())

    poi = accogli(ritorno(fonte="spid_saml"), "altra@example.org")

    assert poi == prima
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_an_account_that_has_the_address_is_joined_and_keeps_its_password():
    lei = UserFactory(email="maria@example.org")

    assert accogli(ritorno()) == lei
    lei.refresh_from_db()
    assert lei.check_password("una-password-lunga")


@pytest.mark.django_db
def test_her_second_confirmed_address_finds_her_account():
    lei = UserFactory(email="prima@example.org")
    EmailAddress.objects.create(user=lei, email="maria@example.org", verified=True)

    assert accogli(ritorno()) == lei


@pytest.mark.django_db
def test_who_took_her_address_before_her_without_confirming_it_is_shut_out():
    estranea = UserFactory(email="maria@example.org", verificata=False)

    persona = accogli(ritorno())

    estranea.refresh_from_db()
    assert persona == estranea
    assert not estranea.has_usable_password()
    assert EmailAddress.objects.get(user=estranea).verified


@pytest.mark.django_db
@pytest.mark.parametrize("potere", ["is_staff", "is_superuser"])
def test_an_account_of_the_office_is_not_joined_by_a_mailbox(potere):
    UserFactory(email="maria@example.org", **{potere: True})

    with pytest.raises(identita.EntraPrima):
        accogli(ritorno())

    assert not IdentitaVerificata.objects.exists()


@pytest.mark.django_db
def test_an_account_joined_to_another_identity_is_left_alone():
    lei = accogli(ritorno(ALTRO))

    with pytest.raises(identita.AltraIdentita):
        accogli(ritorno(CODICE))

    assert IdentitaVerificata.objects.get().impronta == impronta(ALTRO)
    assert list(User.objects.all()) == [lei]


@pytest.mark.django_db
def test_two_accounts_never_have_one_identity():
    accogli(ritorno())
    altra = UserFactory()

    with pytest.raises(identita.AltroAccount):
        identita.collega(altra, ritorno(), timezone.now())
    with pytest.raises(ValidationError):
        IdentitaVerificata(
            persona=altra, impronta=impronta(CODICE), fonte="spid_oidc"
        ).validate_unique()


@pytest.mark.django_db
def test_joining_again_changes_nothing():
    lei = UserFactory()

    for _volta in range(2):
        identita.collega(lei, ritorno(), timezone.now())

    assert IdentitaVerificata.objects.count() == 1


@pytest.mark.django_db
def test_it_is_forgotten_only_while_something_else_opens_the_account():
    con_password, con_indirizzo, senza = UserFactory(), UserFactory(), UserFactory()
    con_password.emailaddress_set.all().delete()
    for persona in (con_indirizzo, senza):
        persona.set_unusable_password()
        persona.save()
    senza.emailaddress_set.update(verified=False)
    for persona, codice in ((con_password, CODICE), (con_indirizzo, OMOCODICE), (senza, ALTRO)):
        identita.collega(persona, ritorno(codice), timezone.now())

    identita.scollega(con_password, timezone.now())
    identita.scollega(con_indirizzo, timezone.now())
    with pytest.raises(identita.SenzaAltroAccesso):
        identita.scollega(senza, timezone.now())

    assert [i.persona for i in IdentitaVerificata.objects.all()] == [senza]


@pytest.mark.django_db
def test_erasing_the_account_forgets_the_identity():
    lei = accogli(ritorno())

    lei.delete()

    assert not IdentitaVerificata.objects.exists()


# --- Answers, once --------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_answer_is_good_once_and_forgotten_when_it_has_expired():
    adesso = timezone.now()
    scade = adesso + timedelta(minutes=5)

    assert identita.usa_risposta("una", scade, adesso)
    assert not identita.usa_risposta("una", scade, adesso)
    assert identita.usa_risposta("altra", scade, adesso)
    dopo = scade + timedelta(minutes=11)
    assert identita.usa_risposta("terza", dopo + timedelta(minutes=5), dopo)

    assert RispostaUsata.objects.count() == 1


# --- She is told ----------------------------------------------------------------------------


def avvisi():
    return list(Messaggio.objects.order_by("pk").values_list("genere", "destinatario", "lingua"))


@pytest.mark.django_db
def test_who_joins_and_parts_from_an_identity_is_told_once_each_in_her_language(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    persona = UserFactory(lingua="en", nome="Mary")
    adesso = timezone.now()

    for _ in range(2):
        identita.collega(persona, ritorno(), adesso)
    for _ in range(2):
        identita.scollega(persona, adesso)
    identita.collega(persona, ritorno(), adesso)
    spedisci_dovuti()

    assert avvisi() == [
        ("identita_collegata", persona.email, "en"),
        ("identita_scollegata", persona.email, "en"),
        ("identita_collegata", persona.email, "en"),
    ]
    assert len(mail.outbox) == 3
    assert all("Mary" in partita.body for partita in mail.outbox)
    assert CODICE not in "".join(partita.body for partita in mail.outbox)


@pytest.mark.django_db
def test_an_account_that_is_joined_by_its_mailbox_is_told_and_a_new_one_is_not():
    esistente = UserFactory(email="maria@example.org")
    accogli(ritorno())
    accogli(ritorno(ALTRO), "nuova@example.org")

    assert avvisi() == [("identita_collegata", esistente.email, "it")]


@pytest.mark.django_db
def test_what_was_not_joined_is_not_told():
    lei, altra = UserFactory(), UserFactory()
    identita.collega(lei, ritorno(), timezone.now())
    prima = avvisi()
    with pytest.raises(identita.AltroAccount):
        identita.collega(altra, ritorno(), timezone.now())
    with pytest.raises(identita.AltraIdentita):
        identita.collega(lei, ritorno(ALTRO), timezone.now())

    assert avvisi() == prima


@pytest.mark.django_db
def test_who_is_gone_is_told_nothing():
    persona = UserFactory()
    identita.collega(persona, ritorno(), timezone.now())
    User.objects.filter(pk=persona.pk).delete()
    spedisci_dovuti()

    assert Messaggio.objects.get().stato == "annullato"
