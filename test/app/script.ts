/** A process that runs a few lines against the modules in `src`, for what only a process of its own can show. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const SRC = join(import.meta.dirname, "../../src");

/** Runs `source`, in which `src/` stands for our modules; resolves at its end. */
export async function runScript(
  source: string,
  env: Record<string, string> = {},
): Promise<{ exitCode: number | null; output: string; lines: Record<string, unknown>[] }> {
  const script = source.replaceAll('"src/', `"${SRC}/`);
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { exitCode, output: stdout + stderr, lines: linesOf(stderr) };
}

/** Lines of a JSON log. */
function linesOf(log: string): Record<string, unknown>[] {
  return log.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));
}
