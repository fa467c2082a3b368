"""All tables, from every module that describes some: `metadata` knows them once this is imported."""

from app.storage import tables
from app.storage.metadata import metadata

MODULES = (tables,)

__all__ = ["MODULES", "metadata"]
