from django.apps import AppConfig


class SetahubConfig(AppConfig):
    """The project itself, installed for its template tags and commands."""

    name = "setahub"
    label = "setahub"
