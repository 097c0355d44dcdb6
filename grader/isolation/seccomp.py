"""A filter of system calls: what Python, NumPy and PyTorch never need and exploits begin with.

It is the last layer: the namespaces hold without it. But some of the kernel is in no namespace, as
the sockets of a virtual machine (AF_VSOCK) and most of what has had holes.
"""

import ctypes
import platform
import socket
import struct

from grader.isolation import kernel

# Names and numbers from asm/unistd.h: (x86_64, aarch64). These fail with "operation not permitted".
DENIED = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kcmp": (312, 272), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "syslog": (103, 116), "acct": (163, 89), "quotactl": (179, 60), "swapon": (167, 224),
    "swapoff": (168, 225), "reboot": (169, 142), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "fanotify_init": (300, 262), "lookup_dcookie": (212, 18), "vmsplice": (278, 75),
    # Memory that belongs to no process is in no limit but a control group's.
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194),
    "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    "personality": (135, 92), "move_pages": (279, 239), "migrate_pages": (256, 238),
}  # fmt: skip
# Its flags lie in memory, where no filter sees them: with "no such call" the C library uses clone.
CLONE3 = 435
CLONE = (56, 220)
SOCKET = (41, 198)
NEW_NAMESPACES = 0x7E020080  # any CLONE_NEW* flag
FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)
# AUDIT_ARCH_*, and where a call beyond the table begins (x86_64: the x32 calls).
MACHINES = {"x86_64": (0, 0xC000003E, 0x40000000), "aarch64": (1, 0xC00000B7, 0xFFFFFFFF)}

ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data (little-endian)


def is_supported() -> bool:
    """Whether this machine's kind of processor has a table above."""
    return platform.machine() in MACHINES


def program() -> bytes:
    """Return the filter: a list of struct sock_filter."""
    column, machine, beyond = MACHINES[platform.machine()]
    code = [
        (LOAD, 0, 0, MACHINE),
        (EQUAL, 1, 0, machine),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, beyond),
        (RETURN, 0, 0, FAIL | ENOSYS),
        (EQUAL, 0, 1, CLONE3),
        (RETURN, 0, 0, FAIL | ENOSYS),
    ]
    for numbers in DENIED.values():
        code += [(EQUAL, 0, 1, numbers[column]), (RETURN, 0, 0, FAIL | EPERM)]
    code += [
        (EQUAL, 0, 4, CLONE[column]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (ANY_BIT, 0, 1, NEW_NAMESPACES),
        (RETURN, 0, 0, FAIL | EPERM),
        (RETURN, 0, 0, ALLOW),
        (EQUAL, 0, 2 + len(FAMILIES), SOCKET[column]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
    ]
    code += [(EQUAL, len(FAMILIES) - i, 0, family) for i, family in enumerate(FAMILIES)]
    code += [(RETURN, 0, 0, FAIL | EAFNOSUPPORT), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *step) for step in code)


def install() -> None:
    """Apply the filter to this process and all its children, for ever (needs no_new_privs)."""
    steps = program()
    buffer = ctypes.create_string_buffer(steps, len(steps))
    fprog = struct.pack("@HP", len(steps) // 8, ctypes.addressof(buffer))
    header = ctypes.create_string_buffer(fprog, len(fprog))
    kernel.prctl(kernel.PR_SET_SECCOMP, kernel.SECCOMP_MODE_FILTER, ctypes.addressof(header))
