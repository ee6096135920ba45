"""Takes the pictures of the documentation: `python -m tests.shots [NAME …]`, or `./guantong shots`.

Starts the product with its samples in a temporary folder, or uses the one at GUANTONG_SHOTS_URL, signs in as people of
the sample company and keeps each picture as WebP in `docs/pictures`. It only looks: nothing is pressed that writes.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tools.chromium import MISSING, find_chromium
from tools.serving import serving

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
PASSWORD = "guantong-demo"
LARGEST = 150_000
"""Bytes; a picture that is larger is encoded again with less quality."""
QUALITIES = (0.9, 0.8, 0.7, 0.6)
DESK = (1440, 900)
PHONE = (390, 844)
LANGUAGES = {"en": "English", "zh-hans": "中文"}
TO_WEBP = """async ([png, quality]) => {
    const image = new Image();
    image.src = 'data:image/png;base64,' + png;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext('2d').drawImage(image, 0, 0);
    return canvas.toDataURL('image/webp', quality).split(',')[1];
}"""

Path_ = Callable[[Page, str], None]


@dataclass(frozen=True)
class Shot:
    """One picture: who looks at what, and how. `go` opens the page; it gets the page and the site's address."""

    name: str
    go: Path_
    who: str = ""
    language: str = "en"
    theme: str = "light"
    size: tuple[int, int] = DESK


def _open(path: str) -> Path_:
    return lambda page, url: _goto(page, f"{url}{path}")


def _goto(page: Page, address: str) -> None:
    response = page.goto(address)
    if response is None or not response.ok:
        raise SystemExit(f"{address} answers {response.status if response else 'nothing'}.")
    page.wait_for_load_state("networkidle")


def _first_order(query: str) -> Path_:
    """Open the first order of a list, as a person would: by its number."""

    def go(page: Page, url: str) -> None:
        _goto(page, f"{url}/sales-orders/?{query}")
        path = page.locator("[data-row]").first.get_attribute("data-href")
        _goto(page, f"{url}{path}")

    return go


def _edit_order(page: Page, url: str) -> None:
    _first_order("view=mine&state=quoted")(page, url)
    _goto(page, page.url.split("?")[0] + "edit/")


def _cancel_dialog(page: Page, url: str) -> None:
    """The dialog before an order is canceled; it is only opened."""
    _first_order("view=mine&state=confirmed")(page, url)
    page.locator("[popovertarget=ui-more]").click()
    page.locator("#ui-more [href*='/cancel/'], #ui-more [hx-get*='/cancel/']").first.click()
    page.locator("dialog[open]").wait_for()


def _palette(page: Page, url: str) -> None:
    """The palette over the list, with something typed."""
    _goto(page, f"{url}/sales-orders/")
    page.keyboard.press("Control+k")
    page.keyboard.type("fork", delay=40)
    page.wait_for_timeout(900)


SHOTS = (
    Shot("list", _open("/sales-orders/"), "siyuan"),
    Shot("list-zh-dark", _open("/sales-orders/"), "wangli", "zh-hans", "dark"),
    Shot("record", _first_order("view=mine&state=confirmed&sort=-total"), "siyuan"),
    Shot("record-zh", _first_order("view=mine&state=confirmed&sort=-total"), "wangli", "zh-hans"),
    Shot("form", _edit_order, "siyuan"),
    Shot("dialog", _cancel_dialog, "siyuan"),
    Shot("find", _palette, "siyuan"),
    Shot("day", _open("/"), "tom"),
    Shot("inbox-zh", _open("/inbox/"), "tom", "zh-hans"),
    Shot("sign-in", _open("/sign-in/")),
    Shot("phone-day", _open("/"), "tom", size=PHONE),
    Shot("phone-list", _open("/sales-orders/"), "siyuan", size=PHONE),
    Shot("phone-record-zh", _first_order("view=mine&state=confirmed&sort=-total"), "wangli", "zh-hans", size=PHONE),
)


@contextlib.contextmanager
def site() -> Iterator[str]:
    """The address of a Guantong with samples."""
    given = os.environ.get("GUANTONG_SHOTS_URL", "").rstrip("/")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="guantong-shots-") as folder, serving(Path(folder), DATABASE_URL="") as run:
        yield run.url


def take(browser: Browser, url: str, shot: Shot) -> bytes:
    """One picture as PNG, in a browser profile of its own."""
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=2 if width < 600 else 1.5,
        locale="zh-CN" if shot.language.startswith("zh") else "en-GB",
        color_scheme="dark" if shot.theme == "dark" else "light",
        has_touch=width < 600,
        reduced_motion="reduce",
    )
    page = context.new_page()
    if shot.who:
        sign_in(page, url, shot)
    shot.go(page, url)
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(300)
    png = page.screenshot()
    context.close()
    return png


def sign_in(page: Page, url: str, shot: Shot) -> None:
    """Sign in, then set language and theme as the person would in the settings."""
    _goto(page, f"{url}/sign-in/")
    page.fill("input[name=login]", shot.who)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form button.is-primary").click()
    page.wait_for_url(re.compile(rf"^{re.escape(url)}/(?!sign-in)"))
    _goto(page, f"{url}/settings/")
    form = page.locator("form:has([name=theme]):has([name=zone])").first
    for name, value in (("language", shot.language), ("theme", shot.theme), ("density", "comfortable")):
        form.locator(f"[name={name}]").first.evaluate(
            "(first, value) => {"
            " if (first.tagName === 'SELECT') { first.value = value; return; }"
            " const all = first.form.querySelectorAll(`[name=${first.name}]`);"
            " for (const one of all) one.checked = one.value === value; }",
            value,
        )
    form.locator("button.is-primary").first.click()
    page.wait_for_load_state("networkidle")


def to_webp(browser: Browser, png: bytes) -> bytes:
    """The picture as WebP by Chromium's own encoder, small enough for a repository."""
    page = browser.new_page()
    try:
        for quality in QUALITIES:
            text = page.evaluate(TO_WEBP, [base64.b64encode(png).decode(), quality])
            webp = base64.b64decode(text)
            if len(webp) <= LARGEST:
                break
        return webp
    finally:
        page.close()


def main(names: Sequence[str]) -> int:
    """Take the pictures named, or all."""
    unknown = set(names) - {shot.name for shot in SHOTS}
    program = find_chromium()
    if unknown or not program:
        print(f"There is no picture {', '.join(sorted(unknown))}." if unknown else MISSING, file=sys.stderr)
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with site() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for shot in SHOTS:
            if names and shot.name not in names:
                continue
            webp = to_webp(browser, take(browser, url, shot))
            (PICTURES / f"{shot.name}.webp").write_bytes(webp)
            print(f"{shot.name:<18} {len(webp) / 1000:5.0f} kB", flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
