"""What a browser calls itself, in two words that a person knows again in a list of sessions; pure."""

from __future__ import annotations

import re
from typing import Final

# In this order: Edge, Opera and Samsung's browser also say Chrome, and all of them say Safari.
_BROWSERS: Final = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\bOPR/|\bOpera\b"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\bFirefox/|\bFxiOS/"),
    ("Chrome", r"\bChrome/|\bCriOS/|\bChromium/"),
    ("Safari", r"\bVersion/[\d.]+ .*\bSafari/"),
    ("curl", r"^curl/"),
)
_SYSTEMS: Final = (
    ("Android", r"\bAndroid\b"),
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Windows", r"\bWindows\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("macOS", r"\bMacintosh\b"),
    ("Linux", r"\bLinux\b|\bX11\b"),
)
_LONGEST_READ: Final = 400


def browser_words(user_agent: str) -> str:
    """Return browser and system, as in *Firefox, Linux*; only names known here, so that nobody's own words are kept."""
    read = user_agent[:_LONGEST_READ]
    found = (
        next((name for name, sign in names if re.search(sign, read)), "") for names in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(name for name in found if name)
