"""``check-books``: recompute every stored figure from first facts and find what does not agree.

Each room registers its own checks; a check is a generator of findings, one a wrong row, read in a stream so that it
fits nightly use on large databases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TextIO

from guantong.core.models import Company


@dataclass(frozen=True)
class Finding:
    """One row whose stored value is not what its facts say."""

    what: str
    where: str
    stored: str
    facts: str


BookCheck = Callable[[int | None], Iterator[Finding]]
"""Called with a company id, or None for all of them."""
_checks: dict[str, BookCheck] = {}
SHOWN = 50


def book_check(name: str) -> Callable[[BookCheck], BookCheck]:
    """Register a check under a name that says what must be true."""

    def register(check: BookCheck) -> BookCheck:
        if name in _checks:
            raise ValueError(f"check {name} is registered twice")
        _checks[name] = check
        return check

    return register


def find_all(company_id: int | None = None) -> Iterator[tuple[str, Finding | None]]:
    """Run all checks; after the findings of a check comes its name with None."""
    for name, check in _checks.items():
        for finding in check(company_id):
            yield name, finding
        yield name, None


def run_check_books(company: str, out: TextIO) -> int:
    """Print what was checked and what was found; 0 when the books are clean, 1 when not, 2 for an unknown company."""
    company_id = None
    if company:
        row = Company.objects.filter(uid=company).first() if len(company) in (32, 36) else None
        row = row or Company.objects.filter(name=company).first()
        if row is None:
            out.write(f"There is no company {company}.\n")
            return 2
        company_id = row.pk
    wrong = here = 0
    for name, finding in find_all(company_id):
        if finding is None:
            out.write(f"{'clean' if not here else f'{here} wrong':>12}  {name}\n")
            here = 0
            continue
        wrong, here = wrong + 1, here + 1
        if here <= SHOWN:
            out.write(f"{finding.where}: {finding.what} is {finding.stored}, facts say {finding.facts}\n")
    out.write("The books are clean.\n" if not wrong else f"{wrong} rows do not agree with their facts.\n")
    return 1 if wrong else 0
