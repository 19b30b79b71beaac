"""The desk: one screen, from the choice of the meeting to the undoing of a mistake."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from eventi import services
from eventi.models import Incontro, Iscrizione, Telefonata
from posta.models import Messaggio
from posta.services import spedisci_dovuti
from tests.factories import IncontroFactory, IscrizioneFactory, LaboratorioFactory, SedeFactory
from tests.moduli import modulo
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

BANCO = "/admin/eventi/incontro/sportello/"


@pytest.fixture
def io(client):
    return entra(client, "ufficio")


def porta(incontro, nome):
    return reverse(f"admin:eventi_incontro_{nome}", args=[incontro.pk])


def _registra(client, incontro, **campi):
    url = f"{BANCO}?incontro={incontro.pk}"
    dati = {
        "nome": "Anna Bianchi",
        "telefono": "0523 111111",
        "posti_richiesti": "1",
        "canale": "sportello",
        "lingua": "it",
        **campi,
    }
    return client.post(url, dati, follow=True)


@pytest.mark.parametrize("ruolo", RUOLI)
def test_only_who_registers_people_finds_the_desk(client, ruolo):
    incontro = IncontroFactory()
    IscrizioneFactory(incontro=incontro, nome="Segreta Persona")
    entra(client, ruolo)
    puo = ruolo in ("ufficio", "amministratrice")
    atteso = 302 if ruolo == "anonima" else 200 if puo else 404

    risposte = [
        client.get(BANCO),
        client.get(f"{BANCO}?incontro={incontro.pk}"),
        client.post(porta(incontro, "iscrivi_doppioni"), {"nome": "Segreta Persona"}),
    ]

    assert [risposta.status_code for risposta in risposte] == [atteso] * 3
    assert ("Segreta" in risposte[2].content.decode()) is puo
    disfa = client.post(porta(incontro, "iscrivi_disfa"), {"iscrizione": "1"})
    assert disfa.status_code == (302 if ruolo == "anonima" else 404)


def test_a_few_letters_choose_the_meeting(client, io):
    besurica = LaboratorioFactory(nome="Besurica")
    uno = IncontroFactory(titolo="Che verde vogliamo", laboratorio=besurica)
    IncontroFactory(titolo="Strade sicure", sede=SedeFactory(nome="Sala verde"))
    IncontroFactory(titolo="Verde, bozza", stato=Incontro.Stato.BOZZA)
    IncontroFactory(titolo="Verde, passato", passato=True)
    IncontroFactory(titolo="Verde senza iscrizione", con_iscrizione=False)

    def trovati(cercato):
        response = client.get(BANCO, {"cerca": cercato})
        return [e.split(",")[0] for _pk, e in response.context["banco"]["trovati"]]

    assert trovati("verdi") == ["Che verde vogliamo", "Strade sicure"]
    assert trovati("zanzare") == []
    assert client.get(BANCO, {"cerca": "besurica"})["Location"] == f"{BANCO}?incontro={uno.pk}"


def test_the_last_one_is_told_and_the_first_field_is_ready(client, io):
    incontro = IncontroFactory()

    pagina = _registra(client, incontro)

    assert pagina.redirect_chain == [
        (
            f"{BANCO}?incontro={incontro.pk}&canale=sportello&ultima={Iscrizione.objects.get().pk}",
            302,
        )
    ]
    assert pagina.context["ultima"].nome == "Anna Bianchi"
    assert pagina.context["form"].fields["nome"].widget.attrs["autofocus"] is True
    assert "Era un errore: annullala" in pagina.content.decode()


def test_a_mistake_is_undone_and_its_mail_does_not_leave(client, io):
    incontro = IncontroFactory(posti=1)
    _registra(client, incontro, email="anna@example.org")
    iscrizione = Iscrizione.objects.get()

    dati = {"iscrizione": iscrizione.pk, "banco": "1"}
    response = client.post(porta(incontro, "iscrivi_disfa"), dati)

    assert response["Location"] == f"{BANCO}?incontro={incontro.pk}&canale=sportello"
    iscrizione.refresh_from_db()
    incontro.refresh_from_db()
    assert (iscrizione.stato, incontro.posti_occupati) == ("annullata", 0)
    assert iscrizione.passaggi.last().autore == io
    assert list(Messaggio.objects.values_list("genere", "stato")) == [("confermata", "annullato")]


def test_who_has_read_the_confirmation_is_told_and_who_has_no_address_is_not_called(client, io):
    incontro = IncontroFactory()
    _registra(client, incontro, email="anna@example.org")
    _registra(client, incontro, nome="Zaira Verdi", telefono="0523 222222")
    spedisci_dovuti()

    for iscrizione in Iscrizione.objects.all():
        client.post(porta(incontro, "iscrivi_disfa"), {"iscrizione": iscrizione.pk})

    assert sorted(Messaggio.objects.values_list("genere", "stato")) == [
        ("confermata", "inviato"),
        ("iscrizione_annullata", "in_coda"),
    ]
    assert Telefonata.objects.count() == 0


def test_what_is_not_hers_or_is_older_is_not_undone(client, io):
    incontro = IncontroFactory()
    altrui = IscrizioneFactory(incontro=incontro)
    _registra(client, incontro)
    mia = Iscrizione.objects.get(registrata_da=io)
    dopo = timezone.now() + timedelta(minutes=16)

    assert (
        client.post(porta(incontro, "iscrivi_disfa"), {"iscrizione": altrui.pk}).status_code == 404
    )
    with pytest.raises(services.Rifiuto, match="Ormai non si disfa più"):
        services.disfa_dall_ufficio(mia, autore=io, adesso=dopo)
    mia.refresh_from_db()
    assert mia.stato == "confermata"


def test_who_may_be_the_same_person_is_shown_while_typing(client, io):
    incontro = IncontroFactory()
    IscrizioneFactory(incontro=incontro, nome="Anna Bianchi", telefono="0523 111111", email=None)
    IscrizioneFactory(nome="Anna Bianchi", telefono="0523 111111")

    def trovate(**dati):
        html = client.post(porta(incontro, "iscrivi_doppioni"), dati).content.decode()
        return html.count("<li>")

    assert trovate(nome="Ana Bianchi") == 1
    assert trovate(nome="Carlo", telefono="+39 0523-111111") == 1
    assert trovate(nome="Anna Bianchi", telefono="0523 222222") == 0
    assert trovate(nome="", telefono="") == 0


def test_with_no_seat_left_the_button_says_where_she_goes(client, io):
    incontro = IncontroFactory(posti=1)
    IscrizioneFactory(incontro=incontro)

    pagina = client.get(f"{BANCO}?incontro={incontro.pk}")
    client.post(f"{BANCO}?incontro={incontro.pk}", modulo(pagina, nome="Zaira", telefono="1"))

    assert "Iscrivi o metti in lista d" in pagina.content.decode()
    assert Iscrizione.objects.get(nome="Zaira").stato == "lista_attesa"
