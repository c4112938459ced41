"""The finance dashboard of one organization: what it is owed and what it spent.

The organization itself is kept elsewhere. Which tables hold its amounts is said in ``config/finance.py``, so that
another project names its own.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from rowgate import web
from rowgate.api import Api, requires

CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """A table of amounts, each of one organization.

    Args:
        organization: the column that holds the organization's id.
        amount: the column to sum up; of the same mapped class.
    """

    organization: InstrumentedAttribute[str]
    amount: InstrumentedAttribute[Decimal]


@dataclass(frozen=True, kw_only=True)
class Finance:
    """The tables behind the dashboard."""

    invoices: Ledger
    expenses: Ledger


def finance_dashboard(api: Api, finance: Finance) -> None:
    """Add GET /api/finance/dashboard; the header X-Context-Org-Id says which organization is meant."""

    @api.app.get("/api/finance/dashboard")
    @requires("organization", "can_view_finance_dashboard", header="X-Context-Org-Id")
    def dashboard(organization_id: str, /) -> ResponseReturnValue:
        invoices = _summed(finance.invoices, organization_id)
        expenses = _summed(finance.expenses, organization_id)
        result = {
            "organization": organization_id,
            "invoices": invoices,
            "expenses": expenses,
            "balance": str(Decimal(invoices["total"]) - Decimal(expenses["total"])),
        }
        return jsonify({"meta": {"result": result}})


def _summed(ledger: Ledger, organization_id: str) -> dict[str, Any]:
    """The rows of one organization: how many, and their sum as text with two decimals."""
    statement = select(func.count(ledger.amount), func.coalesce(func.sum(ledger.amount), 0))
    count, total = web.session().execute(statement.where(ledger.organization == organization_id)).one()
    return {"count": count, "total": str(Decimal(total).quantize(CENT))}
