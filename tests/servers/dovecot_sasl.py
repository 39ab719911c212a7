"""Dovecot's authentication socket, which knows USER, PASSWORD and token()."""

import base64
import hashlib
import hmac
import json
import os
import time

import service

PACKAGES = ("dovecot-core",)
MECHANISMS = ("plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256",
              "xoauth2", "oauthbearer")
KEY = b"of the tests alone"
SOCKET = os.path.join(service.RUN, "dovecot", "auth-client")


def _encoded(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def token():
    """Of USER, for the mechanisms that take one (RFC 7519, RFC 7515)."""
    now = int(time.time())
    parts = ({"alg": "HS256", "typ": "JWT"},
             {"sub": service.USER, "iat": now - 10, "exp": now + 3600})
    signed = b".".join(_encoded(json.dumps(part).encode()) for part in parts)
    signature = hmac.digest(KEY, signed, hashlib.sha256)
    return (signed + b"." + _encoded(signature)).decode()


class DovecotSasl:
    def start(self):
        conf = os.path.join(service.RUN, "dovecot-conf")
        service.render("dovecot-sasl", conf)
        keys = os.path.join(conf, "keys", "default", "HS256")
        os.makedirs(keys, exist_ok=True)
        with open(os.path.join(keys, "default"), "wb") as file:
            file.write(base64.b64encode(KEY))
        self._daemon = service.Daemon(
            ["dovecot", "-F", "-c", os.path.join(conf, "dovecot.conf")],
            output=os.path.join(service.RUN, "dovecot.out"))
        self._daemon.wait_for(lambda: os.path.exists(SOCKET),
                              "Dovecot offers no authentication socket")

    def stop(self):
        self._daemon.stop()
