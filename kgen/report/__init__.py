"""Pages and tables made from run folders, without Keras and without a network.

Example:

    kgen.report.write("runs/dcgan_glyphs")  # runs/dcgan_glyphs/report.html
    print(kgen.report.compare(["runs/a", "runs/b"]).text())
"""

from kgen.report.comparison import Comparison, compare
from kgen.report.page import write
from kgen.report.record import RunRecord, read

__all__ = ["Comparison", "RunRecord", "compare", "read", "write"]
