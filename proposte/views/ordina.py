from django.http import Http404


def ordina(request, **kwargs):
    raise Http404


def pubblica(request, **kwargs):
    raise Http404
