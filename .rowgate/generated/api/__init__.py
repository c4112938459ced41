"""The project's own endpoints."""
