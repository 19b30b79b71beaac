from django.http import HttpResponse


def salute(request, **kwargs):
    return HttpResponse("da fare")


def viva(request, **kwargs):
    return HttpResponse("da fare")
