"""Template filters with the texts of the identities page."""

from django import template

from secrets_app.output import identities

register = template.Library()

register.filter("row_outcome", identities.outcome_words)
register.filter("row_who", identities.principal_text)
register.filter("row_came", identities.result_text)
register.filter("pick_words", identities.selection_text)
register.filter("pick_mark", identities.principal_mark)
