// Swagger UI has dark colours of its own; the page follows the system's.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

// What Swagger UI gives no name, for those who do not see where it stands.
const NAMES = {
  "#servers": () => "Server",
  ".copy-to-clipboard > button": () => "Copy",
  ".body-param__text": () => "Request body",
  ".examples-select-element": () => "Example",
  "tr[data-param-name] select, tr[data-param-name] input": (it) => it.closest("tr").dataset.paramName,
};
const name = () => {
  for (const [selector, named] of Object.entries(NAMES)) {
    for (const it of document.querySelectorAll(selector)) it.ariaLabel ??= named(it);
  }
};
new MutationObserver(name).observe(document.getElementById("swagger-ui"), { childList: true, subtree: true });

window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  layout: "BaseLayout",
  // Links within buttons can't be told apart by keyboard or screen reader.
  deepLinking: false,
  withCredentials: true,
  presets: [SwaggerUIBundle.presets.apis],
  requestInterceptor: (request) => {
    request.headers["{{header}}"] = "{{mark}}";
    return request;
  },
});
