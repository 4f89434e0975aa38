"""A reader's form: the lexicon as JSON with room for answers, and back.

An empty form carries the questions and the allowed answers, so that it can be filled in any editor;
a filled one may be a reader's or the program's. Reading is strict: everything wrong with a form is
named at once, and nothing in it is repaired or left out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gliokit.core.errors import FindingsError
from gliokit.measurement.vasari.lexicon import FEATURES, Feature, FeatureId, Kind
from gliokit.measurement.vasari.scores import Score, Value, misfit

FORM = "gliokit VASARI 1"
HEAD = ("form", "study_id", "reader", "features")
PRINTED = ("title", "question", "kind", "answers")
FILLED = ("answer", "how", "confidence", "reason")
NO_ANSWER = "the reader gave no answer"
MOST_MM = 300.0  # longer than any brain


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was read.

    Attributes
    ----------
    study_id, reader : str
        Of which study, by whom.
    scores : mapping
        Every feature with its score.
    """

    study_id: str
    reader: str
    scores: Mapping[FeatureId, Score] = field(repr=False)


def form_text(study_id: str, reader: str, scores: Mapping[FeatureId, Score] | None = None) -> str:
    """Write a form as JSON text, empty or with scores."""
    features = {}
    for feature in FEATURES.values():
        score = scores and scores.get(feature.id)
        features[feature.id.value] = _printed(feature) | _filled(score or None)
    head = dict(zip(HEAD, (FORM, study_id, reader, features), strict=True))
    return json.dumps(head, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_form(text: str, *, source: str = "form") -> Form:
    """Read a form.

    Parameters
    ----------
    text : str
        As `form_text` wrote it, with answers filled in.
    source : str
        Name of the form in messages.

    Raises
    ------
    FindingsError
        Naming every problem: what was found, and what is needed.
    """
    try:
        content = json.loads(text, object_pairs_hook=_without_twins)
    except ValueError as error:
        raise FindingsError(f"{source} is no JSON: {error}; write it anew") from None
    problems = list(_head_problems(content))
    if problems:
        raise FindingsError(f"{source}: {'; '.join(problems)}")
    scores: dict[FeatureId, Score] = {}
    for feature in FEATURES.values():
        entry = content["features"][feature.id.value]
        if found := [
            f"{feature.id} ({feature.title}) {p}" for p in _entry_problems(feature, entry)
        ]:
            problems += found
        else:
            scores[feature.id] = _score(feature, entry)
    if problems:
        raise FindingsError(f"{source}: {'; '.join(problems)}")
    return Form(content["study_id"], content["reader"], scores)


def _printed(feature: Feature) -> dict[str, object]:
    answers = None if feature.answers is None else [answer.value for answer in feature.answers]
    parts = (feature.title, feature.question, feature.kind.value, answers)
    return dict(zip(PRINTED, parts, strict=True))


def _filled(score: Score | None) -> dict[str, object]:
    if score is None:
        return dict(zip(FILLED, (None, "", None, ""), strict=True))
    value: object = score.value
    if isinstance(value, tuple):
        value = [answer.value for answer in value]
    return dict(zip(FILLED, (value, score.how, score.confidence, score.reason), strict=True))


def _without_twins(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """Refuse a name that stands twice, of which JSON would drop the first."""
    names = [name for name, _ in pairs]
    if twins := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{', '.join(twins)} stands more than once")
    return dict(pairs)


def _head_problems(content: object) -> Iterator[str]:
    if not isinstance(content, dict) or content.get("form") != FORM:
        yield f"not a form of the kind {FORM!r}; start from an empty one"
        return
    yield from _name_problems(content, HEAD, "the form")
    for name in ("study_id", "reader"):
        if name in content and not (isinstance(content[name], str) and content[name]):
            yield f"{name} is {content[name]!r}; needed a name"
    features = content.get("features")
    if isinstance(features, dict):
        yield from _name_problems(features, [feature.value for feature in FeatureId], "features")
    elif "features" in content:
        yield "features is no object; start from an empty form"


def _name_problems(entry: dict[str, object], known: Sequence[str], what: str) -> Iterator[str]:
    if unknown := [name for name in entry if name not in known]:
        yield f"{what} has unknown names {', '.join(unknown)}; known are {', '.join(known)}"
    if missing := [name for name in known if name not in entry]:
        yield f"{what} lacks {', '.join(missing)}"


def _entry_problems(feature: Feature, entry: object) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield "is no object; start from an empty form"
        return
    problems = list(_name_problems(entry, (*PRINTED, *FILLED), "entry"))
    yield from problems
    if problems:
        return
    if any(entry[name] != printed for name, printed in _printed(feature).items()):
        yield "was printed otherwise; start from an empty form of this version"
    if problem := _answer_problem(feature, entry["answer"]):
        yield problem
    confidence = entry["confidence"]
    if confidence is not None and not (_is_number(confidence) and 0 <= confidence <= 1):
        yield f"has the confidence {confidence!r}; needed 0 to 1, or null"
    if not (isinstance(entry["how"], str) and isinstance(entry["reason"], str)):
        yield "has a how or a reason that is no text"
    elif entry["answer"] is not None and entry["reason"]:
        yield "has an answer and a reason why there is none; needed one of them"


def _answer_problem(feature: Feature, answer: object) -> str:
    if answer is None:
        return ""
    if feature.kind is Kind.LENGTH:
        fits = _is_number(answer) and 0 < answer <= MOST_MM  # type: ignore[operator]
        return "" if fits else f"has the answer {answer!r}; needed mm, 0 to {MOST_MM:g}, or null"
    several = feature.kind is Kind.SEVERAL
    listed = answer if isinstance(answer, list) else [answer]
    assert feature.answers is not None
    known = ", ".join(feature.answers)
    if several != isinstance(answer, list) or not all(isinstance(one, str) for one in listed):
        form = "a list of answers" if several else "one answer"
        return f"has the answer {answer!r}; needed {form} of {known}, or null"
    if strangers := [one for one in listed if one not in list(feature.answers)]:
        return f"has the answer {strangers[0]!r}; needed one of {known}, or null"
    return misfit(feature, _value(feature, answer))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _value(feature: Feature, answer: object) -> Value:
    if feature.answers is None:
        return float(answer)  # type: ignore[arg-type]
    if isinstance(answer, list):
        return tuple(feature.answers(one) for one in answer)
    return feature.answers(str(answer))


def _score(feature: Feature, entry: Mapping[str, object]) -> Score:
    how, confidence, reason = (entry[name] for name in FILLED[1:])
    if entry["answer"] is None:
        return Score(feature.id, None, reason=str(reason) or NO_ANSWER)
    sure = None if confidence is None else float(confidence)  # type: ignore[arg-type]
    return Score(feature.id, _value(feature, entry["answer"]), str(how), sure)
