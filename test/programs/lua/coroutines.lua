-- Coroutines: generators, passing values both ways, errors inside, yields across pcall, metamethods and iterators.
local function generate(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local sum = 0
for value in generate(50000) do sum = sum + value end
print(sum)

local co = coroutine.create(function(a, b)
  print("start", a, b)
  local c = coroutine.yield(a + b)
  print("resumed with", c)
  local d, e = coroutine.yield(c * 2)
  print("resumed with", d, e)
  return "done", d + e
end)
print(coroutine.resume(co, 1, 2))
print(coroutine.status(co), coroutine.resume(co, 10))
print(coroutine.resume(co, 3, 4))
print(coroutine.status(co), coroutine.resume(co))

local failing = coroutine.create(function() coroutine.yield(1); error({code = 7}) end)
print(coroutine.resume(failing))
local ok, failure = coroutine.resume(failing)
print(ok, type(failure), failure.code, coroutine.status(failing))
print(select(2, coroutine.resume(coroutine.create(function() error("with position") end))))
print(pcall(coroutine.wrap(function() error("through wrap", 0) end)))

local protected = coroutine.wrap(function()
  local ok, message = pcall(function() coroutine.yield("inside pcall"); error("after the yield", 0) end)
  coroutine.yield(tostring(ok) .. " " .. message)
  local object = setmetatable({}, {__add = function(a, b) return coroutine.yield("inside __add") + b end})
  return object + 5
end)
print(protected(), protected(), protected(), protected(37))

local closing = coroutine.create(function()
  local resource <close> = setmetatable({}, {__close = function() print("closed") end})
  coroutine.yield()
end)
coroutine.resume(closing)
print(coroutine.close(closing), coroutine.status(closing))

-- A ring of coroutines that hand a token around.
local ring, hops = {}, 0
for i = 1, 100 do
  ring[i] = coroutine.wrap(function(token) while true do token = coroutine.yield(token + i) end end)
end
local token = 0
for _ = 1, 100 do for i = 1, #ring do token = ring[i](token); hops = hops + 1 end end
print(token, hops, coroutine.isyieldable(), select(2, coroutine.running()))
