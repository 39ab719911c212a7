"""What a peer may speak, and how smtpmark is told to use it."""

import dataclasses

MESSAGES = 40
LOAD = dict(messages=MESSAGES, connections=4, messages_per_connection=10)
# Where a peer may listen: without TLS and AUTH, with both, with TLS from the
# first octet, on a UNIX socket, and behind a proxy.
RELAY, SUBMISSION, SUBMISSIONS, SOCKET = ("relay", "submission",
                                          "submissions", "socket")
PROXIED = {version: f"behind a proxy, {version}" for version in ("v1", "v2")}
PROXIED_PORT = 2500
# Stands among the EHLO keywords for what no keyword tells.
RESUMPTION = "(resumes TLS)"
MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256",
              "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "XOAUTH2",
              "OAUTHBEARER")


@dataclasses.dataclass(frozen=True)
class Feature:
    """One row of the page. `needs` are EHLO keywords, or "AUTH=NAME";
    `place` is where it can be tried alone, None for wherever the peer takes
    mail; `more_than_zero` are totals of the result, and `phase` is one with
    samples, that show that it was used."""
    name: str
    options: dict
    needs: tuple = ()
    place: str | None = None
    more_than_zero: tuple = ()
    phase: str | None = None

    def command_line(self):
        words = []
        for name, value in self.options.items():
            words.append("--" + name.replace("_", "-"))
            words += [] if value is True else [str(value)]
        return " ".join(words)


def _auth(mechanism):
    return Feature(f"AUTH {mechanism}", {"auth": mechanism.lower()},
                   (f"AUTH={mechanism}",), SUBMISSION, ("auth_accepted",))


def _require(*keywords, **options):
    return {**options, "require": ",".join(keywords)}


FEATURES = (
    Feature("no TLS", {"tls": "none"}, place=RELAY,
            more_than_zero=("sessions_plain",)),
    Feature("STARTTLS", {"tls": "required"}, ("STARTTLS",),
            more_than_zero=("tls_handshakes",)),
    Feature("TLS from the first octet", {"tls": "implicit"},
            place=SUBMISSIONS, more_than_zero=("tls_handshakes",)),
    *(Feature(f"TLS {version}", {"tls": "required", "tls_version": version},
              ("STARTTLS",), more_than_zero=("tls_handshakes",))
      for version in ("1.2", "1.3")),
    Feature("TLS sessions resumed",
            # One at a time, or it is luck whether the process that is met has
            # the key of the ticket.
            {"tls": "required", "tls_resume": True, "connections": 1,
             "messages_per_connection": 1},
            (RESUMPTION,), more_than_zero=("tls_resumed",)),
    Feature("UNIX socket", {"tls": "none"}, place=SOCKET,
            more_than_zero=("sessions_plain",)),
    *map(_auth, MECHANISMS),
    Feature("wrong passwords rejected", {
        "auth": "plain", "wrong_password_share": "40%",
        "messages_per_connection": 1}, ("AUTH=PLAIN",), SUBMISSION, ("auth_rejected_as_wanted",)),
    Feature("PIPELINING, groups",
            _require("PIPELINING", pipelining="group"), ("PIPELINING",)),
    Feature("PIPELINING, messages overlap",
            _require("PIPELINING", pipelining="full"), ("PIPELINING",)),
    Feature("CHUNKING, one chunk",
            _require("CHUNKING", chunking=True), ("CHUNKING",)),
    Feature("CHUNKING, small chunks",
            _require("CHUNKING", chunking=True, chunk_size=300),
            ("CHUNKING",)),
    Feature("CHUNKING, pipelined",
            _require("CHUNKING", "PIPELINING", chunking=True,
                     pipelining="full", pipelining_depth=8),
            ("CHUNKING", "PIPELINING")),
    Feature("BINARYMIME",
            _require("BINARYMIME", chunking=True, binary_mime=True),
            ("CHUNKING", "BINARYMIME")),
    Feature("SIZE", _require("SIZE", size="uniform:1K-100K"), ("SIZE",)),
    Feature("8BITMIME", _require("8BITMIME", eight_bit=True), ("8BITMIME",)),
    Feature("SMTPUTF8", _require("SMTPUTF8", smtputf8=True,
                                 to="j\u00f6rg@example.com"), ("SMTPUTF8",)),
    Feature("DSN", _require("DSN", dsn_ret="HDRS", dsn_envid="run-1",
                            dsn_notify="FAILURE,DELAY", dsn_orcpt=True),
            ("DSN",)),
    Feature("MT-PRIORITY", _require("MT-PRIORITY", mt_priority=3),
            ("MT-PRIORITY",)),
    Feature("REQUIRETLS", _require("REQUIRETLS", tls="required",
                                   requiretls=True), ("REQUIRETLS",)),
    Feature("LIMITS", _require("LIMITS"), ("LIMITS",)),
    # A place that expects the header takes no session without it.
    *(Feature(f"PROXY protocol {version}", {"tls": "none", "proxy": version,
                                            "proxy_client": "192.0.2.25"},
              place=place) for version, place in PROXIED.items()),
    Feature("XCLIENT", _require("XCLIENT", xclient="ADDR=192.0.2.25"),
            ("XCLIENT",), phase="xclient"),
    Feature("several recipients", {"recipients": 3}),
    Feature("RSET between messages", {"reset": True}),
    Feature("lines that begin with dots", {"dot_lines": "50%"}),
)
