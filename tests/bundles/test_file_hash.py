"""The hash of a file."""

from gliokit.bundles.file_hash import file_sha256


def test_the_hash_is_that_of_the_content(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")  # the example of FIPS 180-2, B.1
    assert file_sha256(tmp_path / "abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
