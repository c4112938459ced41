"""What Alembic takes for a difference on SQLite and is none, or what cannot be done there and need not be.

SQLite's primary keys are never empty in fact, whatever it says of them. That columns are unique is not seen where no
name says so. A constraint without a name cannot be dropped,
but goes with its column when the table is made anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops
from sqlalchemy import Connection, MetaData

__all__ = ["prune"]


def prune(upgrade: ops.UpgradeOps, connection: Connection, metadata: MetaData) -> None:
    """Take out what is no difference on SQLite; other databases are left as they are.

    Args:
        upgrade: as compared.
        connection: to the database.
        metadata: as it is to be.
    """
    if connection.dialect.name != "sqlite":
        return
    for table in [each for each in upgrade.ops if isinstance(each, ops.ModifyTableOps)]:
        gone = {each.column_name for each in table.ops if isinstance(each, ops.DropColumnOp)}
        unique = list(_unique(connection, table.table_name))
        table.ops = [each for each in table.ops if _counts(each, table.table_name, gone, unique, metadata)]
    upgrade.ops = [each for each in upgrade.ops if not (isinstance(each, ops.ModifyTableOps) and each.is_empty())]


def _counts(
    change: ops.MigrateOperation, table: str, gone: set[str], unique: list[list[str]], metadata: MetaData
) -> bool:
    match change:
        case ops.CreateUniqueConstraintOp():
            return list(change.columns) not in unique
        case ops.AlterColumnOp():
            mapped = metadata.tables.get(table)
            if mapped is not None and change.column_name in mapped.primary_key.columns:
                change.modify_nullable = None
            return change.has_changes()
        case ops.DropConstraintOp(constraint_name=None):
            was = change.reverse()
            return not (isinstance(was, ops.CreateForeignKeyOp) and gone & set(was.local_cols))
    return True


def _unique(connection: Connection, table: str) -> Iterator[list[str]]:
    """The columns of each unique constraint of a table, with a name or without."""
    quote = connection.dialect.identifier_preparer.quote
    for _, index, unique, origin, *_ in connection.exec_driver_sql(f"PRAGMA index_list({quote(table)})").all():
        if unique and origin == "u":
            rows = connection.exec_driver_sql(f"PRAGMA index_info({quote(index)})").all()
            yield [column for _, _, column in rows]
