"""Signing in, by Flask-Security: argon2, generic answers, one-use reset links."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _l
from flask_security import Security, SQLAlchemyUserDatastore, current_user
from flask_sqlalchemy import SQLAlchemy

from pop_campaigns.accounts.forms.sign_in import ConfirmForm, SignInForm
from pop_campaigns.accounts.models import Role, User
from pop_campaigns.accounts.sign_in.session_cookie import init_session_cookie
from pop_campaigns.core.i18n import TRANSLATIONS, ask_person_language

# What Flask-Security itself says on the pages we use; named here so that the catalogues hold it (it ships no Albanian).
SIGN_IN_SAYS = (
    _l("Authentication failed - identity or password/passcode invalid"),
    _l("You do not have permission to view this resource."),
    _l("You must sign in to view this resource."),
    _l("You must reauthenticate to access this endpoint"),
    _l("Password does not match"),
    _l("Passwords do not match"),
    _l("Account is disabled."),
    _l("Email not provided"),
    _l("Invalid email address"),
    _l("Password not provided"),
    _l("Password must be at least %(length)s characters"),
    _l("Password not complex enough"),
    _l("Specified user does not exist"),
    _l("Invalid password"),
    _l("Your new password must be different than your previous password."),
    _l("You successfully changed your password."),
    _l("Please log in to access this page."),
    _l("Please reauthenticate to access this page."),
    _l("Reauthentication successful"),
    _l("You can only access this endpoint when not logged in."),
    _l("Change Password"),
    _l("Email Address"),
    _l("Identity"),
    _l("Login"),
    _l("New Password"),
    _l("Password"),
    _l("Remember Me"),
    _l("Retype Password"),
    _l("Sign In"),
    _l("Verify Password"),
)


def init_sign_in(app: Flask, db: SQLAlchemy) -> None:
    """Bind Flask-Security with our settings."""
    key = str(app.config["SECRET_KEY"]).encode()
    app.config.from_mapping(
        SECURITY_PASSWORD_HASH=app.config.get("SECURITY_PASSWORD_HASH", "argon2"),
        # Derived, so that one secret is enough to keep.
        SECURITY_PASSWORD_SALT=hmac.new(key, b"password salt", hashlib.sha256).hexdigest(),
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_REGISTERABLE=False,
        SECURITY_RECOVERABLE=False,
        # Ours stands at /change: the same rule and the same throttle as everywhere.
        SECURITY_CHANGEABLE=False,
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_POST_LOGIN_VIEW="/today",
        SECURITY_POST_LOGOUT_VIEW="/",
        SECURITY_UNAUTHORIZED_VIEW=None,
        SECURITY_PASSWORD_LENGTH_MIN=12,
        SECURITY_PASSWORD_CHECK_BREACHED=None,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        SECURITY_I18N_DIRNAME=[str(TRANSLATIONS)],
        SECURITY_I18N_DOMAIN="messages",
        SECURITY_FLASH_MESSAGES=True,
        SECURITY_REDIRECT_VALIDATE_MODE=["regex"],
        SECURITY_DEFAULT_REMEMBER_ME=False,
        SECURITY_API_ENABLED_METHODS=["session"],
        # Users are made by `flask user create`, which knows organisations.
        SECURITY_CLI_USERS_NAME=False,
        SECURITY_CLI_ROLES_NAME=False,
    )
    # One for each application: it holds the settings of the last one it was made known to.
    Security(
        app,
        SQLAlchemyUserDatastore(db, User, Role),
        register_blueprint=True,
        login_form=SignInForm,
        verify_form=ConfirmForm,
    )
    init_session_cookie(app)
    ask_person_language(_language_of_current_user)


def _language_of_current_user() -> str | None:
    user: Any = current_user
    return user.language if user and user.is_authenticated else None
