from django.urls import path

from scheduling.views import appointments, bookings, calendars, my_week, requests, slots, takeaways

app_name = "scheduling"
urlpatterns = [
    path("users/<id:pk>/timeslots/", slots.timeslots, name="timeslots"),
    path("appointments/", appointments.appointment_list, name="appointments"),
    path("appointments/new/", appointments.create, name="appointment_create"),
    path("appointments/week/", appointments.weekly_hours, name="weekly_hours"),
    path("appointments/copy-week/", appointments.copy_week, name="appointment_copy_week"),
    path("appointments/<id:pk>/", appointments.detail, name="appointment"),
    path("appointments/<id:pk>/edit/", appointments.edit, name="appointment_edit"),
    path("appointments/<id:pk>/copy/", appointments.copy, name="appointment_copy"),
    path("appointments/<id:pk>/outcomes/", appointments.outcomes, name="appointment_outcomes"),
    path("appointments/<id:pk>/delete/", appointments.delete, name="appointment_delete"),
    path("bookings/", bookings.booking_list, name="bookings"),
    path("bookings/new/", bookings.create, name="booking_create"),
    path("bookings/<id:pk>/", bookings.detail, name="booking"),
    path("bookings/<id:pk>/calendar.ics", calendars.booking, name="booking_calendar"),
    path("calendar/", my_week.my_week, name="my_week"),
    path("calendar/<str:token>.ics", calendars.feed, name="calendar_feed"),
    path("bookings/<id:pk>/cancel/", bookings.cancel, name="booking_cancel"),
    path("bookings/<id:pk>/reschedule/", bookings.reschedule, name="booking_reschedule"),
    path("bookings/<id:pk>/rebook/", bookings.rebook, name="booking_rebook"),
    path("bookings/<id:pk>/complete/", bookings.complete, name="booking_complete"),
    path("bookings/<id:pk>/no-show/", bookings.no_show, name="booking_no_show"),
    path("bookings/<id:pk>/ta-absent/", bookings.ta_absent, name="booking_ta_absent"),
    path("bookings/<id:pk>/takeaway/", takeaways.takeaway, name="booking_takeaway"),
    path("bookings/<id:pk>/show-takeaway/", takeaways.show_takeaway, name="booking_show_takeaway"),
    path("bookings/<id:pk>/thanks/", takeaways.thanks, name="booking_thanks"),
    path("bookings/<id:pk>/again/", takeaways.again, name="booking_again"),
    path("requests/new/", requests.create, name="request_create"),
    path("requests/<id:pk>/", requests.detail, name="request"),
    path("requests/<id:pk>/join/", requests.join, name="request_join"),
    path("requests/<id:pk>/leave/", requests.leave, name="request_leave"),
    path("requests/<id:pk>/close/", requests.close, name="request_close"),
    path("offers/<id:pk>/", requests.offer, name="offer"),
]
