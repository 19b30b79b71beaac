"""Two officers at the same form: the second is told, and nothing of hers is lost."""

import threading

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from eventi.models import Incontro, Promemoria, Sede, Servizio
from portale.lib import contesa
from portale.lib.admin import UfficioModelAdmin
from tests.factories import IncontroFactory, PromemoriaFactory, SedeFactory, ServizioFactory
from tests.moduli import modulo
from tests.ruoli import entra

pytestmark = pytest.mark.django_db


@pytest.fixture
def collega():
    """Another officer, at her own desk."""
    client = Client()
    client.persona = entra(client, "ufficio")
    client.persona.nome = "Bianca"
    client.persona.save()
    return client


@pytest.fixture
def io(client):
    entra(client, "ufficio")
    return client


def cambia(oggetto):
    nome = f"admin:{oggetto._meta.app_label}_{oggetto._meta.model_name}_change"
    return reverse(nome, args=[oggetto.pk])


def differenze(response):
    return [
        (d.etichetta, d.prima, d.loro, d.mio, d.scontro)
        for d in response.context["contesa"].differenze
    ]


def test_the_second_officer_is_told_who_changed_what_and_keeps_what_she_typed(io, collega):
    sede = SedeFactory(nome="Sala", note="Suonare.", mezzi_pubblici="")
    mia, sua = io.get(cambia(sede)), collega.get(cambia(sede))

    collega.post(cambia(sede), modulo(sua, nome="Sala grande", mezzi_pubblici="Linea 4"))
    response = io.post(cambia(sede), modulo(mia, nome="Salone", note="Suonare due volte."))

    sede.refresh_from_db()
    assert (sede.nome, sede.note, sede.mezzi_pubblici) == ("Sala grande", "Suonare.", "Linea 4")
    assert sorted(differenze(response)) == [
        ("Mezzi pubblici", "–", "Linea 4", None, False),
        ("Nome", "Sala", "Sala grande", "Salone", True),
    ]
    assert response.context["contesa_chi"][0].startswith("Bianca, alle ")
    form = response.context["adminform"].form
    assert form["nome"].value() == "Salone"
    assert form["note"].value() == "Suonare due volte."
    assert form["mezzi_pubblici"].value() == "Linea 4"


def test_she_keeps_hers_and_of_what_she_left_alone_theirs_stays(io, collega):
    sede = SedeFactory(nome="Sala", note="", mezzi_pubblici="")
    mia, sua = io.get(cambia(sede)), collega.get(cambia(sede))
    collega.post(cambia(sede), modulo(sua, nome="Sala grande", mezzi_pubblici="Linea 4"))
    fermata = io.post(cambia(sede), modulo(mia, nome="Salone", note="Suonare."))

    response = io.post(cambia(sede), modulo(fermata, _save="Tieni le mie e salva"))

    assert response.status_code == 302
    sede.refresh_from_db()
    assert (sede.nome, sede.note, sede.mezzi_pubblici) == ("Salone", "Suonare.", "Linea 4")


def test_she_takes_theirs_where_both_wrote_and_saves_the_rest_of_hers(io, collega):
    sede = SedeFactory(nome="Sala", note="", senza_gradini=None)
    mia, sua = io.get(cambia(sede)), collega.get(cambia(sede))
    collega.post(cambia(sede), modulo(sua, nome="Sala grande", senza_gradini="true"))
    fermata = io.post(cambia(sede), modulo(mia, nome="Salone", note="Suonare."))

    response = io.post(cambia(sede), modulo(fermata, _riprendi="Riprendi le loro"))

    assert response.status_code == 302
    sede.refresh_from_db()
    assert (sede.nome, sede.note, sede.senza_gradini) == ("Sala grande", "Suonare.", True)


def test_a_third_who_saves_while_she_reads_the_warning_is_told_too(io, collega):
    sede = SedeFactory(nome="Sala")
    mia = io.get(cambia(sede))
    collega.post(cambia(sede), modulo(collega.get(cambia(sede)), nome="Due"))
    fermata = io.post(cambia(sede), modulo(mia, nome="Mia"))
    collega.post(cambia(sede), modulo(collega.get(cambia(sede)), nome="Tre"))

    response = io.post(cambia(sede), modulo(fermata, _save="Tieni le mie e salva"))

    assert differenze(response) == [("Nome", "Due", "Tre", "Mia", True)]
    sede.refresh_from_db()
    assert sede.nome == "Tre"


def test_the_same_change_made_by_both_or_sent_twice_is_no_quarrel(io, collega):
    sede = SedeFactory(nome="Sala")
    mia = modulo(io.get(cambia(sede)), nome="Salone")

    stati = [io.post(cambia(sede), mia).status_code for _volta in range(2)]

    assert stati == [302, 302]
    sede.refresh_from_db()
    assert sede.nome == "Salone"


def test_who_alone_changes_a_meeting_meets_no_warning(io):
    incontro = IncontroFactory(stato=Incontro.Stato.BOZZA)
    ServizioFactory(incontro=incontro)
    PromemoriaFactory(incontro=incontro, giorni=7)

    response = io.post(cambia(incontro), modulo(io.get(cambia(incontro)), titolo="Nuovo"))

    assert response.status_code == 302
    incontro.refresh_from_db()
    assert incontro.titolo == "Nuovo"


def test_somebody_who_registers_meanwhile_is_no_change_of_the_form(io):
    incontro = IncontroFactory(posti=10)
    mia = io.get(cambia(incontro))
    Incontro.objects.filter(pk=incontro.pk).update(posti_occupati=3)

    response = io.post(cambia(incontro), modulo(mia, titolo="Nuovo"))

    assert response.status_code == 302
    incontro.refresh_from_db()
    assert (incontro.titolo, incontro.posti_occupati) == ("Nuovo", 3)


def test_a_meeting_published_meanwhile_does_not_swallow_the_new_time_in_silence(io, collega):
    incontro = IncontroFactory(stato=Incontro.Stato.BOZZA)
    mia = io.get(cambia(incontro))
    collega.post(reverse("admin:eventi_incontro_pubblica", args=[incontro.pk]))
    prima = Incontro.objects.get(pk=incontro.pk)

    response = io.post(cambia(incontro), modulo(mia, posti="12", titolo="Nuovo"))

    assert differenze(response) == [("Posti", "–", "da qui non si cambia più", "12", True)]
    incontro.refresh_from_db()
    assert (incontro.titolo, incontro.posti) == (prima.titolo, None)
    assert incontro.updated_at == prima.updated_at


def test_inline_rows_are_compared_and_merged_like_the_rest(io, collega):
    incontro = IncontroFactory(stato=Incontro.Stato.BOZZA)
    cambiato, tolto = (
        ServizioFactory(incontro=incontro, genere=genere) for genere in ("bambini", "lis")
    )
    mia, sua = io.get(cambia(incontro)), collega.get(cambia(incontro))
    collega.post(
        cambia(incontro),
        modulo(
            sua,
            **{
                "servizi-0-descrizione": "Dalle 18",
                "servizi-1-DELETE": "on",
                "servizi-2-genere": "trasporto",
                "servizi-2-incontro": incontro.pk,
                "servizi-TOTAL_FORMS": "3",
            },
        ),
    )

    fermata = io.post(
        cambia(incontro),
        modulo(
            mia,
            **{
                "servizi-0-descrizione": "Sala rossa",
                "servizi-1-descrizione": "Due interpreti",
                "servizi-2-genere": "traduzione",
                "servizi-2-incontro": incontro.pk,
                "servizi-TOTAL_FORMS": "3",
            },
        ),
    )

    trasporto = incontro.servizi.get(genere="trasporto")
    assert not incontro.servizi.filter(pk=tolto.pk).exists()
    assert differenze(fermata) == [
        ("Servizio: Descrizione", "–", "Dalle 18", "Sala rossa", True),
        ("Servizio", "–", "trasporto", None, False),
        ("Servizio", "interprete LIS", "tolta", "interprete LIS, Due interpreti", True),
    ]

    response = io.post(cambia(incontro), modulo(fermata, _save="Tieni le mie e salva"))

    assert response.status_code == 302
    assert sorted(incontro.servizi.values_list("genere", "descrizione")) == [
        ("bambini", "Sala rossa"),
        ("lis", "Due interpreti"),
        ("traduzione", ""),
        ("trasporto", ""),
    ]
    assert incontro.servizi.filter(pk__in=[cambiato.pk, trasporto.pk]).count() == 2


def test_taking_theirs_leaves_inline_rows_as_they_made_them(io, collega):
    incontro = IncontroFactory(stato=Incontro.Stato.BOZZA)
    for genere in ("bambini", "lis"):
        ServizioFactory(incontro=incontro, genere=genere)
    mia, sua = io.get(cambia(incontro)), collega.get(cambia(incontro))
    collega.post(
        cambia(incontro),
        modulo(sua, **{"servizi-0-descrizione": "Dalle 18", "servizi-1-DELETE": "on"}),
    )
    fermata = io.post(
        cambia(incontro),
        modulo(
            mia,
            titolo="Titolo mio",
            **{"servizi-0-descrizione": "Sala rossa", "servizi-1-descrizione": "Due"},
        ),
    )

    response = io.post(cambia(incontro), modulo(fermata, _riprendi="Riprendi le loro"))

    assert response.status_code == 302
    incontro.refresh_from_db()
    assert incontro.titolo == "Titolo mio"
    assert list(incontro.servizi.values_list("genere", "descrizione")) == [("bambini", "Dalle 18")]


def test_rows_added_by_a_form_that_is_sent_twice_are_there_once(io):
    incontro = IncontroFactory(stato=Incontro.Stato.BOZZA)
    dati = modulo(
        io.get(cambia(incontro)),
        **{
            "servizi-0-genere": "lis",
            "servizi-0-incontro": incontro.pk,
            "servizi-TOTAL_FORMS": "1",
        },
    )

    stati = [io.post(cambia(incontro), dati).status_code for _volta in range(2)]

    assert stati == [302, 302]
    assert Servizio.objects.count() == 1


def test_a_photograph_that_was_tampered_with_is_not_believed(io):
    sede = SedeFactory(nome="Sala")

    response = io.post(cambia(sede), modulo(io.get(cambia(sede)), nome="Salone", _visto="x"))

    assert contesa.leggi("x") is None
    assert response.status_code == 302


def test_a_new_object_that_is_sent_twice_is_made_once(io):
    dati = modulo(io.get("/admin/eventi/sede/add/"), nome="Sala nuova")

    risposte = [io.post("/admin/eventi/sede/add/", dati) for _volta in range(2)]

    sede = Sede.objects.get()
    assert [r["Location"] for r in risposte] == ["/admin/eventi/sede/", cambia(sede)]
    assert LogEntry.objects.count() == 1


def test_a_new_object_that_was_refused_can_be_sent_again(io):
    dati = modulo(io.get("/admin/eventi/sede/add/"), nome="")
    rifiutata = io.post("/admin/eventi/sede/add/", dati)

    io.post("/admin/eventi/sede/add/", modulo(rifiutata, nome="Sala"))

    assert Sede.objects.get().nome == "Sala"


# --- The doors ------------------------------------------------------------------------------


def test_a_door_whose_meeting_has_moved_meanwhile_is_read_again_before_it_opens(io, collega):
    incontro = IncontroFactory()
    url = reverse("admin:eventi_incontro_sposta", args=[incontro.pk])
    mia, sua = io.get(url), collega.get(url)
    collega.post(
        url,
        modulo(sua, inizio="2031-05-10T18:30", fine="2031-05-10T20:30", motivo="Sala occupata."),
    )

    fermata = io.post(
        url, modulo(mia, inizio="2031-06-01T18:30", fine="2031-06-01T20:30", motivo="Sciopero.")
    )

    incontro.refresh_from_db()
    assert f"{incontro.inizio:%Y-%m-%d}" == "2031-05-10"
    errore = fermata.context["form"].non_field_errors()[0]
    assert errore.startswith("Mentre leggevi questa pagina è cambiato qualcosa. Bianca, alle ")
    assert fermata.context["form"]["motivo"].value() == "Sciopero."

    assert io.post(url, modulo(fermata)).status_code == 302
    incontro.refresh_from_db()
    assert f"{incontro.inizio:%Y-%m-%d}" == "2031-06-01"
    assert incontro.passaggi.count() == 2


def test_a_door_sent_twice_acts_once(io):
    incontro = IncontroFactory()
    url = reverse("admin:eventi_incontro_annulla", args=[incontro.pk])
    dati = modulo(io.get(url), motivo="Neve.")

    io.post(url, dati)
    seconda = io.post(url, dati)

    assert seconda.context["chiusa"] == "Annullato: chi era iscritto è stato avvisato."
    assert incontro.passaggi.count() == 1


# --- Every form of ours ---------------------------------------------------------------------


def test_every_control_of_the_offices_forms_can_be_compared():
    """A control that sends itself in several pieces would never be found changed."""
    request = RequestFactory().get("/")
    request.user = type("Tutto", (), {"has_perm": lambda *_: True, "is_superuser": True})()
    a_pezzi = [
        f"{modello.__name__}.{nome}"
        for modello, model_admin in admin.site._registry.items()
        if isinstance(model_admin, UfficioModelAdmin)
        for nome, campo in model_admin.get_form(request).base_fields.items()
        if hasattr(getattr(campo.widget, "widget", campo.widget), "widgets")
    ]

    assert a_pezzi == []


# --- At one instant -------------------------------------------------------------------------


def _insieme(*lavori):
    """Run these at once, each in its own thread and connection; what each gave."""
    via, esiti = threading.Barrier(len(lavori)), [None] * len(lavori)

    def uno(numero, lavoro):
        via.wait()
        try:
            esiti[numero] = lavoro()
        finally:
            connection.close()

    fili = [threading.Thread(target=uno, args=coppia) for coppia in enumerate(lavori)]
    for filo in fili:
        filo.start()
    for filo in fili:
        filo.join()
    return esiti


@pytest.mark.django_db(transaction=True)
def test_of_two_saves_at_one_instant_one_wins_and_the_other_is_told():
    uno, due = Client(), Client()
    for client in (uno, due):
        entra(client, "ufficio")
    incontro = IncontroFactory(titolo="Titolo", stato=Incontro.Stato.BOZZA)
    Promemoria.objects.create(incontro=incontro, giorni=1)
    dati = [
        modulo(client.get(cambia(incontro)), titolo=f"Di {numero}")
        for numero, client in enumerate((uno, due))
    ]

    esiti = _insieme(
        lambda: uno.post(cambia(incontro), dati[0]).status_code,
        lambda: due.post(cambia(incontro), dati[1]).status_code,
    )

    assert sorted(esiti) == [200, 302]
    incontro.refresh_from_db()
    assert incontro.titolo == f"Di {esiti.index(302)}"


@pytest.mark.django_db(transaction=True)
def test_of_two_sends_of_a_new_object_at_one_instant_one_makes_it():
    client = Client()
    entra(client, "ufficio")
    dati = modulo(client.get("/admin/eventi/sede/add/"), nome="Sala nuova")
    due = Client()
    due.cookies = client.cookies

    esiti = _insieme(
        lambda: client.post("/admin/eventi/sede/add/", dati).status_code,
        lambda: due.post("/admin/eventi/sede/add/", dati).status_code,
    )

    assert esiti == [302, 302]
    assert Sede.objects.count() == 1
