from django.http import Http404


def bozza_modifica(request, **kwargs):
    raise Http404


def bozza_salva(request, **kwargs):
    raise Http404


def bozza_invia(request, **kwargs):
    raise Http404


def bozza_riprendi(request, **kwargs):
    raise Http404


def bozza_elimina(request, **kwargs):
    raise Http404


def proposta_modifica(request, **kwargs):
    raise Http404


def proposta_ritira(request, **kwargs):
    raise Http404


def proposta_riesame(request, **kwargs):
    raise Http404


def proposta_nuova(request, **kwargs):
    raise Http404


def proposta_simili(request, **kwargs):
    raise Http404


def proposta_mie(request, **kwargs):
    raise Http404


def proposta_inviata(request, **kwargs):
    raise Http404
