"""A small world beside the record, made through the pages: an event with guests in every state, letters, mails."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import walks
from tests.browser.running_site import Site
from tests.browser.walks import AGENCY, FIER, MAYOR_OF_FIER, MAYOR_OF_MALLAKASTER, MINISTER, PHONE, PREFECT

PRIME_MINISTER = "Kryeministër, Kryeministria"
TITLE = "Tryezë e rrumbullakët: Gjanica, një vit më pas"
TITLE_EN = "Round table: the Gjanica river, one year on"
REFUSED = "550 5.1.1 The mailbox of this office does not exist"
COUNTER = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Calendar//EN
METHOD:COUNTER
BEGIN:VEVENT
UID:{uid}
DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}
ORGANIZER:mailto:{to}
ATTENDEE;PARTSTAT=TENTATIVE:mailto:{address}
DTSTART:{starts:%Y%m%dT%H%M%SZ}
DTEND:{ends:%Y%m%dT%H%M%SZ}
SEQUENCE:0
COMMENT:Atë ditë inspektorët tanë janë në terren\\, në Ballsh.
END:VEVENT
END:VCALENDAR
"""
TEXT_SQ = """Zonjë Ministre, zoti Ministër,

Banorët e Fierit dhe të Mallakastrës jetojnë pranë një lumi të ndotur nga nafta dhe ujërat e zeza. Ju kërkojmë të na bëni me dije:

- cilat subjekte kanë leje mjedisore për shkarkime në lumin Gjanica;
- sa kontrolle janë kryer që nga viti 2018 dhe me çfarë përfundimi;
- çfarë masash parashikohen për vitin në vijim.

Mbetemi në dispozicion për një takim me palët."""
TEXT_EN = """Dear Minister,

The residents of Fier and Mallakastër live beside a river polluted by oil and by sewage. We ask you to let us know:

- who holds an environmental permit to discharge into the Gjanica;
- how many inspections have been made since 2018, and with what result;
- what is planned for the coming year.

We are ready to meet all who have a part in it."""


@dataclass(frozen=True)
class World:
    """Paths of what was staged; ``places`` fills the placeholders in the paths of pages.py."""

    places: dict[str, str]


def stage_world(site: Site, open_context: Callable[..., BrowserContext]) -> World:
    """Press everything together; gives where it is. The windows stay the caller's to close."""
    desk = open_context().new_page()
    guest = open_context(viewport=PHONE).new_page()
    walks.sign_in(desk, site, FIER)
    places = _stage_event(desk, guest, site) | _stage_letters(desk) | _stage_plan(desk)
    places |= _find_recorded(desk) | _stage_person(desk) | _stage_series(desk, places["event"])
    places |= _stage_dates(desk, guest)
    places["proposal"] = _stage_proposal(desk, site, places["event"])
    _let_server_refuse(site, "kryeministria")
    desk.goto(places["event"])
    for key, ending in (("by_hand", "/by-hand"), ("address", "/address")):
        places[key] = str(desk.locator(f'a[href$="{ending}"]').first.get_attribute("href"))
    desk.goto(f"{places['by_hand'].removesuffix('by-hand')}hand-over")
    desk.locator("main form button").click()
    places["hand_over"] = desk.url
    return World(places)


def _stage_event(desk: Page, guest: Page, site: Site) -> dict[str, str]:
    event = walks.plan_round_table(
        desk,
        TITLE,
        TITLE_EN,
        description_sq="Çfarë u premtua për lumin, çfarë u bë dhe çfarë mbetet. Fjala u jepet së pari banorëve.",
        description_en="What was promised for the river, what was done and what remains. Residents speak first.",
    )
    guests = [MINISTER, PREFECT, MAYOR_OF_FIER, MAYOR_OF_MALLAKASTER, AGENCY, PRIME_MINISTER]
    walks.put_on_list(desk, event, guests, english=[PREFECT])
    walks.send_invitations(desk, event)
    links = {key: walks.answer_link(desk, *about) for key, about in _MAILS.items()}
    mail = re.search(r"/mail/local/[^?]+", desk.url)
    assert mail
    _answer(
        guest,
        links["minister"],
        "ACCEPTED",
        note="Vij bashkë me drejtorin e ujërave. Na duhet një projektor.",
    )
    _answer(guest, links["prefect"], "DECLINED", note="On that day the council of the county meets.")
    _answer(guest, links["fier"], "DELEGATED", substitute="Nënkryetarja e Bashkisë")
    _answer(guest, links["agency"], "TENTATIVE")
    answered, open_ = (_path(links[key]) for key in ("minister", "mallakaster"))
    answered_en = _path(links["prefect"])
    desk.goto("/mail")
    message = desk.locator("tr[data-row]").filter(has_text=TITLE).first.get_by_role("link").first
    return {
        "event": event,
        "delivered": mail[0],
        "answer": open_,
        "answered": answered,
        "answered_en": answered_en,
        "mail": str(message.get_attribute("href")),
    }


_MAILS = {
    "minister": (TITLE, "ministria"),
    "prefect": (TITLE_EN, "prefekt"),
    "fier": (TITLE, "bashkia-fier"),
    "agency": (TITLE, "agjencia"),
    "mallakaster": (TITLE, "mallakast"),
}


def _path(link: str) -> str:
    match = re.search(r"/a/.*", link)
    assert match
    return match[0]


def _answer(page: Page, link: str, answer: str, **typed: str) -> None:
    page.goto(link)
    for name, words in typed.items():
        page.locator(f"[name={name}]").fill(words)
    page.locator(f"button[name=answer][value={answer}]").locator("visible=true").last.click()
    expect(page.locator("#answered")).to_be_visible()


def _stage_letters(desk: Page) -> dict[str, str]:
    values = {
        "subject_en": "Pollution of the Gjanica river",
        "body_en": TEXT_EN,
        "signed_as": "Drejtues i organizatës",
    }
    sent = walks.write_letter(desk, "Ndotja e lumit Gjanica: kërkesë për informim", TEXT_SQ, **values)
    desk.goto(f"{sent}/edit")
    desk.locator("input[name=basis][value=information_request]").check()
    desk.locator(".letter-form button.btn-primary").click()
    walks.add_recipients(desk, [MINISTER], "to")
    walks.add_recipients(desk, [PREFECT, MAYOR_OF_FIER, MAYOR_OF_MALLAKASTER, AGENCY, PRIME_MINISTER], "cc")
    desk.goto(f"{sent}/preview")
    desk.locator("aside form button.btn-primary").click()
    desk.wait_for_url(f"**{sent}")
    # The addressee's clock runs; of the copies, which owe nothing, the history says that they arrived.
    arrived = desk.locator("main").get_by_text("5 marrës: shkresa mbërriti")
    walks.wait_until(desk, lambda: desk.locator(".recipients .clock").count() == 1 and arrived.count() == 1)
    response = desk.locator(".recipient-ways a").first.get_attribute("href")
    draft = walks.write_letter(
        desk, "Ftesë për bashkëpunim", TEXT_SQ, **(values | {"subject_en": "An invitation to work together"})
    )
    walks.add_recipients(desk, [MAYOR_OF_FIER], "to")
    walks.add_recipients(desk, [PREFECT], "cc")
    return {"letter": sent, "draft": draft, "response": str(response)}


def _stage_series(desk: Page, event: str) -> dict[str, str]:
    """A template made of the event, proposed to all chapters, none of which has answered."""
    desk.goto(f"{event}/template")
    desk.locator("main form .btn-primary").click()
    desk.wait_for_url(re.compile(r"/events/templates/\d+$"))
    template = re.search(r"/events/templates/\d+", desk.url)
    desk.goto(f"{desk.url}/propose")
    desk.locator("main form .btn-primary").click()
    desk.wait_for_url(re.compile(r"/events/board\?series=\d+$"))
    series = desk.url.rpartition("=")[2]
    proposal = desk.locator('a[href^="/events/board/proposals/"]').first.get_attribute("href")
    assert template
    return {
        "template": template[0],
        "chapter_proposal": str(proposal),
        "series": f"/events/board/{series}",
    }


def _stage_plan(desk: Page) -> dict[str, str]:
    """An event whose invitations wait: some guests on the list, one of them written to in English."""
    plan = walks.plan_round_table(
        desk, "Forum publik për buxhetin e bashkisë", "Public forum on the municipal budget"
    )
    walks.put_on_list(desk, plan, [MAYOR_OF_FIER, PREFECT], english=[PREFECT])
    return {"plan": plan}


def _stage_dates(desk: Page, guest: Page) -> dict[str, str]:
    """An event whose date is looked for: two guests asked, one has said when they can."""
    looked_for = walks.plan_round_table(desk, "Dëgjesë për ujin", "Hearing on the water")
    walks.put_on_list(desk, looked_for, [MAYOR_OF_FIER, PREFECT], english=[PREFECT])
    desk.goto(f"{looked_for}/dates")
    for line, days in ((1, 20), (2, 22)):
        day = walks.in_two_weeks() + timedelta(days=days)
        desk.locator(f"#day_{line}").fill(day.isoformat())
        desk.locator(f"#start_{line}").fill("10:00")
    desk.locator("main form .btn-primary").last.click()
    ask = desk.locator("form[action$='/dates/ask'] button[type=submit]")
    expect(ask).to_be_visible()
    ask.click()
    expect(desk.locator(".slot-cards")).to_be_visible()
    desk.goto("/mail/local")
    delivered = (
        desk.locator("tr[data-row]").filter(has_text="Dëgjesë për ujin").filter(has_text="bashkia-fier")
    )
    walks.wait_until(desk, lambda: delivered.count() == 1)
    link = walks.answer_link(desk, "Dëgjesë për ujin", "bashkia-fier")
    guest.goto(link)
    for says in guest.locator("input[value=yes]").all():
        says.check(force=True)
    guest.locator("form button[type=submit]").click()
    expect(guest.locator("#answered")).to_be_visible()
    desk.goto(f"{looked_for}/dates")
    by_hand = desk.locator("a[href*='/invitations/'][href$='/dates']").first.get_attribute("href")
    return {"looked_for": looked_for, "dates_by_hand": str(by_hand), "answer_dates": _path(link)}


def _stage_person(desk: Page) -> dict[str, str]:
    """Add a journalist of our own, whose data can be given out and erased."""
    desk.goto("/people/persons/new")
    desk.locator("#name").fill("Gazetare Shembull")
    desk.locator("#email").fill("gazetare@medium.example")
    desk.locator("main form .btn-primary").first.click()
    desk.wait_for_url(re.compile(r"/people/persons/\d+$"))
    number = desk.url.rpartition("/")[2]
    return {"kept": f"/privacy/persons/{number}", "own": f"/people/persons/{number}"}


def _stage_proposal(desk: Page, site: Site, event: str) -> str:
    """A guest proposes another time from a calendar; the mail comes in as a mail server hands it over."""
    with closing(sqlite3.connect(site.folder / "pop.sqlite3", timeout=10)) as database:
        uid, starts, address, to = database.execute(
            "SELECT uid, starts_at, address, from_address FROM events JOIN invitations ON event_id = events.id "
            "JOIN outgoing_mails ON to_address = address AND from_address LIKE reply_local || '@%' "
            "WHERE events.id = ? AND address LIKE '%agjencia%'",
            [event.rpartition("/")[2]],
        ).fetchone()
    moved = datetime.fromisoformat(starts) + timedelta(days=2, hours=1)
    calendar = COUNTER.format(
        uid=uid,
        to=to,
        address=address,
        starts=moved,
        ends=moved + timedelta(hours=2),
        stamp=datetime.now(UTC),
    )
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = address, to, f"Kohë tjetër: {TITLE}"
    mail.set_content("Atë ditë jemi në terren.")
    mail.add_alternative(calendar.replace("\n", "\r\n"), subtype="calendar", params={"method": "COUNTER"})
    site.receive(mail.as_bytes(), sender=address, to=to)
    desk.goto(event)
    link = desk.locator(".proposed a.btn")
    walks.wait_until(desk, lambda: link.count() == 1)
    return str(link.get_attribute("href"))


def _find_recorded(desk: Page) -> dict[str, str]:
    """Pages of the record: an event held, an institution, a person, an address that may be changed."""
    desk.goto("/events?when=past")
    held = desk.locator("table.events-table tbody a").first.get_attribute("href")
    desk.goto("/people?q=turizm")
    institution = desk.locator("table.directory tbody th a").first.get_attribute("href")
    desk.goto("/people/persons")
    person = desk.locator("table.directory tbody th a").first.get_attribute("href")
    desk.goto("/letters?q=gjanica")
    recorded = desk.locator("table.letter-list tbody th a").last.get_attribute("href")
    return {
        "held": str(held),
        "institution": str(institution),
        "person": str(person),
        "recorded": str(recorded),
    }


def _let_server_refuse(site: Site, address: str) -> None:
    """What a server elsewhere may say of an invitation; the one of a try-out takes everything."""
    with closing(sqlite3.connect(site.folder / "pop.sqlite3", timeout=10)) as database, database:
        (ident,) = database.execute(
            "SELECT id FROM outgoing_mails WHERE to_address LIKE ? AND kind LIKE 'invitation%'",
            [f"%{address}%"],
        ).fetchone()
        database.execute(
            "UPDATE outgoing_mails SET state = 'failed', sent_at = NULL, last_code = 550, last_words = ? WHERE id = ?",
            [REFUSED, ident],
        )
        database.execute(
            "UPDATE mail_tries SET outcome = 'failed', code = 550, words = ? WHERE mail_id = ?",
            [REFUSED, ident],
        )
