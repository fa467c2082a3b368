"""Making, changing, rotating and revoking keys; a site always keeps an admin."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.audit import Entry, write_audit
from app.admin.key_rows import NewKey, insert_key
from app.admin.keys import repository
from app.admin.keys.schemas import Key, KeyPatch, MadeKey, Rotation, State, WantedKey
from app.admin.notice import notify_changed
from app.engine.problems import Problem
from app.web.etag import Precondition, etag_of
from app.web.keyring import Caller, Role, new_key
from app.web.paging import Listing, Page, cursor_of
from app.web.pepper import Pepper
from app.web.problems import ConflictError, NotFoundError, WrongContentError

# Every worker reads all keys whenever anything is published.
KEYS_LIMIT = 1_000

_SETTINGS = ("kind", "role", "name", "expires_at")


class Asked(NamedTuple):
    """In which transaction, by whom and when something is asked for."""

    connection: AsyncConnection
    caller: Caller
    now: datetime


def etag(key: Key) -> str:
    """Make the ETag of what can be changed of a key; its use changes nothing of that."""
    return etag_of(key.model_dump_json(exclude={"last_used_at", "key"}).encode())


async def list_keys(asked: Asked, state: State | None, page: Page) -> Listing[Key]:
    """List keys, newest first."""
    connection, caller, now = asked
    found = await repository.list_keys(
        connection, caller.site, state, now=now, before=page.after(UUID), limit=page.limit + 1
    )
    items = [Key(**row) for row in found[: page.limit]]
    more = len(found) > page.limit
    return Listing(items=items, next_cursor=cursor_of(items[-1].id) if more else None)


async def get_key(asked: Asked, key_id: UUID) -> Key:
    """Read a key; raises NotFoundError."""
    found = await repository.find_key(asked.connection, asked.caller.site, key_id, asked.now)
    if found is None:
        raise NotFoundError(f"there is no key {key_id}")
    return Key(**found)


async def create_key(asked: Asked, wanted: WantedKey, pepper: Pepper | None) -> MadeKey:
    """Make a key.

    Raises:
        WrongContentError: it would have expired already.
        ConflictError: the site has as many as it may.

    """
    _check_expiry(asked, wanted.expires_at)
    if await repository.count_in_force(asked.connection, asked.caller.site, asked.now) >= KEYS_LIMIT:
        raise ConflictError(f"a site has at most {KEYS_LIMIT:,} keys in force: revoke some that nobody uses")
    role = None if wanted.role is None else Role[wanted.role.upper()]
    made = await _add(asked, NewKey(wanted.kind, wanted.name, role, wanted.expires_at), pepper)
    await notify_changed(asked.connection, asked.caller.site)
    return made


async def change_key(asked: Asked, key_id: UUID, patch: KeyPatch, precondition: Precondition) -> Key:
    """Give a key another name, role or end.

    Raises:
        NotFoundError: there is none.
        StaleError, PreconditionMissingError: it is another than the client saw.
        ConflictError: it is over, or the last admin.
        WrongContentError: a role for a public key, or an end in the past.

    """
    before = await _locked(asked, key_id)
    precondition.check(etag(before))
    _check_in_force(before)
    if "role" in patch.model_fields_set and before.role is None:
        raise WrongContentError([Problem("/role", "a public key has no role: leave it out")])
    if "expires_at" in patch.model_fields_set:
        _check_expiry(asked, patch.expires_at)
    return await _update(asked, before, "changed", patch.model_dump(exclude_unset=True))


async def revoke_key(asked: Asked, key_id: UUID) -> None:
    """Let a key never be good again; a key that was revoked before stays so.

    Raises:
        NotFoundError: there is none.
        ConflictError: it is the last admin.

    """
    before = await _locked(asked, key_id)
    if before.state != "revoked":
        await _update(asked, before, "revoked", {"revoked_at": asked.now})


async def rotate_key(asked: Asked, key_id: UUID, rotation: Rotation, pepper: Pepper | None) -> MadeKey:
    """Make a key like another one, which expires after the overlap.

    Raises:
        NotFoundError: there is none.
        ConflictError: it is over, was rotated before, or is the last admin while the new key would expire.
        WrongContentError: the new key would have expired already.

    """
    before = await _locked(asked, key_id)
    _check_in_force(before)
    if before.replaced_by is not None:
        raise ConflictError(f"it was rotated before: rotate {before.replaced_by}, which has taken its place")
    expires_at = before.expires_at
    if "expires_at" in rotation.model_fields_set:
        _check_expiry(asked, rotation.expires_at)
        expires_at = rotation.expires_at
    role = None if before.role is None else Role[before.role.upper()]
    made = await _add(asked, NewKey(before.kind, before.name, role, expires_at), pepper)
    ends_at = asked.now + timedelta(seconds=rotation.overlap_s)
    ends = {"expires_at": min(before.expires_at or ends_at, ends_at), "replaced_by": made.id}
    await _update(asked, before, "rotated", ends)
    return made


async def _add(asked: Asked, key: NewKey, pepper: Pepper | None) -> MadeKey:
    connection, caller, _ = asked
    raw = new_key(key.kind)
    key_id = await insert_key(connection, caller.site, key, raw, pepper)
    made = await get_key(asked, key_id)
    await write_audit(connection, caller, [Entry("added", f"keys/{key_id}", after=_told(made))])
    return MadeKey(**made.model_dump(), key=raw)


async def _update(asked: Asked, before: Key, action: str, values: dict[str, Any]) -> Key:
    """Change a key that is locked, and see that an admin is left."""
    if before.model_dump(include=set(values)) == values:
        return before
    connection, caller, _ = asked
    await repository.update_key(connection, before.id, values)
    if before.role == "admin" and not await repository.has_lasting_admin(connection, caller.site):
        raise ConflictError("it is the last admin's key that does not expire: make another one before")
    after = await get_key(asked, before.id)
    entry = Entry(action, f"keys/{before.id}", _told(before), _told(after))
    await write_audit(connection, caller, [entry])
    await notify_changed(connection, caller.site)
    return after


async def _locked(asked: Asked, key_id: UUID) -> Key:
    await repository.lock_key(asked.connection, asked.caller.site, key_id)
    return await get_key(asked, key_id)


def _check_in_force(key: Key) -> None:
    if key.state != "in_force":
        raise ConflictError(f"it is {key.state}, which cannot be undone: make a new key")


def _check_expiry(asked: Asked, expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= asked.now:
        raise WrongContentError([Problem("/expires_at", "must lie in the future, or be null for never")])


def _told(key: Key) -> dict[str, Any]:
    """What the audit keeps of a key."""
    kept = key.model_dump(mode="json", include={*_SETTINGS, "revoked_at", "replaced_by"})
    return {name: value for name, value in kept.items() if value is not None}
