"""Writes projects: a database read into mapped classes, and the thin files around them."""
