import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Process tests on a busy machine may miss a deadline of the platforms' protocols; the report names retried ones.
    retry: process.env.CI ? 2 : 0,
    // Tests that wait for the pace of a chat platform take no processor time meanwhile.
    maxConcurrency: 8,
    // They wait more than they work: two cores are half idle with two workers.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
  },
});
