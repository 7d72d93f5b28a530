; RUN: %{fails} 125 %tiercel run %s | %{check} %s
; CHECK: tiercel: error: {{.*}}syntax-error.ll:[[#@LINE+2]]:{{.+}}
define i32 @main() {
  ret i6x 0
}
