/** Why the bot cannot start, as the operator should read it: the message alone is shown, without a stack. */
export class StartError extends Error {
  /** What has to be mended, a line each: with the file and the line, or the variable's name. */
  readonly problems: readonly string[];

  /** `lead` says what the problems belong to. */
  constructor(lead: string, problems: string[], options?: ErrorOptions) {
    super([lead, ...problems.map((problem) => `  ${problem}`)].join("\n"), options);
    this.name = "StartError";
    this.problems = problems;
  }
}
