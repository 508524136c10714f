/** What a thief of the disk finds: nothing that people said, sent or are is among it. */
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadConfig } from "../../src/app/config.ts";
import { openStorage } from "../../src/store/storage.ts";
import { PATIENTLY, startTelegramScene, type TelegramScene } from "../adapters/telegram/scene.ts";
import type { SeenMessage } from "../fakes/telegram/players.ts";
import { HAS_REDIS, launchRedis } from "../support/redis.ts";
import { TestLog, temporaryFolder } from "../support/test-chat.ts";

const says = (text: string) => (message: SeenMessage) => message.text.includes(text);

async function open(env: Record<string, string>) {
  const storage = await openStorage(loadConfig(env).storage, new TestLog());
  onTestFinished(() => storage.close());
  return storage;
}

/** The bytes of all files under `dir`. */
async function bytesUnder(dir: string): Promise<Buffer> {
  const found = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile());
  return Buffer.concat(await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name)))));
}

/** A conversation: a file, a title, an export, an edit that is under way, and one that waits behind it. */
async function talk(scene: TelegramScene): Promise<Record<string, string>> {
  const chat = scene.telegram.privateChat({ first_name: "Wilhelmina", language_code: "en" });
  chat.sendFile({
    kind: "video",
    name: "honeymoon.mp4",
    sizeBytes: 2_000,
    caption: 'add the title "Marzipan"',
  });
  await chat.nextBotMessage(says("Marzipan"), PATIENTLY);
  chat.say("export");
  await chat.nextBotMessage(says("Your video is ready"), PATIENTLY);
  scene.holdTurn("sunset");
  chat.say("paint a pomegranate sunset");
  await scene.nemo.scenario.held("sunset");
  chat.say("afterwards add quicksilver rain");
  await scene.telegram.allConfirmed(PATIENTLY);
  const [login] = scene.nemo.requests("POST /api/auth/anonymous-token");
  const [turn] = scene.nemo.requests("POST /run_sse");
  return {
    prompt: "pomegranate",
    "waiting prompt": "quicksilver",
    "file name": "honeymoon",
    title: "Marzipan",
    name: "Wilhelmina",
    "client id": login?.headers["x-client-id"] ?? "",
    token: turn?.headers.authorization?.replace("Bearer ", "") ?? "",
    "start of tokens": "nmv_usr_",
    "start of user ids": "anon_",
    "session id": (turn?.json as { session_id?: string } | undefined)?.session_id ?? "",
    "chat id": String(chat.id),
  };
}

/** Which of `words` can be read in `bytes`. */
function readable(bytes: Buffer, words: Record<string, string>): string[] {
  for (const [what, word] of Object.entries(words)) expect(word.length, what).toBeGreaterThan(4);
  return Object.entries(words).flatMap(([what, word]) => (bytes.includes(word) ? [what] : []));
}

describe("what stands on the disk after a conversation", () => {
  it("cannot be read in DATA_DIR, while the bot runs and after it", async () => {
    await using scene = await startTelegramScene();
    const words = await talk(scene);
    const bytes = await bytesUnder(scene.bot.dataDir);
    expect(readable(bytes, words)).toEqual([]);
    expect(bytes.includes("conversation:")).toBe(true);
    scene.nemo.scenario.release("sunset");
    await scene.bot.stop();
    expect(readable(await bytesUnder(scene.bot.dataDir), words)).toEqual([]);
  });

  it.runIf(HAS_REDIS)("cannot be read in Redis", async () => {
    await using redis = await launchRedis();
    await using scene = await startTelegramScene({ env: { REDIS_URL: redis.url } });
    const words = await talk(scene);
    const bytes = await bytesUnder(redis.dir);
    expect(readable(bytes, words)).toEqual([]);
    expect(bytes.includes("nemobot:q:items")).toBe(true);
    scene.nemo.scenario.release("sunset");
  });
});

describe("the files of DATA_DIR", () => {
  const modes = async (dir: string) => {
    const names = (await readdir(dir)).toSorted();
    return Promise.all(names.map(async (name) => [name, (await stat(join(dir, name))).mode & 0o777]));
  };
  const PRIVATE = [
    ["encryption.key", 0o600],
    ["nemobot.lock", 0o600],
    ["nemobot.lock-journal", 0o600],
    ["nemobot.sqlite", 0o600],
    ["nemobot.sqlite-shm", 0o600],
    ["nemobot.sqlite-wal", 0o600],
  ];

  it.each([0o000, 0o022, 0o077])("are for the bot's own user alone under umask %o", async (umask) => {
    const before = process.umask(umask);
    onTestFinished(() => void process.umask(before));
    const dir = join(await temporaryFolder(), "deep", "data");
    const storage = await open({ DATA_DIR: dir });
    await storage.records.set("a", 1);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect(await modes(dir)).toEqual(PRIVATE);
  });

  it("are narrowed at the start when they were wider, and what is not ours is left alone", async () => {
    const dir = join(await temporaryFolder(), "data");
    await mkdir(dir);
    const first = await open({ DATA_DIR: dir });
    await first.records.set("a", 1);
    await first.close();
    const names = ["encryption.key", "nemobot.lock", "nemobot.sqlite"];
    // As a process leaves them that was killed.
    for (const name of ["nemobot.sqlite-shm", "nemobot.sqlite-wal"]) await writeFile(join(dir, name), "");
    await writeFile(join(dir, "notes.txt"), "");
    for (const name of [...names, "nemobot.sqlite-shm", "nemobot.sqlite-wal", "notes.txt"]) {
      await chmod(join(dir, name), 0o644);
    }
    await chmod(dir, 0o755);
    const second = await open({ DATA_DIR: dir });
    expect(await second.records.get("a")).toBe(1);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect(await modes(dir)).toEqual([...PRIVATE, ["notes.txt", 0o644]]);
  });
});
