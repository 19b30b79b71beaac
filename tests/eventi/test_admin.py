import csv
import io
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pikepdf
import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from eventi.models import Incontro, Iscrizione, Necessita, Promemoria, Resoconto, RichiestaServizio
from posta.models import Messaggio
from tests.factories import (
    IncontroFactory,
    IscrizioneFactory,
    PercorsoFactory,
    ResocontoFactory,
    SedeFactory,
    ServizioFactory,
    UserFactory,
)
from tests.ruoli import RUOLI, entra

pytestmark = pytest.mark.django_db

ROMA = ZoneInfo("Europe/Rome")
Stato = Incontro.Stato


@pytest.fixture
def officer(client):
    return entra(client, "ufficio")


def porta(incontro, nome):
    return reverse(f"admin:eventi_incontro_{nome}", args=[incontro.pk])


def messaggi(response):
    return [str(messaggio) for messaggio in response.context["messages"]]


def errori(response):
    return response.context["form"].errors


# --- Who may do what ------------------------------------------------------------------------

LETTURE_INCONTRO = ("change", "history")
PORTE = ("pubblica", "sposta", "collegamento", "rinvia", "annulla", "svolto", "posti")
PERSONE = ("presenze", "esporta")
REGISTRA = ("iscrivi", "iscrivi_posti")


@pytest.mark.parametrize("ruolo", RUOLI)
def test_permission_matrix_of_a_meetings_pages(client, ruolo):
    incontro = IncontroFactory()
    IscrizioneFactory(incontro=incontro, nome="Segreta Persona", email="segreta@example.org")
    entra(client, ruolo)
    fuori = {"anonima": 302, "cittadina": 404}
    legge = fuori.get(ruolo, 200)
    agisce = fuori.get(ruolo, 200 if ruolo in ("ufficio", "amministratrice") else 404)

    attesi = {
        **dict.fromkeys(LETTURE_INCONTRO, legge),
        **dict.fromkeys((*PORTE, *PERSONE, *REGISTRA), agisce),
    }
    trovati = {}
    for nome in attesi:
        response = client.get(porta(incontro, nome))
        trovati[nome] = response.status_code
        if agisce != 200:
            assert "Segreta" not in response.content.decode()

    assert trovati == attesi
    assert client.get("/admin/eventi/incontro/").status_code == legge


@pytest.mark.parametrize("ruolo", RUOLI)
def test_permission_matrix_of_what_changes_a_meeting(client, ruolo):
    entra(client, ruolo)
    puo = ruolo in ("ufficio", "amministratrice")
    domani = timezone.now() + timedelta(days=1)
    doors = {
        "pubblica": ({"stato": Stato.BOZZA}, {}, Stato.PUBBLICATO),
        "rinvia": ({}, {"motivo": "Neve."}, Stato.RINVIATO),
        "annulla": ({}, {"motivo": "Neve."}, Stato.ANNULLATO),
        "svolto": ({"passato": True}, {}, Stato.SVOLTO),
        "sposta": (
            {"stato": Stato.RINVIATO},
            {
                "inizio": f"{domani:%Y-%m-%dT%H:%M}",
                "fine": f"{domani + timedelta(hours=2):%Y-%m-%dT%H:%M}",
                "motivo": "C'è la sala.",
            },
            Stato.PUBBLICATO,
        ),
    }
    for nome, (campi, dati, dopo) in doors.items():
        incontro = IncontroFactory(**campi)
        prima = incontro.stato

        response = client.post(porta(incontro, nome), dati)

        incontro.refresh_from_db()
        assert incontro.stato == (dopo if puo else prima), nome
        assert response.status_code == (404 if not puo and ruolo != "anonima" else 302)


@pytest.mark.parametrize("ruolo", RUOLI)
def test_permission_matrix_of_registrations(client, ruolo):
    iscrizione = IscrizioneFactory(nome="Segreta Persona")
    entra(client, ruolo)
    atteso = {"anonima": 302, "ufficio": 200, "amministratrice": 200}.get(ruolo, 404)
    pagine = [
        "/admin/eventi/iscrizione/",
        f"/admin/eventi/iscrizione/?incontro={iscrizione.incontro_id}",
        *(
            reverse(f"admin:eventi_iscrizione_{nome}", args=[iscrizione.pk])
            for nome in ("change", "annulla", "conferma", "posti", "history")
        ),
    ]

    responses = [client.get(pagina) for pagina in pagine]

    assert [response.status_code for response in responses] == [atteso] * len(pagine)
    if atteso != 200:
        for response in responses:
            assert "Segreta" not in response.content.decode()
    assert client.get("/admin/eventi/iscrizione/add/").status_code == (
        302 if ruolo == "anonima" else 404
    )
    assert client.post(
        reverse("admin:eventi_iscrizione_delete", args=[iscrizione.pk]), {"post": "yes"}
    ).status_code == (302 if ruolo == "anonima" else 404)
    assert Iscrizione.objects.filter(pk=iscrizione.pk).exists()


@pytest.mark.parametrize("ruolo", RUOLI)
def test_permission_matrix_of_reports(client, ruolo):
    """Who leads the tables writes a report; the office publishes it and keeps it."""
    fuori = {"anonima": 302, "cittadina": 404}
    scrive = ruolo in ("facilitatore", "ufficio", "amministratrice")
    pubblica = ruolo in ("ufficio", "amministratrice")
    bozza = ResocontoFactory(pubblicato_at=None)
    pubblicato = ResocontoFactory()
    entra(client, ruolo)

    def stato(nome, *args):
        return client.get(reverse(f"admin:eventi_resoconto_{nome}", args=args)).status_code

    assert stato("add") == fuori.get(ruolo, 200 if scrive else 404)
    assert stato("change", bozza.pk) == fuori.get(ruolo, 200)
    assert stato("pubblica", bozza.pk) == fuori.get(ruolo, 200 if pubblica else 404)
    response = client.post(
        reverse("admin:eventi_resoconto_change", args=[pubblicato.pk]), {"testo": "Altro."}
    )
    if not pubblica:
        assert response.status_code == fuori.get(ruolo, 404)
    pubblicato.refresh_from_db()
    assert pubblicato.testo == ResocontoFactory.testo


def test_only_who_may_read_needs_meets_them(client):
    """The office without that permission: everything else, and no trace of access needs."""
    servizio = ServizioFactory(descrizione="Stanza dei giochi")
    iscrizione = IscrizioneFactory(incontro=servizio.incontro)
    Necessita.objects.create(iscrizione=iscrizione, testo="cane guida")
    RichiestaServizio.objects.create(iscrizione=iscrizione, servizio=servizio)
    persona = UserFactory(is_staff=True)
    persona.user_permissions.add(
        *Permission.objects.filter(content_type__app_label="eventi").exclude(
            content_type__model="necessita"
        )
    )
    client.force_login(persona)
    pagine = {
        "scheda": reverse("admin:eventi_iscrizione_change", args=[iscrizione.pk]),
        "elenco": "/admin/eventi/iscrizione/?q=cane",
        "iscrivi": porta(servizio.incontro, "iscrivi"),
        "esporta": porta(servizio.incontro, "esporta"),
        "presenze": porta(servizio.incontro, "presenze"),
    }

    html = {nome: client.get(url).content.decode() for nome, url in pagine.items()}
    html["csv"] = b"".join(client.post(pagine["esporta"])).decode()

    for testo in html.values():
        assert "cane guida" not in testo
        assert "necessita" not in testo
        assert "ecessità di accesso" not in testo
    assert "cura dei bambini" not in html["scheda"] + html["csv"]
    # The search finds nobody by her needs, and the office with the permission reads them.
    assert client.get(pagine["elenco"]).context["cl"].result_count == 0
    entra(client, "ufficio")
    scheda = client.get(pagine["scheda"]).content.decode()
    assert "cane guida" in scheda
    assert "cura dei bambini" in scheda


def test_a_need_can_not_be_written_by_who_may_not_see_the_field(client):
    incontro = IncontroFactory()
    persona = UserFactory(is_staff=True)
    persona.user_permissions.add(Permission.objects.get(codename="add_iscrizione"))
    client.force_login(persona)

    client.post(porta(incontro, "iscrivi"), _chiamata(necessita="cane guida"))

    assert incontro.iscrizioni.count() == 1
    assert Necessita.objects.count() == 0


# --- The list of meetings -------------------------------------------------------------------


def test_the_list_says_how_many_seats_are_taken_and_who_waits(client, officer):
    incontro = IncontroFactory(posti=30, posti_riservati=2)
    IscrizioneFactory(incontro=incontro, posti_richiesti=2)
    IscrizioneFactory(incontro=incontro, in_attesa=True, posti_richiesti=3)
    IncontroFactory(posti=None)

    html = client.get("/admin/eventi/incontro/").content.decode()

    assert "2/28 (+3 in attesa)" in html
    assert "0 (senza limite)" in html


@pytest.mark.parametrize("righe", [1, 3])
def test_the_list_of_meetings_asks_as_often_for_one_row_as_for_three(
    client, officer, righe, django_assert_num_queries
):
    percorso = PercorsoFactory()
    for _n in range(righe):
        IscrizioneFactory(incontro=IncontroFactory(percorso=percorso, posti=9))

    with django_assert_num_queries(10):
        client.get("/admin/eventi/incontro/")


@pytest.mark.parametrize("righe", [1, 3])
def test_the_list_of_registrations_asks_as_often_for_one_row_as_for_three(
    client, officer, righe, django_assert_num_queries
):
    for _n in range(righe):
        IscrizioneFactory()

    with django_assert_num_queries(9):
        client.get("/admin/eventi/iscrizione/")


@pytest.mark.parametrize("righe", [1, 3])
def test_the_list_of_reports_asks_as_often_for_one_row_as_for_three(
    client, officer, righe, django_assert_num_queries
):
    for _n in range(righe):
        ResocontoFactory()

    with django_assert_num_queries(7):
        client.get("/admin/eventi/resoconto/")


def test_the_lists_answer_the_questions_of_the_office(client, officer):
    adesso = timezone.now()
    percorso = PercorsoFactory()
    quando = {
        "prossimo": (3, Stato.PUBBLICATO),
        "lontano": (20, Stato.PUBBLICATO),
        "bozza": (5, Stato.BOZZA),
        "da_chiudere": (-2, Stato.PUBBLICATO),
        "in_ritardo": (-40, Stato.SVOLTO),
    }
    for titolo, (giorni, stato) in quando.items():
        IncontroFactory(
            titolo=titolo, percorso=percorso, inizio=adesso + timedelta(days=giorni), stato=stato
        )

    def titoli(filtro):
        elenco = client.get(f"/admin/eventi/incontro/?quando={filtro}").context["cl"]
        return sorted(incontro.titolo for incontro in elenco.result_list)

    assert titoli("prossimi") == ["bozza", "lontano", "prossimo"]
    assert titoli("settimana") == ["bozza", "prossimo"]
    assert titoli("bozze") == ["bozza"]
    assert titoli("passati") == ["da_chiudere", "in_ritardo"]
    assert titoli("da_chiudere") == ["da_chiudere"]
    assert titoli("senza_resoconto") == ["da_chiudere", "in_ritardo"]
    assert titoli("in_ritardo") == ["in_ritardo"]


# --- Writing a meeting ----------------------------------------------------------------------


def _bozza(**campi):
    """What the form of a new meeting sends."""
    dati = {
        "percorso": campi.pop("percorso", None) or PercorsoFactory().pk,
        "genere": "workshop",
        "titolo": "Che verde vogliamo",
        "slug": "che-verde-vogliamo",
        "inizio": "2031-05-03T18:30",
        "fine": "2031-05-03T20:30",
        "ora_nota": "on",
        "modalita": "presenza",
        "con_iscrizione": "on",
        "posti": "30",
        "posti_riservati": "0",
        "fonti": "https://example.org/uno\n\nhttps://example.org/due",
        **_righe("servizi"),
    }
    return {**dati, **campi}


def _righe(prefisso, *righe, gia=0):
    """The inline rows of a form."""
    dati = {f"{prefisso}-TOTAL_FORMS": len(righe), f"{prefisso}-INITIAL_FORMS": gia}
    for numero, riga in enumerate(righe):
        dati |= {f"{prefisso}-{numero}-{campo}": valore for campo, valore in riga.items()}
    return dati


def test_a_new_meeting_is_a_draft_with_the_two_usual_reminders(client, officer):
    sede = SedeFactory()

    response = client.post("/admin/eventi/incontro/add/", _bozza(sede=sede.pk), follow=True)

    incontro = Incontro.objects.get()
    assert response.redirect_chain == [(porta(incontro, "change"), 302)]
    assert incontro.stato == Stato.BOZZA
    assert incontro.inizio == datetime(2031, 5, 3, 18, 30, tzinfo=ROMA)
    assert incontro.fonti == ["https://example.org/uno", "https://example.org/due"]
    assert list(incontro.promemoria.values_list("giorni", "ore", "dovuto_at")) == [
        (7, 0, datetime(2031, 4, 26, 18, 30, tzinfo=ROMA)),
        (1, 0, datetime(2031, 5, 2, 18, 30, tzinfo=ROMA)),
    ]


def test_the_form_of_a_new_meeting_proposes_the_active_process(client, officer):
    PercorsoFactory(stato="concluso")
    attivo = PercorsoFactory()

    form = client.get("/admin/eventi/incontro/add/").context["adminform"].form

    assert form.initial["percorso"] == attivo


def test_an_address_that_is_taken_is_told_with_a_way_out(client, officer):
    IncontroFactory(slug="che-verde-vogliamo")

    response = client.post("/admin/eventi/incontro/add/", _bozza())

    assert response.context["adminform"].form.errors == {
        "slug": [
            "C'è già un incontro con questo indirizzo: aggiungi per esempio il giorno, come "
            "«verde-in-zona-3-12-maggio»."
        ]
    }


def test_a_source_that_is_no_address_is_refused_by_name(client, officer):
    response = client.post("/admin/eventi/incontro/add/", _bozza(fonti="il giornale"))

    assert response.context["adminform"].form.errors == {
        "fonti": ["«il giornale» non è un indirizzo web: scrivine uno per riga, con https://."]
    }


def test_an_end_before_the_start_is_refused_with_everything_kept(client, officer):
    response = client.post("/admin/eventi/incontro/add/", _bozza(fine="2031-05-03T17:00"))

    assert response.context["adminform"].form.errors == {
        "fine": ["La fine viene prima dell'inizio."]
    }
    assert 'value="Che verde vogliamo"' in response.content.decode()


def _modifica(client, incontro, **campi):
    """Send the ordinary form back as the browser would, with these fields changed."""
    pagina = client.get(porta(incontro, "change"))
    dati = {}
    for form in [
        pagina.context["adminform"].form,
        *(form for gruppo in pagina.context["inline_admin_formsets"] for form in gruppo.formset),
    ]:
        for campo in form:
            valore = campo.value()
            if campo.name == "DELETE" or valore is None or valore is False:
                continue
            if isinstance(valore, datetime):
                valore = valore.astimezone(ROMA).strftime("%Y-%m-%dT%H:%M")
            dati[campo.html_name] = "on" if valore is True else valore
    for gruppo in pagina.context["inline_admin_formsets"]:
        dati |= {
            campo.html_name: campo.value()
            for campo in gruppo.formset.management_form
            if campo.value() is not None
        }
    return client.post(porta(incontro, "change"), {**dati, **campi})


def test_what_people_organise_by_does_not_change_in_the_form_of_a_published_meeting(
    client, officer
):
    incontro = IncontroFactory(posti=20)
    prima = Incontro.objects.values().get(pk=incontro.pk)

    response = _modifica(
        client,
        incontro,
        titolo="Titolo nuovo",
        inizio="2031-01-01T10:00",
        fine="2031-01-01T12:00",
        sede=str(SedeFactory().pk),
        posti="500",
        posti_riservati="3",
        slug="altro",
        ora_nota="",
        percorso=str(PercorsoFactory().pk),
        modalita="online",
        link_online="https://example.org/altrove",
    )

    assert response.status_code == 302
    dopo = Incontro.objects.values().get(pk=incontro.pk)
    cambiati = {campo for campo in dopo if dopo[campo] != prima[campo]}
    assert cambiati == {"titolo", "updated_at"}


def test_saving_the_form_gives_no_seat_back(client, officer, monkeypatch):
    """Somebody registers between the officer's look at the meeting and her save."""
    incontro = IncontroFactory(posti=20)
    vecchia = Incontro.objects.get(pk=incontro.pk)
    IscrizioneFactory(incontro=incontro, posti_richiesti=3)
    from eventi.admin import IncontroAdmin

    monkeypatch.setattr(IncontroAdmin, "get_object", lambda *args, **kwargs: vecchia)
    _modifica(client, vecchia, titolo="Titolo nuovo")

    incontro.refresh_from_db()
    assert (incontro.titolo, incontro.posti_occupati) == ("Titolo nuovo", 3)


def test_a_venue_that_is_not_known_any_more_does_not_stop_the_form(client, officer):
    """Moved to a venue to be announced: what the form can not change it does not refuse."""
    incontro = IncontroFactory(modalita="mista", link_online="https://example.org/a", sede=None)

    response = _modifica(client, incontro, titolo="Titolo nuovo")

    assert response.status_code == 302
    incontro.refresh_from_db()
    assert incontro.titolo == "Titolo nuovo"


def test_of_a_meeting_that_took_place_what_was_not_known_may_be_added(client, officer):
    incontro = IncontroFactory(passato=True, stato=Stato.SVOLTO, sede=None)
    inizio, sede = incontro.inizio, SedeFactory()

    _modifica(client, incontro, sede=str(sede.pk), inizio="2031-01-01T10:00")

    incontro.refresh_from_db()
    assert (incontro.sede, incontro.inizio) == (sede, inizio)


def test_reminders_change_through_their_door_and_follow_a_drafts_date(client, officer):
    incontro = IncontroFactory(
        stato=Stato.BOZZA,
        inizio=datetime(2031, 5, 3, 18, 30, tzinfo=ROMA),
        fine=datetime(2031, 5, 3, 20, 30, tzinfo=ROMA),
    )
    settimana = Promemoria.objects.create(incontro=incontro, giorni=7)
    giorno = Promemoria.objects.create(incontro=incontro, giorni=1)

    response = _modifica(
        client,
        incontro,
        inizio="2031-05-10T18:30",
        fine="2031-05-10T20:30",
        **_righe(
            "promemoria",
            {"id": settimana.pk, "incontro": incontro.pk, "giorni": 7, "ore": 0, "DELETE": "on"},
            {"id": giorno.pk, "incontro": incontro.pk, "giorni": 1, "ore": 0},
            {"incontro": incontro.pk, "giorni": 0, "ore": 3},
            gia=2,
        ),
    )

    assert response.status_code == 302
    assert list(incontro.promemoria.values_list("giorni", "ore", "dovuto_at")) == [
        (1, 0, datetime(2031, 5, 9, 18, 30, tzinfo=ROMA)),
        (0, 3, datetime(2031, 5, 10, 15, 30, tzinfo=ROMA)),
    ]


def test_a_service_that_somebody_asked_for_is_not_taken_away(client, officer):
    servizio = ServizioFactory()
    RichiestaServizio.objects.create(
        iscrizione=IscrizioneFactory(incontro=servizio.incontro), servizio=servizio
    )

    response = _modifica(client, servizio.incontro, **{"servizi-0-DELETE": "on"})

    assert "lo hanno già chiesto 1 persone" in response.content.decode()
    assert servizio.incontro.servizi.count() == 1


def test_only_drafts_without_registrations_are_deleted(client, officer):
    pubblicato = IncontroFactory()
    bozza_con = IncontroFactory(stato=Stato.BOZZA)
    IscrizioneFactory(incontro=bozza_con)
    bozza = IncontroFactory(stato=Stato.BOZZA)

    stati = [
        client.post(
            reverse("admin:eventi_incontro_delete", args=[incontro.pk]), {"post": "yes"}
        ).status_code
        for incontro in (pubblicato, bozza_con, bozza)
    ]
    client.post(
        "/admin/eventi/incontro/",
        {"action": "delete_selected", "_selected_action": [pubblicato.pk], "post": "yes"},
    )

    assert stati == [404, 404, 302]
    assert set(Incontro.objects.all()) == {pubblicato, bozza_con}


# --- The doors ------------------------------------------------------------------------------


def test_publishing_shows_what_will_be_read_and_leaves_a_trace(client, officer):
    incontro = IncontroFactory(stato=Stato.BOZZA, sede=None)

    pagina = client.get(porta(incontro, "pubblica")).content.decode()
    response = client.post(porta(incontro, "pubblica"), follow=True)

    assert "sede da comunicare <strong>(controlla)</strong>" in pagina
    assert messaggi(response) == ["Pubblicato: ora si vede sul sito."]
    incontro.refresh_from_db()
    passaggio = incontro.passaggi.get()
    assert (passaggio.da, passaggio.a, passaggio.autore) == ("bozza", "pubblicato", officer)
    assert "bozza → pubblicato" in response.content.decode()
    assert LogEntry.objects.get().change_message == "Pubblica l'incontro"


def test_the_refusal_of_a_door_is_shown_and_changes_nothing(client, officer):
    incontro = IncontroFactory(stato=Stato.BOZZA, inizio=None)

    response = client.post(porta(incontro, "pubblica"))

    assert errori(response) == {"__all__": ["Manca la data di inizio."]}
    incontro.refresh_from_db()
    assert incontro.stato == Stato.BOZZA
    assert LogEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("nome", "stato"),
    [("pubblica", Stato.SVOLTO), ("sposta", Stato.ANNULLATO), ("posti", Stato.BOZZA)],
)
def test_a_door_that_is_not_for_this_state_says_why_and_offers_no_button(
    client, officer, nome, stato
):
    html = client.get(porta(IncontroFactory(stato=stato), nome)).content.decode()

    assert 'class="avviso-ufficio"' in html
    assert '<div class="submit-row">' not in html


def test_moving_says_before_how_many_will_be_told_and_then_tells_them(client, officer):
    incontro = IncontroFactory()
    IscrizioneFactory(incontro=incontro)
    IscrizioneFactory(incontro=incontro)
    IscrizioneFactory(incontro=incontro, email=None, telefono="0523 000000")
    IscrizioneFactory(incontro=incontro, stato=Iscrizione.Stato.RINUNCIATA, posti=0)

    pagina = client.get(porta(incontro, "sposta"))
    response = client.post(
        porta(incontro, "sposta"),
        {
            "inizio": "2031-05-10T18:30",
            "fine": "2031-05-10T20:30",
            "sede": incontro.sede_id,
            "motivo": "La sala è occupata.",
        },
    )

    assert pagina.context["conseguenze"] == [
        "Riceveranno subito una e-mail 2 persone iscritte.",
        "1 persona non ha una e-mail: chiamala tu.",
    ]
    assert response.status_code == 302
    incontro.refresh_from_db()
    assert incontro.inizio == datetime(2031, 5, 10, 18, 30, tzinfo=ROMA)
    assert Messaggio.objects.filter(genere="spostato").count() == 2
    elenco = client.get(pagina.context["da_chiamare_url"]).context["cl"].result_list
    assert [iscrizione.telefono for iscrizione in elenco] == ["0523 000000"]


@pytest.mark.parametrize("nome", ["rinvia", "annulla", "sposta"])
def test_no_door_that_tells_people_opens_without_a_reason(client, officer, nome):
    incontro = IncontroFactory()
    IscrizioneFactory(incontro=incontro)

    response = client.post(
        porta(incontro, nome), {"inizio": "2031-05-10T18:30", "fine": "2031-05-10T20:30"}
    )

    assert errori(response) == {"motivo": ["Scrivi il motivo: chi è iscritto lo leggerà."]}
    assert Messaggio.objects.count() == 0


def test_new_seats_go_to_the_waiting_list_at_once(client, officer):
    incontro = IncontroFactory(posti=1)
    IscrizioneFactory(incontro=incontro)
    attende = IscrizioneFactory(incontro=incontro, in_attesa=True)

    client.post(porta(incontro, "posti"), {"posti": "2", "posti_riservati": "0"})

    attende.refresh_from_db()
    assert attende.stato == Iscrizione.Stato.POSTO_OFFERTO


def test_a_new_link_is_told_and_its_absence_of_reason_is_no_fault(client, officer):
    incontro = IncontroFactory()
    IscrizioneFactory(incontro=incontro)

    pagina = client.get(porta(incontro, "collegamento"))
    response = client.post(
        porta(incontro, "collegamento"),
        {"modalita": "mista", "link_online": "example.org/stanza"},
        follow=True,
    )

    assert pagina.context["form"]["modalita"].value() == "presenza"
    assert pagina.context["conseguenze"] == ["Riceverà subito una e-mail 1 persona iscritta."]
    assert messaggi(response) == ["Collegamento cambiato: gli avvisi stanno partendo."]
    incontro.refresh_from_db()
    assert (incontro.modalita, incontro.link_online) == ("mista", "https://example.org/stanza")
    assert incontro.passaggi.get().autore == officer
    assert Messaggio.objects.get().genere == "collegamento"


def test_a_refused_link_keeps_what_was_typed(client, officer):
    incontro = IncontroFactory(sede=None, modalita="online")

    response = client.post(
        porta(incontro, "collegamento"),
        {
            "modalita": "mista",
            "link_online": "https://example.org/stanza",
            "motivo": "Serve a chi è lontano.",
        },
    )

    assert errori(response) == {
        "__all__": ["Un incontro in presenza ha bisogno di una sede: prima indicala con «Sposta»."]
    }
    html = response.content.decode()
    assert 'value="https://example.org/stanza"' in html
    assert "Serve a chi è lontano." in html


def test_doors_refuse_a_request_that_comes_from_another_site(officer):
    from django.test import Client

    altro = Client(enforce_csrf_checks=True)
    altro.force_login(officer)
    incontro = IncontroFactory()

    response = altro.post(porta(incontro, "annulla"), {"motivo": "Neve."})

    assert response.status_code == 403
    incontro.refresh_from_db()
    assert incontro.stato == Stato.PUBBLICATO


def test_the_buttons_are_those_that_make_sense_now(client, officer):
    def bottoni(incontro):
        return [str(p.etichetta) for p in client.get(porta(incontro, "change")).context["porte"]]

    persone = ["Vedi le iscrizioni", "Esporta iscritti CSV", "Stampa fogli e locandina"]
    assert bottoni(IncontroFactory(stato=Stato.BOZZA)) == ["Pubblica"]
    assert bottoni(IncontroFactory()) == [
        "Iscrivi una persona",
        *persone,
        "Cambia i posti",
        "Sposta",
        "Cambia il collegamento",
        "Rinvia",
        "Annulla l'incontro",
    ]
    assert bottoni(IncontroFactory(con_iscrizione=False)) == [
        "Stampa fogli e locandina",
        "Sposta",
        "Cambia il collegamento",
        "Rinvia",
        "Annulla l'incontro",
    ]
    assert bottoni(IncontroFactory(stato=Stato.RINVIATO, inizio=None)) == [
        *persone,
        "Cambia i posti",
        "Sposta",
        "Annulla l'incontro",
    ]
    assert bottoni(IncontroFactory(passato=True)) == [
        "Segna come svolto",
        "Chiudi l'incontro",
        *persone,
        "Scrivi il resoconto",
    ]
    assert bottoni(IncontroFactory(stato=Stato.ANNULLATO)) == persone


# --- Registering by phone or at the desk ----------------------------------------------------


def _chiamata(**campi):
    return {
        "nome": "Anna Bianchi",
        "telefono": "0523 111111",
        "posti_richiesti": "1",
        "canale": "telefono",
        "lingua": "it",
        **campi,
    }


def test_a_person_who_calls_is_registered_in_one_screen_ready_for_the_next(client, officer):
    servizio = ServizioFactory(incontro__posti=10)
    incontro = servizio.incontro

    response = client.post(
        porta(incontro, "iscrivi"),
        _chiamata(
            nome="  Anna   Bianchi ",
            canale="sportello",
            posti_richiesti="2",
            servizi=[servizio.pk],
            necessita="un posto per la carrozzina",
        ),
        follow=True,
    )

    iscrizione = incontro.iscrizioni.get()
    assert (iscrizione.nome, iscrizione.stato, iscrizione.posti) == (
        "Anna Bianchi",
        "confermata",
        2,
    )
    assert (iscrizione.canale, iscrizione.registrata_da) == ("sportello", officer)
    assert iscrizione.necessita.testo == "un posto per la carrozzina"
    assert [richiesta.servizio for richiesta in iscrizione.richieste.all()] == [servizio]
    assert messaggi(response) == [
        "Anna Bianchi è iscritta: 2 posti. Non ha una e-mail: dille tu quando, dove e come "
        "disdire."
    ]
    form = response.context["form"]
    assert not form.is_bound
    assert form["canale"].value() == "sportello"
    assert form.fields["nome"].widget.attrs["autofocus"] is True
    assert (response.context["posti"]["occupati"], response.context["posti"]["liberi"]) == (2, 8)


def test_with_an_address_the_confirmation_leaves_at_once(client, officer):
    incontro = IncontroFactory()

    response = client.post(
        porta(incontro, "iscrivi"), _chiamata(email=" Anna@Example.org "), follow=True
    )

    assert messaggi(response) == [
        "Anna Bianchi è iscritta: 1 posto. Le stiamo scrivendo la conferma."
    ]
    assert Messaggio.objects.get().destinatario == "anna@example.org"


def test_an_address_that_is_registered_already_is_told_with_its_state(client, officer):
    incontro = IncontroFactory(posti=1)
    IscrizioneFactory(incontro=incontro)
    IscrizioneFactory(
        incontro=incontro, in_attesa=True, nome="Anna Bianchi", email="anna@example.org"
    )

    response = client.post(porta(incontro, "iscrivi"), _chiamata(email="ANNA@example.org"))

    assert errori(response) == {
        "email": ["Questo indirizzo è già iscritto: Anna Bianchi, in lista d'attesa, posti 1."]
    }
    assert response.context["form"].fields["email"].widget.attrs["autofocus"] is True
    assert 'value="0523 111111"' in response.content.decode()


@pytest.mark.parametrize(
    ("prima", "adesso", "avvisa"),
    [
        ({"telefono": "0523 111111"}, {"telefono": "+39 0523-111111"}, True),
        ({"telefono": "0523 111111"}, {"telefono": "0523 222222"}, False),
        ({"telefono": ""}, {"telefono": "0523 111111"}, True),
        ({"telefono": "", "email": "a@example.org"}, {"email": "b@example.org"}, False),
        ({"nome": "Anna Verdi", "telefono": "0523 111111"}, {}, True),
        ({"nome": "Bianchi Ana", "telefono": ""}, {}, True),
        ({"nome": "Anna Verdi", "telefono": "0523 222222"}, {}, False),
    ],
)
def test_the_same_name_and_telephone_is_a_warning_that_may_be_passed(
    client, officer, prima, adesso, avvisa
):
    incontro = IncontroFactory()
    IscrizioneFactory(
        incontro=incontro, **{"nome": "anna bianchi", "email": None, "telefono": "1", **prima}
    )

    response = client.post(porta(incontro, "iscrivi"), _chiamata(**adesso))

    assert incontro.iscrizioni.count() == (1 if avvisa else 2)
    if avvisa:
        assert errori(response)["__all__"][0].startswith("Forse è già registrata: ")
        client.post(porta(incontro, "iscrivi"), _chiamata(**adesso, comunque="on"))
        assert incontro.iscrizioni.count() == 2


def test_enter_pressed_twice_registers_once(client, officer):
    incontro = IncontroFactory()

    for _volta in range(2):
        client.post(porta(incontro, "iscrivi"), _chiamata())

    assert incontro.iscrizioni.count() == 1


def test_without_any_way_to_call_back_the_officer_is_warned(client, officer):
    incontro = IncontroFactory()

    response = client.post(porta(incontro, "iscrivi"), _chiamata(telefono=""))

    assert errori(response) == {
        "__all__": [
            "Senza telefono né e-mail non potremo avvisarla se l'incontro cambia. Chiedile un "
            "recapito."
        ]
    }
    client.post(porta(incontro, "iscrivi"), _chiamata(telefono="", comunque="on"))
    assert incontro.iscrizioni.count() == 1


def test_when_it_is_full_she_waits_in_line(client, officer):
    incontro = IncontroFactory(posti=1)
    IscrizioneFactory(incontro=incontro)

    response = client.post(porta(incontro, "iscrivi"), _chiamata(), follow=True)

    assert messaggi(response) == [
        "Anna Bianchi è in lista d'attesa, al posto 1. Non ha una e-mail: dille tu quando, dove "
        "e come disdire."
    ]


def test_beyond_the_seats_only_with_a_reason_that_stays_written(client, officer):
    incontro = IncontroFactory(posti=1)
    IscrizioneFactory(incontro=incontro)

    response = client.post(porta(incontro, "iscrivi"), _chiamata(oltre_il_limite="on"))
    assert errori(response) == {"motivo": ["Per andare oltre i posti serve un motivo."]}

    client.post(
        porta(incontro, "iscrivi"), _chiamata(oltre_il_limite="on", motivo="È la relatrice.")
    )
    iscrizione = incontro.iscrizioni.get(nome="Anna Bianchi")
    assert iscrizione.stato == "confermata"
    assert iscrizione.passaggi.get().motivo == "È la relatrice."


@pytest.mark.parametrize("posti", ["0", "6", "molti", ""])
def test_seats_outside_one_to_five_are_refused(client, officer, posti):
    incontro = IncontroFactory()

    response = client.post(porta(incontro, "iscrivi"), _chiamata(posti_richiesti=posti))

    assert list(errori(response)) == ["posti_richiesti"]
    assert incontro.iscrizioni.count() == 0


@pytest.mark.parametrize("campi", [{"stato": Stato.BOZZA}, {"passato": True}])
def test_nobody_is_registered_for_a_meeting_that_is_not_on(client, officer, campi):
    incontro = IncontroFactory(**campi)

    pagina = client.get(porta(incontro, "iscrivi")).content.decode()
    client.post(porta(incontro, "iscrivi"), _chiamata())

    assert 'id="iscrivi"' not in pagina
    assert incontro.iscrizioni.count() == 0


def test_the_seats_can_be_asked_for_alone(client, officer):
    incontro = IncontroFactory(posti=7)

    html = client.get(porta(incontro, "iscrivi_posti")).content.decode()

    assert "0 su 7" in html
    assert "<html" not in html


# --- Registrations --------------------------------------------------------------------------


def test_the_office_cancels_a_registration_with_a_reason(client, officer):
    iscrizione = IscrizioneFactory()
    url = reverse("admin:eventi_iscrizione_annulla", args=[iscrizione.pk])

    assert errori(client.post(url, {})) == {
        "motivo": ["Scrivi il motivo: chi è iscritto lo leggerà."]
    }
    response = client.post(url, {"motivo": "Doppione."}, follow=True)

    iscrizione.refresh_from_db()
    assert iscrizione.stato == "annullata"
    assert messaggi(response) == ["Iscrizione annullata."]
    assert Messaggio.objects.get().genere == "iscrizione_annullata"
    assert "Doppione." in response.content.decode()


def test_the_office_confirms_out_of_turn_with_a_reason(client, officer):
    incontro = IncontroFactory(posti=1)
    IscrizioneFactory(incontro=incontro)
    attende = IscrizioneFactory(incontro=incontro, in_attesa=True)
    url = reverse("admin:eventi_iscrizione_conferma", args=[attende.pk])

    client.post(url, {"motivo": "Fa da interprete."})

    attende.refresh_from_db()
    assert attende.stato == "confermata"


def porte_iscrizione(client, iscrizione):
    pagina = client.get(reverse("admin:eventi_iscrizione_change", args=[iscrizione.pk]))
    return [str(porta.etichetta) for porta in pagina.context["porte"]]


def test_the_buttons_of_a_registration_are_those_that_make_sense_now(client, officer):
    offerta = {"stato": Iscrizione.Stato.POSTO_OFFERTO}
    uscita = {"stato": Iscrizione.Stato.RINUNCIATA, "posti": 0}
    passato, rinviato = {"passato": True}, {"stato": Stato.RINVIATO, "inizio": None}

    def bottoni(incontro=None, **campi):
        iscrizione = IscrizioneFactory(incontro=IncontroFactory(**(incontro or {})), **campi)
        return porte_iscrizione(client, iscrizione)

    assert bottoni() == ["Cambia i posti", "Annulla l'iscrizione"]
    assert bottoni(in_attesa=True) == [
        "Conferma dall'ufficio",
        "Cambia i posti",
        "Annulla l'iscrizione",
    ]
    assert bottoni(**offerta) == ["Conferma dall'ufficio", "Annulla l'iscrizione"]
    assert bottoni(**uscita) == ["Conferma dall'ufficio"]
    assert bottoni(passato) == ["Annulla l'iscrizione"]
    assert bottoni(rinviato) == ["Annulla l'iscrizione"]


def test_the_office_changes_the_seats_of_a_person_who_calls(client, officer):
    iscrizione = IscrizioneFactory(incontro=IncontroFactory(posti=3))
    url = reverse("admin:eventi_iscrizione_posti", args=[iscrizione.pk])

    pagina = client.get(url)
    troppi = client.post(url, {"posti_richiesti": "4"})
    assert errori(troppi) == {
        "__all__": ["Non ci sono abbastanza posti liberi: l'iscrizione resta come prima."]
    }
    assert 'value="4"' in troppi.content.decode()
    response = client.post(url, {"posti_richiesti": "3"}, follow=True)

    assert pagina.context["form"]["posti_richiesti"].value() == 1
    assert pagina.context["posti"]["liberi"] == 2
    iscrizione.refresh_from_db()
    assert (iscrizione.posti, iscrizione.posti_richiesti) == (3, 3)
    passaggio = iscrizione.passaggi.get()
    assert (passaggio.attore, passaggio.autore) == ("ufficio", officer)
    assert messaggi(response) == ["Posti cambiati."]
    assert LogEntry.objects.get().object_repr == f"iscrizione {iscrizione.pk}"


@pytest.mark.parametrize("posti", ["0", "6", "molti", ""])
def test_the_seats_of_a_registration_go_from_one_to_five(client, officer, posti):
    iscrizione = IscrizioneFactory()
    url = reverse("admin:eventi_iscrizione_posti", args=[iscrizione.pk])

    assert list(errori(client.post(url, {"posti_richiesti": posti}))) == ["posti_richiesti"]


@pytest.mark.parametrize(
    ("incontro", "stato"),
    [({"passato": True}, "confermata"), ({}, "posto_offerto"), ({}, "rinunciata")],
)
def test_seats_that_can_not_change_now_are_told_and_have_no_button(
    client, officer, incontro, stato
):
    iscrizione = IscrizioneFactory(
        incontro=IncontroFactory(**incontro), stato=stato, posti=int(stato != "rinunciata")
    )
    url = reverse("admin:eventi_iscrizione_posti", args=[iscrizione.pk])

    html = client.get(url).content.decode()
    client.post(url, {"posti_richiesti": "3"})

    assert 'class="avviso-ufficio"' in html
    assert '<div class="submit-row">' not in html
    iscrizione.refresh_from_db()
    assert iscrizione.posti_richiesti == 1


def test_state_and_seats_of_a_registration_are_never_written_by_hand(client, officer):
    iscrizione = IscrizioneFactory(telefono="")
    prima = Iscrizione.objects.values().get(pk=iscrizione.pk)

    response = client.post(
        reverse("admin:eventi_iscrizione_change", args=[iscrizione.pk]),
        {
            "nome": iscrizione.nome,
            "telefono": "0523 111111",
            "lingua": "it",
            "promemoria_graditi": "on",
            "presente": "unknown",
            "stato": "annullata",
            "posti": "5",
            "posti_richiesti": "5",
            "email": "altra@example.org",
            "incontro": IncontroFactory().pk,
            **_righe("necessita"),
            **_righe("richieste"),
            **_righe("passaggi"),
        },
    )

    assert response.status_code == 302
    dopo = Iscrizione.objects.values().get(pk=iscrizione.pk)
    assert {campo for campo in dopo if dopo[campo] != prima[campo]} == {"telefono"}


def test_attendance_is_marked_for_confirmed_people_once_the_meeting_has_begun(client, officer):
    venuta = IscrizioneFactory(incontro=IncontroFactory(passato=True))
    in_lista = IscrizioneFactory(incontro=venuta.incontro, in_attesa=True)
    domani = IscrizioneFactory()

    response = client.post(
        "/admin/eventi/iscrizione/",
        {
            "action": "segna_presenti",
            "_selected_action": [venuta.pk, in_lista.pk, domani.pk],
        },
        follow=True,
    )

    assert [
        Iscrizione.objects.get(pk=iscrizione.pk).presente
        for iscrizione in (venuta, in_lista, domani)
    ] == [True, None, None]
    assert messaggi(response)[0] == "1 presenza segnata."


def test_the_form_takes_attendance_only_where_there_is_any(client, officer):
    def campi(iscrizione):
        pagina = client.get(reverse("admin:eventi_iscrizione_change", args=[iscrizione.pk]))
        return list(pagina.context["adminform"].form.fields)

    iniziato = IncontroFactory(passato=True)

    assert "presente" in campi(IscrizioneFactory(incontro=iniziato))
    assert "presente" not in campi(IscrizioneFactory(incontro=iniziato, in_attesa=True))
    assert "presente" not in campi(IscrizioneFactory())


def test_the_list_of_one_meeting_leaves_the_others_out(client, officer):
    mia, altra = IscrizioneFactory(nome="Anna"), IscrizioneFactory(nome="Bruna")

    response = client.get(f"/admin/eventi/iscrizione/?incontro={mia.incontro_id}")

    assert list(response.context["cl"].result_list) == [mia]
    assert altra.nome not in response.content.decode()
    assert client.get("/admin/eventi/iscrizione/?incontro=abc").context["cl"].result_count == 2


def test_the_log_that_no_purge_empties_holds_no_persons_name(client, officer):
    iscrizione = IscrizioneFactory(nome="Anna Bianchi")

    client.post(
        reverse("admin:eventi_iscrizione_annulla", args=[iscrizione.pk]), {"motivo": "Doppione."}
    )

    assert LogEntry.objects.get().object_repr == f"iscrizione {iscrizione.pk}"


# --- Lists to take away ---------------------------------------------------------------------


def _csv(client, incontro):
    response = client.post(porta(incontro, "esporta"))
    assert response.streaming
    testo = b"".join(response).decode()
    assert testo.startswith("\ufeff")
    return response, list(csv.DictReader(io.StringIO(testo[1:]), delimiter=";"))


def test_the_export_opens_right_in_excel_and_runs_nothing(client, officer):
    incontro = IncontroFactory(slug="verde")
    IscrizioneFactory(
        incontro=incontro, nome='=HYPERLINK("http://x")', telefono="+39 0523", email=None
    )
    IscrizioneFactory(incontro=incontro, nome="Rossi; Anna", presente=True, posti_richiesti=2)
    IscrizioneFactory(nome="di un altro incontro")

    response, righe = _csv(client, incontro)

    assert response["Content-Disposition"] == 'attachment; filename="iscritti-verde.csv"'
    assert [
        (riga["nome"], riga["telefono"], riga["posti"], riga["presente"]) for riga in righe
    ] == [
        ('\'=HYPERLINK("http://x")', "'+39 0523", "1", ""),
        ("Rossi; Anna", "", "2", "sì"),
    ]
    assert LogEntry.objects.get().change_message == "Esportati gli iscritti in CSV."


def test_the_columns_of_the_export_are_those_that_its_page_explains(client, officer):
    servizio = ServizioFactory()
    iscrizione = IscrizioneFactory(incontro=servizio.incontro)
    Necessita.objects.create(iscrizione=iscrizione, testo="-5 gradini al massimo")
    RichiestaServizio.objects.create(iscrizione=iscrizione, servizio=servizio)

    pagina = client.get(porta(servizio.incontro, "esporta"))
    _response, (riga,) = _csv(client, servizio.incontro)

    assert list(riga) == [nome for nome, _spiegazione in pagina.context["colonne"]]
    assert (riga["servizi"], riga["necessita"]) == ("cura dei bambini", "'-5 gradini al massimo")


@pytest.mark.parametrize("righe", [1, 3])
def test_the_export_asks_as_often_for_one_row_as_for_three(
    client, officer, righe, django_assert_num_queries
):
    servizio = ServizioFactory()
    for _n in range(righe):
        iscrizione = IscrizioneFactory(incontro=servizio.incontro)
        RichiestaServizio.objects.create(iscrizione=iscrizione, servizio=servizio)

    response = client.post(porta(servizio.incontro, "esporta"))
    with django_assert_num_queries(3):
        b"".join(response)


def _resoconto(incontro, *allegati, **campi):
    return {
        "incontro": incontro.pk,
        "testo": "Tre tavoli.",
        "fonti": "",
        **_righe("allegati", *allegati),
        **campi,
    }


def test_a_report_begins_with_the_meeting_and_how_many_came(client, officer):
    incontro = IncontroFactory(passato=True)
    IscrizioneFactory(incontro=incontro, presente=True, posti_richiesti=3)
    IscrizioneFactory(incontro=incontro, presente=False)

    form = (
        client.get(f"/admin/eventi/resoconto/add/?incontro={incontro.pk}")
        .context["adminform"]
        .form
    )

    assert (form["incontro"].value(), form["partecipanti"].value()) == (str(incontro.pk), 3)


def test_attendance_that_nobody_recorded_stays_empty(client, officer):
    incontro = IncontroFactory(passato=True)
    IscrizioneFactory(incontro=incontro)

    form = (
        client.get(f"/admin/eventi/resoconto/add/?incontro={incontro.pk}")
        .context["adminform"]
        .form
    )

    assert form["partecipanti"].value() is None


def test_a_report_is_written_then_published_and_the_meeting_took_place(client, officer):
    incontro = IncontroFactory(passato=True)

    client.post("/admin/eventi/resoconto/add/", _resoconto(incontro))
    resoconto = Resoconto.objects.get()
    assert resoconto.pubblicato_at is None
    response = client.post(
        reverse("admin:eventi_resoconto_pubblica", args=[resoconto.pk]), follow=True
    )

    resoconto.refresh_from_db()
    incontro.refresh_from_db()
    assert resoconto.pubblicato_at is not None
    assert incontro.stato == Stato.SVOLTO
    assert messaggi(response)[-1] == "Pubblicato: ora si legge sul sito."


def test_a_meeting_to_come_or_reported_already_can_not_be_chosen(client, officer):
    for incontro in (IncontroFactory(), ResocontoFactory().incontro):
        response = client.post("/admin/eventi/resoconto/add/", _resoconto(incontro))

        assert response.context["adminform"].form.errors == {
            "incontro": ["Scegli un incontro finito che non ha ancora un resoconto."]
        }


def _immagine(formato):
    uscita = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(uscita, formato)
    return uscita.getvalue()


def _pdf():
    uscita = io.BytesIO()
    with pikepdf.new() as documento:
        documento.add_blank_page()
        documento.save(uscita)
    return uscita.getvalue()


PNG = _immagine("PNG")


# Whatever its name, it is what it begins with.
@pytest.mark.parametrize(
    ("nome", "contenuto", "errore"),
    [
        ("foto.png", PNG, None),
        ("foto.JPG", _immagine("JPEG"), None),
        ("verbale.pdf", _pdf(), None),
        ("foto.pdf", PNG, None),
        ("verbale.pdf", b"<html><script>alert(1)</script>", "pagine web non si possono"),
        ("foto.png", b"\x89PNG\r\n\x1a\n0000", "rovinato"),
        ("lungo.pdf", b"%PDF-" + b"0" * (10 * 1024 * 1024), "pesa più di 10"),
    ],
)
def test_an_attachment_is_what_it_says_it_is(client, officer, nome, contenuto, errore):
    incontro = IncontroFactory(passato=True)
    file = SimpleUploadedFile(nome, contenuto)

    response = client.post(
        "/admin/eventi/resoconto/add/",
        _resoconto(incontro, {"titolo": "Foto", "file": file}),
    )

    if errore is None:
        assert response.status_code == 302
        allegato = Resoconto.objects.get().allegati.get()
        assert nome not in allegato.file.name
        assert (allegato.genere == "immagine") is (b"%PDF" not in contenuto)
    else:
        assert errore in str(
            response.context["inline_admin_formsets"][0].formset.forms[0].errors["file"]
        )
        assert Resoconto.objects.count() == 0


def test_an_attachment_that_is_not_public_is_a_download_for_who_may(client, officer):
    incontro = IncontroFactory(passato=True)
    file = SimpleUploadedFile("foto.png", PNG)
    client.post(
        "/admin/eventi/resoconto/add/", _resoconto(incontro, {"titolo": "Foto", "file": file})
    )
    allegato = Resoconto.objects.get().allegati.get()
    url = reverse("admin:eventi_resoconto_allegato", args=[allegato.resoconto_id, allegato.pk])

    response = client.get(url)

    assert b"".join(response).startswith(b"\xff\xd8\xff")
    assert response["Content-Disposition"].startswith("attachment")
    entra(client, "cittadina")
    assert client.get(url).status_code == 404


def test_a_published_report_is_not_deleted(client, officer):
    pubblicato, bozza = ResocontoFactory(), ResocontoFactory(pubblicato_at=None)

    stati = [
        client.post(
            reverse("admin:eventi_resoconto_delete", args=[resoconto.pk]), {"post": "yes"}
        ).status_code
        for resoconto in (pubblicato, bozza)
    ]

    assert stati == [404, 302]


# --- Venues ---------------------------------------------------------------------------------


def test_a_fact_that_nobody_checked_stays_unknown(client, officer):
    client.post(
        "/admin/eventi/sede/add/",
        {
            "nome": "Sala nuova",
            "citta": "Piacenza",
            "senza_gradini": "unknown",
            "bagno_accessibile": "true",
            "anello_induzione": "false",
            "fonti": "",
        },
    )

    from eventi.models import Sede

    sede = Sede.objects.get()
    assert (sede.senza_gradini, sede.bagno_accessibile, sede.anello_induzione, sede.fonti) == (
        None,
        True,
        False,
        [],
    )
