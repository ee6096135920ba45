from importlib import import_module

from django.apps import AppConfig, apps

from guantong.core.registry import registry

PARTS = ("approvals", "actions", "resources", "checks", "event_checks")


class FusionConfig(AppConfig):
    """The room that knows all others: it loads every room's verbs and nouns, binds ports and reactions, then closes."""

    name = "guantong.fusion"
    label = "fusion"

    def ready(self) -> None:
        for config in apps.get_app_configs():
            if config.name.startswith("guantong."):
                for part in PARTS:
                    load_part(config.name, part)
        import_module("guantong.fusion.bindings").bind_all()
        import_module("guantong.fusion.reactions").react_all()
        registry.freeze()


def load_part(package: str, part: str) -> None:
    """Import a part of an app if the app has it; an error inside the part itself is not hidden."""
    name = f"{package}.{part}"
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
