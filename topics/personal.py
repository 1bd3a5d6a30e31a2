"""What this app holds about a person. The topics themselves belong to everybody."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.privacy import Part, register
from topics.models import Decision, Registration, Topic, TopicStar


def topics_of(user: User) -> dict[str, Any]:
    created = Topic.objects.filter(creator=user).order_by("pk")
    registrations = Registration.objects.filter(user=user).select_related("topic").order_by("pk")
    return {
        "created": list(created.values("id", "name", "description", "keywords", "created_at")),
        "teaches": [
            {"topic": each.topic.name, "status": each.status, "since": each.created_at}
            for each in registrations
        ],
        "favourites": list(
            TopicStar.objects.filter(owner=user).order_by("pk").values("topic__name", "created_at")
        ),
        "decisions": list(
            Decision.objects.filter(user=user)
            .order_by("pk")
            .values("topic__name", "approved", "note", "created_at")
        ),
    }


def forget(user: User) -> None:
    Registration.objects.filter(user=user).delete()
    Decision.objects.filter(user=user).delete()
    TopicStar.objects.filter(owner=user).delete()
    Topic.objects.filter(creator=user).update(creator=None)


register(
    Part(
        "topics",
        _("The topics you made, those you teach, and what the staff decided on that."),
        _("To let students find who helps with what."),
        _(
            "What you teach until you stop. Topics belong to everybody and stay, without "
            "your name once you are gone."
        ),
        export=topics_of,
        erase=forget,
        pictures=lambda user: [
            (f"topic-{topic.pk}.webp", topic.image)
            for topic in Topic.objects.filter(creator=user).exclude(image="")
        ],
        gone=[
            "topics.Registration.user",
            "topics.Decision.user",
            "topics.Topic.creator",
            "topics.TopicStar.owner",
        ],
        kept=["topics.Decision.decided_by", "topics.Roster.uploaded_by"],
        mentions=["topics.Decision.note"],
    ),
)
