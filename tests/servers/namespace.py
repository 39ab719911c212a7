"""A room of its own for a mail server: private mounts, network, processes.

Inside, unpacked packages lie over /usr as if they were installed, their
accounts exist, /var/spool is an empty tmpfs, and the only network is a
loopback of its own. When the command ends, or the process that entered dies,
the kernel ends every process inside and all of it is gone.

Root enters directly; anyone else through a user namespace with subordinate
ids (newuidmap), because servers drop to users of their own.
"""

import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import sys

EXIT_CANNOT_ENTER = 125

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
PR_SET_PDEATHSIG = 1
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
FORWARDED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}

# What the maintainer scripts of the packages would have created.
ACCOUNTS = {
    "postfix": {"users": ["postfix"], "groups": ["postdrop"]},
    "dovecot-core": {"users": ["dovecot", "dovenull"], "groups": []},
    "exim4-daemon-heavy": {"users": ["Debian-exim"], "groups": []},
    "opensmtpd": {"users": ["opensmtpd", "opensmtpq"], "groups": []},
}

libc = ctypes.CDLL(None, use_errno=True)


class CannotEnter(Exception):
    """This machine lets us make no namespace; the text says why."""


def enter(command, *, cache, layers=(), accounts=(), keep=(),
          die_with_parent=False):
    """Runs `command` inside and returns its exit status (128 + signal when
    one killed it). `layers` are folders inside `cache`; `accounts` are keys
    of ACCOUNTS; `keep` are paths that must stay what they are even if they
    lie below /usr; `die_with_parent` ends it all when the caller's parent
    dies. Raises CannotEnter. Call it from a single thread."""
    if os.getuid() != 0:
        _become_root_of_a_user_namespace(
            {"command": command, "cache": cache, "layers": list(layers),
             "accounts": list(accounts), "keep": list(keep),
             "die_with_parent": die_with_parent})
    if die_with_parent:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _check(libc.unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID
                        | CLONE_NEWIPC | CLONE_NEWUTS),
           "a namespace cannot be made")
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED | {signal.SIGCHLD})
    init = os.fork()
    if init != 0:
        return _supervise(init)
    status = EXIT_CANNOT_ENTER
    try:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        _furnish(cache, layers, accounts, keep)
        status = _supervise(_spawn(command))
    except (CannotEnter, OSError) as error:
        print(f"cannot enter a namespace: {error}", file=sys.stderr)
    finally:
        os._exit(status)


def _become_root_of_a_user_namespace(request):
    for tool in ("unshare", "newuidmap", "newgidmap"):
        if shutil.which(tool) is None:
            raise CannotEnter(f"{tool} is missing (packages util-linux and "
                              "uidmap), and only root can do without it")
    os.execvp("unshare", [
        "unshare", "--user", "--map-root-user", "--map-auto", "--",
        sys.executable, os.path.abspath(__file__), json.dumps(request)])


def _check(result, what):
    if result != 0:
        raise CannotEnter(f"{what}: {os.strerror(ctypes.get_errno())}")


def _mount(source, target, kind=None, flags=0, data=None):
    encode = lambda text: None if text is None else os.fsencode(text)
    _check(libc.mount(encode(source), encode(target), encode(kind),
                      ctypes.c_ulong(flags), encode(data)),
           f"mounting {target} failed")


def _furnish(cache, layers, accounts, keep):
    _mount("none", "/", flags=MS_REC | MS_PRIVATE)
    _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    if layers:
        _overlay_usr(cache, layers, keep)
    _mount("tmpfs", "/var/spool", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    _add_accounts(accounts)
    _raise_loopback()


def _overlay_usr(cache, layers, keep):
    # Relative names: no length, colon or comma of the cache's path matters.
    here = os.getcwd()
    stay = {path: os.open(path, os.O_PATH)
            for path in _mounts_below("/usr") + list(keep)
            if path.startswith("/usr/")}
    os.chdir(cache)
    lower = [f"{layer}/usr" for layer in layers
             if os.path.isdir(f"{layer}/usr")]
    _mount("overlay", "/usr", "overlay", MS_RDONLY,
           "lowerdir=" + ":".join([*lower, "/usr"]))
    for path, handle in stay.items():
        _mount(f"/proc/self/fd/{handle}", path, flags=MS_BIND | MS_REC)
        os.close(handle)
    os.chdir(here)


def _mounts_below(folder):
    with open("/proc/self/mountinfo") as mounts:
        points = [line.split()[4] for line in mounts]
    return [point for point in points if point.startswith(folder + "/")]


def _add_accounts(accounts):
    wanted = [ACCOUNTS[name] for name in accounts if name in ACCOUNTS]
    users = [user for entry in wanted for user in entry["users"]]
    groups = users + [g for entry in wanted for g in entry["groups"]]
    with open("/etc/group") as file:
        group = file.read()
    with open("/etc/passwd") as file:
        passwd = file.read()
    taken = {int(line.split(":")[2]) for line in (group + passwd).splitlines()
             if line.count(":") >= 3 and line.split(":")[2].isdigit()}
    ids = {}
    for name in groups:
        if not _has(group, name):
            ids[name] = max(set(range(500, 1000)) - taken)
            taken.add(ids[name])
            group += f"{name}:x:{ids[name]}:\n"
    for name in users:
        if not _has(passwd, name):
            own = ids.get(name, max(set(range(500, 1000)) - taken))
            taken.add(own)
            passwd += (f"{name}:x:{own}:{_gid(group, name)}::/nonexistent:"
                       "/usr/sbin/nologin\n")
    _replace("/etc/group", group)
    _replace("/etc/passwd", passwd)


def _has(table, name):
    return any(line.startswith(name + ":") for line in table.splitlines())


def _gid(group, name):
    return next(line.split(":")[2] for line in group.splitlines()
                if line.startswith(name + ":"))


def _replace(path, text):
    """Puts a file with `text` over `path`, inside the namespace only."""
    copy = os.path.join("/var/spool", "." + os.path.basename(path))
    with open(copy, "w") as file:
        file.write(text)
    os.chmod(copy, 0o644)
    _mount(copy, path, flags=MS_BIND)


def _raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        answer = fcntl.ioctl(any_socket, SIOCGIFFLAGS, request)
        flags = struct.unpack("16sh14x", answer)[1] | IFF_UP
        fcntl.ioctl(any_socket, SIOCSIFFLAGS,
                    struct.pack("16sh14x", b"lo", flags))


def _spawn(command):
    child = os.fork()
    if child != 0:
        return child
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK,
                               FORWARDED | {signal.SIGCHLD})
        # Servers live in sbin, which not everybody has in the PATH.
        os.environ["PATH"] = (os.environ.get("PATH", "/usr/bin:/bin")
                              + ":/usr/sbin:/sbin")
        os.execvp(command[0], command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
    finally:
        os._exit(127)


def _supervise(child):
    """Waits for `child`, reaps whatever else ends, and passes on the signals
    sent to us; those of the terminal reach everybody without our help."""
    while True:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == child:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
            if pid == 0:
                break
        caught = signal.sigwaitinfo(FORWARDED | {signal.SIGCHLD})
        if caught.si_signo in FORWARDED and caught.si_code <= 0:
            os.kill(child, caught.si_signo)


if __name__ == "__main__":
    try:
        sys.exit(enter(**json.loads(sys.argv[1])))
    except CannotEnter as failure:
        print(f"cannot enter a namespace: {failure}", file=sys.stderr)
        sys.exit(EXIT_CANNOT_ENTER)
