-- Upvalues shared between closures, closures in loops, varargs, tail calls, goto, integer and float arithmetic.
local function counter()
  local n = 0
  return function() n = n + 1; return n end, function() return n end, function(v) n = v end
end
local step, get, set = counter()
step(); step(); set(40); step()
print(step(), get())

local fs = {}
for i = 1, 5 do fs[i] = function(x) i = i + x; return i end end
print(fs[1](10), fs[1](10), fs[2](1), fs[5](0))

local function pack(...) return select("#", ...), ... end
print(pack(nil, false, pack()))
print((function(...) local a, b = ...; return b, a, select(-1, ...) end)(1, 2, 3))

local function loop(n, acc) if n == 0 then return acc end return loop(n - 1, acc + n) end
print(loop(200000, 0))

for i = 1, 3 do
  for j = 1, 3 do
    if j == 2 then goto continue end
    io.write(i, ":", j, " ")
    ::continue::
  end
end
print()

print(7 // 2, -7 // 2, 7 % -3, -7 % 3, 7.5 // 2, 2 ^ 10, 1 / 0, -1 / 0, 0 / 0 ~= 0 / 0)
print(math.maxinteger + 1 == math.mininteger, math.mininteger // -1, 5 // 0.0, 1 << 63, 1 << 64, -1 >> 60, ~5 & 0xff)
print(math.type(1), math.type(1.0), 1 == 1.0, "10" + 5, 10 .. 20, 0x7fffffffffffffff, 1e308 * 10)
print(pcall(function() return 1 // 0 end))
print(3 | 4.0, pcall(function() return 3 | 4.5 end))
print(math.floor(-3.5), math.ceil(-3.5), math.fmod(-7, 3), math.tointeger(8.0), math.ult(1, -1), math.sqrt(2), math.exp(1))
