from django.http import HttpResponse


def privacy(request, **kwargs):
    return HttpResponse("da fare")


def accessibilita(request, **kwargs):
    return HttpResponse("da fare")


def note_legali(request, **kwargs):
    return HttpResponse("da fare")


def domande_frequenti(request, **kwargs):
    return HttpResponse("da fare")
