from django.http import Http404


def proposta_list(request, **kwargs):
    raise Http404


def proposta_mappa(request, **kwargs):
    raise Http404


def proposta_atom(request, **kwargs):
    raise Http404


def proposta_csv(request, **kwargs):
    raise Http404


def proposta_json(request, **kwargs):
    raise Http404


def proposta_colonne(request, **kwargs):
    raise Http404


def bisogno_list(request, **kwargs):
    raise Http404
