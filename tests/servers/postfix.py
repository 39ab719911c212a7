"""A Postfix on ports 25, 587 and 465 whose mail goes nowhere."""

import os
import shutil

import dovecot_sasl
import mail_log
import service
import witness

PACKAGES = ("postfix",) + dovecot_sasl.PACKAGES
RELAY, SUBMISSION, SUBMISSIONS = 25, 587, 465
HOME = os.path.join(service.RUN, "postfix")
CONF = os.path.join(HOME, "conf")
SPOOL = os.path.join(HOME, "spool")
LOG = os.path.join(HOME, "mail.log")
QUEUES = ("maildrop", "incoming", "active")  # deferred mail waits too long
QUIET_POLLS = 10  # of 50 ms each
# A line for each recipient with all of its envelope, one for each Subject,
# and a certificate of another kind for another name.
TALKATIVE = {
    "smtpd_helo_restrictions": "check_helo_access static:INFO",
    "header_checks": "regexp:{{/^Subject:/ INFO}}",
    "smtpd_tls_chain_files": f"{service.CERTIFICATE} {service.RSA_CERTIFICATE}",
    "tls_server_sni_maps": "inline:{ { other.test.invalid = "
                           f"{service.RSA_CERTIFICATE} }} }}",
}


class Postfix:
    """start() returns when all three ports answer. mark() opens a stretch of
    the log; tally() waits until the queue is empty, counts it, and opens the
    next one. `settings` replace what main.cf says."""

    def __init__(self, **settings):
        self._settings = settings

    def start(self):
        service.make_certificate()
        self._sasl = dovecot_sasl.DovecotSasl()
        self._sasl.start()
        service.render("postfix", CONF)
        self._apply_settings(os.path.join(CONF, "main.cf"))
        shutil.rmtree(SPOOL, ignore_errors=True)
        os.makedirs(SPOOL)
        self._daemon = service.Daemon(
            ["postfix", "-c", CONF, "start-fg"],
            output=os.path.join(HOME, "start.out"))
        for port in (RELAY, SUBMISSION, SUBMISSIONS):
            self._daemon.wait_for_port(port)
        self.mark()

    def _apply_settings(self, main_cf):
        # A second line for the same name would be a warning in the log.
        with open(main_cf) as file:
            kept = [line for line in file
                    if line.partition(" =")[0] not in self._settings]
        with open(main_cf, "w") as file:
            file.writelines(kept)
            file.writelines(f"{name} = {value}\n"
                            for name, value in self._settings.items())

    def stop(self):
        service.checked(["postfix", "-c", CONF, "stop"])
        self._daemon.stop()
        self._sasl.stop()

    def mark(self):
        self._wait_for_quiet()
        self._mark = os.path.getsize(LOG)

    def tally(self):
        self._wait_for_quiet()
        with open(LOG) as log:
            log.seek(self._mark)
            self._stretch = log.read()
            self._mark = log.tell()
        return mail_log.count(self._stretch)

    def seen(self):
        """What the last tally() counted, in more words; it needs TALKATIVE
        settings."""
        return witness.by_postfix(self._stretch)

    def text(self):
        """The log since mark(), as it stands."""
        self._wait_for_quiet()
        with open(LOG) as log:
            log.seek(self._mark)
            return log.read()

    def _wait_for_quiet(self):
        """Until no mail is queued and the log has stopped growing."""
        seen = []

        def quiet():
            seen.append((os.path.getsize(LOG), _queued_files()))
            latest = set(seen[-QUIET_POLLS:])
            return (len(seen) >= QUIET_POLLS and len(latest) == 1
                    and latest.pop()[1] == 0)
        service.wait_until(quiet, "Postfix still has mail in its queue",
                           timeout_s=45)


def _queued_files():
    return sum(len(files) for queue in QUEUES
               for _, _, files in os.walk(os.path.join(SPOOL, queue)))
