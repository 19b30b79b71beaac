from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from comunicazioni.models import Comunicazione
from eventi import services
from eventi.models import Incontro, Iscrizione, PassaggioIscrizione, Promemoria, Resoconto, Sede
from eventi.promemoria import accoda_promemoria
from laboratori.models import Attore, Disponibilita, Laboratorio, Referente
from percorso.models import Percorso
from portale.demo.carica import DemoRifiutata, carica_demo
from portale.demo.rimuovi import rimuovi_demo
from portale.demo.scenario import PASSWORD, Calendario
from posta.models import Messaggio
from tavolo.models import (
    AccessoDocumento,
    Decisione,
    DocumentoTavolo,
    Esame,
    Seduta,
    Verbale,
)
from tavolo.permissions import Accesso
from tavolo.services.documenti import annota_accesso
from tests.factories import (
    ComunicazioneFactory,
    DisponibilitaFactory,
    FaseFactory,
    IncontroFactory,
    IscrizioneFactory,
    MessaggioFactory,
    PercorsoFactory,
    UserFactory,
)

ADESSO = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)


@pytest.fixture(scope="class")
def caricata(django_db_setup, django_db_blocker):
    """The demo loaded once for the tests of a class, each of which runs in a savepoint of this
    transaction; answers with the percorso and the database as it was before."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("carica_percorso", verbosity=0)
        iscrizione = IscrizioneFactory(
            incontro__laboratorio=None,
            incontro__slug="di-prima",
            incontro__percorso__slug="di-prima",
            incontro__percorso__stato="concluso",
        )
        services.rinuncia(iscrizione, adesso=timezone.now())
        DisponibilitaFactory(laboratorio=Laboratorio.objects.first())
        prima = database()
        yield carica_demo(adesso=ADESSO).percorso, prima
        transaction.set_rollback(True)


@pytest.fixture
def demo(caricata):
    return caricata[0]


@pytest.fixture
def citta(db):
    call_command("carica_percorso", verbosity=0)


def incontro(slug):
    return Incontro.objects.get(slug=f"esempio-{slug}")


def stati(incontro):
    return sorted(incontro.iscrizioni.values_list("stato", flat=True))


def database():
    """Every row of every table, except the number that says that pages changed."""
    return {
        model._meta.label: sorted(model._default_manager.values_list(), key=repr)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.label != "portale.VersionePagine"
    }


# --- What there is --------------------------------------------------------------------------


@pytest.mark.django_db
class TestCaricata:
    def test_it_is_an_active_labelled_cycle_whose_present_stage_opens_registering(self, demo):
        assert (demo.esempio, demo.stato, demo.titolo[:9]) == (True, "attivo", "Esempio: ")
        assert Percorso.objects.in_evidenza().first() == demo
        [fase] = demo.fasi_in_corso(ADESSO.date())
        assert fase.apre_iscrizioni

    def test_all_seven_labs_meet(self, demo):
        zone = Incontro.objects.filter(percorso=demo).values_list("laboratorio__numero", flat=True)
        assert set(zone) == {None, 1, 2, 3, 4, 5, 6, 7}

    def test_each_meeting_is_in_the_state_that_it_is_there_to_show(self, demo):
        assert dict(demo.incontri.values_list("slug", "stato")) == {
            "esempio-assemblea": "svolto",
            "esempio-zona-1-primo": "svolto",
            "esempio-zona-3-primo": "svolto",
            "esempio-zona-7-primo": "svolto",
            "esempio-zona-4-primo": "pubblicato",
            "esempio-zona-6": "pubblicato",
            "esempio-zona-1-secondo": "pubblicato",
            "esempio-zona-2": "pubblicato",
            "esempio-zona-3-secondo": "pubblicato",
            "esempio-zona-5-annullato": "annullato",
            "esempio-zona-4-spostato": "pubblicato",
            "esempio-zona-5-online": "pubblicato",
            "esempio-zona-6-rinviato": "rinviato",
            "esempio-zona-7-secondo": "pubblicato",
            "esempio-zona-4-terzo": "pubblicato",
            "esempio-workshop-cittadino": "pubblicato",
            "esempio-zona-2-bozza": "bozza",
            "esempio-tavolo-1": "svolto",
            "esempio-tavolo-2": "svolto",
            "esempio-tavolo-3": "pubblicato",
        }

    def test_the_tavolo_has_sittings_and_minutes_at_every_stage(self, demo):
        sedute = Seduta.objects.filter(incontro__percorso=demo).order_by("numero")
        verbali = {s: getattr(s, "verbale", None) for s in sedute}
        assert [(s.numero, s.stato, v and v.stato) for s, v in verbali.items()] == [
            (1, "chiusa", "approvato"),
            (2, "chiusa", "in_correzione"),
            (3, "convocata", None),
        ]
        assert [v.approvato_in for v in verbali.values() if v and v.approvato_in] == [sedute[1]]

    def test_the_tavolo_reviews_proposals_at_every_stage_and_decides_on_some(self, demo):
        esami = Esame.objects.filter(percorso=demo).order_by("pk")
        rese = [esame.posizioni.rese().count() for esame in esami]
        aperti = [esame.aperto(ADESSO) for esame in esami]
        assert list(zip(rese, aperti, strict=True)) == [
            (8, False),
            (6, False),
            (5, False),
            (5, False),
            (3, True),
            (0, True),
        ]
        decisioni = Decisione.objects.filter(percorso=demo).order_by("pk")
        assert [(d.esito, d.proposta.stato, d.dissensi.count()) for d in decisioni] == [
            ("accolta", "accolta", 0),
            ("accolta_con_modifiche", "accolta_con_modifiche", 1),
            ("non_accolta", "non_accolta", 1),
        ]
        assert list(demo.procedure_scritte.values_list("stato", flat=True)) == ["aperta"]

    def test_everything_of_the_tavolo_says_that_it_is_an_example(self, demo):
        righe = {
            model._meta.label: set(model.objects.values_list("esempio", flat=True))
            for model in (
                *apps.get_app_config("tavolo").get_models(),
                Attore,
            )
            if any(campo.name == "esempio" for campo in model._meta.fields)
        }
        assert {nome for nome, valori in righe.items() if valori != {True}} == set()

    def test_past_workshops_have_published_reports_but_one_is_late_and_one_to_close(self, demo):
        assert set(Resoconto.objects.pubblicati().values_list("incontro__slug", flat=True)) >= {
            "esempio-assemblea",
            "esempio-zona-1-primo",
            "esempio-zona-7-primo",
        }
        tutti = Incontro.objects.filter(percorso=demo)
        assert list(tutti.resoconto_in_ritardo(ADESSO, 15)) == [incontro("zona-3-primo")]
        assert list(tutti.da_chiudere(ADESSO)) == [incontro("zona-4-primo")]

    def test_seats_are_free_nearly_gone_and_gone(self, demo):
        assert {
            slug: incontro(slug).posti_liberi
            for slug in ("zona-1-secondo", "zona-2", "zona-3-secondo", "zona-7-secondo")
        } == {"zona-1-secondo": 14, "zona-2": 2, "zona-3-secondo": 0, "zona-7-secondo": 0}

    def test_the_full_one_has_a_list_and_an_open_offer(self, demo):
        assert stati(incontro("zona-3-secondo")) == [
            *["confermata"] * 11,
            *["lista_attesa"] * 4,
            "posto_offerto",
            "rinunciata",
        ]
        [offerta] = incontro("zona-3-secondo").iscrizioni.filter(stato="posto_offerto")
        assert (offerta.email, offerta.scade_at > ADESSO) == ("cittadina@example.org", True)

    def test_moved_cancelled_and_put_off_say_why_and_when_it_was_to_be(self, demo):
        spostato, annullato = incontro("zona-4-spostato"), incontro("zona-5-annullato")
        rinviato = incontro("zona-6-rinviato")
        assert spostato.spostato
        assert spostato.inizio_precedente < spostato.inizio
        assert all(i.motivo for i in (spostato, annullato, rinviato))
        assert (rinviato.inizio, rinviato.inizio_precedente > ADESSO) == (None, True)

    def test_online_has_a_link_and_no_venue_the_one_with_services_asks_and_needs(self, demo):
        online, servizi = incontro("zona-5-online"), incontro("zona-1-secondo")
        assert (online.modalita, bool(online.link_online), online.sede) == ("online", True, None)
        assert set(servizi.servizi.values_list("genere", flat=True)) == {"bambini", "lis"}
        vive = servizi.iscrizioni.vive()
        assert vive.filter(richieste__isnull=False).count() == 3
        assert vive.filter(necessita__isnull=False).count() == 1

    def test_one_opens_later_and_one_is_for_the_whole_city(self, demo):
        tardi, citta = incontro("zona-4-terzo"), incontro("workshop-cittadino")
        assert tardi.iscrizioni_dal > ADESSO
        assert tardi.perche_chiuse(ADESSO).startswith("Le iscrizioni aprono")
        assert (citta.laboratorio, citta.genere) == (None, "workshop_finale")

    def test_counts_and_steps_are_those_of_the_doors(self, demo):
        for riga in demo.incontri.all():
            iscrizioni = list(riga.iscrizioni.all())
            assert riga.posti_occupati == sum(iscrizione.posti for iscrizione in iscrizioni)
            assert riga.posti is None or riga.posti_occupati <= riga.capienza
        for iscrizione in Iscrizione.objects.filter(incontro__percorso=demo):
            ultimo = iscrizione.passaggi.last()
            assert (ultimo.a, ultimo.posti) == (iscrizione.stato, iscrizione.posti)
        passaggi = PassaggioIscrizione.objects.filter(iscrizione__incontro__percorso=demo)
        assert passaggi.filter(created_at__gt=ADESSO).count() == 0

    def test_nobody_could_be_taken_for_a_real_person_or_place(self, demo):
        iscrizioni = Iscrizione.objects.filter(incontro__percorso=demo)
        indirizzi = iscrizioni.exclude(email=None).values_list("email", flat=True)
        nomi = iscrizioni.values_list("nome", flat=True).distinct()
        assert {indirizzo.split("@")[1] for indirizzo in indirizzi} == {"example.org"}
        assert {nome.split()[-1] for nome in nomi} == {"Esempio", "Prova", "Campione"}
        assert len(set(nomi)) >= 60
        for sede in Sede.objects.filter(esempio=True):
            assert "esempio" in sede.nome
        for referente in Referente.objects.all():
            assert (referente.esempio, "di esempio" in referente.nome) == (True, True)

    def test_offers_of_help_are_in_every_state(self, demo):
        offerte = Disponibilita.objects.filter(esempio=True)
        assert {offerta.stato for offerta in offerte} == set(Disponibilita.Stato.values)
        for offerta in offerte:
            assert offerta.passaggi.last().a == offerta.stato

    @pytest.mark.parametrize(
        ("chi", "staff", "superuser", "gruppi"),
        [
            ("cittadina", False, False, []),
            ("tavolo", False, False, []),
            ("ufficio", True, False, ["ufficio"]),
            ("admin", True, True, []),
        ],
    )
    def test_each_account_enters_with_the_public_password(
        self, demo, chi, staff, superuser, gruppi
    ):
        email = f"{chi}@example.org"
        persona = User.objects.get(email=email)
        assert persona.esempio
        assert persona.check_password(PASSWORD)
        assert (persona.is_staff, persona.is_superuser) == (staff, superuser)
        assert [gruppo.name for gruppo in persona.groups.all()] == gruppi
        assert EmailAddress.objects.get(user=persona).verified

    def test_the_cittadina_has_one_of_each(self, demo):
        iscrizioni = Iscrizione.objects.filter(persona__email="cittadina@example.org")
        assert dict(iscrizioni.values_list("incontro__slug", "stato")) == {
            "esempio-zona-7-primo": "confermata",
            "esempio-zona-1-secondo": "confermata",
            "esempio-zona-3-secondo": "posto_offerto",
            "esempio-zona-7-secondo": "lista_attesa",
        }
        in_lista = iscrizioni.get(stato="lista_attesa")
        assert in_lista.posizione_in_lista() == 2

    def test_no_mail_is_owed_for_the_demo_s_past(self, demo):
        assert [messaggio.genere for messaggio in Messaggio.objects.all()] == ["rinuncia"]
        assert Promemoria.objects.da_accodare(ADESSO).count() == 0

    def test_from_then_on_mails_leave_as_usual(self, demo):
        vicino = incontro("zona-1-secondo")
        giorno_prima = vicino.inizio - timedelta(days=1)

        assert accoda_promemoria(giorno_prima) > 0

        per_la_cittadina = Messaggio.objects.filter(
            genere="promemoria",
            parametri__iscrizione=vicino.iscrizioni.get(email="cittadina@example.org").pk,
        )
        assert per_la_cittadina.count() == 1

    def test_loading_again_keeps_what_people_did_in_the_meantime(self, demo):
        services.richiedi_iscrizione(
            incontro("zona-2"), nome="Visitatrice", email="visitatrice@example.com", adesso=ADESSO
        )
        User.objects.filter(email="cittadina@example.org").update(nome="Un altro nome")
        com_era = database()

        esito = carica_demo(adesso=ADESSO + timedelta(days=3))

        assert (esito.caricata, esito.finita) == (False, False)
        assert database() == com_era

    def test_it_says_how_to_renew_itself_once_it_is_over(self, demo, time_machine):
        time_machine.move_to(ADESSO + timedelta(days=60))
        uscita = StringIO()

        call_command("carica_demo", verbosity=0, stdout=uscita)

        assert uscita.getvalue() == (
            "The example cycle is there, but all its meetings are over. To renew it: "
            "`manage.py rimuovi_demo`, then `manage.py carica_demo`.\n"
        )

    def test_taken_away_the_database_is_as_it_was_before(self, caricata):
        _percorso, prima = caricata
        tolte = rimuovi_demo(adesso=ADESSO)

        assert tolte["eventi.Incontro"] == 20
        assert database() == prima

    def test_taken_away_what_visitors_did_in_the_demo_goes_and_what_they_did_elsewhere_stays(
        self, demo
    ):
        vero = IncontroFactory(laboratorio=None, inizio=ADESSO + timedelta(days=9))
        FaseFactory(percorso=vero.percorso, inizio=ADESSO.date(), fine=None)
        for dove in (incontro("zona-2"), vero):
            services.richiedi_iscrizione(
                dove, nome="Visitatrice", email="visitatrice@example.com", adesso=ADESSO
            )

        rimuovi_demo(adesso=ADESSO)

        [rimasta] = Iscrizione.objects.filter(email="visitatrice@example.com")
        assert rimasta.incontro == vero
        [messaggio] = Messaggio.objects.filter(destinatario="visitatrice@example.com")
        assert messaggio.parametri["iscrizione"] == rimasta.pk

    def test_taken_away_what_was_read_at_its_tavolo_goes_and_what_was_read_elsewhere_stays(
        self, demo
    ):
        vero, chi = PercorsoFactory(), UserFactory()
        documento = DocumentoTavolo.objects.filter(percorso=demo).first()
        verbale = Verbale.objects.approvati().get(seduta__incontro__percorso=demo)
        for percorso, aperto in (
            (demo, documento),
            (demo, verbale),
            (demo, "Dossier degli esami"),
            (vero, "Dossier degli esami"),
        ):
            annota_accesso(aperto, Accesso(percorso.pk, ufficio=True), chi, adesso=ADESSO)

        tolte = rimuovi_demo(adesso=ADESSO)

        assert tolte["tavolo.AccessoDocumento"] == 3
        assert AccessoDocumento.objects.get().percorso == vero

    def test_taken_away_a_seat_that_a_demo_account_held_elsewhere_goes_to_who_waits(self, demo):
        vero = IncontroFactory(laboratorio=None, posti=1, inizio=ADESSO + timedelta(days=9))
        cittadina, persona = User.objects.get(email="cittadina@example.org"), UserFactory()
        for chi in (cittadina, persona):
            services.iscrivi_persona(vero, chi, adesso=ADESSO)

        rimuovi_demo(adesso=ADESSO)

        assert list(vero.iscrizioni.values_list("persona", "stato")) == [
            (persona.pk, "posto_offerto")
        ]
        vero.refresh_from_db()
        assert vero.posti_occupati == 1
        nuovi = Messaggio.objects.exclude(genere="rinuncia").order_by("pk")
        assert list(nuovi.values_list("genere", "destinatario")) == [
            ("lista_attesa", persona.email),
            ("posto_offerto", persona.email),
        ]

    def test_taken_away_a_real_meeting_in_a_venue_of_the_demo_is_left_without_one(self, demo):
        vero = IncontroFactory(laboratorio=None, sede=Sede.objects.filter(esempio=True).first())

        rimuovi_demo(adesso=ADESSO)

        vero.refresh_from_db()
        assert vero.sede is None

    def test_taken_away_what_the_office_wrote_to_its_people_goes_and_the_rest_stays(self, demo):
        della_demo = ComunicazioneFactory(incontro=Incontro.objects.filter(stato="bozza").first())
        altrove = ComunicazioneFactory(incontro__laboratorio=None)
        for scritta in (della_demo, altrove):
            scritta.destinatari.create(
                email="qualcuna@example.org",
                messaggio=MessaggioFactory(chiave=f"comunicazione:{scritta.pk}:1"),
            )

        rimuovi_demo(adesso=ADESSO)

        assert [scritta.pk for scritta in Comunicazione.objects.all()] == [altrove.pk]
        rimasti = Messaggio.objects.filter(chiave__startswith="comunicazione:")
        assert [mail.chiave for mail in rimasti] == [f"comunicazione:{altrove.pk}:1"]

    def test_taking_away_counts_what_it_took_and_may_be_repeated(self, demo):
        prima, dopo = StringIO(), StringIO()

        call_command("rimuovi_demo", stdout=prima)
        call_command("rimuovi_demo", stdout=dopo)

        assert "   20  eventi.Incontro\n" in prima.getvalue()
        assert dopo.getvalue() == "There was no demo to take away.\n"

    def test_taken_away_the_accounts_no_longer_enter(self, demo):
        rimuovi_demo(adesso=ADESSO)

        assert authenticate(email="admin@example.org", password=PASSWORD) is None


@pytest.mark.parametrize("ora", ["00:05", "09:00", "15:59", "16:00", "20:30", "23:55"])
@pytest.mark.parametrize("giorno", ["2026-11-22", "2026-10-24", "2027-03-27"])
def test_whenever_it_is_loaded_a_meeting_begins_within_a_day_and_by_daylight(giorno, ora):
    adesso = timezone.make_aware(datetime.fromisoformat(f"{giorno}T{ora}"))

    inizio = Calendario(adesso).entro_24_ore()

    assert timedelta(hours=2) < inizio - adesso < timedelta(hours=24)
    assert 10 <= timezone.localtime(inizio).hour <= 19


# --- Loading --------------------------------------------------------------------------------


def test_it_loads_around_a_change_of_clocks_too(citta):
    adesso = timezone.make_aware(datetime(2027, 3, 27, 23, 55))  # noqa: DTZ001

    carica_demo(adesso=adesso)

    assert incontro("zona-6").inizio - adesso < timedelta(hours=24)
    assert timezone.localtime(incontro("zona-1-secondo").inizio).hour == 18


def test_without_the_labs_it_says_what_to_load_first(db):
    with pytest.raises(CommandError, match="carica_percorso"):
        call_command("carica_demo")

    assert Percorso.objects.count() == 0


def test_it_does_not_take_over_somebody_s_account(citta):
    UserFactory(email="ufficio@example.org")

    with pytest.raises(DemoRifiutata, match=r"ufficio@example\.org"):
        carica_demo(adesso=ADESSO)

    assert (Percorso.objects.filter(esempio=True).count(), User.objects.count()) == (0, 1)


def test_it_does_not_take_over_a_real_percorso(citta):
    PercorsoFactory(slug="esempio")

    with pytest.raises(DemoRifiutata, match="no example"):
        carica_demo(adesso=ADESSO)


def test_production_refuses_it(citta, settings):
    settings.PRODUZIONE = True

    with pytest.raises(CommandError, match="This is production"):
        call_command("carica_demo")

    assert User.objects.count() == 0
