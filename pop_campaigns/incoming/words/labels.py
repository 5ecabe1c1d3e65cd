"""The words for mail that came in, translated when shown."""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel.speaklater import LazyString

from pop_campaigns.core.chips import Chip
from pop_campaigns.incoming.rules.incoming import NoMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState, Review

KINDS: Final[dict[IncomingKind, LazyString]] = {
    IncomingKind.CALENDAR: _lp("mail", "Answer from a calendar"),
    IncomingKind.BOUNCE: _lp("mail", "Not delivered"),
    IncomingKind.FEEDBACK: _lp("mail", "Complaint about mail"),
    IncomingKind.RECEIPT: _lp("mail", "Receipt"),
    IncomingKind.AUTO: _lp("mail", "Automatic reply"),
    IncomingKind.HUMAN: _lp("mail", "Message"),
    IncomingKind.UNPARSED: _lp("mail", "Cannot be read"),
}

STATE_CHIPS: Final[dict[IncomingState, Chip]] = {
    IncomingState.RECEIVED: Chip("→", _lp("mail", "Being read"), "info"),
    IncomingState.MATCHED: Chip("●", _lp("mail", "Filed"), "good"),
    IncomingState.HELD: Chip("◐", _lp("mail", "To be filed"), "warn"),
    IncomingState.IGNORED: Chip("–", _lp("mail", "Put aside"), "quiet"),
}

REVIEWS: Final[dict[Review, LazyString]] = {
    Review.NOT_A_REPLY: _l(
        "It is no answer: invitations and cancellations that are sent to us change nothing."
    ),
    Review.PROPOSES_TIME: _l(
        "It proposes another time. Change the event if it suits, and everybody is told."
    ),
    Review.NO_TIME: _l("It proposes another time, but no day and hour in it can be read. See what it says."),
    Review.DAY_ONLY: _l(
        "It proposes a day without an hour. Ask the guest for the hour, or change the event, and everybody is told."
    ),
    Review.SAME_TIME: _l("It proposes the time that the event has already. See what else it says."),
    Review.NO_ANSWER: _l("It says neither yes nor no."),
    Review.WRONG_ADDRESS: _l("It came to an address that belongs to none of our guests."),
    Review.OTHER_EVENT: _l("It speaks of another event than the guest was invited to."),
    Review.OTHER_GUEST: _l("It speaks for somebody who was not invited at this address."),
    Review.STRANGER: _l("It was sent by somebody else than the guest."),
    Review.UNPROVEN: _l(
        "It did not come to the guest's own address, which only the guest knows: anybody could have written it."
    ),
    Review.OLDER: _l("It is older than the answer that counts."),
    Review.TOO_LATE: _l("It came when no answer was taken any more."),
    Review.UNREADABLE: _l(
        "It may hold an answer, in a form that cannot be read here. See what else it says, or ask; then record the answer."
    ),
    Review.WINMAIL: _l(
        "Outlook packed the answer into a file that only Outlook opens (winmail.dat). See what it says; one press records it."
    ),
    Review.CONTRADICTS: _l(
        "Its address leads to one guest or letter, its words, its sender or the message it answers to another. Say which."
    ),
}
"""Why a mail, mostly an answer from a calendar, did not count by itself."""

HOW: Final[dict[str, LazyString]] = {
    "token": _l("by the address it came to"),
    "bounce": _l("by the address our message was sent from"),
    "references": _l("by the message it answers"),
    "uid": _l("by event and guest"),
    "near_token": _l("the address differs by a letter or two"),
    "register": _l("by the register number"),
    "sender": _l("the same sender was written to"),
    "sender_failed": _l("the same sender was written to, but the sender may be forged"),
    "counted": _l("a person let it count"),
    "by_hand": _l("filed by a person"),
}
"""How it was found to what a mail belongs."""


NO_MAIL: Final[dict[NoMail, LazyString]] = {
    NoMail.EMPTY: _l("There is nothing in it. Choose a message, or paste its source."),
    NoMail.SIZE: _l("The message is larger than 25 MB."),
    NoMail.OUTLOOK: _l(
        "Outlook saved this as .msg, which only Outlook can read. Drag it out of Outlook on the web, or save it there as .eml."
    ),
    NoMail.NOT_A_MAIL: _l(
        "This is no message as mail programs save it: its sender and subject lines are missing. "
        "Save it as .eml, or copy its source (“Show original” in Gmail)."
    ),
}
