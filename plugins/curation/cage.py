"""Run as ``python -I cage.py PIPE``: limits this process, then runs the program and its tests in it.

Imports nothing of the package, so that nothing of it is within the program's reach but this file.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import struct
import sys
import sysconfig

_X86 = {
    "arch": 0xC000003E,
    "clone": 56,
    "clone3": 435,
    "prlimit64": 302,
    "fcntl": 72,
    "ioctl": 16,
    # fork vfork execve execveat socket ptrace kill tkill tgkill pidfd_open pidfd_send_signal io_uring_setup unshare
    # setns mount bpf perf_event_open userfaultfd process_vm_readv process_vm_writev chmod fchmod fchmodat fchmodat2
    # chown fchown lchown fchownat setxattr lsetxattr fsetxattr shmget semget msgget setpriority rt_sigqueueinfo
    # rt_tgsigqueueinfo pidfd_getfd sched_setaffinity sched_setscheduler sched_setparam sched_setattr ioprio_set
    "denied": (57, 58, 59, 322, 41, 101, 62, 200, 234, 434, 424, 425, 272, 308, 165, 321, 298, 323, 310, 311, 90, 91,
               268, 452, 92, 93, 94, 260, 188, 189, 190, 29, 64, 68, 141, 129, 297, 438, 203, 144, 142, 314, 251),
}  # fmt: skip
_ARM = {
    "arch": 0xC00000B7,
    "clone": 220,
    "clone3": 435,
    "prlimit64": 261,
    "fcntl": 25,
    "ioctl": 29,
    # execve execveat socket ptrace kill tkill tgkill pidfd_open pidfd_send_signal io_uring_setup unshare setns mount
    # bpf perf_event_open userfaultfd process_vm_readv process_vm_writev fchmod fchmodat fchmodat2 fchown fchownat
    # setxattr lsetxattr fsetxattr shmget semget msgget setpriority rt_sigqueueinfo rt_tgsigqueueinfo pidfd_getfd
    # sched_setaffinity sched_setscheduler sched_setparam sched_setattr ioprio_set
    "denied": (221, 281, 198, 117, 129, 130, 131, 434, 424, 425, 97, 268, 40, 280, 241, 282, 270, 271, 52, 53, 452,
               55, 54, 5, 6, 7, 194, 190, 186, 140, 138, 240, 438, 122, 119, 118, 274, 30),
}  # fmt: skip
_MACHINES = {"x86_64": _X86, "aarch64": _ARM}

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_LOAD, _EQUAL, _AT_LEAST, _BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NR, _ARCH, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
_SIGNALS_BY_FILE = {"fcntl": (8, 10, 15), "ioctl": (0x8901, 0x8902)}
"""F_SETOWN, F_SETSIG, F_SETOWN_EX; FIOSETOWN, SIOCSPGRP: a file that becomes ready would signal any process."""
_THREAD = 0x00010000
_READ_FILE, _READ_FOLDER, _EXECUTE = 1 << 2, 1 << 3, 1 << 0
_DEVICES = ("/dev/null", "/dev/urandom", "/dev/random", "/dev/zero")


def main() -> None:
    """Put the cage on, run the program, tell the verdict."""
    with open("job.json", encoding="utf-8") as file:
        job = json.load(file)
    os.unlink("job.json")
    pipe = int(sys.argv[1])
    sys.argv = ["program"]
    holds = [name for name, hold in (("landlock", _landlock), ("seccomp", _seccomp)) if hold_on(hold)]
    _limit(job)
    if "seccomp" not in holds:
        _without_seccomp()
    told = {"secret": job.pop("secret"), "holds": holds, "problem": ""}
    # Made before the program can put functions of its own in the place of these.
    passed, dumps, write, leave = json.dumps(told).encode(), json.dumps, os.write, os._exit
    problem = _run(job.pop("program"), job.pop("tests"))
    write(pipe, dumps({**told, "problem": problem}).encode() if problem else passed)
    leave(0)  # whatever threads and exit handlers the program left


def hold_on(hold: object) -> bool:
    """Whether a protection took hold; a system that lacks it goes on without."""
    try:
        return sys.platform == "linux" and bool(hold())  # type: ignore[operator]
    except (OSError, AttributeError, ValueError, KeyError):
        return False


def _run(program: str, tests: str) -> str:
    """The problem, or nothing."""
    space = {"__name__": "__main__", "__builtins__": __builtins__}
    for text, name in ((program, "program"), (tests, "tests")):
        try:
            exec(compile(text, name, "exec", dont_inherit=True), space)
        except BaseException as error:  # SystemExit and KeyboardInterrupt are failures of the program, too
            try:
                return f"{name}: {type(error).__name__}: {error}"[:500] or name
            except BaseException:  # an error whose text raises
                return f"{name}: {type(error).__name__}"
    return ""


def _limit(job: dict) -> None:  # type: ignore[type-arg]
    seconds = int(job["seconds"]) + 1
    wanted = {
        "CPU": (seconds, seconds + 1),
        "AS": (job["memory"],) * 2,
        "FSIZE": (job["file"],) * 2,
        "NOFILE": (64,) * 2,
        "CORE": (0, 0),
    }
    for name, limits in wanted.items():
        _set_limit(name, limits)


def _set_limit(name: str, limits: tuple[int, ...]) -> None:
    import resource

    number = getattr(resource, f"RLIMIT_{name}", None)
    if number is None:
        return
    hard = resource.getrlimit(number)[1]
    if hard != resource.RLIM_INFINITY:
        limits = tuple(min(limit, hard) for limit in limits)
    try:
        resource.setrlimit(number, limits)
    except (OSError, ValueError):  # a limit that the system will not have; time is kept from outside
        return


def _without_seccomp() -> None:
    """The weaker holds: the user's processes all count, and ``socket`` can be loaded afresh by who knows how."""
    _set_limit("NPROC", (512, 512))
    _empty_socket()


def _empty_socket() -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("no network in here")

    for name in ("create_connection", "create_server", "getaddrinfo", "socketpair", "fromfd"):
        setattr(socket, name, refuse)
    # Still a class: others inherit from it when they are imported.
    socket.socket = type("socket", (socket.socket,), {"__init__": refuse})  # type: ignore[misc]


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(1, 9, 0, 0, 0)  # killed when the parent ends
    if libc.prctl(38, 1, 0, 0, 0):  # no new privileges, which both protections ask for
        raise OSError(ctypes.get_errno(), "no_new_privs")
    return libc


def _landlock() -> bool:
    """Read Python and the system's libraries, write the working folder, nothing else; kernel's landlock.rst."""
    libc = _libc()
    version = libc.syscall(444, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    files = (1 << (13 if version < 2 else 14 if version < 3 else 15 if version < 5 else 16)) - 1
    attributes = struct.pack("=QQQ", files, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = libc.syscall(444, attributes, ctypes.c_size_t(size), 0)
    if rules < 0:
        return False
    readable = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path, *sysconfig.get_paths().values()}
    readable |= {"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", *_DEVICES}
    for path in sorted(readable):
        _permit(libc, rules, path, _READ_FILE | _READ_FOLDER | _EXECUTE)
    _permit(libc, rules, "/dev/null", _READ_FILE | 1 << 1)
    _permit(libc, rules, os.getcwd(), files & ~_EXECUTE)
    done: int = libc.syscall(446, rules, 0)
    os.close(rules)
    return done == 0


def _permit(libc: ctypes.CDLL, rules: int, path: str, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(path):
        access &= _READ_FILE | _EXECUTE | 1 << 1
    libc.syscall(445, rules, 1, struct.pack("=Qi", access, place), 0)
    os.close(place)


def _seccomp() -> bool:
    """No process, program, socket or signal; a filter in the kernel that nothing takes off again."""
    libc = _libc()
    code = _filter(_MACHINES[platform.machine()])
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    done: int = libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0)
    return done == 0


def _filter(machine: dict) -> bytes:  # type: ignore[type-arg]
    """Classic BPF: (code, jump if true, jump if false, operand) each."""
    steps = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, machine["arch"]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NR),
        (_AT_LEAST, 0, 1, 0x40000000),  # the other call table of x86-64
        (_RETURN, 0, 0, _KILL),
        (_EQUAL, 0, 1, machine["clone3"]),
        (_RETURN, 0, 0, _ERRNO | _ENOSYS),  # its flags are out of a filter's sight; libraries then use clone
        (_EQUAL, 0, 4, machine["clone"]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_BITS, 0, 1, _THREAD),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_EQUAL, 0, 4, machine["prlimit64"]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 0, 1, 0),  # its own limits
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
    ]
    for call, commands in _SIGNALS_BY_FILE.items():
        steps += [(_EQUAL, 0, 2 * len(commands) + 2, machine[call]), (_LOAD, 0, 0, _SECOND_ARGUMENT)]
        for command in commands:
            steps += [(_EQUAL, 0, 1, command), (_RETURN, 0, 0, _ERRNO | _EPERM)]
        steps.append((_RETURN, 0, 0, _ALLOW))
    for number in machine["denied"]:
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | _EPERM)]
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


if __name__ == "__main__":
    main()
