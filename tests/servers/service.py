"""What every server under test needs: configuration, certificate, patience.

All of it lives below RUN, which is a tmpfs of the namespace.
"""

import os
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RUN = "/var/spool/test"
CERTIFICATE = os.path.join(RUN, "certificate.pem")
RSA_CERTIFICATE = os.path.join(RUN, "certificate-rsa.pem")
USER, PASSWORD = "user@test.invalid", "secret"

OPENSSL_CONFIG = """\
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = mx.test.invalid
[extensions]
subjectAltName = DNS:mx.test.invalid, DNS:localhost, IP:127.0.0.1
"""


def render(template_folder, target):
    """Copies the templates of a server, with @RUN@ filled in."""
    source = os.path.join(HERE, template_folder)
    os.makedirs(target, exist_ok=True)
    for name in os.listdir(source):
        with open(os.path.join(source, name)) as template:
            text = template.read().replace("@RUN@", RUN)
        with open(os.path.join(target, name), "w") as file:
            file.write(text)


def make_certificate():
    """Self-signed ones, P-256 and RSA, each with its key in one file."""
    _make_certificate(CERTIFICATE, "ec", "ec_paramgen_curve:P-256")
    _make_certificate(RSA_CERTIFICATE, "rsa", "rsa_keygen_bits:2048")


def _make_certificate(path, kind, parameter):
    if os.path.exists(path):
        return
    os.makedirs(RUN, exist_ok=True)
    config = os.path.join(RUN, "openssl.cnf")
    with open(config, "w") as file:
        file.write(OPENSSL_CONFIG)
    parts = [os.path.join(RUN, name) for name in ("key.pem", "crt.pem")]
    checked(["openssl", "req", "-x509", "-config", config, "-days", "2",
             "-newkey", kind, "-pkeyopt", parameter, "-nodes",
             "-keyout", parts[0], "-out", parts[1]])
    with open(path, "w") as both:
        os.chmod(path, 0o600)
        for part in parts:
            with open(part) as file:
                both.write(file.read())


def checked(command, timeout_s=30):
    """Runs a command that has to succeed and returns its output."""
    done = subprocess.run(command, timeout=timeout_s, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with "
                           f"{done.returncode}: {done.stdout.strip()}")
    return done.stdout


def wait_until(condition, what, timeout_s=15):
    """Polls until `condition()` is true and returns what it answered."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s} s in vain: {what}")
        time.sleep(0.05)


class Daemon:
    """A server in the foreground, writing what it says into `output`."""

    def __init__(self, command, output):
        self._output = output
        with open(output, "w") as file:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT)

    def wait_for(self, condition, what):
        """Until `condition()` holds; raises as soon as the server is gone."""
        def holds():
            if self._process.poll() is not None:
                with open(self._output) as file:
                    raise RuntimeError(
                        f"{self._process.args[0]} ended with "
                        f"{self._process.returncode}: {file.read().strip()}")
            return condition()
        wait_until(holds, what)

    def wait_for_port(self, port):
        def answers():
            with socket.socket() as probe:
                probe.settimeout(1)
                return probe.connect_ex(("127.0.0.1", port)) == 0
        self.wait_for(answers, f"nobody listens on port {port}")

    def stop(self):
        stop(self._process)


def stop(process, timeout_s=10):
    """SIGTERM, then SIGKILL for one who will not listen."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
