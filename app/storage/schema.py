"""All tables, from every module that describes some: `metadata` knows them once this is imported."""

from app.storage import run_tables, tables
from app.storage.metadata import metadata

MODULES = (tables, run_tables)

__all__ = ["MODULES", "metadata"]
