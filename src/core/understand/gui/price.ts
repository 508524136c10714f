/**
 * What a button is said to cost, so that a person knows it before pressing ours. Source: nemo-api.md, "GUI
 * translation", and its prices in credits.
 */

const PRICE =
  /(?:(?:it|this|that|which|and) )?(?:will )?((?:(?:costs?|uses?|takes?|requires?|consumes?|spends?|needs?) )?(?:about |around |roughly |approximately |up to |[~≈] ?)?\d[\d,.]{0,8} credits?(?: (?:per|for each) \p{L}{1,12})?)|((?:(?:大约|约|需要?|将|会|共|预计|消耗|花费|扣除|使用|收取|每次|每段)){0,5} ?\d[\d,.]{0,8} ?[个点]?(?:积分|点数))/iu;
/** The whole remark counts: "(costs 100 credits, takes 2 minutes)". */
const PRICE_PARENTHESIS =
  /[(（]([^()（）\n]{0,80}?\d[\d,.]{0,8} ?(?:credits?|[个点]?积分|点数)[^()（）\n]{0,80})[)）]/iu;

/** Whether a text holds a price in credits. */
export function namesPrice(text: string): boolean {
  return PRICE.test(text);
}

/** The price in `text` as a sentence, with the `button` it belongs to when it is a mere number; null without one. */
export function priceSentence(text: string, button: string): string | null {
  const said = PRICE.exec(text);
  const price = (PRICE_PARENTHESIS.exec(text)?.[1] ?? said?.[1] ?? said?.[2] ?? "").trim();
  if (price === "") return null;
  const isChinese = /\p{Script=Han}/u.test(price);
  const label = /^\d/.test(price) ? `${button}${isChinese ? "：" : ": "}` : "";
  return label + price.replace(/[.。]$/, "") + (isChinese ? "。" : ".");
}
