from django.http import HttpResponse


def home(request, **kwargs):
    return HttpResponse("da fare")


def percorso_list(request, **kwargs):
    return HttpResponse("da fare")


def percorso_detail(request, **kwargs):
    return HttpResponse("da fare")


def percorso_esiti(request, **kwargs):
    return HttpResponse("da fare")


def laboratorio_list(request, **kwargs):
    return HttpResponse("da fare")


def laboratorio_detail(request, **kwargs):
    return HttpResponse("da fare")


def profilo(request, **kwargs):
    return HttpResponse("da fare")
