"""The new words of a reply, without the history below or between them.

The rule that comes before all others: the first words that somebody wrote are never lost. Where it is not certain
what is history, more is shown. The whole text is always one click off.
"""

from __future__ import annotations

import re

from mailparser_reply import EmailReplyParser

from pop_campaigns.core.text import clean_text

_LINES_LIMIT = 5000
_LIBRARY_LIMIT = 20_000
_LONGEST_FOR_LIBRARY = 400
_LONGEST_MARK = 1000
"""What begins history stands in no longer line; some patterns take more than linear time."""
_LANGUAGES = ["en", "de", "fr", "it", "es", "nl", "pl", "pt", "sv", "da", "no", "cs", "ja", "ko", "zh"]

# "> ", "JD> ", and "| " unless it is the row of a table.
_QUOTED = re.compile(r"^\s{0,3}(?:[A-Z]{0,3}>|\|(?:\s|$)(?!.*\|\s*$))")
_CLOSING = re.compile(r"^\s*>\s*(?:[^\s>]+\s?){0,3}[:：]\s*$")
_ORIGINAL = re.compile(
    r"""(?ix)^[\s>]*[-_*=\u2014]{2,}\s*
    (original\ (message|mail|e-?mail|appointment)|forwarded\ (message|by.*)|begin\ forwarded\ message|reply\ (message|above.*)
    |mesazhi?\ (origjinal|i\ përcjellë|i\ transferuar|fillestar)|mesazh\ i\ (përcjellë|transferuar)|e-?maili?\ origjinal
    |ursprüngliche\ (nachricht|mail)|weitergeleitete\ nachricht|message\ d'origine|message\ original
    |messaggio\ (originale|inoltrato)
    |mensaje\ (original|reenviado)|oorspronkelijk\ bericht|originalmeddelande|opprinnelig\ melding|oprindelig\ meddelelse
    |wiadomość\ oryginalna|исходное\ сообщение|пересланное\ сообщение|originalna\ poruka|αρχικό\ μήνυμα|mensagem\ original)
    \s*[-_*=\u2014]*\s*$"""
)
_APPLE_FORWARD = re.compile(
    r"(?i)^\s*(begin forwarded message|mesazhi i përcjellë|anfang der weitergeleiteten nachricht)\s*:\s*$"
)
_LABELS = """
    from sent to cc date subject reply-to importance
    nga dërguar derguar dërguesi data datë date për per te tek kujt kopje tema lënda lenda subjekti
    von gesendet an datum betreff de envoyé à objet da inviato a oggetto enviado para asunto assunto fecha
    van verzonden aan onderwerp från skickat till ämne fra sendt til emne od wysłano do temat
    от отправлено кому тема дата από προς θέμα ημερομηνία 发件人 发送时间 收件人 主题 日期
"""
_LABEL = "|".join(_LABELS.split())
_HEADER_LINE = re.compile(rf"(?i)^[\s>*]*\*?(?P<label>{_LABEL})\s?\*?\s?[:：]\*?\s*(?P<rest>.*)$")
_SENDER_LABELS = frozenset(
    {"from", "nga", "dërguesi", "von", "de", "da", "van", "från", "fra", "od", "от", "από", "发件人"}
)
_RECEIVER_LABELS = frozenset({
    "to", "për", "per", "te", "tek", "kujt", "an", "à", "a", "para", "aan", "till", "til", "do", "кому", "προς", "收件人", "cc",
    "kopje",
})  # fmt: skip
_SUBJECT_LABELS = frozenset({
    "subject", "tema", "lënda", "lenda", "subjekti", "betreff", "objet", "oggetto", "asunto", "assunto", "onderwerp", "ämne",
    "emne", "temat", "тема", "θέμα", "主题",
})  # fmt: skip
_DATE_LABELS = frozenset({
    "date", "sent", "dërguar", "derguar", "data", "datë", "datum", "gesendet", "envoyé", "inviato", "enviado", "fecha",
    "verzonden", "skickat", "sendt", "wysłano", "отправлено", "дата", "ημερομηνία", "日期", "发送时间",
})  # fmt: skip
_CLOCK = re.compile(r"\b\d{1,2}[:.]\d\d\b(?!\.\d)|\b\d{1,2}\s?[AaPp]\.?[Mm]\b|\d{1,2}:\d\d")
_RULE = re.compile(r"^\s*[_\-*=]{20,}\s*$")
_WROTE = "|".join((
    r"wrote", r"writes", r"wrote the following", r"shkroi", r"shkruajti", r"ka\s+shkruar", r"shkruan", r"ka\s+dërguar",
    r"schrieb", r"escribi[óo]", r"a\s+écrit", r"ha\s+scritto", r"scrisse", r"schreef", r"geschreven", r"skrev",
    r"napisał(?:\(?a\)?)?",
    r"пишет", r"написал[а(]*", r"написа", r"написав", r"пише", r"escreveu", r"έγραψε", r"napsal(?:\(a\))?", r"写道", r"寫道",
    r"napisao je", r"kirjoitti", r"skrifaði",
))  # fmt: skip
_ATTRIBUTION_END = re.compile(rf"(?i)(?:\b(?:{_WROTE})\b\)?.{{0,120}}|.*(?:{_WROTE}))[:：]\s*$")
_LEAD = re.compile(
    r"(?i)^\s*\W{0,2}(on|le|am|il|el|op|den|dnia|w dniu|em|më|me|në|ne|dne|vào|στις|på|dana|u|от|в|\d{1,4}[./-])\b"
    r"|^\s*\d{1,2}[./ ]|^\s*在"
)
_ZOHO = re.compile(rf"(?i)^\s*-{{2,}}\s?.{{0,200}}\b(?:{_WROTE})\s-{{2,}}\s*$")
_DATE_AND_ADDRESS = re.compile(r"^\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}\b.{0,120}<[^<>\s]+@[^<>\s]+>:?\s*$")
_SIGNATURE = re.compile(r"^(--|—|__)\s*$")
# The line by which programs separate a signature ends in a space (RFC 3676 section 4.3), which cleaning takes away.
_SEPARATOR, _MARK = re.compile(r"(?m)^-- \r?$"), "--\ue000"
_ITEM = re.compile(r"^\s*(?:\d{1,2}\s?[.)]|[-*•–·+]|\(?[a-zA-Z]\)|[IVX]{1,4}[.)]|\|)\s?[^\W_]")
_SENTENCE = re.compile(r"(?:\S+\s+){6,}\S*[.!;:]$")
_NOTICE = re.compile(
    r"(?i)confidential|konfidencial|vertraulich|riservat|confidentiel|poverljiv|povjerljiv|think before you print"
)
_SIGNED_LINES, _SIGNED_WIDTH = 12, 90
# Bounded, or a line of 50,000 letters takes more than a mail's time.
_DATED = re.compile(
    r"(?i)\b(19|20)\d\d\b|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}:\d\d|<[^<>\s]{1,320}@[^<>\s]{1,320}>"
    r"|\S@\S{1,250}\.\w|\d{4}年"
)
_SENT_FROM = re.compile(
    r"(?i)^\s*(sent from (my|yahoo|outlook|mail|a)\b.*|get outlook for .*|dërguar nga (iphone|telefoni|outlook|pajisja).*"
    r"|(diese nachricht wurde )?von meinem .* gesendet\.?|gesendet (mit|von) .*|this (e-?mail|message) was sent from my .*"
    r"|ky (mesazh|e-?mail) u dërgua nga .*|envoyé (de|depuis) mon .*|inviato da(l mio)? .*|enviado desde mi .*)\s*$"
)


def new_words(text: str) -> str:
    """Return what is new in a reply; all of it where nothing is recognised, or where nothing would remain.

    ``text`` may come as it was written: the space behind ``--`` tells a signature from a line that somebody drew.
    """
    lines = clean_text(_SEPARATOR.sub(_MARK, text)).split("\n")
    whole = "\n".join(lines)
    if len(lines) > _LINES_LIMIT:
        lines = lines[:_LINES_LIMIT]
    cut = _history_start(lines)
    unquoted = _without_quotes(lines[:cut])
    answer = _tidy(unquoted)
    top = _index_of(lines, next((line.strip() for line in lines if line.strip()), ""))
    nothing_found = cut == len(lines) and len(unquoted) == len(lines) and not _begins_history(lines, top)
    # A line that was drawn on purpose is a signature's for the library.
    if nothing_found and not any(_SIGNATURE.match(line) for line in answer.split("\n")):
        answer = _by_library(answer)
    return (answer if _keeps_first_words(answer, lines) else whole).replace(_MARK, "--")


def _keeps_first_words(answer: str, lines: list[str]) -> bool:
    """Return whether the first line that is no quotation is still the first one."""
    if not answer.strip():
        return False
    first = next((line.strip() for line in lines if line.strip() and not _QUOTED.match(line)), "")
    own_first = answer.strip().split("\n")[0].strip()
    return own_first == first or _is_attribution(lines, _index_of(lines, first)) > 0


def _index_of(lines: list[str], text: str) -> int:
    return next((number for number, line in enumerate(lines) if line.strip() == text), 0)


def _history_start(lines: list[str]) -> int:
    """Return the number of the line from which all is history; behind the last line if there is none."""
    started = False
    for number, line in enumerate(lines):
        if started and _begins_history(lines, number):
            return number
        started = started or bool(
            line.strip() and not _QUOTED.match(line) and not _begins_history(lines, number)
        )
    return len(lines)


def _begins_history(lines: list[str], number: int) -> bool:
    line = lines[number]
    if not line.strip() or len(line) > _LONGEST_MARK:
        return False
    if (
        _ORIGINAL.match(line)
        or _APPLE_FORWARD.match(line)
        or _ZOHO.match(line)
        or _is_header_block(lines, number)
    ):
        return True
    if _RULE.match(line):
        below = _next_filled(lines, number + 1)
        return below is not None and _is_header_block(lines, below, below_a_line=True)
    length = _is_attribution(lines, number)
    if not length:
        return False
    # Answers between quoted lines belong to the new words; only without marks is all below history.
    below = _next_filled(lines, number + length)
    return below is None or not _QUOTED.match(lines[below])


def _next_filled(lines: list[str], start: int) -> int | None:
    return next(
        (number for number in range(start, min(start + 5, len(lines))) if lines[number].strip()), None
    )


def _is_header_block(lines: list[str], number: int, *, below_a_line: bool = False) -> bool:
    """Return whether the headers of a mail begin here: *From: …, Sent: …, To: …, Subject: …*.

    People write such blocks themselves (*Nga: … Datë: … Lënda: …*): a mail's own name a sender, and a time of day or addresses;
    below a line that programs draw three labels are enough.
    """
    first = _HEADER_LINE.match(lines[number])
    if not first or not first["rest"].strip():
        return False
    block = [(first["label"].lower(), first["rest"])]
    gap = 0
    for line in lines[number + 1 : number + 9]:
        match = _HEADER_LINE.match(line)
        if match:
            block.append((match["label"].lower(), match["rest"]))
        elif line.strip():
            gap += 1
            if gap > 1:
                break
    labels = {label for label, _ in block}
    if below_a_line and len(labels) >= 3:
        return True
    if len(labels) < 2 or not labels & _SENDER_LABELS:
        return False
    timed = any(label in _DATE_LABELS and _CLOCK.search(rest) for label, rest in block)
    addressed = sum("@" in rest for _, rest in block)
    if len(labels) == 2:
        return block[0][0] in _SENDER_LABELS and addressed > 0 and (timed or bool(labels & _RECEIVER_LABELS))
    named = bool(labels & _SUBJECT_LABELS) or block[0][0] in _SENDER_LABELS
    return named and (timed or addressed > 1 or (addressed > 0 and bool(labels & _RECEIVER_LABELS)))


def _is_attribution(lines: list[str], number: int) -> int:
    """Return how many lines *On Monday, X wrote:* takes from here, 0 if this is none."""
    if number >= len(lines) or not lines[number].strip() or len(lines[number]) > _LONGEST_MARK:
        return 0
    if _QUOTED.match(lines[number]):
        return 0
    if _DATE_AND_ADDRESS.match(lines[number]):
        return 1
    # Words right above "On Monday, X wrote:" must not be taken for its beginning.
    longest = 4 if _LEAD.match(lines[number]) or _DATED.search(lines[number]) else 1
    joined = ""
    for length in range(1, longest + 1):
        if number + length > len(lines):
            return 0
        line = lines[number + length - 1].strip()
        if not line or (_QUOTED.match(line) and not _CLOSING.match(line)):
            return 0
        joined = f"{joined} {line}".strip()
        if len(joined) > 400:
            return 0
        if joined.endswith((":", "：")):
            return length if _says_who_wrote(joined, lines, number + length) else 0
    return 0


def _says_who_wrote(joined: str, lines: list[str], below: int) -> bool:
    if not _DATED.search(joined):
        known = _ATTRIBUTION_END.search(joined)
        following = _next_filled(lines, below)
        return bool(known) and following is not None and bool(_QUOTED.match(lines[following]))
    if _ATTRIBUTION_END.search(joined):
        return True
    following = _next_filled(lines, below)
    return following is not None and bool(_QUOTED.match(lines[following]))


def _without_quotes(lines: list[str]) -> list[str]:
    unquoted: list[str] = []
    number = 0
    while number < len(lines):
        length = _is_attribution(lines, number)
        below = _next_filled(lines, number + length) if length else None
        if length and (below is None or _QUOTED.match(lines[below])):
            number += length
            continue
        if not _QUOTED.match(lines[number]):
            unquoted.append(lines[number])
        number += 1
    return unquoted


def _tidy(lines: list[str]) -> str:
    while lines and (not lines[-1].strip() or _RULE.match(lines[-1]) or _SENT_FROM.match(lines[-1])):
        if len([line for line in lines if line.strip()]) <= 1:
            break
        lines = lines[:-1]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_without_signature(lines))).strip("\n")


def _without_signature(lines: list[str]) -> list[str]:
    """Leave out what stands below a lone ``--``, if it is short, like a signature, and something stands above."""
    for number in range(len(lines) - 1, max(len(lines) - 20, 0), -1):
        above = any(line.strip() for line in lines[:number])
        if above and (
            lines[number] == _MARK or (_SIGNATURE.match(lines[number]) and _looks_signed(lines[number + 1 :]))
        ):
            return lines[:number]
    return lines


def _looks_signed(below: list[str]) -> bool:
    """Return whether lines are a name, an office, a number: a few short ones, no list, no question and no sentence."""
    filled = [line for line in below if line.strip() and not (_SENT_FROM.match(line) or _NOTICE.search(line))]
    return len(filled) <= _SIGNED_LINES and not any(
        len(line) > _SIGNED_WIDTH or "?" in line or _ITEM.match(line) or _SENTENCE.search(line)
        for line in filled
    )


def _by_library(text: str) -> str:
    """Ask mail-parser-reply about what nothing of ours found; it counts only if it takes the beginning and leaves words.

    Its patterns take more than linear time on long lines, so those are not shown to it.
    """
    lines = text.split("\n")
    if len(text) > _LIBRARY_LIMIT or any(len(line) > _LONGEST_FOR_LIBRARY for line in lines):
        return text
    if ":" not in text and "--" not in text:
        return text
    try:
        latest = EmailReplyParser(languages=list(_LANGUAGES)).parse_reply(text) or ""
    except Exception:  # RecursionError, IndexError: then it has nothing to say
        return text
    own = [line.strip() for line in latest.strip().split("\n")]
    beginning = [line.strip() for line in lines[: len(own)]]
    below = next((line for line in lines[len(own) :] if line.strip()), "")
    if _HEADER_LINE.match(below):
        return text  # headers of a mail or not, that has been judged
    return "\n".join(lines[: len(own)]).strip("\n") if own == beginning and any(own) else text
