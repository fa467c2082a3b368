"""Sites for tests: each test takes one of its own, so that none sees another's rows."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from app.admin.sites.service import NewSite

SiteFactory: TypeAlias = Callable[[], Awaitable[NewSite]]
