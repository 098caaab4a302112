import { defineConfig } from "vite";

const target = process.env.APPLICATION ?? "http://localhost:8080";

export default defineConfig({
  esbuild: { jsx: "automatic" },
  define: { APPLICATION: JSON.stringify(target) },
  // A browser sends the cookies of `localhost` to each of its ports. So the page asks its own origin,
  // as the service demands of a browser, and is the person who signed in at the load balancer.
  server: { port: 5173, strictPort: true, proxy: { "/invocations": { target, changeOrigin: true } } },
});
