// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whoever looks for the image around a variable finds one that holds the program's variables, and its thread-locals, as D's runtime does for the
// image around its module's bracket symbols.
//
// LEVELS: O0 O2

#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char *name;
  int *variable;
} module_info;

static int first_variable = 1, second_variable = 2;
static module_info first_info = {"first", &first_variable}, second_info = {"second", &second_variable};
__attribute__((section("my_modules"), used)) static module_info *first = &first_info;
__attribute__((section("my_modules"), used)) static module_info *second = &second_info;
extern module_info *__start_my_modules, *__stop_my_modules;

static int zeros[1000];
static int many[3 << 18];  // 3 MiB
static int large[5 << 20]; // 20 MiB
static const char text[] = "constant";
static _Thread_local int of_thread = 5, of_thread_zero;

// What runtimes keep of an image.
typedef struct {
  uintptr_t begin, end;
} range;
static struct {
  range writable[64], executable[64];
  int writables, executables, dynamics, thread_segments;
  size_t thread_module, thread_size;
} image;

void *__tls_get_addr(size_t place[2]);

/// The calling thread's.
static int is_thread_local(const void *address) {
  size_t place[2] = {image.thread_module, 0};
  return image.thread_segments == 1 && (uintptr_t)address - (uintptr_t)__tls_get_addr(place) < image.thread_size;
}

static int is_in(const range *ranges, int count, const void *address) {
  for (int i = 0; i < count; i++)
    if ((uintptr_t)address >= ranges[i].begin && (uintptr_t)address < ranges[i].end)
      return 1;
  return 0;
}

static int contains(const struct dl_phdr_info *info, const void *address) {
  // D's runtime passes over images whose load base is higher.
  if ((uintptr_t)address < info->dlpi_addr)
    return 0;
  for (int i = 0; i < info->dlpi_phnum; i++)
    if ((uintptr_t)address - (info->dlpi_addr + info->dlpi_phdr[i].p_vaddr) < info->dlpi_phdr[i].p_memsz)
      return 1;
  return 0;
}

static int read_image(struct dl_phdr_info *info, size_t size, void *address) {
  (void)size;
  if (!contains(info, address))
    return 0;
  image.writables = image.executables = image.dynamics = image.thread_segments = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[i];
    const uintptr_t begin = info->dlpi_addr + header->p_vaddr;
    const range here = {begin, begin + header->p_memsz};
    if (header->p_type == PT_DYNAMIC)
      image.dynamics++;
    if (header->p_type == PT_TLS) {
      image.thread_segments++;
      image.thread_module = info->dlpi_tls_modid;
      image.thread_size = header->p_memsz;
    }
    if (header->p_type != PT_LOAD)
      continue;
    if (header->p_flags & PF_W && image.writables < 64)
      image.writable[image.writables++] = here;
    if (header->p_flags & PF_X && image.executables < 64)
      image.executable[image.executables++] = here;
  }
  return 1;
}

static int is_found(const void *variable) { return is_in(image.writable, image.writables, variable); }

/// What a collector does with them.
static long read_all(void) {
  long sum = 0;
  for (int i = 0; i < image.writables; i++)
    for (uintptr_t at = image.writable[i].begin; at + sizeof(long) <= image.writable[i].end; at += 512)
      sum |= *(volatile long *)at;
  return sum;
}

static void *run_thread(void *none) {
  of_thread++;
  printf("in a thread: %d %d\n", is_thread_local(&of_thread), is_thread_local(&of_thread_zero));
  return none;
}

__attribute__((noinline)) static int called(int x) { return x + 1; }

int main(int argc, char **argv) {
  (void)argc;
  for (module_info **each = &__start_my_modules; each != &__stop_my_modules; each++)
    printf("module %s: %d\n", (*each)->name, *(*each)->variable);
  int *allocated = malloc(sizeof *allocated);
  int local = called(zeros[7] + many[8] + large[9]);

  printf("found: %d\n", dl_iterate_phdr(read_image, &__start_my_modules));
  printf("brackets %d %d, pointers %d %d\n", is_found(&__start_my_modules),
         is_found((char *)&__stop_my_modules - 1), is_found(&first), is_found(&second_info));
  printf("variables %d %d %d, their ends %d %d, large ones %d %d\n", is_found(&first_variable), is_found(zeros),
         is_found(many), is_found(&zeros[999]), is_found(&many[(3 << 18) - 1]), is_found(large),
         is_found(&large[(5 << 20) - 1]));
  printf("local %d, allocated %d\n", is_found(&local), is_found(allocated));
  printf("dynamic sections: %d\n", image.dynamics);
  of_thread += of_thread_zero;
  printf("thread-locals %d %d, others %d\n", is_thread_local(&of_thread), is_thread_local(&of_thread_zero),
         is_thread_local(&first_variable));
  pthread_t thread;
  pthread_create(&thread, 0, run_thread, 0);
  pthread_join(thread, 0);
  printf("code %d %d\n", is_in(image.executable, image.executables, (void *)called),
         is_in(image.executable, image.executables, (void *)main));
  printf("readable: %d\n", read_all() != 0);
  Dl_info of_variable, of_function;
  printf("known to the loader: %d %d\n", dladdr(&first_variable, &of_variable) != 0,
         dladdr((void *)main, &of_function) != 0);
  printf("as the program: %d %d %d\n", strcmp(of_variable.dli_fname, argv[0]) == 0,
         strcmp(of_function.dli_fname, argv[0]) == 0, of_variable.dli_fbase == of_function.dli_fbase);
  printf("%s %d\n", text, local);
  free(allocated);
  return 0;
}
