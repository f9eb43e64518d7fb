"""Access control: who may see the pages, and who may see a secret value. Access is denied by default.

For each request one Viewer is derived from the request and the Config; the pages depend on it alone.
A new access mode is one entry in `policy.py`.
"""

from secrets_app.access.policy import POLICIES, AccessPolicy, decide
from secrets_app.access.viewer import Viewer, viewer_of

__all__ = ["POLICIES", "AccessPolicy", "Viewer", "decide", "viewer_of"]
