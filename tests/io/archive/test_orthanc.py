"""A real Orthanc on loopback takes what a result writes, and gives it back as it was."""

import json
import shutil
import socket
import subprocess
import time
from io import BytesIO
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pydicom
import pytest

DICOM_WEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START_S = 90


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Archive:
    """Asks an Orthanc by its own interface."""

    def __init__(self, http, dicom):
        self.url, self.dicom_port = f"http://127.0.0.1:{http}", dicom

    def ask(self, path, method="GET"):
        """Give the body of its answer."""
        with urlopen(Request(self.url + path, method=method), timeout=60) as answer:
            return answer.read()

    def wait(self, process):
        """Wait until it answers."""
        for _ in range(START_S * 4):
            assert process.poll() is None, "Orthanc ended while it started"
            try:
                return self.ask("/system")
            except URLError:
                time.sleep(0.25)
        raise TimeoutError(f"Orthanc did not answer within {START_S} s")

    def empty(self):
        """Forget all studies."""
        for study in json.loads(self.ask("/studies")):
            self.ask(f"/studies/{study}", "DELETE")

    def files(self):
        """Give all stored data sets by their UIDs, as the archive's files hold them."""
        instances = json.loads(self.ask("/instances"))
        stored = [pydicom.dcmread(BytesIO(self.ask(f"/instances/{one}/file"))) for one in instances]
        return {one.SOPInstanceUID: one for one in stored}


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    program = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
    if program is None or not DICOM_WEB.is_file():
        pytest.skip("Orthanc with its DICOMweb plugin is not installed")
    folder = tmp_path_factory.mktemp("orthanc")
    http, dicom = free_ports(2)
    settings = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpPort": http,
        "DicomPort": dicom,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAlwaysAllowStore": True,
        "Plugins": [str(DICOM_WEB)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    # the kernel ends it with the tests, should they be killed outright
    guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*guard, program, folder / "orthanc.json"],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    try:
        archive = Archive(http, dicom)
        archive.wait(process)
        yield archive
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def archive(orthanc):
    orthanc.empty()
    return orthanc


@pytest.fixture
def made(objects):
    """Give the data sets of a result by their UIDs."""
    return {one.SOPInstanceUID: one for one in map(pydicom.dcmread, objects)}


def test_c_store_takes_all_objects_and_keeps_them_as_they_are(archive, made):
    pynetdicom = pytest.importorskip("pynetdicom")
    entity = pynetdicom.AE("GLIOKIT")
    for one in made.values():
        entity.add_requested_context(one.SOPClassUID, one.file_meta.TransferSyntaxUID)
    association = entity.associate("127.0.0.1", archive.dicom_port)
    assert association.is_established
    try:
        statuses = [association.send_c_store(one).Status for one in made.values()]
    finally:
        association.release()
    assert statuses == [0x0000] * 4
    assert archive.files() == made


def test_stow_takes_all_objects_qido_finds_them_and_wado_gives_them_back(archive, made):
    dicomweb = pytest.importorskip("dicomweb_client.api")
    client = dicomweb.DICOMwebClient(f"{archive.url}/dicom-web")
    client.store_instances(list(made.values()))
    study = next(iter(made.values())).StudyInstanceUID
    found = [pydicom.Dataset.from_json(one) for one in client.search_for_series(study)]
    assert {(one.SeriesInstanceUID, one.Modality) for one in found} == {
        (one.SeriesInstanceUID, one.Modality) for one in made.values()
    }
    assert {str(one.PatientName) for one in map(_study, client.search_for_studies())} == {
        "Müller^Jörg"
    }
    for uid, one in made.items():
        assert client.retrieve_instance(study, one.SeriesInstanceUID, uid) == one
    assert archive.files() == made


def _study(found):
    return pydicom.Dataset.from_json(found)
