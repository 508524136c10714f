/** Questions of the agent: shown with their options, answered once. Source: nemo-api.md, "Questions of the agent". */
import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import type { Dialects, TurnStep } from "../../../src/sandbox/scenario.ts";
import { startScene } from "../../support/test-chat.ts";

interface Asked {
  prompt: string;
  options: string[];
  several?: boolean;
}

function ask(
  nemo: Sandbox,
  title: string,
  asked: Asked[],
  more: { text?: string; sse?: Dialects["sse"] } = {},
) {
  const questions = asked.map(({ prompt, options, several = false }, index) => ({
    id: `q${index}`,
    prompt,
    options: options.map((label, at) => ({ id: `o${at}`, label })),
    allow_multiple: several,
  }));
  const steps: TurnStep[] = [
    ...(more.text ? [{ kind: "text" as const, text: more.text }] : []),
    { kind: "ask", question: { title, questions } },
  ];
  nemo.scenario.add({ on: "turn", do: { kind: "steps", steps, ...(more.sse ? { dialect: more.sse } : {}) } });
}

/** What the agent was told, in order. */
function told(nemo: Sandbox): string[] {
  return nemo.requests("POST /run_sse").map((request) => {
    const { new_message } = request.json as { new_message: { parts: { text: string }[] } };
    return new_message.parts.map((part) => part.text).join("\n");
  });
}

const MOOD: Asked = { prompt: "Which mood?", options: ["Warm", "Cold"] };

describe("a question of the agent", () => {
  it.each(["adk", "adk-snake", "adk-nonstreaming", "adk-unmarked", "typed"] as const)(
    "is shown with its options in the dialect %s, and is no silent edit",
    async (sse) => {
      const { nemo, chat } = await startScene();
      ask(nemo, "Colours", [MOOD], { sse });
      const said = await chat.asks("make it prettier");
      expect(said.at(-1)).toContain("Colours");
      expect(said.at(-1)).toContain("Which mood?");
      expect(chat.buttons).toEqual(["Warm", "Cold"]);
      expect(said.join("\n")).not.toMatch(/nothing changed|ask_question|q0|o1/i);
    },
  );

  it("has no marks that turn the direction of what stands around it", async () => {
    const { nemo, chat } = await startScene();
    const options = ["\u202eWarm\u202c", "Cold\u2066"];
    ask(nemo, "\u202dColours", [{ prompt: "Which \u202emood?\u200f 👨\u200d👩\u200d👧", options }]);
    const said = await chat.asks("make it prettier");
    expect(said.at(-1)).toContain("Which mood? 👨\u200d👩\u200d👧");
    expect(said.join("\n")).not.toMatch(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
    expect(chat.buttons).toEqual(["Warm", "Cold"]);
  });

  it("comes after the agent's words, and its answer is the next message, once", async () => {
    const { nemo, chat } = await startScene();
    ask(nemo, "", [MOOD], { text: "I looked at your clip." });
    const said = await chat.asks("make it prettier");
    expect(said.slice(-2)[0]).toBe("I looked at your clip.");
    const other = chat.actionOf("Warm");
    await chat.presses("Cold");
    expect(told(nemo)).toEqual(["make it prettier", "Cold"]);
    expect(chat.text).toContain("✓ Cold");
    expect(await chat.asks("", { action: other })).toEqual([
      expect.stringContaining("already been answered"),
    ]);
    expect(told(nemo)).toHaveLength(2);
  });

  it.each([
    ["by its words", "cold", "Cold"],
    ["by its words and a full stop", "“Cold.”", "Cold"],
    ["by its number", "2", "Cold"],
    ["in words of one's own", "something like a rainy evening", "something like a rainy evening"],
    ["in a word that is small talk elsewhere", "ok", "ok"],
  ])("can be answered %s", async (_how, typed, sent) => {
    const { nemo, chat } = await startScene();
    ask(nemo, "", [MOOD]);
    await chat.asks("make it prettier");
    await chat.asks(typed);
    expect(told(nemo)).toEqual(["make it prettier", sent]);
  });

  it("takes an option for an answer that means something else elsewhere", async () => {
    const { nemo, chat } = await startScene();
    ask(nemo, "", [{ prompt: "And now?", options: ["Export", "Stop"] }]);
    await chat.asks("make it prettier");
    await chat.asks("stop");
    expect(told(nemo)).toEqual(["make it prettier", "Stop"]);
    expect(nemo.requests("POST /api/render")).toEqual([]);
  });

  it("takes words for an answer that may be a cancel elsewhere", async () => {
    const { nemo, chat } = await startScene();
    ask(nemo, "", [{ prompt: "Shall I remove the noise?", options: ["Yes"] }]);
    await chat.asks("make it prettier");
    await chat.asks("leave it");
    expect(told(nemo)).toEqual(["make it prettier", "leave it"]);
  });

  it("leaves commands what they are", async () => {
    const { nemo, chat } = await startScene();
    ask(nemo, "", [MOOD]);
    await chat.asks("make it prettier");
    const [credits] = await chat.asks("credits");
    expect(credits).toContain("100");
    await chat.presses("Warm");
    expect(told(nemo)).toEqual(["make it prettier", "Warm"]);
  });

  it("of several parts is asked one by one and answered in one message", async () => {
    const { nemo, chat } = await startScene();
    ask(nemo, "Style", [MOOD, { prompt: "How long?", options: ["5 s", "10 s"] }]);
    await chat.asks("make it prettier");
    const [second] = await chat.presses("Warm");
    expect(second).toContain("How long?");
    expect(second).not.toContain("Style");
    expect(told(nemo)).toHaveLength(1);
    await chat.presses("10 s");
    expect(told(nemo)[1]).toBe("Which mood? Warm\nHow long? 10 s");
  });

  it("that takes several options lets them be ticked, and sends them when done", async () => {
    const { nemo, chat } = await startScene();
    ask(nemo, "", [{ prompt: "What shall I add?", options: ["Titles", "Music", "Fades"], several: true }]);
    await chat.asks("make it prettier");
    expect(await chat.presses("Done")).toEqual([expect.stringContaining("Nothing is ticked")]);
    await chat.presses("Fades");
    await chat.presses("Titles");
    await chat.presses("Music");
    await chat.presses("✓ Music");
    const question = chat.messages.find((message) => message.text.includes("What shall I add?"));
    expect(question?.buttons.map(({ label }) => label)).toEqual(["✓ Titles", "Music", "✓ Fades", "Done"]);
    expect(told(nemo)).toHaveLength(1);
    await chat.presses("Done");
    expect(told(nemo)[1]).toBe("Titles, Fades");
  });

  it("survives a restart", async () => {
    const scene = await startScene({ storage: "disk" });
    ask(scene.nemo, "", [MOOD, { prompt: "How long?", options: ["5 s", "10 s"] }]);
    await scene.chat.asks("make it prettier");
    await scene.chat.presses("Cold");
    const action = scene.chat.actionOf("5 s");
    const { chat } = await scene.restart();
    await chat.asks("", { action });
    expect(told(scene.nemo)[1]).toBe("Which mood? Cold\nHow long? 5 s");
  });

  it("ends with the next message, whatever that is", async () => {
    const { nemo, chat } = await startScene();
    ask(nemo, "", [MOOD]);
    await chat.asks("make it prettier");
    await chat.asks('add the title "Hello"');
    expect(await chat.presses("Warm")).toEqual([expect.stringContaining("already been answered")]);
    expect(told(nemo)).toHaveLength(2);
  });

  it("with options longer than a button spells them out", async () => {
    const { nemo, chat } = await startScene();
    const long = "A slow and warm look as on a late summer evening by the sea";
    ask(nemo, "", [{ prompt: "Which look?", options: [long, "Plain"] }]);
    await chat.asks("make it prettier");
    expect(chat.last.text).toContain(`1. ${long}\n2. Plain`);
    await chat.asks("1");
    expect(told(nemo)[1]).toBe(long);
  });

  it.each([
    ["no questions", {}],
    ["questions that are none", { questions: "what?" }],
    ["nothing to ask", { questions: [{ prompt: "", options: [] }] }],
  ])("with %s is passed over", async (_what, args) => {
    const { nemo, chat } = await startScene();
    const steps: TurnStep[] = [
      { kind: "tool", name: "ask_question", args },
      { kind: "text", text: "All done." },
    ];
    nemo.scenario.add({ on: "turn", do: { kind: "steps", steps } });
    expect(await chat.asks("make it prettier")).toContain("All done.");
    expect(chat.text).not.toContain("ask_question");
  });

  it("that nobody could see, since the turn failed, takes no answers", async () => {
    const { nemo, chat } = await startScene();
    const question = { questions: [{ id: "q", prompt: "Go on?", options: [{ id: "o", label: "Stop" }] }] };
    const steps: TurnStep[] = [
      { kind: "ask", question },
      { kind: "error", message: "the agent fell over" },
    ];
    nemo.scenario.add({ on: "turn", do: { kind: "steps", steps } });
    await chat.asks("make it prettier");
    expect(chat.text).not.toContain("Go on?");
    await chat.asks("stop");
    expect(told(nemo)).toEqual(["make it prettier"]);
  });

  it("is shown at once when the connection breaks behind it", async () => {
    const { nemo, chat } = await startScene({ settings: { RECOVERY_FIRST_WAIT_MS: "60000" } });
    const question = {
      questions: [{ id: "q", prompt: "Which mood?", options: [{ id: "o", label: "Warm" }] }],
    };
    const steps: TurnStep[] = [{ kind: "ask", question }, { kind: "drop" }];
    nemo.scenario.add({ on: "turn", do: { kind: "steps", steps } });
    await chat.asks("make it prettier");
    expect(chat.buttons).toEqual(["Warm"]);
    await chat.presses("Warm");
    expect(told(nemo)).toEqual(["make it prettier", "Warm"]);
  });

  it("comes before a move that the agent leaves to the person, which is not lost", async () => {
    const { nemo, chat } = await startScene();
    ask(nemo, "", [MOOD], { text: "I warmed it up.\n\nDrag the title to the start of the timeline." });
    await chat.asks("make it prettier");
    expect(chat.messages.slice(-3).map(({ text }) => text.split("\n")[0])).toEqual([
      "I warmed it up.",
      "Move the title to the start of the timeline",
      "Which mood?",
    ]);
    expect(told(nemo)).toHaveLength(1);
    await chat.presses("Do that");
    expect(told(nemo).at(-1)).toBe("Move the title to the start of the timeline");
  });

  it("of a session that is lost is no part of what the next one is told", async () => {
    const { nemo, chat } = await startScene();
    ask(nemo, "", [MOOD]);
    await chat.asks("make it prettier");
    nemo.command("lose");
    await chat.presses("Warm");
    expect(chat.text).toContain("lost your project");
    await chat.asks('add the title "Hello"');
    expect(told(nemo).at(-1)).toBe('add the title "Hello"');
  });

  it("shows nothing of the machine, and gives the agent its own label back", async () => {
    const { nemo, chat } = await startScene();
    const signed = "https://cdn.example.com/a/8f14e45f.mp4?X-Amz-Signature=0123456789abcdef0123456789abcdef";
    ask(nemo, "", [{ prompt: `Which part of ${signed} shall I keep?`, options: [`Keep ${signed}`, "Both"] }]);
    await chat.asks("make it prettier");
    expect(chat.text).toContain("shall I keep?");
    expect(chat.text + chat.buttons.join()).not.toContain("X-Amz");
    await chat.asks("1");
    expect(told(nemo)[1]).toBe(`Keep ${signed}`);
    expect(chat.text).not.toContain("X-Amz");
  });

  it("without options asks for words", async () => {
    const { nemo, chat } = await startScene();
    ask(nemo, "", [{ prompt: "What is the film's name?", options: [] }]);
    const said = await chat.asks("make a film");
    expect(said.at(-1)).toContain("What is the film's name?");
    await chat.asks("Paradise");
    expect(told(nemo)[1]).toBe("Paradise");
  });

  it("can be tried on the sandbox", async () => {
    const { chat } = await startScene();
    await chat.asks("generate a video of the sea");
    await chat.asks("add music, ask me which");
    await chat.presses("Add lo-fi music");
    expect(chat.last.text).toContain("I added Lo-fi background music");
  });
});
