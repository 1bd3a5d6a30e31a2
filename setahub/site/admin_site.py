"""The admin site: our name, our order, and one place for one's own password."""

from typing import Any, cast

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from setahub.core import clock
from setahub.core.admin.export import download
from setahub.core.admin.offered import StrictChoices, strictly
from setahub.core.web.addresses import own_path
from setahub.site.overview import page, remains, waiting, weeks

# Not shown. An address in use is part of the user, and changed only by confirming another one.
HIDDEN = {"account.emailaddress", "account.emailconfirmation"}
ORDER = ["chat", "topics", "scheduling", "accounts", "mfa", "setahub", "auth"]


class Site(admin.AdminSite):
    site_header = _("SETAHub staff")
    site_title = _("SETAHub staff")
    index_title = _("Overview")

    def register(
        self,
        model_or_iterable: Any,
        admin_class: type[admin.ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        models = (
            model_or_iterable if hasattr(model_or_iterable, "__iter__") else [model_or_iterable]
        )
        visible = [model for model in models if model._meta.label_lower not in HIDDEN]
        super().register(visible, strictly(admin_class), **options)

    def has_permission(self, request: HttpRequest) -> bool:
        if request.path == reverse("admin:logout"):
            return super().has_permission(request)  # the way out is open without a second step
        return request.user.is_authenticated and request.user.has_staff_powers

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        user = cast(User, request.user)
        context: dict[str, Any] = {}
        if page.may_see(user):
            context = {**vars(page.numbers()), "todos": page.todos(user)}
        return super().index(request, {**context, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern | URLResolver]:
        waited = path("waited.csv", self.admin_view(self.waited), name="waited")
        helped = path("helped.csv", self.admin_view(self.helped), name="helped")
        numbers = path("numbers.csv", self.admin_view(self.numbers), name="numbers")
        return [waited, helped, numbers, *super().get_urls()]

    def waited(self, request: HttpRequest) -> HttpResponseBase:
        """Who waited for which topic, and what became of it, as the overview counts it: all topics."""
        if not page.may_see(cast(User, request.user)):
            raise PermissionDenied
        rows = (each.row for each in waiting.by_topic(weeks.last_weeks()))
        return download(request, f"waited-{clock.today()}.csv", waiting.titles(), rows)

    def helped(self, request: HttpRequest) -> HttpResponseBase:
        """Whether sessions helped, in the sums of the overview: all of them."""
        if not page.may_see(cast(User, request.user)):
            raise PermissionDenied
        rows = (each.row for each in remains.helped(weeks.last_weeks()))
        return download(request, f"helped-{clock.today()}.csv", remains.titles(), rows)

    def numbers(self, request: HttpRequest) -> HttpResponseBase:
        """The cards of the overview, a line for each, a column for each week."""
        if not page.may_see(cast(User, request.user)):
            raise PermissionDenied
        titles = ["", *(str(monday) for monday in weeks.last_weeks().mondays)]
        rows = (
            [each.heading, *(text for _week, text in each.table)] for each in page.numbers().cards
        )
        return download(request, f"numbers-{clock.today()}.csv", titles, rows)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The parts in the order of the daily work."""
        apps = super().get_app_list(request, app_label)
        place = {label: index for index, label in enumerate(ORDER)}
        return sorted(apps, key=lambda app: place.get(app["app_label"], len(ORDER)))

    def password_change(  # type: ignore[override]  # a redirect instead of its page
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """On the site's own page, which has its limits and ends the other sessions."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Django's would follow any word that ``next`` has."""
        wanted = own_path(request, request.POST.get("next", request.GET.get("next")))
        response = super().logout(request, extra_context)
        if response.status_code == 302:
            return HttpResponseRedirect(wanted or resolve_url(settings.LOGOUT_REDIRECT_URL))
        return response

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        return cast(HttpResponse, StrictChoices.as_view(admin_site=self)(request))
