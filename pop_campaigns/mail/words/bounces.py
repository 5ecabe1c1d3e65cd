"""Words by which mail systems say that a mail did not arrive, or not yet, in the languages that come up."""

from __future__ import annotations

import re

_FAILURE = re.compile(
    r"""(?ix)
    undeliver(ed|able) | non[- ]?deliver | not\ (be(en)?\ )?deliver | un?able\ to\ deliver
    | cannot\ be\ delivered
    | could\ not\ be\ (delivered|sent) | couldn't\ be\ delivered | wasn't\ delivered | did\ not\ reach
    | not\ reach
    | deliver[yi]\w*\ (\w+\ ){0,3}(fail|problem|error|status|report|notification|has\ failed)
    | (failed|failure)\ (mail|delivery|notice|notification) | failure\ (notice|delivery)
    | mail\ (delivery\ )?(failed|failure|error)
    | mail\ system\ error | returned\ (mail|to\ sender) | returning\ (message|to\ sender)
    | message\ (delivery\ )?failure
    | processing\ error | permanent\ (fatal\ )?(error|failure) | user\ unknown
    | unknown\ (user|recipient|local\ part)
    | no\ such\ (user|mailbox|recipient) | mailbox\ (is\ )?(full|unavailable|not\ found) | does\ not\ exist
    | address\ (rejected|unknown) | (invalid|unknown|bad)\ (user|recipient|address|mailbox)
    | bounce\ notification | message\ you\ sent\ (was\ )?blocked | automatically\ rejected
    | has\ been\ rejected | was\ rejected
    | nuk\ u\ (dorëzua|dorezua|dërgua) | nuk\ mund\ të\ dorëzohej | mosdorëzim | dorëzimi\ dështoi
    | i\ padorëzuar
    | unzustellbar | nicht\ zugestellt | konnte\ nicht\ zugestellt | mancata\ consegna | non\ consegnat
    | non\ remis | échec\ de\ (la\ )?remise
    | non\ recens | no\ entregad | devuelto | Ваше\ сообщение\ не\ доставлено | не\ доставлен | 邮件发送失败 | 退信
    """
)
_WAITING = re.compile(
    r"""(?ix)
    delayed | delay\) | \(delay | still\ being\ retried | not\ yet\ been\ delivered
    | will\ (be\ retried|keep\ trying|retry)
    | delivery\ attempts\ will\ continue | you\ do\ not\ need\ to\ resend | no\ action\ is\ required
    | warning:\ (could\ not|message)
    | will\ be\ (attempted|tried)\ again | temporary\ (failure|problem|error) | mail\ delivery\ warning
    | delivery\ (to .{1,80})?is\ delayed
    | me\ vonesë | do\ të\ provohet\ (sërish|përsëri) | verzögert | ritardata | différé
    """
)
# "Transient failure" also stands in reports of servers that gave up.
_GAVE_UP = re.compile(
    r"(?i)gave up|giving up|given up|permanent|retry time(out)? (not reached|exceeded)|for \d+ days|fatal error"
)

# What servers say of us, of the mail or of where it came from, whatever code they put before it.
_POLICY = re.compile(
    r"""(?ix)\b(
    spam | spamhaus | spamcop | barracuda | sorbs | (black|block)[- ]?list(ed)? | rbl | dnsbl | reputation | polic(y|ies)
    | dmarc | spf | dkim | unauthenticated | not\ authenticated | authentication\ (required | checks? | fail\w*)
    | reverse\ dns | rdns | ptr(\ record)? | gr[ae]y-?list\w* | throttl\w* | rate\ limit\w* | too\ (many | much)
    | try\ again\ later | temporar(y | ily) | helo | ehlo | tls | envelope\ (sender | blocked)
    | sender\ (address\ )?(rejected | denied | verif\w* | domain | blocked | not\ allowed)
    | (bad | invalid | unknown | forged)\ sender | content\ (rejected | filter\w* | blocked) | relay(ing)?\ (access\ )?denied
    | virus | malware | phish\w* | suspicious | suspected | bulk | unsolicited | message\ (too\ large | size) | size\ limit
    | (ip | host | client | server)\ (address\ )?(is\ )?(blocked | rejected | banned | listed) | banned
    | blocked\ (by | using | for)
    )\b"""
)
_NOBODY = re.compile(
    r"(?i)no such|unknown|does ?n[o']t exist|not exist|not found|invalid (recipient|mailbox|address|user)|disabled|inactive"
    r"|nuk ekziston"
)


def speaks_of_policy(words: str) -> bool:
    """Return whether a server refused a mail for what it is or where it came from, and not for the mailbox."""
    return bool(_POLICY.search(words))


def speaks_of_nobody(words: str) -> bool:
    """Return whether a server says that there is no such mailbox."""
    return bool(_NOBODY.search(words))


def speaks_of_failure(text: str) -> bool:
    """Return whether a subject or report speaks of a mail that did not arrive."""
    return bool(_FAILURE.search(text))


def speaks_of_waiting(text: str) -> bool:
    """Return whether a subject or report says that the server is still trying."""
    return bool(_WAITING.search(text)) and not _GAVE_UP.search(text)
