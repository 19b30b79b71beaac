from django.conf import settings


def portale(request):
    """What the header and footer of every page need."""
    return {"ente": settings.ENTE, "demo": settings.DEMO}
