"""Everything that changes conversations: sending, reading, cards, reports.

Whoever writes into a conversation locks its row before an id is drawn, so that the ids of one
conversation become visible in their order. Live frames go out after the commit and are only hints.
"""

from chat.pictures import Picture
from chat.services.cards import post_card, post_takeaway
from chat.services.reading import mark_read, tell_unread
from chat.services.reports import look, report, resolve
from chat.services.sending import send, send_upload
from chat.services.writing import check_may_write, check_text
