"""Where things are: the tests' own data, the deployment files and the research data."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TESTDATA = ROOT / "tests" / "testdata"
SHARED_DATA = ROOT.parent / "shared" / "data"
SHARED_SOURCES = ROOT.parent / "shared" / "sources"
SHARED_CASES = ROOT.parent / "shared" / "cases"
