/** Tells apologies of the agent from what it has to say. Source: nemo-api.md, "The SSE stream", rule 6. */

const SORRY =
  "(?:(?:i['’]?m|i am|we['’]?re|we are)? ?(?:so |very |really |terribly )?(?:sorry|apologies|i apologi[sz]e|we apologi[sz]e)(?: about (?:that|this)| for (?:that|this|the (?:inconvenience|trouble|delay)))?|oops|unfortunately)";
const CHINESE_SORRY = "(?:非常|很|十分|实在|真的)?(?:抱歉|对不起|不好意思|遗憾)";
/** "I encountered a temporary issue", said of the speaker, at the beginning of a sentence. */
const APOLOGY = new RegExp(
  `^[^\\p{L}\\p{N}]{0,8}(?:${SORRY}[,;:—–-]{0,2} ?(?:but |that )?){0,2}(?:it (?:seems|looks like) (?:that )?)?(?:i|we)(?:['’](?:ve|m|re))?(?: (?:have|am|are|just|also|had|was|were)){0,2} (?:encountered|encountering|ran into|run into|running into|hit|experienced|experiencing) (?:a |an |some )?temporary (?:\\p{L}{1,20} )?(?:issue|problem|error|glitch|failure)s?\\b` +
    `|^[^\\p{L}\\p{N}]{0,8}(?:${CHINESE_SORRY}[，,：:]?(?:我们?|系统|服务器?|后台)?|我们?)(?:刚刚|刚才|这边|这里|暂时|目前){0,2}(?:遇到|出现|发生|碰到)了?(?:一个|一些|一点|了)?(?:临时|暂时)(?:性)?的?小?(?:问题|错误|故障)`,
  "iu",
);
/** Behind this the sentence tells what was done about it, and that is content. */
const GOES_ON =
  /\b(?:so|but|therefore|instead|however|which)\b|\band (?!(?:could|can|was|were|am|are|need|have|please|try)\b)|所以|因此|因而|但|不过|改用|换|于是|已/iu;
const ONLY_SORRY = new RegExp(
  `^[^\\p{L}\\p{N}]{0,8}(?:${SORRY}|${CHINESE_SORRY})[^\\p{L}\\p{N}]{0,8}$`,
  "iu",
);
/** What may follow an apology without making it an answer. */
const ADVICE =
  /^\W{0,8}(?:(?:please|kindly|you (?:can|may)|feel free to) )?(?:try|retry|wait|check back|come back)(?: (?:it|that|this|your request|sending it|a (?:moment|bit|few (?:moments|minutes|seconds))|and|then|try|once|more|again|later|shortly|soon|in|after|some|time|for))*\W{0,8}$|^\W{0,8}(?:thank you|thanks) for your (?:patience|understanding)\W{0,8}$/iu;
const CHINESE_ADVICE =
  /^(?=.{0,20}[试稍])[^\p{L}\p{N}]{0,8}(?:请|您?可以|麻烦您?)?(?:稍后|稍候|稍等|等一?会儿?|过一?会儿?|片刻后|一会儿)?(?:片刻)?[，,]?(?:请|再|重新)?(?:重试|再试|尝试|试)?(?:一次|一下|一遍)?[^\p{L}\p{N}]{0,8}$|^[^\p{L}\p{N}]{0,8}(?:由此)?(?:给|为|对)您?带来的?(?:的)?不便[，,]?(?:我们)?(?:深感|深表|敬请|请|非常|十分|表示)?(?:歉意|抱歉|谅解|见谅)[^\p{L}\p{N}]{0,8}$|^[^\p{L}\p{N}]{0,8}(?:感谢|谢谢)您?的?(?:耐心等待|理解|耐心)[^\p{L}\p{N}]{0,8}$/u;

/** What a sentence of the agent is beside a temporary problem that it has. */
export function readApology(sentence: string): "apology" | "sorry" | "advice" | "content" {
  const apology = APOLOGY.exec(sentence);
  if (apology !== null) return GOES_ON.test(sentence.slice(apology[0].length)) ? "content" : "apology";
  if (ONLY_SORRY.test(sentence)) return "sorry";
  return ADVICE.test(sentence) || CHINESE_ADVICE.test(sentence) ? "advice" : "content";
}
