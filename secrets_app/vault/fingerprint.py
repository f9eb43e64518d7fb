"""What tells two secret values apart and nothing of them."""

import hashlib
import hmac


def fingerprint(value: str, key: str) -> str:
    """16 hex digits. Keyed: nobody can try out values against it elsewhere."""
    return hmac.new(key.encode(), value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]
