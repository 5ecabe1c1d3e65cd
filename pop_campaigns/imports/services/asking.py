"""Which names in a file are like those of institutions and offices that are there: asked about, so that none is doubled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from pop_campaigns.core.names import alike_institutions, institution_key, office_key
from pop_campaigns.imports.rules.drafts import RowDraft, fold
from pop_campaigns.imports.rules.near_names import NearName, SettledNames
from pop_campaigns.imports.services.matching import KnownInstitutions

# So many are asked about; what is like another beyond them is taken as the first guess says.
MOST: Final = 300


class NearNames:
    """The names of a file, row by row: each that is like another is one question; ``chosen`` are the answers so far."""

    def __init__(self, known: KnownInstitutions, chosen: Iterable[Mapping[str, Any]]) -> None:
        self._known = known
        self._chosen = {name.key: name.take for name in (NearName(**kept) for kept in chosen)}
        self._settled = SettledNames()
        self._asked: list[NearName] = []
        self._institutions: dict[str, tuple[str, bool]] = {}
        self._with_word: defaultdict[str, set[str]] = defaultdict(set)
        self._offices: dict[tuple[str, str], tuple[str, bool]] = {}
        for name in known.names.values():
            self._remember_institution(name, in_file=False)
        for institution, titles in known.titles.items():
            name = known.names.get(institution, "")
            for title in titles:
                self._offices.setdefault((fold(name), office_key(title, name)), (title, False))

    def settle(self, draft: RowDraft) -> None:
        """Put into a row the names that it means, as decided or as is likely; ask about those not met before."""
        for name in filter(None, (draft.institution, draft.works_for)):
            self._meet_institution(name)
        self._settled.settle(draft)
        if draft.institution and draft.office:
            self._meet_office(draft.institution, draft.office)
            self._settled.settle(draft)

    def kept(self) -> list[dict[str, Any]]:
        """Return the questions with their answers, as an import keeps them."""
        return [asdict(name) for name in self._asked[:MOST]]

    def _meet_institution(self, name: str) -> None:
        key = ("", fold(name))
        if fold(name) in self._known.institutions or key in self._settled.by_key:
            return
        own = institution_key(name)
        there, in_file, is_same = self._institution_like(own)
        if there and fold(there) != fold(name):
            self._ask(NearName(name, there, in_file=in_file, take=is_same))
        else:
            self._settled.by_key[key] = name
            self._remember_institution(name, in_file=True)

    def _institution_like(self, own: str) -> tuple[str, bool, bool]:
        """Return the institution whose name is the same but for its endings, else one a slip of the hand apart."""
        if own in self._institutions:
            return (*self._institutions[own], True)
        near = {other for word in own.split() for other in self._with_word[word]} if own else set()
        other = next((other for other in sorted(near) if alike_institutions(own, other)), None)
        return (*self._institutions[other], False) if other else ("", False, False)

    def _remember_institution(self, name: str, *, in_file: bool) -> None:
        own = institution_key(name)
        if own and own not in self._institutions:
            self._institutions[own] = (name, in_file)
            for word in own.split():
                self._with_word[word].add(own)

    def _meet_office(self, institution: str, title: str) -> None:
        key = (fold(institution), fold(title))
        if key in self._settled.by_key:
            return
        idents = (ident for ident, _place in self._known.institutions.get(fold(institution), ()))
        if any((ident, fold(title)) in self._known.offices for ident in idents):
            self._settled.by_key[key] = title
            return
        own = (fold(institution), office_key(title, institution))
        there, in_file = self._offices.setdefault(own, (title, True))
        if fold(there) != fold(title):
            self._ask(NearName(title, there, of=institution, in_file=in_file))
        else:
            self._settled.by_key[key] = title

    def _ask(self, name: NearName) -> None:
        name.take = self._chosen.get(name.key, name.take)
        self._settled.by_key[name.key] = name.there if name.take else name.typed
        self._asked.append(name)
