"""Every chapter has a quiz of the schema's form; what breaks the form is named with its place."""

import copy

import pytest
import quiz
import yaml

from tests.chapters.book import ROOT, chapters, labels

FILES = [(name, ROOT / "chapters" / f"{name}.quiz.yml") for name, _ in chapters()]


def test_each_chapter_has_a_quiz_and_each_quiz_a_chapter():
    expected = {path for _, path in FILES}
    assert set((ROOT / "chapters").glob("*.quiz.yml")) == expected


@pytest.mark.parametrize(("name", "path"), FILES, ids=[name for name, _ in FILES])
def test_a_quiz_has_the_form_and_names_sections_of_its_chapter(name, path):
    questions = quiz.load(path)
    known = labels(dict(chapters())[name])
    assert {question["section"] for question in questions} <= known
    texts = [option["text"] for question in questions for option in question["options"]]
    assert all("\n\n" not in text.strip() for text in texts), "an option is one paragraph"


def test_no_two_questions_share_an_id():
    ids = [question["id"] for _, path in FILES for question in quiz.load(path)]
    assert len(ids) == len(set(ids))


def test_the_right_answer_does_not_stand_in_one_place():
    """Whoever always picks the same place gets less than half of the questions right."""
    places = [["correct" in option for option in question["options"]].index(True)
              for _, path in FILES for question in quiz.load(path)]
    assert max(map(places.count, set(places))) <= len(places) / 2


def test_the_right_answer_is_not_given_away_by_its_length():
    """Whoever always picks the longest option gets less than two thirds right."""
    hits = []
    for _, path in FILES:
        for question in quiz.load(path):
            longest = max(question["options"], key=lambda option: len(option["text"]))
            hits.append("correct" in longest)
    assert sum(hits) < 2 / 3 * len(hits)


def two_correct(questions):
    for option in questions[1]["options"]:
        option["correct"] = True


@pytest.mark.parametrize(("damage", "says"), [
    (lambda q: q.pop(), None),
    (lambda q: q.__delitem__(slice(1, None)), "the file: "),
    (lambda q: q[0].pop("section"), "question 1: 'section' is a required property"),
    (lambda q: q[2]["options"][1].pop("because"), "question 3, options, number 2: 'because'"),
    (lambda q: q[0]["options"][0].update(correct=False), "question 1, options, number 1, correct"),
    (two_correct, "question 2, options: expected exactly one option with 'correct: true'"),
    (lambda q: q[0].update(id="no good"), "question 1, id: 'no good' does not match"),
    (lambda q: q[0].update(hint="x"), "question 1: Additional properties"),
])
def test_a_damaged_quiz_is_refused(tmp_path, damage, says):
    questions = copy.deepcopy(quiz.load(FILES[0][1])[:4])
    questions.append({**copy.deepcopy(questions[0]), "id": "abc-quiz-fifth"})
    damage(questions)
    path = tmp_path / "planted.quiz.yml"
    path.write_text(yaml.safe_dump(questions))
    if says is None:
        assert len(quiz.load(path)) == 4
        return
    with pytest.raises(quiz.QuizError) as refusal:
        quiz.load(path)
    assert f"planted.quiz.yml, {says}" in str(refusal.value)


def test_a_file_that_is_no_yaml_is_refused(tmp_path):
    path = tmp_path / "planted.quiz.yml"
    path.write_text("- id: [")
    with pytest.raises(quiz.QuizError, match=r"planted\.quiz\.yml: while parsing"):
        quiz.load(path)
