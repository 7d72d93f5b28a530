; A program with nothing wrong with it.
define i32 @main() {
  ret i32 0
}
