/**
 * The one script that Redis runs, and the text form of lists that it takes. A call does many lists, each of them
 * atomically. What costs most in Redis is a command, so every key is read by one MGET, and only writes cost more.
 *
 * An entry is a string: `=VALUE`; `vVERSION:VALUE`; `t` or `tVERSION:` for a tombstone; digits for a count; `#COUNT` for a
 * set, whose members and holders lie in a hash beside it. Operands go as flat arguments and results come back as JSON:
 * of the forms that were tried, the cheapest for Node's one thread.
 */
import type { Added, Op, TimeToLive } from './port.ts'

/**
 * ARGV: the key of a token, and the token; what all keys begin with; one letter per operation, `;` after each list; the
 * operands. Answers JSON: per list its results, or the text of an error. Where the token is not found nothing is done:
 * somebody has emptied the server, or put something else in.
 */
export const script = `
local args, sub = ARGV, string.sub
if redis.call('GET', args[1]) ~= args[2] then return redis.error_reply('LOST the token is not there') end
local program = args[4]
local entries, members = args[3] .. ':', args[3] .. '#'
local have, names, wanted = {}, {}, 0

local function want(key)
  if have[key] == nil then
    have[key] = false
    wanted = wanted + 1
    names[wanted] = key
  end
end

-- The letter of each operation, and where its operands begin.
local letters, at, operand = {}, {}, 5
local operands = { r = 1, d = 1, i = 2, c = 3, x = 3, w = 4 }
for step = 1, #program do
  local letter = sub(program, step, step)
  if letter ~= ';' then
    letters[step], at[step] = letter, operand
    want(args[operand])
    if letter == 'a' then
      local last = operand + 5 + args[operand + 5]
      for unless = operand + 6, last do want(args[unless]) end
      operand = last + 1
    else
      operand = operand + operands[letter]
    end
  end
end

-- Lua's stack bounds what one command can be given.
for first = 1, wanted, 1000 do
  local last = math.min(first + 999, wanted)
  local keys = {}
  for i = first, last do keys[i - first + 1] = entries .. names[i] end
  for i, entry in ipairs(redis.call('MGET', unpack(keys))) do have[names[first + i - 1]] = entry end
end

local function set(key, entry, ttl)
  if ttl == '' then redis.call('SET', entries .. key, entry)
  else redis.call('SET', entries .. key, entry, 'PX', ttl) end
  have[key] = entry
end

local function setCount(key, count)
  local entry = '#' .. count
  redis.call('SET', entries .. key, entry, 'KEEPTTL')
  have[key] = entry
end

local function forget(key)
  redis.call('DEL', entries .. key, members .. key)
  have[key] = false
end

local function sizeOf(key)
  return have[key] and tonumber(have[key]:sub(2)) or 0
end

local function memberField(member) return 'm' .. member end
local function holderField(member, holder) return 'h' .. #member .. ':' .. member .. holder end

local function add(i)
  local key, member, holder, cap, ttl = unpack(args, i, i + 4)
  local count = sizeOf(key)
  for unless = i + 6, i + 5 + args[i + 5] do
    if have[args[unless]] then return 's' .. count end
  end
  local hash, mine = members .. key, holderField(member, holder)
  if not have[key] then
    if tonumber(cap) == 0 then return 'f0' end
    -- First: a full Redis refuses it only while nothing was written or deleted.
    set(key, '#1', ttl)
    -- The hash outlives its entry by a little, so what it holds now is of an older one.
    redis.call('DEL', hash)
    redis.call('HSET', hash, memberField(member), 1, mine, 1)
    if ttl ~= '' then redis.call('PEXPIRE', hash, ttl + 1000) end
    return 'a1'
  end
  if redis.call('HEXISTS', hash, memberField(member)) == 1 then
    if redis.call('HSETNX', hash, mine, 1) == 1 then redis.call('HINCRBY', hash, memberField(member), 1) end
    return 'p' .. count
  end
  if count >= tonumber(cap) then return 'f' .. count end
  redis.call('HSET', hash, memberField(member), 1, mine, 1)
  setCount(key, count + 1)
  return 'a' .. count + 1
end

local function drop(i)
  local key, member, holder = unpack(args, i, i + 2)
  local count, hash = sizeOf(key), members .. key
  if count == 0 or redis.call('HDEL', hash, holderField(member, holder)) == 0 then return count end
  if redis.call('HINCRBY', hash, memberField(member), -1) > 0 then return count end
  redis.call('HDEL', hash, memberField(member))
  if count == 1 then forget(key) else setCount(key, count - 1) end
  return count - 1
end

local does = {
  r = function(i)
    local entry = have[args[i]]
    if not entry then return cjson.null end
    local kind = entry:byte()
    if kind == 61 or kind == 35 then return sub(entry, 2) end
    if kind == 118 then return entry:sub(entry:find(':', 1, true) + 1) end
    if kind == 116 then return cjson.null end
    return entry
  end,
  w = function(i)
    local key, entry, ttl, version = unpack(args, i, i + 3)
    local known = version ~= '' and have[key] and have[key]:match('^[vt](%d+):')
    if known and tonumber(known) > tonumber(version) then return false end
    set(key, entry, ttl)
    return true
  end,
  d = function(i)
    local had = have[args[i]] ~= false
    if had then forget(args[i]) end
    return had
  end,
  c = function(i)
    if have[args[i]] then return false end
    set(args[i], args[i + 1], args[i + 2])
    return true
  end,
  i = function(i)
    local key = args[i]
    if not have[key] then
      set(key, '1', args[i + 1])
      return 1
    end
    local count = redis.call('INCR', entries .. key)
    have[key] = tostring(count)
    return count
  end,
  a = add,
  x = drop,
}

-- By the first byte of an entry: a count is digits.
local fits = { w = '^[=vt]', c = '^[=vt]', i = '^%d', a = '^#', x = '^#' }

local function perform(first, last)
  for step = first, last do
    local fit = fits[letters[step]]
    local entry = fit and have[args[at[step]]]
    if entry and not entry:find(fit) then return 'KIND ' .. args[at[step]] end
  end
  local results = {}
  for step = first, last do results[step - first + 1] = does[letters[step]](at[step]) end
  return results
end

local answers, first = {}, 1
while first <= #program do
  local last = program:find(';', first, true) - 1
  local done, answer = pcall(perform, first, last)
  if not done and type(answer) == 'table' then answer = answer.err end
  answers[#answers + 1] = answer
  first = last + 2
end
return cjson.encode(answers)
`

/** @param prefix what all keys begin with. @returns the arguments of the script behind the token, for lists that are not empty */
export function encode(prefix: string, lists: readonly (readonly Op[])[]): string[] {
  const args = [prefix, '']
  let program = ''
  for (const ops of lists) {
    for (const op of ops) program += pushOperands(args, op)
    program += ';'
  }
  args[1] = program
  return args
}

/** @returns the letter of the operation */
function pushOperands(args: string[], op: Op): string {
  switch (op.op) {
    case 'read':
      args.push(op.key)
      return 'r'
    case 'write': {
      const { key, value, version } = op
      const mark = version === undefined ? '' : `${version}:`
      const entry = value === null ? `t${mark}` : mark === '' ? `=${value}` : `v${mark}${value}`
      args.push(key, entry, expiry(op.ttlMs), String(version ?? ''))
      return 'w'
    }
    case 'remove':
      args.push(op.key)
      return 'd'
    case 'claim':
      args.push(op.key, `=${op.value}`, expiry(op.ttlMs))
      return 'c'
    case 'increment':
      args.push(op.key, expiry(op.ttlMs))
      return 'i'
    case 'add': {
      const { key, member, holder = '', cap, unless = [] } = op
      args.push(key, member, holder, String(cap), expiry(op.ttlMs), String(unless.length), ...unless)
      return 'a'
    }
    case 'drop':
      args.push(op.key, op.member, op.holder ?? '')
      return 'x'
  }
}

/** Redis takes whole milliseconds from 1 on. */
const expiry = (ttlMs: TimeToLive) => (ttlMs === null ? '' : String(Math.max(1, Math.ceil(ttlMs))))

const outcomes = { a: 'added', p: 'present', f: 'full', s: 'skipped' } as const

/** Per list its results, or the text of an error. */
export function decode(answer: string, lists: readonly (readonly Op[])[]): (unknown[] | string)[] {
  const answers: (unknown[] | string)[] = JSON.parse(answer)
  return answers.map((results, i) =>
    typeof results === 'string' ? results : results.map((result, j) => readResult(lists[i]![j]!, result)),
  )
}

function readResult({ op }: Op, result: unknown): unknown {
  if (op !== 'add') return result
  const text = result as string
  return { count: Number(text.slice(1)), outcome: outcomes[text[0] as keyof typeof outcomes] } satisfies Added
}
