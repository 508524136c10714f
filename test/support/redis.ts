/** A real redis-server for one test, on a free port and a folder of its own; nothing survives it. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** False on a machine without redis-server. CI must have it: there its absence fails. */
export const HAS_REDIS = has("redis-server", ["--version"], "the tests of several processes on Redis");

/** The same for openssl, which makes certificates. */
export const HAS_OPENSSL = has("openssl", ["version"], "the tests of a Redis that speaks TLS");

function has(program: string, args: string[], without: string): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch (error) {
    if (process.env.CI) throw new Error(`CI needs ${program}`, { cause: error });
    console.warn(`${program} is not installed: ${without} are left out`);
    return false;
  }
}

/** A shell script that runs `redis-server -`, and what it is told. */
interface Script {
  text: string;
  env: Record<string, string>;
}

/** Settings of redis-server beside those of a plain one, or a script instead. */
type Setup = string[] | Script;

export class RedisServer implements AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** What it keeps on disk. */
  readonly dir: string;
  readonly #setup: Setup;
  #process: ChildProcess | null = null;

  constructor(port: number, dir: string, setup: Setup) {
    this.port = port;
    this.dir = dir;
    this.#setup = setup;
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** Starts it, with what it held when it was stopped. */
  async start(): Promise<void> {
    const child = this.#spawn();
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      child.once("exit", () => reject(new Error("redis-server did not start")));
      child.stdout.on("data", (chunk: Buffer) => {
        if (/Ready to accept connections|Sentinel ID is/.test(chunk.toString())) resolve();
      });
    });
  }

  #spawn() {
    const where = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.dir];
    const stdio: ["ignore", "pipe", "ignore"] = ["ignore", "pipe", "ignore"];
    if (Array.isArray(this.#setup)) {
      // A Sentinel wants its file of settings first.
      const [file, ...settings] = this.#setup[0]?.endsWith(".conf") ? this.#setup : ["", ...this.#setup];
      const args = [...where, "--appendonly", "yes", "--save", "", ...settings];
      return spawn("redis-server", file ? [file, ...where, ...settings] : args, { stdio });
    }
    const text = this.#setup.text.replace("redis-server -", ["redis-server -", ...where].join(" "));
    return spawn("sh", ["-c", text], { stdio, env: { PATH: process.env.PATH, ...this.#setup.env } });
  }

  /** Ends it: connections break, and no server listens. Its data stays for the next `start`. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    this.#process = null;
    const ended = once(child, "exit");
    // A frozen process takes no other signal.
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    await ended;
  }

  /** It keeps its connections and says nothing more, until `thaw`. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Starts a server; it is gone, with all it held, when it is disposed of. */
export async function launchRedis(setup: Setup = []): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), "nemobot-redis-"));
  const server = new RedisServer(await freePort(), dir, setup);
  await server.start();
  return server;
}

/** Starts a server that is gone when the test ends. */
export async function startRedis(setup?: Setup): Promise<RedisServer> {
  const server = await launchRedis(setup);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  // A TCP server's address is never a path.
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
