"""What a server's log, or what was negotiated with it, shows to have been
used: the second table of docs/interop.md. `shown(run, seen)` is false where
the options did nothing; `seen` is a witness.Seen."""

import dataclasses

import dovecot_sasl
import service
from features import MESSAGES, RELAY, SUBMISSION, Feature

ALPN = "(ALPN)"  # stands among the EHLO keywords
OTHER_NAME = "other.test.invalid"  # has an RSA certificate of its own
CORPUS = "".join(
    f"From ann@example.com Mon Nov 23 10:00:00 2026\nFrom: ann@example.com\n"
    f"Subject: {name}\n\nOf {name}.\n\n" for name in ("spring", "autumn"))
USERS = (service.USER, "second@test.invalid")


@dataclasses.dataclass(frozen=True)
class Shown(Feature):
    """`files` are written before the run, and their names in options stand
    for them."""
    shown: object = None
    files: dict = dataclasses.field(default_factory=dict)

    def options_in(self, folder):
        return {name: f"{folder}/{value}" if value in self.files else value
                for name, value in self.options.items()}


def _negotiated(run, key):
    return {kind[key] for job in run.result["jobs"]
            for kind in job["tls_negotiated"]}


def _relay(name, shown, **options):
    files = options.pop("files", {})
    return Shown(name, options, place=RELAY, shown=shown, files=files)


def _tls(name, shown, needs=(), **options):
    return Shown(name, {"tls": "required", **options}, ("STARTTLS",) + needs,
                 RELAY, ("tls_handshakes",), shown=shown)


def _workload(name, messages, low, high):
    return _relay(
        f"workload {name}",
        lambda run, seen: len(seen.sizes) >= 4 and
        low <= min(seen.sizes) and max(seen.sizes) <= high,
        workload=name, messages=messages)


FEATURES = (
    _relay("IPv6", lambda run, seen: set(seen.clients) == {"::1"},
           target="[::1]:25"),
    _relay("several targets",
           lambda run, seen: seen.targets["127.0.0.1"]
           == seen.targets["127.0.0.2"] == MESSAGES / 2,
           target="127.0.0.1:25,127.0.0.2:25", messages_per_connection=1),
    _relay("range of sources",
           lambda run, seen: set(seen.clients)
           == {f"127.0.0.{last}" for last in range(10, 20)},
           source="127.0.0.10-127.0.0.19", messages_per_connection=1),
    _relay("names in EHLO",
           lambda run, seen: set(seen.names)
           == {f"client{number}.example.com" for number in range(1, 9)},
           helo="client{1..8}.example.com", messages_per_connection=1),
    _relay("think time",
           # Nine pauses in the longest; the log has whole seconds.
           lambda run, seen: max(seen.seconds_of_sessions) >= 2,
           think_time="250ms"),
    _relay("sessions of varied length",
           lambda run, seen: sum(seen.messages_of_sessions) == MESSAGES
           and len(set(seen.messages_of_sessions)) > 1,
           messages_per_connection=4, messages_spread="geometric"),
    _relay("sessions without QUIT",
           lambda run, seen: seen.quits == 0
           and len(seen.messages_of_sessions)
           == run.totals("sessions_completed"), drop=True),
    _relay("aborted messages",
           lambda run, seen: seen.lost_in_command > 0
           and seen.lost_in_content > 0
           and seen.lost_in_command + seen.lost_in_content
           == run.totals("messages_abandoned"),
           abort="mail=10%,rcpt=10%,body=20%"),
    _tls("name in SNI",
         lambda run, seen: _negotiated(run, "peer_key") == {"rsa-2048"},
         tls_sni=OTHER_NAME),
    _tls("ALPN", lambda run, seen: _negotiated(run, "alpn") == {"smtp"},
         (ALPN,), tls_alpn="smtp"),
    _tls("signature algorithms",
         lambda run, seen:
         _negotiated(run, "signature") == {"RSA-PSS+SHA384"},
         tls_signatures="RSA-PSS+SHA384"),
    _relay("one's own messages",
           lambda run, seen: set(seen.subjects) == {"spring", "autumn"},
           corpus="archive.mbox", files={"archive.mbox": CORPUS}),
    _workload("relay", 40, 800, 4 << 20),
    _workload("client", 40, 300, 4 << 20),
    _relay("workload bulk",
           lambda run, seen: min(seen.sizes) >= 60_000
           and {path.partition("@")[2] for path in seen.forward_paths}
           == {f"{name}.example" for name in ("one", "two", "three", "four")},
           workload="bulk"),
    _workload("notification", 40, 800, 6 << 10),
    _workload("device", 8, 64 << 10, 16 << 20),
    _workload("office", 40, 300, 16 << 20),
    _relay("addresses from files",
           lambda run, seen: set(seen.reverse_paths)
           == {"cat@example.com", "dan@example.net"}
           and set(seen.forward_paths)
           == {"ann@example.com", "bob@example.org"},
           senders_file="senders.txt", recipients_file="people.txt",
           files={"senders.txt": "cat@example.com\ndan@example.net\n",
                  "people.txt": "ann@example.com\nbob@example.org\n"}),
    _relay("weighted domains",
           lambda run, seen: set(seen.forward_paths)
           == {"sink@a.example", "sink@b.example"}
           and seen.forward_paths["sink@a.example"] > MESSAGES / 2,
           to_domains="a.example=80,b.example=20"),
    Shown("several users",
          {"users": "users.csv", "auth": "scram-sha-256",
           "messages_per_connection": 1},
          ("AUTH=SCRAM-SHA-256",), SUBMISSION, ("auth_accepted",),
          shown=lambda run, seen: set(seen.users)
          == {("SCRAM-SHA-256", name) for name in USERS},
          files={"users.csv": "".join(
              f"{name},{service.PASSWORD}\n" for name in USERS)}),
    Shown("token from a file",
          {"token_file": "user.token", "auth": "xoauth2"},
          ("AUTH=XOAUTH2",), SUBMISSION, ("auth_accepted",),
          shown=lambda run, seen: {mechanism.upper() for mechanism, _
                                   in seen.users} == {"XOAUTH2"},
          files={"user.token": dovecot_sasl.token}),
)
