from django.apps import AppConfig


class ItemsConfig(AppConfig):
    name = "guantong.master.items"
    label = "items"
