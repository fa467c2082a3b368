"""Reading, making, changing and deleting one resource of the draft, whatever its kind.

Who was to make one, and finds that somebody else has just made it, begins again with what is there now.
"""

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from app.admin.identity_secret import keep_secret, without_secret
from app.admin.parts import Site
from app.admin.resources.address import Address, Collection
from app.admin.resources.edit import Edit, stored_at
from app.admin.resources.listing import Asked, load_listing
from app.admin.resources.merge_patch import merged
from app.admin.resources.repository import Document
from app.admin.resources.schemas import read_as
from app.admin.resources.users import find_users
from app.engine.problems import Problem
from app.web.etag import Precondition, etag_of
from app.web.keyring import Caller
from app.web.paging import Page, cursor_of
from app.web.problems import ConflictError, NotFoundError, WrongContentError

# How many users of a resource are named: in a sentence, and one by one.
_IN_WORDS, _LISTED = 20, 200


class Answer(msgspec.Struct, frozen=True):
    """A resource as it is answered: the same bytes, and the same ETag, until it changes."""

    content: bytes
    is_new: bool = False

    @property
    def etag(self) -> str:
        """The ETag of this resource alone."""
        return etag_of(self.content)


async def list_resources(
    connection: AsyncConnection, collection: Collection, asked: Asked, page: Page
) -> bytes:
    """Answer a page of a list as JSON; raises NotFoundError where what it would stand in is not there."""
    if collection.kind.is_inside:
        await stored_at(connection, collection.at("")).find()
    rows = await load_listing(connection, collection, asked, page)
    shown = rows[: page.limit]
    next_cursor = cursor_of([shown[-1].value, shown[-1].key]) if len(rows) > page.limit else None
    return msgspec.json.encode({"items": [row.document for row in shown], "next_cursor": next_cursor})


async def get_resource(connection: AsyncConnection, at: Address) -> Answer:
    """Read one; raises NotFoundError."""
    return _answer(_there(at, await stored_at(connection, at).find()))


async def create(connection: AsyncConnection, caller: Caller, at: Address, document: Document) -> Answer:
    """Make one; raises ConflictError where it is there already."""
    edit = await Edit.begin(connection, caller, at)
    if edit.before is not None:
        raise ConflictError(f"there is {at.name} already")
    made = await edit.add(document)
    if made is None:
        return await create(connection, caller, at, document)
    return _answer(made, is_new=True)


async def put(
    connection: AsyncConnection, caller: Caller, at: Address, precondition: Precondition, given: Document
) -> Answer:
    """Make one, or make it equal to what is given; raises WrongContentError where that has another key."""
    document = _keyed(at, given)
    edit = await Edit.begin(connection, caller, at)
    if edit.before is None:
        precondition.check_absent()
        made = await edit.add(document)
        if made is None:
            return await put(connection, caller, at, precondition, given)
        return _answer(made, is_new=True)
    precondition.check(_answer(edit.before).etag)
    return _answer(await edit.replace(document))


async def patch(
    connection: AsyncConnection, caller: Caller, at: Address, precondition: Precondition, change: Document
) -> Answer:
    """Merge a change into one, as RFC 7396 says.

    Raises:
        NotFoundError: it is not there.
        WrongContentError: it could not be so; the pointers are into the resource as it would be.

    """
    edit = await Edit.begin(connection, caller, at)
    before = _there(at, edit.before)
    precondition.check(_answer(before).etag, is_new=edit.before is None)
    body = read_as(at.kind.new, merged(before, change))
    document = _keyed(at, body.given)
    if isinstance(body, Site):
        document = without_secret(document)
    after = await (edit.replace(document) if edit.before is not None else edit.add(document))
    if after is None:
        return await patch(connection, caller, at, precondition, change)
    if isinstance(body, Site):
        await keep_secret(connection, caller, body.identity_secret)
    return _answer(after)


async def delete(
    connection: AsyncConnection, caller: Caller, at: Address, precondition: Precondition
) -> None:
    """Delete one; raises ConflictError, naming each user, where it is in use."""
    edit = await Edit.begin(connection, caller, at)
    precondition.check(_answer(_there(at, edit.before)).etag)
    users = await find_users(connection, at, _LISTED + 1)
    if users:
        raise _in_use(at, users)
    await edit.remove()


def _answer(document: Document, *, is_new: bool = False) -> Answer:
    return Answer(msgspec.json.encode(document), is_new)


def _there(at: Address, document: Document | None) -> Document:
    """Give what is there. The site and the holdout always are; nobody need have said anything of them."""
    if document is None and not at.kind.is_single:
        raise NotFoundError(f"there is no {at.name}")
    return document or {}


def _keyed(at: Address, document: Document) -> Document:
    """Give the document with the key of its path."""
    if at.kind.is_single:
        return document
    if document.get("key", at.key) != at.key:
        raise WrongContentError([Problem("/key", f"must be {at.key!r}, as in the path; a key never changes")])
    return {**document, "key": at.key}


def _in_use(at: Address, users: list[Problem]) -> ConflictError:
    told = [user.message for user in users[:_IN_WORDS]]
    if len(users) > _LISTED:
        told.append("and many more")
    elif len(users) > _IN_WORDS:
        told.append(f"and {len(users) - _IN_WORDS} more")
    return ConflictError(f"{at.name} is in use: {'; '.join(told)}", users[:_LISTED])
