"""Making a company from the command line, until the set-up page exists."""

from __future__ import annotations

from zoneinfo import available_timezones

from guantong.core import sql
from guantong.core.models import Company
from guantong.master.companies.models import CompanyDetails, Currency
from guantong.master.parties.rules import is_country


def create_company(name: str, *, currency: str, country: str, zone: str, city: str = "") -> Company:
    """Make a company with its own books; raises ``ValueError`` with a sentence."""
    money = Currency.objects.filter(code=currency.upper()).first()
    if money is None:
        raise ValueError(f"There is no currency {currency}; write its three letters, for example CNY.")
    if not is_country(country.upper()):
        raise ValueError(f"There is no country {country}; write its two letters, for example CN.")
    if zone not in available_timezones():
        raise ValueError(f"There is no time zone {zone}; write one like Asia/Shanghai.")
    if not name.strip() or Company.objects.filter(name=name.strip()).exists():
        raise ValueError(f"There is a company {name} already, or its name is empty.")
    with sql.write_transaction():
        company = Company.objects.create(name=name.strip()[:200], zone=zone)
        CompanyDetails.objects.create(company=company, currency=money, city=city[:100], country=country.upper())
    return company
