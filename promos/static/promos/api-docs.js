"use strict";

// Starts the API's pages. A file of its own: the page allows no inline script.
const root = document.getElementById("swagger-ui");
const languages = [
  { url: `${root.dataset.schema}?lang=ru`, name: "Русский" },
  { url: `${root.dataset.schema}?lang=en`, name: "English" },
];
SwaggerUIBundle({
  urls: languages,
  "urls.primaryName": root.dataset.language === "en" ? "English" : "Русский",
  domNode: root,
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
});
