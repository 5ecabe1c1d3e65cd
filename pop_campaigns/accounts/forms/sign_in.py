"""The two forms of Flask-Security that ask for a password, with our check in place of its own."""

from __future__ import annotations

from typing import Any, cast

from flask_security.forms import LoginForm, VerifyForm
from flask_security.utils import get_message

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.services.passwords import whose_password
from pop_campaigns.core.clock import now


class SignInForm(LoginForm):
    """Address and password. A known address, an unknown one, an account that was closed: one refusal, one time."""

    def validate(self, **values: Any) -> bool:
        """Check the fields, then the password."""
        if not super(LoginForm, self).validate(**values):
            return False
        address, typed = str(self.email.data).lower(), str(self.password.data)
        self.ifield, self.user = self.email, whose_password(address, typed, where="sign_in", now=now())
        if self.user is not None:
            self.user_authenticated = True
            return True
        # The page replaces it by the words for all refusals.
        self.password.errors = [*self.password.errors, get_message("INVALID_PASSWORD")[0]]
        return False


class ConfirmForm(VerifyForm):
    """The password once more, of who is signed in."""

    def validate(self, **values: Any) -> bool:
        """Check the field, then the password."""
        if not super(VerifyForm, self).validate(**values):
            return False
        address, typed = cast(User, self.user).email, str(self.password.data)
        if whose_password(address, typed, where="verify", now=now()) is not None:
            return True
        self.password.errors = [*self.password.errors, get_message("INVALID_PASSWORD")[0]]
        return False
