"""Addresses of pages. Those of resources come last: their first part is the resource's name."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from guantong.core.pages import acts, forms, lists, person, records
from guantong.core.pages.guard import signed_in

urlpatterns = [
    path("", signed_in(require_GET(person.day)), name="day"),
    path("inbox/", signed_in(person.inbox), name="inbox"),
    path("find/", signed_in(require_GET(person.find)), name="find"),
    path("settings/", signed_in(person.settings_page), name="settings"),
    path("settings/tokens/", signed_in(require_POST(person.token_create)), name="token_create"),
    path("settings/tokens/<uuid:uid>/revoke/", signed_in(require_POST(person.token_revoke)), name="token_revoke"),
    path("switch/language/", require_POST(person.switch_language), name="switch_language"),
    path("switch/look/", signed_in(require_POST(person.switch_look)), name="switch_look"),
    path("switch/company/", signed_in(require_POST(person.switch_company)), name="switch_company"),
    path("jobs/<uuid:uid>/retry/", signed_in(require_POST(acts.retry)), name="retry_job"),
    path("lookup/<slug:slug>/", signed_in(require_GET(lists.lookup)), name="lookup"),
    path("<slug:slug>/", signed_in(require_GET(lists.list_page)), name="list"),
    path("<slug:slug>/new/", signed_in(forms.new_page), name="new"),
    path("<slug:slug>/preview/", signed_in(require_POST(forms.preview)), name="preview"),
    path("<slug:slug>/<uuid:uid>/", signed_in(require_GET(records.record_page)), name="record"),
    path("<slug:slug>/<uuid:uid>/log/", signed_in(require_GET(records.record_page)), {"tab": "log"}, name="log"),
    path("<slug:slug>/<uuid:uid>/edit/", signed_in(forms.edit_page), name="edit"),
    path("<slug:slug>/<uuid:uid>/<slug:verb>/", signed_in(acts.act), name="act"),
]
