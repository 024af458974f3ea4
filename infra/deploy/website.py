"""The web UI's files, into their bucket."""

from pathlib import Path
from typing import TYPE_CHECKING

from matinee.http.site import headers_of, kind_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def upload(client: "S3Client", folder: Path, *, bucket: str) -> None:
    """Upload what was built: the page that names the others last, so that it never names what is not there yet.

    What former pages name stays: somebody may have one open.
    """
    files = [file for file in folder.rglob("*") if file.is_file() and not file.name.startswith(".")]
    for file in sorted(files, key=lambda file: (file.suffix == ".html", file)):
        place = file.relative_to(folder).as_posix()
        client.put_object(
            Bucket=bucket,
            Key=place,
            Body=file.read_bytes(),
            ContentType=kind_of(file),
            CacheControl=headers_of(place)["Cache-Control"],
        )
