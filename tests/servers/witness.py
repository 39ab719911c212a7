"""What a server's log tells of the sessions and the mail that it saw."""

import collections
import dataclasses
import re

_counter = collections.Counter


@dataclasses.dataclass
class Seen:
    """One stretch of a log. Addresses and names are counted once a recipient
    by Postfix and once a message by Exim."""
    clients: collections.Counter
    targets: collections.Counter  # by address
    names: collections.Counter  # of EHLO
    reverse_paths: collections.Counter
    forward_paths: collections.Counter
    subjects: collections.Counter
    sizes: collections.Counter
    users: collections.Counter  # (mechanism, name)
    messages_of_sessions: list
    seconds_of_sessions: list  # whole ones, at most
    quits: int
    lost_in_command: int  # within a transaction, before its content
    lost_in_content: int


RECIPIENT = re.compile(r" postfix/(?:(\w+)/)?smtpd\[\d+\]: "
                       r"\w+: info: RCPT from \S+?\[(.+?)\]: .*; from=<(.*?)> "
                       r"to=<(.*?)> proto=\S+ helo=<(.*?)>")
SUBJECT = re.compile(r": info: header Subject: (.*?) from \S+\[")
QUEUED = re.compile(r"/qmgr\[\d+\]: .*, size=(\d+), nrcpt=")
LOGIN = re.compile(r" sasl_method=([\w-]+), sasl_username=(\S+)")
SESSION = re.compile(r"^.{7}(\d\d):(\d\d):(\d\d) .*/smtpd\[(\d+)\]: "
                     r"(disconnect|connect) from (.*)$", re.M)
TAKEN = re.compile(r"^.{11}(\d\d):(\d\d):(\d\d) \S+ taken rcpts=\d+ "
                   r"size=(\d+) auth=(\S*) .* at=(\S+) client=(\S+) port=(\d+) "
                   r"name=(\S*) user=(\S*) from=<(.*?)> to=<(.*?)> "
                   r"subject=<(.*)>$", re.M)
POSTFIX_AT = {"": "127.0.0.1", "second": "127.0.0.2"}  # by name in the log
DAY_S = 86400


def _seconds(hours, minutes, seconds):
    return (int(hours) * 60 + int(minutes)) * 60 + int(seconds)


def by_postfix(text):
    """With an INFO for each name in EHLO and for each Subject."""
    services, clients, senders, recipients, names = _columns(
        RECIPIENT.findall(text), 5)
    began, lasted, messages = {}, [], []
    for *time, process, event, rest in SESSION.findall(text):
        if event == "connect":
            began[process] = _seconds(*time)
            continue
        if process in began:
            lasted.append((_seconds(*time) - began.pop(process)) % DAY_S)
        done = re.search(r" (?:data|bdat)=(\d+)", rest)
        messages.append(int(done[1]) if done else 0)
    targets = [POSTFIX_AT.get(service) for service in services]
    return Seen(_counter(clients), _counter(targets), _counter(names),
                _counter(senders), _counter(recipients),
                _counter(SUBJECT.findall(text)),
                _counter(map(int, QUEUED.findall(text))),
                _counter(LOGIN.findall(text)), messages, lasted,
                *_lines(text, r"disconnect from .* quit=1 ",
                        r": lost connection after (?:MAIL|RCPT) ",
                        r": lost connection after DATA \("))


def by_exim(text):
    rows = TAKEN.findall(text)
    (_, _, _, sizes, mechanisms, targets, clients, _, names, users, senders,
     recipients, subjects) = _columns(rows, 13)
    times = collections.defaultdict(list)
    for row in rows:
        times[row[6:8]].append(_seconds(*row[:3]))
    return Seen(_counter(clients), _counter(targets), _counter(names),
                _counter(senders),
                _counter(path for paths in recipients
                         for path in paths.split(", ")),
                _counter(subjects), _counter(map(int, sizes)),
                _counter((mechanism.upper().replace("_", "-"), user)
                         for mechanism, user in zip(mechanisms, users)
                         if mechanism),
                [len(known) for known in times.values()],
                [(known[-1] - known[0]) % DAY_S for known in times.values()],
                *_lines(text, r" closed by QUIT$",
                        r" unexpected disconnection while reading SMTP ",
                        r" lost while reading message data"))


def _lines(text, *patterns):
    return [len(re.findall(pattern, text, re.M)) for pattern in patterns]


def _columns(rows, width):
    return list(zip(*rows)) if rows else [()] * width
