"""Our secrets in texts: masked however mail programs wrapped, quoted, encoded or damaged them; other words stay."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop_campaigns.core.secret_links import paths_before_secrets
from pop_campaigns.mail.secrets import mask_ours

DOMAIN, BASE = "përgjigje.example", "https://pop.example/network"
PATHS = "(?:" + "|".join(paths_before_secrets(["/a/<token>", "/a/<token>/invite.ics", "/u/<wish>"])) + ")"
# As the service makes them: digests, so that no example is all one letter.
DIGESTS = st.binary(max_size=8).map(lambda raw: hashlib.sha256(raw).digest())
LOCALS = DIGESTS.map(lambda raw: base64.b32encode(raw).decode().lower()[:26])
TOKENS = DIGESTS.map(lambda raw: base64.urlsafe_b64encode(raw).rstrip(b"=").decode())
BREAKS = st.sampled_from(
    ["\n", "\r\n", "=\r\n", "=\n", "\n> ", "\r\n> > ", "\r\n ", "=\r\n> ", "\u200b", "\u00ad", "\n>>> "]
)
BEFORE = st.sampled_from(
    [
        "",
        " ",
        "<",
        "mailto:",
        "MAILTO:",
        "%3A",
        "=3D",
        "Përgjigje te ",
        "\\n",
        "(",
        '"',
        "SRS0=x=TT=a.example=",
    ]
)
WORDS = "Të nderuar, po vijmë në orën 10:00 te Bashkia. 50 % e vendeve, shih https://lajme.example/a/ministri-premton-mbylljen"


def mask(text: str) -> str:
    return mask_ours(text, DOMAIN, BASE, PATHS)


def wrapped(text: str, gap: str, at: int) -> str:
    return f"{text[:at]}{gap}{text[at:]}"


def is_hidden(token: str, masked: str) -> bool:
    """Nothing of the token that would help is left: no six letters of it in a row."""
    low = re.sub(r"[^a-z0-9]", "", masked.lower())
    return not any(token[start : start + 6].lower() in low for start in range(len(token) - 5))


@given(local=LOCALS, kind=st.sampled_from("rb"), before=BEFORE, gap=BREAKS, at=st.integers(1, 27))
def test_an_address_is_masked_wherever_it_is_broken(
    local: str, kind: str, before: str, gap: str, at: int
) -> None:
    broken = wrapped(f"{kind}-{local}", gap, max(at, 2))
    for domain in (DOMAIN, "xn--prgjigje-q4a.example", DOMAIN.upper(), "tjetër.example"):
        masked = mask(f"{WORDS}\n{before}{broken}@{domain}> {WORDS}")
        assert is_hidden(local, masked)
        assert masked.startswith(WORDS) and masked.endswith(WORDS)


@given(local=LOCALS, kind=st.sampled_from("rb"), gap=BREAKS)
def test_an_address_without_its_domain_or_in_another_one_is_masked(local: str, kind: str, gap: str) -> None:
    one = f"{kind}-{local}"
    shapes = [
        one, one.upper(), f"{one}=xn--prgjigje-q4a.example@srs.example", f"SRS0=HHHH=TT={DOMAIN}={one}@fwd.example",
        f"prvs=0123456789={one}@{DOMAIN}", f"lista-return-7-{one}={DOMAIN}@lists.example", quote(f"{one}@{DOMAIN}"),
        "".join(f"%{ord(sign):02X}" for sign in one), "".join(f"={ord(sign):02X}" for sign in one), one.replace("-", "–"),
        f"{one}{gap}{one}", f"_{one}_", f"kind{gap}{one}{gap}fund",
    ]  # fmt: skip
    for shape in shapes:
        assert is_hidden(local, mask(f"{WORDS}\n{shape}\n{WORDS}")), shape


@given(
    local=LOCALS,
    kind=st.sampled_from("rb"),
    at=st.integers(0, 25),
    sign=st.sampled_from(["", "x", "8", ".", " ", "_"]),
)
def test_a_damaged_address_is_masked(local: str, kind: str, at: int, sign: str) -> None:
    damaged = f"{kind}-{local[:at]}{sign}{local[at + 1 :]}@{DOMAIN}"
    assert is_hidden(local, mask(f"Te {damaged}."))


@given(token=TOKENS, path=st.sampled_from(["/a/", "/u/"]), gap=BREAKS, at=st.integers(1, 42))
def test_a_link_is_masked_wherever_it_is_broken(token: str, path: str, gap: str, at: int) -> None:
    for link in (
        f"{BASE}{path}",
        f"https://POP.example/network{path}",
        path,
        quote(BASE + path, safe=""),
        f"{BASE}{path}{gap}",
    ):
        masked = mask(f"{WORDS} <{link}{wrapped(token, gap, at)}> {WORDS}")
        assert is_hidden(token, masked), link
        assert masked.startswith(WORDS) and masked.endswith(WORDS)


@given(token=TOKENS, other=TOKENS, gap=BREAKS, at=st.integers(1, 85))
def test_a_signed_link_is_masked_whole(token: str, other: str, gap: str, at: int) -> None:
    masked = mask(f"> {BASE}/u/e12.{wrapped(f'{token}.{other}', gap, at)}?lang=sq\n> Me respekt")
    assert is_hidden(token, masked) and is_hidden(other, masked)
    assert masked.endswith("?lang=sq\n> Me respekt")


@given(token=TOKENS)
def test_a_link_in_other_services_links_is_masked(token: str) -> None:
    link = f"{BASE}/a/{token}"
    for shape in (
        f"https://eur01.safelinks.example/?url={quote(link, safe='')}&data=05",
        f"https://eur01.safelinks.example/?url={quote(quote(link, safe=''), safe='')}&data=05",
        f"https://defense.example/v2/url?u={link.replace('://', '-3A__').replace('/', '_')}&d=Dw",
        f"https://defense.example/v3/__{link}__;!!abc",
        f'<a href=3D"{link}">',
        f"[{link}]({link})",
        f"{link}/invite.ics",
        f"x{token[:0]} {token} y",
    ):
        assert is_hidden(token, mask(f"{WORDS}\n{shape}\n{WORDS}")), shape


@pytest.mark.parametrize(
    "text",
    [
        WORDS,
        "ndër-institucionalizimi, sektor-bashkiakuptimplote",
        f"besa.hoxha@{DOMAIN}, kontakt1@{DOMAIN}",
        f"<abcdefghijklmnopqrstuvwxyz@{DOMAIN}>",
        "Pergjigje-e-Ministrise-se-Mjedisit-2026-001",
        "https://docs.example/document/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/edit?x=%20y&z=a%2Fb",
        "550 5.1.1 No such user r-2 (b-3)",
        "",
    ],
)
def test_other_words_stay_as_they_are(text: str) -> None:
    assert mask(text) == text


@given(text=st.text(max_size=300), token=TOKENS, local=LOCALS)
def test_it_never_fails_and_a_second_time_changes_nothing(text: str, token: str, local: str) -> None:
    masked = mask(f"{text} {BASE}/a/{token} {text} r-{local}@{DOMAIN} {text}")
    assert is_hidden(token, masked) and is_hidden(local, masked)
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "piece", ["r-", "r-a\n", "/a/", "x\n", "%41", "=\r\n", "a%41", f"@{DOMAIN}", f"r-a@{DOMAIN} "]
)
def test_no_text_takes_long(piece: str) -> None:
    """A mail may hold a megabyte of whatever its writer likes; three hundred kilobytes take a moment."""
    import time

    before = time.process_time()
    mask(piece * (300_000 // len(piece)))
    assert time.process_time() - before < 5
