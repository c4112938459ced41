"""What a user may do to a row, with whom it is shared, and why: three addresses below ``/api/<Type>/<id>``.

``/permissions``, ``/relationships`` and ``/why``, for each entity that is a type of the relationship schema. A row that
the user does not see answers as a missing one, on all of them, before anything else is looked at. Who may share is the
schema's to say: see :mod:`rowgate.enforce.sharing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Flask, Response, request
from flask.views import MethodView

from rowgate import web
from rowgate.api.body import read_body
from rowgate.api.names import did_you_mean
from rowgate.api.paging import page_links
from rowgate.api.query import NONE
from rowgate.api.relationship_bodies import at_fault, read_relationship
from rowgate.api.relationship_documents import document, explanation, permissions, relationship
from rowgate.api.relationship_lines import Shown
from rowgate.api.resources import ResourceType
from rowgate.api.service import PREFIX, Service, answer, root
from rowgate.enforce import SecureSession, Sharing
from rowgate.enforce.asking import SessionReader
from rowgate.enforce.permissions import answers, subjects_of
from rowgate.enforce.sharing import Kept
from rowgate.errors import BadParameter, DeclarationError, RelationshipRefused, RowNotFound, UnknownPermission
from rowgate.relations.answers import DENIED
from rowgate.relations.explain import Explanation
from rowgate.zed.relationships import ObjectRef, Relationship, SubjectRef, parse_subject

__all__ = ["PARTS", "install"]

PARTS: Final = ("permissions", "relationships", "why")
"""The last part of each address."""

_NOBODY: Final = Explanation(DENIED)
"""For a principal who is nobody in the schema."""


def install(app: Flask, service: Service) -> None:
    """Route the three addresses of every type of the relationship schema.

    Args:
        app: the Flask app.
        service: of the app; the project's RPC methods are in it already.

    Raises:
        DeclarationError: a relationship or an RPC method of the project's would stand at one of them.
    """
    views: dict[str, type[_RowView]] = {
        "permissions": PermissionsView,
        "relationships": RelationshipsView,
        "why": WhyView,
    }
    for resource in service.resources.values():
        if resource.relation_type is None:
            continue
        rpcs = {each.name for each in service.procedures if each.resource is resource and each.on_row}
        for part in PARTS:
            if part in resource.relations or part in rpcs:
                raise DeclarationError(
                    f"{resource.name}.{part} cannot be served: {PREFIX}/{resource.name}/<id>/{part} is the address of "
                    "what the relationship schema says about a row.",
                    hint="Give the relationship or the RPC method another name.",
                )
            endpoint = f"api:{resource.name}:{part}"
            view = views[part].as_view(endpoint, service, resource)
            for slash in ("", "/"):
                app.add_url_rule(f"{PREFIX}/{resource.name}/<id:row_id>/{part}{slash}", endpoint, view)


class _RowView(MethodView):
    """What the three share: the row, which the user must see.

    Args:
        service: of the app.
        exposed: the type that the address begins with.
    """

    def __init__(self, service: Service, exposed: ResourceType) -> None:
        self._app_service, self._exposed = service, exposed

    @property
    def session(self) -> SecureSession:
        return web.session()

    @property
    def service(self) -> Service:
        """The service as the principal of the request knows it."""
        return self._app_service.seen_by(self.session)

    @property
    def resource(self) -> ResourceType:
        return self.service.resources.of(self._exposed.entity)

    @property
    def kind(self) -> str:
        """The type in the relationship schema."""
        return self.session.gate.bound.relationships().types[self._exposed.entity]

    def found(self, row_id: str, *, locked: bool = False) -> ObjectRef:
        """The row as an object of the schema.

        Args:
            row_id: of the address.
            locked: until the transaction ends nobody else shares it.

        Raises:
            RowNotFound: there is none that the principal may see.
        """
        service, resource = self.service, self.resource
        key = service.key(resource, row_id)
        if locked:
            service.writer().find(resource, key)
        elif not service.reader(self.session, service.plain_query()).is_there(resource, key):
            raise RowNotFound.of(resource.name)
        return ObjectRef(self.kind, row_id)

    def shown(self, row: ObjectRef, objects: list[ObjectRef]) -> Shown:
        own = [ObjectRef(each.type, each.id) for each in subjects_of(self.session)]
        return Shown(
            self.service, self.session, self.session.gate.bound.relationships(), known=[row, *own], objects=objects
        )

    @property
    def here(self) -> str:
        """The address of the request."""
        return f"{root()}{request.path.removeprefix(PREFIX).rstrip('/')}"


class PermissionsView(_RowView):
    """``/permissions``: what the user may do to the row, by the relationship schema."""

    def get(self, row_id: str) -> Response:
        self.service.query(self.resource, NONE)
        row = self.found(row_id)
        subjects = subjects_of(self.session)
        found = answers(self.session, row, self.resource.permissions)
        data = permissions(row, subjects, found, superuser=self.session.holder.superuser)
        return answer(document(data, self.here))


class RelationshipsView(_RowView):
    """``/relationships``: with whom the row is shared; share it, and take that back."""

    def get(self, row_id: str) -> Response:
        query = self.service.query(self.resource, frozenset({"page"}))
        page = query.page
        row = self.found(row_id)
        kept = list(Sharing(self.session, row).list())
        shown = self._shown(row, kept)
        sent = shown[page.offset : page.offset + page.limit]
        more = page.offset + len(sent) < len(shown)
        total = len(shown) if page.total else None
        made = document([relationship(each) for each in sent], self.here)
        made["links"] = page_links(self.here, query.parameters, page, total=total, more=more)
        counts = {} if total is None else {"count": total, "total": total}
        return answer({**made, "meta": {"limit": page.limit, **counts}})

    def post(self, row_id: str) -> Response:
        self.service.query(self.resource, NONE)
        row = self.found(row_id, locked=True)
        wanted = read_relationship(read_body(), row, naming=False)
        with _placed(self.session, wanted):
            kept, is_new = Sharing(self.session, row).share(wanted)
        self.session.commit()
        return answer(document(relationship(kept), self.here), status=201 if is_new else 200)

    def delete(self, row_id: str) -> Response:
        self.service.query(self.resource, NONE)
        row = self.found(row_id, locked=True)
        wanted = read_relationship(read_body(), row, naming=True)
        with _placed(self.session, wanted):
            Sharing(self.session, row).unshare(wanted)
        self.session.commit()
        return answer(None)

    def _shown(self, row: ObjectRef, kept: list[Kept]) -> list[Kept]:
        """The relationships as the principal may read them. What somebody wrote is shown as it was written."""
        stated = [each for each in kept if each.created_at is None]
        subjects = (each.relationship.subject for each in stated)
        shown = self.shown(row, [ObjectRef(each.type, each.id) for each in subjects])
        # Several that are hidden look the same, and are one then.
        redacted = {made.key: Kept(made) for made in (shown.relationship(each.relationship) for each in stated)}
        return [*(each for each in kept if each.created_at is not None), *redacted.values()]


class WhyView(_RowView):
    """``/why``: the path of relationships that gives a permission, or what is missing for it."""

    def get(self, row_id: str) -> Response:
        permission, asked = _arguments()
        row = self.found(row_id)
        own = subjects_of(self.session)
        if asked is not None and asked not in own:
            Sharing(self.session, row).refuse_overview()
        subject, found = self._explained(row, permission, asked, own)
        shown = self.shown(row, list(_objects(found)))
        return answer(document(explanation(row, permission, subject, found, shown), self.here))

    def _explained(
        self, row: ObjectRef, permission: str, asked: SubjectRef | None, own: tuple[SubjectRef, ...]
    ) -> tuple[SubjectRef | None, Explanation]:
        relations = self.session.gate.bound.relationships()
        try:
            relations.compiled.node(row.type, permission)
        except UnknownPermission as error:
            error.parameter = "permission"
            raise
        if asked is None or asked in own:
            graph, context = self.session.graph, relations.context(self.session.principal)
        else:
            # What the principal brings along says nothing of anybody else.
            graph, context = relations.graph(None, SessionReader(self.session)), {}
        found: list[tuple[SubjectRef, Explanation]] = []
        for subject in own if asked is None else (asked,):
            try:
                found.append((subject, graph.explain(row, permission, subject, context=context)))
            except UnknownPermission as error:
                error.parameter = "subject"
                raise
        # Where somebody acts for another, the one who lacks it is the reason.
        return next((each for each in found if not each[1].answer), found[0]) if found else (None, _NOBODY)


def _arguments() -> tuple[str, SubjectRef | None]:
    """The permission and the subject of the query string.

    Raises:
        BadParameter: one is missing, unknown, given twice, or is no subject.
    """
    for name, values in request.args.lists():
        if name not in ("permission", "subject"):
            hint = did_you_mean(name, ["permission", "subject"])
            raise BadParameter(f"There is no parameter {name!r} here.", parameter=name, hint=hint)
        if len(values) > 1:
            raise BadParameter(f"{name} is given {len(values)} times.", parameter=name)
    permission, subject = request.args.get("permission"), request.args.get("subject")
    if not permission:
        raise BadParameter("Which permission is asked about is missing.", parameter="permission")
    if subject is None:
        return permission, None
    try:
        found = parse_subject(subject)
    except RelationshipRefused as error:
        raise BadParameter(error.detail, parameter="subject", hint=error.advice) from None
    if found.wildcard:
        raise BadParameter("A question is about one subject.", parameter="subject")
    return permission, found


@contextmanager
def _placed(session: SecureSession, wanted: Relationship) -> Iterator[None]:
    """Put the place in the request's document on what the schema refuses about a relationship."""
    try:
        yield
    except RelationshipRefused as error:
        error.pointers = (at_fault(session.gate.bound.relationships().compiled.schema, wanted),)
        raise


def _objects(found: Explanation) -> Iterator[ObjectRef]:
    for each in (*found.proof, *found.gaps):
        yield each.resource
        yield ObjectRef(each.subject.type, each.subject.id)
    for target, _ in found.exclusions:
        yield target
