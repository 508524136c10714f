/** The store as a process opens it: by the settings, alone on its folder, with one key. */
import { once } from "node:events";
import { chmod, stat, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createClient } from "@redis/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadConfig } from "../../src/app/config.ts";
import { openStorage } from "../../src/store/storage.ts";
import { startBotProcess } from "../support/bot-process.ts";
import { HAS_REDIS, startRedis } from "../support/redis.ts";
import { TestLog, temporaryFolder } from "../support/test-chat.ts";

async function open(env: Record<string, string>) {
  const storage = await openStorage(loadConfig(env).storage, new TestLog());
  onTestFinished(() => storage.close());
  return storage;
}

describe("the data folder", () => {
  it("belongs to one process: the next waits for its end", async () => {
    const dir = await temporaryFolder();
    const first = await open({ DATA_DIR: dir });
    await first.records.set("a", 1);
    const log = new TestLog();
    const second = openStorage(loadConfig({ DATA_DIR: dir }).storage, log);
    await expect.poll(() => log.lines.join()).toContain("another nemobot uses the data folder");
    await first.close();
    const storage = await second;
    onTestFinished(() => storage.close());
    expect(await storage.records.get("a")).toBe(1);
  });

  it("is refused in one sentence while another process keeps it", async () => {
    const dir = await temporaryFolder();
    await open({ DATA_DIR: dir });
    const settings = { ...loadConfig({ DATA_DIR: dir }).storage, lockWaitMs: 300 };
    await expect(openStorage(settings, new TestLog())).rejects.toThrow(
      "DATA_DIR: another nemobot is running on this folder",
    );
  });

  it("is free again when its process was killed", async () => {
    await using bot = await startBotProcess({ NEMO_API_URL: "http://127.0.0.1:9", ...NOBODY });
    await expect.poll(() => bot.log, { timeout: 10_000 }).toContain("Telegram does not answer");
    await bot.stop("SIGKILL");
    const { records } = await open({ DATA_DIR: bot.dataDir });
    await records.set("a", 1);
  });

  it("may hold a damaged record: it is set aside, and counts as absent", async () => {
    const dir = await temporaryFolder();
    const { records } = await open({ DATA_DIR: dir });
    await records.set("test:a", 1);
    const database = new DatabaseSync(join(dir, "nemobot.sqlite"));
    database.exec("UPDATE entries SET value = '?' WHERE key LIKE 'keyv:test:%'");
    database.close();
    expect(await records.get("test:a")).toBeUndefined();
    expect(await records.get("corrupt:test:a")).toBe("?");
  });

  it("that is a file ends the start with the variable's name", async () => {
    const path = join(await temporaryFolder(), "file");
    await writeFile(path, "");
    // Where nothing can be made at all.
    await expect(open({ DATA_DIR: "/proc/nemobot" })).rejects.toThrow("The data folder cannot be used:");
    await expect(open({ DATA_DIR: path })).rejects.toThrow(
      /^The data folder cannot be used:\n {2}DATA_DIR: /,
    );
  });

  it("and the key file in it are for the bot's own user alone", async () => {
    const dir = join(await temporaryFolder(), "data");
    await open({ DATA_DIR: dir });
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect((await stat(join(dir, "encryption.key"))).mode & 0o777).toBe(0o600);
    await chmod(dir, 0o700);
  });
});

describe.runIf(HAS_REDIS)("Redis", () => {
  const key = (digit: string) => digit.repeat(64);

  it("is shared by processes with the same key", async () => {
    const { url } = await startRedis();
    const env = { REDIS_URL: url, ENCRYPTION_KEY: key("a") };
    const [one, other] = [await open(env), await open(env)];
    await one.records.set("a", 1);
    expect(await other.records.get("a")).toBe(1);
  });

  it("refuses a process with another key, by name and without values", async () => {
    const { url } = await startRedis();
    await open({ REDIS_URL: url, ENCRYPTION_KEY: key("a") });
    const other = open({ REDIS_URL: url, ENCRYPTION_KEY: key("b") });
    await expect(other).rejects.toThrow(/ENCRYPTION_KEY: .*Redis.*all processes need the same/);
    await expect(other).rejects.not.toThrow(key("b"));
  });

  it("refuses a process with a key file of its own", async () => {
    const { url } = await startRedis();
    const env = async () => ({ REDIS_URL: url, NEMO_TOKEN: "token", DATA_DIR: await temporaryFolder() });
    await open(await env());
    await expect(open(await env())).rejects.toThrow(
      /ENCRYPTION_KEY: the key file.*all processes need the same/,
    );
  });

  it("that wants another password ends the start in one sentence without it", async () => {
    const { url } = await startRedis();
    const client = createClient({ url });
    await client.connect();
    await client.sendCommand(["CONFIG", "SET", "requirepass", "sesame"]);
    client.destroy();
    const start = open({ REDIS_URL: url.replace("//", "//:secret-word@"), ENCRYPTION_KEY: key("a") });
    await expect(start).rejects.toThrow(/^Redis cannot be used:\n {2}REDIS_URL: WRONGPASS/);
    await expect(start).rejects.not.toThrow("secret-word");
  });

  it("that is too old ends the start in one sentence", async () => {
    await using old = await startOldRedis();
    const start = open({ REDIS_URL: old.url, ENCRYPTION_KEY: key("a") });
    await expect(start).rejects.toThrow("REDIS_URL: Redis 6.0.16 is too old; 6.2 or newer is needed");
  });
});

/** What a Redis of before says of itself. */
async function startOldRedis() {
  const info = "# Server\r\nredis_version:6.0.16\r\n";
  const server = createServer((socket) => {
    socket.on("error", () => {});
    // One answer a command: its name is the first word of an array.
    socket.on("data", (chunk) => {
      for (const [, name = ""] of chunk.toString().matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
        socket.write(name.toUpperCase() === "INFO" ? `$${info.length}\r\n${info}\r\n` : "+OK\r\n");
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A TCP server's address is never a path.
  const { port } = server.address() as AddressInfo;
  return {
    url: `redis://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** A Telegram that cannot be reached: the bot waits for it. */
const NOBODY = {
  TELEGRAM_BOT_TOKEN: "1234567:nobody-listens-to-this-token-at-all",
  TELEGRAM_API_ROOT: "http://127.0.0.1:9",
};
