"""An app of Splunk as one file: the same content gives the same bytes."""

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import PurePosixPath

_SINCE_S = 1_767_225_600  # 2026-01-01; a time of building would make every build another


def tgz(files: Mapping[str, bytes]) -> bytes:
    """Files by path, the app's own folder first in it. Owner, mode, time and order are fixed."""
    made = io.BytesIO()
    folders = {str(folder) for path in files for folder in PurePosixPath(path).parents} - {"."}
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted({*files, *folders}):
            entry = tarfile.TarInfo(path)
            entry.mtime = _SINCE_S
            if path in folders:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(entry)
            else:
                entry.size, entry.mode = len(files[path]), 0o644
                tar.addfile(entry, io.BytesIO(files[path]))
    return gzip.compress(made.getvalue(), compresslevel=9, mtime=0)
