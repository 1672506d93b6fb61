"""The page of the rules as an engineer uses it: in a browser, by keyboard, on a narrow screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from services.router.lately import Lately
from services.router.rules.packaged import read_text
from services.router.web.rules_page import list_routes
from services.runtime.probes import Pages, Readiness, serve_probes
from tests import machine
from tests.live.deciding import decide_day
from tests.live.test_rules_page import Given

pytestmark = [
    pytest.mark.needs("chromium"),
    pytest.mark.needs("chromedriver"),
    pytest.mark.timeout(120),
]
WITHIN_S = 15
QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
THREAD, THANKS = "Two exchanges by e-mail, then one more", "The same, but it only says thanks"


class Browser:
    """A page open in Chromium."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        """Go there and wait until the trees are drawn."""
        self.driver.get(address)
        self.wait(lambda: self.texts("#live .node .id"))

    def wait(self, found: Callable[[], object]) -> None:
        """Wait until something is there."""
        WebDriverWait(self.driver, WITHIN_S).until(lambda _: found())

    def texts(self, selector: str) -> list[str]:
        """What the visible elements say."""
        found = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return [one.text for one in found if one.is_displayed()]

    def press(self, *keys: str) -> None:
        """Keys, to whatever has the focus."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def focus(self) -> str:
        """The id of the element that has the focus."""
        return self.driver.switch_to.active_element.get_attribute("id") or ""

    def put_in(self, example: str) -> None:
        """Take one of the examples."""
        Select(self.driver.find_element(By.ID, "examples")).select_by_visible_text(example)

    def fits(self) -> bool:
        """Nothing stands out to the right."""
        script = "return document.documentElement.scrollWidth <= window.innerWidth"
        return bool(self.driver.execute_script(script))

    def complaints(self) -> list[object]:
        """What the browser complained about: a broken script, a blocked address."""
        return list(self.driver.get_log("browser"))  # type: ignore[no-untyped-call] # its own


@contextmanager
def open_browser(profile: Path, width: int, height: int) -> Iterator[Browser]:
    """Chromium with an empty profile; a narrow one is a phone."""
    options = webdriver.ChromeOptions()
    options.binary_location = machine.program("chromium") or ""
    for word in (*QUIET, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
        options.add_argument(word)
    if width < 600:
        metrics = {"width": width, "height": height, "pixelRatio": 1}
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
    service = Service(machine.program("chromedriver") or "")
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield Browser(driver)
    finally:
        driver.quit()


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """A router's page after some traffic; the candidate asks for three exchanges, not for two."""
    _, text = read_text("")
    rules = Given(text, text.replace("thread.exchanges: {gte: 2}", "thread.exchanges: {gte: 3}"), 5)
    lately = Lately(30)
    decide_day(rules.edition(), lately, 500)
    pages = Pages("x", CollectorRegistry(), Readiness, routes=list_routes(rules, lately))
    async with serve_probes(pages, "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}/rules"


async def test_an_engineer_sees_where_a_thread_goes_and_that_the_candidate_differs(
    address: str, tmp_path: Path
) -> None:
    """Law: the way is drawn on both trees, side by side, with the condition that decides."""

    def use() -> None:
        with open_browser(tmp_path, 1400, 900) as page:
            page.open(address)
            assert any("%" in text for text in page.texts("#live .hits"))
            page.put_in(THREAD)
            page.driver.find_element(By.ID, "try").click()
            page.wait(lambda: page.texts("#live .answer .id"))
            assert page.texts("#live .answer .id")[0] == "email-to-phone"
            assert page.texts("#candidate .answer .id")[0] == "default"
            assert "channel phone → email" in page.texts("#differs")[0]
            assert "thread.exchanges >= 3 it is 2" in page.texts("#candidate .asked .no")
            page.put_in(THANKS)
            page.driver.find_element(By.ID, "try").click()
            page.wait(lambda: "decide the same" in page.texts("#differs")[0])
            assert "message.closing = false it is true" in page.texts("#live .asked .no")
            assert page.fits()
            assert page.complaints() == []

    await asyncio.to_thread(use)


async def test_everything_can_be_done_by_keyboard(address: str, tmp_path: Path) -> None:
    """Law: `/` filters, Ctrl+Enter draws, Escape clears, Enter opens a recent decision and folds."""

    def use() -> None:
        with open_browser(tmp_path, 1400, 900) as page:
            page.open(address)
            page.press("/")
            assert page.focus() == "filter"
            page.press("bulgarian")
            page.wait(lambda: page.texts("#live .node .id") == ["default", "in-bulgarian"])
            page.press(Keys.CONTROL, "a", Keys.NULL, Keys.BACKSPACE)
            page.wait(lambda: len(page.texts("#live .node .id")) > 5)
            page.press(Keys.TAB)
            assert page.focus() == "text"
            page.press(Keys.CONTROL, Keys.ENTER)
            page.wait(lambda: page.texts("#live .result"))
            assert "queue the contact where it is" in page.texts("#live .result")[0]
            page.press(Keys.ESCAPE)
            page.wait(lambda: not page.texts("#live .result"))
            page.press(Keys.CONTROL, "a", Keys.NULL, "{")
            page.press(Keys.CONTROL, Keys.ENTER)
            page.wait(lambda: page.texts("#problem"))
            page.press(*[Keys.TAB] * 3)  # over the button and the examples to the first decision
            page.press(Keys.ENTER)
            page.wait(lambda: page.texts("#live .result"))
            assert not page.texts("#problem")
            fold = page.driver.find_element(By.CSS_SELECTOR, "#live .fold")
            fold.send_keys(Keys.ENTER)
            page.wait(lambda: page.texts("#live .node .id") == ["default"])
            # The broken text was refused by the router: the one thing that Chromium reports.
            assert all("400" in str(one) for one in page.complaints())

    await asyncio.to_thread(use)


async def test_it_is_readable_on_a_phone(address: str, tmp_path: Path) -> None:
    """Law: one column, no sideways scrolling, live and candidate as tabs that arrow keys change."""

    def use() -> None:
        with open_browser(tmp_path, 390, 844) as page:
            page.open(address)
            page.put_in(THREAD)
            page.driver.find_element(By.ID, "try").click()
            page.wait(lambda: page.texts("#live .answer .id"))
            assert not page.texts("#candidate .id")
            tab = page.driver.find_element(By.ID, "tab-live")
            tab.click()
            tab.send_keys(Keys.ARROW_RIGHT)
            page.wait(lambda: page.texts("#candidate .answer .id"))
            assert page.focus() == "tab-candidate"
            assert not page.texts("#live .id")
            assert page.fits()
            assert page.complaints() == []

    await asyncio.to_thread(use)
