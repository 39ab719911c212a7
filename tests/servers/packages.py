"""Debian packages, unpacked into a cache folder and never installed.

`Cache.layers(name)` answers with the folders that, laid over the machine's
/usr, make the package `name` runnable: one for the package and one for each
dependency the machine lacks. Nothing in them when it is installed already.

Which packages are lacking is apt's own answer (`apt-get -s install`), so a
machine with other libraries gets other folders. Folders carry the version in
their name and are used again. apt is asked again only after the machine's packages
or lists have changed; a run without network lives on the last answer.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile

APT_TIMEOUT_S = 240
APT_OPTIONS = (
    "APT::Sandbox::User=root",
    "Acquire::Retries=2",
    "Acquire::http::Timeout=20",
    "Acquire::https::Timeout=20",
)
INST_LINE = re.compile(
    r"^Inst (?P<name>\S+) (?:\[[^\]]*\] )?"
    r"\((?P<version>\S+) .*\[(?P<arch>\w+)\]\)", re.M)
# apt's answer holds as long as these stay as they are.
APT_STATE = ("/var/lib/dpkg/status", "/var/lib/apt/lists")
# What to look for on a machine that has no apt to ask.
PROGRAMS = {"postfix": "postfix", "dovecot-core": "dovecot",
            "swaks": "swaks", "exim4-daemon-heavy": "exim4"}
# Where a package from before the merge of / and /usr may still put files.
USR_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


class Unavailable(Exception):
    """The packages cannot be had here; the text says why, in one sentence."""


class Cache:
    """A folder of unpacked packages, safe to share between runs."""

    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.private_lists = os.path.join(self.folder, "apt")
        self._updated = False
        os.makedirs(self.folder, exist_ok=True)

    def layers(self, name):
        """Names of the layer folders inside `folder`, in no order that
        matters. Raises Unavailable."""
        with self._lock():
            state = [_changed_ns(path) for path in APT_STATE]
            known_state, known = self._recall(name)
            if known is not None and known_state == state:
                return known
            try:
                found = self._resolve_and_unpack(name)
            except Unavailable:
                if known is None:
                    raise
                return known
            self._remember(name, state, found)
            return found

    @contextlib.contextmanager
    def _lock(self):
        with open(os.path.join(self.folder, "lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _resolve_and_unpack(self, name):
        for tool in ("apt-get", "dpkg-deb"):
            if shutil.which(tool) is None:
                if _is_installed(name):
                    return []
                raise Unavailable(
                    f"{tool} is missing: package {name} cannot be fetched")
        try:
            return self._unpack_all(self._missing(name))
        except Unavailable:
            if self._updated:
                raise
            # The machine's lists may be empty, or older than the mirror.
            self._updated = True
            self._update_private_lists()
            return self._unpack_all(self._missing(name))

    def _missing(self, name):
        """(name, version, architecture) of all that apt would install."""
        plan = self._apt("-s", "install", "--no-install-recommends", name,
                         what=f"package {name} cannot be resolved")
        return [match.group("name", "version", "arch")
                for match in INST_LINE.finditer(plan)]

    def _unpack_all(self, packages):
        return [self._unpack(*package) for package in packages]

    def _unpack(self, name, version, arch):
        layer = f"{name.split(':')[0]}_{version.replace(':', '%3a')}_{arch}"
        target = os.path.join(self.folder, layer)
        if os.path.isdir(target):
            return layer
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            self._apt("download", f"{name.split(':')[0]}:{arch}={version}"
                      if arch != "all" else f"{name}={version}",
                      what=f"package {name} {version} cannot be downloaded",
                      cwd=scratch)
            archives = [f for f in os.listdir(scratch) if f.endswith(".deb")]
            if len(archives) != 1:
                raise Unavailable(f"apt-get download of {name} left no file")
            tree = os.path.join(scratch, "tree")
            _extract(os.path.join(scratch, archives[0]), tree)
            os.chmod(tree, 0o755)
            os.rename(tree, target)
        return layer

    def _update_private_lists(self):
        scratch = tempfile.mkdtemp(dir=self.folder)
        try:
            os.makedirs(os.path.join(scratch, "lists", "partial"))
            self._apt("update", "--error-on=any", lists=scratch,
                      what="the package lists cannot be fetched")
            shutil.rmtree(self.private_lists, ignore_errors=True)
            os.rename(scratch, self.private_lists)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _apt(self, *arguments, what, cwd=None, lists=None):
        lists = lists or (self.private_lists
                          if os.path.isdir(self.private_lists) else None)
        options = list(APT_OPTIONS)
        if lists:
            options += [f"Dir::State::Lists={lists}/lists",
                        f"Dir::Cache={lists}"]
        command = ["apt-get", "-qq"] if arguments[0] != "-s" else ["apt-get"]
        for option in options:
            command += ["-o", option]
        try:
            done = subprocess.run(
                [*command, *arguments], cwd=cwd, timeout=APT_TIMEOUT_S,
                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                env={**os.environ, "LC_ALL": "C",
                     "DEBIAN_FRONTEND": "noninteractive"})
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{what}: apt-get took too long") from None
        if done.returncode != 0:
            errors = re.findall(r"^[EW]: (.*)", done.stderr, re.M)
            raise Unavailable(f"{what}: {(errors or ['apt-get failed'])[0]}")
        return done.stdout

    def _record(self, name):
        return os.path.join(self.folder, f"{name}.json")

    def _remember(self, name, state, layers):
        scratch = self._record(name) + ".new"
        with open(scratch, "w") as record:
            json.dump({"state": state, "layers": layers}, record)
        os.replace(scratch, self._record(name))

    def _recall(self, name):
        """(state, layers) of the last answer, (None, None) if there was none
        or a layer of it is gone."""
        try:
            with open(self._record(name)) as file:
                record = json.load(file)
            state, layers = record["state"], record["layers"]
        except (OSError, ValueError, LookupError, TypeError):
            return None, None
        complete = all(os.path.isdir(os.path.join(self.folder, layer))
                       for layer in layers)
        return (state, layers) if complete else (None, None)


def _is_installed(name):
    path = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    return shutil.which(PROGRAMS.get(name, ""), path=path) is not None


def _changed_ns(path):
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return None


def _extract(archive, tree):
    """Unpacks with /bin, /sbin and /lib* inside /usr, where they belong."""
    os.makedirs(tree)
    for name in USR_LINKS:
        os.makedirs(os.path.join(tree, "usr", name))
        os.symlink(f"usr/{name}", os.path.join(tree, name))
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive],
                          stdout=subprocess.PIPE) as source:
        unpacked = subprocess.run(
            ["tar", "-x", "--keep-directory-symlink", "--no-same-owner",
             "-C", tree], stdin=source.stdout, stderr=subprocess.PIPE,
            text=True)
    if source.returncode != 0 or unpacked.returncode != 0:
        raise Unavailable(f"{os.path.basename(archive)} cannot be unpacked: "
                          f"{unpacked.stderr.strip() or 'dpkg-deb failed'}")
    for name in USR_LINKS:
        with contextlib.suppress(OSError):  # only the empty ones go
            os.rmdir(os.path.join(tree, "usr", name))
