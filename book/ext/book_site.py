"""Where the book is published, when it is: read from the environment of the workflow that publishes it.

At home the book knows no address, so it shows no launch buttons and writes no canonical links.
GitHub's runners set ``GITHUB_REPOSITORY`` to ``owner/name``, and Pages serves it from ``owner.github.io/name/``.
"""

from __future__ import annotations

import os

from sphinx.application import Sphinx
from sphinx.config import Config


def announce(app: Sphinx, config: Config) -> None:
    """Tell the theme, the site map, the page tags and the 404 page where the book stands."""
    repository = os.environ.get("GITHUB_REPOSITORY")
    if not repository:
        config.notfound_urls_prefix = "/"
        # Jupyter Book fills these in with its own repository.
        config.html_theme_options.update(repository_url="", launch_buttons={})
        return
    owner, name = repository.split("/")
    own_site = name.lower() == f"{owner}.github.io".lower()
    config.notfound_urls_prefix = "/" if own_site else f"/{name}/"
    config.html_baseurl = f"https://{owner.lower()}.github.io{config.notfound_urls_prefix}"
    config.ogp_site_url = config.html_baseurl
    config.sitemap_url_scheme = "{link}"  # one language, one version
    config.html_theme_options.update(
        repository_url=f"https://github.com/{repository}",
        repository_branch="main",
        launch_buttons={
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
        },
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx, ahead of the extensions that read these values."""
    app.connect("config-inited", announce, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
