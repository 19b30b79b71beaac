"""``{% giorni_dell_elenco cl %}``: the years, months or days of a list of the office."""

from django import template

from portale.lib.elenchi import giorni

register = template.Library()


@register.inclusion_tag("admin/date_hierarchy.html")
def giorni_dell_elenco(elenco):
    return giorni(elenco)
