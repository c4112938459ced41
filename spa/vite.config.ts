import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compress } from "./plugins/compress.ts";
import { licences } from "./plugins/licences.ts";

// The server's address while developing: npm run dev, with the Python server on its usual port.
const server = process.env.ROWGATE_URL ?? "http://127.0.0.1:5656";

export default defineConfig({
  base: "./",
  plugins: [react(), licences(), compress()],
  build: {
    outDir: "../src/rowgate/admin/static",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the Content-Security-Policy has no data: for scripts and fonts
    chunkSizeWarningLimit: 1500,
    reportCompressedSize: false,
    sourcemap: false,
  },
  server: { proxy: { "/api": server, "/admin": server, "/ui": server } },
  test: { environment: "node", include: ["test/**/*.test.ts"] },
} as never);
