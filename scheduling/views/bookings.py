"""The pages around a booking: list, book, show, move, cancel, and how it went."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Block, User
from accounts.once import key_of, once, sent_once
from accounts.requests import UserRequest
from chat.views.contexts import conversations
from scheduling.errors import SchedulingError
from scheduling.forms.bookings import BookForm, CancelForm, QuestionForm
from scheduling.models import Booking, TimeSlot
from scheduling.queries.bookings import replacement, taken_in_tab
from scheduling.queries.free import free_from
from scheduling.queries.slots import find_slot
from scheduling.services import booking as bookings
from scheduling.services import rules
from scheduling.views.contexts import bookings as contexts
from scheduling.views.contexts.slots import start_day, times, week_strip
from setahub.core.web.paging import paginate
from setahub.core.web.refusals import show_or_post
from setahub.core.web.too_many import say_when
from topics.models import Topic

TITLES = {
    "upcoming": gettext_lazy("Upcoming bookings"),
    "completed": gettext_lazy("Completed bookings"),
    "cancelled": gettext_lazy("Cancelled bookings"),
}


@require_safe
def booking_list(request: UserRequest) -> HttpResponse:
    """One's bookings as a student, in three tabs."""
    tab, rows = taken_in_tab(request.user, request.GET.get("tab"))
    page = paginate(rows, request.GET.get("page"))
    shown = {"tab": tab, "page": page, "title": TITLES[tab]}
    return render(request, "scheduling/bookings.html", shown)


# --- Book ---------------------------------------------------------------------------------------


@show_or_post
@sent_once
def create(request: UserRequest) -> HttpResponse:
    """Confirm a slot and say what help is needed; ``?slot=`` and ``?topic=`` fill the page."""
    sent = request.POST if request.method == "POST" else request.GET
    slot = _slot_or_404(sent.get("slot"))
    if request.method == "POST":
        return _book(request, slot, BookForm(request.POST))
    handle = request.GET.get("topic", "")
    shown = contexts.offer(request.user, slot, handle)
    if error := shown["refusal"]:
        # The session may have other topics now than the one that was looked for.
        shown["topic"] = Topic.objects.find(handle) or shown["topic"]
        shown |= contexts.instead(request.user, slot, shown["topic"], error)
    shown["form"] = BookForm()
    return render(
        request, "scheduling/booking_new.html", shown, status=error.status if error else 200
    )


def _book(request: UserRequest, slot: TimeSlot, form: BookForm) -> HttpResponse:
    error, nearest = None, {}
    if form.is_valid():
        topic, question = form.cleaned_data["topic"], form.cleaned_data["question"]
        again = None if key_of(request) else (request.user, slot.pk, topic, question)
        if again and (moved := bookings.moved_since(*again)):
            return redirect(moved)
        try:
            made = once(request, lambda: bookings.book(request.user, slot.pk, topic, question))
        except SchedulingError as refused:
            error = refused.with_traceback(None)  # kept beside the frames that it would keep
            say_when(request, error)
            if error.field in form.fields:
                form.add_error(error.field, error.message)
            else:
                nearest = contexts.instead(request.user, slot, topic, error)
        else:
            messages.success(request, _("Booked. See you there!"))
            return redirect(made)
    shown = contexts.offer(request.user, slot, form.data.get("topic"), ask=False)
    shown |= {"form": form, "refusal": error if nearest else None, "sent": True, **nearest}
    return render(
        request, "scheduling/booking_new.html", shown, status=error.status if error else 422
    )


# --- Show, cancel, move -------------------------------------------------------------------------


@require_safe
def detail(request: UserRequest, pk: int) -> HttpResponse:
    """One booking, for its student and its TA."""
    return _show(request, _own_or_404(request.user, pk))


@show_or_post
@sent_once
def cancel(request: UserRequest, pk: int) -> HttpResponse:
    """What cancelling means now, and doing it."""
    found = _own_or_404(request.user, pk)
    form = CancelForm(request.POST if request.method == "POST" else None)
    status = 422 if form.is_bound else 200
    try:
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            once(request, lambda: bookings.cancel(found, request.user, reason))
            messages.success(request, _("The booking is cancelled."))
            return redirect(found)
        rules.check_cancellable(found, request.user)
    except SchedulingError as error:
        if error.field not in form.fields and error.status != 429:
            return _show(request, found, error)
        form.add_error(error.field, error.message)
        status = error.status
        say_when(request, error)
    shown = contexts.page(found, request.user) | {
        "form": form,
        "late": rules.cancels_late(found, request.user),
        "needs_reason": rules.needs_reason(found, request.user),
        "freed": rules.frees_seat(found),
    }
    return render(request, "scheduling/booking_cancel.html", shown, status=status)


@show_or_post
@sent_once
def reschedule(request: UserRequest, pk: int) -> HttpResponse:
    """Free slots of the same TA, ``?slot=`` to confirm one of them, and the move."""
    found = _own_or_404(request.user, pk)
    posted = request.method == "POST"
    wanted = (request.POST if posted else request.GET).get("slot")
    try:
        if not (posted and wanted == str(found.slot_id)):  # that is sent again: it was moved
            rules.check_movable(found, request.user)
    except SchedulingError as error:
        if error.code != "late":
            return _show(request, found, error)
        shown = contexts.page(found, request.user) | {"error": error}
        return render(
            request, "scheduling/booking_reschedule.html", shown, status=409 if posted else 200
        )
    slot = _slot_or_404(wanted) if posted or wanted else None
    return _move(request, found, slot) if posted and slot else _choose(request, found, slot)


def _choose(request: UserRequest, found: Booking, slot: TimeSlot | None) -> HttpResponse:
    """Free times by day, with a panel to confirm one that was chosen."""
    if found.ta_id in Block.objects.others_of(request.user.pk):
        shown = contexts.page(found, request.user) | {"closed": True}
        template = "scheduling/booking_reschedule.html"
        return render(request, template, shown, status=403 if slot else 200)
    error = contexts.move_refusal(found, request.user, slot) if slot else None
    if slot and error:
        return _cannot_move(request, found, slot, error)
    day = start_day(request.GET.get("from"))
    which = {"topic": found.topic_id, "ta": found.ta_id}
    shown = contexts.page(found, request.user) | {
        "slot": slot,
        **times(request.user, free_from(day, **which), moving=found),
        "strip": week_strip(day, **which),
    }
    return render(request, "scheduling/booking_reschedule.html", shown)


def _move(request: UserRequest, found: Booking, slot: TimeSlot) -> HttpResponse:
    try:
        once(request, lambda: bookings.move(found, request.user, slot.pk))
    except SchedulingError as error:
        say_when(request, error)
        if error.status == 403 or error.code in ("cancelled", "over", "started"):
            return _show(request, found, error)
        return _cannot_move(request, found, slot, error)
    messages.success(request, _("Moved to the new time."))
    return redirect(found)


def _cannot_move(
    request: UserRequest, found: Booking, slot: TimeSlot, error: SchedulingError
) -> HttpResponse:
    shown = contexts.page(found, request.user) | {
        "error": error,
        "nearest": contexts.nearest_to_move_to(found, request.user, slot),
    }
    return render(request, "scheduling/booking_reschedule.html", shown, status=error.status)


# --- Another time after a cancellation ----------------------------------------------------------


@show_or_post
@sent_once
def rebook(request: UserRequest, pk: int) -> HttpResponse:
    """Free times instead of a cancelled booking, ``?slot=`` to confirm one of them, and booking it."""
    found = _own_or_404(request.user, pk)
    mine = found.student_id == request.user.pk
    wanted = (request.POST if request.method == "POST" else request.GET).get("slot")
    if request.method == "POST" and mine and found.was_taken_away:
        return _rebook(request, found, _slot_or_404(wanted))
    made = replacement(found) if mine and request.method != "POST" else None
    if made:
        return redirect(made)
    try:
        rules.check_replaceable(found, request.user)
    except SchedulingError as error:
        return _show(request, found, error)
    slot = _slot_or_404(wanted) if wanted else None
    refusal = contexts.rebook_refusal(found, request.user, slot) if slot else None
    return _other_times(request, found, QuestionForm.of(found), slot, refusal)


def _rebook(request: UserRequest, found: Booking, slot: TimeSlot) -> HttpResponse:
    form = QuestionForm(request.POST)
    if not form.is_valid():
        return _other_times(request, found, form, slot)
    question = form.cleaned_data["question"]
    try:
        made = once(request, lambda: bookings.rebook(found, request.user, slot.pk, question))
    except SchedulingError as error:
        if error.code == "replaced":
            return _show(request, found, error)
        say_when(request, error)
        return _other_times(request, found, form, slot, error.with_traceback(None))
    messages.success(request, _("Booked. See you there!"))
    return redirect(made)


def _other_times(
    request: UserRequest,
    found: Booking,
    form: QuestionForm,
    slot: TimeSlot | None,
    error: SchedulingError | None = None,
) -> HttpResponse:
    """The times that may be had instead; one that was chosen, to confirm; why it can't be had."""
    shown = contexts.page(found, request.user) | {"slot": slot, "form": form, "error": error}
    if error or not slot:
        shown["times"] = contexts.other_times(found, but=slot.pk if slot else None)
    status = error.status if error else 422 if form.errors else 200
    return render(request, "scheduling/booking_rebook.html", shown, status=status)


# --- How it went --------------------------------------------------------------------------------


@require_POST
@sent_once
def complete(request: UserRequest, pk: int) -> HttpResponse:
    """The TA says that it took place."""
    return _settle(request, pk, bookings.complete, _("Marked as completed."))


@require_POST
@sent_once
def no_show(request: UserRequest, pk: int) -> HttpResponse:
    """The TA says that the student did not come."""
    return _settle(request, pk, bookings.mark_no_show, _("Marked as a no-show."))


@require_POST
@sent_once
def ta_absent(request: UserRequest, pk: int) -> HttpResponse:
    """The student says that the TA did not come."""
    return _settle(request, pk, bookings.report_ta_absent, _("Thank you, this is noted."))


def _settle(
    request: UserRequest, pk: int, settle: Callable[[Booking, User], Booking], done: str
) -> HttpResponse:
    found = _own_or_404(request.user, pk)
    try:
        once(request, lambda: settle(found, request.user))
    except SchedulingError as error:
        return _show(request, found, error)
    messages.success(request, done)
    return redirect(found)


# --- Shared -------------------------------------------------------------------------------------


def _own_or_404(user: User, pk: int) -> Booking:
    return get_object_or_404(Booking.objects.of(user.pk).with_people(), pk=pk)


def _slot_or_404(text: str | None) -> TimeSlot:
    slot = find_slot(text)
    if slot is None:
        raise Http404
    return slot


def _show(
    request: UserRequest, found: Booking, error: SchedulingError | None = None
) -> HttpResponse:
    """The page of a booking; with an error, what was refused and its status."""
    shown: dict[str, Any] = contexts.page(found, request.user) | {"error": error}
    shown |= contexts.instead_of(found, request.user)
    shown["may_message"] = conversations.may_message(request.user, shown["other"])
    return render(request, "scheduling/booking.html", shown, status=error.status if error else 200)
