"""Reports in the form of RFC 3464, as the mail servers in use write them, and as some get it wrong."""

from __future__ import annotations

from collections.abc import Iterator

from tests.mail.judging import Sample, bounce
from tests.mail.own.writing import GUEST, OUR_ID, RETURNED, in_base64, inside, mail, multipart, part

SET = "bounces, RFC 3464"
OTHER = "arkiva@zyra.example"
DAEMON = "From: MAILER-DAEMON@mx.example (Mail Delivery System)"


def fields(action: str, status: str, diagnostic: str = "", *more: str, to: str = f"rfc822; {GUEST}") -> str:
    """Give the block of one recipient."""
    lines = [f"Final-Recipient: {to}", f"Action: {action}", f"Status: {status}"]
    if diagnostic:
        lines.append(f"Diagnostic-Code: {diagnostic}")
    return "\n".join((*lines, *more))


def form(*blocks: str, mta: str = "dns; mx.example", gap: str = "\n\n") -> str:
    """Give the part for programs: the server first, then each recipient."""
    return part(
        "message/delivery-status", gap.join((f"Reporting-MTA: {mta}\nX-Queue-ID: 4XyZ421", *blocks)) + "\n"
    )


def report(
    words: str,
    *blocks: str,
    subject: str = "Undelivered Mail Returned to Sender",
    sender: str = DAEMON,
    back: str = part("message/rfc822", RETURNED + "\n\nTe nderuar,"),
    headers: tuple[str, ...] = (),
    mta: str = "dns; mx.example",
) -> bytes:
    """Give a whole report: words, form, and what came back."""
    notice = part("text/plain; charset=us-ascii", words, "Content-Description: Notification")
    return multipart(
        notice, form(*blocks, mta=mta), *([back] if back else []),
        subtype='report; report-type="delivery-status"',
        headers=(sender, f"Subject: {subject}", "Return-Path: <>", *headers),
    )  # fmt: skip


HEADERS_BACK = part("text/rfc822-headers", RETURNED + "\n")
UNKNOWN = "smtp; 550 5.1.1 User unknown"

# By name: the report, whose addresses failed, for good (True) or for now (False), the status (None: not asked).
KINDS: dict[str, tuple[bytes, set[str], bool | None, str | None]] = {
    "postfix, unknown": (
        report(
            "This is the mail system at host mx.example.\n\nI'm sorry to have to inform you that your message could not\n"
            f"be delivered to one or more recipients.\n\n<{GUEST}>: host mx.zyra.example said: 550 5.1.1 User unknown",
            fields("failed", "5.1.1", UNKNOWN, f"Original-Recipient: rfc822;{GUEST}", "Remote-MTA: dns; mx.zyra.example"),
        ), {GUEST}, True, "5.1.1",
    ),
    "postfix, still trying": (
        report(
            "THIS IS A WARNING ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.",
            fields("delayed", "4.4.1", "X-Postfix; connect to mx.zyra.example: Connection timed out",
                   "Will-Retry-Until: Sat, 6 Mar 2027 10:11:12 +0100"),
            subject="Delayed Mail (still being retried)", back=HEADERS_BACK,
        ), {GUEST}, False, "4.4.1",
    ),
    "postfix, arrived": (
        report(
            "Your message was successfully delivered to the destination(s) listed below.",
            fields("delivered", "2.1.5", "smtp; 250 2.1.5 Ok"), subject="Successful Mail Delivery Report",
        ), set(), None, "2.1.5",
    ),
    "postfix, handed on": (
        report("It was relayed.", fields("relayed", "2.0.0", "smtp; 250 2.0.0 Ok"),
               subject="Successful Mail Delivery Report"), set(), None, "2.0.0",
    ),
    "a list that took it apart": (
        report("Your message was expanded.", fields("expanded", "2.0.0"), subject="Return receipt"), set(), None, "2.0.0",
    ),
    "two at once": (
        report("Both failed.", fields("failed", "5.1.1", UNKNOWN), fields("failed", "5.2.2", "smtp; 552 5.2.2 Quota",
               to=f"rfc822; {OTHER}")), {GUEST, OTHER}, True, "5.1.1",
    ),
    "one arrived, one did not": (
        report("One failed.", fields("delivered", "2.1.5"), fields("failed", "5.1.1", UNKNOWN, to=f"rfc822; {OTHER}")),
        {OTHER}, True, "5.1.1",
    ),
    "one failed, one waits": (
        report("One failed.", fields("delayed", "4.4.1"), fields("failed", "5.1.1", UNKNOWN, to=f"rfc822; {OTHER}")),
        {OTHER}, True, "5.1.1",
    ),
    "sendmail": (
        report(
            "The original message was received at Mon, 1 Mar 2027 10:11:12 +0100\nfrom rsvp.example\n\n"
            "   ----- The following addresses had permanent fatal errors -----\n"
            f"<{GUEST}>\n    (reason: 550 5.1.1 User unknown)\n\n   ----- Transcript of session follows -----",
            fields("failed", "5.1.1", "SMTP; 550 5.1.1 User unknown", "Last-Attempt-Date: Mon, 1 Mar 2027 10:11:12 +0100",
                   to=f"RFC822; {GUEST}"),
            subject="Returned mail: see transcript for details", back=HEADERS_BACK,
            sender="From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
        ), {GUEST}, True, "5.1.1",
    ),
    "sendmail, still trying": (
        report(
            "    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **",
            fields("delayed", "4.4.2"), subject="Warning: could not send message for past 4 hours",
        ), {GUEST}, False, "4.4.2",
    ),
    "given up after five days": (
        report("Message could not be delivered for 5 days\nMessage will be deleted from queue",
               fields("failed", "4.4.7", "smtp; 421 4.4.7 gave up")), {GUEST}, True, "4.4.7",
    ),
    "exim": (
        report(
            "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
            f"delivered to one or more of its\nrecipients.\n\n  {GUEST}\n    host mx.zyra.example\n    550 Unrouteable address",
            fields("failed", "5.0.0", "smtp; 550 Unrouteable address"),
            subject="Mail delivery failed: returning message to sender", headers=(f"X-Failed-Recipients: {GUEST}",),
        ), {GUEST}, True, "5.0.0",
    ),
    "Exchange, unknown": (
        multipart(
            inside("alternative", part("text/plain", "Your message couldn't be delivered."),
                   part("text/html", "<p>Your message couldn't be delivered."), boundary="c"),
            form(fields("failed", "5.1.10", "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by SMTP address lookup",
                        "X-Display-Name: Qytetar 00421", to=f"rfc822;{GUEST}"), mta="dns;mx.zyra.example"),
            part("message/rfc822", RETURNED + "\n\nx"), subtype="report; report-type=delivery-status",
            headers=("From: Microsoft Outlook <postmaster@zyra.example>", "Subject: Undeliverable: Ftese per tryeze",
                     "Auto-Submitted: auto-replied", "X-MS-Exchange-Message-Is-Ndr:"),
        ), {GUEST}, True, "5.1.10",
    ),
    "Exchange, in German": (
        report("Die Nachricht konnte nicht zugestellt werden.", fields("failed", "5.7.1", "smtp;550 5.7.1 not authorized"),
               subject="Unzustellbar: Ftese per tryeze", sender="From: postmaster@zyra.example"), {GUEST}, True, "5.7.1",
    ),
    "Exchange, still trying": (
        report("THIS IS A WARNING MESSAGE ONLY.\n\nDelivery to the following recipients has been delayed.\n\n       "
               f"{GUEST}", fields("delayed", "4.4.7"), subject="Delivery Status Notification (Delay)",
               sender="From: postmaster@zyra.example"), {GUEST}, False, "4.4.7",
    ),
    "Gmail": (
        report(
            f"** Address not found **\n\nYour message wasn't delivered to {GUEST} because the address couldn't be found.",
            fields("failed", "5.1.1", "smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try\n"
                   " 550-5.1.1 double-checking the address.\n 550 5.1.1 - gsmtp"),
            subject="Delivery Status Notification (Failure)", headers=(f"X-Failed-Recipients: {GUEST}",),
            sender="From: Mail Delivery Subsystem <mailer-daemon@posta.example>",
        ), {GUEST}, True, "5.1.1",
    ),
    "Gmail, still trying": (
        report("** Delivery incomplete **\n\nThere was a temporary problem delivering your mail. It is retried for 46 hours.",
               fields("delayed", "4.4.1", "smtp; The recipient server did not accept our requests to connect."),
               subject="Delivery Status Notification (Delay)"), {GUEST}, False, "4.4.1",
    ),
    "Domino": (
        report(f"Your message\n  Subject: Ftese\nwas not delivered to:\n  {GUEST}\nbecause:\n  User not listed",
               fields("failed", "5.1.1", "X-Notes; User q00421 not listed in public Name & Address Book"),
               subject="DELIVERY FAILURE: User q00421 (q00421@zyra.example) not listed in Domino Directory",
               sender="From: Postmaster@zyra.example"), {GUEST}, True, "5.1.1",
    ),
    "a bulk sender": (
        report("An error occurred while trying to deliver the mail to the following recipients:\n" + GUEST,
               fields("failed", "5.7.1", "smtp; 550 5.7.1 rejected by policy"), subject="Delivery Status Notification (Failure)",
               mta="dns; a1.dergues.example"), {GUEST}, True, "5.7.1",
    ),
    "Courier": (
        report("This is a delivery status notification from mx.example,\nrunning the Courier mail server.",
               fields("failed", "5.0.0", UNKNOWN), subject="NOTICE: mail delivery status."), {GUEST}, True, "5.1.1",
    ),
    "OpenSMTPD": (
        report(f"    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY.\n\n    {GUEST}: 550 Invalid recipient",
               fields("failed", "5.0.0"), subject="Delivery status notification: failed",
               sender="From: Mailer Daemon <MAILER-DAEMON@mx.example>"), {GUEST}, True, "5.0.0",
    ),
    "X.400 of a ministry": (
        report("Your message was not delivered.",
               fields("failed", "5.1.1", "X400; 400", to="X400; /RFC-822=q00421(a)zyra.example/O=posta/PRMD=qeveri/C=al/")),
        {GUEST}, True, "5.1.1",
    ),
    "an address in other letters": (
        report(f"Nuk u dorezua: {GUEST}", fields("failed", "5.1.1", UNKNOWN, to=f"utf-8; {GUEST}")).replace(
            b"message/delivery-status", b"message/global-delivery-status"), {GUEST}, True, None,
    ),
    "an alias: the address we wrote to counts": (
        report("No.", fields("failed", "5.2.1", "smtp; 550 5.2.1 disabled", f"Original-Recipient: rfc822; {GUEST}",
                             to="rfc822; q421@mbrenda.example")), {GUEST}, True, "5.2.1",
    ),
    "an original recipient without an address": (
        report("No.", fields("failed", "5.2.1", "smtp; 550 5.2.1 disabled", "Original-Recipient: rfc822; q00421")),
        {GUEST}, True, "5.2.1",
    ),
    "the address in brackets and capitals": (
        report("No.", fields("failed", "5.1.1", UNKNOWN, to="RFC822; <Q00421@Zyra.EXAMPLE>")), {GUEST}, True, "5.1.1",
    ),
    "no action, a status": (
        report("No.", f"Final-Recipient: rfc822; {GUEST}\nStatus: 5.2.1"), {GUEST}, True, "5.2.1",
    ),
    "no action, a status for now": (
        report("No.", f"Final-Recipient: rfc822; {GUEST}\nStatus: 4.2.1"), {GUEST}, False, "4.2.1",
    ),
    "neither action nor status": (
        report("The account does not exist.", f"Final-Recipient: rfc822; {GUEST}"), {GUEST}, True, "",
    ),
    "neither, but it waits": (
        report("It is delayed; no action is required.", f"Final-Recipient: rfc822; {GUEST}",
               subject="Delivery delayed"), {GUEST}, False, "",
    ),
    "an action with a remark": (
        report("No.", fields("failed (unknown user)", "5.1.1 (bad address)")), {GUEST}, True, "5.1.1",
    ),
    "an action by another word": (report("No.", fields("Failure", "5.1.1")), {GUEST}, True, "5.1.1"),
    "a status only in the server's words": (
        report("No.", f"Final-Recipient: rfc822; {GUEST}\nAction: failed\nDiagnostic-Code: smtp; 550 5.7.26 unauthenticated"),
        {GUEST}, True, "5.7.26",
    ),
    "only half an address, the words name it": (
        report(f"Your mail to <{GUEST}> was not delivered.", fields("failed", "5.1.1", UNKNOWN, to="rfc822; q00421")),
        {GUEST}, True, "5.1.1",
    ),
    "no address, the words name it": (
        report(f"Nobody reads {GUEST} any more.", fields("failed", "5.1.1", UNKNOWN, to="LOCAL; \\q00421,")),
        {GUEST}, True, "5.1.1",
    ),
    "a receipt in disguise": (
        multipart(
            part("text/plain", f"Your message to <{GUEST}> was automatically rejected:\nQuota exceeded"),
            part("message/disposition-notification", f"Reporting-UA: mx.zyra.example\nFinal-Recipient: rfc822; {GUEST}\n"
                 f"Original-Message-ID: {OUR_ID}\nDisposition: automatic-action/MDN-sent-automatically; deleted\n"),
            part("message/rfc822", RETURNED + "\n\nx"), subtype="report; report-type=disposition-notification",
            headers=("From: Mail Delivery Subsystem <postmaster@zyra.example>", "Subject: Automatically rejected mail",
                     "Auto-Submitted: auto-replied (rejected)", "Return-Path: <>"),
        ), {GUEST}, True, "",
    ),
}  # fmt: skip


ASSISTANT = "asistenti@tjeter.example"
_GONE = fields("failed", "5.1.1", UNKNOWN, to=f"rfc822; {ASSISTANT}")
_KNEW = f"Original-Recipient: rfc822;{GUEST}"
# By name: the report, which addresses failed, for whom the mail was, and to which of them it was only passed on.
FORWARDS: dict[str, tuple[bytes, list[str], tuple[str, ...], tuple[str, ...]]] = {
    "a forward": (report("No.", _GONE), [ASSISTANT], (GUEST,), (ASSISTANT,)),
    "a forward, headers alone": (report("No.", _GONE, back=HEADERS_BACK), [ASSISTANT], (GUEST,), (ASSISTANT,)),
    "a forward, only the words know": (
        report(f"{ASSISTANT}: User unknown (forwarded for {GUEST})", _GONE, back=""), [ASSISTANT], (GUEST,), (ASSISTANT,),
    ),
    "a forward, postfix": (
        report(f"<{ASSISTANT}> (expanded from <{GUEST}>): unknown", _GONE, back=""), [ASSISTANT], (GUEST,), (ASSISTANT,),
    ),
    "a forward, exim": (
        report(f"  {ASSISTANT}\n    (ultimately generated from {GUEST})", _GONE, back=""), [ASSISTANT], (GUEST,), (ASSISTANT,),
    ),
    "a forward that kept whom we wrote to": (
        report("No.", fields("failed", "5.1.1", UNKNOWN, _KNEW, to=f"rfc822; {ASSISTANT}")), [GUEST], (GUEST,), (ASSISTANT,),
    ),
    "a forward to the same name elsewhere": (
        report("No.", fields("failed", "5.2.2", "smtp; 552 5.2.2 full", to="rfc822; q00421@posta.example")),
        ["q00421@posta.example"], (GUEST,), ("q00421@posta.example",),
    ),
    "nobody says whom we wrote to": (report("No.", _GONE, back=""), [ASSISTANT], (), ()),
    "no forward": (report("No.", fields("failed", "5.1.1", UNKNOWN)), [GUEST], (GUEST,), ()),
    "a mailbox by the name of its host": (
        report("No.", fields("failed", "5.1.1", UNKNOWN, to="rfc822; q00421@mail.zyra.example")),
        ["q00421@mail.zyra.example"], (GUEST,), (),
    ),
    "a mailbox by an inner name": (
        report("No.", fields("failed", "5.1.1", UNKNOWN, _KNEW, to="rfc822; q00421@serveri")), [GUEST], (GUEST,), (),
    ),
    "our own address among the failed": (
        report("No.", fields("failed", "5.1.1", UNKNOWN, to="rfc822; r-abc@rsvp.example"), fields("failed", "5.1.1", UNKNOWN)),
        [GUEST], (GUEST,), (),
    ),
    "our own address alone": (
        report("No.", fields("failed", "5.1.1", UNKNOWN, to="rfc822; b-abc@rsvp.example")), [GUEST], (GUEST,), (),
    ),
}  # fmt: skip
# What a report says by *other* and the server's words by a code of their own.
CODES = {
    "smtp; 550 5.7.1 no reverse DNS": ("5.0.0", "5.7.1"), "smtp; 550-5.7.26 not signed": ("5.1.0", "5.7.26"),
    "smtp; 451 4.7.1 later": ("5.0.0", "4.7.1"), "smtp; 550 5.0.0 no": ("5.0.0", "5.0.0"), "smtp; 550 no": ("5.0.0", "5.0.0"),
    "smtp; 550 5.7.1 by policy": ("5.1.1", "5.1.1"), "smtp; mx 5.1.1.2 said 550 5.2.1 no": ("5.0.0", "5.2.1"),
}  # fmt: skip


IN_WORDS = f"""Your message was not delivered.

Reporting-MTA: dns; mx.example

{fields("failed", "5.1.1", UNKNOWN)}

--- Headers:

{RETURNED}
"""


def _without_parts() -> bytes:
    kind = "multipart/report; report-type=delivery-status; boundary=none"
    return mail("From: lista@zyra.example", body=IN_WORDS, kind=kind)


def _misshapen() -> Iterator[tuple[str, bytes]]:
    """Give reports whose parts somebody lost, coded or ran together."""
    block = fields("failed", "5.1.1", UNKNOWN)
    usual = report("No.", block)
    yield "the form among the words", mail(DAEMON, "Subject: Returned mail", body=IN_WORDS)
    yield "no empty line before the recipient", usual.replace(b"421\r\n\r\nFinal", b"421\r\nFinal")
    yield "lines that are only nearly empty", usual.replace(b"421\r\n\r\nFinal", b"421\r\n \r\nFinal")
    yield "lines that end in LF", usual.replace(b"\r\n", b"\n")
    yield "lines that end in CR", usual.replace(b"\r\n", b"\r")
    yield "out of a mailbox", b"From MAILER-DAEMON Mon Mar  1 10:11:12 2027\r\n" + usual
    yield "no boundary at the end", usual.rpartition(b"--b--")[0]
    words = part("text/plain", f"It could not be delivered.\n\n<{GUEST}>: 550 5.1.1 User unknown")
    coded = in_base64("message/delivery-status", f"Reporting-MTA: dns; mx.example\n\n{block}\n")
    back = part("message/rfc822", RETURNED + "\n\nx")
    kind = "report; report-type=delivery-status"
    yield "the form in base64", multipart(words, coded, back, subtype=kind, headers=(DAEMON,))


def delivery_reports() -> Iterator[Sample]:
    """Give them all; every one has to name our mail, which came back."""
    for name, (raw, wanted, permanent, status) in KINDS.items():
        asked = {} if status is None else {"status": status}
        yield Sample(SET, name, raw, bounce(wanted, permanent, returned_id=OUR_ID, **asked))
    for name, (raw, wanted_list, meant, passed) in FORWARDS.items():
        yield Sample(SET, name, raw, bounce(wanted_list, True, written_to=meant, forwarded_to=passed))
    for diagnostic, (written, told) in CODES.items():
        raw = report("No.", fields("failed", written, diagnostic))
        yield Sample(SET, f"{written}, {diagnostic}", raw, bounce([GUEST], True, status=told))
    for name, raw in _misshapen():
        yield Sample(SET, name, raw, bounce([GUEST], True, status="5.1.1", returned_id=OUR_ID))
    # There is no part, so nothing is known of what came back.
    yield Sample(SET, "the form where no part is", _without_parts(), bounce([GUEST], True, status="5.1.1"))
    listed = mail(
        DAEMON, "Subject: Mail failure", f"X-Failed-Recipients: {GUEST}, {OTHER}",
        body=f"550 5.1.1 User unknown\n\n------ This is a copy of the message ------\n\n{RETURNED}\n\nx",
    )  # fmt: skip
    judge = bounce([GUEST, OTHER], True, status="5.1.1", returned_id=OUR_ID)
    yield Sample(SET, "a header that names them", listed, judge)
