"""The time, as events, leases and results have it."""

import time


def now_ms() -> int:
    """Give the time, in ms since the epoch."""
    return time.time_ns() // 1_000_000
