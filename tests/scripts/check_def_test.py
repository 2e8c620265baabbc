"""Tests of scripts/check_def.py on designs of three macros and a cell."""

import gzip
import json
import os
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/check_def.py")

LEF = """VERSION 5.8 ;
UNITS DATABASE MICRONS 100 ; END UNITS
MANUFACTURINGGRID 0.05 ;
SITE core CLASS CORE ; SIZE 1 BY 2 ; SYMMETRY Y ; END core
MACRO RAM
  CLASS BLOCK ; ORIGIN 0 0 ; SIZE 20 BY 10 ; SYMMETRY X Y ;
  PIN D DIRECTION INPUT ; PORT LAYER m1 ; RECT 0 0 1 1 ; END END D
  OBS LAYER m1 ; RECT 0 0 20 10 ; END
END RAM
MACRO INV CLASS CORE ; SIZE 1 BY 2 ; END INV
MACRO TALL SIZE 5 BY 5 ; SYMMETRY X Y R90 ; END TALL
END LIBRARY
"""

# Die of 100 x 100 microns, 100 units each; F is fixed at (70, 70).
DEF = """VERSION 5.8 ;
DESIGN top ;
UNITS DISTANCE MICRONS 100 ;
DIEAREA ( 0 0 ) ( 10000 10000 ) ;
ROW r0 core 0 0 N DO 100 BY 1 STEP 100 0 ;
COMPONENTS 5 ;
 - a RAM + HALO 100 0 200 0 ;
 - b/x[1] RAM + UNPLACED + WEIGHT 3 ;
 - F RAM + FIXED ( 7000 7000 ) N ;
 - c INV + PLACED ( 5 5 ) N ;
 - t TALL + PLACED ( 0 9000 ) W ;
END COMPONENTS
BLOCKAGES 3 ;
 - PLACEMENT RECT ( 5000 0 ) ( 6000 1000 ) ;
 - PLACEMENT + SOFT RECT ( 0 0 ) ( 10000 10000 ) ;
 - LAYER m1 RECT ( 0 0 ) ( 10000 10000 ) ;
END BLOCKAGES
# ; - PLACEMENT RECT ( 0 0 ) ( 10000 10000 ) ;
END DESIGN
"""

PLACED = DEF.replace("200 0 ;", "200 0 + PLACED ( 0 0 ) N ;").replace(
    "+ UNPLACED", "+ PLACED ( 2300 0 ) FS"
)


class CheckDefTest(unittest.TestCase):
    def check(self, before, after, *options):
        """Exit status and kinds of faults."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ("a.lef.gz", "a.def", "b.def.gz")]
            for path, text in zip(paths, (LEF, before, after)):
                opener = gzip.open if path.endswith(".gz") else open
                with opener(path, "wt", encoding="latin-1") as target:
                    target.write(text)
            command = [sys.executable, "-B", SCRIPT, paths[1], paths[2], "--lef", paths[0]]
            result = subprocess.run(
                command + ["--json", *options], capture_output=True, text=True, check=False
            )
        if result.returncode == 2:
            return 2, result.stderr
        report = json.loads(result.stdout)
        self.report = report
        return result.returncode, sorted(report["summary"]["faults"])

    def moved(self, old, new):
        self.assertIn(old, PLACED)
        return self.check(DEF, PLACED.replace(old, new))

    def test_legal(self):
        self.assertEqual(self.check(DEF, PLACED), (0, []))
        self.assertEqual(self.report["summary"]["macros"], 4)
        self.assertEqual(self.report["summary"]["moved_macros"], 2)

    def test_unplaced(self):
        self.assertEqual(self.check(DEF, DEF), (1, ["unplaced"]))

    def test_overlap(self):
        self.assertEqual(self.moved("( 2300 0 ) FS", "( 1995 0 ) FS"), (1, ["overlap"]))
        self.assertEqual(self.moved("( 2300 0 ) FS", "( 5005 6005 ) FS"), (1, ["overlap"]))
        self.assertEqual(self.moved("( 2300 0 ) FS", "( 5000 6000 ) FS"), (0, []))

    def test_halo(self):
        self.assertEqual(self.moved("( 2300 0 ) FS", "( 2195 0 ) FS"), (1, ["halo"]))
        self.assertEqual(self.moved("( 0 0 ) N", "( 0 0 ) FN"), (0, []))  # 200 of 300 needed
        self.assertEqual(self.check(DEF, PLACED, "--halo", "2,0"), (1, ["halo"]))

    def test_halo_turns_with_the_macro(self):
        near = PLACED.replace("( 2300 0 ) FS", "( 2100 0 ) FS")
        self.assertEqual(self.check(DEF, near), (1, ["halo"]))
        turned = near.replace("( 0 0 ) N", "( 0 0 ) FN")
        self.assertEqual(self.check(DEF, turned), (0, []))

    def test_channel(self):
        self.assertEqual(self.check(DEF, PLACED, "--channel", "3,5"), (0, []))
        self.assertEqual(self.check(DEF, PLACED, "--channel", "3.5"), (1, ["channel"]))

    def test_outside(self):
        self.assertEqual(self.moved("( 2300 0 ) FS", "( 8005 0 ) FS"), (1, ["outside"]))
        ell = "( 0 0 ) ( 0 10000 ) ( 4000 * ) ( * 9500 ) ( 10000 * ) ( * 0 )"
        square = "( 0 0 ) ( 10000 10000 )"
        shapes = [text.replace(square, ell, 1) for text in (DEF, PLACED)]
        self.assertEqual(self.check(*shapes), (0, []))
        cut = [text.replace("9500", "500") for text in shapes]
        self.assertEqual(self.check(*cut), (1, ["outside"]))

    def test_blockage(self):
        self.assertEqual(self.moved("( 2300 0 ) FS", "( 3005 0 ) FS"), (1, ["blockage"]))
        self.assertEqual(self.moved("( 2300 0 ) FS", "( 3000 0 ) FS"), (0, []))

    def test_orientation(self):
        self.assertEqual(self.moved("( 2300 0 ) FS", "( 2300 0 ) W"), (1, ["orientation"]))
        self.assertEqual(self.moved("( 0 9000 ) W", "( 0 9000 ) FN"), (0, []))

    def test_grid(self):
        self.assertEqual(self.moved("( 2300 0 ) FS", "( 2303 0 ) FS"), (1, ["grid"]))

    def test_fixed(self):
        self.assertEqual(self.moved("( 7000 7000 )", "( 7005 7000 )"), (1, ["bytes", "fixed"]))

    def test_bytes(self):
        self.assertEqual(self.moved("WEIGHT 3", "WEIGHT 4"), (1, ["bytes"]))
        self.assertIn("line 8", self.report["faults"][0]["message"])
        self.assertEqual(self.moved("( 5 5 )", "( 6 5 )"), (1, ["bytes"]))
        self.assertEqual(self.moved("END DESIGN\n", "END DESIGN"), (1, ["bytes"]))
        self.assertEqual(self.moved("- c INV", "- d INV"), (1, ["bytes"]))
        self.assertEqual(self.moved(" - c INV + PLACED ( 5 5 ) N ;\n", ""), (1, ["bytes"]))

    def test_unreadable(self):
        status, message = self.check(DEF, PLACED.replace("END COMPONENTS", ""))
        self.assertEqual(status, 2)
        self.assertIn("the section COMPONENTS has no end", message)
        status, message = self.check(*(text.replace("a RAM", "a ROM") for text in (DEF, PLACED)))
        self.assertEqual(status, 2)
        self.assertIn("no LEF defines the master ROM", message)


if __name__ == "__main__":
    unittest.main()
