"""The mail that came back with a report, and whose mailbox the report is about: whom we wrote to, or one it was passed on to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.message import Message

from pop_campaigns.core.text import clean_line
from pop_campaigns.mail.reading.charsets import decode_header_value
from pop_campaigns.mail.reading.parts import body_text, children, leaves, media_type, part_text, raw_header
from pop_campaigns.mail.reading.who_and_when import addresses_in, message_ids, sender_of

_SENDERS = ("from", "sender", "reply-to", "return-path", "x-envelope-from", "envelope-from")
# Where our own mails ask to be answered and returned: to nobody else does one belong, whatever a server makes of it.
_OUR_SHAPE = re.compile(r"[rb]-[a-z0-9]{2,60}@", re.IGNORECASE)
_SENT_BY = re.compile(r"(?im)^[ \t>]*(?:mail from|from|envelope[- ]from|sender)[ \t]*:[ \t]*(.{0,300})$")
_PASSED_ON_FOR = re.compile(
    r"""(?ix)(?:forwarded\ (?:for|from|by) | expanded\ from | (?:ultimately\ )?generated\ from | redirected\ from
    | originally\ (?:sent\ |addressed\ )?to | alias\ (?:of|for) | on\ behalf\ of | përcjellë\ (?:nga|për))
    [\ \t:]{0,3} <?([^\s<>()",;:]{1,128}@[^\s<>()",;:]{1,255})>?"""
)
_INSIDE = re.compile(
    r"(?:\.(?:local|localdomain|lan|internal|intern|corp|home|invalid)|(?:^|\.)onmicrosoft\.com)$|^[^.]+$"
)
_ADDRESSES_LIMIT = 50


def returned_headers(message: Message) -> dict[str, str]:
    """Return the headers of the mail that came back with a report, by lower-case name; {} if it did not."""
    for part in leaves(message):
        kind = media_type(part)
        if kind in ("message/rfc822", "message/global") and children(part):
            return dict(reversed(fields_of(children(part)[0])))
        if kind in (
            "text/rfc822-headers",
            "message/rfc822-headers",
            "message/rfc822",
            "message/global-headers",
        ):
            return fields_in(part_text(part)[:100_000])
    return _in_the_text(message)


def _in_the_text(message: Message) -> dict[str, str]:
    text = body_text(message)[:200_000]
    head = re.search(r"(?im)^(?:> ?)?message-id:[ \t]*<[^<>\s]+>", text)
    if not head:
        return {}
    start = text.rfind("\n\n", 0, head.start()) + 1
    end = text.find("\n\n", head.end())
    block = re.sub(r"(?m)^> ?", "", text[start : end if end > 0 else len(text)]).strip()
    return fields_in(block[:100_000])


def fields_of(block: Message) -> list[tuple[str, str]]:
    """Return the headers of a part by lower-case name, decoded, each as one line."""
    pairs = ((name.strip().lower(), value) for name, value in block.raw_items())
    return [(name, clean_line(decode_header_value(re.sub(r"\s+", " ", str(value))))) for name, value in pairs]


def fields_in(block: str) -> dict[str, str]:
    """Return the headers that stand in a text, by lower-case name."""
    lines = re.sub(r"\r?\n[ \t]+", " ", block).splitlines()
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): clean_line(value) for name, _, value in pairs}


def never_failed(message: Message, returned: dict[str, str], prose: str) -> frozenset[str]:
    """Return the addresses that a report cannot be about: who sent it, and who sent what it is about, which is us."""
    named = {sender_of(message)[0]}
    senders = [address for name in _SENDERS for address in addresses_in(returned.get(name, ""))]
    # Who writes to himself may well not be reached.
    named.update(set(senders) - set(addresses_in(returned.get("to", ""))))
    for written in _SENT_BY.findall(prose[:10_000]):
        named.update(addresses_in(written))
    idents = message_ids(f"{returned.get('message-id', '')} {raw_header(message, 'In-Reply-To')}")
    named.update(ident.strip("<>").lower() for ident in idents)
    return frozenset(filter(None, named))


def told_to(message: Message) -> frozenset[str]:
    """Return to whom a report came, who does not fail by it unless nobody else is named."""
    headers = (raw_header(message, name)[:5000] for name in ("To", "Cc", "Delivered-To"))
    return frozenset(address for written in headers for address in addresses_in(written))


def not_ours(
    addresses: Iterable[str], never: frozenset[str], told: frozenset[str] = frozenset()
) -> list[str]:
    """Return the addresses that a report may be about, in order, each once; those it was ``told`` to if there is no other."""
    meant = dict.fromkeys(
        address for address in addresses if address.lower() not in never and not _OUR_SHAPE.match(address)
    )
    return [address for address in meant if address not in told] or list(meant)


def written_to(
    returned: dict[str, str], originals: Iterable[str], prose: str, never: frozenset[str]
) -> tuple[str, ...]:
    """Return whom the mail was for that a report is about: as the server was told, as its headers and the words say."""
    named = [address for address in originals if "@" in address]
    for name in ("to", "cc", "x-original-to", "delivered-to") if not named else ():
        named += addresses_in(returned.get(name, "")[:5000])
    named += [address.lower().rstrip(".") for address in _PASSED_ON_FOR.findall(prose[:10_000])]
    return tuple(not_ours(named, never))[:_ADDRESSES_LIMIT]


def passed_on(failed: Iterable[str], meant: Iterable[str]) -> tuple[str, ...]:
    """Return the failed mailboxes that are other ones than those we wrote to; none where nobody says whom we wrote to."""
    known = tuple(meant)
    others = (
        address
        for address in failed
        if "@" in address and not any(is_one_mailbox(address, to) for to in known)
    )
    return tuple(dict.fromkeys(others)) if known else ()


def is_one_mailbox(failed: str, meant: str) -> bool:
    """Return whether a server's name for a mailbox is that of the address: ``q@mail.zyra.example`` for ``q@zyra.example``.

    Inside an organisation mail goes by names of hosts and by those of a service; the same name elsewhere is another mailbox.
    """
    name, _, domain = failed.lower().partition("@")
    other, _, wanted = meant.lower().partition("@")
    if name.partition("+")[0] != other.partition("+")[0]:
        return False
    related = domain.endswith("." + wanted) or (wanted.endswith("." + domain) and domain.count(".") >= 1)
    return domain == wanted or related or bool(_INSIDE.search(domain))
