from django.urls import path

from . import views

app_name = "posta"

# /posta-demo/ (demo only)
urlpatterns = [
    path("", views.posta_demo, name="posta_demo"),
    path("<str:nome>/", views.posta_demo_messaggio, name="posta_demo_messaggio"),
]
