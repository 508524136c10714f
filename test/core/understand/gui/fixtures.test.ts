import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { TurnText } from "../../../../src/core/workflows/turn/text.ts";
import { hideMachineText, openMachineText, plainName } from "../../../../src/lib/machine-text.ts";
import { understanding } from "../../../support/content.ts";

/** A file of `test/fixtures/gui`; its README says what each claims. */
function load<T>(name: string, schema: z.ZodType<T>): T {
  const file = new URL(`../../../fixtures/gui/${name}.json`, import.meta.url);
  return schema.parse(JSON.parse(readFileSync(file, "utf8")));
}

const LANGUAGES = ["en", "zh"] as const;
const both = <T>(item: z.ZodType<T>) => z.object({ en: z.array(item), zh: z.array(item) });
const sentences = both(z.string());
const partly = z.object({ say: z.string(), keeps: z.array(z.string()), drops: z.array(z.string()) });
const GAPS = load("known-gaps", z.record(z.string(), z.array(z.string())));

/** What `text` becomes, as `TurnAnswer` has it. */
function read(text: string) {
  const { text: rest, actions, offers } = understanding.translateGui(hideMachineText(text, "your clip"));
  return { rest, actions: actions.map(({ kind }) => kind), offers: offers.map(({ kind }) => kind) };
}

/** Exactly the known gaps fail: one more is a fault, one less is to be taken off the list. */
function expectOnlyGaps(name: string, failing: string[]): void {
  expect(failing).toEqual(GAPS[name] ?? []);
}

const MEANINGS: Record<string, string[]> = {
  export: ["export"],
  credits: ["show-credits"],
  status: ["show-state", "show-tracks"],
  none: [],
};
const instruction = z.object({ say: z.string(), means: z.enum(["export", "credits", "status", "none"]) });

/** Those that are not removed, or not done. */
function notDone(instructions: z.infer<typeof instruction>[]): string[] {
  const wrong = instructions.filter(({ say, means }) => {
    const { rest, actions, offers } = read(say);
    const done: string[] = [...actions, ...offers];
    const isDone =
      means === "none"
        ? !actions.includes("edit")
        : done.some((kind) => (MEANINGS[means] ?? []).includes(kind));
    return rest !== "" || !isDone;
  });
  return wrong.map(({ say }) => say);
}

/** Those that are not left as they are. */
function changed(content: string[]): string[] {
  return content.filter((text) => {
    const { rest, actions, offers } = read(text);
    return rest !== text || actions.length + offers.length > 0;
  });
}

describe.each(LANGUAGES)("what an agent says (%s)", (language) => {
  it("about the video passes unchanged, whatever words it uses", () => {
    expectOnlyGaps(`content.${language}`, changed(load("content", sentences)[language]));
  });

  it("as a tip, a condition, a report or a question is never a turn", () => {
    const turns = load("tips", sentences)[language].filter((text) => read(text).actions.includes("edit"));
    expectOnlyGaps(`tips.${language}`, turns);
  });

  it("as a command to move something is one turn", () => {
    const missed = load("drags", sentences)[language].filter((text) => {
      return read(text).actions.filter((kind) => kind === "edit").length !== 1;
    });
    expectOnlyGaps(`drags.${language}`, missed);
  });

  it("about the interface is removed and done", () => {
    expectOnlyGaps(`gui.${language}`, notDone(load("gui", both(instruction))[language]));
  });

  it("about both keeps what is about the video", () => {
    const wrong = load("mixed", both(partly))[language].filter(({ say, keeps, drops }) => {
      const { rest } = read(say);
      return !keeps.every((part) => rest.includes(part)) || drops.some((part) => rest.includes(part));
    });
    expectOnlyGaps(
      `mixed.${language}`,
      wrong.map(({ say }) => say),
    );
  });
});

describe("what an agent says in two languages at once", () => {
  const { gui, content } = load(
    "bilingual",
    z.object({ gui: z.array(instruction), content: z.array(z.string()) }),
  );

  it("about the interface is removed and done", () => {
    expectOnlyGaps("bilingual", notDone(gui));
  });

  it("about the video passes unchanged", () => {
    expect(changed(content)).toEqual([]);
  });
});

describe("what only machines read", () => {
  const cases = load("machine", z.array(partly));

  it("goes from the agent's words, and the sentence stays", () => {
    const wrong = cases.filter(({ say, keeps, drops }) => {
      const { rest } = read(say);
      return !keeps.every((part) => rest.includes(part)) || drops.some((part) => rest.includes(part));
    });
    expectOnlyGaps(
      "machine",
      wrong.map(({ say }) => say),
    );
  });

  it.each([
    ["beach_3f2a9c1e77b4.mp4", "beach.mp4"],
    ["https://cdn.example.com/a/9f8e7d6c5b4a3f2e.mp4?sig=1", null],
    ["/mnt/userdata/u1/beach.mp4", "beach.mp4"],
    ["C:\\clips\\beach.mp4", "beach.mp4"],
    ["3f2a9c1e-77b4-4c1d-9a52-0de1f3b7c9aa.mp4", null],
    ["seg_8a7b6c5d", null],
    ["d41d8cd98f00b204e9800998ecf8427e", null],
    ['{"text":"Summer","font":"Inter"}', "Summer"],
    ['{"font":"Inter"}', null],
    // what people and cameras call their files
    ["IMG_20240512_123456.mp4", "IMG_20240512_123456.mp4"],
    ["VID-20240512-WA0001.mp4", "VID-20240512-WA0001.mp4"],
    ["DJI_0042_D-Log.MOV", "DJI_0042_D-Log.MOV"],
    ["4K60 test v2", "4K60 test v2"],
    ["[Intro] Final", "[Intro] Final"],
    ["夏天", "夏天"],
    ["👩‍👩‍👧", "👩‍👩‍👧"],
  ])("is no name of anything: %s", (name, plain) => {
    expect(plainName(name)).toBe(plain);
  });

  it("is looked for without ever failing", () => {
    const part = fc.constantFrom(
      ...[
        '{"a":',
        '"',
        "[",
        "}",
        "```",
        "\n",
        "/mnt/",
        "C:\\",
        "https://",
        "cdn.x.y/",
        "?sig=1",
        "<a_b>",
        "</a_b>",
      ],
      ...[
        "id: ",
        "3f2a9c1e77b4",
        "seg_",
        "(",
        ")",
        " at x:1:2",
        "Error:",
        "I added it. ",
        "片段",
        "，",
        "{",
        "'",
      ],
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(part, fc.string({ unit: "binary", maxLength: 5 })), { maxLength: 12 }),
        (parts) => {
          const text = parts.join("");
          expect(openMachineText(text)).toBeLessThanOrEqual(text.length);
          expect(plainName(text)).not.toBe("");
          expect(typeof hideMachineText(text, "your clip")).toBe("string");
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("is not shown either when the words come in two pieces, wherever the cut is", () => {
    for (const { say, keeps, drops } of cases) {
      for (let cut = 1; cut < say.length; cut += 1) {
        const turn = new TurnText(understanding, "your clip");
        let shown = "";
        for (const piece of [say.slice(0, cut), say.slice(cut)]) {
          turn.add(piece);
          for (let text = turn.take(); text !== ""; text = turn.take()) shown += text;
        }
        shown += turn.finish().text;
        for (const part of drops) expect(shown, `cut at ${cut} of ${say}`).not.toContain(part);
        for (const part of keeps) expect(shown, `cut at ${cut} of ${say}`).toContain(part);
      }
    }
  });
});
