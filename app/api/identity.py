"""Who may ask, and as whom."""

import hashlib
import hmac

from app.api.request import Request
from app.api.wire import VisitorBody
from app.rulesets.live import LiveRulesets, LiveSite
from app.web.auth import bearer_of
from app.web.keyring import Caller, Keyring
from app.web.problems import UnauthorizedError, UnavailableError


def caller_of(request: Request, keyring: Keyring) -> Caller:
    """Find whose key a request carries, in its header or, for a public key, in `?key=`.

    Raises:
        UnauthorizedError: without a known key.

    """
    key = bearer_of(request.header(b"authorization"))
    caller = keyring.find(key or request.query_value("key") or "")
    if caller is None:
        raise UnauthorizedError("a known key is needed: Authorization: Bearer pk_…, or ?key=pk_…")
    if key is None and caller.kind == "secret":
        # Addresses end up in logs and histories.
        raise UnauthorizedError("a secret key belongs in the Authorization header")
    return caller


def site_of(caller: Caller, rulesets: LiveRulesets) -> LiveSite:
    """Find the site of a caller; raises UnavailableError while a new site is not known here yet."""
    site = rulesets.find(caller.site)
    if site is None:
        raise UnavailableError("the site is not known here yet")
    return site


def proven_user(visitor: VisitorBody, caller: Caller, site: LiveSite) -> str | None:
    """Name the user that a request may speak for; None where a public key brings no valid proof."""
    user = visitor.user_id
    if user is None or caller.kind == "secret":
        return user
    proof = hmac.new(site.identity_secret.encode(), user.encode(), hashlib.sha256).hexdigest()
    given = (visitor.user_proof or "").lower().encode()
    return user if hmac.compare_digest(proof.encode(), given) else None
