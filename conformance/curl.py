"""Shell commands that send a request again, byte for byte, without showing a secret."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from conformance.redaction import Redaction, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

# Each client sends its own; none of them is part of the case.
_NOISE = frozenset({"user-agent", "accept-encoding", "connection", "content-length"})
# Linux takes at most 128 KiB in one argument of a command, a pipe takes any amount.
_ARGUMENT_LIMIT = 100_000
# One letter so often is made by the shell, so that a body of megabytes does not fill a report.
_RUN = re.compile(rb"([A-Za-z0-9])\1{9999,}")
_CALM = re.compile(r"[\w .,:;/=@%+?&*-]*", re.ASCII)


def command(
    redaction: Redaction, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes | None
) -> str:
    """The curl command for a request; a secret is read by the shell from its environment variable."""
    kept = [(name, value) for name, value in headers if name.lower() not in _NOISE]
    present = {name.lower() for name, _ in kept}
    parts = ["curl -sS -i --path-as-is -g"]
    parts.append("-I" if method == "HEAD" else f"-X {_word(redaction, method)}")
    parts += [_header(redaction, name, value) for name, value in kept]
    # What curl would add on its own.
    parts += [
        f"-H '{name}:'"
        for name in ("Accept", "Content-Type")
        if name.lower() not in present and (name == "Accept" or body is not None)
    ]
    prefix = ""
    if body is not None:
        if len(body) > 1_000_000 and "expect" not in present:
            parts.append("-H 'Expect:'")
        if _is_text(body) and len(body) < _ARGUMENT_LIMIT:
            parts.append(f"--data-raw {_word(redaction, body.decode())}")
        else:
            parts.append("--data-binary @-")
            prefix = f"{_printf(redaction, body)} | "
    parts.append(_word(redaction, url.partition("#")[0]))
    return prefix + " ".join(parts)


def raw_command(redaction: Redaction, url: str, payload: bytes) -> str:
    """The command that writes *payload* to the host of *url* as it is and prints what comes back."""
    split = urlsplit(url)
    host = split.hostname or ""
    port = split.port or (443 if split.scheme == "https" else 80)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if split.scheme == "https":
        client = f"openssl s_client -quiet -connect {shlex.quote(address)} -servername {shlex.quote(host)}"
    else:
        client = f"curl -sS {shlex.quote('telnet://' + address)}"
    # The client leaves when its input ends: keep it open long enough for an answer.
    return f"{{ {_printf(redaction, payload)}; sleep 2; }} | {client}"


def _header(redaction: Redaction, name: str, value: str) -> str:
    credentials = redaction.credentials(value) if name.lower() == "authorization" else None
    if credentials is not None and ":" in credentials:
        scheme = value.split(maxsplit=1)[0]
        if scheme == "Basic":
            return f"-u {_word(redaction, credentials)}"
        pair = f"printf %s {_word(redaction, credentials)} | base64 | tr -d '\\n'"
        return f'-H "{name}: {scheme} $({pair})"'
    # curl takes "Name:" as "leave it out" and "Name;" as "send it without a value".
    return f"-H {_word(redaction, f'{name}: {value}' if value.strip() else f'{name};', 'latin-1')}"


def _word(redaction: Redaction, text: str, encoding: str = "utf-8") -> str:
    """One shell word with the bytes of *text*; on the wire a header is Latin-1, an argument is what it is."""
    pieces = list(redaction.split(text))
    if not any(isinstance(piece, Secret) for piece in pieces):
        return _quoted(text, encoding)
    if all(isinstance(piece, Secret) or _CALM.fullmatch(piece) for piece in pieces):
        return f'"{"".join(_expansion(p, pieces[i + 1 : i + 2]) for i, p in enumerate(pieces))}"'
    return "".join(
        f'"{_expansion(piece, [])}"' if isinstance(piece, Secret) else _quoted(piece, encoding)
        for piece in pieces
    )


def _expansion(piece: str | Secret, following: list[str | Secret]) -> str:
    if isinstance(piece, str):
        return piece
    plain = piece.shell == f"${{{piece.name}}}"
    glued = any(isinstance(text, str) and re.match(r"\w", text, re.ASCII) for text in following)
    return f"${piece.name}" if plain and not glued else piece.shell


def _quoted(text: str, encoding: str) -> str:
    data = _bytes(text, encoding)
    if all(32 <= byte < 127 or byte in b"\n\t" for byte in data) or (encoding == "utf-8" and _is_text(data)):
        return shlex.quote(data.decode())
    return f"\"$(printf '{_no_option(_escaped(data))}')\""


def _printf(redaction: Redaction, data: bytes) -> str:
    if long := _RUN.search(data):
        before, behind = (_printf(redaction, part) for part in (data[: long.start()], data[long.end() :]))
        letters = f"head -c {len(long[0])} /dev/zero | tr '\\0' {long[1].decode()}"
        return f"{{ {before}; {letters}; {behind}; }}"
    form, arguments = "", ""
    for piece in redaction.split(data.decode("utf-8", "surrogateescape")):
        if isinstance(piece, Secret):
            form += "%s"
            arguments += f' "{_expansion(piece, [])}"'
        else:
            form += _escaped(piece.encode("utf-8", "surrogateescape"))
    return f"printf '{_no_option(form)}'{arguments}"


def _no_option(form: str) -> str:
    """A printf format that a shell takes for one, though it begins with a hyphen."""
    return f"\\055{form[1:]}" if form.startswith("-") else form


def _escaped(data: bytes) -> str:
    """*data* as a printf format between single quotes."""
    special = {ord("\\"): "\\\\", ord("%"): "%%", ord("\n"): "\\n", ord("\r"): "\\r", ord("'"): "\\047"}
    return "".join(special.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in data)


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return all(char.isprintable() or char in "\n\t" for char in text)


def _bytes(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")
