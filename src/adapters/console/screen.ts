/** Where lines go: a terminal with a prompt below, or a plain stream. */
import type { Interface } from "node:readline/promises";
import { columnsOf } from "./render.ts";

export interface Screen {
  /** True where bold and dim are understood. */
  readonly isStyled: boolean;
  /** Prints a message; one that stands last with the same id is replaced in place. */
  print(id: string, text: string): void;
  /** Takes a message away that stands last; what stands above others stays. */
  remove(id: string): void;
  /** Something else was written, such as a typed line: nothing above can be replaced any more. */
  breakOff(): void;
}

/** For a file or a pipe: everything is written once, one below the other. */
export function plainScreen(output: NodeJS.WritableStream): Screen {
  return {
    isStyled: false,
    print: (_id, text) => {
      output.write(`${text}\n`);
    },
    remove: () => {},
    breakOff: () => {},
  };
}

/** For a terminal: prints above the prompt and keeps what is being typed. */
export function terminalScreen(output: NodeJS.WriteStream, prompt: () => Interface | null): Screen {
  let last: { id: string; rows: number } | null = null;

  /** Empties the line of the prompt, and takes the message `id` away if it stands last. */
  function clear(id: string): void {
    output.cursorTo(0);
    output.clearLine(0);
    if (last?.id !== id || last.rows === 0) return;
    output.moveCursor(0, -last.rows);
    output.clearScreenDown();
  }

  return {
    isStyled: true,
    print(id, text) {
      clear(id);
      output.write(`${text}\n`);
      const width = output.columns || 80;
      const rows = text
        .split("\n")
        .reduce((sum, line) => sum + Math.max(1, Math.ceil(columnsOf(line) / width)), 0);
      last = { id, rows };
      prompt()?.prompt(true);
    },
    remove(id) {
      if (last?.id !== id) return;
      clear(id);
      last = null;
      prompt()?.prompt(true);
    },
    breakOff: () => {
      last = null;
    },
  };
}
