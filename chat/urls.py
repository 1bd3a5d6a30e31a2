from django.urls import path

from chat.views import conversations, messages

app_name = "chat"
urlpatterns = [
    path("", conversations.inbox, name="inbox"),
    path("unread/", conversations.unread, name="unread"),
    path("report/<id:pk>/", messages.report, name="report"),
    path("images/<id:pk>/", messages.image, name="image"),
    path("<id:pk>/", conversations.conversation, name="conversation"),
    path("<id:pk>/history/", conversations.history, name="history"),
    path("<id:pk>/read/", conversations.read, name="read"),
]
