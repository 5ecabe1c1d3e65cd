"""What the mails say: kept word for word in golden/, and never anything that somebody typed into them."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select

from pop_campaigns.accounts.models import Network
from pop_campaigns.contacts.models.consents import HashKey
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import speaking
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.core.tokens import derive_local_part, derive_token, hash_token
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventFormat, EventKind
from pop_campaigns.invitations.messages.invitations import Wording, render_mail, sender_name
from pop_campaigns.invitations.models.invitations import Invitation, TimeProposal
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, GuestChoice, MailPurpose
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.invitations.services.guests import add_guests, set_invitation_text
from pop_campaigns.invitations.services.proposals import queue_declined_time
from pop_campaigns.invitations.services.sending import (
    cancel_with_notice,
    send_changes,
    send_invitations,
    send_reminders,
    withdraw_guest,
)
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import MailParts, message_bytes
from pop_campaigns.mail.models import OutgoingMail
from tests import factories
from tests.invitations.scene import NOW, deliver, mails, make_table, move

GOLDEN = Path(__file__).parent / "golden"
LANGUAGES = ("sq", "en")
NAMES = (
    "invitation",
    "reminder",
    "proposal_declined",
    "change",
    "answer_changed",
    "withdrawal",
    "cancellation",
)
HOSTILE = "{answer_url} {addressed} {salutation} {config} {brace} <script>alert(1)</script> </td> \"'& {{ 7*7 }} %(what)s ë"


def set_nonce(guest: Invitation, nonce: str) -> None:
    """Give a guest a nonce of the test's choice, and what follows from it."""
    guest.nonce, guest.token_hash = nonce, hash_token(derive_token("answer", nonce))
    guest.reply_local = "r-" + derive_local_part("reply", nonce)


def make_scene(cast: SimpleNamespace, language: str) -> Invitation:
    """A draft guest of a hybrid round table, with everything a mail can say."""
    db.session.add(
        Network(
            id=1, short_name="POP", name_sq="Përballja e Ofertave Politike", name_en="Juxtaposing Political Offers",
            email="rrjeti@pop.example", phone="+355 00 000 000",
        )
    )  # fmt: skip
    event = make_table(
        cast.fier, id=7, uid="tryeze-gjanica@rsvp.example", format=EventFormat.HYBRID,
        title_sq="Ndotja e lumit Gjanica", title_en="Pollution of the river Gjanica",
        description_sq="Përgjigjet e institucioneve; hapat që mbeten.\n\nFjala u jepet të gjithëve.",
        description_en="What the institutions answered; what remains.\n\nEverybody has the floor.",
        join_url="https://meet.example/gjanica?pwd=a,b", more_url="https://pop.example/gjanica",
    )  # fmt: skip
    office = factories.make_office(
        "Kryetar", title_en="Mayor", holder="Emër Mbiemër", email="kryetari@bashkia.example"
    )
    office.institution.name_en = "Municipality of Fier"
    office.mandates[0].person.form_of_address = FormOfAddress.ZONJA
    set_invitation_text(
        event, "Sillni raportin.\nFaleminderit!", "Bring the report.\nThank you!", by=None, now=NOW
    )
    db.session.commit()
    [guest] = add_guests(event, [GuestChoice("office", office.id, language)], by=cast.arta, now=NOW).added
    set_nonce(guest, "a nonce for golden files")
    db.session.commit()
    return guest


def play(cast: SimpleNamespace, guest: Invitation) -> dict[str, OutgoingMail]:
    """All mails of a guest's story, by the name of their golden files."""
    event, arta, later = guest.event, cast.arta, NOW + timedelta(days=1)

    def newest() -> OutgoingMail:
        db.session.flush()
        mail = mails()[-1]
        deliver()
        return mail

    story = {}
    send_invitations(event, by=arta, now=NOW)
    story["invitation"] = newest()
    send_reminders(event, by=arta, now=later)
    story["reminder"] = newest()
    starts = event.starts_at
    assert starts is not None
    proposal = TimeProposal(
        invitation=guest, starts_at=starts + timedelta(days=2), ends_at=starts + timedelta(days=2, hours=1), at=later,
        incoming_mail_id=factories.make_incoming(None).id,
    )  # fmt: skip
    db.session.add(proposal)
    db.session.flush()
    words = "Salla është e zënë; na vjen keq.\nMe nderime"
    story["proposal_declined"] = queue_declined_time(proposal, words=words, by=arta, now=later)
    db.session.flush()
    deliver()
    move(event, starts_at=starts + timedelta(hours=25), ends_at=None, venue="Pallati i Kulturës", join_url="")
    send_changes(event, by=arta, now=later)
    story["change"] = newest()
    record_answer(guest, Answer.ACCEPTED, channel=AnswerChannel.LINK, now=later)
    record_answer(
        guest, Answer.DECLINED, substitute="Zyra", channel=AnswerChannel.LINK, now=later + timedelta(1)
    )
    story["answer_changed"] = newest()
    withdraw_guest(guest, by=arta, now=later)
    story["withdrawal"] = newest()
    choice = GuestChoice("office", guest.office_id or 0, guest.language)
    add_guests(event, [choice], by=arta, now=later)
    send_invitations(event, by=arta, now=later)
    deliver()
    cancel_with_notice(event, by=arta, now=later)
    story["cancellation"] = newest()
    return story


def mail_to_person(cast: SimpleNamespace, language: str) -> OutgoingMail:
    """The invitation of a person who holds no office: with the link that refuses more of them."""
    db.session.add(HashKey(id=1, key="ab" * 32))
    person = factories.make_person("Emër Gazetare", email="gazetare@medium.example", kind="journalist")
    event = make_table(cast.fier, id=8, uid="tryeze-8@rsvp.example")
    db.session.commit()
    choice = GuestChoice("person", person.id, language)
    [guest] = add_guests(event, [choice], by=cast.arta, now=NOW).added
    set_nonce(guest, "another nonce for golden files")
    db.session.commit()
    send_invitations(event, by=cast.arta, now=NOW)
    db.session.commit()
    return mails()[-1]


def as_files(parts: MailParts) -> dict[str, str]:
    """What a golden file holds of a mail, by its ending."""
    head = [
        f"Subject: {parts.subject}", f"From: {parts.from_name} <{parts.from_address}>",
        f"To: {parts.to_name} <{parts.to_address}>", f"Auto-Submitted: {parts.auto_submitted}",
        f"Method: {parts.calendar_method}", *(f"{name}: {value}" for name, value in parts.headers),
    ]  # fmt: skip
    files = {"txt": "\n".join(head) + "\n\n" + parts.text, "html": parts.html or ""}
    if parts.calendar:
        files["ics"] = parts.calendar
    return files


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_says_what_its_golden_file_says(app: Flask, cast: SimpleNamespace, language: str) -> None:
    """Written anew by POP_WRITE_GOLDEN=1, to be read before it is committed."""
    story = play(cast, make_scene(cast, language))
    assert set(story) == set(NAMES)
    story["to_person"] = mail_to_person(cast, language)
    for name, mail in story.items():
        message_bytes(compose(mail))
        for ending, text in as_files(compose(mail)).items():
            path = GOLDEN / f"{name}.{language}.{ending}"
            if os.environ.get("POP_WRITE_GOLDEN") == "1":
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(text.encode())
            assert text == path.read_bytes().decode(), f"{path.name} says something else"


WAYS = {
    "sq": (
        "nga kalendari, përmes lidhjes ose thjesht duke iu përgjigjur këtij mesazhi",
        "vetëm aty përgjigjja juaj na arrin",
    ),
    "en": (
        "in your calendar, through the link, or simply by replying to this message",
        "only there does your answer reach us",
    ),
}


@pytest.mark.parametrize("reads", [True, False], ids=["mail is read", "mail is not read"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_names_the_ways_by_which_an_answer_reaches_us(
    app: Flask, cast: SimpleNamespace, language: str, reads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "INBOX_READS", reads)
    story = play(cast, make_scene(cast, language))
    story["to_person"] = mail_to_person(cast, language)
    says, never_says = WAYS[language] if reads else reversed(WAYS[language])
    for name in ("invitation", "reminder", "change", "to_person"):
        parts = compose(story[name])
        for text in (parts.text, parts.html or ""):
            one_line = " ".join(text.split())
            assert says in one_line, name
            assert never_says not in one_line, name


def test_golden_files_cover_each_mail_and_no_other() -> None:
    wanted = {
        f"{name}.{lang}.{ending}"
        for name in (*NAMES, "to_person", "agenda")
        for lang in LANGUAGES
        for ending in ("txt", "html", "ics")
    }
    wanted -= {f"answer_changed.{lang}.ics" for lang in LANGUAGES}
    assert {path.name for path in GOLDEN.iterdir()} == wanted | {".gitattributes"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plain_text_is_complete_by_itself(app: Flask, cast: SimpleNamespace, language: str) -> None:
    guest = make_scene(cast, language)
    story = play(cast, guest)
    link = f"http://localhost/a/{factories.token_of(guest)}"
    parts = compose(story["invitation"])
    for fact in (
        "16", "2026", "10:00–12:00", "Bashkia Fier, salla e këshillit", "https://meet.example/gjanica?pwd=a,b",
        "https://pop.example/gjanica", "Emër Mbiemër", "Organizata Fier", "Arta", "rrjeti@pop.example", link,
    ):  # fmt: skip
        assert fact in parts.text, fact
        assert fact in (parts.html or ""), fact
    assert parts.text.count(link) == 1
    for name in ("reminder", "change", "answer_changed"):
        assert link in compose(story[name]).text, name
    for name in ("withdrawal", "cancellation"):
        assert link not in message_bytes(compose(story[name])).decode() + compose(story[name]).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_html_is_light_and_loads_nothing(app: Flask, cast: SimpleNamespace, language: str) -> None:
    for name, mail in play(cast, make_scene(cast, language)).items():
        html = compose(mail).html or ""
        assert len(html.encode()) < 60_000, name
        assert not re.search(r"<(img|script|link|iframe|form|object)\b|url\(|@import|\bsrc=", html, re.I), (
            name
        )
        links = set(re.findall(r'href="([^"]*)"', html))
        assert all(link.startswith(("http://localhost/a/", "https://")) for link in links), links
        assert "style=" in html
        assert f'<html lang="{language}">' in html
        assert "prefers-color-scheme: dark" in html
        assert not re.search(r"\{[a-z_]+\}", re.sub(r"<style>.*?</style>", "", html, flags=re.S)), name


def test_nothing_typed_becomes_a_placeholder_or_markup(app: Flask, cast: SimpleNamespace) -> None:
    guest = make_scene(cast, "sq")
    event = guest.event
    event.title_sq = event.description_sq = event.venue = HOSTILE
    assert event.organisation is not None
    event.organisation.name = "Org {answer_url} <b>"
    office = guest.office
    assert office is not None
    office.title_sq = "Kryetar {answer_url} <i>"
    set_invitation_text(event, HOSTILE, "", by=None, now=NOW)
    db.session.commit()
    token = factories.token_of(guest)
    for name, mail in play(cast, guest).items():
        parts = compose(mail)
        text, html = parts.text, parts.html or ""
        assert HOSTILE in text, name
        assert text.startswith("Marrësi: Emër Mbiemër, Kryetar {answer_url} <i>, Bashkia Fier\n"), name
        assert "Org {answer_url} <b>" in text, name
        assert "<script>" not in html, name
        assert not {"<b>", "<i>"} & set(re.findall(r"<[^>]+>", html)), name
        assert "{answer_url} {addressed} {salutation} {config} {brace} &lt;script&gt;" in html, name
        assert text.count(token) == (0 if name in ("withdrawal", "cancellation") else 1), name
        assert "{{ 7*7 }} %(what)s" in text
        message_bytes(parts)
        if parts.calendar:
            unfolded = parts.calendar.replace("\r\n ", "")
            summaries = [line for line in unfolded.split("\r\n") if line.startswith("SUMMARY:")]
            assert len(summaries) == (0 if parts.calendar_method == "DECLINECOUNTER" else 1), name
            said = "SUMMARY:{answer_url} {addressed} {salutation} {config} {brace} <script>"
            assert all(summary.startswith(said) for summary in summaries)
            asks = parts.calendar_method not in ("CANCEL", "DECLINECOUNTER")
            assert unfolded.count(token) == (1 if asks else 0), name


def test_a_change_reads_back_what_was_typed(app: Flask, cast: SimpleNamespace) -> None:
    guest = make_scene(cast, "sq")
    guest.event.venue = "Salla {answer_url}"
    db.session.commit()
    send_invitations(guest.event, by=cast.arta, now=NOW)
    deliver()
    move(guest.event, venue="Salla {guest}")
    send_changes(guest.event, by=cast.arta, now=NOW)
    db.session.commit()
    text = compose(mails("change")[0]).text
    assert "Salla {answer_url}, Fier" in text or "Salla {answer_url}\n" in text
    assert "Salla {guest}" in text
    assert "{brace}" not in text


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://zoom.example@evil.example/", "ftp://x.example/", "x y"]
)
def test_a_link_that_deceives_is_not_written(app: Flask, cast: SimpleNamespace, url: str) -> None:
    guest = make_scene(cast, "sq")
    guest.event.join_url = guest.event.more_url = url
    db.session.commit()
    send_invitations(guest.event, by=cast.arta, now=NOW)
    parts = compose(mails()[0])
    assert url not in parts.text
    assert url not in (parts.html or "")
    assert url not in (parts.calendar or "")


def _render(event: Event, purpose: MailPurpose, language: str, now: datetime = NOW) -> str:
    return render_mail(event, Wording(purpose, language, 0), contact_name="", now=now).subject


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", MailPurpose)
def test_every_subject_fits_a_line(
    app: Flask, cast: SimpleNamespace, purpose: MailPurpose, language: str
) -> None:
    long = "Ë" + "ndërveprimi i qytetarëve me këshillin " * 5
    event = make_table(cast.fier, title_sq=long, title_en=long)
    db.session.commit()
    for kind in EventKind:
        event.kind = kind
        subject = _render(event, purpose, language)
        assert len(subject) <= 78, subject
        assert "16 " in subject
        assert "10:00" in subject
        assert subject.endswith("…")


def test_a_subject_names_the_kind_unless_the_title_does(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(
        cast.fier, title_sq="Ndotja e lumit", title_en="Pollution", kind=EventKind.CONFRONTATION
    )
    db.session.commit()
    assert (
        _render(event, MailPurpose.REQUEST, "en") == "Invitation: Confrontation, 16 June, 10:00 — Pollution"
    )
    assert (
        _render(event, MailPurpose.REQUEST, "sq")
        == "Ftesë: Përballje, 16 qershor, ora 10:00 — Ndotja e lumit"
    )
    event.title_sq = "Përballja me Bashkinë Fier"
    assert (
        _render(event, MailPurpose.REQUEST, "sq")
        == "Ftesë: 16 qershor, ora 10:00 — Përballja me Bashkinë Fier"
    )
    january = datetime(2026, 1, 3, tzinfo=UTC)
    assert "16 qershor, ora" in _render(event, MailPurpose.REQUEST, "sq", january)
    assert "16 qershor 2026, ora" in _render(event, MailPurpose.REQUEST, "sq", january - timedelta(days=9))


@pytest.mark.parametrize(
    ("starts", "zone", "words"),
    [
        (datetime(2026, 6, 16, 8, tzinfo=UTC), "Europe/Tirane", "Tuesday, 16 June 2026, 10:00 (Tirana time)"),
        (
            datetime(2026, 12, 16, 8, tzinfo=UTC),
            "Europe/Tirane",
            "Wednesday, 16 December 2026, 09:00 (Tirana time)",
        ),
        (
            datetime(2026, 12, 16, 23, 30, tzinfo=UTC),
            "Europe/Tirane",
            "Thursday, 17 December 2026, 00:30 (Tirana",
        ),
        (
            datetime(2026, 6, 16, 8, tzinfo=UTC),
            "Europe/London",
            "16 June 2026, 09:00 (time zone Europe/London)",
        ),
    ],
)
def test_the_hour_is_the_events_own(
    app: Flask, cast: SimpleNamespace, starts: datetime, zone: str, words: str
) -> None:
    event = make_table(cast.fier, starts_at=starts, ends_at=None, zone=zone)
    db.session.commit()
    assert words in render_mail(event, Wording(MailPurpose.REQUEST, "en", 0), contact_name="", now=NOW).text


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"venue": "Salla e Kuqe"}, "Where: Salla e Kuqe, Fier"),
        ({"venue": "Pallati, FIËR"}, "Where: Pallati, FIËR\n"),
        ({"venue": "", "join_url": "https://m.example/x"}, "Where: Online\nJoin online: https://m.example/x"),
        ({"venue": "", "format": EventFormat.IN_PERSON}, "Where: to be announced"),
    ],
)
def test_the_place_is_said_as_far_as_it_is_known(
    app: Flask, cast: SimpleNamespace, values: dict[str, object], where: str
) -> None:
    event = make_table(cast.fier, **values)
    db.session.commit()
    assert where in render_mail(event, Wording(MailPurpose.REQUEST, "en", 0), contact_name="", now=NOW).text


def test_the_network_invites_where_no_organisation_does(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(None)
    db.session.commit()
    with speaking("en"):
        assert sender_name(event, "en") == "POP network"
    db.session.add(
        Network(id=1, short_name="POP", name_sq="Përballja e Ofertave Politike", name_en="Offers (POP)")
    )
    db.session.commit()
    assert sender_name(event, "sq") == "Përballja e Ofertave Politike (POP)"
    assert sender_name(event, "en") == "Offers (POP)"
    cast.fier.name_en = "New Epoch"
    assert sender_name(make_table(cast.fier, uid="x@y"), "en") == "New Epoch"
    assert sender_name(make_table(cast.fier, uid="z@y"), "sq") == "Organizata Fier"


def test_a_sign_in_address_is_not_given_away(app: Flask, cast: SimpleNamespace) -> None:
    play(cast, make_scene(cast, "sq"))
    for mail in db.session.scalars(select(OutgoingMail)):
        assert cast.arta.email not in message_bytes(compose(mail)).decode() + compose(mail).text
