"""Register numbers in mail that came in: ours (*12/2026*) and those that offices gave to our letters or theirs.

A number alone proves little: every organisation has its letter 1/2026. It counts for certain only when it comes from the
very address that letter went to, and our own mail server says that the sender is no forgery; else it is a suggestion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import joinedload

from pop_campaigns.core.db import db
from pop_campaigns.incoming.rules.incoming import is_same_mailbox, is_same_office
from pop_campaigns.incoming.rules.their_numbers import is_one_matter, numbers_in, stands_in
from pop_campaigns.letters.models import Letter, LetterRecipient, LetterResponse

MOST_NUMBERS = 20
_SEARCHED = 20_000
# *Nr. prot. 12/2026*, *shkresa juaj nr. 12/2026*, *ref: 12 / 2026*: without such a word, 11/2026 is November.
_NUMBER = re.compile(
    r"(?i)\b(?:nr|num[eë]r|numr(?:i|it|in)|no|number|prot(?:okoll\w*)?|ref(?:erenc[eë]s?|erence)?|shkres\w*|letr\w*|letter|kërkes\w*|kerkes\w*)"
    r"\b[\s.:#nrpot,]{0,20}(?P<count>[1-9]\d{0,5})\s?/\s?(?P<year>20\d\d)(?![\d/]|-\d)"
)
# Laws, decisions and articles have numbers of the same form: *ligji nr. 119/2014*, *VKM nr. 12/2026*.
_OTHER_ACTS = re.compile(
    r"(?i)\b(?:ligj\w*|vkm|vendim\w*|nen\w*|kod\w*|urdh[eë]r\w*|rregullor\w*|akt\w*|law|act|decision|article|decree)\W{1,3}$"
)


def register_numbers(text: str) -> list[tuple[int, int]]:
    """Return the numbers in a text that look like ours, as (count, year), each once, in order."""
    text = text[:_SEARCHED]
    numbers = (
        (int(match["count"]), int(match["year"]))
        for match in _NUMBER.finditer(text)
        if not _OTHER_ACTS.search(text[max(0, match.start() - 30) : match.start()])
    )
    # As our letters print it: *Nr. 12 prot., datë 16.11.2026*.
    printed = [
        (number.base, number.year)
        for number in numbers_in(text)
        if number.is_register and number.year and not number.in_fractions
    ]
    return list(dict.fromkeys([*numbers, *printed]))[:MOST_NUMBERS]


def recipients_named(
    texts: Iterable[str], sender: str, *, sender_is_sure: bool
) -> list[tuple[LetterRecipient, bool]]:
    """Return the recipients of letters that a mail names by number, and whether its sender makes that certain.

    Ours are numbers of our register; theirs are those already recorded with a response. Where letters of several
    organisations fit, a person decides: nobody shall read what was meant for another.
    """
    text = "\n".join(texts)
    recipients = [*_by_our_number(register_numbers(text)), *_by_their_number(text, sender)]
    rated = {
        recipient.id: (recipient, sender_is_sure and is_same_mailbox(sender, recipient.address))
        for recipient in recipients
    }
    sure = [pair for pair in rated.values() if pair[1]]
    if len({recipient.letter.organisation_id for recipient, _sure in sure}) > 1:
        return [(recipient, False) for recipient, _sure in rated.values()]
    return sure or sorted(rated.values(), key=lambda pair: not is_same_office(sender, pair[0].address))


def contradicting(
    named: Iterable[LetterRecipient], linked: Iterable[LetterRecipient]
) -> list[LetterRecipient]:
    """Return the recipients of other letters that a mail names, where it does not name the letter it was found to belong to.

    Only letters of the same organisation to the same office: to others such a number is one of their own register.
    """
    named, linked = list(named), list(linked)
    if not linked or {recipient.letter_id for recipient in named} & {
        recipient.letter_id for recipient in linked
    }:
        return []
    return [recipient for recipient in named if any(_alike(recipient, other) for other in linked)]


def _alike(recipient: LetterRecipient, other: LetterRecipient) -> bool:
    office = recipient.office_id is not None and recipient.office_id == other.office_id
    return recipient.letter.organisation_id == other.letter.organisation_id and (
        office or is_same_office(recipient.address, other.address)
    )


def _by_our_number(numbers: list[tuple[int, int]]) -> list[LetterRecipient]:
    if not numbers:
        return []
    rows = (
        select(LetterRecipient)
        .join(LetterRecipient.letter)
        .options(joinedload(LetterRecipient.letter))
        .where(tuple_(Letter.register_count, Letter.register_year).in_(numbers))
        .order_by(LetterRecipient.id.desc())
        .limit(100)
    )
    return list(db.session.scalars(rows).unique())


def _by_their_number(text: str, sender: str) -> list[LetterRecipient]:
    """Return the recipients whose number stands in a text from the sender's domain: offices' numbers are short and many.

    An office numbers what belongs to one matter in fractions (1234, 1234/1, 1234/2): at its own domain the number before
    the first stroke is enough.
    """
    domain = sender.casefold().rpartition("@")[2]
    if not domain:
        return []
    rows = (
        select(LetterResponse.their_number, LetterRecipient)
        .join(LetterResponse.recipient)
        .options(joinedload(LetterRecipient.letter))
        .where(
            LetterResponse.their_number != "",
            or_(
                LetterRecipient.address.endswith(f"@{domain}", autoescape=True),
                LetterRecipient.address == "",
            ),
        )
        .order_by(LetterRecipient.id.desc())
        .limit(500)
    )
    text = text[:_SEARCHED]
    named = numbers_in(text)
    return [
        recipient
        for number, recipient in db.session.execute(rows).unique()
        if stands_in(number, text)
        or (is_same_office(sender, recipient.address) and is_one_matter(number, named))
    ]
