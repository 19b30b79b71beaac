from django.http import Http404


def proposta_detail(request, **kwargs):
    raise Http404


def proposta_percorso(request, **kwargs):
    raise Http404


def proposta_versioni(request, **kwargs):
    raise Http404


def proposta_scheda(request, **kwargs):
    raise Http404


def proposta_qr(request, **kwargs):
    raise Http404


def bisogno_detail(request, **kwargs):
    raise Http404


def bisogno_percorso(request, **kwargs):
    raise Http404
