"""Files of events in words: whom they are for, how large they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from babel.numbers import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from pop_campaigns.core.mail_files import MEGABYTE, FileAudience
from pop_campaigns.core.subject_files import SubjectFile, part_files

AUDIENCES: Final[dict[FileAudience, LazyString]] = {
    FileAudience.GUESTS: _l("The guests: it goes with the invitation"),
    FileAudience.EVERYBODY: _l("Everybody: it stands on the public page"),
    FileAudience.INSIDE: _l("Only us: it stays inside"),
}
AUDIENCES_IN_SHORT: Final[dict[FileAudience, LazyString]] = {
    FileAudience.GUESTS: _l("with the invitation"),
    FileAudience.EVERYBODY: _l("on the public page"),
    FileAudience.INSIDE: _l("only inside"),
}


def size_words(size: int, lang: str) -> str:
    """Return a size as people say it: *1,4 MB*, *12 kB*."""
    if size >= MEGABYTE / 10:
        return f"{format_decimal(round(size / MEGABYTE, 1), locale=lang)} MB"
    return f"{max(1, round(size / 1024))} kB"


def going_words(files: Sequence[SubjectFile], lang: str) -> str:
    """Return what goes with each invitation: *2 files, 1.4 MB; 1 as a link*; "" for none."""
    if not files:
        return ""
    parted = part_files(files)
    words = ngettext("%(num)d file", "%(num)d files", len(files))
    words = f"{words}, {size_words(sum(row.file.size for row in files), lang)}"
    if not parted.as_link:
        return words
    links = ngettext("%(num)d as a link", "%(num)d as links", len(parted.as_link))
    return _("%(files)s; %(links)s", files=words, links=links)
