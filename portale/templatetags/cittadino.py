from django import template

from portale.cittadino import pagina_di_tutti

register = template.Library()


@register.simple_tag
def pagina_pubblica(oggetto):
    """Where everybody reads an object, or will once it is published; "" for what has no page."""
    indirizzo = getattr(oggetto, "get_absolute_url", None)
    return pagina_di_tutti(indirizzo()) if indirizzo else ""
