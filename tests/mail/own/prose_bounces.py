"""Mails by which servers say in words of their own that a mail did not arrive, or not yet."""

from __future__ import annotations

from collections.abc import Iterator

from tests.mail.judging import Sample, bounce
from tests.mail.own.writing import GUEST, OUR_ID, OURS, RETURNED, inside, mail, multipart, part

SET = "bounces, in prose and old forms"
OTHER = "arkiva@zyra.example"
DAEMON = "From: MAILER-DAEMON@mx.example"
BACK = f"{RETURNED}\n\nTe nderuar,\n"

# By name: how the server begins, names the address, and ends before it gives the mail back. Programs' formulas.
FORMULAS: dict[str, tuple[str, str, str]] = {
    "qmail": (
        "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the\n"
        "following addresses. This is a permanent error; I've given up. Sorry it didn't work out.\n",
        "<{0}>:\nSorry, no mailbox here by that name. (#5.1.1)\n", "--- Below this line is a copy of the message.",
    ),
    "qmail, another beginning": (
        "Hi. The MTA program at mx.example could not deliver your mail.\n", "<{0}>:\nuser does not exist\n",
        "--- Below this line is a copy of the message.",
    ),
    "qmail, an agent": (
        "This is the mail delivery agent at mx.example.\nI was unable to deliver your message.\n",
        "<{0}>:\n550 5.1.1 unknown user\n", "--- Undelivered message follows ---",
    ),
    "qmail, that is sorry": (
        "We're sorry. There's a problem with the e-mail address(es) you're trying to send to.\n",
        "<{0}>:\n550 5.1.1 no such user\n", "--- Please see below",
    ),
    "qmail, in three languages": (
        "Lo sentimos. Your message could not be delivered\n", "<{0}>:\nno such mailbox\n", "- - -",
    ),
    "Exim of a hoster": (
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
        "delivered to one or more of its recipients.\n", "<{0}>:\n  unknown user\n", "--- The header of the original message",
    ),
    "Exim that names it first": (
        "A message that you sent could not be delivered to one or more of its recipients.\n", "{0}:\n  mailbox is full\n",
        "--- The header of the original message is following. ---",
    ),
    "Exim with what was said": (
        "This message was created automatically by mail delivery software.\n", "RCPT TO:<{0}>\n550 User unknown\n",
        "Original message follows.",
    ),
    "Gmail in its early years": (
        "This is an automatically generated Delivery Status Notification\n\nDelivery to the following recipient failed "
        "permanently:\n", "     {0}\n", "   ----- Original message -----",
    ),
    "sendmail": (
        "   ----- The following addresses had permanent fatal errors -----\n", "<{0}>\n",
        "   ----- Transcript of session follows -----\n550 User unknown",
    ),
    "Yahoo for another domain": (
        "Unable to deliver message to the following address(es).\n", "<{0}>:\nThis user doesn't have an account\n",
        "--- Original message follows.",
    ),
    "MDaemon": (
        "The following addresses did NOT receive a copy of your message:\n", "> {0}\n", "--- Session Transcript ---",
    ),
    "MDaemon, no such user": ("- no such user here\n", "{0} refused\n", "There is no user by that name at this server."),
    "InterScan": (
        "Unable to deliver message to", "<{0}>\n", "************ End of message ************",
    ),
    "Exchange, all that it says": (
        "Your message did not reach some or all of the intended recipients.\n\nDelivery to the following recipients failed.\n",
        "       {0}\n", "Error.",
    ),
    "Domino in the old days": ("Your message\n", "  {0}\n", "because:\n  no such user"),
    "SMTPSVC": ("The email below could not be delivered to the following user:\n", "<{0}>\n", "Old message:"),
    "a provider": ("Sorry, unable to deliver your message to\n", "  {0} \n", "A copy of the original message follows"),
    "MailEnable": (
        "Message could not be delivered to some recipients.\n", "Recipient: [SMTP:{0}]\nReason: unknown user\n",
        "Message headers follow:",
    ),
    "LSMTP": ("--> Error description:\n", "Error-for:  {0}\n", "Error-End: 1 error reported"),
    "Smail": ("failed addresses follow:\n", " {0} ... unknown host\n", "message text follows:"),
    "a gateway": ("------ Failed Recipients ------\n", "<{0}>\n", "-------- Returned Mail --------"),
    "a full mailbox": ("This is a delivery failure.\n", "User's mailbox is full: <{0}>\n", "Unable to deliver mail."),
    "a filter": ("The following address failed:\n", "<{0}>\n", "Included is a copy of the message header:"),
    "a server in Asia": ("This is the deliver program at mx.example.\n", "{0} unknown\n", "--- Forwarded below"),
    "Mail.ru": ("A message that you sent was rejected\n", "  {0} \n", "This is a copy of your message"),
    "a quota": ("Delivery has failed\n", "mailbox [{0}] over quota\n", "Original message details:"),
    "whoever it was": (
        "This is a delivery failure notification message\n", "-- {0}\n", "The problem appears to be: unknown",
    ),
    "a university": ("Message not delivered to the following addresses:\n", "  {0}\n", "Error detail: unknown"),
}  # fmt: skip
# The same for mails that say only that it takes longer.
WARNINGS: dict[str, tuple[str, str, str, str]] = {
    "Exim": (
        "Warning: message 1abcDE-000421-00 delayed 24 hours",
        "A message that you sent has not yet been delivered to one or more of its recipients after more than 24 hours.\n",
        "  {0}\n", "No action is required on your part. Delivery attempts will continue for some time.",
    ),
    "Gmail in its early years": (
        "Delivery Status Notification (Delay)", "Delivery to the following recipient has been delayed:\n", "  {0}\n",
        "Message will be retried for 2 more day(s)",
    ),
    "a switch": (
        "Delivery delayed", "Your message to:\n", "  {0}\n",
        "has not been delivered yet.\nThis is just a warning, you do not need to take any action.",
    ),
    "a gateway": (
        "Delivery delayed", "Your message with Subject: Ftese\n", "  {0}\n", "Delivery attempts will continue to be made.",
    ),
    "Exchange": (
        "Delivery delayed", "This is an advisory-only email. Please do not resend.\n", 'The delivery to "{0}"\n',
        "has been postponed; it will be retried.",
    ),
    "an old one": (
        "Mail delivery warning", "The address to which the message has not yet been delivered is\n", "  {0}\n",
        "No action is required on your part.",
    ),
}  # fmt: skip
# No pattern of the library's, ours: sender, subject, words, for good or for now.
WORDS: dict[str, tuple[str, str, str, bool]] = {
    "shqip": (
        "postmaster@zyra.example", "Mesazhi nuk u dorëzua", f"Mesazhi juaj nuk u dorëzua: adresa {GUEST} nuk ekziston.", True,
    ),
    "shqip, me vonesë": (
        "MAILER-DAEMON@zyra.example", "Mesazh me vonesë",
        f"Mesazhi për {GUEST} nuk u dorëzua ende; do të provohet përsëri.", False,
    ),
    "Deutsch": (
        "mailer-daemon@zyra.example", "Mail unzustellbar",
        f"Ihre Nachricht konnte nicht zugestellt werden:\n{GUEST}: unbekannt", True,
    ),
    "français": ("postmaster@zyra.example", "Non remis : Ftese", f"Echec de remise pour {GUEST}: non remis", True),
    "italiano": ("MAILER-DAEMON@zyra.example", "Mancata consegna", f"Messaggio non consegnato a {GUEST}", True),
    "español": ("MAILER-DAEMON@zyra.example", "Correo devuelto", f"El correo fue devuelto: {GUEST}", True),
    "русский": (
        "mailer-daemon@zyra.example", "Недоставленное сообщение", f"Ваше сообщение не доставлено: {GUEST}", True,
    ),
    "中文": ("postmaster@zyra.example", "系统退信", f"邮件发送失败: {GUEST}", True),
    "a system administrator": (
        '"System Administrator" <siguria@zyra.example>', "Undeliverable: Ftese", f"Could not be delivered: {GUEST}", True,
    ),
    "a mail system by its name": (
        '"Mail Delivery System" <siguria@zyra.example>', "Returned mail", f"unknown recipient {GUEST}", True,
    ),
    "nobody": ("", "Mail System Error - Returned Mail", f"This mail was undeliverable: {GUEST}", True),
    "listserv": ("LISTSERV@zyra.example", "Rejected posting", f"Your message was rejected. It was for {GUEST}.", True),
    "bounces": ("bounces@zyra.example", "failure notice", f"{GUEST}\n550 5.1.1 address rejected", True),
}  # fmt: skip


def _formulas() -> Iterator[Sample]:
    for name, (begin, line, end) in FORMULAS.items():
        for count, failed in ((1, [GUEST]), (2, [GUEST, OTHER])):
            named = "\n".join(line.format(address) for address in failed)
            raw = mail(DAEMON, "Subject: failure notice", body=f"{begin}\n{named}\n{end}\n\n{BACK}")
            yield Sample(SET, f"{name}, {count}", raw, bounce(failed, True, returned_id=OUR_ID))
    for name, (subject, begin, line, end) in WARNINGS.items():
        raw = mail(DAEMON, f"Subject: {subject}", body=f"{begin}\n{line.format(GUEST)}\n{end}\n")
        yield Sample(SET, f"{name}, still trying", raw, bounce([GUEST], False))


def _words() -> Iterator[Sample]:
    for name, (sender, subject, text, permanent) in WORDS.items():
        head = (f"From: {sender}", f"Subject: {subject}", "Return-Path: <>")
        yield Sample(SET, f"in words, {name}", mail(*head, body=text), bounce([GUEST], permanent))
    # Who signs so may be a person: the mail that came back is the proof.
    bare = mail("From: postmaster@zyra.example", "Subject: Delivery problem", body=f"unknown user\n\n{BACK}")
    yield Sample(SET, "in words, with the mail", bare, bounce([GUEST], True, returned_id=OUR_ID))
    quoted = BACK.replace("\n", "\n> ")
    cited = mail(
        "From: postmaster@zyra.example", "Subject: Returned mail", body=f"No such user.\n\n> {quoted}"
    )
    yield Sample(SET, "in words, with the mail quoted", cited, bounce([GUEST], True, returned_id=OUR_ID))


def _of_parts() -> Iterator[Sample]:
    """Bounces of several parts without the form, each known by another mark."""
    back = part("message/rfc822", BACK)
    words = f"The message could not be delivered to\n\n<{GUEST}>: unknown user\n"
    groupwise = multipart(
        part("text/plain", f"The attached file had the following undeliverable recipient(s):\n{GUEST} unknown"), back,
        headers=("From: Mail Agent <postmaster@zyra.example>", "Subject: Message status - undeliverable",
                 "X-Mailer: Novell GroupWise 5.5"),
    )  # fmt: skip
    yield Sample(SET, "GroupWise", groupwise, bounce([GUEST], True, returned_id=OUR_ID))
    smtp32 = mail(
        DAEMON, "Subject: Undeliverable Mail", "X-Mailer: <SMTP32 v421>",
        body=f"Unknown user: {GUEST}\n\nOriginal message follows.\n\n{BACK}",
    )  # fmt: skip
    yield Sample(SET, "SMTP32", smtp32, bounce([GUEST], True, returned_id=OUR_ID))
    yahoo = mail(
        "From: MAILER-DAEMON@yahoo.example", "Subject: Delivery failure",
        body=f"Message from yahoo.example.\nSorry, we were unable to deliver your message to the following address.\n\n"
        f"<{GUEST}>:\nRemote host said: 550 5.2.1 unavailable\n\n--- Below this line is a copy of the message.\n\n{BACK}",
    )  # fmt: skip
    yield Sample(SET, "Yahoo", yahoo, bounce([GUEST], True, status="5.2.1", returned_id=OUR_ID))
    exchange = mail(
        "From: System Administrator <postmaster@zyra.example>", "Subject: Undeliverable: Ftese",
        body=f"Your message\n\nTo: q00421\n\ndid not reach the following recipient(s):\n\n{GUEST} on Mon, 1 Mar 2027\n"
        "    The recipient name is not recognized\n\tMSEXCH:IMS:ZYRA:MX 0 (000C05A6) Unknown Recipient\n",
    )  # fmt: skip
    yield Sample(SET, "Exchange 5.5", exchange, bounce([GUEST], True))
    postfix = multipart(
        part("text/plain", f"   The Postfix program\n\n<{GUEST}>: mail for zyra.example loops back to myself\n",
             "Content-Description: Notification"), back, headers=(DAEMON, "Subject: Undelivered Mail"),
    )  # fmt: skip
    yield Sample(SET, "Postfix in its early years", postfix, bounce([GUEST], True, returned_id=OUR_ID))
    microsoft = multipart(
        f"\n   ----- Transcript of session follows -----\n{GUEST}\n550 unknown\n", back,
        headers=("From: postmaster@zyra.example", "Subject: Nondeliverable mail"),
    )  # fmt: skip
    yield Sample(SET, "Microsoft Mail", microsoft, bounce([GUEST], True, returned_id=OUR_ID))
    netscape = multipart(
        part("text/plain", "This Message was undeliverable due to the following reason:\n\nThe user did not exist:\n\n"
             f"   <{GUEST}>\n\nPlease reply to <postmaster@zyra.example>"), back,
        headers=("From: Mail Administrator <postmaster@zyra.example>", "Subject: Mail System Error - Returned Mail"),
    )  # fmt: skip
    yield Sample(SET, "Netscape, InterMail", netscape, bounce([GUEST], True, returned_id=OUR_ID))
    both = multipart(
        inside("alternative", part("text/plain", words), part("text/html", "<b>could not be delivered</b>"), boundary="c"),
        part("text/rfc822-headers", RETURNED + "\n"),
        headers=("From: postmaster@zyra.example", "Subject: Undeliverable: Ftese", "Return-Path: <>"),
    )  # fmt: skip
    yield Sample(SET, "a page beside the words", both, bounce([GUEST], True, returned_id=OUR_ID))
    page = mail(
        "From: postmaster@zyra.example", "Subject: Undeliverable: Ftese", "Return-Path: <>",
        kind="text/html; charset=utf-8",
        body=f"<p>Your message to <a href='mailto:{GUEST}'>{GUEST}</a> was <b>not delivered</b>: mailbox unavailable.",
    )  # fmt: skip
    yield Sample(SET, "a page alone", page, bounce([GUEST], True))
    meant = mail(
        "From: MAILER-DAEMON@zyra.example", "Subject: Delivery failure",
        body=f"Your mail was undeliverable, as somebody there told us.\n\n{BACK}",
    )  # fmt: skip
    yield Sample(SET, "only the mail says to whom", meant, bounce([GUEST], True, returned_id=OUR_ID))
    advised = mail(
        "From: MAILER-DAEMON@zyra.example", "Subject: Delivery failure",
        body=f"Ask {OTHER}. Your mail to {GUEST} was undeliverable.\n\n{BACK}",
    )  # fmt: skip
    yield Sample(SET, "it names whom to ask as well", advised, bounce([GUEST], True, returned_id=OUR_ID))
    ours = mail(
        DAEMON, "Subject: Delivery failure", body=f"Sent by {OURS}; undeliverable: {GUEST}, 550 5.4.1 denied"
    )
    yield Sample(SET, "it names us as well", ours, bounce([GUEST], True, status="5.4.1"))


# As they come without an envelope: who sends, the subject, the words.
_DIALOGUE = (
    f"Error: Invalid user address\n\n550 - no such user here\n\n  MAIL FROM: {OURS}\n  RCPT TO: {GUEST}\n"
)
BY_CODE: dict[str, tuple[str, str, str, str]] = {
    "a gateway": (
        "postmaster@dera.example", 'Undeliverable Mail: "Ftese"',
        f"Your message:\n   From:    {OURS}\n   Subject: Ftese\n\nCould not be delivered because of\n\n550 5.1.1 User unknown\n\n"
        f"The following recipients were affected:\n    {GUEST}", "5.1.1",
    ),
    "a gateway in Java": ("post_master@dera.example", "Re:Ftese", _DIALOGUE, ""),
    "a gateway by another name": ("post-master@dera.example", "Ftese", _DIALOGUE, ""),
    "a mail system": ("mail.system@dera.example", "Delivery failure", f"{GUEST}: 554 5.7.1 refused", "5.7.1"),
    "a reporter": ("nondelivery@dera.example", "Undeliverable: Ftese", f"To {GUEST}: 550 unknown user", ""),
    "Zoho": (
        "mailer-daemon@dera.example", "Undelivered Mail Returned to Sender",
        "This message was created automatically by mail delivery software.\nA message that you sent could not be delivered to "
        f"one or more of its recipients. This is a permanent error.\n\n{GUEST} Invalid Address, "
        "ERROR_CODE :550, ERROR_CODE :5.1.1\n\n\nReceived:from mx.example by mx.zyra.example\n"
        f"Message-ID:{OUR_ID}\nFrom:Rrjeti <{OURS}>\nTo:<{GUEST}>\nSubject:Ftese",
        "5.1.1",
    ),
}  # fmt: skip


def _by_code() -> Iterator[Sample]:
    for name, (sender, subject, text, status) in BY_CODE.items():
        for to in (OURS, "b-aaaaaaaaaaaaaaaaaaaaaaaaaa@rsvp.example"):
            raw = mail(f"From: {sender}", f"To: {to}", f"Subject: {subject}", body=text)
            yield Sample(SET, f"by its code, {name}, to {to[:2]}", raw, bounce([GUEST], True, status=status))


def prose_bounces() -> Iterator[Sample]:
    """Give them all."""
    yield from _formulas()
    yield from _words()
    yield from _by_code()
    yield from _of_parts()
