"""Clients that are not ours: Postfix's smtp-source, swaks, and gsasl."""

import subprocess

import service

SMTP_SOURCE_PACKAGES = ("postfix",)
SWAKS_PACKAGES = ("swaks", "libnet-ssleay-perl")
GSASL_PACKAGES = ("gsasl",)
ENVELOPE = ("from@example.com", "to@example.com")


def smtp_source(*options, port=25):
    """Fails unless every message was accepted."""
    service.checked(["smtp-source", "-f", ENVELOPE[0], "-t", ENVELOPE[1],
                     *map(str, options), f"127.0.0.1:{port}"], timeout_s=60)


def swaks(*options):
    """One session; the transcript is in `stdout`, and `returncode` is 0 if
    the message was accepted."""
    return subprocess.run(
        ["swaks", "--server", "127.0.0.1", "--timeout", "10", "--from",
         ENVELOPE[0], "--to", ENVELOPE[1], *map(str, options)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=30)


def login(method, password=service.PASSWORD):
    """Options of swaks for AUTH."""
    return ("--auth", method, "--auth-user", service.USER,
            "--auth-password", password)


def gsasl(mechanism, *options, password=service.PASSWORD):
    """STARTTLS and AUTH on port 587; `returncode` is 0 when it was let in."""
    return subprocess.run(
        ["gsasl", "--smtp", "--connect", "127.0.0.1:587", "--quiet",
         "--x509-ca-file", service.CERTIFICATE, "--mechanism", mechanism,
         "--authentication-id", service.USER, "--password", password,
         *options],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=30)
