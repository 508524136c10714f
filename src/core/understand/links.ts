/** The links of a text. */

/** A link in a text. */
interface Link {
  url: string;
  start: number;
  /** True when its path ends like a file that can be edited. */
  isFile: boolean;
}

const FILE_EXTENSIONS = "mp4|mov|avi|webm|mkv|jpe?g|png|gif|webp|mp3|wav|m4a|aac";
const LINK = /https?:\/\/[^\s<>"`|\\^{}，。！？；：、（）【】《》「」『』“”‘’…]+/giu;
const FILE_PATH = new RegExp(`\\.(?:${FILE_EXTENSIONS})$`, "i");
/** In a script without spaces the next word may follow a file's name directly. */
const FILE_THEN_WORD = new RegExp(`\\.(?:${FILE_EXTENSIONS})(?=(?!\\p{Script=Latin})\\p{L})`, "iu");

/** The http(s) links of a text, in their order, without the punctuation around them. */
export function findLinks(text: string): Link[] {
  const links: Link[] = [];
  for (const match of text.matchAll(LINK)) {
    const url = trimLink(match[0]);
    if (!URL.canParse(url)) continue;
    links.push({ url, start: match.index, isFile: FILE_PATH.test(new URL(url).pathname) });
  }
  return links;
}

/** A link without the punctuation of the sentence around it; a closing bracket stays when it was opened inside. */
function trimLink(raw: string): string {
  const glued = FILE_THEN_WORD.exec(raw);
  let end = glued === null ? raw.length : glued.index + glued[0].length;
  while (end > 0) {
    const last = raw.charAt(end - 1);
    const before = raw.slice(0, end - 1);
    // The second is an IPv6 host, as in http://[::1].
    const isOpened =
      (last === ")" && before.lastIndexOf("(") > before.lastIndexOf(")")) ||
      (last === "]" && /^https?:\/\/[^/]*\[[^\]]*$/i.test(before));
    if (!/[.,;:!?)\]'*_~]/.test(last) || isOpened) break;
    end -= 1;
  }
  return raw.slice(0, end);
}

/** The text around `links`. */
export function withoutLinks(text: string, links: readonly Link[]): string {
  let rest = "";
  let end = 0;
  for (const link of links) {
    rest += `${text.slice(end, link.start)} `;
    end = link.start + link.url.length;
  }
  return (rest + text.slice(end))
    .replace(/<[ \t]{0,9}>|\([ \t]{0,9}\)|（[ \t]{0,9}）/g, " ")
    .replace(/[ \t]+/g, " ")
    .replace(/ (?=[.,;:!?，。！？；：、])/g, "")
    .replace(/ ?\n ?/g, "\n")
    .trim();
}
