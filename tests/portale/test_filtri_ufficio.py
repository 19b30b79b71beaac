"""The office's questions, each asked to its list: the rows that answer it, and no others."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from accounts.models import Consenso
from eventi.models import AllegatoResoconto, Incontro, Iscrizione, Necessita, Telefonata
from portale.lib import elenchi
from portale.lib.admin import DomandeFilter
from posta.models import Messaggio
from tests import factories as f
from tests.ruoli import entra

pytestmark = pytest.mark.django_db
Stato = Iscrizione.Stato


def adesso():
    return timezone.now()


def tra(**tempo):
    return adesso() + timedelta(**tempo)


def elenco(client, label, **argomenti):
    url = reverse(f"admin:{label.lower().replace('.', '_')}_changelist")
    risposta = client.get(url, argomenti)
    assert risposta.status_code == 200
    return risposta.context_data["cl"]


def chiavi(client, label, **argomenti):
    return {riga.pk for riga in elenco(client, label, **argomenti).queryset}


def consenso(scopo, email, **campi):
    return Consenso.objects.create(
        scopo=scopo, email=email, testo="Sì.", dato_at=adesso(), valido_at=adesso(), **campi
    )


# --- Each question: rows that answer it, made beside rows that do not -------------------------


def senza_chi_conduce():
    condotto, passato = f.IncontroFactory(), f.IncontroFactory(passato=True)
    condotto.facilitatori.add(f.UserFactory(is_staff=True))
    assert passato.inizio < adesso()
    return [f.IncontroFactory()]


def senza_verbalizzante():
    f.VerbalizzanteFactory(incontro=f.IncontroFactory())
    ritirato = f.IncontroFactory()
    f.VerbalizzanteFactory(incontro=ritirato, attivo=False)
    return [ritirato, f.IncontroFactory()]


def senza_sede():
    f.IncontroFactory()
    f.IncontroFactory(sede=None, modalita="online", link_online="https://example.org/")
    return [f.IncontroFactory(sede=None)]


def al_completo():
    pieno = f.IncontroFactory(posti=1, posti_occupati=1)
    f.IscrizioneFactory(incontro=pieno, in_attesa=True)
    # Free seats; nobody in line; who waits has not shown that the address is hers.
    f.IscrizioneFactory(incontro=f.IncontroFactory(posti=5), in_attesa=True)
    f.IncontroFactory(posti=1, posti_occupati=1)
    da_confermare = f.IncontroFactory(posti=1, posti_occupati=1)
    f.IscrizioneFactory(incontro=da_confermare, in_attesa=True, verificata_at=None)
    return [pieno]


def da_avvisare():
    def cambiato(stato):
        iscritta = f.IscrizioneFactory()
        f.MessaggioFactory(
            genere="spostato",
            parametri={"iscrizione": iscritta.pk},
            stato=stato,
            inviato_at=adesso(),
        )
        return iscritta.incontro

    cambiato(Messaggio.Stato.INVIATO)
    f.MessaggioFactory(genere="promemoria", parametri={"iscrizione": f.IscrizioneFactory().pk})
    da_chiamare = f.IscrizioneFactory(email=None, telefono="0523 000000")
    chiamata = f.IscrizioneFactory(email=None, telefono="0523 000001")
    for iscritta, chiusa_at in ((da_chiamare, None), (chiamata, adesso())):
        Telefonata.objects.create(
            iscrizione=iscritta,
            genere=Telefonata.Genere.SPOSTATO,
            chiave=f"spostato:{iscritta.pk}",
            entro_at=adesso(),
            chiusa_at=chiusa_at,
            created_at=adesso(),
        )
    return [cambiato(Messaggio.Stato.IN_CODA), da_chiamare.incontro]


def con_necessita():
    def necessita(**campi):
        iscritta = f.IscrizioneFactory(**campi)
        Necessita.objects.create(iscrizione=iscritta, testo="Sedia a rotelle")
        return iscritta.incontro

    necessita(stato=Stato.ANNULLATA, posti=0)
    necessita(incontro=f.IncontroFactory(passato=True))
    f.IscrizioneFactory()
    return [necessita()]


def posti_offerti():
    f.IscrizioneFactory(stato=Stato.POSTO_OFFERTO, scade_at=tra(hours=-1))
    f.IscrizioneFactory()
    return [f.IscrizioneFactory(stato=Stato.POSTO_OFFERTO, scade_at=tra(hours=3))]


def assenti():
    f.IscrizioneFactory(presente=True)
    f.IscrizioneFactory()
    f.IscrizioneFactory(presente=False, stato=Stato.RINUNCIATA, posti=0)
    return [f.IscrizioneFactory(presente=False)]


def importate():
    f.IscrizioneFactory()
    return [f.IscrizioneFactory(importata=True)]


def senza_foto():
    f.IscrizioneFactory(foto=consenso("foto", "si@example.org"))
    ritirato = consenso("foto", "no@example.org", ritirato_at=adesso())
    f.IscrizioneFactory(stato=Stato.ANNULLATA, posti=0)
    return [f.IscrizioneFactory(foto=ritirato), f.IscrizioneFactory()]


def iscrizioni_da_cancellare():
    giorni = _giorni("iscrizioni")

    def vecchia(giorni_fa):
        inizio = tra(days=-giorni_fa)
        return f.IscrizioneFactory(incontro=f.IncontroFactory(inizio=inizio))

    vecchia(giorni - 40)
    f.IscrizioneFactory()
    return [vecchia(giorni - 20), vecchia(giorni + 5)]


def _giorni(periodo):
    return settings.CONSERVAZIONE[periodo]


def del_laboratorio():
    f.IscrizioneFactory()
    return [f.IscrizioneFactory(incontro__laboratorio=f.LaboratorioFactory(pk=777))]


def tornati():
    f.MessaggioFactory()
    vecchio = f.MessaggioFactory(stato=Messaggio.Stato.RIMBALZATO)
    Messaggio.objects.filter(pk=vecchio.pk).update(created_at=tra(days=-40))
    return [f.MessaggioFactory(stato=Messaggio.Stato.RIMBALZATO)]


def falliti():
    f.MessaggioFactory()
    return [f.MessaggioFactory(stato=Messaggio.Stato.FALLITO)]


def in_ritardo():
    f.MessaggioFactory()
    f.MessaggioFactory(dovuto_at=tra(hours=-1), stato=Messaggio.Stato.INVIATO, inviato_at=adesso())
    return [f.MessaggioFactory(dovuto_at=tra(hours=-1))]


def avvisi_fermi():
    f.MessaggioFactory(genere="spostato")
    f.MessaggioFactory(genere="promemoria", dovuto_at=tra(hours=-1))
    return [f.MessaggioFactory(genere="annullato", dovuto_at=tra(hours=-1))]


def avvisi_persi():
    f.MessaggioFactory(genere="promemoria", stato=Messaggio.Stato.FALLITO)
    return [
        f.MessaggioFactory(genere="annullato", stato=Messaggio.Stato.FALLITO),
        f.MessaggioFactory(genere="rinviato", stato=Messaggio.Stato.RIMBALZATO),
    ]


def senza_secondo_passaggio():
    con, _cittadina = f.UserFactory(is_staff=True), f.UserFactory()
    Authenticator.objects.create(user=con, type="totp", data={})
    f.UserFactory(is_staff=True, is_active=False)
    solo_codici = f.UserFactory(is_staff=True)
    Authenticator.objects.create(user=solo_codici, type="recovery_codes", data={})
    return [solo_codici, f.UserFactory(is_staff=True)]


def account_da_cancellare():
    def mai(giorni_fa, verificata=False):
        return f.UserFactory(verificata=verificata, date_joined=tra(days=-giorni_fa))

    # Of those who never confirmed it the period may be shorter than a month.
    mai(_giorni("account_mai_confermati") + 1, verificata=True)
    f.UserFactory(date_joined=tra(days=-400))
    return [mai(_giorni("account_mai_confermati") - 1)]


def ospiti():
    f.PartecipanteFactory(persona=f.UserFactory())
    return [f.PartecipanteFactory()]


def vuole_le_notizie():
    f.PartecipanteFactory(email="foto@example.org")
    consenso("foto", "foto@example.org")
    f.PartecipanteFactory(email="basta@example.org")
    consenso("newsletter", "basta@example.org", ritirato_at=adesso())
    consenso("newsletter", "si@example.org")
    return [f.PartecipanteFactory(email="si@example.org")]


def consensi_ritirati():
    consenso("newsletter", "si@example.org")
    return [consenso("newsletter", "no@example.org", ritirato_at=adesso())]


def foto_senza_consenso():
    def con_foto(**iscritta):
        resoconto = f.ResocontoFactory()
        AllegatoResoconto.objects.create(
            resoconto=resoconto, genere="immagine", titolo="La sala", file="resoconti/x.png"
        )
        f.IscrizioneFactory(incontro=resoconto.incontro, **iscritta)
        return resoconto

    con_foto(presente=True, foto=consenso("foto", "si@example.org"))
    con_foto(presente=False)
    senza = f.ResocontoFactory()
    f.IscrizioneFactory(incontro=senza.incontro, presente=True)
    return [con_foto(presente=True)]


def seggi_in_scadenza():
    oggi = timezone.localdate()
    f.SeggioFactory(al=None)
    f.SeggioFactory(al=oggi + timedelta(days=100))
    f.SeggioFactory(al=oggi - timedelta(days=1))
    return [f.SeggioFactory(al=oggi + timedelta(days=30))]


def mandati_in_scadenza():
    tra_poco = timezone.localdate() + timedelta(days=30)
    f.ComponenteFactory()
    return [
        f.ComponenteFactory(al=tra_poco),
        f.ComponenteFactory(seggio=f.SeggioFactory(al=tra_poco)),
    ]


def componenti_senza_secondo_passaggio():
    f.ComponenteFactory(persona=None)
    con = f.UserFactory()
    Authenticator.objects.create(user=con, type="webauthn", data={})
    f.ComponenteFactory(persona=con)
    return [f.ComponenteFactory(persona=f.UserFactory())]


def comunicazioni_non_arrivate():
    def con(stato):
        comunicazione = f.ComunicazioneFactory()
        messaggio = f.MessaggioFactory(stato=stato, inviato_at=adesso())
        comunicazione.destinatari.create(email="una@example.org", messaggio=messaggio)
        return comunicazione

    con(Messaggio.Stato.INVIATO)
    return [con(Messaggio.Stato.FALLITO), con(Messaggio.Stato.RIMBALZATO)]


DOMANDE = [
    ("eventi.Incontro", {"serve": "facilitatore"}, senza_chi_conduce),
    ("eventi.Incontro", {"serve": "verbalizzante"}, senza_verbalizzante),
    ("eventi.Incontro", {"serve": "sede"}, senza_sede),
    ("eventi.Incontro", {"serve": "lista"}, al_completo),
    ("eventi.Incontro", {"serve": "avvisi"}, da_avvisare),
    ("eventi.Incontro", {"serve": "accesso"}, con_necessita),
    ("eventi.Iscrizione", {"serve": "offerte"}, posti_offerti),
    ("eventi.Iscrizione", {"serve": "assenti"}, assenti),
    ("eventi.Iscrizione", {"serve": "importate"}, importate),
    ("eventi.Iscrizione", {"serve": "senza_foto"}, senza_foto),
    ("eventi.Iscrizione", {"serve": "da_cancellare"}, iscrizioni_da_cancellare),
    ("eventi.Iscrizione", {"incontro__laboratorio__id__exact": "777"}, del_laboratorio),
    ("posta.Messaggio", {"serve": "falliti"}, falliti),
    ("posta.Messaggio", {"serve": "tornati"}, tornati),
    ("posta.Messaggio", {"serve": "in_ritardo"}, in_ritardo),
    ("posta.Messaggio", {"serve": "avvisi_fermi"}, avvisi_fermi),
    ("posta.Messaggio", {"serve": "avvisi_persi"}, avvisi_persi),
    ("accounts.User", {"serve": "da_cancellare"}, account_da_cancellare),
    ("accounts.Partecipante", {"chi": "ospiti"}, ospiti),
    ("accounts.Partecipante", {"chi": "notizie"}, vuole_le_notizie),
    ("accounts.Consenso", {"vale": "ritirato"}, consensi_ritirati),
    ("eventi.Resoconto", {"foto": "senza_consenso"}, foto_senza_consenso),
    ("tavolo.Seggio", {"quando": "in_scadenza"}, seggi_in_scadenza),
    ("tavolo.Componente", {"punto": "in_scadenza"}, mandati_in_scadenza),
    ("tavolo.Componente", {"punto": "secondo_passaggio"}, componenti_senza_secondo_passaggio),
    ("comunicazioni.Comunicazione", {"consegne": "non_arrivate"}, comunicazioni_non_arrivate),
]


@pytest.mark.parametrize(
    ("label", "domanda", "prepara"), DOMANDE, ids=[prepara.__name__ for *_, prepara in DOMANDE]
)
def test_a_question_finds_the_rows_that_answer_it_and_no_others(client, label, domanda, prepara):
    entra(client, "amministratrice")
    attese = {riga.pk for riga in prepara()}

    assert chiavi(client, label, **domanda) == attese
    assert chiavi(client, label) > attese


def test_who_works_for_the_office_without_a_second_step_is_found(client):
    io = entra(client, "amministratrice")
    attese = {persona.pk for persona in senza_secondo_passaggio()}

    assert chiavi(client, "accounts.User", serve="secondo_passaggio") == {*attese, io.pk}


def test_a_question_goes_with_a_search(client):
    entra(client, "amministratrice")
    cercata = f.IscrizioneFactory(presente=False, nome="Teresa Bianchi")
    f.IscrizioneFactory(presente=False, nome="Carlo Verdi")
    f.IscrizioneFactory(nome="Teresa Rossi")

    assert chiavi(client, "eventi.Iscrizione", serve="assenti", q="teresa") == {cercata.pk}


def test_needs_are_asked_for_by_who_may_read_them_alone(client):
    """The count of a filter would tell who declares a need."""
    persona = entra(client, "moderatore")
    permessi = Permission.objects.filter(codename__in=["view_incontro", "coordina_incontro"])
    persona.user_permissions.set(permessi)
    con = con_necessita()[0]
    senza = f.IncontroFactory()

    lista = elenco(client, "eventi.Incontro", serve="accesso")

    [serve] = [spec for spec in lista.filter_specs if isinstance(spec, DomandeFilter)]
    assert "accesso" not in dict(serve.lookup_choices)
    assert {con.pk, senza.pk} <= {incontro.pk for incontro in lista.queryset}


# --- Many rows ------------------------------------------------------------------------------


@pytest.fixture
def tre_sole(monkeypatch):
    """Lists count and show no more than three rows."""
    monkeypatch.setattr(elenchi, "LIMITE", 3)


def test_a_long_list_says_that_it_has_more_than_it_counts(client, tre_sole):
    entra(client, "amministratrice")
    for _n in range(3):
        f.SedeFactory()
    lista = elenco(client, "eventi.Sede")
    assert (lista.result_count, lista.oltre) == (3, False)

    f.SedeFactory()
    url = reverse("admin:eventi_sede_changelist")
    lista, pagina = elenco(client, "eventi.Sede"), client.get(url, {"q": "Sala"})

    assert (lista.result_count, lista.oltre) == (3, True)
    assert "più di 3 sedi" in pagina.content.decode()
    assert "più di 3 risultati" in pagina.content.decode()


def test_a_long_list_is_leafed_through_as_far_as_it_counts(client, tre_sole, monkeypatch):
    entra(client, "amministratrice")
    monkeypatch.setattr(admin.site._registry[Incontro], "list_per_page", 2)
    for _n in range(5):
        f.IncontroFactory()

    assert len(elenco(client, "eventi.Incontro", p="2").result_list) == 1
    url = reverse("admin:eventi_incontro_changelist")
    # A page beyond is no page: the admin leads back to the first.
    assert client.get(url, {"p": "3"}).status_code == 302


def test_a_short_list_is_sorted_by_any_column_and_a_long_one_by_what_has_an_index(
    client, tre_sole
):
    entra(client, "amministratrice")
    nomi = ["Verdi", "Bianchi", "Rossi"]
    for nome in nomi:
        f.IscrizioneFactory(nome=nome)

    def per_nome(**argomenti):
        lista = elenco(client, "eventi.Iscrizione", o="1", **argomenti)
        return lista, [riga.nome for riga in lista.result_list]

    lista, ordine = per_nome()
    assert ordine == sorted(nomi)
    assert "nome" in lista.sortable_by

    f.IscrizioneFactory(nome="Abate")
    lista, ordine = per_nome()
    # As it opens: newest first.
    assert ordine == ["Abate", *reversed(nomi)]
    assert "nome" not in lista.sortable_by
    # Many have no address, and are all alike to its index; of a day the head still is a link.
    assert "contatto" not in lista.sortable_by
    assert elenchi.ha_indice(Incontro, "inizio")
    assert not elenchi.ha_indice(Incontro, "titolo")


def test_the_days_of_a_list_are_those_of_the_calendar(client, django_assert_num_queries):
    entra(client, "amministratrice")
    f.IncontroFactory(inizio=timezone.make_aware(timezone.datetime(2023, 5, 3, 18)))
    f.IncontroFactory(inizio=timezone.make_aware(timezone.datetime(2025, 5, 3, 18)))

    def scelte(**argomenti):
        giorni = elenchi.giorni(elenco(client, "eventi.Incontro", **argomenti))
        return [voce["title"] for voce in giorni["choices"]]

    assert scelte() == ["2023", "2024", "2025"]
    assert len(scelte(inizio__year="2023")) == 12
    assert len(scelte(inizio__year="2023", inizio__month="2")) == 28
    assert scelte(inizio__year="2023", inizio__month="5", inizio__day="3") == ["3 Maggio"]
    giorno = {"inizio__year": "2023", "inizio__month": "5", "inizio__day": "3"}
    assert len(chiavi(client, "eventi.Incontro", **giorno)) == 1


def test_no_date_at_all_shows_no_days(client):
    entra(client, "amministratrice")

    assert elenchi.giorni(elenco(client, "eventi.Incontro"))["show"] is False
