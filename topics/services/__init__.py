"""Everything that changes topics and registrations.

Locks are taken people first, by id, then the topic's row.
"""

from topics.services.topics import (
    Removal,
    TopicError,
    approve,
    archive_topic,
    check_may_change,
    create_topic,
    decline,
    delete_topic,
    editable,
    may_change,
    merge_topics,
    register,
    removal_of,
    restore_topic,
    unregister,
    update_topic,
    year_refusal,
)

__all__ = [
    "Removal",
    "TopicError",
    "approve",
    "archive_topic",
    "check_may_change",
    "create_topic",
    "decline",
    "delete_topic",
    "editable",
    "may_change",
    "merge_topics",
    "register",
    "removal_of",
    "restore_topic",
    "unregister",
    "update_topic",
    "year_refusal",
]
