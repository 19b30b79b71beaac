from django.http import HttpResponse


def disponibilita_crea(request, **kwargs):
    return HttpResponse("da fare")


def disponibilita_inviata(request, **kwargs):
    return HttpResponse("da fare")


def disponibilita_conferma(request, **kwargs):
    return HttpResponse("da fare")
