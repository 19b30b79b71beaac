"""A page's form as a browser would send it back."""

from lxml import html


def modulo(response, **campi):
    """What the page's main form sends if nobody touches it, with these fields written over;
    None takes one away (a box that is unticked)."""
    pagina = html.fromstring(response.content.decode())
    # Not the switch to the citizen's view, which every page with one of the site's has.
    forms = pagina.xpath('//*[@id="content"]//form[not(contains(@class, "vista-modulo"))]')
    form = next(f for f in forms if f.method == "POST")
    dati = {}
    for nome, valore in form.form_values():
        dati.setdefault(nome, []).append(valore)
    for nome, valore in campi.items():
        if valore is None:
            dati.pop(nome, None)
        else:
            dati[nome] = valore
    return dati
