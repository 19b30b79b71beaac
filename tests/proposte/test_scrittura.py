import pytest
from proposte.models import Proposta
from tests.factories import FaseFactory, PercorsoFactory, LaboratorioFactory
pytestmark = pytest.mark.django_db

def test_smoke(client):
    f = FaseFactory(apre_proposte=True)
    lab = LaboratorioFactory(latitudine=45.05, longitudine=9.64)
    LaboratorioFactory(latitudine=45.01, longitudine=9.70)
    r = client.get("/proposte/nuova/")
    assert r.status_code == 200
    r = client.post("/proposte/nuova/", {"chiave": "x", "laboratorio": lab.slug})
    assert r.status_code == 303
    url = r["Location"]
    r = client.get(url)
    assert r.status_code == 200
    r = client.post(url, {"titolo": "Ciao", "che_cosa": "a", "laboratorio": lab.pk, "versione": 1, "rileggi": "1"})
    assert r.status_code == 303, r.content.decode()
    r = client.get(r["Location"])
    assert r.status_code == 200
    assert client.get("/proposte/mie/").status_code == 200
    assert client.get("/proposte/inviata/").status_code == 200
    for x in "riprendi", "elimina":
        assert client.get(url + x + "/").status_code == 200
