"""What an honest neighbour's extra cell looks for: traces of whoever was graded before or beside."""

CELL = """\
import builtins, ctypes, gc, os, socket, sys
import numpy as np

traces = []
for folder in {os.getcwd(), "/tmp", "/var/tmp", "/dev/shm", "/run", os.path.expanduser("~"), "/"}:
    for name in (os.listdir(folder) if os.access(folder, os.R_OK) else ()):
        if "poison" in name.lower():
            traces.append(f"{folder}/{name}")
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            line = file.read()
    except OSError:
        continue
    if b"poison" in line and b"traces" not in line:
        traces.append(f"process {pid}")
for place, thing in (("numpy", vars(np)), ("builtins", vars(builtins)), ("sys", vars(sys)), ("names", globals())):
    if "poison" in thing:
        traces.append(place)
traces += [path for path in sys.path if "poison" in path]
if np.random.uniform(3, 4) < 3 or np.abs(-1) != 1 or not isinstance(1, int) or 6 != 2 * 3 or 1.0 == 2.0:
    traces.append("changed tools")
libc = ctypes.CDLL(None)
libc.syscall.restype = ctypes.c_long
if libc.shmget(0x7015, 0, 0) >= 0 or libc.semget(0x7015, 0, 0) >= 0 or libc.msgget(0x7015, 0) >= 0:
    traces.append("System V")
if any(libc.syscall(250, 10, ring, b"user", b"poison-key", 0) > 0 for ring in (-3, -4, -5)):
    traces.append("keyring")
for family, address in ((socket.AF_UNIX, "\\0poison-listener"), (socket.AF_INET, ("127.0.0.1", 47015))):
    with socket.socket(family) as visit:
        if visit.connect_ex(address) == 0:
            traces.append(f"listener {address!r}")
settings = os.getpriority(os.PRIO_PROCESS, 0), len(os.sched_getaffinity(0)), os.umask(0o22)
print("traces:", traces, "settings:", settings)"""
