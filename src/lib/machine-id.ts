/** Ids as machines make them, known by their form. */

const PREFIX =
  /^(?:seg(?:ment)?|sess(?:ion)?|task|clip|asset|job|req(?:uest)?|tool(?:u|call)?|call|evt|event|usr|user|anon|msg|message|trk|track|file|media|proj(?:ect)?|draft|node|gen|render|res|resource|run|turn|clm|vid|video|aud|audio|img|image|layer|upload|effect|text|title|art|artifact|item|elem(?:ent)?|scene|mat(?:erial)?|org|ws|wf|tmp|temp|obj|key|sk|pk|inv|trace|span)$/i;
const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi;

/** An id by its form: parts that no person would write or say. */
export function isMachineId(word: string): boolean {
  if (word.search(UUID) >= 0) return true;
  const parts = word.split(/[_-]/);
  if (parts.some(isRandom)) return true;
  const [prefix = "", ...rest] = parts;
  return PREFIX.test(prefix) && rest.some((part) => isCode(part));
}

/** A value that its label calls an id needs only look like one. */
export function isNamedId(named: string, value: string): boolean {
  if (isMachineId(value)) return true;
  const isWire = /^[a-z]+(?:_[a-z]+)*_(?:id|key|token|hash|uuid)\b|^[a-z]+Id\b/.test(named);
  const isLabel =
    /(?:id|uuid|guid|hash|sha-?\d*|md5|checksum|etag|token|编号|标识符?|哈希值?|密钥)[\s"'`“]*(?:[:=：#]|is|was|为|是)/i.test(
      named,
    );
  return /\d/.test(value) && (isWire || (isLabel && value.length >= 6));
}

/** What a person would read in a name that holds an id; null when nothing is left of it. */
export function humanPart(name: string): string | null {
  const human = name
    .replace(UUID, "")
    .split(/([_\s-]+)/)
    .filter((part, index) => index % 2 === 1 || !isRandom(part));
  const kept = human.join("").replace(/^[_\s-]+|[_\s-]+$/g, "");
  return kept === "" || kept === name || PREFIX.test(kept) ? null : kept;
}

/** Behind a prefix less is enough: `seg_8a7b6c`, `render_1712345678`. */
function isCode(part: string): boolean {
  if (/^\d{9,}$/.test(part)) return true;
  return part.length >= 5 && switches(part) >= 2 && !/^\d{1,4}[xp]\d{1,4}/i.test(part);
}

function isRandom(part: string): boolean {
  const { length } = part;
  if (/^\d{13,}$/.test(part)) return true;
  const count = switches(part);
  if (/^[0-9a-f]+$/i.test(part)) {
    if (length >= 12 && count >= 2) return true;
    if (length >= 8 && count >= 3) return true;
  }
  if (/^\d{2,5}x\d{2,5}/i.test(part)) return false;
  if (length >= 10 && count >= 5) return true;
  return length >= 16 && count >= 3 && /[a-z]/.test(part) && /[A-Z]/.test(part);
}

/** How often letters and digits take turns. */
function switches(part: string): number {
  return part.match(/(?<=\d)[a-z]|(?<=[a-z])\d/gi)?.length ?? 0;
}
