"""Dovecot's LMTP, on port 24 and a UNIX socket, and its submission, on ports
587 and 465, which relays to port 2525."""

import os
import re
import shutil

import log_file
import service
from mail_log import Tally

PACKAGES = ("dovecot-core", "dovecot-lmtpd", "dovecot-submissiond")
RELAY_PORT = 2525
HOME = os.path.join(service.RUN, "dovecot-mail")
SOCKET = os.path.join(HOME, "lmtp.sock")
# A session has its transactions behind :T, those their recipients behind :R.
SAVED = re.compile(r" lmtp\(.*?\)<\d+><([^>]*?)(?::R\d+)?>: Info: .*: saved "
                   r"mail to INBOX$", re.M)
RELAYED = re.compile(r"^.* submission\(.*: Successfully relayed message: .*"
                     r" nrcpt=(\d+), .*$", re.M)


class DovecotMail:
    """start() returns when all ports answer; tally() counts what came since
    the last one. In `complaints` is all that Dovecot calls an error."""

    def start(self):
        service.make_certificate()
        conf = os.path.join(HOME, "conf")
        service.render("dovecot", conf)
        mail = os.path.join(HOME, "mail")
        shutil.rmtree(mail, ignore_errors=True)
        os.makedirs(mail)
        shutil.chown(mail, "nobody", "nogroup")
        self._daemon = service.Daemon(
            ["dovecot", "-F", "-c", os.path.join(conf, "dovecot.conf")],
            output=os.path.join(HOME, "start.out"))
        for port in (24, 587, 465):
            self._daemon.wait_for_port(port)
        self._info, self._errors = (
            log_file.LogFile(os.path.join(HOME, name))
            for name in ("info.log", "dovecot.log"))

    def stop(self):
        self._daemon.stop()

    def tally(self):
        text = self._info.next_stretch()
        saved = SAVED.findall(text)
        # The lines of relayed messages differ at least in their ids.
        relayed = {line[0]: int(line[1]) for line in RELAYED.finditer(text)}
        return Tally(messages=set(saved) | set(relayed),
                     recipients=len(saved) + sum(relayed.values()),
                     complaints=self._errors.next_stretch().splitlines())
