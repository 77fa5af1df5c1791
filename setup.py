"""Maps the repository's folders to one import name: `accel/` becomes `litelic.accel`.

`pyproject.toml` holds the rest. setuptools cannot rename what it discovers, hence these lines.
"""

from setuptools import find_packages, setup

FOLDERS = ("accel", "firmware", "host", "soc", "targets")

found = find_packages(include=[pattern for name in FOLDERS for pattern in (name, f"{name}.*")])
setup(
    packages=[f"litelic.{name}" for name in found],
    package_dir={f"litelic.{name}": name for name in FOLDERS},
)
