"""Data the platform needs before anybody can work: currencies and roles. Safe to load at every start."""

from guantong.core import sql
from guantong.fusion.roles import load_roles
from guantong.master.companies.reference import load_currencies


def load_reference() -> None:
    with sql.write_transaction():
        load_currencies()
        load_roles()
