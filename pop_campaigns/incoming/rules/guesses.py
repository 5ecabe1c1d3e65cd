"""What words of a mail seem to say, to fill a form beforehand: a person looks at it and presses. Pure; in doubt nothing.

The words are read folded (lower case, ë as e), as many people write, sentence by sentence; what is asked is no answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pop_campaigns.core.text import clean_line, fold
from pop_campaigns.invitations.rules.invitations import Answer
from pop_campaigns.letters.rules.letters import ResponseKind

_READ = 4000
"""Characters that are looked at: what a mail says stands at its beginning."""
_BROKEN_AT = 55  # programs break lines at 65 to 78 characters, people hardly any so long
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n+|,\s*(?=(?:por|mirepo|porse|but|however)\b)")

_NO = re.compile(
    r"""(?x)
    \b(?:nuk|s|s['’]|nuk\ e)\ ?(?:do\ te\ |kam|kemi|jam|jemi|e)?\ ?
      (?:mund\w*|munde?s\w*|vij(?:me|e)?|vjen|marr(?:im|e)?|merr|jem(?:i)?|jete|prani\w*)\b
    | \b(?:nuk|s['’]?)\ (?:kam|kemi|ka)\ (?:mundesi|kohe)\w* | \bpa\ mundesi | \b(?:e\ )?pamundur\b | \bpamundesi\w*
    | \bnuk\ do\ te\b | \brefuzo\w* | \b(?:do\ te\ )?mungo(?:j|jme)\b | ^jo\b
    | \b(?:can\s?not|can['’]?t|won['’]?t|will\ not|not\ be\ able|unable|not\ available|unavailable|decline|not\ attend\w*)\b
    | \bregret\ to\b | ^no\b(?!\ (?:problem|doubt))
    """
)
_MAYBE = re.compile(
    r"""(?x)
    \b(?:ndoshta|mbase|ende\ nuk|akoma\ nuk|varet|nuk\ (?:jam|jemi|eshte)\ (?:(?:ende|akoma)\ )?(?:i|e|te)?\ ?sigurt\w*)\b
    | \bdo\ (?:t['’]?\ ?ju|te|ju)\ (?:konfirmo|njofto|lajmero)\w*\ (?:me\ vone|ne\ vijim|diten|neser|se\ shpejti)
    | \b(?:perhaps|maybe|not\ (?:yet\ )?sure|might|tentativ\w*|possibly)\b
    | \b(?:confirm|let\ you\ know|inform\ you)\ (?:later|soon|tomorrow)\b
    """
)
_YES = re.compile(
    r"""(?x)
    \bdo\ te\ (?:vij(?:me|e)?|marr(?:im|e)?|jem(?:i)?|behem|jete\ (?:i|e)\ prani\w*)\b
    | \bm[ae]rr(?:im|e)?\ pjese\b | \bvij(?:me)?\b | ^po\b
    | \bkonfirmo(?:j|jme|het|jeme)\b | \bprano(?:j|jme)\b | \bdakord\b | \bme\ kenaqesi\b | \bjam\ (?:i|e)\ pranishme?\w*
    | \b(?:i|we)(?:['’]ll|\ will|\ shall)\ (?:gladly\ |be\ )?(?:come|attend|join|participate|there|present|attending)\b
    | \b(?:happy|glad|pleased)\ to\ (?:come|attend|join|accept|confirm|participate)\b | \b(?:i|we)\ (?:confirm|accept)\b
    | \b(?:gladly|with\ pleasure)\b | ^yes\b
    """
)
_INSTEAD = re.compile(
    r"""(?x)
    \bne\ vend(?:in)?\ (?:tim|tone|e?\ ?tij)\b | \bperfaqeso\w* | \bperfaqesues\w*\b | \bdelego\w* | \bzevendeso\w*
    | \b(?:in|instead\ of)\ (?:my|our|me|us)\b(?:\ (?:place|stead))? | \bon\ (?:my|our)\ behalf\b
    | \b(?:represent(?:ed)?|replace[sd]?|delegat\w+)\b
    """
)
# A name as people write it: two to four words with capitals, a form of address before them.
_NAME = (
    r"(?P<name>(?:(?:[Zz]nj?|[Zz]j|[Zz]v|[Dd]r|[Pp]rof|[Ii]nxh|[Aa]v|Mr|Mrs|Ms)\.\s?|(?i:zoti|zonja|znj)\s)?"
    r"[A-ZËÇ][\w'’-]*[a-zëç](?:\s[A-ZËÇ][\w'’-]+){1,3})"
)
_BETWEEN = r"(?:[^.\n]|\b(?:[Zz]v|[Zz]nj?|[Zz]j|[Dd]r)\.){0,80}?"
_NAMED = tuple(
    re.compile(pattern.replace("NAME", _NAME).replace("BETWEEN", _BETWEEN))
    for pattern in (
        r"NAME[^.\n]{0,40}?(?i:do\st[eë]\s(?:vij|marr|jet|m[eë]\sp[eë]rfaq|na\sp[eë]rfaq|p[eë]rfaq|merr)\w*|merr\spjes|m[eë]\sp[eë]rfaq|na\sp[eë]rfaq)",
        r"NAME[^.\n]{0,30}?(?i:\swill\s|\sshall\s|\srepresents\s|\sis\scoming)",
        r"(?i:n[eë]\svend(?:in)?\s(?:tim|ton[eë])|p[eë]rfaq[eë]so\w*|p[eë]rfaq[eë]sues\w*|deleg\w*|z[eë]vend[eë]so\w*|d[eë]rgo\w*|cakto\w*)BETWEENNAME",
        r"(?i:in\s(?:my|our)\splace|instead\sof\s(?:me|us)|on\s(?:my|our)\sbehalf|represented\sby|delegat\w*|send(?:ing)?)BETWEENNAME",
        r"(?i:do\st[eë]\s(?:vij[eë]|marr[eë]\spjes[eë]|jet[eë])|merr\spjes[eë])BETWEENNAME",
    )
)


@dataclass(frozen=True)
class AnswerGuess:
    """What a mail seems to answer, None where that is not plain; and who comes in the guest's place, "" where nobody is named."""

    answer: Answer | None = None
    substitute: str = ""


def guess_answer(text: str) -> AnswerGuess:
    """Return what the words of a mail seem to answer to an invitation.

    A *no* and a *yes* in one mail are no answer that can be guessed, unless somebody comes instead.
    """
    text = text[:_READ]
    sentences = [sentence.strip(" -–—•*,") for sentence in _SENTENCES.split(fold_lines(text))]
    told = [sentence for sentence in sentences if sentence and not sentence.endswith("?")]
    if any(_INSTEAD.search(sentence) for sentence in told):
        return AnswerGuess(Answer.DELEGATED, _substitute_in(text))
    says = {_said(sentence) for sentence in told} - {None}
    return AnswerGuess(says.pop()) if len(says) == 1 else AnswerGuess()


def fold_lines(text: str) -> str:
    """Return text folded, with lines joined that a mail program broke because they were long."""
    lines: list[str] = []
    is_open = False
    for line in text.split("\n"):
        folded = fold(line)
        if is_open and folded:
            lines[-1] += f" {folded}"
        else:
            lines.append(folded)
        is_open = len(folded) >= _BROKEN_AT and folded[-1] not in ".!?:;"
    return "\n".join(lines)


def _said(sentence: str) -> Answer | None:
    if _MAYBE.search(sentence):
        return Answer.TENTATIVE
    if _NO.search(sentence):
        return Answer.DECLINED
    return Answer.ACCEPTED if _YES.search(sentence) else None


def _substitute_in(text: str) -> str:
    joined = clean_line(text)
    matches = (pattern.search(joined) for pattern in _NAMED)
    return next((clean_line(match["name"]) for match in matches if match), "")


# Nr. 123/4 Prot., Nr. Prot. 123/4, Prot. Nr. 123, nr.123/1prot, me numër protokolli 123, Our ref.: 123/2026
_BEFORE = r"(?P<before>\b(?:nr|num[eë]r(?:i|in|it)?|no|ref(?:erenc[eë]?|erence)?|prot(?:okoll(?:i|it|in|uar)?)?)\b|№)"
_NUMBER = re.compile(
    rf"(?i){_BEFORE}(?P<between>(?:[\s.:#,/]|i\b|me\b|nr\b|num[eë]r\w*|no\b|prot\w*|number\b|extra\b){{0,12}})"
    r"(?P<number>\d{1,6}(?:\s?/\s?\d{1,6}){0,2})(?![\d/.]*\.\d)(?P<after>\s?,?\s?prot\w*)?"
)
_OTHER_ACT = re.compile(
    r"(?i)(?:ligj\w*|vkm|vendim\w*|nen\w*|kod\w*|urdh[eë]r\w*|rregullor\w*|akt\w*|law|act|decision|article|tel|cel|fax)\W{1,4}$"
)
_OURS_BEFORE = re.compile(
    r"(?i)(?:\bt?s?uaj\b|\bjuaj\b|\byour\b|\bp[eë]rgjigje\s(?:t[eë]\s)?(?:shkres|k[eë]rkes|letr))[^.\n]{0,40}$"
)
_OURS_AFTER = re.compile(r"(?i)^[^.\n]{0,20}\b(?:t?uaj|suaj|juaj|yours?)\w*\b")


def guess_their_number(text: str, our_number: str = "") -> str:
    """Return the register number that an office gave to its reply; "" where none stands there, or only ours.

    It counts with the word *protokoll* beside it, as a reference, or at the head of a line; not as the number of a law.
    """
    numbers: list[tuple[int, int, str]] = []
    text = text[:20_000]
    for match in _NUMBER.finditer(text):
        number = re.sub(r"\s", "", match["number"])
        ahead, behind = text[max(0, match.start() - 60) : match.start()], text[match.end() : match.end() + 40]
        if (
            number == our_number
            or _OTHER_ACT.search(ahead)
            or _OURS_BEFORE.search(ahead)
            or _OURS_AFTER.search(behind)
        ):
            continue
        words = f"{match['before']}{match['between']}{match['after'] or ''}".lower()
        at_head = not text[: match.start()].rpartition("\n")[2].strip(" \t>*-")
        rank = 0 if "prot" in words else 1 if "ref" in words else 2 if at_head and "/" in number else None
        if rank is not None:
            numbers.append((rank, len(numbers), number))
    return min(numbers)[2] if numbers else ""


# The most particular first: a letter that extends the deadline also says what it answers.
_KINDS = (
    (
        ResponseKind.EXTENDED,
        r"""zgja(?:t|sim)\w*\ (?:te\ |i\ |e\ )?(?:afat|shqyrtim)\w* | shty(?:het|hen|jme|rje\w*)\ (?:e\ )?afat\w*
        | extend\w*\ (?:the\ )?(?:deadline|time) | extension""",
    ),
    (
        ResponseKind.FORWARDED,
        r"""\b(?:iu|u|ia)\ perc[oj]\w* | (?:kemi|eshte)\ percjelle | percolluam | per\ kompetence
        | (?:forwarded|passed\ on|referred)\ (?:it\ |your\ \w+\ )?to""",
    ),
    (
        ResponseKind.ASKS_BACK,
        r"""(?:saktes|sqaro|qartes|plotes)\w*\ (?:kerkes|me\ |objekt|te\ dhen) | na\ (?:sqaroni|saktesoni|qartesoni)
        | kerkojme\ (?:sqarim|saktesim)\w* | (?:please\ )?(?:clarify|specify) | clarification""",
    ),
    (
        ResponseKind.REFUSED,
        r"""refuz\w* | kufiz(?:im|ua)\w*\ (?:te\ |i\ |e\ )?(?:drejt|informac)\w*
        | nuk\ (?:mund\ (?:t['’]?\ ?ju|te\ ju|te)\ (?:vihe|vem|jap|jep|dergo|perg)|(?:e\ )?dispono|pranohet)\w*
        | (?:we\ )?(?:refuse|reject|cannot\ (?:provide|disclose|grant))""",
    ),
    (
        ResponseKind.ACKNOWLEDGED,
        r"""(?:u|eshte)\ (?:protokoll|regjistr)\w* | (?:konfirmo|vertete)\w*\ (?:marrjen|se\ morem)
        | (?:kerkesa|shkresa|letra|e-?maili)\ (?:juaj\ )?u\ mor | (?:eshte|jane)\ ne\ (?:shqyrtim|proces)
        | acknowledge\w* | (?:was|has\ been)\ (?:received|registered)""",
    ),
    (ResponseKind.PARTIAL, r"pjeserisht | nje\ pjese\ e\ (?:informac|te\ dhen)\w* | partial(?:ly)?"),
    (
        ResponseKind.FULL,
        r"""bashkelidhur | bashkengjitur | ne\ vijim | me\ poshte | attached | enclosed | pergjigj\w*
        | ju\ (?:informojme|njoftojme|bejme\ me\ dije|vihe\w*|dergojme|vendosim)
        | please\ find | in\ re(?:ply|sponse)""",
    ),
)
_READ_KINDS = tuple((kind, re.compile(rf"(?x)\b(?:{pattern})")) for kind, pattern in _KINDS)


def guess_response(text: str) -> ResponseKind | None:
    """Return what an office's words seem to be as a response; the most particular counts, None where nothing is plain."""
    folded = fold_lines(text[:_READ])
    return next((kind for kind, pattern in _READ_KINDS if pattern.search(folded)), None)
