from django.http import Http404


def commento_crea(request, **kwargs):
    raise Http404


def proposta_segnala(request, **kwargs):
    raise Http404


def commento_modifica(request, **kwargs):
    raise Http404


def commento_elimina(request, **kwargs):
    raise Http404


def commento_segnala(request, **kwargs):
    raise Http404
