"""Verbs that change whom a draft goes to. The caller commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.i18n import LANGUAGES
from pop_campaigns.core.numbers import row_number
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.queries.letters import reach_of
from pop_campaigns.letters.queries.recipient_options import RecipientOption, recipient_options
from pop_campaigns.letters.rules.letters import RecipientRole, may_edit
from pop_campaigns.letters.services.letters import LetterIsSettled, lock_letter


class RecipientRefusal(StrEnum):
    """Why someone was not added."""

    UNKNOWN = "unknown"
    ALREADY_THERE = "already_there"


class Move(StrEnum):
    """What can be done with a recipient of a draft."""

    UP = "up"
    DOWN = "down"
    TO = "to"
    CC = "cc"
    ASK = "ask"
    INFORM = "inform"
    SQ = "sq"
    EN = "en"
    REMOVE = "remove"


@dataclass(frozen=True)
class AddedRecipients:
    """Who was added, and who was not: (reference, why)."""

    added: list[LetterRecipient]
    refused: list[tuple[str, RecipientRefusal]]


def add_recipients(
    letter: Letter, refs: Sequence[str], role: RecipientRole, *, by: User, now: datetime
) -> AddedRecipients:
    """Add offices or institutions (``office-12``, ``institution-3``), at the end, in the language each reads.

    :raises LetterIsSettled: it is no draft any more.
    """
    lock_letter(letter)
    if not may_edit(letter.state):
        raise LetterIsSettled(letter.id)
    keys = [key for ref in refs if (key := _key_of(ref)) is not None]
    options = {option.ref: option for option in recipient_options(keys, reach_of(letter, by))}
    added: list[LetterRecipient] = []
    refused: list[tuple[str, RecipientRefusal]] = []
    for ref in dict.fromkeys(refs):
        option = options.get(ref)
        if option is None:
            refused.append((ref, RecipientRefusal.UNKNOWN))
        elif option.ref in {ref_of(recipient) for recipient in letter.recipients}:
            refused.append((ref, RecipientRefusal.ALREADY_THERE))
        else:
            added.append(_add_recipient(letter, option, role))
    if added:
        who = "; ".join(letter_recipient.written_as for letter_recipient in added)
        note("letter.recipients_added", letter, by=by, now=now, who=who, role=role.value)
    return AddedRecipients(added, refused)


def change_recipient(recipient: LetterRecipient, move: Move, *, by: User, now: datetime) -> None:
    """Reorder a draft's recipient, change its role or language, or take it off.

    :raises LetterIsSettled: the letter is no draft any more.
    """
    letter, who = recipient.letter, recipient.written_as
    lock_letter(letter)
    if not may_edit(letter.state):
        raise LetterIsSettled(letter.id)
    if move is Move.REMOVE:
        letter.recipients.remove(recipient)
    elif move in (Move.UP, Move.DOWN):
        _swap_with_neighbour(recipient, -1 if move is Move.UP else 1)
    elif move in (Move.TO, Move.CC):
        recipient.role, recipient.asks_answer = RecipientRole(move.value), False
    elif move in (Move.ASK, Move.INFORM):
        recipient.asks_answer = move is Move.ASK and recipient.role is RecipientRole.CC
    else:
        recipient.language = move.value
    db.session.flush()
    note(f"letter.recipient_{move.value}", letter, by=by, now=now, who=who)


def ref_of(recipient: LetterRecipient) -> str:
    """Return how a form names whom a letter goes to: `RecipientOption.ref`."""
    if recipient.office_id:
        return f"office-{recipient.office_id}"
    return f"institution-{recipient.institution_id}"


def _add_recipient(letter: Letter, option: RecipientOption, role: RecipientRole) -> LetterRecipient:
    recipient = LetterRecipient(
        role=role,
        position=max((recipient.position for recipient in letter.recipients), default=0) + 1,
        office_id=option.id if option.kind == "office" else None,
        institution_id=option.id if option.kind == "institution" else None,
        name=option.holder,
        office_title=option.title_sq,
        institution_name=option.institution_sq,
        address=option.address,
        language=option.language if option.language in LANGUAGES else "sq",
    )
    letter.recipients.append(recipient)
    db.session.flush()
    return recipient


def _swap_with_neighbour(recipient: LetterRecipient, step: int) -> None:
    same = [
        letter_recipient
        for letter_recipient in recipient.letter.recipients
        if letter_recipient.role is recipient.role
    ]
    at = same.index(recipient) + step
    if not 0 <= at < len(same):
        return
    neighbour = same[at]
    mine, theirs = recipient.position, neighbour.position
    # By way of a free place: two rows of a letter never share one, not even for a moment.
    recipient.position = -recipient.id
    db.session.flush()
    neighbour.position = mine
    db.session.flush()
    recipient.position = theirs


def _key_of(ref: str) -> tuple[str, int] | None:
    kind, _, ident = ref.partition("-")
    number = row_number(ident)
    return None if number is None else (kind, number)
