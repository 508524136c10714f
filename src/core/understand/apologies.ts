/** Tells apologies of the agent from what it has to say. Source: nemo-api.md, "The SSE stream", rule 6. */
import type { PhraseFiles } from "../model/phrases.ts";
import type { Understanding } from "../model/understanding.ts";

/** Reads the agent's sentences in any of the languages. */
export function createApologyReader(files: PhraseFiles): Pick<Understanding, "readApology" | "sentenceEnds"> {
  const languages = Object.values(files);
  const apologies = languages.flatMap((language) => language.apologies ?? []);
  const either = (key: keyof (typeof apologies)[number], frame: string): RegExp => {
    const sources = apologies.flatMap((apology) => apology[key] ?? []);
    return new RegExp(
      frame.replaceAll("@", () => `(?:${sources.join("|") || "(?!)"})`),
      "iu",
    );
  };
  const trouble = either("trouble", "^[^\\p{L}\\p{N}]{0,8}@");
  const goesOn = either("goesOn", "@");
  const onlySorry = either("sorry", "^[^\\p{L}\\p{N}]{0,8}@[^\\p{L}\\p{N}]{0,8}$");
  const advice = either("advice", "^[^\\p{L}\\p{N}]{0,8}@[^\\p{L}\\p{N}]{0,8}$");
  const starts = [
    ...apologies.flatMap(({ sentenceStart }) => sentenceStart ?? []),
    ...languages.flatMap(({ unspaced = [] }) => unspaced.map((script) => `\\p{Script=${script}}`)),
  ];
  const sentenceEnd = new RegExp(
    `[.!?…]["')\\]*”’]{0,8}(?=\\s|$|${starts.join("|") || "(?!)"})|[。！？]["')\\]*”’」』）]{0,8}|\\n`,
    "gu",
  );
  return {
    readApology(sentence) {
      const apology = trouble.exec(sentence);
      if (apology !== null) return goesOn.test(sentence.slice(apology[0].length)) ? "content" : "apology";
      if (onlySorry.test(sentence)) return "sorry";
      return advice.test(sentence) ? "advice" : "content";
    },
    sentenceEnds: (text) => [...text.matchAll(sentenceEnd)].map((match) => match.index + match[0].length),
  };
}
