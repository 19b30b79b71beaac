from django.http import HttpResponse


def contatti(request, **kwargs):
    return HttpResponse("da fare")


def contatti_inviato(request, **kwargs):
    return HttpResponse("da fare")
