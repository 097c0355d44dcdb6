"""Attacks that send what they know to somebody, or fetch help: nobody may hear from them."""

from tests.grader.attacks.attack import family, spy

TRY = """
import socket
def reach(kind, *address, family=socket.AF_INET, protocol=0):
    try:
        with socket.socket(family, kind, protocol) as s:
            s.settimeout(1)
            s.connect(address[0] if len(address) == 1 else address)
            s.send(b"hello from a student")
            print("reached", address)
    except OSError as error:
        print(type(error).__name__, end=" ")
"""

ATTACKS = family(
    "network",
    spy(
        "loopback",
        "connects to a server on 127.0.0.1 and ::1 of the grading machine",
        TRY
        + """
reach(socket.SOCK_STREAM, "127.0.0.1", @PORT@)
reach(socket.SOCK_STREAM, "localhost", @PORT@)
reach(socket.SOCK_DGRAM, "127.0.0.1", @PORT@)
reach(socket.SOCK_STREAM, "::1", @PORT@, family=socket.AF_INET6)
""",
    ),
    spy(
        "abstract_socket",
        "connects to an abstract Unix socket, which is no file",
        TRY + "\nreach(socket.SOCK_STREAM, '\\0@ABSTRACT@', family=socket.AF_UNIX)",
    ),
    spy(
        "socket_file",
        "connects to Unix sockets in the file system: a server's, D-Bus, Docker, the kernel's log",
        TRY
        + """
for path in ("@SOCKET@", "/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket",
             "/run/containerd/containerd.sock", "/run/systemd/private", "/dev/log", "/run/user/0/bus"):
    reach(socket.SOCK_STREAM, path, family=socket.AF_UNIX)
""",
    ),
    spy(
        "internet",
        "connects to the internet by TCP and UDP, and asks for a name",
        TRY
        + """
reach(socket.SOCK_STREAM, "192.0.2.1", 80)
reach(socket.SOCK_DGRAM, "192.0.2.1", 53)
try:
    print(socket.getaddrinfo("example.org", 80))
except OSError:
    pass
""",
    ),
    spy(
        "own_network",
        "lists interfaces, opens raw and netlink sockets and brings a device up",
        """
import socket
try:
    print("interfaces", sorted(name for _, name in socket.if_nameindex()))
except OSError as error:
    print("no list of interfaces:", error.strerror)
for family, kind, protocol in ((socket.AF_PACKET, socket.SOCK_RAW, 768), (socket.AF_INET, socket.SOCK_RAW, 1)):
    try:
        socket.socket(family, kind, protocol)
        print("a raw socket")
    except OSError:
        pass
""",
    ),
    spy(
        "virtual_socket",
        "connects to the hypervisor and to itself by AF_VSOCK, which no network namespace hides",
        TRY
        + """
for cid in (0, 1, 2, 3):
    reach(socket.SOCK_STREAM, cid, @PORT@, family=40)
""",
    ),
    spy(
        "command_line_tools",
        "calls curl, wget, git, pip and ssh",
        """
import subprocess
for command in (["curl", "-m", "2", "-s", "http://127.0.0.1:@PORT@/"],
                ["wget", "-T", "2", "-t", "1", "-q", "-O-", "http://127.0.0.1:@PORT@/"],
                ["git", "ls-remote", "git://127.0.0.1:@PORT@/x"],
                [sys.executable, "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:@PORT@', timeout=2)"],
                ["ssh", "-o", "ConnectTimeout=2", "-p", "@PORT@", "127.0.0.1"]):
    try:
        subprocess.run(command, capture_output=True, timeout=6, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        pass
""",
        seconds=20,
    ),
)
