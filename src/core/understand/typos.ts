/** Words with a letter wrong. */

/** The shortest word in which any letter may be wrong; in one letter less, two may have changed places. */
const SHORTEST = 5;

/** Finds the one of `words` that is meant by a word it is not one of; null when none is a letter away. */
export function createTypoReader(words: Iterable<string>): (word: string) => string | null {
  // By first letter and length: a typo is looked up in a few words.
  const buckets = new Map<string, string[]>();
  for (const word of new Set(words)) {
    if (!/^\p{L}+$/u.test(word) || word.length < SHORTEST - 1) continue;
    const bucket = bucketOf(word, word.length);
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), word]);
  }
  return (word) => {
    if (word.length < SHORTEST - 1) return null;
    const candidates = [0, 1, -1].flatMap((more) => buckets.get(bucketOf(word, word.length + more)) ?? []);
    const isMeant = (meant: string) =>
      meant.length < SHORTEST
        ? meant.length === word.length && isOneLetterAway(word, meant) && sorted(word) === sorted(meant)
        : isOneLetterAway(word, meant);
    return candidates.find(isMeant) ?? null;
  };
}

function bucketOf(word: string, length: number): string {
  return `${word.charAt(0)}${length}`;
}

/** "Hahahaha", "thankssss" and "yesss" in fewer letters: what may be meant, the likeliest first. */
export function unstretched(word: string): string[] {
  if (!/(.)\1|(..)\2/u.test(word)) return [];
  return [
    word.replace(/(.)\1{2,}/gu, "$1"),
    word.replace(/(.)\1{2,}/gu, "$1$1"),
    word.replace(/(.)\1+/gu, "$1"),
    word.replace(/^.?(..)\1+.?$/u, "$1$1"),
  ];
}

/** One letter added, left out, changed, or two neighbours in the wrong order. */
export function isOneLetterAway(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  return (
    restA.slice(1) === restB.slice(1) ||
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    (restA.slice(2) === restB.slice(2) && restA[0] === restB[1] && restA[1] === restB[0])
  );
}

function sorted(word: string): string {
  return [...word].sort().join("");
}
