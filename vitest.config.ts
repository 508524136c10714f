import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Files share the modules of their worker: loading them again took half of the processor's time. None of them keeps anything from test to test.
    isolate: false,
    // Tests that wait for the pace of a chat platform take no processor time meanwhile.
    maxConcurrency: 8,
    // They wait more than they work: two cores are half idle with two workers.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
  },
});
