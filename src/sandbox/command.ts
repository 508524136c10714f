/** The console's words for scenarios, such as `error 2001` or `silent`. Plain sentences in answer. */
import type { Accounts } from "./accounts.ts";
import { commandTexts } from "./command-texts.ts";
import type { Sessions } from "./project/sessions.ts";
import {
  type DialectChoice,
  dialectChoiceSchema,
  dialectsSchema,
  type ScenarioTarget,
  scenarioTargetSchema,
} from "./scenario.ts";
import type { ScenarioQueue } from "./scenario-queue.ts";

/** What commands act on. */
export interface CommandContext {
  scenarios: ScenarioQueue;
  accounts: Accounts;
  sessions: Sessions;
}

/** One answer; `isDone`: what was asked for is arranged, or was told. */
export interface CommandAnswer {
  text: string;
  isDone: boolean;
}

const ENDPOINTS = scenarioTargetSchema.options.join(", ");

/** Where an error code belongs when the command does not say. */
const ERROR_TARGETS: Record<number, ScenarioTarget> = {
  4001: "upload",
  4002: "upload",
  402: "render",
  400: "token",
};

/** Carries out one line, and answers in `language`, such as `zh`. Never throws for what a person types. */
export function runCommand(line: string, context: CommandContext, language = "en"): CommandAnswer {
  const texts = commandTexts(language);
  const done = (text: string): CommandAnswer => ({ text, isDone: true });
  const refused = (text: string): CommandAnswer => ({ text, isDone: false });
  const [verb = "", ...words] = line.trim().toLowerCase().split(/\s+/);
  const { scenarios, accounts, sessions } = context;
  const number = Number(words[0]);
  switch (verb) {
    case "error": {
      if (!Number.isInteger(number) || number < 100) return refused(texts.whichError);
      const on = scenarioTargetSchema.safeParse(
        words[1] === "on" ? words[2] : (ERROR_TARGETS[number] ?? "turn"),
      );
      if (!on.success) return refused(texts.whichEndpoint(ENDPOINTS));
      scenarios.add({
        on: on.data,
        do:
          number >= 200 && number <= 599
            ? { kind: "http", status: number, body: { code: number, message: `Error ${number}` } }
            : { kind: "error", code: number },
      });
      return done(texts.error(on.data, number));
    }
    case "silent":
      scenarios.add({ on: "turn", do: { kind: "turn", silent: true } });
      return done(texts.silent);
    case "lag":
      if (!(number > 0)) return refused(texts.howLong);
      scenarios.add({
        on: "turn",
        do: { kind: "turn", silent: true, stateLagMs: Math.min(900, number) * 1000 },
      });
      return done(texts.lag(number));
    case "drop": {
      const applied = words[0] === "applied";
      scenarios.add({ on: "turn", do: { kind: "drop", when: "mid-body", applied } });
      return done(texts.drop(applied));
    }
    case "slow":
      if (!(number > 0)) return refused(texts.howSlow);
      scenarios.add({ on: "turn", do: { kind: "delay", ms: Math.min(900, number) * 1000 } });
      return done(texts.slow(number));
    case "heartbeats": {
      const count = number > 0 ? Math.min(1_000, Math.floor(number)) : 5;
      scenarios.add({ on: "turn", do: { kind: "turn", heartbeats: { count, everyMs: 1_000 } } });
      return done(texts.heartbeats(count));
    }
    case "gui":
      scenarios.add({
        on: "turn",
        do: { kind: "turn", texts: ["All set! Click the Export button to download your video."] },
      });
      return done(texts.gui);
    case "temporary-issue":
      scenarios.add({ on: "turn", do: { kind: "turn", ending: { kind: "temporary-issue" } } });
      return done(texts.temporaryIssue);
    case "fail-render":
      scenarios.add({ on: "render", do: { kind: "render", fail: "Lambda function timed out" } });
      return done(texts.failRender);
    case "credits":
      if (!(number >= 0)) return refused(texts.howMany);
      accounts.setCredits(Math.floor(number));
      return done(texts.credits(Math.floor(number)));
    case "dialect": {
      const dialects = dialectNamed(words);
      if (dialects === null) return refused(texts.whichDialect(dialectNames().join(", ")));
      scenarios.setDialect(dialects);
      return done(texts.dialect(Object.entries(dialects).flat().join(" ")));
    }
    case "expire":
      accounts.expireAll();
      return done(texts.expire);
    case "lose":
      sessions.lose();
      return done(texts.lose);
    case "clear":
      scenarios.clear();
      return done(texts.clear);
    case "":
    case "help":
      return done(texts.help(ENDPOINTS));
    default:
      return refused(texts.unknown(verb));
  }
}

/** `typed`, or with its key where a name is used twice: `heartbeat typed`, `render b`. */
function dialectNamed(words: string[]): DialectChoice | null {
  const [first = "", second] = words;
  // An event stream comes first where a name fits two keys.
  const keys = dialectsSchema.keyof().options.toSorted((a, b) => Number(b === "sse") - Number(a === "sse"));
  for (const key of keys) {
    if (second !== undefined && key.toLowerCase() !== first) continue;
    const wanted = second ?? first;
    const value = dialectsSchema.shape[key].options.find((option) => option.toLowerCase() === wanted);
    if (value !== undefined) return dialectChoiceSchema.parse({ [key]: value });
  }
  return null;
}

function dialectNames(): string[] {
  return dialectsSchema
    .keyof()
    .options.flatMap((key) => dialectsSchema.shape[key].options.map((value) => `${key} ${value}`));
}
