import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadUnderstanding } from "../../../../src/content/phrase-files.ts";
import type { GuiOffer, GuiTranslation } from "../../../../src/core/model/gui-action.ts";
import { StartError } from "../../../../src/lib/start-error.ts";
import { phrases, understanding } from "../../../support/content.ts";

/** `export`, `offer press Apply`, `edit Move it`, `nothing`, or `stays`. */
function done(text: string, { text: rest, actions, offers }: GuiTranslation): string {
  const said = (offer: GuiOffer): string => {
    if (offer.kind === "press") return `press ${offer.label}`;
    return offer.kind === "edit" ? `edit ${offer.text}` : offer.kind;
  };
  const all = [...actions.map(said), ...offers.map((offer) => `offer ${said(offer)}`)];
  if (rest !== "") return rest === text && all.length === 0 ? "stays" : `${rest} + ${all.join(", ")}`;
  return all.join(", ") || "nothing";
}

/** A bot always has English; this one says nothing in it. */
const SILENT = "intents: []\nexamples: {}\n";

/** The understanding of a folder with these phrase files, by language. */
async function load(files: Record<string, string>) {
  const dir = await mkdtemp(join(tmpdir(), "phrases-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  for (const [language, source] of Object.entries({ en: SILENT, ...files }))
    await writeFile(join(dir, `${language}.yaml`), source);
  return loadUnderstanding(dir, []);
}

/** A language that the code has never heard of. */
const DREAM = `
intents: []
examples: {}
apologies:
  sorry: pardonon
  trouble: '(?:{sorry}, )?mi havas problemon'
  goesOn: sed
  advice: reprovu
gui:
  writing: { quotes: ["«»"] }
  words:
    tap: "tik, tikä sur"
    button: "knop, knopét"
    label: ekspört, vidu
    thing: titól
    toward: al
    end: fino
  phrases:
    name: '{quoted}|{label}'
    rest: '(por _{1,9})?'
  rules:
    - label: '{tap} (?<label>{name}) {button}? {rest}'
    - move: 'trenó (?<what>{thing}) (?<where>{toward} ({end}|{time}))'
  patterns:
    time: \\d+ sek
    lead: bonvolu
    permission: 'vi povas '
    negation: ne
    tail: por
    clauseBreak: |-
      \\s+(?=kaj
      |sed)
  labels: { export: ekspört, show-tracks: vidu }
  move: "Movu {what} {where}"
`;

/** A language may leave them out. */
const EXAMPLES = Object.entries(phrases).flatMap(([language, { gui }]) =>
  Object.entries(gui?.examples ?? {}).map(([say, means]) => ({ language, say, means })),
);

it.each(EXAMPLES)("config/phrases/$language.yaml, example: $say: $means", ({ say, means }) => {
  expect(done(say, understanding.translateGui(say))).toBe(means);
});

describe("a language of its own, from its file alone", () => {
  it.each([
    ["Bonvolu tikä sur ekspört.", "export"],
    ["Tik «Vidu» por rigardi.", "show-tracks"],
    ["Vi povas tik ekspört knop.", "offer export"],
    ["Trenó titól al fino.", "edit Movu titól al fino"],
    ["Trenó titól al 5 sek.", "edit Movu titól al 5 sek"],
    ["Ne tik ekspört.", "stays"],
    ["Tik ça.", "stays"],
    ["Click Export.", "stays"],
  ])("%s: %s", async (say, means) => {
    const { translateGui } = await load({ eo: DREAM });
    expect(done(say, translateGui(say))).toBe(means);
  });

  it.each([
    ["Pardonon!", "sorry"],
    ["Pardonon, mi havas problemon.", "apology"],
    ["Mi havas problemon, sed ne plu.", "content"],
    ["Reprovu.", "advice"],
    ["Sorry!", "content"],
  ])("apologises: %s is %s", async (say, kind) => {
    const { readApology } = await load({ eo: DREAM });
    expect(readApology(say)).toBe(kind);
  });

  it("is read beside the others", async () => {
    const { translateGui } = await load({ eo: DREAM, xx: DREAM.replaceAll("tik", "puk") });
    expect(translateGui("Unu kaj du. Tik ekspört. Tri.")).toMatchObject({
      text: "Unu kaj du. Tri.",
      actions: [{ kind: "export" }],
    });
    expect(done("Puk vidu.", translateGui("Puk vidu."))).toBe("show-tracks");
  });
});

describe("a mistake in a phrase file", () => {
  it.each([
    ["a rule of an unknown class", "{tap} (?<label>{name})", "{top} (?<label>{name})", "{top}"],
    ["a phrase of an unknown class", "'{quoted}|{label}'", "'{quoted}|{lable}'", "{lable}"],
    ["a phrase that names itself", "'{quoted}|{label}'", "'{quoted}|{name}'", "{name} names itself"],
    ["an unknown meaning", "- label: '{tap}", "- lable: '{tap}", "lable"],
    ["a rule without the label it needs", "(?<label>{name})", "{name}", "(?<label>"],
    ["a bracket that is not closed", "(por _{1,9})?", "(por _{1,9}?", "Invalid regular expression"],
    ["a broken pattern", "lead: bonvolu", "lead: (bonvolu", "Invalid regular expression"],
    ["an unknown pattern", "lead: bonvolu", "laed: bonvolu", "laed"],
    ["an unknown label", "{ export: ekspört,", "{ exprt: ekspört,", "exprt"],
    ["a price without the words that say it", "lead: bonvolu", "price: kostas", "(?<price>"],
    ["an apology with an unknown part", "{sorry}, ", "{sory}, ", "Invalid regular expression"],
    ["an unknown script", "intents: []", "unspaced: Hanzi", "names no Unicode script"],
    ["quotes of one mark", '["«»"]', '["«"]', "opening and a closing mark"],
  ])("stops the process with file and line: %s", async (_, right, wrong, said) => {
    const source = DREAM.replace(right, wrong);
    const line = source.split("\n").findIndex((each) => each.includes(wrong)) + 1;
    const error: unknown = await load({ eo: source }).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StartError);
    expect(String(error)).toContain(`eo.yaml:${line}: `);
    expect(String(error)).toContain(said);
  });
});
