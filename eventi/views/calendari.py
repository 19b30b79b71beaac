from django.http import HttpResponse


def calendario_ics(request, **kwargs):
    return HttpResponse("da fare")


def laboratorio_ics(request, **kwargs):
    return HttpResponse("da fare")


def incontro_ics(request, **kwargs):
    return HttpResponse("da fare")


def incontro_atom(request, **kwargs):
    return HttpResponse("da fare")
