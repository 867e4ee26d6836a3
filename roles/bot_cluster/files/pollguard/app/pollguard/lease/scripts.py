"""What Redis does in one step, in Lua. KEYS are those of lease.Keys.all.

Beside the lease, a hash without a time to live remembers its `epoch` and `until` when it is given: Redis'
own time in milliseconds, 0 once it was given up. So a lease that was lost (evicted, deleted by hand, Redis
came back empty) isn't taken for one that has ended: nobody else gets it before its holder, who knows nothing
of it, has put it back or must be dead. The hash also holds the bot's position in its queue of updates:
`delivered` and `confirmed`, see offsets.py.

ATTEMPT and RENEW answer: 1 when the lease is the asker's, the lease's value, the milliseconds until it can be
free, 1 when it was given up, `delivered`, `confirmed` (empty: unknown), `until`, and the standbys' names.

Notices on the channel can't be evicted. Whatever gives the lease to somebody who hadn't got it in Redis is
announced (`taken`, `restored`), and so is each loss (`lost` and the new `until`). watch.py reckons with that.
"""

from __future__ import annotations

_COMMON = """
local channel = ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local value = redis.call('GET', KEYS[1])
local state = redis.call('HMGET', KEYS[2], 'epoch', 'until', 'delivered', 'confirmed')
local epoch, lasts = tonumber(state[1] or '0'), tonumber(state[2] or nil)
if value then
  -- The lease itself knows better than the hash, should that have been lost.
  epoch = math.max(epoch, tonumber(string.match(value, '^%S+ (%d+) ') or '0'))
  local left = redis.call('PTTL', KEYS[1])
  if left >= 0 then lasts = now + left end
end

local function give(holder, number, ttl)
  redis.call('SET', KEYS[1], holder, 'PX', ttl)
  value, epoch, lasts = holder, number, now + ttl
end

local function restart_wait(ttl)
  lasts = now + ttl
  redis.pcall('PUBLISH', channel, string.format('lost %d', lasts))
end

local function answer(mine)
  redis.call('HSET', KEYS[2], 'epoch', string.format('%d', epoch), 'until', string.format('%d', lasts))
  local left = redis.call('PTTL', KEYS[1])
  if left == -2 then left = math.max(0, lasts - now) end
  local free = (not value and lasts == 0) and 1 or 0
  return {mine, value or '', left, free, state[3] or '', state[4] or '',
          string.format('%d', lasts),
          unpack(redis.call('ZRANGEBYSCORE', KEYS[3], now, '+inf'))}
end
"""

# A repeated request with the same token finds the lease that a lost answer had granted. `take` is 0 (only
# ask), 1 (take a lease that was given up) or 2 (take one that has run out, too). An asker that has watched
# for a full ttl by itself names the `until` that it was told after a loss: if that still stands, nobody has
# held the lease since, and the asker doesn't wait for that as well.
ATTEMPT = (
    _COMMON
    + """
local _, token, instance, ttl, seen, presence, take, told = unpack(ARGV)
ttl, seen, take = tonumber(ttl), tonumber(seen), tonumber(take)
-- Unknown, or older than what the asker has seen: Redis forgot. It may be held until a full ttl from now.
local watched = not value and state[2] == told
if not lasts or (not value and epoch < seen) then
  epoch, watched = math.max(epoch, seen), false
  restart_wait(ttl)
end
-- Given for longer than anybody gives it: the clock of Redis went back.
if lasts > now + 2 * ttl then
  if value then give(value, epoch, 2 * ttl) else lasts = now + ttl end
end
local mine = value and string.sub(value, 1, #token + 1) == token .. ' '
if take > 0 then
  if mine then
    give(value, epoch, ttl)
  elseif not value and (lasts == 0 or (take == 2 and (watched or now >= lasts))) then
    give(token .. ' ' .. string.format('%d', epoch + 1) .. ' ' .. instance, epoch + 1, ttl)
    mine = true
    redis.pcall('PUBLISH', channel, 'taken')
  end
end
if mine or presence == '0' then
  redis.call('ZREM', KEYS[3], instance)
else
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
  redis.call('ZADD', KEYS[3], now + tonumber(presence), instance)
end
return answer(mine and 1 or 0)
"""
)

# A lease that Redis lost is put back if the asker's time isn't over (`restore`), unless it was given up or
# somebody had it since: of that, a Redis that came back empty knows nothing.
RENEW = (
    _COMMON
    + """
local holder, number, ttl, restore = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local lost = not value and lasts ~= 0 and epoch <= number and restore == '1'
if value == holder or lost then
  give(holder, number, ttl)
  if lost then redis.pcall('PUBLISH', channel, 'restored') end
  return answer(1)
end
if not lasts then restart_wait(ttl) end
return answer(0)
"""
)

# The fence: updates may be handed out only after this has said 1. No clock takes part.
DELIVER = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], 'delivered', ARGV[2], 'confirmed', ARGV[3])
return 1
"""

# With a position (a hand-over) the next holder starts there; without, where this one's confirmed stands.
RELEASE = """
local value = redis.call('GET', KEYS[1])
if not value or string.sub(value, 1, #ARGV[1] + 1) ~= ARGV[1] .. ' ' then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[2], 'until', 0)
if ARGV[3] ~= '' then redis.call('HSET', KEYS[2], 'delivered', ARGV[3], 'confirmed', ARGV[3]) end
-- Who heard it knows the position, should Redis forget it before the next has taken the lease.
redis.pcall('PUBLISH', ARGV[2], 'released ' .. ARGV[3])
return 1
"""

LEAVE = "return redis.call('ZREM', KEYS[3], ARGV[1])"
