"""Every credential that could work here, tried in parallel: its principal, and whether it can read the secret."""

from secrets_app.identities.compare import Comparison, get_comparison
from secrets_app.identities.result import CandidateResult, Selection, as_json, selection_of

__all__ = ["CandidateResult", "Comparison", "Selection", "as_json", "get_comparison", "selection_of"]
