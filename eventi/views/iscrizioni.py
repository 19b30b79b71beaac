from django.http import HttpResponse


def iscrizione_crea(request, **kwargs):
    return HttpResponse("da fare")


def iscrizione_inviata(request, **kwargs):
    return HttpResponse("da fare")


def iscrizione_detail(request, **kwargs):
    return HttpResponse("da fare")


def iscrizione_conferma(request, **kwargs):
    return HttpResponse("da fare")


def iscrizione_accetta(request, **kwargs):
    return HttpResponse("da fare")


def iscrizione_aspetta(request, **kwargs):
    return HttpResponse("da fare")


def iscrizione_rinuncia(request, **kwargs):
    return HttpResponse("da fare")


def iscrizione_modifica(request, **kwargs):
    return HttpResponse("da fare")


def iscrizione_promemoria(request, **kwargs):
    return HttpResponse("da fare")


def iscrizione_ics(request, **kwargs):
    return HttpResponse("da fare")
