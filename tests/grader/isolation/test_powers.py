"""What a student's process may not do: gain rights, mount, trace, escape, talk to a neighbour."""

import time
from pathlib import Path

import pytest

from tests.grader.tiny_course import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("possible")]
CALL = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    ctypes.set_errno(0)
    if getattr(libc, name)(*arguments) != -1:
        return "done"
    return errno.errorcode[ctypes.get_errno()]
"""
MOUNT = """
answer = [
    call("mount", b"tmpfs", b"/sandbox/work", b"tmpfs", 0, None),
    call("mount", b"none", b"/usr", None, 32 | 4096, None),  # remount
    call("umount2", b"/sandbox", 2),
    call("chroot", b"/sandbox"),
    call("pivot_root", b"/sandbox", b"/sandbox") if hasattr(libc, "pivot_root") else "EPERM",
    call("sethostname", b"other", 5),
    call("setuid", 0), call("setgid", 0), call("setgroups", 0, None),
]
"""
NEW_USER_NAMESPACE = 'answer = call("unshare", 0x10000000)'
TRACE = """
import os, time
child = os.fork()
if child == 0:
    time.sleep(60)
answer = call("ptrace", 16, child, 0, 0)  # PTRACE_ATTACH
os.kill(child, 9)
"""


def test_no_capabilities_and_no_new_privileges(student):
    answer = student.ask("""
        answer = {}
        for line in open("/proc/self/status"):
            name, _, value = line.partition(":")
            if name.startswith("Cap") or name in ("NoNewPrivs", "Seccomp", "Uid", "Groups"):
                answer[name] = value.split()
    """)
    zero = ["0" * 16]
    capabilities = dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), zero)
    assert answer.pop("Groups") in (["1000"], [])
    assert answer == {**capabilities, "NoNewPrivs": ["1"], "Seccomp": ["2"], "Uid": ["1000"] * 4}


def test_its_user_is_nobody_outside(sandbox, student):
    """As root too: a file it makes would not be root's, nor would what it breaks out of."""
    pid = outside(sandbox, student)
    uids = set(Path(f"/proc/{pid}/status").read_text().split("Uid:")[1].split("\n")[0].split())
    expected = sandbox.facts["uid"] or 2_000_000_000 + driver_of(sandbox)
    assert uids == {str(expected)}


def test_it_can_neither_mount_nor_change_root_nor_become_another_user(student):
    # The number 0 means no user at all in there: it is not a matter of rights.
    assert student.ask(CALL + MOUNT) == ["EPERM"] * 6 + ["EINVAL", "EINVAL", "EPERM"]


def test_nor_without_the_filter_of_system_calls(weakened):
    answer = weakened("seccomp").spawn().ask(CALL + MOUNT)
    assert set(answer) == {"EPERM", "EINVAL"}


def test_no_further_user_namespaces(student):
    assert student.ask(CALL + NEW_USER_NAMESPACE) == "EPERM"


def test_nor_without_the_filter(weakened):
    assert weakened("seccomp").spawn().ask(CALL + NEW_USER_NAMESPACE) == "ENOSPC"


def test_capabilities_that_are_kept_reach_only_its_own_user_namespace(weakened):
    """Two layers: they are dropped, and what they would be good for belongs to another user."""
    kept = weakened("seccomp", "capabilities").spawn()
    effective = 'answer = open("/proc/self/status").read().split("CapEff:")[1].split()[0]'
    assert int(kept.ask(effective), 16) != 0
    assert kept.ask(CALL + 'answer = call("sethostname", b"other", 5)') == "EPERM"
    assert kept.ask(CALL + 'answer = call("mount", b"t", b"/tmp", b"tmpfs", 0, None)') == "EPERM"


def test_it_traces_nothing(student):
    assert student.ask(CALL + TRACE) == "EPERM"


def test_without_the_filter_it_traces_its_own_child(weakened):
    assert weakened("seccomp").spawn().ask(CALL + TRACE) == "done"


def test_a_set_user_id_program_gains_nothing(student):
    answer = student.ask("""
        import os, subprocess
        programs = [path for path in ("/usr/bin/su", "/usr/bin/mount", "/usr/bin/passwd")
                    if os.path.exists(path) and os.stat(path).st_mode & 0o4000]
        flags = {line.split()[3] for line in open("/proc/self/mounts")}
        answer = [len(programs), all("nosuid" in f for f in flags),
                  subprocess.run(["/usr/bin/id", "-u"], capture_output=True, text=True).stdout]
        if "/usr/bin/mount" in programs:
            done = subprocess.run(["/usr/bin/mount", "-t", "tmpfs", "none", "/tmp"],
                                  capture_output=True, text=True)
            answer.append(done.returncode != 0)
    """)
    assert answer[1:3] == [True, "1000\n"]
    assert answer[3:] in ([], [True])


def test_keys_and_the_kernels_log_are_closed(student):
    answer = student.ask(CALL + """
answer = [call("syscall", number, 0, 0, 0, 0) for number in
          {"x86_64": (248, 250, 103, 321, 298, 323, 425), "aarch64": (217, 219, 116, 280, 241, 282,
           425)}[__import__("platform").machine()]]
""")
    assert answer == ["EPERM"] * 7


def test_signals_reach_only_its_own(sandbox, student):
    neighbour = sandbox.spawn()
    answer = student.ask("""
        import os, signal, subprocess, time
        sleeper = subprocess.Popen(["/usr/bin/sleep", "60"])
        child = os.fork()
        if child == 0:
            for target in (0, -1):
                try:
                    os.kill(target, signal.SIGTERM if target == 0 else signal.SIGKILL)
                except OSError:
                    pass
            os._exit(0)
        os.waitpid(child, 0)
        answer = sleeper.wait(10)
    """)
    assert answer in (-9, -15) or "error" in answer
    assert neighbour.ask("answer = 'alive'") == "alive"
    assert sandbox.spawn().ask("answer = 'alive'") == "alive"
    neighbour.kill()


def test_without_process_namespaces_they_reach_a_neighbour(weakened):
    sandbox = weakened("pid", "groups", fresh=True)
    neighbour, student = sandbox.spawn(), sandbox.spawn()
    student.ask("""
        import os
        mine = os.getpid()
        others = [int(n) for n in os.listdir("/proc") if n.isdigit() and int(n) > 1]
        for pid in others:
            if pid != mine:
                os.kill(pid, 9)
    """)
    assert neighbour.end(10) == "signal 9"


NEIGHBOUR_SEES = """
import os, socket
answer = {"files": [], "pids": len([n for n in os.listdir("/proc") if n.isdigit()])}
for folder in ("/tmp", "/dev/shm", "/sandbox", "/sandbox/home", "/dev/pts"):
    answer["files"] += [n for n in os.listdir(folder) if n not in ("home", "work", "tmp", "ptmx")]
with socket.socket(socket.AF_UNIX) as one:
    try:
        one.connect(chr(0) + "meeting point")
        answer["socket"] = "connected"
    except OSError:
        answer["socket"] = "refused"
answer["segments"] = len(open("/proc/sysvipc/shm").readlines()) - 1
"""


def sees(student):
    """Return what a student finds of a neighbour; not the way to a clone of the course in /tmp."""
    answer = student.ask(NEIGHBOUR_SEES)
    way = [part for part in REPOSITORY.parts[2:3] if REPOSITORY.is_relative_to("/tmp")]
    return answer | {"files": [name for name in answer["files"] if name not in way]}


def leave_traces(student):
    return student.ask("""
        import ctypes, os, pty, socket, subprocess
        for folder in ("/tmp", "/dev/shm", "/sandbox/home"):
            open(folder + "/mine", "w").close()
        kept = socket.socket(socket.AF_UNIX)
        kept.bind(chr(0) + "meeting point")
        kept.listen()
        globals_ = __builtins__.__dict__ if hasattr(__builtins__, "__dict__") else __builtins__
        globals_["kept"] = [kept, subprocess.Popen(["/usr/bin/sleep", "60"]), pty.openpty()]
        answer = ctypes.CDLL(None).shmget(4711, 4096, 0o1666) >= 0
    """)  # kept: by what lives as long as the process


@pytest.mark.parametrize("filtered", [True, False])
def test_neighbours_do_not_see_each_other(sandbox, weakened, filtered):
    """Shared memory is denied by the filter; without it, it is the own namespace's."""
    both = sandbox if filtered else weakened("seccomp", user=sandbox.user)
    neighbour, student = both.spawn(), both.spawn()
    assert leave_traces(neighbour) is not filtered
    assert sees(student) == {
        "files": [], "pids": 1, "socket": "refused", "segments": 0,
    }  # fmt: skip
    assert sees(neighbour) == {
        "files": ["mine", "mine", "mine", "0"], "pids": 2, "socket": "connected",
        "segments": 0 if filtered else 1,
    }  # fmt: skip
    neighbour.kill()
    student.kill()


def test_without_namespaces_they_do(weakened):
    sandbox = weakened("pid", "net", "ipc", "seccomp", "groups", fresh=True)
    neighbour, student = sandbox.spawn(), sandbox.spawn()
    leave_traces(neighbour)
    seen = sees(student)
    assert (seen["socket"], seen["segments"]) == ("connected", 1)
    assert seen["pids"] > 2
    neighbour.kill()


def test_nothing_outlives_the_end(sandbox):
    student = sandbox.spawn()
    mark = f"{time.time():.6f}"
    student.ask(f"""
        import os, subprocess
        for _ in range(3):
            subprocess.Popen(["/usr/bin/sleep", "60{mark}"], start_new_session=True)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv("/usr/bin/sleep", ["sleep", "60{mark}"])
            os._exit(0)
    """)
    assert wait_for(lambda: len(running(mark)) == 4)
    student.kill()
    assert running(mark) == []


def test_without_process_namespaces_it_would(weakened):
    student = weakened("pid", "groups", fresh=True).spawn()
    mark = f"{time.time():.6f}"
    source = f'import subprocess\nsubprocess.Popen(["/usr/bin/sleep", "60{mark}"])'
    student.ask(source)
    assert wait_for(lambda: len(running(mark)) == 1)
    student.kill()
    assert len(running(mark)) == 1  # until its sandbox is closed


def test_the_first_process_dies_of_its_own_crash_only(sandbox):
    """It is the first of its process namespace, which a signal from inside does not end."""
    student = sandbox.spawn()
    answer = student.ask("import os\nos.kill(os.getpid(), 9)\nanswer = 'alive'")
    assert answer == "alive"
    assert student.ask("import ctypes\nctypes.string_at(0)")["end"] == "signal 11"


def running(mark):
    """Return the processes of this machine that have `mark` in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:  # it has just ended
            continue
    return found


def outside(sandbox, student):
    """Return a student's process number as this process sees it."""
    mark = f"{time.time():.6f}"
    student.ask(f'import subprocess\nsubprocess.Popen(["/usr/bin/sleep", "60{mark}"])')
    assert wait_for(lambda: len(running(mark)) == 1)
    return running(mark)[0]


def driver_of(sandbox):
    return sandbox.process.pid


def wait_for(condition, seconds=10):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()
