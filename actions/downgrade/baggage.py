"""The driver and its neighbours, packed to travel to where our files are not: into a container, a pod.

They go over standard input, as its first line, and are imported from memory there: nothing is installed, no folder has
to be writable, and the application finds nothing of ours on its path.
"""

import base64
import json
import zlib
from functools import cache
from pathlib import Path

#: What `drive.py` needs over there.
FILES = (
    "drive", "beyond", "doorkeeper", "explained", "fence", "gate", "handed_url", "hearing", "keeper", "ledge", "upstream", "wall",
)  # fmt: skip
#: Run by the service's Python as `python -c UNPACK`. As small as it can be, for Python 3.8 or newer.
UNPACK = """
import base64, importlib.util, json, sys, types, zlib
sys.path[:] = [part for part in sys.path if part]
sources = json.loads(zlib.decompress(base64.b64decode(sys.stdin.readline())))
package = types.ModuleType("backout_drive")
package.__path__ = []
class Neighbours:
    def find_spec(self, name, path=None, target=None):
        head, _, tail = name.partition(".")
        return importlib.util.spec_from_loader(name, self) if head == "backout_drive" and tail in sources else None
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        name = module.__name__.partition(".")[2]
        exec(compile(sources[name], name + ".py", "exec"), module.__dict__)
sys.modules["backout_drive"] = package
sys.meta_path.insert(0, Neighbours())
sys.path.insert(0, "")
exec(compile(sources["drive"], "drive.py", "exec"), {"__name__": "__main__", "__file__": "drive.py"})
"""


@cache
def packed() -> bytes:
    """One line."""
    here = Path(__file__).parent
    sources = {name: (here / f"{name}.py").read_text(encoding="utf-8") for name in FILES}
    return base64.b64encode(zlib.compress(json.dumps(sources).encode(), 9)) + b"\n"
