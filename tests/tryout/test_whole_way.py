"""`make run` from the outside: invitations go out, are answered as the guests would, and the answers stand at the event."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.services import free_port
from tests.tryout.plain_browser import PlainBrowser
from tests.tryout.test_supervisor import Run

TITLE = "Prova e rrugës së plotë"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    run = Run(tmp_path / "data", free_port())
    yield run
    if run.process.poll() is None:
        run.end(signal.SIGTERM)


def sign_in(run: Run, folder: Path) -> PlainBrowser:
    lines = (folder / "sign-in.txt").read_text(encoding="utf-8").splitlines()
    email, password = next(line.split("\t")[:2] for line in lines if "admin" in line)
    browser = PlainBrowser(f"http://127.0.0.1:{run.port}")
    browser.get("/login")
    browser.press("password", email=email, password=password)
    return browser


def plan_and_invite(browser: PlainBrowser) -> str:
    """An event in a month with two guests whose invitations are sent; gives its address."""
    browser.get("/events/new")
    day = date.today() + timedelta(days=30)
    browser.press(
        "title_sq", kind="round_table", title_sq=TITLE, precision="moment", start_date=f"{day:%d.%m.%Y}",
        start_time="10:00", end_time="12:00", venue="Bashkia Fier",
    )  # fmt: skip
    found = re.search(r"/events/\d+", browser.url)
    assert found, browser.page
    event = found[0]
    browser.get(f"{event}/invite?q=bashkia")
    keys = re.findall(r'type="checkbox" name="guest" value="([^"]+)"', browser.page)
    for key in keys[:2]:
        browser.press("q", f"{event}/invite", guest=key)
        browser.get(f"{event}/invite?q=bashkia")
    browser.get(f"{event}/invite/send")
    browser.press("guests")
    return event


def test_send_answer_as_the_guest_and_see_it_at_the_event(run: Run, tmp_path: Path) -> None:
    assert run.first_line().startswith("http://"), run.first_line()
    browser = sign_in(run, tmp_path / "data")
    event = plan_and_invite(browser)
    browser.wait_for("/mail/local", rf"(?:/mail/local/\d+-\w+.*?{TITLE}.*){{2}}")
    first, second = re.findall(r'href="(/mail/local/\d+-\w+)"', browser.page)[:2]

    browser.get(first)
    assert "thjesht duke iu përgjigjur këtij mesazhi" in " ".join(browser.page.split())
    browser.press("comment", what="accept", comment="Vij me këshilltaren")
    browser.wait_for(event, r"Vij me këshilltaren")

    browser.get(second)
    browser.press("words", what="words", words="Na tregoni axhendën, ju lutem.")
    browser.wait_for(event, r"Na tregoni axhendën, ju lutem\.")
    browser.get(second)
    browser.press("press", f"{second}/answer", what="unknown")
    browser.wait_for(event, r"550 5\.1\.1")

    status, _out, err = run.end()
    assert (status, err) == (0, "")
    assert not list((tmp_path / "data" / "mail" / "to-intake").glob("**/*.mail"))
    assert "Traceback" not in "".join(
        path.read_text(encoding="utf-8") for path in (tmp_path / "data" / "log").iterdir()
    )
