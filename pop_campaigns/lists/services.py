"""Verbs that change lists. The caller commits.

What a coordinator makes belongs to her organisation, what an administrator makes to the network. No two lists of one
owner have the same name, ë/ç-folded.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import owner_of_new
from pop_campaigns.contacts.queries.reach import GuestOption
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import wait_at
from pop_campaigns.core.once import insert_or_find, once_key
from pop_campaigns.lists.models import ContactList, ListMember
from pop_campaigns.lists.queries.lists import list_named, member_of
from pop_campaigns.lists.rules import ListFilter, ListKind


class NameTaken(ValueError):
    """The owner has a list of that name already; ``contact_list`` is the one."""

    def __init__(self, contact_list: ContactList) -> None:
        super().__init__("name taken")
        self.contact_list = contact_list


def create_list(
    name: str, list_filter: ListFilter | None, *, by: User, now: datetime, once: str = ""
) -> ContactList:
    """Add a list by filter, or (None) one kept by hand. The same ``once`` again returns the list made the first time.

    :raises NameTaken: the owner has a list of that name already.
    :raises NoOrganisation: the user is a coordinator who belongs to none.
    """
    owner = owner_of_new(by)
    wait_at(by.organisation or by)

    def make() -> ContactList:
        _refuse_same_name(name, owner, None)
        return ContactList(
            name=name,
            kind=ListKind.FILTER if list_filter else ListKind.BY_HAND,
            filter=list_filter.to_json() if list_filter else None,
            organisation_id=owner,
            created_at=now,
        )

    contact_list, is_new = insert_or_find(ContactList, once_key("list", once, by), make)
    if is_new:
        note("list.created", contact_list, by=by, now=now, name=contact_list.name)
    return contact_list


def rename_list(contact_list: ContactList, name: str, *, by: User, now: datetime) -> None:
    """Rename a list; raise NameTaken if its owner has one of that name already."""
    wait_at(by.organisation or by)
    _refuse_same_name(name, contact_list.organisation_id, contact_list)
    before, contact_list.name = contact_list.name, name
    if contact_list.name != before:
        note("list.renamed", contact_list, by=by, now=now, name=contact_list.name, before=before)


def change_filter(contact_list: ContactList, list_filter: ListFilter, *, by: User, now: datetime) -> None:
    """Let a list look up others from now on."""
    before, after = contact_list.filter, list_filter.to_json()
    if before != after:
        contact_list.filter = after
        note("list.filter_changed", contact_list, by=by, now=now, name=contact_list.name, before=before)


def delete_list(contact_list: ContactList, *, by: User, now: datetime) -> None:
    """Remove a list; whom it named stays in the address book, who was invited stays invited."""
    note("list.deleted", contact_list, by=by, now=now, name=contact_list.name)
    db.session.delete(contact_list)
    db.session.flush()


def add_members(contact_list: ContactList, options: Iterable[GuestOption], *, by: User, now: datetime) -> int:
    """Put offices and persons (looked up in the user's scope) on a list kept by hand; return how many were new."""
    wait_at(contact_list)
    added: list[str] = []
    for option in options:
        if member_of(contact_list, option.kind, option.id):
            continue
        ids: dict[str, Any] = {f"{option.kind}_id": option.id}
        db.session.add(ListMember(list_id=contact_list.id, added_at=now, **ids))
        db.session.flush()
        added.append(f"{option.kind}-{option.id}")
    if added:
        note("list.members_added", contact_list, by=by, now=now, number=len(added), members=added)
    return len(added)


def remove_member(contact_list: ContactList, kind: str, ident: int, *, by: User, now: datetime) -> bool:
    """Take an office or a person off a list; False if it is off already."""
    wait_at(contact_list)
    member = member_of(contact_list, kind, ident)
    if member is None:
        return False
    db.session.delete(member)
    ids: dict[str, Any] = {f"{kind}_id": ident}
    note("list.member_removed", contact_list, by=by, now=now, **ids)
    db.session.flush()
    return True


def _refuse_same_name(name: str, owner: int | None, besides: ContactList | None) -> None:
    same = list_named(name, owner, besides)
    if same is not None:
        raise NameTaken(same)
