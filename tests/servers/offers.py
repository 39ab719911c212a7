"""What a peer offers, asked by a client that is not ours."""

import smtplib
import socket
import ssl

PATIENCE_S = 10
# Resuming may take luck where each process has keys of its own.
RESUMPTIONS_TRIED = 5
GREETING_S = 0.1
LISTENING = "00010000"  # flags in /proc/net/unix


def _context():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _client(lmtp, address):
    if lmtp:
        return smtplib.LMTP(*address)
    return smtplib.SMTP(*address, timeout=PATIENCE_S)


def _keywords(client):
    client.ehlo("client.example.com")
    lines = client.ehlo_resp.decode().splitlines()[1:]
    found = set()
    for line in lines:
        keyword, *arguments = line.upper().split()
        found.add(keyword)
        if keyword == "AUTH":
            found.update(f"AUTH={name}" for name in arguments)
    return found


def _secure(client, context, session=None):
    if client.docmd("STARTTLS")[0] != 220:
        raise OSError("STARTTLS was refused")
    client.sock = context.wrap_socket(client.sock, session=session)
    client.file = None
    return _keywords(client)


def keywords(address, lmtp):
    """Of EHLO or LHLO, in plain and behind STARTTLS together."""
    with _client(lmtp, address) as client:
        found = _keywords(client)
        if "STARTTLS" in found:
            found |= _secure(client, _context())
        return found


def resumes_tls(address, lmtp):
    """Behind STARTTLS, which it has to offer."""
    context, session = _context(), None
    for _ in range(RESUMPTIONS_TRIED):
        with _client(lmtp, address) as client:
            _keywords(client)
            _secure(client, context, session)
            if client.sock.session_reused:
                return True
            session = client.sock.session
    return False


def selects_alpn(address, lmtp):
    """Of `smtp`, behind STARTTLS, which it has to offer."""
    context = _context()
    context.set_alpn_protocols(["smtp"])
    with _client(lmtp, address) as client:
        _keywords(client)
        _secure(client, context)
        return client.sock.selected_alpn_protocol() == "smtp"


def takes_mail_at_once(address, lmtp):
    """Without TLS and AUTH."""
    with _client(lmtp, address) as client:
        _keywords(client)
        return (client.mail("a@example.com")[0] == 250
                and client.rcpt("b@example.com")[0] in (250, 251))


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(PATIENCE_S)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def greets_a_proxy(port):
    """One that speaks version 1 of the PROXY protocol."""
    try:
        with socket.create_connection(("127.0.0.1", port),
                                      PATIENCE_S) as probe:
            probe.sendall(b"PROXY TCP4 192.0.2.25 127.0.0.1 4242 25\r\n")
            return probe.recv(3) == b"220"
    except OSError:
        return False


def greets_on_a_unix_socket():
    """Any of those in this network namespace, as a mail server does."""
    with open("/proc/net/unix") as file:
        fields = [line.split() for line in file][1:]
    return any(_greets(line[7]) for line in fields
               if len(line) == 8 and line[3] == LISTENING)


def _greets(path):
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(GREETING_S)
        try:
            probe.connect(path)
            return probe.recv(3) == b"220"
        except OSError:
            return False
