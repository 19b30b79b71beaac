"""What time alone brings about at the Tavolo."""

import logging

from tavolo import tasks


def test_a_part_that_fails_is_logged_and_keeps_none_of_the_others_back(monkeypatch, caplog):
    visti = []

    def rotta(adesso):
        raise RuntimeError("no fonts")

    def buona(adesso):
        visti.append(adesso)

    monkeypatch.setattr(tasks, "PARTI", (buona, rotta, buona))
    with caplog.at_level(logging.ERROR):
        tasks.passo()

    assert len(visti) == 2
    assert [r.exc_info[1].args for r in caplog.records] == [("no fonts",)]
