"""Row-level security for SQLAlchemy models, declared in one typed file and enforced on every path."""

__version__ = "0.1.0.dev0"
