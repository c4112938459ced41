"""Models with every sort of mapping that reads a table by itself; all but the link belong to a tenant."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import JSON, Column, ForeignKey, Table, func, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, WriteOnlyMapped, column_property, mapped_column, relationship

from rowgate.policy import Policy
from rowgate.types import Access, Principal


class Base(DeclarativeBase):
    pass


item_tag = Table(
    "item_tag",
    Base.metadata,
    Column("item_id", ForeignKey("item.id"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id"), primary_key=True),
)


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[int]
    name: Mapped[str]


class Item(Base):
    __tablename__ = "item"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "item"}

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[int]
    kind: Mapped[str]
    name: Mapped[str]
    price: Mapped[int]
    note: Mapped[str] = mapped_column(deferred=True)
    facts: Mapped[list[int]] = mapped_column(JSON)
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shop.id"))
    shop: Mapped[Shop | None] = relationship(back_populates="items")
    tags: Mapped[list[Tag]] = relationship(secondary=item_tag)


class Part(Item):
    """Shares the table of Item."""

    __mapper_args__ = {"polymorphic_identity": "part"}

    size: Mapped[int | None]


class Shop(Base):
    __tablename__ = "shop"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[int]
    name: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("shop.id"))
    parent: Mapped[Shop | None] = relationship(remote_side="Shop.id", back_populates="branches")
    branches: Mapped[list[Shop]] = relationship(back_populates="parent")
    items: Mapped[list[Item]] = relationship(back_populates="shop")
    catalogue: WriteOnlyMapped[Item] = relationship(viewonly=True)

    @hybrid_property
    def dearest(self) -> int:
        return max(item.price for item in self.items)

    @dearest.inplace.expression
    @classmethod
    def _dearest(cls) -> object:
        return select(func.max(Item.price)).where(Item.shop_id == cls.id).scalar_subquery()


Shop.item_count = column_property(  # type: ignore[attr-defined]
    select(func.count(Item.id)).where(Item.shop_id == Shop.id).correlate_except(Item).scalar_subquery()
)
Shop.names = column_property(  # type: ignore[attr-defined]
    select(func.min(Item.name)).where(Item.shop_id == Shop.id).correlate_except(Item).scalar_subquery(), deferred=True
)


@dataclass(frozen=True, kw_only=True)
class User(Principal):
    tenant: int | None = None


class Tenanted:
    tenant: Mapped[int]


policy = Policy(User, roles=["clerk"])
policy.permission("clerk", Access.ALL)
policy.global_filter(Tenanted, lambda row, user: row.tenant == user.tenant)

CRITERIA: dict[str, str | None] = {"shop": "tenant", "item": "tenant", "tag": "tenant", "item_tag": None}
HIDDEN = "hidden"


def rows() -> list[object]:
    """Per tenant two shops, the second a branch of the other tenant's first; items and tags across both."""
    words = {1: HIDDEN, 2: "seen"}
    made: list[object] = [Shop(id=10 * tenant + 1, tenant=tenant, name=f"{words[tenant]} shop") for tenant in words]
    for tenant, word in words.items():
        made.append(Shop(id=10 * tenant + 2, tenant=tenant, name=f"{word} branch", parent_id=10 * (3 - tenant) + 1))
        made.append(Tag(id=10 * tenant, tenant=tenant, name=f"{word} tag"))
        for number, shop in enumerate((11, 12, 21, 22)):
            kind = Part if number % 2 else Item
            made.append(
                kind(
                    id=10 * tenant + number,
                    tenant=tenant,
                    name=f"{word} item {number}",
                    note=f"{word} note",
                    price=100 * tenant + number,
                    facts=[tenant],
                    shop_id=shop,
                )
            )
    return made


LINKS = [{"item_id": item, "tag_id": tag} for item in (10, 13, 20, 23) for tag in (10, 20)]
