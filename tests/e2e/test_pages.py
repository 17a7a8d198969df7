"""The dashboard and the pages of traces in a real browser; the pictures are those in docs/.

`VERIFILL_SCREENSHOTS=docs` writes them anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2 as httpx
import pytest

from completion.json_output import as_dict
from http_api.pages import data_of
from http_api.pages import page as page_of
from tests.http_api.test_end_to_end import PATIENCE, Program
from tests.verifill.samples import DOCUMENT, NOTHING, OFFSET, RESULT
from verifill.cli import run
from verifill.demo import examples_folder

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TOKEN = "0123456789abcdef"
PICTURES = os.environ.get("VERIFILL_SCREENSHOTS", "")

Open = Callable[..., "Page"]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Open an address in a window of its own; a page that tries what it may not, or fails, fails the test."""
    trouble: list[str] = []
    with ExitStack() as stack:

        def open_page(address: str, scheme: str = "light", width: int = 1100) -> Page:
            context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
            stack.callback(context.close)
            page = context.new_page()
            page.on("pageerror", lambda error: trouble.append(str(error)))
            page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
            page.on("request", lambda asked: None if asked.url.startswith(address[:16]) else trouble.append(asked.url))
            page.goto(address)
            return page

        yield open_page
    assert trouble == []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a running `verifill serve` that has completed a few times."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "pyproject.toml").touch()
    token = folder / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    program = Program(folder, "--token-file", str(token))
    try:
        url = program.until(r"ready at (\S+)$")
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=PATIENCE) as client:
            for file, line in (("unseen/morning_round.py", 11), ("everyday/tidy.py", 20), ("everyday/invoices.py", 31)):
                text = (examples_folder() / file).read_text()
                body = {"path": file, "text": text, "line": line, "workspace": str(examples_folder())}
                for wish in ({}, {"facts": "live"}, {"temperature": 0.8, "candidates": 2}, {"monitors": []}):
                    assert client.post("/v1/complete", json={**body, **wish}).status_code == 200
            client.post("/v1/complete", json={"path": "a.py", "text": "x = 1\n", "offset": 5, "max_tokens": 1})
            for kind in ("view", "view", "select"):
                client.post("/v1/events", json={"type": kind, "completion_id": "c", "choice_index": 0})
        yield url
    finally:
        program.process.kill()
        program.process.communicate()


def picture(page: Page, name: str) -> None:
    """Write a picture where pictures are wanted."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / name, full_page=True)


def test_dashboard(server: str, opened: Open) -> None:
    """With the token in the address it shows the counts at once, and the address keeps no token."""
    page = opened(f"{server}/#token={TOKEN}")
    page.wait_for_selector(".tiles")
    assert page.url == f"{server}/"
    assert page.title() == "Verifill"
    assert "embedded on cpu" in page.inner_text("header")
    assert int(page.inner_text(".tile:last-child strong").split()[0]) >= 8
    # In one go: the page draws itself anew every second.
    cards = page.evaluate("[...document.querySelectorAll('.card')].map(card => card.innerText)")
    told = {title: rest for title, _, rest in (card.partition("\n") for card in cards)}
    assert "copyspec" in told["Guesses by drafter, right ones of all"]
    assert "shown\n2" in told["What clients showed"].replace("\n\n", "\n")
    assert page.evaluate("getComputedStyle(document.querySelector('.recent span')).height") != "0px"
    picture(page, "dashboard.png")


def test_dashboard_counts_on(server: str, opened: Open) -> None:
    """It follows what happens without being loaded again."""
    page = opened(f"{server}/#token={TOKEN}")
    page.wait_for_selector(".tiles")
    before = page.inner_text(".tile:last-child strong")
    with httpx.Client(base_url=server, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=PATIENCE) as client:
        client.post("/v1/complete", json={"path": "a.py", "text": "import os\nos.", "offset": 13})
    page.wait_for_function("before => document.querySelector('.tile:last-child').innerText !== before", arg=before)


def test_dashboard_asks_for_the_token(server: str, opened: Open, browser: Browser) -> None:
    """Without one it shows nothing; a wrong one is told, and the right one is kept for the tab alone."""
    page = browser.new_page()
    page.goto(server)
    page.fill("input[name=token]", "wrong-wrong-wrong")
    page.click("button")
    page.wait_for_selector("text=That is not the token")
    page.fill("input[name=token]", TOKEN)
    page.keyboard.press("Enter")
    page.wait_for_selector(".tiles")
    page.reload()
    page.wait_for_selector(".tiles")
    assert page.evaluate("localStorage.length") == 0
    page.close()
    opened(server).wait_for_selector("input[name=token]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_trace(tmp_path: Path, opened: Open, scheme: str) -> None:
    """What `verifill trace` writes is drawn: code by origin, alternatives on hover and by keyboard, the times."""
    out = tmp_path / "trace.html"
    place = f"{examples_folder() / 'unseen' / 'morning_round.py'}:11"
    assert run(["trace", place, "-o", str(out)]) == 0
    page = opened(out.as_uri(), scheme)
    assert page.inner_text("h1") == "morning_round.py:11"
    assert "checked against" in page.inner_text(".certificate")
    line = page.inner_text(".line.own code")
    assert line.startswith("    return house.")
    tokens = page.query_selector_all(".code .token")
    tokens[0].hover()
    first = page.inner_text(".details h2 code")
    assert line.endswith(first + line.partition(first)[2])
    assert page.query_selector_all(".details .bars .track")
    page.keyboard.press("Tab")
    page.focus(".token.chosen")
    page.keyboard.press("ArrowRight")
    assert page.inner_text(".details h2 code") != first
    assert page.evaluate("document.activeElement.classList.contains('chosen')")
    passes = page.query_selector_all(".pass")
    assert len(passes) == len(page.query_selector_all(".steps li")) > 1
    assert page.query_selector_all(".fact.ontime")
    ink, paper = (
        page.evaluate(f"getComputedStyle(document.querySelector('main')).{c}") for c in ("color", "backgroundColor")
    )
    assert (brightness(ink) > brightness(paper)) == (scheme == "dark")


def test_what_was_struck_out(tmp_path: Path, opened: Open) -> None:
    """A refused token is told with its monitor, and with the fact where there was one."""
    out = tmp_path / "trace.html"
    assert run(["trace", f"{examples_folder() / 'everyday' / 'tidy.py'}:22:41", "-o", str(out)]) == 0
    page = opened(out.as_uri())
    struck = [token for token in data_of(out.read_text())["result"]["trace"]["tokens"] if token["struck"]]
    assert len(page.query_selector_all(".token.denied")) >= len(struck) > 0
    first = struck[0]["struck"][0]
    reasons = page.inner_text(".details .reasons li")
    assert f"by {first['monitor']}" in reasons
    assert not first["fact"] or f"{first['name']} is not among the {first['fact'].split('.')[0]}" in reasons
    picture(page, "trace-page.png")


def brightness(colour: str) -> int:
    """Return the sum of a computed colour's parts."""
    return sum(int(part) for part in colour.removeprefix("rgb(").rstrip(")").split(","))


HOSTILE = {
    "path": "<img src=x onerror=alert(1)>.py",
    "text": "x = '</script><script>document.title = \"bad\"</script>'\n",
}


@pytest.mark.parametrize(
    "trace",
    [
        {"result": as_dict(RESULT)},
        {"result": as_dict(NOTHING)},
        {"result": {**as_dict(NOTHING), "counters": {}, "timings_ms": {}}},
        {"result": as_dict(RESULT), "request": {"document": {"path": "/w/a.py", "text": DOCUMENT}, "offset": OFFSET}},
        {"result": {**as_dict(RESULT), "certificate": HOSTILE["text"]}, "request": {"document": HOSTILE, "offset": 3}},
    ],
    ids=["without document", "silent", "superseded", "without trace", "hostile"],
)
def test_any_result_is_drawn(tmp_path: Path, opened: Open, trace: Mapping[str, Any]) -> None:
    """With or without document, history and text; whatever stands in a document is text."""
    out = tmp_path / "page.html"
    out.write_text(page_of("trace", "title", trace).html, encoding="utf-8")
    page = opened(out.as_uri())
    assert page.title() == "title"
    text = trace["result"]["text"].split("\n")[0]
    assert text in page.inner_text(".code")
    assert page.query_selector_all("img, iframe, a") == []


def test_a_narrow_window(tmp_path: Path, opened: Open) -> None:
    """Nothing but code scrolls sideways."""
    out = tmp_path / "page.html"
    document = {"path": "/w/a.py", "text": DOCUMENT}
    trace = {"result": as_dict(RESULT), "request": {"document": document, "offset": OFFSET}}
    out.write_text(page_of("trace", "title", trace).html, encoding="utf-8")
    page = opened(out.as_uri(), width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
