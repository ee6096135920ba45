"""Making users from the command line, and how sign-in behaves."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm as AllauthLoginForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from guantong.core.models import Company, Membership, Role, User


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by an administrator; nobody signs up alone."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class LoginForm(AllauthLoginForm):
    """allauth's sign-in form in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("User name or e-mail")
        if "remember" in self.fields:
            self.fields["remember"].label = _("Stay signed in")


def create_user(
    username: str, password: str, *, name: str = "", email: str = "", role: str = "", company: str = ""
) -> User:
    """Make a user, with a role in a company when both are named; raises ``ValueError`` with a sentence."""
    if User.objects.filter(username=username).exists():
        raise ValueError(f"There is a user {username} already.")
    user = User(username=username, name=name, email=email)
    set_password(user, password)
    if role:
        grant_role(user, role, company)
    return user


def set_password(user: User, password: str) -> None:
    """Check the password by the site's rules and store it; raises ``ValueError`` with a sentence."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValueError(" ".join(error.messages)) from error
    user.set_password(password)
    user.save()


def grant_role(user: User, role: str, company: str = "") -> None:
    """Give the user a role in one company, or in all when none is named; raises ``ValueError`` with a sentence."""
    row = Role.objects.filter(code=role).first()
    if row is None:
        known = ", ".join(Role.objects.order_by("code").values_list("code", flat=True))
        raise ValueError(f"There is no role {role}; known are: {known}.")
    companies = Company.objects.filter(name=company) if company else Company.objects.all()
    if not companies.exists():
        raise ValueError(f"There is no company {company}.")
    for each in companies:
        Membership.objects.get_or_create(user=user, company=each, role=row)
