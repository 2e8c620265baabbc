"""Tests of scripts/check_tutorial.py on small documents, with a stand-in for the program."""

import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts/check_tutorial.py"
FENCE = "```"


class CheckTutorialTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        (self.folder / "bin").mkdir()
        self.program = self.folder / "bin/tessera"
        self.program.write_text('#!/bin/sh\necho "the program: $*"\n')
        self.program.chmod(0o755)

    def check(self, *blocks, info="sh", end=FENCE):
        """Exit status, standard output and standard error for a document of these blocks; the first
        command stands in line 4."""
        document = self.folder / "text.md"
        parts = ["# Title", ""]
        for block in blocks:
            parts += [FENCE + info, block, end, ""]
        document.write_text("\n".join(parts))
        result = subprocess.run(
            [sys.executable, "-B", SCRIPT, self.program, document],
            capture_output=True, text=True, check=False, timeout=60,
        )
        return result.returncode, result.stdout, result.stderr

    def test_runs_all_blocks_in_one_shell(self):
        status, out, err = self.check("x=3\ntessera one", "tessera $x\nls data scripts > list")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(out, "the program: one\nthe program: 3\n")

    def test_names_the_line_that_fails(self):
        status, _, err = self.check("tessera\ntrue |\n  false\necho not reached")
        self.assertEqual(status, 1)
        self.assertRegex(err, r"text\.md: line [56] failed: false")
        self.assertNotIn("not reached", err)
        self.assertIn("line 5", self.check("tessera\necho $unknown")[2])
        self.assertIn("line 4", self.check("nosuchcommand\ntrue")[2])
        self.assertIn("line 8", self.check("true", ")")[2])

    def test_a_failure_within_a_pipe_or_a_function_counts(self):
        self.assertEqual(self.check("false | true")[0], 1)
        self.assertEqual(self.check("f() {\n  false\n  true\n}\nf")[0], 1)

    def test_outputs_must_be_there_and_not_empty(self):
        for command in ("tessera -o a.plc", "true --report a.html", ": > empty"):
            status, _, err = self.check("tessera\n" + command)
            self.assertEqual(status, 1, command)
            self.assertIn("line 5", err)
            self.assertIn("missing or empty", err)
        self.assertEqual(self.check("mkdir d; echo 1 > d/a\ntrue -o d -o 'd/a'")[0], 0)
        self.assertEqual(self.check("mkdir d\ntrue -o d")[0], 1)
        self.assertEqual(self.check("true 2>/dev/null > /dev/null")[0], 0)

    def test_other_blocks_are_not_run(self):
        self.assertEqual(self.check("false", info="console")[0], 1)  # none to run
        self.assertIn("no block", self.check("false", info="tcl")[2])

    def test_blocks_that_learn_are_skipped_without_the_plugin(self):
        status, out, err = self.check("tessera learn -o net", info="sh torch")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(out, "SKIPPED: 1 blocks of text.md need LibTorch\n")
        (self.folder / "lib").mkdir()
        (self.folder / "lib/libtessera_gnn_plugin.so").touch()
        status, out, err = self.check("tessera learn -o net", info="sh torch")
        self.assertEqual((status, out), (1, "the program: learn -o net\n"))

    def test_a_block_must_end(self):
        self.assertIn("does not end", self.check("true", end="")[2])

    def test_links_must_lead_somewhere(self):
        links = "[a](text.md#b) [c](https://x.y/z)"
        self.assertEqual(self.check(f"true\n{FENCE}\n{links}\n{FENCE}sh")[0], 0)
        status, _, err = self.check(f"true\n{FENCE}\n![a](no.svg)\n{FENCE}sh")
        self.assertEqual(status, 1)
        self.assertIn("line 6: no.svg is not there", err)

    def test_what_was_started_ends_with_it(self):
        marker = self.folder / "pid"
        self.assertEqual(self.check(f"sleep 100 & echo $! > {marker}")[0], 0)
        state = pathlib.Path("/proc", marker.read_text().strip(), "stat")
        deadline = time.monotonic() + 10
        while state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z":
            self.assertLess(time.monotonic(), deadline, "still running")
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main()
