"""Postfix and Dovecot for tests: real ones, on loopback and free ports, in a folder thrown away afterwards.

Both want root and accounts of their own, which their packages make; neither needs an init system.
"""

from __future__ import annotations

import contextlib
import pwd
import shutil
import smtplib
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.services import free_port, private_folder, readable_by_other_accounts, running

PASSWORD = "fjalëkalim-prove"


@dataclass(frozen=True)
class Postfix:
    """A running one: its SMTP port, its folder."""

    port: int
    folder: Path

    def send(self, raw: bytes, sender: str, *to: str) -> None:
        """Hand over a message as any client does."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as client:
            client.sendmail(sender, list(to), raw)

    def log(self) -> str:
        """What it has logged so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def running_postfix(routes: Mapping[str, str], *, pipe: str = "", policy: int = 0) -> Iterator[Postfix]:
    """A Postfix that takes mail for the domains of ``routes`` and hands it on as they say (transport(5)).

    ``pipe`` is the command of the transport named ``pipe``. ``policy`` is the port of a service that is asked about each
    recipient, as a greylist is.
    """
    with private_folder("pop-postfix-") as folder:
        folder.chmod(0o755)
        port = free_port()
        with readable_by_other_accounts():
            for name in ("etc", "spool", "data"):
                (folder / name).mkdir()
            (folder / "spool/pid").mkdir()
            shutil.chown(folder / "data", user="postfix")
            (folder / "etc/routes").write_text(
                "".join(f"{domain} {route}\n" for domain, route in routes.items()), encoding="utf-8"
            )
        asked = (
            f"smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{policy}\n" if policy else ""
        )
        main = POSTFIX_MAIN.format(folder=folder, domains=" ".join(routes)) + asked
        with readable_by_other_accounts():
            (folder / "etc/main.cf").write_text(main, encoding="utf-8")
            (folder / "etc/master.cf").write_text(POSTFIX_MASTER.format(port=port, pipe=pipe or "/bin/false"))
        command = ["/usr/sbin/postfix", "-c", str(folder / "etc"), "start-fg"]
        with running(command, folder, None, answers=lambda: greets(port, b"220")):
            try:
                yield Postfix(port, folder)
            finally:
                subprocess.run([*command[:-1], "abort"], capture_output=True, check=False)


POSTFIX_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = /dev/stdout
myhostname = mx.bashkia.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
relay_domains = {domains}
transport_maps = texthash:{folder}/etc/routes
smtpd_relay_restrictions = permit_mynetworks, reject
smtputf8_enable = yes
alias_maps =
alias_database =
local_recipient_maps =
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
biff = no
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
pipe_destination_recipient_limit = 1
"""
# The queue manager is woken each second: now and then it puts a mail aside that is just being tried again, and
# looks there only then.
POSTFIX_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
discard unix - - n - - discard
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
pipe unix - n n - - pipe
  flags= user=nobody null_sender= argv={pipe}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running one: its ports (``imaps`` only with a certificate); every user name is let in with :data:`PASSWORD`."""

    imap: int
    imaps: int
    lmtp: int
    folder: Path

    def deliver(self, raw: bytes, user: str, sender: str = "a@bashkia.example") -> None:
        """Put a message into somebody's mailbox, as a mail server does."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as client:
            client.sendmail(sender, [user], raw)

    def sieve(self, user: str, script: str) -> None:
        """Give somebody a Sieve script."""
        with readable_by_other_accounts():
            (self.folder / "sieve" / f"{user}.sieve").write_text(script, encoding="utf-8")


@contextlib.contextmanager
def running_dovecot(
    submission_port: int = 0,
    *,
    capabilities: str = "",
    imap: int = 0,
    lmtp: int = 0,
    certificate: Path | None = None,
) -> Iterator[Dovecot]:
    """A Dovecot with IMAP, LMTP and Sieve, whose own mail (vacation) leaves by ``submission_port``.

    It takes the given ports, else free ones. ``capabilities`` replaces what IMAP offers, for a server that can do
    less. ``certificate`` is a folder with cert.pem and key.pem.
    """
    with private_folder("pop-dovecot-") as folder:
        folder.chmod(0o755)
        with readable_by_other_accounts():
            for name in ("run", "homes", "sieve"):
                (folder / name).mkdir()
        owner = pwd.getpwnam("nobody")
        shutil.chown(folder / "homes", owner.pw_uid, owner.pw_gid)
        imap, lmtp = imap or free_port(), lmtp or free_port()
        imaps, secured = 0, "ssl = no"
        if certificate is not None:
            imaps = free_port()
            secured = f"ssl = yes\nssl_cert = <{certificate}/cert.pem\nssl_key = <{certificate}/key.pem"
        with readable_by_other_accounts():
            (folder / "dovecot.conf").write_text(
                DOVECOT.format(
                    folder=folder, imap=imap, imaps=imaps, secured=secured, lmtp=lmtp,
                    uid=owner.pw_uid, gid=owner.pw_gid, password=PASSWORD,
                    submission=submission_port, offered=f"imap_capability = {capabilities}" if capabilities else "",
                ),
                encoding="utf-8",
            )  # fmt: skip
        command = ["/usr/sbin/dovecot", "-F", "-c", str(folder / "dovecot.conf")]
        with running(command, folder, None, answers=lambda: greets(imap, b"* OK") and greets(lmtp, b"220")):
            yield Dovecot(imap, imaps, lmtp, folder)


DOVECOT = """
protocols = imap lmtp
base_dir = {folder}/run
state_dir = {folder}/run
log_path = /dev/stderr
instance_name = {folder}
{secured}
disable_plaintext_auth = no
listen = 127.0.0.1
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
submission_host = 127.0.0.1:{submission}
postmaster_address = postmaster@bashkia.example
hostname = mx.bashkia.example
auth_username_format = %Ln
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/homes/%n
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
protocol imap {{
  {offered}
}}
protocol lmtp {{
  mail_plugins = sieve
}}
plugin {{
  sieve = file:{folder}/sieve/%n.sieve
}}
"""


def greets(port: int, words: bytes) -> bool:
    """Whether a server on this port says hello."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            return connection.recv(100).startswith(words)
    except OSError:
        return False
