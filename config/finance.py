"""Which tables the finance dashboard sums up."""

from api.finance import Finance, Ledger
from database.models import Expense, Invoice

finance = Finance(
    invoices=Ledger(organization=Invoice.OrganizationId, amount=Invoice.Amount),
    expenses=Ledger(organization=Expense.OrganizationId, amount=Expense.Amount),
)
