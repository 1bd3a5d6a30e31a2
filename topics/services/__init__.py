"""Everything that changes topics and registrations.

Locks are taken people first, by id, then the topic's row.
"""

from topics.errors import TopicError
from topics.services.teaching import (
    approve,
    decline,
    register,
    register_for,
    unregister,
    year_refusal,
)
from topics.services.topics import (
    TEXTS,
    Removal,
    archive_topic,
    check_may_change,
    create_topic,
    delete_topic,
    editable,
    may_change,
    merge_topics,
    removal_of,
    restore_topic,
    update_topic,
)
