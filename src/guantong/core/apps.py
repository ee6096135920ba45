from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "guantong.core"
    label = "core"
