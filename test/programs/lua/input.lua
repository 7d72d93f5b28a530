-- Arguments, standard input, files, environment, os and exit with a status.
print("arguments", #arg, table.concat(arg, "|"))
local lines, characters = 0, 0
for line in io.lines() do lines = lines + 1; characters = characters + #line end
print("read", lines, characters)

local file = assert(io.open("written.txt", "w"))
for i = 1, 1000 do file:write(i, " ", i * i, "\n") end
print(file:seek("cur"), file:seek("end"), io.type(file))
file:close()
print(io.type(file), pcall(file.write, file, "x"))
local sum = 0
for a, b in io.lines("written.txt", "n", "n") do sum = sum + b - a end
print(sum)
local again = io.open("written.txt", "rb")
again:setvbuf("full", 512)
print(again:read("l", "n", "L"), #again:read("a"), again:read(1), again:read("a"))
again:close()
print(io.open("no/such/file"))
print(os.getenv("TIERCEL_TEST_VARIABLE"), os.getenv("NOT_SET"), os.time({year = 2020, month = 2, day = 30, hour = 12}))
print(os.date("!%Y-%m-%d %H:%M:%S", 86400 * 365), os.rename("written.txt", "renamed.txt"), os.remove("not there"))
local pipe = io.popen("echo from a child; exit 3")
print(pipe:read("a"), pipe:close())
io.stdout:write("no newline at the end"):flush()
os.exit(42, true)
