"""The addresses of a type in the OpenAPI document: those of its rows, its relationships and its permissions.

An operation is there where the verbs that it needs are given. Some row may still be refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rowgate.api.given import linkage_methods, list_methods, row_methods
from rowgate.api.openapi_may import May
from rowgate.api.openapi_operations import (
    etag_headers,
    idempotency_headers,
    list_of,
    operation,
    query_parameter,
    row_id,
    write_headers,
)
from rowgate.api.openapi_relationships import why_parameters
from rowgate.api.openapi_shapes import document_of, object_of, reference
from rowgate.api.paging import MOST_OFFSET
from rowgate.api.resources import Relation, Resources, ResourceType
from rowgate.api.service import PREFIX
from rowgate.api.values import Json
from rowgate.settings import Settings
from rowgate.types import Access

__all__ = ["TypePaths"]

_VERBS: Final = {"patch": "Replace", "post": "Add to", "delete": "Take out of"}


class TypePaths:
    """The addresses of one type.

    Args:
        resource: the type.
        resources: all types.
        may: which verbs are given.
        settings: the limits of queries.
    """

    def __init__(self, resource: ResourceType, resources: Resources, *, may: May, settings: Settings) -> None:
        self._resource, self._resources, self._may, self._settings = resource, resources, may, settings

    def all(self) -> dict[str, Json]:
        """The path items, by path; those without an operation are left out."""
        resource, name = self._resource, self._resource.name
        made = {f"{PREFIX}/{name}": self._list(), f"{PREFIX}/{name}/{{row_id}}": self._row()}
        for relation in resource.relations.values():
            methods = linkage_methods(self._may, resource, relation, self._resources)
            if methods:
                made |= self._relation(relation, methods)
        if resource.relation_type is not None and self._reads(resource):
            made |= self._permissions()
        return {path: item for path, item in made.items() if item.keys() - {"parameters"}}

    def _reads(self, resource: ResourceType) -> bool:
        return self._may.use(resource.entity, Access.READ)

    def _list(self) -> dict[str, Json]:
        resource, name = self._resource, self._resource.name
        methods = list_methods(self._may, resource)
        made: dict[str, Json] = {}
        if "GET" in methods:
            made["get"] = operation(
                name,
                f"list{name}",
                f"List {name}",
                document_of(f"{name}List"),
                parameters=[*self._members(resource), *self._selection(resource)],
                exported=True,
            )
        written: list[Json] = [reference(f"{name}Written")]
        members = self._members(resource)
        if "POST" in methods:
            made["post"] = operation(
                name,
                f"create{name}",
                f"Create a {name}, or a list of them",
                {"anyOf": [document_of(f"{name}One"), *written]},
                parameters=[*members, *idempotency_headers()],
                body={"anyOf": [reference(f"{name}New"), reference(f"{name}NewList")]},
                status="201",
                tagged=True,
            )
        if "PATCH" in methods:
            made["patch"] = operation(
                name,
                f"updateList{name}",
                f"Change a list of {name}",
                written[0],
                parameters=[each for each in members if each["name"] != "include"],
                body=reference(f"{name}ChangeList"),
            )
        if "DELETE" in methods:
            gone = reference(f"{name}Gone")
            made["delete"] = operation(name, f"deleteList{name}", f"Delete a list of {name}", None, body=gone)
        return made

    def _row(self) -> dict[str, Json]:
        resource, name = self._resource, self._resource.name
        made: dict[str, Json] = {"parameters": [row_id(resource)]}
        methods = row_methods(self._may, resource)
        if not methods:
            return made
        members, one = self._members(resource), document_of(f"{name}One")
        made["get"] = operation(
            name, f"read{name}", f"Read a {name}", one, parameters=[*members, *etag_headers()], tagged=True
        )
        if "PATCH" in methods:
            made["patch"] = operation(
                name,
                f"update{name}",
                f"Change a {name}",
                one,
                parameters=[*members, *write_headers()],
                body=reference(f"{name}Change"),
                tagged=True,
            )
        if "DELETE" in methods:
            made["delete"] = operation(
                name, f"delete{name}", f"Delete a {name}", None, parameters=write_headers(), writes=True
            )
        return made

    def _relation(self, relation: Relation, methods: Sequence[str]) -> dict[str, Json]:
        resource, target = self._resource, self._resources[relation.target]
        name, words = f"{resource.name}{relation.name}", f"{relation.name} of a {resource.name}"
        row = [row_id(resource)]
        document = document_of(f"{target.name}{'List' if relation.to_many else 'One'}")
        parameters = [*self._members(target), *(self._selection(target) if relation.to_many else [])]
        linkage = reference("ManyLinks" if relation.to_many else "OneLink")
        related: dict[str, Json] = {
            "parameters": row,
            "get": operation(
                resource.name, f"related{name}", words, document, parameters=parameters, exported=relation.to_many
            ),
        }
        links: dict[str, Json] = {
            "parameters": row,
            "get": operation(resource.name, f"links{name}", f"Links of {words}", linkage, parameters=parameters),
        }
        for method in (each for each in map(str.lower, methods) if each in _VERBS):
            summary = f"{_VERBS[method]} {words}"
            body = object_of({"data": reference("ManyLinkage" if relation.to_many else "OneLinkage")})
            links[method] = operation(resource.name, f"{method}{name}", summary, None, body=body)
            # JSON:API has no such operation; ApiLogicServer's clients send linkage here.
            alias = operation(resource.name, f"{method}Related{name}", summary, None, body=body)
            related[method] = {**alias, "deprecated": True}
        address = f"{PREFIX}/{resource.name}/{{row_id}}"
        return {f"{address}/{relation.name}": related, f"{address}/relationships/{relation.name}": links}

    def _permissions(self) -> dict[str, Json]:
        """What the relationship schema says about a row."""
        resource, name = self._resource, self._resource.name
        row, address = [row_id(resource)], f"{PREFIX}/{name}/{{row_id}}"
        found, shared = reference("RelationshipList"), reference("RelationshipOne")
        shares: dict[str, Json] = {
            "parameters": row,
            "get": operation(
                name, f"shared{name}", f"With whom a {name} is shared", found, parameters=self._pages(cursors=False)
            ),
        }
        new, gone = reference("RelationshipNew"), reference("RelationshipGone")
        shares["post"] = operation(name, f"share{name}", f"Share a {name}", shared, body=new, status="201")
        shares["post"]["responses"]["200"] = {**shares["post"]["responses"]["201"], "description": "It replaces one."}
        shares["delete"] = operation(name, f"unshare{name}", f"Take back a share of a {name}", None, body=gone)
        why = f"Why a permission on a {name} is given"
        mine = reference(f"{name}Permissions")
        return {
            f"{address}/permissions": {
                "parameters": row,
                "get": operation(name, f"permissions{name}", f"What you may do to a {name}", mine),
            },
            f"{address}/why": {
                "parameters": row,
                "get": operation(
                    name, f"why{name}", why, reference("Explanation"), parameters=why_parameters(resource)
                ),
            },
            f"{address}/relationships": shares,
        }

    # --- parameters

    def _members(self, resource: ResourceType) -> list[Json]:
        """Which members of a type's rows are sent, and what is sent with them."""
        made: list[Json] = []
        included = [each.name for each in resource.relations.values() if self._reads(self._resources[each.target])]
        if included:
            made.append(list_of("include", "Relationships to include; A.B leads further", included))
        members = [*resource.attributes, *resource.relations]
        made.append(list_of(f"fields[{resource.name}]", "Members to send", members))
        if resource.permissions:
            words = "Permissions to send with each row, in meta"
            made.append(list_of(f"rowPermissions[{resource.name}]", words, resource.permissions))
        return made

    def _selection(self, resource: ResourceType) -> list[Json]:
        """Which rows of a list are sent, and in which order."""
        sorted_by = [each.name for each in resource.attributes.values() if each.codec.is_comparable]
        return [
            query_parameter(
                "filter", 'A condition in JSON: {"name": "A", "op": "eq", "val": 1}. See docs/reference/query.md.'
            ),
            query_parameter("filter[search]", "Words to be found in the columns that are searched"),
            *(self._filter(resource)),
            list_of(
                "sort",
                "Attributes to sort by, the largest first behind -; A.B sorts through a relationship",
                [sign + name for name in sorted_by for sign in ("", "-")],
            ),
            *self._pages(cursors=True),
        ]

    def _filter(self, resource: ResourceType) -> list[Json]:
        """One filter of each attribute: equal to a value, or one of several."""
        return [
            query_parameter(f"filter[{each.name}]", f"Values of {each.name}, with commas between them")
            for each in resource.attributes.values()
            if each.codec.is_comparable
        ]

    def _pages(self, *, cursors: bool) -> list[Json]:
        most = self._settings.page_size_max
        offset: Mapping[str, Json] = {"type": "integer", "minimum": 0, "maximum": MOST_OFFSET}
        made = [
            query_parameter("page[offset]", "Rows to leave out", offset),
            query_parameter("page[limit]", "Rows to send", {"type": "integer", "minimum": 0, "maximum": most}),
            query_parameter("page[total]", "Whether all rows are counted", {"type": "boolean", "default": True}),
        ]
        if cursors:
            words = "a cursor of a link; empty for the {}. Not with page[offset]"
            made.append(query_parameter("page[after]", "The page begins behind " + words.format("beginning")))
            made.append(query_parameter("page[before]", "The page ends before " + words.format("end")))
        return made
