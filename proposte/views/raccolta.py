from django.http import Http404


def servizio(request, **kwargs):
    raise Http404


def raccolta(request, **kwargs):
    raise Http404


def note(request, **kwargs):
    raise Http404
