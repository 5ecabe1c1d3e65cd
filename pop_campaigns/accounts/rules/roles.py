"""Roles and what they may do; pure."""

from __future__ import annotations

import enum


class RoleName(enum.StrEnum):
    """What a person may do: everything, everything of one organisation, or read the whole network."""

    ADMINISTRATOR = "administrator"
    COORDINATOR = "coordinator"
    VIEWER = "viewer"


MAY_WRITE = frozenset({RoleName.ADMINISTRATOR, RoleName.COORDINATOR})
MAY_READ = MAY_WRITE | {RoleName.VIEWER}


def may_read_record(role: RoleName, own_organisation: int | None, of_organisation: int | None) -> bool:
    """Return whether a role may read a record; ``of_organisation`` is None for what the whole network shares."""
    if role in (RoleName.ADMINISTRATOR, RoleName.VIEWER):
        return True
    return of_organisation is None or of_organisation == own_organisation


def may_change_record(role: RoleName, own_organisation: int | None, of_organisation: int | None) -> bool:
    """Return whether a role may change a record: coordinators their own organisation's, administrators all, viewers none."""
    if role is RoleName.ADMINISTRATOR:
        return True
    return (
        role is RoleName.COORDINATOR and of_organisation is not None and of_organisation == own_organisation
    )
