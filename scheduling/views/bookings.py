"""The pages around a booking: list, book, show, move, cancel, and how it went."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.once import key_of, once, sent_once
from accounts.queries.blocks import is_blocked
from accounts.requests import UserRequest
from scheduling.forms.bookings import BookForm, CancelForm, CheckInForm, QuestionForm
from scheduling.models import Booking, TimeSlot
from scheduling.queries.bookings import found, moved_since, replacement, taken
from scheduling.queries.requests import count_waiting
from scheduling.queries.slots import find_slot
from scheduling.services import bookings, check_ins, offers, outcome_rules, rules
from scheduling.views.contexts import bookings as contexts
from scheduling.views.contexts.reliability import Missed, Standing
from scheduling.views.contexts.requests import MyRequests
from scheduling.views.contexts.slots import start_day, times_of_ta
from scheduling.views.contexts.takeaways import Remains
from setahub.core.text import trimmed
from setahub.core.web.messages import done
from setahub.core.web.paging import paginate
from setahub.core.web.refusals import Refusal, attempt, refusal_of, show_or_post
from setahub.core.web.too_many import say_when

TITLES = {
    "upcoming": gettext_lazy("Upcoming bookings"),
    "completed": gettext_lazy("Completed bookings"),
    "cancelled": gettext_lazy("Cancelled bookings"),
    "requests": gettext_lazy("Requests for time"),
}


@require_safe
def booking_list(request: UserRequest) -> HttpResponse:
    """One's bookings as a student, in three tabs, and what one waits for."""
    tab, number = request.GET.get("tab", ""), request.GET.get("page")
    tab = tab if tab in TITLES else "upcoming"
    context = {"tab": tab, "title": TITLES[tab], "waiting": count_waiting(request.user.pk)}
    if tab == "requests":
        waits = MyRequests.of(request.user, number)
        context |= {**vars(waits), "is_empty": waits.is_empty}
        return render(request, "scheduling/my_requests.html", context)
    rows: Any = taken(request.user.pk, timezone.now(), tab=tab)
    if tab == "completed":
        context["q"] = q = trimmed(request.GET.get("q", ""))
        rows = found(request.user.pk, timezone.now(), q) if q else rows
    context["standing"] = Standing.of(request.user)
    context["page"] = paginate(rows, number)
    return render(request, "scheduling/bookings.html", context)


# --- Book ---------------------------------------------------------------------------------------


@show_or_post
@sent_once
def create(request: UserRequest) -> HttpResponse:
    """Confirm a slot and say what help is needed; ``?slot=`` and ``?topic=`` fill the page."""
    sent = request.POST if request.method == "POST" else request.GET
    slot = _slot_or_404(sent.get("slot"))
    if request.method == "POST":
        return _book(request, slot, BookForm(request.POST))
    page = contexts.BookPage.of(request.user, slot, request.GET.get("topic", ""))
    context = {**vars(page), "form": BookForm(initial={"question": page.waited_for(request.user)})}
    status = page.refusal.status if page.refusal else 200
    return render(request, "scheduling/booking_new.html", context, status=status)


def _book(request: UserRequest, slot: TimeSlot, form: BookForm) -> HttpResponse:
    student = request.user
    if form.is_valid() and not key_of(request):
        same = {name: form.cleaned_data[name] for name in ("topic", "question")}
        moved = moved_since(student, slot.pk, **same)
        if moved is not None:
            return redirect(moved)
    booking = form.attempt(
        once(request, lambda: bookings.book(student, slot.pk, seen=slot, **form.cleaned_data))
    )
    if booking is not None:
        return done(request, _("Booked. See you there!"), booking)
    if form.refusal:
        say_when(request, form.refusal)
    context = {**vars(contexts.BookPage.sent(student, slot, form)), "form": form, "sent": True}
    return render(request, "scheduling/booking_new.html", context, status=form.status)


# --- Show, cancel, move -------------------------------------------------------------------------


@require_safe
def detail(request: UserRequest, pk: int) -> HttpResponse:
    """One booking, for its student and its TA."""
    return _show(request, _own_or_404(request, pk))


@show_or_post
@sent_once
def cancel(request: UserRequest, pk: int) -> HttpResponse:
    """What cancelling means now, and doing it."""
    booking = _own_or_404(request, pk)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if form.attempt(
        once(request, lambda: bookings.cancel(booking, request.user, **form.cleaned_data))
    ):
        return done(request, _("The booking is cancelled."), booking)
    refusal = form.refusal or refusal_of(rules.check_cancellable, booking, request.user)
    if refusal and refusal.status != 429:
        return _show(request, booking, refusal)
    if refusal:
        say_when(request, refusal)
    form.fields["reason"].required = rules.needs_reason(booking, request.user)  # as it is shown
    context = {
        **_shown(request, booking),
        "form": form,
        "late": rules.cancels_late(booking, request.user),
        "freed": rules.frees_seat(booking),
    }
    return render(request, "scheduling/booking_cancel.html", context, status=form.status)


@show_or_post
@sent_once
def reschedule(request: UserRequest, pk: int) -> HttpResponse:
    """Free slots of the same TA, ``?slot=`` to confirm one of them, and the move."""
    booking = _own_or_404(request, pk)
    posted = request.method == "POST"
    wanted = (request.POST if posted else request.GET).get("slot")
    again = posted and wanted == str(booking.slot_id)  # sent twice: it was moved by the first
    refusal = None if again else refusal_of(rules.check_movable, booking, request.user)
    if refusal and refusal.code != "late":
        return _show(request, booking, refusal)
    if refusal:
        context = {**_shown(request, booking), "error": refusal}
        status = refusal.status if posted else 200
        return render(request, "scheduling/booking_reschedule.html", context, status=status)
    slot = _slot_or_404(wanted) if posted or wanted else None
    return _move(request, booking, slot) if posted and slot else _choose(request, booking, slot)


def _choose(request: UserRequest, booking: Booking, slot: TimeSlot | None) -> HttpResponse:
    """Free times by day, with a panel to confirm one that was chosen."""
    if is_blocked(request.user, booking.ta_id):
        context = {**_shown(request, booking), "closed": True}
        template = "scheduling/booking_reschedule.html"
        return render(request, template, context, status=403 if slot else 200)
    error = None
    if slot:
        own_seat = offers.has_seat(request.user, slot, booking.topic)
        error = refusal_of(rules.check_move_to, booking, request.user, slot, own_seat=own_seat)
    if slot and error:
        return _cannot_move(request, booking, slot, error)
    day = start_day(request.GET.get("from"))
    times = times_of_ta(request.user, day, ta=booking.ta_id, topic=booking.topic_id, moving=booking)
    context = {**_shown(request, booking), **vars(times), "slot": slot}
    return render(request, "scheduling/booking_reschedule.html", context)


def _move(request: UserRequest, booking: Booking, slot: TimeSlot) -> HttpResponse:
    _moved, refusal = attempt(once(request, lambda: bookings.move(booking, request.user, slot.pk)))
    if refusal is None:
        return done(request, _("Moved to the new time."), booking)
    say_when(request, refusal)
    if refusal.status == 403 or refusal.code in ("cancelled", "over", "started"):
        return _show(request, booking, refusal)
    return _cannot_move(request, booking, slot, refusal)


def _cannot_move(
    request: UserRequest, booking: Booking, slot: TimeSlot, error: Refusal
) -> HttpResponse:
    nearest = contexts.nearest_to_move_to(booking, request.user, slot)
    context = {**_shown(request, booking), "error": error, "nearest": nearest}
    return render(request, "scheduling/booking_reschedule.html", context, status=error.status)


# --- Another time after a cancellation ----------------------------------------------------------


@show_or_post
@sent_once
def rebook(request: UserRequest, pk: int) -> HttpResponse:
    """Free times instead of a cancelled booking, ``?slot=`` to confirm one of them, and booking it."""
    cancelled = _own_or_404(request, pk)
    is_student = cancelled.student_id == request.user.pk
    wanted = (request.POST if request.method == "POST" else request.GET).get("slot")
    if request.method == "POST" and is_student and cancelled.was_taken_away:
        return _rebook(request, cancelled, _slot_or_404(wanted))
    if is_student and request.method != "POST" and (booking := replacement(cancelled)):
        return redirect(booking)
    refusal = refusal_of(rules.check_replaceable, cancelled, request.user)
    if refusal:
        return _show(request, cancelled, refusal)
    slot, topic = _slot_or_404(wanted) if wanted else None, cancelled.topic
    if slot:
        own_seat = offers.has_seat(request.user, slot, topic)
        refusal = refusal_of(
            rules.check_bookable, request.user, slot, topic, replacing=True, own_seat=own_seat
        )
    return _other_times(request, cancelled, QuestionForm.of(cancelled), slot, refusal)


def _rebook(request: UserRequest, cancelled: Booking, slot: TimeSlot) -> HttpResponse:
    form = QuestionForm(request.POST)
    booking = form.attempt(
        once(
            request, lambda: bookings.rebook(cancelled, request.user, slot.pk, **form.cleaned_data)
        )
    )
    if booking is not None:
        return done(request, _("Booked. See you there!"), booking)
    if form.refusal and form.refusal.code == "replaced":
        return _show(request, cancelled, form.refusal)
    if form.refusal:
        say_when(request, form.refusal)
    return _other_times(request, cancelled, form, slot, form.refusal)


def _other_times(
    request: UserRequest,
    cancelled: Booking,
    form: QuestionForm,
    slot: TimeSlot | None,
    error: Refusal | None = None,
) -> HttpResponse:
    """The times that may be had instead; one that was chosen, to confirm; why it can't be had."""
    context = {**_shown(request, cancelled), "slot": slot, "form": form, "error": error}
    if error or not slot:
        context["times"] = contexts.other_times(cancelled, but=slot.pk if slot else None)
    status = error.status if error else form.status
    return render(request, "scheduling/booking_rebook.html", context, status=status)


# --- How it went --------------------------------------------------------------------------------


@require_POST
def check_in(request: UserRequest, pk: int) -> HttpResponse:
    """The student is there. Sent twice it is done once, by itself."""
    booking = _own_or_404(request, pk)
    if booking.checked_in_at is None or booking.student_id != request.user.pk:
        refusal = refusal_of(outcome_rules.check_check_in, booking, request.user)
        if refusal:
            return _show(request, booking, refusal)
        form = CheckInForm(request.POST)
        if not form.attempt(lambda: check_ins.check_in(booking, request.user, **form.cleaned_data)):
            say_when(request, form)
            return _show(request, booking, form=form)
        messages.success(request, _("You have checked in."))
    return redirect(booking)


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
    """The student says that the TA did not come; ``back``: that they came after all."""
    if "back" in request.POST:
        return _settle(request, pk, bookings.take_report_back, _("Your report is taken back."))
    done = _("Thank you. The staff will look at it.")
    return _settle(request, pk, bookings.report_ta_absent, done)


def _settle(
    request: UserRequest, pk: int, settle: Callable[[Booking, User], Booking], words: str
) -> HttpResponse:
    booking = _own_or_404(request, pk)
    _settled, refusal = attempt(once(request, lambda: settle(booking, request.user)))
    if refusal:
        return _show(request, booking, refusal)
    return done(request, words, booking)


# --- Shared -------------------------------------------------------------------------------------


def _own_or_404(request: UserRequest, pk: int) -> Booking:
    return get_object_or_404(Booking.objects.of(request.user.pk).with_people(), pk=pk)


def _slot_or_404(text: str | None) -> TimeSlot:
    slot = find_slot(text)
    if slot is None:
        raise Http404
    return slot


def _show(
    request: UserRequest,
    booking: Booking,
    error: Refusal | None = None,
    form: CheckInForm | None = None,
) -> HttpResponse:
    """The page of a booking; with an error or a form, what was refused and its status."""
    sequel = contexts.Sequel.of(booking, request.user)
    remains = Remains.of(booking, request.user)
    context = {**_shown(request, booking), **vars(sequel), **vars(remains), "error": error}
    context |= {"form": form or CheckInForm(), "missed": Missed.of(booking, request.user)}
    status = error.status if error else context["form"].status
    return render(request, "scheduling/booking.html", context, status=status)


def _shown(request: UserRequest, booking: Booking) -> dict[str, Any]:
    """What all of a booking's pages show."""
    return vars(contexts.BookingPage.of(booking, request.user))
