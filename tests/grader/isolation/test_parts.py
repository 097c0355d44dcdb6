"""The parts by themselves: the fork loop, what is shown, control groups, imports, the doctor."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.errors import GraderError
from grader.isolation import cgroups, doctor, kernel, machine, mounts, obstacles, seccomp, trial
from grader.isolation.forking import Fork, describe_end, end_with, serve_forks
from grader.isolation.framing import TooLargeError, receive_object, send_object
from grader.isolation.imports import absent_packages, imported_modules
from grader.isolation.policy import Limits, Policy


def pair():
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


@pytest.fixture
def loop():
    """Start a fork server whose forks do `work`; give its control socket."""
    servers = []

    def start(work, seconds=float("inf"), fails=False):
        ours, theirs = pair()

        def begin(data):
            if fails:
                raise OSError(11, "no more processes")
            pid = os.fork()
            if pid == 0:
                end_with(lambda: work(data))
            return Fork(pid, deadline=time.monotonic() + seconds)

        pid = os.fork()
        if pid == 0:
            ours.close()
            end_with(lambda: serve_forks(theirs, begin))
        theirs.close()
        servers.append((pid, ours))
        return ours

    yield start
    for pid, ours in servers:
        ours.close()
        assert os.waitpid(pid, 0)[1] == 0


def request(control):
    sockets = socket.socketpair(), pair()
    descriptors = [one[1].fileno() for one in sockets]
    socket.send_fds(control, [b"fork"], descriptors)
    for one in sockets:
        one[1].close()
        one[0].settimeout(10)
    return sockets[0][0], sockets[1][0]


def sleep_long(data):
    # A process that a shell started in the background ignores it, and so would this fork.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    data.sendall(b"x")
    time.sleep(60)


def test_a_fork_answers_and_its_end_is_told(loop):
    data, lifeline = request(loop(lambda data: data.sendall(b"hello")))
    with data, lifeline:
        assert data.recv(10) == b"hello"
        told = json.loads(lifeline.recv(1000))
    assert told["end"] == "exit status 0"
    assert told["rss_mb"] > 0


@pytest.mark.parametrize(("order", "end"), [(b"k", "signal 9"), (b"i", "exit status 1")])
def test_a_fork_is_killed_or_interrupted_on_order(loop, order, end):
    data, lifeline = request(loop(sleep_long))
    with data, lifeline:
        data.recv(1)
        lifeline.send(order)
        assert json.loads(lifeline.recv(1000))["end"] == end


def test_a_fork_ends_when_nobody_listens(loop):
    control = loop(sleep_long)
    data, lifeline = request(control)
    with data:
        data.recv(1)
        lifeline.close()
        assert data.recv(1) == b""


def test_a_fork_that_is_out_of_time_is_killed(loop):
    data, lifeline = request(loop(sleep_long, seconds=0.3))
    with data, lifeline:
        assert json.loads(lifeline.recv(1000))["end"] == "out of time"


def test_the_end_of_the_clients_ends_the_forks(loop):
    control = loop(sleep_long)
    data, lifeline = request(control)
    with data, lifeline:
        data.recv(1)
        control.close()
        assert data.recv(1) == b""


@pytest.mark.parametrize(("farewell", "status"), [(b"bye", 1), (b"", 0)])
def test_a_farewell_is_told_from_a_death(farewell, status):
    """After a death the judge server tidies up; after a farewell its client does."""
    ours, theirs = pair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        os._exit(serve_forks(theirs, lambda data: Fork(0)))
    theirs.close()
    if farewell:
        ours.send(farewell)
        assert os.waitpid(pid, 0)[1] == status << 8
    ours.close()
    if not farewell:
        assert os.waitpid(pid, 0)[1] == status << 8


def test_a_start_that_fails_is_told_and_the_server_goes_on(loop):
    control = loop(sleep_long, fails=True)
    for _ in range(2):
        data, lifeline = request(control)
        with data, lifeline:
            assert json.loads(lifeline.recv(1000)) == {"end": "could not start: no more processes"}


def test_a_message_that_is_no_request_does_no_harm(loop):
    control = loop(lambda data: data.sendall(b"hello"))
    control.send(b"nonsense")
    with socket.socket(socket.AF_UNIX) as one:
        socket.send_fds(control, [b"fork"], [one.fileno()])
    data, lifeline = request(control)
    with data, lifeline:
        assert data.recv(10) == b"hello"


def test_ends_in_words():
    assert describe_end(0) == "exit status 0"
    assert describe_end(3 << 8) == "exit status 3"
    assert describe_end(9) == "signal 9"


def test_objects_have_a_largest_size():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send_object(ours, {"a": [1, "é"]}, 100)
        assert receive_object(theirs, 100) == {"a": [1, "é"]}
        with pytest.raises(TooLargeError):
            send_object(ours, {"a": "x" * 200}, 100)
        send_object(ours, {"a": "x" * 200}, 300)
        with pytest.raises(TooLargeError):
            receive_object(theirs, 100)
        ours.close()
        theirs.recv(1000)
        with pytest.raises(EOFError):
            receive_object(theirs, 100)


def notebook(*sources):
    cells = [{"cell_type": "code", "source": source} for source in sources]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "import torch"}, *cells]})


def test_imports_are_read_from_the_code_cells():
    text = notebook(
        "from __future__ import annotations\nimport numpy as np, os.path\n%matplotlib inline\n",
        ["def f():\n", "    from torch.nn import functional\n", "    import torch.utils.data\n"],
        "this is no Python",
        "!pip list\nfrom . import here",
    )
    assert imported_modules(text) == ("numpy", "os.path", "torch.nn", "torch.utils.data")


def test_what_a_set_does_not_import_is_absent():
    absent = absent_packages(("numpy",))
    assert {"nnlib", "scipy", "torch", "sklearn", "jax"} <= set(absent)
    assert "scipy" not in absent_packages(("numpy", "sklearn.datasets"))
    assert "torch" not in absent_packages(("torch.nn",))
    assert "scipy" in absent_packages(("torch.nn",))


def test_links_on_the_way_to_a_folder_are_shown(tmp_path):
    (tmp_path / "real" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "again").symlink_to(tmp_path / "link" / "inner")
    view = mounts.View()
    view.show(tmp_path / "link" / "again")
    words = view.arguments
    assert words[-3:] == ["--ro-bind", *[str(tmp_path / "real" / "inner")] * 2]
    links = [words[i + 1 : i + 3] for i, word in enumerate(words) if word == "--symlink"]
    assert links == [
        ["real", str(tmp_path / "link")],
        [str(tmp_path / "link" / "inner"), str(tmp_path / "real" / "again")],
    ]
    before = len(words)
    view.show(tmp_path / "real" / "inner")
    view.show(tmp_path / "missing")
    assert len(view.arguments) == before


def test_every_limit_reaches_the_plan():
    limits = Limits(memory_mb=1, processes=2, open_files=3, file_mb=4, files=5, cpu_seconds=6)
    plan = Policy(limits).plan()
    expected = {"NPROC": 2, "NOFILE": 3, "FSIZE": 4 << 20, "CPU": 6, "CORE": 0, "MSGQUEUE": 0,
                "SIGPENDING": 512}  # fmt: skip
    assert plan["rlimits"] == expected
    assert (plan["memory_bytes"], plan["disk_bytes"], plan["inodes"]) == (1 << 20, 4 << 20, 5)
    json.dumps(plan)


def test_nothing_of_the_course_but_the_students_side_is_shown(tmp_path):
    shown = Policy().bubblewrap(tmp_path, as_root=False)
    course = [word for word in shown if word.startswith("/course/")]
    assert set(course) <= {f"/course/grader/{n}" for n in ("__init__.py", "isolation", "split")} | {
        "/course/grader", "/course/files"
    }  # fmt: skip
    assert "--remount-ro" in shown
    assert not {"/", "/home", "/tmp", "/etc", "/var", "/run"} & {
        shown[i + 1] for i, word in enumerate(shown) if word.endswith("bind")
    }


@pytest.mark.parametrize("name", ["x86_64", "aarch64"])
def test_the_filter_of_system_calls_is_well_formed(monkeypatch, name):
    """Every jump lands inside the program, and the last step is a return."""
    monkeypatch.setattr(seccomp.platform, "machine", lambda: name)
    code = seccomp.program()
    steps = [(int.from_bytes(code[i : i + 2], sys.byteorder), code[i + 2], code[i + 3])
             for i in range(0, len(code), 8)]  # fmt: skip
    assert steps[-1][0] == seccomp.RETURN
    for position, (_, if_true, if_false) in enumerate(steps):
        assert position + 1 + max(if_true, if_false) < len(steps) + 1
    column = seccomp.MACHINES[name][0]
    numbers = [pair_[column] for pair_ in seccomp.DENIED.values()]
    assert len(set(numbers)) == len(numbers)


CGROUP_1 = "4:memory:/a/b\n3:cpu,cpuacct:/\n2:pids:/a\n0::/\n"
MOUNTS_1 = (
    "30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "31 25 0:27 / /sys/fs/cgroup/memory rw shared:10 - cgroup cgroup rw,memory\n"
    "32 25 0:28 /a /sys/fs/cgroup/pids rw shared:11 - cgroup cgroup rw,pids\n"
)
CGROUP_2 = "0::/user.slice/user-1000.slice/session-1.scope\n"
MOUNTS_2 = "30 25 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"


def test_the_own_control_groups_are_found(tmp_path):
    def groups(membership, mountinfo):
        for name, text in (("cgroup", membership), ("mounts", mountinfo)):
            (tmp_path / name).write_text(text)
        found = cgroups.own_groups(tmp_path / "cgroup", tmp_path / "mounts")
        return {name: [str(path) for path in paths] for name, paths in found.items()}

    top = "/sys/fs/cgroup"
    assert groups(CGROUP_1, MOUNTS_1) == {
        "cpu": [f"{top}/cpu,cpuacct"], "memory": [f"{top}/memory/a/b"], "pids": [f"{top}/pids"],
    }  # fmt: skip
    user = f"{top}/user.slice/user-1000.slice"
    expected = [f"{user}/session-1.scope", user, f"{top}/user.slice", top]
    assert groups(CGROUP_2, MOUNTS_2) == dict.fromkeys(("memory", "pids", "cpu"), expected)
    assert not any(groups("0::/../elsewhere\n", MOUNTS_2).values())


def test_groups_of_a_killed_run_are_swept(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    for number in (ended.pid, os.getpid()):
        (tmp_path / f"submission-{number}-7-1").mkdir()
    cgroups.Groups({"memory": tmp_path}).sweep()
    assert [path.name for path in tmp_path.iterdir()] == [f"submission-{os.getpid()}-7-1"]


@pytest.mark.slow
def test_the_doctor_finds_this_machine_fit():
    found = doctor.examine()
    assert [finding for finding in found if finding.level == "problem"] == []
    names = {finding.name for finding in found}
    assert {"kernel", "bubblewrap", "python", "isolation", "seccomp", "packages",
            "control groups", "memory", "processors", "disk", "kernelspec"} == names  # fmt: skip
    assert all(finding.remedy for finding in found if finding.level != "ok")


def test_without_bubblewrap_the_remedy_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    expected = r"bwrap\) is not installed\. Type: python bootstrap\.py --sandbox.*unsafe-no-sandbox"
    with pytest.raises(GraderError, match=expected):
        doctor.require_sandbox()


def test_a_bubblewrap_that_may_do_nothing_is_a_problem(monkeypatch, tmp_path):
    program = tmp_path / "bwrap"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit\n'
        'echo "bwrap: No permissions to create a new namespace" >&2\nexit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(GraderError, match=r"start \(bwrap: No permissions to .*\)\."):
        doctor.require_sandbox()


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"uid": 0}, "it is root"),
        ({"first": False}, "sees other processes"),
        ({"capabilities": 1}, "has capabilities"),
        ({"no_new_privileges": False}, "may gain privileges"),
        ({"interfaces": ["eth0"]}, "sees networks"),
        ({"descriptors": 5}, "inherits open files"),
    ],
)
def test_a_sandbox_that_leaks_is_a_problem(said, problem):
    fine = {"uid": 1000, "first": True, "capabilities": 0, "no_new_privileges": True,
            "interfaces": [], "descriptors": 4}  # fmt: skip
    assert trial._isolation(fine).level == "ok"
    finding = trial._isolation({**fine, **said})
    assert finding.level == "problem"
    assert problem in finding.text


@pytest.mark.parametrize(
    ("file", "content", "remedy"),
    [
        ("proc/sys/kernel/unprivileged_userns_clone", "0\n", "unprivileged_userns_clone=1"),
        ("proc/sys/user/max_user_namespaces", "0\n", "max_user_namespaces=15000"),
        ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n", "AppArmor"),
        (".dockerenv", "", "docker run --privileged"),
        ("proc/sys/kernel/unprivileged_userns_clone", "1\n", "virtual machine"),
    ],
)
def test_what_forbids_namespaces_is_named(tmp_path, file, content, remedy):
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(content)
    assert remedy in obstacles.remedy(tmp_path)


def test_old_kernels_are_refused_or_warned_of():
    assert trial._kernel((4, 19)).level == "problem"
    assert trial._kernel((5, 10)).level == "warning"
    assert trial._kernel((6, 1)).level == "ok"
    assert kernel.version() >= (5, 3)


def test_packages_that_cannot_be_imported_are_named():
    assert trial._packages({}).level == "ok"
    assert trial._packages({"torch": "torch: no module"}).level == "warning"
    found = trial._packages({"numpy": "numpy: broken", "torch": "torch: no module"})
    assert found.level == "problem"
    assert "numpy: broken" in found.text


def test_elsewhere_than_on_linux_a_virtual_machine_is_the_remedy(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(doctor.platform, "system", lambda: "Darwin")
    with pytest.raises(GraderError, match=r"needs Linux, and this is Darwin.*virtual machine"):
        doctor.require_sandbox()
    names = [finding.name for finding in machine.examine()]
    assert names == ["disk", "kernelspec"]


def test_importing_the_package_loads_neither_nbgrader_nor_numpy():
    """The student server begins with it, and what it loads is what a student could attack."""
    code = ("import sys, grader.isolation.student_server, grader.isolation.judge_server\n"
            "print([m for m in sys.modules if m in ('numpy', 'nbgrader', 'IPython', 'traitlets')])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          cwd=Path(__file__).parents[3])  # fmt: skip
    assert done.stdout == "[]\n"
