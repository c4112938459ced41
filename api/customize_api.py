"""Endpoints of the project's own, beside those of every model. Each needs a log-in and sees what its user may see."""

import datetime as dt

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from api.finance import finance_dashboard
from config.finance import finance
from database.models import Customer, Order
from rowgate import web
from rowgate.api import Api
from rowgate.policy import Authorization


def customize_api(api: Api) -> None:
    """Add the endpoints; called once, while the app is set up."""
    finance_dashboard(api, finance)

    @api.app.get("/api/reports/orders-by-country")
    def orders_by_country() -> ResponseReturnValue:
        """Count orders by their customer's country: those that the user may see, of customers that the user may see."""
        orders = func.count(Order.Id)
        statement = (
            select(Customer.Country, orders)
            .join(Order.Customer)
            .group_by(Customer.Country)
            .order_by(orders.desc(), Customer.Country)
        )
        rows = web.session().execute(statement)
        return jsonify({"meta": {"result": [{"country": country, "orders": count} for country, count in rows]}})

    @api.rpc(Order)
    @web.authorize("ship_order")
    def ship(order: Order, authorization: Authorization, shipped: dt.date | None = None) -> Order:
        """Ship an order, today unless a date is given.

        POST /api/Order/<id>/ship with {"meta": {"args": {"shipped": "2024-05-31"}}}
        """
        authorization.require(order)
        order.ShippedDate = shipped or dt.datetime.now(dt.UTC).date()
        return order
