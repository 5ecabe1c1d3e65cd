"""The two forms of Flask-Security that ask for a password, with our check in place of its own."""

from __future__ import annotations

from typing import Any, cast

from flask_security.forms import LoginForm, VerifyForm
from flask_security.utils import get_message
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.passwords import password_is_right
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db


class SignInForm(LoginForm):
    """Address and password. A known address, an unknown one, an account that was closed: one refusal, one time."""

    def validate(self, **values: Any) -> bool:
        """Check the fields, then the password."""
        if not super(LoginForm, self).validate(**values):
            return False
        address = str(self.email.data).lower()
        self.ifield, self.user = self.email, db.session.scalar(select(User).where(User.email == address))
        typed = str(self.password.data)
        if password_is_right(self.user, typed, address=address, where="sign_in", now=now()):
            self.user_authenticated = True
            return True
        self.user = None
        # The page replaces it by the words for all refusals.
        self.password.errors = [*self.password.errors, get_message("INVALID_PASSWORD")[0]]
        return False


class ConfirmForm(VerifyForm):
    """The password once more, of who is signed in."""

    def validate(self, **values: Any) -> bool:
        """Check the field, then the password."""
        if not super(VerifyForm, self).validate(**values):
            return False
        user, typed = cast(User, self.user), str(self.password.data)
        if password_is_right(user, typed, address=user.email, where="verify", now=now()):
            return True
        self.password.errors = [*self.password.errors, get_message("INVALID_PASSWORD")[0]]
        return False
