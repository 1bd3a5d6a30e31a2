"""How a server process keeps its memory in order."""

import ctypes
import gc

# Of glibc's malloc.h; other C libraries have no such function, or know none of these.
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8

ARENAS = 2  # where threads allocate: each keeps what it once took
# Bytes from which on what is freed goes back to the system at once. More than the 256 KB that asyncio makes
# ready for each look into a socket: of a message, five times a mapping made, shrunk and given back.
OWN_PAGES = 320 * 1024


def settle() -> None:
    """To be called once all is loaded, which then stays.

    The collector of cycles need not go through what never ends, nor stop a busy process for its
    youngest objects all the time. But what a refusal leaves, a cycle with its request, rows and
    page in it, waits for its rounds: they must come before there are many.
    """
    _share_arenas()
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def _share_arenas() -> None:
    """Have glibc give back what it frees of large pieces, and keep fewer heaps of small ones."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # musl, macOS, Windows
        return
    mallopt(_M_ARENA_MAX, ARENAS)
    mallopt(_M_MMAP_THRESHOLD, OWN_PAGES)
