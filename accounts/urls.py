from django.urls import path

from accounts.views import profile

app_name = "accounts"
urlpatterns = [
    path("me/", profile.me, name="me"),
    path("me/edit/", profile.edit, name="edit"),
    path("me/avatar/", profile.avatar, name="avatar"),
    path("<id:pk>/", profile.profile, name="profile"),
    path("<id:pk>/block/", profile.block, name="block"),
    path("<id:pk>/unblock/", profile.unblock, name="unblock"),
]
