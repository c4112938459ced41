"""Models that a project has on Flask-SQLAlchemy's ``db.Model`` are secured like any others."""

from __future__ import annotations

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from rowgate.enforce import Gate
from rowgate.policy import Policy
from rowgate.types import Access, Principal


def test_models_of_flask_sqlalchemy(sqlite_engine: Engine) -> None:
    class Base(DeclarativeBase):
        pass

    db = SQLAlchemy(model_class=Base)

    class Note(db.Model):  # type: ignore[name-defined, misc]
        id: Mapped[int] = mapped_column(primary_key=True)
        owner: Mapped[str]

    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = sqlite_engine.url.render_as_string(hide_password=False)
    db.init_app(app)
    with app.app_context():
        db.create_all()
        db.session.add_all([Note(owner="ann"), Note(owner="ann"), Note(owner="bob")])
        db.session.commit()
        policy = Policy(Principal, roles=["user"])
        policy.permission("user", Access.READ)
        policy.global_filter(Note, lambda row, user: row.owner == user.id)
        gate = Gate(policy, db.engine, models=db.Model)
        with gate.session(Principal(id="bob", roles=frozenset({"user"}))) as session:
            assert session.scalar(select(func.count()).select_from(Note)) == 1
        db.engine.dispose()
