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
from chat.queries import reach
from scheduling.forms.bookings import BookForm, CancelForm, QuestionForm
from scheduling.models import Booking, TimeSlot
from scheduling.queries.bookings import replacement, taken_in_tab
from scheduling.queries.slots import find_slot
from scheduling.services import booking as bookings
from scheduling.services import rules
from scheduling.views.contexts import bookings as contexts
from scheduling.views.contexts.slots import start_day, times_of_ta
from setahub.core.web.paging import paginate
from setahub.core.web.refusals import Refusal, attempt, show_or_post
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
    student = request.user
    if form.is_valid() and not key_of(request):
        moved = bookings.moved_since(student, slot.pk, **form.cleaned_data)
        if moved is not None:
            return redirect(moved)

    def write() -> Booking:
        return bookings.book(student, slot.pk, **form.cleaned_data)

    booking = form.attempt(lambda: once(request, write))
    if booking is not None:
        messages.success(request, _("Booked. See you there!"))
        return redirect(booking)
    context = contexts.offer(request.user, slot, form.data.get("topic"), ask=False)
    context |= {"form": form, "refusal": form.refusal, "sent": True}
    if form.refusal:
        say_when(request, form.refusal)
        topic = form.cleaned_data["topic"]
        context |= contexts.instead(request.user, slot, topic, form.refusal)
    return render(request, "scheduling/booking_new.html", context, status=form.status)


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

    def write() -> Booking:
        return bookings.cancel(found, request.user, **form.cleaned_data)

    if form.attempt(lambda: once(request, write)):
        messages.success(request, _("The booking is cancelled."))
        return redirect(found)
    refusal = form.refusal or attempt(lambda: rules.check_cancellable(found, request.user))[1]
    if refusal and refusal.status != 429:
        return _show(request, found, refusal)
    if refusal:
        say_when(request, refusal)
    form.fields["reason"].required = rules.needs_reason(found, request.user)  # as it is shown
    shown = contexts.page(found, request.user) | {
        "form": form,
        "late": rules.cancels_late(found, request.user),
        "freed": rules.frees_seat(found),
    }
    return render(request, "scheduling/booking_cancel.html", shown, status=form.status)


@show_or_post
@sent_once
def reschedule(request: UserRequest, pk: int) -> HttpResponse:
    """Free slots of the same TA, ``?slot=`` to confirm one of them, and the move."""
    found = _own_or_404(request.user, pk)
    posted = request.method == "POST"
    wanted = (request.POST if posted else request.GET).get("slot")
    again = posted and wanted == str(found.slot_id)  # sent twice: it was moved by the first
    refusal = None if again else attempt(lambda: rules.check_movable(found, request.user))[1]
    if refusal and refusal.code != "late":
        return _show(request, found, refusal)
    if refusal:
        context = contexts.page(found, request.user) | {"error": refusal}
        status = refusal.status if posted else 200
        return render(request, "scheduling/booking_reschedule.html", context, status=status)
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
        **times_of_ta(request.user, day, **which, moving=found),
    }
    return render(request, "scheduling/booking_reschedule.html", shown)


def _move(request: UserRequest, found: Booking, slot: TimeSlot) -> HttpResponse:

    def write() -> Booking:
        return bookings.move(found, request.user, slot.pk)

    _moved, refusal = attempt(lambda: once(request, write))
    if refusal is None:
        messages.success(request, _("Moved to the new time."))
        return redirect(found)
    say_when(request, refusal)
    if refusal.status == 403 or refusal.code in ("cancelled", "over", "started"):
        return _show(request, found, refusal)
    return _cannot_move(request, found, slot, refusal)


def _cannot_move(
    request: UserRequest, found: Booking, slot: TimeSlot, error: Refusal
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
    _replaceable, refusal = attempt(lambda: rules.check_replaceable(found, request.user))
    if refusal:
        return _show(request, found, refusal)
    slot = _slot_or_404(wanted) if wanted else None
    refusal = contexts.rebook_refusal(found, request.user, slot) if slot else None
    return _other_times(request, found, QuestionForm.of(found), slot, refusal)


def _rebook(request: UserRequest, found: Booking, slot: TimeSlot) -> HttpResponse:
    form = QuestionForm(request.POST)

    def write() -> Booking:
        return bookings.rebook(found, request.user, slot.pk, **form.cleaned_data)

    booking = form.attempt(lambda: once(request, write))
    if booking is not None:
        messages.success(request, _("Booked. See you there!"))
        return redirect(booking)
    if form.refusal and form.refusal.code == "replaced":
        return _show(request, found, form.refusal)
    if form.refusal:
        say_when(request, form.refusal)
    return _other_times(request, found, form, slot, form.refusal)


def _other_times(
    request: UserRequest,
    found: Booking,
    form: QuestionForm,
    slot: TimeSlot | None,
    error: Refusal | None = None,
) -> HttpResponse:
    """The times that may be had instead; one that was chosen, to confirm; why it can't be had."""
    shown = contexts.page(found, request.user) | {"slot": slot, "form": form, "error": error}
    if error or not slot:
        shown["times"] = contexts.other_times(found, but=slot.pk if slot else None)
    status = error.status if error else form.status
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
    _settled, refusal = attempt(lambda: once(request, lambda: settle(found, request.user)))
    if refusal:
        return _show(request, found, refusal)
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


def _show(request: UserRequest, found: Booking, error: Refusal | None = None) -> HttpResponse:
    """The page of a booking; with an error, what was refused and its status."""
    shown: dict[str, Any] = contexts.page(found, request.user) | {"error": error}
    shown |= contexts.instead_of(found, request.user)
    shown["may_message"] = reach.may_message(request.user, shown["other"])
    return render(request, "scheduling/booking.html", shown, status=error.status if error else 200)
