"""Mails broken in every way that has a name: they are read, and the words that are there are found."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from pop_campaigns.mail.reading.report import MailReport
from tests.mail.judging import Sample, even, is_read
from tests.mail.own.writing import GUEST, OURS, in_base64, inside, mail, multipart, part

SET = "broken MIME"
WORDS = "Po, vij me kënaqësi."
PLAIN = part("text/plain; charset=utf-8", WORDS)
CODED = base64.b64encode(WORDS.encode()).decode("ascii")


def _nested(depth: int) -> bytes:
    inner = PLAIN
    for level in range(depth):
        inner = inside("mixed", inner, boundary=f"n{level}")
    return multipart(inner)


# By fault: the mail. Those of the second table hold no words that could be found.
WITH_WORDS: dict[str, bytes] = {
    "no boundary at the end": multipart(PLAIN).rpartition(b"--b--")[0],
    "cut inside the last boundary": multipart(PLAIN)[:-4],
    "a boundary with spaces behind": multipart(PLAIN).replace(b"--b\r\n", b"--b  \t\r\n"),
    "a boundary with spaces inside": mail(body=f"--a b c\n{PLAIN}\n--a b c--\n", kind='multipart/mixed; boundary="a b c"'),
    "a boundary in single quotes": mail(body=f"--'b'\n{PLAIN}\n--'b'--\n", kind="multipart/mixed; boundary='b'"),
    "a boundary that begins another": mail(
        body=f"--x\n{inside('alternative', PLAIN, boundary='xy')}\n--x--\n", kind="multipart/mixed; boundary=x"
    ),
    "the same boundary inside": multipart(inside("alternative", PLAIN, boundary="b")),
    "a boundary of RFC 2231": mail(
        body=f"--b421\n{PLAIN}\n--b421--\n", kind="multipart/mixed; boundary*0=b4; boundary*1=21"
    ),
    "a boundary of 200 letters": mail(
        body=f"--{'q' * 200}\n{PLAIN}\n--{'q' * 200}--\n", kind=f"multipart/mixed;\n boundary={'q' * 200}"
    ),
    "words before and behind the parts": mail(
        body=f"Ky është një mesazh MIME.\n--b\n{PLAIN}\n--b--\nfund\n", kind="multipart/mixed; boundary=b"
    ),
    "a part without headers": multipart(f"\n{WORDS}"),
    "a part of headers alone": multipart("Content-Type: text/plain", PLAIN),
    "an empty part first": multipart("", PLAIN),
    "parts nested fifteen deep": _nested(15),
    "a kind without a slash": mail(body=WORDS, kind="text"),
    "a kind of two slashes": mail(body=WORDS, kind="text/plain/x"),
    "no kind": mail("Content-Type:", body=WORDS),
    "an empty kind": mail("Content-Type: ", body=WORDS),
    "two kinds": mail("Content-Type: text/plain; charset=utf-8", "Content-Type: image/png", body=WORDS),
    "a kind with a remark": mail(body=WORDS, kind="text/plain (plain words); charset=utf-8"),
    "a kind with too many semicolons": mail(body=WORDS, kind="text/plain;; ; charset=utf-8;;"),
    "a parameter without a value": mail(body=WORDS, kind="text/plain; charset; format="),
    "a charset that is none": mail(body=WORDS, kind="text/plain; charset=x-zyra-421"),
    "a charset of NUL": mail(body=WORDS, kind="text/plain; charset=\x00"),
    "a charset of RFC 2231": mail(body=WORDS, kind="text/plain; charset*=us-ascii'en'utf-8"),
    "a charset that is broken": mail(body=WORDS, kind="text/plain; charset*=''%FF%zz"),
    "a charset of a thousand letters": mail(body=WORDS, kind=f"text/plain; charset={'u' * 1000}"),
    "UTF-7": mail(body=WORDS, kind="text/plain; charset=utf-7"),
    "an encoding nobody knows": mail("Content-Transfer-Encoding: x-zyra", body=WORDS),
    "an encoding in capitals": mail("Content-Transfer-Encoding: BASE64", body=CODED),
    "an encoding with a remark": mail("Content-Transfer-Encoding: 8bit (as it is)", body=WORDS),
    "base64 in short lines": mail("Content-Transfer-Encoding: base64", body="\n".join(CODED[n : n + 3] for n in range(0, 40, 3))),
    "base64 without its end": mail("Content-Transfer-Encoding: base64", body=CODED.rstrip("=")),
    "base64 with other signs": mail("Content-Transfer-Encoding: base64", body=f"{CODED[:8]} !*\n{CODED[8:]}"),
    "quoted-printable cut off": mail("Content-Transfer-Encoding: quoted-printable", body=f"{WORDS} =C"),
    "quoted-printable of nothing": mail("Content-Transfer-Encoding: quoted-printable", body=f"{WORDS} =ZZ =\n="),
    "8 bits without a word of it": mail(body=WORDS.encode("cp1252"), kind="text/plain"),
    "two charsets in one text": mail(body=WORDS.encode() + b" \xeb\xe7", kind="text/plain; charset=utf-8"),
    "a UTF-8 mark before the text": mail(body=b"\xef\xbb\xbf" + WORDS.encode()),
    "NUL in the text": mail(body=f"{WORDS}\x00\x00"),
    "lines that end in all three ways": mail(body=WORDS, end="\n").replace(b"Subject", b"X: y\r\nSubject", 1),
    "no empty line before the text": b"Subject: Po\r\n" + f"{WORDS}\r\n".encode(),
    "a space before the colon": mail("X-Odd : 1", body=WORDS),
    "a header that begins with a space": b" X-First: 1\r\n" + mail(body=WORDS),
    "a header of 50,000 letters": mail(f"X-Long: {'x' * 50_000}", body=WORDS),
    "a thousand headers": mail(*(f"X-{number}: y" for number in range(1000)), body=WORDS),
    "encoded words that are none": mail("Subject: =?x-none?Q?=FF?= =?utf-8?Z?x?= =?utf-8?B?%%%?= =?utf-8", body=WORDS),
    "an encoded word cut in two": mail("Subject: =?utf-8?B?\n w6s=?=", body=WORDS),
    "raw bytes in the headers": mail(body=WORDS).replace(b": Ftese", b": \xff\xfe\x80").replace(b"421 <", b"\xeb <"),
    "an address that is none": mail("From: <<@@>>", "To: ,;<", body=WORDS),
    "brackets that never close": mail('From: "Qytetar <q00421@zyra.example', "To: (((", body=WORDS),
    "ten thousand addresses": mail(f"To: {', '.join(f'q{n}@zyra.example' for n in range(3000))}", body=WORDS),
    "a date that is none": mail("Date: Hënë, 99 Foo 20277 25:61:61 +9999", body=WORDS),
    "a Message-ID that is none": mail("Message-ID: q00421", "In-Reply-To: <<>>", "References: <a> b <c", body=WORDS),
    "a file name that is broken": multipart(
        PLAIN, part("application/pdf", "x", "Content-Disposition: attachment; filename*0*=x''%E; filename*2=z; filename=")
    ),
    "a file name of RFC 2047 and 2231": multipart(
        PLAIN, part("application/pdf", "x", "Content-Disposition: attachment; filename*=utf-8''=?utf-8?Q?x?=.pdf; filename=y")
    ),
    "a disposition that is none": multipart(PLAIN, part("application/pdf", "x", "Content-Disposition: ;;")),
    "a mail inside in base64": multipart(PLAIN, in_base64("message/rfc822", f"Subject: x\n\n{WORDS}")),
    "a mail inside that is empty": multipart(PLAIN, "Content-Type: message/rfc822\n"),
    "a mail inside a mail inside a mail": multipart(PLAIN, "Content-Type: message/rfc822\n\n" * 8 + "Subject: x\n\ny"),
    "a digest": multipart(PLAIN, inside("digest", "\nSubject: a\n\nx", "\nSubject: b\n\ny", boundary="c")),
    "a piece of a mail": multipart(PLAIN, part("message/partial; id=x; number=1; total=2", "Subject: x\n\nx")),
    "a body that lies elsewhere": multipart(PLAIN, part("message/external-body; access-type=ftp", "X: y\n\n")),
    "a report that reports nothing": multipart(PLAIN, part("message/delivery-status", "\n\n\n")),
    "a page that never closes": multipart(part("text/html; charset=utf-8", f"<p>{WORDS}<div><b><a href='x")),
    "a page of comments": multipart(part("text/html; charset=utf-8", f"<!-- <p> -->{WORDS}<!-- ")),
    "an alternative without words": multipart(part("image/png", "x"), PLAIN, subtype="alternative"),
    "related without a root": multipart(PLAIN, subtype='related; start="<nowhere>"'),
    "signed without a signature": multipart(PLAIN, subtype="signed"),
}  # fmt: skip
WITHOUT: dict[str, bytes] = {
    "a multipart without a boundary": mail(body="x", kind="multipart/mixed"),
    "a multipart with an empty boundary": mail(body="--\nx", kind='multipart/mixed; boundary=""'),
    "a multipart without parts": mail(body="", kind="multipart/mixed; boundary=b"),
    "a multipart in base64": mail("Content-Transfer-Encoding: base64", body=CODED, kind="multipart/mixed; boundary=b"),
    "headers alone": b"From: " + GUEST.encode() + b"\r\nTo: " + OURS.encode(),
    "headers that stop": mail(body="")[:40],
    "one line": b"Po",
    "uuencoded without an end": mail("Content-Transfer-Encoding: x-uuencode", body="begin 644 x\n#86)C\nzzz"),
    "base64 of one letter": mail("Content-Transfer-Encoding: base64", body="A"),
    "bytes of any kind": mail(body=bytes(range(256)), kind="application/octet-stream"),
    "an encrypted file alone": mail(body="0", kind="application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"),
}  # fmt: skip


def broken() -> Iterator[Sample]:
    """Give them all."""
    for name, raw in WITH_WORDS.items():
        yield Sample(SET, name, raw, lambda report: is_read(report) or _words_lost(report))
    for name, raw in WITHOUT.items():
        yield Sample(SET, name, raw, is_read)


def _words_lost(report: MailReport) -> str:
    body = even(report.body)
    return "" if WORDS in body else f"the words are lost: {body[:80]!r}"
