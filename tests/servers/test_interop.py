"""Every peer with every feature: used without an error where the peer speaks
it, and found missing in the peer's offer where it does not. docs/interop.md
says the same."""

import contextlib
import json
import os
import re
import unittest

import dovecot_mail
import dovecot_sasl
import exim
import features
import interop_page
import offers
import opensmtpd
import postfix
import seen_features
import service
import smtpmark
from features import PROXIED, RELAY, SOCKET, SUBMISSION, SUBMISSIONS

HOST = "127.0.0.1"


def place(port, **options):
    return dict(target=f"{HOST}:{port}", **options)


def login():
    return dict(user=service.USER, password=service.PASSWORD)


def proxied(role, *versions):
    return {PROXIED[version]: place(features.PROXIED_PORT, tls="none",
                                    role=role) for version in versions}


def ports_of_a_server():
    return {RELAY: place(25, tls="none"), SUBMISSION: place(587, **login()),
            SUBMISSIONS: place(465, **login()),
            **proxied("relay", "v1", "v2")}


class Peer:
    """`address` is where its offer is asked for, `auth_address` the one of
    AUTH. `crashes` maps features that end the peer's process to what its log
    says of it."""

    name = ""
    lmtp = False
    crashes = {}
    address = auth_address = (HOST, 25)

    @classmethod
    def setUpClass(cls):
        cls.server = cls.make_server()
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)

    def test_every_feature(self):
        self.fill(interop_page.SPOKEN)

    def fill(self, table):
        self.offer = self.whole_offer()
        self.server.tally()  # what all of that left
        cells = {}
        for feature in table.features:
            with self.subTest(feature.name):
                cells[feature.name] = self.cell(feature)
        with open(os.path.join(service.RUN, f"{table.kind}-{self.name}.json"),
                  "w") as file:
            json.dump(cells, file)
        self.assertEqual(interop_page.column(self.name, table), cells,
                         "docs/interop.md says otherwise")

    def whole_offer(self):
        found = offers.keywords(self.address, self.lmtp)
        if "STARTTLS" in found and offers.resumes_tls(self.address, self.lmtp):
            found.add(features.RESUMPTION)
        if "STARTTLS" in found and offers.selects_alpn(self.address,
                                                       self.lmtp):
            found.add(seen_features.ALPN)
        if self.auth_address != self.address:
            found |= {keyword for keyword
                      in offers.keywords(self.auth_address, self.lmtp)
                      if keyword.startswith("AUTH")}
        return found

    def cell(self, feature):
        if not self.speaks(feature):
            return interop_page.NOT_SPOKEN
        if feature.name in self.crashes:
            self.crash(feature)
            return interop_page.CRASHES
        self.use(feature)
        return interop_page.YES

    def speaks(self, feature):
        if not self.offer.issuperset(feature.needs):
            return False
        if feature.place in (None, *self.places()):
            return True
        self.assertFalse(self.is_at(feature.place))
        return False

    def is_at(self, place):
        """Where we know of no such place."""
        if place == RELAY:
            return offers.takes_mail_at_once(self.address, self.lmtp)
        if place == SUBMISSIONS:
            return offers.listens(465)
        if place == PROXIED["v1"]:
            return offers.greets_a_proxy(features.PROXIED_PORT)
        if place == PROXIED["v2"]:
            return offers.listens(features.PROXIED_PORT)
        return offers.greets_on_a_unix_socket()

    def run_with(self, feature):
        places = self.places()
        where = places[feature.place or next(iter(places))]
        options = {**features.LOAD, **where, **self.options_of(feature)}
        if options.keys() & {"users", "token_file"}:
            options.pop("password")
        if "users" in options:
            options.pop("user")
        if feature.name in ("AUTH XOAUTH2", "AUTH OAUTHBEARER"):
            options["token"] = dovecot_sasl.token()
        if feature.place == SOCKET or feature.options.get("tls") == "implicit":
            options.pop("tls")
        return smtpmark.run(None, **options), self.server.tally()

    def options_of(self, feature):
        return feature.options

    def use(self, feature):
        """Returns the run."""
        run, tally = self.run_with(feature)
        self.assertEqual(run.exit_status, 0, run.stdout + run.stderr)
        self.assertEqual(run.errors(), [])
        self.assertEqual(run.totals("messages_in_doubt"), 0)
        accepted = run.totals("messages_accepted")
        rejected = run.totals("auth_rejected_as_wanted")
        self.assertEqual(
            accepted + rejected + run.totals("messages_abandoned"),
            feature.options.get("messages", features.MESSAGES))
        self.assertEqual(len(tally.messages), accepted)
        if "workload" not in feature.options:
            self.assertEqual(tally.recipients,
                             accepted * feature.options.get("recipients", 1))
        self.assertEqual(run.totals("recipients_accepted"), tally.recipients)
        if not rejected:
            self.assertEqual(tally.complaints, [])
        for total in feature.more_than_zero:
            self.assertGreater(run.totals(total), 0, total)
        if feature.phase:
            phases = run.result["jobs"][0]["phases"]
            self.assertGreater(phases[feature.phase]["count"], 0)
        return run

    def crash(self, feature):
        run, tally = self.run_with(feature)
        self.assertNotEqual(run.exit_status, 0)
        self.assertTrue(
            any(re.search(self.crashes[feature.name], line)
                for line in tally.complaints), tally.complaints)


class Talkative(Peer):
    """A peer whose log tells of each session and message what it was."""

    def test_what_its_log_shows(self):
        self.fill(interop_page.SEEN)

    def options_of(self, feature):
        if not isinstance(feature, seen_features.Shown):
            return feature.options
        for name, content in feature.files.items():
            with open(os.path.join(service.RUN, name), "w") as file:
                file.write(content() if callable(content) else content)
        return feature.options_in(service.RUN)

    def use(self, feature):
        run = super().use(feature)
        if isinstance(feature, seen_features.Shown):
            seen = self.server.seen()
            self.assertTrue(feature.shown(run, seen), seen)


class Postfix(Talkative, unittest.TestCase):
    packages = postfix.PACKAGES
    name = "Postfix"
    auth_address = (HOST, 587)
    places = staticmethod(ports_of_a_server)

    @staticmethod
    def make_server():
        return postfix.Postfix(**postfix.TALKATIVE)
    places = staticmethod(ports_of_a_server)


class Exim(Talkative, unittest.TestCase):
    packages = exim.PACKAGES
    name = "Exim"
    auth_address = (HOST, 587)
    make_server = exim.Exim
    places = staticmethod(ports_of_a_server)


class OpenSmtpd(Peer, unittest.TestCase):
    packages = opensmtpd.PACKAGES
    name = "OpenSMTPD"
    make_server = opensmtpd.OpenSmtpd

    def places(self):
        return {RELAY: place(25, tls="none"),
                **proxied("relay", "v2")}


class DovecotLmtp(Peer, unittest.TestCase):
    packages = dovecot_mail.PACKAGES
    name = "Dovecot LMTP"
    lmtp = True
    address = auth_address = (HOST, 24)
    make_server = dovecot_mail.DovecotMail

    def places(self):
        return {RELAY: place(24, tls="none", role="lmtp"),
                SOCKET: dict(target=f"unix:{dovecot_mail.SOCKET}",
                             role="lmtp"),
                **proxied("lmtp", "v1", "v2")}

    def is_at(self, place):
        # Port 465 is the one of its submission.
        return place != SUBMISSIONS and super().is_at(place)


class DovecotSubmission(Peer, unittest.TestCase):
    packages = dovecot_mail.PACKAGES
    name = "Dovecot submission"
    address = auth_address = (HOST, 587)
    make_server = dovecot_mail.DovecotMail
    # 2.3.19 loses count of RCPT behind the end of a message that it relays.
    crashes = dict.fromkeys(
        ("PIPELINING, messages overlap", "CHUNKING, pipelined"),
        r"Panic: .*assertion failed: \(conn->state.pending_rcpt_cmds == 0\)")

    @classmethod
    def setUpClass(cls):
        room = contextlib.ExitStack()
        cls.addClassCleanup(room.close)
        room.enter_context(smtpmark.Sink({"relay": dovecot_mail.RELAY_PORT}))
        super().setUpClass()

    def places(self):
        return {SUBMISSION: place(587, **login()),
                SUBMISSIONS: place(465, **login())}

    def is_at(self, place):
        # The UNIX socket and the port behind a proxy are those of its LMTP.
        return place not in (SOCKET, *PROXIED.values()) and super().is_at(place)
