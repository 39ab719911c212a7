"""An OpenSMTPD on port 25, and behind a proxy on port 2500, in plain, whose
mail goes nowhere."""

import os
import re

import log_file
import service
from mail_log import Tally

PACKAGES = ("opensmtpd",)
HOME = os.path.join(service.RUN, "opensmtpd")
# Folders that it insists on, without leaving a trace on the machine.
FURNISH = ("mount -t tmpfs none /run && mount -t tmpfs none /var/lib && "
           "mkdir -p -m 755 /var/lib/opensmtpd/empty && exec \"$@\"")
MESSAGE = re.compile(r" smtp message msgid=(\w+) size=\d+ nrcpt=(\d+) ")
COMPLAINT = re.compile(r"^(?:.* mda delivery .* result=(?!Ok ).*|fatal.*)$", re.M)


class OpenSmtpd:
    """start() returns when the port answers; tally() counts what came since
    the last one."""

    def start(self):
        conf = os.path.join(HOME, "conf")
        service.render("opensmtpd", conf)
        output = os.path.join(HOME, "smtpd.out")
        self._daemon = service.Daemon(
            ["unshare", "--mount", "sh", "-c", FURNISH, "smtpd", "smtpd", "-d",
             "-f", os.path.join(conf, "smtpd.conf")], output=output)
        self._daemon.wait_for_port(25)
        self._log = log_file.LogFile(output)

    def stop(self):
        self._daemon.stop()

    def tally(self):
        text = self._log.next_stretch()
        messages = MESSAGE.findall(text)
        return Tally(messages={message for message, _ in messages},
                     recipients=sum(int(count) for _, count in messages),
                     complaints=COMPLAINT.findall(text))
