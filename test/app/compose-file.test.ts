import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@keyv/redis";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig } from "../../src/app/config.ts";
import { PATIENTLY, startTelegramScene } from "../adapters/telegram/scene.ts";
import { startBotProcess } from "../support/bot-process.ts";
import { HAS_REDIS, launchRedis } from "../support/redis.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (name: string) => readFile(join(ROOT, name), "utf8");

const serviceSchema = z.looseObject({
  build: z.string().optional(),
  image: z.string().optional(),
  user: z.string().optional(),
  command: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  networks: z.array(z.string()).default(["default"]),
  volumes: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  env_file: z.string().optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).default([]),
  stop_grace_period: z.string().optional(),
  deploy: z.object({ replicas: z.number() }).optional(),
});

const FILES = ["compose.yaml", "compose.telegram-local.yaml"];
const IS_PINNED = /^[\w./-]+:\d[\w.-]*@sha256:[0-9a-f]{64}$/;

/** A compose file's services by name. */
async function servicesOf(name: string) {
  const file = z.looseObject({
    services: z.record(z.string(), serviceSchema),
    networks: z.record(z.string(), z.object({ internal: z.boolean() })).default({}),
  });
  return file.parse(parse(await read(name), { merge: true }));
}

/** Those that run the bot. */
async function botServices(name: string) {
  const { services } = await servicesOf(name);
  return Object.values(services).filter((service) => service.build !== undefined);
}

const PASSWORD = "a1b2".repeat(16);

/** What compose makes of `${NAME:?why}` once the operator has set it. */
function filled(environment: Record<string, string>): Record<string, string> {
  const values: Record<string, string> = { ENCRYPTION_KEY: "0f".repeat(32), REDIS_PASSWORD: PASSWORD };
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value.replace(/\$\{(\w+):\?[^}]+\}/g, (_all, variable: string) => values[variable] ?? ""),
    ]),
  );
}

describe("the compose files", () => {
  it.each(FILES)("set only what the bot reads: %s", async (name) => {
    const known = new Set(
      [...(await read(".env.example")).matchAll(/^#? ?([A-Z][A-Z_]+)=/gm)].map((match) => match[1]),
    );
    const services = await botServices(name);
    expect(services.length).toBeGreaterThan(0);
    for (const { environment, env_file } of services) {
      expect(env_file).toBe(".env");
      expect(Object.keys(environment).filter((variable) => !known.has(variable))).toEqual([]);
    }
  });
});

describe.each(FILES)("every container of %s", (name) => {
  it("has no right it does not need, and a bound on memory and processes", async () => {
    for (const service of Object.values((await servicesOf(name)).services)) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
        mem_limit: expect.stringMatching(/^\d+[mg]$/),
        pids_limit: expect.any(Number),
      });
      expect(service).not.toHaveProperty("cap_add");
      expect(service).not.toHaveProperty("privileged");
      // Ours runs as `node`, as its image says.
      if (service.build === undefined) expect(service.user).toMatch(/^(redis|[1-9]\d*:[1-9]\d*)$/);
      for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:/);
      for (const volume of service.volumes) expect(volume).not.toMatch(/^[./~]|docker\.sock/);
    }
  });

  it("that is not built here is pinned to the byte", async () => {
    const others = Object.values((await servicesOf(name)).services).filter(
      ({ build }) => build === undefined,
    );
    expect(others.length).toBeGreaterThan(0);
    for (const { image, env_file } of others) {
      expect(image).toMatch(IS_PINNED);
      // The bot's secrets are in it.
      expect(env_file).toBeUndefined();
    }
  });
});

describe("the Bot API server of compose.telegram-local.yaml", () => {
  it("is told its own two secrets and nothing else, and nobody outside reaches it", async () => {
    const { telegram } = (await servicesOf("compose.telegram-local.yaml")).services;
    expect(Object.keys(telegram?.environment ?? {})).toEqual(["TELEGRAM_API_ID", "TELEGRAM_API_HASH"]);
    expect(telegram?.ports).toEqual([]);
  });
});

describe("the Redis of compose.yaml", () => {
  it("is reached by the bot alone and reaches nobody, and knows its own password alone", async () => {
    const { services, networks } = await servicesOf("compose.yaml");
    expect(services.redis).toMatchObject({ ports: [], networks: ["store"] });
    expect(networks.store).toEqual({ internal: true });
    expect(Object.keys(services.redis?.environment ?? {})).toEqual(["REDIS_PASSWORD"]);
    expect(services.redis?.command.join(" ")).not.toMatch(/REDIS_PASSWORD:/);
  });

  it.runIf(HAS_REDIS)("serves the bot with its password, and nothing to anybody else", async () => {
    const { services } = await servicesOf("compose.yaml");
    // Compose makes one dollar sign of two.
    const [sh, c, script = ""] = (services.redis?.command ?? []).map((word) => word.replaceAll("$$", "$"));
    expect([sh, c]).toEqual(["sh", "-c"]);
    await using redis = await launchRedis({ text: script, env: filled(services.redis?.environment ?? {}) });
    const url = new URL(filled(services.worker?.environment ?? {}).REDIS_URL ?? "");
    url.host = new URL(redis.url).host;
    await using scene = await startTelegramScene({ env: { REDIS_URL: url.href } });
    const chat = scene.telegram.privateChat({ first_name: "Anna", language_code: "en" });
    chat.say("generate a video of the sea");
    await chat.nextBotMessage((message) => message.text.includes("sea"), PATIENTLY);
    const ready = await fetch(`${await scene.bot.url()}/readyz`);
    expect({ status: ready.status, refusals: scene.bot.log.match(/NOPERM[^"]*/g) }).toEqual({
      status: 200,
      refusals: null,
    });
    const ask = async (user: string, password: string, ...command: string[]) => {
      const client = createClient({
        url: redis.url,
        username: user,
        password,
        socket: { reconnectStrategy: false },
      });
      client.on("error", () => {});
      try {
        await client.connect();
        return await client.sendCommand(command);
      } catch (error) {
        return String(error);
      } finally {
        if (client.isOpen) client.destroy();
      }
    };
    expect(await ask("default", PASSWORD, "PING")).toMatch(/WRONGPASS|NOAUTH/);
    expect(await ask("nemobot", "wrong", "PING")).toMatch(/WRONGPASS/);
    expect(await ask("health", "none", "PING")).toBe("PONG");
    expect(await ask("health", "none", "GET", "nemobot::key-check")).toMatch(/NOPERM/);
    for (const command of [
      ["FLUSHALL"],
      ["CONFIG", "GET", "*"],
      ["SHUTDOWN"],
      ["GET", "other"],
      ["KEYS", "*"],
    ]) {
      expect(await ask("nemobot", PASSWORD, ...command), command.join(" ")).toMatch(/NOPERM/);
    }
  });
});

describe("compose.yaml", () => {
  const tokens = { DISCORD_BOT_TOKEN: "discord-token", TELEGRAM_BOT_TOKEN: `123456:${"A".repeat(35)}` };
  const configured = async () =>
    (await botServices("compose.yaml")).map((service) => ({
      service,
      config: loadConfig({ ...tokens, ...filled(service.environment) }),
    }));

  it("runs two that take messages in and three that work, all on one Redis with one key", async () => {
    const all = await configured();
    const count = (role: string) =>
      all
        .filter(({ config }) => config.role === role)
        .reduce((sum, { service }) => sum + (service.deploy?.replicas ?? 1), 0);
    expect([count("ingress"), count("worker"), count("all")]).toEqual([2, 3, 0]);
    for (const { config } of all) {
      expect(config.storage).toMatchObject({
        redisUrl: `redis://nemobot:${PASSWORD}@redis:6379`,
        encryptionKeys: expect.anything(),
      });
    }
  });

  it("gives each of Discord's shards to one of those that take messages in", async () => {
    const ingress = (await configured()).filter(({ config }) => config.role === "ingress");
    const shards = ingress[0]?.config.discord?.shards ?? 0;
    expect(ingress.every(({ config }) => config.discord?.shards === shards)).toBe(true);
    const ids = ingress.flatMap(({ config }) => config.discord?.shardIds ?? []);
    expect(ids.toSorted()).toEqual(Array.from({ length: shards }, (_, id) => id));
  });

  it("lets the bot write nowhere but in memory, and end in its own time", async () => {
    for (const { service } of await configured()) {
      expect(service).toMatchObject({ read_only: true, tmpfs: ["/tmp"] });
      expect(Number.parseInt(service.stop_grace_period ?? "", 10)).toBeGreaterThan(10);
    }
  });

  it.each(["ENCRYPTION_KEY", "REDIS_PASSWORD"])("does not start without its own %s", async (name) => {
    const uses = [...(await read("compose.yaml")).matchAll(new RegExp(`\\$\\{${name}(.)`, "g"))];
    expect(uses.length).toBeGreaterThan(0);
    expect(uses.map((match) => match[1])).toEqual(uses.map(() => ":"));
  });
});

describe("the image", () => {
  it("is made of one that is pinned to the byte, of the Node that the tests run on", async () => {
    const dockerfile = await read("Dockerfile");
    const froms = [...dockerfile.matchAll(/^FROM (\S+)(?: AS (\S+))?$/gm)].map(([, image = "", name]) => ({
      image,
      name,
    }));
    const stages = froms.map(({ name }) => name);
    const bases = froms.filter(({ image }) => !stages.includes(image));
    expect(bases).toHaveLength(1);
    expect(bases[0]?.image).toMatch(IS_PINNED);
    const { devDependencies } = z
      .object({ devDependencies: z.object({ node: z.string() }) })
      .parse(JSON.parse(await read("package.json")));
    expect(bases[0]?.image).toContain(`node:${devDependencies.node}-slim@`);
  });

  it("finds in its build context everything it copies", async () => {
    const allowed = (await read(".dockerignore"))
      .split("\n")
      .flatMap((line) => /^!(.+)/.exec(line)?.[1] ?? []);
    const copied = [...(await read("Dockerfile")).matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, sources = ""]) => sources.split(" "),
    );
    expect(copied.length).toBeGreaterThan(0);
    expect(copied.filter((source) => !allowed.includes(source))).toEqual([]);
  });

  it("asks a running bot for its health, and knows one that is gone", async () => {
    const command = /^HEALTHCHECK[\s\S]*?CMD (\[.*\])$/m.exec(await read("Dockerfile"))?.[1] ?? "";
    const [program, ...args] = z.array(z.string()).parse(JSON.parse(command));
    expect(program).toBe("node");
    await using bot = await startBotProcess({
      TELEGRAM_BOT_TOKEN: `123456:${"A".repeat(35)}`,
      TELEGRAM_API_ROOT: "http://127.0.0.1:1",
    });
    const env = { HTTP_PORT: new URL(await bot.url()).port };
    const ask = () => spawnSync(process.execPath, args, { env }).status;
    expect(ask()).toBe(0);
    await bot.stop();
    expect(ask()).toBe(1);
  });
});
