/**
 * The steps of the queue on Redis that must not be cut in two, as Lua: Redis runs each script alone. A lane is a
 * list of item ids; its head is the item that runs while the lane has an owner. Source: the `WorkQueue` port; rule 2.
 *
 * Keys, each behind KEYS[1]:
 * - `items`: hash, item id -> item; all that is owed
 * - `lane:<lane>`: list of item ids, in their order
 * - `owners`: hash, lane -> process
 * - `owned:<process>`: set of lanes
 * - `alive:<process>`: its lease, which runs out by itself
 * - `processes`: set of those that work
 * - `pulse`: hash, when any process renewed `last`, and since when renewals have come without a gap (`steady`)
 * - `waiting`: sorted set, lanes with items and without an owner, by the moment that began
 * - `wake`: list, one word for each lane that waits; a process that takes a word claims a lane. Which one, `waiting` says
 * - `cancelled`: hash, id of a running item -> why it is to stop
 * - `inbox:<process>`: list, one word for each of its items in `cancelled`
 * - `ended:<id>`: the process in which an item ended, for a while
 * - `unreadable`: list of items that could not be read, the last thousand
 *
 * Lanes, ids and items are names and sealed text here: no script looks into them. The scripts make the names of their
 * keys themselves: in a cluster KEYS[1] has the hash tag that puts all of them on one node.
 */
import { scriptOf } from "../../store/redis/connection.ts";

/** What several scripts do. The clock is Redis's own: those of the processes may differ. */
const SHARED = `
local p = KEYS[1]
local call = redis.call
local function now()
  local time = call("TIME")
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function forget(lane, id, rememberMs, process)
  call("LREM", p .. "lane:" .. lane, 1, id)
  call("HDEL", p .. "items", id)
  call("HDEL", p .. "cancelled", id)
  if rememberMs ~= "0" then call("SET", p .. "ended:" .. id, process, "PX", rememberMs) end
end
local function head(lane)
  while true do
    local id = call("LINDEX", p .. "lane:" .. lane, 0)
    if not id then return nil end
    local item = call("HGET", p .. "items", id)
    if item then return {"item", id, item, call("HGET", p .. "cancelled", id) or ""} end
    call("LPOP", p .. "lane:" .. lane)
  end
end
local function own(lane, process)
  call("HSET", p .. "owners", lane, process)
  call("SADD", p .. "owned:" .. process, lane)
  call("ZREM", p .. "waiting", lane)
end
local function wake(lane)
  call("ZADD", p .. "waiting", "NX", now(), lane)
  if call("LLEN", p .. "wake") < call("ZCARD", p .. "waiting") then call("RPUSH", p .. "wake", 1) end
end
local function disown(lane, process)
  call("HDEL", p .. "owners", lane)
  call("SREM", p .. "owned:" .. process, lane)
  if call("LLEN", p .. "lane:" .. lane) > 0 then wake(lane) else call("ZREM", p .. "waiting", lane) end
end
local function disownSome(of, most)
  local owned = p .. "owned:" .. of
  local lanes = call("SRANDMEMBER", owned, most)
  for _, lane in ipairs(lanes) do
    if call("HGET", p .. "owners", lane) == of then disown(lane, of) else call("SREM", owned, lane) end
  end
  return #lanes
end
`;

/**
 * lane, id, item, most that may wait. An unowned lane is woken for a known item too: the word for it may have been lost
 * with the process that took it. The head counts as running, owner or not: it is about to.
 */
const PUSH = `
local lane, id, item, maxWaiting = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local list = p .. "lane:" .. lane
local isOwned = call("HEXISTS", p .. "owners", lane) == 1
local ahead = call("LLEN", list)
if call("HEXISTS", p .. "items", id) == 1 or call("EXISTS", p .. "ended:" .. id) == 1 then
  if ahead > 0 and not isOwned then wake(lane) end
  return {"known", 0}
end
if ahead > maxWaiting then return {"full", 0} end
call("HSET", p .. "items", id, item)
call("RPUSH", list, id)
if not isOwned then wake(lane) end
return {"accepted", ahead}
`;

/**
 * process, most lanes, for how long they have to have waited. Claims the lane of a word and of as many more as lie
 * there or, by how long they have waited, lanes whose words were lost. Only a process whose lease runs may claim.
 */
const CLAIM = `
local process, most, waitedMs = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if call("EXISTS", p .. "alive:" .. process) == 0 then return {"stale"} end
local upTo = now() - waitedMs
if waitedMs == 0 then
  upTo = "+inf"
  most = 1 + #(call("LPOP", p .. "wake", most - 1) or {})
end
local claimed = {}
for _, lane in ipairs(call("ZRANGEBYSCORE", p .. "waiting", "-inf", upTo, "LIMIT", 0, most)) do
  local first = head(lane)
  if first then
    own(lane, process)
    claimed[#claimed + 1] = lane
    claimed[#claimed + 1] = first
  else
    call("ZREM", p .. "waiting", lane)
  end
end
return claimed
`;

/**
 * process, lane, id, "done" | "unreadable" | "keep", how long to remember the id, "1" to let the lane go.
 * A lane without an owner was taken from us and no other process has begun it yet: an item that has ended has ended all
 * the same, unless another process was there and has gone on to its end.
 */
const FINISH = `
local process, lane, id, how, rememberMs, isLeaving = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6] == "1"
local owner = call("HGET", p .. "owners", lane)
if owner and owner ~= process then return {"taken"} end
local item = call("HGET", p .. "items", id)
if not owner and not item and call("GET", p .. "ended:" .. id) ~= process then return {"taken"} end
if how == "unreadable" then
  if item then
    call("RPUSH", p .. "unreadable", item)
    call("LTRIM", p .. "unreadable", -1000, -1)
  end
  forget(lane, id, "0")
elseif how == "done" then
  forget(lane, id, rememberMs, process)
end
local first = head(lane)
if owner and first and not isLeaving then return first end
disown(lane, process)
return {"released"}
`;

/**
 * process, lease, longest pause between two renewals of any process. After a longer one Redis was away, and the
 * leases of the living may have run out with those of the dead: `steady` begins again.
 */
const RENEW = `
local process, leaseMs, pauseMs = ARGV[1], ARGV[2], tonumber(ARGV[3])
local time = now()
local last = tonumber(call("HGET", p .. "pulse", "last") or "0")
if math.abs(time - last) > pauseMs then call("HSET", p .. "pulse", "steady", time) end
call("HSET", p .. "pulse", "last", time)
local hadLease = call("EXISTS", p .. "alive:" .. process)
call("SADD", p .. "processes", process)
call("SET", p .. "alive:" .. process, 1, "PX", leaseMs)
return {hadLease, call("HLEN", p .. "cancelled")}
`;

/**
 * process, lane, id, lane, id, ... of what it runs. Returns the lanes that are another process's by now. One without
 * an owner is taken back: its lease ran out, or Redis lost its last writes, and no other process has claimed it.
 */
const KEEP = `
local process, lost = ARGV[1], {}
for i = 2, #ARGV, 2 do
  local lane, id = ARGV[i], ARGV[i + 1]
  local owner = call("HGET", p .. "owners", lane)
  if not owner and call("LINDEX", p .. "lane:" .. lane, 0) == id then
    own(lane, process)
  elseif owner ~= process then
    lost[#lost + 1] = lane
  end
end
return lost
`;

/**
 * process, longest pause, time to settle, most lanes. Takes the lanes of dead processes from them, for any to claim;
 * returns how many. Not before renewals have come steadily for a while: the living renew first.
 */
const REAP = `
local process, pauseMs, settleMs, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time, freed = now(), 0
local last = tonumber(call("HGET", p .. "pulse", "last") or "0")
local steady = tonumber(call("HGET", p .. "pulse", "steady") or time)
if math.abs(time - last) > pauseMs or time - steady < settleMs then return freed end
for _, other in ipairs(call("SMEMBERS", p .. "processes")) do
  if freed < most and other ~= process and call("EXISTS", p .. "alive:" .. other) == 0 then
    freed = freed + disownSome(other, most - freed)
    if call("EXISTS", p .. "owned:" .. other) == 0 then call("SREM", p .. "processes", other) end
  end
end
return freed
`;

/** process, most lanes. Lets go of lanes before the process ends; returns how many are left. */
const LEAVE = `
local process = ARGV[1]
disownSome(process, ARGV[2])
local left = call("SCARD", p .. "owned:" .. process)
if left == 0 then
  call("SREM", p .. "processes", process)
  call("DEL", p .. "alive:" .. process, p .. "inbox:" .. process)
end
return left
`;

/** lane, why. Marks the item that runs there, and tells its owner to look. */
const CANCEL = `
local lane, why = ARGV[1], ARGV[2]
local owner = call("HGET", p .. "owners", lane)
local id = call("LINDEX", p .. "lane:" .. lane, 0)
if not owner or not id then return 0 end
call("HSET", p .. "cancelled", id, why)
call("RPUSH", p .. "inbox:" .. owner, 1)
call("PEXPIRE", p .. "inbox:" .. owner, 60000)
return 1
`;

/** lane. Id and text of what runs there. */
const RUNNING = `
if call("HEXISTS", p .. "owners", ARGV[1]) == 0 then return {} end
local id = call("LINDEX", p .. "lane:" .. ARGV[1], 0)
local item = id and call("HGET", p .. "items", id)
return item and {id, item} or {}
`;

/** lane. Ids and texts of what waits there, by turns. */
const WAITING = `
local isOwned = call("HEXISTS", p .. "owners", ARGV[1])
local found = {}
for _, id in ipairs(call("LRANGE", p .. "lane:" .. ARGV[1], isOwned, -1)) do
  local item = call("HGET", p .. "items", id)
  if item then
    found[#found + 1] = id
    found[#found + 1] = item
  end
end
return found
`;

/** lane, id and text of what waits, id and text of what comes in its place, how long to remember the old id. */
const REPLACE = `
local lane, oldId, oldItem, newId, newItem = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local items, list = p .. "items", p .. "lane:" .. lane
if call("HGET", items, oldId) ~= oldItem then return 0 end
if newId ~= oldId and call("HEXISTS", items, newId) == 1 then return 0 end
local place = call("LPOS", list, oldId)
if not place or (place == 0 and call("HEXISTS", p .. "owners", lane) == 1) then return 0 end
call("LSET", list, place, newId)
call("HDEL", items, oldId)
call("HSET", items, newId, newItem)
if newId ~= oldId then call("SET", p .. "ended:" .. oldId, "", "PX", ARGV[6]) end
return 1
`;

/** lane, how long to remember the ids, then id and text of each. Removes those that still wait, unchanged. */
const REMOVE = `
local lane, removed = ARGV[1], {}
local isOwned = call("HEXISTS", p .. "owners", lane) == 1
local running = isOwned and call("LINDEX", p .. "lane:" .. lane, 0)
for i = 3, #ARGV, 2 do
  local id = ARGV[i]
  if id ~= running and call("HGET", p .. "items", id) == ARGV[i + 1] then
    forget(lane, id, ARGV[2], "")
    removed[#removed + 1] = id
  end
end
if not isOwned and call("LLEN", p .. "lane:" .. lane) == 0 then call("ZREM", p .. "waiting", lane) end
return removed
`;

/** By the names of their commands. */
export const SCRIPTS = {
  push: scriptOf(SHARED + PUSH),
  claim: scriptOf(SHARED + CLAIM),
  finish: scriptOf(SHARED + FINISH),
  renew: scriptOf(SHARED + RENEW),
  keep: scriptOf(SHARED + KEEP),
  reap: scriptOf(SHARED + REAP),
  leave: scriptOf(SHARED + LEAVE),
  cancel: scriptOf(SHARED + CANCEL),
  running: scriptOf(SHARED + RUNNING),
  waiting: scriptOf(SHARED + WAITING),
  replace: scriptOf(SHARED + REPLACE),
  remove: scriptOf(SHARED + REMOVE),
};
