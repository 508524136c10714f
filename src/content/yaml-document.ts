/** YAML that a schema checks, with the line of each mistake. */
import { isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
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
  /** Undefined where there are problems. */
  readonly #value: unknown;

  /** `firstLine`: the line of the file where `source` begins. */
  constructor(source: string, firstLine = 1) {
    this.#source = source;
    this.#firstLine = firstLine;
    const options = { lineCounter: this.#lines, uniqueKeys: true, prettyErrors: false } as const;
    this.#document = parseDocument(source, options);
    const problems = this.#document.errors.map((error) => ({
      line: this.#lineAt(error.pos[0]),
      text: `is no valid YAML: ${error.message}`,
    }));
    visit(this.#document, {
      Alias: (_key, alias) => {
        if (alias.resolve(this.#document)) return;
        const text = `is no valid YAML: no value is named &${alias.source} before this line`;
        problems.push({ line: this.#lineAt(startOf(alias) ?? 0), text });
      },
    });
    try {
      if (problems.length === 0) this.#value = this.#document.toJS();
    } catch (error) {
      // Aliases of aliases that would fill the memory.
      problems.push({ line: this.#firstLine, text: `is no valid YAML: ${String(error)}` });
    }
    this.problems = problems;
  }

  /** The values, undefined where there are `problems`; of `asWritten` those keys whose numbers keep the form they have in the source: `1.10`. */
  value(asWritten: readonly string[] = []): unknown {
    const value = this.#value;
    if (typeof value !== "object" || value === null) return value;
    const texts = asWritten.flatMap((key) => {
      const node = this.#document.get(key, true);
      return isScalar(node) && typeof node.value === "number" ? [[key, node.source]] : [];
    });
    return { ...value, ...Object.fromEntries(texts) };
  }

  /** What `schema` finds wrong with the values. */
  explain(error: z.ZodError): YamlProblem[] {
    return error.issues.flatMap((issue) => {
      if (issue.code === "unrecognized_keys") {
        return issue.keys.map((key) => ({
          line: this.lineOf([...issue.path, key]),
          text: `${nameOf(issue.path)} Unrecognized key: "${key}"`,
        }));
      }
      const isMissing = !this.#document.hasIn(issue.path.slice(0, 1));
      const said = isMissing ? "is missing" : issue.message;
      return {
        line: isMissing ? 1 : this.lineOf(issue.path),
        text: `${nameOf(issue.path)} ${said}`,
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

function nameOf(path: readonly PropertyKey[]): string {
  return path.join(".") || "the file";
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
