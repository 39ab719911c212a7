"""What Postfix's log says was received and delivered."""

import collections
import dataclasses
import re

LINE = re.compile(r"^.{15} \S+ postfix/(?:(?P<service>submissions?|second)/)?"
                  r"(?P<daemon>[\w-]+)\[\d+\]: (?P<text>.*)$", re.M)
DELIVERY = re.compile(r"^(?P<id>\w+): to=<.*[ ,]status=(?P<status>\w+)")
COMPLAINT = re.compile(r"^(warning|error|fatal|panic): ")
# A file's time is finer than time(2) since Linux 6.13 and may be a tick ahead,
# which Postfix reports when a second ends in that tick.
CLOCK = re.compile(r"^warning: (file system clock is 1 sec|resetting file time)")
COUNTER = re.compile(r" (\w+)=(\d+)")


@dataclasses.dataclass
class Tally:
    """One stretch of the log, counted. `messages` holds the queue ids that
    were delivered or discarded; a message with three recipients is there once
    and counts three in `recipients`."""
    messages: set = dataclasses.field(default_factory=set)
    removed: set = dataclasses.field(default_factory=set)
    recipients: int = 0
    undelivered: int = 0
    handshakes: int = 0
    sessions: int = 0
    sasl_methods: collections.Counter = dataclasses.field(
        default_factory=collections.Counter)
    # Commands that were answered with success, over all sessions that ended.
    commands: collections.Counter = dataclasses.field(
        default_factory=collections.Counter)
    complaints: list = dataclasses.field(default_factory=list)


def count(text):
    """The Tally of some lines of a log."""
    tally = Tally()
    for line in LINE.finditer(text):
        daemon, said = line["daemon"], line["text"]
        if COMPLAINT.match(said):
            if not CLOCK.match(said):
                tally.complaints.append(said)
        elif daemon == "smtpd":
            _count_smtpd(tally, said)
        elif daemon == "qmgr" and said.endswith(": removed"):
            tally.removed.add(said.partition(":")[0])
        else:
            _count_delivery(tally, said)
    return tally


def _count_smtpd(tally, said):
    if said.startswith("connect from "):
        tally.sessions += 1
    elif said.startswith("disconnect from "):
        for command, successes in COUNTER.findall(said):
            tally.commands[command] += int(successes)
    elif "TLS connection established from " in said:
        tally.handshakes += 1
    elif ": client=" in said:
        method = re.search(r" sasl_method=([\w-]+)", said)
        tally.sasl_methods[method[1] if method else None] += 1


def _count_delivery(tally, said):
    delivery = DELIVERY.match(said)
    if delivery is None:
        return
    if delivery["status"] == "sent":
        tally.messages.add(delivery["id"])
        tally.recipients += 1
    else:
        tally.undelivered += 1
