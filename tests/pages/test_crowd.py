import json


def test_a_crowd_regroups_by_every_column(visit):
    app = visit("crowd", marital="married")
    assert not app.exception
    (drawn,) = [each for each in app.main if each.type == "bidi_component"]
    answer = json.loads(drawn.proto.json)
    assert len(answer["tiles"]) == 1000
    marital = next(each for each in answer["groupings"] if each["title"] == "Marital status")
    assert marital["labels"] == ["married"]
