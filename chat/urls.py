from django.urls import path

from chat.views import conversations as views

app_name = "chat"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("unread/", views.unread, name="unread"),
    path("report/<id:pk>/", views.report, name="report"),
    path("images/<id:pk>/", views.image, name="image"),
    path("<id:pk>/", views.conversation, name="conversation"),
    path("<id:pk>/history/", views.history, name="history"),
    path("<id:pk>/read/", views.read, name="read"),
]
