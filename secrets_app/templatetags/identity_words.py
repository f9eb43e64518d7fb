"""The words of the identities' page as template filters."""

from django import template

from secrets_app.identities import wording

register = template.Library()

register.filter("row_outcome", wording.outcome_words)
register.filter("row_who", wording.who_it_is)
register.filter("row_came", wording.what_came)
register.filter("pick_words", wording.what_the_site_does)
register.filter("pick_mark", wording.mark)
