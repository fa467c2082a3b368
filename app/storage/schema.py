"""All tables, from every module that describes some: `metadata` knows them once this is imported."""

from app.storage import (
    answer_tables,
    reporting_tables,
    run_tables,
    schedule_tables,
    tables,
    webhook_tables,
)
from app.storage.metadata import metadata

MODULES = (answer_tables, reporting_tables, run_tables, schedule_tables, tables, webhook_tables)

__all__ = ["MODULES", "metadata"]
