/**
 * The steps of the queue on Redis that must not be cut in two, as Lua: Redis runs each script alone. A lane is a
 * list of item ids; its head is what runs while the lane has an owner. Source: the `WorkQueue` port; rule 2.
 *
 * Keys, each behind KEYS[1]:
 * - `items`: hash, item id -> item; all that is owed
 * - `lane:<lane>`: list of item ids, in their order
 * - `owners`: hash, lane -> process
 * - `owned:<process>`: set of lanes
 * - `alive:<process>`: its lease, which runs out by itself
 * - `processes`: set of those that work
 * - `pulse`: hash, when anybody renewed `last`, and since when renewals have come without a gap (`steady`)
 * - `waiting`: sorted set, lanes with items and without an owner, by the moment that began
 * - `cancelled`: hash, id of a running item -> why it is to stop
 * - `ended:<id>`: an item that ended a while ago
 * - `unreadable`: list of items that nobody could read, the last thousand
 * - `cancel:<process>`: channel
 *
 * Lanes, ids and items are names and sealed text here: no script looks into them.
 * Keys are made inside the scripts, so this needs one Redis with all keys, not a cluster.
 */

/** What several scripts do. The clock is Redis's own: those of the processes may differ. */
const SHARED = `
local p = KEYS[1]
local call = redis.call
local function now()
  local time = call("TIME")
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function forget(lane, id, rememberMs)
  call("LREM", p .. "lane:" .. lane, 1, id)
  call("HDEL", p .. "items", id)
  call("HDEL", p .. "cancelled", id)
  if rememberMs ~= "0" then call("SET", p .. "ended:" .. id, 1, "PX", rememberMs) end
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
local function disown(lane, process)
  call("HDEL", p .. "owners", lane)
  call("SREM", p .. "owned:" .. process, lane)
  if call("LLEN", p .. "lane:" .. lane) == 0 then
    call("ZREM", p .. "waiting", lane)
    return false
  end
  call("ZADD", p .. "waiting", now(), lane)
  return true
end
`;

/**
 * lane, id, item, most that may wait. An unowned lane must be woken, also for an item that was there already:
 * whoever pushed it may have died before waking it. The head counts as running, owner or not: it is about to.
 */
const PUSH = `
local lane, id, item, maxWaiting = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local list = p .. "lane:" .. lane
local isOwned = call("HEXISTS", p .. "owners", lane) == 1
local ahead = call("LLEN", list)
if call("HEXISTS", p .. "items", id) == 1 or call("EXISTS", p .. "ended:" .. id) == 1 then
  return {"known", 0, (ahead > 0 and not isOwned) and 1 or 0}
end
if ahead > maxWaiting then return {"full", 0, 0} end
call("HSET", p .. "items", id, item)
call("RPUSH", list, id)
if not isOwned then call("ZADD", p .. "waiting", "NX", now(), lane) end
return {"accepted", ahead, isOwned and 0 or 1}
`;

/** process, lane. Only a process whose lease runs may claim; asked again it gets the same answer. */
const CLAIM = `
local process, lane = ARGV[1], ARGV[2]
local owner = call("HGET", p .. "owners", lane)
if owner and owner ~= process then
  call("ZREM", p .. "waiting", lane)
  return {"taken"}
end
if call("EXISTS", p .. "alive:" .. process) == 0 then return {"stale"} end
local first = head(lane)
if not first then
  disown(lane, process)
  return {"released", 0}
end
own(lane, process)
return first
`;

/**
 * process, lane, id, "done" | "unreadable" | "keep", how long to remember the id, "1" to let the lane go.
 * A lane without an owner was taken from us and nobody has begun it yet: what ended has ended all the same.
 */
const FINISH = `
local process, lane, id, how, rememberMs, isLeaving = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6] == "1"
local owner = call("HGET", p .. "owners", lane)
if owner and owner ~= process then return {"taken"} end
if how == "unreadable" then
  local item = call("HGET", p .. "items", id)
  if item then
    call("RPUSH", p .. "unreadable", item)
    call("LTRIM", p .. "unreadable", -1000, -1)
  end
  forget(lane, id, "0")
elseif how == "done" then
  forget(lane, id, rememberMs)
end
local first = head(lane)
if owner and first and not isLeaving then return first end
return {"released", disown(lane, process) and 1 or 0}
`;

/**
 * process, lease, longest pause between two renewals of anybody. After a longer one Redis was away, and the
 * leases of the living may have run out with those of the dead: `steady` begins anew.
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
 * process, lane, id, lane, id, ... of what it runs. Returns the lanes that are somebody else's by now. One that
 * nobody has is taken back: its lease ran out, or Redis lost its last writes, and nobody noticed.
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
 * process, longest pause, time to settle, most lanes. Takes the lanes of the dead from them, for anybody to
 * claim, and returns them. Not before renewals have come steadily for a while: the living renew first.
 */
const REAP = `
local process, pauseMs, settleMs, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time, freed = now(), {}
local last = tonumber(call("HGET", p .. "pulse", "last") or "0")
local steady = tonumber(call("HGET", p .. "pulse", "steady") or time)
if math.abs(time - last) > pauseMs or time - steady < settleMs then return freed end
for _, other in ipairs(call("SMEMBERS", p .. "processes")) do
  if other ~= process and call("EXISTS", p .. "alive:" .. other) == 0 then
    local owned = p .. "owned:" .. other
    for _, lane in ipairs(call("SRANDMEMBER", owned, most - #freed)) do
      if call("HGET", p .. "owners", lane) == other then
        if disown(lane, other) then freed[#freed + 1] = lane end
      else
        call("SREM", owned, lane)
      end
    end
    if call("SCARD", owned) == 0 then call("SREM", p .. "processes", other) end
    if #freed >= most then break end
  end
end
return freed
`;

/** process, most lanes. Lets go of lanes before the process ends; returns those in which something waits. */
const LEAVE = `
local process, freed = ARGV[1], {}
local owned = p .. "owned:" .. process
for _, lane in ipairs(call("SRANDMEMBER", owned, ARGV[2])) do
  if call("HGET", p .. "owners", lane) == process then
    if disown(lane, process) then freed[#freed + 1] = lane end
  else
    call("SREM", owned, lane)
  end
end
local left = call("SCARD", owned)
if left == 0 then
  call("SREM", p .. "processes", process)
  call("DEL", p .. "alive:" .. process)
end
return {left, freed}
`;

/** for how long, most lanes. Lanes that nobody has come for: their wake-up was lost. */
const OVERDUE = `
return call("ZRANGEBYSCORE", p .. "waiting", "-inf", now() - tonumber(ARGV[1]), "LIMIT", 0, ARGV[2])
`;

/** lane, why. Marks what runs there and tells its owner, who finds the mark in case it misses the word. */
const CANCEL = `
local lane, why = ARGV[1], ARGV[2]
local owner = call("HGET", p .. "owners", lane)
local id = call("LINDEX", p .. "lane:" .. lane, 0)
if not owner or not id then return false end
call("HSET", p .. "cancelled", id, why)
call("PUBLISH", p .. "cancel:" .. owner, cjson.encode({lane = lane, id = id, why = why}))
return id
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
if newId ~= oldId then call("SET", p .. "ended:" .. oldId, 1, "PX", ARGV[6]) end
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
    forget(lane, id, ARGV[2])
    removed[#removed + 1] = id
  end
end
if not isOwned and call("LLEN", p .. "lane:" .. lane) == 0 then call("ZREM", p .. "waiting", lane) end
return removed
`;

/** The scripts by the names of their commands. */
export const QUEUE_SCRIPTS = {
  queuePush: SHARED + PUSH,
  queueClaim: SHARED + CLAIM,
  queueFinish: SHARED + FINISH,
  queueRenew: SHARED + RENEW,
  queueKeep: SHARED + KEEP,
  queueReap: SHARED + REAP,
  queueLeave: SHARED + LEAVE,
  queueOverdue: SHARED + OVERDUE,
  queueCancel: SHARED + CANCEL,
  queueRunning: SHARED + RUNNING,
  queueWaiting: SHARED + WAITING,
  queueReplace: SHARED + REPLACE,
  queueRemove: SHARED + REMOVE,
};
