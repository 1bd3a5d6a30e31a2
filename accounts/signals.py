"""What happens to people. Sent inside the transaction, unless said otherwise, for higher apps."""

from django.dispatch import Signal

# user: who was suspended; actor: the admin or None; cancel_bookings: whether coming ones are to go.
user_suspended = Signal()

# Sent after the commit, also on logout, suspension, a new password and the end of an account.
# user; keys: the session keys that no longer count, or None for all of this user's but those in
# kept; kept: session keys (frozensets of str). Open sockets of such sessions are to close.
sessions_ended = Signal()

# A session of somebody signed in goes on under another key. user_id; key: the earlier one, whose
# open sockets are to come back with the new one. Sent before sessions_ended of the same request.
session_renewed = Signal()

# user: reads another language from now on; what of theirs is open is to speak it too.
language_chosen = Signal()

# blocker, blocked: from now on nothing goes between the two, in either direction.
user_blocked = Signal()

# user: is deleting their account, and is still there. Cancel what is to come, with notice to the
# others. accounts.services.privacy erases what is kept about them afterwards.
user_deleting = Signal()
