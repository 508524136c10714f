import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/app/config.ts";
import { describeSettings } from "../../src/app/settings.ts";
import { StartError } from "../../src/lib/start-error.ts";

/** What is wrong with `env`; empty when nothing is. */
function problemsOf(env: Record<string, string>): string {
  try {
    loadConfig(env);
    return "";
  } catch (error) {
    if (error instanceof StartError) return error.message;
    throw error;
  }
}

describe("the settings", () => {
  it("have the defaults of the documents", () => {
    expect(loadConfig({})).toMatchObject({
      nemo: {
        apiUrl: "https://mega-api-prod.nemovideo.ai",
        webUrl: "https://nemovideo.com",
        token: null,
        retryWaitMs: 30_000,
      },
      skills: {
        dir: join(import.meta.dirname, "../../config/skills"),
        defaultSkill: "film-maker",
        source: null,
      },
      role: "all",
      storage: {
        dataDir: "data",
        encryptionKeys: null,
        redisUrl: null,
        retention: { conversationMs: 180 * 86_400_000, finishedMs: 2 * 86_400_000 },
      },
      logLevel: "info",
      timing: {
        stillWorkingMs: 120_000,
        turnTimeoutMs: 900_000,
        heartbeatOnlyTimeoutMs: 600_000,
        recoveryFirstWaitMs: 30_000,
        recoveryWaitMs: 60_000,
        recoveryMaxReads: 5,
        exportPollMs: 30_000,
        exportTimeoutMs: 900_000,
      },
    });
  });

  it("count as not set when they are set to nothing", () => {
    const blank = { NEMO_TOKEN: "", NEMO_API_URL: " ", STILL_WORKING_MS: "", ENCRYPTION_KEY: "" };
    expect(loadConfig(blank)).toEqual(loadConfig({}));
  });

  it.each([
    ["NEMO_API_URL", "http://127.0.0.1:8787/", { nemo: { apiUrl: "http://127.0.0.1:8787" } }],
    ["NEMO_API_URL", "https://proxy.example/nemo//", { nemo: { apiUrl: "https://proxy.example/nemo" } }],
    ["NEMO_WEB_URL", "https://web.example", { nemo: { webUrl: "https://web.example" } }],
    ["NEMO_TOKEN", "token-1", { nemo: { token: "token-1" } }],
    ["OPERATORS", "telegram:1, discord:2", { operators: ["telegram:1", "discord:2"] }],
    ["SKILL_SOURCE", "clawhub", { skills: { source: "clawhub" } }],
    ["DEFAULT_SKILL", "video-object-ops", { skills: { defaultSkill: "video-object-ops" } }],
    ["DATA_DIR", "/var/lib/nemobot", { storage: { dataDir: "/var/lib/nemobot" } }],
    ["ENCRYPTION_KEY", "0A".repeat(32), { storage: { encryptionKeys: [Buffer.alloc(32, 10)] } }],
    [
      "ENCRYPTION_KEYS",
      `${"0A".repeat(32)}, ${"0b".repeat(32)}`,
      { storage: { encryptionKeys: [Buffer.alloc(32, 10), Buffer.alloc(32, 11)] } },
    ],
    ["LOG_LEVEL", "debug", { logLevel: "debug" }],
    ["STILL_WORKING_MS", "1", { timing: { stillWorkingMs: 1 } }],
    ["RECOVERY_MAX_READS", "7", { timing: { recoveryMaxReads: 7 } }],
    ["LANG", "zh_CN.UTF-8", { terminalLanguage: "zh" }],
    ["LANG", "C.UTF-8", { terminalLanguage: null }],
  ])("%s=%s is read", (name, value, config) => {
    expect(loadConfig({ [name]: value })).toMatchObject(config);
  });

  it.each([
    ["NEMO_API_URL", "nemo"],
    ["NEMO_API_URL", "file:///etc/passwd"],
    ["NEMO_WEB_URL", "javascript:alert(1)"],
    ["NEMO_TOKEN", "two words"],
    ["OPERATORS", "telegram:anna"],
    ["OPERATORS", "console:local"],
    ["SKILL_SOURCE", "no spaces please"],
    ["ENCRYPTION_KEY", "abc"],
    ["ENCRYPTION_KEYS", `${"0a".repeat(32)},abc`],
    ["LOG_LEVEL", "loud"],
    ["STILL_WORKING_MS", "two minutes"],
    ["STILL_WORKING_MS", "0"],
    ["TURN_TIMEOUT_MS", "-5"],
    ["EXPORT_POLL_MS", "1.5"],
    ["EXPORT_TIMEOUT_MS", "86400001"],
    ["RETRY_WAIT_MS", "Infinity"],
    ["RECOVERY_MAX_READS", "0"],
    ["RECOVERY_MAX_READS", "101"],
  ])("%s=%s is refused by name, without the value", (name, value) => {
    const said = problemsOf({ [name]: value });
    expect(said).toContain(`${name}: must`);
    if (value.length > 3) expect(said).not.toContain(value);
  });

  it("that are wrong are all told at once", () => {
    const secret = "a secret token";
    const said = problemsOf({
      NEMO_TOKEN: secret,
      LOG_LEVEL: "loud",
      TURN_TIMEOUT_MS: "x",
      ENCRYPTION_KEY: "y",
    });
    for (const name of ["NEMO_TOKEN", "LOG_LEVEL", "TURN_TIMEOUT_MS", "ENCRYPTION_KEY"]) {
      expect(said).toContain(`${name}: must`);
    }
    expect(said).not.toContain(secret);
  });

  it("must fit together", () => {
    expect(problemsOf({ TURN_TIMEOUT_MS: "1000", HEARTBEAT_ONLY_TIMEOUT_MS: "2000" })).toContain(
      "HEARTBEAT_ONLY_TIMEOUT_MS: must not be longer than TURN_TIMEOUT_MS",
    );
  });

  it("take one way to name the keys", () => {
    const key = "0a".repeat(32);
    const said = problemsOf({ ENCRYPTION_KEY: key, ENCRYPTION_KEYS: key });
    expect(said).toContain("ENCRYPTION_KEYS: takes the place of ENCRYPTION_KEY; set one of them");
    expect(said).not.toContain(key);
  });

  it("all say what they are for", () => {
    const silent = describeSettings().flatMap(({ settings }) =>
      settings.filter(({ description }) => !/^.{5,}\.$/.test(description)),
    );
    expect(silent).toEqual([]);
  });
});
