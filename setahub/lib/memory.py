"""How a server process keeps its memory in order."""

import gc


def settle() -> None:
    """To be called once all is loaded, which then stays.

    The collector of cycles need not go through what never ends, nor often: a full round of it held
    up whatever a busy process was about to answer, which made the slowest of a hundred messages a
    third slower.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
