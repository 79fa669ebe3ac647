"""Links to data files: whoever has one may fetch the file, without a token, until it expires (N8)."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from hashlib import blake2b

_SECOND_US = 1_000_000


class LinkError(Exception):
    """The link opens nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links and checks them; all replicas on one state share the secret.

    The session is in the link, so that a plain GET finds the file, and the signature covers it.
    """

    secret: bytes

    def path(self, session: str, number: int, file_name: str, expires_us: int) -> str:
        """The path and query of a link.

        Args:
            session: The session that the request belongs to.
            number: The request's id.
            file_name: The name of the file, which ends in its format.
            expires_us: Until when it is good, by the session's clock, in microseconds of the Unix epoch.
        """
        expires = -(-expires_us // _SECOND_US)
        path = f"/files/{session}/{number}/{file_name}"
        return f"{path}?expires={expires}&signature={self._signature(path, expires)}"

    def check(
        self,
        session: str,
        number: int,
        file_name: str,
        expires: int | None,
        signature: str | None,
        now_us: int,
    ) -> None:
        """Look whether a link is one of ours, and still good.

        Raises:
            LinkError: It is not.
        """
        if expires is None or signature is None:
            raise LinkError("The link is not signed: expected expires=... and signature=... in its query.")
        due = self._signature(f"/files/{session}/{number}/{file_name}", expires)
        if not hmac.compare_digest(signature.encode(), due.encode()):
            raise LinkError("The signature does not fit the link: a link is good only as it was given.")
        if now_us > expires * _SECOND_US:
            raise LinkError(
                f"The link has expired: it was good until {expires}, and the clock of the session {session} "
                f"shows {now_us // _SECOND_US} (seconds of the Unix epoch). Ask for the data again."
            )

    def _signature(self, path: str, expires: int) -> str:
        digest = blake2b(f"{path}?{expires}".encode(), key=self.secret, digest_size=30).digest()
        return base64.urlsafe_b64encode(digest).decode()
