"""Calendar objects that programs send back: read as they come, or refused with a reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pop_campaigns.calendars.reply import CalendarItem, UnreadableCalendar, read_calendar
from tests.calendars.programs import PROGRAMS, PROPOSALS, QUESTIONS, UID

ZONE = """BEGIN:VTIMEZONE
TZID:{tzid}
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


def reply(*lines: str, method: str = "REPLY", zone: str = "", end: str = "END:VCALENDAR") -> bytes:
    head = (
        f"BEGIN:VCALENDAR\nPRODID:x\nVERSION:2.0\n{f'METHOD:{method}' if method else 'CALSCALE:GREGORIAN'}\n"
    )
    body = "\n".join(("BEGIN:VEVENT", "UID:e1@rsvp.example", *lines, "END:VEVENT"))
    return f"{head}{zone}{body}\n{end}\n".replace("\n", "\r\n").encode()


def item(*lines: str, **given: str) -> CalendarItem:
    return read_calendar(reply(*lines, **given)).item


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_an_answer() -> None:
    message = read_calendar(
        reply(
            "DTSTAMP:20270301T101112Z",
            "SEQUENCE:3",
            "ORGANIZER;CN=POP:mailto:r-abc@rsvp.example",
            'ATTENDEE;CN="Hoxha, Arta";PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT:mailto:Arta.Hoxha@Bashkia.example',
            "DTSTART:20270310T090000Z",
            "DTEND:20270310T103000Z",
            "SUMMARY:Tryezë: uji\\, rrugët",
            "COMMENT:Vij me një koleg",
        )
    )
    result = message.item
    assert (message.method, result.uid, result.sequence) == ("REPLY", "e1@rsvp.example", 3)
    assert result.dtstamp == at(2027, 3, 1, 10, 11, 12)
    assert (result.dtstart, result.dtend) == (at(2027, 3, 10, 9), at(2027, 3, 10, 10, 30))
    assert result.organizer is not None
    assert result.organizer.address == "r-abc@rsvp.example"
    [person] = result.attendees
    assert (person.address, person.partstat) == ("arta.hoxha@bashkia.example", "ACCEPTED")
    assert person.name == "Hoxha, Arta"
    assert (result.summary, result.comment) == ("Tryezë: uji, rrugët", "Vij me një koleg")


def test_what_programs_leave_out() -> None:
    result = item("ATTENDEE;PARTSTAT=DECLINED:MAILTO:arta@bashkia.example")
    assert (result.sequence, result.dtstamp, result.organizer, result.dtstart) == (None, None, None, None)
    assert result.attendees[0].address == "arta@bashkia.example"


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("ATTENDEE:mailto:a@b.example", "a@b.example"),
        ("ATTENDEE:MailTo:A@B.example", "a@b.example"),
        ("ATTENDEE:a@b.example", "a@b.example"),
        ("ATTENDEE;EMAIL=a@b.example:invalid:nomail", "a@b.example"),
        ('ATTENDEE;CN="a@c.example":mailto:a@b.example', "a@b.example"),
        ("ATTENDEE:mailto:o%27brien@b.example", "o'brien@b.example"),
        ("ATTENDEE:mailto:a@b.example?subject=x", "a@b.example"),
        ("ATTENDEE:mailto:a%20b", ""),
    ],
)
def test_addresses(line: str, address: str) -> None:
    result = item(line).attendees
    assert [person.address for person in result] == ([address] if address else [])


@pytest.mark.parametrize(
    "parameters",
    [
        'CN=Arta "Lali" Hoxha;PARTSTAT=DECLINED',
        "CN=Zyra: POP;PARTSTAT=DECLINED",
        "PARTSTAT=DECLINED;",
        'CN="e hapur;PARTSTAT=DECLINED',
        "CN=Hoxha, Arta;PARTSTAT=declined",
        'PARTSTAT="DECLINED"',
        "CN=;X_ODD=1;PARTSTAT=DECLINED",
    ],
)
def test_an_answer_survives_how_people_call_themselves(parameters: str) -> None:
    [person] = item(f"ATTENDEE;{parameters}:mailto:a@b.example").attendees
    assert (person.address, person.partstat) == ("a@b.example", "DECLINED")


def test_a_name_says_nothing_about_the_answer() -> None:
    [person] = item('ATTENDEE;CN="x;PARTSTAT=ACCEPTED";PARTSTAT=DECLINED:mailto:a@b.example').attendees
    assert person.partstat == "DECLINED"


def test_a_delegation() -> None:
    result = item(
        'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:Eva@b.example":mailto:arta@b.example',
        'ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="mailto:arta@b.example":mailto:eva@b.example',
    ).attendees
    assert result[0].delegated_to == ("eva@b.example",)
    assert result[1].delegated_from == ("arta@b.example",)


@pytest.mark.parametrize(
    "line",
    ["COMMENT:Po, vij; por vonë", "COMMENT:Po\\, vij\\; por vonë", "COMMENT;LANGUAGE=sq:Po, vij\\; por vonë"],
)
def test_a_comment_is_one_text_whatever_its_commas(line: str) -> None:
    assert item(line).comment == "Po, vij; por vonë"


def test_two_comments_and_the_one_google_writes() -> None:
    assert item("COMMENT:Një", "COMMENT:Dy").comment == "Një\nDy"
    [person] = item('ATTENDEE;X-RESPONSE-COMMENT="Vij më vonë":mailto:a@b.example').attendees
    assert person.comment == "Vij më vonë"


@pytest.mark.parametrize(
    "tzid",
    [
        "Europe/Tirane",
        "Central Europe Standard Time",
        "/freeassociation.sourceforge.net/Europe/Tirane",
        "Europe-Tirane",
        "Ora e zyrës",
    ],
)
@pytest.mark.filterwarnings("ignore::icalendar.error.GloballyUniqueTZIDGuessed")
@pytest.mark.parametrize(("local", "utc"), [("20270710T100000", 8), ("20270110T100000", 9)])
def test_zones_as_programs_name_them(tzid: str, local: str, utc: int) -> None:
    result = item(f"DTSTART;TZID={tzid}:{local}", zone=ZONE.format(tzid=tzid))
    assert result.dtstart is not None
    assert (result.dtstart.hour, result.dtstart.tzinfo) == (utc, UTC)


def test_a_zone_of_its_own_never_overrules_the_real_one() -> None:
    lying = ZONE.format(tzid="Europe/Tirane").replace("+0100", "+0900").replace("+0200", "+1000")
    assert item("DTSTART;TZID=Europe/Tirane:20270110T100000", zone=lying).dtstart == at(2027, 1, 10, 9)


def test_an_unknown_zone_tells_its_offset_or_is_utc() -> None:
    assert item('DTSTART;TZID="(UTC+01:00) Diku":20270110T100000').dtstart == at(2027, 1, 10, 9)
    assert item("DTSTART;TZID=Askund:20270110T100000").dtstart == at(2027, 1, 10, 10)


def test_a_zone_that_never_stops_changing_is_not_spelled_out() -> None:
    busy = ZONE.format(tzid="Diku").replace("FREQ=YEARLY", "FREQ=SECONDLY")
    assert item("DTSTART;TZID=Diku:20270110T100000", zone=busy).dtstart == at(2027, 1, 10, 10)


def test_the_hour_that_spring_leaves_out() -> None:
    assert item("DTSTART;TZID=Europe/Tirane:20270328T023000").dtstart == at(2027, 3, 28, 1, 30)


def test_whole_days_and_lengths() -> None:
    day = item("DTSTART;VALUE=DATE:20270310", "DTEND;VALUE=DATE:20270311")
    assert day.all_day
    assert day.dtend == at(2027, 3, 11)
    assert item("DTSTART:20270310T090000Z", "DURATION:PT90M").dtend == at(2027, 3, 10, 10, 30)


def test_broken_values_are_missing_values() -> None:
    result = item(
        "DTSTART:20270310T090000Z", "DTEND:199706211T173000Z", "SEQUENCE:third", "DTSTAMP:yesterday"
    )
    assert (result.dtend, result.sequence, result.dtstamp) == (None, None, None)
    assert result.dtstart == at(2027, 3, 10, 9)


def test_the_body_names_the_method_before_the_mail_does() -> None:
    assert read_calendar(reply(), method="REQUEST").method == "REPLY"
    assert read_calendar(reply(method=""), method="reply").method == "REPLY"
    assert read_calendar(reply(method="")).method == ""


def test_the_series_comes_before_its_exceptions() -> None:
    two = reply(
        "RECURRENCE-ID:20270310T090000Z", "ATTENDEE;PARTSTAT=DECLINED:mailto:a@b.example", "END:VEVENT",
        "BEGIN:VEVENT", "UID:e1@rsvp.example", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.example",
    )  # fmt: skip
    calendar = read_calendar(two).items
    assert [one.recurrence_id for one in calendar] == [None, at(2027, 3, 10, 9)]
    assert calendar[0].attendees[0].partstat == "ACCEPTED"


def test_folded_lines_in_the_middle_of_a_letter() -> None:
    raw = reply("SUMMARY:Çë").replace("Ç".encode(), "Ç".encode()[:1] + b"\r\n " + "Ç".encode()[1:])
    assert read_calendar(raw).item.uid == "e1@rsvp.example"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "no complete calendar"),
        (b"Pershendetje", "no complete calendar"),
        (reply(end=""), "no complete calendar"),
        (reply(method="EXPLODE"), "unknown method"),
        (reply().replace(b"UID:e1@rsvp.example", b"X-UID:1"), "no UID"),
        (reply().replace(b"e1@rsvp", b"e" * 2000), "UID is too long"),
        (reply().replace(b"VEVENT", b"VALARM"), "no event"),
        (b"x" * (1024 * 1024 + 1), "larger than"),
        (reply(*["END:VEVENT", "BEGIN:VEVENT", "UID:2"] * 300), "components"),
        (reply(*["ATTENDEE:mailto:a@b.example"] * 1001), "attendees"),
    ],
)
def test_refused_in_words(raw: bytes, words: str) -> None:
    with pytest.raises(UnreadableCalendar, match=words):
        read_calendar(raw)


def test_one_broken_event_does_not_lose_the_others() -> None:
    both = reply("END:VEVENT", "BEGIN:VEVENT", "SUMMARY:no UID")
    assert [each_item.uid for each_item in read_calendar(both).items] == ["e1@rsvp.example"]


def test_what_is_typed_is_cleaned() -> None:
    result = item("SUMMARY:Tryezë\u202e\x07 =?utf-8?q?x?=", "COMMENT:a\\nb\u2028c")
    assert "\u202e" not in result.summary
    assert "=?" not in result.summary
    assert result.comment.startswith("a\nb")


@pytest.mark.parametrize(
    ("lines", "floating"),
    [
        (["DTSTART:20270616T100000Z", "DTEND:20270616T110000Z"], ()),
        (["DTSTART;TZID=Europe/Tirane:20270616T100000"], ()),
        (["DTSTART;TZID=Central European Standard Time:20270616T100000"], ()),
        (['DTSTART;TZID="(UTC+01:00) Sarajevo, Skopje":20270616T100000'], ()),
        (["DTSTART;VALUE=DATE:20270616"], ()),
        (["DTSTART:20270616T100000", "DTEND:20270616T110000"], ("dtstart", "dtend")),
        (["DTSTART:20270616T100000", "DURATION:PT1H"], ("dtstart", "dtend")),
        (["DTSTART:20270616T100000", "DTEND:20270616T110000Z"], ("dtstart",)),
        (["DTSTART;TZID=Bashkia:20270616T100000"], ("dtstart", "dtend")),
        (["SUMMARY:x"], ()),
    ],
)
def test_a_time_in_no_zone_that_is_known_says_so(lines: list[str], floating: tuple[str, ...]) -> None:
    assert item(*lines, method="COUNTER").floating == floating


def test_a_zone_the_calendar_names_for_all_of_it_or_describes_is_known() -> None:
    named = reply("DTSTART:20270616T100000").replace(
        b"VERSION:2.0", b"VERSION:2.0\r\nX-WR-TIMEZONE:Europe/Rome"
    )
    assert read_calendar(named).item.floating == ()
    own = item("DTSTART;TZID=Bashkia:20270616T100000", zone=ZONE.format(tzid="Bashkia"))
    assert (own.floating, own.dtstart) == ((), at(2027, 6, 16, 8))


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.filterwarnings("ignore::icalendar.error.GloballyUniqueTZIDGuessed")
def test_proposals_of_every_program_are_read(program: str) -> None:
    message = read_calendar(PROPOSALS[f"{program} proposes"].text.encode())
    assert message.method == "COUNTER"
    assert (message.item.dtstart, message.item.dtend) == (at(2027, 6, 18, 7, 30), at(2027, 6, 18, 8, 30))
    assert (message.item.uid, message.item.sequence, message.item.floating) == (UID, 3, ())
    assert message.item.comment or message.item.attendees[0].comment == "Më vonë"


def test_another_time_for_one_date_of_a_series() -> None:
    result = item(
        "RECURRENCE-ID:20270616T080000Z",
        "DTSTART:20270617T080000Z",
        "DTEND:20270617T090000Z",
        method="COUNTER",
    )
    assert result.recurrence_id == at(2027, 6, 16, 8)
    assert (result.dtstart, result.dtend) == (at(2027, 6, 17, 8), at(2027, 6, 17, 9))


def test_a_refused_proposal_says_why() -> None:
    message = read_calendar(QUESTIONS["our time kept"].text.encode())
    assert (message.method, message.item.comment) == ("DECLINECOUNTER", "Koha mbetet")
