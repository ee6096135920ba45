import { defineConfig } from "vite";
import { precompress, sprite } from "./plugins.ts";

export default defineConfig({
  base: "/static/",
  plugins: [sprite("src/icons.txt"), precompress()],
  build: {
    manifest: "manifest.json",
    outDir: "dist",
    assetsInlineLimit: 0,
    modulePreload: false,
    target: ["chrome125", "firefox128", "safari17.5"],
    rolldownOptions: { input: "src/main.ts", checks: { eval: false } },
  },
});
