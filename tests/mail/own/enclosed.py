"""Mails whose content travels in a form of its own: in a signature, in Outlook's *winmail.dat*, uuencoded, encrypted."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Callable, Iterator

from asn1crypto import cms, pem

from pop_campaigns.mail.reading.report import MailReport
from tests.calendars.programs import ANSWERS
from tests.mail.judging import Sample, reads
from tests.mail.own.writing import in_base64, inside, mail, multipart, part, with_ends, word

SET = "enclosed"
ANSWER = ANSWERS["Outlook, DECLINED"]
WORDS = "Po, vij, por vonë."
_CLASSES = {
    "IPM.Schedule.Meeting.Resp.Pos": "ACCEPTED", "IPM.Microsoft Schedule.MtgRespP": "ACCEPTED",
    "IPM.Schedule.Meeting.Resp.Tent": "TENTATIVE", "IPM.Microsoft Schedule.MtgRespA": "TENTATIVE",
    "IPM.Schedule.Meeting.Resp.Neg": "DECLINED", "IPM.Microsoft Schedule.MtgRespN": "DECLINED",
}  # fmt: skip


def entity(*inner: str) -> bytes:
    """Give a multipart as it stands inside a signature."""
    return inside("alternative", *inner, boundary="n").encode().replace(b"\n", b"\r\n")


ANSWERING = entity(
    part("text/plain; charset=utf-8", WORDS),
    part("text/calendar; charset=utf-8; method=REPLY", ANSWER.text.replace("\r\n", "\n")),
)


def signed(content: bytes, kind: str = "data") -> bytes:
    """Give a CMS object that holds a content and the signature of nobody."""
    held = cms.SignedData({
        "version": "v1", "digest_algorithms": [], "encap_content_info": {"content_type": "data", "content": content},
        "signer_infos": [],
    })  # fmt: skip
    return cms.ContentInfo({"content_type": "signed_data", "content": held}).dump()


def signed_in_pieces(content: bytes) -> bytes:
    """Give the same as programs write it that do not know its length yet (BER)."""
    pieces = b"".join(b"\x04\x82" + struct.pack(">H", len(p)) + p for p in (content[:300], content[300:]))
    octets = b"\xa0\x80\x24\x80" + pieces + b"\x00\x00\x00\x00"
    data = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01" + octets + b"\x00\x00"
    inner = b"\x30\x80\x02\x01\x01\x31\x00" + data + b"\x31\x00\x00\x00"
    return b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80" + inner + b"\x00\x00\x00\x00"


def compressed(content: bytes) -> bytes:
    """Give a CMS object that is merely compressed (RFC 3274)."""
    held = cms.CompressedData({
        "version": "v0", "compression_algorithm": {"algorithm": "zlib"},
        "encap_content_info": {"content_type": "data", "content": zlib.compress(content)},
    })  # fmt: skip
    return cms.ContentInfo({"content_type": "compressed_data", "content": held}).dump()


def smime(content: bytes, kind: str = "signed-data", media: str = "application/pkcs7-mime") -> bytes:
    """Give a mail that is nothing but a CMS object."""
    return mail(
        "Content-Transfer-Encoding: base64", "Content-Disposition: attachment; filename=smime.p7m",
        body=base64.encodebytes(content), kind=f"{media}; smime-type={kind}; name=smime.p7m",
    )  # fmt: skip


def tnef(
    message_class: str = "",
    *,
    text: str = "",
    files: tuple[tuple[str, bytes], ...] = (),
    page: int | None = 1252,
) -> bytes:
    """Give a *winmail.dat*."""

    def item(level: int, name: int, kind: int, content: bytes) -> bytes:
        return (
            struct.pack("<BHHI", level, name, kind, len(content))
            + content
            + struct.pack("<H", sum(content) & 0xFFFF)
        )

    items = [item(1, 0x9006, 8, struct.pack("<I", 0x10000))]
    if page is not None:
        items.append(item(1, 0x9007, 6, struct.pack("<II", page, 0)))
    items.append(item(1, 0x8008, 7, message_class.encode() + b"\x00"))
    if text:
        items.append(item(1, 0x800C, 2, text.encode("cp1252") + b"\x00"))
    for name, content in files:
        items.append(item(2, 0x9002, 6, bytes(14)))
        items.append(item(2, 0x8010, 1, name.encode("cp1252") + b"\x00"))
        items.append(item(2, 0x800F, 6, content))
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(items)


def winmail(content: bytes, *headers: str, words: str = "", kind: str = "application/ms-tnef") -> bytes:
    """Give the mail in which Exchange sends one."""
    held = in_base64(
        f'{kind}; name="winmail.dat"', content, 'Content-Disposition: attachment; filename="winmail.dat"'
    )
    return multipart(part("text/plain; charset=us-ascii", words), held, headers=headers)


def uuencoded(name: str, content: bytes) -> str:
    """Give a file as programs of old wrote it into a text."""
    lines = [binascii.b2a_uu(content[at : at + 45]).decode() for at in range(0, len(content), 45)]
    return f"begin 644 {name}\n{''.join(lines)}`\nend\n"


def enclosed() -> Iterator[Sample]:
    """Give them all."""
    yield from _signatures()
    yield from _winmails()
    yield from _uuencoded()


def _signatures() -> Iterator[Sample]:
    answers = reads("calendar", calendar=ANSWER.facts, signed=True, text=WORDS, unreadable_calendar="")
    detached = inside(
        "signed",
        ANSWERING.decode(),
        in_base64("application/pkcs7-signature; name=smime.p7s", b"0"),
        boundary="s",
    )
    mails = {
        "signed": smime(signed(ANSWERING)),
        "signed, its old name": smime(signed(ANSWERING), media="application/x-pkcs7-mime"),
        "signed, in pieces": smime(signed_in_pieces(ANSWERING)),
        "signed, as PEM": smime(pem.armor("CMS", signed(ANSWERING))),
        "signed twice": smime(signed(signed(ANSWERING))),
        "signed in a signed part": smime(signed(smime(signed(ANSWERING)))),
        "signed and compressed": smime(compressed(signed(ANSWERING)), "compressed-data"),
        "signed with its headers": smime(signed(b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n" + ANSWERING)),
        "signed, a file by name alone": multipart(in_base64("application/octet-stream; name=smime.p7m", signed(ANSWERING))),
        "signed, a list's words below": multipart(
            in_base64("application/pkcs7-mime; smime-type=signed-data", signed(ANSWERING)),
            part("application/octet-stream; name=lista.txt", "Lista"),
        ),
        "signed beside": multipart(detached),
        "signed beside, in a signature": smime(signed(with_ends(detached.encode(), "\r\n"))),
    }  # fmt: skip
    for name, raw in mails.items():
        yield Sample(SET, name, raw, answers)
    words = entity(part("text/plain; charset=utf-8", WORDS))
    yield Sample(
        SET,
        "signed words",
        smime(signed(words)),
        reads("human", text=WORDS, signed=True, unreadable_calendar=""),
    )
    packed = smime(compressed(words), "compressed-data")
    yield Sample(SET, "compressed words", packed, reads("human", text=WORDS, signed=False))
    yield from _closed()


def _closed() -> Iterator[Sample]:
    enveloped = (
        cms.ContentInfo({"content_type": "data", "content": b""})
        .dump()
        .replace(b"\x01\x07\x01", b"\x01\x07\x03")
    )
    armoured = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n"
    mails = {
        "encrypted": (smime(enveloped, "enveloped-data"), "encrypted (S/MIME)"),
        "encrypted, broken": (smime(b"0", "enveloped-data"), "encrypted (S/MIME)"),
        "encrypted, and it does not say so": (smime(enveloped), "encrypted (S/MIME)"),
        "signed, broken": (smime(signed(ANSWERING)[:90]), "a signed part (S/MIME) that cannot be opened"),
        "signed, and nothing in it": (smime(signed(b"")), "a signature (S/MIME) with nothing in it"),
        "encrypted by PGP": (
            multipart(
                part("application/pgp-encrypted", "Version: 1"), part("application/octet-stream", armoured), subtype="encrypted"
            ),
            "encrypted (PGP)",
        ),
        "encrypted by PGP, in the text": (mail(body=armoured), "encrypted (PGP)"),
    }  # fmt: skip
    for name, (raw, why) in mails.items():
        yield Sample(SET, name, raw, reads("human", unreadable_calendar=why, told_partstat=""))
    said = smime(enveloped, "enveloped-data").replace(b"Subject: Ftese", b"Subject: Accepted: Ftese")
    yield Sample(SET, "encrypted, its subject answers", said, reads("human", told_partstat="ACCEPTED"))


def _winmails() -> Iterator[Sample]:
    why = "an answer in Outlook's own form (winmail.dat)"
    for message_class, partstat in _CLASSES.items():
        judge = reads("human", unreadable_calendar=why, told_partstat=partstat)
        yield Sample(SET, f"winmail {message_class}", winmail(tnef(message_class)), judge)
    broken = tnef("IPM.Schedule.Meeting.Resp.Pos", files=(("x", b"x" * 99),))
    for name, content in (("cut off", broken[:80]), ("no code page", tnef("IPM.Schedule.Meeting.Resp.Pos", page=None)),
                          ("a code page nobody knows", tnef("IPM.Schedule.Meeting.Resp.Pos", page=99999))):  # fmt: skip
        yield Sample(
            SET,
            f"winmail, {name}",
            winmail(content),
            reads("human", unreadable_calendar=why, told_partstat="ACCEPTED"),
        )
    unnamed = winmail(tnef(), f"Subject: {word('Refuzuar: Ftesë')}")
    judge = reads("human", unreadable_calendar="Outlook's own form (winmail.dat)", told_partstat="DECLINED")
    yield Sample(SET, "winmail, only the subject answers", unnamed, judge)
    note = tnef("IPM.Note", text=WORDS, files=(("Përgjigje zyrtare.pdf", b"%PDF-1.4 x"), ("", b"pa emer")))
    for kind in ("application/ms-tnef", "application/vnd.ms-tnef", "application/octet-stream"):
        yield Sample(
            SET,
            f"winmail with files, {kind}",
            winmail(note, kind=kind),
            _has("Përgjigje zyrtare.pdf", words=WORDS),
        )
    yield Sample(
        SET,
        "winmail, its words stand outside too",
        winmail(note, words="Po"),
        _has("Përgjigje zyrtare.pdf", words="Po"),
    )
    calendar = tnef("IPM.Note", files=(("takimi.ics", ANSWER.text.encode()),))
    yield Sample(
        SET, "winmail with a calendar object", winmail(calendar), reads("calendar", calendar=ANSWER.facts)
    )
    nothing = reads("human", unreadable_calendar="", told_partstat="")
    yield Sample(SET, "winmail that is none", winmail(b"Po"), nothing)
    yield Sample(SET, "winmail of a mail", winmail(tnef("IPM.Note")), nothing)


def _uuencoded() -> Iterator[Sample]:
    letter = uuencoded("përgjigje.pdf", b"%PDF-1.4 " + b"x" * 200)
    mails = {
        "uuencoded": (f"{WORDS}\n\n{letter}", WORDS),
        "uuencoded between words": (f"{WORDS}\n{letter}Me respekt", f"{WORDS}\nMe respekt"),
        "two uuencoded files": (f"{WORDS}\n{letter}{uuencoded('b.txt', b'b')}", WORDS),
    }
    for name, (body, words) in mails.items():
        yield Sample(SET, name, mail(body=body), _has("përgjigje.pdf", words=words))
    kept = ("begin 644 x\nkjo nuk është skedar\nend", "begin 644 x\nM", f"Shih: begin 644 x\n{WORDS}")
    for number, body in enumerate(kept):
        yield Sample(
            SET, f"nothing uuencoded, {number}", mail(body=body), reads("human", body=body, attachments=())
        )


def _has(name: str, *, words: str) -> Callable[[MailReport], str]:
    plain = reads("human", body=words, unreadable_calendar="")

    def judge(report: MailReport) -> str:
        names = [note.name for note in report.attachments]
        return plain(report) or ("" if name in names else f"{names}, not {name}")

    return judge
