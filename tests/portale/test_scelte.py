"""A select of a table that grows: the newest, and whatever the page names."""

import re

import pytest
from django import forms
from django.urls import reverse

from eventi.models import Sede
from portale.lib import scelte
from tests.factories import ComunicazioneFactory, IncontroFactory, SedeFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def poche(monkeypatch):
    monkeypatch.setattr(scelte, "QUANTE", 3)


class SedeForm(forms.Form):
    sede = scelte.UltimeField(Sede.objects.order_by("nome"), required=False, empty_label="nessuna")
    sedi = scelte.UltimeMolteField(Sede.objects.order_by("nome"), required=False)


def offerte(form, nome="sede"):
    """The choices of its select as they are read, and those that are selected."""
    html = str(form[nome])
    opzioni = re.findall(r'<option value="(\d*)"( selected)?>([^<]*)</option>', html)
    return [testo for _v, _s, testo in opzioni], [v for v, scelta, _t in opzioni if scelta and v]


def test_a_short_table_is_offered_whole_in_its_order(poche, django_assert_num_queries):
    SedeFactory(nome="Zeta")
    SedeFactory(nome="Alfa")

    with django_assert_num_queries(1):
        testi, scelti = offerte(SedeForm())

    assert [testo.split(",")[0] for testo in testi] == ["nessuna", "Alfa", "Zeta"]
    assert scelti == []
    assert "optgroup" not in str(SedeForm()["sede"])


def test_of_a_long_one_the_newest_are_offered_and_it_says_so(poche, django_assert_num_queries):
    for nome in ("Vecchia", "Delta", "Alfa", "Beta"):
        SedeFactory(nome=nome)

    with django_assert_num_queries(1):
        testi, _scelti = offerte(SedeForm())

    assert [testo.split(",")[0] for testo in testi] == ["nessuna", "Alfa", "Beta", "Delta"]
    assert '<optgroup label="Scelte più recenti: 3">' in str(SedeForm()["sede"])


def test_what_is_chosen_already_is_offered_however_old(poche):
    vecchia, altra = SedeFactory(nome="Vecchia"), SedeFactory(nome="Vecchissima")
    for nome in ("Delta", "Alfa", "Beta"):
        SedeFactory(nome=nome)

    assert offerte(SedeForm(initial={"sede": vecchia.pk}))[1] == [str(vecchia.pk)]
    assert offerte(SedeForm(initial={"sede": vecchia}))[1] == [str(vecchia.pk)]
    dati = {"sede": str(vecchia.pk), "sedi": [str(vecchia.pk), str(altra.pk)]}
    form = SedeForm(dati)
    assert form.is_valid()
    assert form.cleaned_data["sede"] == vecchia
    assert set(form.cleaned_data["sedi"]) == {vecchia, altra}
    assert offerte(form)[1] == [str(vecchia.pk)]
    assert set(offerte(form, "sedi")[1]) == {str(vecchia.pk), str(altra.pk)}


@pytest.mark.parametrize("valore", ["", "0", "-1", "x", "9" * 40, "1\0"])
def test_what_is_no_row_is_no_choice(poche, valore):
    for _n in range(5):
        SedeFactory()
    form = SedeForm({"sede": valore})

    assert form.is_valid() == (valore == "")
    assert len(offerte(form)[0]) == 4
    assert offerte(form)[1] == []


def test_the_office_writes_about_an_old_meeting_from_its_page_and_changes_nothing_unseen(
    poche, client
):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    vecchio = IncontroFactory(titolo="Il primo di tutti")
    for _n in range(5):
        IncontroFactory()

    url = reverse("admin:comunicazioni_comunicazione_add")
    pagina = client.get(f"{url}?pubblico=iscritti&incontro={vecchio.pk}").text
    assert f'<option value="{vecchio.pk}" selected>' in pagina

    bozza = ComunicazioneFactory(incontro=vecchio)
    url = reverse("admin:comunicazioni_comunicazione_change", args=[bozza.pk])
    assert f'<option value="{vecchio.pk}" selected>' in client.get(url).text
