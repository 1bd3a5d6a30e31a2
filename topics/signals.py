"""What happens to topics, sent inside the transaction for higher apps to answer or veto."""

from django.dispatch import Signal

# user, topic: the TA stops teaching it. A receiver may raise TopicError to refuse.
registration_withdrawn = Signal()
# topic: about to be deleted. A receiver answers True when it is in use, so that it is archived.
topic_deleting = Signal()
# topic: is being deleted for good; take it out of wherever it stands.
topic_removed = Signal()
# topic: is archived; history stays, and what stands in calendars too, since it may be restored.
topic_archived = Signal()
# source, target: everything of the source becomes the target's. A receiver may raise TopicError.
topic_merging = Signal()
