/** What the sandbox answers to `/sandbox …`, in the languages of the terminal chat. */

/** One language's answers. */
export interface CommandTexts {
  help(endpoints: string): string;
  unknown(verb: string): string;
  whichError: string;
  whichEndpoint(endpoints: string): string;
  error(endpoint: string, code: number): string;
  silent: string;
  howLong: string;
  lag(seconds: number): string;
  drop(isApplied: boolean): string;
  howSlow: string;
  slow(seconds: number): string;
  heartbeats(count: number): string;
  gui: string;
  temporaryIssue: string;
  failRender: string;
  howMany: string;
  credits(count: number): string;
  whichDialect(names: string): string;
  dialect(name: string): string;
  expire: string;
  lose: string;
  clear: string;
}

const EN: CommandTexts = {
  help: (endpoints) =>
    [
      "The sandbox is a practice editor on this machine; nothing in it costs anything. With /sandbox you choose what goes",
      "wrong next, to see what the bot does then. I know:",
      "  error <code> [on <endpoint>]  the next request fails: error 2001 (no credits), error 429 on upload",
      "  silent             the next edit ends without a word",
      "  lag <seconds>      … and shows so much later",
      "  drop [applied]     the connection breaks in the next edit; applied: it is carried out all the same",
      "  slow <seconds>     the next edit waits first",
      "  heartbeats <n>     the next edit takes n seconds",
      "  gui                the next answer speaks of the Export button",
      "  temporary-issue    the next edit ends with a temporary issue",
      "  fail-render        the next export fails",
      "  credits <n>        every account has n credits",
      "  dialect <name>     the backend answers in another form",
      "  expire, lose       all free tokens run out, all sessions are lost",
      "  clear              forget what was to go wrong",
      `Endpoints: ${endpoints}.`,
    ].join("\n"),
  unknown: (verb) => `I don't know “${verb}”. /sandbox help lists what I know.`,
  whichError: "Say which: error 2001, or error 429 on upload.",
  whichEndpoint: (endpoints) => `I know these endpoints: ${endpoints}.`,
  error: (endpoint, code) => `The next ${endpoint} request gets error ${code}.`,
  silent: "The next edit ends without a word.",
  howLong: "Say how long: lag 5.",
  lag: (seconds) => `The next edit ends without a word, and shows ${seconds} seconds later.`,
  drop: (isApplied) =>
    `The connection breaks in the next edit, which ${isApplied ? "is carried out all the same" : "isn't carried out"}.`,
  howSlow: "Say how slow: slow 10.",
  slow: (seconds) => `The next edit waits ${seconds} seconds first.`,
  heartbeats: (count) => `The next edit takes ${count} seconds.`,
  gui: "The next answer speaks of the Export button.",
  temporaryIssue: "The next edit ends with a temporary issue.",
  failRender: "The next export fails.",
  howMany: "Say how many: credits 0.",
  credits: (count) => `Every account has ${count} credits now.`,
  whichDialect: (names) => `I know these forms: ${names}.`,
  dialect: (name) => `I'll answer in the form ${name} from now on.`,
  expire: "All free tokens have expired.",
  lose: "All sessions are lost.",
  clear: "Nothing will go wrong on purpose anymore.",
};

const ZH: CommandTexts = {
  help: (endpoints) =>
    [
      "沙盒是本机上的练习编辑器，在里面做什么都不花钱。用 /sandbox 可以指定接下来出什么问题，看看机器人怎么应对。可用的命令：",
      "  error <代码> [on <接口>]  下一个请求失败：error 2001（积分不足）、error 429 on upload",
      "  silent             下一次编辑结束时不说话",
      "  lag <秒>           ……而且过这么久才看得到",
      "  drop [applied]     下一次编辑中途断线；applied：编辑仍然完成",
      "  slow <秒>          下一次编辑先等待",
      "  heartbeats <n>     下一次编辑持续 n 秒",
      "  gui                下一个回答会提到“导出”按钮",
      "  temporary-issue    下一次编辑以临时故障结束",
      "  fail-render        下一次导出失败",
      "  credits <n>        每个账号都有 n 积分",
      "  dialect <名称>     后端换一种格式回答",
      "  expire、lose       所有免费令牌过期、所有会话丢失",
      "  clear              取消所有安排",
      `接口：${endpoints}。`,
    ].join("\n"),
  unknown: (verb) => `不认识“${verb}”。输入 /sandbox help 查看可用的命令。`,
  whichError: "请说明是哪一个：error 2001，或 error 429 on upload。",
  whichEndpoint: (endpoints) => `可用的接口：${endpoints}。`,
  error: (endpoint, code) => `下一个 ${endpoint} 请求会得到错误 ${code}。`,
  silent: "下一次编辑结束时不会说话。",
  howLong: "请说明多久：lag 5。",
  lag: (seconds) => `下一次编辑结束时不会说话，${seconds} 秒后才看得到。`,
  drop: (isApplied) => `下一次编辑会中途断线，编辑${isApplied ? "仍然会" : "不会"}完成。`,
  howSlow: "请说明多慢：slow 10。",
  slow: (seconds) => `下一次编辑会先等待 ${seconds} 秒。`,
  heartbeats: (count) => `下一次编辑会持续 ${count} 秒。`,
  gui: "下一个回答会提到“导出”按钮。",
  temporaryIssue: "下一次编辑会以临时故障结束。",
  failRender: "下一次导出会失败。",
  howMany: "请说明多少：credits 0。",
  credits: (count) => `现在每个账号都有 ${count} 积分。`,
  whichDialect: (names) => `可用的格式：${names}。`,
  dialect: (name) => `今后使用 ${name} 格式回答。`,
  expire: "所有免费令牌都已过期。",
  lose: "所有会话都已丢失。",
  clear: "已取消所有安排。",
};

/** The texts of a language; English for one that has none. */
export function commandTexts(language: string): CommandTexts {
  return language.startsWith("zh") ? ZH : EN;
}
