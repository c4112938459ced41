"""Migrations of a project's databases, by Alembic: written from what the models and the database differ in."""
