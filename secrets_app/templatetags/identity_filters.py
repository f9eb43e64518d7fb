"""Template filters with the texts of the identities page."""

from django import template

from secrets_app.output import identities

register = template.Library()

register.filter("result_outcome", identities.outcome_text)
register.filter("result_principal", identities.principal_text)
register.filter("result_text", identities.result_text)
register.filter("selection_text", identities.selection_text)
register.filter("selection_mark", identities.principal_mark)
