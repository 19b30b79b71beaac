from django.http import HttpResponse


def robots(request, **kwargs):
    return HttpResponse("da fare")


def sitemap(request, **kwargs):
    return HttpResponse("da fare")
