"""A small project of the shape that ApiLogicServer makes, written by hand: firms that owe bills, for two clients."""

from __future__ import annotations

import sqlite3
from pathlib import Path

FILES = {
    "config/config.py": """
import os
db_path = str(project_path.joinpath('database/db.sqlite'))
class Config:
    SQLALCHEMY_DATABASE_URI : typing.Optional[str] = f"sqlite:///{db_path}"
    SQLALCHEMY_DATABASE_URI_AUTHENTICATION = f'sqlite:///{auth_db_path}'
""",
    "database/models.py": '''# coding: utf-8
from sqlalchemy import Boolean, Column, DECIMAL, Date, DateTime, ForeignKey, Integer, String, Table, text
from sqlalchemy.orm import relationship, Mapped
from sqlalchemy.ext.declarative import declarative_base
from database.system.SAFRSBaseX import SAFRSBaseX
from sqlalchemy.dialects.sqlite import *
from typing import List

open("RAN", "w").close()  # nothing of an old project is run
Base = declarative_base()
metadata = Base.metadata
Base = SAFRSBaseX


class Firm(Base):  # type: ignore
    """Who owes\\nus."""
    __tablename__ = 'Firm'
    _s_collection_name = 'Firm'  # type: ignore

    Id = Column(String(8), primary_key=True)
    Name = Column(String(80), nullable=False)
    Owed : DECIMAL = Column(DECIMAL(10, 2), server_default=text("0"))
    Credit : DECIMAL = Column(DECIMAL(10, 2))
    Client_id = Column(Integer)
    Level = Column(Integer, server_default=text("0"))
    ParentId = Column(ForeignKey('Firm.Id'))
    allow_client_generated_ids = True

    # parent relationships (access parent)
    Firm : Mapped["Firm"] = relationship(remote_side=[Id], back_populates=("FirmList"))

    # child relationships (access children)
    FirmList : Mapped[List["Firm"]] = relationship(back_populates="Firm")
    BillList : Mapped[List["Bill"]] = relationship(back_populates="Firm")

    @jsonapi_attr
    def _check_sum_(self):
        return None

    S_CheckSum = _check_sum_

    def shout(self):
        return self.Name.upper()


class Bill(Base):  # type: ignore
    __tablename__ = 'Bill'
    _s_collection_name = 'Bill'  # type: ignore

    Id = Column(Integer, primary_key=True)
    FirmId = Column(ForeignKey('Firm.Id'), nullable=False)
    Amount : DECIMAL = Column(DECIMAL(10, 2), nullable=False)
    Paid = Column(Boolean)
    Zip = Column('PostCode', String(10))
    CreatedOn = Column(DateTime)

    Firm : Mapped["Firm"] = relationship(back_populates=("BillList"))


class Elsewhere(Base):  # type: ignore
    __tablename__ = 'Elsewhere'
    __bind_key__ = 'other'
    Id = Column(Integer, primary_key=True)


t_BillView = Table(
    'BillView', metadata,
    Column('Id', Integer),
)
''',
    "database/customize_models.py": """
from database import models
from sqlalchemy.orm import relationship, remote, foreign

models.Firm.Unpaid = relationship('Bill', cascade_backrefs=False, viewonly=True,
                                  primaryjoin=remote(models.Bill.FirmId) == foreign(models.Firm.Id))

def helper(row):
    return row
""",
    "security/declare_security.py": '''
from security.system.authorization import Grant, Security, DefaultRolePermission, GlobalFilter
from database import models
import safrs, logging

db = safrs.DB
session = db.session
app_logger = logging.getLogger(__name__)


class Roles():
    """ Roles """
    clerk = "clerk"
    firm = "firm"
    chief = "head of all"


DefaultRolePermission(to_role=Roles.clerk, can_read=True, can_delete=False)
DefaultRolePermission(to_role=Roles.firm, can_read=True, can_insert=False, can_update=False, can_delete=False)
DefaultRolePermission("head of all")

# Clients are kept apart.
GlobalFilter(global_filter_attribute_name="Client_id", roles_not_filtered=["sa", "head of all"],
             filter='{entity_class}.Client_id == Security.current_user().client_id')
GlobalFilter(global_filter_attribute_name="Nowhere", roles_not_filtered=["sa"], filter='{entity_class}.Nowhere == 0')

def own_firm():
    """ A function, too """
    return models.Firm.Id == Security.current_user().id

Grant(on_entity=models.Firm, to_role=Roles.firm, filter=own_firm, filter_debug="own")
Grant(on_entity=models.Bill, to_role=Roles.clerk, can_delete=True, filter=lambda: models.Bill.Zip != "secret")
''',
    "logic/declare_logic.py": '''
import datetime
from logic_bank.logic_bank import Rule
from logic_bank.exec_row_logic.logic_row import LogicRow
from database.models import *
import api.system.opt_locking.opt_locking as opt_locking
from security.system.authorization import Grant

def declare_logic():
    """ Rules """
    from logic.logic_discovery.auto_discovery import discover_logic
    discover_logic()

    def handle_all(logic_row: LogicRow):
        opt_locking.opt_lock_patch(logic_row=logic_row)
        Grant.process_updates(logic_row=logic_row)
    Rule.early_row_event_all_classes(early_row_event_all_classes=handle_all)
''',
    "logic/logic_discovery/auto_discovery.py": "def discover_logic():\n    pass\n",
    "logic/logic_discovery/owing/credit.py": """
from decimal import Decimal
from logic_bank.logic_bank import Rule
from database import models
import integration.kafka.kafka_producer as kafka_producer

LEAST = Decimal("0")


def declare_logic():
    # What a firm owes.
    Rule.sum(derive=models.Firm.Owed, as_sum_of=models.Bill.Amount, where=lambda row: row.Paid != True)
    Rule.constraint(validate=models.Firm, as_condition=lambda row: row.Credit is None or row.Owed <= row.Credit,
        error_msg="{row.Name} owes {round(row.Owed, 2)}")
    Rule.constraint(validate=models.Bill, as_condition="row.Amount > 0", error_msg="no {row.Amount + 1}")

    def positive(row, old_row, logic_row):
        return row.Amount > LEAST and row.Zip != "x"
    Rule.constraint(models.Bill, calling=positive, error_msg="not positive")

    def tell(row, old_row, logic_row):
        kafka_producer.send_kafka_message(logic_row=logic_row)
    Rule.after_flush_row_event(on_class=models.Bill, calling=tell)
    Rule.parent_check(validate=models.Bill, error_msg="no parent", enable=True)
""",
    "api/customize_api.py": """
import safrs, logging
from flask import request, jsonify
from flask_jwt_extended import jwt_required
app_logger = logging.getLogger("x")

def expose_services(app, api, project_dir, swagger_host: str, PORT: str):
    @app.route('/hello')
    def hello():
        app_logger.info('hello')
        return jsonify({"result": request.args.get("who")})

    @app.route('/firms', methods=['GET', 'OPTIONS'])
    def firms():
        return jsonify([each.Id for each in safrs.DB.session.query(models.Firm)])

    @app.route('/guarded')
    @jwt_required()
    def guarded():
        return jsonify({"result": "secret"})
""",
    "ui/admin/admin.yaml": """
api_root: x
resources:
  Firm:
    user_key: Name
    type: Firm
    attributes:
      - {name: Name, label: The firm}
      - {name: Gone}
    tab_groups:
      - {direction: tomany, fks: [FirmId], name: BillList, resource: Bill}
      - {direction: tomany, fks: [FirmId], name: Others, resource: Bill}
  Bill:
    attributes: [{name: Zip}]
  User: {}
settings: {}
""",
}
ROWS = """
CREATE TABLE Firm (Id VARCHAR(8) PRIMARY KEY, Name VARCHAR(80) NOT NULL, Owed DECIMAL(10, 2) DEFAULT 0,
  Credit DECIMAL(10, 2), Client_id INTEGER, Level INTEGER DEFAULT 0, ParentId VARCHAR(8) REFERENCES Firm(Id));
CREATE TABLE Bill (Id INTEGER PRIMARY KEY, FirmId VARCHAR(8) NOT NULL REFERENCES Firm(Id),
  Amount DECIMAL(10, 2) NOT NULL, Paid BOOLEAN, PostCode VARCHAR(10), CreatedOn DATETIME);
INSERT INTO Firm VALUES ('a', 'Anna', 10, 100, 1, 0, NULL), ('b', 'Bert', 0, 100, 2, 0, NULL);
INSERT INTO Bill VALUES (1, 'a', 10, 0, '1', NULL), (2, 'a', 5, 1, 'secret', NULL);
"""
USERS = """
CREATE TABLE User (id VARCHAR(64) PRIMARY KEY, name VARCHAR(128), username VARCHAR(128), password_hash VARCHAR(200),
  client_id INTEGER, region VARCHAR(32));
CREATE TABLE Role (name VARCHAR(64) PRIMARY KEY);
CREATE TABLE UserRole (user_id VARCHAR(64), notes TEXT, role_name VARCHAR(64), PRIMARY KEY (user_id, role_name));
INSERT INTO User VALUES ('carl', 'Carl', 'carl', 'clear text', 1, NULL), ('a', NULL, 'a', 'short', 1, 'north'),
  ('old', 'Old', 'old', '$2b$12$abcdefghijklmnopqrstuv', NULL, NULL);
INSERT INTO UserRole VALUES ('carl', NULL, 'clerk'), ('a', NULL, 'firm'), ('old', NULL, 'sa'), ('old', NULL, 'extra');
"""


def write_als_project(folder: Path, **changed: str) -> Path:
    """The project in a new folder; ``changed`` are files, with ``__`` for ``/`` and without their ``.py``."""
    for name, text in {**FILES, **{f"{key.replace('__', '/')}.py": text for key, text in changed.items()}}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name, script in (("db.sqlite", ROWS), ("authentication_db.sqlite", USERS)):
        connection = sqlite3.connect(folder / "database" / name)
        connection.executescript(script)
        connection.close()
    return folder
