import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { redact } from "../../src/app/log.ts";

// Put together at run time, so that no scanner takes a test for a leak.
const SECRET = "Q".repeat(20) + "z9".repeat(8);
const TELEGRAM = `${"1234567890"}:${SECRET.slice(0, 35)}`;

describe("a line of the log", () => {
  it.each([
    { what: "a Nemo token", line: `token nmv_usr_${SECRET}`, clean: "token nmv_usr_[hidden]" },
    { what: "a claim token", line: `ct clm_${SECRET}`, clean: "ct clm_[hidden]" },
    { what: "a bearer", line: `authorization: Bearer ${SECRET}`, clean: "authorization: Bearer [hidden]" },
    { what: "a Discord bot's header", line: `Bot ${SECRET}.abc.def`, clean: "Bot [hidden]" },
    {
      what: "a signed address",
      line: `GET https://cdn.example.org/v.mp4?X-Signature=${SECRET}&e=1 failed`,
      clean: "GET https://cdn.example.org/v.mp4?[hidden] failed",
    },
    { what: "a Telegram token", line: `token ${TELEGRAM}`, clean: "token [hidden]" },
    {
      what: "a Telegram address",
      line: `POST https://api.telegram.org/bot${TELEGRAM}/sendMessage`,
      clean: "POST https://api.telegram.org/bot[hidden]/sendMessage",
    },
    {
      what: "the password of Redis",
      line: `redis://bot:${SECRET}@db.example:6379/0 and rediss://:${SECRET}@ss@db`,
      clean: "redis://[hidden]@db.example:6379/0 and rediss://[hidden]@db",
    },
    {
      what: "a Telegram file address",
      line: `https://api.telegram.org/file/bot${TELEGRAM}/videos/1.mp4`,
      clean: "https://api.telegram.org/file/bot[hidden]/videos/1.mp4",
    },
  ])("does not show $what", ({ line, clean }) => {
    expect(redact(line)).toBe(clean);
    const json = JSON.stringify({ err: { message: line, cause: { url: line } } });
    expect(redact(json)).not.toMatch(/Q{10}/);
    expect(JSON.parse(redact(json))).toEqual({ err: { message: clean, cause: { url: clean } } });
  });

  it("does not show the process's own tokens, whatever they look like", () => {
    const own = "operator token/with+odd=signs";
    expect(redact(`x ${own} y ${own}`, [own])).toBe("x [hidden] y [hidden]");
  });

  it("shows everything else as it is", () => {
    const line = JSON.stringify({
      time: "2026-01-02T03:04:05.678Z",
      msg: "turn 12:30 of https://a.example/x by https://a.example/@anna, mail a@b.example",
    });
    expect(redact(line)).toBe(line);
  });
});

describe("the log of the process", () => {
  it("goes to standard error as JSON lines without secrets, error causes included", async () => {
    const script = `
      import { createLog } from ${JSON.stringify(join(import.meta.dirname, "../../src/app/log.ts"))};
      const secret = process.env.SECRET;
      const log = await createLog({ level: "info", secrets: ["own-" + secret] });
      log.debug({}, "too fine");
      log.warn({ err: new Error("outer", { cause: new Error("Bearer " + secret) }), own: "own-" + secret }, "hm");
    `;
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "-e", script],
      { env: { SECRET } },
    );
    expect(stdout).toBe("");
    const lines = stderr.trim().split("\n");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ msg: "hm", own: "[hidden]" });
    expect(stderr).toContain("outer");
    expect(stderr).not.toContain(SECRET);
  });
});
