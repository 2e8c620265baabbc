"""Tests of scripts/fetch_benchmarks.sh against a server on this machine.

Usage: fetch_benchmarks_test.py SOURCE_DIR
"""

import gzip
import hashlib
import http.server
import importlib.util
import json
import os
import pathlib
import re
import stat
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else __file__).resolve()
if ROOT.is_file():
    ROOT = ROOT.parent.parent.parent

PLAIN = b"".join(b"line %d\n" % i for i in range(20000))
PACKED = gzip.compress(b"netlist", mtime=0)


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `server.files`, ranges too; ends the first `server.cuts` answers in the middle."""

    def do_GET(self):
        self.server.seen.append((self.path, self.headers.get("Range")))
        body = self.server.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        start = 0
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if asked and self.server.ranges:
            start = int(asked[1])
            if start >= len(body):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        rest = body[start:]
        if self.server.cuts > 0:
            self.server.cuts -= 1
            rest = rest[: len(rest) // 3]
        self.wfile.write(rest)

    def log_message(self, *arguments):
        pass


def checksum(data):
    return hashlib.sha256(data).hexdigest()


class FetchTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.output = self.folder / "out"
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.files = {"/repo/c0ffee/Flows/a.plc": PLAIN, "/repo/c0ffee/b.gz": PACKED}
        self.server.cuts = 0
        self.server.ranges = True
        self.server.seen = []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.host = f"http://127.0.0.1:{self.server.server_port}"
        self.manifest = {
            "sources": {
                "here": {
                    "commit": "c0ffee",
                    "url": self.host + "/repo/{commit}/{path}",
                    "licence": "none",
                }
            },
            "files": [
                self.entry("set/a.plc", "Flows/a.plc", sha256=checksum(PLAIN)),
                self.entry("set/b.gz", "b.gz", sha256_unpacked=checksum(b"netlist")),
            ],
        }

    def entry(self, file, path, **checksums):
        return {"source": "here", "file": file, "path": path, **checksums}

    def run_script(self, *options):
        manifest = self.folder / "manifest.json"
        manifest.write_text(json.dumps(self.manifest))
        command = [ROOT / "scripts/fetch_benchmarks.sh", "--manifest", manifest]
        environment = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
        return subprocess.run(
            [*command, "--output", self.output, *options],
            capture_output=True, text=True, check=False, timeout=60, env=environment,
        )

    def content(self, name):
        return (self.output / name).read_bytes()

    def files_there(self):
        return sorted(p.name for p in self.output.rglob("*") if p.is_file())

    def test_fetches_and_then_leaves_alone(self):
        result = self.run_script()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.content("set/a.plc"), PLAIN)
        self.assertEqual(self.content("set/b.gz"), PACKED)
        self.assertEqual(self.files_there(), ["a.plc", "b.gz"])
        self.server.seen.clear()
        result = self.run_script()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.server.seen, [])
        self.assertEqual(result.stdout.split(), ["there", "set/a.plc", "there", "set/b.gz"])

    def test_goes_on_after_a_cut(self):
        self.server.cuts = 2
        result = self.run_script("set/a")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.content("set/a.plc"), PLAIN)
        third = len(PLAIN) // 3
        second = third + (len(PLAIN) - third) // 3
        self.assertEqual(
            [asked for _, asked in self.server.seen], [None, f"bytes={third}-", f"bytes={second}-"]
        )

    def test_goes_on_with_what_an_earlier_run_left(self):
        self.server.cuts = 3
        result = self.run_script("set/a")
        self.assertEqual(result.returncode, 1)
        self.assertIn("set/a.plc", result.stderr)
        self.assertIn("the connection ended", result.stderr)
        self.assertEqual(self.files_there(), ["a.plc.part"])
        left = (self.output / "set/a.plc.part").stat().st_size
        self.assertLess(left, len(PLAIN))
        self.server.seen.clear()
        result = self.run_script("set/a")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual([asked for _, asked in self.server.seen], [f"bytes={left}-"])
        self.assertEqual(self.content("set/a.plc"), PLAIN)

    def test_starts_anew_where_the_server_cannot_resume(self):
        self.server.cuts = 1
        self.server.ranges = False
        result = self.run_script("set/a")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.content("set/a.plc"), PLAIN)

    def test_left_over_part_of_another_file_does_no_harm(self):
        (self.output / "set").mkdir(parents=True)
        for left in (b"something else", b"x" * (len(PLAIN) + 5)):
            (self.output / "set/a.plc.part").write_bytes(left)
            result = self.run_script("set/a")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(self.content("set/a.plc"), PLAIN)
            (self.output / "set/a.plc").unlink()

    def test_refuses_a_wrong_checksum_and_keeps_the_old_file(self):
        (self.output / "set").mkdir(parents=True)
        (self.output / "set/a.plc").write_bytes(b"old")
        self.server.files["/repo/c0ffee/Flows/a.plc"] = b"forged"
        result = self.run_script()
        self.assertEqual(result.returncode, 1)
        self.assertIn("set/a.plc", result.stderr)
        self.assertIn("expected SHA-256 " + checksum(PLAIN), result.stderr)
        self.assertIn("found    SHA-256 " + checksum(b"forged"), result.stderr)
        self.assertIn("1 of 2 files failed", result.stderr)
        self.assertEqual(self.content("set/a.plc"), b"old")
        self.assertEqual(self.files_there(), ["a.plc", "b.gz"])  # the other one all the same

    def test_refuses_wrong_packed_content(self):
        for wrong in (gzip.compress(b"another"), PACKED[:-4], b"no gzip"):
            self.server.files["/repo/c0ffee/b.gz"] = wrong
            result = self.run_script("set/b")
            self.assertEqual(result.returncode, 1)
            self.assertIn("expected SHA-256 of the unpacked content", result.stderr)
            self.assertEqual(self.files_there(), [])
        self.server.files["/repo/c0ffee/b.gz"] = gzip.compress(b"netlist", mtime=7)
        self.assertEqual(self.run_script("set/b").returncode, 0)

    def test_replaces_a_file_that_is_there_and_wrong(self):
        (self.output / "set").mkdir(parents=True)
        (self.output / "set/a.plc").write_bytes(b"old")
        self.assertEqual(self.run_script().returncode, 0)
        self.assertEqual(self.content("set/a.plc"), PLAIN)

    def test_tells_a_missing_file(self):
        del self.server.files["/repo/c0ffee/Flows/a.plc"]
        result = self.run_script()
        self.assertEqual(result.returncode, 1)
        self.assertIn("set/a.plc", result.stderr)
        self.assertIn("404", result.stderr)
        self.assertEqual(self.files_there(), ["b.gz"])

    def test_mirror(self):
        self.server.files = {"/mirror/Flows/a.plc": PLAIN, "/mirror/b.gz": PACKED}
        self.assertEqual(self.run_script().returncode, 1)
        self.assertEqual(self.run_script("--mirror", self.host + "/mirror/").returncode, 0)
        self.assertEqual(self.content("set/a.plc"), PLAIN)

    def test_list_fetches_nothing(self):
        result = self.run_script("--list")
        self.assertEqual(result.returncode, 0, result.stderr)
        first = result.stdout.splitlines()[0].split("\t")
        self.assertEqual(
            first, ["set/a.plc", "-", "none", self.host + "/repo/c0ffee/Flows/a.plc"]
        )
        self.assertEqual(self.server.seen, [])
        self.assertFalse(self.output.exists())

    def test_wrong_usage(self):
        for options in (["nosuch"], ["--nosuch"], ["--tessera", "/no/such/program"]):
            self.assertEqual(self.run_script(*options).returncode, 2)

    def test_makes_what_is_not_published(self):
        program = self.folder / "tessera"
        program.write_text('#!/bin/sh\n[ "$1" = cluster ] && cat set/b.gz > "$5"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.manifest["made"] = [
            {
                "file": "made/c.gz",
                "arguments": ["cluster", "set/b.gz"],
                "sha256_unpacked": checksum(b"netlist"),
            }
        ]
        result = self.run_script("--tessera", program)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.content("made/c.gz"), PACKED)
        self.manifest["made"][0].update(file="made/d.gz", sha256_unpacked=checksum(b"other"))
        result = self.run_script("--tessera", program)
        self.assertEqual(result.returncode, 1)
        self.assertIn("made/d.gz", result.stderr)
        self.assertEqual(self.files_there(), ["a.plc", "b.gz", "c.gz"])


class ManifestTest(unittest.TestCase):
    """The manifest of the project itself."""

    def setUp(self):
        path = ROOT / "scripts/fetch_benchmarks.py"
        spec = importlib.util.spec_from_file_location("fetch_benchmarks", path)
        self.script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.script)
        self.manifest = json.loads((ROOT / "data/manifest.json").read_text())

    def test_is_complete(self):
        names = set()
        for entry in self.manifest["files"] + self.manifest["made"]:
            self.assertNotIn(entry["file"], names)
            names.add(entry["file"])
            self.assertRegex(self.script.expected(entry)[0], "^[0-9a-f]{64}$")
        for entry in self.manifest["files"]:
            source = self.manifest["sources"][entry["source"]]
            self.assertRegex(source["commit"], "^[0-9a-f]{40}$")
            self.assertTrue(source["licence"])
        for entry in self.manifest["made"]:
            needed = [a for a in entry["arguments"] if a.startswith(("flat/", "grouping/"))]
            self.assertEqual(len(needed), 2)
            self.assertLess(set(needed), names)

    def test_agrees_with_the_files_where_they_are(self):
        folder = os.environ.get("TESSERA_BENCHMARKS") or ROOT.parent / "shared/benchmarks"
        folder = pathlib.Path(folder)
        if not folder.is_dir():
            print("SKIPPED: the public benchmark files are not here", flush=True)
            return
        compared = 0
        for entry in self.manifest["files"] + self.manifest["made"]:
            wanted, unpacked = self.script.expected(entry)
            path = folder / entry["file"]
            if not path.exists() and path.with_name(path.name + ".gz").exists():
                path, unpacked = path.with_name(path.name + ".gz"), True
            if path.exists():
                self.assertEqual(self.script.digest(path, unpacked), wanted, entry["file"])
                compared += 1
        self.assertGreater(compared, 0)


if __name__ == "__main__":
    unittest.main()
