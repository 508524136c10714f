/** A redis-server for one benchmark, on a free port and a folder of its own; nothing survives it. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface BenchRedis {
  url: string;
  stop(): Promise<void>;
}

/** Null, and a line that says so, where redis-server is not installed. */
export async function startRedis(): Promise<BenchRedis | null> {
  if (spawnSync("redis-server", ["--version"]).error) {
    console.log("redis-server is not installed: nothing is measured on Redis.");
    return null;
  }
  const dir = await mkdtemp(join(tmpdir(), "nemobot-bench-redis-"));
  const port = await freePort();
  // Written down as DESIGN.md wants it of an operator: once a second.
  const args = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    dir,
    "--appendonly",
    "yes",
    "--save",
    "",
  ];
  const server = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(server, "exit");
  for await (const chunk of server.stdout) if (String(chunk).includes("Ready to accept connections")) break;
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      server.kill();
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  // A TCP server's address is never a path.
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
