from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Demo people and bulk data, made by commands."""

    name = "setahub.demo"
    label = "demo"
