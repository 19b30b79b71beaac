from django.http import Http404


def sostegno_crea(request, **kwargs):
    raise Http404


def sostegno_togli(request, **kwargs):
    raise Http404


def seguito_crea(request, **kwargs):
    raise Http404


def seguito_togli(request, **kwargs):
    raise Http404


def seguito_list(request, **kwargs):
    raise Http404


def segui_laboratorio(request, **kwargs):
    raise Http404


def segui_tema(request, **kwargs):
    raise Http404


def seguito_lascia(request, **kwargs):
    raise Http404
