"""The link by which the reader of a mail refuses more of them: bound to purpose, organisation and address.

The address itself is not in it, only the keyed hash that a refusal keeps: the link tells nobody whose it is, works after
an erasure, and says *who wants what* even when the person is in nobody's contacts any more.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Final

from pop_campaigns.contacts.queries.refusals import known_key, refused_hashes
from pop_campaigns.contacts.rules import MAIL_PURPOSES, Purpose, TombstoneKind, keyed_hash
from pop_campaigns.contacts.services.refusals import hash_key
from pop_campaigns.core.tokens import read_signed
from pop_campaigns.mail.compose import REFUSAL_LINK

USED_FOR: Final = "unsubscribe"
PATH: Final = "/u/{token}"
_LETTERS: Final = {purpose.value[0]: purpose for purpose in MAIL_PURPOSES}
_NOBODYS_KEY: Final = b"for a mail that is only looked at"


@dataclass(frozen=True)
class Refusal:
    """What a link refuses: mail for a purpose from an organisation (None: the network) to an address."""

    purpose: Purpose
    organisation_id: int | None
    address_hash: str


def refusal_link(
    email: str, purpose: Purpose, organisation_id: int | None, language: str, *, looked_at: bool = False
) -> dict[str, str]:
    """Return the link as a mail keeps it (see ``OutgoingMail.links``).

    ``looked_at``: the mail is only shown, its links hidden; then no key is made for it.
    """
    key = (known_key() or _NOBODYS_KEY) if looked_at else hash_key()
    digest = bytes.fromhex(keyed_hash(TombstoneKind.EMAIL, email, key))
    encoded = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
    text = f"{purpose.value[0]}{organisation_id or 0}.{encoded}"
    return {"path": f"{PATH}?lang={language}", "purpose": USED_FOR, "nonce": text, "signed": "yes"}


def read_refusal(token: str) -> Refusal | None:
    """Return what a link refuses; None for one that is not ours."""
    text = read_signed(USED_FOR, token)
    return _read_text(text) if text else None


def is_refused(refusal: Refusal) -> bool:
    """Return whether that mail is refused at this moment, to this organisation or to the whole network."""
    return bool(refused_hashes([refusal.address_hash], refusal.purpose, refusal.organisation_id))


def mail_is_refused(links: dict[str, dict[str, str]]) -> bool:
    """Return whether a mail's reader refuses it by now, by its links; letters and offices have no such link."""
    refusal = _read_text(links[REFUSAL_LINK]["nonce"]) if REFUSAL_LINK in links else None
    return refusal is not None and is_refused(refusal)


def _read_text(text: str) -> Refusal | None:
    head, _, encoded = text.partition(".")
    if head[:1] not in _LETTERS or not head[1:].isdecimal():
        return None
    digest = base64.urlsafe_b64decode(encoded + "=").hex()
    return Refusal(_LETTERS[head[0]], int(head[1:]) or None, digest)
