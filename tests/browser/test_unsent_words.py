"""What was typed and not sent: leaving asks first, long texts wait in the browser for the person who typed them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import walks
from tests.browser.conftest import Opener
from tests.browser.running_site import Site

TIRANA = "koordinator.tirane@pop.example"
BODY = "I nderuar zoti Ministër,\n\nlumi “Gjanica” është i ndotur & askush nuk përgjigjet."
DRAFTS = "Object.entries(localStorage).filter(([key]) => key.startsWith('pop-draft '))"


def asked_on_leaving(page: Page, leave: Callable[[], Any]) -> bool:
    """Whether the browser asks before it leaves; it leaves."""
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    leave()
    page.remove_listener("dialog", answer)
    return asked == ["beforeunload"]


def type_body(page: Page, words: str = BODY) -> None:
    """Into the text of a letter, until the browser has kept it."""
    page.locator("#body_sq").fill(words)
    page.wait_for_function(f"words => JSON.stringify({DRAFTS}).includes(words)", arg=json.dumps(words)[1:20])


def drafts(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.evaluate(DRAFTS)
    return found


def test_leaving_asks_only_when_something_was_typed_and_not_sent(arta: Page) -> None:
    def leave() -> None:
        arta.locator(".rail-nav a").first.click()
        arta.wait_for_url("**/today")

    arta.goto("/letters/new")
    arta.locator("#subject_sq").press_sequentially("Lumi")
    assert asked_on_leaving(arta, leave)
    arta.goto("/letters/new")
    arta.locator("#subject_sq").press_sequentially("Lumi")
    arta.locator("#subject_sq").fill("")
    arta.locator("input[name=basis]").last.check()
    assert not asked_on_leaving(arta, leave), "put back to what it was; a choice is no text"
    arta.goto("/people")
    arta.locator("main #q").press_sequentially("Gjanica")
    assert not asked_on_leaving(arta, leave), "a search"


def test_a_refused_form_still_asks_and_a_stored_one_does_not(arta: Page) -> None:
    def leave() -> None:
        arta.locator(".rail-nav a").first.click()
        arta.wait_for_url("**/today")

    arta.goto("/letters/new")
    type_body(arta)
    assert not asked_on_leaving(arta, lambda: save(arta)), "it is being sent"
    arta.locator("#error-summary").wait_for()
    assert len(drafts(arta)) == 1, "nothing was stored yet"
    expect(arta.locator(".draft-bar")).to_have_count(0)
    arta.locator("h1").click()
    assert asked_on_leaving(arta, leave)
    arta.goto("/letters/new")
    arta.locator("[data-bring]").click()
    expect(arta.locator("#body_sq")).to_have_value(BODY)
    arta.locator("#subject_sq").fill("Ndotja e lumit, e ruajtur")
    save(arta)
    arta.wait_for_url(re.compile(r"/letters/\d+/recipients$"))
    assert drafts(arta) == []
    assert not asked_on_leaving(arta, leave)


def save(page: Page) -> None:
    page.locator(".letter-form button.btn-primary").click()


def test_a_draft_is_offered_brought_back_and_thrown_away(arta: Page) -> None:
    arta.goto("/letters/new")
    type_body(arta)
    arta.goto("/letters/new")
    bar, body = arta.locator(".draft-bar"), arta.locator("#body_sq")
    expect(bar).to_contain_text(re.compile(r"në orën \d\d:\d\d"))
    expect(body).to_have_value("")
    body.fill("Diçka tjetër, e shkruar ndërkohë në formular")
    arta.locator("[data-bring]").click()
    expect(body).to_have_value(BODY)
    arta.locator("[data-undo]:visible").click()
    expect(body).to_have_value("Diçka tjetër, e shkruar ndërkohë në formular")
    body.fill("")
    arta.locator("[data-drop]").click()
    expect(bar).to_contain_text("u fshi")
    assert drafts(arta) == []
    arta.locator("[data-undo]:visible").click()
    arta.goto("/letters/new")
    expect(arta.locator("[data-bring]")).to_be_visible()
    arta.locator("[data-drop]").click()
    arta.goto("/letters/new")
    expect(bar).to_have_count(0)


def test_a_draft_is_its_persons_alone_and_ends_with_logging_out(open_context: Opener, site: Site) -> None:
    page = open_context().new_page()
    walks.sign_in(page, site, walks.FIER)
    page.goto("/letters/new")
    type_body(page)
    assert walks.FIER not in json.dumps(drafts(page))
    other = page.context.new_page()
    other.goto("/today")
    other.locator("form[action='/logout'] button").click()
    other.wait_for_url(re.compile(r"/(sq|en)/$"))
    assert drafts(page) == []
    page.locator("#body_sq").fill(BODY + " Edhe më.")
    page.wait_for_timeout(1000)
    assert drafts(page) == [], "the page left open keeps nothing more"
    # As if the session had ended by itself, with a draft of hers left behind.
    page.evaluate("localStorage.setItem('pop-draft somebody /letters/new', '{\"at\": 9e15, \"fields\": {}}')")
    walks.sign_in(other, site, TIRANA)
    other.goto("/letters/new")
    expect(other.locator(".draft-bar")).to_have_count(0)
    assert drafts(other) == []


@pytest.mark.parametrize("age_in_days, offered", [(6, 1), (8, 0)])
def test_a_draft_waits_a_week(arta: Page, age_in_days: int, offered: int) -> None:
    arta.goto("/letters/new")
    type_body(arta)
    arta.evaluate(
        f"""for (const [key, text] of {DRAFTS}) {{
          const draft = JSON.parse(text);
          localStorage.setItem(key, JSON.stringify({{ ...draft, at: draft.at - {age_in_days} * 864e5 }}));
        }}"""
    )
    arta.locator("#body_sq").evaluate("field => field.closest('form').remove()")
    arta.goto("/letters/new")
    expect(arta.locator(".draft-bar")).to_have_count(offered)


def test_what_is_marked_private_and_what_is_too_short_is_not_kept(open_context: Opener, site: Site) -> None:
    page = open_context().new_page()
    walks.sign_in(page, site, "administrator@pop.example")
    page.goto("/privacy/breaches/new")
    fields = page.locator("main textarea")
    assert fields.count() > 0
    for field in fields.all():
        field.fill(BODY)
    page.goto("/letters/new")
    page.locator("#body_sq").fill("Shkurt.")
    page.wait_for_timeout(1000)
    assert drafts(page) == []


def test_a_note_kept_by_a_tab_is_no_draft(arta: Page) -> None:
    event = walks.plan_round_table(arta, "Tryezë e ruajtur")
    walks.put_on_list(arta, event, [walks.MAYOR_OF_FIER])
    arta.goto(f"{event}/invite/message")
    arta.locator("#note_sq").fill("Ju lutemi, sillni raportin e buxhetit.")
    arta.wait_for_function(f"() => {DRAFTS}.length === 1")
    arta.locator("button[name=look][value=text]").click()
    arta.wait_for_function(f"() => {DRAFTS}.length === 0")
    assert not asked_on_leaving(arta, lambda: arta.goto("/today"))
    arta.goto(f"{event}/invite/message")
    expect(arta.locator("#note_sq")).to_have_value("Ju lutemi, sillni raportin e buxhetit.")
    expect(arta.locator(".draft-bar")).to_have_count(0)
