"""What lies outside cannot be reached: network, files, environment, descriptors, processes."""

import json
import os
import socket
import sys
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("possible")]
ROOT = Path(__file__).parents[3]
CONNECT = """
import socket
def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.settimeout(2)
        try:
            one.connect(address)
            return "connected"
        except OSError as error:
            return error.strerror or str(error)
"""
PROCESSES = """
import os
answer = [name for name in os.listdir("/proc") if name.isdigit()]
"""


@pytest.fixture
def listeners():
    """A server of this machine on the loopback, and one with an abstract name."""
    with closing(socket.create_server(("127.0.0.1", 0))) as tcp, \
            closing(socket.socket(socket.AF_UNIX)) as unix:  # fmt: skip
        unix.bind(f"\0grader-test-{os.getpid()}")
        unix.listen()
        yield tcp.getsockname()[1], unix.getsockname().decode()


def connecting(listeners):
    port, name = listeners
    return CONNECT + f"""
answer = [connect(socket.AF_INET, ("127.0.0.1", {port})),
          connect(socket.AF_INET, ("192.0.2.1", 80)),
          connect(socket.AF_UNIX, {name!r})]
"""


def test_no_network_and_no_abstract_sockets(student, listeners):
    unreachable = "Network is unreachable"
    assert student.ask(connecting(listeners)) == [unreachable, unreachable, "Connection refused"]


def test_without_network_namespaces_they_are_reached(weakened, listeners):
    answer = weakened("net").spawn().ask(connecting(listeners))
    assert answer[0] == answer[2] == "connected"


FAMILIES = """
import errno, socket
answer = {}
for name in ("AF_VSOCK", "AF_NETLINK", "AF_PACKET", "AF_ALG", "AF_UNIX", "AF_INET"):
    try:
        socket.socket(getattr(socket, name), socket.SOCK_DGRAM).close()
        answer[name] = "made"
    except OSError as error:
        answer[name] = errno.errorcode[error.errno]
"""


def test_only_local_and_internet_sockets(student):
    answer = student.ask(FAMILIES)
    refused = dict.fromkeys(("AF_VSOCK", "AF_NETLINK", "AF_PACKET", "AF_ALG"), "EAFNOSUPPORT")
    assert answer == {**refused, "AF_UNIX": "made", "AF_INET": "made"}


def test_without_the_filter_there_are_more_sockets(weakened):
    assert weakened("seccomp").spawn().ask(FAMILIES)["AF_NETLINK"] == "made"


def test_only_its_own_processes_are_seen(student):
    assert student.ask(PROCESSES) == ["1"]


def test_without_process_namespaces_others_are_seen(weakened):
    assert len(weakened("pid").spawn().ask(PROCESSES)) > 1


READ = """
answer = {}
for path in %r:
    try:
        answer[path] = open(path).read()
    except OSError as error:
        answer[path] = type(error).__name__
"""


def test_files_of_this_machine_are_not_there(student, tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text("a submission")
    hidden = ["/etc/shadow", "/etc/hostname", str(mine), str(ROOT / "README.md"),
              str(ROOT / "nbgrader_config.py"), "/proc/1/root/etc/shadow",
              "/sys/kernel/uevent_seqnum", str(Path.home() / ".bashrc"),
              "/course/grader/engine.py"]  # fmt: skip
    assert student.ask(READ % hidden) == dict.fromkeys(hidden, "FileNotFoundError")


def test_without_a_sandbox_they_are(weakened, tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text("a submission")
    answer = weakened(sandboxed=False).spawn().ask(READ % [str(mine)])
    assert answer == {str(mine): "a submission"}


def test_homes_show_nothing_but_python(student):
    answer = student.ask("""
        import os, sys
        answer = []
        for top in ("/home", "/root", "/mnt", "/media", "/var", "/srv", "/opt", "/run", "/sys"):
            for folder, folders, files in os.walk(top):
                if any(folder == p or folder.startswith(p + "/") for p in
                       map(os.path.realpath, (sys.prefix, sys.base_prefix))):
                    folders.clear()
                    continue
                answer += [os.path.join(folder, file) for file in files]
    """)
    assert answer == []


def test_system_files_are_the_few_named(student):
    assert set(student.ask("import os\nanswer = os.listdir('/etc')")) <= {
        "passwd", "group", "ld.so.cache", "alternatives", "localtime"
    }  # fmt: skip
    assert student.ask("answer = open('/etc/passwd').read().count(chr(10))") == 1


def test_only_its_own_disk_is_writable(student):
    answer = student.ask("""
        import os, sys
        folders = {line.split()[1] for line in open("/proc/self/mounts")}
        folders |= {sys.prefix, sys.base_prefix, os.path.dirname(os.__file__), "/course/files"}
        answer = []
        for folder in sorted(folders | set("/" + name for name in os.listdir("/"))):
            try:
                open(folder + "/made", "w").close()
                answer.append(folder)
            except OSError:
                pass
    """)
    assert answer == ["/sandbox", "/tmp"]


def test_libraries_cannot_be_changed(student):
    answer = student.ask("""
        import json, numpy, os
        answer = []
        for module in (os, json, numpy):
            try:
                open(module.__file__, "a").close()
                answer.append("opened")
            except OSError:
                answer.append(os.statvfs(module.__file__).f_flag & os.ST_RDONLY)
    """)
    assert answer == [1, 1, 1]  # also when its owner is the one who grades


def test_the_environment_is_fixed(student, sandbox):
    answer = json.loads(student.ask("import json, os\nanswer = json.dumps(dict(os.environ))"))
    assert "A_SECRET" not in answer
    assert answer["HOME"] == "/sandbox/home"
    assert set(answer) <= {
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "TERM", "TZ", "PWD", "PYTHONPATH",
        "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "PYTHONNOUSERSITE", "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX", "MPLBACKEND", "MPLCONFIGDIR",
    }  # fmt: skip


def test_without_clearing_it_the_environment_is_the_coordinators(weakened):
    answer = weakened("--clearenv").spawn().ask("import os\nanswer = os.environ.get('A_SECRET')")
    assert answer == "of the coordinator"


def test_it_has_one_open_socket(student):
    answer = student.ask("""
        import os
        answer = {}
        for name in os.listdir("/proc/self/fd"):
            try:
                answer[name] = os.readlink("/proc/self/fd/" + name).split(":")[0]
            except FileNotFoundError:
                pass  # the listing's own
    """)
    null = "/dev/null"
    assert answer == {"0": null, "1": null, "2": null, "3": "socket"}


def test_data_files_can_be_read_and_not_changed(student):
    answer = student.ask("""
        import os
        answer = [os.getcwd(), sorted(os.listdir(".")), open("data.csv").read(),
                  open("more/data.txt").read()]
        try:
            open("data.csv", "w")
        except OSError as error:
            answer.append(os.strerror(error.errno))
    """)
    assert answer == ["/sandbox/work", ["data.csv", "more"], "1,2\n", "more\n",
                      "Read-only file system"]  # fmt: skip


def test_host_name_and_user_are_made_up(student):
    names = "[getpass.getuser(), socket.gethostname()]"
    assert student.ask(f"import getpass, socket\nanswer = {names}") == ["student", "student"]


def test_a_package_that_is_absent_cannot_be_imported(weakened):
    student = weakened(absent=["scipy"]).spawn()
    answer = student.ask("""
        import importlib.util, os, sys
        answer = [importlib.util.find_spec("scipy")]
        try:
            import scipy
        except ModuleNotFoundError as error:
            answer.append(error.name)
        sys.modules.pop("scipy", None)
        importlib.invalidate_caches()
        try:
            import scipy.linalg
        except ModuleNotFoundError as error:
            answer.append(error.name)
        folder = next(p for p in sys.path if os.path.isdir(p + "/IPython"))
        answer.append(os.listdir(folder + "/scipy"))
    """)
    assert answer == [None, "scipy", "scipy", []]


def test_it_is_there_otherwise(student):
    pytest.importorskip("scipy")
    assert student.ask("import scipy.linalg\nanswer = scipy.__name__") == "scipy"
    assert sys.prefix in student.ask("import scipy\nanswer = scipy.__file__")
