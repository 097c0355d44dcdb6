"""What takes too long is stopped, and what is quick is not."""

import signal
import threading
import time

import pytest

from grader.running.alarm import time_limit


def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_endless_work_is_stopped_and_the_signal_is_as_before():
    before = signal.getsignal(signal.SIGPROF)
    start = time.process_time()
    with pytest.raises(TimeoutError, match=r"more than 0\.05 processor sec"), time_limit(0.05):
        work(60)
    assert time.process_time() - start < 5
    assert signal.getsignal(signal.SIGPROF) is before
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_quick_work_goes_through():
    with time_limit(60):
        pass
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_waiting_is_not_work():
    with time_limit(0.05):
        time.sleep(0.3)


def test_another_thread_has_no_limit_but_works():
    done = []

    def long():
        with time_limit(0.01):
            work(0.05)
            done.append(True)

    thread = threading.Thread(target=long)
    thread.start()
    thread.join()
    assert done == [True]
