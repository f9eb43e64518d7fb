"""Diagnosis: from evidence to causes to hints. Pure functions; no Azure SDK and no Django."""

from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.cause import Cause
from secrets_app.diagnosis.diagnose import diagnose
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.explain import Explanation, explain

__all__ = ["CAUSES", "Cause", "Evidence", "Explanation", "diagnose", "explain"]
