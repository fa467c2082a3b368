"""What every module of tables begins with: the metadata they share, and columns that many have."""

from sqlalchemy import Column, DateTime, ForeignKey, Integer, MetaData, func

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)


def created_at() -> Column[object]:
    """Say when a row was made."""
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


def site_id(*, index: bool = False, kept: bool = False) -> Column[int]:
    """Name the site a row belongs to; `kept` rows outlive every wish to remove it, so it stays with them."""
    site = ForeignKey("sites.id", ondelete=None if kept else "CASCADE")
    return Column("site_id", Integer, site, nullable=False, index=index)
