"""What each attack does to plain nbgrader: `python -m tests.grader.attacks.plain [NAME ...]`.

Run by hand, as root on Linux with bubblewrap; the results are kept in plain_nbgrader.yml for the
table of the docs. Each attack is graded with an honest neighbour after it, by nbgrader's stock
preprocessors, in a throw-away course: own namespaces, a copy-on-write view of the Python
environment, 3 GB of memory and 500 processes for the whole. Only the time limit of a cell differs
from nbgrader's 30 seconds, to save time.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from tests.grader.attacks.canaries import canaries_in
from tests.grader.attacks.corpus import ATTACKS
from tests.grader.attacks.course import SET, TOTAL

STORE = Path(__file__).with_name("plain_nbgrader.yml")
CELL_SECONDS, RUN_SECONDS, AT_ONCE = 6, 100, 3
ALONE = {
    "reading", "resources", "poisoning the next student", "exits, signals and processes", "network",
    "broken files", "names of students",
}  # fmt: skip
NEIGHBOUR = "zz_neighbour"  # graded last
CGROUPS = (("memory", "memory.limit_in_bytes", 3 * 2**30), ("pids", "pids.max", 500))
SETTINGS = """
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.course_id = "vault"
c.Execute.timeout = {seconds}
"""
# Words of the table, worst first.
PAID, LEARNED, RAN, VISITED, HARMED, LEFT, LOST, ABORTED, HUNG, RIGHT = (
    "paid {points} points too many",
    "learned {places}",
    "page runs scripts",
    "reached {servers}",
    "neighbour lost points",
    "left traces",
    "submission lost",
    "whole run aborted",
    "run hung",
    "no harm",
)
FOREIGN = "does not apply"
SHORT = "paid {points} points too few"  # fmt: skip


def main(names: list[str]) -> None:
    """Run the attacks that are named, or all that have no result yet, and store what came of it."""
    stored = yaml.safe_load(STORE.read_text(encoding="utf-8")) if STORE.is_file() else {}
    todo = names or [n for n in ATTACKS if n not in stored]
    stored |= {name: FOREIGN for name in todo if _is_foreign(name)}
    groups = _groups([name for name in todo if not _is_foreign(name)])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for verdicts in pool.map(_try, groups):
            print(verdicts, flush=True)
            stored |= verdicts
            known = {n: stored[n] for n in sorted(stored) if n in ATTACKS}
            text = yaml.safe_dump(known, allow_unicode=True, sort_keys=True, width=98)
            STORE.write_text(text, encoding="utf-8")


def _is_foreign(name: str) -> bool:
    """Whether an attack is on a conversation that plain nbgrader does not have."""
    return any("StudentPeer" in answer for answer in ATTACKS[name].answers.values())


def _try(group: list[str]) -> dict[str, str]:
    """Return the verdicts on attacks that share a run, or on each alone if one disturbed."""
    found = _run_apart(group)
    if len(group) > 1 and not _undisturbed(found):
        again = {name: _run_apart([name]) for name in group}  # who was it?
        found = {name: part.get(name, part) for name, part in again.items()}
    return {name: _verdict(name, found.get(name, found)) for name in group}


def _groups(names: list[str]) -> list[list[str]]:
    """Return which attacks share a run: those that hardly disturb, to save nbgrader's start."""
    alone = [[n] for n in names if ATTACKS[n].family in ALONE]
    together = [n for n in names if ATTACKS[n].family not in ALONE]
    size = 8
    return [together[i : i + size] for i in range(0, len(together), size)] + alone


def _undisturbed(found: dict) -> bool:
    parts = [part for part in found.values() if isinstance(part, dict)]
    return bool(parts) and all(
        part["neighbour"] == TOTAL and not (part["hung"] or part["traces"] or part["visits"])
        for part in parts
    )


def _verdict(name: str, found: dict) -> str:
    """Return what happened in the words of the table."""
    attack, said = ATTACKS[name], []
    if found.get("hung"):
        said.append(HUNG)
    if found.get("aborted"):
        said.append(ABORTED)
    points, deserved = found.get("points"), attack.points
    if points is None:
        # Where nothing can be graded, nothing is lost.
        said.append("not graded" if attack.reason else LOST)
    elif points > deserved:
        said.append(PAID.format(points=f"{points - deserved:g}"))
    elif points < attack.least and not attack.reason:
        said.append(SHORT.format(points=f"{deserved - points:g}"))
    if places := found.get("learned"):
        said.append(LEARNED.format(places=", ".join(sorted(places))))
    if found.get("runs"):
        said.append(RAN)
    if servers := found.get("visits"):
        said.append(VISITED.format(servers=", ".join(sorted(servers))))
    if found.get("neighbour") != TOTAL and not found.get("aborted") and not found.get("hung"):
        said.append(HARMED)
    if found.get("traces"):
        said.append(LEFT)
    return "; ".join(said) or RIGHT


def _run_apart(names: list[str]) -> dict:
    """Run some attacks in namespaces and groups of its own."""
    groups = []
    for controller, file, limit in CGROUPS:
        group = Path("/sys/fs/cgroup") / controller / f"plain-nbgrader-{threading.get_ident()}"
        group.mkdir(exist_ok=True)
        (group / file).write_text(str(limit))
        groups.append(group)
    script = f"""
    set -e
    for group in {" ".join(map(str, groups))}; do echo $$ > $group/cgroup.procs; done
    mount -t tmpfs -o size=1g tmpfs /mnt
    mkdir /mnt/u /mnt/w /mnt/pu /mnt/pw
    mount -t overlay -o lowerdir={sys.prefix},upperdir=/mnt/u,workdir=/mnt/w overlay {sys.prefix}
    mount -t overlay -o lowerdir={sys.base_prefix},upperdir=/mnt/pu,workdir=/mnt/pw o {sys.base_prefix}
    exec bwrap --ro-bind / / --bind {sys.prefix} {sys.prefix} --bind {sys.base_prefix} {sys.base_prefix} \\
        --dev /dev --proc /proc --tmpfs /run --tmpfs /mnt --tmpfs /var/tmp --tmpfs /tmp --dir /tmp/out \\
        --unshare-pid --unshare-net --unshare-ipc --unshare-uts --die-with-parent --new-session \\
        --cap-drop ALL {sys.executable} -m tests.grader.attacks.plain --inside {" ".join(names)}
    """
    process = subprocess.Popen(
        ["unshare", "-m", "--propagation", "private", "sh", "-c", script],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        env={**os.environ, "HOME": "/tmp/home-of-nobody"},
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=RUN_SECONDS * (1 + len(names)))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return {"hung": True}
    lines = [line for line in out.decode(errors="replace").splitlines() if line.startswith("{")]
    if not lines:
        print(names, "told nothing:", process.returncode, err.decode(errors="replace")[-600:])
        return {"aborted": True}
    return dict(json.loads(lines[-1]))


def _inside(names: list[str]) -> dict:
    """Grade some attacks and one neighbour by nbgrader's command; return what came of each."""
    # Imported here: outside, nothing of the class is needed.
    from tests.grader.attacks.classroom import hand_in, hand_in_honestly, store_vault
    from tests.grader.attacks.traps import set_traps

    root = Path("/tmp/plain/course")
    store_vault(root)
    (root / "nbgrader_config.py").write_text(SETTINGS.format(root=str(root), seconds=CELL_SECONDS))
    _nbgrader(root, "generate_assignment", SET)
    with set_traps(root.parent, root) as traps:
        hand_in_honestly(root, NEIGHBOUR, traps)
        students = {name: hand_in(root, ATTACKS[name], traps) for name in names}
        status, hung = _nbgrader(root, "autograde", SET, "--create", env=traps.environment)
    shown = {ATTACKS[name].family for name in names} & {
        "output",
        "the notebook",
        "names of students",
    }
    if shown:
        _, waits = _nbgrader(root, "generate_feedback", SET)
        hung = hung or waits
    neighbour = _points(root, NEIGHBOUR)
    both = {"neighbour": neighbour, "hung": hung, "status": status, "visits": _kinds(traps)}
    both["aborted"] = neighbour is None and not hung
    return {
        name: {**both, "points": _points(root, student), **_pages(root, student)}
        for name, student in students.items()
    }


def _kinds(traps) -> list[str]:
    return sorted({visit.split(":")[0] for visit in traps.visits})


def _nbgrader(root: Path, *arguments: str, env=None) -> tuple[int, bool]:
    command = [sys.executable, "-m", "nbgrader", *arguments]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    process = subprocess.Popen(
        command, cwd=root, env={**os.environ, "PATH": path, **(env or {})}, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        return process.wait(RUN_SECONDS), False
    except subprocess.TimeoutExpired:
        process.kill()
        return -9, True


def _points(root: Path, student: str) -> float | None:
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        try:
            submission = book.find_submission(SET, student)
        except MissingEntry:
            return None
        grades = [g for n in submission.notebooks for g in n.grades if g.name != "explain"]
        if any(g.auto_score is None and g.manual_score is None for g in grades) or not grades:
            return None
        return float(sum(g.score for g in grades))


def _pages(root: Path, student: str) -> dict:
    """Return what the student's notebook and page give away, and the neighbour's traces."""
    from tests.grader.test_safe_html import active_content

    learned, runs, traces = set(), False, False
    path = root / "autograded" / student / SET / f"{SET}.ipynb"
    if path.is_file() and path.stat().st_size < 100_000_000:
        for cell in json.loads(path.read_text(errors="replace"))["cells"]:
            texts = [o for o in cell.get("outputs", []) if o.get("output_type") != "error"]
            learned |= canaries_in(json.dumps(texts))
    page = root / "feedback" / student / SET / f"{SET}.html"
    if page.is_file() and page.stat().st_size < 20_000_000:
        runs = any("alert" in item for item in active_content(page.read_text(errors="replace")))
    neighbour = root / "autograded" / NEIGHBOUR / SET / f"{SET}.ipynb"
    if neighbour.is_file():
        outputs = json.dumps(json.loads(neighbour.read_text())["cells"][-1].get("outputs", []))
        traces = "traces: []" not in outputs
    return {"learned": sorted(learned), "runs": runs, "traces": traces}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        print(json.dumps(_inside(sys.argv[2:])))
    else:
        main(sys.argv[1:])
