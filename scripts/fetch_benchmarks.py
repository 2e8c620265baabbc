"""Fetches the public benchmark files of data/manifest.json; run by fetch_benchmarks.sh, which has
the help."""

import argparse
import gzip
import hashlib
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
ATTEMPTS = 3
TIMEOUT_S = 60
CHUNK = 1 << 16


class FetchError(Exception):
    """A file could not be fetched or made; the message names it."""


class CutOff(Exception):
    """The connection ended before the file did."""


def digest(path, unpacked=False):
    """SHA-256 of a file, or of what is packed in it, in hexadecimal; None where it is no gzip."""
    found = hashlib.sha256()
    try:
        with (gzip.open if unpacked else open)(path, "rb") as stream:
            while chunk := stream.read(CHUNK):
                found.update(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return None
    return found.hexdigest()


def expected(entry):
    """The checksum of an entry, and whether it is that of the unpacked content."""
    if "sha256" in entry:
        return entry["sha256"], False
    return entry["sha256_unpacked"], True


def is_right(path, entry):
    wanted, unpacked = expected(entry)
    return path.is_file() and digest(path, unpacked) == wanted


def check(path, entry, origin):
    """Throws where the file at `path` is not that of `entry`, telling both checksums."""
    wanted, unpacked = expected(entry)
    found = digest(path, unpacked)
    if found == wanted:
        return
    what = "SHA-256 of the unpacked content" if unpacked else "SHA-256"
    raise FetchError(
        f"{entry['file']}: wrong content from {origin}\n"
        f"  expected {what} {wanted}\n"
        f"  found    {what} {found or 'none: not a complete gzip file'}"
        f" ({path.stat().st_size} bytes)"
    )


def open_url(url, start):
    """The response for `url` from byte `start` on, or for all of it where the server cannot."""
    request = urllib.request.Request(url, headers={"User-Agent": "tessera"})
    if start > 0:
        request.add_header("Range", f"bytes={start}-")
    return urllib.request.urlopen(request, timeout=TIMEOUT_S)


def download_rest(url, part):
    """Adds to `part` what it lacks of `url`. Throws `CutOff` if the connection ends early."""
    start = part.stat().st_size if part.exists() else 0
    try:
        response = open_url(url, start)
    except urllib.error.HTTPError as error:
        if error.code != 416 or start == 0:
            raise
        part.unlink()  # longer than the file, or another file
        start = 0
        response = open_url(url, 0)
    with response:
        goes_on = response.status == 206 and response.headers.get(
            "Content-Range", ""
        ).startswith(f"bytes {start}-")
        length = response.headers.get("Content-Length")
        received = 0
        with open(part, "ab" if goes_on else "wb") as target:
            while chunk := response.read(CHUNK):
                target.write(chunk)
                received += len(chunk)
    if length is not None and received < int(length):
        raise CutOff(f"the connection ended after {received} of {length} bytes")


def download(url, part, name):
    """Downloads `url` into `part`, resuming it where it was cut off."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            download_rest(url, part)
            return
        except urllib.error.HTTPError as error:
            reason = f"the server answers {error.code} {error.reason}"
            if error.code < 500:
                raise FetchError(f"{name}: {url}: {reason}") from error
        except (OSError, http.client.HTTPException, CutOff) as error:
            reason = str(getattr(error, "reason", error))
        if attempt == ATTEMPTS:
            raise FetchError(f"{name}: {url}: {reason}; run again to go on")


def fetch(entry, source, arguments):
    """Fetches one file of the manifest unless it is there and right."""
    target = arguments.output / entry["file"]
    if is_right(target, entry):
        return "there"
    url = address(entry, source, arguments.mirror)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    left_over = part.exists()
    while True:
        download(url, part, entry["file"])
        try:
            check(part, entry, url)
            break
        except FetchError:
            part.unlink()
            if not left_over:
                raise
            left_over = False  # what was left over may have been of another file: once more
    os.replace(part, target)
    return "fetched"


def make(entry, arguments):
    """Makes a file that is not published from those that are."""
    target = arguments.output / entry["file"]
    if is_right(target, entry):
        return "there"
    if arguments.tessera is None:
        return "left out"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = pathlib.Path(folder) / target.name
        command = [str(arguments.tessera), *entry["arguments"], "-q", "-o", str(made)]
        result = subprocess.run(
            command, cwd=arguments.output, capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            raise FetchError(f"{entry['file']}: {' '.join(command)}: {result.stderr.strip()}")
        check(made, entry, " ".join(command))
        os.replace(made, target)
    return "made"


def address(entry, source, mirror):
    if mirror:
        return mirror.rstrip("/") + "/" + urllib.parse.quote(entry["path"])
    return source["url"].format(
        commit=source["commit"], path=urllib.parse.quote(entry["path"])
    )


def list_files(manifest, entries, mirror):
    for entry in entries:
        if "arguments" in entry:
            print(entry["file"], "-", "-", "tessera " + " ".join(entry["arguments"]), sep="\t")
            continue
        source = manifest["sources"][entry["source"]]
        where = address(entry, source, mirror)
        print(entry["file"], entry.get("size", "-"), source["licence"], where, sep="\t")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="fetch_benchmarks.sh", add_help=False)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--mirror")
    parser.add_argument("--tessera", type=pathlib.Path)
    parser.add_argument("--manifest", type=pathlib.Path, default=ROOT / "data/manifest.json")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    if arguments.output is None:
        folder = os.environ.get("TESSERA_BENCHMARKS")
        arguments.output = pathlib.Path(folder) if folder else ROOT / "build/benchmarks"
    arguments.output = arguments.output.absolute()
    if arguments.tessera is None and (ROOT / "build/bin/tessera").exists():
        arguments.tessera = ROOT / "build/bin/tessera"
    elif arguments.tessera is not None:
        arguments.tessera = arguments.tessera.absolute()
        if not arguments.tessera.exists():
            parser.error(f"there is no program {arguments.tessera}")
    return parser, arguments


def chosen(manifest, names, parser):
    """The entries whose names begin with one of `names`; a name without any is an error."""
    entries = manifest["files"] + manifest.get("made", [])
    for name in names:
        if not any(entry["file"].startswith(name) for entry in entries):
            parser.error(f'the manifest has no file that begins with "{name}"')
    if not names:
        return entries
    return [entry for entry in entries if entry["file"].startswith(tuple(names))]


def main():
    parser, arguments = parse_arguments()
    manifest = json.loads(arguments.manifest.read_text(encoding="utf-8"))
    entries = chosen(manifest, arguments.names, parser)
    if arguments.list:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # its reader may have seen enough
        list_files(manifest, entries, arguments.mirror)
        return 0
    failures = 0
    for entry in entries:
        try:
            if "arguments" in entry:
                outcome = make(entry, arguments)
            else:
                outcome = fetch(entry, manifest["sources"][entry["source"]], arguments)
        except (FetchError, OSError) as error:
            print(f"fetch_benchmarks.sh: {error}", file=sys.stderr)
            failures += 1
            continue
        note = ": made by tessera, which is not built" if outcome == "left out" else ""
        print(f"{outcome:8}  {entry['file']}{note}", flush=True)
    if failures:
        print(f"fetch_benchmarks.sh: {failures} of {len(entries)} files failed", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
