"""Made-up people, topics and sessions: a few to look around with, or very many to measure with."""
