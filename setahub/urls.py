"""Every address of the site."""

from allauth.account.views import LoginView
from django.contrib import admin
from django.urls import include, path, register_converter

from accounts.services.faculty import PROVIDER
from accounts.views import faculty, language, mfa, notices
from accounts.views.account import (
    EmailView,
    PasswordSetView,
    ReauthenticateView,
    SignupView,
    undo_email_change,
)
from accounts.views.faculty import leads_to_faculty
from accounts.views.notifications import unsubscribe
from accounts.views.own_page import own_page
from setahub.core.web.converters import IdConverter
from setahub.site import views
from setahub.site.installed import views as installed
from topics.views import teach

register_converter(IdConverter, "id")

admin.site.login = faculty.admin_login(admin.site.login)  # type: ignore[method-assign, assignment]
FACULTY = {"provider_id": PROVIDER}

urlpatterns = [
    path("", views.home, name="home"),
    path("help/", views.help_page, name="help"),
    path("privacy/", views.privacy_page, name="privacy"),
    path("manifest.webmanifest", installed.manifest, name="manifest"),
    path("sw.js", installed.service_worker, name="service_worker"),
    path("offline/", installed.offline_page, name="offline"),
    path("auth/", views.auth, name="auth"),
    path("auth/login/", leads_to_faculty(LoginView.as_view()), name="account_login"),
    path("auth/signup/", leads_to_faculty(SignupView.as_view()), name="account_signup"),
    path("auth/oidc/faculty/login/", faculty.sign_in, FACULTY, name="openid_connect_login"),
    path(
        "auth/oidc/faculty/login/callback/",
        faculty.callback,
        FACULTY,
        name="openid_connect_callback",
    ),
    path("auth/oidc/faculty/name/", faculty.choose_name, name="faculty_name"),
    path("auth/email/", EmailView.as_view(), name="account_email"),
    path("auth/password/set/", PasswordSetView.as_view(), name="account_set_password"),
    path("auth/email/undo/<str:token>/", undo_email_change, name="undo_email_change"),
    path(
        "auth/reauthenticate/",
        leads_to_faculty(ReauthenticateView.as_view()),
        name="account_reauthenticate",
    ),
    path("auth/", include("allauth.account.urls")),
    path("language/", language.choose, name="language"),
    path("email/unsubscribe/<str:token>/", unsubscribe, name="unsubscribe"),
    path("auth/2fa/", include(mfa.urls)),
    path("auth/2fa/", include("allauth.mfa.urls")),
    path("users/", include("accounts.urls")),
    path("notifications/", notices.notices, name="notices"),
    path("notifications/unread/", notices.unread, name="unread_notices"),
    path("notifications/<id:pk>/", notices.notice, name="notice"),
    path("ta/<id:pk>/", own_page, name="own_page"),
    path("messages/", include("chat.urls")),
    path("topics/", include("topics.urls")),
    path("teach/", teach.become_ta, name="become_ta"),
    path("", include("scheduling.urls")),
    path("media/<path:name>", views.media, name="media"),
    path("admin/", admin.site.urls),
]

handler400 = "setahub.site.views.bad_request"
handler403 = "setahub.site.views.forbidden"
handler404 = "setahub.site.views.not_found"
handler500 = "setahub.site.views.server_error"
