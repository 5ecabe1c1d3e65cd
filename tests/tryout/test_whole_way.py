"""`make run` from the outside: an invitation goes out, is answered as the guest would, and the answer stands at the event."""

from __future__ import annotations

import http.cookiejar
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.services import free_port
from tests.tryout.test_supervisor import PATIENCE, Run


class Browser:
    """A browser without JavaScript."""

    def __init__(self, run: Run) -> None:
        self.address = f"http://127.0.0.1:{run.port}"
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)
        self.url = ""

    def get(self, path: str) -> str:
        with self.opener.open(urllib.parse.urljoin(self.address, path), timeout=60) as answer:
            self.url = answer.url
            return answer.read().decode()

    def press(self, path: str, page: str, **typed: str) -> str:
        """Send a form of ``page``."""
        [token] = set(re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page))
        data = urllib.parse.urlencode({"csrf_token": token} | typed).encode()
        address = urllib.parse.urljoin(self.address, path)
        try:
            with self.opener.open(address, data, timeout=60) as answer:
                self.url = answer.url
                return answer.read().decode()
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{refused.code}: {refused.read().decode()[-3000:]}") from refused

    def wait_for(self, path: str, pattern: str) -> str:
        """Look at a page until the pattern stands there."""
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, page := self.get(path), re.DOTALL):
            assert time.monotonic() < deadline, f"{pattern} never stood at {path}"
            time.sleep(0.3)
        return page


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    run = Run(tmp_path / "data", free_port())
    yield run
    if run.process.poll() is None:
        run.process.terminate()
        run.wait()


def sign_in(run: Run, folder: Path) -> Browser:
    lines = (folder / "sign-in.txt").read_text(encoding="utf-8").splitlines()
    email, password = next(line.split("\t")[:2] for line in lines if line.startswith("administrator"))
    browser = Browser(run)
    browser.press("/login", browser.get("/login"), email=email, password=password)
    assert "/today" in browser.url
    return browser


def invite(browser: Browser) -> str:
    """Plan an event, invite one office, send; gives the event's address."""
    day = date.today() + timedelta(days=30)
    browser.press(
        "/events/new", page := browser.get("/events/new"), kind="round_table", title_sq="Provë e rrugës së plotë",
        precision="moment", start_date=f"{day:%d.%m.%Y}", start_time="10:00", zone="Europe/Tirane",
        venue="Bashkia Fier", once=re.findall(r'name="once"[^>]*value="([^"]+)"', page)[0],
    )  # fmt: skip
    event = re.search(r"/events/\d+", browser.url)
    assert event
    who = browser.get(f"{event[0]}/invite")
    return event[0] + "\n" + who


def test_send_answer_as_the_guest_and_see_it_at_the_event(run: Run, tmp_path: Path) -> None:
    assert run.first_line().startswith("http://"), run.first_line()
    browser = sign_in(run, tmp_path / "data")
    print(invite(browser))
    raise AssertionError
