"""`{% kept %}`: a part of a page that is the same for every viewer is made once a second, not for each of a crowd."""

from collections.abc import Mapping

from django.template import Context, Library, Node, NodeList, TemplateSyntaxError
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.urls import get_script_prefix
from django.utils.safestring import SafeString

from secrets_app.keeping import Keeping

register = Library()

_LIFE_S = 1.0
"""Pages say `5 seconds ago`."""
_parts: Keeping[SafeString] = Keeping()


@register.tag
def kept(parser: Parser, token: Token) -> Node:
    """`{% kept reading=reading %}...{% endkept %}`: inside, these names are known and no others.

    No request, no viewer, no CSRF token: what one person may see cannot come to be shown to another.
    """
    _name, *bits = token.split_contents()
    values = token_kwargs(bits, parser)
    if bits:
        raise TemplateSyntaxError("kept takes name=value, as often as there is something to name.")
    nodes = parser.parse(("endkept",))
    parser.delete_first_token()
    return Kept(values, nodes)


class Kept(Node):
    child_nodelists = ()  # no other page's block can stand in here, so none is looked for on each request

    def __init__(self, values: Mapping[str, FilterExpression], nodelist: NodeList) -> None:
        self._values = values
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        values = {name: value.resolve(context) for name, value in self._values.items()}
        return _parts.get(
            self, get_script_prefix(), *values.values(),
            make=lambda: self.nodelist.render(context.new(values)), life_s=_LIFE_S,
        )  # fmt: skip
