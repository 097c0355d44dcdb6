"""The quizzes in a browser: every option opens on its verdict, by mouse and by keyboard."""

import pytest
import quiz

from tests.chapters.book import ROOT, chapters
from tests.site.browsing import visit

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", [name for name, _ in chapters()])
def test_every_question_and_option_is_on_the_page(browser, address, name):
    questions = quiz.load(ROOT / "chapters" / f"{name}.quiz.yml")
    expected = [["correct" in option for option in q["options"]] for q in questions]
    with visit(browser, f"{address}/{name}.html") as seen:
        shown = seen.page.locator("ol.quiz > li").evaluate_all(
            "all => all.map(q => [...q.querySelectorAll('details')].map("
            "d => d.querySelector('summary').innerText.trim() !== '' && "
            "d.querySelector('.quiz-verdict').textContent === 'Right.'))"
        )
    assert shown == expected


def test_an_option_opens_by_mouse_and_by_keyboard(browser, address):
    with visit(browser, f"{address}/02_perceptron.html") as seen:
        right = seen.page.locator("ol.quiz details.quiz-right").first
        wrong = seen.page.locator("ol.quiz details.quiz-wrong").first
        verdict = right.locator(".quiz-verdict")
        assert not verdict.is_visible()
        right.locator("summary").click()
        assert verdict.is_visible()
        wrong.locator("summary").focus()
        seen.page.keyboard.press("Enter")
        assert wrong.locator(".quiz-verdict").is_visible()
        assert wrong.locator(".quiz-verdict").inner_text() == "No."
