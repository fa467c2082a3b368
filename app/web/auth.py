"""Who asks: the secret key of an admin request, and whether its role reaches."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from msgspec import structs

from app.web.keyring import Caller, Keyring, Role
from app.web.problems import ForbiddenError, UnauthorizedError

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="secret key",
    description="A secret key `sk_…`; its role says what it may do.",
)


def bearer_of(authorization: str | None) -> str | None:
    """Take the key out of an `Authorization` header; None where there is none."""
    scheme, _, key = (authorization or "").partition(" ")
    return (key.strip() or None) if scheme.lower() == "bearer" else None


def caller_of(request: Request) -> Caller:
    """Name the owner of the request's secret key; raises UnauthorizedError or ForbiddenError."""
    return _with_role(_owner_of_key(request))


def admit(request: Request) -> None:
    """Count a request for its key, be it refused after all: once each, where `caller_of` may be asked again.

    What the key has left is in the request's state as `allowance`, for the headers of the answer.

    Raises:
        TooManyRequestsError: the key has asked too often.
        UnauthorizedError, ForbiddenError: it is not known, or may not ask here at all.

    """
    caller = _owner_of_key(request)
    keyring: Keyring = request.app.state.keyring
    keyring.admit(caller)
    request.state.allowance = keyring.allowance(caller)
    _with_role(caller)


def _owner_of_key(request: Request) -> Caller:
    key = bearer_of(request.headers.get("authorization"))
    if key is None:
        raise UnauthorizedError("a key is needed: Authorization: Bearer sk_…")
    keyring: Keyring = request.app.state.keyring
    caller = keyring.find(key)
    if caller is None:
        raise UnauthorizedError("this key is not known, or no longer")
    return caller


def _with_role(caller: Caller) -> Caller:
    if caller.role is None:
        raise ForbiddenError("a public key may only decide and send events; this needs a secret key")
    return caller


def require(role: Role) -> Callable[..., Awaitable[Caller]]:
    """Make the dependency of a route that needs at least this role; it gives the caller."""

    async def allowed(
        request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Caller:
        caller = caller_of(request)
        check_role(caller, role)
        return structs.replace(caller, request_id=getattr(request.state, "request_id", None))

    return allowed


def check_role(caller: Caller, role: Role, what: str = "this") -> None:
    """See that a caller has at least a role, which `what` needs; raises ForbiddenError."""
    if caller.role is None or caller.role < role:
        raise ForbiddenError(f"{what} needs the role {role.name.lower()}; the key {caller.name!r} has less")
