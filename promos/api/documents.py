"""The API's own description, and the answer where there is no route."""

from typing import Any

from django.http import Http404, HttpRequest
from django.shortcuts import render
from django.utils import translation
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularYAMLAPIView
from rest_framework.request import Request

from promos.endpoint import Endpoint


class Nothing(Endpoint):
    """Any other address below /api/: a problem document, not a page."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Http404


@extend_schema(exclude=True)
class SchemaYaml(SpectacularYAMLAPIView):
    """The OpenAPI document; ``?lang=en`` in English, ``?format=json`` as JSON."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.GET.get("format") == "json":
            return SchemaJson.as_view()(request._request)
        return super().get(request, *args, **kwargs)

    def perform_content_negotiation(self, request: Any, force: bool = False) -> Any:
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type


@extend_schema(exclude=True)
class SchemaJson(SpectacularJSONAPIView):
    """The OpenAPI document as JSON."""

    authentication_classes = ()
    permission_classes = ()
    perform_content_negotiation = SchemaYaml.perform_content_negotiation


def docs(request: HttpRequest) -> Any:
    """The API's pages, in ``lang``; every file of theirs comes from here."""
    asked = request.GET.get("lang", translation.get_language() or "")
    language = "en" if asked.startswith("en") else "ru"
    with translation.override(language):
        return render(request, "promos/api_docs.html", {"language": language})
