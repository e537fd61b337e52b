"""A small market for the tests: stubs made from proto/, an authority, one operator, two lenders, a server process.

Everything lives in one temporary folder that goes with it. The binary is INTEROP_BINARY.
"""

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
# The longest that the server may take to begin to serve; a debug build needs about a second.
START_SECONDS_MAX = 60

CONFIGURATION = """
listen = "127.0.0.1:0"
data_dir = "data"
bootstrap_operators = ["certs/operator.pem"]

[tls]
certificate = "certs/server.pem"
key = "certs/server.key"
client_ca = "certs/ca.pem"

[market]
approvals = 1

[http]
listen = "127.0.0.1:0"
[web]
listen = "127.0.0.1:0"

[log]
format = "json"
"""


@functools.cache
def folder():
    """The folder, removed when the tests end."""
    path = Path(tempfile.mkdtemp(prefix="tallystick-interop-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@functools.cache
def make_stubs():
    """Generates the stubs and puts them on the path."""
    stubs = folder() / "stubs"
    stubs.mkdir()
    protos = sorted(str(path) for path in (REPOSITORY / "proto").rglob("*.proto"))
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{REPOSITORY / 'proto'}"]
    subprocess.run([*command, f"--python_out={stubs}", f"--grpc_python_out={stubs}", *protos], check=True)
    sys.path.insert(0, str(stubs))


class Market:
    """A server that runs, and who may call it."""

    def __init__(self):
        self.certificates = folder() / "certs"
        self.run("certs", "init", str(self.certificates))
        for name in ("operator", "lender-a", "lender-b", "stranger"):
            self.run("certs", "issue", str(self.certificates), name)
        (folder() / "tallystick.toml").write_text(CONFIGURATION, encoding="utf-8")
        self.log = []
        self.process = subprocess.Popen(
            [binary(), "serve", "--config", str(folder() / "tallystick.toml")],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        atexit.register(self.stop)
        self.address = self.wait_for_address()
        for lender in ("lender-a", "lender-b"):
            self.member("create", lender, "--name", lender, "--group", "online-microloan")
            self.member("add-certificate", lender, str(self.certificates / f"{lender}.pem"))

    def wait_for_address(self):
        """Reads the log until the line that says where the server listens; the rest is read in the background."""
        # A server that hangs is ended, and its log with it.
        guard = threading.Timer(START_SECONDS_MAX, self.process.kill)
        guard.start()
        for line in self.process.stderr:
            self.log.append(line)
            address = find(json.loads(line), "address") if "serving" in line else None
            if address:
                guard.cancel()
                threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True).start()
                return address
        raise RuntimeError("the server did not start:\n" + "".join(self.log))

    def credentials(self, name):
        """PEM files of an authority, a certificate and a key."""
        return tuple(str(self.certificates / file) for file in ("ca.pem", f"{name}.pem", f"{name}.key"))

    def member(self, *arguments):
        authority, certificate, key = self.credentials("operator")
        connection = ("--server", f"https://{self.address}", "--ca", authority, "--cert", certificate, "--key", key)
        return self.run("member", *connection, *arguments)

    @staticmethod
    def run(*arguments):
        done = subprocess.run([binary(), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError(f"tallystick {arguments[0]} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def stop(self):
        """Ends the server as an operator would and returns its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait()


@functools.cache
def market():
    """The market that all tests share."""
    return Market()


def binary():
    return os.environ["INTEROP_BINARY"]


def find(value, key):
    """The first value under `key` in nested objects."""
    if not isinstance(value, dict):
        return None
    if key in value:
        return value[key]
    return next((found for inner in value.values() if (found := find(inner, key)) is not None), None)
