"""Set-up stops with one clear sentence when something is missing, and can be taken up again."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap

ROOT = Path(__file__).parents[2]


def test_an_old_python_is_named_with_the_remedy():
    with pytest.raises(bootstrap.SetupError, match=r"Python 3\.11 or newer.*this is 3\.9"):
        bootstrap.check_python((3, 9, 2))
    bootstrap.check_python((3, 11, 0))


def test_bootstrap_parses_on_an_old_python():
    # Otherwise an old Python would print a SyntaxError in place of the sentence.
    import ast

    ast.parse((ROOT / "bootstrap.py").read_text(), feature_version=(3, 6))


def test_a_full_disk_is_named(tmp_path):
    with pytest.raises(bootstrap.SetupError, match=r"needs 1000000\.0 GB of free disk"):
        bootstrap.check_disk(tmp_path, needed_gb=1e6)


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("WARNING: Retrying after connection broken\nERROR: No matching distribution", "network"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("npm error code ENOTFOUND", "network"),
        ("Failed to resolve 'a-registry' ([Errno -2] Name or service not known)", "network"),
        ("Collecting networkx\nERROR: pip's dependency resolver: no", "line was: ERROR: pip's"),
        ("ERROR: something else\n", "Its last line was: ERROR: something else"),
    ],
)
def test_the_cause_of_a_failed_install_is_named(output, says):
    assert says in bootstrap.diagnose(output)


def test_a_failed_command_names_the_log(tmp_path):
    log = tmp_path / "_build" / "setup.log"
    log.parent.mkdir()
    command = [sys.executable, "-c", "import sys; print('connection refused'); sys.exit(3)"]
    with pytest.raises(bootstrap.SetupError, match=r"It failed\..*network.*_build.setup\.log"):
        bootstrap.run(command, log, "It failed.")


@pytest.fixture
def copy_of_sources(tmp_path):
    for name in bootstrap.SOURCES:
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def test_set_up_is_skipped_when_nothing_changed_and_resumed_when_interrupted(
    copy_of_sources, monkeypatch
):
    calls = []

    def interrupted(root, venv, log):
        calls.append("interrupted")
        raise KeyboardInterrupt

    def complete(root, venv, log):
        calls.append("complete")
        venv.mkdir(exist_ok=True)

    monkeypatch.setattr(bootstrap, "install", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bootstrap.set_up(copy_of_sources)
    monkeypatch.setattr(bootstrap, "install", complete)
    assert bootstrap.set_up(copy_of_sources) is True
    assert bootstrap.set_up(copy_of_sources) is False
    (copy_of_sources / "requirements.txt").write_text("numpy==0\n")
    assert bootstrap.set_up(copy_of_sources) is True
    assert calls == ["interrupted", "complete", "complete"]


@pytest.mark.slow
def test_no_network_gives_one_sentence_and_a_status(copy_of_sources):
    # A real run of the script: pip finds no registry, so the set-up must stop with a sentence.
    env = {"PATH": os.environ["PATH"], "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
           "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0", "PIP_TIMEOUT": "1"}
    env |= {"HOME": str(copy_of_sources)}
    (copy_of_sources / "constraints.txt").write_text("")
    (copy_of_sources / "requirements.txt").write_text("a-package-nobody-has==1.0\ntorch==1\n")
    result = subprocess.run([sys.executable, "bootstrap.py"], cwd=copy_of_sources, env=env,
                            capture_output=True, text=True, timeout=120)
    assert result.returncode == 1
    assert result.stderr.startswith("Set-up stopped: pip could not install the pinned packages.")
    assert result.stderr.count("\n") == 1


def test_the_book_is_set_up_without_torch():
    pins, torch = bootstrap.split_requirements(ROOT)
    assert torch == "torch==2.13.0"
    assert "numpy==2.4.6" in pins
    assert all("torch" not in pin and "==" in pin for pin in pins)


@pytest.mark.parametrize(
    ("requires", "cuda"),
    [
        (["filelock", "sympy>=1.13.3", "networkx"], False),
        (["filelock", 'nvidia-cublas==13.1; platform_system == "Linux"'], True),
        (["cuda-bindings<14; platform_system == 'Linux'"], True),
        (["triton==3.7; platform_system == 'Linux'"], True),
    ],
)
def test_a_cuda_build_is_recognised(requires, cuda):
    assert bootstrap.brings_cuda({"install": [{"metadata": {"requires_dist": requires}}]}) is cuda


def test_a_cuda_build_is_refused_unless_accepted(copy_of_sources, monkeypatch):
    commands = []

    def pretend(command, log, explain, env=None):
        commands.append([str(part) for part in command])
        if "--report" in command:
            report = Path(command[command.index("--report") + 1])
            requires = {"requires_dist": ["nvidia-cublas"]}
            report.write_text(json.dumps({"install": [{"metadata": requires}]}))

    monkeypatch.setattr(bootstrap, "run", pretend)
    (copy_of_sources / "_build").mkdir()
    (copy_of_sources / ".venv").mkdir()
    with pytest.raises(bootstrap.SetupError, match="PIP_EXTRA_INDEX_URL"):
        bootstrap.install_torch(copy_of_sources)
    assert len(commands) == 1
    bootstrap.install_torch(copy_of_sources, accept_cuda=True)
    assert commands[-1][-3] == "torch==2.13.0"
    done = len(commands)
    bootstrap.install_torch(copy_of_sources)
    assert len(commands) == done


def test_a_named_browser_is_found(tmp_path, monkeypatch):
    browser = tmp_path / "my-browser"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(browser))
    assert bootstrap.find_browser() == str(browser)


def test_a_missing_browser_says_what_to_type(tmp_path, monkeypatch):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(bootstrap.SetupError, match="sudo apt-get install chromium"):
        bootstrap.install_browser(tmp_path / "_build" / "setup.log")


def test_the_newest_postgresql_of_the_system_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    for version in ("9.6", "15", "17"):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        for program in ("initdb", "pg_ctl"):
            (folder / program).touch()
    monkeypatch.setattr(bootstrap, "DEBIAN_POSTGRESQL", tmp_path)
    assert bootstrap.find_postgresql() == tmp_path / "17" / "bin"
    (tmp_path / "initdb").touch()
    (tmp_path / "pg_ctl").touch()
    assert bootstrap.find_postgresql() == tmp_path


def test_a_missing_postgresql_says_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(bootstrap, "DEBIAN_POSTGRESQL", tmp_path)
    with pytest.raises(bootstrap.SetupError, match="sudo apt-get install postgresql"):
        bootstrap.install_postgresql(tmp_path / "_build" / "setup.log")
def fake_programs(folder, **scripts):
    """Make programs in `folder`, to stand on PATH alone."""
    for name, script in scripts.items():
        path = folder / name.replace("_", "-")
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)


def test_a_missing_bubblewrap_says_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(bootstrap.SetupError, match=r"apt-get install bubblewrap.*--unsafe-no-san"):
        bootstrap.install_sandbox(tmp_path / "_build" / "setup.log", "linux")


def test_a_present_bubblewrap_is_left_alone(tmp_path, monkeypatch, capfd):
    fake_programs(tmp_path, bwrap="", apt_get="echo must not run >&2; exit 1\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    bootstrap.install_sandbox(tmp_path / "_build" / "setup.log", "linux")
    assert not (tmp_path / "_build").exists()
    assert capfd.readouterr() == ("", "")


def test_bubblewrap_is_installed_through_apt(tmp_path, monkeypatch, capsys):
    made = f'if [ "$1" = install ]; then /bin/ln -s /bin/true {tmp_path}/bwrap; fi\n'
    fake_programs(tmp_path, apt_get=made, sudo='shift; exec "$@"\n')
    monkeypatch.setenv("PATH", str(tmp_path))
    log = tmp_path / "_build" / "setup.log"
    bootstrap.install_sandbox(log, "linux")
    commands = [line for line in log.read_text().splitlines() if line.startswith("$")]
    assert [line.partition("apt-get ")[2] for line in commands] == [
        "update -qq", "install -y -qq --no-install-recommends bubblewrap"
    ]  # fmt: skip
    assert capsys.readouterr().out == "Installing bubblewrap for the grader's sandbox ...\n"


def test_an_apt_that_fails_names_the_command_and_the_cause(tmp_path, monkeypatch):
    fake_programs(tmp_path, apt_get="echo could not resolve; exit 100\n", sudo='shift; exec "$@"\n')
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(bootstrap.SetupError, match=r"install bubblewrap.*check the network"):
        bootstrap.install_sandbox(tmp_path / "_build" / "setup.log", "linux")


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_the_sandbox_needs_linux(tmp_path, system):
    with pytest.raises(bootstrap.SetupError, match=r"needs Linux.*virtual machine.*WSL.*unsafe"):
        bootstrap.install_sandbox(tmp_path / "_build" / "setup.log", system)


def test_main_turns_an_error_into_one_line(monkeypatch, capsys):
    def stop():
        raise bootstrap.SetupError("a reason")

    monkeypatch.setattr(bootstrap, "check_python", stop)
    assert bootstrap.main([]) == 1
    assert capsys.readouterr().err == "Set-up stopped: a reason\n"


def test_the_readme_lists_every_target_of_the_makefile():
    makefile, readme = ((ROOT / name).read_text() for name in ("Makefile", "README.md"))
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.M)) - {"help"}
    assert {"book", "test", "grade"} <= targets
    assert targets - set(re.findall(r"^\| `make ([a-z-]+)", readme, re.M)) == set()
