"""Endpoints of the project's own, beside those of every model. Each needs a log-in and sees what its user may see."""

from rowgate.api import Api


def customize_api(api: Api) -> None:
    """Add the endpoints; called once, while the app is set up.

    An address under the API, and its answer::

        @api.app.get("/api/reports/hello")
        def hello() -> ResponseReturnValue:  # from flask.typing
            return {"meta": {"result": "hello"}}

    Statements go through ``rowgate.web.session()``: it filters them for whoever asks.
    """
