"""Ways through the pages that several tests and the pictures need; they press what a person presses."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.running_site import Site

DESKTOP: Any = {"width": 1280, "height": 900}
PHONE: Any = {"width": 360, "height": 844}
PATIENCE = 20_000
"""Milliseconds a page, or the worker behind it, may take on a busy machine."""
FIER = "koordinator.fier@pop.example"

MINISTER = "Ministër, Ministria e Turizmit dhe Mjedisit"
PREFECT = "Prefekt, Prefektura e Qarkut Fier"
MAYOR_OF_FIER = "Kryetar, Bashkia Fier"
MAYOR_OF_MALLAKASTER = "Kryetar, Bashkia Mallakastër"
AGENCY = "Zyra e protokollit, Agjencia Kombëtare e Mjedisit"


def sign_in(page: Page, site: Site, email: str) -> None:
    """Through the form; ends on Today."""
    page.goto(site.url("/login"))
    page.locator("#email").fill(email)
    page.locator("#password").fill(site.passwords[email])
    page.locator("main button[type=submit]").click()
    page.wait_for_url(site.url("/today"))


def set_language(page: Page, lang: str) -> None:
    """With the switch of the rail, where it is not that language already."""
    switch = page.locator(f".me button[name=lang][value={lang}]")
    if switch.count():
        switch.click()
        expect(page.locator("html")).to_have_attribute("lang", lang)


def in_two_weeks() -> date:
    """The day of a new event."""
    return date.today() + timedelta(days=14)


def plan_round_table(page: Page, title_sq: str, title_en: str = "", **values: str) -> str:
    """A round table at ten in two weeks, in the municipality's hall; gives the path of its page."""
    page.goto("/events/new")
    day = in_two_weeks().isoformat()
    fields = {
        "title_sq": title_sq,
        "title_en": title_en,
        "start_date": day,
        "start_time": "10:00",
        "end_time": "12:00",
        "venue": "Bashkia Fier, salla e mbledhjeve, kati 2",
    } | values
    page.locator("#kind").select_option("round_table")
    for name, value in fields.items():
        page.locator(f"#{name}").fill(value)
    page.locator(".event-form button.btn-primary").click()
    save_anyway(page)
    page.wait_for_url(re.compile(r"/events/\d+(/invite)?$"))
    match = re.search(r"/events/\d+", page.url)
    assert match
    return match[0]


def save_anyway(page: Page) -> None:
    """Press *Save anyway* where a day off or a hall that is taken is asked about first; days of tests are what they are."""
    page.locator("#doubts, .steps, .event-head").first.wait_for()
    if page.locator("#doubts").count():
        page.locator("section.doubts button").click()


def pick(page: Page, title: str) -> Locator:
    """The row of an office in the picker, among those found or those chosen."""
    return page.locator("#pick-guests .pick").filter(has=page.get_by_text(title, exact=True))


def search_guests(page: Page, typed: str, title: str) -> None:
    """Type into the picker's search and wait for an office to be found."""
    page.locator("#q").fill(typed)
    page.locator("#q").press("Enter")
    expect(pick(page, title)).to_be_visible()


def put_on_list(page: Page, event: str, titles: Sequence[str], english: Sequence[str] = ()) -> None:
    """Tick offices in the first step and add them to the guest list."""
    page.goto(f"{event}/invite")
    for title in titles:
        search_guests(page, title.replace(",", ""), title)
        row = pick(page, title)
        row.get_by_role("checkbox").check()
        if title in english:
            row.locator("select").select_option("en")
    page.locator("#pick-guests .add-line button").first.click()
    expect(page.locator(".drafts > li")).to_have_count(len(titles))


def send_invitations(page: Page, event: str) -> None:
    """Press the last step's button and wait until the worker has sent everything."""
    page.goto(f"{event}/invite/send")
    page.locator("main form[data-once] button.btn-primary").click()
    page.wait_for_url(f"**{event}")
    wait_until(page, lambda: all_sent(page))


def all_sent(page: Page) -> bool:
    """Whether no mail to a guest waits on the event's page."""
    chips = page.locator("table.guests td .chip")
    return (
        chips.count() > 0
        and chips.filter(has_text=re.compile("Në radhë|Rrugës|Queued|On its way")).count() == 0
    )


def wait_until(page: Page, done: Callable[[], bool]) -> None:
    """Load the page again, as a person would, until something shows."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not done():
        assert time.monotonic() < deadline, (
            f"{page.url} never showed it:\n{page.locator('main').inner_text()}"
        )
        page.wait_for_timeout(250)
        page.reload()


def open_delivered(page: Page, title: str, receiver: str) -> None:
    """Open the newest delivered mail about something to somebody in the local mailbox."""
    page.goto("/mail/local")
    rows = page.locator("tr[data-row]").filter(has_text=title).filter(has_text=receiver)
    rows.first.get_by_role("link").first.click()
    page.wait_for_url("**/mail/local/*")


def answer_link(page: Page, title: str, receiver: str) -> str:
    """The personal link in a guest's delivered mail."""
    open_delivered(page, title, receiver)
    return str(page.locator(".will-happen a.btn-primary").first.get_attribute("href"))


def guest_row(page: Page, title: str) -> Locator:
    """The row of a guest on the event's page."""
    return page.locator("table.guests tr[data-row]").filter(has_text=title)


def write_letter(page: Page, subject_sq: str, body_sq: str, **values: str) -> str:
    """Write a letter in Albanian; gives the path of its page. Ends on the choice of recipients."""
    page.goto("/letters/new")
    for name, value in ({"subject_sq": subject_sq, "body_sq": body_sq} | values).items():
        page.locator(f"#{name}").fill(value)
    page.locator(".letter-form button.btn-primary").click()
    page.wait_for_url(re.compile(r"/letters/\d+/recipients$"))
    return page.url.removesuffix("/recipients")[page.url.index("/letters/") :]


def add_recipients(page: Page, titles: Sequence[str], role: str) -> None:
    """Tick offices and add them as addressees (``to``) or for their information (``cc``)."""
    before = page.locator(".chosen-recipients > li").count()
    for title in titles:
        search_guests(page, title.replace(",", ""), title)
        pick(page, title).get_by_role("checkbox").check()
    page.locator(f"button[name=role][value={role}]").click()
    expect(page.locator(".chosen-recipients > li")).to_have_count(before + len(titles))
