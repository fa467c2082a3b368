from app.main import create_app, create_asgi_app


def test_no_server_can_tell_that_the_asgi_app_could_be_asked_directly() -> None:
    assert hasattr(create_app(), "directly")
    assert not hasattr(create_asgi_app(), "directly")
