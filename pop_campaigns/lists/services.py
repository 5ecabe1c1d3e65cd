"""Verbs that change lists. The caller commits.

What a coordinator makes belongs to her organisation, what an administrator makes to the network. No two lists of one
owner have the same name, ë/ç-folded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.accounts.scope import owner_of_new
from pop_campaigns.contacts.queries.reach import GuestOption
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.lists.models import ContactList, ListMember
from pop_campaigns.lists.queries.lists import list_named, member_of
from pop_campaigns.lists.rules import ListFilter, ListKind


class NameTaken(ValueError):
    """The owner has a list of that name already; ``contact_list`` is the one."""

    def __init__(self, contact_list: ContactList) -> None:
        super().__init__("name taken")
        self.contact_list = contact_list


def create_list(
    name: str, said: ListFilter | None, *, by: User, now: datetime, once: str = ""
) -> ContactList:
    """Add a list by filter, or (None) one kept by hand. The same ``once`` again gives the list made the first time.

    Raises NameTaken, and NoOrganisation for a coordinator who belongs to none.
    """
    owner = owner_of_new(by)
    _one_at_a_time(by)
    key = hashlib.sha256(f"list:{by.id}:{once}".encode("utf-8", "replace")).hexdigest() if once else None
    made = db.session.scalar(select(ContactList).where(ContactList.once == key)) if key else None
    if made is not None:
        return made
    _refuse_same_name(name, owner, None)
    made = ContactList(
        name=name,
        kind=ListKind.FILTER if said else ListKind.BY_HAND,
        filter=said.to_json() if said else None,
        organisation_id=owner,
        created_at=now,
        once=key,
    )
    db.session.add(made)
    note("list.created", made, by=by, now=now, name=made.name)
    return made


def rename_list(contact_list: ContactList, name: str, *, by: User, now: datetime) -> None:
    """Give a list another name. Raises NameTaken."""
    _one_at_a_time(by)
    _refuse_same_name(name, contact_list.organisation_id, contact_list)
    before, contact_list.name = contact_list.name, name
    if contact_list.name != before:
        note("list.renamed", contact_list, by=by, now=now, name=contact_list.name, before=before)


def change_filter(contact_list: ContactList, said: ListFilter, *, by: User, now: datetime) -> None:
    """Let a list look up others from now on."""
    before, after = contact_list.filter, said.to_json()
    if before != after:
        contact_list.filter = after
        note("list.filter_changed", contact_list, by=by, now=now, name=contact_list.name, before=before)


def delete_list(contact_list: ContactList, *, by: User, now: datetime) -> None:
    """Remove a list; whom it named stays in the address book, who was invited stays invited."""
    note("list.deleted", contact_list, by=by, now=now, name=contact_list.name)
    db.session.delete(contact_list)
    db.session.flush()


def add_members(contact_list: ContactList, options: Iterable[GuestOption], *, by: User, now: datetime) -> int:
    """Put offices and persons (looked up in the user's scope) on a list kept by hand; gives how many were new."""
    _lock(contact_list)
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
    _lock(contact_list)
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


def _lock(contact_list: ContactList) -> None:
    db.session.execute(select(ContactList.id).where(ContactList.id == contact_list.id).with_for_update())


def _one_at_a_time(by: User) -> None:
    # Two presses of one button look for the same name at once; the second must see what the first wrote.
    table = Organisation if by.organisation_id is not None else User
    ident = by.organisation_id if by.organisation_id is not None else by.id
    db.session.execute(select(table.id).where(table.id == ident).with_for_update(key_share=True)).all()
