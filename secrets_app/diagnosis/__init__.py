"""Diagnosis: from evidence to causes to hints. Pure; knows nothing of Azure's libraries or of the web."""

from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.cause import Cause
from secrets_app.diagnosis.diagnose import diagnose
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.explain import Explanation, explain

__all__ = ["CAUSES", "Cause", "Evidence", "Explanation", "diagnose", "explain"]
