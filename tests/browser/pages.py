"""Every kind of page, for the tests of accessibility and for the pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page


def press_save(page: Page) -> None:
    """Send the form as it is: empty, so that it comes back with its mistakes."""
    page.locator("main form .btn-primary").first.click()
    page.locator("#error-summary").wait_for()


def open_details(page: Page) -> None:
    """Unfold everything that can be unfolded."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")


def send_no_words(page: Page) -> None:
    """Send the form of a reply as it is, empty."""
    open_details(page)
    page.locator("button[name=what][value=words]").click()
    page.locator("#error-summary").wait_for()


def show_keys(page: Page) -> None:
    """Open the list of keys."""
    page.keyboard.press("?")
    page.locator("dialog#keys").wait_for()


def plan_on_a_sunday(page: Page) -> None:
    """Send a new event for a day on which offices are closed: it is asked about first."""
    page.fill("#title_sq", "Tryezë për ujin")
    page.select_option("#kind", "round_table")
    page.fill("#start_date", "2030-06-16")
    page.fill("#venue", "Teatri Bylis")
    page.locator("main form .btn-primary").first.click()
    page.locator("#doubts").wait_for()


@dataclass(frozen=True)
class PageKind:
    """One kind of page. ``path`` may hold places of the staged world and ``{lang}``; ``signed_in`` pages are the desk's.

    ``then`` is what to press after it has come; ``status`` is what it answers with. Those ``in_both`` are
    looked at by axe in English too; pictures are made of all in both languages.
    """

    name: str
    path: str
    signed_in: bool = True
    then: Callable[[Page], None] | None = None
    status: int = 200
    in_both: bool = False


PAGE_KINDS = (
    PageKind("sign-in", "/login", signed_in=False),
    PageKind("sign-in-wrong", "/login", signed_in=False, then=press_save, in_both=True),
    PageKind("forgotten", "/reset", signed_in=False),
    PageKind("account", "/account", in_both=True),
    PageKind("account-feed", "/account/feed", in_both=True),
    PageKind("password-wrong", "/change", then=press_save),
    PageKind("today", "/today", in_both=True),
    PageKind("keys", "/today", then=show_keys, in_both=True),
    PageKind("events", "/events", in_both=True),
    PageKind("month", "/events?view=month", in_both=True),
    PageKind("event-new", "/events/new"),
    PageKind("event-new-wrong", "/events/new", then=press_save, in_both=True),
    PageKind("event-new-doubts", "/events/new", then=plan_on_a_sunday, in_both=True),
    PageKind("event-edit", "{event}/edit"),
    PageKind("event", "{event}", in_both=True),
    PageKind("event-unfolded", "{event}", then=open_details),
    PageKind("event-guest", "{event}?about=1", in_both=True),
    PageKind("guests-withdraw", "{event}/guests/withdraw?all=1", in_both=True),
    PageKind("guests-export", "{event}/guests/export", in_both=True),
    PageKind("agenda", "{event}/agenda", then=open_details, in_both=True),
    PageKind("agenda-several", "{event}/agenda/several", then=press_save, in_both=True),
    PageKind("event-files", "{event}/files", in_both=True),
    PageKind("event-held", "{held}"),
    PageKind("event-cancel", "{event}/cancel"),
    PageKind("event-publish", "{plan}/publish", in_both=True),
    PageKind("event-unpublish", "{event}/unpublish", in_both=True),
    PageKind("event-delete", "{plan}/delete", in_both=True),
    PageKind("event-delete-not", "{event}/delete"),
    PageKind("event-copy", "{event}/copy", in_both=True),
    PageKind("event-template", "{event}/template", in_both=True),
    PageKind("templates", "/events/templates", in_both=True),
    PageKind("template", "{template}", in_both=True),
    PageKind("template-edit", "{template}/edit"),
    PageKind("template-propose", "{template}/propose", in_both=True),
    PageKind("board", "/events/board", in_both=True),
    PageKind("board-withdraw", "{series}/withdraw", in_both=True),
    PageKind("board-proposal", "{chapter_proposal}", in_both=True),
    PageKind("event-remind", "{event}/remind"),
    PageKind("event-announce", "{event}/announce"),
    PageKind("reminder", "/reminders/1", in_both=True),
    PageKind("reminder-new-wrong", "{event}/reminders/new", then=press_save, in_both=True),
    PageKind("invite-who", "{plan}/invite", in_both=True),
    PageKind("invite-message", "{plan}/invite/message", in_both=True),
    PageKind("write-to-guests", "{event}/messages/new?group=silent", in_both=True),
    PageKind("write-to-nobody", "{event}/messages/new", then=press_save),
    PageKind("invite-calendar", "{plan}/invite/message?part=calendar"),
    PageKind("invite-send", "{plan}/invite/send", in_both=True),
    PageKind("calls", "{event}/calls", in_both=True),
    PageKind("dates-new", "{plan}/dates", in_both=True),
    PageKind("dates-wrong", "{plan}/dates", then=press_save, in_both=True),
    PageKind("dates", "{looked_for}/dates", in_both=True),
    PageKind("dates-by-hand", "{dates_by_hand}", in_both=True),
    PageKind("letters", "/letters", in_both=True),
    PageKind("letter-new", "/letters/new"),
    PageKind("letter-new-wrong", "/letters/new", then=press_save),
    PageKind("letter-recipients", "{draft}/recipients", in_both=True),
    PageKind("letter-preview", "{draft}/preview", in_both=True),
    PageKind("letter", "{letter}", in_both=True),
    PageKind("letter-unfolded", "{letter}", then=open_details),
    PageKind("letter-recorded", "{recorded}"),
    PageKind("letter-response", "{response}"),
    PageKind("people", "/people", in_both=True),
    PageKind("persons", "/people/persons"),
    PageKind("institution", "{institution}", in_both=True),
    PageKind("person", "{person}"),
    PageKind("institution-new", "/people/institutions/new"),
    PageKind("address-new", "{institution}/addresses/new"),
    PageKind("phone-checks", "/people/checks", in_both=True),
    PageKind("phone-check", "/people/addresses/1/check", in_both=True),
    PageKind("lists-none", "/people/lists"),
    PageKind("list-filter", "/people/lists/filter?of=offices&words=kryetar", in_both=True),
    PageKind("list-filter-wrong", "/people/lists/filter?of=offices&topic=lumenj", status=422),
    PageKind("list-new", "/people/lists/new"),
    PageKind("invite-list", "{plan}/invite/list"),
    PageKind("imports-none", "/people/import", in_both=True),
    PageKind("import-new", "/people/import/new", in_both=True),
    PageKind("consent-new-wrong", "{own}/consents/new", then=press_save, in_both=True),
    PageKind("person-merge", "{own}/merge", in_both=True),
    PageKind("person-record", "{own}/record", in_both=True),
    PageKind("mail-in", "/mail/in", in_both=True),
    PageKind("mail-in-message", "/mail/in/1", in_both=True),
    PageKind("mail-in-reply", "/mail/in/1/reply"),
    PageKind("mail-in-forward", "/mail/in/1/forward"),
    PageKind("mail-in-upload", "/mail/in/upload", in_both=True),
    PageKind("guest-by-hand", "{by_hand}", in_both=True),
    PageKind("guest-address", "{address}", in_both=True),
    PageKind("guest-hand-over", "{hand_over}", in_both=True),
    PageKind("proposal", "{proposal}", in_both=True),
    PageKind("privacy", "/privacy", in_both=True),
    PageKind("person-erase", "{kept}/erase", in_both=True),
    PageKind("person-access", "{kept}/access", in_both=True),
    PageKind("purposes", "/privacy/purposes", in_both=True),
    PageKind("breaches", "/privacy/breaches", in_both=True),
    PageKind("breach-new-wrong", "/privacy/breaches/new", then=press_save, in_both=True),
    PageKind("mail", "/mail", in_both=True),
    PageKind("mail-message", "{mail}", in_both=True),
    PageKind("local-mailbox", "/mail/local"),
    PageKind("local-message", "{delivered}", in_both=True),
    PageKind("local-message-unfolded", "{delivered}", then=open_details),
    PageKind("local-message-wrong", "{delivered}", then=send_no_words, in_both=True),
    PageKind("translations", "/translations", in_both=True),
    PageKind("translation", "/translations/en{event}"),
    PageKind("search", "/search?q=gjanica"),
    PageKind("not-found", "/nothing-here", signed_in=False, status=404),
    PageKind("answer", "{answer}?lang={lang}", signed_in=False, in_both=True),
    PageKind("answered", "{answered}?lang={lang}", signed_in=False, in_both=True),
    PageKind("answer-dates", "{answer_dates}?lang={lang}", signed_in=False, in_both=True),
    PageKind("public-front", "/{lang}/", signed_in=False, in_both=True),
    PageKind("public-place", "/{lang}/?municipality=fier", signed_in=False),
    PageKind("public-events", "/{lang}/events", signed_in=False),
    PageKind("public-event", "/{lang}{event}", signed_in=False, in_both=True),
    PageKind("public-event-held", "/{lang}{held}", signed_in=False),
    PageKind("public-calendar", "/{lang}/calendar?kind=hearing", signed_in=False, in_both=True),
    PageKind("public-members", "/{lang}/members", signed_in=False),
    PageKind("public-about", "/{lang}/about", signed_in=False),
)
