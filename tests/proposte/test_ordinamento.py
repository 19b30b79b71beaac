"""Putting the notes of a meeting in order, up to the day when all is published."""

from datetime import timedelta

import pytest
from django.utils import timezone

from eventi.models import Incontro
from proposte import ordinamento
from proposte.models import Bisogno, Nota, Proposta
from proposte.ordinamento import LIBERA, SCARTATA, Vista, dove
from proposte.services import Rifiuto, Superata
from tests.factories import (
    BisognoFactory,
    IncontroFactory,
    NotaFactory,
    PropostaFactory,
    ResocontoFactory,
    TemaFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

ALTA, MEDIA, BASSA = Bisogno.Priorita.ALTA, Bisogno.Priorita.MEDIA, Bisogno.Priorita.BASSA


def ora():
    return timezone.now()


@pytest.fixture
def incontro():
    return IncontroFactory(passato=True)


@pytest.fixture
def chi():
    return UserFactory()


def note(incontro, *testi, **campi):
    return [NotaFactory(incontro=incontro, testo=testo, **campi) for testo in testi]


def viste(*note_, da=None):
    """The notes as a page read now shows them, or as one showed them ``da``."""
    return [Vista(nota.pk, da or dove(Nota.objects.get(pk=nota.pk))) for nota in note_]


def raggruppa(incontro, chi, note_, **dove_):
    return ordinamento.raggruppa(incontro, viste(*note_), autore=chi, adesso=ora(), **dove_)


def idea_di(incontro, chi, note_, **dove_):
    return ordinamento.diventa_idea(incontro, viste(*note_), autore=chi, adesso=ora(), **dove_)


def posti(*note_):
    return [
        dove(nota) for nota in Nota.objects.filter(pk__in=[n.pk for n in note_]).order_by("pk")
    ]


# --- Grouping -------------------------------------------------------------------------------


def test_notes_become_a_need_of_the_workshop(incontro, chi):
    a, b, c = note(incontro, "Strisce coperte", "Auto veloci", "Altro", tavolo=3)

    bisogno = raggruppa(incontro, chi, [a, b], titolo="  Attraversamento\nsicuro ")

    bisogno.refresh_from_db()
    assert bisogno.titolo == "Attraversamento sicuro"
    assert (bisogno.stato, bisogno.canale) == (Bisogno.Stato.BOZZA, "incontro")
    assert (bisogno.incontro, bisogno.laboratorio, bisogno.percorso, bisogno.tavolo) == (
        incontro,
        incontro.laboratorio,
        incontro.percorso,
        3,
    )
    assert (bisogno.registrato_da, bisogno.proponente, bisogno.pubblicato_at) == (chi, None, None)
    assert bisogno.indice == "attraversament sicur"
    passo = bisogno.passaggi.get()
    assert (passo.da, passo.a, passo.autore) == ("", "bozza", chi)
    assert posti(a, b, c) == [f"b{bisogno.pk}", f"b{bisogno.pk}", LIBERA]


def test_without_a_title_the_first_note_gives_its_words(incontro, chi):
    [nota] = note(incontro, "x" * 300)
    assert raggruppa(incontro, chi, [nota]).titolo == "x" * 159 + "…"


def test_a_need_of_several_tables_is_of_no_table(incontro, chi):
    scelte = [NotaFactory(incontro=incontro, tavolo=1), NotaFactory(incontro=incontro, tavolo=2)]
    assert raggruppa(incontro, chi, scelte).tavolo is None


def test_notes_move_between_groups_and_back(incontro, chi):
    a, b = note(incontro, "a", "b")
    primo, secondo = raggruppa(incontro, chi, [a]), raggruppa(incontro, chi, [b])

    raggruppa(incontro, chi, [a], bisogno=secondo)
    assert posti(a, b) == [f"b{secondo.pk}", f"b{secondo.pk}"]

    assert ordinamento.sgancia(incontro, viste(a), adesso=ora()) == 1
    assert ordinamento.scarta(incontro, viste(b), adesso=ora()) == 1
    assert posti(a, b) == [LIBERA, SCARTATA]

    assert ordinamento.sgancia(incontro, viste(b), adesso=ora()) == 1
    assert posti(b) == [LIBERA]
    # An emptied draft stays until somebody takes it away.
    assert Bisogno.objects.filter(pk=primo.pk).exists()


def test_a_double_click_makes_one_need(incontro, chi):
    a, b = note(incontro, "a", "b")
    prima = viste(a, b)

    fatti = [
        ordinamento.raggruppa(incontro, prima, titolo=titolo, autore=chi, adesso=ora())
        for titolo in ("Panchine", "Panchine")
    ]

    assert fatti[0] == fatti[1]
    assert Bisogno.objects.count() == 1


def test_of_two_facilitators_one_is_told_and_nothing_is_overwritten(incontro, chi):
    a, b, c = note(incontro, "a", "b", "c")
    di_prima = viste(a, b, c)
    una = raggruppa(incontro, chi, [a], titolo="Della prima")
    altro = raggruppa(incontro, chi, [c], titolo="Altro")

    with pytest.raises(Superata, match="2 di queste note"):
        ordinamento.raggruppa(incontro, di_prima, titolo="Della seconda", autore=chi, adesso=ora())
    with pytest.raises(Superata, match="una di queste note"):
        ordinamento.scarta(incontro, di_prima[:2], adesso=ora())
    with pytest.raises(Superata):
        ordinamento.diventa_idea(incontro, di_prima, autore=chi, adesso=ora())

    assert posti(a, b, c) == [f"b{una.pk}", LIBERA, f"b{altro.pk}"]
    assert (Bisogno.objects.count(), Proposta.objects.count()) == (2, 0)


def test_two_facilitators_who_want_the_same_agree(incontro, chi):
    a, b = note(incontro, "a", "b")
    bisogno = raggruppa(incontro, chi, [a])
    di_prima = viste(a, b, da=LIBERA)
    ordinamento.raggruppa(incontro, di_prima, bisogno=bisogno, autore=chi, adesso=ora())
    ordinamento.raggruppa(incontro, di_prima, bisogno=bisogno, autore=chi, adesso=ora())
    assert posti(a, b) == [f"b{bisogno.pk}"] * 2


def test_a_group_of_another_meeting_is_not_there(incontro, chi):
    [nota] = note(incontro, "a")
    altrove = IncontroFactory(passato=True)
    bisogno = BisognoFactory(incontro=altrove, stato="bozza", pubblicato_at=None)
    idea = PropostaFactory(bozza=True, incontro=altrove)
    [estranea] = note(altrove, "di altri")

    with pytest.raises(Superata):
        raggruppa(incontro, chi, [nota], bisogno=bisogno)
    with pytest.raises(Superata):
        idea_di(incontro, chi, [nota], idea=idea)
    with pytest.raises(Superata):
        raggruppa(incontro, chi, [nota, estranea])

    assert posti(nota, estranea) == [LIBERA, LIBERA]


def test_a_hidden_need_takes_no_notes_a_published_one_does(incontro, chi):
    a, b = note(incontro, "a", "b")
    nascosto = BisognoFactory(incontro=incontro, stato="nascosto")
    pubblicato = BisognoFactory(incontro=incontro)

    with pytest.raises(Rifiuto, match="nascosto"):
        raggruppa(incontro, chi, [a], bisogno=nascosto)
    raggruppa(incontro, chi, [b], bisogno=pubblicato)

    assert posti(a, b) == [LIBERA, f"b{pubblicato.pk}"]


def test_nothing_chosen_is_told(incontro, chi):
    with pytest.raises(Rifiuto, match="Scegli almeno una nota"):
        raggruppa(incontro, chi, [])
    assert Bisogno.objects.count() == 0


def test_a_note_that_was_deleted_at_the_table_is_told(incontro, chi):
    a, b = note(incontro, "a", "b")
    prima = viste(a, b)
    Nota.objects.filter(pk=b.pk).update(eliminata_at=ora())
    with pytest.raises(Superata, match="cancellato"):
        ordinamento.raggruppa(incontro, prima, autore=chi, adesso=ora())
    assert posti(a) == [LIBERA]


# --- Ideas ----------------------------------------------------------------------------------


def test_notes_become_an_idea_that_answers_the_need_they_were_in(incontro, chi):
    a, b, c = note(incontro, "Orto", "Dietro la palestra", "Strisce")
    bisogno = raggruppa(incontro, chi, [a, c])

    idea = idea_di(incontro, chi, [a, b])

    idea.refresh_from_db()
    assert (idea.titolo, idea.che_cosa) == ("Orto", "Orto\n\nDietro la palestra")
    assert (idea.stato, idea.canale, idea.genere_proponente) == ("bozza", "incontro", "incontro")
    assert (idea.incontro, idea.laboratorio, idea.per_la_citta) == (
        incontro,
        incontro.laboratorio,
        False,
    )
    assert (idea.registrato_da, idea.proponente) == (chi, None)
    assert list(idea.bisogni.all()) == [bisogno]
    assert posti(a, b, c) == [f"i{idea.pk}", f"i{idea.pk}", f"b{bisogno.pk}"]
    assert idea.firma == f"chi ha partecipato a «{incontro.titolo}»"


def test_an_idea_of_a_city_meeting_is_for_the_city(chi):
    incontro = IncontroFactory(passato=True, cittadino=True)
    [nota] = note(incontro, "Orto")
    assert idea_di(incontro, chi, [nota]).per_la_citta is True


def test_more_notes_join_an_idea_and_a_double_click_makes_one(incontro, chi):
    a, b = note(incontro, "Orto", "Acqua per l'orto")
    prima = viste(a)
    idea = ordinamento.diventa_idea(incontro, prima, autore=chi, adesso=ora())
    assert ordinamento.diventa_idea(incontro, prima, autore=chi, adesso=ora()) == idea
    idea_di(incontro, chi, [b], idea=idea)
    assert posti(a, b) == [f"i{idea.pk}"] * 2
    assert Proposta.objects.count() == 1


def test_an_idea_that_was_published_takes_no_more_notes(incontro, chi):
    [nota] = note(incontro, "a")
    idea = PropostaFactory(incontro=incontro, genere_proponente="incontro")
    with pytest.raises(Rifiuto, match="già pubblicata"):
        idea_di(incontro, chi, [nota], idea=idea)


def test_an_idea_is_rewritten_and_linked_once_for_each_version(incontro, chi):
    [nota] = note(incontro, "Orto")
    idea = idea_di(incontro, chi, [nota])
    bisogno, tema = (
        BisognoFactory(incontro=incontro, stato="bozza", pubblicato_at=None),
        TemaFactory(),
    )
    nuovi = {"titolo": "Orto condiviso", "che_cosa": "Dietro la palestra.", "luogo": ""}

    def modifica(valori, versione, bisogni):
        return ordinamento.modifica_idea(
            idea, valori, versione=versione, temi=[tema], bisogni=bisogni, adesso=ora()
        )

    dopo = modifica(nuovi, idea.versione, [bisogno])
    assert dopo == idea.versione + 1
    # The second half of a double click.
    assert modifica(nuovi, idea.versione, [bisogno]) == dopo
    with pytest.raises(Superata):
        modifica({**nuovi, "titolo": "Altro"}, idea.versione, [])

    idea.refresh_from_db()
    assert (idea.titolo, list(idea.bisogni.all()), list(idea.temi.all())) == (
        "Orto condiviso",
        [bisogno],
        [tema],
    )


def test_a_draft_taken_away_gives_its_notes_back(incontro, chi):
    a, b = note(incontro, "a", "b")
    bisogno, idea = raggruppa(incontro, chi, [a]), idea_di(incontro, chi, [b])

    for _volta in range(2):
        ordinamento.elimina_bisogno(bisogno, adesso=ora())
        ordinamento.elimina_idea(idea, adesso=ora())

    assert posti(a, b) == [LIBERA, LIBERA]
    assert (Bisogno.objects.count(), Proposta.objects.count()) == (0, 0)


def test_what_somebody_has_read_is_not_taken_away(incontro):
    bisogno = BisognoFactory(incontro=incontro)
    idea = PropostaFactory(incontro=incontro, genere_proponente="incontro")
    with pytest.raises(Rifiuto):
        ordinamento.elimina_bisogno(bisogno, adesso=ora())
    with pytest.raises(Rifiuto):
        ordinamento.elimina_idea(idea, adesso=ora())
    assert (Bisogno.objects.count(), Proposta.objects.count()) == (1, 1)


# --- Dots -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("punti", "massimo", "attesa"),
    [
        (None, 12, None),
        (0, 0, None),
        (12, 12, ALTA),
        (8, 12, ALTA),
        (7, 12, MEDIA),
        (4, 12, MEDIA),
        (3, 12, BASSA),
        (0, 12, BASSA),
        (1, 1, ALTA),
    ],
)
def test_the_dots_give_the_priority(punti, massimo, attesa):
    assert ordinamento.priorita_dai_punti(punti, massimo) == attesa


@pytest.fixture
def tre(incontro):
    """Three drafts of the meeting that nobody has counted dots for."""
    return [
        BisognoFactory(incontro=incontro, titolo=titolo, stato="bozza", pubblicato_at=None)
        for titolo in ("Primo", "Secondo", "Terzo")
    ]


def conta(incontro, *coppie, **altro):
    """``coppie``: a need, what was seen, what was counted."""
    punti = {bisogno.pk: (visto, nuovo) for bisogno, visto, nuovo in coppie}
    return ordinamento.conta_punti(incontro, punti, adesso=ora(), **altro)


def come_stanno(righe):
    for bisogno in righe:
        bisogno.refresh_from_db()
    return [(bisogno.punti, bisogno.priorita) for bisogno in righe]


def test_priorities_follow_the_dots_all_of_them_again(incontro, tre):
    a, b, c = tre
    assert conta(incontro, (a, None, 9), (b, None, 5), (c, None, None)) == 2
    assert come_stanno(tre) == [(9, ALTA), (5, MEDIA), (None, None)]

    # The third one gets most: the others count for less.
    conta(incontro, (c, None, 30))
    assert come_stanno(tre) == [(9, BASSA), (5, BASSA), (30, ALTA)]


def test_a_priority_given_by_hand_stays(incontro, tre):
    a, b, _c = tre
    conta(incontro, (a, None, 9), (b, None, 2))
    Bisogno.objects.filter(pk=b.pk).update(priorita=ALTA)
    conta(incontro, (a, 9, 12))
    assert come_stanno(tre) == [(12, ALTA), (2, ALTA), (None, None)]


def test_two_counts_that_differ_are_told_and_nothing_is_written(incontro, tre):
    a, b, _c = tre
    conta(incontro, (a, None, 9))

    with pytest.raises(Superata, match="9 bollini per «Primo»"):
        conta(incontro, (a, None, 8), (b, None, 4))
    assert come_stanno(tre)[:2] == [(9, ALTA), (None, None)]

    # The same count twice, or of other needs, is no conflict.
    assert conta(incontro, (a, None, 9), (b, None, 3)) == 1
    assert come_stanno(tre)[:2] == [(9, ALTA), (3, MEDIA)]


def test_counting_dots_is_no_rewriting(incontro, tre):
    a, *_altri = tre
    prima = a.updated_at
    conta(incontro, (a, None, 9))
    a.refresh_from_db()
    assert a.updated_at == prima


def test_what_everybody_reads_changes_only_for_who_may(incontro, tre):
    pubblicato = BisognoFactory(incontro=incontro, punti=3, priorita=ALTA, titolo="Letto")

    with pytest.raises(Rifiuto, match="«Letto» è già pubblicato"):
        conta(incontro, (pubblicato, 3, 4))
    conta(incontro, (tre[0], None, 30))
    assert come_stanno([pubblicato]) == [(3, ALTA)]

    conta(incontro, (pubblicato, 3, 4), anche_pubblicati=True)
    # Its priority was read: only a hand changes it.
    assert come_stanno([pubblicato]) == [(4, ALTA)]


# --- Publishing -----------------------------------------------------------------------------


@pytest.fixture
def pronto(incontro, chi):
    """A meeting with two needs, an idea and a report that nobody has published."""
    a, b, c = note(incontro, "Panchine", "Ombra", "Orto")
    primo = raggruppa(incontro, chi, [a])
    raggruppa(incontro, chi, [b])
    idea = idea_di(incontro, chi, [c])
    idea.bisogni.add(primo)
    conta(
        incontro,
        *((bisogno, None, n) for n, bisogno in enumerate(Bisogno.objects.order_by("pk"), 1)),
    )
    ResocontoFactory(incontro=incontro, pubblicato_at=None)
    return incontro


def pubblica(incontro, chi, **altro):
    return ordinamento.pubblica_tutto(incontro, autore=chi, adesso=ora(), **altro)


def test_needs_and_ideas_are_published_with_the_report(pronto, chi):
    fatto = pubblica(pronto, chi)

    assert (len(fatto.bisogni), len(fatto.idee)) == (2, 1)
    assert set(Bisogno.objects.values_list("stato", flat=True)) == {"pubblicato"}
    idea = Proposta.objects.get()
    assert (idea.stato, idea.proponente) == ("pubblicata", None)
    pronto.refresh_from_db()
    assert pronto.stato == Incontro.Stato.SVOLTO
    pronto.resoconto.refresh_from_db()
    assert pronto.resoconto.pubblicato_at is not None
    # The most urgent first, as the page of the report lists them.
    assert pronto.resoconto.bisogni == "Ombra\nPanchine"
    assert pronto.resoconto.idee == "Orto"


def test_publishing_twice_publishes_once(pronto, chi):
    pubblica(pronto, chi)
    passi = [bisogno.passaggi.count() for bisogno in Bisogno.objects.all()]

    assert pubblica(pronto, chi).niente is True

    assert [bisogno.passaggi.count() for bisogno in Bisogno.objects.all()] == passi


def test_lines_that_somebody_wrote_in_the_report_stay(pronto, chi):
    pronto.resoconto.bisogni = "Più ombra, dicono in molti"
    pronto.resoconto.save()
    pubblica(pronto, chi)
    pronto.resoconto.refresh_from_db()
    assert pronto.resoconto.bisogni == "Più ombra, dicono in molti"
    assert pronto.resoconto.idee == "Orto"


def test_what_comes_later_is_published_and_listed_too(pronto, chi):
    pubblica(pronto, chi)
    [tardi] = note(pronto, "Fontanella")
    raggruppa(pronto, chi, [tardi])

    fatto = pubblica(pronto, chi)

    assert [bisogno.titolo for bisogno in fatto.bisogni] == ["Fontanella"]
    pronto.resoconto.refresh_from_db()
    assert pronto.resoconto.bisogni.splitlines() == ["Ombra", "Panchine", "Fontanella"]


def test_what_changed_since_it_was_confirmed_is_read_again(pronto, chi):
    letta = ordinamento.da_pubblicare(pronto, ora()).impronta
    [tardi] = note(pronto, "Fontanella")
    raggruppa(pronto, chi, [tardi])

    with pytest.raises(Superata):
        pubblica(pronto, chi, impronta=letta)
    assert set(Bisogno.objects.values_list("stato", flat=True)) == {"bozza"}

    pubblica(pronto, chi, impronta=ordinamento.da_pubblicare(pronto, ora()).impronta)
    assert set(Bisogno.objects.values_list("stato", flat=True)) == {"pubblicato"}


@pytest.mark.parametrize(
    "cambia",
    [
        lambda incontro: Bisogno.objects.update(punti=7),
        lambda incontro: Bisogno.objects.update(priorita=BASSA),
        lambda incontro: Bisogno.objects.first().temi.add(TemaFactory()),
        lambda incontro: Bisogno.objects.update(titolo="Altro", updated_at=ora()),
        lambda incontro: Proposta.objects.update(versione=9),
        lambda incontro: incontro.resoconto.save(),
        lambda incontro: NotaFactory(incontro=incontro),
    ],
    ids=["dots", "priority", "theme", "words", "idea", "report", "note"],
)
def test_the_mark_of_what_is_read_changes_with_it(pronto, cambia, request):
    prima = ordinamento.da_pubblicare(pronto, ora()).impronta
    cambia(pronto)
    uguale = ordinamento.da_pubblicare(pronto, ora()).impronta == prima
    # A note that is in no group is not published: it may arrive meanwhile.
    assert uguale is (request.node.callspec.id == "note")


def _senza_resoconto(incontro):
    incontro.resoconto.delete()


def _resoconto_vuoto(incontro):
    type(incontro.resoconto).objects.update(testo=" \n")


def _non_finito(incontro):
    Incontro.objects.update(fine=None, inizio=ora() + timedelta(hours=1))


def _annullato(incontro):
    Incontro.objects.update(stato=Incontro.Stato.ANNULLATO)


def _idea_vuota(incontro):
    Proposta.objects.update(che_cosa="")


@pytest.mark.parametrize(
    ("guasta", "perche"),
    [
        (_senza_resoconto, "Manca il resoconto"),
        (_resoconto_vuoto, "Il resoconto è vuoto"),
        (_non_finito, "non è ancora finito"),
        (_annullato, "«annullato»"),
        (_idea_vuota, "«Orto»: Scrivi che cosa proponi."),
    ],
)
def test_what_stands_in_the_way_keeps_all_of_it_back(pronto, chi, guasta, perche):
    guasta(pronto)
    with pytest.raises(Rifiuto, match=perche):
        pubblica(pronto, chi)
    assert set(Bisogno.objects.values_list("stato", flat=True)) == {"bozza"}
    assert Proposta.objects.get().stato == "bozza"


def test_a_draft_that_a_citizen_began_at_the_meeting_is_hers(pronto, chi):
    sua = PropostaFactory(bozza=True, incontro=pronto)
    pubblica(pronto, chi)
    sua.refresh_from_db()
    assert sua.stato == "bozza"
