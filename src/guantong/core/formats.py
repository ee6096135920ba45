"""Numbers, days and instants in the reader's language and time zone (CLDR through Babel, patterns of the design)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_decimal, get_currency_symbol
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

MINUS = "\u2212"
LOCALES = {"en": "en_GB", "zh-hans": "zh_Hans_CN"}


@lru_cache
def _locale(language: str) -> Locale:
    return Locale.parse(LOCALES.get(language, "en_GB"))


def locale() -> Locale:
    return _locale(get_language() or "en")


def is_chinese() -> bool:
    return (get_language() or "en").startswith("zh")


@lru_cache
def zone_of(name: str) -> ZoneInfo:
    """The named zone; UTC when the name is unknown, so that a bad setting never hides a page."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def edit_number(value: Decimal | int | None) -> str:
    """Plain text for an input: no grouping, no surplus zeros."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def edit_rate(value: Decimal | None) -> str:
    """A fraction as the percent people type: 0.13 → ``13%``."""
    return "" if value is None else edit_number(value * 100) + "%"


def show_number(value: Decimal | int, digits: int | None = None) -> str:
    """Grouped; with ``digits`` padded to so many decimals, otherwise only those it has. A real minus sign."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "") if digits is not None else "#,##0.######"
    return str(format_decimal(value, format=pattern, locale=locale())).replace("-", MINUS)


def show_rate(value: Decimal) -> str:
    return edit_number(value * 100).replace("-", MINUS) + "%"


def show_money(value: Decimal, code: str, digits: int) -> str:
    """``¥1,230,111.22`` for the yuan, ``EUR 4,200.00`` for others, as the design writes money."""
    amount = show_number(abs(value), digits)
    sign = MINUS if value < 0 else ""
    if code == "CNY":
        return f"{sign}{get_currency_symbol(code, locale=_locale('zh-hans'))}{amount}"
    return f"{sign}{code} {amount}"


def show_day(value: date, today: date | None = None) -> str:
    """``19 May`` in the year of today, ``19 May 2026`` otherwise; ``5月19日``, ``2026年5月19日``."""
    near = today is not None and value.year == today.year
    if is_chinese():
        return f"{value.month}月{value.day}日" if near else f"{value.year}年{value.month}月{value.day}日"
    return str(format_date(value, "d MMM" if near else "d MMM y", locale=locale()))


def show_long_day(value: date) -> str:
    """``Tuesday 12 May 2026, week 20``; ``2026年5月12日 星期二 第20周``."""
    week = value.isocalendar().week
    if is_chinese():
        weekday = format_date(value, "EEEE", locale=locale())
        return f"{value.year}年{value.month}月{value.day}日 {weekday} 第 {week} 周"
    return f"{format_date(value, 'EEEE d MMMM y', locale=locale())}, {_('week %(week)s') % {'week': week}}"


def show_instant(value: datetime, zone: str) -> str:
    """In full, in the given zone, named: for hover and logs."""
    local = value.astimezone(zone_of(zone))
    pattern = "y年M月d日 HH:mm:ss" if is_chinese() else "d MMM y HH:mm:ss"
    return f"{format_datetime(local, pattern, tzinfo=local.tzinfo, locale=locale())} {zone}"


def show_ago(value: datetime, zone: str, now: datetime | None = None) -> str:
    """Relative when near (``2 h ago``), today's hour, yesterday, then the day."""
    moment = now or datetime.now(UTC)
    seconds = (moment - value).total_seconds()
    tz = zone_of(zone)
    local, today = value.astimezone(tz), moment.astimezone(tz).date()
    hour = f"{local:%H:%M}"
    if 0 <= seconds < 60:
        return _("just now")
    if 0 <= seconds < 3600:
        minutes = int(seconds // 60)
        return ngettext("%(count)s min ago", "%(count)s min ago", minutes) % {"count": minutes}
    if 0 <= seconds < 6 * 3600:
        hours = int(seconds // 3600)
        return ngettext("%(count)s h ago", "%(count)s h ago", hours) % {"count": hours}
    if local.date() == today:
        return _("today %(hour)s") % {"hour": hour}
    if local.date() == today - timedelta(days=1):
        return _("yesterday %(hour)s") % {"hour": hour}
    return f"{show_day(local.date(), today)} {hour}"


def show_person(name: str) -> str:
    """Both names where both are known; in Chinese the Chinese one."""
    chinese = [word for word in name.split() if "\u4e00" <= word[0] <= "\u9fff"]
    return "".join(chinese) if is_chinese() and chinese else name


def show_list(words: Sequence[str]) -> str:
    """Choices in a row: ``draft or quoted``, ``草稿或已报价``."""
    return str(format_list(list(words), style="or", locale=locale())) if words else ""


def show_sentences(*sentences: object) -> str:
    """Whole sentences in a row; Chinese puts no space between them."""
    return ("" if is_chinese() else " ").join(text for text in map(str, sentences) if text)


def initials_of(name: str) -> str:
    """For an avatar: first letters of two words; of a Chinese name the surname, elsewhere its last two characters."""
    words = name.split()
    if not words:
        return "?"
    chinese = next((word for word in words if "\u4e00" <= word[0] <= "\u9fff"), "")
    if is_chinese() and chinese:
        return chinese[0]
    if any("\u4e00" <= char <= "\u9fff" for char in words[0]) and len(words) == 1:
        return words[0][-2:]
    latin = [word for word in words if word[0].isascii() and word[0].isalpha()]
    return "".join(word[0] for word in (latin or words)[:2]).upper()
