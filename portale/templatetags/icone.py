"""``{% icona "it-user" %}``: one of the design system's icons, from the sprite of the build."""

from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=256)
def icona(nome, classi=""):
    """The decorative icon ``nome``; ``classi`` are added to ``icon`` (``icon-sm icon-primary``).

    It is hidden from screen readers: the words beside it must say what it means.
    """
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        f" {classi}" if classi else "",
        static("bi/icone.svg"),
        nome,
    )
