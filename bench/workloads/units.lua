-- The work of one_second.lua in small, once for each unit of work that the first argument asks for, reporting each:
-- arithmetic, tables, calls through metatables and closures, strings, coroutines, sorting, and the garbage they leave.

local function sieve(limit)
  local composite, count = {}, 0
  for i = 2, limit do
    if not composite[i] then
      count = count + 1
      for j = i * i, limit, i do composite[j] = true end
    end
  end
  return count
end

local Vector = {}
Vector.__index = Vector
Vector.__add = function(a, b) return setmetatable({x = a.x + b.x, y = a.y + b.y}, Vector) end
function Vector:dot(other) return self.x * other.x + self.y * other.y end

local function vectors(steps)
  local position, velocity = setmetatable({x = 0, y = 0}, Vector), setmetatable({x = 1, y = 2}, Vector)
  local total = 0
  for i = 1, steps do
    position = position + velocity
    total = (total + position:dot(velocity) * i) % 1000003
  end
  return total
end

local function words(count)
  local parts = {}
  for i = 1, count do parts[#parts + 1] = string.format("w%05d=%x", i * 7919 % count, i * i) end
  local sum = 0
  for key, value in table.concat(parts, ";"):gmatch("w(%d+)=(%x+)") do
    sum = (sum + tonumber(key) * tonumber(value, 16)) % 1000003
  end
  return sum
end

local function sorted(count, seed)
  local list = {}
  for i = 1, count do
    seed = (seed * 1103515245 + 12345) % 2147483648
    list[i] = seed
  end
  table.sort(list, function(a, b) return a % 65536 < b % 65536 or (a % 65536 == b % 65536 and a < b) end)
  return list[1] + list[count // 2] * 3 + list[count]
end

local function coroutines(count)
  local producer = coroutine.wrap(function()
    for i = 1, count do coroutine.yield(i) end
    return nil
  end)
  local sum = 0
  for value in producer do sum = sum + value end
  return sum
end

local function closures(count)
  local function compose(f, g) return function(x) return f(g(x)) end end
  local f = function(x) return (x * 3 + 1) % 1000003 end
  local chain = compose(compose(f, f), compose(f, f))
  local x = 1
  for _ = 1, count do x = chain(x) end
  return x
end

local function fibonacci(n) return n < 2 and n or fibonacci(n - 1) + fibonacci(n - 2) end

for unit = 1, tonumber(arg[1]) do
  local sum = sieve(6000) + vectors(4000) * 3 + words(300) * 5 + sorted(300, unit % 16) * 7 + coroutines(2000) * 11
    + closures(2000) * 13 + fibonacci(16) * 17
  io.write("tick ", sum, "\n")
  io.flush()
end
