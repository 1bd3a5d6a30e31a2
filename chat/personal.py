"""What this app holds about a person: their messages, with the pictures in them, and reports.

The words stay with those they were written to; the pictures go. What was reported stays with the
staff, who may have to answer for what they decided.
"""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.privacy import Part, register
from chat.models import Message, Participation, Report
from setahub.core.storage import drop_on_commit


def messages_of(user: User) -> list[dict[str, Any]]:
    names = dict(Participation.objects.of(user.pk).values_list("conversation", "other__username"))
    rows = Message.objects.by_hand().filter(sender=user).order_by("pk")
    return [
        {
            "id": each.pk,
            "to": names.get(each.conversation_id),
            "sent_at": each.created_at,
            "text": each.text,
            "picture": f"pictures/message-{each.pk}.webp" if each.image else None,
        }
        for each in rows
    ]


def reports_of(user: User) -> list[Any]:
    rows = Report.objects.filter(reporter=user).order_by("pk")
    return list(rows.values("message", "reason", "created_at", "status"))


def forget(user: User) -> None:
    sent = Message.objects.filter(sender=user, kind=Message.Kind.IMAGE)
    for each in sent:
        drop_on_commit(each.image)
        drop_on_commit(each.thumb)
        each.kind = Message.Kind.TEXT
        each.image = each.thumb = each.digest = ""
        each.width = each.height = None
        each.text = f"{gettext('[picture removed]')} {each.text}".strip()
        each.save()


register(
    Part(
        "messages",
        _("What you write to others, with the pictures in it."),
        _("To help each other before and after you meet."),
        _(
            "The words for good, for the people you wrote to; your pictures until you delete your account."
        ),
        export=messages_of,
        erase=forget,
        pictures=lambda user: [
            (f"message-{each.pk}.webp", each.image)
            for each in Message.objects.filter(sender=user).exclude(image="")
        ],
        kept=[
            "chat.Conversation.low",
            "chat.Conversation.high",
            "chat.Participation.user",
            "chat.Participation.other",
            "chat.Message.sender",
        ],
    ),
    Part(
        "reports",
        _(
            "Messages that you reported, or that others reported about you, and what the staff decided."
        ),
        _("To protect people from each other."),
        _("For good: staff may have to answer for what they decided."),
        export=reports_of,
        kept=[
            "chat.Report.reporter",
            "chat.Report.reported",
            "chat.Report.resolved_by",
            "chat.ReportLook.actor",
        ],
        mentions=["chat.Report.note"],
    ),
)
