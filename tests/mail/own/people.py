"""What people write, with whatever they write it: never to be put aside, and none of their words lost."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from tests.mail.judging import Sample, reads
from tests.mail.own.delivery_reports import KINDS
from tests.mail.own.replies import REPLIES, given
from tests.mail.own.writing import (
    GUEST,
    RETURNED,
    in_base64,
    in_quoted_printable,
    inside,
    mail,
    multipart,
    part,
    parts,
    word,
)

SET = "letters by people"
WORDS = "Përshëndetje, vij me kënaqësi në tryezë, bashkë me një koleg."
HTML = f"<html><head><style>p {{color: red}}</style></head><body><p>{WORDS}</p><img src='cid:logo'></body></html>"
PDF = base64.b64encode(b"%PDF-1.4\n%%EOF\n").decode("ascii")
FILE = part("application/pdf; name=shkresa.pdf", PDF, "Content-Transfer-Encoding: base64",
            "Content-Disposition: attachment; filename=shkresa.pdf")  # fmt: skip
LOGO = in_base64(
    "image/png; name=logo.png", b"\x89PNG\r\n\x1a\n421", "Content-ID: <logo>", "Content-Disposition: inline"
)

# By program: the whole mail, and its words.
LETTERS: dict[str, tuple[bytes, str]] = {
    "plain": (mail(body=WORDS), WORDS),
    "quoted-printable": (
        multipart(in_quoted_printable("text/plain; charset=utf-8", WORDS)), WORDS,
    ),
    "Windows-1252": (
        multipart(in_quoted_printable("text/plain; charset=windows-1252", WORDS.encode("cp1252"))), WORDS,
    ),
    "Windows-1250": (multipart(in_base64("text/plain; charset=windows-1250", WORDS.encode("cp1250"))), WORDS),
    "Latin-1 that is not": (
        mail(body="“Po” – vij".encode("cp1252"), kind="text/plain; charset=iso-8859-1"), "“Po” – vij",
    ),
    "UTF-8 that says ASCII": (mail(body=WORDS, kind="text/plain; charset=us-ascii"), WORDS),
    "UTF-16": (multipart(in_base64("text/plain; charset=utf-16", WORDS.encode("utf-16"))), WORDS),
    "a charset of two names": (mail(body=WORDS, kind='text/plain; charset="utf-8"; charset="iso-8859-1"'), WORDS),
    "Greek": (mail(body="Θα έρθω".encode("iso-8859-7"), kind="text/plain; charset=iso-8859-7"), "Θα έρθω"),
    "Cyrillic": (mail(body="Доћи ћу".encode("cp1251"), kind="text/plain; charset=windows-1251"), "Доћи ћу"),
    "Turkish": (mail(body="Geleceğim, şimdi".encode("cp1254"), kind="text/plain; charset=iso-8859-9"), "Geleceğim, şimdi"),
    "Chinese": (mail(body="我会来".encode("gb18030"), kind="text/plain; charset=gb2312"), "我会来"),
    "raw letters in the headers": (
        mail("Subject: Përgjigje ç", "From: Qytetar ë <q00421@zyra.example>", body=WORDS), WORDS,
    ),
    "format=flowed": (mail(body=WORDS.replace("tryezë, ", "tryezë, \n"), kind="text/plain; charset=utf-8; format=flowed"), WORDS),
    "Gmail": (
        multipart(part("text/plain; charset=utf-8", WORDS), part("text/html; charset=utf-8", HTML), subtype="alternative"), WORDS,
    ),
    "Outlook": (
        multipart(inside("related", inside("alternative", in_quoted_printable("text/plain; charset=utf-8", WORDS),
                  in_quoted_printable("text/html; charset=utf-8", HTML), boundary="d"), LOGO, boundary="c"), FILE,
                  headers=("X-Mailer: Microsoft Outlook 16.0", "Thread-Index: AdI421", "X-Auto-Response-Suppress: OOF")), WORDS,
    ),
    "Outlook that suppresses answers": (mail("X-Auto-Response-Suppress: DR, OOF, AutoReply", body=WORDS), WORDS),
    "Apple Mail": (
        multipart(in_quoted_printable("text/plain; charset=utf-8", WORDS), FILE,
                  part("text/plain; charset=us-ascii", "\n\n-- \nZyra"), headers=("X-Mailer: Apple Mail (2.3774.421)",)), WORDS,
    ),
    "iPhone": (mail("X-Mailer: iPhone Mail (21A421)", body=f"{WORDS}\n\nDërguar nga iPhone\n"), WORDS),
    "Thunderbird": (mail("User-Agent: Mozilla Thunderbird", body=WORDS, kind="text/plain; charset=UTF-8; format=flowed"), WORDS),
    "a page alone": (multipart(in_base64("text/html; charset=utf-8", HTML), subtype="related"), WORDS),
    "a page with an empty text": (
        multipart(part("text/plain", " \n"), part("text/html; charset=utf-8", HTML), subtype="alternative"), WORDS,
    ),
    "signed": (
        multipart(part("text/plain; charset=utf-8", WORDS), in_base64("application/pkcs7-signature; name=smime.p7s", "0"),
                  subtype='signed; protocol="application/pkcs7-signature"; micalg=sha-256'), WORDS,
    ),
    "signed by PGP": (
        multipart(part("text/plain; charset=utf-8", WORDS), part("application/pgp-signature", "-----BEGIN PGP SIGNATURE-----"),
                  subtype='signed; protocol="application/pgp-signature"'), WORDS,
    ),
    "encrypted": (
        multipart(part("application/pgp-encrypted", "Version: 1"), part("application/octet-stream", "-----BEGIN PGP-----"),
                  subtype='encrypted; protocol="application/pgp-encrypted"'), "",
    ),
    "a file alone": (mail(body=PDF, kind="application/pdf; name=shkresa.pdf"), ""),
    "a scan of the scanner": (
        multipart(part("text/plain", "Device: Skaner 421\n"), FILE, headers=("Subject: Scan from Skaner 421",)), "Skaner 421",
    ),
    "winmail.dat": (
        multipart(part("text/plain; charset=utf-8", WORDS), in_base64("application/ms-tnef; name=winmail.dat", "x")), WORDS,
    ),
    "by a list": (
        mail("List-Id: <rrjeti.lista.example>", "Precedence: list", f"Subject: [rrjeti] {word('Përgjigje')}", body=WORDS), WORDS,
    ),
    "in bulk": (mail("Precedence: bulk", "List-Unsubscribe: <mailto:dil@lista.example>", body=WORDS), WORDS),
    "marked as no machine's": (mail("Auto-Submitted: no", "X-Autoreply: no", body=WORDS), WORDS),
    "handed on by another server": (
        mail("Return-Path: <SRS0=ab=cd=zyra.example=q00421@kalon.example>", "Resent-From: k@kalon.example", body=WORDS), WORDS,
    ),
    "without sender": (mail("From:", body=WORDS), WORDS),
    "with two senders": (mail(f"From: A <a@zyra.example>, B <{GUEST}>", f"Sender: {GUEST}", body=WORDS), WORDS),
    "without a subject": (mail("Subject:", body=WORDS), WORDS),
    "without a receiver": (mail("To: undisclosed-recipients:;", body=WORDS), WORDS),
    "of noreply": (mail("From: noreply@zyra.example", body=WORDS), WORDS),
    "of a postmaster": (mail("From: Zyra IT <postmaster@zyra.example>", body=WORDS), WORDS),
    "a failure of their own, shown": (
        mail("Subject: Undelivered Mail Returned to Sender",
             body="Më erdhi kjo kur ju shkrova:\n\n550 5.1.1 User unknown\n\n"
                  f"Message-ID: <x@zyra.example>\nFrom: {GUEST}\nTo: x@y.example"),
        "Më erdhi kjo",
    ),
    "of a postmaster about a failure": (
        mail("From: Zyra IT <postmaster@zyra.example>", "Subject: Re: Adresa juaj",
             body=f"E rregulluam: {GUEST} kthente 550 5.1.1 user unknown. Provojeni përsëri."), "E rregulluam",
    ),
    "of a postmaster who hands a failure on": (
        mail("From: Zyra IT <postmaster@zyra.example>", "Subject: Fwd: Undelivered Mail Returned to Sender",
             body=f"Kjo na erdhi sot.\n\n550 5.1.1 User unknown {GUEST}\nRCPT TO: {GUEST}"), "Kjo na erdhi sot.",
    ),
    "of a postmaster, a code in a word": (
        mail("From: postmaster@zyra.example", "Subject: Postat e reja", body=f"Shkruani te {GUEST}, kati 5.1.1, zyra 550 B."),
        "Shkruani te",
    ),
    "of a postmaster without a code": (
        mail("From: postmaster@zyra.example", "Subject: Undeliverable: si ta zgjidhim?", body=f"Shkruani te {GUEST}."),
        "Shkruani te",
    ),
    "of GroupWise, addresses in it": (
        multipart(part("text/plain", f"Shkruani te <{GUEST}> dhe\narkiva@zyra.example\n"), FILE,
                  headers=("X-Mailer: Novell GroupWise Internet Agent 6.0",)), f"Shkruani te <{GUEST}>",
    ),
    "about a failure": (
        mail("Subject: Pse u kthye?", body=f"Mora këtë: <{GUEST}>: 550 5.1.1 user unknown. Pse?"), "Pse?",
    ),
    "a failure handed on": (
        mail("Subject: Fwd: Undelivered Mail Returned to Sender", body=f"Shihni poshtë.\n\n{RETURNED}"), "Shihni poshtë.",
    ),
    "a failure answered": (
        mail("Subject: Re: failure notice", "In-Reply-To: <ftesa-421@rsvp.example>",
             body=f"E provova përsëri.\n\n> Hi. This is the qmail-send program\n>\n> <{GUEST}>:\n> no such user\n"),
        "E provova përsëri.",
    ),
    "a failure attached": (
        mail("Subject: Fwd: Undelivered Mail Returned to Sender", kind="multipart/mixed; boundary=outer",
             body=parts(part("text/plain; charset=utf-8", "Bashkëlidhur mesazhi që m’u kthye."),
                        "Content-Type: message/rfc822\n\n" + KINDS["postfix, unknown"][0].decode(), boundary="outer")),
        "Bashkëlidhur mesazhi që m’u kthye.",
    ),
    "a complaint in words": (mail("Subject: Ankesë për abuzim", body="Kjo është spam. Hiqmëni nga lista."), "Kjo është spam."),
    "about reading": (mail("Subject: Lexuar: raporti juaj", "In-Reply-To: <ftesa-421@rsvp.example>", body=WORDS), WORDS),
    "about an absence": (mail("Subject: Re: Out of office: Ftese", body=WORDS), WORDS),
    "about a permit": (mail(f"Subject: {word('Me leje ndërtimi apo pa leje?')}", body=WORDS), WORDS),
    "about an event, attached": (
        multipart(part("text/plain; charset=utf-8", WORDS),
                  "Content-Type: text/calendar; method=PUBLISH\n\nBEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:PUBLISH\nBEGIN:VEVENT\n"
                  "UID:x\nDTSTAMP:20270301T000000Z\nEND:VEVENT\nEND:VCALENDAR\n"), WORDS,
    ),
    "with a mail attached": (
        multipart(part("text/plain; charset=utf-8", WORDS), "Content-Type: message/rfc822\n\nSubject: tjetër\n\nx"), WORDS,
    ),
    "with a card": (
        multipart(part("text/plain; charset=utf-8", WORDS), part("text/vcard; name=q00421.vcf", "BEGIN:VCARD\nEND:VCARD")), WORDS,
    ),
    "of a mailbox file": (
        b"From q00421@zyra.example Mon Mar  1 10:11:12 2027\r\n" + mail("X-Mozilla-Status: 0001", body=WORDS), WORDS,
    ),
    "lines that end in LF": (mail(body=WORDS, end="\n"), WORDS),
    "lines that end in CR": (mail(body=WORDS, end="\r"), WORDS),
    "a subject in pieces": (
        mail("Subject: =?utf-8?B?UMOr?=\n =?utf-8?B?cmdqaWdqZSDD?=\n =?utf-8?B?qw==?=", body=WORDS), WORDS,
    ),
}  # fmt: skip
SUBJECTS = {"a subject in pieces": "Përgjigje ë", "raw letters in the headers": "Përgjigje ç"}


def people() -> Iterator[Sample]:
    """Give letters with their words, and every reply of ``replies`` as a mail."""
    for name, (raw, words) in LETTERS.items():
        facts: dict[str, Any] = {"subject": SUBJECTS[name]} if name in SUBJECTS else {}
        yield Sample(SET, name, raw, reads("human", holds=words, failed_recipients=(), **facts))
    for reply in REPLIES:
        yield Sample(
            SET, reply.name, mail("Subject: Re: Ftese", body=given(reply)), reads("human", text=reply.new)
        )
