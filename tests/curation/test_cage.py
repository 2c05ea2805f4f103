"""What a program in the cage asks of the kernel: as root and as anybody, each dangerous call is refused."""

import json
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from harness_plugins.curation import cage, sandbox
from harness_plugins.curation.sandbox import holds, run

NOBODY = 65534
COLUMN = {"x86_64": 0, "aarch64": 1}.get(platform.machine())
FORBIDDEN = {  # numbers on x86-64 and 64-bit ARM; None where there is no such call
    "mknod": (133, None),
    "mknodat": (259, 33),
    "chroot": (161, 51),
    "pivot_root": (155, 41),
    "mount": (165, 40),
    "umount2": (166, 39),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "mount_setattr": (442, 442),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "acct": (163, 89),
    "syslog": (103, 116),
    "quotactl": (179, 60),
    "init_module": (175, 105),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "clock_settime": (227, 112),
    "settimeofday": (164, 170),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "inotify_init1": (294, 26),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setreuid": (113, 145),
    "setresuid": (117, 147),
    "setfsuid": (122, 151),
    "setgroups": (116, 159),
    "capset": (126, 91),
    "personality": (135, 92),
    "iopl": (172, None),
    "ioperm": (173, None),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "kcmp": (312, 272),
    "unshare": (272, 97),
    "setns": (308, 268),
    "seccomp": (317, 277),
    "io_uring_setup": (425, 425),
    "landlock_create_ruleset": (444, 444),
    "socket": (41, 198),
    "connect": (42, 203),
    "sendmsg": (46, 211),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "setpgid": (109, 154),
    "setsid": (112, 157),
    "chmod": (90, None),
    "fchmodat": (268, 53),
    "chown": (92, None),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "utime": (132, None),
    "utimes": (235, None),
    "utimensat": (280, 88),
    "futimesat": (261, None),
    "memfd_create": (319, 279),
    "shmget": (29, 194),
    "mq_open": (240, 180),
    "vhangup": (153, 58),
}
PROGRAM = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
passed = []
for name, number in {calls!r}.items():
    ctypes.set_errno(0)
    if libc.syscall(number, *[ctypes.c_long(-1)] * 6) != -1 or ctypes.get_errno() != errno.EPERM:
        passed.append((name, os.strerror(ctypes.get_errno())))
assert passed == [], passed
"""
"""Every argument is impossible, so that a call which is not refused fails in another way."""

needs_seccomp = pytest.mark.skipif("seccomp" not in holds(), reason="this system has no seccomp")
needs_namespaces = pytest.mark.skipif("namespaces" not in holds(), reason="this system lets nobody make namespaces")


def as_nobody(program: str) -> sandbox.ProgramResult:
    """The same by a user without powers, who can read neither this environment nor, perhaps, the sources."""
    python = next((p for p in ("/usr/bin/python3", "/usr/local/bin/python3") if os.access(p, os.X_OK)), None)
    if python is None:
        pytest.skip("there is no Python that every user may run")
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        for file in (sandbox.__file__, cage.__file__):
            shutil.copy(file, folder)
        (folder / "own").mkdir()
        os.chown(folder / "own", NOBODY, NOBODY)
        (folder / "program").write_text(program)
        code = "import json, sys; sys.path.insert(0, sys.argv[1]); import sandbox; "
        code += "print(json.dumps(sandbox.run(open(sys.argv[1] + '/program').read(), '', seconds=20, memory=1024)))"
        done = subprocess.run(
            [python, "-I", "-c", code, str(folder)],
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            env={"TMPDIR": str(folder / "own")},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return sandbox.ProgramResult(*json.loads(done.stdout))
    finally:
        shutil.rmtree(folder)


def as_this_user(program: str) -> sandbox.ProgramResult:
    return run(program, "", seconds=20.0, memory=1024)


everybody = pytest.mark.parametrize(
    "tried",
    [
        as_this_user,
        pytest.param(as_nobody, marks=pytest.mark.skipif(os.getuid() != 0, reason="only root can become another")),
    ],
)


@needs_seccomp
@everybody
def test_the_kernel_refuses_each_call_that_no_plain_program_makes(tried):
    calls = {name: numbers[COLUMN] for name, numbers in FORBIDDEN.items() if numbers[COLUMN] is not None}
    ran = tried(PROGRAM.format(calls=calls))
    assert ran.passed, ran.why


@needs_seccomp
@everybody
@pytest.mark.parametrize(
    "program",
    [
        "import os, stat; os.mknod('zero', 0o600 | stat.S_IFCHR, os.makedev(1, 5))",
        "import os; os.chroot('.')",
        "import os; os.setuid(1)",
        "import socket; socket.sethostname('x')",
        "import time; time.clock_settime(time.CLOCK_REALTIME, 0)",
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nlibc.prctl(1, 0, 0, 0, 0)\n"
        "if ctypes.get_errno(): raise OSError(ctypes.get_errno(), 'prctl: ' + os.strerror(ctypes.get_errno()))",
        "import fcntl; fcntl.ioctl(0, 0x5412, b'x')",
        "import os; os.utime('.')",
        "import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
    ],
)
def test_python_is_refused(tried, program):
    ran = tried(program)
    assert not ran.passed
    assert "not permitted" in ran.why


@everybody
def test_no_power_of_an_administrator_is_left(tried):
    ran = tried("")
    assert ran.passed, ran.why
    assert "capabilities" in ran.holds


def test_capabilities_are_dropped_where_nothing_else_holds(tmp_path, monkeypatch):
    weak = tmp_path / "weak_cage.py"
    load = f"import importlib.util as u; s = u.spec_from_file_location('cage', {cage.__file__!r})"
    load += "; m = u.module_from_spec(s); s.loader.exec_module(m)"
    weak.write_text(f"{load}; m._namespaces = m._landlock = m._seccomp = lambda: False; m.main()")
    monkeypatch.setattr(sandbox, "_CAGE", weak)
    read = "held = [line.split() for line in open('/proc/self/status') if line.startswith('Cap')]\n"
    ran = as_this_user(
        read + "assert {name: int(mask, 16) for name, mask in held if name != 'CapBnd:'} == "
        "{'CapInh:': 0, 'CapPrm:': 0, 'CapEff:': 0, 'CapAmb:': 0}, held"
    )
    assert ran.passed, ran.why
    assert ran.holds == ("capabilities",)


@needs_namespaces
@everybody
def test_what_lies_outside_is_not_there(tried, tmp_path):
    (tmp_path / "secret").touch()
    paths = ["/etc/passwd", "/etc/hostname", "/proc/self/status", "/sys", "/var", str(tmp_path / "secret")]
    ran = tried(f"import os\nseen = [path for path in {paths!r} if os.path.lexists(path)]\nassert seen == [], seen")
    assert ran.passed, ran.why


@needs_namespaces
def test_what_python_reads_cannot_be_written_even_by_its_owner():
    folder = Path(sys.prefix)
    before = folder.stat()
    program = f"import os\nfor call in (os.mkdir, os.rmdir):\n    call({str(folder / 'new')!r})"
    ran = as_this_user(program)
    assert not ran.passed
    assert folder.stat() == before


def test_devices_of_its_own_are_there():
    ran = as_this_user("assert len(open('/dev/urandom', 'rb').read(4)) == 4\nopen('/dev/null', 'w').write('x')")
    assert ran.passed, ran.why
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_the_numbers_are_those_of_the_kernel_and_none_stands_twice():
    for column in (0, 1):
        numbers = [call.split(":")[1 + column] for call in cage._CALLS.split()]
        numbers = [int(number) for number in numbers if number]
        numbers += [machines[column] for machines, _, _ in cage._WHOSE_ARGUMENT_COUNTS.values()]
        numbers += [machine[2 + i] for machine in cage._MACHINES.values() if machine[0] == column for i in (0, 1)]
        assert len(numbers) == len(set(numbers))
        assert not set(numbers) & {pair[column] for pair in FORBIDDEN.values()}
        assert len(cage._filter(next(m for m in cage._MACHINES.values() if m[0] == column))) % 8 == 0
