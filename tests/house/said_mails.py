"""Every kind of mail as it reads in one language, with all that any of them can say about the records of the world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from pop_campaigns.accounts.messages import mail_asked_again, mail_link, mail_password_changed
from pop_campaigns.accounts.rules.passwords import LinkKind
from pop_campaigns.accounts.services.links import last_link
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.subject_files import files_of
from pop_campaigns.incoming.messages import passed_on_words, reply_words
from pop_campaigns.incoming.services import receipts
from pop_campaigns.invitations.messages.date_polls import (
    DatesMail,
    render_dates_mail,
    render_dates_receipt,
    slots_in_words,
)
from pop_campaigns.invitations.messages.guest_messages import OwnWords, render_message
from pop_campaigns.invitations.messages.handed_links import render_handed_notice
from pop_campaigns.invitations.messages.invitations import Wording, render_mail, render_receipt
from pop_campaigns.invitations.messages.notices import Told
from pop_campaigns.invitations.models.invitations import GivenAnswer
from pop_campaigns.invitations.rules.invitations import Answer, MailPurpose
from pop_campaigns.invitations.services.proposals import render_declined_time
from pop_campaigns.letters.messages.letters import preview_mail
from pop_campaigns.letters.queries.letters import lines_of
from pop_campaigns.letters.rules.letters import RecipientRole


@dataclass(frozen=True)
class SaidMail:
    """A mail's words. ``more`` is what its calendar entry says."""

    name: str
    subject: str
    text: str
    html: str
    more: tuple[str, ...] = ()


def mails_in(world: SimpleNamespace, lang: str) -> Iterator[SaidMail]:
    """Give each kind of mail in a language; the rows made for it are the caller's to forget."""
    _make_readers_of(world, lang)
    yield from _of_events(world, lang)
    yield from _of_messages(world)
    yield from _of_letters(world, lang)
    yield from _of_accounts(world)


def _make_readers_of(world: SimpleNamespace, lang: str) -> None:
    for reader in (world.invitation, world.recipient, world.cast.arta, world.invited, world.cast.besa):
        reader.language = lang
    world.proposal.invitation.language = lang
    letter = world.letter
    letter.subject_en, letter.body_en = "Pollution of the river", "We ask you to answer."
    letter.body_sq, letter.basis = "Ju kërkojmë të përgjigjeni.", "information_request"
    world.event.description_sq, world.event.description_en = "Çfarë u bë për lumin.", "What was done."
    world.event.join_url, world.event.more_url = "https://meet.example/x", "https://pop.example/y"
    db.session.flush()


def _of_events(world: SimpleNamespace, lang: str) -> Iterator[SaidMail]:
    event = world.event
    told = Told(
        event.starts_at - timedelta(days=1), event.ends_at, "Europe/Athens", "", "https://meet.example/old"
    )
    for purpose in MailPurpose:
        for withdrawn in (False, True):
            wording = Wording(purpose, lang, 1, told=told, withdrawn=withdrawn, refusable=not withdrawn)
            rendered = render_mail(event, wording, contact_name="Arta", now=now())
            more = tuple(str((rendered.calendar or {}).get(key, "")) for key in ("summary", "description"))
            yield SaidMail(purpose.value, rendered.subject, rendered.text, rendered.html, more)
    for asks in (True, False):
        words = OwnWords(
            lang, "Hyrja" if lang == "sq" else "The door", "Ejani." if lang == "sq" else "Come in."
        )
        rendered = render_message(
            event, words, contact_name="Arta", asks=asks, refusable=asks, linked=files_of(world.message)
        )
        yield SaidMail("guest_message", rendered.subject, rendered.text, rendered.html)
    for answer in (Answer.ACCEPTED, Answer.TENTATIVE, Answer.DECLINED, Answer.DELEGATED):
        for in_name in (False, True):
            rendered = render_receipt(event, GivenAnswer(answer=answer), lang, now=now(), in_name=in_name)
            yield SaidMail("receipt", rendered.subject, rendered.text, rendered.html)
    rendered = render_declined_time(world.proposal, "", contact_name="Arta", now=now())
    more = tuple(str((rendered.calendar or {}).get(key, "")) for key in ("summary", "description"))
    yield SaidMail("proposal", rendered.subject, rendered.text, rendered.html, more)
    for answer in (Answer.ACCEPTED, Answer.TENTATIVE, Answer.DECLINED, Answer.DELEGATED):
        handed: Any = SimpleNamespace(invitation=world.invitation, answer=answer, handed_over_by="Arta")
        rendered = render_handed_notice(handed, now=now())
        yield SaidMail("handed", rendered.subject, rendered.text, rendered.html)
    yield from _of_dates(world, lang)


def _of_dates(world: SimpleNamespace, lang: str) -> Iterator[SaidMail]:
    event, slots = world.event, world.slot.poll.slots
    for what in DatesMail:
        rendered = render_dates_mail(event, what, slots, lang, contact_name="Arta")
        yield SaidMail(what.kind, rendered.subject, rendered.text, rendered.html)
    rendered = render_dates_receipt(event, slots_in_words(event, slots, lang), lang)
    yield SaidMail("dates.changed", rendered.subject, rendered.text, rendered.html)


def _of_messages(world: SimpleNamespace) -> Iterator[SaidMail]:
    for subject in (world.invitation, world.recipient):
        for own in (True, False):
            rendered = receipts._render(subject, own, now())
            assert rendered is not None
            yield SaidMail("reached", rendered.subject, rendered.text, rendered.html)
    title, text = reply_words(world.incoming, world.invitation, "", by=world.cast.arta)
    yield SaidMail("reply", title, text, "")
    title, text = passed_on_words(world.incoming, world.cast.besa, "", "", by=world.cast.arta)
    yield SaidMail("passed on", title, text, "")


def _of_letters(world: SimpleNamespace, lang: str) -> Iterator[SaidMail]:
    for role in RecipientRole:
        world.recipient.role = role
        lines = lines_of(world.letter, world.cast.arta, local_date(now()), lang=lang)
        for line in lines:
            parts = preview_mail(world.letter, line, lines, from_address="r@rsvp.example", at=now())
            yield SaidMail("letter", parts.subject, parts.text, parts.html or "")


def _of_accounts(world: SimpleNamespace) -> Iterator[SaidMail]:
    invitation = last_link(world.invited, LinkKind.INVITATION)
    reset = last_link(world.cast.besa, LinkKind.RESET)
    assert invitation is not None and reset is not None
    mails = [
        mail_asked_again(invitation, world.cast.arta, now=now()),
        mail_password_changed(world.cast.besa, now=now()),
    ]
    for link in (invitation, reset):
        if link.mail is not None:
            link.mail.once = f"{link.mail.once}/before"
            db.session.flush()
        mails.append(mail_link(link, now=now()))
    for mail in mails:
        yield SaidMail(mail.kind, mail.skeleton.subject, mail.skeleton.text, mail.skeleton.html)
