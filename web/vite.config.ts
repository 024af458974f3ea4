import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    manifest: true, // the tests read from it what a first load is made of
    chunkSizeWarningLimit: 4_000, // Monaco, which loads only where it is used
  },
  // For work on the UI itself: `npm run dev` beside a running stack.
  server: { proxy: { "/api": "http://127.0.0.1:8400" } },
});
