"""Only a secret counts as proof: every way in which an answer may be forged, and what a person makes of one that waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import count, product
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.incoming.queries.held_answers import ways_to_count
from pop_campaigns.incoming.services.filing import file_mail
from pop_campaigns.incoming.services.uploads import store_upload
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation, TimeProposal
from pop_campaigns.invitations.rules.invitations import Answer, GuestChoice
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.reading.mails import read_mail
from pop_campaigns.mail.rules import Dmarc, IncomingState, IncomingWay, Review
from tests import factories
from tests.incoming.counters import counter, proposals
from tests.incoming.scene import DOMAIN, address_of, arrive, bounce, make_scene, reply, words

GOOGLE = "calendar-notification@google.com"
TROLL = "troll@posta.example"
SERVER = "mx.rsvp.example"
_numbers = count(1)


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene(cast)


@dataclass(frozen=True)
class Case:
    """One way to send an answer: with the guest's address or not, for whom, from whom, what, by whom it came."""

    secret: bool
    attendee: str
    sender: str
    method: str
    way: str

    @property
    def names_guest(self) -> bool:
        return self.attendee in ("guest", "gmail")

    @property
    def counts(self) -> bool:
        return self.secret and self.attendee != "other" and self.way != "stranger's upload"

    @property
    def found_by(self) -> str:
        """By what the guest is suggested without the secret."""
        if self.names_guest or (self.attendee == "missing" and self.sender == "guest"):
            return "uid"
        return "sender" if self.sender == "guest" else ""

    @property
    def is_noticed(self) -> bool:
        unexpected = self.sender == "other" or (self.sender == "google" and not self.names_guest)
        return self.counts and self.method == "REPLY" and unexpected


CASES = [
    Case(*one)
    for one in product(
        (True, False),
        ("guest", "gmail", "other", "missing"),
        ("guest", "other", "google"),
        ("REPLY", "COUNTER"),
        ("listener", "own upload", "stranger's upload"),
    )
]


def invite(cast: SimpleNamespace, number: int) -> list[Invitation]:
    """Invite that many persons with a mailbox at Gmail to an event of Vlorë."""
    event = factories.make_event(cast.vlore, starts_in=timedelta(days=20))
    people = [
        factories.make_person(
            f"Gazetar {n}", email=f"gazetar.nr.{n}@gmail.com", organisation=cast.vlore, kind="journalist"
        )
        for n in range(number)
    ]
    add_guests(
        event, [GuestChoice("person", person.id, "sq") for person in people], by=cast.clirim, now=now()
    )
    send_invitations(event, by=cast.clirim, now=now())
    db.session.commit()
    return list(db.session.scalars(select(Invitation).order_by(Invitation.id)))


def bring(raw: bytes, by: User) -> IncomingMail:
    """A person brings a message, and the worker files it."""
    mail = store_upload(raw, by=by, now=now())
    file_mail(mail, read_mail(raw), now=now())
    db.session.commit()
    db.session.expire_all()
    return mail


def send(case: Case, guest: Invitation, cast: SimpleNamespace) -> IncomingMail:
    attendee = {
        "guest": guest.address,
        "gmail": guest.address.replace(".", "").replace("gmailcom", "googlemail.com"),
        "other": "i.paftuar@posta.example",
        "missing": "",
    }[case.attendee]
    write = reply if case.method == "REPLY" else counter
    raw = write(
        guest,
        attendee=attendee,
        sender={"guest": guest.address, "other": TROLL, "google": GOOGLE}[case.sender],
        to=address_of(guest) if case.secret else f"kontakt@{DOMAIN}",
    )
    raw = raw.replace(b"Message-ID: <", f"Message-ID: <{next(_numbers)}".encode())
    by = {"own upload": cast.clirim, "stranger's upload": cast.arta}.get(case.way)
    mail = IncomingMail(
        received_at=now(), way=IncomingWay.UPLOAD if by else IncomingWay.LISTENER, brought_by_id=by and by.id,
        organisation_id=by and by.organisation_id, sha256=str(next(_numbers)), size=len(raw), raw=raw,
    )  # fmt: skip
    db.session.add(mail)
    db.session.flush()
    file_mail(mail, read_mail(raw), now=now())
    return mail


def test_every_way_to_forge_an_answer(cast: SimpleNamespace) -> None:
    guests = invite(cast, len(CASES))
    told = set(db.session.scalars(select(OutgoingMail.id)))
    mails = [send(case, guest, cast) for case, guest in zip(CASES, guests, strict=True)]
    db.session.commit()
    given = {
        given_answer.invitation_id: given_answer for given_answer in db.session.scalars(select(GivenAnswer))
    }
    proposed = {time_proposal.invitation_id for time_proposal in db.session.scalars(select(TimeProposal))}
    new = db.session.scalars(select(OutgoingMail).where(OutgoingMail.id.not_in(told)))
    noticed = {outgoing_mail.to_address: outgoing_mail for outgoing_mail in new}
    assert {one.kind for one in noticed.values()} == {"invitation.in_name"}
    for case, guest, mail in zip(CASES, guests, mails, strict=True):
        answered = case.counts and case.method == "REPLY"
        assert (guest.id in given, guest.id in proposed) == (answered, case.counts and not answered), case
        assert (guest.answer is Answer.ACCEPTED) == answered, case
        assert (guest.address in noticed) == case.is_noticed, case
        assert (mail.state is IncomingState.MATCHED) == case.counts, case
        _check_links(case, guest, mail, cast)
        if answered:
            one = given[guest.id]
            assert one.incoming_mail_id == mail.id, case
            assert one.recorded_by == ("Clirim" if case.way == "own upload" else ""), case
            elsewhere = {"guest": None, "other": TROLL, "google": GOOGLE}[case.sender]
            assert one.sent_from == elsewhere, case


def _check_links(case: Case, guest: Invitation, mail: IncomingMail, cast: SimpleNamespace) -> None:
    links = [(link.subject_id, link.how, link.suggested) for link in mail.links]
    if case.way == "stranger's upload":
        assert (links, mail.organisation_id) == ([], cast.fier.id), case
        return
    assert mail.organisation_id == cast.vlore.id, case
    if case.secret:
        assert links == [(guest.id, "token", False)], case
        assert mail.review == (None if case.counts else Review.OTHER_GUEST), case
        return
    assert links == ([(guest.id, case.found_by, True)] if case.found_by else []), case
    stranger = case.attendee == "other" and not case.found_by
    assert mail.review is (Review.OTHER_GUEST if stranger else Review.UNPROVEN), case


def test_the_notice_names_nobody_and_has_the_link_to_correct_it(scene: SimpleNamespace) -> None:
    from pop_campaigns.mail.compose import compose

    arrive(reply(scene.mayor, sender=TROLL))
    notice = db.session.scalars(select(OutgoingMail).where(OutgoingMail.kind == "invitation.in_name")).one()
    parts = compose(notice)
    assert parts.to_address == scene.mayor.address
    assert "Përgjigje në emrin tuaj" in parts.subject
    assert f"/a/{factories.token_of(scene.mayor)}" in parts.text
    assert TROLL not in parts.text + parts.html + parts.subject


def test_a_notice_of_ones_own_change_does_not_hide_that_somebody_else_answered(
    scene: SimpleNamespace,
) -> None:
    for number, partstat in enumerate(("ACCEPTED", "DECLINED")):
        arrive(reply(scene.mayor, partstat=partstat, sequence=None, comment=str(number)))
    arrive(reply(scene.mayor, partstat="ACCEPTED", sender=TROLL))
    arrive(reply(scene.mayor, partstat="DECLINED", sender=TROLL))
    kinds = db.session.scalars(
        select(OutgoingMail.kind).where(OutgoingMail.kind != "invitation.request").order_by(OutgoingMail.id)
    )
    assert list(kinds) == ["invitation.receipt", "invitation.in_name"]


@pytest.mark.parametrize("how", ["References", "In-Reply-To"])
def test_a_message_of_ours_that_is_named_files_the_mail_and_proves_nothing(
    scene: SimpleNamespace, how: str
) -> None:
    sent = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).first()
    raw = f"{how}: {sent.message_id}\n".encode() + reply(scene.mayor, to=f"kontakt@{DOMAIN}")
    mail = arrive(raw)
    assert (mail.state, mail.review) == (IncomingState.HELD, Review.UNPROVEN)
    assert ("references", False) in [(link.how, link.suggested) for link in mail.links]
    assert scene.mayor.answer is Answer.NEEDS_ACTION


def test_the_bounce_address_of_a_mail_is_not_the_guests_own(scene: SimpleNamespace) -> None:
    sent = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).first()
    mail = arrive(reply(scene.mayor, to=f"{sent.bounce_local}@{DOMAIN}"))
    assert (mail.state, mail.review) == (IncomingState.HELD, Review.UNPROVEN)
    assert scene.mayor.answer is Answer.NEEDS_ACTION


def test_a_copy_that_came_without_the_secret_takes_nothing_from_the_real_one(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    """Somebody who saw an answer sends it first, or brings it and files it elsewhere: the real one still counts."""
    from pop_campaigns.incoming.services.filing import file_by_hand
    from pop_campaigns.incoming.services.matching import Match

    raw = reply(scene.mayor, to="dikush@tjeter.example")
    brought = bring(raw, cast.clirim)
    file_by_hand(brought, Match(scene.prefect, "by_hand"), by=cast.drita, now=now())
    db.session.commit()
    real = arrive(b"Received: from mx.example\r\n" + raw, address_of(scene.mayor))
    assert (real.duplicate_of_id, real.state) == (brought.id, IncomingState.MATCHED)
    assert scene.mayor.answer is Answer.ACCEPTED


def test_what_is_brought_marks_no_mail_of_another_organisation_as_come_back(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    sent = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).first()
    mail = bring(bounce(sent), cast.clirim)
    assert (sent.bounced_at, mail.links, mail.organisation_id) == (None, [], cast.vlore.id)
    bring(bounce(sent).replace(b"Ftes", b"ftes"), cast.arta)
    assert sent.bounced_at


def test_an_administrator_acts_for_the_events_organisation(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    mail = bring(reply(scene.mayor), cast.drita)
    assert (mail.state, mail.organisation_id) == (IncomingState.MATCHED, cast.fier.id)
    given = db.session.scalars(select(GivenAnswer)).one()
    told = db.session.scalars(select(History).where(History.action == "invitation.answered")).one()
    assert (given.recorded_by, told.actor_name) == ("Drita", "Drita")


def test_who_may_no_longer_sign_in_acts_for_nobody(cast: SimpleNamespace, scene: SimpleNamespace) -> None:
    mail = store_upload(reply(scene.mayor), by=cast.arta, now=now())
    cast.arta.active = False
    file_mail(mail, read_mail(mail.raw), now=now())
    db.session.commit()
    assert (mail.state, mail.links, scene.mayor.answer) == (IncomingState.HELD, [], Answer.NEEDS_ACTION)


def test_the_address_of_one_event_proves_nothing_about_another(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    event = factories.make_event(cast.fier, starts_in=timedelta(days=30))
    add_guests(event, [GuestChoice("office", scene.mayor.office_id, "sq")], by=cast.arta, now=now())
    send_invitations(event, by=cast.arta, now=now())
    db.session.commit()
    other = db.session.scalars(select(Invitation).where(Invitation.event_id == event.id)).one()
    mail = arrive(reply(other, to=address_of(scene.mayor)))
    assert (mail.state, mail.review) == (IncomingState.HELD, Review.UNPROVEN)
    assert [(link.subject_id, link.how, link.suggested) for link in mail.links] == [
        (scene.mayor.id, "token", False), (other.id, "uid", True),
    ]  # fmt: skip
    [way] = ways_to_count(mail, cast.arta)
    assert way.guest.id == other.id
    assert {scene.mayor.answer, other.answer} == {Answer.NEEDS_ACTION}


def test_who_brought_a_message_is_known_before_the_worker_takes_it_up(
    cast: SimpleNamespace, scene: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def as_a_worker_would() -> None:
        with db.engine.connect() as connection:
            seen.extend(connection.execute(select(IncomingMail.brought_by_id, IncomingMail.organisation_id)))

    from pop_campaigns.mail.intake import store as intake

    monkeypatch.setitem(intake.store_arrivals.__kwdefaults__, "ring", as_a_worker_would)
    store_upload(reply(scene.mayor), by=cast.arta, now=now())
    assert seen == [(cast.arta.id, cast.fier.id)]


def test_a_sequence_nobody_was_told_of_outdoes_no_later_answer(scene: SimpleNamespace) -> None:
    arrive(reply(scene.mayor, sequence=99, partstat="ACCEPTED"))
    later = reply(scene.mayor, partstat="DECLINED", stamp=now() + timedelta(hours=1))
    assert arrive(later).review is None
    assert scene.mayor.answer is Answer.DECLINED


# What our own mail server says about senders


@pytest.fixture
def trusted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setitem(app.config, "AUTHSERV_ID", SERVER)
    return app


def checked(raw: bytes, result: str, *, server: str = SERVER, domain: str = "") -> bytes:
    about = f" header.from={domain}" if domain else ""
    return f"Authentication-Results: {server}; dmarc={result}{about}\n".encode() + raw


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (checked(b"", "pass", domain="posta.example"), Dmarc.PASSED),
        (checked(b"", "pass (p=none dis=none)"), Dmarc.PASSED),
        (checked(b"", "PASS", domain="POSTA.example", server="MX.rsvp.example"), Dmarc.PASSED),
        (checked(b"", "fail", domain="posta.example"), Dmarc.FAILED),
        (checked(b"", "none"), None),
        (checked(b"", "temperror"), None),
        (checked(b"", "pass", domain="tjeter.example"), None),
        (checked(b"", "pass", server="mx.tjeter.example"), None),
        (checked(b"", "pass; dmarc=fail"), None),
        (b"Authentication-Results: spf=pass; dmarc=pass action=none\n", None),
        (b"Authentication-Results: " + b"(" * 5000 + b"\n", None),
        # Only the topmost: what stands below came with the mail.
        (checked(b"", "none") + checked(b"", "pass"), None),
        (checked(b"", "pass", server="mx.tjeter.example") + checked(b"", "pass"), None),
        (b"ARC-Authentication-Results: i=1; mx.rsvp.example; dmarc=pass\n", None),
    ],
)
def test_only_our_own_servers_topmost_word_is_believed(
    trusted: Flask, raw: bytes, found: Dmarc | None
) -> None:
    mail = arrive(raw + words("Po.", sender=TROLL, to=f"kontakt@{DOMAIN}"))
    assert mail.dmarc is found


def test_without_the_setting_nobody_is_believed(scene: SimpleNamespace) -> None:
    raw = words("Po.", sender=TROLL, to=f"kontakt@{DOMAIN}")
    assert arrive(checked(raw, "pass")).dmarc is None
    assert arrive(checked(raw, "pass", server="")).dmarc is None


def test_a_file_that_somebody_brings_says_nothing_about_its_sender(
    trusted: Flask, cast: SimpleNamespace
) -> None:
    raw = checked(words("Po.", sender=TROLL, to="arta@fier.example"), "pass")
    assert bring(raw, cast.arta).dmarc is None


def test_a_forged_sender_takes_nothing_from_the_secret_but_the_guest_hears(
    trusted: Flask, scene: SimpleNamespace, sign_in: Any, cast: SimpleNamespace
) -> None:
    mail = arrive(checked(reply(scene.mayor), "fail"))
    assert (mail.state, mail.dmarc) == (IncomingState.MATCHED, Dmarc.FAILED)
    assert scene.mayor.answer is Answer.ACCEPTED
    notice = db.session.scalars(select(OutgoingMail).where(OutgoingMail.kind == "invitation.in_name")).one()
    assert notice.to_address == scene.mayor.address
    suggested = arrive(checked(words("Po.", sender=scene.mayor.address, to=f"kontakt@{DOMAIN}"), "fail"))
    assert [(link.how, link.suggested) for link in suggested.links] == [("sender_failed", True)]
    cast.arta.language = "en"
    db.session.commit()
    page = sign_in(cast.arta).get(f"/mail/in/{suggested.id}").text
    assert "DMARC failed" in page and "the sender may be forged" in page


# Register numbers


def two_letters(cast: SimpleNamespace) -> tuple[Any, Any]:
    """Two letters of Fier to the same office, each sent."""
    from tests.letters.test_views import sent as sent_letter

    first = sent_letter(cast)
    office = first.recipients[0].office
    second = factories.make_letter(cast.fier)
    recipient = factories.make_letter_recipient(second, office)
    second.state, second.sent_at = first.state, first.sent_at
    second.register_year, second.register_count = first.register_year, first.register_count + 1
    recipient.address = first.recipients[0].address
    db.session.commit()
    return first.recipients[0], recipient


def number_words(recipient: Any, **changes: Any) -> bytes:
    text = f"Ne pergjigje te shkreses suaj nr. {recipient.letter.register_number}, bashkelidhur dokumenti."
    said = {"sender": recipient.address, "to": f"kontakt@{DOMAIN}", "subject": "Kthim"} | changes
    return words(text, **said)


def test_an_answer_at_another_letters_address_is_suggested_for_both(cast: SimpleNamespace) -> None:
    """Seen at mysociety/alaveteli#451."""
    first, second = two_letters(cast)
    mail = arrive(number_words(second, to=address_of(first)), address_of(first), second.address)
    assert mail.state is IncomingState.HELD
    assert [(link.subject_id, link.how, link.suggested) for link in mail.links] == [
        (second.id, "register", True),
        (first.id, "token", True),
    ]
    assert mail.organisation_id == cast.fier.id
    receipts = select(OutgoingMail).where(OutgoingMail.kind == "incoming.receipt")
    assert not db.session.scalars(receipts).all(), "a receipt would name a letter that may be the wrong one"
    own = arrive(number_words(first, to=address_of(first)), address_of(first), first.address)
    assert [(link.subject_id, link.how, link.suggested) for link in own.links] == [(first.id, "token", False)]


def test_a_number_is_certain_only_from_the_very_address_and_confirmed(
    trusted: Flask, cast: SimpleNamespace
) -> None:
    first, _second = two_letters(cast)
    domain = first.address.partition("@")[2]
    sure = arrive(checked(number_words(first), "pass", domain=domain))
    assert [(link.subject_id, link.how, link.suggested) for link in sure.links] == [
        (first.id, "register", False)
    ]
    for raw in (
        number_words(first),
        checked(number_words(first), "fail", domain=domain),
        checked(number_words(first), "pass", domain=domain, server="mx.tjeter.example"),
        checked(number_words(first, sender=f"protokolli@{domain}"), "pass", domain=domain),
    ):
        mail = arrive(raw)
        assert mail.state is IncomingState.HELD
        assert (mail.links[0].subject_id, mail.links[0].how) == (first.id, "register"), "the first suggestion"
        assert all(link.suggested for link in mail.links)
    assert arrive(number_words(first, to=address_of(first))).state is IncomingState.MATCHED


def test_a_number_hides_no_other_suggestion(cast: SimpleNamespace, scene: SimpleNamespace) -> None:
    first, _second = two_letters(cast)
    near = scene.mayor.reply_local[:-2] + "zz"
    mail = arrive(number_words(first, sender=scene.prefect.address, to=f"{near}@{DOMAIN}"))
    assert [link.how for link in mail.links] == ["register", "near_token", "sender"]


# An absence


def test_an_absence_that_only_names_a_message_of_ours_is_not_how_the_guest_is(
    scene: SimpleNamespace, cast: SimpleNamespace
) -> None:
    from pop_campaigns.incoming.queries.guest_notes import guest_notes

    sent = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).first()
    forged = words(
        "Jam me leje.", sender=scene.mayor.address, to=f"kontakt@{DOMAIN}", Auto_Submitted="auto-replied",
        In_Reply_To=sent.message_id,
    )  # fmt: skip
    assert arrive(forged).state is IncomingState.MATCHED
    assert [note.is_away(now()) for note in guest_notes([scene.mayor.id], cast.arta)[scene.mayor.id]] == [
        False
    ]


# Counters of other kinds stay in test_proposals; here only that an upload makes one in its bringer's name.


def test_a_proposal_that_somebody_brings_is_theirs(cast: SimpleNamespace, scene: SimpleNamespace) -> None:
    bring(counter(scene.mayor), cast.arta)
    assert [proposal.invitation_id for proposal in proposals()] == [scene.mayor.id]
    told = db.session.scalars(select(History).where(History.action == "invitation.time_proposed")).one()
    assert told.actor_name == "Arta"


def test_what_was_found_can_be_moved_by_a_person(cast: SimpleNamespace, sign_in: Any) -> None:
    first, second = two_letters(cast)
    cast.arta.language = "en"
    db.session.commit()
    mail = arrive(words("Bashkëlidhur.", sender=first.address, to=address_of(first)), address_of(first))
    assert mail.state is IncomingState.MATCHED
    browser, page, link = sign_in(cast.arta), f"/mail/in/{mail.id}", mail.links[0].id
    assert "It does not belong here" in browser.get(page).text
    assert sign_in(cast.clirim).post(f"{page}/unfile", data={"link": link}).status_code == 404
    for _ in range(2):
        assert browser.post(f"{page}/unfile", data={"link": link}).status_code == 302
    db.session.expire_all()
    assert (mail.state, mail.links[0].suggested) == (IncomingState.HELD, True)
    browser.post(f"{page}/file-with", data={"place": f"letter_recipients-{second.id}"})
    db.session.expire_all()
    assert mail.state is IncomingState.MATCHED
    sure = [(other.subject_id, other.how) for other in mail.links if not other.suggested]
    assert sure == [(second.id, "by_hand")]


def test_an_answer_that_counted_is_not_moved(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: Any
) -> None:
    mail = arrive(reply(scene.mayor))
    browser = sign_in(cast.arta)
    browser.post(f"/mail/in/{mail.id}/unfile", data={"link": mail.links[0].id})
    db.session.expire_all()
    assert (mail.state, mail.links[0].suggested) == (IncomingState.MATCHED, False)
