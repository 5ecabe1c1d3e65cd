"""The words for the states, kinds and clocks of letters, translated when shown.

*Shkresë* is feminine in Albanian, so whatever agrees with it carries the context "letter".
"""

from __future__ import annotations

import re
from typing import Final

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel.speaklater import LazyString

from pop_campaigns.core.chips import Chip
from pop_campaigns.letters.rules.clocks import ClockRefusal, Force
from pop_campaigns.letters.rules.letters import (
    AddressRefusal,
    Delivery,
    LetterState,
    RecipientRole,
    RecipientState,
    ResponseKind,
    SendVerdict,
)
from pop_campaigns.letters.rules.working_days import DayScope, SkipReason

LETTER_STATES: Final[dict[LetterState, LazyString]] = {
    LetterState.DRAFT: _lp("letter", "Draft"),
    LetterState.APPROVED: _lp("letter", "Approved"),
    LetterState.SENT: _lp("letter", "Sent"),
    LetterState.RECORDED: _lp("letter", "From the archive"),
    LetterState.ARCHIVED: _lp("letter", "Put away"),
}

ROLES: Final[dict[RecipientRole, LazyString]] = {
    RecipientRole.TO: _lp("letter", "Addressee"),
    RecipientRole.CC: _lp("letter", "Copy to"),
}

DELIVERIES: Final[dict[Delivery, LazyString]] = {
    Delivery.NONE: _lp("letter", "Not sent"),
    Delivery.QUEUED: _lp("letter", "Queued"),
    Delivery.ACCEPTED: _lp("letter", "Handed over"),
    Delivery.DELIVERED: _lp("letter", "Delivered"),
    Delivery.REGISTERED: _lp("letter", "Registered by the institution"),
    Delivery.FAILED: _lp("letter", "Not delivered"),
    Delivery.UNKNOWN: _l("Not known"),
}

RESPONSES: Final[dict[ResponseKind, LazyString]] = {
    ResponseKind.FULL: _l("Full reply"),
    ResponseKind.PARTIAL: _l("Partial reply"),
    ResponseKind.REFUSED: _lp("letter", "Refused"),
    ResponseKind.FORWARDED: _l("Forwarded to another institution"),
    ResponseKind.ASKS_BACK: _l("Asks for clarification"),
    ResponseKind.ACKNOWLEDGED: _l("Receipt acknowledged"),
    ResponseKind.EXTENDED: _l("Deadline extended"),
    ResponseKind.NONE: _l("No reply"),
    ResponseKind.UNKNOWN: _l("Not known"),
}

RECIPIENT_CHIPS: Final[dict[RecipientState, Chip]] = {
    RecipientState.NOT_SENT: Chip("○", _lp("letter", "Not sent"), "warn"),
    RecipientState.ON_THE_WAY: Chip("→", _l("On the way"), "info"),
    RecipientState.FAILED: Chip("!", _lp("letter", "Not delivered"), "bad"),
    RecipientState.WAITING: Chip("○", _l("Waiting for a reply"), "quiet"),
    RecipientState.DUE_SOON: Chip("◐", _l("Due soon"), "warn"),
    RecipientState.OVERDUE: Chip("!", _l("Overdue"), "bad"),
    RecipientState.TO_BE_READ: Chip("◆", _l("Reply to be read"), "info"),
    RecipientState.ANSWERED: Chip("●", _lp("letter", "Answered"), "good"),
    RecipientState.UNKNOWN: Chip("–", _l("Not known"), "quiet"),
}

INFORMED_CHIP: Final = Chip("–", _l("For information"), "quiet")
"""Of a copy that is there and asks nothing."""

FORCES: Final[dict[Force, LazyString]] = {
    Force.BINDING: _l("Binding by law"),
    Force.EXPECTED: _l("Expected, not binding"),
}


SKIP_REASONS: Final[dict[SkipReason, LazyString]] = {
    "weekend": _l("Weekend"),
    "holiday": _l("Public holiday"),
    "override": _l("Day off by decision"),
}

DAY_SCOPES: Final[dict[DayScope, LazyString]] = {
    DayScope.COUNTRY: _l("the whole country"),
    DayScope.STATE: _l("the state administration only"),
    DayScope.MUNICIPALITY: _l("one municipality"),
}

CLOCKS: Final[dict[str, LazyString]] = {
    "information_request": _l("Information request"),
    "forwarded_request": _l("Information request, forwarded"),
    "request_forwarding": _l("Forwarding to the body that holds the information"),
    "commissioner_complaint": _l("Complaint to the Commissioner"),
    "commissioner_decision": _l("Decision of the Commissioner"),
    "consultation_comments": _l("Comments in a public consultation"),
    "consultation_complaint": _l("Complaint about a public consultation"),
    "prefect_review": _l("Review of a council act by the prefect"),
    "political_letter": _l("Political letter"),
}

CLOCK_REFUSALS: Final[dict[ClockRefusal, LazyString]] = {
    ClockRefusal.BEFORE_THE_LAW: _l("The letter is older than the law its deadline rests on."),
    ClockRefusal.EXTENDED_TOO_FAR: _l("The law does not allow an extension of that many days."),
}

ADDRESS_REFUSALS: Final[dict[AddressRefusal, LazyString]] = {
    AddressRefusal.NOT_BACK: _l("This letter did not come back; nothing was sent again."),
    AddressRefusal.SAME: _l("This is the address from which it came back. Give another one."),
    AddressRefusal.DEAD: _l(
        "Mail to this address keeps coming back, too. Give another one, or hand it over on paper."
    ),
}

SEND_VERDICTS: Final[dict[SendVerdict, LazyString]] = {
    SendVerdict.READY: _l("The letter is ready to be sent."),
    SendVerdict.ALREADY_SENT: _l("The letter was sent already. Nothing was sent again."),
    SendVerdict.RECORD_ONLY: _l("This letter is known from the archive only; it cannot be sent from here."),
    SendVerdict.ARCHIVED: _l("This letter was put away; write a new one to send it again."),
    SendVerdict.NOT_APPROVED: _l("The letter has to be approved before it is sent."),
    SendVerdict.NO_ADDRESSEE: _l("The letter has no addressee. Copies alone are not a letter."),
    SendVerdict.NO_TEXT: _l("The letter needs a subject and a text."),
    SendVerdict.LANGUAGE_MISSING: _l("A recipient reads a language in which the letter is not written yet."),
    SendVerdict.NOBODY_REACHABLE: _l("None of the recipients has an e-mail address that mail goes to."),
}


# Words of a source; numbers and names of web sites are the same in both languages.
_SOURCE_WORDS: Final = {
    "Kodi i Procedurave Administrative": "Code of Administrative Procedures",
    "Ligji": "Law",
    "ligji": "law",
    "neni": "article",
}
_SOURCE_WORD: Final = re.compile(rf"\b(?:{'|'.join(_SOURCE_WORDS)})\b")


def source_words(source: str, lang: str) -> str:
    """Return the source of a clock, kept in Albanian (*Ligji 119/2014, neni 15*), in ``lang``.

    By words and not by a catalogue: a due day keeps the source it was counted by, and one that is no longer
    shipped, or an administrator's own, is still said in the reader's language as far as we know its words.
    """
    return _SOURCE_WORD.sub(lambda match: _SOURCE_WORDS[match[0]], source) if lang == "en" else source
