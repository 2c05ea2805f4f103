"""Run as ``python -I cage.py PIPE``: limits this process, then runs the program and its tests in it.

This file imports nothing of the package: the program can then reach no other file of the package.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import struct
import sys
import sysconfig

_CALLS = """
read:0:63 write:1:64 close:3:57 fstat:5:80 newfstatat:262:79 openat:257:56 lseek:8:62 mmap:9:222 munmap:11:215
futex:202:98 brk:12:214 mprotect:10:226 getdents64:217:61 clock_gettime:228:113 rt_sigprocmask:14:135
rt_sigaction:13:134 rt_sigreturn:15:139 madvise:28:233 mremap:25:216 sched_yield:24:124 clock_nanosleep:230:115
open:2: stat:4: lstat:6: access:21: readlink:89: getdents:78: creat:85: mkdir:83: rmdir:84: unlink:87: rename:82:
link:86: symlink:88: pipe:22: dup2:33: poll:7: select:23: epoll_create:213: epoll_wait:232: eventfd:284: alarm:37:
pause:34: time:201: getpgrp:111: arch_prctl:158:
pread64:17:67 pwrite64:18:68 readv:19:65 writev:20:66 preadv:295:69 pwritev:296:70 preadv2:327:286 pwritev2:328:287
msync:26:227 mincore:27:232 dup:32:23 dup3:292:24 pipe2:293:59 ppoll:271:73 pselect6:270:72 nanosleep:35:101
getitimer:36:102 setitimer:38:103 sendfile:40:71 copy_file_range:326:285 exit:60:93 exit_group:231:94 wait4:61:260
waitid:247:95 uname:63:160 flock:73:32 fsync:74:82 fdatasync:75:83 truncate:76:45 ftruncate:77:46 fallocate:285:47
fadvise64:221:223 getcwd:79:17 chdir:80:49 fchdir:81:50 umask:95:166 mkdirat:258:34 unlinkat:263:35 renameat:264:38
renameat2:316:276 linkat:265:37 symlinkat:266:36 readlinkat:267:78 faccessat:269:48 faccessat2:439:439 statx:332:291
openat2:437:437 statfs:137:43 fstatfs:138:44 gettimeofday:96:169 clock_getres:229:114 times:100:153 getrlimit:97:163
setrlimit:160:164 getrusage:98:165 sysinfo:99:179 getpid:39:172 getppid:110:173 gettid:186:178 getuid:102:174
geteuid:107:175 getgid:104:176 getegid:108:177 getgroups:115:158 getresuid:118:148 getresgid:120:150 getpgid:121:155
getsid:124:156 getpriority:140:141 rt_sigpending:127:136 rt_sigtimedwait:128:137 rt_sigsuspend:130:133
sigaltstack:131:132 sched_getparam:143:121 sched_getscheduler:145:120 sched_get_priority_max:146:125
sched_get_priority_min:147:126 sched_rr_get_interval:148:127 sched_getaffinity:204:123 getcpu:309:168
get_mempolicy:239:236 set_tid_address:218:96 restart_syscall:219:128 set_robust_list:273:99 get_robust_list:274:100
getrandom:318:278 membarrier:324:283 rseq:334:293 close_range:436:436 futex_waitv:449:449 epoll_create1:291:20
epoll_ctl:233:21 epoll_pwait:281:22 epoll_pwait2:441:441 eventfd2:290:19 timerfd_create:283:85
timerfd_settime:286:86 timerfd_gettime:287:87 sendto:44:206 recvfrom:45:207 getsockname:51:204 shutdown:48:210
"""
"""Calls of the kernel that a plain Python program makes, with their numbers on x86-64 and 64-bit ARM; no other passes.

Left out on purpose, though the standard library has functions for them: what starts a process or program, sends a
signal, reaches another socket, changes owners, rights, times or attributes of files (Landlock does not look at these),
makes nodes of devices, and whatever only an administrator may do.
"""
_WHOSE_ARGUMENT_COUNTS = {
    # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, locks, F_DUPFD_CLOEXEC, F_GETPIPE_SZ, but nothing that would have a
    # file signal another process when it becomes ready (F_SETOWN, F_SETSIG).
    "fcntl": ((72, 25), 1, (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032)),
    # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
    "ioctl": ((16, 29), 1, (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)),
    "prlimit64": ((302, 261), 0, (0,)),  # its own limits
    # SOCK_STREAM, with or without flags: pairs whose ends reach each other only, which asyncio wakes itself by. An
    # end of SOCK_DGRAM could send to sockets of other processes.
    "socketpair": ((53, 199), 1, (1, 0x801, 0x80001, 0x80801)),
    "prctl": ((157, 167), 0, (15, 16, 0x53564D41)),  # names of threads and of memory
}
"""Numbers on both machines, the argument that is looked at, and the values of it that pass."""
_MACHINES = {"x86_64": (0, 0xC000003E, 56, 435), "aarch64": (1, 0xC00000B7, 220, 435)}
"""Place of its numbers in the lists above, its architecture's mark, its numbers of clone and clone3."""

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_LOAD, _EQUAL, _AT_LEAST, _BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NR, _ARCH, _ARGUMENTS = 0, 4, (16, 24)
_THREAD = 0x00010000
_READ_FILE, _READ_FOLDER, _EXECUTE = 1 << 2, 1 << 3, 1 << 0
_DEVICES = ("/dev/null", "/dev/urandom", "/dev/random", "/dev/zero")
_NEW_MOUNTS, _NEW_NAMES, _NEW_QUEUES, _NEW_USERS, _NEW_NETWORK = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x40000000
_BIND, _WITH_THOSE_BELOW, _PRIVATE = 0x1000, 0x4000, 0x40000
_READ_ONLY, _NO_SUID, _NO_DEVICES = 1, 2, 4


def main() -> None:
    """Put the cage on, run the program, and write the verdict to the pipe."""
    with open("job.json", encoding="utf-8") as file:
        job = json.load(file)
    os.unlink("job.json")
    pipe = int(sys.argv[1])
    sys.argv = ["program"]
    # Each needs what the next one takes away: namespaces mount, which Landlock forbids; the filter forbids all of it.
    protections = (("namespaces", _namespaces), ("landlock", _landlock), ("capabilities", _capabilities))
    holds = [name for name, hold in (*protections, ("seccomp", _seccomp)) if hold_on(hold)]
    _limit(job)
    if "seccomp" not in holds:
        _without_seccomp()
    verdict = {"secret": job.pop("secret"), "holds": holds, "problem": ""}
    # Made before the program can put functions of its own in the place of these.
    passed, dumps, write, leave = json.dumps(verdict).encode(), json.dumps, os.write, os._exit
    problem = _run(job.pop("program"), job.pop("tests"))
    write(pipe, dumps({**verdict, "problem": problem}).encode() if problem else passed)
    leave(0)  # whatever threads and exit handlers the program left


def hold_on(hold: object) -> bool:
    """Put a protection on, and tell whether it took hold; a system without the protection goes on."""
    try:
        return sys.platform == "linux" and bool(hold())  # type: ignore[operator]
    except (OSError, AttributeError, ValueError, KeyError):
        return False


def _run(program: str, tests: str) -> str:
    """Run the program, then its tests; return the problem as one clause, empty if both pass."""
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
    limits_by_name = {
        "CPU": (seconds, seconds + 1),
        "AS": (job["memory"],) * 2,
        "FSIZE": (job["file"],) * 2,
        "NOFILE": (64,) * 2,
        "CORE": (0, 0),
    }
    for name, limits in limits_by_name.items():
        _set_limit(name, limits)


def _set_limit(name: str, limits: tuple[int, int]) -> None:
    import resource

    number = getattr(resource, f"RLIMIT_{name}", None)
    if number is None:
        return
    hard = resource.getrlimit(number)[1]
    if hard != resource.RLIM_INFINITY:
        limits = (min(limits[0], hard), min(limits[1], hard))
    try:
        resource.setrlimit(number, limits)
    except (OSError, ValueError):  # a limit that the system will not have; time is kept from outside
        return


def _without_seccomp() -> None:
    """Set the weaker holds: they limit all processes of the user, and a program can still load ``socket`` afresh."""
    _set_limit("NPROC", (512, 512))
    _empty_socket()


def _empty_socket() -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("no network in here")

    names = ("create_connection", "create_server", "getaddrinfo", "socketpair", "fromfd")
    closed: dict[str, object] = dict.fromkeys(names, refuse)
    # Still a class: others inherit from it when they are imported.
    closed["socket"] = type("socket", (socket.socket,), {"__init__": refuse})
    for name, instead in closed.items():
        setattr(socket, name, instead)


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(1, 9, 0, 0, 0)  # killed when the parent ends
    if libc.prctl(38, 1, 0, 0, 0):  # no new privileges, which both protections ask for
        raise OSError(ctypes.get_errno(), "no_new_privs")
    return libc


def _readable() -> list[str]:
    """List Python, the libraries of the system, and a few files and devices; a folder comes before its contents."""
    places = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path, *sysconfig.get_paths().values()}
    return sorted({"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", *_DEVICES, *filter(None, places)})


def _namespaces() -> bool:
    """Hide every file but the working folder and the paths of `_readable`, and give up administrators' powers."""
    libc = _libc()
    child = os.fork()  # a try: one that is refused half way would leave this process without a user
    if child == 0:
        os._exit(0 if hold_on(lambda: _become_a_user_of_its_own(libc)) else 1)
    if os.waitpid(child, 0)[1] or not _become_a_user_of_its_own(libc):
        return False
    work = os.getcwd()
    root = os.path.join(os.path.dirname(work), "root")
    os.mkdir(root)
    _mount(libc, "", "/", _WITH_THOSE_BELOW | _PRIVATE)
    _mount(libc, "tmpfs", root, _NO_SUID | _NO_DEVICES, "tmpfs", "size=1m,mode=755")
    for path in filter(os.path.exists, _readable()):
        _show(libc, path, root, _READ_ONLY | _NO_SUID | (0 if path in _DEVICES else _NO_DEVICES))
    _show(libc, work, root, _NO_SUID | _NO_DEVICES)
    _change_mount(libc, root, _READ_ONLY, below=False)
    os.chroot(root)
    os.chdir(work)
    return True


def _become_a_user_of_its_own(libc: ctypes.CDLL) -> bool:
    """Enter namespaces in which this user's number is the only one."""
    user, group = os.geteuid(), os.getegid()
    apart = _NEW_USERS | _NEW_MOUNTS | _NEW_NAMES | _NEW_QUEUES
    if platform.machine() not in _MACHINES:
        apart |= _NEW_NETWORK  # elsewhere the filter forbids it, at less cost
    if libc.unshare(apart):
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    return True


def _show(libc: ctypes.CDLL, path: str, root: str, attributes: int) -> None:
    """Bind a file or folder to the same place below ``root``.

    Args:
        libc: The C library.
        path: The file or folder to show.
        root: The folder that becomes the root of the file system.
        attributes: Mount attributes, such as read-only.
    """
    place = root + path
    if os.path.exists(place) and os.path.samefile(path, place):
        if not attributes & _READ_ONLY:  # the working folder lies in one that is shown, where it cannot be written
            _mount(libc, path, place, _BIND | _WITH_THOSE_BELOW)
            _change_mount(libc, place, attributes, _READ_ONLY)
        return
    os.makedirs(place if os.path.isdir(path) else os.path.dirname(place), exist_ok=True)
    if not os.path.isdir(path):
        open(place, "w").close()
    _mount(libc, path, place, _BIND | _WITH_THOSE_BELOW)
    _change_mount(libc, place, attributes)


def _mount(libc: ctypes.CDLL, source: str, place: str, flags: int, kind: str = "", data: str = "") -> None:
    texts = [os.fsencode(text) or None for text in (source, place, kind, data)]
    if libc.mount(*texts[:3], ctypes.c_ulong(flags), texts[3]):
        raise OSError(ctypes.get_errno(), f"mount {place}")


def _change_mount(libc: ctypes.CDLL, place: str, attributes: int, clear: int = 0, *, below: bool = True) -> None:
    """Change the attributes of a mount by mount_setattr, which Linux 5.12 and later have."""
    change = struct.pack("=QQQQ", attributes, clear, 0, 0)
    if libc.syscall(442, -100, os.fsencode(place), 0x8000 if below else 0, change, ctypes.c_size_t(len(change))):
        raise OSError(ctypes.get_errno(), f"mount_setattr {place}")


def _capabilities() -> bool:
    """Give up every power of an administrator for good: a program must not do what root may do."""
    libc = _libc()
    for number in range(64):
        if libc.prctl(24, number, 0, 0, 0):  # from the bounding set; a plain user may not, and has nothing to lose
            break
    libc.prctl(47, 4, 0, 0, 0)  # the ambient ones
    header = struct.pack("=II", 0x20080522, 0)
    done: int = libc.capset(header, struct.pack("=6I", *[0] * 6))
    return done == 0


def _landlock() -> bool:
    """Permit reading Python and the system's libraries and writing the working folder, nothing else (landlock.rst)."""
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
    for path in _readable():
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
    """Permit only the system calls of the list above; nothing takes this filter of the kernel off again."""
    libc = _libc()
    code = _filter(_MACHINES[platform.machine()])
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    done: int = libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0)
    return done == 0


def _filter(machine: tuple[int, int, int, int]) -> bytes:
    """Assemble the filter in classic BPF: each step is (code, jump if true, jump if false, operand)."""
    column, architecture, clone, clone3 = machine
    steps = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NR),
        (_AT_LEAST, 0, 1, 0x40000000),  # the other call table of x86-64
        (_RETURN, 0, 0, _KILL),
        (_EQUAL, 0, 1, clone3),
        (_RETURN, 0, 0, _ERRNO | _ENOSYS),  # its flags are out of a filter's sight; libraries then use clone
        (_EQUAL, 0, 4, clone),
        (_LOAD, 0, 0, _ARGUMENTS[0]),
        (_BITS, 0, 1, _THREAD),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
    ]
    for call in _CALLS.split():
        number = call.split(":")[1 + column]
        if number:
            steps += [(_EQUAL, 0, 1, int(number)), (_RETURN, 0, 0, _ALLOW)]
    for numbers, argument, passing in _WHOSE_ARGUMENT_COUNTS.values():
        steps += [(_EQUAL, 0, 2 * len(passing) + 2, numbers[column]), (_LOAD, 0, 0, _ARGUMENTS[argument])]
        for value in passing:
            steps += [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
        steps.append((_RETURN, 0, 0, _ERRNO | _EPERM))
    steps.append((_RETURN, 0, 0, _ERRNO | _EPERM))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


if __name__ == "__main__":
    main()
