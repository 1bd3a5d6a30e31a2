"""Static files under hashed names, so that browsers may keep them for a year."""

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Also rewrites ``import`` between our own JavaScript modules to the hashed names.

    Only under ``js/``: comments in the files of libraries look like imports of files that aren't
    there, and would stop ``collectstatic``.
    """

    _imports = HashedFilesMixin._js_module_import_aggregation_patterns[1]  # type: ignore[attr-defined]
    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", _imports))
