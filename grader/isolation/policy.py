"""What a student's code can see and may use: the whole policy of the sandbox.

Two layers. bubblewrap builds one small read-only system, without network, for the student server
(`Policy.bubblewrap`); that server forks for each submission, and each fork gives up more before it
runs a student's line (`Policy.plan`, carried out by namespaces.py):

==============  ================================================================================
files           read-only: /usr, Python with its packages, the student's side of this package,
                the set's data files; writable: one tmpfs of its own (/sandbox and /tmp)
not there       the course, other submissions, gradebook, home folders, /etc but five files, /sys,
                devices but null, zero, full and random; packages that the set forbids
network         an own, empty one; no sockets but local and internet ones (seccomp)
processes       an own process table; cannot see, signal or trace anything outside
identity        an unprivileged user, alone in its user namespace; no capabilities, no set-uid,
                no further namespaces; an empty keyring; a fixed environment; one open socket
amounts         address space, processes, file size, disk, open files, processor time by limits of
                the kernel; real memory by a control group where there is one (cgroups.py); wall-
                clock time by the judge
system calls    a list that is denied (seccomp.py)
==============  ================================================================================
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.isolation import kernel, mounts, seccomp

NAMESPACES = ("user", "mount", "pid", "net", "ipc", "uts")
COURSE = Path("/course")  # where the sandbox shows what comes from this repository
FILES = "/course/files"
# The one writable place; below it home/, work/ and tmp/, which is also /tmp.
DISK = "/sandbox"
# What the student server needs of this package; the rest of it is not there.
OWN_PARTS = ("__init__.py", "isolation", "split")
DEVICES = ("null", "zero", "full", "random", "urandom")
LINKS = {
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
    "/dev/shm": "/tmp",
    "/dev/ptmx": "pts/ptmx",
}
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store")
ETC = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")
ETC_FILES = {
    "passwd": f"student:x:1000:1000:student:{DISK}/home:/bin/sh\n",
    "group": "student:x:1000:\n",
}
PENDING_SIGNALS = 512  # and timers
# Parts of a grading environment that no notebook needs.
NEVER = ("nbgrader", "nbconvert", "jupyter_server", "jupyterlab", "notebook", "sqlalchemy")
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": f"{DISK}/home",
    "USER": "student",
    "LOGNAME": "student",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
    "TZ": "UTC",
    "PYTHONPATH": str(COURSE),
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNOUSERSITE": "1",
    # One thread: the same sums everywhere, and a fork must not inherit a lock of another thread.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # Each of glibc's arenas reserves 64 MB of address space.
    "MALLOC_ARENA_MAX": "2",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "MPLCONFIGDIR": "/tmp/matplotlib",
}


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Sizes count in MB (2**20 bytes)."""

    cell_seconds: float = 30
    total_seconds: float = 600
    cpu_seconds: int = 600  # of each process
    memory_mb: int = 2048  # on top of what the warm server has loaded
    processes: int = 64  # and threads
    open_files: int = 256
    file_mb: int = 64  # one file, and all files together
    files: int = 5000
    output_kb: int = 200  # of one cell
    message_mb: int = 64  # one message between the student's process and the judge


@dataclass(frozen=True)
class Policy:
    """The sandbox of one problem set.

    Parameters
    ----------
    limits : Limits
    imports : tuple of str
        Modules that the warm server imports, so that each fork has them at once.
    absent : tuple of str
        Top-level packages that the sandbox does not show.
    packages : tuple of Path
        Python packages outside site-packages to show, as nnlib.
    entry, shell : str
        `module:function` called in each fork with (socket, shell, the most bytes of data in one
        message), and once in the server for the shell.
    """

    limits: Limits = field(default_factory=Limits)
    imports: tuple[str, ...] = ("numpy",)
    absent: tuple[str, ...] = ()
    packages: tuple[Path, ...] = ()
    entry: str = "grader.split.student:serve"
    shell: str = "grader.split.cells:make_shell"

    def bubblewrap(self, scratch: Path, *, as_root: bool) -> list[str]:
        """Return the bubblewrap command up to the program that it runs.

        Parameters
        ----------
        scratch : Path
            A folder with the sandbox's own /etc files in etc/ and the set's data files in files/.
        as_root : bool
            Whether bubblewrap runs as root. An ordinary user gets a user namespace from it; root
            gets none (its files would stay root's) and becomes an ordinary user inside.
        """
        if as_root:
            needed = ("SYS_ADMIN", "SETUID", "SETGID")  # given up by namespaces.leave_root
            user = ["--cap-drop", "ALL", *_each("--cap-add", (f"CAP_{name}" for name in needed))]
        else:
            user = ["--unshare-user", "--uid", "1000", "--gid", "1000"]
        spaces = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
        environment = [word for pair in ENVIRONMENT.items() for word in ("--setenv", *pair)]
        return [
            "bwrap", *user, *spaces, "--unshare-cgroup-try", "--hostname", "student",
            "--as-pid-1", "--new-session", "--clearenv", *environment,
            *self._files(scratch, as_root), "--remount-ro", "/", "--chdir", "/", "--",
        ]  # fmt: skip

    def _files(self, scratch: Path, as_root: bool) -> list[str]:
        view = mounts.View()
        for path in (*map(Path, (*SYSTEM, *ETC)), *mounts.python_folders()):
            view.show(path)
        for name in ETC_FILES:
            view.show(scratch / "etc" / name, Path("/etc") / name)
        own = Path(__file__).parents[1]
        for part in OWN_PARTS:
            if (own / part).exists():
                view.show(own / part, COURSE / "grader" / part)
        for package in self.packages:
            view.show(package, COURSE / package.name)
        view.show(scratch / "files", Path(FILES))
        for path in mounts.installed((*NEVER, *self.absent)):
            view.hide(path)
        for folder in ("/dev/pts", DISK, "/proc"):
            view.folder(Path(folder))
        devices = [w for name in DEVICES for w in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")]
        links = [word for link, target in LINKS.items() for word in ("--symlink", target, link)]
        # Root's /proc is mounted by namespaces.leave_root, which says why.
        process_table = [] if as_root else ["--proc", "/proc"]
        # The server's own disk: each fork covers it with one of its own. Its /tmp comes before what
        # is shown, because Python may lie below it.
        tmp, disk = (["--perms", "1777", "--tmpfs", path] for path in ("/tmp", DISK))
        disk += ["--perms", "1777", "--dir", f"{DISK}/home"]
        return [*tmp, *view.arguments, *devices, *links, *process_table, *disk]

    def plan(self) -> dict[str, Any]:
        """Return what each fork gives up, for namespaces.enter."""
        limits = self.limits
        counted = kernel.version() >= kernel.COUNTS_PROCESSES
        return {
            "namespaces": NAMESPACES,
            "drop_capabilities": True,
            "seccomp": seccomp.is_supported(),
            "disk_bytes": limits.file_mb << 20,
            "inodes": limits.files,
            "below_tmp": [str(path) for path in mounts.python_below(Path("/tmp"))],
            "memory_bytes": limits.memory_mb << 20,
            "message_bytes": limits.message_mb << 20,
            "rlimits": {
                # Older kernels would count those of all submissions, and of this user, together.
                **({"NPROC": limits.processes} if counted else {}),
                "NOFILE": limits.open_files,
                "FSIZE": limits.file_mb << 20,
                "CPU": limits.cpu_seconds,
                "CORE": 0,
                "MSGQUEUE": 0,
                "SIGPENDING": PENDING_SIGNALS,
            },
            "imports": self.imports,
            "absent": self.absent,
            "entry": self.entry,
            "shell": self.shell,
        }


def _each(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]
