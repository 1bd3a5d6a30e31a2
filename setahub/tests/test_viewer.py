"""Each answer names whom it was made for, so that scripts trust no other."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "url", ["/", "/messages/", "/messages/unread/", "/topics/", "/nothing/here/"]
)
def test_an_answer_names_its_viewer(sign_in, student, ta, url):
    assert sign_in(student).get(url).headers["X-Viewer"] == str(student.pk)
    assert sign_in(ta).get(url).headers["X-Viewer"] == str(ta.pk)


@pytest.mark.parametrize("url", ["/", "/messages/unread/", "/auth/login/"])
def test_a_visitor_has_no_name(client, url):
    assert "X-Viewer" not in client.get(url).headers


def test_refusals_name_them_too(sign_in, student, ta):
    client = sign_in(student)
    headers = {"accept": "application/json"}
    for data, status in (({"text": "Hello"}, 201), ({"text": ""}, 422)):
        response = client.post(f"/messages/{ta.pk}/", data, headers=headers)
        assert (response.status_code, response.headers["X-Viewer"]) == (status, str(student.pk))
