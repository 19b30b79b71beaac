from django.http import HttpResponse


def posta_demo(request, **kwargs):
    return HttpResponse("da fare")


def posta_demo_messaggio(request, **kwargs):
    return HttpResponse("da fare")
