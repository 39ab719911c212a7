"""An Exim on ports 25, 587 and 465 whose mail goes nowhere."""

import os
import re
import shutil

import dovecot_sasl
import log_file
import service
import witness
from mail_log import Tally

PACKAGES = ("exim4-daemon-heavy",) + dovecot_sasl.PACKAGES
HOME = os.path.join(service.RUN, "exim")
CONF = os.path.join(HOME, "conf", "exim.conf")
TAKEN = re.compile(r"^.{19} (\S+) taken rcpts=(\d+) ", re.M)


class Exim:
    """start() returns when all three ports answer; tally() counts what came
    since the last one."""

    def start(self):
        self._sasl = dovecot_sasl.DovecotSasl()
        self._sasl.start()
        service.render("exim", os.path.dirname(CONF))
        os.makedirs(os.path.join(HOME, "spool"), exist_ok=True)
        for path in (HOME, os.path.join(HOME, "spool")):
            shutil.chown(path, "Debian-exim")
        self._certificate()
        self._daemon = service.Daemon(
            ["exim4", "-C", CONF, "-bdf"],
            output=os.path.join(HOME, "start.out"))
        for port in (25, 587, 465):
            self._daemon.wait_for_port(port)
        self._log = log_file.LogFile(os.path.join(HOME, "mainlog.log"))
        self._panics = os.path.join(HOME, "paniclog.log")

    def _certificate(self):
        service.make_certificate()
        for certificate in (service.CERTIFICATE, service.RSA_CERTIFICATE):
            own = os.path.join(HOME, os.path.basename(certificate))
            shutil.copy(certificate, own)
            shutil.chown(own, "Debian-exim")

    def stop(self):
        self._daemon.stop()
        self._sasl.stop()

    def tally(self):
        self._stretch = self._log.next_stretch()
        taken = TAKEN.findall(self._stretch)
        return Tally(messages={message for message, _ in taken},
                     recipients=sum(int(count) for _, count in taken),
                     complaints=self._complaints())

    def seen(self):
        """What the last tally() counted, in more words."""
        return witness.by_exim(self._stretch)

    def _complaints(self):
        if not os.path.exists(self._panics):
            return []
        with open(self._panics) as file:
            return [line for line in file
                    if "lost privilege for using -C" not in line]
