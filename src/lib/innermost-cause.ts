/** Causes of causes; a longer chain says nothing more. */
const MAX_DEPTH = 8;

/** The message of the innermost cause: the errors around it say less. */
export function innermostCause(error: unknown): string {
  let inner = error;
  for (let depth = 0; depth < MAX_DEPTH && inner instanceof Error; depth++) {
    // Node tries all addresses of a name, and tells of each.
    const next = inner instanceof AggregateError ? inner.errors[0] : (inner.cause ?? wrapped(inner));
    if (next === undefined) break;
    inner = next;
  }
  return inner instanceof Error ? inner.message || inner.name : String(inner);
}

/** grammY keeps the error it met in a field of its own. */
function wrapped(error: Error): unknown {
  return "error" in error ? error.error : undefined;
}
