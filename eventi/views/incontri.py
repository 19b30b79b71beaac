from django.http import HttpResponse


def incontro_list(request, **kwargs):
    return HttpResponse("da fare")


def incontro_mese(request, **kwargs):
    return HttpResponse("da fare")


def incontro_archivio(request, **kwargs):
    return HttpResponse("da fare")


def incontro_detail(request, **kwargs):
    return HttpResponse("da fare")


def resoconto_detail(request, **kwargs):
    return HttpResponse("da fare")


def allegato_scarica(request, **kwargs):
    return HttpResponse("da fare")
