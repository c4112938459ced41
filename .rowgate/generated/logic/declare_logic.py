"""The business rules: what the database keeps true, whoever changes it and by whatever path."""


def declare_logic() -> None:
    """Declare the rules; they run inside every flush, see all rows, and may change rows the client may not.

    A rule, with ``from rowgate.logic import Rule`` and the classes of ``database.models``::

        Rule.sum(Customer.Balance, as_sum_of=Order.AmountTotal, where=lambda row: row.ShippedDate is None)
    """
