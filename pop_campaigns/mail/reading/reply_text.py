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
    nga dërguar derguar dërguesi data për per te tek kujt kopje tema lënda lenda subjekti
    von gesendet an datum betreff de envoyé à objet da inviato a oggetto enviado para asunto assunto fecha
    van verzonden aan onderwerp från skickat till ämne fra sendt til emne od wysłano do temat
    от отправлено кому тема дата από προς θέμα ημερομηνία 发件人 发送时间 收件人 主题 日期
"""
_LABEL = "|".join(_LABELS.split())
_HEADER_LINE = re.compile(rf"(?i)^[\s>*]*\*?(?P<label>{_LABEL})\s?\*?\s?[:：]\*?\s*(?P<rest>.*)$")
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
# Bounded, or a line of 50,000 letters takes more than a mail's time.
_DATED = re.compile(
    r"(?i)\b(19|20)\d\d\b|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}:\d\d|<[^<>\s]{1,320}@[^<>\s]{1,320}>"
    r"|\S@\S{1,250}\.\w|\d{4}年"
)
_SENT_FROM = re.compile(
    r"(?i)^\s*(sent from (my|yahoo|outlook|mail|a)\b.*|get outlook for .*|dërguar nga (iphone|telefoni|outlook|pajisja).*"
    r"|von meinem .* gesendet|envoyé (de|depuis) mon .*|inviato da(l mio)? .*|enviado desde mi .*)\s*$"
)


def new_words(text: str) -> str:
    """Return what is new in a reply; all of it where nothing is recognised, or where nothing would remain."""
    lines = clean_text(text).split("\n")
    whole = "\n".join(lines)
    if len(lines) > _LINES_LIMIT:
        lines = lines[:_LINES_LIMIT]
    cut = _history_start(lines)
    unquoted = _without_quotes(lines[:cut])
    answer = _tidy(unquoted)
    top = _index_of(lines, next((line.strip() for line in lines if line.strip()), ""))
    if cut == len(lines) and len(unquoted) == len(lines) and not _begins_history(lines, top):
        answer = _by_library(answer)
    return answer if _keeps_first_words(answer, lines) else whole


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
    if not line.strip():
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
        return below is not None and _is_header_block(lines, below)
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


def _is_header_block(lines: list[str], number: int) -> bool:
    """Return whether *From: …, Sent: …, To: …, Subject: …* begins here: three labels, or two of which one holds an address."""
    first = _HEADER_LINE.match(lines[number])
    if not first or not first["rest"].strip():
        return False
    labels, addressed, gap = [first["label"].lower()], "@" in first["rest"], 0
    for line in lines[number + 1 : number + 9]:
        match = _HEADER_LINE.match(line)
        if match:
            labels.append(match["label"].lower())
            addressed = addressed or "@" in match["rest"]
        elif line.strip():
            gap += 1
            if gap > 1:
                break
    distinct = len(set(labels))
    return distinct >= 3 or (distinct == 2 and addressed and _speaks_of_sender(labels))


def _speaks_of_sender(labels: list[str]) -> bool:
    return labels[0] in (
        "from",
        "nga",
        "von",
        "de",
        "da",
        "van",
        "från",
        "fra",
        "od",
        "от",
        "από",
        "发件人",
        "dërguesi",
    )


def _is_attribution(lines: list[str], number: int) -> int:
    """Return how many lines *On Monday, X wrote:* takes from here, 0 if this is none."""
    if number >= len(lines) or not lines[number].strip() or _QUOTED.match(lines[number]):
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
    """Leave out what stands below a lone ``--``, if it is short and something stands above."""
    for number in range(len(lines) - 1, max(len(lines) - 20, 0), -1):
        if _SIGNATURE.match(lines[number]) and any(line.strip() for line in lines[:number]):
            return lines[:number]
    return lines


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
    return "\n".join(lines[: len(own)]).strip("\n") if own == beginning and any(own) else text
