"""Guards on views: every endpoint has one or is on the public list, else nobody gets in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, abort, current_app, request
from flask.typing import ResponseReturnValue
from flask_security import current_user

from pop_campaigns.accounts.rules.roles import MAY_READ, MAY_WRITE, RoleName

P = ParamSpec("P")
R = TypeVar("R", bound=ResponseReturnValue)

# Whole blueprints without an account, and single endpoints.
PUBLIC_BLUEPRINTS = frozenset({"public", "bootstrap", "security"})
PUBLIC_ENDPOINTS = frozenset(
    {
        "static",
        "styles",
        "healthz",
        "invitations.answer",
        "invitations.answer_calendar",
        "privacy.unsubscribe",
        "accounts.set_language",
        "accounts.forgotten",
        "accounts.reset",
        "accounts.welcome",
        "accounts.welcome_again",
    }
)


_declared: set[str] = set()


def declare_public(*endpoints: str) -> None:
    """Put endpoints on the public list: a package says so of its own pages, where they are defined."""
    _declared.update(endpoints)


def _needs(roles: frozenset[RoleName], name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not current_user.is_authenticated:
                return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
            if current_user.role not in roles:
                abort(404)
            return view(*args, **kwargs)

        guarded.__guard__ = name  # type: ignore[attr-defined]
        return guarded

    return guard


def reader(view: Callable[P, R]) -> Callable[P, R]:
    """Let in anyone signed in with a role."""
    return _needs(MAY_READ, "reader")(view)


def writer(view: Callable[P, R]) -> Callable[P, R]:
    """Let in coordinators and administrators; :mod:`accounts.scope` checks the record itself."""
    return _needs(MAY_WRITE, "writer")(view)


def administrator(view: Callable[P, R]) -> Callable[P, R]:
    """Let in administrators of the network."""
    return _needs(frozenset({RoleName.ADMINISTRATOR}), "administrator")(view)


def link_holder(view: Callable[P, R]) -> Callable[P, R]:
    """Let in whoever has the address: it holds a secret, which the view asks for."""
    view.__guard__ = "link"  # type: ignore[attr-defined]
    return view


def is_public(endpoint: str) -> bool:
    """Return whether an endpoint needs no account."""
    named = endpoint in PUBLIC_ENDPOINTS or endpoint in _declared
    return named or endpoint.partition(".")[0] in PUBLIC_BLUEPRINTS


def init_guards(app: Flask) -> None:
    """Refuse every endpoint that has neither a guard nor a place on the public list."""

    @app.before_request
    def fail_closed() -> None:
        endpoint = request.endpoint
        if endpoint is None or is_public(endpoint):
            return
        view: Any = current_app.view_functions[endpoint]
        if not hasattr(view, "__guard__"):
            abort(404)
