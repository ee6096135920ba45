from django.db import migrations

from guantong.core.guards import append_only


class Migration(migrations.Migration):
    """Events can be added, never changed or deleted; their values can be emptied, never deleted."""

    dependencies = [("core", "0001_initial")]
    operations = [append_only("core_event"), append_only("core_eventvalue", ("delete",))]
