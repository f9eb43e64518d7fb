"""Every credential that could work here, asked side by side: who each is, and whether that one may read the secret."""

from secrets_app.identities.comparing import Comparison, comparison_of
from secrets_app.identities.row import Pick, Row, as_json, pick_of

__all__ = ["Comparison", "Pick", "Row", "as_json", "comparison_of", "pick_of"]
