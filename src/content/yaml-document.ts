/** YAML that a schema checks, with the line of each mistake. */
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";

/** Line and text of something that has to be mended. */
export interface YamlProblem {
  line: number;
  text: string;
}

export class YamlDocument {
  /** What keeps the source from being YAML at all. */
  readonly problems: readonly YamlProblem[];
  readonly #source: string;
  readonly #firstLine: number;
  readonly #lines = new LineCounter();
  readonly #document: ReturnType<typeof parseDocument>;

  /** `firstLine`: the line of the file where `source` begins. */
  constructor(source: string, firstLine = 1) {
    this.#source = source;
    this.#firstLine = firstLine;
    const options = { lineCounter: this.#lines, uniqueKeys: true, prettyErrors: false } as const;
    this.#document = parseDocument(source, options);
    this.problems = this.#document.errors.map((error) => ({
      line: this.#lineAt(error.pos[0]),
      text: `is no valid YAML: ${error.message}`,
    }));
  }

  /** The values; of `asWritten` those keys whose numbers keep the form they have in the source: `1.10`. */
  value(asWritten: readonly string[] = []): unknown {
    const value: unknown = this.#document.toJS();
    if (typeof value !== "object" || value === null) return value;
    const texts = asWritten.flatMap((key) => {
      const node = this.#document.get(key, true);
      return isScalar(node) && typeof node.value === "number" ? [[key, node.source]] : [];
    });
    return { ...value, ...Object.fromEntries(texts) };
  }

  /** What `schema` finds wrong with the values. */
  explain(error: z.ZodError): YamlProblem[] {
    return error.issues.map((issue) => {
      const unknown = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
      const path = [...issue.path, ...unknown];
      const isMissing = !this.#document.hasIn(issue.path.slice(0, 1));
      const said = isMissing ? "is missing" : issue.message;
      return {
        line: isMissing ? 1 : this.lineOf(path),
        text: `${issue.path.join(".") || "the file"} ${said}`,
      };
    });
  }

  /** The line of the entry that `path` leads to, else of the nearest above it; within it, of `word`. */
  lineOf(path: readonly PropertyKey[], word?: string): number {
    let node: unknown = this.#document.contents;
    let start = 0;
    for (const key of path) {
      if (isMap(node)) {
        const pair = node.items.find((each) => isScalar(each.key) && String(each.key.value) === String(key));
        if (!pair) break;
        start = startOf(pair.key) ?? start;
        node = pair.value;
      } else if (isSeq(node)) {
        const item = node.items[Number(key)];
        start = startOf(item) ?? start;
        node = item;
      } else break;
    }
    const end = endOf(node) ?? this.#source.length;
    const at = word === undefined ? -1 : this.#source.indexOf(word, start);
    return this.#lineAt(at >= 0 && at < end ? at : start);
  }

  #lineAt(offset: number): number {
    return this.#lines.linePos(offset).line + this.#firstLine - 1;
  }
}

function startOf(node: unknown): number | undefined {
  return rangeOf(node)?.[0];
}

function endOf(node: unknown): number | undefined {
  return rangeOf(node)?.[1];
}

function rangeOf(node: unknown): readonly number[] | undefined {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  return Array.isArray(node.range) ? node.range : undefined;
}
