"""Activation: what is found at start, what is known of the rules, and that rule sets keep to themselves."""

import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from logic_bank.logic_bank import Rule as UpstreamRule
from logic_bank.rule_bank.rule_bank import RuleBank
from logic_bank.util import ConstraintException
from sqlalchemy import ForeignKey, Numeric, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from database.models import Customer, Employee, EmployeeAudit, Order, OrderDetail, Product
from rowgate.errors import DeclarationError, RuleRefused
from rowgate.logic import LogicRow, Rule, RuleSet, activate_rules, refuse
from tests.logic.conftest import rules_session


class Toys(DeclarativeBase):
    """A small model of its own."""


class Box(Toys):
    __tablename__ = "Box"
    Id: Mapped[int] = mapped_column(primary_key=True)
    Total: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    Factor: Mapped[Decimal] = mapped_column(Numeric(10, 3), default=Decimal(1))
    Note: Mapped[str | None]
    ToyList: Mapped[list["Toy"]] = relationship(
        back_populates="Box", cascade="all, delete-orphan", passive_deletes=True
    )


class Shelf(Toys):
    __tablename__ = "Shelf"
    Id: Mapped[int] = mapped_column(primary_key=True)
    ToyCount: Mapped[int | None]
    ToyList: Mapped[list["Toy"]] = relationship(back_populates="Shelf")


class Toy(Toys):
    __tablename__ = "Toy"
    Id: Mapped[int] = mapped_column(primary_key=True)
    BoxId: Mapped[int | None] = mapped_column(ForeignKey("Box.Id", ondelete="CASCADE"))
    ShelfId: Mapped[int | None] = mapped_column(ForeignKey("Shelf.Id"))
    Price: Mapped[Decimal] = mapped_column(Numeric(10, 3), default=Decimal(1))
    Value: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    Box: Mapped[Any] = relationship("Box", back_populates="ToyList")
    Shelf: Mapped[Any] = relationship("Shelf", back_populates="ToyList")


def toys(declare: Callable[[], None]) -> Session:
    engine = create_engine("sqlite://")
    Toys.metadata.create_all(engine)
    return rules_session(activate_rules(declare, base=Toys))(engine)


# --- what is known of the rules


def test_derived_columns_are_known_with_their_rule_in_words(rules: RuleSet) -> None:
    assert rules.derived[Customer]["Balance"] == (
        "sum of Order.AmountTotal where row.ShippedDate is None and row.Ready is True"
    )
    assert rules.derived[Customer]["OrderCount"] == "count of Order"
    assert dict(rules.derived[OrderDetail]) == {
        "Amount": "formula: row.Quantity * row.UnitPrice",
        "UnitPrice": "copy of Product.UnitPrice",
        "ShippedDate": "formula: row.Order.ShippedDate",
    }
    assert set(rules.derived[Order]) == {
        *("AmountTotal", "OrderDetailCount"),
        *("CreatedOn", "CreatedBy", "UpdatedOn", "UpdatedBy"),
    }
    assert Product not in rules.derived
    assert "Ready" not in rules.derived[Order]  # a default may be set by the client


def test_the_entities_whose_rows_concern_a_rule_are_known(rules: RuleSet) -> None:
    assert rules.governed == {Customer, Order, OrderDetail, Employee, EmployeeAudit}


def test_columns_set_by_an_event_are_derived() -> None:
    def fill_note(row: Box, old_row: Box, logic_row: LogicRow) -> None:
        row.Note = "filled"

    def declare() -> None:
        Rule.early_event(Box, calling=fill_note, sets=[Box.Note])

    assert activate_rules(declare, base=Toys).derived == {Box: {"Note": "set by fill_note"}}


# --- errors at start


def missing_row_parameter() -> None:
    Rule.sum(Box.Total, as_sum_of=Toy.Value, where=lambda toy: toy.Price > 1)


def unknown_column() -> None:
    Rule.formula(Toy.Value, as_expression=lambda row: row.Pirce * 2)


def circle() -> None:
    Rule.formula(Toy.Value, as_expression=lambda row: row.Price)
    Rule.formula(Toy.Price, as_expression=lambda row: row.Value)


def twice() -> None:
    Rule.sum(Box.Total, as_sum_of=Toy.Value)
    Rule.sum(Box.Total, as_sum_of=Toy.Price)


def no_relationship() -> None:
    Rule.sum(Customer.Balance, as_sum_of=Toy.Value)


def bad_text() -> None:
    Rule.constraint(Box, as_condition=lambda row: False, error_msg="{row.Ttl}")


def other_base() -> None:
    Rule.constraint(Customer, as_condition=lambda row: True, error_msg="no")


@pytest.mark.parametrize(
    ("declare", "what"),
    [
        (missing_row_parameter, "parameter called 'row'"),
        (unknown_column, "Pirce"),
        (circle, "circle"),
        (twice, "Duplicate Derivation rule for Box.Total"),
        (no_relationship, "no relationship"),
        (bad_text, "Box.Ttl is not a column"),
        (other_base, "Customer, which is no mapped class of Toys"),
    ],
)
def test_a_wrong_rule_is_refused_at_start(declare: Callable[[], None], what: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        activate_rules(declare, base=Toys)
    assert what in refused.value.detail
    assert refused.value.advice


def test_a_formula_over_a_parent_that_cannot_pass_changes_on_is_refused() -> None:
    class Lonely(DeclarativeBase):
        pass

    class Parent(Lonely):
        __tablename__ = "Parent"
        Id: Mapped[int] = mapped_column(primary_key=True)
        Name: Mapped[str]

    class Child(Lonely):
        __tablename__ = "Child"
        Id: Mapped[int] = mapped_column(primary_key=True)
        ParentId: Mapped[int] = mapped_column(ForeignKey("Parent.Id"))
        Name: Mapped[str]
        Parent: Mapped[Any] = relationship("Parent")

    def declare() -> None:
        Rule.formula(Child.Name, as_expression=lambda row: row.Parent.Name)

    with pytest.raises(DeclarationError, match="back_populates"):
        activate_rules(declare, base=Lonely)


def test_a_default_outside_of_a_declaration_is_refused() -> None:
    with pytest.raises(DeclarationError, match="outside of a declaration"):
        Rule.default(Box.Note, "x")


# --- rule sets keep to themselves


def test_two_rule_sets_live_side_by_side() -> None:
    def double() -> None:
        Rule.formula(Toy.Value, as_expression=lambda row: row.Price * 2)

    def triple() -> None:
        Rule.formula(Toy.Value, as_expression=lambda row: row.Price * 3)

    with toys(double) as first, toys(triple) as second, toys(double) as third:
        for session, factor in ((first, 2), (second, 3), (third, 2), (first, 2)):
            toy = Toy(Price=Decimal(5))
            session.add(toy)
            session.commit()
            assert toy.Value == 5 * factor


def test_logicbanks_own_bank_is_left_alone(rules: RuleSet) -> None:
    assert RuleBank() is RuleBank()
    assert RuleBank().orm_objects == {}
    assert RuleBank().constraint_event is None


def test_nothing_is_said_at_info_and_nothing_is_left_in_the_session(
    session: Session, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO):  # the root's level: LogicBank's loggers keep theirs
        order = Order(CustomerId="C1", OrderDetailList=[OrderDetail(ProductId=901)])
        session.add(order)
        session.commit()
    assert [record for record in caplog.records if record.name in ("logic_logger", "engine_logger")] == []
    assert capsys.readouterr() == ("", "")
    assert session.info == {}
    assert not hasattr(order, "_lb_fired_events")


# --- rules that compute


def test_a_formula_written_without_spaces_follows_each_of_its_columns() -> None:
    def declare() -> None:
        Rule.formula(Toy.Value, as_expression=lambda row: row.Price*row.Box.Factor)  # fmt: skip

    with toys(declare) as session:
        box = Box(Factor=Decimal(2), ToyList=[Toy(Price=Decimal(3))])
        session.add(box)
        session.commit()
        assert box.ToyList[0].Value == 6
        box.ToyList[0].Price = Decimal(4)
        session.commit()
        assert box.ToyList[0].Value == 8
        box.Factor = Decimal(5)
        session.commit()
        assert box.ToyList[0].Value == 20


def test_sums_are_of_amounts_as_they_are_stored() -> None:
    def declare() -> None:
        Rule.formula(Toy.Value, as_expression=lambda row: row.Price / 3)
        Rule.sum(Box.Total, as_sum_of=Toy.Value)

    with toys(declare) as session:
        box = Box(ToyList=[Toy(Price=Decimal("0.1004")), Toy(Price=Decimal("0.1004"))])  # stored as 0.100
        session.add(box)
        session.commit()
        assert [toy.Value for toy in box.ToyList] == [Decimal("0.03")] * 2
        assert box.Total == Decimal("0.06")


def test_a_child_without_a_parent_is_no_trouble() -> None:
    def declare() -> None:
        Rule.sum(Box.Total, as_sum_of=Toy.Price)

    with toys(declare) as session:
        box, toy = Box(), Toy(Price=Decimal(3))
        session.add_all([box, toy])
        session.commit()
        toy.Box = box
        session.commit()
        assert box.Total == 3
        toy.Price = Decimal(4)
        session.commit()
        assert box.Total == 4


@pytest.mark.parametrize("loaded", [True, False])
def test_what_goes_along_with_its_owner_leaves_the_sums_of_its_other_parents(loaded: bool) -> None:
    def declare() -> None:
        Rule.count(Shelf.ToyCount, as_count_of=Toy)
        Rule.sum(Box.Total, as_sum_of=Toy.Price)

    with toys(declare) as session:
        shelf, box = Shelf(), Box()
        session.add_all([Toy(Box=box, Shelf=shelf), Toy(Box=box, Shelf=shelf), Toy(Shelf=shelf)])
        session.commit()
        assert (shelf.ToyCount, box.Total) == (3, 2)
        assert not loaded or len(box.ToyList) == 2
        session.delete(box)
        session.commit()
        assert shelf.ToyCount == 1


def test_a_rule_reads_the_defaults_of_a_new_parent_that_comes_after_its_child() -> None:
    def declare() -> None:
        Rule.formula(Toy.Value, as_expression=lambda row: row.Price * row.Box.Factor)

    with toys(declare) as session:
        toy = Toy(Price=Decimal(3))
        session.add(toy)
        toy.Box = Box()
        session.commit()
        assert toy.Value == 3


def test_a_constraint_at_commit_waits_for_the_other_rules() -> None:
    def declare() -> None:
        Rule.count(Box.Total, as_count_of=Toy)  # type: ignore[arg-type]
        Rule.constraint(
            Box, as_condition=lambda row: (row.Total or 0) > 0, error_msg="a box needs a toy", at_commit=True
        )

    with toys(declare) as session:
        session.add(Box(Id=1, ToyList=[Toy()]))
        session.commit()
        session.add(Box(Id=2))
        with pytest.raises(RuleRefused) as refused:
            session.commit()
        session.rollback()
        assert refused.value.full_detail == "a box needs a toy"
        assert session.scalars(select(Box.Id)).all() == [1]


def test_early_events_fire_again_after_a_refusal() -> None:
    calls: list[str] = []

    def note(row: Box, old_row: Box, logic_row: LogicRow) -> None:
        calls.append("early")

    def declare() -> None:
        Rule.early_event(Box, calling=note)
        Rule.constraint(Box, as_condition=lambda row: row.Note != "bad", error_msg="bad note")

    with toys(declare) as session:
        box = Box(Note="good")
        session.add(box)
        session.commit()
        box.Note = "bad"
        with pytest.raises(RuleRefused):
            session.commit()
        session.rollback()
        box.Note = "better"
        session.commit()
        assert calls == ["early"] * 3


def test_rules_declared_with_logicbanks_own_words_are_as_good() -> None:
    def declare() -> None:
        UpstreamRule.formula(derive=Toy.Value, as_expression=lambda row: row.Price * 2)
        UpstreamRule.sum(derive=Box.Total, as_sum_of=Toy.Value)
        UpstreamRule.constraint(
            validate=Box, as_condition=lambda row: (row.Total or 0) < 9, error_msg="{row.Total} is too much"
        )

    with toys(declare) as session:
        session.add(Box(ToyList=[Toy(Price=Decimal(4))]))
        session.commit()
        session.add(Box(ToyList=[Toy(Price=Decimal(5))]))
        with pytest.raises(RuleRefused) as refused:
            session.commit()
        assert refused.value.full_detail == "10.00 is too much"


# --- refusals from within functions


def declare_refusals() -> None:
    Rule.early_event(Toy, calling=dislike)


def dislike(row: Toy, old_row: Toy, logic_row: LogicRow) -> None:
    if row.Price == 7:
        refuse(row, "{row.Price} is no price, says {row.Box.Note}", error_attributes=[Toy.Price])
    if row.Price == 8:
        assert row.Box is not None
        raise ConstraintException(f"secret: {row.Box.Note}")
    if row.Price == 9:
        raise ValueError("a fault of the rule")


def refusal(price: int) -> Any:
    with toys(declare_refusals) as session:
        session.add(Box(Id=1, Note="hidden note"))
        session.commit()
        session.add(Toy(BoxId=1, Price=Decimal(price)))
        with pytest.raises((RuleRefused, ValueError)) as raised:
            session.commit()
    return raised.value


def test_refuse_tells_whose_values_its_text_shows() -> None:
    error = refusal(7)
    assert error.full_detail == "7.000 is no price, says hidden note"
    assert error.rows == {(Box, (1,))}
    assert (error.entity, error.attributes) == (Toy, ("Price",))
    assert "hidden" not in error.detail


def test_a_text_of_unknown_origin_is_never_shown() -> None:
    error = refusal(8)
    assert isinstance(error, RuleRefused)
    assert error.full_detail is None
    assert "secret" not in str(error)
    assert "secret" not in repr(vars(error))


def test_a_fault_of_a_rule_is_not_taken_for_a_refusal() -> None:
    assert isinstance(refusal(9), ValueError)


def test_a_missing_parent_is_refused_without_values() -> None:
    def declare() -> None:
        Rule.sum(Box.Total, as_sum_of=Toy.Price)

    with toys(declare) as session:
        session.add(Toy(BoxId=42))
        with pytest.raises(RuleRefused) as refused:
            session.commit()
    assert refused.value.detail == "Missing Parent: Box."
