"""The office's screens of who sits: lists, doors, sheets, rules."""

import io
from datetime import timedelta

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from portale.lib import scelte
from posta.models import Messaggio
from tavolo import da_fare
from tavolo.models import (
    Componente,
    Garante,
    ImpostazioniTavolo,
    Organizzazione,
    RichiestaAdesione,
    Seggio,
)
from tests.factories import (
    ComponenteFactory,
    GaranteFactory,
    LaboratorioFactory,
    OrganizzazioneFactory,
    PercorsoFactory,
    RichiestaAdesioneFactory,
    SeggioFactory,
    UserFactory,
)
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db


@pytest.fixture
def ufficio(client):
    return entra(client, "ufficio")


def oggi():
    return timezone.localdate()


def elenco(modello):
    return f"/admin/tavolo/{modello}/"


def porta(obj, nome):
    return reverse(f"admin:tavolo_{obj._meta.model_name}_{nome}", args=[obj.pk])


PORTE = {
    "organizzazione": ("change", "seggio"),
    "seggio": ("change", "componente", "ruolo", "concludi"),
    "componente": ("change", "invita", "reinvita", "indirizzo", "sostituisci", "termina"),
    "richiestaadesione": ("change", "accogli", "respingi"),
    "garante": ("change", "termina"),
    "impostazionitavolo": ("change",),
}


@pytest.mark.parametrize("ruolo", RUOLI)
def test_permission_matrix_of_who_sits(client, ruolo):
    garante = GaranteFactory(persona__nome="Segreta Garante")
    componente = ComponenteFactory(nome="Segreta Persona")
    righe = {
        "organizzazione": componente.seggio.organizzazione,
        "seggio": componente.seggio,
        "componente": componente,
        "richiestaadesione": RichiestaAdesioneFactory(contatto="Segreta Carla"),
        "garante": garante,
        "impostazionitavolo": ImpostazioniTavolo.objects.create(percorso=garante.percorso),
    }
    entra(client, ruolo)
    atteso = {"anonima": 302, "ufficio": 200, "amministratrice": 200}.get(ruolo, 404)
    pagine = [elenco(modello) for modello in PORTE]
    pagine += [porta(righe[modello], nome) for modello in PORTE for nome in PORTE[modello]]
    pagine += [f"{elenco(modello)}add/" for modello in ("seggio", "garante", "organizzazione")]
    pagine += [f"{elenco('organizzazione')}esporta/"]

    for pagina in pagine:
        response = client.get(pagina)
        # Django's own pages say 403 where ours say that there is nothing; the portal says 404.
        assert response.status_code == atteso, pagina
        if atteso != 200:
            assert "Segreta" not in response.content.decode()
    client.post(porta(componente.seggio, "concludi"), {"al": oggi()})
    client.post(porta(righe["richiestaadesione"], "respingi"), {"risposta": "No."})
    fatto = atteso == 200
    assert (Seggio.objects.get().al, RichiestaAdesione.objects.get().stato) == (
        oggi() if fatto else None,
        "respinta" if fatto else "nuova",
    )


@pytest.mark.parametrize("righe", [1, 3])
@pytest.mark.parametrize(
    ("modello", "quante"),
    [
        ("organizzazione", 9),
        ("seggio", 8),
        ("componente", 7),
        ("richiestaadesione", 7),
        ("garante", 7),
        ("impostazionitavolo", 6),
    ],
)
def test_the_lists_ask_as_often_for_one_row_as_for_three(
    client, ufficio, modello, quante, righe, django_assert_num_queries
):
    for _n in range(righe):
        componente = ComponenteFactory()
        RichiestaAdesioneFactory()
        garante = GaranteFactory()
        ImpostazioniTavolo.objects.create(percorso=garante.percorso)
        componente.seggio.organizzazione.laboratori.set([LaboratorioFactory()])

    with django_assert_num_queries(quante):
        response = client.get(elenco(modello))
    assert len(response.context["cl"].result_list) == righe


def test_the_filters_answer_what_the_office_asks(client, ufficio):
    ieri = oggi() - timedelta(days=1)
    vuoto = SeggioFactory(organizzazione__nome="Vuoto")
    finito = SeggioFactory(organizzazione__nome="Finito", al=ieri)
    mai = OrganizzazioneFactory(nome="Mai")
    invitata = ComponenteFactory(nome="Invitata", invitato=True)
    muta = ComponenteFactory(nome="Muta", invitato=True, invitato_at=None)
    ComponenteFactory(nome="Entrata", seggio__organizzazione__nome="Pieno")
    ComponenteFactory(nome="Cessata", seggio=vuoto, al=ieri)

    def nomi(modello, filtro):
        righe = client.get(f"{elenco(modello)}?{filtro}").context["cl"].result_list
        return sorted(getattr(riga, "nome", str(riga)) for riga in righe)

    seduti = sorted([str(muta.seggio), str(invitata.seggio), "Pieno", "Vuoto"])
    assert nomi("seggio", "") == seduti
    assert nomi("seggio", "quando=finiti") == [str(finito)]
    assert nomi("seggio", "quando=futuri") == []
    assert len(nomi("seggio", "quando=tutti")) == 5
    assert nomi("seggio", "manca=titolare") == ["Vuoto"]
    assert nomi("seggio", "manca=entrata") == [n for n in seduti if n != "Pieno"]
    assert len(nomi("seggio", "manca=supplente")) == 4
    assert nomi("componente", "") == ["Entrata", "Invitata", "Muta"]
    assert nomi("componente", "punto=da_invitare") == ["Muta"]
    assert nomi("componente", "punto=invitati") == ["Invitata"]
    assert nomi("componente", "punto=entrati") == ["Entrata"]
    assert nomi("componente", "punto=finiti") == ["Cessata"]
    assert nomi("componente", "punto=futuri") == []
    assert len(nomi("componente", "punto=tutti")) == 4
    assert nomi("organizzazione", "al_tavolo=si") == seduti
    assert nomi("organizzazione", "al_tavolo=prima") == ["Finito"]
    assert nomi("organizzazione", "al_tavolo=mai") == [mai.nome]
    assert da_fare.da_invitare(timezone.now()).quanti == 1


def test_from_an_organisation_to_its_invited_titolare(client, ufficio):
    percorso = PercorsoFactory()
    client.post(
        f"{elenco('organizzazione')}add/",
        {
            "nome": "Orti",
            "slug": "orti",
            "genere": "associazione",
            "seggi-TOTAL_FORMS": 0,
            "seggi-INITIAL_FORMS": 0,
        },
    )
    orti = Organizzazione.objects.get()
    dati = {"percorso": percorso.pk, "ruolo": "componente", "dal": oggi()}
    client.post(porta(orti, "seggio"), dati)
    seggio = Seggio.objects.get()
    # The same door again, and the list's own "add", are refused by the service.
    for pagina in (porta(orti, "seggio"), f"{elenco('seggio')}add/"):
        response = client.post(pagina, {**dati, "organizzazione": orti.pk})
        assert response.context["form"].non_field_errors()
    assert Seggio.objects.count() == 1

    persona = {"ruolo": "titolare", "nome": "Ada", "email": "ada@example.org", "dal": oggi()}
    client.post(porta(seggio, "componente"), {**persona, "invita": "on"})
    ada = Componente.objects.get()
    assert Messaggio.objects.get().destinatario == "ada@example.org"
    assert b"Ada" in client.get(porta(seggio, "change")).content

    # A double click on "another invitation": one mail, the second is told.
    pagina = porta(ada, "reinvita")
    visto = client.get(pagina).context["form"].initial["visto"]
    client.post(pagina, {"visto": visto})
    response = client.post(pagina, {"visto": visto})
    assert response.context["form"].non_field_errors()
    assert Messaggio.objects.count() == 2
    # What the log keeps for ever names no person.
    assert "Ada" not in "".join(LogEntry.objects.values_list("object_repr", flat=True))


def test_a_mandate_is_replaced_corrected_and_ended_at_its_doors(client, ufficio):
    ada = ComponenteFactory(invitato=True, invitato_at=None)
    client.post(porta(ada, "invita"))
    client.post(porta(ada, "indirizzo"), {"email": "Giusta@example.org"})
    bea = {"nome": "Bea", "email": "bea@example.org", "dal": oggi(), "motivo": "Lascia."}
    client.post(porta(ada, "sostituisci"), bea)
    ada.refresh_from_db()
    nuova = Componente.objects.exclude(pk=ada.pk).get()
    assert (ada.email, ada.al, nuova.invitato_at) == (
        "giusta@example.org",
        oggi() - timedelta(days=1),
        None,
    )
    client.post(porta(nuova, "termina"), {"al": oggi() + timedelta(days=30), "motivo": ""})
    nuova.refresh_from_db()
    assert nuova.al == oggi() + timedelta(days=30)
    storia = client.get(porta(ada, "change"))
    assert "Lascia." in storia.content.decode()
    assert storia.context["porte"] == []
    client.post(porta(ada.seggio, "ruolo"), {"ruolo": "segreteria"})
    assert Seggio.objects.get().ruolo == "segreteria"


def test_nothing_of_a_mandate_is_written_by_hand_or_deleted(client, ufficio):
    ada = ComponenteFactory()
    client.post(porta(ada, "change"), {"nome": "Altra", "al": "2020-01-01"})
    assert client.get(f"{elenco('componente')}add/").status_code == 404
    for riga in (ada, ada.seggio, ada.seggio.organizzazione):
        assert client.get(porta(riga, "delete")).status_code == 404
    ada.refresh_from_db()
    assert (ada.nome.startswith("Delegata"), ada.al) == (True, None)
    assert client.get(porta(OrganizzazioneFactory(), "delete")).status_code == 200


def test_a_request_is_answered_at_its_doors_and_its_age_is_shown(client, ufficio):
    adesso = timezone.now()
    assert da_fare.adesioni(adesso) == da_fare.Conto(0, None, False)
    vecchia = RichiestaAdesioneFactory(nome="Orti", created_at=adesso - timedelta(days=20))
    RichiestaAdesioneFactory(nome="Altri", created_at=adesso)
    RichiestaAdesioneFactory(stato="respinta", risposta="No.")
    assert da_fare.adesioni(adesso) == da_fare.Conto(2, vecchia.created_at, True)
    pagina = client.get(elenco("richiestaadesione"))
    assert [str(r) for r in pagina.context["cl"].result_list] == ["Orti", "Altri"]
    assert pagina.content.decode().count("in ritardo:") == 1

    orti = OrganizzazioneFactory(nome="ORTI")
    form = client.get(porta(vecchia, "accogli")).context["form"]
    assert form.initial["organizzazione"] == orti
    client.post(
        porta(vecchia, "accogli"),
        {
            "organizzazione": orti.pk,
            "ruolo": "osservatore",
            "dal": oggi(),
            "invita_contatto": "on",
            "risposta": "",
        },
    )
    seggio = Seggio.objects.get()
    assert (seggio.organizzazione, seggio.ruolo, seggio.componenti.count()) == (
        orti,
        "osservatore",
        1,
    )
    assert client.get(porta(vecchia, "respingi")).context["chiusa"]
    assert [str(r) for r in da_rispondere(client)] == ["Altri"]
    assert client.post(porta(da_rispondere(client)[0], "respingi")).context["form"].errors


def da_rispondere(client):
    return list(client.get(elenco("richiestaadesione")).context["cl"].result_list)


def test_the_comitato_refuses_who_works_for_the_office_and_says_why(client, ufficio):
    percorso = PercorsoFactory()
    aggiungi = f"{elenco('garante')}add/"
    dati = {"percorso": percorso.pk, "dal": oggi()}
    response = client.post(aggiungi, {**dati, "email": ufficio.email.upper()})
    assert response.context["form"].non_field_errors() == [
        "Chi lavora per l'ufficio non può farne parte, perché vigila sull'ufficio."
    ]
    seduta = ComponenteFactory(seggio__percorso=percorso)
    response = client.post(aggiungi, {**dati, "email": seduta.persona.email})
    assert str(seduta.seggio) in response.context["form"].non_field_errors()[0]
    response = client.post(aggiungi, {**dati, "email": "nessuno@example.org"})
    assert list(response.context["form"].errors) == ["email"]
    assert Garante.objects.count() == 0

    client.post(aggiungi, {**dati, "email": UserFactory(nome="Garante Segreta").email})
    garante = Garante.objects.get()
    client.post(porta(garante, "termina"), {"al": oggi()})
    garante.refresh_from_db()
    assert garante.al == oggi()
    assert "Segreta" not in "".join(LogEntry.objects.values_list("object_repr", flat=True))


def test_the_rules_keep_questions_and_days_as_they_are_written(client, ufficio):
    percorso = PercorsoFactory()
    aggiungi = f"{elenco('impostazionitavolo')}add/"
    assert client.get(aggiungi).context["adminform"].form.initial["promemoria_giorni"] == "3, 1"
    dati = {
        "percorso": percorso.pk,
        "porta_aperta": "on",
        "numero_legale_percento": 50,
        "preavviso_giorni": 7,
        "correzioni_giorni": 7,
        "approvazione": "seduta",
        "promemoria_giorni": "1, 5;3",
        "criteri": "A chi serve?\n\nSi può fare?\n",
        "fonti": "",
    }
    sbagliate = client.post(
        aggiungi, {**dati, "promemoria_giorni": "domani", "criteri": "x" * 301}
    )
    assert sorted(sbagliate.context["adminform"].form.errors) == ["criteri", "promemoria_giorni"]
    client.post(aggiungi, dati)
    regole = ImpostazioniTavolo.objects.get()
    assert regole.promemoria_giorni == [5, 3, 1]

    def domande():
        return list(percorso.criteri_tavolo.values_list("ordine", "domanda"))

    assert domande() == [(1, "A chi serve?"), (2, "Si può fare?")]
    client.post(
        porta(regole, "change"), {**dati, "criteri": "Si può fare?\nQuanto costa?\nA chi serve?"}
    )
    assert domande() == [(1, "Si può fare?"), (2, "Quanto costa?"), (3, "A chi serve?")]
    assert client.get(porta(regole, "delete")).status_code == 404


@pytest.mark.parametrize("contatti", [True, False])
def test_the_sheets_have_contacts_only_on_request_and_leave_a_trace(client, ufficio, contatti):
    componente = ComponenteFactory(
        seggio__organizzazione__nome="Orti", seggio__organizzazione__contatto="Carla Segreta"
    )
    dati = {"contatti": "on"} if contatti else {}
    esporta = f"{elenco('organizzazione')}esporta/"
    risposta_csv = client.post(esporta, {"formato": "csv", **dati})
    testo = b"".join(risposta_csv).decode("utf-8-sig")
    libro = openpyxl.load_workbook(
        io.BytesIO(client.post(esporta, {"formato": "xlsx", **dati}).content)
    )
    righe = list(libro["organizzazioni"].values)
    assert (righe[1][0], "Orti" in testo) == ("Orti", True)
    assert ("Carla Segreta" in testo, "Carla Segreta" in righe[1]) == (contatti, contatti)
    assert componente.nome not in testo
    assert LogEntry.objects.count() == (2 if contatti else 0)


def test_a_seat_is_opened_for_an_organisation_however_old(client, ufficio, monkeypatch):
    monkeypatch.setattr(scelte, "QUANTE", 2)
    vecchia, *_altre = [OrganizzazioneFactory() for _n in range(4)]
    url = reverse("admin:tavolo_seggio_add")
    scelta = f'<option value="{vecchia.pk}" selected>'

    assert scelta not in client.get(url).text
    assert scelta in client.get(f"{url}?organizzazione={vecchia.pk}").text
