"""The history of an object: what each field was and became, and nothing of anybody."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from eventi import services
from eventi.models import Incontro, Iscrizione, Necessita, PassaggioIncontro
from laboratori.models import Attore, Referente
from portale.lib import storia
from tests.factories import (
    IncontroFactory,
    IscrizioneFactory,
    LaboratorioFactory,
    PromemoriaFactory,
    SedeFactory,
    ServizioFactory,
    UserFactory,
)
from tests.moduli import modulo
from tests.portale.test_modelli_e_finalita import FINALITA, PERSONE, puo_dire_di_qualcuno
from tests.ruoli import entra

pytestmark = pytest.mark.django_db


@pytest.fixture
def io(client):
    client.persona = entra(client, "ufficio")
    client.persona.nome = "Bianca"
    client.persona.save()
    return client


def indirizzo(obj, pagina):
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_{pagina}", args=[obj.pk])


def salva(client, obj, **campi):
    url = indirizzo(obj, "change")
    risposta = client.post(url, modulo(client.get(url), **campi))
    assert risposta.status_code == 302, risposta.context["errors"]
    return righe(obj)


def voci(obj):
    return LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(obj), object_id=str(obj.pk)
    ).order_by("pk")


def righe(obj):
    """What the log says of the last thing done to it."""
    return voci(obj).last().change_message.split("\n")


def letta(client, obj, **dove):
    """The page of its history: (who, lines) for each entry."""
    pagina = client.get(indirizzo(obj, "history"), dove)
    assert pagina.status_code == 200
    return [(voce.chi, voce.righe) for voce in pagina.context["pagina"].voci]


# --- What it was, what it became ------------------------------------------------------------


def test_each_field_says_what_it_was_and_became_in_words(io):
    sede = SedeFactory(nome="Sala", senza_gradini=None, mezzi_pubblici="", fonti=[])

    assert salva(io, sede, nome="Salone", senza_gradini="true", mezzi_pubblici="Linea 4") == [
        "Nome: Sala → Salone",
        "Ingresso senza gradini: Sconosciuto → Sì",
        "Mezzi pubblici: – → Linea 4",
    ]


def test_dates_and_choices_of_other_rows_read_as_on_the_form(io):
    prima, dopo = SedeFactory(nome="Qui"), SedeFactory(nome="Là")
    incontro = IncontroFactory(stato=Incontro.Stato.BOZZA, sede=prima, con_iscrizione=True)
    ora = incontro.fine

    detto = salva(
        io,
        incontro,
        sede=str(dopo.pk),
        con_iscrizione=None,
        fine=f"{(ora + timedelta(minutes=30)).astimezone(storia.dates.ROMA):%Y-%m-%dT%H:%M}",
    )

    nuova = storia.dates.giorno_e_ora(ora + timedelta(minutes=30))
    assert detto == [
        f"Fine: {storia.dates.giorno_e_ora(ora)} → {nuova}",
        "Sede: Qui → Là",
        "Ci si iscrive dal portale: sì → no",
    ]


def test_inline_rows_say_which_one_and_what_changed_in_it(io):
    incontro = IncontroFactory(stato=Incontro.Stato.BOZZA)
    ServizioFactory(incontro=incontro, genere="lis", descrizione="")
    PromemoriaFactory(incontro=incontro, giorni=7, ore=0)

    detto = salva(io, incontro, **{"servizi-0-descrizione": "Con interprete"})

    assert len(detto) == 1
    assert detto[0].endswith(", Descrizione: – → Con interprete")
    assert "«" in detto[0]


def test_a_row_added_and_a_row_taken_away_are_named(io):
    laboratorio = LaboratorioFactory()
    laboratorio.quartieri.create(nome="Besurica", ordine=1)

    detto = salva(
        io,
        laboratorio,
        **{
            "area": "",
            "quartieri-0-DELETE": "on",
            "quartieri-TOTAL_FORMS": "2",
            "quartieri-1-nome": "Veggioletta",
            "quartieri-1-ordine": "2",
        },
    )

    assert detto == ["Riga aggiunta: quartiere «Veggioletta»", "Riga tolta: quartiere «Besurica»"]


def test_a_long_text_is_only_said_to_have_changed(io):
    incontro = IncontroFactory(stato=Incontro.Stato.BOZZA, descrizione="Breve.")

    assert salva(io, incontro, descrizione="lunga " * 60) == ["Di che cosa si parla: modificato"]


def test_of_permissions_the_history_says_which_were_given_and_taken(client):
    entra(client, "amministratrice")
    gruppo = Group.objects.create(name="Prova")
    tolto, dato = Permission.objects.order_by("pk")[:2]
    gruppo.permissions.set([tolto])

    assert salva(client, gruppo, permissions=[str(dato.pk)]) == [
        f"Permessi: aggiunto «{dato}»; tolto «{tolto}»"
    ]


def test_a_door_says_what_it_did_to_the_row_and_its_step_does_not_say_it_again(io):
    incontro = IncontroFactory(posti=10, posti_riservati=0)
    url = reverse("admin:eventi_incontro_posti", args=[incontro.pk])

    io.post(url, modulo(io.get(url), posti="20"))

    assert righe(incontro) == ["Cambia i posti", "Posti: 10 → 20"]


def test_what_a_door_does_and_the_line_that_says_so_are_kept_together(io, monkeypatch):
    """The process dies, or the database, between the one and the other: neither is there."""
    incontro = IncontroFactory(posti=10, posti_riservati=0)
    url = reverse("admin:eventi_incontro_posti", args=[incontro.pk])
    dati = modulo(io.get(url), posti="20")

    def muore(*args, **kwargs):
        raise RuntimeError("gone")

    monkeypatch.setattr(type(admin.site._registry[Incontro]), "annota", muore)
    with pytest.raises(RuntimeError, match="gone"):
        io.post(url, dati)

    incontro.refresh_from_db()
    assert incontro.posti == 10
    assert list(voci(incontro)) == []


def test_a_save_that_changes_nothing_says_so(io):
    sede = SedeFactory()
    assert salva(io, sede) == ["[]"]
    assert letta(io, sede) == [("Bianca", ["Nessun campo modificato."])]


# --- Nothing of anybody ---------------------------------------------------------------------


def test_of_a_persons_data_the_log_says_only_that_they_changed(io):
    iscrizione = IscrizioneFactory(nome="Ada Neri", telefono="333 1234567")
    Necessita.objects.create(iscrizione=iscrizione, testo="Carrozzina")

    detto = salva(
        io,
        iscrizione,
        nome="Ada Bianchi",
        telefono="333 7654321",
        **{"necessita-0-testo": "Carrozzina e accompagnatore"},
    )

    assert detto == [
        "Nome e cognome: modificato",
        "Telefono: modificato",
        "Dati riservati: modificato",
    ]
    tutto = "".join(f"{v.object_repr} {v.change_message}" for v in LogEntry.objects.all())
    for dato in ("Ada", "Neri", "Bianchi", "333", "Carrozzina"):
        assert dato not in tutto


def test_a_row_about_somebody_is_not_named_in_the_history_of_what_it_belongs_to(io):
    referente = Referente.objects.create(
        laboratorio=LaboratorioFactory(), nome="Ugo Verdi", email="ugo@example.org", pubblico=False
    )

    detto = salva(
        io,
        referente.laboratorio,
        area="",
        **{"referenti-0-email": "verdi@example.org", "referenti-0-pubblico": "on"},
    )

    assert detto == ["Referente, E-mail: modificato", "Referente, Visibile a tutti: no → sì"]


def test_what_is_deleted_is_called_by_its_number_when_its_name_is_somebodys(client):
    entra(client, "amministratrice")
    indirizzo_email = UserFactory().emailaddress_set.create(email="ada.neri@example.org")

    client.post(indirizzo(indirizzo_email, "delete"), {"post": "yes"})

    [voce] = LogEntry.objects.all()
    assert "ada.neri" not in voce.object_repr


def test_a_field_that_nobody_declared_is_not_written(io, monkeypatch):
    sede = SedeFactory(nome="Sala")
    monkeypatch.setitem(storia._scritti, "eventi.Sede", frozenset({storia.NOME}))

    assert salva(io, sede, nome="Salone") == ["Nome: modificato"]


def scrivibili():
    for modello in apps.get_models():
        for nome in sorted(storia.scritti(modello) - {storia.NOME}):
            yield pytest.param(modello, nome, id=f"{modello._meta.label}.{nome}")


@pytest.mark.parametrize(("modello", "nome"), list(scrivibili()))
def test_no_declared_field_can_say_something_of_somebody(modello, nome):
    """In a model with a purpose nothing that anybody writes freely; nowhere a person."""
    nomi = {campo.name for campo in modello._meta.get_fields()}
    if nome not in nomi:
        # A field of a form alone: the list of questions of a Tavolo.
        assert (modello._meta.label, nome) == ("tavolo.ImpostazioniTavolo", "criteri")
        return
    campo = modello._meta.get_field(nome)
    if campo.is_relation:
        assert campo.related_model._meta.label not in PERSONE
        assert campo.related_model._meta.label not in FINALITA
    elif modello._meta.label in FINALITA:
        assert not puo_dire_di_qualcuno(campo)
    assert campo.get_internal_type() not in ("EmailField", "FileField", "BinaryField")
    assert not {"password", "codice", "token", "email", "telefono", "note"} & {nome}


# Written by hand in a model with a purpose, and called by name all the same: what it is called is
# public, or is the office's own word for a file.
NOMINATI = {
    "importazioni.Importazione",
    "laboratori.Attore",
    "tavolo.DocumentoTavolo",
    "tavolo.Organizzazione",
    "tavolo.Verbale",
}


def test_the_log_calls_nobody_by_name():
    con_nome = {
        modello._meta.label
        for modello in admin.site._registry
        if storia.NOME in storia.scritti(modello)
    }
    assert con_nome & set(FINALITA) == NOMINATI


# --- The page -------------------------------------------------------------------------------


def test_steps_and_lines_of_the_log_are_one_list_latest_first(io):
    incontro = IncontroFactory(stato=Incontro.Stato.BOZZA, posti=None)
    ora = timezone.now()
    services.pubblica(incontro, autore=io.persona, adesso=ora - timedelta(days=2))
    LogEntry.objects.create(
        user=io.persona,
        content_type=ContentType.objects.get_for_model(Incontro),
        object_id=str(incontro.pk),
        object_repr="x",
        action_flag=CHANGE,
        change_message="Titolo: A → B",
        action_time=ora - timedelta(days=1),
    )
    services.annulla(incontro, motivo="Piove.", autore=None, adesso=ora)

    assert letta(io, incontro) == [
        ("Dal sito o dal portale stesso", ["Pubblicato → Annullato", "Motivo: Piove."]),
        ("Bianca", ["Titolo: A → B"]),
        ("Bianca", ["Bozza → Pubblicato"]),
    ]


def test_what_one_person_did_in_one_moment_is_one_entry(io):
    incontro = IncontroFactory(stato=Incontro.Stato.BOZZA, posti=None)
    url = reverse("admin:eventi_incontro_pubblica", args=[incontro.pk])

    io.post(url, modulo(io.get(url)))

    voci = letta(io, incontro)
    assert sorted(riga for _chi, righe in voci for riga in righe) == [
        "Bozza → Pubblicato",
        "Pubblica l'incontro",
    ]
    assert {chi for chi, _righe in voci} == {"Bianca"}


def test_a_moved_meeting_says_from_when_to_when(io):
    incontro = IncontroFactory()
    prima = incontro.inizio
    PassaggioIncontro.objects.create(
        incontro=incontro,
        da="pubblicato",
        a="pubblicato",
        inizio_da=prima,
        inizio_a=prima + timedelta(days=7),
        autore=io.persona,
        created_at=timezone.now(),
    )

    [(_chi, detto)] = letta(io, incontro)

    dopo = storia.dates.giorno_e_ora(prima + timedelta(days=7))
    assert f"Inizio: {storia.dates.giorno_e_ora(prima)} → {dopo}" in detto


def test_the_history_takes_as_many_queries_however_long_it_is_and_comes_in_pages(io):
    incontro = IncontroFactory()
    tipo = ContentType.objects.get_for_model(Incontro)

    def riempi(quante):
        ora = timezone.now()
        LogEntry.objects.bulk_create(
            LogEntry(
                user=UserFactory(),
                content_type=tipo,
                object_id=str(incontro.pk),
                object_repr="x",
                action_flag=CHANGE,
                change_message=f"Riga {n}",
                action_time=ora - timedelta(hours=n),
            )
            for n in range(quante)
        )
        PassaggioIncontro.objects.bulk_create(
            PassaggioIncontro(
                incontro=incontro,
                da="bozza",
                a="pubblicato",
                autore=UserFactory(),
                created_at=ora - timedelta(hours=n, minutes=30),
            )
            for n in range(quante)
        )

    def conta():
        with CaptureQueriesContext(connection) as fatte:
            letta(io, incontro)
        return len(fatte)

    riempi(2)
    letta(io, incontro)
    poche = conta()
    riempi(60)

    assert conta() == poche
    prima, ultima = letta(io, incontro), letta(io, incontro, p=3)
    assert len(prima) == 50
    assert len(ultima) == 24
    assert prima[0][1] == ["Riga 0"]


def test_indexes_serve_the_log_of_one_object_and_what_is_older_than_a_date(db):
    uno = voci(IncontroFactory()).order_by()
    vecchie = LogEntry.objects.order_by().filter(action_time__lt=timezone.now())
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")

    assert "admin_log_oggetto" in uno.explain()
    assert "admin_log_quando" in vecchie.explain()


@pytest.mark.parametrize("ruolo", ["anonima", "cittadina", "moderatore"])
def test_who_may_not_see_the_object_does_not_read_its_history(client, ruolo):
    iscrizione = IscrizioneFactory()
    entra(client, ruolo)
    stato = client.get(indirizzo(iscrizione, "history")).status_code
    assert stato == (302 if ruolo == "anonima" else 404)


def test_a_facilitator_reads_the_history_of_her_meetings_alone(client):
    suo, altrui = IncontroFactory(), IncontroFactory()
    persona = entra(client, "facilitatore")
    persona.incontri_facilitati.set([suo])

    assert client.get(indirizzo(suo, "history")).status_code == 200
    assert client.get(indirizzo(altrui, "history")).status_code == 302


@pytest.mark.parametrize("modello", [Incontro, Iscrizione, Attore, User], ids=str)
def test_every_screen_of_the_office_has_the_same_history(modello):
    assert admin.site._registry[modello].object_history_template == "admin/storia.html"


def test_no_screen_keeps_djangos_history():
    altri = [m for m in admin.site._registry.values() if m.object_history_template is None]
    assert altri == []
