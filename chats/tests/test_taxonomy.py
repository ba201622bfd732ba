import json

import pytest

from chats.analyzer import Intent, Reading, Scenario, Sentiment, Turn, analyze
from chats.analyzer.taxonomy import scenario_of


@pytest.mark.parametrize(
    ("intent", "sentiment", "expected"),
    [
        pytest.param(
            Intent.DEFECT_NOT_WORKING,
            Sentiment.NEGATIVE,
            Scenario.UC2,
            id="a broken thing and a cross buyer call for an apology",
        ),
        pytest.param(
            Intent.RETURN_REFUND,
            Sentiment.NEUTRAL,
            Scenario.NONE,
            id="a calm question about a return does not",
        ),
        pytest.param(
            Intent.SIZING_FIT,
            Sentiment.POSITIVE,
            Scenario.UC3,
            id="a question before buying may be helped along",
        ),
        pytest.param(
            Intent.PROMO_REQUEST,
            Sentiment.NEGATIVE,
            Scenario.NONE,
            id="an angry price complaint may not",
        ),
        pytest.param(
            Intent.POSITIVE_FEEDBACK,
            Sentiment.POSITIVE,
            Scenario.UC1,
            id="praise is answered with thanks",
        ),
        pytest.param(
            Intent.DELIVERY_STATUS,
            Sentiment.NEGATIVE,
            Scenario.NONE,
            id="a late parcel never brings a code",
        ),
    ],
)
def test_scenario_of(intent, sentiment, expected):
    assert scenario_of(intent, sentiment) is expected


def test_a_stored_reading_comes_back_the_same():
    reading = analyze(Turn(("здравствуйте", "не работает, верните деньги")))

    stored = json.loads(json.dumps(reading.as_dict()))

    assert Reading.from_dict(stored) == reading
