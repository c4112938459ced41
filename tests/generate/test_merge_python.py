"""Merging Python: edits stay, what was generated comes in, what both changed is told."""

from __future__ import annotations

import ast

import pytest

from rowgate.generate.merge import Conflict, Merged, Side, merge
from rowgate.generate.units_python import python_units

BASE = '''"""The models."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Base of the models."""


class Customer(Base):
    """Somebody who buys."""

    __tablename__ = "customer"

    Id: Mapped[int] = mapped_column(primary_key=True)
    Name: Mapped[str] = mapped_column(String(50))
    City: Mapped[str | None] = mapped_column(String(50))

    OrderList: Mapped[list["Order"]] = relationship(back_populates="Customer")


class Order(Base):
    """An order."""

    __tablename__ = "order"

    Id: Mapped[int] = mapped_column(primary_key=True)
    CustomerId: Mapped[int] = mapped_column(ForeignKey("customer.Id"))

    Customer: Mapped["Customer"] = relationship(back_populates="OrderList")
'''


def edit(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def merged(mine: str, theirs: str, base: str = BASE) -> str:
    found = merge(base, mine, theirs)
    assert not found.conflicts
    return found.text


CITY = "    City: Mapped[str | None] = mapped_column(String(50))\n"
NAME = "    Name: Mapped[str] = mapped_column(String(50))\n"
EMAIL = "    Email: Mapped[str] = mapped_column(String(80))\n"
INVOICE = '''

class Invoice(Base):
    """An invoice."""

    __tablename__ = "invoice"

    Id: Mapped[int] = mapped_column(primary_key=True)
    Total: Mapped[Decimal] = mapped_column(Numeric(10, 2))
'''


def test_a_new_column_comes_in_where_it_was_generated() -> None:
    mine = edit(BASE, ("Somebody who buys.", "A customer, as sales calls them."))
    theirs = edit(BASE, (CITY, EMAIL + CITY))
    assert merged(mine, theirs) == edit(mine, (CITY, EMAIL + CITY))


def test_a_new_class_comes_in_with_its_imports() -> None:
    mine = edit(BASE, (CITY, CITY + "\n    @property\n    def label(self) -> str:\n        return self.Name\n"))
    theirs = (
        edit(
            BASE,
            (
                "from sqlalchemy import ForeignKey, String",
                "from decimal import Decimal\n\nfrom sqlalchemy import ForeignKey, Numeric, String",
            ),
        )
        + INVOICE
    )
    text = merged(mine, theirs)
    assert "from sqlalchemy import ForeignKey, Numeric, String\n" in text
    assert "from decimal import Decimal\n" in text
    assert text.endswith(INVOICE)
    assert "def label" in text


def test_what_the_user_added_stays_in_its_place() -> None:
    method = "\n    def greet(self) -> str:\n        # politely\n        return f'Dear {self.Name}'\n"
    mixin = "class Named:\n    pass\n\n\n"
    mine = edit(
        BASE,
        (CITY, CITY + method),
        ("class Customer(Base)", mixin + "class Customer(Named, Base)"),
        ("from sqlalchemy import ForeignKey", "import json\n\nfrom sqlalchemy import ForeignKey"),
    )
    theirs = edit(
        BASE, (NAME, ""), ("    CustomerId: Mapped[int]", "    Note: Mapped[str]\n    CustomerId: Mapped[int]")
    )
    text = merged(mine, theirs)
    assert text == edit(
        mine, (NAME, ""), ("    CustomerId: Mapped[int]", "    Note: Mapped[str]\n    CustomerId: Mapped[int]")
    )


def test_a_column_that_the_user_gave_another_name_is_followed() -> None:
    renamed = NAME.replace("Name:", "full_name:").replace("mapped_column(", 'mapped_column("Name", ')
    mine = edit(BASE, (NAME, renamed))
    found = merge(BASE, mine, edit(BASE, (NAME, NAME.replace("50", "60"))))
    assert found.text == mine
    assert [each.where for each in found.conflicts] == ["Customer.full_name"]
    assert merged(mine, edit(BASE, (CITY, ""))) == edit(mine, (CITY, ""))


def test_a_class_that_the_user_gave_another_name_is_followed() -> None:
    mine = edit(BASE, ("class Customer(Base)", "class Client(Base)"))
    theirs = edit(BASE, (CITY, CITY + EMAIL))
    assert merged(mine, theirs) == edit(mine, (CITY, CITY + EMAIL))


def test_both_changed_a_column() -> None:
    mine = edit(BASE, (NAME, NAME.replace("50", "70")))
    theirs = edit(BASE, (NAME, NAME.replace("50", "60")), (CITY, CITY + EMAIL))
    found = merge(BASE, mine, theirs)
    assert found.text == edit(mine, (CITY, CITY + EMAIL))
    assert found.conflicts == (
        Conflict(where="Customer.Name", base=NAME, mine=NAME.replace("50", "70"), theirs=NAME.replace("50", "60")),
    )


@pytest.mark.parametrize("side", ["mine", "theirs"])
def test_a_conflict_can_be_decided(side: Side) -> None:
    mine = edit(BASE, (NAME, NAME.replace("50", "70")))
    theirs = edit(BASE, (NAME, NAME.replace("50", "60")))
    found = merge(BASE, mine, theirs, choose=lambda _conflict: side)
    assert found == Merged(text=mine if side == "mine" else theirs)


def test_a_column_that_vanished_and_that_the_user_changed_is_a_conflict() -> None:
    mine = edit(BASE, (CITY, CITY.replace("City", "Town").replace("mapped_column(", 'mapped_column("City", ')))
    theirs = edit(BASE, (CITY, ""))
    found = merge(BASE, mine, theirs)
    assert found.text == mine
    assert [(each.where, each.theirs) for each in found.conflicts] == [("Customer.Town", None)]
    assert merge(BASE, mine, theirs, choose=lambda _: "theirs").text == theirs


def order_class() -> str:
    return BASE[BASE.index("\n\nclass Order") :]


def test_a_table_that_vanished_takes_its_class_along_when_nobody_touched_it() -> None:
    theirs = edit(BASE, (order_class(), ""), ("ForeignKey, String", "String"))
    mine = edit(BASE, (NAME, "    # As in the register.\n" + NAME))
    assert merged(mine, theirs) == edit(mine, (order_class(), ""), ("ForeignKey, String", "String"))


def test_a_table_that_vanished_does_not_take_the_users_work_along() -> None:
    theirs = edit(BASE, (order_class(), ""), ("ForeignKey, String", "String"))
    mine = BASE + "\n    def total(self) -> int:\n        return 1\n"
    found = merge(BASE, mine, theirs)
    assert found.text == mine  # and the import that the class needs
    assert [each.where for each in found.conflicts] == ["Order"]


def test_what_the_user_removed_stays_away_until_it_changes() -> None:
    mine = edit(BASE, (CITY, ""))
    assert merged(mine, edit(BASE, (NAME, NAME + EMAIL))) == edit(mine, (NAME, NAME + EMAIL))
    found = merge(BASE, mine, edit(BASE, (CITY, CITY.replace("50", "60"))))
    assert found.text == mine
    assert [(each.where, each.mine) for each in found.conflicts] == [("Customer.City", None)]


def test_comments_and_code_are_merged_apart() -> None:
    mine = edit(BASE, (NAME, "    # As in the register.\n" + NAME))
    theirs = edit(BASE, (NAME, NAME.replace("50", "60")))
    assert merged(mine, theirs) == edit(mine, (NAME, NAME.replace("50", "60")))


def test_a_comment_at_the_end_of_a_class_stays_in_it() -> None:
    mine = edit(
        BASE,
        ('relationship(back_populates="Customer")\n', 'relationship(back_populates="Customer")\n    # TODO: more\n'),
    )
    theirs = edit(BASE, (CITY, CITY + EMAIL))
    assert merged(mine, theirs) == edit(mine, (CITY, CITY + EMAIL))


def test_a_docstring_below_a_column_belongs_to_it() -> None:
    mine = edit(BASE, (NAME, NAME + '    """The full name."""\n'))
    theirs = edit(BASE, (NAME, EMAIL + NAME))
    assert merged(mine, theirs) == edit(mine, (NAME, EMAIL + NAME + ""))


def test_blank_lines_never_conflict() -> None:
    mine = edit(BASE, (CITY, "\n\n\n" + CITY))
    theirs = edit(BASE, (CITY, CITY.replace("50", "60")))
    assert merged(mine, theirs) == edit(mine, (CITY, CITY.replace("50", "60")))


# --- imports ----------------------------------------------------------------------------------------------------


def test_a_name_that_the_users_code_needs_stays_imported() -> None:
    mine = edit(BASE, (CITY, CITY + "    Area: Mapped[str] = mapped_column(String(9))\n"))
    theirs = edit(BASE, (NAME, ""), (CITY, ""), ("ForeignKey, String", "ForeignKey"))
    text = merged(mine, theirs)
    assert "import ForeignKey, String\n" in text


def test_a_name_that_nobody_needs_any_more_goes() -> None:
    mine = edit(BASE, ("An order.", "What somebody ordered."))
    theirs = edit(BASE, (NAME, ""), (CITY, ""), ("ForeignKey, String", "ForeignKey"))
    assert "import ForeignKey\n" in merged(mine, theirs)


def test_a_name_that_the_user_removed_comes_back_when_it_is_needed() -> None:
    mine = edit(BASE, (NAME, ""), (CITY, ""), ("ForeignKey, String", "ForeignKey"))
    theirs = edit(
        BASE,
        (
            "    Id: Mapped[int] = mapped_column(primary_key=True)\n    CustomerId",
            EMAIL + "    Id: Mapped[int] = mapped_column(primary_key=True)\n    CustomerId",
        ),
    )
    assert "import ForeignKey, String\n" in merged(mine, theirs)


def test_the_users_own_type_of_the_same_name_is_not_replaced() -> None:
    mine = edit(
        BASE,
        ("ForeignKey, String", "ForeignKey"),
        ('"""The models."""\n', '"""The models."""\n\nfrom house import String\n'),
    )
    theirs = edit(BASE, (CITY, CITY + EMAIL))
    text = merged(mine, theirs)
    assert "from house import String" in text
    assert "from sqlalchemy import ForeignKey\n" in text


def test_two_things_of_one_name_are_a_conflict() -> None:
    mine = edit(BASE, ('"""The models."""\n', '"""The models."""\n\nfrom house import Numeric\n'))
    theirs = edit(BASE, ("ForeignKey, String", "ForeignKey, Numeric, String"))
    found = merge(BASE, mine, theirs)
    assert [each.where for each in found.conflicts] == ["import of Numeric"]
    assert "from house import Numeric" in found.text
    assert "ForeignKey, String\n" in found.text


def test_comments_in_an_import_stay() -> None:
    old = "from sqlalchemy import ForeignKey, String\n"
    mine = edit(BASE, (old, "from sqlalchemy import (\n    ForeignKey,\n    String,  # ours is longer\n)\n"))
    theirs = edit(
        BASE,
        ("ForeignKey, String", "Date, ForeignKey, String"),
        (CITY, CITY + "    Born: Mapped[str] = mapped_column(Date)\n"),
    )
    text = merged(mine, theirs)
    assert "    String,  # ours is longer\n)\nfrom sqlalchemy import Date\n" in text


def test_the_docstring_and_the_future_come_first() -> None:
    base = "import a\n"
    mine = "import b\nimport a\n"
    theirs = '"""Doc."""\n\nfrom __future__ import annotations\n\nimport a\n'
    text = merged(mine, theirs, base)
    assert text.startswith('"""Doc."""\n\nfrom __future__ import annotations\n')
    assert "import b\n" in text


# --- calls and tuples ---------------------------------------------------------------------------------------------

SETTINGS = """project = Project(
    models=Base,
    policy=policy,
)
"""


def test_the_keywords_of_a_call_are_merged_one_by_one() -> None:
    mine = edit(SETTINGS, ("    policy=policy,\n", "    policy=policy,  # ours\n    rules=declare_logic,\n"))
    theirs = edit(SETTINGS, ("    models=Base,\n", "    models=Base,\n    databases=[hr],\n"))
    assert merged(mine, theirs, SETTINGS) == edit(
        mine, ("    models=Base,\n", "    models=Base,\n    databases=[hr],\n")
    )


ARGUMENTS = """class A(Base):
    __table_args__ = (
        UniqueConstraint("a", name="uq_a"),
        {"schema": "s"},
    )
"""


def test_the_arguments_of_a_table_are_merged_one_by_one() -> None:
    own, new = '        CheckConstraint("a > 0"),\n', '        Index("ix_a", "a"),\n'
    head, tail = '        UniqueConstraint("a", name="uq_a"),\n', '        {"schema": "s"},\n'
    text = merged(edit(ARGUMENTS, (head, own + head)), edit(ARGUMENTS, (tail, new + tail)), ARGUMENTS)
    assert text == edit(ARGUMENTS, (head, own + head), (tail, new + tail))


def test_a_class_that_lost_everything_still_parses() -> None:
    base = "class A:\n    a = 1\n    b = 2\n"
    text = merged("class A:\n    a = 1\n", "class A:\n    b = 2\n", base)
    assert text == "class A:\n    pass\n"


# --- odd files ------------------------------------------------------------------------------------------------------


def test_line_ends_of_windows_stay() -> None:
    mine = edit(BASE, ("An order.", "Ours.")).replace("\n", "\r\n")
    text = merged(mine, edit(BASE, (CITY, CITY + EMAIL)))
    assert text == edit(mine.replace("\r\n", "\n"), (CITY, CITY + EMAIL)).replace("\n", "\r\n")


def test_a_file_without_a_last_line_end() -> None:
    mine = BASE.rstrip("\n").replace("An order.", "Ours.")
    text = merged(mine, BASE + INVOICE)
    assert text == BASE.replace("An order.", "Ours.") + INVOICE.rstrip("\n")


def test_a_file_that_is_no_python_is_one_conflict() -> None:
    mine = BASE + "\n<<<<<<< HEAD\n"
    found = merge(BASE, mine, edit(BASE, (CITY, CITY + EMAIL)))
    assert found.text == mine
    assert [each.where for each in found.conflicts] == ["the whole file"]


def test_tabs_of_the_user_do_not_break_the_file() -> None:
    mine = edit(BASE, ("An order.", "Ours.")).replace("    ", "\t")
    found = merge(BASE, mine, edit(BASE, (CITY, CITY + EMAIL)))
    ast.parse(found.text)
    assert "Ours." in found.text
    assert found.conflicts or "Email" in found.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n# nothing but a comment\n",
        "a = 1; b = 2\nclass A: pass\nclass B:\n  'doc'\n  # end\n\n  # more\n# out\nif a:\n  b\nelse:\n  c\n",
        "class A(\n    # who\n    B,\n):\n    # first\n    @d\n    # between\n    def f(self): ...\n",
        "class A:\n    x = (\n        1,\n    )\n",
        's = """\n# no comment\n\n"""\nx = 1\n',
        "x = call(\n    a=1,\n    # why\n    b=2,\n)\ny = call(a=1, b=2)\nz = call(\n    a=1, b=2,\n)\n",
        "π = [\n    'é', 'ß',\n]\nö = [\n    'é',\n    'ß',\n]\n\x0cclass A:\n    é = 1\n",
    ],
)
def test_taking_apart_and_putting_together_gives_the_text(text: str) -> None:
    assert python_units(text).text == text


# --- order ----------------------------------------------------------------------------------------------------------

A, B, C = ("class A:\n    a = 1\n", "class B:\n    b = 1\n", "class C:\n    c = 1\n")


def test_the_order_is_that_of_whoever_changed_it() -> None:
    base = "\n\n".join([A, B, C])
    mine, theirs = base.replace("a = 1", "a = 2"), "\n\n".join([C, A, B]).replace("b = 1", "b = 2")
    assert merged(mine, theirs, base) == theirs.replace("a = 1", "a = 2")
    assert merged(theirs, mine, base) == theirs.replace("a = 1", "a = 2")


def test_what_the_user_added_stays_below_all_that_it_may_need() -> None:
    base = "\n\n".join([A, B])
    mine = base + "\n\nclass D(A, B):\n    pass\n"
    theirs = "\n\n".join([B, A]) + "\n\n" + C
    text = merged(mine, theirs, base)
    assert [line for line in text.splitlines() if line.startswith("class")] == [
        "class B:",
        "class A:",
        "class D(A, B):",
        "class C:",
    ]
