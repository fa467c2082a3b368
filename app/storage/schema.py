"""All tables, from every module that describes some: `metadata` knows them once this is imported."""

from app.storage import schedule_tables, tables, webhook_tables
from app.storage.metadata import metadata

MODULES = (tables, schedule_tables, webhook_tables)

__all__ = ["MODULES", "metadata"]
