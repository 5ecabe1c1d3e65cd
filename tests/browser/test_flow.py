"""What a coordinator and the offices do, in a real browser: plan, invite, answer, write a letter."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import Page, expect

from tests.browser import walks
from tests.browser.conftest import Opener
from tests.browser.running_site import Site
from tests.browser.walks import (
    AGENCY,
    FIER,
    MAYOR_OF_FIER,
    MAYOR_OF_MALLAKASTER,
    MINISTER,
    PHONE,
    PREFECT,
)
from tests.browser.words import sq

GJANICA = "Tryezë e rrumbullakët për lumin Gjanica"
GJANICA_EN = "Round table on the Gjanica river"
KIND = "Tryezë e rrumbullakët"
ALBANIAN_MENU = ["Sot", "Veprimtaritë", "Shkresat", "Njerëzit", "Posta", "Kërko"]
ENGLISH_MENU = ["Today", "Events", "Letters", "People", "Mail", "Search"]


def test_a_round_table_from_plan_to_answers(open_context: Opener, site: Site) -> None:
    arta = open_context().new_page()
    walks.sign_in(arta, site, FIER)
    event = _plan(arta)
    _choose_guests(arta, event)
    _look_at_the_mail(arta, event)
    _send(arta, event)
    links = [
        walks.answer_link(arta, title, to) for title, to in [(GJANICA, "ministria"), (GJANICA_EN, "prefekt")]
    ]
    links.append(walks.answer_link(arta, GJANICA, "bashkia-fier"))

    guest = open_context(viewport=PHONE).new_page()
    _accept_with_a_note(guest, links[0])
    _decline_in_english(guest, links[1])
    _send_somebody_else(guest, links[2])
    arta.goto(event)
    expect(walks.guest_row(arta, MINISTER)).to_contain_text(sq("Accepted", "answer"))
    expect(walks.guest_row(arta, MINISTER)).to_contain_text("Vijmë dy veta, faleminderit.")
    expect(walks.guest_row(arta, "Prefekt")).to_contain_text(sq("Declined", "answer"))
    expect(walks.guest_row(arta, MAYOR_OF_FIER)).to_contain_text("Nënkryetarja e Bashkisë")
    expect(walks.guest_row(arta, MAYOR_OF_MALLAKASTER)).to_contain_text(sq("No reply", "answer"))

    _change_ones_mind(guest, links[0])
    arta.goto(event)
    expect(walks.guest_row(arta, MINISTER)).to_contain_text(sq("Declined", "answer"))
    arta.goto("/today")
    answers = arta.locator(".new-answers")
    expect(answers).to_contain_text(MINISTER)
    expect(answers).to_contain_text("Nënkryetarja e Bashkisë")
    # Who changed their mind stands there once, as they answered last.
    expect(answers.locator("li").filter(has_text=MINISTER)).to_have_count(1)
    expect(arta.locator(".worklist").filter(has_text=GJANICA)).not_to_have_count(0)


def _plan(page: Page) -> str:
    expect(page.get_by_role("heading", level=1)).to_have_text(sq("Today"))
    page.get_by_role("link", name=sq("New event")).first.click()
    page.get_by_label(re.compile(f"^{sq('Kind')}")).select_option(KIND)
    page.get_by_label(sq("Title in Albanian")).fill(GJANICA)
    page.get_by_label(sq("Title in English")).fill(GJANICA_EN)
    starts = page.get_by_role("group", name=sq("Starts"))
    starts.get_by_label(sq("Date")).fill(walks.in_two_weeks().isoformat())
    starts.get_by_label(sq("Time")).fill("10:00")
    page.get_by_role("group", name=sq("Ends")).get_by_label(sq("Time")).fill("12:30")
    page.get_by_label(sq("Place"), exact=True).fill("Bashkia Fier, salla e mbledhjeve, kati 2")
    page.get_by_label(sq("Description in Albanian")).fill("Si ta pastrojmë lumin, kush e bën dhe deri kur.")
    page.get_by_label(sq("Description in English")).fill("How to clean the river, who does it and by when.")
    page.get_by_role("button", name=sq("Save the event")).click()
    walks.save_anyway(page)
    page.wait_for_url(re.compile(r"/events/\d+$"))
    match = re.search(r"/events/\d+", page.url)
    assert match
    page.goto(match[0])
    expect(page.get_by_role("heading", level=1)).to_have_text(GJANICA)
    expect(page.locator(".event-when")).to_contain_text("ora 10:00")
    return match[0]


def _choose_guests(page: Page, event: str) -> None:
    page.locator(".page-actions").get_by_role("link", name=sq("Invite guests")).click()
    page.wait_for_url(f"**{event}/invite")
    walks.search_guests(page, "turizm", MINISTER)  # a part of a word is enough
    walks.pick(page, MINISTER).get_by_role("checkbox").check()
    walks.search_guests(page, "prefekt", PREFECT)
    expect(walks.pick(page, MINISTER).get_by_role("checkbox")).to_be_checked()  # searching on keeps the ticks
    walks.pick(page, PREFECT).get_by_role("checkbox").check()
    walks.pick(page, PREFECT).locator("select").select_option("en")
    walks.search_guests(page, "mallakaster", MAYOR_OF_MALLAKASTER)  # ë need not be typed
    walks.pick(page, MAYOR_OF_MALLAKASTER).get_by_role("checkbox").check()
    walks.search_guests(page, "bashkia fier", MAYOR_OF_FIER)
    walks.pick(page, MAYOR_OF_FIER).get_by_role("checkbox").check()
    expect(page.locator("#chosen .pick")).to_have_count(4)  # apart, and no longer among those found
    expect(page.locator("#picks .pick input:checked")).to_have_count(0)
    page.get_by_role("button", name=sq("Add %(number)s", number=4), exact=True).click()
    expect(page.locator(".drafts > li")).to_have_count(4)


def _look_at_the_mail(page: Page, event: str) -> None:
    page.get_by_role("button", name=sq("Next: send")).click()
    page.wait_for_url(f"**{event}/invite/send")
    page.locator(".steps").get_by_role("link", name=sq("Message", "step")).click()
    page.wait_for_url(f"**{event}/invite/message")
    expect(page.frame_locator(".mail-frame").locator("body")).to_contain_text(GJANICA)
    page.get_by_role("button", name=sq("Text")).click()
    expect(page.locator(".mail-text")).to_contain_text("Bashkia Fier, salla e mbledhjeve")
    page.get_by_role("button", name=sq("English"), exact=True).click()
    expect(page.locator(".mail-text")).to_contain_text(GJANICA_EN)
    expect(page.locator(".mail-text")).to_have_attribute("lang", "en")
    page.get_by_role("button", name=sq("Calendar")).click()
    expect(page.locator(".mail-text")).to_contain_text("METHOD:REQUEST")
    expect(page.locator(".mail-text")).to_contain_text("TZID=Europe/Tirane")
    page.get_by_role("button", name=sq("Next: send")).click()
    page.wait_for_url(f"**{event}/invite/send")


def _send(page: Page, event: str) -> None:
    expect(page.locator(".will-happen").first).to_contain_text(sq("%(num)s in Albanian", num=3))
    expect(page.locator(".will-happen").first).to_contain_text(sq("%(num)s in English", num=1))
    page.get_by_role("button", name=sq("Send %(num)s invitation", num=4)).click()
    page.wait_for_url(f"**{event}")
    sent = page.locator("table.guests td .chip").filter(has_text=sq("Sent", "mail"))
    walks.wait_until(page, lambda: sent.count() == 4)


def _accept_with_a_note(page: Page, link: str) -> None:
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text(GJANICA)
    page.get_by_label(sq("A note to the organisers")).fill("Vijmë dy veta, faleminderit.")
    page.get_by_role("button", name=sq("Yes", "spoken answer"), exact=True).click()
    expect(page.locator("#answered")).to_contain_text(sq("Yes", "spoken answer"))


def _decline_in_english(page: Page, link: str) -> None:
    page.goto(link)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_have_text(GJANICA_EN)
    page.get_by_role("button", name="No", exact=True).click()
    expect(page.locator("#answered")).to_contain_text("You answered No")


def _send_somebody_else(page: Page, link: str) -> None:
    page.goto(link)
    page.locator("input[name=substitute]").fill("Nënkryetarja e Bashkisë")
    page.get_by_role("button", name=sq("Send this person instead")).click()
    expect(page.locator("#answered")).to_contain_text("Nënkryetarja e Bashkisë")


def _change_ones_mind(page: Page, link: str) -> None:
    page.goto(link)
    expect(page.locator("#answered")).to_contain_text(sq("Yes", "spoken answer"))
    page.get_by_role("button", name=sq("No", "spoken answer"), exact=True).click()
    expect(page.locator("#answered")).to_contain_text(sq("No", "spoken answer"))


def test_a_letter_with_copies_goes_out_and_its_clocks_run(arta: Page) -> None:
    letter = walks.write_letter(
        arta,
        "Kërkesë për informim: shkarkimet në lumin Gjanica",
        "Ju lutemi na dërgoni lejet mjedisore të dhëna që nga viti 2018.\n\n- kopjet e lejeve\n- kontrollet",
    )
    # The law gives ten working days; that is a clock with days to skip.
    arta.goto(f"{letter}/edit")
    arta.locator("input[name=basis][value=information_request]").check()
    arta.locator(".letter-form button.btn-primary").click()
    walks.add_recipients(arta, [MINISTER], "to")
    copies = [PREFECT, MAYOR_OF_FIER, MAYOR_OF_MALLAKASTER, AGENCY]
    copies += [
        "Zyra e protokollit, Drejtoria Rajonale e Mjedisit pranë Qarkut Fier",
        "Kryeministër, Kryeministria",
    ]
    walks.add_recipients(arta, copies, "cc")

    arta.goto(f"{letter}/preview")
    paper = arta.locator(".paper")
    expect(paper).to_contain_text("Drejtuar:")
    expect(paper).to_contain_text("Për dijeni")
    expect(paper.locator("li")).to_have_text(["kopjet e lejeve", "kontrollet"])
    pdf = arta.request.get(f"{letter}/letter.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.body().startswith(b"%PDF-")
    arta.locator("aside form button.btn-primary").click()
    arta.wait_for_url(f"**{letter}")

    recipients = arta.locator(".recipients > .recipient")
    expect(recipients).to_have_count(7)
    # Its clock starts when the mail has left; copies owe nothing and have none.
    clocks = arta.locator(".recipients .clock")
    walks.wait_until(arta, lambda: clocks.count() == 1)
    why = recipients.first.locator("details")
    why.locator("summary").click()
    skipped = why.locator(".skipped li")
    # Ten working days hold two Sundays and two Saturdays at least.
    assert skipped.count() >= 4
    expect(why.locator(".skipped")).to_contain_text("e diel")
    arta.goto("/today")
    expect(arta.locator("main")).to_contain_text("shkarkimet në lumin Gjanica")


def test_the_pages_speak_english_too(open_context: Opener, site: Site) -> None:
    # Another coordinator: the language stays with the person.
    page = open_context().new_page()
    walks.sign_in(page, site, "koordinator.durres@pop.example")
    expect(page.locator("html")).to_have_attribute("lang", "sq")
    assert _menu(page) == ALBANIAN_MENU
    page.get_by_role("button", name="English").click()
    for path in ("/today", "/events", "/letters", "/people", "/mail", "/search"):
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        assert _menu(page) == ENGLISH_MENU
        current = page.locator(".rail-nav [aria-current=page]").inner_text().split("\n")[0]
        expect(page.get_by_role("heading", level=1)).to_have_text(current)
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.get_by_role("button", name="Shqip").click()
    assert _menu(page) == ALBANIAN_MENU


def _menu(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".rail-nav a > span").all_inner_texts()]


def test_the_whole_way_without_scripts(open_context: Opener, site: Site) -> None:
    page = open_context(java_script_enabled=False).new_page()
    walks.sign_in(page, site, FIER)
    title = "Takim pa skripte"
    event = walks.plan_round_table(page, title)
    page.goto(f"{event}/invite")
    walks.search_guests(page, "prefekt", PREFECT)
    walks.pick(page, PREFECT).get_by_role("checkbox").check()
    walks.search_guests(page, "turizm", MINISTER)
    walks.pick(page, MINISTER).get_by_role("checkbox").check()
    page.get_by_role("button", name=sq("Add chosen")).click()
    expect(page.locator(".drafts > li")).to_have_count(2)
    walks.send_invitations(page, event)
    link = walks.answer_link(page, title, "prefekt")

    guest = open_context(java_script_enabled=False, viewport=PHONE).new_page()
    guest.goto(link)
    guest.get_by_role("button", name=sq("Maybe", "spoken answer")).click()
    expect(guest.locator("#answered")).to_contain_text(sq("Maybe", "spoken answer"))
    page.goto(event)
    expect(walks.guest_row(page, PREFECT)).to_contain_text(sq("Maybe", "spoken answer"))


def test_two_presses_on_send_make_one_mail_for_each_guest(arta: Page) -> None:
    title = "Tryezë me dy shtypje"
    event = walks.plan_round_table(arta, title)
    walks.put_on_list(arta, event, [MAYOR_OF_FIER, MAYOR_OF_MALLAKASTER])
    arta.goto(f"{event}/invite/send")
    # Past the page's own guard against a second press: both reach the server, at the same time.
    answers = arta.locator("main form[data-once]").evaluate(
        """async (form) => {
          const press = () => fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form))});
          return (await Promise.all([press(), press()])).map((answer) => answer.status);
        }"""
    )
    assert all(status < 500 for status in answers)
    arta.goto(event)
    walks.wait_until(arta, lambda: walks.all_sent(arta))
    arta.goto("/mail/local")
    expect(arta.locator("tr[data-row]").filter(has_text=title)).to_have_count(2)
    arta.goto(f"/mail?q={title}")
    expect(arta.locator("tr[data-row]")).to_have_count(2)


def test_an_event_that_ends_before_it_starts_keeps_what_was_typed(arta: Page) -> None:
    arta.goto("/events/new")
    day = walks.in_two_weeks()
    arta.locator("#title_sq").fill("Përballje me bashkinë")
    arta.locator("#start_date").fill(day.isoformat())
    arta.locator("#start_time").fill("10:00")
    arta.locator("#end_date").fill((day - timedelta(days=1)).isoformat())
    arta.locator("#end_time").fill("12:00")
    arta.get_by_role("button", name=sq("Save the event")).click()
    summary = arta.locator("#error-summary")
    expect(summary).to_be_focused()
    expect(arta.locator("#title_sq")).to_have_value("Përballje me bashkinë")
    summary.get_by_role("link").first.click()
    expect(arta.locator(":focus")).to_have_attribute("id", "kind")  # the first thing missing
