"""Files are the same bytes on every machine: other Pythons, the other order of bytes.

They want interpreters, packages and a network that not every machine has: what is missing is
skipped.
"""

import pytest

from litelic.host.program.file import save_program
from tests.host.codec.models import hyper_program, small_program
from tests.system import machines

PROGRAMS = {
    "small": lambda: small_program(3),
    "16 bits": lambda: small_program(3, activation_bits=16),
    "scales": lambda: hyper_program(3, means=False),
    "means": lambda: hyper_program(3),
    "means, 16 bits": lambda: hyper_program(3, activation_bits=16),
}


@pytest.fixture(scope="module", params=[*machines.NEWER, "big-endian"])
def machine(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("machine")
    if request.param == "big-endian":
        found = machines.big_endian(folder)
        assert " big " in machines.describe(found)
    else:
        found = machines.newer_python(request.param, folder)
    print(f"{request.param}: {machines.describe(found)}")
    return found


@pytest.mark.long
@pytest.mark.parametrize("name", ["default", *PROGRAMS])
def test_files_and_pictures_are_the_same(machine, picture, tmp_path, name):
    options = ["--golden", "--force"]
    if name != "default":
        program = tmp_path / "program.licp"
        save_program(PROGRAMS[name](), program)
        options += ["--program", program]
    source, made = picture(45, 70), []
    for number, where in enumerate((machines.HERE, machine)):
        lic, back = tmp_path / f"{number}.lic", tmp_path / f"{number}.ppm"
        machines.litelic(where, "encode", source, lic, *options)
        # Each decodes what the other has encoded.
        machines.litelic(where, "decode", tmp_path / "0.lic", back, *options)
        made.append((lic.read_bytes(), back.read_bytes()))
    assert made[0] == made[1]
