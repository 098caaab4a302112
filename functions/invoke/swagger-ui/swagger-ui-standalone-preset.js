// Not in this build: it is for the layout with a top bar, which /docs does not use.
const SwaggerUIStandalonePreset = [];
