"""The project's declarations of who may see and do what."""
