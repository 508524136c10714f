/**
 * What the agent does, by the names of its tools, in words for people. The backend documents no list of them: a name,
 * or the operation in its arguments, tells by the words in it, and what tells nothing stays silent.
 */
import type { TextKey } from "../model/locales.ts";
import type { RichText } from "../model/rich-text.ts";
import type { TurnEvent } from "../ports/video-backend.ts";
import type { Speaker } from "./speaker.ts";

/** The first that fits counts. */
const STEPS: readonly [RegExp, TextKey][] = [
  [
    /(generat|creat|make|render|gen)\w*_?video|video_?gen|(text|image|img)_?(to|2)_?video|animat/,
    "step.video",
  ],
  [/(generat|creat|make|gen)\w*_?(image|picture|photo)|image_?gen|text_?(to|2)_?image/, "step.image"],
  [/music|bgm|song/, "step.music"],
  [/tts|voice|speech|narrat|dub/, "step.voice"],
  [/sound|sfx|audio|volume/, "step.sound"],
  [/subtitle|caption|transcri/, "step.subtitles"],
  [/background|matting|segment|mask|inpaint|erase|(remove|replace)_?(object|person)/, "step.background"],
  [/title|text|overlay|sticker|logo/, "step.text"],
  [/transition/, "step.transition"],
  [/filter|effect|colou?r|grad(e|ing)|lut|look/, "step.look"],
  [/trim|cut|split|crop|speed|merge|concat/, "step.cut"],
  [/search|stock|fetch|download/, "step.search"],
  [/analy[sz]e|understand|inspect|detect|watch|describe/, "step.watch"],
  [/timeline|track|edit|draft|clip/, "step.timeline"],
];
/** Of a name that is looked at. */
const MAX_NAME = 80;

/** Null for a tool that says nothing to people. */
export function stepText(
  speaker: Speaker,
  { name, args }: TurnEvent & { type: "tool-call" },
): RichText | null {
  const { operation, action } = args;
  for (const word of [operation, action, name]) {
    if (typeof word !== "string") continue;
    const called = word
      .slice(0, MAX_NAME)
      .toLowerCase()
      .replaceAll(/[-.\s]/g, "_");
    const step = STEPS.find(([pattern]) => pattern.test(called));
    if (step) return speaker.rich(step[1]);
  }
  return null;
}
