/** Three files make a language, and nothing else: a made-up one, "Miro", is added to the bot's own and used. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadContent } from "../../src/content/content.ts";
import { CLIP, startScene, temporaryFolder } from "../support/test-chat.ts";

const CONFIG = join(import.meta.dirname, "../../config");

/** What is said of the texts below; all others are those of English with a mark. */
const TEXTS: Record<string, string> = {
  "language.name": "Miro",
  "language.switched": "Mi miras nun.",
  "help.text": "{title} Povo: {time} {formats} {limit}",
  "cancel.nothing": "Nul por haltar.",
  "credits.text": "Oro: {available}/{frozen}/{total}",
};

const PHRASES = `
fillers: bonvo, dankel
questions: kielo
intents:
  - action: export
    each:
      - eksportu, elsendu
      - ~, la filmo, gi
  - action: credits
    say: kiom da oro, oro
  - action: language
    each:
      - ~, parolu
      - "{language}"
  - action: skill
    each:
      - majstro
      - "{skill}"
smallTalk:
  thanks: dankegon
  agree: jes
hints:
  - action: export
    say: filmo, elsendita
light: mi, volas, vidi
film: faru
commands:
  help: helpo
  cancel: haltu
languages:
  eo: miro, lingvo miro
cancel:
  stop: haltu, cesigu
  export: eksporton
  not: nenio
  filler: bonvo
apologies:
  sorry: pardonu
  trouble: (?:{sorry}, )?mi trovis problemon
  goesOn: sed
  advice: provu denove
gui:
  writing: { quotes: [«»] }
  words:
    tap: klaku
    label: eksportu, oro
  rules:
    - label: '{tap} (?<label>{label})'
  labels: { export: eksportu, show-credits: oro }
  move: "Movu {what} {where}"
examples:
  bonvo eksportu gi: export
`;

const SKILLS = `
film-maker:
  title: Filmisto
  greeting: Saluto! Donu filmon.
  startExamples:
    - faru komencon
`;

/** The bot's own files with those of the new language beside them. */
async function configWithMiro(): Promise<string> {
  const dir = await temporaryFolder();
  await cp(CONFIG, dir, { recursive: true });
  const english: Record<string, string> = JSON.parse(await readFile(join(CONFIG, "locales/en.json"), "utf8"));
  const texts = Object.entries(english).map(([key, text]) => [
    key,
    TEXTS[key] ?? (key.startsWith("command-name.") ? `mi-${text}` : `~ ${text}`),
  ]);
  await Promise.all([
    writeFile(join(dir, "locales/eo.json"), JSON.stringify(Object.fromEntries(texts), null, 2)),
    writeFile(join(dir, "phrases/eo.yaml"), PHRASES),
    writeFile(join(dir, "skills/eo.yaml"), SKILLS),
  ]);
  return dir;
}

it("is refused with the mistakes of its files all at once", async () => {
  const configDir = await configWithMiro();
  await writeFile(join(configDir, "locales/eo.json"), "{}");
  await writeFile(join(configDir, "phrases/eo.yaml"), "intents: [\n");
  const skills = { dir: join(configDir, "skills"), defaultSkill: "film-maker" };
  await expect(loadContent(skills, configDir)).rejects.toThrow(
    /eo\.json: misses "[\s\S]*eo\.yaml:\d: is no valid YAML/,
  );
});

async function startMiro() {
  const configDir = await configWithMiro();
  const skills = { dir: join(configDir, "skills"), defaultSkill: "film-maker" };
  return startScene({ content: await loadContent(skills, configDir) });
}

describe("a language that consists of three files", () => {
  it("is chosen by button, by command and by its name", async () => {
    const { chat } = await startMiro();
    await chat.asks("/language");
    expect(chat.buttons).toEqual(expect.arrayContaining(["English", "Miro", "中文"]));
    for (const choose of [
      () => chat.presses("Miro"),
      () => chat.asks("/language miro"),
      () => chat.asks("parolu miro"),
    ]) {
      await chat.asks("speak English");
      await choose();
      expect(chat.last.text).toBe("Mi miras nun.");
    }
  });

  it("is spoken to those whose platform names it, with the greeting of the skill", async () => {
    const { chat } = await startMiro();
    await chat.asks("/start", { language: "eo" });
    expect(chat.last.text).toContain("~ ");
    expect(chat.last.text).toContain("Filmisto");
    expect(chat.last.text).toContain("Saluto! Donu filmon.");
    expect(chat.buttons).toContain("faru komencon");
    await chat.asks("/helpo", { language: "eo" });
    expect(chat.last.text).toContain("Povo:");
  });

  it("is understood: export, cancel, help, a skill, and words that are none of these", async () => {
    const { nemo, chat } = await startMiro();
    await chat.sendsFile(CLIP, "make it warmer", { language: "eo" });
    await chat.asks("bonvo eksportu la filmo, dankel!", { language: "eo" });
    expect(nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(1);
    expect(chat.last.video).not.toBeNull();
    await chat.asks("bonvo haltu", { language: "eo" });
    expect(chat.last.text).toBe("Nul por haltar.");
    await chat.asks("nenio eksporton", { language: "eo" });
    expect(chat.last.text).toBe("Nul por haltar.");
    await chat.asks("kielo eksportu?", { language: "eo" });
    expect(chat.last.text).toContain("Povo:");
    await chat.asks("majstro filmisto", { language: "eo" });
    expect(chat.last.text).toContain("Filmisto");
    const turns = nemo.requests("POST /run_sse").length;
    await chat.asks("haltu la muziko", { language: "eo" });
    expect(nemo.requests("POST /run_sse").length).toBe(turns + 1);
  });

  it("is small talk, and is asked about where it may be a command", async () => {
    const { nemo, chat } = await startMiro();
    expect(await chat.asks("dankegon!", { language: "eo" })).toEqual([]);
    expect(chat.reactions).toEqual(["❤"]);
    const [asked = ""] = await chat.asks("mi volas vidi filmon", { language: "eo" });
    expect(asked).toContain("~ ");
    expect(chat.buttons).toEqual(["~ Export", "~ Send it to the editor"]);
    expect(nemo.requests("POST /run_sse")).toEqual([]);
  });

  it("quotes with its own marks: what stands between them is of the film", async () => {
    const { nemo, chat } = await startMiro();
    await chat.asks("«Привет всем» faru", { language: "eo" });
    expect(nemo.requests("POST /api/tasks")[0]?.json).toMatchObject({ language: "eo" });
    await chat.asks("«haltu»", { language: "eo" });
    expect(nemo.requests("POST /run_sse")).toHaveLength(2);
  });

  it("is understood beside the others, whatever language its writer has chosen", async () => {
    const { chat } = await startMiro();
    await chat.asks("kiom da oro", { language: "zh" });
    expect(chat.last.text).toContain("可用 100");
    await chat.asks("show my credits", { language: "eo" });
    expect(chat.last.text).toContain("Oro: 100/");
  });

  it("is read in what the agent says of buttons and of its problems", async () => {
    const { nemo, chat } = await startMiro();
    await chat.sendsFile(CLIP, "", { language: "eo" });
    nemo.scenario.add({
      on: "turn",
      do: { kind: "turn", texts: ["Preta! Klaku eksportu.", " Pardonu, mi trovis problemon."], edits: [] },
    });
    const said = await chat.asks("faru ion", { language: "eo" });
    expect(said[0]).toBe("Preta!");
    expect(nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(1);
    expect(chat.text).not.toMatch(/Klaku|problemon/);
  });
});
