from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("me/", views.me, name="me"),
    path("me/edit/", views.edit, name="edit"),
    path("me/avatar/", views.avatar, name="avatar"),
    path("<id:pk>/", views.profile, name="profile"),
    path("<id:pk>/block/", views.block, name="block"),
    path("<id:pk>/unblock/", views.unblock, name="unblock"),
]
