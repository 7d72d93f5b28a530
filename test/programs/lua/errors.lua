-- Errors travel by longjmp in this interpreter: nested pcall, handlers, tracebacks, stack overflow, errors in C callbacks.
print(pcall(error, "plain"))
print(pcall(error, {1, 2, 3}) == false, select(2, pcall(error)))
print(select(2, pcall(function() local t = nil; return t.field end)))
print(select(2, pcall(function() return {} + 1 end)), select(2, pcall(function() return #5 end)))
print(select(2, pcall(function() return {} < {} end)), select(2, pcall(function() return "x" < 1 end)))
print(select(2, pcall(function() undefined_function() end)))

local function depth(n) if n == 0 then error("bottom", 2) end local ok, e = pcall(depth, n - 1); error(e, 0) end
print(pcall(depth, 100))

print(xpcall(function() error("handled") end, function(m) return "handler: " .. m:upper() end))
print(xpcall(function() error("first") end, function() error("second") end))
print((select(2, xpcall(function() local x = nil; x() end, debug.traceback)):gsub("\n%s+", " / "):sub(1, 120)))

local function overflow() return 1 + overflow() end
local ok, message = pcall(overflow)
print(ok, message:match("stack overflow"))
print(select(2, pcall(string.rep, "x", 1 << 60)))
print(pcall(table.sort, {3, 1, 2}, function(a, b) error("in the comparison", 0) end))
print(pcall(table.sort, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, function() return true end))
print(pcall(string.gsub, "abc", ".", function(c) if c == "b" then error("in the replacement", 0) end end))

local count = 0
for i = 1, 20000 do
  local ok = pcall(function(v) if v % 3 == 0 then error(v) end return v end, i)
  if not ok then count = count + 1 end
end
print(count)

print(load("x ="), load("return 1 +* 2", "chunk"), load("for"), load("goto nowhere"))
print(load("return ...")(1, 2))
print(assert(1, "unused"), pcall(assert, false, "asserted"), pcall(assert, nil))
do
  local log = {}
  pcall(function()
    local a <close> = setmetatable({}, {__close = function(_, e) log[#log + 1] = "a:" .. tostring(e) end})
    local b <close> = setmetatable({}, {__close = function(_, e) log[#log + 1] = "b:" .. tostring(e) end})
    error("unwinding", 0)
  end)
  print(table.concat(log, " "))
end
io.stderr:write("to standard error\n")
error("the last one")
