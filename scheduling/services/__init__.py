"""Writes of the calendar: guard, lock, check, write.

Locks are taken in the order people (by id), appointment, slot, booking, help request, offer. Whatever touches a TA's time
locks the TA's row first, so all of it happens one after the other.
"""
