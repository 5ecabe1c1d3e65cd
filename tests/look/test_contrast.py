"""Every pair of colours on a page can be read, in light and in dark (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

THEME = Path(__file__).resolve().parents[2] / "pop_campaigns" / "static" / "css" / "theme.css"
GROUNDS = ("paper", "surface", "sunken")
TONES = ("good", "warn", "bad", "info")

TEXT_PAIRS = [
    *((ink, ground) for ink in ("ink", "quiet-ink", "accent", "accent-strong", *TONES) for ground in GROUNDS),
    *((tone, f"{tone}-wash") for tone in TONES),
    *(("ink", f"{tone}-wash") for tone in (*TONES, "quiet")),
    ("quiet-ink", "quiet-wash"),
    ("accent", "quiet-wash"),
    ("accent-strong", "quiet-wash"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("surface", "quiet-ink"),
    *(("surface", tone) for tone in TONES),
]
EDGE_PAIRS = [
    *((edge, ground) for edge in ("edge", "focus", "accent") for ground in GROUNDS),
    ("focus", "quiet-wash"),
    ("good", "quiet-wash"),
]


def read_tokens(css: str) -> dict[str, dict[str, str]]:
    """Give ``{"light": {token: #RRGGBB}, "dark": …}``; dark starts from light, as the browser does."""
    before, mark, after = css.partition("@media (prefers-color-scheme: dark)")
    assert mark, "theme.css has no dark tokens"
    token = re.compile(r"--([a-z-]+):\s*(#[0-9A-Fa-f]{6});")
    light = dict(token.findall(before))
    dark = dict(token.findall(after.partition("/* Lengths")[0]))
    assert light and dark
    assert light.keys() == dark.keys(), "a colour is missing in one of the two themes"
    return {"light": light, "dark": dark}


def luminance(colour: str) -> float:
    """Relative luminance of ``#RRGGBB``, 0 to 1 (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


TOKENS = read_tokens(THEME.read_text(encoding="utf-8"))


def test_the_measure_itself() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_can_be_read(theme: str, ink: str, ground: str) -> None:
    assert contrast(TOKENS[theme][ink], TOKENS[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGE_PAIRS)
def test_controls_and_focus_can_be_seen(theme: str, edge: str, ground: str) -> None:
    assert contrast(TOKENS[theme][edge], TOKENS[theme][ground]) >= 3


def test_the_look_that_was_agreed() -> None:
    light, dark = TOKENS["light"], TOKENS["dark"]
    agreed = {
        "paper": "#FAF8F5",
        "surface": "#FFFFFF",
        "ink": "#1B2A3A",
        "quiet-ink": "#52606D",
        "line": "#E3DED6",
    }
    agreed |= {"accent": "#A4161A", "good": "#1E6B3A", "warn": "#8A5A00", "bad": "#A4161A", "info": "#1F5A8A"}
    assert {name: light[name] for name in agreed} == agreed
    assert [dark[name] for name in ("paper", "surface", "ink", "accent")] == [
        "#14181D",
        "#1C2229",
        "#E8E6E1",
        "#FF8A80",
    ]


def test_colours_stand_only_in_the_theme() -> None:
    """A colour written elsewhere would stay light in the dark; only the ground of a mail is always white."""
    for sheet in THEME.parent.glob("*.css"):
        if sheet.name in ("theme.css", "print.css"):
            continue
        text = re.sub(r"url\([^)]*\)", "", sheet.read_text(encoding="utf-8"))
        assert set(re.findall(r"#[0-9A-Fa-f]{3,8}\b", text)) <= {"#FFFFFF"}, sheet.name
