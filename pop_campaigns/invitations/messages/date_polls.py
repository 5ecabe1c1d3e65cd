"""What the mails say that ask guests when they can, in Albanian or English."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from flask import current_app

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import TIRANE
from pop_campaigns.core.dates import span_words
from pop_campaigns.core.i18n import speaking
from pop_campaigns.core.text import fold
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.words.labels import zone_words
from pop_campaigns.invitations.messages.invitations import (
    ANSWER_LINK,
    Rendered,
    event_words,
    from_address,
    is_refusable,
    recipient_of,
    sender_name,
)
from pop_campaigns.invitations.models.date_polls import AskedGuest, DateSlot
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.mail.compose import compose, render_words
from pop_campaigns.mail.message import MailParts
from pop_campaigns.mail.models import MailSkeleton, OutgoingMail, Sending
from pop_campaigns.mail.outbox import Recipient, add_skeleton, queue_mail

DATES_LINK: Final = ANSWER_LINK | {"path": "/a/{token}/dates"}


class DatesMail(enum.StrEnum):
    """Why a guest is asked when they can: for the first time, again, or about a time that came later."""

    ASKED = "asked"
    AGAIN = "again"
    ADDED = "added"

    @property
    def kind(self) -> str:
        """``OutgoingMail.kind``."""
        return f"dates.{self.value}"


DATES_RECEIPT_KIND: Final = "dates.changed"


def render_dates_mail(
    event: Event,
    what: DatesMail,
    slots: Sequence[DateSlot],
    lang: str,
    *,
    contact_name: str,
    refusable: bool = False,
) -> Rendered:
    """Render the mail that asks when somebody can; ``slots`` are the times it is about, in their order."""
    with speaking(lang):
        values = _words(event, lang, contact_name) | {
            "what": what.value,
            "slots": slots_in_words(event, slots, lang),
            "zone": "" if event.zone == TIRANE else zone_words(event.zone),
            "refusable": refusable,
            "reads": current_app.config["INBOX_READS"],
        }
        subject, text, html = render_words("dates_asked", values)
    return Rendered(lang, subject, text, html, None)


def render_dates_receipt(
    event: Event, lines: Sequence[str], lang: str, *, refusable: bool = False
) -> Rendered:
    """Render what tells a guest that what was said for them of the times has changed; ``lines`` say how it stands."""
    with speaking(lang):
        values = _words(event, lang) | {
            "lines": list(lines),
            "refusable": refusable,
        }
        subject, text, html = render_words("dates_changed", values)
    return Rendered(lang, subject, text, html, None)


def _words(event: Event, lang: str, contact_name: str = "") -> dict[str, Any]:
    """Return what these mails say of an event: nothing of its time, whatever stands there now."""
    words = event_words(event, lang, contact_name, dated=False)
    title, kind = words["title"], words["kind"]
    # *Përballje* and *Përballja me Bashkinë Fier*: the ending does not count.
    named = fold(title).startswith(fold(kind).split()[0][:-1])
    return words | {"heading": title if named else f"{kind} — {title}"}


def slots_in_words(event: Event, slots: Sequence[DateSlot], lang: str) -> list[str]:
    """Return the times by the clocks of the event's zone."""
    return [span_words(slot.starts_at, slot.ends_at, lang, event.zone) for slot in slots]


def dates_recipient(guest: Invitation, *, looked_at: bool = False) -> Recipient:
    """Return where a mail goes that asks a guest when they can; it holds the link to say so, and none to answer."""
    to = recipient_of(guest, looked_at=looked_at)
    links = {name: link for name, link in to.links.items() if name != "answer_url"}
    return replace(to, links=links | {"dates_url": DATES_LINK | {"nonce": guest.nonce}})


class DatesWriter:
    """Queues mails about the times of one event; words that several guests share are rendered and stored once."""

    def __init__(
        self,
        event: Event,
        what: DatesMail,
        slots: Sequence[DateSlot],
        *,
        by: User,
        now: datetime,
        sending: Sending | None,
    ) -> None:
        self.event, self.what, self.slots = event, what, slots
        self.by, self.now, self.sending = by, now, sending
        self._skeletons: dict[tuple[str, bool], MailSkeleton] = {}

    def queue(self, asked: AskedGuest) -> OutgoingMail:
        """Queue the mail to one guest; a second one of the same press is refused by the database."""
        guest, event, what = asked.invitation, self.event, self.what
        return queue_mail(
            self._skeleton(guest),
            dates_recipient(guest),
            kind=what.kind,
            once=f"dates/{guest.id}/{what.value}/{self._number(asked)}",
            about=guest,
            from_address=from_address(guest),
            from_name=sender_name(event, guest.language),
            organisation_id=event.organisation_id,
            now=self.now,
            # The first is a letter: whoever is away shall tell us so (see rules.LETTERS).
            auto_submitted=what is not DatesMail.ASKED,
            sending=self.sending,
        )

    def _skeleton(self, guest: Invitation) -> MailSkeleton:
        key = (guest.language, is_refusable(guest))
        if key not in self._skeletons:
            rendered = render_dates_mail(
                self.event, self.what, self.slots, key[0], contact_name=self.by.name,
                refusable=key[1],
            )  # fmt: skip
            self._skeletons[key] = add_skeleton(now=self.now, **rendered.as_skeleton())
        return self._skeletons[key]

    def _number(self, asked: AskedGuest) -> int:
        if self.what is DatesMail.AGAIN:
            return int(asked.written_at.timestamp())
        return max(slot.id for slot in self.slots) if self.what is DatesMail.ADDED else asked.id


def preview_dates_mail(guest: Invitation, slots: Sequence[DateSlot], *, by: User, now: datetime) -> MailParts:
    """Return the mail as this guest will get it, the personal link hidden; nothing is stored."""
    event = guest.event
    rendered = render_dates_mail(
        event,
        DatesMail.ASKED,
        slots,
        guest.language,
        contact_name=by.name,
        refusable=is_refusable(guest),
    )
    to = dates_recipient(guest, looked_at=True)
    mail = OutgoingMail(
        skeleton=MailSkeleton(**rendered.as_skeleton()),
        to_address=to.address, to_name=to.name, fields=to.fields, links=to.links,
        from_address=from_address(guest), from_name=sender_name(event, guest.language),
        message_id=f"<preview@{from_address(guest).partition('@')[2]}>", bounce_nonce="preview",
        dated_at=now, auto_submitted=False, null_sender=False,
    )  # fmt: skip
    return compose(mail, reveal=False)
