from app.kit.answer_bytes import CLOSE, AnswerBytes
from app.kit.direct import Answer

DATE = [(b"date", b"today")]
JSON = (b"content-type", b"application/json")


def test_an_answer_begins_with_what_all_answers_begin_with() -> None:
    written = AnswerBytes().written(Answer(200, [JSON], b"{}"), DATE, is_last=False)

    assert written == b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-type: application/json\r\n\r\n{}"


def test_what_all_answers_begin_with_may_change() -> None:
    answer_bytes = AnswerBytes()
    answer_bytes.written(Answer(200, [JSON], b"{}"), DATE, is_last=False)

    assert b"date: tomorrow" in answer_bytes.written(
        Answer(200, [JSON], b"{}"), [(b"date", b"tomorrow")], is_last=False
    )


def test_each_status_has_its_own_line() -> None:
    answer_bytes = AnswerBytes()
    lines = [
        answer_bytes.written(Answer(status, [JSON], b""), DATE, is_last=False).split(b"\r\n")[0]
        for status in (200, 202, 413, 200)
    ]

    assert lines == [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 202 Accepted",
        b"HTTP/1.1 413 Request Entity Too Large",
        b"HTTP/1.1 200 OK",
    ]


def test_the_last_answer_says_so_once() -> None:
    for headers in ([JSON], [JSON, CLOSE]):
        written = AnswerBytes().written(Answer(413, headers, b""), DATE, is_last=True)
        assert written.count(b"connection: close\r\n\r\n") == 1
