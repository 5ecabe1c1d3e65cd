"""DKIM: what leaves with a key can be checked by who gets it, and cannot be changed on the way."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime

import dkim
import pytest

from pop_campaigns.mail.message import MailParts, build_message, message_bytes
from pop_campaigns.mail.refusals import Refused, explain_words
from pop_campaigns.mail.transport import SmtpTransport, TransportSettings, sign

PARTS = MailParts(
    message_id="<3kq7vplmjsnxo2tr@pop.example>",
    date=datetime(2027, 3, 1, 9, 0, tzinfo=UTC),
    from_name="POP Fier",
    from_address="r-abc234@rsvp.pop.example",
    to_name="Prefekti i Qarkut Fier",
    to_address="prefekti@fier.example",
    envelope_from="b-def567@pop.example",
    subject="Ftesë",
    text="Ju ftojmë.\n",
    language="sq",
)

_P = 2**521 - 1
_Q = 2**607 - 1


def rsa_key() -> tuple[str, bytes]:
    """Give a private key as PEM and the public one as DKIM publishes it (two Mersenne primes: no secret)."""
    n, e = _P * _Q, 65537
    d = pow(e, -1, (_P - 1) * (_Q - 1))
    numbers = (0, n, e, d, _P, _Q, d % (_P - 1), d % (_Q - 1), pow(_Q, -1, _P))
    private, public = der_sequence(*numbers), der_sequence(n, e)
    kind = "RSA PRIVATE KEY"
    body = base64.encodebytes(private).decode()
    return f"-----BEGIN {kind}-----\n{body}-----END {kind}-----\n", base64.b64encode(public)


def der_sequence(*numbers: int) -> bytes:
    content = b"".join(der(0x02, number.to_bytes(number.bit_length() // 8 + 1)) for number in numbers)
    return der(0x30, content)


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, size]) + content if size < 128 else bytes([tag, 128 + len(length)]) + length + content


def signing() -> tuple[TransportSettings, Callable[..., bytes]]:
    private, public = rsa_key()
    settings = TransportSettings(
        "127.0.0.1", dkim_domain="rsvp.pop.example", dkim_selector="s1", dkim_key=private
    )
    return settings, lambda name, timeout=5: b"v=DKIM1; k=rsa; p=" + public


def test_a_configured_key_signs_what_a_receiver_can_check() -> None:
    settings, published = signing()
    raw = message_bytes(
        dataclasses.replace(PARTS, headers=(("List-Unsubscribe", "<https://pop.example/u/x>"),))
    )
    signed = sign(raw, settings)
    assert signed.startswith(b"DKIM-Signature: ")
    assert signed.endswith(raw)
    assert dkim.verify(signed, dnsfunc=published)
    for old, new in ((b"Ju ftojm", b"Mos ejani"), (b"Subject: =", b"Subject: x="), (b"/u/x", b"/u/y")):
        assert old in signed
        assert not dkim.verify(signed.replace(old, new), dnsfunc=published)
    assert not dkim.verify(signed.replace(b"\r\nFrom:", b"\r\nFrom: x@evil.al\r\nFrom:"), dnsfunc=published)


def test_without_a_key_nothing_is_signed() -> None:
    settings, _ = signing()
    assert sign(message_bytes(PARTS), dataclasses.replace(settings, dkim_key=None)) == message_bytes(PARTS)


def test_a_key_of_no_use_keeps_the_mail_back_for_now() -> None:
    settings, _ = signing()
    transport = SmtpTransport(dataclasses.replace(settings, dkim_key="not a key"))
    with pytest.raises(Refused) as caught:
        transport.deliver(build_message(PARTS), PARTS.envelope_from, PARTS.to_address)
    assert (
        caught.value.permanent,
        explain_words(None, caught.value.words, permanent=False),
    ) == (False, "signing")
