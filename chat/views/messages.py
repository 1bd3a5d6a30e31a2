"""One message: reporting it, and its picture."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import UserRequest
from chat import services
from chat.forms import ReportForm
from chat.models import Message
from setahub.core.images import picture_response
from setahub.core.web.refusals import show_or_post


@show_or_post
def report(request: UserRequest, pk: int) -> HttpResponse:
    """Report a message of the other person to the staff."""
    theirs = Message.objects.seen_by(request.user.pk).exclude(sender=request.user)
    message = get_object_or_404(theirs.select_related("sender"), pk=pk)
    form = ReportForm(request.POST if request.method == "POST" else None)
    if form.attempt(lambda: services.report(message, request.user, **form.cleaned_data)):
        messages.success(request, _("Thank you. The staff will look at it."))
        return redirect("chat:conversation", pk=message.sender_id)
    context = {"message": message, "person": message.sender, "viewer_id": request.user.pk}
    return render(request, "chat/report.html", {**context, "form": form}, status=form.status)


@require_safe
def image(request: UserRequest, pk: int) -> HttpResponse:
    """A conversation's picture or its thumbnail, for its two people only."""
    seen = Message.objects.seen_by(request.user.pk)
    message = get_object_or_404(seen.exclude(image=""), pk=pk)
    picture = message.thumb if request.GET.get("size") == "thumb" else message.image
    try:
        return picture_response(request, picture, cache="private, no-store")
    except (OSError, ValueError) as error:
        raise Http404 from error
