from django.urls import path

from topics.views import change, detail, listing, star, teach

app_name = "topics"
urlpatterns = [
    path("", listing.topic_list, name="list"),
    path("new/", change.create, name="create"),
    path("<slug:slug>/", detail.detail, name="detail"),
    path("<slug:slug>/edit/", change.edit, name="edit"),
    path("<slug:slug>/delete/", change.delete, name="delete"),
    path("<slug:slug>/star/", star.star, name="star"),
    path("<slug:slug>/register/", teach.register, name="register"),
    path("<slug:slug>/unregister/", teach.unregister, name="unregister"),
]
