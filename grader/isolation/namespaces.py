"""How one fork of the student server becomes a place of its own, and gives up every power.

`leave_root` and `make_own_namespaces` run once, in the student server, before it has imported
anything big; `enter` runs in each fork, before any line of a student's.
"""

import os
import resource
from pathlib import Path
from typing import Any

from grader.isolation import kernel, seccomp

PAGE = resource.getpagesize()
UNPRIVILEGED = ("mount", "net", "ipc", "uts")


def leave_root(uid: int) -> None:
    """Become an ordinary user for good, after mounting the /proc that forks need to see.

    bubblewrap covers parts of /proc when root runs it; below a covered /proc, no namespace may
    mount a fresh one.
    """
    kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def make_own_namespaces() -> None:
    """Go on in a child that owns a user namespace: it may make pid namespaces for its forks.

    It has no power over anything outside: not over the mounts of the sandbox, nor its network.
    """
    _new_user_namespace()
    kernel.unshare("mount", "pid")
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        os._exit(min(abs(os.waitstatus_to_exitcode(status)), 255))
    kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)


def enter(plan: dict[str, Any]) -> None:
    """Isolate this process, the first of its pid namespace, as `policy.Policy.plan` says."""
    spaces = [kind for kind in plan["namespaces"] if kind in UNPRIVILEGED]
    kernel.unshare(*spaces)
    if "mount" in spaces:
        _mount_private(plan)
    if "uts" in spaces:
        kernel.set_hostname("student")
    kernel.forget_keys()
    if "user" in plan["namespaces"]:
        # Last, and so without power over the namespaces above, which belong to the server's. It
        # also makes RLIMIT_NPROC count this student's processes alone.
        _new_user_namespace()
        Path("/proc/sys/user/max_user_namespaces").write_text("0", encoding="ascii")
    if plan["drop_capabilities"]:
        kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    # When the machine runs out of memory, this is the process to end.
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    if plan["seccomp"]:
        seccomp.install()


def limit_resources(rlimits: dict[str, int], memory: int) -> None:
    """Set resource limits; `memory` bytes may be added to what this process has mapped already."""
    mapped = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * PAGE
    for name, value in {**rlimits, "AS": mapped + memory}.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bound, bound))


def keep_descriptor(kept: int) -> int:
    """Close every descriptor but one, which becomes 3; 0, 1 and 2 are /dev/null."""
    null = os.open(os.devnull, os.O_RDWR)
    # Out of the way first: dup2 below must not overwrite one that is still needed.
    high = [os.dup(one) for one in (kept, null)]
    for standard in (0, 1, 2):
        os.dup2(high[1], standard)
    moved = os.dup2(high[0], 3, inheritable=False)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    return moved


def _mount_private(plan: dict[str, Any]) -> None:
    """Mount this fork's disk, /tmp, /proc and pseudo-terminals over those of the server."""
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    disk = f"size={plan['disk_bytes']},nr_inodes={plan['inodes']},mode=0755"
    kernel.mount("tmpfs", "/sandbox", "tmpfs", flags, disk)
    for name in ("home", "work", "tmp"):
        os.mkdir(f"/sandbox/{name}")
    os.chmod("/sandbox/tmp", 0o1777)
    held = {path: os.open(path, os.O_PATH) for path in plan["below_tmp"]}
    kernel.mount("/sandbox/tmp", "/tmp", flags=kernel.MS_BIND)
    for path, descriptor in held.items():  # read-only, as it was
        os.makedirs(path)
        kernel.mount(f"/proc/self/fd/{descriptor}", path, flags=kernel.MS_BIND | kernel.MS_REC)
        os.close(descriptor)
    kernel.mount("devpts", "/dev/pts", "devpts", kernel.MS_NOSUID | kernel.MS_NOEXEC,
                 "newinstance,ptmxmode=0666,mode=0620,max=8")  # fmt: skip
    if "pid" in plan["namespaces"]:
        kernel.mount("proc", "/proc", "proc", flags)


def _new_user_namespace() -> None:
    """Enter a new user namespace, in which this user keeps its number and is the only one."""
    uid, gid = os.getuid(), os.getgid()
    kernel.unshare("user")
    # Changing the user or namespace hides /proc/self from its own process, until this.
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"1000 {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"1000 {gid} 1", encoding="ascii")
