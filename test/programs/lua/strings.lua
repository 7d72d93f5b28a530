-- string.*: formatting, patterns, packing, UTF-8, long strings and conversions.
print(string.format("%5d|%-8s|%08.3f|%x|%X|%o|%e|%g|%a|%c|%q|%%", 42, "left", math.pi, 255, 255, 8, 12345.678, 1e20, 1.0, 65, 'quo"te\n'))
print(string.format("%10.4s|%+d|% d|%#x|%i|%u", "truncated", 5, 5, 255, -3, 3))
print(string.format("%q %q", 1 / 3, math.mininteger))
print(pcall(string.format, "%d", 1.5))
print(pcall(string.format, "%y", 1))
print(("hello world"):find("o w"), ("hello"):find("l+"), ("a.b"):find(".", 1, true), ("x"):find("", 10))
print(("key = value # comment"):match("^(%w+)%s*=%s*(%w+)"))
print(("THE (quick) fox"):find("%((%a+)%)"), ("f(a(b)c)d"):match("%b()"), ("THE (quick) fox"):gsub("%f[%a]%a+", string.lower))
print(("abc"):gsub("%w", "%0%0-"), ("hello"):gsub("", "."), ("abc"):gsub("b", {b = "[B]"}), ("abc"):gsub(".", function(c) if c == "b" then return false end return c:upper() end))
print(pcall(string.gsub, "x", "(", ""), pcall(string.rep, "x", -1), #("ab"):rep(1000, ","))
for k, v in ("a=1, b=22, c=333"):gmatch("(%w+)=(%w+)") do io.write(k, "->", v, ";") end
print()
print(("%d"):rep(3, " "):format(1, 2, 3), ("abc"):byte(1, -1), string.char(76, 117, 97), ("abc"):reverse(), ("abcdef"):sub(-3, -2))
print(utf8.char(228, 8364, 0x10FFFF), utf8.len("äö€"), utf8.codepoint("€", 1), utf8.len("\xff"))
for p, c in utf8.codes("aä€") do io.write(p, ":", c, " ") end
print()
local packed = string.pack("<i4 >I2 z s1 d", -2, 513, "zero", "counted", 0.5)
print(#packed, string.unpack("<i4 >I2 z s1 d", packed))
print(tostring(1e15), tostring(1e16), 2 ^ 53, 0.1, 1 / 3, -0.0, 1e100, 123456789012345678)
print(tonumber("0x1p4"), tonumber("  12  "), tonumber("12a"), tonumber("z", 36), tonumber("8", 8), tonumber("1e1"), tonumber(""))
print("a" < "b", "a" < "B", "" < "a", "a\0b" < "a\0c", #"a\0b", [[
long
string]])
local parts = {}
for i = 1, 2000 do parts[#parts + 1] = i .. ":" .. string.format("%.3f", i / 7) end
local text = table.concat(parts, ",")
local sum = 0
for number in text:gmatch("%d+%.%d+") do sum = sum + tonumber(number) end
print(#text, string.format("%.6f", sum))
