"""Names by which a floorplan finds the blocks that belong together."""

from migen import Instance, Memory
from migen.fhdl.decorators import ModuleTransformer

LANE = "lane{}"  # a pixel lane: its multipliers and its memories
WEIGHTS = "weights"  # the weight ring and its parameters
EPILOGUE = "epilogue"


class Placed(ModuleTransformer):
    """Block RAMs of the module are named after a place: `Placed("lane0")(module)`.

    Synthesis leaves nothing of the modules but one netlist, in which only the names of blocks tell
    where they come from. The first word of a name is the place, up to the first `_`.
    """

    def __init__(self, place):
        self.place = place

    def transform_fragment(self, module, fragment):
        for special in fragment.specials:
            if isinstance(special, Memory):
                special.name_override = f"{self.place}_memory"
            elif isinstance(special, Instance) and special.of == "DP16KD":
                special.name_override = f"{self.place}_block"
