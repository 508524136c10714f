import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TurnText } from "../../../../src/core/workflows/turn/text.ts";
import { understanding } from "../../../support/content.ts";

/** Longest text that `take` may hand out. */
const MAX_CHUNK = 1_500;

/** All that can be shown now. */
function takeAll(text: TurnText): string[] {
  const taken: string[] = [];
  for (let next = text.take(); next !== ""; next = text.take()) taken.push(next);
  return taken;
}

/** What a turn shows whose texts come one by one, with a pause behind each. */
function run(chunks: string[]) {
  const turn = new TurnText(understanding, "your clip");
  const shown = chunks.flatMap((chunk) => {
    turn.add(chunk);
    return takeAll(turn);
  });
  const { text, isOnlyApology } = turn.finish();
  return { shown: [...shown, text].filter((each) => each !== "").map((each) => each.trim()), isOnlyApology };
}

/** Without white space, which ends up between two messages or within one. */
function bare(text: string): string {
  return text.replace(/\s+/g, "");
}

/** The same when all of it comes at once, and character by character. */
function inAllWays(text: string) {
  return [[text], [...text], text.split(/(?<= )/)].map((chunks) => {
    const { shown, isOnlyApology } = run(chunks);
    return { words: bare(shown.join("")), isOnlyApology };
  });
}

describe("the text of a turn", () => {
  it("is shown in whole sentences", () => {
    const turn = new TurnText(understanding, "your clip");
    turn.add("I cut it to 12.5 s. Then I add");
    expect(turn.take()).toBe("I cut it to 12.5 s.");
    expect(turn.take()).toBe("");
    turn.add("ed music. 字幕加好了。还有");
    expect(turn.take().trim()).toBe("Then I added music. 字幕加好了。");
    expect(turn.finish()).toEqual({ text: "还有", isOnlyApology: false });
  });

  it.each(["I made the opening.", "I made the opening. ", "I made the opening.\n"])(
    "goes on in a paragraph of its own when the agent did something in between: %j",
    (before) => {
      for (const isTaken of [true, false]) {
        const turn = new TurnText(understanding, "your clip");
        turn.add(before);
        const first = isTaken ? turn.take() : "";
        turn.endParagraph();
        turn.endParagraph();
        turn.add("Here is the plan. ");
        expect(first + takeAll(turn).join("")).toMatch(/^I made the opening\.\n{2,3}Here is the plan\.$/);
      }
    },
  );

  it("takes a full stop before a pause for the end of a sentence", () => {
    expect(run(["I trimmed it.", " The title is in."]).shown).toEqual(["I trimmed it.", "The title is in."]);
  });

  it("is nothing at all when nothing was said", () => {
    expect(run([])).toEqual({ shown: [], isOnlyApology: false });
    expect(run([" \n ", "\n"])).toEqual({ shown: [], isOnlyApology: false });
  });
});

describe("an apology at the end of a good answer", () => {
  const GOOD = "I added the title.";

  it.each([
    "I encountered a temporary issue.",
    "I encountered a temporary issue. Please try again later.",
    "I encountered a temporary issue",
    "I'm sorry, but I ran into a temporary problem while processing your request. Please try again in a moment.",
    "Sorry, we hit a temporary error!",
    "Sorry about that! I've encountered a temporary issue, please try again.",
    "Unfortunately, I have run into some temporary problems. Sorry for the inconvenience. Try again later.",
    "We are experiencing a temporary issue and could not finish. Thank you for your patience.",
    "我遇到了一个临时问题。",
    "抱歉，我遇到了临时问题，请稍后再试。",
    "非常抱歉，我们这边出现了暂时性的错误。请稍后重试！给您带来不便，敬请谅解。",
    "抱歉，系统发生了临时故障。请稍后再试。",
  ])("is held back: %s", (apology) => {
    for (const way of inAllWays(`${GOOD} ${apology}`)) {
      expect(way).toEqual({ words: bare(GOOD), isOnlyApology: false });
    }
    for (const way of inAllWays(`${GOOD}\n\n${apology}\n`)) expect(way.words).toBe(bare(GOOD));
    // two events, with nothing between them
    expect(run([GOOD, apology]).shown).toEqual([GOOD]);
    expect(run([GOOD + apology]).shown).toEqual([GOOD]);
  });

  it.each([
    "I encountered a temporary issue. Please try again later.",
    "抱歉，我遇到了临时问题。请稍后再试。",
  ])("is no answer when it is all there is: %s", (apology) => {
    for (const way of inAllWays(apology)) expect(way).toEqual({ words: "", isOnlyApology: true });
  });

  it.each([
    "I trimmed the clip. I ran into a temporary error with the music service, so I picked another track. The title is in place.",
    "I trimmed the clip. I ran into a temporary error with the music service, so I picked another track.",
    "I trimmed the clip. I encountered a temporary issue. The title is in place.",
    "I encountered a temporary issue. I tried again, and now the title is in place.",
    "The interview is about how she encountered a temporary issue at work. I cut it to 10 seconds.",
    "The interview is about how she encountered a temporary issue at work.",
    "The captions read: the server ran into a temporary error.",
    "I added the title. Please try again later is what it says.",
    "I cut the intro. Sorry for the delay.",
    "I encountered a temporary issue. Please try again. I meant the old title; the new one is in.",
    "我剪好了。我遇到了临时问题，所以换了一首配乐。标题也加好了。",
    "我剪好了。我遇到了临时问题。标题也加好了。",
    "片中讲述他遇到了临时问题。我剪到了10秒。",
  ])("is content when content follows, or when somebody else had the issue: %s", (text) => {
    for (const way of inAllWays(text)) {
      expect(way).toEqual({ words: bare(text), isOnlyApology: false });
    }
  });

  it("comes out in its place when the turn goes on", () => {
    const turn = new TurnText(understanding, "your clip");
    turn.add("I trimmed it. I encountered a temporary issue.");
    expect(takeAll(turn)).toEqual(["I trimmed it."]);
    turn.add(" Please try again.");
    expect(takeAll(turn)).toEqual([]);
    turn.add(" The title is in.");
    expect(takeAll(turn).join("").trim()).toBe(
      "I encountered a temporary issue. Please try again. The title is in.",
    );
  });
});

describe("the size of what is shown", () => {
  it("ends at the last sentence within the bound", () => {
    const sentence = `${"word ".repeat(20)}end.`;
    const turn = new TurnText(understanding, "your clip");
    turn.add(Array.from({ length: 40 }, () => sentence).join(" "));
    expect(turn.isFull).toBe(true);
    const taken = takeAll(turn);
    for (const text of taken) {
      expect(text.length).toBeLessThanOrEqual(MAX_CHUNK);
      expect(text).toMatch(/end\.$/);
    }
    expect(turn.isFull).toBe(false);
    expect([...taken, turn.finish().text].join(" ").match(/end\./g)).toHaveLength(40);
  });

  it("falls back to white space, and never cuts a character in two", () => {
    const words = new TurnText(understanding, "your clip");
    words.add("word ".repeat(500));
    for (const text of takeAll(words)) expect(text.trim()).toMatch(/^word( word)*$/);
    const smiles = new TurnText(understanding, "your clip");
    smiles.add(`a${"😀".repeat(2_000)}`);
    const taken = takeAll(smiles);
    expect(taken.length).toBeGreaterThan(1);
    for (const text of taken) expect(text.isWellFormed()).toBe(true);
    expect(taken.join("") + smiles.finish().text).toBe(`a${"😀".repeat(2_000)}`);
  });

  it("hands out a long text without spaces also behind the space of a sentence", () => {
    const turn = new TurnText(understanding, "your clip");
    const chunks = ["I added music. ", "x".repeat(1_600), "😀", "x".repeat(1_600)];
    const taken = chunks.map((chunk) => {
      turn.add(chunk);
      return takeAll(turn).join("").length;
    });
    expect(taken).toEqual([14, 0, 0, 1_499]);
    expect(turn.isFull).toBe(false);
  });

  it("has no bound at the end: platforms split further", () => {
    const turn = new TurnText(understanding, "your clip");
    turn.add("word ".repeat(1_000));
    expect(turn.finish().text.length).toBeGreaterThan(MAX_CHUNK);
  });

  it.each(["2. ", "2.\n", "12. "])("keeps the “%s” of a list for what follows it", (number) => {
    const turn = new TurnText(understanding, "your clip");
    turn.add(`Here is what I did:\n1. I trimmed the clip.\n${number}`);
    expect(turn.peek()).toBe("Here is what I did:\n1. I trimmed the clip.\n");
    expect(takeAll(turn).join("")).toBe("Here is what I did:\n1. I trimmed the clip.\n");
    turn.add("I added music.");
    expect(turn.finish().text).toBe(`${number}I added music.`);
  });

  it("leaves out the number of a list that nothing follows", () => {
    const turn = new TurnText(understanding, "your clip");
    turn.add("1. I trimmed the clip.\n2.");
    expect(turn.finish().text).toBe("1. I trimmed the clip.");
  });

  it("does not let apologies pile up", () => {
    const turn = new TurnText(understanding, "your clip");
    for (let round = 0; round < 200; round += 1) {
      turn.add("I encountered a temporary issue. ");
      takeAll(turn);
      expect(turn.isFull).toBe(false);
    }
  });
});

describe("for all texts", () => {
  const piece = fc.constantFrom(
    "I added music. ",
    "I cut it to 12.5 s",
    "I encountered a temporary issue. ",
    "I ran into a temporary error, so I took another. ",
    "Please try again. ",
    "我遇到了临时问题。",
    "请稍后再试。",
    "字幕加好了。",
    "😀",
    "word ".repeat(400),
    "x".repeat(1_600),
    "\n",
    " ",
    ".",
  );

  it("nothing but a trailing apology is lost, and all comes in order", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (chunks) => {
        const whole = bare(chunks.join(""));
        const shown = bare(run(chunks).shown.join(""));
        expect(whole.startsWith(shown)).toBe(true);
        const held = whole.slice(shown.length);
        expect(held).toMatch(/^(?:[.😀]*(?:Iencountered|我遇到|Please|请稍后)[^.。]*[.。]*)*$/u);
      }),
      { numRuns: 1_000 },
    );
  });

  it("no text that is taken is longer than the bound", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (chunks) => {
        const turn = new TurnText(understanding, "your clip");
        for (const chunk of chunks) {
          turn.add(chunk);
          for (const text of takeAll(turn)) expect(text.length).toBeLessThanOrEqual(MAX_CHUNK);
          expect(turn.isFull).toBe(false);
        }
      }),
    );
  });

  it.each([
    ". ",
    ".",
    " ",
    "\n",
    '."',
    "Sorry ",
    "I ",
    "I'm sorry, ",
    "so ",
    "我",
    "抱歉，",
    ".'",
    "遇到",
    "a",
  ])("200 kB of %j are read like any other text", (unit) => {
    const source = unit.repeat(200_000 / unit.length);
    const turn = new TurnText(understanding, "your clip");
    turn.add(source);
    takeAll(turn);
    turn.finish();
    const other = new TurnText(understanding, "your clip");
    other.add(`I did it.${source}`);
    expect(other.finish().text).toMatch(/^I did it\./);
    const third = new TurnText(understanding, "your clip");
    third.add(`.${source}I encountered a temporary issue`);
    expect(third.finish().isOnlyApology).toBe(false);
  });
});
