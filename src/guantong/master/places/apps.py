from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "guantong.master.places"
    label = "places"
