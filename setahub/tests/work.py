"""Tasks for the tests of the worker."""

from pathlib import Path

from setahub.core.work.tasks import GiveUp, task

done: list[int] = []
failing: list[Exception] = []  # what the next runs of ``fragile`` raise, in order


@task
def note(number: int) -> None:
    done.append(number)


@task
def fragile(number: int) -> None:
    if failing:
        raise failing.pop(0)
    done.append(number)


@task
def hopeless(number: int) -> None:
    raise GiveUp("There is no such mailbox.")


@task
def hold(folder: str) -> None:
    """The first run says that it began and then waits for ever; the next one leaves a mark."""
    mark = Path(folder) / "began"
    if mark.exists():
        (Path(folder) / "ended").touch()
        return
    mark.touch()
    (Path(folder) / "tell").write_text("began")  # a pipe: waits until somebody reads
    (Path(folder) / "never").read_text()  # a pipe that nobody writes to
