"""How currencies are shown. They come as data; nobody makes one."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from guantong.core.pages.shell import company_notes
from guantong.core.registry import resource
from guantong.core.resource import Resource, Sorting, View
from guantong.master.companies.models import CompanyDetails, Currency


@resource
class Currencies(Resource):
    slug = "currencies"
    model = Currency
    one, many = _("currency"), _("Currencies")
    icon = "currency-yuan"
    views = (View("all", _("Currencies"), menu="company", order=70),)
    columns = ("code", "name", "digits")
    sort = Sorting("code")
    search = ("code", "name")

    @classmethod
    def label(cls, row: Currency) -> str:
        return row.code

    @classmethod
    def title(cls, row: Currency) -> tuple[str, str]:
        return row.code, row.name.text(get_language() or "en")


def describe_company(company_id: int) -> str:
    """City and currency, under the company's name in the menu."""
    details = CompanyDetails.objects.select_related("currency").filter(company_id=company_id).first()
    return " · ".join(filter(None, [details.city, details.currency.code])) if details else ""


company_notes.append(describe_company)
