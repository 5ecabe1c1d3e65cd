"""Mails as bytes, written line by line: as programs send them, also where they break the rules."""

from __future__ import annotations

import base64
import quopri

OURS = "r-abc@rsvp.example"
GUEST = "q00421@zyra.example"
OUR_ID = "<ftesa-421@rsvp.example>"


def mail(
    *headers: str,
    body: str | bytes = "Po",
    kind: str = "text/plain; charset=utf-8",
    end: str = "\r\n",
) -> bytes:
    """Give a mail from a guest to us; ``headers`` take the place of the usual ones, those ending in ``:`` leave them out."""
    given = {header.partition(":")[0].lower() for header in headers}
    usual = {
        "from": f"From: Qytetar 00421 <{GUEST}>",
        "to": f"To: {OURS}",
        "subject": "Subject: Ftese",
        "message-id": "Message-ID: <m421@zyra.example>",
        "date": "Date: Mon, 1 Mar 2027 10:11:12 +0100",
        "mime-version": "MIME-Version: 1.0",
        "content-type": f"Content-Type: {kind}",
    }
    lines = [line for line in headers if not line.endswith(":")]
    lines += [line for name, line in usual.items() if name not in given]
    head = "\n".join(lines) + "\n\n"
    content = body.encode() if isinstance(body, str) else body
    return with_ends(head.encode() + content, end)


def with_ends(raw: bytes, end: str) -> bytes:
    """Give the same lines with another end: ``\\r\\n``, ``\\n`` or ``\\r``."""
    return raw.replace(b"\r\n", b"\n").replace(b"\n", end.encode())


def parts(*inner: str, boundary: str = "b") -> str:
    """Give parts, each with its headers, as the body of a multipart."""
    return "".join(f"--{boundary}\n{part}\n" for part in inner) + f"--{boundary}--\n"


def multipart(*inner: str, subtype: str = "mixed", headers: tuple[str, ...] = (), end: str = "\r\n") -> bytes:
    """Give a mail of several parts."""
    return mail(*headers, body=parts(*inner), kind=f'multipart/{subtype}; boundary="b"', end=end)


def part(kind: str, content: str, *headers: str) -> str:
    """Give one part with its headers."""
    return "\n".join((f"Content-Type: {kind}", *headers)) + f"\n\n{content}"


def inside(kind: str, *inner: str, boundary: str) -> str:
    """Give a multipart as a part of another one."""
    return part(f'multipart/{kind}; boundary="{boundary}"', parts(*inner, boundary=boundary))


def in_base64(kind: str, content: str | bytes, *headers: str) -> str:
    """Give a part in base64."""
    raw = content.encode() if isinstance(content, str) else content
    return part(kind, base64.encodebytes(raw).decode("ascii"), "Content-Transfer-Encoding: base64", *headers)


def in_quoted_printable(kind: str, content: str | bytes, *headers: str) -> str:
    """Give a part in quoted-printable."""
    raw = content.encode() if isinstance(content, str) else content
    return part(
        kind,
        quopri.encodestring(raw).decode("ascii"),
        "Content-Transfer-Encoding: quoted-printable",
        *headers,
    )


def word(text: str, charset: str = "utf-8", how: str = "b") -> str:
    """Give an encoded word (RFC 2047)."""
    raw = text.encode(charset)
    if how == "b":
        return f"=?{charset}?B?{base64.b64encode(raw).decode('ascii')}?="
    return f"=?{charset}?Q?{quopri.encodestring(raw, header=True).decode('ascii').replace('?', '=3F')}?="


RETURNED = f"""Message-ID: {OUR_ID}
From: Rrjeti <{OURS}>
To: {GUEST}
Subject: Ftese per tryeze
Date: Mon, 1 Mar 2027 09:00:00 +0100"""
"""The headers of our own mail, as a server gives them back."""
