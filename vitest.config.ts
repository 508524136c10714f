import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Tests that wait for the pace of a chat platform take no processor time meanwhile.
    maxConcurrency: 12,
    maxWorkers: "100%",
  },
});
