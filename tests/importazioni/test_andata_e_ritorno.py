"""What goes out as a sheet comes back unchanged, whatever people have written in it."""

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventi.models import Sede
from importazioni import services
from importazioni.esportazione import righe, risposta
from importazioni.generi import registro
from portale.lib.celle import ERRORI
from tests.factories import AttoreFactory, IncontroFactory, IscrizioneFactory, SedeFactory

pytestmark = pytest.mark.django_db

# Text as our forms keep it: without spaces around it, and lines that end in one way.
SCRITTI = (
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"),
        max_size=30,
    )
    .map(lambda t: t.strip())
    .filter(lambda t: t.upper() not in ERRORI and (not t or t.strip("#")))
)
PERICOLOSI = st.sampled_from(
    [
        "=1+1",
        "'=1+1",
        "''=1",
        "+39 0523",
        "-3",
        "@SUM(A1)",
        "0523",
        "a;b",
        'di "Anna"',
        "＝1",
        "1,5",
    ]
)


def rileggi(genere, oggetti, officer, formato):
    """What each row would do, after it went out and came back."""
    risorsa = registro[genere].risorsa
    colonne = [(c.nome, c.larghezza) for c in risorsa.colonne(officer)]
    fatta = risposta(genere, formato, colonne, righe(risorsa, oggetti, officer))
    contenuto = b"".join(fatta.streaming_content)
    if formato == "xlsx":
        # Not the response: that would close the test's own connection.
        fatta.file_to_stream.close()
    letta = services.tabella(registro[genere], officer).leggi(contenuto)
    lettrice = risorsa(campi=letta.campi, autore=officer, adesso=timezone.now())
    presenti = lettrice.presenti(riga.celle[lettrice.chiave] for riga in letta.righe)
    assert not any(riga.formule for riga in letta.righe)
    esami = [lettrice.esamina(riga.numero, riga.celle, presenti) for riga in letta.righe]
    return [(esame.esito, esame.errori, esame.cambi) for esame in esami]


@pytest.mark.parametrize("formato", ["csv", "xlsx"])
def test_venues_come_back_unchanged(officer, formato):
    @settings(
        max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.lists(st.tuples(SCRITTI | PERICOLOSI, SCRITTI | PERICOLOSI), min_size=1, max_size=4))
    def prova(testi):
        Sede.objects.all().delete()
        for n, (uno, due) in enumerate(testi):
            SedeFactory(
                nome=f"Sala {n}",
                indirizzo=uno,
                parcheggio=due,
                note=f"{uno}\n{due}".strip(),
                latitudine=45.0526,
                longitudine=9.0,
                senza_gradini=(True, False, None)[n % 3],
            )
        uguali = [("invariata", [], [])] * len(testi)
        assert rileggi("sedi", Sede.objects.all(), officer, formato) == uguali

    prova()


@pytest.mark.parametrize("formato", ["csv", "xlsx"])
@pytest.mark.parametrize("genere", ["attori", "incontri", "iscrizioni"])
def test_the_other_lists_come_back_unchanged(officer, genere, formato):
    def meetings():
        IncontroFactory(titolo="=SUM(A1)", posti=30, descrizione="Uno\n\nDue; tre")
        IncontroFactory(cittadino=True, stato="bozza", inizio=None, fine=None, sede=None)
        IncontroFactory(stato="bozza", ora_nota=False, fine=None, modalita="mista")

    def registrations():
        IscrizioneFactory(nome="+Anna", telefono="0039 0523", posti_richiesti=2, posti=2)
        IscrizioneFactory(email=None, canale="telefono", lingua="en", in_attesa=True)
        IscrizioneFactory(canale="online")

    def actors():
        AttoreFactory(nome="@Circolo", pubblici=["donne", "tutti"], telefono="0523 1")
        AttoreFactory(genere="religioso", stato="raggiunto", latitudine=45.0, longitudine=9.5)
        AttoreFactory(attivita="Corsi\nFeste", sito="https://example.org/?a=1&b=2")

    {"incontri": meetings, "iscrizioni": registrations, "attori": actors}[genere]()
    oggetti = registro[genere].risorsa._meta.model.objects.all()
    assert rileggi(genere, oggetti, officer, formato) == [("invariata", [], [])] * 3
