"""The rows a party is saved with."""

from django.utils.translation import gettext_lazy as _

from guantong.core.resource import Lines
from guantong.master.parties.models import Address

ADDRESSES = Lines(
    "addresses",
    Address,
    parent="party",
    names=("use", "street", "city", "region", "postcode", "country"),
    title=_("Addresses"),
    add_label=_("Add address"),
    changes={"country": {"max_length": 60, "help": _("Two letters, for example CN.")}},
    widths={"use": "s", "street": "xl", "city": "m", "region": "m", "postcode": "s", "country": "xs"},
)
