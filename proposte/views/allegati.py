from django.http import Http404


def allegato_carica(request, **kwargs):
    raise Http404


def allegato_togli(request, **kwargs):
    raise Http404


def allegato_scarica(request, **kwargs):
    raise Http404


def allegato_anteprima(request, **kwargs):
    raise Http404
