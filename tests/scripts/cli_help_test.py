"""Tests of what is written from the help of the program: reference, manual pages, completions.

The first argument is the program.
"""

import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"
sys.path.insert(0, str(SCRIPTS))
import cli_help  # noqa: E402  pylint: disable=wrong-import-position
import make_cli_docs  # noqa: E402  pylint: disable=wrong-import-position
import make_completions  # noqa: E402  pylint: disable=wrong-import-position

TESSERA = ""
PROGRAM = None  # as read from its help

HELP = """\
Does it
Usage: tessera do [OPTIONS] things...

Positionals:
  things THING ... REQUIRED   what to do

Options:
  -h,--help                   Print this help message and exit
  -o,--output FILE ... REQUIRED
                              where to (default: nowhere), once per file
  --list A,B=1,2 ...          one value of two parts


Kind (of deed):
  --mode TEXT:{grid,free}=free
                              how to
  --count N:INT in [1 - 1e+06] Needs: --mode
                              how often
  --exactly1234567890 NUMBERS 29 columns wide without a blank
  --flag Excludes: --mode --count
                              or not; see --mode

Examples:
  tessera do it -o there
"""


def run_script(name, *arguments):
    return subprocess.run(
        [sys.executable, "-B", SCRIPTS / name, TESSERA, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


class HelpTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.command = cli_help.Command("tessera do")
        cls.others = cli_help.parse_help(HELP, cls.command)
        cls.option = {option.names[-1]: option for option in cls.command.options}

    def test_sections(self):
        self.assertEqual(self.others, [])
        self.assertEqual(self.command.description, "Does it")
        self.assertEqual(
            [(group.title, group.remark) for group in self.command.groups],
            [("Options", ""), ("Kind", "of deed")],
        )
        self.assertEqual(self.command.examples, ["tessera do it -o there"])
        self.assertEqual(
            " ".join(text for _, text in self.command.synopsis),
            "tessera do THING... -o FILE... [OPTIONS]",
        )

    def test_values(self):
        output = self.option["--output"]
        self.assertEqual(output.names, ("-o", "--output"))
        self.assertEqual((output.metavar, output.paths), ("FILE", "file"))
        self.assertTrue(output.required and output.repeatable)
        self.assertEqual(output.help, "where to, once per file")
        self.assertEqual(output.default_words, "nowhere")
        self.assertEqual(self.option["--list"].default, "1,2")
        self.assertFalse(self.option["--list"].repeatable)
        mode = self.option["--mode"]
        self.assertEqual((mode.words, mode.value), (("grid", "free"), "grid|free"))
        self.assertEqual(mode.default, "free")
        self.assertEqual(self.option["--count"].bounds, "1 to 1,000,000")
        self.assertEqual(self.option["--count"].needs, ("--mode",))
        self.assertEqual(self.option["--flag"].excludes, ("--count", "--mode"))
        self.assertEqual(self.option["--flag"].metavar, "")
        self.assertEqual(self.option["--exactly1234567890"].help, "29 columns wide without a blank")

    def test_errors(self):
        for old, new in [
            ("INT in [1 - 1e+06]", "INT in a good mood"),
            ("                              how often\n", ""),
            ("  --flag Excludes", "    --flag Excludes"),
            ("--list A,B", "--list!x A,B"),
            ("Usage: tessera do", "Usage: tessera undo"),
        ]:
            with self.subTest(new=new):
                self.assertIn(old, HELP)
                with self.assertRaises(cli_help.HelpError):
                    cli_help.parse_help(HELP.replace(old, new), cli_help.Command("tessera do"))

    def test_newer_library(self):
        text = HELP.replace("=1,2 ...   ", " [1,2]  ...").replace("=free\n", " [free] \n")
        step = "\n  --step X:FLOAT in [1 - 2] [1.5] \n" + " " * 30 + "how far\n"
        text = text.replace("\n  --count N", step + "  --count N")
        command = cli_help.Command("tessera do")
        cli_help.parse_help(text, command)
        step = next(option for option in command.options if option.names == ("--step",))
        self.assertEqual((step.bounds, step.default), ("1 to 2", "1.5"))
        self.assertEqual([o for o in command.options if o != step], self.command.options)

    def test_briefs(self):
        for option in (option for command in PROGRAM.commands for option in command.options):
            self.assertLessEqual(len(option.brief), cli_help.MAX_BRIEF)
            self.assertTrue(option.help.replace("`", "").startswith(option.brief))


class ProgramTest(unittest.TestCase):
    def test_commands(self):
        names = [command.name for command in PROGRAM.commands]
        self.assertIn("tessera place", names)
        self.assertGreaterEqual(len(names), 11)
        self.assertIn(("3", "an input could not be read or contradicts itself"), PROGRAM.exit_status)

    def test_examples_use_what_there_is(self):
        by_name = {command.name: command for command in PROGRAM.commands}
        for command in PROGRAM.commands:
            self.assertTrue(command.examples, command.name)
            for example in command.examples:
                words = example.split(" > ")[0].split()
                used = by_name[" ".join(words[:2])]
                names = {name for option in used.options for name in option.names}
                given = [word.split("=")[0] for word in words if word.startswith("-")]
                with self.subTest(example=example):
                    self.assertLessEqual(set(given), names)
                    for option in used.options:
                        self.assertTrue(not option.required or set(option.names) & set(given))


class ReferenceTest(unittest.TestCase):
    def test_check(self):
        with tempfile.TemporaryDirectory() as folder:
            page = os.path.join(folder, "cli.md")
            self.assertEqual(run_script("make_cli_docs.py", "--output", page).returncode, 0)
            same = run_script("make_cli_docs.py", "--check", "--output", page)
            self.assertEqual((same.returncode, same.stdout), (0, ""))
            text = Path(page).read_text(encoding="utf-8")
            Path(page).write_text(text.replace("`--seed`", "`--sed`", 1), encoding="utf-8")
            stale = run_script("make_cli_docs.py", "--check", "--output", page)
            self.assertEqual(stale.returncode, 1)
            self.assertIn("-| `--sed` |", stale.stdout)
            self.assertIn("+| `--seed` |", stale.stdout)
            self.assertNotEqual(Path(page).read_text(encoding="utf-8"), text)
            missing = run_script("make_cli_docs.py", "--check", "--output", page + ".none")
            self.assertEqual(missing.returncode, 1)
            self.assertIn("lines more", missing.stdout)

    def test_content(self):
        text = make_cli_docs.reference(PROGRAM)
        sections = dict(re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", text, re.MULTILINE))
        self.assertEqual(list(sections), [command.name for command in PROGRAM.commands])
        for command in PROGRAM.commands:
            missing = [
                option.names
                for option in command.options
                if f"`{option.names[-1]}` |" not in sections[command.name]
            ]
            self.assertEqual(missing, [("-h", "--help")])
        # A table needs as many cells in each row as in its head: no bar may be left bare.
        for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            cells = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            self.assertEqual(len(cells), 1, block)

    def test_nothing_of_the_machine(self):
        text = make_cli_docs.reference(PROGRAM)
        self.assertEqual(re.findall(r"(?<![\w.])/(?:usr|home|tmp|root|opt)\b", text), [])
        self.assertFalse(str(Path(TESSERA).resolve().parent) in text)
        self.assertFalse("(git " in text)


class ManualTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        run_script("make_man_pages.py", cls.folder.name).check_returncode()
        cls.pages = {
            path.name.removesuffix(".1.gz"): gzip.decompress(path.read_bytes()).decode("utf-8")
            for path in Path(cls.folder.name).iterdir()
        }

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_pages(self):
        names = {command.name.replace(" ", "-") for command in PROGRAM.commands} | {"tessera"}
        self.assertEqual(set(self.pages), names)
        for command in PROGRAM.commands:
            page = self.pages[command.name.replace(" ", "-")]
            names = [option.names[-1].replace("-", "\\-") for option in command.options]
            self.assertEqual([name for name in names if f"\\fB{name}\\fR" not in page], [])

    def test_same_bytes(self):
        path = Path(self.folder.name) / "tessera.1.gz"
        before = path.read_bytes()
        run_script("make_man_pages.py", self.folder.name).check_returncode()
        self.assertEqual(path.read_bytes(), before)

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_no_warnings(self):
        for name, page in self.pages.items():
            with self.subTest(page=name):
                result = subprocess.run(
                    ["groff", "-man", "-ww", "-Tutf8", "-rLL=80n"],
                    input=page,
                    capture_output=True,
                    text=True,
                    check=True,
                )
                self.assertEqual(result.stderr, "")

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_text_is_as_in_the_help(self):
        text = subprocess.run(
            ["groff", "-man", "-Tascii", "-P-c", "-P-b", "-P-u", "-rLL=400n"],
            input=self.pages["tessera-place"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        text = re.sub(r"\s+", " ", text)
        place = next(command for command in PROGRAM.commands if command.name == "tessera place")
        helps = [option.help.replace("`", "")[1:] for option in place.options]
        self.assertEqual([help_text for help_text in helps if help_text not in text], [])


class CompletionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = Path(cls.folder.name)
        run_script("make_completions.py", cls.folder.name).check_returncode()
        cls.work = cls.path / "work"
        (cls.work / "blocks").mkdir(parents=True)
        (cls.work / "block of mine.plc").touch()
        cls.names = {command.name.split()[1] for command in PROGRAM.commands}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def output(self, *command, **environment):
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=self.work,
            env={**os.environ, **environment},
            check=False,
        )
        self.assertEqual((result.returncode, result.stderr), (0, ""), command)
        return result.stdout

    def bash(self, *words):
        """What bash proposes for the last word."""
        script = """
            source "$1"; shift
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            "$(complete -p tessera | sed 's/.*-F \\([^ ]*\\) .*/\\1/')"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        command = ["bash", "--norc", "-uc", script, "bash", str(self.path / "tessera"), "tessera"]
        return set(self.output(*command, *words).split("\n")) - {""}

    def test_bash_commands(self):
        self.assertEqual(self.bash("p"), {"place", "pretrain"})
        self.assertEqual(self.bash(""), self.names | {"-h", "--help", "--version"})
        self.assertEqual(self.bash("--v"), {"--version"})
        self.assertEqual(self.bash("nonsense", ""), set())

    def test_bash_options(self):
        for command in PROGRAM.commands:
            names = {name for option in command.options for name in option.names}
            self.assertEqual(self.bash(command.name.split()[1], "-"), names)
        self.assertEqual(self.bash("place", "--eff"), {"--effort"})
        self.assertEqual(self.bash("generate", "--json", "--f"), {"--flat"})

    def test_bash_values(self):
        efforts = {"zero-shot", "fast", "default", "best"}
        self.assertEqual(self.bash("place", "--effort", ""), efforts)
        self.assertEqual(self.bash("refine", "--effort", ""), efforts - {"zero-shot"})
        self.assertEqual(self.bash("place", "--effort", "="), efforts)
        self.assertEqual(self.bash("place", "--effort", "=", "fa"), {"fast"})
        self.assertEqual(self.bash("place", "--effort=fa"), {"--effort=fast"})
        self.assertEqual(self.bash("place", "--seed", ""), set())
        self.assertEqual(self.bash("pretrain", "--delta-maps", "t"), {"true"})

    def test_bash_files(self):
        files = {"block of mine.plc", "blocks"}
        self.assertEqual(self.bash("place", ""), files)
        self.assertEqual(self.bash("place", "--json", "block "), {"block of mine.plc"})
        self.assertEqual(self.bash("place", "--plc", ""), files)
        self.assertEqual(self.bash("generate", "-o", ""), {"blocks"})
        self.assertEqual(self.bash("place", "--policy", ""), files | {"none", "greedy", "spiral"})
        self.assertTrue(self.bash("generate", "") >= {"--recipe"})

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh(self):
        self.output("zsh", "-n", str(self.path / "_tessera"))
        text = (self.path / "_tessera").read_text(encoding="utf-8")
        for name in self.names:
            self.assertIn(f"\n_tessera_{name}() {{\n", text)

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish(self):
        def fish(line):
            script = f"source {self.path}/tessera.fish; complete -C '{line}'"
            text = self.output("fish", "--no-config", "-c", script, HOME=self.folder.name)
            return {proposal.split("\t")[0] for proposal in text.splitlines()}

        self.assertEqual(fish("tessera p"), {"place", "pretrain"})
        self.assertEqual(fish("tessera place --eff"), {"--effort"})
        self.assertEqual(fish("tessera refine --effort "), {"fast", "default", "best"})
        self.assertEqual(fish("tessera place block"), {"block of mine.plc", "blocks/"})
        self.assertEqual(fish("tessera generate -o b"), {"blocks/"})
        for command in PROGRAM.commands:
            names = {option.names[-1] for option in command.options}
            self.assertEqual(fish(f"{command.name} --"), names)

    def test_values_with_quotes(self):
        self.assertEqual(make_completions.single_quoted("a'b"), "'a'\\''b'")
        self.assertEqual(make_completions.fish_text("a'b\\"), "'a\\'b\\\\'")


def main():
    global TESSERA, PROGRAM  # pylint: disable=global-statement
    TESSERA = sys.argv.pop(1)
    PROGRAM = cli_help.read_program(TESSERA)
    result = unittest.main(exit=False, verbosity=2).result
    failed = len({str(test).split(" (")[0] for test, _ in result.failures + result.errors})
    skipped = len(result.skipped)
    passed = result.testsRun - failed - skipped
    # The line by which scripts/test.sh counts.
    print(
        f"[doctest] test cases: {result.testsRun} | {passed} passed | {failed} failed | "
        f"{skipped} skipped",
        flush=True,
    )
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
