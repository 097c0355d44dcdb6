"""The Linux system calls that Python 3.11 does not offer, through the C library."""

import ctypes
import os
import platform

# 5.3 brought pidfd_open, on which the fork servers wait.
OLDEST = (5, 3)
# From 5.14 on, RLIMIT_NPROC counts the processes of each user namespace by themselves.
COUNTS_PROCESSES = (5, 14)
# <linux/sched.h>
CLONE_FLAGS = {
    "user": 0x10000000,
    "mount": 0x00020000,
    "pid": 0x20000000,
    "net": 0x40000000,
    "ipc": 0x08000000,
    "uts": 0x04000000,
}
# <linux/mount.h>
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 0x1000, 0x4000, 0x40000
# <linux/prctl.h>
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
PR_SET_SECCOMP, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 22, 47, 4
SECCOMP_MODE_FILTER = 2
# <linux/capability.h>
CAPABILITY_VERSION_3 = 0x20080522
# keyctl(2) has no wrapper in the C library: its number, by the machine's name.
KEYCTL = {"x86_64": 250, "aarch64": 219}
KEYCTL_JOIN_SESSION_KEYRING = 1

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> tuple[int, ...]:
    """Return the first two numbers of the kernel's version."""
    return tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])


def _check(result: int, doing: str) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{doing}: {os.strerror(error)}")
    return result


def unshare(*kinds: str) -> None:
    """Move this process into new namespaces of these kinds (a pid namespace: its next child)."""
    flags = sum(CLONE_FLAGS[kind] for kind in kinds)
    _check(_libc.unshare(flags), f"a new namespace ({', '.join(kinds)})")


def back_to_own_pid_namespace() -> None:
    """Undo `unshare("pid")`: children are again born where this process is."""
    namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.setns(namespace, CLONE_FLAGS["pid"]), "back to the own pid namespace")
    finally:
        os.close(namespace)


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2)."""
    arguments = (source.encode(), target.encode(), kind.encode() or None)
    result = _libc.mount(*arguments, ctypes.c_ulong(flags), options.encode() or None)
    _check(result, f"mounting {kind or source} on {target}")


def set_hostname(name: str) -> None:
    """sethostname(2)."""
    _check(_libc.sethostname(name.encode(), len(name)), "setting the host name")


def prctl(option: int, *values: int) -> None:
    """prctl(2) with up to four numbers."""
    padded = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    _check(_libc.prctl(option, *padded), f"prctl {option}")


def drop_capabilities() -> None:
    """Give up every capability, also those that an executed file could bring back."""
    with open("/proc/sys/kernel/cap_last_cap", encoding="ascii") as file:
        last = int(file.read())
    for capability in range(last + 1):
        prctl(PR_CAPBSET_DROP, capability)
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _check(_libc.capset(header, nothing), "dropping the capabilities")


def forget_keys() -> None:
    """Leave the session keyring, in which whoever logged in may have stored secrets."""
    number = KEYCTL.get(platform.machine())
    if number is not None:
        _check(_libc.syscall(number, KEYCTL_JOIN_SESSION_KEYRING, None), "leaving the keyring")
