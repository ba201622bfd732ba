"use strict";

// Starts the API's pages. A file of its own: the page allows no inline script. The
// plain layout: the one with a top bar brings a logo with a style the page forbids.
const root = document.getElementById("swagger-ui");
SwaggerUIBundle({
  url: root.dataset.schema,
  domNode: root,
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
