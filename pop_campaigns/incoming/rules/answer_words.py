"""What a person wrote beside an answer from a calendar, without what programs write around it; pure.

A line goes only as a whole and only if a program's: what somebody typed is never lost, rather one line too many is shown.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

_ENDS = " \t\xa0\"'“”„«»‘’*_>.:;,!-–—~"
_ANSWERS = frozenset(
    {"accepted", "declined", "tentative", "tentatively accepted", "delegated", "new time proposed"}
    | {"pranuar", "refuzuar", "ndoshta", "pranuar përkohësisht", "deleguar"}
    | {"yes, i will attend", "no, i won't attend", "no, i will not attend", "i might attend"}
)
# *… has accepted this invitation*: what Google, Apple, Thunderbird, Roundcube and others write; the event may follow.
_SAYS = re.compile(
    r"""(?ix) ^\W{0,20} .{0,200}? \b (?:
      (?:has|have)? \s* (?:tentatively\s)? (?:accepted|declined|delegated|replied|responded) (?:\s["“]\w+["”])?
          (?:\sto)? \s (?:this|the|your) \s (?:event\s|meeting\s)? (?:invitation|event|meeting|appointment)
    | (?:e\s)? k(?:a|anë) \s (?:pranuar|refuzuar) \s (?:këtë\s|kete\s)? ftes(?:ë|e)n? (?:\stuaj)?
    | ha \s (?:accettato|rifiutato) \s (?:questo|il\stuo|l['’])\s? invito
    | a \s (?:accepté|refusé|décliné) \s (?:cette|votre|l['’])\s? invitation
    | hat \s (?:diese|die|ihre) \s einladung \s (?:angenommen|abgelehnt)
    )"""
)
_NOTE = re.compile(r"(?is)\A\s*(?:with (?:this|a) note|me (?:këtë|kete|një) shënim)\s*:?\s*(.+)\Z")
_OF_GOOGLE = re.compile(r"(?i)calendar\.google\.com|google calendar|kalendari[nt]? (?:i |e )?google")
_FIELD = re.compile(
    r"(?i)^\W{0,20}(?:when|where|kur|ku|vendi|koha|organi[sz]er|organizatori|guests?|attendees|invitees|të ftuarit)\s*:"
)
_DEVICE = re.compile(
    r"(?i)^\W{0,20}(?:sent from (?:my|outlook|mail|yahoo|samsung)|get outlook for"
    r"|d[eë]rguar nga (?:iphone|ipad|telefoni|outlook|yahoo)"
    r"|inviato da|envoyé de(?:puis)?|von meinem)\b.{0,80}$"
)
_COMPARED, _ALIKE = 500, 0.85
_RULE = re.compile(r"[-=_*~]{4,}")


def words_beside(text: str, comment: str, *, subject: str, known: Iterable[str] = ()) -> str:
    """Return what a person wrote beside an answer: the COMMENT of the calendar object and the words of the mail, each once.

    ``known`` are texts of ours that a program may repeat: the event's titles, the invitation.
    """
    theirs = _without_machine(
        text, {plain for line in _lines(subject, *known) if (plain := _plain(line))}, subject
    )
    comment = comment.strip()
    if _plain(comment) in _plain(theirs) or not comment:
        return theirs
    again = not theirs or _plain(theirs) in _plain(comment) or _is_copy(theirs, comment)
    return comment if again else f"{comment}\n{theirs}"


def _is_copy(text: str, comment: str) -> bool:
    """Return whether two texts are the same words, of which one lost a letter on its way."""
    pair = _plain(text)[:_COMPARED], _plain(comment)[:_COMPARED]
    return SequenceMatcher(None, *pair, autojunk=False).ratio() > _ALIKE


def _lines(*texts: str) -> Iterable[str]:
    return (line for text in texts for line in text.splitlines())


def _without_machine(text: str, known: Collection[str], subject: str) -> str:
    says = _first_sentence(text, known)
    if says and _OF_GOOGLE.search(text):
        note = _NOTE.match(says[1])
        return _quoted(note[1]) if note else ""
    word = _plain(subject.partition(":")[0]) if ":" in subject else ""
    drop = {*known, word, *_ANSWERS} - {""}
    kept = [line for line in text.splitlines() if not _is_machine(line, drop, known, told=says is not None)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _first_sentence(text: str, known: Collection[str]) -> tuple[str, str] | None:
    """Return the sentence by which a program says the answer, where one stands first, and all that follows it."""
    match = _SAYS.match(text.lstrip())
    if match is None or "\n" in match[0].strip():
        return None
    rest = text.lstrip()[match.end() :]
    line = rest.partition("\n")[0]
    return (match[0], rest) if _NOTE.match(rest) or _ends_there(line, known) else None


def _ends_there(rest: str, known: Collection[str]) -> bool:
    plain = _plain(re.sub(r"(?i)^\W*(?:to|for|për|te)\b", "", rest))
    return not plain or plain in known


def _is_machine(line: str, drop: Collection[str], known: Collection[str], *, told: bool) -> bool:
    plain = _plain(line)
    if not plain:
        return _RULE.fullmatch(line.strip()) is not None
    if plain in drop or _DEVICE.match(line):
        return True
    if told and _FIELD.match(line):
        return True
    match = _SAYS.match(line)
    if match and _ends_there(line[match.end() :], known):
        return True
    head, colon, rest = line.partition(":")
    return bool(colon) and len(head.split()) <= 4 and _plain(rest) in known


def _quoted(note: str) -> str:
    """Return the note that Google puts between quotes before it tells of the event."""
    match = re.match(r"(?s)\s*[\"“](.{1,5000}?)[\"”]\s*(?:\n\s*\n|\Z)", note)
    return (match[1] if match else note.partition("\n\n")[0]).strip()


def _plain(line: str) -> str:
    return re.sub(r"\s+", " ", line).strip(_ENDS).casefold()
