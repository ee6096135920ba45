from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "guantong.master.parties"
    label = "parties"
