"""What the mapped classes have beside what the database says: relationships without a foreign key, methods, defaults.

`rowgate rebuild` leaves this file alone. What you change in ``models.py`` itself is kept too, line by line.
"""

from database.models import Base

__all__ = ["Base"]
