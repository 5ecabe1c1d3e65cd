"""Content that travels inside a signature (S/MIME, RFC 8551; CMS, RFC 5652): taken out, the signature left unchecked."""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

from asn1crypto import cms, pem

ENCRYPTED = "encrypted (S/MIME)"
_ENCRYPTED = frozenset({"enveloped_data", "encrypted_data", "authenticated_enveloped_data"})
_MOST = 25 * 1024 * 1024
_LAYERS = 5


class Opened(NamedTuple):
    """What stood inside: the MIME entity, b"" where there is none to be had; ``why`` says then what it is."""

    content: bytes
    is_signed: bool = False
    why: str = ""


def open_smime(content: bytes) -> Opened:
    """Return what a CMS object holds, in DER, BER or PEM, also a signature in a signature; never raises for what is in it."""
    signed = False
    for _layer in range(_LAYERS):
        try:
            kind, inner = _layer_of(content)
        except Exception:  # asn1crypto raises what it happens upon: ValueError, TypeError, KeyError …
            return Opened(b"", signed, why="a signed part (S/MIME) that cannot be opened")
        if kind in _ENCRYPTED:
            return Opened(b"", signed, why=ENCRYPTED)
        signed = signed or kind == "signed_data"
        if not inner:
            return Opened(b"", signed, why="a signature (S/MIME) with nothing in it")
        if not _is_cms(inner):
            return Opened(inner, signed)
        content = inner
    return Opened(b"", signed, why="signatures (S/MIME) nested too deeply")


def _is_cms(content: bytes) -> bool:
    """Return whether the content of a signature is a CMS object itself and no MIME entity."""
    return content[:1] == b"\x30" and b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01" in content[:40]


def _layer_of(content: bytes) -> tuple[str, bytes]:
    """Return the kind of a CMS object and what is directly inside; raise whatever the library does."""
    stripped = content.lstrip()
    if pem.detect(stripped[:200]):
        _, _, stripped = pem.unarmor(stripped)
        content = stripped
    info: Any = cms.ContentInfo.load(content)
    kind = str(info["content_type"].native)
    if kind == "signed_data":
        return kind, bytes(info["content"]["encap_content_info"]["content"].native or b"")
    if kind == "compressed_data":
        packed = bytes(info["content"]["encap_content_info"]["content"].native or b"")
        return kind, zlib.decompressobj().decompress(packed, _MOST)
    if kind in _ENCRYPTED:
        return kind, b""
    raise ValueError(kind)
