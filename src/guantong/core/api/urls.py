"""Addresses of the API."""

from django.urls import path, re_path

from guantong.core.api import views

urlpatterns = [
    path("openapi.json", views.openapi_json, name="api-openapi"),
    path("me", views.me, name="api-me"),
    path("<slug:slug>", views.collection, name="api-collection"),
    path("<slug:slug>/<uuid:uid>", views.item, name="api-item"),
    path("<slug:slug>/<uuid:uid>/events", views.events, name="api-events"),
    path("<slug:slug>/<uuid:uid>/<slug:verb>", views.verb_on_one, name="api-verb"),
    path("<slug:slug>/<slug:verb>", views.verb_on_many, name="api-bulk"),
    re_path(r"^(?P<rest>.*)$", views.nowhere),
]
