/**
 * Starts the bot: reads the settings, wires the ports to what implements them, and runs until it is told
 * to stop. `main.ts [console [--sandbox] | sandbox]`; without a word it runs what the settings ask for.
 */
import { existsSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { listenForStop } from "./app/stop-signals.ts";

// Before anything slow: a signal without a listener ends a process at once, or, in a container, not at all.
const signals = listenForStop(process.env.npm_lifecycle_event !== undefined);
enableCompileCache();
// Variables that are set already win over the file.
if (existsSync(".env")) process.loadEnvFile(".env");
const { run } = await import("./app/cli.ts");
process.exitCode = await run(process.argv.slice(2), process.env, signals);
