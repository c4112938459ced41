"""What Alembic runs for `rowgate db`; rowgate brings the models and the database.

Options of Alembic's `context.configure` may be given to `run_migrations`: compare_server_default=True, say.
"""

from rowgate.migrations.environment import run_migrations

run_migrations()
