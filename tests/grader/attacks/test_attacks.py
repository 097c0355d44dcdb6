"""One class of hostile and broken submissions and honest neighbours, graded by the command line.

`make attacks` plays all attacks of the corpus, a run of all tests every other one.
"""

import json
import os
from pathlib import Path

import numpy
import pytest

from tests.grader.attacks.canaries import canaries_in
from tests.grader.attacks.classroom import MODEL, grade_class
from tests.grader.attacks.corpus import ATTACKS, PLAYED
from tests.grader.attacks.course import SET, TOTAL
from tests.grader.attacks.pages import dangers

pytestmark = pytest.mark.slow
TOTAL_SECONDS, MEMORY_MB, WORKERS = 25, 400, 4
SETTINGS = f"""
c.GraderLimits.cell_seconds = 5
c.GraderLimits.total_seconds = {TOTAL_SECONDS}
c.GraderLimits.memory_mb = {MEMORY_MB}
"""
RUN_SECONDS = 480
# Everything that grading starts, in proportional set sizes: what each worker's submission may take
# and the judge beside it, the two servers, and the processes that write the pages.
PEAK_MB = 2 * WORKERS * MEMORY_MB + 700
BUSY = 4  # how much slower a machine that does other things as well may be


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """Return the class, graded once."""
    folder = tmp_path_factory.mktemp("attacked")
    return grade_class(folder, PLAYED.values(), SETTINGS, "--workers", str(WORKERS))


@pytest.fixture(scope="module")
def seconds(attacked):
    """Return student -> seconds of all cells, from the journal."""
    lines = (attacked.course.root / "grades" / f"{SET}.journal").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    return {e["student"]: e["seconds"] for e in events if e["event"] == "graded"}


def student_of(attack):
    return attack.student or attack.name


def faults_of(result):
    return (
        result.notebook["metadata"].get("grader", {}).get("faults", []) if result.notebook else []
    )


def test_there_are_as_many_attacks_as_were_asked_for():
    assert len(ATTACKS) >= 400
    assert len(PLAYED) >= 200
    assert {attack.family for attack in PLAYED.values()} == {a.family for a in ATTACKS.values()}


def test_run_is_completed_and_every_student_ends_in_one_way(attacked):
    assert attacked.status == 1, "some submissions need a person, and nothing else went wrong"
    handed_in = {student_of(a) for a in PLAYED.values()} | set(attacked.neighbours) | {"enrolled"}
    assert set(attacked.results) == handed_in
    states = {result.row["status"] for result in attacked.results.values()}
    assert states == {"graded", "graded with faults", "needs a person", "nothing handed in"}


@pytest.mark.parametrize("name", PLAYED)
def test_attack_gets_what_its_answers_deserve(attacked, name):
    attack, result = PLAYED[name], attacked.results[student_of(PLAYED[name])]
    if attack.reason:
        assert result.row["status"] == "needs a person"
        assert attack.reason in result.row["reason"]
        assert result.points is None
        return
    assert result.points is not None, result.row["reason"]
    assert attack.least <= result.points <= attack.points, result.row["reason"]
    kinds = {fault["kind"] for fault in faults_of(result)}
    assert not attack.fault or attack.fault in kinds
    assert attack.shows in result.printed, "the attack ran as meant"


@pytest.mark.parametrize("name", PLAYED)
def test_attack_learns_and_shows_nothing(attacked, name):
    result = attacked.results[student_of(PLAYED[name])]
    assert canaries_in(result.shown(graded=False)) == set()
    assert canaries_in(result.printed) == set()
    # The traceback of a failed test quotes the test; formgrader shows it to people who may see it.
    assert canaries_in(result.shown(graded=True)) <= {"test"}
    assert canaries_in(result.page) == set()
    assert dangers(result.page) == []


@pytest.mark.parametrize("name", PLAYED)
def test_attack_stays_within_its_time_and_room(attacked, seconds, name):
    attack, result = PLAYED[name], attacked.results[student_of(PLAYED[name])]
    if not attack.reason:
        assert seconds[student_of(attack)] < min(BUSY * attack.seconds, TOTAL_SECONDS + 10)
        assert len(json.dumps(result.notebook)) < 20_000_000
        assert result.page, f"no feedback page: {attacked.complaints}"


def test_neighbours_are_graded_as_if_they_were_alone(attacked):
    model = attacked.results[MODEL]
    assert len(attacked.neighbours) >= len(PLAYED) // 5 >= 40
    for name, result in attacked.neighbours.items():
        assert result.points == TOTAL, name
        assert result.row["status"] == "graded", name
        assert result.row["reason"] == result.row["faults"] == "", name
        assert result.printed == model.printed, name
        assert canaries_in(result.shown(graded=False)) == set(), name
        assert canaries_in(result.page) == {"neighbour"}, "the own words of the neighbour"


def test_neighbours_find_no_trace_of_others(attacked):
    found = {name: r.printed for name, r in attacked.neighbours.items()}
    assert {name: text for name, text in found.items() if "traces: [] " not in text} == {}


def test_nobody_was_called(attacked):
    assert attacked.visits == []


def test_terminal_gets_plain_text(attacked):
    shown = attacked.printed + attacked.complaints
    assert all(character.isprintable() or character in "\n" for character in shown)


def test_run_takes_bounded_time_and_memory(attacked):
    assert attacked.measured.seconds < RUN_SECONDS
    assert attacked.measured.peak_mb < PEAK_MB
    assert attacked.measured.most_processes < 64 * (WORKERS + 1)


def test_nothing_is_left_on_the_machine(attacked):
    root = attacked.course.root
    site = Path(numpy.__file__).parents[1]
    homes = (root.parent / "home", Path.home())
    places = [root, site, site / "numpy" / "testing", Path(os.__file__).parent, *homes]
    places += [
        home / part for home in homes for part in (".ipython/profile_default/startup", ".jupyter")
    ]
    places += [Path(p) for p in ("/", "/tmp", "/var/tmp", "/dev/shm", "/run", "/etc", "/home")]
    places += [root / part for part in ("solutions/vault", "exercises/vault", "grades")]
    places += [Path(__file__).parents[3] / "grader" / part for part in ("isolation", "split")]
    left = [p for place in places if place.is_dir() for p in place.iterdir() if "poison" in p.name]
    assert left == []


def test_no_process_is_left(attacked):
    assert attacked.results
    lines = {p: _command_line(p) for p in Path("/proc").iterdir() if p.name.isdigit()}
    root = os.fsencode(attacked.course.root)
    assert [p.name for p, line in lines.items() if b"poison-" in line or root in line] == []


def _command_line(process):
    try:
        return (process / "cmdline").read_bytes()
    except OSError:  # it has ended
        return b""
