import { describe, expect, it } from "vitest";
import type { ScenarioTarget } from "../../../src/sandbox/scenario.ts";
import { CLIP, startScene } from "../../support/test-chat.ts";

const OPERATOR_TOKEN = "operator-token-of-the-tests";
const OPERATOR = "telegram:4711";
const ASK = 'add the title "Hello"';

/** A sandbox that knows the operator's token, and a bot that uses it. */
const WITH_OPERATOR = {
  nemo: { registeredTokens: [OPERATOR_TOKEN] },
  settings: { NEMO_TOKEN: OPERATOR_TOKEN },
};

describe("the credits", () => {
  it.each([
    { language: "en", said: /100 available · 0 on hold · 100 total\n\nExports are free\./ },
    { language: "zh", said: /可用 100 · 冻结 0 · 总计 100/ },
  ])("are told as available, reserved and total ($language)", async ({ language, said }) => {
    const { chat } = await startScene();
    await chat.asks("credits", { language });
    expect(chat.last.text).toMatch(said);
    expect(chat.last.tone).toBe("private");
  });

  it("of the operator's account are for who runs the bot", async () => {
    const { nemo, settings } = WITH_OPERATOR;
    const { chat } = await startScene({
      nemo,
      settings: { ...settings, OPERATORS: `discord:1, ${OPERATOR}` },
    });
    for (const words of ["credits", "/credits"]) {
      await chat.asks(words);
      expect(chat.last.text).toBe("This bot's credits are managed by whoever runs it.");
    }
    await chat.asks("credits", { user: { id: OPERATOR } });
    expect(chat.last.text).toContain(" available · ");
  });

  it("tell what running work has reserved", async () => {
    const { nemo, chat } = await startScene({ nemo: { prices: { edit: 7, generation: 7 } } });
    await chat.asks("/status");
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "turn" } });
    await chat.says(ASK);
    await nemo.scenario.held("turn");
    await chat.says("credits");
    await chat.until(() => /93 available · 7 on hold · 100 total/.test(chat.last.text));
    nemo.scenario.release("turn");
    await chat.bot.queue.idle();
    await chat.asks("credits");
    expect(chat.last.text).toContain("93 available · 0 on hold · 93 total");
  });
});

describe.each(["en", "zh"] as const)("the error table in %s", (language) => {
  const isEnglish = language === "en";

  it.each([
    { form: "1001", envelope: "code" },
    { form: "1001 in the other envelope", envelope: "success" },
    { form: "HTTP 401", envelope: "http" },
  ] as const)(
    "$form with a free token: a new one for the same client id, one repeat, and nothing to see",
    async ({ envelope }) => {
      const { nemo, chat } = await startScene();
      await chat.asks("/status", { language });
      nemo.command("expire");
      nemo.scenario.setDialect({ envelope });
      await chat.asks(ASK, { language });
      const [first, second] = nemo.requests("POST /api/auth/anonymous-token");
      expect(second?.headers["x-client-id"]).toBe(first?.headers["x-client-id"]);
      expect(nemo.requests("POST /api/auth/anonymous-token")).toHaveLength(2);
      expect(chat.last.text).toContain("Hello");
      expect(chat.last.tone).toBe("reply");
    },
  );

  it("1001 while no new free token is to be had: told plainly, with a warning for the operator", async () => {
    const { nemo, chat, log } = await startScene();
    await chat.asks("/status", { language });
    // The token is refused though it has not run out: the backend gives no second one in a week.
    nemo.scenario.add({ on: "turn", do: { kind: "error", code: 1001 } });
    await chat.asks(ASK, { language });
    expect(chat.last.text).toContain(isEnglish ? "No free accounts are left" : "暂时没有免费账号可用");
    expect(chat.buttons).toEqual([isEnglish ? "Try again" : "重试"]);
    expect(log.lines).toContainEqual(expect.stringMatching(/^warn .*NEMO_TOKEN/));
  });

  it("1001 with the operator's token: says that it was refused, and asks for no free one", async () => {
    const { nemo, chat, log } = await startScene(WITH_OPERATOR);
    await chat.asks("/status", { language });
    nemo.scenario.add({ on: "turn", do: { kind: "error", code: 1001 }, times: 5 });
    await chat.asks(ASK, { language });
    expect(chat.last.text).toContain(
      isEnglish ? "The editor rejects this bot's access key" : "编辑器拒绝了本机器人的访问凭证",
    );
    expect(nemo.requests("POST /api/auth/anonymous-token")).toEqual([]);
    expect(log.lines).toContainEqual(expect.stringMatching(/^warn .*check NEMO_TOKEN/));
    expect(log.lines.join("\n")).not.toContain(OPERATOR_TOKEN);
  });

  it("1002: a new session, said plainly, with the last files and the request offered again", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP, "", { language });
    nemo.command("lose");
    await chat.asks(ASK, { language });
    expect(chat.last.text).toContain(isEnglish ? "the timeline is empty again" : "时间线已清空");
    expect(chat.buttons).toEqual(
      isEnglish ? ["Re-upload my last files", "Try again"] : ["重新上传之前的文件", "重试"],
    );
    expect(nemo.requests("POST /api/tasks")).toHaveLength(2);
    const uploadAgain = chat.actionOf(isEnglish ? "Re-upload my last files" : "重新上传之前的文件");
    const tryAgain = chat.actionOf(isEnglish ? "Try again" : "重试");
    await chat.asks("", { action: uploadAgain, language });
    expect(nemo.requests("POST /api/upload-video").at(-1)?.files).toMatchObject([{ name: "clip.mp4" }]);
    // The words that met the lost session are not forgotten over the files.
    expect(chat.buttons[0]).toBe(ASK);
    await chat.asks("", { action: tryAgain, language });
    expect(chat.last.text).toContain("Hello");
    await chat.asks("/status", { language });
    expect(chat.last.text).toContain("2");
  });

  it("1002 without files: a new session, said plainly", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("/status", { language });
    nemo.command("lose");
    await chat.asks(ASK, { language });
    expect(chat.last.text).toContain(isEnglish ? "Please send your request again." : "请重新发送你的要求。");
    await chat.presses(isEnglish ? "Try again" : "重试", { language });
    expect(chat.last.text).toContain("Hello");
  });

  it.each([
    { on: "state", ask: "/status" },
    { on: "upload", ask: "" },
    { on: "state", ask: "export" },
  ] as const)("1002 on $on behind “$ask”: starts over as well", async ({ on, ask }) => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP, "", { language });
    nemo.scenario.add({ on, do: { kind: "error", code: 1002 } });
    if (ask === "") await chat.sendsFile(CLIP, "", { language });
    else await chat.asks(ask, { language });
    expect(chat.last.text).toContain(isEnglish ? "the timeline is empty again" : "时间线已清空");
    expect(nemo.requests("POST /api/tasks")).toHaveLength(2);
    await chat.presses(isEnglish ? "Re-upload my last files" : "重新上传之前的文件", { language });
    await chat.asks("/status", { language });
    expect(chat.last.text).toContain("clip");
  });

  it("2001 for an anonymous person: the registration link with their id, and no retry", async () => {
    const { nemo, chat } = await startScene({ nemo: { credits: 0 } });
    await chat.asks(ASK, { language });
    const userId = (await chat.bot.store.read("test:1"))?.account?.userId;
    expect(userId).toMatch(/^anon_/);
    expect(chat.last.text).toContain(isEnglish ? "Your free credits are used up." : "免费积分已用完。");
    expect(chat.last.text).toContain(`${nemo.webUrl}/register?bind=${userId}`);
    expect(chat.last.buttons).toEqual([
      {
        kind: "link",
        label: isEnglish ? "Register" : "注册",
        href: `${nemo.webUrl}/register?bind=${userId}`,
      },
    ]);
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });

  it("2001 with the operator's token: members hear that it is the bot's, without a link", async () => {
    const { chat, log } = await startScene({ ...WITH_OPERATOR, nemo: { ...WITH_OPERATOR.nemo, credits: 0 } });
    await chat.asks(ASK, { language });
    expect(chat.last.text).toBe(
      isEnglish
        ? "This bot has run out of credits. Please tell whoever runs it."
        : "本机器人的积分已用完，请联系机器人管理员。",
    );
    expect(chat.last.tone).toBe("private");
    expect(chat.buttons).toEqual([]);
    await chat.asks(ASK, { language, conversation: "test:2" });
    // However many members meet it, the log says so once an hour.
    expect(log.lines.filter((line) => /^warn .*run out of credits/.test(line))).toHaveLength(1);
  });

  it("2001 with the operator's token, for who runs the bot: top up, and no registration link", async () => {
    const { nemo, settings } = WITH_OPERATOR;
    const { chat } = await startScene({
      nemo: { ...nemo, credits: 0 },
      settings: { ...settings, OPERATORS: OPERATOR },
    });
    await chat.asks(ASK, { user: { id: OPERATOR, language } });
    expect(chat.last.text).toContain(isEnglish ? "Top up credits in your account" : "请在你的账号中充值积分");
    expect(chat.last.text).not.toContain("register");
    expect(chat.buttons).toEqual([]);
  });

  it.each([
    ["credits", "Insufficient credits", isEnglish ? "credits are used up" : "积分", true],
    ["the plan", "Not included in the free plan", isEnglish ? "upgrade your plan" : "升级套餐", false],
  ])("402 of a turn is read by its words: %s", async (_what, message, said, isCredits) => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add({ on: "turn", do: { kind: "error", code: 402, message } });
    await chat.asks(ASK, { language });
    expect(chat.last.text).toContain(said);
    expect(chat.last.text).not.toMatch(/unlock export|解锁导出/);
    expect(chat.last.text).toMatch(/\/register\?bind=anon_/);
    expect(chat.text).not.toContain("Insufficient");
    expect(isCredits).toBe(!/plan|套餐/.test(chat.last.text));
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });

  it("2001 in the middle of a stream is told the same way", async () => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add({
      on: "turn",
      do: {
        kind: "turn",
        silent: true,
        edits: [],
        ending: { kind: "error-event", code: "2001", message: "Insufficient credits" },
      },
    });
    await chat.asks(ASK, { language });
    expect(chat.last.text).toMatch(/\/register\?bind=anon_/);
    expect(chat.text).not.toContain("Insufficient");
  });

  it.each([
    { code: 4001, en: /It works with mp4, mov, avi, .*aac\./, zh: /支持的格式：mp4、mov、avi、.*aac。/ },
    {
      code: 4002,
      en: /\(max 500 MB\)\. Please compress it, or trim it/,
      zh: /上限 500 MB）。请压缩/,
    },
  ])("$code: says what the editor takes", async ({ code, en, zh }) => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add({ on: "upload", do: { kind: "error", code } });
    await chat.sendsFile(CLIP, "", { language });
    expect(chat.last.text).toMatch(isEnglish ? en : zh);
    expect(nemo.requests("POST /api/upload-video")).toHaveLength(1);
  });

  it("4002 names the limit of the active skill", async () => {
    const { nemo, chat } = await startScene({ settings: { DEFAULT_SKILL: "free-image-editing" } });
    nemo.scenario.add({ on: "upload", do: { kind: "error", code: 4002 } });
    await chat.sendsFile(CLIP, "", { language });
    expect(chat.last.text).toContain("200 MB");
  });

  it("400 for a missing client id: a new one, one repeat, and nothing to see", async () => {
    const { nemo, chat } = await startScene();
    nemo.scenario.add({
      on: "token",
      do: { kind: "error", code: 400, message: "Missing X-Client-Id header" },
    });
    await chat.asks("/status", { language });
    const ids = nemo.requests("POST /api/auth/anonymous-token").map((one) => one.headers["x-client-id"]);
    expect(ids).toHaveLength(2);
    expect(ids[1]).toMatch(/^[0-9a-f-]{36}$/);
    expect(ids[1]).not.toBe(ids[0]);
    expect(chat.last.text).toBe(isEnglish ? "The timeline is empty." : "时间线是空的。");
    expect((await chat.bot.store.read("test:1"))?.account?.clientId).toBe(ids[1]);
  });

  it.each([
    { form: "code 402", refusal: { kind: "error", code: 402 } },
    { form: "HTTP 402", refusal: { kind: "http", status: 402 } },
  ] as const)("$form: export is a matter of the plan, not of credits", async ({ refusal }) => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP, "", { language });
    nemo.scenario.add({ on: "render", do: refusal });
    await chat.asks("export", { language });
    expect(chat.last.text).toContain(
      isEnglish ? "Register or upgrade your plan to unlock export." : "请注册或升级套餐以解锁导出。",
    );
    expect(chat.last.text).not.toMatch(/credits|积分/);
    expect(chat.last.text).toMatch(/\/register\?bind=anon_/);
    expect(nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(1);
  });

  it("429 once: waits, sends it once more, and nothing to see", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("/status", { language });
    nemo.scenario.add({ on: "turn", do: { kind: "http", status: 429 } });
    await chat.asks(ASK, { language });
    expect(nemo.requests("POST /run_sse").map((request) => request.status)).toEqual([429, 200]);
    expect(chat.last.text).toContain("Hello");
  });

  it("429 again: told plainly, with a retry button", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("/status", { language });
    nemo.scenario.add({ on: "turn", do: { kind: "http", status: 429 }, times: 2 });
    await chat.asks(ASK, { language });
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
    expect(chat.last.text).toContain(isEnglish ? "The editor is very busy." : "编辑器现在很忙");
    await chat.presses(isEnglish ? "Try again" : "重试", { language });
    expect(chat.last.text).toContain("Hello");
  });

  it.each([
    { what: "failed", how: { kind: "render", fail: "Lambda function timed out" } },
    { what: "duplicate id", how: { kind: "error", code: 409, message: "Duplicate render id" } },
  ] as const)("render $what: a new id, one retry", async ({ how }) => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP, "", { language });
    nemo.scenario.add({ on: "render", do: how });
    await chat.asks("export", { language });
    const ids = nemo.requests("POST /api/render/proxy/lambda").map((one) => (one.json as { id: string }).id);
    expect(new Set(ids).size).toBe(2);
    expect(chat.last.text).toContain(isEnglish ? "Your video is ready" : "你的视频已完成");
  });

  it.each([
    { what: "failed", how: { kind: "render", fail: "Lambda function timed out" } },
    { what: "duplicate id", how: { kind: "error", code: 409, message: "Duplicate render id" } },
  ] as const)("render $what twice: a clear sentence", async ({ how }) => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP, "", { language });
    nemo.scenario.add({ on: "render", do: how, times: 2 });
    await chat.asks("export", { language });
    expect(nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(2);
    expect(chat.last.text).toContain(isEnglish ? "couldn't be rendered" : "视频渲染失败");
    expect(chat.text).not.toMatch(/Lambda|Duplicate/);
  });
});

describe("whatever the backend answers", () => {
  const targets = [
    "session",
    "turn",
    "upload",
    "credits",
    "state",
    "render",
    "render-status",
    "claim",
  ] as const;
  const answers = [
    { what: "a page of HTML", status: 200, body: "<html><body>Bad gateway</body></html>" },
    { what: "an unknown code", status: 200, body: { code: 9_876, message: "SECRET_INTERNAL" } },
    { what: "an empty object", status: 200, body: {} },
    { what: "a plain 403", status: 403, body: undefined },
    { what: "a plain 500", status: 500, body: { error: "Traceback SECRET_INTERNAL" } },
  ];
  const cases = targets.flatMap((on) => answers.map((answer) => ({ on, ...answer })));

  it.each(cases)("$on answers $what: the person reads a plain sentence", async ({ on, status, body }) => {
    const { nemo, chat } = await startScene({ settings: { EXPORT_TIMEOUT_MS: "100" } });
    if (on !== "session") await chat.sendsFile(CLIP);
    const target: ScenarioTarget = on;
    nemo.scenario.add({ on: target, do: { kind: "http", status, ...(body === undefined ? {} : { body }) } });
    const ask = { session: ASK, turn: ASK, upload: "", credits: "credits", state: "status" }[on as "turn"];
    const said =
      on === "upload" ? await chat.sendsFile(CLIP) : await chat.asks(ask === undefined ? "export" : ask);
    expect(said.length).toBeGreaterThan(0);
    expect(said.join("\n")).not.toMatch(/SECRET|Traceback|html|[{}]|9876|\b[45]\d\d\b/);
    expect(chat.last.text).not.toMatch(/^(Connecting|Uploading|⏳|🎬 Rendering your)/);
  });
});
