"""The site's addresses, and a bare view behind all of its middleware."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from bench.floor.views import bare
from setahub import urls
from setahub.urls import *  # noqa: F403

urlpatterns = [path("bench/bare/", login_not_required(bare)), *urls.urlpatterns]
