"""What Redis does in one step, in Lua. KEYS are those of lease.Keys.all.

Every answer but that of RELEASE and LEAVE is: 1 when the lease is the asker's, the lease's value, the
milliseconds that it has left, and the names of the standbys.
"""

from __future__ import annotations

_TAIL = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function answer(mine)
  local waiting = redis.call('ZRANGEBYSCORE', KEYS[3], now, '+inf')
  return {mine, redis.call('GET', KEYS[1]) or '', redis.call('PTTL', KEYS[1]), unpack(waiting)}
end
"""

# A repeated request with the same token finds the lease that a lost answer had granted.
#
# A lease that is neither there nor was given up nor can have ended yet was lost by Redis (emptied,
# evicted, deleted by hand), and its holder doesn't know. Then nobody gets it for a full time to live:
# `- 0 -` stands in its place, which the holder replaces with its own when it renews next.
ATTEMPT = (
    _TAIL
    + """
local token, instance, ttl, seen, presence, take, early = unpack(ARGV)
local value = redis.call('GET', KEYS[1])
if value and string.sub(value, 1, #token + 1) == token .. ' ' then
  if take == '1' then redis.call('PEXPIRE', KEYS[1], ttl) end
  redis.call('ZREM', KEYS[3], instance)
  return answer(1)
end
if not value and take == '1' then
  local counter = tonumber(redis.call('GET', KEYS[2]) or '0')
  local known = math.max(tonumber(seen), 1)
  if counter > known or (counter == known and early == '0') then
    local epoch = string.format('%d', redis.call('INCR', KEYS[2]))
    redis.call('SET', KEYS[1], token .. ' ' .. epoch .. ' ' .. instance, 'NX', 'PX', ttl)
    redis.call('ZREM', KEYS[3], instance)
    return answer(1)
  end
  redis.call('SET', KEYS[2], string.format('%d', known))
  redis.call('SET', KEYS[1], '- 0 -', 'PX', ttl)
end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
redis.call('ZADD', KEYS[3], now + tonumber(presence), instance)
return answer(0)
"""
)

# A lease that Redis lost is put back only if nobody held it since.
RENEW = (
    _TAIL
    + """
local value, epoch, ttl = unpack(ARGV)
local current = redis.call('GET', KEYS[1])
if current == value then
  redis.call('PEXPIRE', KEYS[1], ttl)
  return answer(1)
end
if current and current ~= '- 0 -' then return answer(0) end
if tonumber(redis.call('GET', KEYS[2]) or '0') > tonumber(epoch) then return answer(0) end
redis.call('SET', KEYS[2], epoch)
redis.call('SET', KEYS[1], value, 'PX', ttl)
return answer(1)
"""
)

# The epoch moves on, so that a renewal that arrives late can't put the lease back.
RELEASE = """
local value = redis.call('GET', KEYS[1])
if not value or string.sub(value, 1, #ARGV[1] + 1) ~= ARGV[1] .. ' ' then return 0 end
redis.call('DEL', KEYS[1])
redis.call('INCR', KEYS[2])
redis.pcall('PUBLISH', ARGV[2], 'released')
return 1
"""

LEAVE = "return redis.call('ZREM', KEYS[3], ARGV[1])"
