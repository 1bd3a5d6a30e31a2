"""Groups of staff, with what their members may do in words."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import admin as auth
from django.contrib.auth.models import Group, Permission
from django.db.models import ManyToManyField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from setahub.core.admin.offered import SomeOfThem

ACTIONS = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("view")}


class PermissionsField(SomeOfThem):
    """Django stores how it calls them, in English."""

    def label_from_instance(self, obj: Permission) -> str:
        kind, (action, _mark, _model) = obj.content_type, obj.codename.partition("_")
        model = kind.model_class()
        part = model._meta.app_config.verbose_name if model else kind.app_label
        words = ACTIONS.get(action) or obj.name
        return gettext("%(part)s: %(model)s, %(action)s") % {
            "part": part, "model": kind.name, "action": words,
        }  # fmt: skip


class NamesPermissions(admin.ModelAdmin):
    """Comes before the class of Django's whose form has permissions."""

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: Any = None, **options: Any
    ) -> Any:
        if db_field.related_model is Permission:
            options["form_class"] = PermissionsField
            options["queryset"] = Permission.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **options)


# What deleting a group names beside it. Django's words for it are fixed in English.
Group.permissions.through._meta.verbose_name = _("permission of a group")
Group.permissions.through._meta.verbose_name_plural = _("permissions of a group")
admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(NamesPermissions, auth.GroupAdmin):
    pass
