"""The business rules."""
