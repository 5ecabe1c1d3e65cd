"""The catalogues of translations: compile, update from the code, check.

Runs inside .venv. Msgids are English; `sq` is written by people, `en` repeats the msgid where nobody has
chosen better words. The calls:

    catalogues.py compile FILE.po …    writes FILE.mo beside each (done by `make setup`)
    catalogues.py update               takes new texts into sq and en, drops those gone (`make messages`)
    catalogues.py fill LANGUAGE FILE…  fills what is empty in LANGUAGE from translators' files
    catalogues.py check                prints what is missing, exit 1 if anything is (`make lint`)
"""

from __future__ import annotations

import io
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("sq", "en")
KEYWORDS: dict[str, Any] = {
    **DEFAULT_KEYWORDS,
    # Each function under its own name and the short ones modules import it as.
    **dict.fromkeys(("lazy_gettext", "_l")),
    **dict.fromkeys(("lazy_ngettext", "_n", "_ln"), (1, 2)),
    **dict.fromkeys(("lazy_pgettext", "_p", "_lp"), ((1, "c"), 2)),
    **dict.fromkeys(("lazy_npgettext", "_np", "_lnp"), ((1, "c"), 2, 3)),
}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")


def main(arguments: list[str]) -> int:
    """Carry out one call and return the exit status."""
    match arguments:
        case ["compile", *names]:
            for name in names:
                compile_catalogue(Path(name))
        case ["update"]:
            for language in LANGUAGES:
                update_catalogue(ROOT, language)
        case ["fill", language, *names] if language in LANGUAGES and names:
            fill_catalogue(ROOT, language, [Path(name) for name in names])
        case ["check"]:
            faults = list(find_faults(ROOT))
            print(*faults, sep="\n", end="\n" if faults else "")
            return 1 if faults else 0
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def catalogue_path(root: Path, language: str) -> Path:
    """Return where the catalogue of a language is kept."""
    return root / "pop_campaigns" / "translations" / language / "LC_MESSAGES" / "messages.po"


def read_catalogue(path: Path, language: str) -> Catalog:
    """Return the catalogue in a file; an empty one where there is no file. Raise PoFileError for a damaged file."""
    if not path.exists():
        return Catalog(locale=language, project="pop-campaigns", charset="utf-8", fuzzy=False)
    with path.open("rb") as handle:
        return read_po(handle, locale=language, abort_invalid=True)


def compile_catalogue(path: Path) -> None:
    """Write the binary form beside the catalogue; unsure translations (fuzzy) are left out of it."""
    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(path, path.parent.parent.name), use_fuzzy=False)
    # Written in one go: a server that starts meanwhile reads the old file or the new one.
    unfinished = path.with_suffix(".mo.part")
    unfinished.write_bytes(compiled.getvalue())
    unfinished.replace(path.with_suffix(".mo"))


def extract_messages(root: Path) -> Catalog:
    """Return every text marked for translation in code and templates, with the file it is in."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"]
    methods = [(entry["pattern"], entry["method"]) for entry in settings["mappings"]]
    options = {entry["pattern"]: options_of(entry) for entry in settings["mappings"]}
    template = Catalog(project="pop-campaigns", charset="utf-8", fuzzy=False)
    for folder in ("pop_campaigns", "templates"):
        if not (root / folder).is_dir():
            continue
        messages = extract_from_dir(root / folder, methods, options, KEYWORDS, comment_tags=("Translators:",))
        for name, line, msgid, comments, context in messages:
            place = [(f"{folder}/{name}", line)]
            template.add(msgid, None, place, auto_comments=comments, context=context)
    return template


def options_of(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in ("pattern", "method")}


def update_catalogue(root: Path, language: str) -> None:
    """Take over new texts, drop those no longer used, and write the file only if something changed."""
    path = catalogue_path(root, language)
    catalogue = read_catalogue(path, language)
    template = extract_messages(root)
    # The date in the header would make every call a change.
    template.creation_date = catalogue.creation_date
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    if language == "en":
        repeat_msgids(catalogue)
    write_catalogue(path, catalogue)


def repeat_msgids(catalogue: Catalog) -> None:
    """Fill English with its msgids, so that each can be worded better without touching code."""
    for message in texts_of(catalogue):
        if not all(forms_of(message)):
            message.string = message.id


def fill_catalogue(root: Path, language: str, sources: Iterable[Path]) -> None:
    """Take translations from other files for those texts that have none yet; nothing is overwritten."""
    path = catalogue_path(root, language)
    catalogue = read_catalogue(path, language)
    for source in sources:
        for message in texts_of(read_catalogue(source, language)):
            mine = catalogue.get(key_of(message), message.context)
            fits = mine is not None and len(forms_of(mine)) == len(forms_of(message))
            if mine is not None and fits and not all(forms_of(mine)) and all(forms_of(message)):
                mine.string = message.string
    write_catalogue(path, catalogue)


def place_of(message: Message) -> tuple[list[str], str, str]:
    """Return what a catalogue is sorted by: the files a text stands in, the text, its context."""
    return sorted({file for file, _line in message.locations}), key_of(message), message.context or ""


def write_catalogue(path: Path, catalogue: Catalog) -> None:
    """Write a catalogue sorted by file, then text, and without line numbers: a change of code elsewhere is no change here."""
    # Not by line: two texts that change places in a module stay where they are here.
    for message in sorted(texts_of(catalogue), key=place_of):
        catalogue.delete(message.id, message.context)
        catalogue[message.id] = message
    text = io.BytesIO()
    write_po(text, catalogue, width=110, ignore_obsolete=True, include_lineno=False)
    if path.exists() and path.read_bytes() == text.getvalue():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue())
    print(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}: {len(catalogue)} texts")


def find_faults(root: Path) -> Iterator[str]:
    """Return what keeps the catalogues from being complete, a line each, beginning with the file."""
    expected = {(m.context, key_of(m)) for m in texts_of(extract_messages(root))}
    for language in LANGUAGES:
        path = catalogue_path(root, language)
        if not path.exists():
            if expected:
                yield f"{language}: there is no catalogue {path.name}; run `make messages`"
            continue
        present = {(m.context, key_of(m)) for m in texts_of(read_catalogue(path, language))}
        for context, msgid in sorted(expected - present, key=str):
            yield f"{language}: not in the catalogue (run `make messages`): {name_of(context, msgid)}"
        for context, msgid in sorted(present - expected, key=str):
            yield f"{language}: no longer in the code (run `make messages`): {name_of(context, msgid)}"
    for path in sorted((root / "pop_campaigns" / "translations").glob("*/LC_MESSAGES/*.po")):
        language = path.parent.parent.name
        for message in texts_of(read_catalogue(path, language)):
            for fault in faults_of(message):
                yield f"{language}/{path.name}: {fault}: {name_of(message.context, key_of(message))}"


def faults_of(message: Message) -> Iterator[str]:
    """Return what is wrong with one translation."""
    forms = forms_of(message)
    if message.fuzzy:
        yield "marked as unsure (fuzzy)"
    if not all(forms):
        yield "not translated"
        return
    originals = message.id if isinstance(message.id, tuple | list) else (message.id,)
    allowed = set().union(*(placeholders(text) for text in originals))
    if unknown := set().union(*(placeholders(text) for text in forms)) - allowed:
        yield f"placeholders that the original lacks {sorted(unknown)}"
    # "one event" may drop the number; the plural, and a text without plural, may not.
    if lost := placeholders(originals[-1]) - placeholders(forms[-1]):
        yield f"placeholders lost {sorted(lost)}"
    if any(text.strip() != text for text in forms) and originals[0].strip() == originals[0]:
        yield "space at an end that the original lacks"


def placeholders(text: str) -> set[str]:
    """Return the names that values are put in for: %(name)s and {name}."""
    return {first or second for first, second in PLACEHOLDER.findall(text)}


def texts_of(catalogue: Catalog) -> Iterator[Message]:
    """Return the messages without the header."""
    return (message for message in catalogue if message.id)


def forms_of(message: Message) -> list[str]:
    """Return the translation as a list: one text, or one for each plural form."""
    return list(message.string) if isinstance(message.string, tuple | list) else [message.string or ""]


def key_of(message: Message) -> str:
    """Return the text a catalogue looks a message up by: the singular where there are two."""
    return str(message.id[0] if isinstance(message.id, tuple | list) else message.id)


def name_of(context: str | None, msgid: str) -> str:
    return f"[{context}] {msgid!r}" if context else repr(msgid)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
