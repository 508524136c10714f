import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig } from "../../src/app/config.ts";
import { PATIENTLY, startTelegramProcessScene } from "../adapters/telegram/scene.ts";
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
  group_add: z.array(z.string()).default([]),
});

/** Which of each file's services run the bot, and which do not. */
const FILES = {
  "compose.yaml": { bots: ["nemobot"], others: [] },
  "compose.cluster.yaml": { bots: ["ingress-1", "ingress-2", "worker"], others: ["redis"] },
  "compose.telegram-local.yaml": { bots: [], others: ["telegram"] },
};
const NAMES = Object.keys(FILES);
/** Those that run the bot. */
const BOTS = ["compose.yaml", "compose.cluster.yaml"];
const IS_PINNED = /^[\w./-]+:\d[\w.-]*@sha256:[0-9a-f]{64}$/;

/** A compose file's services by name. */
async function servicesOf(name: string) {
  const file = z.looseObject({
    services: z.record(z.string(), serviceSchema),
    networks: z.record(z.string(), z.object({ internal: z.boolean() })).default({}),
    volumes: z.record(z.string(), z.null()).default({}),
  });
  return file.parse(parse(await read(name), { merge: true }));
}

/** The services that run the bot. */
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
  it.each(Object.entries(FILES))("run the bot and nothing unknown: %s", async (name, { bots, others }) => {
    const { services } = await servicesOf(name);
    const isBuilt = (service: string) => services[service]?.build !== undefined;
    const all = Object.keys(services);
    expect({ bots: all.filter(isBuilt), others: all.filter((service) => !isBuilt(service)) }).toEqual({
      bots,
      others,
    });
  });

  it.each(BOTS)("set only what the bot reads: %s", async (name) => {
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

describe.each(NAMES)("every container of %s", (name) => {
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

  it("keeps files in volumes that the file itself declares", async () => {
    const { services, volumes } = await servicesOf(name);
    const used = Object.values(services).flatMap((service) =>
      service.volumes.map((one) => one.split(":")[0]),
    );
    expect(new Set(used)).toEqual(new Set(Object.keys(volumes)));
  });

  it("that is not built here is pinned to the byte", async () => {
    const others = Object.values((await servicesOf(name)).services).filter(
      ({ build }) => build === undefined,
    );
    for (const { image, env_file } of others) {
      expect(image).toMatch(IS_PINNED);
      // The bot's secrets are in it.
      expect(env_file).toBeUndefined();
    }
  });
});

describe("the Bot API server of compose.telegram-local.yaml", () => {
  it("is told its own two secrets and nothing else, and cannot be reached from outside", async () => {
    const { telegram } = (await servicesOf("compose.telegram-local.yaml")).services;
    expect(Object.keys(telegram?.environment ?? {})).toEqual(["TELEGRAM_API_ID", "TELEGRAM_API_HASH"]);
    expect(telegram?.ports).toEqual([]);
  });
});

describe.each(BOTS)("the bot of %s beside the Bot API server", (name) => {
  const FILE = "compose.telegram-local.yaml";

  it("finds the server and its files by what the server's file says to set", async () => {
    const { telegram } = (await servicesOf(FILE)).services;
    const told = Object.fromEntries(
      [...(await read(FILE)).matchAll(/^# {3}(TELEGRAM_\w+)=(\S+)$/gm)].map(([, key, value]) => [key, value]),
    );
    const port = telegram?.command.join(" ").match(/--http-port=(\d+)/)?.[1];
    const folder = telegram?.command.join(" ").match(/--dir=(\S+)/)?.[1];
    expect(told).toEqual({
      TELEGRAM_API_ROOT: `http://telegram:${port}`,
      TELEGRAM_LOCAL_FILES_DIR: folder,
    });
    const { telegram: config } = loadConfig({ ...told, TELEGRAM_BOT_TOKEN: `123456:${"A".repeat(35)}` });
    expect(config).toMatchObject({ apiRoot: told.TELEGRAM_API_ROOT, localFilesDir: folder });
    expect(telegram?.volumes).toContain(`telegram-files:${folder}`);
    for (const bot of await botServices(name)) {
      // The bot only reads; the files are for the server's group.
      expect(bot.volumes).toContain(`telegram-files:${folder}:ro`);
      expect(bot.group_add).toEqual([telegram?.user?.split(":")[1]]);
      expect(bot.networks).toContain("default");
    }
    expect(telegram?.networks).toEqual(["default"]);
  });

  it("shares no name with it but the files' volume", async () => {
    const [ours, theirs] = await Promise.all([servicesOf(name), servicesOf(FILE)]);
    const shared = (kind: "services" | "volumes") =>
      Object.keys(ours[kind]).filter((key) => key in theirs[kind]);
    expect({ services: shared("services"), volumes: shared("volumes") }).toEqual({
      services: [],
      volumes: ["telegram-files"],
    });
  });
});

describe("compose.yaml", () => {
  it("is one process that does everything and keeps it all in one volume", async () => {
    const bots = await botServices("compose.yaml");
    expect(bots).toHaveLength(1);
    const [bot] = bots;
    const config = loadConfig({
      ...bot?.environment,
      TELEGRAM_BOT_TOKEN: `123456:${"A".repeat(35)}`,
    });
    expect(config).toMatchObject({ role: "all", storage: { redisUrl: null }, http: { isPortChosen: true } });
    expect(bot?.volumes).toContain(`nemobot-data:${config.storage.dataDir}`);
    expect(bot?.ports).toEqual([`127.0.0.1:${config.http.port}:${config.http.port}`]);
  });
});

describe.each(BOTS)("the bot of %s", (name) => {
  it("writes nowhere but in memory and its own folder, and ends in its own time", async () => {
    for (const service of await botServices(name)) {
      expect(service).toMatchObject({ read_only: true, tmpfs: ["/tmp"] });
      const writable = service.volumes.filter((volume) => !volume.endsWith(":ro"));
      expect(writable).toEqual(name === "compose.yaml" ? ["nemobot-data:/data"] : []);
      expect(Number.parseInt(service.stop_grace_period ?? "", 10)).toBeGreaterThan(10);
    }
  });
});

describe("the Redis of compose.cluster.yaml", () => {
  it("is reached by the bot alone and reaches nothing, and knows its own password alone", async () => {
    const { services, networks } = await servicesOf("compose.cluster.yaml");
    expect(services.redis).toMatchObject({ ports: [], networks: ["store"] });
    expect(networks.store).toEqual({ internal: true });
    expect(Object.keys(services.redis?.environment ?? {})).toEqual(["REDIS_PASSWORD"]);
    expect(services.redis?.command.join(" ")).not.toMatch(/REDIS_PASSWORD:/);
  });

  it.runIf(HAS_REDIS)("serves the bot with its password, and nothing to anybody else", async () => {
    const { services } = await servicesOf("compose.cluster.yaml");
    // Compose makes one dollar sign of two.
    const [sh, c, script = ""] = (services.redis?.command ?? []).map((word) => word.replaceAll("$$", "$"));
    expect([sh, c]).toEqual(["sh", "-c"]);
    await using redis = await launchRedis({ text: script, env: filled(services.redis?.environment ?? {}) });
    const url = new URL(filled(services.worker?.environment ?? {}).REDIS_URL ?? "");
    url.host = new URL(redis.url).host;
    await using scene = await startTelegramProcessScene({ env: { REDIS_URL: url.href } });
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

describe("compose.cluster.yaml", () => {
  const tokens = { DISCORD_BOT_TOKEN: "discord-token", TELEGRAM_BOT_TOKEN: `123456:${"A".repeat(35)}` };
  const configured = async () =>
    (await botServices("compose.cluster.yaml")).map((service) => ({
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

  it.each(["ENCRYPTION_KEY", "REDIS_PASSWORD"])("does not start without its own %s", async (name) => {
    const uses = [...(await read("compose.cluster.yaml")).matchAll(new RegExp(`\\$\\{${name}(.)`, "g"))];
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
