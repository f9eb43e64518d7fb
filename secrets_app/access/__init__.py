"""Who may look, and who may see a value: closed unless it is opened.

One value, the Viewer, is decided for each request from the request and the Config; the pages ask only it.
A new way in is one entry in `ways.py`.
"""

from secrets_app.access.policy import POLICIES, AccessPolicy, decide
from secrets_app.access.viewer import Viewer, viewer_of

__all__ = ["POLICIES", "AccessPolicy", "Viewer", "decide", "viewer_of"]
