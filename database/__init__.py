"""The databases: their mapped classes."""
