/**
 * The words that people in a hurry use to stop something, by what they do in a sentence; `intent.ts`
 * puts them together. English entries are words or phrases, Chinese ones are simplified and unspaced.
 */

/**
 * - `stop`: says to stop, with or without an object. `dismiss`: a whole cancel by itself ("never mind").
 * - `drop`: needs an object to be one ("forget the export"). `maybe`: stops something, or means the video.
 * - `not`: a negation before a verb. `work`: what the bot does. `export`: the same, for exports.
 * - `edit`: what an edit does to the video; `editing`: that it is being done.
 * - `it`: a pronoun that is never an article. `object`: names the work. `video`: names the whole film. `all`: everything.
 * - `yet`: puts it off. `over`: no more. `wait` and `no`: haste. `reason`: why one cancels.
 * - `not-yet`: a negation that puts it off. `says`: words of the film follow; behind a `label` they may.
 * - `question`: asks about a cancel; a `condition` makes a question of what stands before it. `subject`: begins a statement. `state`: its verb. `wrong`: a reason, before what is wrong. `and`: joins. `where`: a place or time in the film follows.
 * - `wish`: says nothing where a message begins, and begins a statement behind a cancel.
 * - `urge`: says nothing, and may begin a cancel in the middle of a run-on. `filler`: says nothing.
 */
export type CancelRole =
  | "stop"
  | "stop-all"
  | "dismiss"
  | "drop"
  | "maybe"
  | "not"
  | "not-yet"
  | "work"
  | "export"
  | "edit"
  | "editing"
  | "it"
  | "object"
  | "video"
  | "all"
  | "yet"
  | "over"
  | "wait"
  | "no"
  | "reason"
  | "question"
  | "condition"
  | "subject"
  | "state"
  | "wrong"
  | "and"
  | "where"
  | "says"
  | "label"
  | "wish"
  | "urge"
  | "filler";

type CancelWords = Readonly<Record<CancelRole, string>>;

/** Entries are parted by commas. */
export const ENGLISH_CANCEL: CancelWords = {
  stop:
    "stop, stopp, stahp, stpo, sotp, cancel, cancle, cancell, canel, cancl, cncl, canceling, " +
    "cancelling, stp, stopping, aborting, abort, halt, quit, cease, terminate, kill, call off, " +
    "call it off, hold off, interrupt, nix, back out, back out of, knock it off, abandon",
  "stop-all": "clear queue, clear the queue, empty the queue, clear everything, stop all",
  dismiss:
    "nvm, nvmd, nm, nvrm, nvmnd, never mind, nevermind, nvrmind, neverminded, never mine, forget it, " +
    "forget that, forget this, forget about it, forget about that, forget i asked, " +
    "forget i said anything, forget what i said, forget i said that, scratch that, scratch it, " +
    "scrap that, scrap it, dont bother, dont worry, dont worry about it, not now, maybe later, " +
    "some other time, another time, i take it back, i take that back, take it back, thats enough, " +
    "no need, no need anymore, not needed, no longer needed, no longer need it, no longer want it, " +
    "dont need it, dont need this, dont need that, dont want it, dont want this, dont want that, " +
    "changed my mind, change my mind, changing my mind, hold it, hold everything, ignore that, " +
    "ignore this, ignore it, ignore me, let it go, pull the plug",
  drop:
    "forget, forget about, ignore, disregard, never mind the, nevermind the, nvm the, nvm on, " +
    "nvm about, never mind on, never mind about, nevermind about, scrap, scratch, no need for, " +
    "dont need, dont want, no longer need, no longer want",
  maybe:
    "leave it, leave it be, leave it alone, skip it, skip that, skip, drop it, drop that, drop, " +
    "hold, wait with, shut it down, shut down, shut it off, shut off, shut up, turn it off, " +
    "switch it off, cut it out, end it, end, pause it, pause, freeze, discard, discard it, " +
    "scrap everything, retract, withdraw, no more, cancelled, canceled, enough, stop here, " +
    "stop there, stop right here, stop right there",
  not:
    "dont, do not, donot, dnt, dont you, dont u, dont want to, dont wanna, dont need to, " +
    "do not want to, dont want you to, dont want u to, dont you dare, not, never, no need to, " +
    "shouldnt, should not, please dont, no longer want to, not going to, not gonna, wont",
  "not-yet": "not yet, dont yet, hold off on",
  work:
    "do, doing, done, go, going, proceed, proceeding, continue, continuing, start, starting, " +
    "started, begin, run, running, process, processing, work, work on, working, working on, spend, " +
    "spending, waste, wasting, charge, charging, burn, burning, edit, editing, send, sending, " +
    "generate, generating, execute, finish, keep going, go on, go ahead, go ahead with, " +
    "go through with, carry on, upload, uploading, create, creating, produce, make, making",
  export:
    "export, exports, exporting, exported, exprot, exprt, expor, render, renders, rendering, rendr, " +
    "download, downloading, save, saving, deliver",
  edit:
    "cut, trim, crop, add, change, remove, delete, replace, merge, split, touch, use, put, set, " +
    "keep, move, turn, give, try, blur, rotate, speed, slow, insert, apply, show, switch, shorten, " +
    "extend, fade, zoom, color, colour, let, swap, take, bring, fix",
  editing:
    "cutting, trimming, cropping, adding, changing, removing, deleting, replacing, merging, " +
    "splitting, touching, messing, messing with, blurring, rotating, inserting, applying, zooming, " +
    "fading, transcribing, captioning, subtitling",
  it: "it, em",
  object:
    "mission, plan, on this, on it, on that, credits, credit, money, this, that, them, these, those, " +
    "one, ones, thing, things, stuff, whatever, edits, job, jobs, task, tasks, request, requests, " +
    "order, operation, action, command, message, messages, msg, uploads, queue, last, previous, " +
    "current, latest, pending, queued, waiting, what youre doing, what ur doing, what you are doing, " +
    "whatever youre doing, whatever you are doing, whatever ur doing, what i said, what i just said, " +
    "what i asked, what i asked for, what i sent, what i wrote, i just sent, i just asked, i sent, " +
    "i asked for, doing that, doing this, doing it, whole, entire, anything",
  video:
    "video, videos, vid, vids, pic, picture, image, photo, clip, clips, movie, film, file, files, " +
    "footage, reel, project",
  all:
    "all, everything, all of it, all of them, all of this, all of that, both, both of them, " +
    "every one, whole thing",
  yet: "yet, for now, just yet, right now, first, already, at this point",
  over: "anymore, any more, any longer, after all",
  wait:
    "wait, w8, wai, hold on, hold up, hang on, hold your horses, one sec, one second, a sec, " +
    "a second, sec, one moment, a moment, moment, slow down, whoa, woah, wait up",
  no:
    "no, nono, nonono, nope, nah, noo, not that, not this, not that one, not this one, not it, " +
    "on second thought, on second thoughts",
  reason:
    "its wrong, thats wrong, this is wrong, sent by mistake, sent by accident, by mistake, " +
    "by accident, my bad, my mistake, it was a mistake, that was a mistake, a mistake, typo, oops, " +
    "whoops, oopsie, misclick, misclicked, didnt mean to, didnt mean that, didnt mean it, " +
    "didnt mean to send that, didnt mean to send it, didnt mean to do that, not ready, " +
    "not ready yet, im not ready, im not ready yet, not done yet, im not done, im not done yet, " +
    "not finished, not finished yet, too late, later, its fine, its ok, its okay, thats fine, " +
    "its nothing, i changed my mind, i messed up, messed up, i made a mistake, made a mistake, " +
    "ill do it later, ill do it myself, ill do it tomorrow, accident, it was an accident, " +
    "accidentally sent it, too slow, its taking too long, taking too long, takes too long, " +
    "this takes too long",
  condition: "would cost, will cost, cost, costs, happens",
  question:
    "why, what, whats, who, when does, when will, how, did, does, was, will it, if, is it, has, " +
    "have you, what if, what happens, what does, how come",
  subject:
    "i, im, ill, ive, id, we, were, well, weve, its, its a, thats, this is, that is, that was, " +
    "it was, it is, youre, ur, he, she, they, theres, because, bc, cuz, cause, coz, since, before, " +
    "until, till, but, let me, lemme, gotta, found, got",
  state:
    "is, isnt, are, arent, wasnt, havent, hasnt, didnt, doesnt, missing, forgot, need, needs, want, " +
    "mistake, sent, have",
  wrong: "wrong",
  and: "and, n, and then, or",
  where:
    "at, after, when, on, in, from, by, around, halfway, there, here, for, to, as, like, near, " +
    "between, during, out, within",
  says: "says, say, saying, reads, reading, called, named, titled",
  label: "text, title, titles, caption, captions, word, words, subtitle, subtitles, lyrics, sign",
  wish:
    "i want to, i wanna, i want you to, i want u to, i need to, i need you to, i need u to, " +
    "i would like to, id like to, id like you to, i have to, i gotta, i think, i said, i mean, " +
    "i meant, i think we should, we need to, we have to, we want to, i meant to, i want it to, " +
    "i want this to, i want that to, i need it to, i need this to, need to, want to",
  urge: "just, please, pls, plz, plss, plzz, plis, ffs, lets just, omg, ok, okay, so, sorry",
  filler:
    "oh, ah, ugh, argh, lol, lmao, haha, bro, bruh, dude, man, mate, guys, sis, bot, nemo, ai, " +
    "robot, actually, um, uh, uhh, hm, hmm, er, k, kk, alright, right, rn, asap, quick, quickly, " +
    "now, immediately, instantly, at once, right away, fast, hurry, hurry up, hey, hi, hello, yo, " +
    "sry, really, the, my, our, your, a, an, for me, for us, kindly, thanks, thank you, thx, ty, " +
    "sir, btw, tho, though, seriously, wtf, damn, dammit, shit, fuck, fk, crap, god, jesus, " +
    "why wont you, why wont u, why dont you, why dont u, why cant you, why cant u, cant you, cant u, " +
    "wont you, wont u, is there any way to, real quick, damnit, goddamn, goddammit, " +
    "for the love of god, for gods sake, for fucks sake, can you, could you, would you, will you, " +
    "can u, could u, can we, could we, can i, could i, may i, would you mind, do you mind, " +
    "is it possible to, is there a way to, how about, you can, u can, you should, u should, you may, " +
    "you must, we should, we can, lets, let us, go ahead and, simply, you, u, that i, maybe, " +
    "perhaps, i guess, if you can, if possible, if u can, then, today, yes, yeah, yea, yep, sure, " +
    "of course, with, of, me, any",
};

/** Entries are parted by spaces. */
export const CHINESE_CANCEL: CancelWords = {
  stop:
    "停 停止 停下 停下来 停一下 停一停 停手 停掉 停了 停吧 暂停 暂停一下 中止 终止 中断 打断 取消 取消掉 取消了 取肖 去消 曲消 取销 打住 住手 叫停 喊停 作废 作罢 " +
    "放弃 停工 刹车",
  "stop-all": "清空队列 清空任务 全停",
  dismiss:
    "算了 算啦 算了算了 蒜了 拉倒 罢了 得了 没事了 没事儿了 不管了 别管了 不用管了 别理 不用理 当我没说 就当我没说 当我没发 以后再说 下次再说 回头再说 改天再说 " +
    "晚点再说 等会再说 改天吧 下次吧 改主意了 改变主意了 后悔了 反悔了 不玩了 够了 用不着了 没必要了 不需要了 省了吧 免了 撤了 不等了 等不了了 等不及了 别管 不算 " +
    "不算了 不算数",
  drop: "忽略 无视 忽略掉 用不着",
  maybe:
    "不要了 不用了 不必了 撤回 撤销掉 结束 结束吧 跳过 丢掉 关了 到此为止 先到这 先到这里 到这里 就到这里 就到这 先这样 就这样 关掉",
  not: "别 憋 表 甭 莫 勿 请勿 别再 不要再 不要 不用 不必 不需要 没必要 不想 不想要 不 不再 不打算 不准备 不许 不准 千万别 可别 还是别 还是不 不能 不可以",
  "not-yet":
    "先不 先别 先不要 先不用 先不想 先甭 先憋 暂时别 暂时不 暂时不要 暂不 等等别 先不急着 先别急着 等会再 等会儿再 等下再 等一下再 一会再 一会儿再 待会再 待会儿再 " +
    "晚点再 回头再 以后再 明天再 之后再",
  work:
    "弄 搞 做 干 整 处理 生成 制作 编辑 剪辑 继续 动 开始 执行 进行 跑 操作 发 发送 发出 上传 传 忙 合成 提交 弄下去 做下去 剪下去 忙活 折腾 运行 动手 工作 扣 " +
    "浪费 花 花费",
  export: "导出 渲染 下载 输出 出片 汇出 导出来 导 保存 渲",
  edit: "剪 剪掉 剪切 裁 裁剪 加 添加 改 换 换成 改成 删 删除 删掉 去掉 调 调整 用 放 变 变成 保留 留 拼 加上 加个 配上 缩短 拉长",
  editing: "在剪 在改",
  it: "它",
  object:
    "这个 那个 这 那 任务 请求 指令 命令 进程 流程 刚才的 刚才说的 刚刚说的 刚刚的 刚才那个 刚刚那个 刚才 刚刚 上一个 上一条 上条 上个 前面的 之前的 这次 这条 那条 " +
    "消息 信息 要求 东西 我说的 我发的 的 这一步 正在做的 正在进行的 当前的 当前 事 事情 什么 活 活儿 积分 钱",
  video: "视频 片子 影片 成片 文件 素材 片段 项目 作品",
  all: "全部 所有 所有的 全 都 一切 统统 通通 全都",
  yet: "先 暂时 目前 现在先",
  over: "了 下去 啦",
  wait: "等等 等一下 等下 等会 等会儿 等一等 等 慢着 慢点 且慢 稍等 稍等一下 等我一下 慢",
  no: "不不 不不不 不行 不好 错错 不对不对",
  reason:
    "发错 传错 搞错 弄错 选错 点错 按错 说错 打错 拿错 发错了 传错了 搞错了 弄错了 选错了 点错了 按错了 说错了 打错了 拿错了 发错视频了 传错视频了 发错文件了 " +
    "传错文件了 发错片子了 视频发错了 视频传错了 文件发错了 文件传错了 素材传错了 素材发错了 发错素材了 手滑 手滑了 手误 误触 误发 不小心 不小心点到 不小心发 没想好 " +
    "还没想好 我再想想 再想想 想错了 我自己来 我自己弄 自己弄 自己来 还没弄好 没准备好 还没准备好 还没好 太慢了 等太久了 来不及了 没事 没事儿 后面再说 再说",
  condition: "的话 会 会不会",
  question: "为什么 为啥 怎么 怎样 如何 怎么办 多少 是不是 是否 如果 要是 有没有",
  subject: "我 咱 咱们 我们 因为 等我 我还 我先 还有 有点 有个 他 她 忘记 有 这是 那是 是",
  state: "还没 没有 还要 还得 有问题 不对 错 错了 忘了 没 要重 重新 不是 问题",
  wrong: "",
  and: "然后 并 和 还 再 并且",
  where: "在 到 从 第 秒 处",
  says: "写 写着 写上 写成 说",
  label: "文字 字幕 标题 内容 字样 歌词 台词",
  wish: "我要 我想 我想要 我决定 我觉得 我需要 我得",
  urge: "请 麻烦 快 赶紧 赶快 拜托 求你",
  filler:
    "今天 吧 啊 呀 哦 噢 喔 嘛 哈 哈哈 呢 哎 哎呀 唉 诶 欸 喂 嘿 咯 嗯 呃 额 麻烦你 帮我 帮忙 给我 替我 快点 马上 立刻 立即 现在 一下 我说 哥 大哥 老师 亲 " +
    "兄弟 机器人 谢谢 谢了 不好意思 抱歉 对不起 求求你 可以 可不可以 能不能 能 吗 么 你 您 你先 要 那就 就 还是 也 真的 赶快的 好 好吧 好的 行 行吧 把 将 给 掉 " +
    "来 下 儿 nemo 想 该 应该 需要 必须 得 啥 嗨 我的 你的 哇",
};

/** Words a letter away from a word of the tables that are words of their own. */
export const NO_TYPOS: readonly string[] = [
  ...[
    "step",
    "steps",
    "expert",
    "experts",
    "cancer",
    "shop",
    "stoop",
    "stomp",
    "strop",
    "spot",
    "post",
    "slop",
  ],
  ...[
    "quite",
    "quiet",
    "quilt",
    "about",
    "salt",
    "hall",
    "hale",
    "malt",
    "kilo",
    "kind",
    "kiln",
    "until",
    "wart",
  ],
  ...[
    "reader",
    "tender",
    "gender",
    "sender",
    "vendor",
    "fender",
    "export",
    "expo",
    "extort",
    "expose",
    "abort",
  ],
];
