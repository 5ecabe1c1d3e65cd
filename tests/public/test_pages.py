"""The pages everybody reads: what the record says, both languages, filters, and what must never be there."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import select

from pop_campaigns.accounts.models import Network
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core import clock
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.subject_files import attach_file
from pop_campaigns.events.models.events import Attendance, Commitment, Supporter
from pop_campaigns.events.rules.events import EventFormat, EventKind, EventState
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.invitations.models.invitations import Invitation
from tests import factories

DATED = {
    "Përballja me Bashkinë Tiranë": ("27", "maj 2020"),
    "Përballja me Bashkinë Vlorë": ("3", "qershor 2020"),
    "Përballja me Bashkinë Pukë": ("4", "qershor 2020"),
    "Përballja me Bashkinë Durrës": ("9", "qershor 2020"),
    "Përballja me Bashkinë Kamëz": ("22", "qershor 2020"),
}
UNDATED = [f"Përballja me Bashkinë {place}" for place in ("Fier", "Kukës", "Pogradec", "Shkodër")]
HEARING = "Seancë dëgjimore në Parlamentin Shqiptar"
PROTEST = "Protestë në mbrojtje të grave dhe vajzave, Kamëz"
MEMBERS = ("Durrës", "Fier", "Kamëz", "Kukës", "Pogradec", "Pukë", "Shkodër", "Tiranë", "Vlorë")


def page(client: FlaskClient, url: str, status: int = 200) -> str:
    """The words of a page as people read them."""
    answer = client.get(url)
    assert answer.status_code == status, (url, answer.status_code)
    return html.unescape(answer.get_data(as_text=True))


def rows(text: str) -> dict[str, tuple[str, str]]:
    """What a list shows: title → (large day or nothing, words of the date)."""
    result = {}
    for row in re.findall(r"<li data-row>.*?</li>", text, re.DOTALL):
        title = re.search(r"<h3[^>]*>\s*<a [^>]*>(.*?)</a>", row, re.DOTALL)
        assert title is not None, row
        day = re.search(r'agenda-day[^>]*>(.*?)</span>\s+<span class="agenda-month">(.*?)</span>', row)
        if day:
            result[title[1]] = (day[1], day[2])
        else:
            undated = re.search(r"agenda-date undated\">(.*?)</div>", row)
            assert undated is not None, row
            result[title[1]] = ("", undated[1])
    return result


def headings(text: str) -> dict[str, list[str]]:
    """The titles under each heading of a list."""
    result = {}
    for part in re.findall(r"<section aria-labelledby=\"part-\d\">(.*?)</section>", text, re.DOTALL):
        heading = re.search(r"<h2[^>]*>\s*(.*?)\s*</h2>", part, re.DOTALL)
        assert heading is not None
        result[heading[1]] = list(rows(part))
    return result


# The record


@pytest.mark.parametrize("url", ["/sq/", "/sq/events"])
def test_dated_confrontations_have_their_day_and_the_others_say_that_it_is_unknown(
    record: dict[str, int], client: FlaskClient, url: str
) -> None:
    shown = rows(page(client, url))
    for title, column in DATED.items():
        assert shown[title] == column
    for title in UNDATED:
        assert shown[title] == ("", "pa datë të njohur")
    assert shown[HEARING] == ("16", "qershor 2020")
    assert shown["Takime me zyrtarë të pushtetit vendor"] == ("", "janar – shkurt 2020")


def test_what_is_known_less_exactly_stands_under_headings_of_its_own(
    record: dict[str, int], client: FlaskClient
) -> None:
    parts = headings(page(client, "/en/events"))
    assert list(parts) == ["Past events", "Past, only the month or the period known", "Without a known date"]
    past, roughly, undated = parts.values()
    assert past[0] == "Përballja me Bashkinë Kamëz" and past[-1] == "Përballja me Bashkinë Tiranë"
    assert set(past) == {*DATED, HEARING}
    assert roughly == ["Takime me zyrtarë të pushtetit vendor"]
    assert undated == [*UNDATED, PROTEST]


def test_nothing_coming_is_said_in_words(record: dict[str, int], client: FlaskClient) -> None:
    assert "Nothing is announced at the moment." in page(client, "/en/")


def test_the_hearing_names_who_attended_and_what_was_promised(
    record: dict[str, int], client: FlaskClient
) -> None:
    albanian, english = (page(client, f"/{lang}/events/{record[HEARING]}") for lang in ("sq", "en"))
    for name in ("Enver Roshi", "Klodiana Spahiu", "Roland Xhelili", "Edlira Bode"):
        assert name in albanian and name in english
    assert "Zëvendëskryetare e komisionit" in albanian
    assert "Deputy chair of the committee" in english
    assert "Zëvendëskryetare" not in english
    assert "Committee on Labour, Social Affairs and Health" in english
    assert "“Komisionit për Punën" not in english  # as printed, but marked as a quotation in Albanian
    assert '<q lang="sq">Komisionit për Punën, Çështjet Socuale dhe Shëndetësisë</q>' in english
    for text in (albanian, english):
        assert "të zhvillohet takim me organizatën e shoqërisë civile në qytetin e Durrësit" in text
        assert 'href="https://www.parlament.al/News/Index/10165"' in text
    assert "No date was given by which it would be kept." in english
    assert "e martë, 16 qershor 2020" in albanian


def test_the_protest_names_the_organisations_that_joined(record: dict[str, int], client: FlaskClient) -> None:
    text = page(client, f"/en/events/{record[PROTEST]}")
    joined = text[text.index('id="joined"') :]
    shown = re.findall(r"<li>\s*<strong>(.*?)</strong>", joined)
    assert shown == [place for place in MEMBERS if place != "Kamëz"]
    assert "Epoka e Re" in joined
    assert "date not known" in text and "Online" in text


def test_an_event_without_a_translation_says_so_and_names_its_language(
    record: dict[str, int], client: FlaskClient
) -> None:
    english = page(client, f"/en/events/{record[HEARING]}")
    assert re.search(rf'<h1[^>]* lang="sq"[^>]*>{HEARING}</h1>', english)
    assert "there is no English translation yet" in english
    albanian = page(client, f"/sq/events/{record[HEARING]}")
    assert not re.search(r'<h1[^>]* lang="', albanian)
    assert f'lang="sq">{HEARING}</a>' in page(client, "/en/")
    assert f'lang="sq">{HEARING}</a>' not in page(client, "/sq/")


def test_nine_members_with_their_municipality_as_printed_where_it_differs(
    record: dict[str, int], client: FlaskClient
) -> None:
    text = page(client, "/en/members")
    assert re.findall(r"<li>\s*<h2>(.*?)</h2>", text) == list(MEMBERS)
    assert "Qendra “Aleanca Gjinore për Zhvillim”" in text
    assert "Qendra “Aleanca Gjinore per Zhvillim</span>" in text
    assert "Vlora Youth Center" in text
    assert text.count("In the source:") == 3
    for contact in ("perballjaeofertavepolitike@gmail.com", "+355 (0) 42 2 55 514", "tel:+3554225551"):
        assert contact in text
    assert "Olof Palme International Centre" in text and "Financed by: Sweden" in text
    assert "National Endowment for Democracy" in text


def test_former_members_are_not_listed(record: dict[str, int], client: FlaskClient) -> None:
    factories.make_organisation("Lezhë").member_to = date(2020, 1, 1)
    db.session.commit()
    assert "Lezhë" not in page(client, "/en/members")


@pytest.mark.parametrize(
    "url", ["/", "/sq/", "/sq/events", "/en/members", "/en/about", "/calendar.ics", "/sitemap.xml"]
)
def test_pages_work_before_anything_is_known(client: FlaskClient, url: str) -> None:
    assert client.get(url).status_code in (200, 302)


# Languages and addresses


@pytest.mark.parametrize(
    ("accepted", "lang"),
    [("en-GB,en;q=0.9", "en"), ("sq-AL,sq;q=0.9,en;q=0.5", "sq"), ("it,fr", "sq"), ("", "sq")],
)
def test_the_front_door_follows_the_browser(client: FlaskClient, accepted: str, lang: str) -> None:
    answer = client.get("/", headers={"Accept-Language": accepted})
    assert (answer.status_code, answer.location) == (302, f"/{lang}/")
    assert {"Accept-Language", "Cookie"} <= set(answer.vary.to_header().split(", "))
    assert not answer.cache_control.public


def test_the_front_door_follows_the_choice_first(client: FlaskClient) -> None:
    client.post("/language", data={"lang": "en"})
    assert client.get("/", headers={"Accept-Language": "sq"}).location == "/en/"


@pytest.mark.parametrize(
    "url", ["/de/", "/de/events", "/SQ/", "/xx/members", "/sq/members/1", "/sq/events/x"]
)
def test_other_addresses_are_not_found(client: FlaskClient, url: str) -> None:
    assert client.get(url).status_code == 404


def test_pages_name_their_twin_in_the_other_language(record: dict[str, int], client: FlaskClient) -> None:
    url = f"/events/{record[HEARING]}"
    text = page(client, f"/sq{url}")
    assert '<html lang="sq">' in text
    assert f'<link rel="canonical" href="http://localhost/sq{url}">' in text
    for lang in ("sq", "en"):
        assert f'<link rel="alternate" hreflang="{lang}" href="http://localhost/{lang}{url}">' in text
    assert f'<a href="/en{url}" lang="en"' in text
    assert f'<meta property="og:title" content="{HEARING}">' in text
    filtered = page(client, "/sq/events?municipality=fier&utm_source=x&kind=confrontation&page=7")
    assert 'href="http://localhost/sq/events?municipality=fier&kind=confrontation">' in filtered
    assert '<a href="/en/events?municipality=fier&kind=confrontation" lang="en"' in filtered


# Filters


@pytest.mark.both_databases
def test_a_municipality_filters_the_front_page_and_the_list(
    record: dict[str, int], client: FlaskClient
) -> None:
    for url in ("/sq/?municipality=fier", "/sq/events?municipality=fier", "/sq/?municipality=Fier"):
        text = page(client, url)
        assert list(rows(text)) == ["Përballja me Bashkinë Fier"]
        assert '<option value="fier" selected>' in text
        assert "/calendar.ics?municipality=fier&lang=sq" in text
    assert list(rows(page(client, "/sq/?municipality=Tiran%C3%AB"))) == ["Përballja me Bashkinë Tiranë"]


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("kind=protest", {PROTEST}),
        ("kind=confrontation&when=undated", set(UNDATED)),
        ("when=upcoming", set()),
        ("year=2020&kind=hearing", {HEARING}),
        ("year=2019", set()),
        ("when=past", {*DATED, HEARING, "Takime me zyrtarë të pushtetit vendor"}),
        ("when=undated&year=2020", set()),
        ("municipality=durres", {HEARING, "Përballja me Bashkinë Durrës"}),
    ],
)
def test_filters_of_the_list(
    record: dict[str, int], client: FlaskClient, query: str, titles: set[str]
) -> None:
    text = page(client, f"/en/events?{query}")
    assert set(rows(text)) == titles
    assert ("No event fits" in text) is (not titles)


def test_choosing_a_municipality_keeps_the_kind(record: dict[str, int], client: FlaskClient) -> None:
    text = page(client, "/en/events?kind=confrontation&year=2020")
    form = text[text.index("municipality-filter") : text.index("</form>")]
    assert '<input type="hidden" name="kind" value="confrontation">' in form
    assert '<input type="hidden" name="year" value="2020">' in form
    assert "/en/events?year=2020&kind=hearing" in text


def test_kinds_are_words_with_how_many_there_are(record: dict[str, int], client: FlaskClient) -> None:
    text = page(client, "/en/")
    kinds = re.findall(r'kind=(\w+)"[^>]*>([^<]*) <span class="count">(\d+)</span>', text)
    assert kinds == [
        ("confrontation", "Confrontations", "9"),
        ("hearing", "Hearings", "1"),
        ("meeting", "Meetings with officials", "1"),
        ("protest", "Protests", "1"),
    ]


@pytest.mark.parametrize(
    "query",
    [
        "municipality=nowhere", "municipality=%00", "municipality=%ED%A0%80", "municipality=" + "ë" * 5000,
        "municipality='%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "municipality=%25", "municipality=_",
    ],
)  # fmt: skip
def test_an_unknown_municipality_shows_nobody_elses_events(
    record: dict[str, int], client: FlaskClient, query: str
) -> None:
    for url in ("/en/", "/en/events"):
        text = page(client, f"{url}?{query}")
        if query.endswith("%00"):
            continue
        assert rows(text) == {}
        assert "<script>alert" not in client.get(f"{url}?{query}").text


@pytest.mark.parametrize(
    "query",
    ["kind=;drop", "when=never", "year=99999", "year=-1", "year=²⁰²⁰", "year=0000", "page=-3", "page=x",
     "page=99999999999999999999", "kind=confrontation&kind=x", "lang=xx", "_external=1&_scheme=javascript&_anchor=x"],
)  # fmt: skip
def test_what_cannot_be_read_asks_for_nothing(
    record: dict[str, int], client: FlaskClient, query: str
) -> None:
    text = page(client, f"/en/events?{query}")
    assert len(rows(text)) >= 9
    assert "javascript:" not in text


@pytest.mark.both_databases
def test_lists_come_in_pages_that_keep_the_filter(cast: SimpleNamespace, client: FlaskClient) -> None:
    for number in range(30):
        factories.make_event(
            cast.fier,
            title_sq=f"Tryeza {number:02}",
            title_en=f"Table {number:02}",
            starts_in=timedelta(days=number + 2),
        )
    db.session.commit()
    first, second = (page(client, f"/sq/events?kind=round_table&page={number}") for number in (1, 2))
    assert list(rows(first)) == [f"Tryeza {number:02}" for number in range(25)]
    assert list(rows(second)) == [f"Tryeza {number:02}" for number in range(25, 30)]
    assert "/sq/events?kind=round_table&page=2" in first
    assert 'rel="canonical" href="http://localhost/sq/events?kind=round_table&page=2"' in second
    front = page(client, "/en/")
    assert len(rows(front)) == 12
    assert "See all (30)" in front and "/en/events?when=upcoming" in front


# One event


def test_a_coming_event_tells_all_but_the_link(cast: SimpleNamespace, client: FlaskClient) -> None:
    event = factories.make_event(
        cast.fier,
        starts_at=datetime(2099, 12, 16, 9, 0, tzinfo=UTC),
        day_from=date(2099, 12, 16),
        format=EventFormat.HYBRID,
        join_url="https://meet.example/very-secret",
        description_en="First.\n\nSecond: https://meet.example/very-secret",
        more_url="https://pop.example/more",
    )
    db.session.commit()
    text = page(client, f"/en/events/{event.id}")
    assert "Wednesday, 16 December 2099, 10:00–12:00" in text
    assert "<p>First.</p>" in text and "<p>Second: …</p>" in text
    assert "Bashkia Fier, salla e këshillit" in text
    assert "the link is with the organisers" in text
    assert "very-secret" not in text
    assert f"/en/events/{event.id}.ics" in text
    assert 'itemprop="startDate" content="2099-12-16T09:00:00+00:00"' in text
    assert 'href="https://pop.example/more"' in text


def test_a_cancelled_event_says_so_and_offers_no_calendar(cast: SimpleNamespace, client: FlaskClient) -> None:
    event = factories.make_event(cast.fier, state=EventState.CANCELLED)
    db.session.commit()
    text = page(client, f"/en/events/{event.id}")
    assert re.search(r'tone-bad"><span class="mark"[^>]*>✕</span> Cancelled', text)
    assert "EventCancelled" in text
    assert "Add to my calendar" not in text
    assert "Cancelled" in page(client, "/en/")


def test_a_link_browsers_would_run_is_no_link(cast: SimpleNamespace, client: FlaskClient) -> None:
    event = factories.make_event(cast.fier, more_url="javascript:alert(1)")
    db.session.commit()
    assert "javascript:" not in page(client, f"/en/events/{event.id}")


def test_typed_text_stays_text(cast: SimpleNamespace, client: FlaskClient) -> None:
    hostile = "<script>alert('Çlirim')</script>"
    event = factories.make_event(
        cast.fier, title_sq=hostile, title_en="", venue=hostile, description_sq=hostile
    )
    event.commitments = [Commitment(words=hostile)]
    db.session.commit()
    for url in ("/sq/", "/sq/events", f"/sq/events/{event.id}"):
        assert "<script>alert" not in client.get(url).text


def test_citizens_are_counted_and_never_named(cast: SimpleNamespace, client: FlaskClient) -> None:
    event = factories.make_event(cast.fier, state=EventState.HELD)
    event.attendances = [
        Attendance(position=1, name="Prefekti Shembull", office_title="Prefekt"),
        Attendance(position=2, name="Qytetare Shembull"),
        Attendance(position=3, name="Qytetar Shembull"),
    ]
    db.session.commit()
    text = page(client, f"/en/events/{event.id}")
    assert "Prefekti Shembull" in text
    assert "Qytetar" not in text
    assert "and 2 more people" in text


@pytest.mark.parametrize("number", [0, 999_999, 2**31, 10**30])
def test_an_unknown_event_is_not_found(client: FlaskClient, number: int) -> None:
    for url in (f"/sq/events/{number}", f"/sq/events/{number}.ics"):
        answer = client.get(url)
        assert answer.status_code == 404
        assert answer.cache_control.no_store


# What is not public


def test_unpublished_events_are_nowhere(cast: SimpleNamespace, client: FlaskClient) -> None:
    hidden = factories.make_event(
        cast.fier, title_sq="Fshehtë-kanarina", title_en="Hidden canary", visibility=EventVisibility.INTERNAL
    )
    other = factories.make_event(cast.fier, kind=EventKind.HEARING, title_en="In Parliament")
    vlore = factories.make_event(
        cast.vlore, title_sq="Fshehtë-kanarina", kind=EventKind.PROTEST, visibility=EventVisibility.INTERNAL
    )
    vlore.day_from, vlore.starts_at, vlore.ends_at = date(1999, 1, 1), None, None
    vlore.precision = DatePrecision.DAY
    db.session.commit()
    for url in ("/sq/", "/en/", "/sq/events", "/sq/events?municipality=vlore", "/sq/?municipality=fier",
                "/calendar.ics", "/calendar.ics?municipality=fier&lang=en", "/sitemap.xml"):  # fmt: skip
        text = page(client, url)
        assert "kanarina" not in text and "canary" not in text
        assert hidden.uid not in text
        assert f"/events/{hidden.id}" not in text
    assert f"/events/{other.id}<" in page(client, "/sitemap.xml")
    # Not even as a kind, a year or a number.
    text = page(client, "/en/events")
    assert "Protest" not in text and ">1999<" not in text and "Round table" not in text
    for url in (f"/sq/events/{hidden.id}", f"/en/events/{hidden.id}", f"/sq/events/{hidden.id}.ics"):
        assert client.get(url).status_code == 404
    hidden.visibility, hidden.published_at = EventVisibility.PUBLIC, hidden.created_at
    db.session.commit()
    assert client.get(f"/sq/events/{hidden.id}").status_code == 200


def test_no_public_page_tells_a_secret(
    app: Flask, cast: SimpleNamespace, client: FlaskClient, sign_in: Callable[[Any], FlaskClient]
) -> None:
    """Canaries in every field that is not for everybody, over every public address, for strangers and signed-in people.

    Who holds an office is open data only where it is the network's record; this one Fier collected for itself.
    """
    office = factories.make_office(
        "Zyrë-kanarina",
        email="kanarina@bashkia.example",
        holder="Mbajtës-kanarina",
        organisation=cast.fier,
    )
    event = factories.make_event(
        cast.fier,
        format=EventFormat.HYBRID,
        join_url="https://meet.example/kanarina/",
        description_sq="Bashkohuni: https://meet.example/kanarina",
        more_url="https://meet.example/kanarina/?pwd=1",
        venue="Salla, https://meet.example/kanarina/",
        title_en="Join https://meet.example/kanarina/",
        once="kanarina-once",
    )
    factories.make_invitation(
        event,
        office,
        name="I ftuar-kanarina",
        address="kanarina@bashkia.example",
        office_title="Titull-kanarina",
    )
    db.session.add(Network(id=1, name_sq="Rrjeti", email="rrjeti@pop.example"))
    cast.arta.name, cast.arta.email = "Emër-kanarina", "kanarina@pop.example"
    db.session.commit()
    token = factories.token_of(db.session.scalars(select(Invitation)).one())
    inside = attach_file(event, b"%PDF-1.4 kanarina", "kanarina.pdf", by=cast.arta, now=clock.now())
    db.session.commit()
    values = {"event_id": event.id, "attached_id": inside.id}
    seen = 0
    for browser in (client, sign_in(cast.arta)):
        for rule in app.url_map.iter_rules():
            if not rule.endpoint.startswith("public.") or "GET" not in (rule.methods or ()):
                continue
            if "token" in rule.arguments:  # whoever has it may have the file
                continue
            for lang in ("sq", "en"):
                with app.test_request_context():
                    url = app.url_for(rule.endpoint, **{
                        name: value for name, value in (values | {"lang": lang}).items() if name in rule.arguments
                    })  # fmt: skip
                text = re.sub(r"\r\n ", "", browser.get(url).get_data(as_text=True))
                assert "kanarina" not in text, url
                assert token not in text, url
                seen += 1
    assert seen >= 30


# What caches may keep


@pytest.mark.parametrize(
    "url",
    ["/sq/", "/en/events", "/sq/events/{id}", "/en/members", "/sq/about", "/robots.txt", "/sitemap.xml"],
)
def test_pages_are_the_same_for_everybody(
    cast: SimpleNamespace, client: FlaskClient, sign_in: Callable[[Any], FlaskClient], url: str
) -> None:
    event = factories.make_event(cast.fier)
    db.session.commit()
    address = url.format(id=event.id)
    stranger = client.get(address)
    assert (stranger.cache_control.public, stranger.cache_control.max_age) == (True, 60)
    assert "Set-Cookie" not in stranger.headers
    assert "Cookie" not in stranger.headers.get("Vary", "")
    assert "Accept-Language" not in stranger.headers.get("Vary", "")
    assert "noindex" not in stranger.headers.get("X-Robots-Tag", "")
    signed_in = sign_in(cast.arta)
    with signed_in.session_transaction() as session:
        session["_flashes"] = [("success", "Only for Arta")]
    known = signed_in.get(address)
    assert known.data == stranger.data
    assert "Set-Cookie" not in known.headers
    again = client.get(address, headers={"If-None-Match": stranger.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_line_for_one_person_waits_for_a_page_of_theirs(
    cast: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    browser = sign_in(cast.arta)
    with browser.session_transaction() as session:
        session["_flashes"] = [("success", "Only for Arta")]
    browser.get("/sq/")
    assert "Only for Arta" in browser.get("/today").text


def test_the_first_page_is_light_and_needs_nothing_from_elsewhere(
    record: dict[str, int], client: FlaskClient
) -> None:
    text = page(client, "/sq/")
    files = set(re.findall(r'(?:src|href)="(/(?:static|styles|bootstrap)[^"]+)"', text))
    packed = {"Accept-Encoding": "gzip, deflate, br, zstd"}  # as browsers say
    sizes = {url: len(client.get(url, headers=packed, buffered=True).data) for url in [*files, "/sq/"]}
    assert sum(sizes.values()) < 100_000, sizes
    assert len(sizes) <= 12
    assert not re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="https?://(?!localhost)', text)
    assert "<form" in text and 'method="post"' not in text


def count_queries(client: FlaskClient, url: str) -> int:
    """How many statements one request sends."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    engine = db.engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", note)
    try:
        assert client.get(url).status_code == 200
    finally:
        sqlalchemy_event.remove(engine, "before_cursor_execute", note)
    return len([other for other in statements if other.startswith("SELECT")])


@pytest.mark.parametrize(
    ("url", "most"),
    [("/sq/", 11), ("/sq/events", 6), ("/en/events/{id}", 9), ("/sq/members", 2), ("/sq/about", 2)],
)
def test_more_events_ask_no_more_questions(
    cast: SimpleNamespace, client: FlaskClient, url: str, most: int
) -> None:
    event = factories.make_event(cast.fier)
    db.session.commit()
    few = count_queries(client, url.format(id=event.id))
    for number in range(20):
        town = factories.make_organisation(f"Qyteti {number}")
        factories.make_event(town)
        event.attendances.append(
            Attendance(
                position=number, name="Emri", office_title="Zyra", person=Person(name=f"Emri {number}")
            )
        )
        event.supporters.append(Supporter(organisation=town))
        event.commitments.append(
            Commitment(words="Fjala", organisation=town, institution=factories.make_institution())
        )
    db.session.commit()
    many = count_queries(client, url.format(id=event.id))
    assert many <= most
    # Attended by nobody, the page of an event does not ask for their offices.
    assert many <= few + (2 if "{id}" in url else 0)


# Search engines


def test_search_engines_find_the_public_pages_in_both_languages(
    record: dict[str, int], client: FlaskClient
) -> None:
    robots = page(client, "/robots.txt")
    assert "Disallow: /a/" in robots and "Disallow: /mail" in robots
    assert "Sitemap: http://localhost/sitemap.xml" in robots
    sitemap = page(client, "/sitemap.xml")
    for lang in ("sq", "en"):
        for path in ("/", "/events", "/members", "/about", f"/events/{record[HEARING]}"):
            assert f"<loc>http://localhost/{lang}{path}</loc>" in sitemap
    assert sitemap.count("<url>") == 2 * (4 + len(record))
