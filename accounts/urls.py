from django.urls import path

from accounts.views import me, notifications, privacy, profile, push, sessions

app_name = "accounts"
urlpatterns = [
    path("me/", me.me, name="me"),
    path("me/edit/", me.edit, name="edit"),
    path("me/avatar/", me.avatar, name="avatar"),
    path("me/data/", privacy.download, name="download"),
    path("me/delete/", privacy.delete, name="delete"),
    path("me/sessions/", sessions.sessions, name="sessions"),
    path("me/sessions/<id:pk>/end/", sessions.end_session, name="end_session"),
    path("me/sessions/end-others/", sessions.end_other_sessions, name="end_other_sessions"),
    path("me/first-steps/", me.dismiss_first_steps, name="dismiss_first_steps"),
    path("me/calendar/renew/", me.renew_calendar, name="renew_calendar"),
    path("me/notifications/", notifications.choose, name="notifications"),
    path("me/push/", push.subscription, name="push"),
    path("me/emails/", notifications.earlier_address),
    path("<id:pk>/", profile.profile, name="profile"),
    path("<id:pk>/star/", profile.star, name="star"),
    path("<id:pk>/block/", profile.block, name="block"),
    path("<id:pk>/unblock/", profile.unblock, name="unblock"),
]
