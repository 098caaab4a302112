// Not in this build: /docs uses swagger-ui-bundle.js, which holds the same.
