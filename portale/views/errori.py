from django.shortcuts import render


def csrf_failure(request, reason=""):
    """The 403 page of a form whose protection expired: says how to go on."""
    return render(request, "403_csrf.html", status=403)
