import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig } from "../../src/config.ts";
import { startBotProcess } from "../support/bot-process.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (name: string) => readFile(join(ROOT, name), "utf8");

const serviceSchema = z.looseObject({
  build: z.string().optional(),
  environment: z.record(z.string(), z.string()).default({}),
  env_file: z.string().optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).default([]),
  stop_grace_period: z.string().optional(),
  deploy: z.object({ replicas: z.number() }).optional(),
});

/** The services of a compose file that run the bot. */
async function botServices(name: string) {
  const { services } = z
    .object({ services: z.record(z.string(), serviceSchema) })
    .parse(parse(await read(name), { merge: true }));
  return Object.values(services).filter((service) => service.build !== undefined);
}

/** What compose makes of `${NAME:?why}` once the operator has set it. */
function filled(environment: Record<string, string>): Record<string, string> {
  const values: Record<string, string> = { ENCRYPTION_KEY: "0f".repeat(32) };
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value.replace(/\$\{(\w+):\?[^}]+\}/g, (_all, variable: string) => values[variable] ?? ""),
    ]),
  );
}

describe("the compose files", () => {
  it.each(["compose.yaml", "compose.telegram-local.yaml"])(
    "set only what the bot reads: %s",
    async (name) => {
      const known = new Set(
        [...(await read(".env.example")).matchAll(/^#? ?([A-Z][A-Z_]+)=/gm)].map((match) => match[1]),
      );
      const services = await botServices(name);
      expect(services.length).toBeGreaterThan(0);
      for (const { environment, env_file } of services) {
        expect(env_file).toBe(".env");
        expect(Object.keys(environment).filter((variable) => !known.has(variable))).toEqual([]);
      }
    },
  );
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
        redisUrl: "redis://redis:6379",
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

  it("does not start without a key of its own", async () => {
    expect(await read("compose.yaml")).toMatch(/ENCRYPTION_KEY: "\$\{ENCRYPTION_KEY:\?/);
  });
});

describe("the image", () => {
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
