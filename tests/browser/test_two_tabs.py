"""Typing in one tab while the session changes in another: the words come back, and one press saves them once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import walks
from tests.browser.conftest import Opener
from tests.browser.running_site import Site
from tests.browser.walks import FIER
from tests.browser.words import catalogue

PHONE = {"width": 360, "height": 740}
BODY = "I nderuar zoti Ministër,\n\nlumi “Gjanica” është i ndotur & askush nuk përgjigjet."
SAVED = re.compile(r"/letters/\d+/recipients$")


def type_letter(context: BrowserContext, subject: str) -> Page:
    page = context.new_page()
    page.goto("/letters/new")
    page.locator("#subject_sq").fill(subject)
    page.locator("#body_sq").fill(BODY)
    page.locator("#signed_as").fill("Koordinatore")
    return page


def log_out(page: Page) -> None:
    page.goto("/today")
    page.locator("form[action='/logout'] button").click()
    page.wait_for_url(re.compile(r"/(sq|en)/$"))


def save(page: Page) -> None:
    page.locator(".letter-form button.btn-primary").click()


def expect_words(page: Page, subject: str, lang: str) -> None:
    notice = page.locator("#error-summary")
    expect(notice).to_be_focused()
    expect(notice).to_contain_text(said("Nothing was saved yet", lang))
    expect(page.locator("#subject_sq")).to_have_value(subject)
    expect(page.locator("#body_sq")).to_have_value(BODY)
    expect(page.locator("#signed_as")).to_have_value("Koordinatore")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the phone"


def said(message: str, lang: str) -> str:
    result = catalogue(lang).get(message)
    return str(result.string) if result and result.string else message


def expect_saved_once(page: Page, subject: str) -> None:
    page.wait_for_url(SAVED)
    page.goto("/letters")
    expect(page.get_by_text(subject)).to_have_count(1)


@pytest.mark.parametrize("lang", ["sq", "en"])
def test_words_typed_before_a_new_log_in_come_back(open_context: Opener, site: Site, lang: str) -> None:
    subject = f"Ndotja e lumit Gjanica ({lang})"
    context = open_context(viewport=PHONE, locale=lang)
    other = context.new_page()
    walks.sign_in(other, site, FIER)
    walks.set_language(other, lang)
    typing = type_letter(context, subject)
    log_out(other)
    walks.sign_in(other, site, FIER)
    save(typing)
    expect_words(typing, subject, lang)
    save(typing)
    expect_saved_once(typing, subject)
    walks.set_language(typing, "sq")


@pytest.mark.parametrize("script", [True, False])
def test_words_typed_before_the_end_of_a_session_go_through_the_log_in(
    open_context: Opener, site: Site, script: bool
) -> None:
    subject = f"Ndotja e lumit Seman ({script})"
    context = open_context(viewport=PHONE, java_script_enabled=script)
    other = context.new_page()
    walks.sign_in(other, site, FIER)
    typing = type_letter(context, subject)
    log_out(other)
    save(typing)
    expect(typing.locator(".kept-notice")).to_contain_text(said("Log in again; nothing was saved yet", "sq"))
    for password in ("gabim gabim gabim", site.passwords[FIER]):
        typing.locator("#email").fill(FIER)
        typing.locator("#password").fill(password)
        typing.locator("main button[type=submit]").click()
    if script:
        expect_words(typing, subject, "sq")
    else:
        expect(typing.locator("#body_sq")).to_have_value(BODY)
    save(typing)
    expect_saved_once(typing, subject)
