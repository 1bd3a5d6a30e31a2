"""Reads: functions with types that give rows, whoever asks."""
