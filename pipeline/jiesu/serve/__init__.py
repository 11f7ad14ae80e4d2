"""The service: the REST API in front of one engine, and the supervisors' pages.

`create_app` makes the application, `run` serves it. Needs the extra `serve`.
"""

from jiesu.serve.settings import ServeSettings, load_serve_settings

__all__ = ["ServeSettings", "load_serve_settings"]
