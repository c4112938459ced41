"""What MariaDB's catalogue tells beyond SQLAlchemy's reflection: checks that stand beside their column.

It shows them in CREATE TABLE where SQLAlchemy does not look. One of them makes a long text what MariaDB calls JSON.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Connection, MetaData, text

from rowgate.generate.choices import sql_of

__all__ = ["add_checks"]


def add_checks(connection: Connection, metadata: MetaData) -> None:
    """Add the checks of columns to their tables.

    Args:
        connection: to a MariaDB database.
        metadata: as reflected.
    """
    rows = connection.execute(
        text(
            "SELECT constraint_schema, table_name, constraint_name, check_clause "
            "FROM information_schema.check_constraints WHERE level = 'Column' ORDER BY 1, 2, 3"
        )
    )
    own = connection.execute(text("SELECT database()")).scalar()
    for schema, name, _, clause in rows:
        table = metadata.tables.get(str(name) if schema == own else f"{schema}.{name}")
        if table is None:
            continue
        known = {sql_of(each) for each in table.constraints if isinstance(each, CheckConstraint)}
        if str(clause) not in known:
            table.append_constraint(CheckConstraint(str(clause)))
