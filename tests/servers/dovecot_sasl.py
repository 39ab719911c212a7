"""Dovecot's authentication socket, which knows USER and PASSWORD."""

import os

import service

PACKAGES = ("dovecot-core",)
SOCKET = os.path.join(service.RUN, "dovecot", "auth-client")


class DovecotSasl:
    def start(self):
        conf = os.path.join(service.RUN, "dovecot-conf")
        service.render("dovecot-sasl", conf)
        self._daemon = service.Daemon(
            ["dovecot", "-F", "-c", os.path.join(conf, "dovecot.conf")],
            output=os.path.join(service.RUN, "dovecot.out"))
        self._daemon.wait_for(lambda: os.path.exists(SOCKET),
                              "Dovecot offers no authentication socket")

    def stop(self):
        self._daemon.stop()
