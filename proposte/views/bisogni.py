from django.http import Http404


def bisogno_nuovo(request, **kwargs):
    raise Http404


def bisogno_inviato(request, **kwargs):
    raise Http404
