/** The console's words for scenarios, such as `error 2001` or `silent`. One plain sentence in answer. */
import type { Accounts } from "./accounts.ts";
import {
  type DialectChoice,
  dialectChoiceSchema,
  dialectsSchema,
  type ScenarioTarget,
  scenarioTargetSchema,
} from "./scenario.ts";
import type { ScenarioQueue } from "./scenario-queue.ts";
import type { Sessions } from "./sessions.ts";

/** What commands act on. */
export interface CommandWorld {
  scenarios: ScenarioQueue;
  accounts: Accounts;
  sessions: Sessions;
}

const HELP =
  "I know: error <code> [on <endpoint>], silent, lag <seconds>, drop [applied], slow <seconds>, heartbeats <n>, gui, " +
  "temporary-issue, fail-render, credits <n>, dialect <name>, expire, lose, clear, help. " +
  `Endpoints: ${scenarioTargetSchema.options.join(", ")}.`;

/** Where an error code belongs when the command does not say. */
const ERROR_TARGETS: Record<number, ScenarioTarget> = {
  4001: "upload",
  4002: "upload",
  402: "render",
  400: "token",
};

/** Carries out one line. Never throws for what a person types. */
export function runCommand(line: string, world: CommandWorld): string {
  const [verb = "", ...words] = line.trim().toLowerCase().split(/\s+/);
  const { scenarios, accounts, sessions } = world;
  const number = Number(words[0]);
  switch (verb) {
    case "error": {
      if (!Number.isInteger(number) || number < 100) return "Say which: error 2001, or error 429 on upload.";
      const on = scenarioTargetSchema.safeParse(
        words[1] === "on" ? words[2] : (ERROR_TARGETS[number] ?? "turn"),
      );
      if (!on.success) return `I know these endpoints: ${scenarioTargetSchema.options.join(", ")}.`;
      scenarios.add({
        on: on.data,
        do:
          number >= 200 && number <= 599
            ? { kind: "http", status: number, body: { code: number, message: `Error ${number}` } }
            : { kind: "error", code: number },
      });
      return `The next ${on.data} request gets error ${number}.`;
    }
    case "silent":
      scenarios.add({ on: "turn", do: { kind: "turn", silent: true } });
      return "The next edit ends without a word.";
    case "lag":
      if (!(number > 0)) return "Say how long: lag 5.";
      scenarios.add({
        on: "turn",
        do: { kind: "turn", silent: true, stateLagMs: Math.min(900, number) * 1000 },
      });
      return `The next edit ends without a word, and shows ${number} seconds later.`;
    case "drop": {
      const applied = words[0] === "applied";
      scenarios.add({ on: "turn", do: { kind: "drop", when: "mid-body", applied } });
      return `The next turn's connection breaks, and the edit is ${applied ? "" : "not "}applied.`;
    }
    case "slow":
      if (!(number > 0)) return "Say how slow: slow 10.";
      scenarios.add({ on: "turn", do: { kind: "delay", ms: Math.min(900, number) * 1000 } });
      return `The next turn waits ${number} seconds first.`;
    case "heartbeats": {
      const count = number > 0 ? Math.min(1_000, Math.floor(number)) : 5;
      scenarios.add({ on: "turn", do: { kind: "turn", heartbeats: { count, everyMs: 1_000 } } });
      return `The next turn has ${count} heartbeats, one a second.`;
    }
    case "gui":
      scenarios.add({
        on: "turn",
        do: { kind: "turn", texts: ["All set! Click the Export button to download your video."] },
      });
      return "The next turn speaks of the Export button.";
    case "temporary-issue":
      scenarios.add({ on: "turn", do: { kind: "turn", ending: { kind: "temporary-issue" } } });
      return "The next turn ends with a temporary issue.";
    case "fail-render":
      scenarios.add({ on: "render", do: { kind: "render", fail: "Lambda function timed out" } });
      return "The next render fails.";
    case "credits":
      if (!(number >= 0)) return "Say how many: credits 0.";
      accounts.setCredits(Math.floor(number));
      return `Every account has ${Math.floor(number)} credits now.`;
    case "dialect": {
      const dialects = dialectNamed(words);
      if (dialects === null) return `I know these dialects: ${dialectNames().join(", ")}.`;
      scenarios.setDialect(dialects);
      return `From now on I speak ${Object.entries(dialects).flat().join(" ")}.`;
    }
    case "expire":
      accounts.expireAll();
      return "All free tokens are expired.";
    case "lose":
      sessions.lose();
      return "All sessions are lost.";
    case "clear":
      scenarios.clear();
      return "Nothing special is waiting any more.";
    case "help":
      return HELP;
    default:
      return `I do not know "${verb}". ${HELP}`;
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
