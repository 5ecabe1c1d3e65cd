"""What persons agree to, word for word, by version: a version that was ever used stays here unchanged."""

from __future__ import annotations

from typing import Final

from pop_campaigns.contacts.rules import Purpose

CURRENT: Final = "2026-2"

_FIRST: Final = {
    Purpose.EVENTS: {
        "sq": (
            "Pajtohem që organizata të më ruajë emrin dhe adresën (dhe numrin e telefonit, nëse e jap) që të më "
            "ftojë në veprimtaritë e saj. Mund ta tërheq pëlqimin kurdo, pa asnjë pasojë, me një klikim në çdo "
            "ftesë ose duke i shkruar organizatës."
        ),
        "en": (
            "I agree that the organisation keeps my name and address (and my phone number, if I give it) to "
            "invite me to its events. I may withdraw this consent at any time and without any disadvantage, with "
            "one click in every invitation or by writing to the organisation."
        ),
    },
    Purpose.NEWS: {
        "sq": (
            "Pajtohem që organizata të më ruajë emrin dhe adresën që të më dërgojë lajmet, raportet dhe buletinin "
            "e saj. Mund ta tërheq pëlqimin kurdo, pa asnjë pasojë, me një klikim në çdo mesazh ose duke i "
            "shkruar organizatës."
        ),
        "en": (
            "I agree that the organisation keeps my name and address to send me its news, reports and newsletter. "
            "I may withdraw this consent at any time and without any disadvantage, with one click in every mail "
            "or by writing to the organisation."
        ),
    },
    Purpose.SHARING: {
        "sq": (
            "Pajtohem që organizata t'ia japë emrin dhe adresën time organizatës anëtare të rrjetit që përmendet "
            "këtu, e cila më pas përgjigjet vetë për to. Mund ta tërheq pëlqimin kurdo, pa asnjë pasojë."
        ),
        "en": (
            "I agree that the organisation passes my name and address on to the member organisation named here, "
            "which then answers for them itself. I may withdraw this consent at any time and without any "
            "disadvantage."
        ),
    },
}

# The same in English; in Albanian with the verb of law 124/2024 (*jap pëlqimin*).
_SECOND: Final = {
    Purpose.EVENTS: {
        "sq": (
            "Jap pëlqimin që organizata të më ruajë emrin dhe adresën (dhe numrin e telefonit, nëse e jap) që të më "
            "ftojë në veprimtaritë e saj. Mund ta tërheq pëlqimin kurdo, pa asnjë pasojë, me një klikim në çdo "
            "ftesë ose duke i shkruar organizatës."
        ),
        "en": _FIRST[Purpose.EVENTS]["en"],
    },
    Purpose.NEWS: {
        "sq": (
            "Jap pëlqimin që organizata të më ruajë emrin dhe adresën që të më dërgojë lajmet, raportet dhe "
            "buletinin e saj. Mund ta tërheq pëlqimin kurdo, pa asnjë pasojë, me një klikim në çdo mesazh ose duke "
            "i shkruar organizatës."
        ),
        "en": _FIRST[Purpose.NEWS]["en"],
    },
    Purpose.SHARING: {
        "sq": (
            "Jap pëlqimin që organizata t’ia japë emrin dhe adresën time organizatës anëtare të rrjetit që "
            "përmendet këtu, e cila më pas përgjigjet vetë për to. Mund ta tërheq pëlqimin kurdo, pa asnjë pasojë."
        ),
        "en": _FIRST[Purpose.SHARING]["en"],
    },
}

TEXTS: Final[dict[str, dict[Purpose, dict[str, str]]]] = {"2026-1": _FIRST, "2026-2": _SECOND}


def consent_text(version: str, purpose: Purpose, language: str) -> str:
    """Return the words somebody agreed to; nothing for a version that is not ours (from an import, say)."""
    return TEXTS.get(version, {}).get(purpose, {}).get(language, "")
