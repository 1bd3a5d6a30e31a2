"""The TA's side: sessions, opening time, changing it, taking it back, a whole week again."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import resolve
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, npgettext
from django.views.decorators.http import require_POST, require_safe

from accounts.once import left_by, once, sent_once
from accounts.requests import UserRequest
from scheduling.errors import CONFLICT
from scheduling.forms import bases
from scheduling.forms.appointments import AppointmentForm, CopyWeekForm, DeleteForm
from scheduling.forms.bookings import OutcomesForm
from scheduling.forms.weekly import WeeklyForm
from scheduling.models import Appointment
from scheduling.queries.appointments import given, listed_upcoming, visible_to
from scheduling.queries.requests import count_board
from scheduling.queries.series import standing_of, to_cancel
from scheduling.queries.waiting import answerable_by, requests_for
from scheduling.services import appointments, bookings
from scheduling.services.plan import Plan
from scheduling.services.rows import Edited
from scheduling.views.contexts import appointments as contexts
from scheduling.views.contexts import copies, previews, weekly
from scheduling.views.contexts.answers import who_was_offered
from scheduling.views.contexts.check_ins import Arrivals
from scheduling.views.contexts.clashes import Clashes
from scheduling.views.contexts.takeaways import to_leave
from setahub.core.web.messages import done
from setahub.core.web.paging import paginate, whole
from setahub.core.web.refusals import RefusableForm, Refusal, refusal_of, show_or_post
from setahub.core.web.too_many import say_when
from topics.queries.topics import is_ta

TITLES = {
    "upcoming": gettext_lazy("Upcoming TA sessions"),
    "completed": gettext_lazy("Completed TA sessions"),
    "cancelled": gettext_lazy("Cancelled TA sessions"),
    "requests": gettext_lazy("Who waits for your time"),
}


@require_safe
def appointment_list(request: UserRequest) -> HttpResponse:
    """One's sessions as a TA with their bookings, in three tabs, and who waits for some."""
    tab, ta = request.GET.get("tab", ""), request.user.pk
    tab = tab if tab in TITLES else "upcoming"
    page = paginate(_listed(ta, tab), request.GET.get("page"))
    context = {"tab": tab, "title": TITLES[tab], "page": page, "is_ta": is_ta(request.user)}
    context["asked_count"] = count_board(ta)
    if not page.items and not context["is_ta"]:
        context |= vars(contexts.BecomeTA.of(request.user))
    if tab == "requests":
        return render(request, "scheduling/board.html", context)
    context["rows"] = contexts.rows(page.items, tab)
    return render(request, "scheduling/appointments.html", context)


def _listed(ta: int, tab: str) -> Any:
    """What stands in a tab: sessions, or what students wait for, without their names."""
    if tab == "requests":
        return requests_for(ta).select_related("topic", "ta")
    now = timezone.now()
    return listed_upcoming(ta, now) if tab == "upcoming" else given(ta, now, tab=tab)


# --- Open ---------------------------------------------------------------------------------------


@show_or_post
@sent_once
def create(request: UserRequest) -> HttpResponse:
    """Open time: one session, or one each week. ``preview`` shows what it makes, stores nothing.

    ``?topic=``, ``?date=``, ``?start_time=`` and ``?end_time=`` fill the form.
    """
    ta = request.user
    if not is_ta(ta):
        return _not_a_ta(request)
    if request.method != "POST":
        return _start(request, _asked_plan(request))
    form = AppointmentForm(ta, request.POST)
    opened = None
    if form.is_valid() and "preview" not in request.POST:
        opened = _open(request, form, lambda: appointments.open_time(ta, **form.asked_anew))
    return opened or _show_form(request, form)


def _asked_plan(request: UserRequest) -> Plan:
    """What the form starts with: for ``?request=``, else as last time, at the asked time."""
    ta, wanted = request.user, request.GET.get("request")
    if wanted is None:
        plan = contexts.defaults(ta, request.GET.get("topic"))
        return contexts.at_asked_time(plan, request.GET)
    pk = whole(wanted, 0, low=0, high=10**9)
    asked = answerable_by(ta.pk).counted().select_related("topic")
    return contexts.answer_to(get_object_or_404(asked, pk=pk), ta)


@show_or_post
@sent_once
def weekly_hours(request: UserRequest) -> HttpResponse:
    """Open every week of a term. ``preview`` shows what it makes, ``add`` one more line to type."""
    ta = request.user
    if not is_ta(ta):
        return _not_a_ta(request)
    if request.method != "POST":
        form = WeeklyForm(ta, **weekly.defaults(ta, request.GET.getlist("topic")))
    elif "add" in request.POST:
        form = WeeklyForm.with_another(ta, request.POST, blank=weekly.blank(ta))
    else:
        form = WeeklyForm(ta, request.POST, blank=weekly.blank(ta))
    opened = None
    if form.is_valid() and "preview" not in request.POST:
        opened = _open(request, form, lambda: appointments.open_weekly(ta, **form.asked))
    return opened or _show_weekly(request, form)


@require_safe
def copy(request: UserRequest, pk: int) -> HttpResponse:
    """The form for a new session filled from this one, a week later at least."""
    session = _own_or_404(request, pk)
    if not is_ta(request.user):
        return _not_a_ta(request)
    return _start(request, contexts.copied(session, request.user), copied=session)


@show_or_post
@sent_once
def copy_week(request: UserRequest) -> HttpResponse:
    """Open a whole week again. ``preview`` shows what that makes, and stores nothing."""
    ta = request.user
    if not is_ta(ta):
        return _not_a_ta(request)
    posted, preview = request.method == "POST", "preview" in request.POST
    form = CopyWeekForm(request.POST) if posted else CopyWeekForm(initial=copies.to_copy(ta))
    if posted and not preview:
        opened = _open(request, form, lambda: appointments.copy_week(ta, **form.cleaned_data))
        if opened:
            return opened
    shown = copies.copies_of(ta, form)
    clashes = Clashes.of([each.plan for each in shown], [each.clash for each in shown])
    context = {"form": form, "copies": shown, "clashes": clashes}
    return _page_or_part(request, "scheduling/copy_week.html", "scheduling/_copies.html", context)


def _start(request: UserRequest, plan: Plan, *, copied: Appointment | None = None) -> HttpResponse:
    """The form for a new session, filled in."""
    form = AppointmentForm(request.user, initial=bases.as_sent(plan))
    form.plans = [plan]
    return _show_form(request, form, copied=copied)


def _open(
    request: UserRequest, form: RefusableForm, write: Callable[[], list[Appointment]]
) -> HttpResponse | None:
    """Open what was asked for, and lead there; None where it can't be."""
    sessions = form.attempt(
        once(request, write, to=_opened_page, leaves=lambda sessions: sessions[0])
    )
    if sessions is not None:
        text = ngettext("%(count)d session opened.", "%(count)d sessions opened.", len(sessions))
        messages.success(request, text % {"count": len(sessions)})
        if words := who_was_offered(sessions):
            messages.info(request, words)
        return redirect(_opened_page(sessions))
    say_when(request, form)
    clashes = form.refusal is not None and form.refusal.code == CONFLICT
    standing = _opened_before(request) if clashes else None
    return redirect(standing) if standing else None


def _opened_before(request: UserRequest) -> Appointment | None:
    """What still stands of what the same form opened before; nothing overlaps with itself."""
    left = left_by(request)
    return standing_of(request.user, resolve(left).kwargs["pk"]) if left else None


def _opened_page(sessions: list[Appointment]) -> Appointment | str:
    """Where the TA is led who has opened these."""
    return sessions[0] if len(sessions) == 1 else "scheduling:appointments"


# --- Show, change, take back --------------------------------------------------------------------


@require_safe
def detail(request: UserRequest, pk: int) -> HttpResponse:
    """One session, with its students and their questions, for its TA and for staff."""
    return _show(request, get_object_or_404(visible_to(request.user), pk=pk))


@require_POST
@sent_once
def outcomes(request: UserRequest, pk: int) -> HttpResponse:
    """How it went, for many bookings at once."""
    session = _own_or_404(request, pk)
    form = OutcomesForm(session, request.POST)
    new = form.attempt(
        once(
            request,
            lambda: bookings.settle_all(session, request.user, form.outcomes),
            to=session,
        )
    )
    if new is None:
        return _show(request, session, form=form)
    return done(request, _("Thank you, we have noted it."), session)


@show_or_post
@sent_once
def edit(request: UserRequest, pk: int) -> HttpResponse:
    """Change this one, or it and all later ones of its series."""
    session = _own_or_404(request, pk)
    closed = refusal_of(appointments.check_editable, session)
    if closed:
        return _show(request, session, closed)
    if request.method != "POST":
        plan = Plan.of(session)
        initial = bases.as_sent(plan)
        form = AppointmentForm(request.user, appointment=session, initial=initial)
        form.edited = [Edited(session, plan, plan)]
        return _show_form(request, form)
    form = AppointmentForm(request.user, request.POST, appointment=session)
    if form.is_valid() and "preview" not in request.POST and (saved := _save(request, form)):
        return saved
    if form.refusal and form.refusal.code == appointments.CHANGED_CODE:
        form.refill(_own_or_404(request, pk))
    return _show_form(request, form)


def _save(request: UserRequest, form: AppointmentForm) -> HttpResponse | None:
    """Write the edit; None where the form is to be shown again."""
    session = cast(Appointment, form.appointment)
    sessions = form.attempt(
        once(request, lambda: appointments.edit(session, request.user, **form.asked), to=session)
    )
    if sessions is not None:
        text = npgettext("sessions", "Saved.", "%(count)d sessions saved.", len(sessions))
        return done(request, text % {"count": len(sessions)}, session)
    say_when(request, form)
    if form.refusal and form.refusal.code in appointments.CLOSED_CODES:
        return _show(request, session, form.refusal)
    return None


@show_or_post
@sent_once
def delete(request: UserRequest, pk: int) -> HttpResponse:
    """What cancelling the session means, and doing it."""
    session = _own_or_404(request, pk)
    form = DeleteForm(session, request.POST if request.method == "POST" else None)
    sessions = len(to_cancel(session, **form.cleaned_data)) if form.is_valid() else 0
    bookings = form.attempt(
        once(
            request,
            lambda: appointments.cancel(session, request.user, **form.cleaned_data),
            to="scheduling:appointments",
        )
    )
    if bookings is not None:
        return done(request, _cancelled(sessions, bookings), "scheduling:appointments")
    refusal = form.refusal or refusal_of(appointments.check_cancellable, session)
    if refusal and refusal.status != 429:
        return _show(request, session, refusal)
    if refusal:
        say_when(request, refusal)
    context = {**vars(contexts.CancelPage.of(session)), "form": form}
    return render(request, "scheduling/appointment_delete.html", context, status=form.status)


def _cancelled(sessions: int, bookings: int) -> str:
    if not bookings:
        return ngettext(
            "The session is cancelled. Nobody had booked it.",
            "%(count)d sessions are cancelled. Nobody had booked them.",
            sessions,
        ) % {"count": sessions}
    return ngettext(
        "Cancelled, with %(count)d booking. The student is told.",
        "Cancelled, with %(count)d bookings. The students are told.",
        bookings,
    ) % {"count": bookings}


# --- Shared -------------------------------------------------------------------------------------


def _own_or_404(request: UserRequest, pk: int) -> Appointment:
    return get_object_or_404(Appointment.objects.of(request.user.pk), pk=pk)


def _show(
    request: UserRequest,
    session: Appointment,
    error: Refusal | None = None,
    form: OutcomesForm | None = None,
) -> HttpResponse:
    """The page of a session, with what was refused, or the outcomes that were."""
    page = contexts.SessionPage.of(session, request.user)
    outcomes = contexts.Outcomes.of(page, request.user, form)
    context = {**vars(page), "outcomes": outcomes, "form": form, "error": error}
    if page.mine and session.shows_way_in:
        context["arrivals"] = Arrivals(session, page.bookings)
    if page.mine and page.started:
        context["to_leave"] = to_leave(page.bookings, request.user, page.writable)
    status = error.status if error else form.status if form else 200
    return render(request, "scheduling/appointment.html", context, status=status)


def _show_form(
    request: UserRequest, form: AppointmentForm, *, copied: Appointment | None = None
) -> HttpResponse:
    """The page of the form, or for htmx only what it would make."""
    preview = None
    if form.edited:
        preview = previews.of_edit(request.user, form.edited)
    elif form.plans:
        preview = previews.of_new(request.user, form.plans)
    context = {"form": form, "appointment": form.appointment, "preview": preview, "copied": copied}
    page, part = "scheduling/appointment_form.html", "scheduling/_preview.html"
    return _page_or_part(request, page, part, context)


def _show_weekly(request: UserRequest, form: WeeklyForm) -> HttpResponse:
    """The page of weekly hours, or for htmx only the term that they would make."""
    context = {"form": form, "rows": form.rows, "term": weekly.term_of(request.user, form)}
    return _page_or_part(request, "scheduling/weekly_hours.html", "scheduling/_term.html", context)


def _page_or_part(
    request: UserRequest, page: str, part: str, context: dict[str, Any]
) -> HttpResponse:
    """The page of a form; what it would make alone, where htmx asks for the preview."""
    is_part = request.headers.get("HX-Request") == "true" and "preview" in request.POST
    template, status = part if is_part else page, context["form"].status
    return render(request, template, context | {"part": is_part}, status=status)


def _not_a_ta(request: UserRequest) -> HttpResponse:
    context = vars(contexts.BecomeTA.of(request.user))
    return render(request, "shared/error.html", context, status=403)
