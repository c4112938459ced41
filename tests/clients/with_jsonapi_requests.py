"""Read, filter, include, create, update and delete with somebody else's JSON:API client.

The library is jsonapi-requests (https://github.com/socialwifi/jsonapi-requests), which knows nothing of rowgate: only
the log-in is a request of our own.

    python tests/clients/with_jsonapi_requests.py http://127.0.0.1:5656 u1 p
"""

from __future__ import annotations

import sys
from typing import Any

import requests
from jsonapi_requests import orm
from jsonapi_requests.request_factory import ApiClientError


def work(server: str, user: str, password: str) -> dict[str, Any]:
    """Do each thing once.

    Args:
        server: the address, without ``/api``.
        user, password: of the log-in.

    Returns:
        What was seen.
    """
    answer = requests.post(f"{server}/api/auth/login", json={"username": user, "password": password}, timeout=10)
    answer.raise_for_status()
    token = answer.json()["access_token"]

    def auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    served = orm.OrmApi.config({"API_ROOT": f"{server}/api", "AUTH": auth, "TIMEOUT": 10, "APPEND_SLASH": False})

    class Customer(orm.ApiModel):  # type: ignore[misc]
        class Meta:
            type = "Customer"
            api = served

        name = orm.AttributeField("CompanyName")

    class Order(orm.ApiModel):  # type: ignore[misc]
        class Meta:
            type = "Order"
            api = served

        freight = orm.AttributeField("Freight")
        customer = orm.RelationField("Customer")

    class Department(orm.ApiModel):  # type: ignore[misc]
        class Meta:
            type = "Department"
            api = served

        name = orm.AttributeField("DepartmentName")

    seen: dict[str, Any] = {"read": one(Customer, "ALFKI").name}
    seen["filtered"] = sorted(each.id for each in Customer.get_list(params={"filter[City]": "London"}))
    seen["sorted"] = [each.freight for each in Order.get_list(params={"sort": "-Freight", "page[limit]": 3})]
    (order,) = Order.get_list(params={"filter[Id]": "10643", "include": "Customer"})
    seen["included"] = order.customer.name

    made = Department()
    made.name = "Repairs"
    made.save()
    seen["created"] = one(Department, made.id).name
    made.name = "Repairs and returns"
    made.save()
    seen["updated"] = one(Department, made.id).name
    made.delete()
    try:
        one(Department, made.id)
    except ApiClientError as error:
        seen["deleted"] = error.status_code
    return seen


def one(model: type[orm.ApiModel], identity: str) -> Any:
    """A row, read anew."""
    found = model.from_id(identity)
    found.refresh()
    return found


if __name__ == "__main__":
    for what, value in work(*sys.argv[1:4]).items():
        print(f"{what:10} {value}")  # noqa: T201
