"""Two officers with the same form open: nobody's words are lost, and nothing is written over
in silence.

A form of the office carries a *photograph* of what it showed: each field as the browser would
send it back. At the save, under the row's lock, another one is taken. What differs between the
two was written meanwhile by somebody else, and is held against what this officer wrote: of a
field that she left alone theirs stands, where both wrote she chooses (docs/adr/0026).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django import forms
from django.core import signing
from django.db import models
from django.http import QueryDict
from django.utils.crypto import salted_hmac
from django.utils.text import Truncator
from django.utils.translation import gettext

from . import dates

SALE = "portale.contesa"
VISTO = "_visto"
SCONTRI = "_scontri"
RIPRENDI = "_riprendi"
VERSIONE = "_versione"

Valori = dict[str, list[str]]


@dataclass
class Foto:
    """What a form shows: its fields, and those of its inline rows by prefix and key."""

    campi: Valori = field(default_factory=dict)
    righe: dict[str, dict[str, Valori]] = field(default_factory=dict)


@dataclass(frozen=True)
class Differenza:
    """One thing that somebody else changed: what it was, what it is, what this officer wrote
    (None when she left it alone). ``scontro``: both wrote, and not the same."""

    etichetta: str
    prima: str
    loro: str
    mio: str | None = None
    scontro: bool = False


# --- Photographs ----------------------------------------------------------------------------


def widget(campo):
    """The control itself, without the admin's frame around it."""
    return getattr(campo.widget, "widget", campo.widget)


def _si_confronta(nome: str, campo: forms.Field) -> bool:
    return not (
        nome in ("DELETE", "ORDER")
        or campo.disabled
        or isinstance(campo, forms.models.InlineForeignKeyField)
        or isinstance(widget(campo), forms.FileInput)
    )


def come_si_manda(campo: forms.Field, valore: object) -> list[str]:
    """A value of a field as its control sends it back: no strings where it sends nothing."""
    controllo = widget(campo)
    valore = campo.prepare_value(valore)
    if isinstance(controllo, forms.CheckboxInput):
        return ["on"] if controllo.check_test(valore) else []
    scritto = controllo.format_value(valore)
    if scritto is None:
        return []
    tutti = scritto if isinstance(scritto, list | tuple) else [scritto]
    return _piani(str(uno) for uno in tutti)


def _mandati(campo: forms.Field, dati: QueryDict, nome: str) -> list[str]:
    if isinstance(widget(campo), forms.CheckboxInput):
        return ["on"] if dati.get(nome) not in (None, "", "False", "false") else []
    return _piani(dati.getlist(nome))


def _piani(valori: Iterable[str]) -> list[str]:
    """The same text however browsers send it; of many choices the order says nothing."""
    return sorted(piano for uno in valori if (piano := uno.replace("\r\n", "\n").strip()))


def _del_form(form: forms.BaseForm, chiave: str = "") -> Valori:
    return {
        nome: come_si_manda(campo, form.get_initial_for_field(campo, nome))
        for nome, campo in form.fields.items()
        if nome != chiave and _si_confronta(nome, campo)
    }


def fotografa(form: forms.BaseForm, formsets: Iterable) -> Foto:
    """What these forms (bound or not) show of the rows that they were made from."""
    foto = Foto(_del_form(form))
    for formset in formsets:
        chiave = formset.model._meta.pk.name
        righe = {
            str(riga.instance.pk): campi
            for riga in formset.initial_forms
            if riga.instance.pk and (campi := _del_form(riga, chiave))
        }
        if righe or _del_form(formset.empty_form, chiave):
            foto.righe[formset.prefix] = righe
    return foto


def firma(foto: Foto, adesso: datetime) -> str:
    """What the form carries: the photograph and when it was taken, signed and small."""
    return signing.dumps(
        {"campi": foto.campi, "righe": foto.righe, "alle": adesso.isoformat()},
        salt=SALE,
        compress=True,
    )


def leggi(ricevuto: str) -> tuple[Foto, datetime] | None:
    """The photograph that a form carried, and when it was shown; None when it carried none."""
    try:
        dati = signing.loads(ricevuto, salt=SALE)
    except signing.BadSignature:
        return None
    return Foto(dati["campi"], dati["righe"]), datetime.fromisoformat(dati["alle"])


# --- The version of a whole row, for the doors ---------------------------------------------


def versione(obj: models.Model) -> str:
    """Changes whenever the row does: by its ``updated_at``, or by all that it holds."""
    ultima = getattr(obj, "updated_at", None)
    tutto = [ultima] if ultima else [campo.value_from_object(obj) for campo in obj._meta.fields]
    return salted_hmac(SALE, repr([obj.pk, *map(str, tutto)])).hexdigest()[:20]


def riga(obj: models.Model) -> str:
    """Which row it is, among those of a page."""
    return f"{obj._meta.label_lower}:{obj.pk}"


def firma_versioni(righe: Iterable[models.Model], adesso: datetime) -> str:
    """What the page of a door carries: the version of each row that it shows, and since when."""
    versioni = {riga(obj): versione(obj) for obj in righe}
    return signing.dumps([versioni, adesso.isoformat()], salt=SALE, compress=True)


def leggi_versioni(ricevute: str) -> tuple[dict[str, str], datetime] | None:
    """The versions that a door's page carried, and when it was shown; None when it had none."""
    try:
        quali, alle = signing.loads(ricevute, salt=SALE)
    except signing.BadSignature:
        return None
    return quali, datetime.fromisoformat(alle)


# --- Who wrote what -------------------------------------------------------------------------


class Confronto:
    """What this officer sent (``dati``), against what others changed since she opened the form.

    After it ``dati`` is what the form should show: theirs where she wrote nothing, hers where
    she did. ``differenze`` tells the story; ``scontri`` names the fields that both wrote.
    """

    def __init__(self, prima: Foto, ora: Foto, dati: QueryDict, form, formsets: dict):
        self.dati = dati
        self.differenze: list[Differenza] = []
        self.scontri: list[str] = []
        self._campi(prima.campi, ora.campi, form)
        for prefisso, formset in formsets.items():
            vecchie, attuali = prima.righe.get(prefisso, {}), ora.righe.get(prefisso, {})
            if vecchie != attuali:
                self._righe(vecchie, attuali, formset)

    @property
    def da_vedere(self) -> bool:
        """Whether anything is there that this officer has not written herself."""
        return any(d.loro != d.mio for d in self.differenze)

    def _campi(self, prima, ora, form):
        for nome in prima.keys() | ora.keys():
            if nome not in ora:
                self._fermo(nome, prima[nome], form)
            elif nome not in prima:
                # It can be written only since a moment ago: her form did not have it.
                _scrivi(self.dati, nome, ora[nome])
            else:
                campo = form.fields[nome]
                self._campo(nome, nome, campo, campo.label, prima[nome], ora[nome])

    def _campo(self, nome, segno, campo, etichetta, prima, loro):
        """One field that both forms have. ``nome`` is its name in the data, ``segno`` the one
        by which a second save finds it again."""
        if prima == loro:
            return
        mio = _mandati(campo, self.dati, nome)
        if campo.widget.is_hidden:
            _scrivi(self.dati, nome, loro)
            return
        toccato = mio != prima
        scontro = toccato and mio != loro
        if scontro:
            self.scontri.append(segno)
        else:
            _scrivi(self.dati, nome, loro)
        self.differenze.append(
            Differenza(
                str(etichetta),
                a_parole(campo, prima),
                a_parole(campo, loro),
                a_parole(campo, mio) if toccato else None,
                scontro,
            )
        )

    def _fermo(self, nome, prima, form):
        """She could write it when she opened the form, and now nobody can from here."""
        mio = _piani(self.dati.getlist(nome))
        if mio == prima:
            return
        campo = form._meta.model._meta.get_field(nome) if _del_modello(form, nome) else None
        self.differenze.append(
            Differenza(
                str(campo.verbose_name if campo else nome).capitalize(),
                ", ".join(prima) or "–",
                gettext("da qui non si cambia più"),
                ", ".join(mio) or "–",
                scontro=True,
            )
        )

    def _righe(self, vecchie, attuali, formset):
        """Inline rows that somebody added, changed or took away: hers are kept beside theirs."""
        mie, nuove = self._righe_mandate(formset)
        chiave = formset.model._meta.pk.name
        vuota = formset.empty_form
        titolo = str(formset.model._meta.verbose_name).capitalize()
        aggiunte = [riga for pk, riga in attuali.items() if pk not in vecchie]
        # A row that was sent twice, or thought of by two, is one; an empty one is none.
        gia_fatte = [riga for riga in nuove if riga in aggiunte]
        da_scartare = [*aggiunte, _del_form(vuota, chiave)]
        nuove = [riga for riga in nuove if riga not in da_scartare]
        righe = []
        for pk, loro in attuali.items():
            sua = dict(mie.get(pk, loro))
            if pk not in vecchie:
                if loro not in gia_fatte:
                    self._racconta(titolo, "–", _riga_a_parole(vuota, loro))
                sua = loro
            elif sua != vecchie[pk] and "DELETE" in sua and loro != vecchie[pk]:
                self._racconta(
                    titolo,
                    _riga_a_parole(vuota, vecchie[pk]),
                    _riga_a_parole(vuota, loro),
                    gettext("da eliminare"),
                    f"{formset.prefix}:{pk}:DELETE",
                )
                sua = {**loro, "DELETE": ["on"]}
            elif "DELETE" not in sua:
                sua = self._riga(formset.prefix, pk, vuota, titolo, vecchie[pk], loro, sua)
            righe.append({**sua, chiave: [pk]})
        for pk, prima in vecchie.items():
            if pk in attuali:
                continue
            sua = mie.get(pk, prima)
            riscritta = sua != prima and "DELETE" not in sua
            self._racconta(
                titolo,
                _riga_a_parole(vuota, prima),
                gettext("tolta"),
                _riga_a_parole(vuota, sua) if riscritta else None,
                f"{formset.prefix}:nuova:{len(attuali) + len(nuove)}" if riscritta else "",
            )
            if riscritta:
                nuove.append(sua)
        self._riscrivi(formset, righe, nuove)

    def _riga(self, prefisso, pk, vuota, titolo, prima, loro, sua):
        esito = {}
        for nome in loro.keys() | sua.keys():
            era, adesso, mio = (di.get(nome, []) for di in (prima, loro, sua))
            toccato, scontro = mio != era, mio not in (era, adesso) and era != adesso
            esito[nome] = mio if toccato else adesso
            if era == adesso:
                continue
            campo = vuota.fields[nome]
            if scontro:
                self.scontri.append(f"{prefisso}:{pk}:{nome}")
            self.differenze.append(
                Differenza(
                    f"{titolo}: {campo.label}",
                    a_parole(campo, era),
                    a_parole(campo, adesso),
                    a_parole(campo, mio) if toccato else None,
                    scontro,
                )
            )
        return esito

    def _racconta(self, titolo, prima, loro, mio=None, segno=""):
        if segno:
            self.scontri.append(segno)
        self.differenze.append(Differenza(titolo, prima, loro, mio, bool(segno)))

    def _righe_mandate(self, formset):
        """What she sent of each row, by its key, and of the rows that she added."""
        chiave, prefisso = formset.model._meta.pk.name, formset.prefix
        vuota, mie, nuove = formset.empty_form, {}, []
        for numero in range(_intero(self.dati.get(f"{prefisso}-TOTAL_FORMS"))):
            nome = f"{prefisso}-{numero}-{{}}".format
            riga = {
                campo: _mandati(vuota.fields[campo], self.dati, nome(campo))
                for campo in _del_form(vuota, chiave)
            }
            if self.dati.get(nome("DELETE")):
                riga["DELETE"] = ["on"]
            pk = self.dati.get(nome(chiave))
            if pk:
                mie[pk] = riga
            else:
                nuove.append(riga)
        return mie, nuove

    def _riscrivi(self, formset, righe, nuove):
        prefisso = formset.prefix
        fk = formset.fk.name
        for nome in [n for n in self.dati if n.startswith(f"{prefisso}-")]:
            if nome.split("-")[len(prefisso.split("-"))].isdigit():
                del self.dati[nome]
        for numero, riga in enumerate([*righe, *nuove]):
            for campo, valori in {fk: [str(formset.instance.pk)], **riga}.items():
                _scrivi(self.dati, f"{prefisso}-{numero}-{campo}", valori)
        self.dati[f"{prefisso}-TOTAL_FORMS"] = str(len(righe) + len(nuove))
        self.dati[f"{prefisso}-INITIAL_FORMS"] = str(len(righe))


def riprendi_le_loro(dati: QueryDict, ora: Foto, formsets: dict) -> None:
    """Where both wrote, take theirs (the names are in ``dati`` itself); the rest stays hers."""
    for segno in dati.get(SCONTRI, "").split(","):
        prefisso, _, resto = segno.partition(":")
        if not resto:
            if prefisso in ora.campi:
                _scrivi(dati, prefisso, ora.campi[prefisso])
            continue
        pk, _, campo = resto.partition(":")
        if prefisso not in formsets:
            continue
        if pk == "nuova":
            dati[f"{prefisso}-{_intero(campo)}-DELETE"] = "on"
            continue
        chiave = formsets[prefisso].model._meta.pk.name
        loro = ora.righe.get(prefisso, {}).get(pk, {})
        for numero in range(_intero(dati.get(f"{prefisso}-INITIAL_FORMS"))):
            if dati.get(f"{prefisso}-{numero}-{chiave}") == pk:
                _scrivi(dati, f"{prefisso}-{numero}-{campo}", loro.get(campo, []))


def _scrivi(dati: QueryDict, nome: str, valori: list[str]) -> None:
    if valori:
        dati.setlist(nome, valori)
    else:
        dati.pop(nome, None)


def _intero(testo: str | None) -> int:
    return min(int(testo), 1000) if testo and testo.isdecimal() else 0


def _del_modello(form, nome):
    modello = getattr(getattr(form, "_meta", None), "model", None)
    return modello is not None and nome in {campo.name for campo in modello._meta.get_fields()}


# --- In words -------------------------------------------------------------------------------


def a_parole(campo: forms.Field, valori: list[str]) -> str:
    """What a field's control would send, as a person reads it; "–" for nothing."""
    if isinstance(widget(campo), forms.CheckboxInput):
        return gettext("sì") if valori else gettext("no")
    if not valori:
        return "–"
    if isinstance(campo, forms.DateTimeField | forms.DateField):
        return _data_a_parole(campo, valori[0])
    if hasattr(campo, "choices") or hasattr(widget(campo), "choices"):
        return ", ".join(_scelta(campo, valore) for valore in valori)
    return Truncator(" ".join(" ".join(valori).split())).chars(200)


def _data_a_parole(campo, valore):
    try:
        quando = campo.to_python(valore)
    except forms.ValidationError:
        return valore
    if isinstance(quando, datetime):
        return dates.giorno_e_ora(quando)
    return dates.giorno_mese_anno(quando)


def _scelta(campo, valore):
    if isinstance(campo, forms.ModelChoiceField):
        nome = campo.to_field_name or "pk"
        # What stood there before may be among the choices no more.
        tutte = campo.queryset.model._base_manager
        try:
            trovata = tutte.filter(**{nome: valore}).first()
        except (ValueError, TypeError):
            return valore
        return str(trovata) if trovata is not None else valore
    # Yes, no and unknown are the control's, not the field's.
    scelte = campo.choices if hasattr(campo, "choices") else widget(campo).choices
    return next((str(nome) for codice, nome in scelte if str(codice) == valore), valore)


def _riga_a_parole(vuota, riga: Valori) -> str:
    parti = (
        a_parole(vuota.fields[nome], valori)
        for nome, valori in riga.items()
        if nome in vuota.fields and valori
    )
    return ", ".join(parti) or "–"
