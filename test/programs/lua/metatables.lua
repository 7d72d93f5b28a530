-- Metatables: operators, indexing, inheritance, calls, comparison, iteration, conversion, weak tables, finalizers.
local Complex = {}
Complex.__index = Complex
local function complex(re, im) return setmetatable({re = re, im = im}, Complex) end
Complex.__add = function(a, b) return complex(a.re + b.re, a.im + b.im) end
Complex.__mul = function(a, b) return complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re) end
Complex.__unm = function(a) return complex(-a.re, -a.im) end
Complex.__eq = function(a, b) return a.re == b.re and a.im == b.im end
Complex.__lt = function(a, b) return a.re < b.re end
Complex.__le = function(a, b) return a.re <= b.re end
Complex.__tostring = function(a) return a.re .. (a.im < 0 and "" or "+") .. a.im .. "i" end
Complex.__len = function() return 2 end
Complex.__concat = function(a, b) return tostring(a) .. tostring(b) end
Complex.__call = function(self, x) return self.re * x + self.im end
Complex.__idiv = function() return "idiv" end
Complex.__band = function() return "band" end
Complex.__shl = function() return "shl" end
local a, b = complex(1, 2), complex(3, -4)
print(tostring(a + b), tostring(a * b), tostring(-a), a == complex(1, 2), a < b, a >= b, #a, a .. "!", a(10), a // 1, a & 1, a << 1)

local Animal = {}; Animal.__index = Animal
function Animal.new(name) return setmetatable({name = name}, Animal) end
function Animal:speak() return self.name .. " makes a sound" end
local Dog = setmetatable({}, {__index = Animal}); Dog.__index = Dog
function Dog:speak() return Animal.speak(self) .. ": woof" end
print(setmetatable(Animal.new("Rex"), Dog):speak(), Animal.new("Cat"):speak())

local reads, writes = {}, {}
local proxy = setmetatable({}, {
  __index = function(_, k) reads[#reads + 1] = k; return k .. "?" end,
  __newindex = function(t, k, v) writes[#writes + 1] = k; rawset(t, k, v) end})
print(proxy.one, proxy.two); proxy.one = 1; proxy.one = 2
print(proxy.one, #reads, #writes, rawget(proxy, "two"), rawlen({1, 2}), rawequal(a, a))
for k, v in pairs(setmetatable({}, {__pairs = function() return function(_, k) if not k then return 1, "only" end end, nil, nil end})) do print(k, v) end

local array = {}
for i = 1, 300 do array[i] = i * 7919 % 301 end
table.sort(array)
print(array[1], array[150], array[300], #array)
table.sort(array, function(x, y) return x % 10 > y % 10 or (x % 10 == y % 10 and x < y) end)
print(table.concat(array, " ", 1, 12), table.unpack(array, 298))
print(table.concat(table.move({1, 2, 3}, 1, 3, 3, {9, 9}), ","), table.remove({1, 2, 3}, 1), select("#", table.unpack({}, 1, 3)))
local t = {10, 20, 30, nil, 50}
table.insert(t, 1, 0); print(t[1], t[2], t[6], next({}), type(next))
print(getmetatable("").__index == string, getmetatable(setmetatable({}, {__metatable = "locked"})), pcall(setmetatable, setmetatable({}, {__metatable = 1}), {}))
