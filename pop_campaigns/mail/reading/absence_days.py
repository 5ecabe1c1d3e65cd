"""Until when somebody is away, from the words of a note: a day behind *deri më*, *until*, *back on*, or at the end of a range."""

from __future__ import annotations

import re
from datetime import date, datetime

_READ = 5000
# By month: how its name begins in the languages around us, and its short forms, which end there.
_MONTHS = (
    (
        "janar janu jann jänn genn gennaio ener enero ocak siječ sijec јану янва stycz ιανο ianu janv",
        "jan gen ene јан ян ιαν ian",
    ),
    (
        "shkurt febr févr fevr şubat subat veljač veljac фебр февр lutego φεβρ febb",
        "shk feb fév fev феб фев φεβ şub",
    ),
    (
        "mars march marzo märz maerz mart_ marta_ ožujk ozujk март maart μαρτ marc_ marca mars_ martie",
        "mar mär мар μαρ mrt",
    ),
    (
        "prill april avril abril aprile nisan travnj апри апре kwiet απρι apri aprilie",
        "pri apr avr abr апр απρ",
    ),
    (
        "majit maggio mayo mayıs svibn мај_ маја мая мај maja mája μαΐο μαΐου μαϊο maius",
        "maj mai may mag mei май μάι μαι",
    ),
    (
        "qersh june juni juin giugn junio hazir lipnj јун_ јуна јуни июня czerw ιουν iunie junij",
        "qer jun giu haz јун июн iun",
    ),
    (
        "korrik july juli juil lugli julio temmu srpnj јула јули июля lipca ιουλ iulie julij",
        "kor jul lug јул июл iul tem",
    ),
    ("gusht augu agost août aout ağust avgu kolov авгу sierp αυγο", "gus aug ago avg авг ağu"),
    ("shtat septe sett eylül eylul rujna сент септ wrześ wrzes σεπτ setem", "sht sep set сеп eyl"),
    ("tetor octob octub octom ottob oktob ekim_ окто paźdz pazdz οκτω outub", "tet oct okt ott окт οκτ"),
    ("nëntor nentor novem noviem kasım kasim studen ноем нояб νοεμ noiem", "nën nen nov ное ноя νοε noi kas"),
    (
        "dhjetor decem dezem dicem diciem décem aralı prosin дека деце grudn δεκε",
        "dhj dec dez dic déc дек δεκ ara",
    ),
)
_STEMS = {stem: number for number, (stems, _) in enumerate(_MONTHS, 1) for stem in stems.split()}
_SHORT = {short: number for number, (_, shorts) in enumerate(_MONTHS, 1) for short in shorts.split()}
_BEGINNINGS = "|".join(
    sorted(
        (stem.rstrip("_") + (r"\b" if "_" in stem else r"[^\W\d_]{0,8}") for stem in _STEMS),
        key=len,
        reverse=True,
    )
)
_NAME = rf"(?:(?:{_BEGINNINGS})|(?:{'|'.join(_SHORT)}))\b"
_DATE = re.compile(
    rf"""(?ix)(?<![\d.,/:-])(?:
    (?P<y1>20\d\d)[-./](?P<m1>\d\d?)[-./](?P<d1>\d\d?)(?![\d.:])
    | (?P<d2>\d{{1,2}})\s?[./-]\s?(?P<m2>\d{{1,2}})(?:\s?[./-]\s?(?P<y2>20\d\d|\d\d)(?![\d:]))?\.?(?![\d:/])
    | (?P<d3>\d{{1,2}})(?:st|nd|rd|th|er|º|°|\.)?(?:\s(?:of|de|të|te|i|d[’']))?\s?(?P<n3>{_NAME})\.?,?
      (?:\s(?:de\s|të\s|viti(?:t)?\s)?(?P<y3>20\d\d))?
    | \b(?P<n4>{_NAME})\.?\s(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?\b(?![\d:/]|\.\d),?(?:\s(?P<y4>20\d\d))?
    )"""
)
_DAY = r"""(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day | (?:mon|tue|wed|thu|fri|sat|sun)\b
    | (?:mon|diens|donners|frei|sams|sonn)tag | mittwoch | sonnabend
    | (?:lune|marte|mercole|giove|vener)d[ìi] | sabato | domenica | lundi | mardi | mercredi | jeudi | vendredi | samedi
    | dimanche | lunes | martes | miércoles | jueves | viernes | sábado | domingo
    | h[ëe]n[ëe]n? | mart[ëe]n? | m[ëe]rkur[ëe]n? | enjten? | premt(?:e|en) | shtun[ëe]n? | diel[ëe]n?
    | poned(?:j?e)lj\w+ | utor\w+ | s?r?ij?ed[ue] | sred[ue] | četvrt\w+ | peta?k\w? | subot[ue] | nedj?elj[ue])"""
_FILLER = rf"""(?:the | on | il | el | le | la | am | dem | den | der | zum | und\ mit | mit | einschließlich | including
    | m[ëe] | me | n[ëe] | dat[ëae]n?s? | dt | dit[ëe]n | t[ëe] | e | στις | την | τις | op | en\ met | met | pe | la
    | dana | dan | dzień | dnia | inclus | {_DAY})"""
_UNTIL = re.compile(
    rf"""(?ix)(?:\b(?:
    until | till | through | thru | back | return(?:ing|s|\ date)? | (?:to|in|at)\ (?:the\ )?(?:office|work)
    | available\ (?:again\ )?(?:from|on) | deri | (?:ri)?kthehe[mnt]i? | (?:ri)?kthim\w*
    | (?:n[ëe]|te)\ (?:zyr[ëe]|pun[ëe])(?:\ (?:nga|prej))? | s[ëe]rish\ (?:nga|prej)
    | fino\ al? | sino\ al | al | rientr\w+ | torn[oa]\w* | ritorno
    | bis | zurück | wieder(?:\ da|\ im\ büro|\ erreichbar)?(?:\ ab)? | rückkehr | ab
    | jusqu[’']?\s?au | au | retour | hasta | vuelvo | regres\w+ | vuelta | do | vraćam\ se | povrat\w+ | враћам\ се
    | до | се\ враќам(?:\ на)? | wracam | έως | μέχρι | επιστρέ[φψ]ω | până | revin | tot | terug | dönüş\w* | to | and
    )|(?<=\d)\s?[-–—])[\s:,.(]{{0,4}}(?:(?:{_FILLER})\b[\s:,.(]{{0,3}}){{0,5}}$"""
)
_KADAR = re.compile(r"(?i)^[’']?\w{0,4}\s{0,2}(tarihine\s)?kadar\b")
# These speak of the end only where a beginning stood before them.
_OF_RANGES = re.compile(
    rf"(?ix)(?:to|and|al|au|do|до|ab|[-–—])[\s:,.(]{{0,4}}(?:(?:{_FILLER})\b[\s:,.]{{0,3}}){{0,5}}"
)
_BEGINS_BEFORE = re.compile(r"(?i)(\d[.\d]*|\d\s?[^\W\d_]{3,12})\.?,?\s?(\d{4}\s?)?$")
_ALONE = re.compile(r"(?i)\b(fino|sino|jusqu|deri|bis|until|till|tot|ab)\b[^.]{0,30}$|\b(do|до)\s[^.]{0,8}$")


def returns_on(text: str, written: datetime | None) -> date | None:
    """Return the day until which, or on which, somebody says to be back; None if none is named.

    A day without a year is the next such day after the mail was ``written``; one before it was not meant.
    """
    text = text[:_READ]
    for dated in _DATE.finditer(text):
        before = text[max(0, dated.start() - 80) : dated.start()]
        ends = _UNTIL.search(before)
        if not ends and not _KADAR.match(text[dated.end() : dated.end() + 30]):
            continue
        if ends and not _is_end(before, ends):
            continue
        if day := _as_day(dated.groupdict(), written):
            return day
    return None


def _is_end(before: str, ends: re.Match[str]) -> bool:
    """Return whether a small word (*to*, *al*, a dash) stands behind the day on which the absence begins."""
    if not _OF_RANGES.fullmatch(ends[0].lstrip()):
        return True
    lead = before[: ends.start()].rstrip()
    return bool(_BEGINS_BEFORE.search(lead)) or bool(_ALONE.search(before))


def _as_day(parts: dict[str, str | None], written: datetime | None) -> date | None:
    number = next((number for number in "1234" if parts[f"d{number}"]), "")
    named, year_text = parts.get(f"n{number}"), parts.get(f"y{number}")
    day, month = int(parts[f"d{number}"] or 0), _month(named) if named else int(parts.get(f"m{number}") or 0)
    if number == "2" and month > 12 >= day:
        day, month = month, day
    year = int(year_text) if year_text else None
    if year is not None and year < 100:
        year += 2000
    if not month or (year is None and written is None):
        return None
    try:
        if year is not None:
            known = date(year, month, day)
            return known if written is None or known >= written.date() else None
        assert written is not None  # noqa: S101 - said above
        this_year = date(written.year, month, day)
        # "Until 5 January" written in December is next year's.
        return this_year if this_year >= written.date() else date(written.year + 1, month, day)
    except ValueError:
        return None


def _month(name: str) -> int:
    folded = name.casefold()
    if folded in _SHORT:
        return _SHORT[folded]
    fits = [(len(stem), number) for stem, number in _STEMS.items() if folded.startswith(stem.rstrip("_"))]
    return max(fits)[1] if fits else 0
