"""What a student's process may use of the machine: memory, processes, disk, files, time."""

import time

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("possible")]
ALLOCATE = """
kept = []
try:
    while len(kept) < %d:
        kept.append(bytearray(10 << 20))
    answer = "enough"
except MemoryError:
    answer = len(kept) * 10
"""
# Each of the processes stays below the limit of one; all together they are over.
TOGETHER = """
import os, time
children = []
for _ in range(8):
    children.append(os.fork())
    if not children[-1]:
        kept = bytearray(os.urandom(1 << 20)) * 100
        time.sleep(1.5)
        os._exit(0)
answer = sum(os.waitpid(child, 0)[1] == 0 for child in children)
"""
SHARED = """
import mmap
kept = [mmap.mmap(-1, 10 << 20) for _ in range(25)]
for one in kept:
    one.write(bytes(10 << 20))
answer = "enough"
"""
BOMB = """
import os, time
count = 0
for _ in range(%d):
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    except OSError:
        break
    count += 1
answer = count
"""


def test_memory_ends_with_a_memory_error(student):
    """The sandbox of these tests has 300 MB for each process."""
    answer = student.ask(ALLOCATE % 100)
    assert 200 <= answer <= 300
    assert student.ask("answer = 'alive'") == "alive"


def test_without_the_limit_there_is_more(weakened):
    sandbox = weakened("AS", "groups", limits={"memory_mb": 300})
    student = sandbox.spawn()
    assert student.ask(ALLOCATE % 50) == "enough"
    student.kill()


def test_processes_together_are_bounded(sandbox):
    """The server's watch ends all of them; a control group the largest, until the rest fits."""
    student, neighbour = sandbox.spawn(), sandbox.spawn()
    answer = student.ask(TOGETHER)
    assert answer == {"end": "out of memory"} or answer <= 4
    assert neighbour.ask("answer = 'alive'") == "alive"
    neighbour.kill()


def test_without_both_they_are_not(weakened):
    """Root's sandbox, with control groups left out; an ordinary user's is watched."""
    sandbox = weakened("AS", "groups", limits={"memory_mb": 300})
    if sandbox.user != "root":
        pytest.skip("watched, as nobody but root is sure of control groups")
    student = sandbox.spawn()
    assert student.ask(TOGETHER) == 8
    student.kill()


def test_shared_memory_counts_as_well(sandbox):
    """Eight processes share nothing new; a mapping that is shared is still in the address space."""
    student = sandbox.spawn()
    assert student.ask(SHARED) == "enough"
    assert "Cannot allocate memory" in student.ask(SHARED.replace("25", "40"))["error"]
    student.kill()


UNOWNED = """
import os
try:
    file = os.memfd_create("memory of nobody")
    os.write(file, bytes(1 << 20))
    answer = "written"
except OSError as error:
    answer = error.strerror
"""


def test_memory_of_no_process_cannot_be_made(student):
    assert student.ask(UNOWNED) == "Operation not permitted"


def test_without_the_filter_it_can(weakened):
    assert weakened("seccomp").spawn().ask(UNOWNED) == "written"


def test_a_fork_bomb_is_bounded_and_costs_the_neighbour_nothing(sandbox, student):
    neighbour = sandbox.spawn()
    assert student.ask(BOMB % 300) == 39  # 40 with itself
    assert neighbour.ask(BOMB % 10) == 10
    assert sandbox.spawn().ask("answer = 'started'") == "started"
    neighbour.kill()


def test_threads_count_as_processes(student):
    answer = student.ask("""
        import threading, time
        threading.stack_size(1 << 16)
        answer = 0
        for _ in range(300):
            try:
                threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
            except RuntimeError:
                break
            answer += 1
    """)
    assert answer == 39


def test_without_the_limit_of_processes_there_are_more(weakened):
    student = weakened("NPROC", "groups", fresh=True, limits={"processes": 40}).spawn()
    assert student.ask(BOMB % 100) == 100
    student.kill()


def test_a_control_group_bounds_processes_too(weakened):
    sandbox = weakened("NPROC", limits={"processes": 40})
    if not sandbox.facts["groups"]:
        pytest.skip("no control groups here")
    student = sandbox.spawn()
    assert student.ask(BOMB % 100) == 40
    student.kill()


def test_the_disk_is_full_at_its_size(student):
    answer = student.ask("""
        import errno
        answer = [0]
        for number in range(30):
            try:
                with open(f"/tmp/{number}", "wb") as file:
                    file.write(bytes(1 << 20))
                answer[0] += 1
            except OSError as error:
                answer.append(errno.errorcode[error.errno])
                break
    """)
    assert answer[0] in (7, 8)
    assert answer[1] == "ENOSPC"


def test_so_is_the_number_of_files(student):
    answer = student.ask("""
        import errno
        try:
            for number in range(1000):
                open(f"/dev/shm/{number}", "w").close()
        except OSError as error:
            answer = [number, errno.errorcode[error.errno]]
    """)
    assert 150 < answer[0] < 200
    assert answer[1] == "ENOSPC"


def test_a_file_has_a_largest_size(weakened):
    student = weakened("disk", limits={"file_mb": 8}).spawn()
    answer = student.ask("""
        import errno, os
        with open("/tmp/large", "wb") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, 9 << 20)
                answer = "written"
            except OSError as error:
                answer = errno.errorcode[error.errno]
    """)
    assert answer == "EFBIG"


def test_without_these_limits_it_is_written(weakened):
    student = weakened("disk", "FSIZE", limits={"file_mb": 8}).spawn()
    answer = student.ask("""
        with open("/tmp/large", "wb") as file:
            for _ in range(20):
                file.write(bytes(1 << 20))
        answer = "written"
    """)
    assert answer == "written"


OPEN = """
import errno, os
kept = []
try:
    while len(kept) < 500:
        kept.append(os.open("/dev/null", 0))
    answer = "enough"
except OSError as error:
    answer = [len(kept), errno.errorcode[error.errno]]
"""


def test_open_files_are_bounded(student):
    answer = student.ask(OPEN)
    assert 80 < answer[0] < 100
    assert answer[1] == "EMFILE"


def test_python_s_own_processes_and_callbacks_work(student):
    """What honest notebooks do: a pool of processes, a lock, a shell command, a C callback."""
    answer = student.ask("""
        import ctypes, multiprocessing, os, pty, subprocess
        with multiprocessing.get_context("fork").Pool(2) as pool:
            answer = [pool.map(abs, [-1, -2])]
        compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int),
                                   ctypes.POINTER(ctypes.c_int))
        numbers = (ctypes.c_int * 3)(3, 1, 2)
        ctypes.CDLL(None).qsort(numbers, 3, 4, compare(lambda a, b: a[0] - b[0]))
        answer.append(list(numbers))
        answer.append(subprocess.check_output("echo hello | tr a-z A-Z", shell=True, text=True))
        answer.append(os.isatty(pty.openpty()[1]))
    """)
    assert answer == [[1, 2], [1, 2, 3], "HELLO\n", True]


def test_without_that_limit_there_are_more(weakened):
    assert weakened("NOFILE").spawn().ask(OPEN) == "enough"


def test_limits_cannot_be_raised(student):
    answer = student.ask("""
        import resource
        answer = []
        for name in ("AS", "NPROC", "NOFILE", "FSIZE", "CPU", "CORE"):
            kind = getattr(resource, "RLIMIT_" + name)
            soft, hard = resource.getrlimit(kind)
            answer.append(soft == hard)
            try:
                resource.setrlimit(kind, (hard + 1, hard + 1))
                answer.append("raised")
            except ValueError:
                pass
    """)
    assert answer == [True] * 6


def test_an_endless_loop_is_interrupted(student):
    student.tell("while True: pass")
    assert student.hear(0.3) == {"busy": True}
    student.interrupt()
    assert student.hear(10) == {"error": "KeyboardInterrupt: "}
    assert student.ask("answer = 'alive'") == "alive"


def test_one_that_cannot_be_interrupted_is_killed(student):
    student.tell("import signal, time\nsignal.signal(2, signal.SIG_IGN)\nwhile True: pass")
    assert student.hear(0.3) == {"busy": True}
    student.interrupt()
    assert student.hear(0.3) == {"busy": True}
    end, usage = student.kill()
    assert end == "signal 9"
    assert usage["cpu_seconds"] > 0.02
    assert usage["rss_mb"] > 5


def test_processor_time_is_bounded(weakened):
    student = weakened(limits={"cpu_seconds": 1}).spawn()
    assert student.ask("while True: pass") == {"end": "signal 9"}


def test_a_neighbour_gets_its_share_of_the_processors(sandbox, student):
    """Many busy processes of one submission do not stop another one."""
    student.ask("""
        import os
        for _ in range(30):
            if os.fork() == 0:
                while True:
                    pass
    """)
    neighbour = sandbox.spawn()
    began = time.monotonic()
    assert neighbour.ask("answer = sum(range(10**6))") == 499999500000
    assert time.monotonic() - began < 5
    neighbour.kill()


def test_an_exit_is_reported(sandbox):
    student = sandbox.spawn()
    assert student.ask("import os\nos._exit(3)") == {"end": "exit status 3"}
    assert student.kill()[0] == "exit status 3"
