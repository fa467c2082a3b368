"""All tables, from every module that describes some: `metadata` knows them once this is imported."""

from app.storage import reporting_tables, tables
from app.storage.metadata import metadata

MODULES = (reporting_tables, tables)

__all__ = ["MODULES", "metadata"]
