"""Maps the repository's folders to one import name: `accel/` becomes `litelic.accel`.

`pyproject.toml` holds the rest. setuptools cannot rename what it discovers, hence these lines.
"""

from setuptools import find_packages, setup

FOLDERS = ("accel", "firmware", "host", "soc", "targets")

TOP = "host/top"  # what `import litelic` itself gives

found = find_packages(
    include=[pattern for name in FOLDERS for pattern in (name, f"{name}.*")],
    exclude=[TOP.replace("/", ".")],
)
setup(
    packages=["litelic", *(f"litelic.{name}" for name in found)],
    package_dir={"litelic": TOP} | {f"litelic.{name}": name for name in FOLDERS},
)
