"""All addresses: health, sign-in, the API, pages."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import include, path

from guantong.config import health

handler400 = "guantong.core.pages.errors.bad_request"
handler403 = "guantong.core.pages.errors.forbidden"
handler404 = "guantong.core.pages.errors.not_found"
handler500 = "guantong.core.pages.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("sign-in/", account.login, name="account_login"),
    path("sign-in/closed/", account.login, name="account_signup"),
    path("sign-out/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/<slug:uidb36>-<slug:key>/",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("api/v1/", include("guantong.core.api.urls")),
    path("", include("guantong.core.urls")),
]
