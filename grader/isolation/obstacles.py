"""What stands in the way of a sandbox on some machines, and the sentence that helps."""

import stat
import sys
import sysconfig
from pathlib import Path

INSTALL = "Type: python bootstrap.py --sandbox (or: sudo apt-get install bubblewrap)."
REPORT = "Do not grade here; this is a defect of the grader or of the kernel."
CONTROL_GROUPS = "Grade as root, if stricter limits are wanted."
# (file below /proc/sys, what it says when it forbids, the remedy)
SWITCHES = (
    ("kernel/unprivileged_userns_clone", "0",
     "User namespaces are switched off: type 'sudo sysctl -w kernel.unprivileged_userns_clone=1'."),
    ("user/max_user_namespaces", "0",
     "User namespaces are switched off: type 'sudo sysctl -w user.max_user_namespaces=15000'."),
    ("kernel/apparmor_restrict_unprivileged_userns", "1",
     "AppArmor restricts user namespaces: type "
     "'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0', "
     "or give bwrap an AppArmor profile that allows them."),
)  # fmt: skip
CONTAINER = (
    "This is a container whose host forbids namespaces: start it with 'docker run --privileged', "
    "or grade outside of it."
)
UNKNOWN = "Grade on a Linux machine that allows user namespaces, for example a virtual machine."


def remedy(root: Path = Path("/")) -> str:
    """Return what to do about a sandbox that does not start, from what this machine forbids."""
    for name, forbids, sentence in SWITCHES:
        switch = root / "proc/sys" / name
        if switch.exists() and switch.read_text(encoding="ascii").strip() == forbids:
            return sentence
    if any((root / mark).exists() for mark in (".dockerenv", "run/.containerenv")):
        return CONTAINER
    return UNKNOWN


def unreadable_parts() -> str:
    """Return a part of this Python that other users than its owner cannot read, or "".

    The sandbox shows the folders themselves, so folders above them may well be closed.
    """
    program = Path(sys.executable).resolve()
    folders = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib")]
    for path in (program, *folders):
        mode = path.stat().st_mode
        needed = stat.S_IROTH | stat.S_IXOTH
        if mode & needed != needed:
            return str(path)
    return ""
